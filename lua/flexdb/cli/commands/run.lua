--- flexdb run: runs a workflow.

local flexdb = require "flexdb"
local folder_of = require "flexdb.cli.files".folder_of
local input = require "flexdb.cli.input"
local width = require "flexdb.cli.width"

local run = {
    name = "run",
    about = "Runs a workflow: a JSON document, or a Lua script that gets the nodes and the context. Messages go to "
        .. "standard output. With --json the state that it ends with goes there, and messages to standard error. Where "
        .. "a database is named it is opened, and made where there is none. Files that the workflow names are looked "
        .. "for in its own folder, and nowhere else.",
    arguments = { { "FILE", help = "the workflow, JSON or, where its name ends in .lua, Lua" } },
    options = {
        { "--state", short = "-s", value = "JSON", help = "the state to begin with: an object, a file of one, or -" },
        { "--files", value = "FOLDER", help = "where files may be read (the workflow's folder)" },
        { "--trace", short = "-t", help = "print each step on standard error" },
        { "--events", help = "print each event as a line of JSON on standard error" },
        { "--seconds", value = "SECONDS", kind = "seconds", help = "end a run that takes longer" },
        { "--iterations", value = "COUNT", kind = "integer", least = 1, help = "how often a loop may go round (1000)" },
    },
    example = "flexdb run hello.json --state '{\"name\": \"Ada\"}'",
}

-- Calls each of the functions with an event, and counts the steps.
local function listener(workflow, options, count)
    local tell = {}
    if options.trace then tell[#tell + 1] = workflow.trace(io.stderr) end
    if options.events then tell[#tell + 1] = workflow.json_lines(io.stderr) end
    return function(event)
        if event.steps then count.steps = event.steps end
        if #tell > 0 then io.stdout:flush() end
        for _, each in ipairs(tell) do each(event) end
    end
end

-- Whether the workflow can be read at all: what cannot is to open, and to make, no database.
local function is_good(workflow, path, files)
    if path:find "%.lua$" then return loadfile(path, "t") ~= nil end
    return (workflow.check(path, { files = files }))
end

function run.run(session, arguments, options)
    local workflow, path = flexdb.workflow, arguments.file
    local files = options.files or folder_of(path)
    local state, err
    if options.state then
        state, err = input.document(options.state, true)
        if not state then return nil, err end
    end
    local db
    if session:find_url() and is_good(workflow, path, files) then
        db, err = session:open(true)
        if not db then return nil, err end
    end
    local out, count = session.output, { steps = 0 }
    local function log(message)
        if out.json then out:note(message) else out:say(message) end
    end
    local last
    last, err = workflow.run(path, {
        db = db, state = state, files = files, log = log, on_event = listener(workflow, options, count),
        actor = options.actor, limits = { seconds = options.seconds, iterations = options.iterations },
    })
    if not last then return nil, err end
    if out.json then return out:emit(last) end
    out:say("%s is done, %d step%s", width.safe(path), count.steps, count.steps == 1 and "" or "s")
end

return run
