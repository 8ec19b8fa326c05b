-- Databases as a whole: what no table names, what all applications hold, and databases that nobody has broken.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"

-- A UUID of version 7 made long ago, so that nobody takes it for one that is in the making.
local function old_uuid()
    return ("018f0000-0000-7%03x-8000-%012x"):format(math.random(0, 0xfff), math.random(0, (1 << 48) - 1))
end

engines.each(function(engine)
    describe("doctor of a healthy database", function()
        it("finds nothing after any work that FlexDB has done itself", function()
            engines.seed("work for the doctor on " .. engine.name)
            local STEPS = pace.rounds(engine.server and 120 or 400, 40)
            local db = engine.open()
            local parent = assert(db:create_table("parent", { columns = {
                { name = "n", dataType = "integer", unique = true } } }))
            local t = assert(db:create_table("t", { columns = {
                { name = "s", dataType = "string", unique = true },
                { name = "i", dataType = "integer", indexed = true },
                { name = "p", dataType = "reference", validation = { targetTable = "parent" } },
                { name = "w", dataType = "decimal", filterable = true,
                    validation = { precision = 30, scale = 2 } } } }))
            local ids, parents, serial = {}, {}, 0
            local function any(list) return #list > 0 and list[math.random(#list)] or "none" end
            local function fresh(prefix)
                serial = serial + 1
                return prefix .. serial
            end
            local function columns()
                local names = {}
                for _, column in ipairs(t:schema().columns) do
                    if not column.system then names[#names + 1] = column.name end
                end
                return names
            end
            -- what is refused is part of the work
            local work = {
                function()
                    ids[#ids + 1] = fresh "r"
                    t:insert { id = ids[#ids], s = "s" .. math.random(60), i = math.random(9), p = any(parents),
                        w = math.random(99) .. ".5" }
                end,
                function()
                    parents[#parents + 1] = fresh "p"
                    parent:insert { id = parents[#parents], n = math.random(40) }
                end,
                function() t:update(any(ids), { i = math.random(9), s = ("x"):rep(math.random(1400)) }) end,
                function() t:update(any(ids), { p = flexdb.null, w = flexdb.null }) end,
                function() t:delete(any(ids), { hard = math.random(3) == 1 }) end,
                function() t:restore(any(ids)) end,
                function() parent:delete(any(parents), { hard = math.random(3) == 1 }) end,
                function() parent:restore(any(parents)) end,
                function() t:update_all({ filter = { i = { gt = 5 } } }, { i = math.random(9) }) end,
                function()
                    local many = {}
                    for n = 1, math.random(30) do
                        ids[#ids + 1] = fresh "m"
                        many[n] = { id = ids[#ids], s = "m" .. math.random(500), i = n }
                    end
                    t:insert_many(many, { on_error = "skip" })
                end,
                function()
                    t:evolve(function(c)
                        c:add { name = fresh "c", dataType = any { "integer", "string", "boolean" },
                            defaultValue = flexdb.null, indexed = math.random(2) == 1 }
                    end)
                end,
                function()
                    t:evolve(function(c) c:add { name = fresh "d", dataType = "integer", defaultValue = 5 } end)
                end,
                function() t:evolve(function(c) c:remove(any(columns())) end) end,
                function() t:evolve(function(c) c:rename(any(columns()), fresh "n") end) end,
                function() t:evolve(function(c) c:modify(any(columns()), { indexed = math.random(2) == 1 }) end) end,
                function() t:evolve(function(c) c:modify(any(columns()), { unique = math.random(3) == 1 }) end) end,
                function()
                    t:evolve(function(c)
                        c:modify(any(columns()), { dataType = any { "string", "integer", "text" } })
                    end, { on_invalid = "null" })
                end,
                function()
                    t:evolve(function(c)
                        c:add { name = fresh "e", dataType = "integer",
                            validation = { computed = any(columns()) .. " + " .. math.random(9) } }
                    end, { on_invalid = any { "ignore", "null", "stop" } })
                end,
                function() t:evolve(function(c) c:table { displayName = fresh "T" } end) end,
                function()
                    t:evolve(function(c)
                        c:table { indexes = { { columns = { any(columns()), any(columns()) },
                            unique = math.random(2) == 1 } } }
                    end)
                end,
                function() t:rollback(math.random(t.version)) end,
                function() t:purge { keep_versions = math.random(6), batch = math.random(50) } end,
                function() t:purge { deleted_before = "2100-01-01T00:00:00Z", batch = math.random(50) } end,
                function() if db:drop_table "t" then assert(db:restore_table "t") end end,
                function() db:transaction(function() t:delete(any(ids)) return nil, "undone" end) end,
            }
            for step = 1, STEPS do
                work[math.random(#work)]()
                if step % 20 == 0 or step == STEPS then
                    local report = assert(flexdb.doctor(db, { tables = { "t", "parent" } }))
                    assert.is_true(report.ok, ("after step %d: %s"):format(step, tostring(report)))
                end
            end
            assert.is_true(t.version > 3)
            local report = assert(flexdb.doctor(db, { tables = { "t", "parent" }, repair = true }))
            assert.equal(0, report.problem_count)
            db:close()
        end)
    end)

    describe("doctor of indexes over several columns", function()
        local connection, environment, db, t, physical

        local function sql(text, ...) return raw.run(connection, text, ...) end
        local function storage() return raw.storage(connection, t) end
        local function index_name(name) return engine.server and name or physical .. "_" .. name end
        local function drop_index(name)
            sql("DROP INDEX %s%s", index_name(name), engine.server and " ON " .. physical or "")
        end
        local function look(options)
            options = options or {}
            options.tables = { "t" }
            return assert(flexdb.doctor(db, options))
        end
        -- What is found by one that looks, and then by one that mends; whether it is mended.
        local function expect(expected, mended)
            for _, repair in ipairs { false, true } do
                local report = look { repair = repair }
                local said = {}
                for i, problem in ipairs(report.problems) do said[i] = problem.code .. ": " .. problem.message end
                table.sort(said)
                table.sort(expected)
                assert.same(expected, said)
                assert.equal(repair and mended, report.ok)
            end
            assert.equal(mended, look().ok)
        end

        before_each(function()
            db = engine.open()
            connection, environment = raw.connect(engine)
            t = assert(db:create_table("t", {
                columns = { { name = "a", dataType = "integer" }, { name = "b", dataType = "string" },
                    { name = "wide", dataType = "text" }, { name = "more", dataType = "text" } },
                indexes = { { columns = { "a", "b" }, unique = true }, { columns = { "b", "a" } },
                    { columns = { "b", "wide", "more" }, unique = true } } }))
            assert(t:insert { id = "x", a = 1, b = "one", wide = ("w"):rep(2000), more = "m" })
            assert(t:insert { id = "y", a = 2, b = "two", wide = ("w"):rep(2000), more = "m" })
            assert(t:insert { id = "z", a = 3 })
            physical = storage().table
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
        end)

        it("finds nothing when all is well", function() assert.is_true(look().ok) end)

        it("builds the missing ones", function()
            for _, name in ipairs { "i1", "i2", "i3" } do drop_index(name) end
            local expected = { "index: the unique index on c1, c2 of " .. physical .. " is missing",
                "index: the index on c2, c1 of " .. physical .. " is missing",
                "index: the unique index on c2, c3, c4 of " .. physical .. " is missing" }
            expect(expected, true)
            assert.equal("duplicate", select(2, t:insert { a = 1, b = "one" }).code)
            assert.equal("duplicate", select(2, t:insert { b = "two", wide = ("w"):rep(2000), more = "m" }).code)
        end)

        it("replaces those that are not as they must be", function()
            drop_index "i1"
            sql("CREATE UNIQUE INDEX %s ON %s (c1)", index_name "i1", physical)
            expect({ "index: the unique index on c1, c2 of " .. physical .. " is not as it must be" }, true)
            assert(t:insert { a = 1, b = "two" })
        end)

        it("names records that an index should have kept apart", function()
            drop_index "i1"
            sql([[UPDATE %s SET c1 = 1, c2 = 'one', c3 = 'v', c4 = NULL, data = '{"a":1,"b":"one","wide":"v"}'
                WHERE id = 'y']], physical)
            expect({ "index: the unique index on c1, c2 of " .. physical .. " is missing",
                'duplicate: it has what record "x" has in the index over "a", "b", which is unique' }, false)
        end)

        it("enters those that storage has forgotten", function()
            local kept = storage()
            table.remove(kept.indexes, 1)
            sql("UPDATE flex_tables SET storage = '%s' WHERE id = '%s'",
                connection:escape(assert(flexdb.json.encode(kept))), t.id)
            assert.equal('storage has no unique index over "a", "b"', look().problems[1].message)
            assert.is_true(look({ repair = true }).ok)
            assert.is_true(look().ok)
            assert.equal("duplicate", select(2, t:insert { a = 1, b = "one" }).code)
        end)

        it("names those that nobody asks for", function()
            local kept = storage()
            local columns = kept.indexes[2].columns
            columns[1], columns[2] = columns[2], columns[1]
            sql("UPDATE flex_tables SET storage = '%s' WHERE id = '%s'",
                connection:escape(assert(flexdb.json.encode(kept))), t.id)
            local report = look()
            assert.equal("storage has the index i2, which the definition does not ask for", report.problems[1].message)
            assert.equal('storage has no index over "b", "a"', report.problems[2].message)
        end)

        if engine.server then
            it("puts back the column on which a wide one stands", function()
                sql("ALTER TABLE %s DROP INDEX i3, DROP INDEX i3_parts, DROP COLUMN i3_digest", physical)
                expect({ "physical_column: the physical column i3_digest is missing",
                    "index: the unique index on c2, c3, c4 of " .. physical .. " is missing",
                    "index: the index on c2, c3, c4 of " .. physical .. " is missing" }, true)
                assert.equal("duplicate", select(2, t:insert { b = "two", wide = ("w"):rep(2000), more = "m" }).code)
            end)
        end
    end)

    -- In a database of its own, for what a look at everything finds is whatever anybody has left there.
    describe("doctor of a whole database", function()
        local connection, environment, db, own

        setup(function()
            if not engine.server then
                own = { server = false, file = os.tmpname() }
                own.url = "sqlite:" .. own.file
                return
            end
            local base, name = engine.url:match "^(mysql://[^/]+/)([^?]+)"
            own = { server = true, name = ("%s_doctor_%d"):format(name, math.random(1 << 30)) }
            own.url = base .. own.name .. (engine.url:match "%?.*$" or "")
            connection, environment = raw.connect(engine)
            own.made = connection:execute("CREATE DATABASE " .. own.name)
        end)
        teardown(function()
            if own.made then
                connection, environment = raw.connect(engine)
                raw.run(connection, "DROP DATABASE %s", own.name)
                connection:close()
                environment:close()
            elseif own.file then
                for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(own.file .. suffix) end
            end
        end)
        before_each(function()
            if engine.server and not own.made then return end
            db = assert(flexdb.open(own.url, { application = "first" }))
            connection, environment = raw.connect(own)
        end)
        after_each(function()
            if engine.server and not own.made then return end
            connection:close()
            environment:close()
            db:close()
        end)

        local function sql(text, ...) return raw.run(connection, text, ...) end
        local function look(options) return assert(flexdb.doctor(db, options)) end
        local function find(report, code, message)
            for _, problem in ipairs(report.problems) do
                if problem.code == code and problem.message == message then return problem end
            end
            error(("not found: %s: %s\nbut: %s"):format(code, message, tostring(report)), 2)
        end
        local function it_can(name, body)
            it(name, function()
                if engine.server and not own.made then return pending "needs the right to create a database" end
                body()
            end)
        end

        it_can("looks at the tables of every application", function()
            assert.equal("0 tables, 0 versions, 0 records: no problem", tostring(look()))
            local other = assert(db:with { application = "second" })
            assert(db:create_table("t", { columns = {} }))
            local t = assert(other:create_table("t", { displayName = "T", columns = {} }))
            assert(t:insert { id = "x" })
            assert.equal("2 tables, 2 versions, 1 record: no problem", tostring(look()))
            sql("UPDATE flex_tables SET display_name = NULL WHERE id = '%s'", t.id)
            local report = look { repair = true }
            local problem = find(report, "display_name", 'display_name is empty, the definition says "T"')
            assert.equal("second", problem.application)
            assert.equal("t", problem.table)
            assert.is_true(problem.repaired)
            assert.is_true(look().ok)
        end)

        it_can("drops physical tables of tables that never came to be, when they are empty", function()
            local empty, full = old_uuid():gsub("-", ""), old_uuid():gsub("-", "")
            empty, full = "flex_records_" .. empty .. "_1", "flex_records_" .. full .. "_1"
            sql("CREATE TABLE %s (seq INT)", empty)
            sql("CREATE TABLE %s (seq INT)", full)
            sql("INSERT INTO %s VALUES (1)", full)
            sql("INSERT INTO flex_table_versions (id, table_id, version, new_schema, changes) VALUES "
                .. "('gone:1', 'gone', 1, '{}', '[]')")
            local messages = {
                { "orphan_table", "nobody names the physical table " .. empty, true },
                { "orphan_table", "nobody names the physical table " .. full
                    .. ": it belongs to no table and holds records", false },
                { "orphan_versions", 'flex_table_versions has 1 row of table "gone", which is not in flex_tables',
                    false },
            }
            if engine.server then
                local journal = full:gsub("records", "journal")
                sql("CREATE TABLE %s (n BIGINT, seq BIGINT)", journal)
                messages[4] = { "orphan_journal", "no change of a definition needs the journal " .. journal
                    .. " and the triggers that write to it", true }
            end
            for _, repair in ipairs { false, true } do
                local report = look { repair = repair }
                for _, want in ipairs(messages) do
                    assert.equal(repair and want[3], find(report, want[1], want[2]).repaired)
                end
                assert.equal(#messages, report.problem_count)
            end
            assert.equal(2, look().problem_count)
            sql("DROP TABLE %s", full)
            sql "DELETE FROM flex_table_versions WHERE table_id = 'gone'"
            assert.is_true(look().ok)
        end)

        if engine.server then
            it_can("undoes a build whose process has died, and lets one be that lives", function()
                local t = assert(db:create_table("built", { columns = { { name = "a", dataType = "integer" } } }))
                assert(t:insert { id = "x", a = 1 })
                local digits = t.id:gsub("-", "")
                local names = { "flex_records_" .. digits .. "_2", "flex_journal_" .. digits .. "_2" }
                for _, name in ipairs(names) do sql("CREATE TABLE %s (n BIGINT, seq BIGINT)", name) end
                sql("CREATE TRIGGER %s_i AFTER INSERT ON flex_records_%s_1 FOR EACH ROW INSERT INTO %s (seq) "
                    .. "VALUES (NEW.seq)", names[2], digits, names[2])
                sql("UPDATE flex_tables SET storage = JSON_SET(storage, '$.build', JSON_OBJECT('table', '%s', "
                    .. "'journal', '%s', 'started', 1)) WHERE id = '%s'", names[1], names[2], t.id)
                local lock = ("CONCAT('flexdb:', LEFT(SHA2(CONCAT(DATABASE(), '.', '%s'), 256), 40))"):format(t.id)
                sql("SELECT GET_LOCK(%s, 0)", lock):close()
                for _, repair in ipairs { false, true } do
                    local report = look { repair = repair }
                    assert.is_true(report.ok)
                    assert.equal(1, report.in_progress)
                end
                sql("SELECT RELEASE_LOCK(%s)", lock):close()
                local message = "a change of its definition was cut short and has left the physical table " .. names[1]
                assert.is_false(find(look(), "build", message).repaired)
                assert.is_true(find(look { repair = true }, "build", message).repaired)
                assert.is_true(look().ok)
                for _, name in ipairs(names) do assert.is_nil((connection:execute("SELECT 1 FROM " .. name))) end
                assert(t:insert { id = "y", a = 2 })
                assert(db:drop_table "built")
            end)

            it_can("lets be what somebody may be making right now", function()
                local t = assert(db:create_table("building", { columns = {} }))
                local young = ("%012x7000800000000000000"):format(os.time() * 1000):sub(1, 31) .. "1"
                local name = "flex_records_" .. young .. "_1"
                sql("CREATE TABLE %s (seq INT)", name)
                for _, repair in ipairs { false, true } do
                    local report = look { repair = repair }
                    assert.is_true(report.ok)
                    assert.equal(1, report.in_progress)
                end
                sql("DROP TABLE %s", name)
                -- one of a change of a definition that is under way
                local building = "flex_records_" .. t.id:gsub("-", "") .. "_2"
                sql("CREATE TABLE %s (seq INT)", building)
                connection:setautocommit(false)
                sql("SELECT * FROM flex_tables WHERE id = '%s' FOR UPDATE", t.id):close()
                local report = look()
                assert.is_true(report.ok)
                assert.equal(1, report.in_progress)
                assert.truthy(tostring(report):find(
                    "1 table is being changed and was left alone: look again later", 1, true))
                -- who mends leaves it alone as well, and mends the others
                local other = assert(db:create_table("other", { displayName = "O", columns = {} }))
                sql("UPDATE flex_tables SET display_name = 'X' WHERE id = '%s'", other.id)
                connection:commit()
                sql("SELECT * FROM flex_tables WHERE id = '%s' FOR UPDATE", t.id):close()
                local hasty <close> = assert(flexdb.open(own.url, { application = "first", timeout = 0.1 }))
                report = assert(flexdb.doctor(hasty, { repair = true }))
                assert.is_true(report.ok)
                assert.equal(1, report.repaired_count)
                assert.equal(2, report.in_progress)
                connection:rollback()
                connection:setautocommit(true)
                find(look(), "orphan_table", "nobody names the physical table " .. building)
                assert.is_true(look({ repair = true }).ok)
                assert.is_true(look().ok)
            end)
        else
            it_can("says which layout a database has that has forgotten it", function()
                sql "DELETE FROM flex_meta"
                local message = "flex_meta does not say which layout the database has"
                assert.is_false(find(look(), "layout", message).repaired)
                assert.is_true(find(look { repair = true }, "layout", message).repaired)
                assert.is_true(look().ok)
                assert(flexdb.open(own.url)):close()
                sql "UPDATE flex_meta SET value = '999'"
                find(look(), "layout", "the database has layout 999, this FlexDB knows layouts up to 1")
                sql "UPDATE flex_meta SET value = '1'"
            end)

            it_can("builds indexes anew that miss records", function()
                local t = assert(db:create_table("indexed", { columns = {
                    { name = "n", dataType = "integer", indexed = true } } }))
                assert(t:insert { id = "a", n = 36 })
                raw.break_index(connection, t, "n", 37)
                connection:close()
                connection = raw.connect(own)
                local report = look()
                assert.equal(1, report.counts.integrity)
                assert.equal("integrity", report.problems[1].code)
                assert.is_nil(report.problems[1].table)
                assert.is_true(look({ repair = true }).ok)
                assert.is_true(look().ok)
                assert.equal(1, t:count { filter = { n = 37 } })
            end)
        end
    end)
end)
