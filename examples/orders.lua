-- Orders whose shape changes while they come in, over three days: a new field,
-- totals that become numbers, a mistake that is taken back, a batch with doubled
-- prices. The same story as orders.json, in Lua:
--
--   flexdb run examples/orders.lua --state examples/data/orders.json --db URL
--
-- URL: where the table lives, orders.db or mysql://…; the output is the same.
-- What adds orders or changes the table has an idempotency key, so a run that was
-- killed, or ended well, can be run again: nothing is done twice.

local nodes, context = ...
local state, say = context.state, context.log
if not state.monday then
    return nil, "the state holds no orders: --state examples/data/orders.json gives them"
end

-- What the next step of a document would get; what is not met here ends the run.
local unmet = { error = true, conflict = true, not_found = true }

local function step(node, config)
    local edge, data = nodes[node](config)
    if unmet[edge] then error(data or edge, 0) end
    return data
end

local function table_step(config)
    config.tableName = "orders"
    return step("flex_table", config)
end

local function record_step(config)
    config.tableName = "orders"
    return step("flex_record", config)
end

local function saying(...) say(string.format(...)) end

local function evolve(key, message, changes)
    return table_step { operation = "update", idempotencyKey = key, message = message, changes = changes }.version
end

local function store(key, batch)
    return record_step { operation = "insertMany", idempotencyKey = key, records = batch.orders }.count
end

local function total_of(id)
    return record_step { operation = "findOne", recordId = id }.record.data.total
end

say "Monday: a number, a day, a customer and a total, kept as they are sent"
local version = table_step { operation = "create", idempotencyKey = "orders: make", columns = {
    { name = "number", dataType = "integer", required = true, unique = true },
    { name = "day", dataType = "date", required = true, indexed = true },
    { name = "cust", dataType = "string", required = true },
    { name = "total", dataType = "string", required = true },
} }.version
local before = record_step { operation = "count" }.count
saying("  version %d, %d orders", version, store("monday", state.monday))

say "\nTuesday: a new field, channel"
version = evolve("orders: channel", "orders say how they came", {
    { op = "add_column", column = { name = "channel", dataType = "string", defaultValue = "shop",
        validation = { enum = { "shop", "phone", "web" } } } },
})
saying("  version %d, %d orders", version, store("tuesday", state.tuesday))

say "\nTuesday evening: totals are to be numbers; what does the plan say?"
local exact = {
    { op = "modify_column", name = "total", set = {
        dataType = "decimal", validation = { precision = 12, scale = 2 },
    } },
}
if table_step { operation = "get" }.version < 3 then
    local planned = table_step { operation = "plan", changes = exact }
    say(planned.text)
    for _, issue in ipairs(planned.plan.issues) do
        local mended = total_of(issue.id):gsub(",", ".")
        record_step { operation = "update", recordId = issue.id, data = { total = mended } }
        saying("  %s is mended: %s", issue.id, mended)
    end
else
    say "  nothing: it is done"
end
saying("  version %d: totals are numbers", evolve("orders: exact", "totals are numbers", exact))

say "\nTuesday night: somebody makes whole euros of them, and it is taken back"
if table_step { operation = "get" }.version < 5 then
    version = evolve("orders: whole", "whole euros will do", {
        { op = "modify_column", name = "total", set = { dataType = "integer" } },
    })
    saying("  version %d: o1006 comes to %s", version, total_of "o1006")
    version = table_step { operation = "rollback", idempotencyKey = "orders: cents", version = 3,
        message = "the cents are missed" }.version
    saying("  version %d: o1006 comes to %s", version, total_of "o1006")
else
    say "  nothing: it is done"
end

say "\nWednesday: cust is called customer, and each batch brings its sum along"
saying("  version %d", evolve("orders: customer", "customers are called so", {
    { op = "rename_column", name = "cust", to = "customer" },
}))

-- Stores the orders of a batch if they come to the sum that was sent along, or
-- none of them.
local function receive(name, batch)
    local edge, why = nodes.transaction { body = function()
        local count = store(name, batch)
        state.sum = "0.00"
        step("each", { tableName = "orders", filter = { day = batch.orders[1].day }, body = function(order)
            step("set", { path = "$.sum", add = order.data.total })
        end })
        if state.sum ~= batch.sum then
            return nil, ("%s is the sum, %s was sent along"):format(state.sum, batch.sum)
        end
        saying("  %s: %d orders, %s as was sent along", name, count, state.sum)
    end }
    if edge == "error" then saying("  %s: refused: %s", name, why.message) end
end
receive("wednesday", state.wednesday)
receive("corrected", state.corrected)

say "\nThe report"
step("lua", { file = "support/orders_report.lua", tables = { "orders" }, readOnly = true })
saying("\n  %d of the orders are new in this run", record_step { operation = "count" }.count - before)
