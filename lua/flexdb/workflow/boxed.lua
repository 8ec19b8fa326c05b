--- Workflows in Lua that are not trusted: a script runs in the sandbox, with the nodes and the context as it can have
-- them there.
-- Needs flexdb.sandbox, flexdb.sandbox.handles (numbers of classes) and flexdb.workflow.state.

local handles = require "flexdb.sandbox.handles"
local sandbox = require "flexdb.sandbox"
local state = require "flexdb.workflow.state"

local boxed = {}

-- Nodes that reach no table: what a script has that is limited to some tables, or to reading, for a node knows of no
-- such limit.
local harmless <const> = { empty = true, log = true, logic = true, set = true, switch = true }

-- A configuration as the node can have it. A body that is a function of the script's gets the script's own database in
-- place of the handle that a transaction hands it, which is the same one.
local function received(box, config)
    if type(config) ~= "table" or type(config.body) ~= "function" then return config end
    local own = {}
    for name, value in next, config do own[name] = value end
    local body = config.body
    function own.body(first, ...)
        if getmetatable(first) == "flexdb.database" then first = box:own().db end
        return body(first, ...)
    end
    return own
end

local function call(node, config) return node(config) end -- last, see below

-- What a node raises as an error object ends the run: the script is not to catch it.
local function pass(box, ok, first, ...)
    if ok then return first, ... end
    if state.is_error(first) then box:stop(first) end
    error(first, 0)
end

-- The nodes as functions of the script: { flex_record = … }. Which line of the script has called is not known here; it
-- is called last, so that the step says only the script's name.
local function nodes_for(box, nodes, ids, limited)
    local out = {}
    for _, id in ipairs(ids) do
        if harmless[id] or not limited then
            local name = id:gsub("-", "_")
            local node = nodes[id]
            out[name] = box:ticket(0, function(config)
                return pass(box, pcall(call, node, received(box, config)))
            end)
        end
    end
    return out
end

local function context_for(box, context)
    return {
        workflow = context.workflow, state = box:ticket(handles.number.state, context.state), db = box:own().db,
        log = box:ticket(0, function(message) context.log(tostring(message)) end),
    }
end

--- The function(nodes, context) of a script's text. `given`: memory, host_memory, steps, seconds, tables, read_only, as
-- the sandbox takes them; `ids`: of the nodes that the script gets.
function boxed.script(text, name, given, ids)
    return function(nodes, context)
        local box <close>, why = sandbox.new {
            db = context.db, log = context.log, memory = given.memory, host_memory = given.host_memory,
            steps = given.steps, seconds = given.seconds, tables = given.tables, read_only = given.read_only,
        }
        if not box then return nil, why end
        local limited = given.tables ~= nil or given.read_only == true
        return box:run(text, name, nodes_for(box, nodes, ids, limited), context_for(box, context))
    end
end

return boxed
