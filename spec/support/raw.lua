-- The database behind FlexDB's back, through LuaSQL, so that FlexDB does not vouch for itself. Needs lua-sql-sqlite3
-- and, for a server, lua-sql-mysql.
--
--   local connection, environment = raw.connect(engine)
--   raw.rows(connection, "SELECT …")          -- an array of rows by column name; values are strings
--   raw.storage(connection, t).table          -- a table's physical one
--   raw.run(connection, "UPDATE … %s", name)  -- formatted; fails the test when it fails

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local raw = {}

function raw.connect(engine)
    if not engine.server then
        local environment = require("luasql.sqlite3").sqlite3()
        return assert(environment:connect(engine.file or engines.file)), environment
    end
    local user, password, host, port, database = engine.url:match "^mysql://([^:]+):([^@]*)@([^:/]+):(%d+)/([^?]+)"
    local environment = require("luasql.mysql").mysql()
    return assert(environment:connect(database, user, password, host, tonumber(port))), environment
end

function raw.rows(connection, sql)
    local cursor = assert(connection:execute(sql))
    local rows = {}
    local row = cursor:fetch({}, "a")
    while row do
        rows[#rows + 1] = row
        row = cursor:fetch({}, "a")
    end
    cursor:close()
    return rows
end

function raw.run(connection, sql, ...)
    if select("#", ...) > 0 then sql = sql:format(...) end
    return assert(connection:execute(sql))
end

--- What storage says of a table: `table` is its physical one.
function raw.storage(connection, t)
    return assert(flexdb.json.decode(raw.rows(connection,
        ("SELECT storage FROM flex_tables WHERE id = '%s'"):format(t.id))[1].storage))
end

--- Whether a server has a table of this name.
function raw.is_there(connection, name)
    return #raw.rows(connection, ("SHOW TABLES LIKE '%s'"):format(name)) == 1
end

-- Writes a value to the first record's document and physical column, but not into the index (of SQLite). The connection
-- has seen a schema that is none, and must be closed.
function raw.break_index(connection, t, key, value)
    local storage = raw.storage(connection, t)
    local entry
    for _, column in ipairs(storage.columns) do
        if column.key == key then entry = column.name end
    end
    local name = storage.table .. "_" .. entry
    local was = raw.rows(connection, ("SELECT * FROM sqlite_master WHERE name = '%s'"):format(name))[1]
    raw.run(connection, "PRAGMA writable_schema = 1")
    raw.run(connection, "DELETE FROM sqlite_master WHERE name = '%s'", name)
    raw.run(connection, "PRAGMA writable_schema = RESET")
    raw.run(connection, "UPDATE %s SET data = json_set(data, '$.%s', %d), %s = %d WHERE seq = 1", storage.table, key,
        value, entry, value)
    raw.run(connection, "PRAGMA writable_schema = 1")
    raw.run(connection, "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES "
        .. "('index', '%s', '%s', %s, '%s')", name, storage.table, was.rootpage, connection:escape(was.sql))
    raw.run(connection, "PRAGMA writable_schema = RESET")
end

return raw
