--- lua: a piece of Lua between the steps: a text, which runs in the sandbox, or a function of the host's own.

local core = require "flexdb.core"
local files = require "flexdb.workflow.files"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

local function is_names(value)
    if not state.is_array(value) then return false end
    for i = 1, rawlen(value) do
        if type(rawget(value, i)) ~= "string" then return false end
    end
    return true
end

-- Runs a text in a sandbox of its own: what it returns, or nil and the error.
local function run_text(context, config, text, name)
    if config.tables ~= nil and not is_names(config.tables) then
        return nil, core.error("invalid_document", "tables must be an array of names")
    elseif config.readOnly ~= nil and type(config.readOnly) ~= "boolean" then
        return nil, core.error("invalid_document", "readOnly must be true or false, is " .. state.kind(config.readOnly))
    end
    local seconds = context.limits.seconds
    local box <close>, why = require "flexdb.sandbox".new {
        db = context.db, tables = config.tables, read_only = config.readOnly,
        seconds = seconds and math.max(seconds, 0.001), log = context.log,
        values = { state = context.state, inputs = context.inputs, values = config.values },
    }
    if not box then return nil, why end
    return box:run(text, name)
end

return {
    metadata = {
        id = "lua", name = "Lua", version = "1.0.0",
        description = "Runs a piece of Lua: what it returns is kept in the state, a second value names the edge",
        inputs = { "source", "file", "run", "values", "as", "tables", "readOnly" }, outputs = { "luaResult" },
        edges = true, strict = true, literal = { "source", "as" }, foreign = true,
        certain = { "file", "tables", "readOnly" },
        required = function(config)
            return config.file == nil and config.run == nil and { "source" } or {}
        end,
        hints = {
            purpose = "Calculate what no node does", whenToUse = "When the steps that there are do not say it well",
            exampleConfig = { source = "return values.price * 2", values = { price = "$.price" }, as = "$.double" },
            getFromState = {}, postToState = { "luaResult" },
        },
    },
    check = function(config, problem)
        local as = config.as
        if as ~= nil and not (type(as) == "string" and references.path((as:gsub("^%$%.", "")))) then
            problem("as", "reference", "must be a path such as $.result")
        end
        if config.source ~= nil and type(config.source) ~= "string" then
            problem("source", "type", "must be a text of Lua")
        end
        if config.run ~= nil and type(config.run) ~= "function" then
            problem("run", "type", "must be a function, which only a workflow in Lua can give")
        end
    end,
    execute = function(context, config)
        local result, edge
        if type(config.run) == "function" then
            result, edge = config.run(context, config.values)
            if result == nil and type(edge) == "table" then return "error", edge end
        else
            local text, name = config.source, "lua"
            if config.file then
                local err
                text, err = files.read(context.files, config.file)
                if not text then return "error", err end
                name = config.file
            end
            result, edge = run_text(context, config, text, name)
            if result == nil and type(edge) == "table" then return "error", edge end
        end
        local path = references.path(((config.as or "luaResult"):gsub("^%$%.", "")))
        local ok, why = state.set(context.state, path, result)
        if not ok then return "error", core.error("invalid_document", why) end
        if edge ~= nil and type(edge) ~= "string" then
            return "error", core.error("invalid_document", ("the second value names the edge, it is %s"):format(
                state.kind(edge)))
        end
        return edge or "success", type(result) == "table" and result or nil
    end,
}
