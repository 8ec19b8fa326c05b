-- Methods of tables as the binding gives them: pages, loops, callbacks that yield, and the garbage collector at its
-- worst.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local people = require "spec.support.contacts"

local definition <const>, email <const> = people.definition, people.email

engines.each(function(engine)
    describe("reading and writing", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("contacts", definition))
        end)
        after_each(function() db:close() end)

        local function fill(count)
            for i = 1, count do assert(t:insert { email = email(), age = i }) end
        end

        it("pages with next, which is absent on the last page", function()
            fill(5)
            local page = assert(t:find { orderBy = { "age" }, limit = 2 })
            assert.is_string(page.next)
            local seen = {}
            local after
            repeat
                page = assert(t:find { orderBy = { "age" }, limit = 2, after = after })
                for _, row in ipairs(page) do seen[#seen + 1] = row.age end
                after = page.next
            until not after
            assert.same({ 1, 2, 3, 4, 5 }, seen)
            assert.is_nil(assert(t:find { limit = 5 }).next)
            assert.is_nil(assert(t:find()).next)
        end)

        it("takes first with and without a limit of its own", function()
            fill(3)
            assert.equal(3, assert(t:first { orderBy = { "-age" } }).age)
            assert.equal(2, assert(t:first { orderBy = { "-age" }, offset = 1 }).age)
            assert.equal(1, assert(t:first { limit = 2, orderBy = { "age" } }).age)
            assert.is_nil(t:first { limit = 0 })
            assert.is_nil((t:first { filter = { age = 99 } }))
            assert.equal("invalid_query", select(2, t:first { limit = "x" }).code)
            assert.equal("invalid_query", select(2, t:first { nope = 1 }).code)
        end)

        it("takes many ids in their order, twice when asked twice", function()
            local a, b = assert(t:insert { email = email() }), assert(t:insert { email = email() })
            local rows = assert(t:get_many { b.id, "nobody", a.id, b.id })
            assert.same({ b.id, a.id, b.id }, { rows[1].id, rows[2].id, rows[3].id })
            local ids = {}
            for i = 1, 1500 do ids[i] = i % 2 == 0 and a.id or "none" .. i end
            assert.equal(750, #assert(t:get_many(ids)))
        end)

        it("accepts all in the query and in the options", function()
            fill(2)
            assert.equal(2, assert(t:update_all({ all = true }, { age = 5 })))
            assert.equal(2, assert(t:update_all({}, { age = 6 }, { all = true })))
            assert.equal(2, assert(t:update_all(nil, { age = 7 }, { all = true })))
            assert.equal("invalid_query", select(2, t:update_all(nil, { age = 7 })).code)
            assert.equal("invalid_query", select(2, t:update_all({ all = false }, { age = 7 })).code)
            assert.equal("invalid_query", select(2, t:find { all = true }).code)
            assert.equal(2, assert(t:delete_all({}, { all = true, hard = true })))
        end)

        it("closes a loop that is left, and reads on in none that has ended", function()
            fill(3)
            local kept
            for row, _ in t:each() do -- luacheck: ignore
                kept = row
                break
            end
            assert.is_table(kept)
            local iterate, _, _, rows = t:each()
            while iterate() do end
            assert.is_nil(iterate())
            rows:close()
            assert.is_nil(iterate())
            iterate, _, _, rows = t:each()
            assert.is_table(iterate())
            rows:close()
            assert.is_nil(iterate())
            assert.equal("flexdb.rows: closed", tostring(rows))
        end)

        it("judges only what an update gives, unknown names beside it", function()
            local row = assert(t:insert { email = email(), age = 1 })
            local _, err = t:update(row.id, { nope = 1, age = -1 })
            assert.equal(2, #err.issues)
            assert.equal("age: must be at least 0, is -1; nope: there is no column \"nope\"", err.message)
            _, err = t:update_all({ all = true }, { nope = 1 })
            assert.equal('nope: there is no column "nope"', err.message)
        end)

        it("reports bad records of a batch by their index, holes and other values too", function()
            local result = assert(t:insert_many({
                { email = email() }, { email = "x" }, 7, { email = email(), nope = 1 }, nil, { email = email() },
            }, { on_error = "skip", max_errors = 3 }))
            assert.equal(2, result.inserted)
            assert.equal(3, #result.errors)
            assert.equal(4, result.error_count)
            local messages = {}
            for i, err in ipairs(result.errors) do
                messages[i] = err.message
                assert.equal("flexdb.error", getmetatable(err).__name)
            end
            assert.same({
                'record 2: email: must be an email address, is "x"',
                "record 3: a record must be a table, is a number",
                'record 4: nope: there is no column "nope"',
            }, messages)
            local _, err = t:insert_many { { email = email() }, nil, { email = email() } }
            assert.equal(2, err.issues[1].index)
            assert.equal("record 2: a record must be a table, is nil", err.message)
            _, err = t:insert_many { flexdb.null }
            assert.equal("record 1: a record must be a table, is null", err.message)
            assert.equal(flexdb.null, err.issues[1].got)
            assert.equal(2, t:count())
        end)

        it("tells progress every 1000 records and at the end, once", function()
            local told = {}
            local function on_progress(n) told[#told + 1] = n end
            local function records(count)
                local i = 0
                return function()
                    i = i + 1
                    return i <= count and { email = email() } or nil
                end
            end
            assert(t:insert_many(records(2000), { on_progress = on_progress }))
            assert(t:insert_many(records(1), { on_progress = on_progress }))
            assert.same({ 1000, 2000, 1 }, told)
            local ok, why = pcall(t.insert_many, t, records(1000), { on_progress = function() error("enough", 0) end })
            assert.same({ false, "enough" }, { ok, why })
            assert.equal(2001, t:count())
            -- also in the call at the end: nothing is committed before
            ok, why = pcall(t.insert_many, t, records(7), { on_progress = function() error("late", 0) end })
            assert.same({ false, "late" }, { ok, why })
            assert.equal(2001, t:count())
        end)

        it("yields out of the functions it is given", function()
            local thread = coroutine.wrap(function()
                local i = 0
                local result = assert(t:insert_many(function()
                    i = i + 1
                    coroutine.yield("record", i)
                    if i <= 2 then return { email = email() } end
                end, { on_progress = function(n) coroutine.yield("progress", n) end }))
                local ok = db:transaction(function() return coroutine.yield "inside" end)
                coroutine.yield("end", result.inserted, ok)
                for row in t:each() do coroutine.yield("row", row.email ~= nil) end
            end)
            assert.same({ "record", 1 }, { thread() })
            assert.same({ "record", 2 }, { thread() })
            assert.same({ "record", 3 }, { thread() })
            assert.same({ "progress", 2 }, { thread() })
            assert.same({ "inside" }, { thread() })
            assert.same({ "end", 2, "sent" }, { thread "sent" })
            assert.same({ "row", true }, { thread() })
        end)

        it("undoes what a coroutine has begun when that is closed", function()
            local thread = coroutine.create(function()
                db:transaction(function()
                    assert(t:insert { email = email() })
                    db:transaction(function()
                        assert(t:insert { email = email() })
                        coroutine.yield()
                    end)
                end)
            end)
            assert(coroutine.resume(thread))
            assert.equal(2, t:count())
            assert(coroutine.close(thread))
            assert.equal(0, t:count())
            assert(db:transaction(function() assert(t:insert { email = email() }) end))
            assert.equal(1, t:count())
        end)

        it("refuses transactions that cross each other", function()
            local inner = coroutine.wrap(function() db:transaction(coroutine.yield) end)
            local ok, why = pcall(db.transaction, db, function()
                assert(t:insert { email = email() })
                inner()
            end)
            assert.is_false(ok)
            assert.equal("a transaction that was begun inside this one is still open", why)
            assert.equal(0, t:count())
            assert.error_matches(inner, "the transaction has ended before its function did")
            assert(t:insert { email = email() })
        end)

        it("raises what a transaction raised, whatever that is, where it was raised", function()
            for _, value in ipairs { "text", 7, { mark = true }, false } do
                local ok, why = pcall(db.transaction, db, function()
                    assert(t:insert { email = email() })
                    error(value, 0)
                end)
                assert.same({ false, value }, { ok, why })
            end
            local _, trace = xpcall(db.transaction, debug.traceback, db, function() error "deep inside" end)
            assert.truthy(trace:find("calls_spec", 1, true))
            assert.equal(0, t:count())
            assert.is_true(db:transaction(function() end))
        end)

        it("survives a collector that never rests", function()
            fill(5)
            local function work()
                for i = 1, 30 do
                    local address = email()
                    local row = assert(t:insert { email = address, age = i, notes = ("n"):rep(60) .. i,
                        tags = { i, "tag" .. i, { deep = { i } } } })
                    assert.same(row, assert(t:get(row.id)))
                    assert.equal("n" .. i, row.notes:sub(-1 - #tostring(i)))
                    local _, err = t:insert { email = "x" .. i, nope = i, tags = { print }, [i] = i }
                    assert.equal(4, #err.issues)
                    for each in t:each { limit = 3 } do assert.is_string(each.email) end
                    assert.equal(i, #assert(t:find { filter = { age = { gte = 1 }, notes = { isNull = false } } }))
                    assert.same({ i, { a = { "x" } } }, flexdb.json.decode(flexdb.json.encode { i, { a = { "x" } } }))
                end
                assert.equal(35, t:count())
            end
            collectgarbage "generational"
            local count = 0
            debug.sethook(function()
                count = count + 1
                if count % 50 == 0 then collectgarbage() else collectgarbage("step", 0) end
            end, "", 23)
            local ok, why = pcall(work)
            debug.sethook()
            pace.restore_collector()
            assert.is_true(ok, why)
        end)

        it("keeps finalizers out while it hands over a record, and lets them in otherwise", function()
            -- Much to hand over, so that the collector comes by while it lasts.
            local tags = {}
            for i = 1, 50 do tags[i] = { { i } } end
            local row = assert(t:insert { email = email(), age = 1, notes = ("x"):rep(100), tags = tags })
            local let_in, kept_out, other = 0, 0, nil
            local victim = {} -- what a hostile finalizer pulls from under the insert
            local function litter()
                setmetatable({}, { __gc = function()
                    victim.notes, victim.tags, victim.email = nil, nil, nil
                    local ok, why = pcall(t.get, t, row.id)
                    if ok then
                        let_in = let_in + 1
                    elseif tostring(why):find("a finalizer cannot use flexdb", 1, true) then
                        kept_out = kept_out + 1
                    else
                        other = why
                    end
                end })
            end
            collectgarbage("incremental", 200, 100, 13)
            for i = 1, 3000 do
                for _ = 1, 5 do litter() end
                local notes = ("y"):rep(200) .. i
                victim = { email = email(), age = i % 100, notes = notes, tags = { "z" .. i } }
                local stored = assert(t:insert(victim))
                assert.equal(notes, stored.notes)
                assert.equal("z" .. i, stored.tags[1])
                assert.equal(100, #assert(t:get(row.id)).notes)
                if i % 3 == 0 then t:insert { nope = i } end
                if engine.server and i >= 300 and let_in > 0 and kept_out > 0 then break end
            end
            collectgarbage()
            pace.restore_collector()
            assert.is_nil(other)
            assert.is_table(victim)
            assert.is_true(let_in > 0)
            assert.is_true(kept_out > 0)
        end)
    end)
end)
