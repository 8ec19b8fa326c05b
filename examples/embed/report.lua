-- A script that behaves: it takes orders in, and answers with a line.
-- luacheck: read_globals db discount
local orders = assert(db:table "orders")
assert(orders:insert_many {
    { product = "chair", quantity = 4 },
    { product = "table", quantity = 12 },
    { product = "lamp", quantity = 250 },
})
local lines = {}
for order in orders:each { orderBy = { "product" } } do
    lines[#lines + 1] = ("%d %s at %d%% off"):format(order.quantity, order.product, discount(order.quantity))
end
return table.concat(lines, ", ")
