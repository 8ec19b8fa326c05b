-- purge beside other processes: one that is killed, and others that write meanwhile.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

-- Everything takes many times as long beside a collector that never rests.
local pressed = os.getenv "FLEXDB_TEST_GC" == "1"

engines.each(function(engine)
    describe("purge in processes", function()
        local lua = os.getenv "LUA" or "lua5.4"
        local script, notes, db, t, connection, environment
        local RECORDS = pressed and 200 or 1500

        local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

        -- arg: role, url, application, notes
        local child = [[
            local flexdb = require "flexdb"
            local role, url, application, path = table.unpack(arg)
            local notes = assert(io.open(path, "w"))
            local function note(...)
                notes:write(table.concat({ ... }, " "), "\n")
                notes:flush()
            end
            local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
            local t = assert(db:table "t")
            if role == "purge" then
                note "ready"
                assert(t:purge { keep_versions = 1, batch = 3, on_progress = function(n) note(n) end })
                note "done"
            else
                note "ready"
                for round = 1, math.huge do
                    for i = 1, 60 do
                        note("try", i, round)
                        assert(t:update("r" .. i, { n = round }))
                        note("done", i, round)
                    end
                end
            end
        ]]

        local function start(role)
            local command = ("echo $$; exec %s %s %s %s %s %s 2>&1"):format(lua, quote(script), role, quote(engine.url),
                db.application, quote(notes))
            local pipe = assert(io.popen(command))
            return { pipe = pipe, pid = assert(pipe:read "n") }
        end
        local function lines()
            local out = {}
            local file = io.open(notes)
            if file then
                for line in file:lines() do out[#out + 1] = line end
                file:close()
            end
            return out
        end
        local function wait_for(ready)
            for _ = 1, 3000 do
                local all = lines()
                if ready(all) then return all end
                os.execute "sleep 0.005"
            end
            error "the child does not come on"
        end
        local function kill(one)
            os.execute(("kill -9 %d"):format(one.pid))
            one.pipe:read "a"
            one.pipe:close()
        end
        local function holding(pattern)
            local storage = assert(flexdb.json.decode(raw.rows(connection,
                ("SELECT storage FROM flex_tables WHERE id = '%s'"):format(t.id))[1].storage))
            return tonumber(raw.rows(connection, ("SELECT COUNT(*) AS n FROM %s WHERE data LIKE '%%%s%%'"):format(
                storage.table, pattern))[1].n)
        end

        local function healthy()
            local report = assert(flexdb.doctor(db, { tables = { "t" } }))
            assert.is_true(report.ok, tostring(report))
        end

        before_each(function()
            script, notes = os.tmpname(), os.tmpname()
            local out = assert(io.open(script, "w"))
            out:write(child)
            out:close()
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
            os.remove(script)
            os.remove(notes)
        end)

        it("may be killed at any moment: a second one goes on", function()
            engines.seed("kills of a purge on " .. engine.name)
            for _ = 1, 3 do
                os.remove(notes)
                local one = start "purge"
                local enough = math.random(0, RECORDS // 4)
                wait_for(function(all) return #all > 0 and (#all > enough // 3 or all[#all] == "done") end)
                kill(one)
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
            wait_for(function(all) return #all > 20 end)
            local result = assert(t:purge { keep_versions = 1, batch = 10 })
            local so_far = #lines()
            wait_for(function(all) return #all > so_far + 20 end)
            kill(writer)
            assert.is_true(result.rewritten >= RECORDS)
            assert.equal(0, holding "secret")
            local must, may = {}, {}
            for _, line in ipairs(lines()) do
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
