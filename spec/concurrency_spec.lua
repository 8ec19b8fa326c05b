-- Processes that write and evolve one table at once, and processes that are killed while they do.
--
-- Each child notes in a file of its own what it is about to do and what was acknowledged; what it notes is with the
-- operating system before the next call, so that it outlives the child.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"

local WRITERS, EVOLVERS, SECONDS = 3, 2, 1
local KILLS = pace.rounds(6, 2)
-- Values whose index entries are counted at each check.
local COUNTS = pace.rounds(1000, 30)

-- arg: url, application, role, seed, seconds
local child = [[
local url, application, role, seed, seconds = table.unpack(arg)
math.randomseed(tonumber(seed))
local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
local t = assert(db:table "t")

-- Whether it was done; what may not be is noted and ends the child.
local function done(ok, err)
    if ok then return true end
    if err.code == "busy" or err.code == "conflict" and err.retryable then return false end
    note("error", role, err.code, (tostring(err):gsub("\n", " ")))
    os.exit(1)
end

local work = {}
local serial, mine = 0, {}

local function fresh()
    serial = serial + 1
    local id = ("w%s.%d"):format(seed, serial)
    mine[#mine + 1] = id
    return id
end

local function attempt(ids, a, call)
    note("try", a, table.unpack(ids))
    note(done(call()) and "done" or "refused")
end

function work.write()
    local what, a = math.random(10), math.random(40)
    local record = { a = a, s = "s" .. a, k = tostring(a), p = ("p"):rep(math.random(2000)) }
    local id = #mine > 0 and mine[math.random(#mine)]
    if what <= 4 or not id then
        record.id = fresh()
        attempt({ record.id }, a, function() return t:insert(record) end)
    elseif what <= 6 then
        attempt({ id }, a, function()
            local ok, err = t:update(id, record)
            if not ok and err.code == "not_found" then ok, err = t:restore(id) end
            if ok then ok, err = t:update(id, record) end
            return ok or err.code == "not_found", err
        end)
    elseif what <= 8 then
        local records, ids = {}, {}
        for i = 1, math.random(30) do
            ids[i] = fresh()
            records[i] = { id = ids[i], a = a, s = "s" .. a, k = tostring(a) }
        end
        attempt(ids, a, function() return t:insert_many(records) end)
    else
        local first, second = fresh(), fresh()
        attempt({ first, second }, a, function()
            return db:transaction(function()
                local ok, err = t:insert { id = first, a = a, s = "s" .. a, k = tostring(a) }
                if ok then ok, err = t:insert { id = second, a = a, s = "s" .. a, k = tostring(a) } end
                if not ok then return nil, err end
                return true
            end)
        end)
    end
end

local function type_of_k()
    for _, column in ipairs(assert(t:schema()).columns) do
        if column.name == "k" then return column.dataType end
    end
end

local indexed, added = true, 0
function work.evolve()
    done(t:evolve(function(c) c:modify("k", { dataType = type_of_k() == "integer" and "string" or "integer" }) end))
    indexed = not indexed
    done(t:evolve(function(c) c:modify("s", { indexed = indexed }) end))
    added = added + 1
    local name = ("c%s_%d"):format(seed, added)
    if done(t:evolve(function(c) c:add { name = name, dataType = "integer", defaultValue = added } end)) then
        done(t:evolve(function(c) c:remove(name) end))
    end
    note("evolved", t.version)
    os.execute "sleep 0.03"
end

local stop = os.time() + tonumber(seconds)
note "ready"
repeat work[role]() until os.time() > stop
]]

engines.each(function(engine)
    describe("processes", function()
        local processes, db, t

        pace.rest_collector(setup, teardown)

        before_each(function()
            processes = children.new(child)
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "integer", indexed = true },
                { name = "s", dataType = "string", indexed = true }, { name = "k", dataType = "string" },
                { name = "p", dataType = "text" } } }))
        end)
        after_each(function()
            processes:remove()
            db:close()
        end)

        local function start(role, seconds)
            local one = processes:start { engine.url, db.application, role, math.random(1 << 30), seconds }
            one.role = role
            return one
        end

        -- From a child's notes: the value of `a` that each record must have, and for the last attempt, which may have
        -- been made or not, the one that it may have.
        local function expected_of(one)
            local must, may, try = {}, {}, nil
            for _, line in ipairs(one:lines()) do
                local words = {}
                for word in line:gmatch "%S+" do words[#words + 1] = word end
                assert.not_equal("error", words[1], line)
                if words[1] == "try" then
                    try = { a = math.tointeger(words[2]), table.unpack(words, 3) }
                elseif words[1] == "done" then
                    for _, id in ipairs(try) do must[id] = try.a end
                    try = nil
                elseif words[1] == "refused" then
                    try = nil
                end
            end
            for _, id in ipairs(try or {}) do may[id] = try.a end
            return must, may
        end

        -- A server goes on with the last statement of a client that was killed.
        local function settle()
            local before, same = nil, 0
            while engine.server and same < 4 do
                local count = assert(t:count())
                same = count == before and same + 1 or 0
                before = count
                os.execute "sleep 0.05"
            end
        end

        local function check()
            local now = {}
            local by_a, by_s, total = {}, {}, 0
            for row in t:each() do
                now[row.id] = row.a
                total = total + 1
                by_a[row.a] = (by_a[row.a] or 0) + 1
                by_s[row.s] = (by_s[row.s] or 0) + 1
                assert.equal(tostring(row.a), tostring(row.k), row.id)
                if row.s ~= "s" .. row.a then error(("record %s: a = %d, s = %s"):format(row.id, row.a, row.s)) end
            end
            assert.equal(total, t:count())
            for name, counts in pairs { a = by_a, s = by_s } do
                local asked = 0
                for value, count in pairs(counts) do
                    asked = asked + 1
                    if asked > COUNTS then break end
                    assert.equal(count, t:count { filter = { [name] = value } })
                end
            end
            local known = 0
            for _, one in ipairs(processes.started) do
                if one.role == "write" then
                    local must, may = expected_of(one)
                    for id, a in pairs(must) do
                        local there = now[id]
                        assert.is_true(there == a or there ~= nil and there == may[id],
                            ("%s was acknowledged with %d, is %s"):format(id, a, tostring(there)))
                        known = known + 1
                    end
                    -- All of an attempt or nothing.
                    local made, missing = 0, 0
                    for id in pairs(may) do
                        if must[id] == nil then
                            if now[id] ~= nil then made = made + 1 else missing = missing + 1 end
                        end
                    end
                    assert.is_true(made == 0 or missing == 0, "half of an attempt is there")
                    known = known + made
                end
            end
            assert.equal(known, total)
            -- A killed process may have left a physical table behind.
            assert.is_true(assert(flexdb.doctor(db, { tables = { "t" }, repair = true })).ok)
            local report = assert(flexdb.doctor(db, { tables = { "t" } }))
            assert.is_true(report.ok, tostring(report))
            local versions = assert(t:history { schemas = false })
            for i, entry in ipairs(versions) do assert.equal(i, entry.version) end
            assert.equal(#versions, t.version)
            return total
        end

        it("write and evolve at once: nothing is lost, nothing is twice", function()
            engines.seed("processes on " .. engine.name)
            for _ = 1, WRITERS do start("write", SECONDS) end
            for _ = 1, EVOLVERS do start("evolve", SECONDS) end
            for _, one in ipairs(processes.started) do assert.equal("", one:finish()) end
            assert.is_true(check() > 0)
            assert.is_true(t.version > 2)
        end)

        it("may be killed at any moment: what was acknowledged is there, and the table works", function()
            engines.seed("kills on " .. engine.name)
            local evolver
            for round = 1, KILLS do
                -- An evolver is killed as well, now and then.
                evolver = evolver or start("evolve", 60)
                local writer = start("write", 60)
                writer:wait_ready()
                evolver:wait_ready()
                os.execute(("sleep 0.%03d"):format(math.random(20, 250)))
                if round % 2 == 0 then
                    writer:kill(evolver)
                    evolver = nil
                else
                    writer:kill()
                end
            end
            if evolver then evolver:kill() end
            settle()
            check()
            -- what a killed evolver has left is found and mended
            local mended = assert(flexdb.doctor(db, { tables = { "t" }, repair = true }))
            assert.is_true(mended.ok, tostring(mended))
            assert.equal(0, assert(flexdb.doctor(db, { tables = { "t" } })).problem_count)
            assert(t:insert { id = "after", a = 1, s = "s1", k = "1" })
            assert(t:evolve(function(c) c:add { name = "after", dataType = "integer" } end))
            assert(t:update("after", { after = 1 }))
            assert.equal(1, t:count { filter = { after = 1 } })
            assert(t:delete("after", { hard = true }))
            check()
        end)
    end)
end)
