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
        .. "for in its own folder, and nowhere else. A script in Lua is trusted as any program is, unless it is run "
        .. "with --sandbox: then it has the nodes and the database, but no files, processes or modules, and it "
        .. "cannot take more than its limits or leave its application. Limited to some tables or to reading it has "
        .. "the database and only those nodes that touch no table.",
    arguments = { { "FILE", help = "the workflow, JSON or, where its name ends in .lua, Lua" } },
    options = {
        { "--state", short = "-s", value = "JSON", help = "the state to begin with: an object, a file of one, or -" },
        { "--files", value = "FOLDER", help = "where files may be read (the workflow's folder)" },
        { "--trace", short = "-t", help = "print each step on standard error" },
        { "--events", help = "print each event as a line of JSON on standard error" },
        { "--seconds", value = "SECONDS", kind = "seconds", help = "end a run that takes longer" },
        { "--iterations", value = "COUNT", kind = "integer", least = 1, help = "how often a loop may go round (1000)" },
        { "--sandbox", help = "run a script in Lua that is not trusted; --seconds is its time (10)" },
        { "--memory", value = "MIB", kind = "integer", least = 1, help = "the memory of the sandbox (64)" },
        { "--steps", value = "COUNT", kind = "integer", least = 1, help = "the instructions it may take (100000000)" },
        { "--tables", value = "NAMES", help = "the only tables it may use, with commas between them" },
        { "--read-only", help = "it may only read" },
    },
    example = "flexdb run hello.json --state '{\"name\": \"Ada\"}'",
}

-- The sandbox that the options ask for; nil where they ask for none; nil and the error.
local function sandbox_of(options, path)
    if not options.sandbox then
        for _, name in ipairs { "memory", "steps", "tables", "read_only" } do
            if options[name] then
                return nil, { usage = true, message = ("--%s goes with --sandbox"):format((name:gsub("_", "-"))) }
            end
        end
        return nil
    elseif not path:find "%.lua$" then
        return nil, { usage = true, message = "--sandbox is for a script, whose name ends in .lua" }
    end
    local box = { steps = options.steps, seconds = options.seconds, read_only = options.read_only }
    if options.memory then box.memory = math.min(options.memory, 1 << 40) << 20 end
    if options.tables then
        box.tables = {}
        for name in options.tables:gmatch "[^,]+" do box.tables[#box.tables + 1] = name end
    end
    return box
end

-- A message of the workflow's. On a terminal its lines hold nothing that this would obey.
local function shown(message, on_terminal)
    if not on_terminal then return message end
    local lines = {}
    for line in (message .. "\n"):gmatch "([^\n]*)\n" do lines[#lines + 1] = width.safe(line) end
    return table.concat(lines, "\n")
end

-- Writes lines of the trace. Where `columns` says how many a line may take, a longer one ends with an ellipsis.
local function tracer(columns)
    return function(text)
        for line in text:gmatch "[^\n]+" do
            line = width.safe(line)
            io.stderr:write(columns and width.cut(line, columns) or line, "\n")
        end
    end
end

-- Calls each of the functions with an event, and counts the steps.
local function listener(workflow, options, count, out)
    local tell = {}
    if options.trace then
        local columns = not out.json and out.error_room or nil
        tell[#tell + 1] = workflow.trace(tracer(columns), columns)
    end
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
    local box, state, err
    box, err = sandbox_of(options, path)
    if err then return nil, err end
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
        if out.json then out:note(shown(message, out.errors_terminal)) else out:say(shown(message, out.terminal)) end
    end
    local last
    last, err = workflow.run(path, {
        db = db, state = state, files = files, log = log, on_event = listener(workflow, options, count, out),
        actor = options.actor, sandbox = box, limits = { seconds = options.seconds, iterations = options.iterations },
    })
    if not last then return nil, err end
    if out.json then return out:emit(last) end
    out:say("%s is done, %d step%s", width.safe(path), count.steps, count.steps == 1 and "" or "s")
end

return run
