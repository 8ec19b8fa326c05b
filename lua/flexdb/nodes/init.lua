--- The nodes as Lua functions: `nodes.flex_table { operation = "list" }` → edge, data.
-- Needs flexdb.workflow.document, failure, problems and runner. A run hands them to a workflow that is written in Lua.
--
-- Configurations are Lua values here: nothing in them is a reference. A body is a function, or steps as a document has
-- them.

local document = require "flexdb.workflow.document"
local failure = require "flexdb.workflow.failure"
local problems = require "flexdb.workflow.problems"
local runner = require "flexdb.workflow.runner"

local nodes = {}

-- function → { [line] = how messages name it }
local lines = setmetatable({}, { __mode = "k" })

local function name_of(fn, line, level)
    local of_fn = lines[fn]
    if not of_fn then
        of_fn = {}
        lines[fn] = of_fn
    end
    local name = of_fn[line]
    if not name then
        name = ("%s:%d"):format(debug.getinfo(level + 1, "S").short_src, line)
        of_fn[line] = name
    end
    return name
end

-- Where in the script the node is called, for messages and events: `bound`, the level of the function that it has got
-- from `bind`. What ends in `return nodes.log { … }` is not there any more to be asked.
local function place(run, bound)
    if debug.getinfo(bound, "t").istailcall then return run.context.workflow end
    local level = bound + 1
    while true do
        local info = debug.getinfo(level, "lf")
        if not info then return run.context.workflow end
        local line = info.currentline
        if line > 0 then
            local name = name_of(info.func, line, level) -- no tail call: it counts the levels to the script
            return name
        end
        level = level + 1
    end
end

-- What is wrong with a configuration, as an error; or nil.
local function fault_of(node, config, path)
    local found
    local function report(key, rule, message)
        found = found or problems.new()
        found.report(key and path .. "." .. key or path, rule, message)
    end
    local required = node.metadata.required or {}
    if type(required) == "function" then required = required(config) end
    for _, key in ipairs(required) do
        if config[key] == nil then report(nil, "required", ("%s is missing"):format(key)) end
    end
    if node.check then node.check(config, report) end
    return found and found:error()
end

-- The bodies of a node that takes none.
local none <const> = {}

-- A copy of the configuration, so that a body can stand in it compiled; nil and the error.
local function prepare(run, node, given, path)
    local err = fault_of(node, given, path)
    if err then return nil, err end
    local config = {}
    for key, value in next, given do config[key] = value end
    if not node.metadata.bodies then return config, none end
    local bodies = {}
    for _, key in ipairs(node.metadata.bodies) do
        local body = config[key]
        if type(body) == "table" or type(body) == "string" then
            body, err = document.compile_body(body, run.shared.registry, path .. "." .. key)
            if not body then return nil, err end
        end
        bodies[key], config[key] = body, nil
    end
    return config, bodies
end

local function call(run, id, node, given)
    if given ~= nil and type(given) ~= "table" then
        error(("bad argument #1 to '%s' (table expected, got %s)"):format(id:gsub("-", "_"), type(given)), 3)
    end
    given = given or {}
    local path = place(run, 3) .. "." .. id
    local foreign = not run.shared.registry:is_bundled(id) or node.metadata.foreign
    local plan = not foreign and node.plan_final and getmetatable(given) == nil and node.plan_final(given)
    local config, bodies = given, none
    if not plan then config, bodies = prepare(run, node, given, path) end
    if not config then
        bodies.step, bodies.node = path, id
        run.context.state.error, run.context.state.errorCode = bodies, bodies.code
        return "error", bodies
    end
    local step = { id = id, path = path, node = node, edges = {}, bodies = bodies, plan = plan, foreign = foreign,
        config = { op = "value", value = config, calm = true } }
    local edge, data, resolved = runner.perform(run, step)
    if not edge then error(data, 0) end
    if edge == "error" then failure.complete(data, step, resolved) end
    return edge, data
end

--- The nodes of a run: a table that has a function for each, by the node's id, `-` written as `_`.
function nodes.bind(run)
    local registry = run.shared.registry
    return setmetatable({}, { __index = function(bound, name)
        local id = type(name) == "string" and name or ""
        local node = registry:find(id)
        if not node then
            id = id:gsub("_", "-")
            node = registry:find(id)
        end
        if not node then error(("there is no node '%s'"):format(tostring(name)), 2) end
        local function fn(config)
            local edge, data = call(run, id, node, config) -- no tail call: messages count the levels to the script
            return edge, data
        end
        rawset(bound, name, fn)
        return fn
    end })
end

return nodes
