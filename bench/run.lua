--- Runs every measurement in a process of its own, interleaved with its peers, and prints medians, ratios and targets.
-- usage: run.lua [ROUNDS [ROW…]]   env: FLEXDB_TEST_MYSQL_URL (make bench starts a server), BUILD, LUA
-- bench/README.md says how to read what it prints.

local rounds = tonumber(arg[1]) or 5
local only = {}
for i = 2, #arg do only[arg[i]] = true end

local lua = os.getenv "LUA" or "lua5.4"
local build = os.getenv "BUILD" or "build"
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local evolutions = require "evolutions"
local server = os.getenv "FLEXDB_TEST_MYSQL_URL"
if server == "" then server = nil end

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p " .. folder))
local _ <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. folder) end })

local function file(name) return folder .. "/" .. name .. ".db" end

-- ---------------------------------------------------------------------------------------------------- the sides

local function run(command)
    local pipe = assert(io.popen(command, "r"))
    local value = pipe:read "n"
    pipe:close()
    return value or error("no figure from: " .. command:gsub("://[^@]*@", "://…@"), 0)
end

local function program(command)
    return function(row, target, n) return run(("%s %s '%s' %d"):format(command, row, target, n)) end
end
local function lua_program(name) return program(("%s %s/%s.lua"):format(lua, here, name)) end
local function node_program(name)
    return program(("NODE_PATH='%s/peers/node_modules' node %s/peers/%s.js"):format(build, here, name))
end

local flexdb, luasql = lua_program "flexdb", lua_program "luasql"
local ajv, better_sqlite3, mysql2 = node_program "validate", node_program "sqlite", node_program "mysql"

local limit_sqlite = program(build .. "/bench/limit_sqlite")
local function limit_mysql_command(row, url, n)
    local user, password, host, port, database = url:match "^mysql://([^:]+):([^@]*)@([^:/]+):(%d+)/([^?]+)"
    return ("%s/bench/limit_mysql %s '%s' '%s' '%s' %s '%s' %d"):format(build, row, user, password, host, port,
        database, n)
end
local function limit_mysql(...) return run(limit_mysql_command(...)) end

local function url_of(name) return "sqlite:" .. file(name) end
local function server_url() return server end

-- A side is a column of the table: its program, where its table is, and its name as a peer.
local sqlite = {
    flexdb = { program = flexdb, target = url_of },
    limit = { program = limit_sqlite, target = file },
    luasql = { program = luasql, target = url_of, name = "LuaSQL" },
    node = { program = better_sqlite3, target = file, name = "better-sqlite3" },
}
local mariadb = {
    flexdb = { program = flexdb, target = server_url },
    limit = { program = limit_mysql, target = server_url },
    luasql = { program = luasql, target = server_url, name = "LuaSQL" },
    node = { program = mysql2, target = server_url, name = "mysql2" },
}
local SIDES <const> = { "flexdb", "limit", "luasql", "node" }

local function is_there(side)
    if side == "luasql" then
        local modules = 'require "luasql.sqlite3"; require "luasql.mysql"; require "cjson"'
        return os.execute(("%s -e '%s' >/dev/null 2>&1"):format(lua, modules))
    elseif side == "node" then
        local installed <close> = io.open(build .. "/peers/installed")
        return installed and true
    end
    return true
end

local LEFT_OUT <const> = {
    luasql = "LuaSQL is LEFT OUT: lua-sql-sqlite3, lua-sql-mysql and lua-cjson are not all installed",
    node = "node's peers are LEFT OUT: bench/peers/install has not installed them",
}
local left_out = {}
for _, side in ipairs(SIDES) do
    if not is_there(side) then left_out[side] = LEFT_OUT[side] end
end

-- ---------------------------------------------------------------------------------------------------- the plan

