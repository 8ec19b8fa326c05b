-- Retypes tell how far they have come, and take a moment.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local retypes = require "spec.support.retypes"

local column <const> = retypes.column

engines.each(function(engine)
    describe("a retype", function()
        local bed = retypes.bed(engine)
        local retype = bed.retype

        describe("tells how far it has come", function()
            local function load(records)
                bed.t = assert(bed.db:create_table("t", { columns = { column("v", "text"), column("n", "integer") } }))
                local i = 0
                assert(bed.t:insert_many(function()
                    i = i + 1
                    return i <= records and { v = tostring(i), n = i } or nil
                end))
                assert(bed.t:delete(assert(bed.t:first()).id))
            end

            local required = { { op = "modify_column", name = "n", set = { required = true } } }
            local to_integer = { { op = "modify_column", name = "v", set = { dataType = "integer" } } }

            it("by the records that are done, and of how many", function()
                load(12000)
                for _, scenario in ipairs {
                    { "convert", 12000, function(o) return bed.t:plan(to_integer, o) end },
                    { "check", 11999, function(o) return bed.t:plan(required, o) end },
                    { "check", 11999, function(o) return bed.t:evolve(required, o) end },
                    { "convert", 12000, function(o) return bed.t:evolve(to_integer, o) end },
                    { "convert", 12000, function(o) return bed.t:rollback(1, o) end },
                    { "index", 12000, function(o)
                        return bed.t:evolve(function(c) c:modify("v", { indexed = true }) end, o)
                    end },
                } do
                    local told = {}
                    assert(scenario[3] { on_progress = function(at) told[#told + 1] = at end })
                    assert.is_true(#told >= 2)
                    for i, at in ipairs(told) do
                        assert.equal(scenario[1], at.step)
                        assert.equal(scenario[2], at.total)
                        assert.is_true(at.done >= (i > 1 and told[i - 1].done or 1))
                    end
                    assert.equal(scenario[2], told[#told].done)
                end
            end)

            it("and is undone by what that raises, which goes through as it is", function()
                local why = { "enough" }
                load(12)
                for _, call in ipairs {
                    function(o) return bed.t:evolve(to_integer, o) end,
                    function(o) return bed.t:evolve(function(c) c:modify("v", { indexed = true }) end, o) end,
                    function(o) return bed.t:plan(to_integer, o) end,
                    function(o) return bed.t:rollback(1, o) end,
                } do
                    if bed.t.version == 1 and call then assert(bed.t:evolve(function(c) c:rename("n", "m") end)) end
                    local version = bed.t.version
                    local ok, got = pcall(call, { on_progress = function() error(why) end })
                    if ok then
                        assert.equal(version + 1, bed.t.version) -- it had no record to look at
                    else
                        assert.equal(why, got)
                        assert.equal(version, bed.t.version)
                        assert.equal("12", assert(bed.t:first { orderBy = { "-m" } }).v)
                    end
                end
                assert(bed.t:evolve(to_integer))
            end)

            it("to a function that cannot yield", function()
                load(3)
                local worker = coroutine.create(function()
                    bed.t:evolve(to_integer, { on_progress = function() coroutine.yield() end })
                end)
                local ok, why = coroutine.resume(worker)
                assert.is_false(ok)
                assert.equal("attempt to yield across a C-call boundary", why)
                assert.equal(1, bed.t.version)
            end)

            it("to a function that has to leave the connection alone, but no other", function()
                load(1200)
                local other <close> = assert(flexdb.open "sqlite::memory:")
                local own = assert(other:create_table("log", { columns = { { name = "done", dataType = "integer" } } }))
                local loop = bed.t:each()
                loop()
                local seen = {}
                local function refused(call, ...)
                    local ok, why = pcall(call, ...)
                    assert.is_false(ok)
                    seen[#seen + 1] = tostring(why):match "on_progress.*"
                end
                assert(bed.t:evolve(to_integer, { on_progress = function(at)
                    if #seen > 0 then return end
                    assert(own:insert { done = at.done })
                    refused(bed.t.get, bed.t, "x")
                    refused(bed.t.insert, bed.t, { v = "x" })
                    refused(bed.t.plan, bed.t, to_integer)
                    refused(bed.db.transaction, bed.db, function() end)
                    refused(bed.db.tables, bed.db)
                    assert.equal("t", bed.t.name)
                    assert.equal(1, bed.t.version)
                end }))
                assert.equal(5, #seen)
                for _, message in ipairs(seen) do
                    assert.equal("on_progress must not use the database that calls it", message)
                end
                assert.equal(1, own:count())
                assert.equal(2, bed.t.version)
                assert.is_string(assert(loop()).v) -- the result is that of its beginning
            end)

            it("to a function that closes the database, which ends with it", function()
                local application = engines.fresh()
                local mine = engine.open { application = application }
                local u = assert(mine:create_table("u", { columns = { column("v", "text") } }))
                assert(u:insert { v = "1" })
                local ok, why = pcall(u.evolve, u, to_integer, { on_progress = function() mine:close() end })
                assert.is_false(ok)
                assert.truthy(why:find("the database is closed", 1, true))
                assert.is_false(pcall(u.get, u, "x"))
                local again <close> = engine.open { application = application }
                assert.equal(1, assert(again:table "u").version)
                assert.equal("1", assert(again:table("u"):first()).v)
            end)

            it("to a function that gives up the transaction around it", function()
                for _, give_up in ipairs {
                    function(worker) coroutine.close(worker) end,
                    function() collectgarbage() end,
                } do
                    local u = assert(bed.db:create_table("u", { columns = { column("v", "text") } }))
                    assert(u:insert { v = "1" })
                    local function begin()
                        return coroutine.create(function()
                            local n = 0
                            u:insert_many(function()
                                n = n + 1
                                if n == 2 then coroutine.yield() end
                                return n < 3 and { v = "2" } or nil
                            end)
                        end)
                    end
                    local worker = begin()
                    assert(coroutine.resume(worker))
                    local done = pcall(u.evolve, u, to_integer, { on_progress = function()
                        local it = worker
                        worker = nil
                        give_up(it)
                    end })
                    if done then
                        collectgarbage()
                        collectgarbage()
                    end
                    -- whatever came of it went with the transaction
                    assert.equal(1, u:schema().version)
                    assert.equal("1", assert(u:first()).v)
                    assert.equal(1, u:count())
                    assert(bed.db:drop_table "u")
                end
            end)

            it("to a function, and to nothing else", function()
                load(3)
                local ok, why = pcall(bed.t.evolve, bed.t, to_integer, { on_progress = 5 })
                assert.is_false(ok)
                assert.truthy(why:find("option 'on_progress' must be a function, is a number", 1, true))
            end)
        end)

        it("of 10,000 records takes a moment", function()
            bed.t = assert(bed.db:create_table("t", { columns = { column("v", "text"), column("n", "integer") } }))
            local i = 0
            assert(bed.t:insert_many(function()
                i = i + 1
                return i <= 10000 and { v = tostring(i), n = i } or nil
            end))
            local began = os.clock()
            local entry = assert(retype "integer")
            assert.equal(10000, entry.changes[1].details.conversion.exact)
            assert.equal(4321, assert(bed.t:first { filter = { n = 4321 } }).v)
            -- 0.1 s; valgrind and sanitizers take their time
            assert.is_true(os.clock() - began < 10)
        end)
    end)
end)
