--- Holds the source to the house: which room may include what, where SQL text may stand, how long a file may be.
--
-- usage: lua5.4 lint-house.lua FOLDER        prints `file:line: what is wrong`, exit status 1 when there is any
--        lua5.4 lint-house.lua --self-test   proves on made-up files that each rule finds its violation

local MAX_LINES = 600

-- ---------------------------------------------------------------------------------------------------- includes

-- A room, by the longest folder that fits, and the prefixes of "…" includes that it may use. Arrows run downwards only.
local ROOMS = {
    { "src/base/", { "base/" } },
    { "src/model/", { "model/", "base/" } },
    { "src/sql/", { "sql/", "model/", "driver/driver.h", "base/" } },
    { "src/driver/sqlite/", { "driver/sqlite/", "driver/*", "base/" } },
    { "src/driver/mysql/", { "driver/mysql/", "driver/*", "base/" } },
    { "src/driver/", { "driver/*", "base/" } },
    { "src/db/", { "db/", "flexdb.h", "sql/", "model/", "driver/*", "base/" } },
    { "src/bind/mysql_module.c", { "bind/", "driver/driver.h", "driver/mysql/", "base/" } },
    { "src/bind/", { "bind/", "flexdb.h", "base/" } },
    { "src/flexdb.h", { "model/", "base/" } },
    { "src/", { "flexdb.h", "db/", "sql/", "model/", "driver/*", "base/" } },
}

-- Headers of libraries, and the only rooms that may see them.
local LIBRARIES = {
    { "^lua%.h$", { "src/bind/" } }, { "^lauxlib%.h$", { "src/bind/" } }, { "^lualib%.h$", { "src/bind/" } },
    { "^luaconf%.h$", { "src/bind/" } },
    { "^sqlite3%.h$", { "src/driver/sqlite/" } },
    { "^mysql", { "src/driver/mysql/" } }, { "^mariadb", { "src/driver/mysql/" } },
    { "^errmsg%.h$", { "src/driver/mysql/" } },
    { "^pcre2", { "src/base/" } },
    { "^cjson/", { "src/base/", "src/model/", "src/sql/", "src/db/" } },
}

