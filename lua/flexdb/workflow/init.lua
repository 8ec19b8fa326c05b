--- flexdb.workflow: runs and checks workflows, from JSON documents, from Lua tables and from Lua functions.
-- Needs flexdb.core and the other files of this folder. Loaded when it is first used.

local core = require "flexdb.core"
local document = require "flexdb.workflow.document"
local failure = require "flexdb.workflow.failure"
local files = require "flexdb.workflow.files"
local nodes = require "flexdb.nodes"
local options = require "flexdb.options"
local registry = require "flexdb.workflow.registry"
local runner = require "flexdb.workflow.runner"
local state = require "flexdb.workflow.state"
local trace = require "flexdb.workflow.trace"

local workflow = { trace = trace.terminal, json_lines = trace.json_lines }

-- ---------------------------------------------------------------------------------------------------- options

local check_options = { nodes = "table", files = "string" }
local run_options = {
    db = "userdata", state = "table", nodes = "table", on_event = "function", limits = "table", files = "string",
    log = "function", actor = "string", sandbox = "table",
}
local box_options = {
    memory = "number", host_memory = "number", steps = "number", seconds = "number", tables = "table",
    read_only = "boolean",
}
local default_limits = { iterations = 1000, jumps = 10000, steps = 1000000, depth = 100 }
local known_limits = { iterations = true, jumps = true, steps = true, depth = true, seconds = false, memory = true }

local MAX_DEPTH <const> = 100

local function limits_of(given)
    local out = {}
    for name, value in next, default_limits do out[name] = value end
    for name, value in next, given or {} do
        local whole = known_limits[name]
        if whole == nil then options.refuse(1, "run", 2, "there is no limit '%s'", tostring(name)) end
        if not math.type(value) or value ~= value or value < (whole and 1 or 0) or whole and not math.tointeger(value)
        then
            options.refuse(1, "run", 2, "limit '%s' must be %s, is %s", name,
                whole and "an integer of at least 1" or "a number of seconds", tostring(value))
        end
        out[name] = whole and math.tointeger(value) or value
    end
    if out.depth > MAX_DEPTH then
        options.refuse(1, "run", 2, "limit 'depth' must be at most %d, is %d", MAX_DEPTH, out.depth)
    end
    return out
end

local function registry_of(call, given)
    local own, fault = registry.new(given)
    if not own then options.refuse(1, call, 2, "%s", fault) end
    return own
end

-- ---------------------------------------------------------------------------------------------------- documents

-- Reads the text of a document: the program, or nil and the error, which names the file.
local function compile_text(text, name, own)
    local given, err = core.json.decode(text)
    if not given then
        err.message = ("%s: %s"):format(name, err.message)
        return nil, err
    end
    local program
    program, err = document.compile(given, own)
    if not program then
        err.message = ("%s: %s"):format(name, err.message)
        return nil, err
    end
    return program
end

-- Compiles the workflows that a program calls by a name in the document, and those that they call: nothing runs before
-- all of them are good. `programs`: path as written → program; `seen`: real path → program.
local function compile_calls(program, folder, own, programs, seen)
    for _, call in ipairs(program.calls) do
        if not programs[call.file] then
            local text, real = files.read(folder, call.file)
            local inner, err
            if not text then
                err = real
            else
                inner = seen[real]
                if not inner then inner, err = compile_text(text, call.file, own) end
            end
            if not inner then
                local outer = core.error(err.code, ("%s: %s"):format(call.path, err.message))
                outer.issues = err.issues
                return nil, outer
            end
            programs[call.file] = inner
            if not seen[real] then
                seen[real] = inner
                local ok, why = compile_calls(inner, folder, own, programs, seen)
                if not ok then return nil, why end
            end
        end
    end
    return true
end

-- The program of a path or a document, and the programs that it calls; nil and the error.
local function load_program(what, folder, own)
    local program, err
    if type(what) == "string" then
        local text
        text, err = files.read_any(what)
        if not text then return nil, err end
        program, err = compile_text(text, what, own)
    else
        program, err = document.compile(what, own)
    end
    if not program then return nil, err end
    local programs = {}
    local ok, why = compile_calls(program, folder, own, programs, {})
    if not ok then return nil, why end
    return program, programs
end

--- Whether a workflow, a document or the path of one, could be run: true, or nil and an error with every problem.
-- Options: nodes, files.
function workflow.check(what, given)
    options.argument("check", 1, what, "table or string")
    given = options.check("check", 2, given, check_options)
    local program, err = load_program(what, given.files, registry_of("check", given.nodes))
    if not program then return nil, err end
    return true
end

-- ---------------------------------------------------------------------------------------------------- running

-- The state that a run begins with: what the document says, and over it what the caller gives.
local function first_state(program, given)
    local out = {}
    for _, from in ipairs { program.initial, given or {} } do
        local ok, err = state.check(from)
        if not ok then return nil, err end
        for key, value in next, state.copy(from) do
            if type(key) ~= "string" then
                return nil, core.error("invalid_document", "the state cannot be JSON: its keys must be texts")
            end
            out[key] = value
        end
    end
    return out
end

-- Runs another workflow on behalf of the node `workflow`: its last state, or nil and the error.
local function call(shared, context, file, given)
    local program = shared.programs[file]
    if not program then
        local text, real = files.read(shared.files, file)
        if not text then return nil, real end
        local err
        program, err = compile_text(text, file, shared.registry)
        if not program then return nil, err end
        local ok
        ok, err = compile_calls(program, shared.files, shared.registry, shared.programs, {})
        if not ok then return nil, err end
        shared.programs[file] = program
    end
    local initial, err = first_state(program, given)
    if not initial then return nil, err end
    local run = runner.new(shared, program.id, initial)
    local ok, why = context.run(function()
        local good, failed = runner.run(run, program)
        if not good then return nil, failed end
    end)
    if not ok then return nil, why end
    return run.context.state
