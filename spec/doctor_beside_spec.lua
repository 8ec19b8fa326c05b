-- Doctor beside processes that evolve: what they make or drop in the same moment is no problem. On a server the old
-- physical table goes only after the new one has come into force, when nobody names it any more.
--
-- FLEXDB_TEST_ROUNDS makes it longer.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"

local ROUNDS = pace.rounds(1, 1, "FLEXDB_TEST_ROUNDS")
local EVOLUTIONS = pace.rounds(40, 10)

-- arg: url, application, how often
local evolver = [[
local url, application, times = table.unpack(arg)
local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
local t = assert(db:table "t")
for i = 1, tonumber(times) do
    local ok, err = t:evolve(function(c) c:modify("n", { indexed = i % 2 == 1 }) end)
    if not ok and err.code ~= "busy" then error(tostring(err)) end
end
note "done"
]]

-- Keeps the old physical table from being dropped for a moment after its definition is over.
-- arg: url, physical table, id of the table
local holder = [[
local raw = require "spec.support.raw"
local url, physical, id = table.unpack(arg)
local connection, environment = raw.connect { url = url, server = true }
raw.run(connection, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
raw.run(connection, "START TRANSACTION")
raw.rows(connection, "SELECT id FROM " .. physical .. " LIMIT 1")
note "begun"
for _ = 1, 2000 do
    local row = raw.rows(connection, ("SELECT version FROM flex_tables WHERE id = '%s'"):format(id))[1]
    if row.version == "2" then break end
    os.execute "sleep 0.005"
end
os.execute "sleep 0.4"
raw.run(connection, "COMMIT")
connection:close()
environment:close()
os.exit(true, false) -- the client library leaves memory behind when it is unloaded
]]

engines.each(function(engine)
    describe("doctor beside evolutions", function()
        local evolvers, holders, db, t

        local function ended(one) return one:lines()[1] == "done" end
        local function make_table()
            t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
            for i = 1, 5 do assert(t:insert { n = i }) end
        end

        before_each(function()
            evolvers, holders = children.new(evolver), children.new(holder)
            db = engine.open { timeout = 20 }
        end)
        after_each(function()
            db:close()
            evolvers:remove()
            holders:remove()
        end)

        -- Everything in one transaction, as long as an evolution comes beside it.
        local function within(handle, look) return handle:transaction(look) end
        local function alone(_, look) return look() end
        for _, case in ipairs {
            { "raises no alarm", false, alone }, { "raises no alarm, where it may only read", true, alone },
            { "raises no alarm inside a transaction", false, within },
            not engine.server and { "raises no alarm inside a transaction that may only read", true, within } or nil,
        } do
            local read_only, around = case[2], case[3]
            it(case[1], function()
                local reader <close> = assert(flexdb.open(engine.url, { application = db.application, timeout = 20,
                    read_only = read_only }))
                local alarms, looks = {}, 0
                for _ = 1, ROUNDS do
                    make_table()
                    local others = {}
                    for i = 1, 2 do others[i] = evolvers:start { engine.url, db.application, EVOLUTIONS } end
                    repeat
                        local report, err = around(reader, function()
                            assert.equal(1, #assert(reader:tables())) -- what is read from now on is as old as this
                            if around == within then os.execute "sleep 0.03" end
                            return flexdb.doctor(reader, { tables = { "t" } })
                        end)
                        looks = looks + 1
                        if report then
                            if not report.ok then alarms[#alarms + 1] = tostring(report) end
                        else
                            assert.equal("conflict", err.code, tostring(err))
                        end
                    until ended(others[1]) or ended(others[2])
                    for _, one in ipairs(others) do assert.equal("", one:finish()) end
                    assert(db:drop_table "t")
                end
                if ROUNDS > 1 then io.stderr:write(("  %d looks\n"):format(looks)) end
                assert.same({}, alarms)
            end)
        end

        if engine.server then
            -- It would hold a catalogue of then against physical tables of now.
            it("does not look inside a transaction that may only read", function()
                make_table()
                local reader <close> = assert(flexdb.open(engine.url, { application = db.application,
                    read_only = true }))
                local report, err = reader:transaction(function()
                    return flexdb.doctor(reader, { tables = { "t" } })
                end)
                assert.is_nil(report)
                assert.equal("unsupported: doctor looks at what is there now, which a transaction that may only read "
                    .. "does not see", tostring(err))
                assert.is_true(assert(flexdb.doctor(reader, { tables = { "t" } })).ok)
            end)

            it("waits for who is about to drop what nobody names any more", function()
                make_table()
                local connection, environment = raw.connect(engine)
                local physical = raw.storage(connection, t).table
                local holding = holders:start { engine.url, physical, t.id }
                holding:wait_ready()
                local evolving = evolvers:start { engine.url, db.application, 1 }
                while assert(t:schema()).version == 1 do os.execute "sleep 0.005" end
                assert.is_true(raw.is_there(connection, physical))
                local report = assert(flexdb.doctor(db, { tables = { "t" } }))
                assert.is_true(report.ok, tostring(report))
                assert.is_false(raw.is_there(connection, physical))
                assert.equal("", holding:finish())
                assert.equal("", evolving:finish())
                connection:close()
                environment:close()
            end)
        end
    end)
end)
