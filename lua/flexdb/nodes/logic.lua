--- logic: asks something of values; its edges are the answers.

local core = require "flexdb.core"
local compare = require "flexdb.workflow.compare"
local state = require "flexdb.workflow.state"

local truth = compare.truth

local function all(values)
    for i = 1, rawlen(values) do
        if not truth(values[i]) then return false end
    end
    return true
end

local function any(values)
    for i = 1, rawlen(values) do
        if truth(values[i]) then return true end
    end
    return false
end

-- How many values an operation takes: at least, at most.
local counts = { ["and"] = { 1 }, ["or"] = { 1 }, ["not"] = { 1, 1 }, exists = { 1 } }
for name in next, compare.pairs do counts[name] = { 2, 2 } end

local operations = {
    ["and"] = all,
    ["or"] = any,
    ["not"] = function(values) return not truth(values[1]) end,
    exists = function(values)
        for i = 1, rawlen(values) do
            if values[i] == core.null then return false end
        end
        return true
    end,
}
for name, holds in next, compare.pairs do
    operations[name] = function(values) return holds(values[1], values[2]) end
end

local names = "equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, and, or, not and exists"

-- What is wrong with how many values there are, or nil.
local function miscounted(operation, values)
    local bounds, count = counts[operation], rawlen(values)
    if count < bounds[1] or bounds[2] and count > bounds[2] then
        return ("%s takes %s, has %d"):format(operation,
            bounds[2] == 2 and "two values" or bounds[2] and "one value" or "one value or more", count)
    end
end

return {
    metadata = {
        id = "logic", name = "Logic", version = "1.0.0",
        description = "Compares values, or joins them by and, or, not; goes on by the edge true or false",
        inputs = { "operation", "values" }, outputs = { "logicResult" }, required = { "operation", "values" },
        edges = { ["true"] = "it holds", ["false"] = "it does not hold" },
        hints = {
            purpose = "Decide between two ways", whenToUse = "When steps depend on a condition",
            exampleConfig = { operation = "greater", values = { "$.flexRecordCount", 0 } },
            getFromState = {}, postToState = { "logicResult" },
        },
    },
    check = function(config, problem)
        local operation, values = config.operation, config.values
        local refers = type(operation) == "string" and operation:find("$.", 1, true)
        if operation ~= nil and not refers and not operations[operation] then
            problem("operation", "enum", "must be one of " .. names)
        elseif not refers and operation ~= nil and type(values) == "table" and state.is_array(values) then
            local why = miscounted(operation, values)
            if why then problem("values", "count", why) end
        end
        if values ~= nil and not (type(values) == "table" and state.is_array(values))
            and not (type(values) == "string" and values:sub(1, 2) == "$.") then
            problem("values", "type", ("must be an array, is %s"):format(state.kind(values)))
        end
    end,
    execute = function(context, config)
        local operation, values = operations[config.operation], config.values
        if not operation then
            return "error", core.error("invalid_document", ("operation must be one of %s, is %s"):format(names,
                type(config.operation) == "string" and ("%q"):format(config.operation) or state.kind(config.operation)))
        end
        if not state.is_array(values) then
            return "error", core.error("invalid_document", "values must be an array, is " .. state.kind(values))
        end
        local why = miscounted(config.operation, values)
        if why then return "error", core.error("invalid_document", why) end
        local result, err = operation(values)
        if err then return "error", err end
        context.state.logicResult = result
        return result and "true" or "false"
    end,
}
