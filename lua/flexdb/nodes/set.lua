--- set: writes a value to a path of the state, or adds to what is there.

local core = require "flexdb.core"
local amounts = require "flexdb.workflow.amounts"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

local function path_of(text)
    return type(text) == "string" and references.path((text:gsub("^%$%.", ""))) or nil
end

-- What is there and `by` together: numbers are summed, texts joined, an array gets an element more.
local function sum(path, there, by)
    if there == nil or there == core.null then
        if by == nil or amounts.is(by) then return by end
        there = type(by) == "string" and "" or core.array {}
    end
    if type(there) == "table" and state.is_array(there) then
        local out = core.array {}
        for i = 1, rawlen(there) do out[i] = rawget(there, i) end
        out[#out + 1] = by == nil and core.null or by
        return out
    end
    if amounts.is(there) and amounts.is(by) then return amounts.add(there, by) end
    if type(there) == "string" and type(by) == "string" then
        if #there + #by <= references.MAX_TEXT then return there .. by end
        return nil, core.error("limit", ("%s would be a text of more than %d MiB"):format(path,
            references.MAX_TEXT >> 20))
    end
    return nil, core.error("invalid_document", ("%s is %s, %s cannot be added to it"):format(path, state.kind(there),
        state.kind(by)))
end

return {
    metadata = {
        id = "set", name = "Set", version = "1.0.0",
        description = "Sets a value of the state, or adds to it: numbers and decimals are summed, arrays get one more",
        inputs = { "path", "value", "add" }, outputs = {}, required = { "path" },
        literal = { "path" }, present = { "add" }, strict = true,
        edges = { success = "it is set" },
        hints = {
            purpose = "Count, sum and collect",
            whenToUse = "When a value depends on what is there; a plain value is set by a step { \"$.path\": … }",
            exampleConfig = { path = "$.total", add = "$.flexRecord.data.amount" }, getFromState = {},
            postToState = {},
        },
    },
    check = function(config, problem)
        if config.path ~= nil and not path_of(config.path) then
            problem("path", "reference", "must be a path such as $.total")
        end
        if (config.value == nil) == (config.add == nil) then
            problem(nil, "required", "either value or add must be given")
        end
    end,
    plan = function(config) return path_of(config.path) end,
    execute = function(context, config, planned)
        local path = planned or path_of(config.path)
        local value = config.value
        if config.add ~= nil then
            local err
            value, err = sum("$." .. table.concat(path, "."), state.get(context.state, path), config.add)
            if err then return "error", err end
        end
        local ok, why = state.set(context.state, path, value)
        if not ok then return "error", core.error("invalid_document", why) end
        return "success"
    end,
}
