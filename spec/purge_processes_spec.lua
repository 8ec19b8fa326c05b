-- purge beside other processes: one that is killed, and others that write meanwhile.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"

local RECORDS <const> = pace.rounds(1500, 200)

-- arg: url, application, role
local child = [[
    local url, application, role = table.unpack(arg)
    local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
    local t = assert(db:table "t")
    note "ready"
    if role == "purge" then
        assert(t:purge { keep_versions = 1, batch = 3, on_progress = function(n) note(n) end })
        note "done"
    else
        for round = 1, math.huge do
            for i = 1, 60 do
                note("try", i, round)
                assert(t:update("r" .. i, { n = round }))
                note("done", i, round)
            end
        end
    end
]]

engines.each(function(engine)
    describe("purge in processes", function()
        local processes, db, t, connection, environment

        local function start(role) return processes:start { engine.url, db.application, role } end
        local function holding(pattern)
            return tonumber(raw.rows(connection, ("SELECT COUNT(*) AS n FROM %s WHERE data LIKE '%%%s%%'"):format(
                raw.storage(connection, t).table, pattern))[1].n)
        end

        local function healthy()
            local report = assert(flexdb.doctor(db, { tables = { "t" } }))
            assert.is_true(report.ok, tostring(report))
        end

        before_each(function()
            processes = children.new(child)
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "gone", dataType = "string" }, { name = "n", dataType = "integer", indexed = true },
                { name = "kept", dataType = "string" } } }))
            local records = {}
            for i = 1, RECORDS do records[i] = { id = "r" .. i, gone = "secret" .. i, n = 0, kept = "k" .. i } end
            assert(t:insert_many(records))
            assert(t:evolve(function(c) c:remove "gone" end))
            connection, environment = raw.connect(engine)
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
            processes:remove()
        end)

        it("may be killed at any moment: a second one goes on", function()
            engines.seed("kills of a purge on " .. engine.name)
            for _ = 1, 3 do
                local one = start "purge"
                local enough = math.random(0, RECORDS // 4)
                one:wait(function(all) return #all > 0 and (#all > enough // 3 or all[#all] == "done") end)
                assert.equal("", one:kill())
                local left = holding "secret"
                assert.is_true(left < RECORDS or enough < 9)
                assert.equal("not_found", select(2, t:rollback(1)).code)
                healthy()
            end
            local left = holding "secret"
            local result = assert(t:purge())
            assert.equal(left, result.rewritten)
            assert.equal(0, holding "secret")
            local count = 0
            for row in t:each() do
                count = count + 1
                assert.equal("k" .. row.id:sub(2), row.kept)
                assert.equal(1, row._version)
            end
            assert.equal(RECORDS, count)
            healthy()
        end)

        it("loses nothing that others write meanwhile", function()
            local writer = start "write"
            writer:wait(function(all) return #all > 20 end)
            local result = assert(t:purge { keep_versions = 1, batch = 10 })
            local so_far = #writer:lines()
            writer:wait(function(all) return #all > so_far + 20 end)
            assert.equal("", writer:kill())
            assert.is_true(result.rewritten >= RECORDS)
            assert.equal(0, holding "secret")
            local must, may = {}, {}
            for _, line in ipairs(writer:lines()) do
                local what, i, round = line:match "^(%a+) (%d+) (%d+)$"
                if what == "try" then may[i] = tonumber(round) end
                if what == "done" then must[i] = tonumber(round) end
            end
            for i, round in pairs(must) do
                local n = t:get("r" .. i).n
                assert.is_true(n == round or n == may[i], ("r%s: %d was acknowledged, is %d"):format(i, round, n))
            end
            healthy()
        end)
    end)
end)
