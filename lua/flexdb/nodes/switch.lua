--- switch: goes on by the edge that a value names, or that the first case which holds names.

local core = require "flexdb.core"
local compare = require "flexdb.workflow.compare"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

-- The edge of the first case that holds, false when none does; nil and an error.
local function first_case(value, cases)
    for i = 1, rawlen(cases) do
        local case = rawget(cases, i)
        local where = ("cases[%d]"):format(i - 1)
        if type(case) ~= "table" or type(case.edge) ~= "string" then
            return nil, core.error("invalid_document", where .. " must be an object with an edge")
        end
        local holds = compare.pairs[case.operation or "equal"]
        if not holds then return nil, core.error("invalid_document", where .. ": there is no such operation") end
        local ok, err = holds(value, case.value)
        if err then return nil, err end
        if ok then return case.edge end
    end
    return false
end

-- The edge that a value names by its text, if the step has it.
local function named(value, edges)
    if type(value) == "table" or value == nil or value == core.null then return false end
    local text = references.text(value)
    return text ~= "error" and (edges[text] or next(edges) == nil) and text or false
end

return {
    metadata = {
        id = "switch", name = "Switch", version = "1.0.0",
        description = "Goes on by the edge that the value names, or the first case that holds; else by default",
        inputs = { "value", "cases" }, outputs = { "switchResult" }, edges = true, strict = true,
        required = function(config) return config.cases == nil and { "value" } or { "cases" } end,
        hints = {
            purpose = "Decide between many ways", whenToUse = "When one value has many meanings",
            exampleConfig = { value = "$.order.status", ["paid?"] = {}, ["default?"] = {} },
            getFromState = {}, postToState = { "switchResult" },
        },
    },
    execute = function(context, config)
        local edge, err
        if config.cases ~= nil then
            if not state.is_array(config.cases) then
                return "error", core.error("invalid_document", ("cases must be an array, is %s"):format(
                    state.kind(config.cases)))
            end
            edge, err = first_case(config.value, config.cases)
            if err then return "error", err end
        else
            edge = named(config.value, context.edges)
        end
        edge = edge or "default"
        context.state.switchResult = edge
        return edge
    end,
}
