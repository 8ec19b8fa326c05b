-- insert_many of many thousands: blocks of records are written while the next ones are made, and whatever the function
-- does meanwhile, nobody can tell.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

-- Blocks have 1024 records: these stand in the third, when the second has just been handed over, and in its middle.
local EARLY <const>, LATE <const>, ALL <const> = 2050, 2700, 5000

local function source(make, last)
    local n = 0
    return function()
        n = n + 1
        if n <= (last or ALL) then return make(n) end
    end
end

local function collect()
    collectgarbage()
    collectgarbage()
end

engines.each(function(engine)
    -- On a server the caller writes every block by itself: insert_many_spec.lua.
    if engine.server then return end

    describe("a large insert_many", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "integer", unique = true },
                { name = "b", dataType = "string", indexed = true } } }))
        end)
        after_each(function() db:close() end)

        local function record(n) return { a = n, b = "b" .. n % 10 } end

        it("shows every record that was handed over to whoever looks", function()
            local other = assert(db:create_table("other", { columns = { { name = "x", dataType = "integer" } } }))
            local result = assert(t:insert_many(source(function(n)
                if n == EARLY or n == LATE or n % 900 == 0 then
                    assert.equal(n - 1, t:count())
                    assert.equal(n - 1, assert(t:first { filter = { a = n - 1 } }).a)
                    assert(other:insert { x = n })
                    local _, taken = t:insert { a = n - 1 }
                    assert.equal(("duplicate: a: %d is taken"):format(n - 1), tostring(taken))
                end
                return record(n)
            end)))
            assert.equal(ALL, result.inserted)
            assert.equal(ALL, t:count())
            assert.equal(6, other:count())
            for b = 0, 9 do assert.equal(ALL // 10, t:count { filter = { b = "b" .. b } }) end
        end)

        it("is not disturbed by results that are abandoned and collected", function()
            for n = 1, 50 do assert(t:insert { a = -n }) end
            local elsewhere <close> = engine.open()
            local far = assert(elsewhere:create_table("far", { columns = { { name = "x", dataType = "integer" } } }))
            for n = 1, 50 do assert(far:insert { x = n }) end
            local result = assert(t:insert_many(source(function(n)
                if n % 250 == 0 then
                    for _, table in ipairs { t, far } do
                        local step = table:each { limit = 20 }
                        assert(step())
                        coroutine.wrap(function() for _ in table:each() do coroutine.yield() end end)()
                        assert(elsewhere:with { actor = "x" })
                        assert(db:with { actor = "x" }:table "t")
                    end
                end
                if n % 100 == 0 then collectgarbage() else collectgarbage "step" end
                return record(n)
            end)))
            assert.equal(ALL, result.inserted)
            assert.equal(ALL + 50, t:count())
        end)

        it("is undone when its function raises", function()
            for _, at in ipairs { EARLY, LATE } do
                local ok, why = pcall(t.insert_many, t, source(function(n)
                    if n == at then error("boom " .. n, 0) end
                    return record(n)
                end))
                assert.is_false(ok)
                assert.equal("boom " .. at, why)
                assert.equal(0, t:count())
                assert(t:insert { id = "one", a = 1 })
                assert(t:delete("one", { hard = true }))
            end
        end)

        it("is undone when on_progress raises, and tells how far it came in order", function()
            local told = {}
            local ok, why = pcall(t.insert_many, t, source(record), { on_progress = function(n)
                told[#told + 1] = n
                if n == 3000 then error("enough", 0) end
            end })
            assert.is_false(ok)
            assert.equal("enough", why)
            assert.same({ 1000, 2000, 3000 }, told)
            assert.equal(0, t:count())
        end)

        it("goes on under the definition that its function makes", function()
            local result = assert(t:insert_many(source(function(n)
                if n == EARLY then
                    assert(t:evolve(function(c)
                        c:rename("b", "word")
                        c:add { name = "c", dataType = "integer", indexed = true }
                    end))
                end
                if n == LATE then assert(t:evolve(function(c) c:remove "word" end)) end
                if n < EARLY then return record(n) end
                return { a = n, c = n, word = n < LATE and "late" or nil }
            end)))
            assert.equal(ALL, result.inserted)
            assert.equal(3, t.version)
            assert.equal(1, t:count { filter = { c = EARLY } })
            assert.equal(EARLY - 1, t:count { filter = { c = { isNull = true } } })
        end)

        it("ends when its function closes the database", function()
            local application = db.application
            assert.error_matches(function()
                t:insert_many(source(function(n)
                    if n == EARLY then db:close() end
                    return record(n)
                end))
            end, "the batch ended with its database or transaction", 1, true)
            db = engine.open { application = application }
            assert.equal(0, assert(db:table "t"):count())
        end)

        it("is undone when it is left in a coroutine and collected", function()
            local feed = coroutine.wrap(function()
                t:insert_many(source(function(n)
                    if n == EARLY then coroutine.yield() end
                    return record(n)
                end))
            end)
            feed()
            feed = nil -- luacheck: ignore
            collect()
            assert.equal(0, t:count())
            assert(t:insert { a = 1 })
        end)

        it("takes turns with one of another database", function()
            -- One file has one writer.
            local elsewhere <close> = assert(flexdb.open "sqlite::memory:")
            local far = assert(elsewhere:create_table("t", { columns = { { name = "a", dataType = "integer" } } }))
            local feeds = {}
            for i, table in ipairs { t, far } do
                feeds[i] = coroutine.wrap(function()
                    return assert(table:insert_many(source(function(n)
                        coroutine.yield()
                        return { a = n }
                    end)))
                end)
            end
            local results = {}
            while not results[1] do
                for i = 1, 2 do results[i] = feeds[i]() end
            end
            assert.same({ ALL, ALL }, { results[1].inserted, results[2].inserted })
            assert.equal(ALL, t:count())
            assert.equal(ALL, far:count())
        end)

        -- `bad`: the records that are no good; `looks`: whether the table is looked at, so that its indexes stay.
        for sentence, case in pairs {
            ["a record of the second block"] = { { [1500] = { a = 7 } }, "duplicate: record 1500: a: 7 is taken" },
            ["the first of two, of which the second is found first"] = {
                { [1500] = { a = 7 }, [2060] = { a = "x" } }, "duplicate: record 1500: a: 7 is taken" },
            ["the first of two in two blocks"] = {
                { [2048] = { a = 2047 }, [2049] = { a = 1 } }, "duplicate: record 2048: a: 2047 is taken" },
            ["a record that is no record"] = { { [2060] = false },
                "invalid_record: record 2060: a record must be a table, is a boolean" },
            ["a record of the last block"] = { { [ALL] = { a = 4000 } }, "duplicate: record 5000: a: 4000 is taken" },
        } do
            for _, looks in ipairs { true, false } do
                it(("tells of %s%s"):format(sentence, looks and ", when the table is looked at" or ""), function()
                    local bad, message = table.unpack(case)
                    local result, err = t:insert_many(source(function(n)
                        if looks and n == 3 then assert.equal(2, t:count()) end
                        if bad[n] ~= nil then return bad[n] end
                        return record(n)
                    end))
                    assert.is_nil(result)
                    assert.equal(message, tostring(err))
                    assert.equal(0, t:count())
                end)
            end
        end

        -- In a process of its own.
        for sentence, exit in pairs {
            ["and leaves the state as it is"] = "os.exit(7)",
            ["and closes the state"] = "os.exit(7, true)",
            ["because of an error that nobody catches"] = "error 'boom'",
        } do
            it("is undone when the process ends in its function " .. sentence, function()
                local name = os.tmpname()
                local script <close> = assert(io.open(name, "w"))
                assert(script:write(([[
                    local flexdb = require "flexdb"
                    local db = assert(flexdb.open(%q, { application = %q }))
                    local n = 0
                    local t = assert(db:table "t")
                    t:insert_many(function()
                        n = n + 1
                        if n == %d then %s end
                        return { a = n, b = ("b"):rep(80) }
                    end)
                ]]):format(engine.url, db.application, EARLY, exit)))
                script:close()
                local _, how, status = os.execute(("%s %s 2>/dev/null"):format(os.getenv "LUA" or "lua5.4", name))
                os.remove(name)
                assert.same({ "exit", exit:find "exit" and 7 or 1 }, { how, status })
                assert.equal(0, t:count())
                assert(t:insert { a = 1 })
            end)
        end
    end)
end)
