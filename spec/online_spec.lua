-- On a server, evolutions that move every record (indexes, unique, filterable, retypes) while other processes write:
-- what was acknowledged is there, writers hardly wait, and a builder that is killed leaves nothing behind.
--
-- FLEXDB_BUILD_FROM makes tables large; FLEXDB_TEST_SECONDS makes the writing longer. FLEXDB_TEST_GALERA_URLS names two
-- nodes of a cluster, with a space between: tables are evolved on the first one, and written on the second. What is
-- written there while a new definition comes into force is out of sight until the evolution is over, so that writers
-- which build on what they have written could not go on: on a cluster they insert.

local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"

local SECONDS = pace.rounds(3, 3, "FLEXDB_TEST_SECONDS")
local KILLS = pace.rounds(8, 2)
local RECORDS = pace.rounds(1500, 1500, "FLEXDB_TEST_RECORDS") -- of each writer
local LONGEST_STALL = 3 -- seconds: generous, for machines that do much else

local quote = children.quote

-- arg: url, application, role, seed, seconds. It notes that it is ready, and at its end, in place of that, all else.
local child = [[
local url, application, role, seed, seconds = table.unpack(arg)
local records = tonumber(os.getenv "FLEXDB_TEST_RECORDS")
math.randomseed(tonumber(seed))
local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
local t = assert(db:table "t")

-- Seconds, of a clock of hundredths.
local function now()
    local file <close> = assert(io.open "/proc/uptime")
    return file:read "n"
end

local function again(err) return err.code == "busy" or err.code == "conflict" and err.retryable end

local once = {
    unique = function(c) c:modify("u", { unique = true }) end,
    integer = function(c) c:modify("n", { dataType = "integer" }) end,
}
if once[role] then
    print(select(2, t:evolve(once[role])))
    os.exit(true, true)
end

if role == "evolve" then
    local kinds = {
        function() return t:evolve(function(c) c:modify("n", { dataType = "integer" }) end) end,
        function() return t:evolve(function(c) c:modify("u", { unique = true }) end) end,
        function() return t:evolve(function(c) c:modify("a", { indexed = true }) end) end,
        function() return t:evolve(function(c) c:modify("n", { dataType = "string", filterable = true }) end) end,
        function() return t:rollback(1) end,
    }
    note "ready"
    local made, stop = 0, now() + tonumber(seconds)
    for i = 1, math.huge do
        local ok, err = kinds[(i - 1) % #kinds + 1]()
        if not ok and not again(err) then error(tostring(err)) end
        if ok then made = made + 1 end
        if now() >= stop then break end
    end
    local file <close> = assert(io.open(notes_path, "w"))
    file:write(made, "\n")
    os.exit(true, true)
end

-- A writer has records and unique values of its own. `model` is what was acknowledged: id → n, u, a, deleted.
local model, ids, gone, serial, stall, calls = {}, {}, {}, 0, 0, 0

local function timed(call, ...)
    for _ = 1, 1000 do
        local began = now()
        local ok, err = call(...)
        stall, calls = math.max(stall, now() - began), calls + 1
        if ok or not again(err) then return ok, err end
    end
    error "never had its turn"
end

local function done(what, ok, err)
    if not ok then error(what .. ": " .. tostring(err)) end
end

-- Under one definition `n` is a text, under the next an integer.
local function put(n, call)
    local ok, err = timed(call, tostring(n))
    if not ok and err.code == "invalid_record" then ok, err = timed(call, n) end
    for _ = 1, 20 do
        if ok or err.code ~= "invalid_record" then break end
        ok, err = timed(call, tostring(n))
        if not ok and err.code == "invalid_record" then ok, err = timed(call, n) end
    end
    if not ok then error(tostring(err)) end
    return ok
end

local function fresh(prefix)
    serial = serial + 1
    return ("%s%s.%d"):format(prefix, seed, serial)
end

local function insert()
    local id, u, n, a = fresh "w", fresh "u", math.random(1 << 40), math.random(20)
    put(n, function(value) return t:insert { id = id, n = value, u = u, a = a } end)
    model[id] = { n = n, u = u, a = a }
    ids[#ids + 1] = id
end

local function some(deleted)
    for _ = 1, 50 do
        local id = ids[math.random(#ids)]
        if model[id] and (model[id].deleted or false) == deleted then return id, model[id] end
    end
end

local work = {
    insert, insert,
    function()
        local id, record = some(false)
        local n, a = math.random(1 << 40), math.random(20)
        put(n, function(value) return t:update(id, { n = value, a = a }) end)
        record.n, record.a = n, a
    end,
    function() -- a unique value moves from one record to another
        local one, first = some(false)
        local two, second = some(false)
        if one == two then return end
        local u, new = first.u, fresh "u"
        done("t.update", timed(t.update, t, one, { u = new }))
        first.u = new
        done("t.update", timed(t.update, t, two, { u = u }))
        second.u = u
    end,
    function()
        local id, record = some(false)
        done("t.delete", timed(t.delete, t, id))
        record.deleted = true
    end,
    function()
        local id, record = some(true)
        if not id then return end
        done("t.restore", timed(t.restore, t, id))
        record.deleted = nil
    end,
    function() -- gone, and its unique value and its id are taken again
        local id, record = some(false)
        done("t.delete", timed(t.delete, t, id, { hard = true }))
        local n = math.random(1 << 40)
        put(n, function(value) return t:insert { id = id, n = value, u = record.u, a = 1 } end)
        record.n, record.a = n, 1
    end,
}

local many = {}
for i = 1, records do
    local id, u, n, a = fresh "w", fresh "u", math.random(1 << 40), math.random(20)
    many[i] = { id = id, n = tostring(n), u = u, a = a }
    model[id] = { n = n, u = u, a = a }
    ids[i] = id
end
assert(t:insert_many(many))
note "ready"
while not io.open(notes_path .. ".go") do os.execute "sleep 0.01" end
stall, calls = 0, 0
local stop = now() + tonumber(seconds)
if role == "append" then work = { insert } end
repeat work[math.random(#work)]() until now() > stop
local file <close> = assert(io.open(notes_path, "w"))
file:write(("%.2f %d\n"):format(stall, calls))
for id, record in pairs(model) do
    file:write(("%s %d %s %d %s\n"):format(id, record.n, record.u, record.a, tostring(record.deleted or false)))
end
]]

-- writer_url: another node of a cluster.
local function on_server(engine, writer_url)
    describe("building while others write", function()
        local processes, db, t

        pace.rest_collector(setup, teardown)

        before_each(function()
            processes = children.new(child)
            db = engine.open { timeout = 20 }
            t = assert(db:create_table("t", { columns = {
                { name = "n", dataType = "string" }, { name = "u", dataType = "string" },
                { name = "a", dataType = "integer" }, { name = "p", dataType = "text" } } }))
        end)
        after_each(function()
            for _, one in ipairs(processes.started) do os.remove(one.notes .. ".go") end
            processes:remove()
            db:close()
        end)

        local function start(role, seconds)
            return processes:start({ role == "append" and writer_url or engine.url, db.application, role,
                math.random(1 << 30), seconds }, ("FLEXDB_TEST_RECORDS=%d FLEXDB_BUILD_FROM=1"):format(RECORDS))
        end

        local function go(one) assert(io.open(one.notes .. ".go", "w")):close() end

        -- What a statement finds, line by line, by the server's own client.
        local function ask(sql)
            local user, password, host, port, name =
                engine.url:match "^mysql://([^:@]+):?([^@]*)@([^:/]+):?(%d*)/([^?]+)"
            local socket = engine.url:match "socket=([^&]+)"
            local command = ("MYSQL_PWD=%s mariadb --no-defaults -N -u %s %s %s -e %s 2>&1"):format(quote(password),
                quote(user), socket and "-S " .. quote(socket)
                    or ("-h %s -P %s"):format(quote(host), port ~= "" and port or "3306"), quote(name), quote(sql))
            local pipe <close> = assert(io.popen(command))
            local found = {}
            for line in pipe:lines() do found[#found + 1] = line end
            return found
        end

        -- One physical table and nothing else has the table's id in its name.
        local function check_leftovers()
            local digits = t.id:gsub("-", "")
            local found = ask(([[select table_name from information_schema.tables where table_schema = database()
                and table_name like '%%%s%%' union all select trigger_name from information_schema.triggers
                where trigger_schema = database() and trigger_name like '%%%s%%']]):format(digits, digits))
            assert.equal(1, #found, table.concat(found, " "))
            assert.truthy(found[1]:find("^flex_records_"), found[1])
            local noted = ask(([[select json_extract(storage, '$.build') from flex_tables where id = '%s']])
                :format(t.id))
            assert.same({ "NULL" }, noted)
        end

        -- What the writers were told against what is there; the longest stall and the number of calls.
        local function check(writers)
            local must, stall, calls = {}, 0, 0
            for _, one in ipairs(writers) do
                local list = one:lines()
                local longest, count = list[1]:match "(%S+) (%S+)"
                stall, calls = math.max(stall, tonumber(longest)), calls + tonumber(count)
                for i = 2, #list do
                    local id, rest = list[i]:match "(%S+) (.*)"
                    must[id] = rest
                end
            end
            if writer_url then os.execute "sleep 1" end -- what the other node has answered for is on its way
            assert(t:schema())
            local live, by_a = 0, {}
            for row in t:each { includeDeleted = true } do
                local deleted = row.deleted_at ~= nil
                assert.equal(must[row.id], ("%s %s %d %s"):format(row.n, row.u, row.a, deleted), row.id)
                must[row.id] = nil
                if not deleted then
                    live = live + 1
                    by_a[row.a] = (by_a[row.a] or 0) + 1
                end
            end
            assert.is_nil(next(must))
            assert.equal(live, t:count())
            -- By the physical columns too, where there are any.
            for a, count in pairs(by_a) do assert.equal(count, t:count { filter = { a = a } }) end
            for row in t:each { limit = 100 } do
                assert.equal(1, t:count { filter = { u = row.u } }, row.u)
                assert.equal(1, t:count { filter = { n = row.n } })
            end
            return stall, calls
        end

        local function check_versions()
            local versions = assert(t:history { schemas = false })
            for i, entry in ipairs(versions) do assert.equal(i, entry.version) end
            assert.equal(#versions, t.version)
        end

        it("keeps what writers were told, whatever is retyped, indexed, made unique or rolled back", function()
            engines.seed("building on " .. engine.name)
            local role = writer_url and "append" or "write"
            local writers = { start(role, SECONDS), start(role, SECONDS) }
            for _, one in ipairs(writers) do one:wait_ready() end
            local evolver = start("evolve", SECONDS)
            for _, one in ipairs(writers) do go(one) end
            local said = {}
            for _, one in ipairs(processes.started) do said[#said + 1] = one:finish() end
            assert.equal("", table.concat(said))
            local stall, calls = check(writers)
            check_versions()
            check_leftovers()
            local made = tonumber(evolver:lines()[1])
            io.stderr:write(("  %d evolutions, %d writes, the longest took %.2f s\n"):format(made, calls, stall))
            assert.is_true(made > 0)
            assert.equal(made + 1, t.version)
            assert.is_true(stall < LONGEST_STALL, ("a write took %.2f s"):format(stall))
        end)

        if writer_url then return end

        it("lets two evolvers take turns", function()
            local writer = start("write", 1)
            writer:wait_ready()
            local first, second = start("evolve", 1), start("evolve", 1)
            go(writer)
            for _, one in ipairs(processes.started) do assert.equal("", one:finish()) end
            check { writer }
            check_versions()
            check_leftovers()
            assert.is_true(t.version > 1 and tonumber(first:lines()[1]) > 0 and tonumber(second:lines()[1]) > 0)
        end)

        it("may be killed while it builds: the next evolution goes on", function()
            engines.seed("killed builders on " .. engine.name)
            local writer = start("write", 0.4 * KILLS)
            writer:wait_ready()
            go(writer)
            for round = 1, KILLS do
                local evolver = start("evolve", 60)
                evolver:wait_ready()
                os.execute(("sleep 0.%03d"):format(math.random(0, 500)))
                evolver:kill()
                assert(t:schema())
                check_versions()
                if round % 2 == 0 then
                    assert(t:evolve(function(c) c:add { name = "x" .. round, dataType = "integer" } end))
                    check_leftovers()
                end
            end
            assert.equal("", writer:finish())
            local last = start("evolve", 0)
            assert.equal("", last:finish())
            check { writer }
            check_versions()
            check_leftovers()
        end)

        it("begins anew when its note is swept before it has the lock", function()
            local records = {}
            for i = 1, 300 do records[i] = { n = tostring(i), u = "u" .. i, a = 1 } end
            assert(t:insert_many(records))
            local connection, environment = raw.connect(engine)
            local name = ("SHA2(CONCAT(DATABASE(), '.', '%s'), 256)"):format(t.id)
            name = ("CONCAT('flexdb:', LEFT(%s, 40))"):format(name)
            assert.equal("1", raw.rows(connection, ("SELECT GET_LOCK(%s, 0) AS had"):format(name))[1].had)
            local evolver = start("integer", 0)
            local noted = ([[SELECT 1 FROM flex_tables WHERE id = '%s' AND storage LIKE '%%"build"%%']]):format(t.id)
            for _ = 1, 2000 do
                if #raw.rows(connection, noted) > 0 then break end
                os.execute "sleep 0.005"
            end
            raw.run(connection, "UPDATE flex_tables SET storage = JSON_REMOVE(storage, '$.build'), "
                .. "revision = revision + 1 WHERE id = '%s'", t.id)
            raw.rows(connection, ("SELECT RELEASE_LOCK(%s) AS had"):format(name))
            connection:close()
            environment:close()
            assert.equal("", evolver:finish())
            assert(t:schema())
            assert.equal(2, t.version)
            assert.equal(300, t:count { filter = { n = { gte = 1 } } })
            check_leftovers()
        end)

        it("reports duplicates and changes nothing", function()
            local writer = start("write", 0.1)
            writer:wait_ready()
            go(writer)
            assert.equal("", writer:finish())
            local some = assert(t:find { limit = 1 })[1]
            assert(t:insert { id = "twin", u = some.u, n = "1", a = 1 })
            local version = t.version
            local said = start("unique", 0):finish()
            assert.truthy(said:find(('duplicate: u: "%s" is held by 2 records: %s, twin'):format(
                some.u, some.id), 1, true), said)
            assert(t:schema())
            assert.equal(version, t.version)
            check_leftovers()
            assert(t:delete("twin", { hard = true }))
            check { writer }
        end)

        it("reports values that do not convert, all of them counted", function()
            local records = {}
            for i = 1, 3000 do records[i] = { n = i % 100 == 0 and "x" .. i or tostring(i), u = "u" .. i, a = 1 } end
            assert(t:insert_many(records))
            local said = start("integer", 0):finish()
            assert.truthy(said:find("invalid_record: 30 records stand against the change", 1, true), said)
            assert(t:schema())
            assert.equal(1, t.version)
            check_leftovers()
        end)
    end)
end

engines.each(function(engine)
    if engine.server then on_server(engine) end
end)

describe("on a cluster", function()
    local nodes = {}
    for url in (os.getenv "FLEXDB_TEST_GALERA_URLS" or ""):gmatch "%S+" do nodes[#nodes + 1] = url end
    if nodes[2] then
        on_server(engines.at("Galera", nodes[1]), nodes[2])
    else
        pending "building while another node writes: needs two nodes in FLEXDB_TEST_GALERA_URLS"
    end
end)
if not engines.list[2] then
    describe("building while others write", function() pending "needs a server" end)
end
