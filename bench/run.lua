--- Runs every measurement in a process of its own, interleaved with its peers, and prints medians, ratios and targets.
-- usage: run.lua [ROUNDS [ROW…]]   env: FLEXDB_TEST_MYSQL_URL (make bench starts a server), BUILD, LUA

local rounds = tonumber(arg[1]) or 5
local only = {}
for i = 2, #arg do only[arg[i]] = true end

local lua = os.getenv "LUA" or "lua5.4"
local build = os.getenv "BUILD" or "build"
local here = arg[0]:match "^(.*)/[^/]*$" or "."
local server = os.getenv "FLEXDB_TEST_MYSQL_URL"
if server == "" then server = nil end

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p " .. folder))
local _ <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. folder) end })

local function file(name) return folder .. "/" .. name .. ".db" end

local function run(command)
    local pipe = assert(io.popen(command, "r"))
    local value = pipe:read "n"
    pipe:close()
    return value or error("no figure from: " .. command:gsub("://[^@]*@", "://…@"), 0)
end

local function flexdb(row, url, n) return run(("%s %s/flexdb.lua %s '%s' %d"):format(lua, here, row, url, n)) end
local function luasql(row, url, n) return run(("%s %s/luasql.lua %s '%s' %d"):format(lua, here, row, url, n)) end

local function limit_sqlite(row, path, n)
    return run(("%s/bench/limit_sqlite %s '%s' %d"):format(build, row, path, n))
end

local user, password, host, port, database
if server then
    user, password, host, port, database = server:match "^mysql://([^:]+):([^@]*)@([^:/]+):(%d+)/([^?]+)"
end
local function limit_mysql(row, _, n)
    return run(("%s/bench/limit_mysql %s '%s' '%s' '%s' %s '%s' %d"):format(
        build, row, user, password, host, port, database, n))
end

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

local has_luasql = os.execute(lua .. " -e 'require \"luasql.sqlite3\"' >/dev/null 2>&1")
if not has_luasql then
    io.stderr:write "LuaSQL is not installed: its columns are LEFT OUT (lua-sql-sqlite3, lua-sql-mysql)\n"
end

-- against: what the floor and the goal are a multiple of
local plan = {
    { "validate", "validate + encode, Lua table to JSON", n = 500000, peers = "", absolute = { 650e3, 810e3 } },
    { "insert_many", "insert_many, one transaction", n = 100000, fresh = true, against = "limit", floor = 1.0,
        goal = 1.08 },
    { "insert_empty", "the same into an empty table", n = 100000, fresh = true, limit = "insert_many",
        against = "limit",
      floor = 1.2, goal = 1.35 },
    { "insert_one", "insert, one a transaction", n = 10000, fresh = true, against = "limit", floor = 0.95,
        goal = 0.97 },
    { "get", "get by id", n = 50000, against = "luasql", floor = 1.15, goal = 1.25 },
    { "filter", "indexed filter, 50 records", n = 3000, against = "luasql", floor = 1.4, goal = 1.6 },
    { "stream", "stream all records", n = 1, against = "luasql", floor = 1.35, goal = 1.5 },
    { "stream_three", "stream 3 of 12 columns", n = 1, peers = "", absolute = { 800e3, 900e3 } },
    { "unindexed", "unindexed filter, whole scans", n = 20, peers = "limit", against = "limit", floor = 1 / 1.9,
      goal = 1 / 1.4 },
    { "open", "open and first query", n = 50, peers = "", absolute = { 333, 1000 } },
}
local server_plan = {
    { "get", "get by id", n = 10000, against = "limit", floor = 0.9, goal = 0.95 },
    { "filter", "indexed filter, 50 records", n = 1000, against = "limit", floor = 0.7, goal = 0.78 },
    { "stream", "stream all records", n = 1, against = "limit", floor = 0.55, goal = 0.7 },
    -- the writers last: they make the table of the readers anew
    { "insert_one", "insert, one a transaction", n = 5000, fresh = true, against = "limit", floor = 0.85, goal = 0.95 },
    { "insert_many", "insert_many, one transaction", n = 50000, fresh = true, against = "limit", floor = 1.0,
        goal = 1.3 },
}

local missed = 0

