--- How a command that has failed says so, and its exit status. Needs flexdb.cli.json and flexdb.cli.width.

local width = require "flexdb.cli.width"

local failure = {}

--- The exit statuses and what they mean.
failure.statuses = {
    { 0, "done" },
    { 1, "failed" },
    { 2, "the command line is not as it must be" },
    { 3, "a document, a query or a record is not valid" },
    { 4, "a conflict: somebody was first, a name or a value is taken, a reference stands in the way" },
    { 5, "the database cannot be reached: not there, not a database, in use, no answer" },
}

local by_code <const> = {
    invalid_schema = 3, invalid_record = 3, invalid_query = 3, invalid_document = 3,
    conflict = 4, exists = 4, duplicate = 4, reference = 4,
    connection = 5, busy = 5,
}
local by_code_opening <const> = { not_found = 5, corrupt = 5, read_only = 5 }

--- The exit status for an error.
function failure.status(err)
    if err.usage then return 2 end
    return err.opening and by_code_opening[err.code] or by_code[err.code] or 1
end

-- How many issues are shown one by one, and how many columns of a step's configuration, which may hold a whole batch;
-- with --json there is all of it.
local SHOWN <const>, WITH <const> = 20, 400

local function put_issues(err, lines)
    local issues = err.issues or {}
    if #issues < 2 then return end
    for i = 1, math.min(SHOWN, #issues) do
        local issue = issues[i]
        local who = issue.id and issue.id .. ": " or ""
        lines[#lines + 1] = ("  %s%s: %s"):format(who, issue.path, issue.message)
    end
    if #issues > SHOWN then lines[#lines + 1] = ("  and %d more"):format(#issues - SHOWN) end
end

-- What an error says first: its message; where it has several issues, which are told below, only how many.
local function head_of(err)
    local issues, message = err.issues or {}, err.message
    local first = issues[2] and ("%s: %s"):format(issues[1].path, issues[1].message)
    local at = first and message:find(first, 1, true)
    if at then message = ("%s%d problems"):format(message:sub(1, at - 1), #issues) end
    return err.code and ("%s: %s"):format(err.code, message) or message
end

-- Lines as a terminal may have them.
local function safe(lines)
    local out = {}
    for _, text in ipairs(lines) do
        for line in (text .. "\n"):gmatch "([^\n]*)\n" do out[#out + 1] = width.safe(line) end
    end
    return out
end

-- A text behind a word, in lines of at most so many columns; in one where nobody says how many.
local function put_wrapped(lines, word, text, room)
    local pieces = room and width.wrap(text, math.max(room - #word, 20)) or { text }
    for i, piece in ipairs(pieces) do lines[#lines + 1] = (i == 1 and word or (" "):rep(#word)) .. piece end
end

--- The lines that tell people about an error; `room`: the columns of their terminal, if it is one.
function failure.lines(err, room)
    local lines = { "flexdb: " .. head_of(err) }
    if err.line and err.text then lines[#lines + 1] = "    " .. err.text end -- of a script
    put_issues(err, lines)
    -- What a workflow's step tells.
    if err.step then
        lines[#lines + 1] = "  at    " .. err.step
        if err.config then
            lines[#lines + 1] = "  with  " .. width.cut(width.safe(require "flexdb.cli.json".line(err.config)), WITH)
        end
        if err.advice then put_wrapped(lines, "  next  ", err.advice, room) end
    end
    if err.hint then lines[#lines + 1] = "  " .. err.hint end
    if err.usage then
        local command = err.command
        local usage = command and require "flexdb.cli.help".usage(command) or "flexdb COMMAND [ARGUMENT…] [OPTION…]"
        lines[#lines + 1] = "usage: " .. usage
        lines[#lines + 1] = ("'flexdb %s--help' tells more"):format(command and command.name .. " " or "")
    end
    return safe(lines)
end

--- Tells of an error on standard error, as JSON or in words.
function failure.tell(err, json)
    io.stdout:flush()
    if json then
        local document = {
            code = err.code or (err.usage and "usage" or "failed"), message = err.message, issues = err.issues,
            retryable = err.retryable, hint = err.hint, workflow = err.workflow, step = err.step, node = err.node,
            config = err.config, advice = err.advice, file = err.file, line = err.line, text = err.text,
        }
        io.stderr:write(require "flexdb.cli.json".line { error = document }, "\n")
        return
    end
    local terminal = err.advice and require "flexdb.core".terminal(2)
    local room = terminal and (terminal >= 20 and terminal or 80)
    for _, line in ipairs(failure.lines(err, room)) do io.stderr:write(line, "\n") end
end

return failure