end

-- A Lua workflow as a program's run: fn(nodes, context), which fails by nil and why, by what a node has returned that
-- failed, or by raising.
local function run_function(run, fn)
    local context = run.context
    local live = context.state
    local ok, first, second = pcall(fn, nodes.bind(run), context)
    local last = context.state
    if type(last) ~= "table" then context.state = live end
    if run.shared.fatal then return nil, run.shared.fatal end
    if type(last) ~= "table" then
        return nil, core.error("invalid_document", "the state must be an object, is " .. state.kind(last))
    end
    if not ok then return nil, runner.raised(run.shared, first) end
    if runner.says_failure(first, second) then return nil, failure.of_value(second) end
    return true
end

local function load_script(path, box, own)
    local text, err = files.read_any(path)
    if not text then return nil, err end
    if box then return require "flexdb.workflow.boxed".script(text, path, box, own:ids()) end
    local chunk, why = load(text, "@" .. path, "t")
    if chunk then return chunk end
    local number = tonumber(why:match ":(%d+):")
    if number then why = ("%s\n    %s"):format(why, files.line(text, number)) end
    return nil, core.error("invalid_document", why)
end

-- What is to be run: a program or a function, and the programs that it calls. nil and the error.
local function load_any(what, folder, own, box)
    if type(what) == "function" then return { id = "lua", initial = {}, fn = what }, {} end
    if type(what) == "string" and what:find "%.lua$" then
        local chunk, err = load_script(what, box, own)
        if not chunk then return nil, err end
        return { id = what:match "([^/]*)%.lua$", initial = {}, fn = chunk }, {}
    end
    return load_program(what, folder, own)
end

local function finish(run, program, started, ok, err)
    local shared, context = run.shared, run.context
    if ok and (program.fn or shared.registry:has_own()) then ok, err = state.check(context.state) end
    local event = { event = ok and "run_finished" or "run_failed", workflow = context.workflow, steps = shared.steps,
        ms = (core.clock() - started) * 1000 }
    if not ok then
        failure.advise(err)
        context.state.error, context.state.errorCode = err, err.code
        event.error, event.step, event.node = err, err.step, err.node
    end
    runner.emit(shared, event)
    if shared.raised then error(shared.raised[1], 0) end
    if not ok then return nil, err, context.state end
    return context.state
end

-- The options of the sandbox that a script is to run in; nil where it is trusted.
local function sandbox_of(what, given)
    if given == nil then return nil end
    if type(what) ~= "string" or not what:find "%.lua$" then
        options.refuse(1, "run", 2, "option 'sandbox' is for the path of a script, which ends in .lua")
    end
    return options.check("run", 2, given, box_options, 1)
end

-- The bytes that the Lua state may use in the run of a script that is not trusted: what nodes do for it is bounded too.
local function memory_for(box)
    local sandbox = require "flexdb.sandbox"
    local share = box.host_memory or sandbox.host_share(box.memory or sandbox.MEMORY)
    return math.ceil(collectgarbage "count" * 1024 + share)
end

-- Closes what the nodes have kept for the length of the run.
local function drop(kept)
    for _, entry in next, kept do
        if type(entry) == "table" then entry.box:close() end
    end
end

--- Runs a workflow: a document (a table), the path of one, a function(nodes, context) or the path of a script that is
-- such a function. Options: db, state, nodes, on_event, limits, files, log, actor, sandbox.
-- The last state; or nil, an error (with step, node, config and advice) and the state as it stood.
function workflow.run(what, given)
    options.argument("run", 1, what, "table or string or function")
    given = options.check("run", 2, given, run_options)
    local limits = limits_of(given.limits)
    local own = registry_of("run", given.nodes)
    local db = given.db
    if db and getmetatable(db) ~= "flexdb.database" then
        options.refuse(0, "run", 2, "option 'db' must be a database, is a %s", type(db))
    end
    local box = sandbox_of(what, given.sandbox)
    if box and not limits.memory then limits.memory = memory_for(box) end
    local program, programs = load_any(what, given.files, own, box)
    if not program then return nil, failure.advise(programs), {} end
    local initial, err = first_state(program, given.state)
    if not initial then return nil, failure.advise(err), {} end
    local view <close> = db and given.actor and db:with { actor = given.actor } or nil
    local kept <close> = setmetatable({ count = 0 }, { __close = drop })
    local started = core.clock()
    local shared = {
        db = view or db, registry = own, limits = limits, files = given.files, actor = given.actor,
        on_event = given.on_event, log = given.log, programs = programs, steps = 0, jumps = 0, depth = 0,
        deadline = limits.seconds and started + limits.seconds, kept = kept,
        unwatched = not (limits.seconds or limits.memory) and limits.steps or 0,
        confined = box ~= nil,
    }
    function shared.call(context, file, values) return call(shared, context, file, values) end
    local run = runner.new(shared, program.id, initial)
    runner.emit(shared, { event = "run_started", workflow = program.id })
    local ok, why
    if shared.fatal then
        ok, why = nil, shared.fatal
    elseif program.fn then
        ok, why = run_function(run, program.fn)
    else
        ok, why = runner.run(run, program)
    end
    return finish(run, program, started, ok, why)
end

core.own(workflow.run)

return workflow
