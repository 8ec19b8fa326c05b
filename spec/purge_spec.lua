-- purge: what it takes and what it leaves, versions that are gone, what is refused. Documents are looked at with
-- LuaSQL, for FlexDB shows nothing of what it forgets.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"


engines.each(function(engine)
    describe("purge", function()
        local connection, environment, db, t

        local function storage_of(one) return raw.storage(connection, one) end
        -- How many documents hold a key.
        local function holding(one, key)
            local count = 0
            for _, row in ipairs(raw.rows(connection, ("SELECT data FROM %s"):format(storage_of(one).table))) do
                if assert(flexdb.json.decode(row.data))[key] ~= nil then count = count + 1 end
            end
            return count
        end

        local function healthy(...)
            local report = assert(flexdb.doctor(db, { tables = { ... } }))
            assert.is_true(report.ok, tostring(report))
        end

        before_each(function()
            db = engine.open()
            connection, environment = raw.connect(engine)
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "string", unique = true },
                { name = "b", dataType = "integer", indexed = true },
                { name = "c", dataType = "json" },
                { name = "d", dataType = "text" } } }))
            for i = 1, 5 do
                assert(t:insert { id = "r" .. i, a = "a" .. i, b = i, c = { a = { "b" } }, d = "said \"a\": 1" })
            end
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
        end)

        it("takes the values that no kept version can reach, and nothing else", function()
            assert(t:evolve(function(c) c:remove "a" end))                               -- 2
            assert(t:evolve(function(c) c:add { name = "a", dataType = "boolean" } end)) -- 3: key a2
            assert(t:update("r1", { a = true }))
            assert(t:evolve(function(c) c:remove "b" end))                               -- 4
            local before = assert(t:find())
            local revision = t:get("r2")._version
            local result = assert(t:purge { keep_versions = 2 })
            if not engine.server then assert.equal(5 * #'"a":"a1",', result.bytes) end -- servers may space documents
            assert.same({ records = 5, rewritten = 5, deleted = 0, kept = 0, bytes = result.bytes, oldest_version = 3 },
                result)
            assert.same(before, assert(t:find()))
            assert.equal(revision, t:get("r2")._version)
            assert.equal(5, holding(t, "b"))
            assert.equal(1, holding(t, "a_2") + holding(t, "a2"))
            -- what could be reached can be reached
            assert(t:rollback(3))
            assert.equal(3, t:get("r3").b)
            assert.is_true(t:get("r1").a)
            assert.equal("said \"a\": 1", t:get("r1").d)
            assert.same({ a = { "b" } }, setmetatable(t:get("r1").c, nil))
            healthy "t"
        end)

        it("keeps the history, and refuses what was purged", function()
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:evolve(function(c) c:rename("b", "n") end))
            local view = assert(t:at(2))
            assert.equal(5, view:count())
            assert.equal(3, assert(t:purge { keep_versions = 1 }).oldest_version)
            local function refused(version, ...)
                local made, err = ...
                assert.is_nil(made)
                assert.equal(("not_found: version %d of table \"t\" was purged, the oldest is 3"):format(version),
                    tostring(err))
            end
            for version = 1, 2 do
                refused(version, t:rollback(version))
                refused(version, t:rollback(version, { dry_run = true }))
                refused(version, t:at(version))
                refused(version, t:diff(version, 3))
                refused(version, t:diff(3, version))
            end
            -- a view from before it is no way around
            refused(2, view:get "r1")
            refused(2, view:find())
            refused(2, view:count())
            refused(2, (assert(db:table "t")):at(2))
            assert.equal('not_found: table "t" has no version 0', tostring(select(2, t:rollback(0))))
            assert.equal('not_found: table "t" has no version 4', tostring(select(2, t:rollback(4))))
            local history = assert(t:history())
            assert.equal(3, #history)
            assert.equal("remove_column", history[2].changes[1].type)
            assert(t:rollback(3))
            assert(t:evolve(function(c) c:add { name = "a", dataType = "integer" } end))
            assert.equal("add_column", t:diff(3, 4)[1].type)
            assert.is_nil(t:get("r1").a)
            -- its key is a fresh one all the same
            assert(t:update("r1", { a = 7 }))
            assert.equal(0, holding(t, "a"))
            assert(t:rollback(3))
            healthy "t"
        end)

        it("leaves a rollback the way on which values came, where the first of their keys is gone", function()
            -- n → n2, back to n, n → n3, then by a rollback to n2: both came from n, which no kept version names
            local function made(name)
                local one = assert(db:create_table(name, { columns = { { name = "n", dataType = "string" } } }))
                for i, n in ipairs { "7", "007", "1.0", "x", "-3", "2.50" } do
                    assert(one:insert { id = "r" .. i, n = n })
                end
                local null = { on_invalid = "null" }
                assert(one:evolve(function(c) c:modify("n", { dataType = "integer" }) end, null))
                assert(one:rollback(1, null))
                assert(one:evolve(function(c)
                    c:modify("n", { dataType = "decimal", validation = { precision = 10, scale = 2 } })
                end, null))
                assert(one:update("r1", { n = "8.00" }))
                assert(one:rollback(2, null))
                assert(one:update("r5", { n = -4 }))
                assert.equal(5, one.version)
                return one
            end
            local one, other = made "one", made "other"
            assert.equal(4, assert(one:purge { keep_versions = 2 }).oldest_version)
            assert.equal(0, holding(one, "n"))
            assert.equal(6, holding(other, "n"))
            local null = { on_invalid = "null" }
            for _, version in ipairs { 4, 5, 4 } do
                assert(one:rollback(version, null))
                assert(other:rollback(version, null))
                for i = 1, 6 do assert.equal(other:get("r" .. i).n, one:get("r" .. i).n, "r" .. i) end
            end
            assert.equal("-4.00", one:get("r5").n)
            assert.equal("8.00", one:get("r1").n)
            -- and to another type from there
            for _, each in ipairs { one, other } do
                assert(each:evolve(function(c) c:modify("n", { dataType = "string" }) end))
            end
            for i = 1, 6 do assert.equal(other:get("r" .. i).n, one:get("r" .. i).n) end
            healthy("one", "other")
        end)

        it("takes the values out of physical columns, too", function()
            local column
            for _, each in ipairs(storage_of(t).columns) do if each.key == "a" then column = each.name end end
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:purge { keep_versions = 1 })
            local rows = raw.rows(connection, ("SELECT COUNT(%s) AS n FROM %s"):format(column, storage_of(t).table))
            assert.equal(0, tonumber(rows[1].n))
            assert(t:delete "r1")
            assert(t:restore "r1")
            healthy "t"
        end)

        it("does nothing where nothing is said", function()
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:delete "r1")
            local none = { records = 0, rewritten = 0, deleted = 0, kept = 0, bytes = 0, oldest_version = 1 }
            assert.same(none, assert(t:purge()))
            assert.same(none, assert(t:purge {}))
            assert.same(none, assert(t:purge { keep_versions = 2 }))
            assert.same(none, assert(t:purge { keep_versions = math.maxinteger }))
            assert(t:rollback(1))
            assert.equal("a2", t:get("r2").a)
            assert(t:purge { keep_versions = 1 })
            assert.equal(3, assert(t:purge { keep_versions = 1 }).oldest_version)
            assert.equal(0, assert(t:purge { keep_versions = 1 }).records)
        end)

        it("changes nothing that can be read in any kept version", function()
            engines.seed("purges on " .. engine.name)
            local serial = 5
            local function any(list) return list[math.random(#list)] end
            local function column()
                local names = {}
                for _, each in ipairs(t:schema().columns) do
                    if not each.system then names[#names + 1] = each.name end
                end
                return #names > 0 and any(names) or "none"
            end
            local function fresh()
                serial = serial + 1
                return "n" .. serial
            end
            -- what is refused is part of the work
            local work = {
                function() t:insert { id = "r" .. fresh(), a = fresh(), b = math.random(9), n7 = math.random(9) } end,
                function() t:update("r" .. math.random(5), { [column()] = math.random(9) }) end,
                function() t:delete("r" .. math.random(5)) end,
                function() t:evolve(function(c) c:remove(column()) end) end,
                function() t:evolve(function(c) c:rename(column(), any { "a", "b", "x", "y" }) end) end,
                function()
                    t:evolve(function(c)
                        c:add { name = any { "a", "b", fresh() }, dataType = any { "integer", "string" },
                            defaultValue = any { 7, flexdb.null }, indexed = math.random(2) == 1 }
                    end)
                end,
                function()
                    t:evolve(function(c) c:modify(column(), { dataType = any { "string", "text", "integer" } }) end,
                        { on_invalid = "null" })
                end,
                function() t:rollback(math.random(t.version), { on_invalid = "null" }) end,
            }
            local purged = 1
            for _ = 1, pace.rounds(engine.server and 12 or 30, 4) do
                for _ = 1, 6 do any(work)() end
                local keep = math.random(6)
                local from = math.max(purged, t.version - keep + 1)
                local before = {}
                for version = from, t.version do
                    before[version] = assert(assert(t:at(version)):find { includeDeleted = true })
                end
                assert.equal(from, assert(t:purge { keep_versions = keep, batch = math.random(7) }).oldest_version)
                for version = 1, t.version do
                    local view, err = t:at(version)
                    if version < from then
                        assert.is_nil(view)
                        assert.equal("not_found", err.code)
                    else
                        assert.same(before[version], assert(view:find { includeDeleted = true }))
                    end
                end
                purged = from
            end
            healthy "t"
        end)

        it("erases records that were deleted before a time", function()
            assert(t:delete "r1")
            assert(t:delete "r2")
            local between = t:first({ includeDeleted = true, filter = { id = "r2" } }).deleted_at
            os.execute "sleep 0.002"
            assert(t:delete "r3")
            local result = assert(t:purge { deleted_before = between })
            assert.equal(1, result.deleted)
            assert.equal(1, result.records)
            assert.is_true(result.bytes > 0)
            assert.equal(4, t:count { includeDeleted = true })
            assert.equal(0, assert(t:purge { deleted_before = "2001-01-01T00:00:00Z" }).deleted)
            assert.equal(2, assert(t:purge { deleted_before = "2100-01-01T00:00:00+02:00", batch = 1 }).deleted)
            assert.equal(2, t:count { includeDeleted = true })
            assert.equal("not_found", select(2, t:restore "r1").code)
            healthy "t"
        end)

        it("spares a deleted record that a live one refers to", function()
            local orders = assert(db:create_table("orders", { columns = {
                { name = "item", dataType = "reference", validation = { targetTable = "t" } } } }))
            assert(orders:insert { id = "o1", item = "r1" })
            assert(orders:insert { id = "o2", item = "r2" })
            assert(orders:delete "o2")
            for _, id in ipairs { "r1", "r2" } do
                raw.run(connection, "UPDATE %s SET deleted_at = 5%s WHERE id = '%s'", storage_of(t).table,
                    engine.server and ", live = NULL" or "", id)
            end
            local result = assert(t:purge { deleted_before = "2100-01-01T00:00:00Z" })
            assert.same({ records = 2, rewritten = 0, deleted = 1, kept = 1, oldest_version = 1, bytes = result.bytes },
                result)
            assert(t:restore "r1")
        end)

        it("works in short transactions, and tells how far it is", function()
            local many = {}
            for i = 1, 95 do many[i] = { a = "m" .. i } end
            assert(t:insert_many(many))
            assert(t:delete "r1")
            assert(t:evolve(function(c) c:remove "a" end))
            local seen = {}
            local result = assert(t:purge { keep_versions = 1, deleted_before = "2100-01-01T00:00:00Z", batch = 30,
                on_progress = function(n) seen[#seen + 1] = n end })
            assert.equal(99, result.rewritten)
            assert.equal(1, result.deleted)
            assert.equal("1 1 1 31 61 91 100 100", table.concat(seen, " ", 1, 8))
            for i = 9, #seen do assert.equal(100, seen[i]) end
        end)

        it("stays half done where its caller raises, and is finished by any other", function()
            assert(t:evolve(function(c) c:remove "a" end))
            local ok, err = pcall(t.purge, t, { keep_versions = 1, batch = 2, on_progress = function(n)
                if n == 2 then error("enough", 0) end
            end })
            assert.is_false(ok)
            assert.equal("enough", err)
            assert.equal(3, holding(t, "a"))
            assert.equal("not_found", select(2, t:rollback(1)).code)
            healthy "t"
            local result = assert(t:purge())
            assert.equal(3, result.rewritten)
            assert.equal(2, result.oldest_version)
            assert.equal(0, holding(t, "a"))
            assert.equal(0, assert(t:purge()).records)
        end)

        if engine.server then
            it("sweeps up what a late writer has brought back", function()
                assert(t:evolve(function(c) c:remove "b" end))
                local was = raw.rows(connection, ("SELECT data FROM %s WHERE id = 'r1'"):format(storage_of(t).table))
                local once
                local result = assert(t:purge { keep_versions = 1, on_progress = function(n)
                    if once or n < 5 then return end
                    once = true
                    -- as one would who had read the record before it was rewritten, and writes it now
                    raw.run(connection, "UPDATE %s SET data = '%s', version = version + 1 WHERE id = 'r1'",
                        storage_of(t).table, connection:escape(was[1].data))
                end })
                assert.is_true(once)
                assert.equal(0, holding(t, "b"))
                assert.equal(6, result.rewritten)
                assert.equal(5, result.records)
            end)
        end

        if engine.server then
            it("takes precedence over a rollback to what it takes, while that builds a new physical table", function()
                local u = assert(db:create_table("u", { columns = {
                    { name = "n", dataType = "string", indexed = true } } }))
                local records = {}
                for i = 1, 2500 do records[i] = { id = "r" .. i, n = tostring(i) } end
                assert(u:insert_many(records))
                assert(u:evolve(function(c) c:modify("n", { dataType = "integer" }) end))
                local other <close> = assert(flexdb.open(engine.url, { application = db.application }))
                local purged
                local entry, err = u:rollback(1, { on_progress = function()
                    purged = purged or assert(assert(other:table "u"):purge { keep_versions = 1 })
                end })
                assert.equal(2, purged.oldest_version)
                assert.is_nil(entry)
                assert.equal('not_found: version 1 of table "u" was purged, the oldest is 2', tostring(err))
                assert.equal(2500, u:count { filter = { n = { gte = 1 } } })
                healthy "u"
            end)
        end

        it("refuses what cannot be", function()
            for _, case in ipairs {
                { { keep_versions = 0 }, "option 'keep_versions' must be an integer of at least 1, is 0" },
                { { keep_versions = 1.5 }, "option 'keep_versions' must be an integer of at least 1, is 1.5" },
                { { batch = 0 }, "option 'batch' must be an integer of 1 to 10000, is 0" },
                { { batch = 10001 }, "option 'batch' must be an integer of 1 to 10000, is 10001" },
                { { deleted_before = "yesterday" },
                    "option 'deleted_before' must be a time as RFC 3339 writes it, is \"yesterday\"" },
                { { deleted_before = "2024-01-01" },
                    "option 'deleted_before' must be a time as RFC 3339 writes it, is \"2024-01-01\"" },
                { { deleted_before = 5 }, "option 'deleted_before' must be a string, is a number" },
                { { keep = 1 }, "there is no option 'keep'" },
            } do
                local ok, message = pcall(function() assert(t:purge(case[1])) end)
                assert.is_false(ok)
                assert.truthy(message:find(case[2], 1, true), message)
                assert.truthy(message:find("purge_spec.lua:", 1, true), message)
            end
            local done, err = db:transaction(function() return t:purge { keep_versions = 1 } end)
            assert.is_nil(done)
            assert.equal("unsupported: a purge works in transactions of its own and cannot be part of another",
                tostring(err))
            local reader <close> = assert(flexdb.open(engine.url, { application = db.application, read_only = true }))
            assert.equal("read_only", select(2, assert(reader:table "t"):purge()).code)
            assert(db:drop_table "t")
            assert.equal("not_found", select(2, t:purge()).code)
        end)

        it("names the record whose document cannot be read", function()
            if engine.server then return end -- a server checks JSON itself
            assert(t:evolve(function(c) c:remove "a" end))
            raw.run(connection, "UPDATE %s SET data = '{\"a\":' WHERE id = 'r3'", storage_of(t).table)
            local result, err = t:purge { keep_versions = 1 }
            assert.is_nil(result)
            assert.equal('corrupt: record "r3": the stored document is not a JSON object', tostring(err))
        end)

        -- A writer that has read before the fence brings a value back; one that reads this, behind the fence, writes it
        -- once more where the sweep has just been. Both writes are put together by hand.
        it("sweeps again where a sweep has found something", function()
            if not engine.server then return end -- one writer reads and writes in one transaction
            assert(t:evolve(function(c) c:remove "a" end))
            local physical = storage_of(t).table
            local was = raw.rows(connection, ("SELECT data FROM %s WHERE id = 'r1'"):format(physical))[1].data
            local function bring_back()
                raw.run(connection, "UPDATE %s SET data = '%s' WHERE id = 'r1'", physical, connection:escape(was))
            end
            local brought = 0
            assert(t:purge { keep_versions = 1, batch = 1, on_progress = function(n)
                if n == 5 and brought < 2 and holding(t, "a") == 0 then
                    bring_back()
                    brought = brought + 1
                end
            end })
            assert.equal(2, brought)
            assert.equal(0, holding(t, "a"))
            healthy "t"
        end)

        it("lets two go on at once", function()
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:evolve(function(c) c:remove "b" end))
            local other <close> = assert(flexdb.open(engine.url, { application = db.application }))
            local inner
            local result = assert(t:purge { keep_versions = 2, batch = 2, on_progress = function(n)
                if n == 2 and not inner then
                    inner = assert(assert(other:table "t"):purge { keep_versions = 1, batch = 1 })
                end
            end })
            assert.equal(3, inner.oldest_version)
            assert.equal(2, result.oldest_version)
            assert.equal(0, holding(t, "b"))
            assert.equal(0, holding(t, "a"))
            assert.equal(0, assert(t:purge()).records)
            assert.equal("not_found", select(2, t:rollback(2)).code)
            healthy "t"
        end)

        it("goes on while the definition changes", function()
            assert(t:evolve(function(c) c:remove "a" end))
            local step = 0
            assert(t:purge { keep_versions = 1, batch = 2, on_progress = function()
                step = step + 1
                if step == 2 then
                    assert(t:evolve(function(c)
                        c:add { name = "z", dataType = "integer", indexed = true, defaultValue = 9 }
                    end))
                    assert(t:insert { id = "r6", z = 1 })
                elseif step == 3 then
                    assert(t:update("r5", { z = 5 }))
                end
            end })
            assert.equal(0, holding(t, "a"))
            assert.equal(5, t:get("r5").z)
            assert.equal(9, t:get("r1").z)
            assert.equal(4, t:count { filter = { z = 9 } })
            healthy "t"
        end)
    end)
end)
