-- A script that would take all there is, and that would keep what it has done before: both in vain.
-- luacheck: read_globals db discount
local orders = assert(db:table "orders")
assert(orders:insert { product = "bed", quantity = 1 })
pcall(function()
    local all = {}
    while true do all[#all + 1] = ("x"):rep(1000) .. #all end
end)
return "went on"
