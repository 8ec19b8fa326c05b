--- Errors of steps: made of whatever a node gives or raises, and completed with what a person needs to go on.
-- Needs flexdb.core (error, codes, null) and flexdb.workflow.state.

local core = require "flexdb.core"
local state = require "flexdb.workflow.state"

local failure = {}

local MAX_DEPTH <const> = 100

local function has_code(value)
    return type(value) == "table" and core.codes[rawget(value, "code")] and type(rawget(value, "message")) == "string"
end

-- Text of anything; a hostile __tostring has no say in it.
local function words(value)
    if type(value) == "string" then return value end
    local message = type(value) == "table" and rawget(value, "message")
    if type(message) == "string" then return message end
    if type(value) == "table" or type(value) == "userdata" then return "an error without a message" end
    return tostring(value)
end

--- The error object of what a node gives as its error.
function failure.of_value(value)
    if state.is_error(value) then return value end
    if has_code(value) then
        local err = core.error(rawget(value, "code"), rawget(value, "message"))
        for key, inner in next, value do err[key] = inner end
        return err
    end
    if value == nil then return core.error("internal", "the node has failed and does not say why") end
    return core.error("internal", words(value))
end

-- The folder of FlexDB's own Lua files.
local own_files <const> = debug.getinfo(1, "S").source:match "^@(.*/)workflow/failure%.lua$"

-- A message without the place where it was raised, if that is one of FlexDB's own lines: nobody is to look there. Lua
-- writes three dots for the beginning of a long path.
local function without_own_place(message)
    local path, rest = message:match "^([^\n]-%.lua):%d+: (.*)$"
    local file = path and own_files and path:match "flexdb/([%w_/]+%.lua)$"
    if not file then return message end
    local whole, tail = own_files .. file, path:gsub("^%.%.%.", "")
    return whole:sub(-#tail) == tail and rest or message
end

--- The error object of what was raised: itself where it is one, else a programmer's mistake.
function failure.of_raised(value)
    if state.is_error(value) or has_code(value) then return failure.of_value(value) end
    return core.error("internal", without_own_place(words(value)))
end

-- ---------------------------------------------------------------------------------------------------- going on

local secret = { password = true, passwd = true, secret = true, token = true }

-- A copy that can be shown: no passwords, no functions, nothing that contains itself.
local function shown(value, depth, open)
    local kind = type(value)
    if kind == "string" then
        return (value:gsub("(://[^/%s:@]*):[^/%s@]*@", "%1:***@"))
    end
    if kind == "function" or kind == "userdata" and value ~= core.null or kind == "thread" then
        return "(a " .. kind .. ")"
    end
    if kind ~= "table" then return value end
    if open[value] or depth > MAX_DEPTH then return "(…)" end
    open[value] = true
    local out = {}
    for key, inner in next, value do
        if type(key) == "string" and secret[key:lower()] and type(inner) == "string" then
            out[key] = "***"
        else
            out[key] = shown(inner, depth + 1, open)
        end
    end
    open[value] = nil
    local mark = getmetatable(core.array {})
    return getmetatable(value) == mark and setmetatable(out, mark) or out
end

local advice = {
    invalid_schema = "correct the definition or the changes, and run the workflow again",
    invalid_record = "correct the record, or give the step an edge error? for records that break the rules",
    invalid_query = "correct the query, and run the workflow again",
    invalid_document = "correct the configuration, or the state that it refers to, and run the workflow again",
    exists = "give the step an edge exists?, or use what is there already",
    not_found = "make what is missing first, or give the step an edge not_found?",
    conflict = "read the record or the table again and repeat the step, or give it an edge conflict?",
    duplicate = "use upsert, or give the step an edge error? for values that are taken",
    reference = "insert the record that is referred to first, or give the step an edge error?",
    busy = "run the workflow again: somebody else held a lock",
    connection = "check that the database can be reached, and run the workflow again",
    read_only = "run the workflow on a database that takes writes",
    unsupported = "this database or this version of FlexDB cannot do that: leave the step out",
    limit = "make the step's work smaller, or raise the limit that it names",
    corrupt = "have flexdb.doctor look at the database before anything else is written",
    script = "correct the script where the message says, and run the workflow again",
    internal = "this is a mistake in a node or a script: correct it where the message says",
}

--- Adds to the error of a step err.config, the configuration as it was resolved (nil when it could not be). What stands
-- there already stays: the innermost step is the one that failed.
function failure.complete(err, step, config)
    if not config or err.config or err.step ~= step.path then return err end
    local own = {}
    for key, value in next, config do
        if not (step.bodies and step.bodies[key]) then own[key] = value end
    end
    err.config = shown(own, 1, {})
    return err
end

--- Adds to an error that has ended a run err.advice: how to go on.
function failure.advise(err)
    if err.advice then return err end
    local stays = "what the steps before it have written stays"
    if err.rolled_back then stays = ("what %s had written is rolled back, %s"):format(err.rolled_back, stays) end
    local what = err.code == "invalid_document" and err.line and "script" or err.code
    err.advice = ("%s; %s; a step with an idempotencyKey is not done twice"):format(advice[what] or advice.internal,
        stays)
    return err
end

return failure
