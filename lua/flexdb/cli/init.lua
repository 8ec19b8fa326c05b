--- The command line: reads what was said, runs the command, and says how it went.
-- `require "flexdb.cli".main(arg)` gives the exit status. Nothing of FlexDB itself is loaded for --help.

local arguments = require "flexdb.cli.arguments"
local commands = require "flexdb.cli.commands"
local failure = require "flexdb.cli.failure"

local cli = {}

--- The options that every command takes.
cli.options = {
    { "--db", short = "-d", value = "URL",
        help = "the database: sqlite:PATH, mysql://user:password@host/name, or just a path; else FLEXDB_URL says it" },
    { "--app", short = "-a", value = "NAME",
        help = "the application, a namespace of tables; else FLEXDB_APP, or default" },
    { "--actor", value = "NAME", help = "who makes the changes, for the history; else FLEXDB_ACTOR" },
    { "--timeout", value = "SECONDS", kind = "seconds", help = "how long to wait for a lock (5)" },
    { "--json", short = "-j", help = "print data as JSON on standard output" },
    { "--color", value = "WHEN", choices = { "auto", "always", "never" },
        help = "auto (on a terminal, unless NO_COLOR is set), always or never" },
    { "--quiet", short = "-q", help = "show no progress" },
    { "--help", short = "-h", help = "tell about the command" },
    { "--version", help = "print the version" },
}

local function print_help(parsed)
    local help = require "flexdb.cli.help"
    if parsed.command then
        io.stdout:write(help.command(parsed.command, cli.options), "\n")
    else
        io.stdout:write(help.all(commands.groups(), cli.options, failure.statuses), "\n")
    end
    return 0
end

-- A pipe that nobody reads any more ends a program quietly, by a signal; where those who started it ignore the signal,
-- it is this error, and the end should be the same.
local BROKEN_PIPE <const>, STATUS_OF_SIGNAL <const> = 32, 141

-- What was raised, as an error: a refusal to write, an interruption, or a fault.
local function raised(what)
    if type(what) == "table" and what.output then
        return { message = "cannot write: " .. tostring(what.output), unread = what.number == BROKEN_PIPE }
    elseif type(what) == "string" and what:find "interrupted!" then
        return { message = "interrupted", interrupted = true }
    elseif type(what) == "table" and what.message then
        return what
    end
    return { code = "internal", message = tostring(what) }
end

local function trace(what)
    if os.getenv "FLEXDB_TRACE" and type(what) == "string" then return debug.traceback(what, 2) end
    return what
end

local function run(parsed)
    local session = require "flexdb.cli.session".new(parsed)
    local ok, result, err = xpcall(parsed.command.run, trace, session, parsed.arguments, parsed.options)
    if not ok then result, err = nil, raised(result) end
    session:close()
    if result == nil and err then
        if err.unread then return STATUS_OF_SIGNAL end
        if err.usage then err.command = err.command or parsed.command end
        failure.tell(err, parsed.options.json)
        return err.interrupted and 130 or failure.status(err)
    end
    return math.type(result) == "integer" and result or 0
end

-- Whether words that cannot be read as a command line ask for JSON all the same.
local function asks_for_json(words)
    for _, word in ipairs(words) do
        if word == "--" then break end
        if word == "--json" or word == "-j" then return true end
    end
    return false
end

--- Runs a command line, an array of words; returns the exit status.
function cli.main(words)
    local parsed, err = arguments.parse(words, cli.options, commands)
    if not parsed then
        failure.tell(err, asks_for_json(words))
        return failure.status(err)
    end
    if parsed.options.version then
        io.stdout:write("flexdb ", require "flexdb.core".version, "\n")
        return 0
    end
    if parsed.options.help then return print_help(parsed) end
    if not parsed.command then
        failure.tell({ usage = true, message = "no command is named" }, parsed.options.json)
        return 2
    end
    local status = run(parsed)
    local ok, why, number = io.stdout:flush()
    if not ok and (number == BROKEN_PIPE or status == STATUS_OF_SIGNAL) then return STATUS_OF_SIGNAL end
    if not ok then
        failure.tell({ message = "cannot write: " .. tostring(why) }, false)
        return 1
    end
    return status
end

return cli
