--- lua: a piece of Lua between the steps: a text, which runs in the sandbox, or a function of the host's own.

local core = require "flexdb.core"
local files = require "flexdb.workflow.files"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

local KEPT <const> = 8              -- sandboxes of a run
local KEPT_BYTES <const> = 4 << 20 -- that one of them may take

local unnamed <const> = references.path "luaResult"

local function is_names(value)
    if not state.is_array(value) then return false end
    for i = 1, rawlen(value) do
        if type(rawget(value, i)) ~= "string" then return false end
    end
    return true
end

-- What sandboxes have in common that can stand for each other in a run.
local function kind_of(context, config)
    local kind = not context.db and "lua" or config.readOnly and "lua that reads" or "lua that writes"
    return config.tables and ("%s %d %s"):format(kind, #config.tables, table.concat(config.tables, "\0")) or kind
end

-- A sandbox, one of those that the run keeps if it has one: { box =, log = }; or nil and the error. While it runs it is
-- not among them.
local function take_box(context, config, kind)
    local kept = context.kept
    local entry = kept and kept[kind]
    if entry then
        kept[kind], kept.count = nil, kept.count - 1
        entry.log = context.log
        if context.db then entry.box:use(context.db) end
        return entry
    end
    entry = { log = context.log }
    local seconds, why = context.limits.seconds
    entry.box, why = require "flexdb.sandbox".new {
        db = context.db, tables = config.tables, read_only = config.readOnly,
        seconds = seconds and math.max(seconds, 0.001), log = function(line) entry.log(line) end,
    }
    if not entry.box then return nil, why end
    return entry
end

-- Keeps a sandbox for the next step of its kind: one that nothing has gone wrong in, and that has not grown large.
local function give_back(context, kind, entry)
    local kept = context.kept
    local has_place = kept and not kept[kind] and kept.count < KEPT
    if has_place and entry.box:is_clean() and entry.box:usage() < KEPT_BYTES then
        kept[kind], kept.count = entry, kept.count + 1
    else
        entry.box:close()
    end
end

local function finish(context, kind, entry, ...)
    give_back(context, kind, entry)
    return ...
end

-- Runs a text in a sandbox, where nothing is left of what ran there before: what it returns, or nil and the error.
local function run_text(context, config, text, name)
    if config.tables ~= nil and not is_names(config.tables) then
        return nil, core.error("invalid_document", "tables must be an array of names")
    elseif config.readOnly ~= nil and type(config.readOnly) ~= "boolean" then
        return nil, core.error("invalid_document", "readOnly must be true or false, is " .. state.kind(config.readOnly))
    end
    local kind = kind_of(context, config)
    local entry, why = take_box(context, config, kind)
    if not entry then return nil, why end
    return finish(context, kind, entry, entry.box:run_anew(text, name, {
        state = context.state, inputs = context.inputs, values = config.values,
    }))
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
            if config.file ~= nil then
                local err
                text, err = files.read(context.files, config.file)
                if not text then return "error", err end
                name = config.file
            end
            result, edge = run_text(context, config, text, name)
            if result == nil and type(edge) == "table" then return "error", edge end
        end
        local path = config.as and references.path((config.as:gsub("^%$%.", ""))) or unnamed
        local ok, why = state.set(context.state, path, result)
        if not ok then return "error", core.error("invalid_document", why) end
        if edge ~= nil and type(edge) ~= "string" then
            return "error", core.error("invalid_document", ("the second value names the edge, it is %s"):format(
                state.kind(edge)))
        end
        return edge or "success", type(result) == "table" and result or nil
    end,
}
