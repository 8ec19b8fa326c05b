--- The contacts of the bench: their definition and their records, the same values that bench/contacts.h makes.

local contacts = {}

contacts.definition = {
    columns = {
        { name = "name", dataType = "string", validation = { maxLength = 80 } },
        { name = "email", dataType = "string", required = true, unique = true,
          validation = { pattern = "^[^@\\s]+@[^@\\s]+\\.[a-z]+$" } },
        { name = "status", dataType = "string", indexed = true,
          validation = { enum = { "new", "active", "paused", "closed", "lost" } } },
        { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
        { name = "balance", dataType = "decimal", validation = { precision = 12, scale = 2 } },
        { name = "active", dataType = "boolean" },
        { name = "born", dataType = "date" },
        { name = "last_seen", dataType = "datetime" },
        { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
        { name = "notes", dataType = "text" },
        { name = "tags", dataType = "json" },
        { name = "score", dataType = "integer" },
    },
}

--- The same without the reference, for validation without a database.
function contacts.alone()
    local columns = {}
    for i, column in ipairs(contacts.definition.columns) do
        if column.dataType == "reference" then
            column = { name = column.name, dataType = "string", validation = { maxLength = 128 } }
        end
        columns[i] = column
    end
    return { columns = columns }
end

local STATUS <const> = { [0] = "new", "active", "paused", "closed", "lost" }

function contacts.id(i) return ("01890000-0000-7000-8000-%012d"):format(i) end
function contacts.email(i) return ("person%d@example.org"):format(i) end

function contacts.make(i)
    local cents = i * 37 % 1000000
    local note = ("Note %d: "):format(i)
    return {
        id = contacts.id(i), name = ("Person number %d of the bench"):format(i), email = contacts.email(i),
        status = STATUS[i % 5], age = i * 7 % 100, balance = ("%d.%02d"):format(cents // 100, cents % 100),
        active = i % 2 == 1, born = ("19%02d-%02d-%02d"):format(i % 100, i % 12 + 1, i % 28 + 1),
        last_seen = ("2024-%02d-%02dT%02d:%02d:00.000000Z"):format(i % 12 + 1, i % 28 + 1, i % 24, i % 60),
        company = ("company-%d"):format(i % 100), notes = note .. ("x"):rep(200 - #note),
        tags = { "alpha", "beta", "gamma" }, score = i * 13 % 1000,
    }
end

--- An iterator for insert_many over n records of a pool: all but id and email repeat. What it gives is made here, so
-- that making records is not what is measured: call it before the clock runs.
function contacts.stream(n)
    local pool, ids, emails = {}, {}, {}
    for i = 0, 999 do pool[i] = contacts.make(i) end
    for i = 0, n - 1 do ids[i], emails[i] = contacts.id(i), contacts.email(i) end
    local i = -1
    return function()
        i = i + 1
        if i >= n then return nil end
        local record = pool[i % 1000]
        record.id, record.email = ids[i], emails[i]
        return record
    end
end

--- Wall-clock seconds, for os.clock does not see a server's time. Asking costs about a millisecond.
function contacts.clock()
    local pipe <close> = assert(io.popen("date +%s.%N", "r"))
    return assert(pipe:read "n")
end

--- Does the work and prints how many units of it a second.
function contacts.rate(units, work)
    local start = contacts.clock()
    work()
    print(("%.3f"):format(units / (contacts.clock() - start)))
end

--- Spread over the whole table, and the same in every program.
function contacts.pick(i, n) return i * 7919 % n end

return contacts