-- sides: whom it is measured with, all if it does not say. as: the row of the others that it is compared with.
-- floor and goal: multiples of `of`, which is the limit, the best peer or one side; without it, units a second. A row
-- without a floor is shown and not judged.
local plan = {
    { "validate", "validate + encode to JSON", n = 500000, sides = "flexdb node", of = "node", floor = 2, goal = 2.5,
      node = { program = ajv, target = file, name = "ajv + fjs" } },
    { "insert_many", "insert_many, one transaction", n = 100000, fresh = true, of = "limit", floor = 1.0, goal = 1.08 },
    { "insert_empty", "the same, empty table", n = 100000, fresh = true, as = "insert_many", of = "limit", floor = 1.2,
      goal = 1.35 },
    { "insert_one", "insert, one a transaction", n = 10000, fresh = true, of = "limit", floor = 0.95, goal = 0.97 },
    { "get", "get by id", n = 50000, of = "peer", floor = 1.15, goal = 1.25 },
    { "filter", "indexed filter, 50 records", n = 3000, of = "peer", floor = 1.4, goal = 1.6 },
    { "stream", "stream all records", n = 1, of = "peer", floor = 1.35, goal = 1.5 },
    -- 800k and 900k a second where the limit streamed 1.26M whole rows
    { "stream_three", "stream 3 of 12 columns", n = 1, sides = "flexdb limit", as = "stream", of = "limit",
      floor = 0.635, goal = 0.714 },
    { "unindexed", "unindexed filter, full scans", n = 20, sides = "flexdb limit", of = "limit", floor = 1 / 1.9,
      goal = 1 / 1.4 },
    { "filterable", "the same, column filterable", n = 20, sides = "flexdb limit", as = "unindexed", of = "limit",
      floor = 1 / 1.3, goal = 1 / 1.1 },
    { "node", "steps beside their work", n = 20000, sides = "flexdb", floor = 50e3, goal = 80e3 },
    { "open", "open and first query", n = 50, sides = "flexdb", floor = 333, goal = 1000 },
}
local server_plan = {
    { "get", "get by id", n = 10000, of = "limit", floor = 0.9, goal = 0.95 },
    { "filter", "indexed filter, 50 records", n = 1000, of = "limit", floor = 0.7, goal = 0.78 },
    { "stream", "stream all records", n = 1, of = "limit", floor = 0.55, goal = 0.7 },
    { "unindexed", "unindexed filter, full scans", n = 5, sides = "flexdb limit", of = "limit" },
    { "filterable", "the same, column filterable", n = 5, sides = "flexdb limit", as = "unindexed", of = "limit",
      floor = 1 / 1.8, goal = 1 / 1.6 },
    -- the writers last: they make the table of the readers anew
    { "insert_one", "insert, one a transaction", n = 5000, fresh = true, of = "limit", floor = 0.85, goal = 0.95 },
    { "insert_many", "insert_many, one transaction", n = 50000, fresh = true, of = "limit", floor = 1.0, goal = 1.3 },
}

local function wanted(name) return next(only) == nil or only[name] end

-- ---------------------------------------------------------------------------------------------------- the table

local LINE <const> = "%-28s%8s%8s%8s%8s  %-14s%12s%8s  %s"
local WIDTH <const> = 97

local function print_line(...) print((LINE:format(...):gsub(" +$", ""))) end

