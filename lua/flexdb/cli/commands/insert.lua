--- flexdb insert: records from JSON Lines.

local flexdb = require "flexdb"
local core = require "flexdb.core"
local input = require "flexdb.cli.input"

local insert = {
    name = "insert",
    about = "Inserts records from JSON Lines, one object a line, in one transaction: all of them or, where one is bad, "
        .. "none. With --skip the good ones are inserted, the others are told of, and the exit status is 3.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "FILE", optional = true, help = "the records; standard input when it is - or not given" },
    },
    options = {
        { "--skip", help = "leave bad records out instead of stopping at the first" },
        { "--max-errors", value = "COUNT", kind = "integer", help = "tell of so many bad records at most (20)" },
    },
    example = "echo '{\"email\": \"joan@example.org\", \"age\": 54}' |\n  flexdb insert contacts",
}

-- "record 3: email: …", where the record's line is told anyway.
local function without_index(message) return (message:gsub("^record %d+: ", "")) end

-- The errors with the lines of their records, those of lines that are no records among them, by line.
local function by_line(errors, unread, line_of)
    local list = table.move(unread, 1, #unread, 1, {})
    for _, err in ipairs(errors) do
        local index = err.issues[1] and err.issues[1].index
        list[#list + 1] = {
            line = index and line_of(index), code = err.code, message = without_index(err.message), issues = err.issues,
        }
    end
    table.sort(list, function(a, b) return (a.line or 0) < (b.line or 0) end)
    return list
end

-- The error of a batch that has stopped, in terms of lines.
local function stopped(err, line_of)
    local index = err.issues and err.issues[1] and err.issues[1].index
    if not index then return err end
    local told = core.error(err.code, ("line %d: %s"):format(line_of(index), without_index(err.message)))
    told.issues = err.issues
    return told
end

-- `bad`: how many there were; `errors`: the first of them.
local function report(out, inserted, errors, bad)
    if out.json then
        out:emit { inserted = inserted, errorCount = bad, errors = flexdb.array(errors) }
    else
        for _, each in ipairs(errors) do
            out:note("line %s: %s", each.line or "?", require "flexdb.cli.width".safe(each.message))
        end
        if bad > #errors then out:note("and %s more", out.grouped(bad - #errors)) end
        out:say("inserted %s%s", out.counted(inserted, "record"),
            bad > 0 and (", left %s out"):format(out.grouped(bad)) or "")
    end
    return bad > 0 and 3 or 0
end

function insert.run(session, arguments, options)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local most, unread, unread_count = options.max_errors or 20, {}, 0
    local function skip(line, why)
        unread_count = unread_count + 1
        if #unread >= most then return end
        local message = why.message:gsub("^line %d+: ", "")
        unread[#unread + 1] = { line = line, code = why.code, message = message, issues = flexdb.array {} }
    end
    local source, line_of = input.records(arguments.file, options.skip and skip)
    if not source then return nil, line_of end
    if core.terminal(0) and (arguments.file or "-") == "-" then
        session.output:note "type records as JSON, one a line; Ctrl-D ends"
    end
    local progress, done = session.output:progress(arguments.table)
    local result
    result, err = handle:insert_many(source, {
        on_error = options.skip and "skip" or "stop", max_errors = most, on_progress = progress,
    })
    done()
    if not result then return nil, stopped(err, line_of) end
    local errors = by_line(result.errors, unread, line_of)
    while #errors > most do table.remove(errors) end
    return report(session.output, result.inserted, errors, (result.error_count or 0) + unread_count)
end

return insert
