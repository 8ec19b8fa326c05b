--- Runs programs: steps, edges, jumps and loops, within limits, telling what it does.
-- Needs flexdb.core, flexdb.interrupts, flexdb.workflow.references, state and failure; programs come from
-- flexdb.workflow.document.
--
-- One run has one `shared` table (limits, counters, what it tells), however many workflows call each other in it; each
-- of these has a context of its own, which its nodes see (lua/flexdb/nodes/README.md).
--
-- Steps give true; or nil and the error that ends the run; or false and where in the workflow the run goes on.

local core = require "flexdb.core"
local failure = require "flexdb.workflow.failure"
local interrupts = require "flexdb.interrupts"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

local runner = {}

local null = core.null
local resolve = references.resolve
local clock = core.clock

local EVERY <const> = 10 -- steps between two looks at the memory

-- ---------------------------------------------------------------------------------------------------- limits

-- Ends the run by this error whatever its error edges say.
local function doom(shared, err) shared.fatal, shared.unwatched = err, 0 end

local function stop(shared, message)
    if not shared.fatal then doom(shared, core.error("limit", message)) end
    return nil, shared.fatal
end

local function count_watched(shared, steps)
    local limits = shared.limits
    if shared.fatal then return nil, shared.fatal end
    shared.steps = steps
    if steps > limits.steps then
        return stop(shared, ("the run has taken %d steps (limits.steps)"):format(limits.steps))
    end
    if shared.deadline and clock() > shared.deadline then
        return stop(shared, ("the run has taken longer than %g seconds (limits.seconds)"):format(limits.seconds))
    end
    if limits.memory and steps % EVERY == 0 and collectgarbage "count" * 1024 > limits.memory then
        collectgarbage()
        if collectgarbage "count" * 1024 > limits.memory then
            return stop(shared, ("the run uses more than %d bytes of memory (limits.memory)"):format(limits.memory))
        end
    end
    return true
end

-- The first `unwatched` steps need no look: those that are allowed to a run without a deadline or a bound of memory.
local function count_step(shared)
    local steps = shared.steps + 1
    if steps > shared.unwatched then return count_watched(shared, steps) end
    shared.steps = steps
    return true
end

-- ---------------------------------------------------------------------------------------------------- telling

-- Ends the run by what was raised, which is raised again where the run was started.
local function raise(shared, why)
    if shared.raised then return end
    shared.raised = { why }
    doom(shared, failure.of_raised(why))
end

-- What a host's own function raises ends the run.
local function tell(shared, fn, what)
    local ok, why = pcall(fn, what)
    if not ok then raise(shared, why) end
end

--- The error of what a step has raised; an interruption ends the run.
function runner.raised(shared, why)
    if interrupts(why) then raise(shared, why) end
    return failure.of_raised(why)
end

local function emit(shared, event)
    if shared.on_event then tell(shared, shared.on_event, event) end
end

-- Tells that a step begins: the time.
local function begin(run, step)
    local started = clock()
    emit(run.shared, { event = "step_started", workflow = run.context.workflow, step = step.path, node = step.id })
    return started
end

local function finished(run, step, edge, started, err, records)
    emit(run.shared, { event = "step_finished", workflow = run.context.workflow, step = step.path, node = step.id,
        edge = edge, ms = (clock() - started) * 1000, records = records, error = err })
end

-- ---------------------------------------------------------------------------------------------------- one step

-- The edge that a node has taken: "error" with the error when it has failed, in whatever way it says so.
local function judge(run, step, ok, edge, data)
    if not ok then return "error", runner.raised(run.shared, edge) end
    if edge == nil then
        if data == nil then return "success" end
        return "error", failure.of_value(data)
    end
    if edge == "error" then return "error", failure.of_value(data) end
    local edges = step.node.metadata.edges
    if edges == true and type(edge) ~= "string" or edges ~= true and edges[edge] == nil then
        return "error", core.error("internal", ("the node %q has taken the edge %q, which it does not have"):format(
            step.id, tostring(edge)))
    end
    return edge, data
end

-- What a host's node has put into the state must be able to be JSON.
local function check_written(run, step, before, edge, data)
    for key, value in next, run.context.state do
        if before[key] ~= value or type(key) ~= "string" then
            local ok, err = state.check { [tostring(key)] = value }
            if ok and type(key) ~= "string" then
                ok, err = nil, core.error("invalid_document", "the state cannot be JSON: its keys must be texts")
            end
            if not ok then
                run.context.state[key] = before[key]
                err.message = ("the node %q: %s"):format(step.id, err.message)
                return "error", err
            end
        end
    end
    return edge, data
