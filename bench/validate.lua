--- Validates and encodes one record, Lua table in, JSON text out: how much of a call is ours.
--
-- usage: lua5.4 bench/validate.lua [SECONDS]     prints records a second, median of five

local flexdb = require "flexdb"

local seconds = tonumber(arg and arg[1]) or 0.5

local contacts = assert(flexdb.validator {
    columns = {
        { name = "name", dataType = "string", required = true, validation = { maxLength = 80 } },
        { name = "email", dataType = "string", unique = true, validation = { pattern = "^[^@ ]+@[^@ ]+\\.[a-z]+$" } },
        { name = "status", dataType = "string", indexed = true,
            validation = { enum = { "new", "active", "paused", "gone", "lost" } } },
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
})

local records = {}
for i = 1, 1000 do
    records[i] = {
        name = "Ada Lovelace " .. i, email = ("user%d@example.org"):format(i),
        status = i % 2 == 0 and "active" or "new",
        age = i % 90, balance = ("%d.50"):format(i), active = i % 3 == 0, born = "1985-12-10",
        last_seen = "2024-05-01T10:00:00Z", company = "01890a5d-ac96-774b-bcce-b302099a8057",
        notes = ("a note of some length, "):rep(9), tags = { "one", "two", "three" }, score = i * 7,
    }
end

local function run(call)
    local rates = {}
    for round = 1, 5 do
        local count, started = 0, os.clock()
        repeat
            for i = 1, #records do assert(call(contacts, records[i])) end
            count = count + #records
        until os.clock() - started >= seconds
        rates[round] = count / (os.clock() - started)
    end
    table.sort(rates)
    return rates[3]
end

print(("validate + encode  %9.0f records/s"):format(run(contacts.encode)))
print(("validate           %9.0f records/s"):format(run(contacts.validate)))
print(("json.encode        %9.0f records/s"):format(run(function(_, record) return flexdb.json.encode(record) end)))
