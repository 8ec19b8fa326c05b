-- insert_many whose function does more than hand over records: it evolves the table, writes elsewhere, is abandoned.

local engines = require "spec.support.engines"

-- Hands over what `make(n)` returns for n = 1, 2, …
local function source(make)
    local n = 0
    return function()
        n = n + 1
        return make(n)
    end
end

engines.each(function(engine)
    describe("insert_many", function()
        local db
        before_each(function() db = engine.open() end)
        after_each(function() db:close() end)

        local function int(name, more)
            local column = { name = name, dataType = "integer", indexed = true }
            for key, value in pairs(more or {}) do column[key] = value end
            return column
        end

        -- A server builds no indexes inside a transaction.
        local embedded = not engine.server

        -- The table holds 10 records; the batches are large enough for the indexes to be built after the rows.
        local large <const> = 2500
        local repeats = {
            { "a value of the table", { [1700] = 4 }, "duplicate: record 1700: a: 4 is taken" },
            { "a value of the batch", { [2300] = 1000 }, "duplicate: record 2300: a: 1000 is taken" },
            { "the first of two", { [2400] = 7, [1500] = 1400 }, "duplicate: record 1500: a: 1400 is taken" },
            { "a value of a record that is soft-deleted", { [1800] = 5 } },
        }
        for _, case in ipairs(repeats) do
            local what, changed, message = table.unpack(case)
            it("that brings more than the table holds tells of " .. what, function()
                local t = assert(db:create_table("t", { columns = { int("a", { unique = true }), int "b" } }))
                for n = 1, 10 do assert(t:insert { id = "r" .. n, a = n }) end
                assert(t:delete "r5")
                local result, err = t:insert_many(source(function(n)
                    if n > large then return nil end
                    return { a = changed[n] or n + 100, b = n % 7 }
                end))
                assert.equal(message, err and tostring(err))
                assert.equal(message == nil and large or nil, result and result.inserted)
                assert.equal(message == nil and large + 9 or 9, t:count())
                local _, taken = t:insert { a = 9 }
                assert.equal("duplicate", taken.code)
                assert.equal(message == nil and large // 7 + 1 or 0, t:count { filter = { b = 1 } })
            end)
        end

        it("goes on under the definition that its function made", function()
            local t = assert(db:create_table("t", { columns = { int "a", int "b" } }))
            local result = assert(t:insert_many(source(function(n)
                if n == 3 then assert(t:evolve(function(c) c:remove "b" end)) end
                if n == 7 then assert(t:evolve(function(c) c:add { name = "c", dataType = "integer",
                    filterable = false } end)) end
                if n > 10 then return nil end
                return { a = n, b = n < 3 and n or nil, c = n >= 7 and n or nil }
            end)))
            assert.equal(10, result.inserted)
            assert.equal(10, t:count())
            assert.equal(4, t:count { filter = { c = { gte = 7 } } })
            for n = 1, 10 do assert.equal(1, t:count { filter = { a = n } }) end
            assert(t:rollback(1))
            assert.equal(2, t:count { filter = { b = { lte = 2 } } })
        end)

        it("has room for columns that came meanwhile, through whichever handle", function()
            if not embedded then return end
            for _, other in ipairs { false, true } do
                local name = other and "other" or "same"
                local t = assert(db:create_table(name, { columns = { int "a" } }))
                local evolved = other and assert(db:table(name)) or t
                local result = assert(t:insert_many(source(function(n)
                    if n == 3 then
                        assert(evolved:evolve(function(c) for i = 1, 40 do c:add(int("c" .. i)) end end))
                        -- whatever makes the handle notice
                        if other then assert.equal(2, t:count()) end
                    end
                    if n > 1500 then return nil end
                    local record = { a = n }
                    if n >= 3 then for i = 1, 40 do record["c" .. i] = n + i end end
                    return record
                end)))
                assert.equal(1500, result.inserted)
                assert.equal(1, t:count { filter = { c40 = 1540 } })
                assert.equal(2, t:count { filter = { c1 = { isNull = true } } })
            end
        end)

        it("keeps the record that is about to wait while those before it are written", function()
            local t = assert(db:create_table("t", { columns = { int("u", { unique = true }),
                { name = "at", dataType = "datetime", indexed = true }, { name = "x", dataType = "text" } } }))
            -- Every third is a duplicate; each is large enough that a few fill the room for what waits.
            local body = ("y"):rep(400000) .. '\n"' .. ("z"):rep(1000)
            local result = assert(t:insert_many(source(function(n)
                if n > 12 then return nil end
                return { u = n % 3 == 0 and 1 or n, at = ("2024-05-01T1%d:00:00+02:00"):format(n % 10),
                    x = ("\n"):rep(n) .. body }
            end), { on_error = "skip" }))
            assert.equal(8, result.inserted)
            assert.equal(4, #result.errors)
            local seen = 0
            for row in t:each { orderBy = { "u" } } do
                seen = seen + 1
                assert.equal(#body + row.u, #row.x)
                assert.equal(("2024-05-01T%02d:00:00.000000Z"):format(8 + row.u % 10), row.at)
                assert.equal(1, t:count { filter = { u = row.u, at = row.at } })
            end
            assert.equal(8, seen)
        end)

        it("looks for every record that was promised, by the column that promised it", function()
            local function own(name)
                return { name = name, dataType = "reference", validation = { targetTable = "t" } }
            end
            for _, change in ipairs {
                function(c) c:remove "p" end,
                function(c) c:move("q", { first = true }) end,
                function(c) c:rename("p", "r") end,
                function(c) c:remove "q" end,
            } do
                local t = assert(db:create_table("t", { columns = { own "p", own "q" } }))
                local result, err = t:insert_many(source(function(n)
                    if n == 1 then return { id = "one", q = "ghost" } end
                    if n == 2 then
                        assert(t:evolve(change))
                        return { id = "two" }
                    end
                end))
                assert.is_nil(result)
                assert.equal("reference", err.code)
                assert.equal(1, err.issues[1].index)
                assert.equal("q", err.issues[1].path)
                assert.equal('"ghost"', tostring(err.message):match '"ghost"')
                assert.equal(0, t:count())
                assert.equal(1, t.version)
                assert.equal(2, assert(t:insert_many { { id = "a", p = "b" }, { id = "b", q = "a" } }).inserted)
                assert(db:drop_table "t")
            end
        end)

        it("gives back why its source could not go on, and keeps nothing", function()
            local t = assert(db:create_table("t", { columns = { int "a" } }))
            assert(t:insert { a = 0 })
            local told = { "half", "empty", "large" }
            for i, good in ipairs { 3, 0, 2500 } do
                for _, on_error in ipairs { "stop", "skip" } do
                    local result, why = t:insert_many(source(function(n)
                        if n <= good then return { a = n } end
                        return nil, told[i]
                    end), { on_error = on_error })
                    assert.is_nil(result)
                    assert.equal(told[i], why)
                    assert.equal(1, t:count())
                end
            end
            assert.same({ nil, false }, { t:insert_many(function() return nil, false end) })
            assert.equal(1, assert(t:insert_many(source(function(n) if n == 1 then return { a = n } end end))).inserted)
            assert.equal(2, t:count())
        end)

        it("ends with the transaction that it was begun in", function()
            local t = assert(db:create_table("t", { columns = { int "a" } }))
            local feed
            local ok, why = pcall(db.transaction, db, function()
                assert(t:insert { a = 0 })
                feed = coroutine.wrap(function()
                    return t:insert_many(function()
                        coroutine.yield()
                        return { a = 1 }
                    end)
                end)
                feed()
                error("boom", 0)
            end)
            assert.is_false(ok)
            assert.equal("boom", why)
            -- The handle is out of the transaction: what is written now stays.
            assert(t:insert { a = 2 })
            assert.error_matches(feed, "the batch ended with its database or transaction", 1, true)
            local again = engine.open { application = db.application }
            assert.equal(1, assert(again:table "t"):count())
            again:close()
        end)

        it("leaves the levels outside of it alone when it is abandoned", function()
            local t = assert(db:create_table("t", { columns = { int "a" } }))
            assert(db:transaction(function()
                assert(t:insert { a = 1 })
                pcall(db.transaction, db, function()
                    assert(t:insert { a = 2 })
                    coroutine.wrap(function()
                        t:insert_many(function()
                            coroutine.yield()
                            return { a = 3 }
                        end)
                    end)()
                    error "inner"
                end)
                assert(t:insert { a = 4 })
                return true
            end))
            local seen = {}
            for row in t:each { orderBy = { "a" } } do seen[#seen + 1] = row.a end
            assert.same({ 1, 4 }, seen)
        end)
    end)
end)