end

local function shallow(from)
    local out = {}
    for key, value in next, from do out[key] = value end
    return out
end

local function execute(run, step, config)
    local context = run.context
    if not step.foreign then return judge(run, step, pcall(step.node.execute, context, config, step.plan)) end
    local live = context.state
    local before = shallow(live)
    local edge, data = judge(run, step, pcall(step.node.execute, context, config))
    context.state = live
    return check_written(run, step, before, edge, data)
end

-- Says at an error where it came from, and puts it into the state. What has failed in a body, or in another workflow,
-- says so already.
local function mark(run, step, err)
    local inside = step.bodies or step.node and step.node.metadata.calls
    if not (inside and err.step) then err.step, err.node, err.config = step.path, step.id, nil end
    if err.workflow == nil then err.workflow = run.context.workflow end
    run.context.state.error, run.context.state.errorCode = err, err.code
end

-- Says at an error that ends the run which step it has met.
local function place(err, step)
    if not err.step then err.step, err.node = step.path, step.id end
    return err
end

-- A word that says which table, which records or under which key, and refers to what is not there, must not be taken
-- for one that was left out: nil, or the error.
local function check_certain(certain, config, from)
    local issues, lines
    for i = 1, #certain do
        local each = certain[i]
        local value = config[each.word]
        local lost = (value == nil or value == null or each.value.op ~= "get")
            and references.missing(each.value, from, each.or_null)
        if lost then
            issues, lines = issues or core.array {}, lines or {}
            local message = ("%s refers to %s, which is not in the state"):format(each.word, lost)
            lines[#lines + 1] = message
            issues[#lines] = { path = each.word, rule = "reference", message = message }
        end
    end
    if not issues then return nil end
    local err = core.error("invalid_document", table.concat(lines, "; "))
    err.issues = issues
    return err
end

-- The configuration of a step, resolved. A run keeps that of a leaf and fills in again what comes from the state; any
-- other step gets one of its own each time.
local function configure(run, step, from)
    local config = run.configs[step]
    if config then return references.refresh(step.config, from, config) end
    config = resolve(step.config, from)
    if step.bodies then
        for key, steps in next, step.bodies do config[key] = steps end
    end
    if step.leaf then run.configs[step] = config end
    return config
end

-- Runs the node on its configuration: the edge, the data (or the error) and the configuration, which is whole when a
-- message may want it: of an error and of a loop.
local function attempt(run, step, from)
    local good, config
    if step.config.calm then
        good, config = true, configure(run, step, from)
    else
        good, config = pcall(configure, run, step, from)
    end
    if not good then return "error", runner.raised(run.shared, config) end
    local lost = step.certain and check_certain(step.certain, config, from)
    if lost then return "error", lost, config end
    local edge, data = execute(run, step, config)
    if step.leaf and edge ~= "error" then references.forget(step.config, config) end
    return edge, data, config
end

-- Runs the node of a step once: the edge, the data (or the error) and the configuration; nil and an error to end with.
local function perform(run, step)
    local shared, context = run.shared, run.context
    local ok, fatal = count_step(shared)
    if not ok then return nil, place(fatal, step) end
    local started = shared.on_event and begin(run, step)
    local live, depth = context.state, shared.depth
    context.node, context.step, context.edges, context.records = step.id, step.path, step.edges, nil
    local edge, data, config = attempt(run, step, live)
    context.state, shared.depth = live, depth
    if edge == "error" then mark(run, step, data) end
    if started then finished(run, step, edge, started, edge == "error" and data or nil, context.records) end
    context.inputs = (step.leaf or type(data) == "table") and data or nil
    if shared.fatal then return nil, shared.fatal end
    return edge, data, config
end

-- The same on behalf of a script, which may itself stand inside of a step: the context tells of that again afterwards.
function runner.perform(run, step)
    local context = run.context
    local node, path, edges, records = context.node, context.step, context.edges, context.records
    local edge, data, config = perform(run, step)
    context.node, context.step, context.edges, context.records = node, path, edges, records
    return edge, data, config
end

local run_steps

-- The error that a step has ended the run with.
local function failed(step, err, config)
    failure.complete(err, step, config)
    return nil, err
end

local function run_loop_limit(run, step, config)
    local bound = run.shared.limits.iterations
    local err = core.error("limit", ("the loop has not ended after %d rounds (limits.iterations)"):format(bound))
    mark(run, step, err)
    local steps = step.edges.error
    if steps then return run_steps(run, steps, 1) end
    return failed(step, err, config)
end

local function run_node(run, step)
    local rounds = 0
    while true do
        local edge, data, config = perform(run, step)
        if not edge then return nil, data end
        local steps = step.edges[edge]
        if not steps then
            if edge == "error" then return failed(step, data, config) end
            return true
        end
        if step.loop then
            rounds = rounds + 1
            if rounds > run.shared.limits.iterations then return run_loop_limit(run, step, config) end
        end
        local ok, why = run_steps(run, steps, 1)
        if ok ~= true or not step.loop then return ok, why end
    end
end

local function set_value(run, step)
    local good, value = pcall(resolve, step.value, run.context.state)
    if not good then return runner.raised(run.shared, value) end
    local raised, ok, why = pcall(state.set, run.context.state, step.target, value)
    if not raised then return runner.raised(run.shared, ok) end
    if not ok then return core.error("invalid_document", ("%s cannot be set: %s"):format(step.id, why)) end
end

local function run_setter(run, step)
    local shared = run.shared
    local ok, fatal = count_step(shared)
    if not ok then return nil, place(fatal, step) end
    local started = shared.on_event and begin(run, step)
    local err = set_value(run, step)
    local edge = err and "error" or "success"
    if err then mark(run, step, err) end
    if started then finished(run, step, edge, started, err) end
    if shared.fatal then return nil, shared.fatal end
    local steps = step.edges[edge]
    if steps then return run_steps(run, steps, 1) end
    if err then return failed(step, err) end
    return true
end

local function run_jump(run, step)
    local shared = run.shared
    shared.jumps = shared.jumps + 1
    if shared.jumps > shared.limits.jumps then
        local _, err = stop(shared, ("the run has jumped %d times (limits.jumps)"):format(shared.limits.jumps))
        return nil, place(err, step)
    end
    return false, step.to
end

local kinds = { node = run_node, set = run_setter, jump = run_jump }

run_steps = function(run, steps, first)
    for i = first, #steps do
        local step = steps[i]
        local ok, why = kinds[step.kind](run, step)
        if ok ~= true then return ok, why end
    end
    return true
end

-- ---------------------------------------------------------------------------------------------------- bodies

--- Whether what a function of a Lua workflow returns says that it has failed: nil and why, or what a node has returned
-- that failed, handed on.
function runner.says_failure(first, second)
    return first == nil and second ~= nil or first == "error" and state.is_error(second)
end

-- Runs a body on behalf of a node: compiled steps, or a function of a Lua workflow. true, or nil and the error.
local function run_body(run, body, ...)
    local shared, context = run.shared, run.context
    local depth = shared.depth + 1
    if depth > shared.limits.depth then
        return stop(shared, ("bodies and workflows nest deeper than %d levels (limits.depth)"):format(
            shared.limits.depth))
    end
    local node, path, edges, records = context.node, context.step, context.edges, context.records
    shared.depth = depth
    local ok, why
    if type(body) == "function" then
        ok, why = body(...)
        if runner.says_failure(ok, why) then ok, why = nil, failure.of_value(why) else ok = true end
        if shared.fatal then ok, why = nil, shared.fatal end
    else
        ok, why = run_steps(run, body, 1)
    end
    shared.depth = depth - 1
    context.node, context.step, context.edges, context.records = node, path, edges, records
    if not ok then return nil, why end
    return true
end

--- A run of one workflow within `shared`, with the state given. What a node sees of it is run.context.
function runner.new(shared, id, initial)
    local context = { db = shared.db, state = initial, workflow = id, limits = shared.limits, files = shared.files,
        actor = shared.actor, kept = shared.kept, confined = shared.confined }
    -- weak: the steps of a body that a script has given end with the call
    local run = { shared = shared, context = context, configs = setmetatable({}, { __mode = "k" }) }
    function context.run(body, ...) return run_body(run, body, ...) end
    function context.emit(event)
        if not shared.on_event then return end
        event.workflow, event.step, event.node = context.workflow, context.step, context.node
        emit(shared, event)
    end
    function context.log(message)
        emit(shared, { event = "log", workflow = context.workflow, step = context.step, node = context.node,
            message = message })
        if shared.log then
            tell(shared, shared.log, message)
        elseif not shared.on_event then
            io.stdout:write(message, "\n")
        end
    end
    function context.call(file, given) return shared.call(context, file, given) end
    return run
end

--- Runs a program's steps from the first to the last. true, or nil and the error.
function runner.run(run, program)
    local at = 1
    while true do
        local ok, why = run_steps(run, program.steps, at)
        if ok ~= false then return ok, why end
        at = why
    end
end

runner.emit = emit

return runner
