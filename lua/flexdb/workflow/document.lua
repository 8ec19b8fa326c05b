--- Workflow documents: read whole into a program that the runner runs, or refused with every problem and its path.
-- Needs flexdb.core, flexdb.interrupts, flexdb.sorted_names, flexdb.workflow.problems, references and state; a
-- registry is handed in. Nothing else knows the format.
--
-- A program is { id, name, version, steps, initial, calls }. A step is one of
--   { kind = "node", id, path, node, config (compiled), edges = { name = steps }, loop, bodies,
--     certain = { { word, value (compiled), or_null }, … }, leaf (a bundled node that runs once and nothing inside),
--     plan (the node's) }
--   { kind = "set", id, path, target (a path), value (compiled), edges }
--   { kind = "jump", path, to (an index into the program's steps) }

local core = require "flexdb.core"
local interrupts = require "flexdb.interrupts"
local sorted_names = require "flexdb.sorted_names"
local problems = require "flexdb.workflow.problems"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

local document = {}

local null = core.null
local array_mark = getmetatable(core.array {})

local MAX_NESTING <const> = 100 -- steps inside of steps
local STEP_DEPTH <const> = 1    -- where the workflow's own steps stand
local EDGE_DEPTH <const> = STEP_DEPTH + 1

-- Whether a table is an object with nothing but names for keys.
local function is_object(value)
    if type(value) ~= "table" or next(value) ~= nil and state.is_array(value) then return false end
    return getmetatable(value) ~= array_mark or next(value) ~= nil
end

local function list(names) return table.concat(names, ", ") end

local function contains(words, word)
    for _, each in ipairs(words or {}) do
        if each == word then return true end
    end
    return false
end

-- ---------------------------------------------------------------------------------------------------- edges

local compile_sequence

-- The names of the edges that a node can take with this configuration, or nil for any, and the operation that leaves
-- it no more than these.
local function edges_of(metadata, config)
    local operation = metadata.edges_of and rawget(config, "operation")
    local own = type(operation) == "string" and metadata.edges_of[operation]
    if own then return { table.unpack(own) }, operation end
    if metadata.edges ~= true then return sorted_names(metadata.edges) end
end

-- A name that the node does not have is reported.
local function check_edge(work, node, config, name, path)
    if name == "" or not name:find "^[%w_%-.]+$" then
        work.report(path, "edge", "the name of an edge holds letters, digits, _, - and .")
        return
    end
    if not node or name == "error" then return end
    local known, operation = edges_of(node.metadata, config)
    if not known or contains(known, name) then return end
    if not contains(known, "error") then known[#known + 1] = "error" end
    work.report(path, "edge", ("%q has no edge %q%s; it has %s"):format(node.metadata.id, name,
        operation and (" after %s"):format(operation) or "", list(known)))
end

-- The steps behind an edge, or false for null. A text right behind an edge of one of the workflow's own steps is where
-- the run goes on, when there is a step of that name: the first one. Any other text is a node without configuration.
local function compile_edge(work, value, path, scope)
    if value == null then return false end
    local to = type(value) == "string" and scope.depth == EDGE_DEPTH and work.places[value]
    if to then return { { kind = "jump", id = value, path = path .. "." .. value, to = to } } end
    return compile_sequence(work, value, path, scope)
end

-- ---------------------------------------------------------------------------------------------------- a node's step

local function check_required(work, node, config, path)
    local required = node.metadata.required
    if type(required) == "function" then
        local ok, words = pcall(required, config)
        if not ok and interrupts(words) then error(words, 0) end
        required = ok and words or {}
    end
    for _, key in ipairs(required or {}) do
        local value = rawget(config, key)
        if value == nil or value == null then
            work.report(path, "required", ("%s is missing"):format(key))
        end
    end
end

local function check_known(work, node, config, path)
    if not node.metadata.strict then return end
    for _, key in ipairs(sorted_names(config)) do
        local known = key:sub(-1) == "?" or contains(node.metadata.inputs, key) or contains(node.metadata.bodies, key)
        if not known then work.report(path .. "." .. key, "unknown", ("there is no key %q here"):format(key)) end
    end
end

-- What the node itself knows about its configuration.
local function check_node(work, node, config, path)
    check_required(work, node, config, path)
    check_known(work, node, config, path)
    if not node.check then return end
    local ok, why = pcall(node.check, config, function(key, rule, message)
        work.report(key and path .. "." .. key or path, rule, message)
    end)
    if not ok and interrupts(why) then error(why, 0) end
    if not ok then work.report(path, "node", ("the node's own check failed: %s"):format(tostring(why))) end
end

local function compile_key(work, step, given, key, scope)
    local value = rawget(given, key)
    local path = step.path .. "." .. key
    local metadata = step.node and step.node.metadata
    if key:sub(-1) == "?" then
        local name = key:sub(1, -2)
        check_edge(work, step.node, given, name, path)
        step.edges[name] = compile_edge(work, value, path, scope) or nil
    elseif metadata and contains(metadata.bodies, key) then
        step.bodies = step.bodies or {}
        step.bodies[key] = compile_sequence(work, value, path, scope)
    else
        local literal = metadata and type(value) == "string" and contains(metadata.literal, key)
        local compiled = value
        if not literal then compiled = references.compile(value, path, work) end
        references.add(step.config, key, compiled == nil and false or compiled)
        local certain = metadata and contains(metadata.certain, key)
        local present = metadata and contains(metadata.present, key)
        if type(compiled) == "table" and (certain or present and compiled.op == "get") then
            step.certain = step.certain or {}
            table.insert(step.certain, { word = key, value = compiled, or_null = not certain })
        end
    end
end

local function compile_node(work, key, config, path, scope)
    local id, dots = key:match "^(.-)(%.*)$"
    path = path .. "." .. key
    local node = work.registry:find(id)
    if not node then
        work.report(path, "node", ("there is no node %q"):format(id))
    elseif dots ~= "" and dots ~= "..." then
        work.report(path, "node", "a loop is a node's id and three dots")
    end
    local step = { kind = "node", id = id, path = path, node = node, loop = dots == "...", edges = {},
        foreign = node and (not work.registry:is_bundled(id) or node.metadata.foreign),
        config = references.table() }
    if config == nil or config == null then config = {} end
    if not is_object(config) then
        return work.report(path, "type", ("a node's configuration must be an object, is %s"):format(state.kind(config)))
    end
    if node then check_node(work, node, config, path) end
    for name in next, config do
        if type(name) ~= "string" then work.report(path, "type", "must have names for keys") end
    end
    for _, name in ipairs(sorted_names(config)) do compile_key(work, step, config, name, scope) end
    step.leaf = node and not (step.foreign or step.loop or step.bodies or node.metadata.calls)
    step.plan = node and not step.foreign and node.plan and node.plan(config)
    local calls = node and node.metadata.calls and rawget(config, node.metadata.calls)
    if type(calls) == "string" and references.compile_text(calls) == calls then
        work.calls[#work.calls + 1] = { file = calls, path = path .. "." .. node.metadata.calls }
    end
    return step
end

-- ---------------------------------------------------------------------------------------------------- a state setter

-- The value and the edges of a setter. An object is the long form when it has edges, or nothing but a value: then its
-- value is `value`, or all that is no edge.
local function parts_of(value)
    local edges, rest = {}, {}
    if not is_object(value) then return value, edges end
    for key, inner in next, value do
        if type(key) == "string" and key:sub(-1) == "?" then edges[key] = inner else rest[key] = inner end
    end
    local has_edges, given = next(edges) ~= nil, rawget(rest, "value")
    if given ~= nil and (has_edges or next(rest, next(rest)) == nil) then
        rest.value = nil
        return given, edges, "value", rest
    elseif has_edges then
        return next(rest) ~= nil and rest or nil, edges
    end
    return value, edges
end

local function compile_setter(work, key, value, path, scope)
    path = path .. "." .. key
    local target = references.path(key:sub(3))
    if not target then
        work.report(path, "reference",
            ("%q is not a path: %s"):format(key, references.grammar))
    end
    local step = { kind = "set", id = key, path = path, target = target, edges = {} }
    local given, edges, name, others = parts_of(value)
    local where = name and path .. "." .. name or path
    if given == nil then work.report(path, "required", "value is missing") end
    for _, key_beside in ipairs(sorted_names(others or {})) do
        work.report(path .. "." .. key_beside, "edge", "a setter has value, success? and error?")
    end
    for _, edge in ipairs(sorted_names(edges)) do
        local inner = path .. "." .. edge
        if edge == "success?" or edge == "error?" then
            step.edges[edge:sub(1, -2)] = compile_edge(work, edges[edge], inner, scope) or nil
        else
            work.report(inner, "edge", "a setter has value, success? and error?")
        end
    end
    if type(given) == "string" and utf8.len(given) then
        local compiled, why = references.compile_setter(given)
        if compiled == nil then work.report(where, "reference", why) end
        step.value = compiled
    elseif given ~= nil then
        step.value = references.compile(given, where, work)
    end
    return step
end

-- ---------------------------------------------------------------------------------------------------- steps

--- Compiles one step: a node's id, or an object with one key. nil when it is wrong, which is reported.
function document.step(work, value, path, scope)
    if scope.depth > MAX_NESTING then
        return work.report(path, "nesting", ("steps nest deeper than %d levels"):format(MAX_NESTING))
    end
    work.count_step(path)
    if type(value) == "string" then
        if value:sub(1, 2) == "$." then
            return work.report(path, "type", ("the setter %q has no value: write { %q: … }"):format(value, value))
        end
        return compile_node(work, value, nil, path, scope)
    end
    if not is_object(value) then
        return work.report(path, "type", ("a step must be an object or a node's id, is %s"):format(state.kind(value)))
    end
    if work.open[value] then return work.report(path, "nesting", "must not contain itself") end
    local key, config = next(value)
    if key == nil or next(value, key) ~= nil or type(key) ~= "string" then
        local names = sorted_names(value)
        return work.report(path, "type", #names == 0 and "a step must have one key, a node's id or a path, has none"
            or ("a step must have one key, a node's id or a path, has %s"):format(list(names)))
    end
    work.open[value] = true
    local inner = { depth = scope.depth + 1 }
    local compile = key:sub(1, 2) == "$." and compile_setter or compile_node
    local step = compile(work, key, config, path, inner)
    work.open[value] = nil
    return step
end

-- Steps behind an edge or in a body: one, or an array of them.
compile_sequence = function(work, value, path, scope)
    local steps = {}
    if type(value) == "table" and state.is_array(value) then
        if work.open[value] then return work.report(path, "nesting", "must not contain itself") end
        work.open[value] = true
        for i = 1, rawlen(value) do
            steps[#steps + 1] = document.step(work, rawget(value, i), ("%s[%d]"):format(path, i - 1), scope)
        end
        work.open[value] = nil
    else
        steps[1] = document.step(work, value, path, scope)
    end
    return steps
end

-- name → the first step of the workflow that has it, for jumps
local function find_places(steps)
    local places = {}
    for i = rawlen(steps), 1, -1 do
        local step = rawget(steps, i)
        local name = type(step) == "table" and next(step) or step
        if type(name) == "string" then places[name] = i end
    end
    return places
end

-- ---------------------------------------------------------------------------------------------------- the whole

local head = {
    { "id", "a text of letters, digits, - and _", function(v) return v:find "^[%w_-]+$" end },
    { "name", "a text that is not empty", function(v) return v ~= "" and utf8.len(v) end },
    { "version", "three numbers with dots between them, such as 1.0.0",
        function(v) return v:find "^%d+%.%d+%.%d+$" end },
    { "description", "a text", function(v) return utf8.len(v) end, optional = true },
}

local known = { id = true, name = true, version = true, description = true, initialState = true, workflow = true }

local function check_head(work, given)
    for _, rule in ipairs(head) do
        local key = rule[1]
        local value = rawget(given, key)
        if value == nil then
            if not rule.optional then work.report(key, "required", "is missing") end
        elseif type(value) ~= "string" or not rule[3](value) then
            work.report(key, "type", ("must be %s"):format(rule[2]))
        end
    end
    local initial = rawget(given, "initialState")
    if initial ~= nil and not is_object(initial) then
        work.report("initialState", "type", ("must be an object, is %s"):format(state.kind(initial)))
    end
    for key in next, given do
        if type(key) ~= "string" then
            work.report("workflow", "type", "the document must have names for keys")
            return
        end
    end
    for _, key in ipairs(sorted_names(given)) do
        if not known[key] then work.report(key, "unknown", ("there is no key %q here"):format(key)) end
    end
end

local function compile_top(work, given)
    local program = {}
    if given == nil then return work.report("workflow", "required", "is missing") end
    if type(given) ~= "table" or not state.is_array(given) then
        return work.report("workflow", "type", ("must be an array of steps, is %s"):format(state.kind(given)))
    end
    local count = rawlen(given)
    if count == 0 then return work.report("workflow", "type", "must have at least one step") end
    for key in next, given do
        if math.type(key) ~= "integer" or key < 1 or key > count then
            return work.report("workflow", "type", "must have the indexes 1 to n for keys")
        end
    end
    work.places = find_places(given)
    for i = 1, count do
        program[i] = document.step(work, rawget(given, i), ("workflow[%d]"):format(i - 1), { depth = STEP_DEPTH })
    end
    return program
end

local function compile_whole(work, given)
    if not is_object(given) then
        work.report("workflow", "type", ("the document must be an object, is %s"):format(state.kind(given)))
        return
    end
    check_head(work, given)
    local initial = rawget(given, "initialState")
    if is_object(initial) then
        local ok, err = state.check(initial)
        if not ok then work.report("initialState", "type", err.message) end
    end
    return compile_top(work, rawget(given, "workflow"))
end

local function start(registry)
    local work = problems.new()
    work.registry, work.places, work.calls = registry, {}, {}
    return work
end

--- Reads a document. Returns the program, or nil and an error of the code invalid_document with an issue for each
-- problem.
function document.compile(given, registry)
    local work = start(registry)
    local steps = work:gather(compile_whole, given)
    local err = work:error()
    if err then return nil, err end
    return { id = rawget(given, "id"), name = rawget(given, "name"), version = rawget(given, "version"),
        initial = rawget(given, "initialState") or {}, steps = steps, calls = work.calls }
end

--- Compiles steps that stand outside of a document: a body that a Lua workflow has given. `path` is where it stands.
function document.compile_body(given, registry, path)
    local work = start(registry)
    local steps = work:gather(compile_sequence, given, path, { depth = STEP_DEPTH })
    local err = work:error()
    if err then return nil, err end
    return steps
end

return document
