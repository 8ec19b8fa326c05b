-- What a builder on a cluster did not live to do: the new definition is in force, and other nodes have written into the
-- old physical table until they heard of it. The next evolution, or doctor, brings these writes over. The moment is put
-- together by hand here, with no cluster: the old table, the journal that names what was written late, and the note.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

engines.each(function(engine)
    if not engine.server then return end
    describe("late writes into the old physical table", function()
        local connection, environment, db, t, old, new, journal

        local function sql(text, ...) return raw.run(connection, text, ...) end
        local function storage() return raw.storage(connection, t) end
        local function is_there(name) return raw.is_there(connection, name) end

        local serial
        -- A write as another node makes it under the old definition: the triggers note its seq.
        local function late(id, values, version)
            local row = raw.rows(connection, ("SELECT seq FROM %s WHERE id = '%s'"):format(old, id))[1]
            local seq = row and row.seq
            if not values then
                sql("DELETE FROM %s WHERE id = '%s'", old, id)
            else
                local data = connection:escape(flexdb.json.encode(values))
                if seq then
                    sql("UPDATE %s SET data = '%s', version = %d WHERE id = '%s'", old, data, version, id)
                else
                    serial = serial + 1
                    seq = serial
                    sql("INSERT INTO %s (seq, id, data, schema_version, version, created_at, updated_at, live) "
                        .. "VALUES (%d, '%s', '%s', 1, %d, 5, 5, 1)", old, seq, id, data, version)
                end
            end
            sql("INSERT INTO %s (seq) VALUES (%d)", journal, seq)
        end

        before_each(function()
            db = engine.open()
            connection, environment = raw.connect(engine)
            t = assert(db:create_table("t", { columns = {
                { name = "n", dataType = "string", indexed = true },
                { name = "u", dataType = "string", unique = true } } }))
            for i = 1, 9 do assert(t:insert { id = "r" .. i, n = tostring(i), u = "u" .. i }) end
            old = storage().table
            sql("CREATE TABLE spare_%s LIKE %s", old:sub(14, 45), old)
            sql("INSERT INTO spare_%s SELECT * FROM %s", old:sub(14, 45), old)
            assert(t:evolve(function(c) c:modify("n", { dataType = "integer" }) c:rename("u", "unit") end))
            local now = storage()
            new = now.table
            sql("RENAME TABLE spare_%s TO %s", old:sub(14, 45), old)
            journal = new:gsub("^flex_records_", "flex_journal_")
            sql("CREATE TABLE %s (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, seq BIGINT NOT NULL)", journal)
            now.build = { table = old, journal = journal, started = 5 }
            sql("UPDATE flex_tables SET storage = '%s', revision = revision + 1 WHERE id = '%s'",
                connection:escape(flexdb.json.encode(now)), t.id)
            serial = 9

            -- under the new definition
            assert(t:update("r2", { n = 22 }))
            assert(t:update("r2", { n = 222 }))
            assert(t:insert { id = "s1", n = 1000, unit = "taken" })
            -- under the old one
            late("r1", { n = "777", u = "u1" }, 2)
            late("r2", { n = "2000", u = "u2" }, 2)
            late("r3", nil)
            late("r4", { n = "none", u = "u4" }, 2)
            late("r5", { n = "5", u = "u6" }, 2) -- two that swap what is unique
            late("r6", { n = "6", u = "u5" }, 2)
            late("r7", { n = "77", u = "taken" }, 2)
            late("x1", { n = "31", u = "x1" }, 1) -- its seq was given to s1
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
        end)

        local function check()
            local function row(id)
                local found = assert(t:get(id))
                return { found.n, found.unit }
            end
            assert.same({ 777, "u1" }, row "r1")
            assert.same({ 222, "u2" }, row "r2") -- both were written: the new one stays
            assert.is_nil(t:get "r3")
            assert.same({ nil, "u4" }, row "r4") -- what does not convert has no value
            assert.same({ 5, "u6" }, row "r5")
            assert.same({ 6, "u5" }, row "r6")
            assert.same({ 31, "x1" }, row "x1")
            assert.same({ 1000, "taken" }, row "s1")
            assert.equal(1, t:count { filter = { n = 777 } })
            assert.equal("none", assert(t:at(1):get "r4").n) -- the original is under its key
            for _, name in ipairs { old, journal } do assert.is_false(is_there(name), name) end
            assert.is_nil(storage().build)
            local report = assert(flexdb.doctor(db, { tables = { "t" } }))
            assert.is_true(report.ok, tostring(report))
        end

        it("are brought over by the next evolution", function()
            assert(t:evolve(function(c) c:add { name = "more", dataType = "text" } end))
            assert.equal(3, t.version)
            check()
        end)

        it("are brought over by doctor", function()
            local report = assert(flexdb.doctor(db, { tables = { "t" } }))
            assert.same({ 1, 1 }, { report.problem_count, report.counts.build })
            assert.is_true(is_there(old))
            assert.is_true(assert(flexdb.doctor(db, { tables = { "t" }, repair = true })).ok)
            check()
        end)

        it("wait where a transaction would have to do it", function()
            local done, err = db:transaction(function()
                return t:evolve(function(c) c:add { name = "more", dataType = "text" } end)
            end)
            assert.is_nil(done)
            assert.equal("busy: a change of the definition was cut short, which no transaction can finish",
                tostring(err))
            assert.is_true(is_there(old))
        end)

        it("go where the definition before was purged", function()
            assert(t:purge { keep_versions = 1 })
            assert(t:evolve(function(c) c:add { name = "more", dataType = "text" } end))
            assert.equal(1, t:get("r1").n)
            assert.is_false(is_there(old))
        end)
    end)
end)
