--- One measurement of LuaSQL in a process of its own: texts with escaped values, which nothing but the engine judges.
-- usage: luasql.lua ROW URL N   prints units a second.
--
-- It starts from the records that FlexDB gets and ends with records such as FlexDB hands out, made by hand, as an
-- application would: tags from and to JSON with lua-cjson, booleans from and to 1 and 0. SQLite keeps times and
-- decimals as the texts that are handed out; on a server, times go from and to RFC 3339, and integers come as texts.

local cjson = require "cjson"
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
    assert(connection:execute "SET NAMES utf8mb4")
    assert(connection:execute "SET time_zone = '+00:00'")
    server = true
end

-- ---------------------------------------------------------------------------------------------------- the table

local TYPES <const> = server and {
    seq = "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", key = "VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin",
    name = "VARCHAR(80)", email = "VARCHAR(255)", status = "VARCHAR(16)", integer = "BIGINT", decimal = "DECIMAL(12,2)",
    date = "DATE", datetime = "DATETIME(6)", json = "JSON", now = "CURRENT_TIMESTAMP(6)",
    options = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
} or {
    seq = "INTEGER PRIMARY KEY", key = "TEXT",
    name = "TEXT", email = "TEXT", status = "TEXT", integer = "INTEGER", decimal = "TEXT",
    date = "TEXT", datetime = "TEXT", json = "TEXT", now = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
    options = "",
}

local CREATE <const> = ([[CREATE TABLE luasql_contacts (seq $seq, id $key NOT NULL UNIQUE, name $name,
    email $email NOT NULL UNIQUE, status $status, age $integer, balance $decimal, active BOOLEAN, born $date,
    last_seen $datetime, company $key, notes TEXT, tags $json, score $integer, version INTEGER NOT NULL DEFAULT 1,
    created_at $datetime NOT NULL DEFAULT $now, updated_at $datetime NOT NULL DEFAULT $now,
    deleted_at $datetime)$options]])

local function create()
    connection:execute "DROP TABLE IF EXISTS luasql_contacts"
    assert(connection:execute((CREATE:gsub("%$(%a+)", TYPES))))
    for _, name in ipairs { "status", "age", "company" } do
        assert(connection:execute(("CREATE INDEX luasql_%s ON luasql_contacts(%s)"):format(name, name)))
    end
end

-- ---------------------------------------------------------------------------------------------------- records

local NAMES <const> = { "id", "name", "email", "status", "age", "balance", "active", "born", "last_seen", "company",
    "notes", "tags", "score" }
local WRITTEN <const> = table.concat(NAMES, ", ")
local INSERT <const> = "INSERT INTO luasql_contacts (" .. WRITTEN .. ") VALUES "
local SELECT <const> = "SELECT " .. WRITTEN .. ", version, created_at, updated_at FROM luasql_contacts"
    .. " WHERE deleted_at IS NULL"

local ROWS_A_TEXT <const> = 500

local function literal(value)
    if value == nil then return "NULL" end
    if type(value) == "string" then return "'" .. connection:escape(value) .. "'" end
    if type(value) == "boolean" then return value and "1" or "0" end
    return tostring(value)
end

local ENCODE <const> = { tags = cjson.encode }
if server then
    function ENCODE.last_seen(text) return text:sub(1, 10) .. " " .. text:sub(12, 26) end
end

local function insert_text(record)
    local values = {}
    for i, name in ipairs(NAMES) do
        local value, encode = record[name], ENCODE[name]
        if encode and value ~= nil then value = encode(value) end
        values[i] = literal(value)
    end
    return "(" .. table.concat(values, ",") .. ")"
end

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

local function rfc3339(text) return text and text:sub(1, 10) .. "T" .. text:sub(12) .. "Z" end

local function decode(record)
    if server then
        record.active = record.active and record.active == "1"
        record.age, record.score, record.version =
            tonumber(record.age), tonumber(record.score), tonumber(record.version)
        record.last_seen, record.created_at, record.updated_at =
            rfc3339(record.last_seen), rfc3339(record.created_at), rfc3339(record.updated_at)
    else
        record.active = record.active and record.active == 1
    end
    record.tags = record.tags and cjson.decode(record.tags)
    return record
end

--- An iterator over what a statement finds.
local function each(sql)
    local cursor = assert(connection:execute(sql))
    return function()
        local record = cursor:fetch({}, "a")
        return record and decode(record)
    end
end

local function find(sql)
    local found = {}
    for record in each(sql) do found[#found + 1] = record end
    return found
end

local function count()
    local cursor = assert(connection:execute "SELECT count(*) FROM luasql_contacts")
    local rows = tonumber((cursor:fetch()))
    cursor:close()
    return rows
end

-- ---------------------------------------------------------------------------------------------------- the rows

local rows = {}

function rows.insert_many()
    create()
    local records = contacts.stream(n)
    rate(n, function()
        assert(connection:execute(server and "START TRANSACTION" or "BEGIN IMMEDIATE"))
        insert(records, ROWS_A_TEXT)
        assert(connection:execute "COMMIT")
    end)
end
rows.fill = rows.insert_many

function rows.insert_one()
    create()
    local records = contacts.stream(n)
    rate(n, function() insert(records, 1) end)
end

function rows.get()
    local total = count()
    rate(n, function()
        for i = 1, n do
            local id = connection:escape(contacts.id(contacts.pick(i, total)))
            assert(find(SELECT .. " AND id = '" .. id .. "'")[1])
        end
    end)
end

function rows.filter()
    rate(n, function()
        for i = 1, n do
            assert(#find((SELECT .. " AND age = %d ORDER BY seq LIMIT 50"):format(i % 100)) > 0)
        end
    end)
end

function rows.stream()
    local total, seen = count(), 0
    rate(total, function()
        for record in each(SELECT .. " ORDER BY seq") do seen = seen + (record.id and 1 or 0) end
    end)
    assert(seen == total)
end

assert(rows[row], "unknown row " .. tostring(row))()