local function starts(text, prefix) return text:sub(1, #prefix) == prefix end

local function room_of(path)
    for _, room in ipairs(ROOMS) do
        if starts(path, room[1]) then return room end
    end
end

local function may_include(room, header)
    for _, allowed in ipairs(room[2]) do
        if allowed:sub(-2) == "/*" then
            if header:match("^" .. allowed:sub(1, -2) .. "[^/]+$") then return true end
        elseif allowed:sub(-1) == "/" then
            if starts(header, allowed) then return true end
        elseif header == allowed then
            return true
        end
    end
    return false
end

local function check_include(path, line, report)
    local open, header = line:match('^%s*#%s*include%s*([<"])([^>"]+)[>"]')
    if not open then return end
    local room = room_of(path)
    if open == '"' then
        -- A name without a folder is a neighbour's, except the one header at the top.
        local neighbour = not header:find "/" and header ~= "flexdb.h"
        if header:find("..", 1, true) then
            report('"%s": an include names its path from src/', header)
        elseif not neighbour and not may_include(room, header) then
            report('"%s" may not be included from %s', header, room[1])
        end
    end
    for _, library in ipairs(LIBRARIES) do
        if header:match(library[1]) then
            local home = false
            for _, folder in ipairs(library[2]) do home = home or starts(path, folder) end
            if not home then report("<%s> may be included from %s only", header, table.concat(library[2], ", ")) end
        end
    end
end

-- ---------------------------------------------------------------------------------------------------- Lua modules

-- FlexDB's Lua needs nothing but itself, and the command line is on top of it all.
local function check_require(path, line, report)
    if not starts(path, "lua/flexdb/") or line:find "^%s*%-%-" then return end
    for _, name in line:gmatch [[%f[%w_]require%s*%(?%s*(["'])([%w_.%-]+)%1]] do
        if name ~= "flexdb" and not starts(name, "flexdb.") then
            report('"%s" may not be required: FlexDB\'s Lua needs flexdb.* alone', name)
        elseif starts(name, "flexdb.cli") and not starts(path, "lua/flexdb/cli/") then
            report('"%s" may be required from lua/flexdb/cli/ only', name)
        end
    end
end

-- ---------------------------------------------------------------------------------------------------- the driver

-- The connection may be in another thread's hands: engine_driver() waits for it, and so nothing goes past it.
local DRIVERS_OWN = { ["src/db/engine.c"] = true, ["src/db/engine.h"] = true, ["src/db/batch_writer.c"] = true }

local function check_driver(path, line, report)
    if not starts(path, "src/db/") then return end
    if line:find "%->driver%->[%w_]+%(" or (not DRIVERS_OWN[path] and line:find "%->driver%f[^%w_]") then
        report "a driver's slots are called through engine_driver()"
    end
end

-- ---------------------------------------------------------------------------------------------------- SQL text

-- Keywords in capitals anywhere, and small ones where a statement begins: a message such as "select names an unknown
-- column" is none.
local CAPITALS = {
    "SELECT", "INSERT", "REPLACE INTO", "UPDATE", "DELETE FROM", "CREATE", "ALTER TABLE", "DROP", "WHERE", "ORDER BY",
    "GROUP BY", "ON CONFLICT", "ON DUPLICATE", "RETURNING",
}
for i, words in ipairs(CAPITALS) do CAPITALS[i] = "%f[%w]" .. words .. "%f[%W]" end
local SMALL = {
    "^%s*select%s.*%sfrom%s", "^%s*insert%s+into%s+%S+%s*%(", "^%s*update%s+%S+%s+set%s",
    "^%s*delete%s+from%s+%S+%s+where%s", "^%s*create%s+table%s+%S+%s*%(", "^%s*create%s+[unique%s]*index%s+%S+%s+on%s",
    "^%s*alter%s+table%s+%S+%s+[adrm]", "^%s*drop%s+table%s+if%s",
}
-- What a driver says to set its session up or to run a transaction; nobody else does.
local SESSION = {
    "^%s*PRAGMA%f[%W]", "^%s*BEGIN%f[%W]", "^%s*COMMIT%f[%W]", "^%s*ROLLBACK%f[%W]", "^%s*SAVEPOINT%f[%W]",
    "^%s*RELEASE%f[%W]", "^%s*SET%s+[%u@]", "^%s*START TRANSACTION",
}

local function any(text, patterns)
    for _, pattern in ipairs(patterns) do
        if text:find(pattern) then return true end
    end
    return false
end

local function check_sql(path, text, report)
    if starts(path, "src/sql/") then return end
    -- A driver may ask for its session's own variables.
    if starts(path, "src/driver/") and text:find "^SELECT @@[^;]*$" and not text:find "%f[%w]FROM%f[%W]" then return end
    local sql = any(text, CAPITALS) or any(text, SMALL) or (not starts(path, "src/driver/") and any(text, SESSION))
    if sql then
        local excerpt = #text > 48 and text:sub(1, 45) .. "..." or text
        report('SQL text outside of src/sql: "%s"', excerpt)
    end
end

-- Calls found(text, line) for each string of a C text, comments left out.
local function c_strings(source, found)
    local at, line = 1, 1
    local function count(from, to) line = line + select(2, source:sub(from, to):gsub("\n", "")) end
    while true do
        local start = source:find('[/"\']', at)
        if not start then return end
        count(at, start - 1)
        local two, stop = source:sub(start, start + 1), start
        if two == "//" then
            stop = (source:find("\n", start, true) or #source + 1) - 1
        elseif two == "/*" then
            stop = select(2, source:find("*/", start + 2, true)) or #source
        elseif two:sub(1, 1) ~= "/" then
            local quote = two:sub(1, 1)
            stop = start + 1
            while stop <= #source and source:sub(stop, stop) ~= quote do
                stop = stop + (source:sub(stop, stop) == "\\" and 2 or 1)
            end
            if quote == '"' then found(source:sub(start + 1, stop - 1), line) end
        end
        count(start, stop)
        at = stop + 1
    end
end

-- The same of a Lua text: quoted strings and long brackets.
local function lua_strings(source, found)
    local at, line = 1, 1
    local function count(from, to) line = line + select(2, source:sub(from, to):gsub("\n", "")) end
    local function long_bracket(from)
        local level = source:match("^%[(=*)%[", from)
        if not level then return end
        local _, stop = source:find("]" .. level .. "]", from, true)
        return stop or #source, #level + 2
    end
    while true do
        local start = source:find('[%-"\'%[]', at)
        if not start then return end
        count(at, start - 1)
        local char, stop = source:sub(start, start), start
        if source:sub(start, start + 1) == "--" then
            stop = long_bracket(start + 2) or (source:find("\n", start, true) or #source + 1) - 1
        elseif char == "[" then
            local finish, width = long_bracket(start)
            if finish then
                stop = finish
                found(source:sub(start + width, stop - width), line)
            end
        elseif char ~= "-" then
            stop = start + 1
            while stop <= #source and source:sub(stop, stop) ~= char do
                stop = stop + (source:sub(stop, stop) == "\\" and 2 or 1)
            end
            found(source:sub(start + 1, stop - 1), line)
        end
        count(start, stop)
        at = stop + 1
    end
end

-- ---------------------------------------------------------------------------------------------------- files

local function list(root)
    local find = "cd '%s' && find src lua -type f \\( -name '*.[ch]' -o -name '*.lua' \\) 2>/dev/null | sort"
    local pipe = assert(io.popen(find:format((root:gsub("'", "'\\''")))))
    local files = {}
    for path in pipe:lines() do files[#files + 1] = path end
    pipe:close()
    return files
end

local function check_file(path, source, problems)
    local function reporter(line)
        return function(format, ...)
            problems[#problems + 1] = ("%s:%d: %s"):format(path, line, format:format(...))
        end
    end
    local number = 0
    for line in (source:sub(-1) == "\n" and source or source .. "\n"):gmatch "(.-)\n" do
        number = number + 1
        if path:match "%.[ch]$" then
            check_include(path, line, reporter(number))
            check_driver(path, line, reporter(number))
        else
            check_require(path, line, reporter(number))
        end
    end
    if number > MAX_LINES then reporter(number)("%d lines: a file of more than %d is two things", number, MAX_LINES) end
    local strings = path:match "%.lua$" and lua_strings or c_strings
    strings(source, function(text, line) check_sql(path, text, reporter(line)) end)
    return number
end

local function check_tree(root)
    local problems, files, longest = {}, list(root), { lines = 0 }
    for _, path in ipairs(files) do
        local file = assert(io.open(root .. "/" .. path, "rb"))
        local lines = check_file(path, file:read "a", problems)
        file:close()
        if lines > longest.lines then longest = { lines = lines, path = path } end
    end
    return problems, #files, longest
end

-- ---------------------------------------------------------------------------------------------------- self-test

-- path, text, and a piece of the complaint; nil where there must be none
local CASES = {
    { "src/base/a.c", '#include "model/type.h"\n', "may not be included from src/base/" },
    { "src/base/b.c", '#include "base/error.h"\n#include <pcre2.h>\n', nil },
    { "src/model/a.c", '#include "driver/driver.h"\n', "may not be included from src/model/" },
    { "src/model/b.c", '#include "../base/error.h"\n', "names its path from src/" },
    { "src/model/c.c", "#include <pcre2.h>\n", "may be included from src/base/ only" },
    { "src/model/types/d.c", '#include "model/type.h"\n#include "base/value.h"\n', nil },
    { "src/driver/a.c", '#include "model/type.h"\n', "may not be included from src/driver/" },
    { "src/driver/mysql/b.c", '#include "driver/sqlite/sqlite.h"\n', "may not be included from src/driver/mysql/" },
    { "src/driver/mysql/c.c", '#include <mysql/mysql.h>\n#include "driver/driver.h"\n', nil },
    { "src/driver/sqlite/d.c", "#include <mysql/mysql.h>\n", "may be included from src/driver/mysql/ only" },
    { "src/driver/sqlite/e.c", 'f("PRAGMA journal_mode = WAL"); g("BEGIN IMMEDIATE");\n', nil },
    { "src/driver/mysql/d.c", 'f("SELECT @@max_allowed_packet, @@sql_mode");\n', nil },
    { "src/driver/mysql/e.c", 'f("SELECT @@sql_mode FROM t");\n', "SQL text outside of src/sql" },
    { "src/driver/sqlite/f.c", 'f("SELECT data FROM t");\n', "SQL text outside of src/sql" },
    { "src/sql/a.c", '#include "model/layout.h"\n#include "driver/driver.h"\nf("SELECT 1 FROM t");\n', nil },
    { "src/sql/b.c", '#include "db/database.h"\n', "may not be included from src/sql/" },
    { "src/sql/c.c", "#include <sqlite3.h>\n", "may be included from src/driver/sqlite/ only" },
    { "src/db/a.c", '#include "flexdb.h"\n#include "sql/dialect.h"\n', nil },
    { "src/db/b.c", '#include "bind/core.h"\n', "may not be included from src/db/" },
    { "src/db/c.c", "#include <lua.h>\n", "may be included from src/bind/ only" },
    { "src/db/d.c", 'f("INSERT INTO t VALUES (?)");\n', "SQL text outside of src/sql" },
    { "src/db/e.c", 'f("update t set a = 1");\n', "SQL text outside of src/sql" },
    { "src/db/f.c", 'f("SAVEPOINT s1");\n', "SQL text outside of src/sql" },
    { "src/db/g.c", '/* SELECT */ f("select names an unknown column"); // DELETE FROM t\n', nil },
    { "src/db/h.c", "char q = '\"'; f(\"update: \\\"set\\\" is empty\");\n", nil },
    { "src/db/i.c", 'f("a\\"" "ALTER TABLE t");\n', "SQL text outside of src/sql" },
    { "src/db/j.c", "rc = e->driver->step(s, err);\n", "called through engine_driver()" },
    { "src/db/k.c", "const struct driver *d = e->driver;\n", "called through engine_driver()" },
    { "src/db/engine.c", "rc = e->driver->step(s, err);\n", "called through engine_driver()" },
    { "src/db/engine.h", "return e->driver->capabilities; engine_driver(e)->step(s, err);\n", nil },
    { "src/db/batch_writer.c", "const struct driver *d = job->driver;\n", nil },
    { "src/bind/a.c", '#include <lua.h>\n#include "flexdb.h"\n', nil },
    { "src/bind/b.c", '#include "model/type.h"\n', "may not be included from src/bind/" },
    { "src/bind/c.c", '#include "driver/driver.h"\n', "may not be included from src/bind/" },
    { "src/bind/mysql_module.c", '#include <lua.h>\n#include "driver/driver.h"\n', nil },
    { "src/flexdb.h", '#include "base/error.h"\n', nil },
    { "lua/flexdb/a.lua", 'local s = [[\nSELECT 1 FROM t]]\n', "SQL text outside of src/sql" },
    { "lua/flexdb/b.lua", "-- SELECT 1\n--[[ DROP TABLE t ]] local s = 'select'\n", nil },
    { "lua/flexdb/e.lua", "local lfs = require 'lfs'\n", "needs flexdb.* alone" },
    { "lua/flexdb/f.lua", 'local a, b = require "flexdb.core", pcall(require, "flexdb.mysql")\n', nil },
    { "lua/flexdb/g.lua", 'local cli = require("flexdb.cli.grid")\n', "lua/flexdb/cli/ only" },
    { "lua/flexdb/cli/h.lua", 'local grid = require("flexdb.cli.grid") -- see json\n', nil },
    { "lua/flexdb/c.lua", ("x = 1\n"):rep(MAX_LINES + 1), "601 lines" },
    { "lua/flexdb/d.lua", ("x = 1\n"):rep(MAX_LINES), nil },
}

local function self_test()
    local pipe = assert(io.popen "mktemp -d")
    local root = pipe:read "l"
    pipe:close()
    local wrong = {}
    for _, case in ipairs(CASES) do
        os.execute(("mkdir -p '%s/%s'"):format(root, case[1]:match "^(.*)/"))
        local file = assert(io.open(root .. "/" .. case[1], "w"))
        file:write(case[2])
        file:close()
    end
    local problems = check_tree(root)
    os.execute(("rm -rf '%s'"):format(root))
    for _, case in ipairs(CASES) do
        local said = {}
        for _, problem in ipairs(problems) do
            if starts(problem, case[1] .. ":") then said[#said + 1] = problem end
        end
        local text = table.concat(said, "; ")
        if case[3] and not text:find(case[3], 1, true) then
            wrong[#wrong + 1] = ("%s: not found: %s (said: %s)"):format(case[1], case[3], text)
        elseif not case[3] and #said > 0 then
            wrong[#wrong + 1] = ("%s: found what is not there: %s"):format(case[1], text)
        end
    end
    return wrong
end

if arg[1] == "--self-test" then
    local wrong = self_test()
    for _, text in ipairs(wrong) do io.stderr:write("lint-house self-test: ", text, "\n") end
    os.exit(#wrong == 0)
end

local problems, files, longest = check_tree(arg[1] or ".")
for _, problem in ipairs(problems) do io.stderr:write(problem, "\n") end
if #problems == 0 and longest.path then
    print(("   %d files, the longest %s with %d lines"):format(files, longest.path, longest.lines))
end
os.exit(#problems == 0)