local function median(list)
    table.sort(list)
    return list[(#list + 1) // 2]
end

local function figure(x)
    if not x then return "-" end
    if x >= 1e6 then return ("%.2fM"):format(x / 1e6) end
    if x >= 1e4 then return ("%.1fk"):format(x / 1e3) end
    return ("%.1f"):format(x)
end

local missed, unjudged = 0, 0

local function verdict(value, row)
    if value >= row.goal then return "goal" end
    if value >= row.floor then return "floor" end
    missed = missed + 1
    return "BELOW"
end

local function best_peer(got)
    if got.luasql and got.node then return got.luasql > got.node and "luasql" or "node" end
    return got.luasql and "luasql" or got.node and "node"
end

--- got: the median of each side that was measured. Without all of its peers a row has no best one, and is not judged.
local function report(row, engine, got)
    local peer, ratio, floor, reached = best_peer(got), "", figure(row.floor), "-"
    if row.of then
        local reference = got[row.of == "peer" and peer or row.of]
        floor = row.floor and ("%.2f"):format(row.floor) or ""
        ratio = reference and ("%.2f x %s"):format(got.flexdb / reference, row.of == "limit" and "C" or "peer") or ""
        if not row.floor then
            reached = ""
        elseif got[row.of] or (row.of == "peer" and not next(left_out)) then
            reached = verdict(got.flexdb / reference, row)
        end
    else
        reached = verdict(got.flexdb, row)
    end
    if reached == "-" then unjudged = unjudged + 1 end
    print_line(row[2], figure(got.flexdb), figure(got.limit), figure(got.luasql), figure(got.node),
        peer and (row[peer] or engine[peer]).name or "", ratio, floor, reached)
    io.flush()
end

local function measure_row(row, engine)
    local lists = {}
    for round = 1, rounds do
        local suffix = row.fresh and ("_%s_%d"):format(row[1], round) or ""
        for _, name in ipairs(SIDES) do
            local side = row[name] or engine[name]
            if not left_out[name] and (not row.sides or row.sides:find(name)) then
                local what = name ~= "flexdb" and row.as or row[1]
                lists[name] = lists[name] or {}
                lists[name][round] = side.program(what, side.target(name .. suffix), row.n)
            end
        end
        if row.fresh then os.execute(("rm -f %s/*_%s_*"):format(folder, row[1])) end
    end
    local got = {}
    for name, list in pairs(lists) do got[name] = median(list) end
    report(row, engine, got)
end

local function measure(title, rows, engine)
    local any, fill = false, false
    for _, row in ipairs(rows) do
        any = any or wanted(row[1])
        fill = fill or wanted(row[1]) and not row.fresh and row[1] ~= "validate"
    end
    if not any then return end
    print()
    print_line(title .. ", units a second", "FlexDB", "C", "LuaSQL", "node", "best peer", "ratio", "floor", "")
    print(("-"):rep(WIDTH))
    for _, name in ipairs(fill and SIDES or {}) do
        if not left_out[name] then engine[name].program("fill", engine[name].target(name), 100000) end
    end
    if wanted "filterable" then engine.flexdb.program("fill_filterable", engine.flexdb.target "flexdb", 100000) end
    for _, row in ipairs(rows) do
        if wanted(row[1]) then measure_row(row, engine) end
    end
end

-- ---------------------------------------------------------------------------------------------------- evolutions

--- limit_writer: the command of the limit's writer, of a target. forget: frees a target that is done with.
local function evolve(title, engine, writes_go_on, limit_writer, forget)
    engine = {
        flexdb = { program = engine.flexdb.program, target = engine.flexdb.target,
                   writer = function(url) return ("%s/bench/writer '%s'"):format(build, url) end },
        limit = { program = engine.limit.program, target = engine.limit.target, writer = limit_writer },
        writes_go_on = writes_go_on, forget = forget, rounds = rounds,
    }
    missed = missed + evolutions.measure(title, engine, wanted, rounds)
end

-- ---------------------------------------------------------------------------------------------------- all of it

print(("medians of %d interleaved runs, each in a process of its own"):format(rounds))
for _, side in ipairs(SIDES) do
    if left_out[side] then print(left_out[side]) end
end

measure("SQLite", plan, sqlite)
evolve("SQLite", sqlite, false, function(path) return ("%s/bench/limit_sqlite writer '%s' 0"):format(build, path) end,
    function(target) os.execute(("rm -f '%s'*"):format(target:gsub("^sqlite:", ""))) end)
if server then
    evolve("MariaDB", mariadb, true, function(url) return limit_mysql_command("writer", url, 0) end, function() end)
    measure("MariaDB", server_plan, mariadb)
else
    print "\nMariaDB is LEFT OUT: no FLEXDB_TEST_MYSQL_URL, and no server was started"
end

print(("\n%d below the floor, %d not judged for want of a peer"):format(missed, unjudged))
