--- The report of the orders examples. A node `lua` runs it in the sandbox: it gets `db`, which it may only read.

-- luacheck: read globals db

local orders = assert(db:table "orders")

-- Sums are made of whole cents.
local function cents(total) return math.tointeger(total:gsub("%.", "", 1)) end

local function money(sum)
    return sum and ("%d.%02d"):format(sum // 100, sum % 100) or "-"
end

local days = { { "2026-03-02", "Monday" }, { "2026-03-03", "Tuesday" }, { "2026-03-04", "Wednesday" } }

-- by customer and for all of them: day → cents
local names, sums, all = {}, {}, {}
for order in orders:each { orderBy = { "customer" } } do
    if not sums[order.customer] then
        names[#names + 1], sums[order.customer] = order.customer, {}
    end
    for _, by in ipairs { sums[order.customer], all } do
        by[order.day] = (by[order.day] or 0) + cents(order.total)
        by.sum = (by.sum or 0) + cents(order.total)
    end
end

local rule = ("  %s  %s  %s  %s  %s"):format(("─"):rep(10), ("─"):rep(9), ("─"):rep(9), ("─"):rep(9), ("─"):rep(9))

local function row(name, by)
    local line = ("  %-10s"):format(name)
    for _, day in ipairs(days) do line = line .. ("  %9s"):format(money(by[day[1]])) end
    print(line .. ("  %9s"):format(money(by.sum)))
end

print(("  %-10s  %9s  %9s  %9s  %9s"):format("customer", days[1][2], days[2][2], days[3][2], "together"))
print(rule)
for _, name in ipairs(names) do row(name, sums[name]) end
print(rule)
row("all", all)

local channels = {}
for _, channel in ipairs { "shop", "phone", "web" } do
    channels[#channels + 1] = ("%d by %s"):format(orders:count { filter = { channel = channel } }, channel)
end
print(("\n  %d orders: %s\n"):format(orders:count(), table.concat(channels, ", ")))

for _, entry in ipairs(assert(orders:history { schemas = false })) do
    print(("  version %d  %s"):format(entry.version, entry.message or "the table is made"))
end
