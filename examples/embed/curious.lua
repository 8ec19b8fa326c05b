-- A script that looks for what is not meant for it, and finds nothing.
-- luacheck: read_globals db discount
local found = {}
for _, name in ipairs { "io", "debug", "package", "require", "dofile", "loadfile" } do
    if _G[name] ~= nil then found[#found + 1] = name end
end
if os.execute or os.getenv or string.dump then found[#found + 1] = "os or string.dump" end
if db:table "customers" then found[#found + 1] = "customers" end
for _, each in ipairs(db:tables()) do
    if each.name ~= "orders" then found[#found + 1] = each.name end
end
if db.close or db["with"] then found[#found + 1] = "the connection" end
return #found == 0 and "found nothing" or table.concat(found, ", ")
