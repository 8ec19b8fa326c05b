--- One measurement of LuaSQL in a process of its own: texts with escaped values, nothing validated.
-- usage: luasql.lua ROW URL N   prints units a second.

local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local contacts = require "contacts"
local rate = contacts.rate

local row, url, n = arg[1], arg[2], tonumber(arg[3])

local connection, server
if url:match "^sqlite:" then
    connection = assert(require("luasql.sqlite3").sqlite3():connect(url:sub(8)))
    assert(connection:execute "PRAGMA journal_mode = WAL"):close()
    assert(connection:execute "PRAGMA synchronous = NORMAL")
else
    local user, password, host, port, database = url:match "^mysql://([^:]+):([^@]*)@([^:/]+):(%d+)/([^?]+)"
    connection = assert(require("luasql.mysql").mysql():connect(database, user, password, host, tonumber(port)))
    server = true
end

local NAMES <const> = { "id", "name", "email", "status", "age", "balance", "active", "born", "last_seen", "company",
    "notes", "tags", "score" }

local function create()
    connection:execute "DROP TABLE IF EXISTS luasql_contacts"
    local id = server and "VARCHAR(128)" or "TEXT"
    assert(connection:execute(([[CREATE TABLE luasql_contacts (seq %s, id %s NOT NULL UNIQUE, name VARCHAR(80),
        email VARCHAR(255) NOT NULL UNIQUE, status VARCHAR(16), age INTEGER, balance DECIMAL(12,2), active BOOLEAN,
        born VARCHAR(10), last_seen VARCHAR(27), company VARCHAR(128), notes TEXT, tags TEXT, score INTEGER)]]):format(
        server and "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY" or "INTEGER PRIMARY KEY", id)))
    for _, name in ipairs { "status", "age", "company" } do
        assert(connection:execute(("CREATE INDEX luasql_%s ON luasql_contacts(%s)"):format(name, name)))
    end
end

local function literal(value)
    if type(value) == "string" then return "'" .. connection:escape(value) .. "'" end
    if type(value) == "boolean" then return value and "1" or "0" end
    return tostring(value)
end

local function insert_text(record)
    local values = {}
    for i, name in ipairs(NAMES) do
        values[i] = name == "tags" and '\'["alpha","beta","gamma"]\'' or literal(record[name])
    end
    return "(" .. table.concat(values, ",") .. ")"
end

local INSERT <const> = "INSERT INTO luasql_contacts (" .. table.concat(NAMES, ",") .. ") VALUES "

local function insert(records, rows_a_text)
    local batch = {}
    for record in records do
        batch[#batch + 1] = insert_text(record)
        if #batch == rows_a_text then
            assert(connection:execute(INSERT .. table.concat(batch, ",")))
            batch = {}
        end
    end
    if #batch > 0 then assert(connection:execute(INSERT .. table.concat(batch, ","))) end
end

local function fetch_all(sql)
    local cursor, found = assert(connection:execute(sql)), {}
    local record = cursor:fetch({}, "a")
    while record do
        found[#found + 1] = record
        record = cursor:fetch({}, "a")
    end
    cursor:close()
    return found
end

local rows = {}

function rows.fill()
    create()
    local records = contacts.stream(n)
    rate(n, function()
        assert(connection:execute(server and "START TRANSACTION" or "BEGIN IMMEDIATE"))
        insert(records, server and 500 or 1)
        assert(connection:execute "COMMIT")
    end)
end
rows.insert_many, rows.insert_empty = rows.fill, rows.fill

function rows.insert_one()
    create()
    local records = contacts.stream(n)
    rate(n, function() insert(records, 1) end)
end

function rows.get()
    local count = tonumber(fetch_all("SELECT count(*) AS n FROM luasql_contacts")[1].n)
    rate(n, function()
        for i = 1, n do
            local id = connection:escape(contacts.id(contacts.pick(i, count)))
            assert(fetch_all("SELECT * FROM luasql_contacts WHERE id = '" .. id .. "'")[1])
        end
    end)
end

function rows.filter()
    rate(n, function()
        for i = 1, n do
            local sql = "SELECT * FROM luasql_contacts WHERE age = %d ORDER BY seq LIMIT 50"
            assert(#fetch_all(sql:format(i % 100)) > 0)
        end
    end)
end

function rows.stream()
    local cursor = assert(connection:execute "SELECT * FROM luasql_contacts ORDER BY seq")
    local seen, start = 0, contacts.clock()
    local record = cursor:fetch({}, "a")
    while record do
        seen = seen + 1
        record = cursor:fetch({}, "a")
    end
    print(("%.3f"):format(seen / (contacts.clock() - start)))
end

assert(rows[row], "unknown row " .. tostring(row))()
