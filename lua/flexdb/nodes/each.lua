--- each: runs its body for every element of an array, or for every record of a query, which is streamed.

local core = require "flexdb.core"
local state = require "flexdb.workflow.state"

local is_name <const> = "^[%a_][%w_]*$"

local function wants_query(config) return config.tableName ~= nil or config.tableId ~= nil end

-- Runs the body for one item: true, or nil and the error. The item and its place stand in the state meanwhile.
local function visit(context, config, names, item, index)
    local held = context.state
    held[names.item], held[names.index] = item, index
    return context.run(config.body, item, index)
end

local function each_item(context, config, names)
    local items = config.items
    if items == nil then
        return nil, core.error("invalid_document",
            "there is nothing to go through: what items or the table refers to is not in the state")
    end
    if type(items) ~= "table" or not state.is_array(items) then
        return nil, core.error("invalid_document", "items must be an array, is " .. state.kind(items))
    end
    -- of its own, so that a body may set the array that is gone through
    local own = table.move(items, 1, rawlen(items), 1, {})
    for i = 1, #own do
        local ok, err = visit(context, config, names, state.copy(own[i]), i - 1)
        if not ok then return nil, err end
    end
    return #own
end

local function each_record(context, config, names)
    local scope, record_of = require "flexdb.nodes.support.scope", require "flexdb.nodes.support.record"
    local query_of = require "flexdb.nodes.support.query"
    local db, t, err
    local kind, text = scope.naming(context.state, config)
    if not kind then return nil, text end
    db, err = scope.database(context, config, kind, text)
    if not db then return nil, err end
    t, err = scope.table(db, kind, text)
    if not t then return nil, err end
    local rows, why, control, closing = t:each(query_of(config))
    if not rows then return nil, why end
    local count, table_id, application = 0, t.id, t.application
    for row in rows, why, control, closing do
        local ok
        ok, err = visit(context, config, names, record_of(row, table_id, application), count)
        if not ok then return nil, err end
        count = count + 1
    end
    return count
end

return {
    metadata = {
        id = "each", name = "Each", version = "1.0.0",
        description = "Runs its body for each element of an array, or for each record that a query selects",
        inputs = { "items", "tableName", "tableId", "applicationId", "filter", "orderBy", "limit", "offset", "select",
            "include", "includeDeleted", "as", "index" },
        bodies = { "body" }, literal = { "as", "index" },
        certain = { "tableName", "tableId", "applicationId", "filter" },
        outputs = { "eachCount" }, strict = true,
        required = function(config) return wants_query(config) and { "body" } or { "body", "items" } end,
        edges = { success = "the body has run for all of them", empty = "there was none" },
        hints = {
            purpose = "Do something with many values or records", whenToUse = "When steps are needed once for each",
            exampleConfig = { items = "$.orders", as = "order", body = {} }, getFromState = { "flexTableId" },
            postToState = { "eachCount" },
        },
    },
    check = function(config, problem)
        for _, key in ipairs { "as", "index" } do
            local name = config[key]
            if name ~= nil and not (type(name) == "string" and name:find(is_name)) then
                problem(key, "type", "must be a name of letters, digits and _")
            end
        end
        if (config.as or "item") == (config.index or "index") then
            problem("as", "value", "the item and its place need two names")
        end
        for _, key in ipairs { "tableId", "tableName" } do
            local text = config[key]
            if text ~= nil and text ~= core.null and type(text) ~= "string" then
                problem(key, "type", "must be a text, is " .. state.kind(text))
            end
        end
        if config.items ~= nil and wants_query(config) then
            problem("items", "unknown", "either items or a table is given")
        end
    end,
    execute = function(context, config)
        local names = { item = config.as or "item", index = config.index or "index" }
        local held = context.state
        local item, index = held[names.item], held[names.index]
        local work = wants_query(config) and each_record or each_item
        local count, err = work(context, config, names)
        held[names.item], held[names.index] = item, index
        if not count then return "error", err end
        held.eachCount = count
        return count == 0 and "empty" or "success", { count = count }
    end,
}