local function report(row, got)
    local reference = row.against and got[row.against]
    local ratio, target, verdict
    if row.absolute then
        ratio, target = "", (">= %s"):format(figure(row.absolute[1]))
        verdict = got.flexdb >= row.absolute[2] and "goal" or got.flexdb >= row.absolute[1] and "floor" or "BELOW"
    elseif reference then
        local r = got.flexdb / reference
        ratio, target = ("%.2f x %s"):format(r, row.against == "limit" and "C" or "LuaSQL"), ("%.2f"):format(row.floor)
        verdict = r >= row.goal and "goal" or r >= row.floor and "floor" or "BELOW"
    else
        ratio, target, verdict = "", "", "-"
    end
    if verdict == "BELOW" then missed = missed + 1 end
    print(("%-38s %8s %8s %8s %13s %8s %s"):format(row[2], figure(got.flexdb), figure(got.limit), figure(got.luasql),
        ratio, target, verdict))
    io.flush()
end

local function measure(title, rows, url_of, limit, prepare)
    local wanted = next(only) == nil
    for _, row in ipairs(rows) do wanted = wanted or only[row[1]] end
    if not wanted then return end
    print()
    print(("%-38s %8s %8s %8s %13s %8s"):format(title .. " (units a second)", "FlexDB", "C", "LuaSQL", "ratio",
        "floor"))
    print(("-"):rep(92))
    prepare()
    for _, row in ipairs(rows) do
        if next(only) == nil or only[row[1]] then
            local lists = { flexdb = {}, limit = {}, luasql = {} }
            for round = 1, rounds do
                local suffix = row.fresh and ("_%s_%d"):format(row[1], round) or ""
                local peers = row.peers or "limit luasql"
                lists.flexdb[round] = flexdb(row[1], url_of("flexdb" .. suffix), row.n)
                if peers:find "limit" then
                    lists.limit[round] = limit(row.limit or row[1], file("limit" .. suffix), row.n)
                end
                if peers:find "luasql" and has_luasql then
                    lists.luasql[round] = luasql(row[1], url_of("luasql" .. suffix), row.n)
                end
                if row.fresh then os.execute(("rm -f %s/*_%s_*"):format(folder, row[1])) end
            end
            report(row, {
                flexdb = median(lists.flexdb), limit = median(lists.limit), luasql = median(lists.luasql),
            })
        end
    end
end

print(("medians of %d interleaved runs, each in a process of its own"):format(rounds))

measure("SQLite", plan, function(name) return "sqlite:" .. file(name) end, limit_sqlite, function()
    flexdb("fill", "sqlite:" .. file "flexdb", 100000)
    limit_sqlite("fill", file "limit", 100000)
    if has_luasql then luasql("fill", "sqlite:" .. file "luasql", 100000) end
end)

if next(only) == nil or only.evolve then
    -- add, rename, remove, roll back: the time of one step with few and with many records
    for _, engine in ipairs { "SQLite", server and "MariaDB" or nil } do
        local function url(name) return engine == "SQLite" and "sqlite:" .. file(name) or server end
        local many <const> = 1000000
        local few, lots = {}, {}
        if engine == "SQLite" then
            flexdb("fill", url "few", 1000)
            flexdb("fill", url "lots", many)
            for round = 1, rounds do
                few[round], lots[round] = flexdb("evolve", url "few", 10), flexdb("evolve", url "lots", 10)
            end
        else
            flexdb("fill", url(), 1000)
            for round = 1, rounds do few[round] = flexdb("evolve", url(), 10) end
            flexdb("fill", url(), many)
            for round = 1, rounds do lots[round] = flexdb("evolve", url(), 10) end
        end
        local a, b = 1000 / median(few), 1000 / median(lots)
        local text = "\n%s: add, rename, remove, roll back: %.2f ms a step at 1,000 records, %.2f ms at %d: "
            .. "%.2f x (<= 1.2)"
        print(text:format(
            engine, a, b, many, b / a))
        if b / a > 1.2 then missed = missed + 1 end
    end
end

if server then
    measure("MariaDB", server_plan, function() return server end, limit_mysql, function()
        flexdb("fill", server, 100000)
        limit_mysql("fill", nil, 100000)
        if has_luasql then luasql("fill", server, 100000) end
    end)
else
    print "\nMariaDB is LEFT OUT: no FLEXDB_TEST_MYSQL_URL, and no server was started"
end

print(("\n%d below the floor"):format(missed))
