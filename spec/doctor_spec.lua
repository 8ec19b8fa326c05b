-- Databases that are broken on purpose, each in one way: doctor finds it, mends what can be mended, and finds nothing
-- afterwards. What is broken is broken with LuaSQL, behind FlexDB's back.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

engines.each(function(engine)
    describe("doctor", function()
        local connection, environment, db, companies, people, physical

        local function sql(text, ...) return raw.run(connection, text, ...) end
        local function row_of(t)
            return raw.rows(connection, ("SELECT * FROM flex_tables WHERE id = '%s'"):format(t.id))[1]
        end
        local function storage_of(t) return assert(flexdb.json.decode(row_of(t).storage or "{}")) end
        local function entry_of(t, key)
            for _, column in ipairs(storage_of(t).columns or {}) do
                if column.key == key then return column.name end
            end
        end
        local function put(t, column, document)
            local text = type(document) == "table" and assert(flexdb.json.encode(document)) or document
            sql("UPDATE flex_tables SET %s = '%s' WHERE id = '%s'", column, connection:escape(text), t.id)
        end
        local function drop_index(table_name, entry)
            if engine.server then sql("DROP INDEX %s ON %s", entry, table_name)
            else sql("DROP INDEX %s_%s", table_name, entry) end
        end

        before_each(function()
            db = engine.open()
            connection, environment = raw.connect(engine)
            companies = assert(db:create_table("companies", { displayName = "Companies", columns = {
                { name = "name", dataType = "string" } } }))
            people = assert(db:create_table("people", { columns = {
                { name = "email", dataType = "string", unique = true },
                { name = "age", dataType = "integer", indexed = true },
                { name = "balance", dataType = "decimal", filterable = true,
                    validation = { precision = 30, scale = 2 } },
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
                { name = "boss", dataType = "reference", validation = { targetTable = "people" } },
                { name = "notes", dataType = "text" } } }))
            assert(companies:insert { id = "c1", name = "Acme" })
            assert(companies:insert { id = "c2", name = "Bolt" })
            assert(people:insert { id = "a", email = "a@x", age = 36, balance = "1.50", company = "c1" })
            assert(people:insert { id = "b", email = "b@x", age = 41, company = "c2", boss = "a" })
            assert(people:insert { id = "c", email = "c@x", notes = "gone" })
            assert(people:delete "c")
            assert(people:evolve(function(c) c:rename("notes", "remarks") end))
            assert(people:evolve(function(c) c:add { name = "vip", dataType = "boolean", defaultValue = false } end))
            physical = storage_of(people).table
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
        end)

        local function look(options)
            options = options or {}
            options.tables = options.tables or { "companies", "people" }
            return assert(flexdb.doctor(db, options))
        end

        local function find(report, code, message)
            local said = {}
            for _, problem in ipairs(report.problems) do
                if problem.code == code and problem.message == message then return problem end
                said[#said + 1] = ("%s: %s"):format(problem.code, problem.message)
            end
            error(("not found: %s: %s\nbut: %s"):format(code, message, table.concat(said, "\n     ")), 2)
        end

        it("finds nothing in a healthy database", function()
            local report = look()
            assert.is_true(report.ok)
            assert.same({}, setmetatable(report.problems, nil))
            assert.equal(2, report.tables)
            assert.equal(5, report.records)
            assert.equal(4, report.versions)
            assert.equal(0, report.problem_count)
            assert.equal("2 tables, 4 versions, 5 records: no problem", tostring(report))
        end)

        -- What a message names, as it was before anything is broken: $t and $hex the physical table and its digits,
        -- $email … the physical columns, $id and $companies the tables.
        local named
        local function note_names()
            named = { t = physical, hex = physical:match "flex_records_(%x+)_", id = people.id,
                companies = companies.id,
                other = storage_of(companies).table }
            for _, key in ipairs { "email", "age", "balance", "company" } do named[key] = entry_of(people, key) end
        end
        local function said(text) return (text:gsub("%$(%l+)", named)) end

        -- name, how it is broken, what is found by one that mends: { code, message, record, column, MENDED }, what
        -- works then; `looking`: what is found by one that looks alone, where it is something else.
        local MENDED = true
        local cases = {
            { "a physical column that says something else than the document", function()
                sql("UPDATE %s SET %s = 40 WHERE id = 'a'", physical, entry_of(people, "age"))
            end, { { "physical_value", "its physical column $age holds 40, the document gives 36", record = "a",
                column = "age", MENDED } },
            function()
                assert.equal(1, people:count { filter = { age = 36 } })
                assert.equal(0, people:count { filter = { age = 40 } })
            end },
            { "a physical column that is empty", function()
                sql("UPDATE %s SET %s = NULL, %s = NULL WHERE id = 'a'", physical, entry_of(people, "email"),
                    entry_of(people, "balance"))
            end, {
                { "physical_value", "its physical column $email holds nothing, the document gives \"a@x\"",
                    record = "a", column = "email", MENDED },
                { "physical_value", "its physical column $balance holds nothing, the document gives 16 bytes",
                    record = "a", column = "balance", MENDED } },
            function() assert.equal("a", people:first { filter = { email = "a@x", balance = "1.5" } }.id) end },
            { "a physical column of a deleted record", function()
                sql("UPDATE %s SET %s = 'zzz' WHERE id = 'c'", physical, entry_of(people, "email"))
            end, { { "physical_value", "its physical column $email holds \"zzz\", the document gives \"c@x\"",
                record = "c", column = "email", MENDED } } },
            { "a record's version that cannot be", function()
                sql("UPDATE %s SET version = 0 WHERE id = 'b'", physical)
            end, { { "record_version", "its version is 0, versions are counted from 1", record = "b", MENDED } } },
            { "a record of a version that is still to come", function()
                sql("UPDATE %s SET schema_version = 99 WHERE id = 'b'", physical)
            end, { { "schema_version",
                "it was written under version 99 of the definition, which is at version 3", record = "b", MENDED } } },
            { "a record of no version at all", function()
                sql("UPDATE %s SET schema_version = -1 WHERE id = 'b'", physical)
            end, { { "schema_version",
                "it was written under version -1 of the definition, which is at version 3", record = "b", MENDED } } },
            { "an id that is none", function()
                sql("UPDATE %s SET id = 'not an id' WHERE id = 'b'", physical)
            end, { { "record_id", "its id is none: 1 to 128 of A-Z a-z 0-9 _ . : -", record = "not an id" } } },
            { "a document that does not fit its definition", function()
                sql([[UPDATE %s SET data = '{"email":"b@x","age":"old"}' WHERE id = 'b']], physical)
            end, { { "document", "a stored document holds \"old\" under \"age\", which is not what a column of type "
                .. "integer writes", record = "b" } } },
            { "a value that only an older version reads", function()
                assert(people:evolve(function(c) c:remove "remarks" end))
                assert(look().ok)
                sql([[UPDATE %s SET data = '{"email":"b@x","age":41,"company":"c2","boss":"a","notes":7}' ]]
                    .. [[WHERE id = 'b']], physical)
            end, { { "document", "a stored document holds 7 under \"notes\", which is not what a column of type "
                .. "text writes", record = "b" } } },
            { "a computed column that holds something else than its expression gives", function()
                assert(people:evolve(function(c)
                    c:add { name = "older", dataType = "integer", validation = { computed = "age + 1" } }
                end))
                assert(look().ok)
                sql("UPDATE %s SET data = replace(data, '\"older\":37', '\"older\":38') WHERE id = 'a'", physical)
            end, { { "computed_value", "it has 38, the expression gives 37", record = "a", column = "older" } },
            function()
                assert(people:update("a", { age = 36 }))
                assert.is_true(look().ok)
            end },
            { "a reference to a record that was deleted", function()
                sql("UPDATE %s SET deleted_at = 5%s WHERE id = 'c1'", storage_of(companies).table,
                    engine.server and ", live = NULL" or "")
            end, { { "reference", "it refers to record \"c1\", which is not in table \"companies\"", record = "a",
                column = "company" } } },
            { "a reference into its own table that leads nowhere", function()
                sql([[DELETE FROM %s WHERE id = 'a']], physical)
            end, { { "reference", "it refers to record \"a\", which is not in table \"people\"", record = "b",
                column = "boss" } } },
            { "an index that is missing", function() drop_index(physical, entry_of(people, "age")) end,
            { { "index", "the index on $age of $t is missing", column = "age", MENDED } } },
            { "a unique index that is missing", function() drop_index(physical, entry_of(people, "email")) end,
            { { "index", "the unique index on $email of $t is missing", column = "email", MENDED } },
            function()
                assert.equal("duplicate", select(2, people:insert { email = "a@x" }).code)
                assert(people:insert { email = "c@x" }) -- a deleted record is in nobody's way
            end },
            { "an index that is not unique", function()
                local entry = entry_of(people, "email")
                drop_index(physical, entry)
                sql("CREATE INDEX %s ON %s (%s)", engine.server and entry or physical .. "_" .. entry, physical, entry)
            end, { { "index", "the unique index on $email of $t is not as it must be", column = "email", MENDED } },
            function() assert.equal("duplicate", select(2, people:insert { email = "a@x" }).code) end },
            { "two records with one unique value", function()
                drop_index(physical, entry_of(people, "email"))
                sql([[UPDATE %s SET data = '{"email":"a@x"}', %s = 'a@x', %s = NULL, %s = NULL WHERE id = 'b']],
                    physical, entry_of(people, "email"), entry_of(people, "age"), entry_of(people, "company"))
                sql("UPDATE %s SET %s = NULL WHERE id = 'b'", physical, entry_of(people, "boss"))
            end, {
                { "index", "the unique index on $email of $t is missing", column = "email" },
                { "duplicate", "it has what record \"a\" has in column \"email\", which is unique", record = "b",
                    column = "email" } } },
            { "a physical column that is missing", function()
                local entry = entry_of(people, "age")
                drop_index(physical, entry)
                sql("ALTER TABLE %s DROP COLUMN %s", physical, entry)
            end, {
                { "physical_column", "the physical column $age is missing", column = "age", MENDED },
                { "index", "the index on $age of $t is missing", column = "age", MENDED } },
            function()
                assert.equal("b", people:first { filter = { age = { gt = 40 } } }.id)
                assert(people:insert { email = "d@x", age = 50 })
                assert.equal(2, people:count { filter = { age = { gt = 40 } } })
            end },
            { "a column that every record needs", function()
                if not engine.server then drop_index(physical, entry_of(people, "email")) end
                sql("ALTER TABLE %s DROP COLUMN deleted_at", physical)
            end, { { "physical_column", "the physical table $t has no column \"deleted_at\"" } } },
            { "a physical table that is gone", function() sql("DROP TABLE %s", physical) end,
            { { "physical_table", "the physical table $t is missing" } } },
            { "a physical table under another name", function()
                sql("ALTER TABLE %s RENAME TO %s", physical, (physical:gsub("_1$", "_7")))
            end, {
                { "physical_table", "the physical table $t is missing" },
                { "orphan_table", "nobody names the physical table flex_records_$hex_7: the physical table in force is "
                    .. "not there: this one may hold its records" } } },
            { "a physical table that was left behind", function()
                sql("CREATE TABLE %s (seq INT)", (physical:gsub("_1$", "_2")))
                sql("INSERT INTO %s VALUES (1)", (physical:gsub("_1$", "_2")))
            end, { { "orphan_table", "nobody names the physical table flex_records_$hex_2", MENDED } } },
            { "indexed_columns that do not agree with storage", function() put(people, "indexed_columns", "{}") end,
            { { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","age":"c2","balance":"c3",'
                .. '"company":"c4","boss":"c5"}', MENDED } },
            function() assert.equal("c1", flexdb.json.decode(row_of(people).indexed_columns).email) end },
            { "a display name that is not the definition's", function() put(companies, "display_name", "Firms") end,
            { { "display_name", "display_name is \"Firms\", the definition says \"Companies\"", MENDED } },
            function() assert.equal("Companies", row_of(companies).display_name) end },
            { "a table that is neither there nor dropped", function()
                sql("UPDATE flex_tables SET is_active = 0 WHERE id = '%s'", people.id)
            end, {
                { "state", "it is neither active nor was it dropped", MENDED },
                { "name", "it is dropped and called \"people\", which must be \"people~$id\"", MENDED } },
            function()
                assert.equal(2, assert(db:restore_table "people"):count())
                assert.is_true(look().ok)
            end, after = { "companies" } },
            { "a table that is there and dropped at once", function()
                sql("UPDATE flex_tables SET deleted_at = '2024-01-01 00:00:00' WHERE id = '%s'", people.id)
            end, {
                { "state", "it is active and was dropped at once", MENDED },
                { "name", "it is dropped and called \"people\", which must be \"people~$id\"", MENDED } },
            function() assert.equal(2, assert(db:restore_table "people"):count()) end, after = { "companies" } },
            { "a table that remembers a drop that was not", function()
                local storage = storage_of(people)
                storage.originalName, storage.droppedAt = "people", 5
                put(people, "storage", storage)
            end, { { "name", "its storage holds the name of a dropped table, which it is not", MENDED } } },
            { "a definition that cannot be read", function() put(people, "schema", '{"columns":7}') end,
            { { "definition", "its definition cannot be read: columns: must be an array of columns, got 7" } } },
            { "no storage", function()
                sql("UPDATE flex_tables SET storage = NULL WHERE id = '%s'", people.id)
            end, {
                { "storage", "its storage is empty" },
                { "orphan_table", "nobody names the physical table $t: the physical table in force is not there: this "
                    .. "one may hold its records" } } },
            { "a storage that cannot be read", function() put(people, "storage", '{"table":"$"}') end,
            { { "storage", "its storage cannot be read: the stored layout of a table is damaged: table is not a "
                .. "physical name" },
                { "orphan_table", "nobody names the physical table $t: the physical table in force is not there: this "
                    .. "one may hold its records" } } },
            { "a storage that has forgotten a physical column", function()
                local storage = storage_of(people)
                table.remove(storage.columns, 2)
                put(people, "storage", storage)
            end, { { "storage", "storage has no physical column for it", column = "age", MENDED },
                { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                    .. '"company":"c4","boss":"c5","age":"c6"}', MENDED },
                { "physical_column", "the physical column c6 is missing", column = "age", MENDED },
                { "index", "the index on c6 of $t is missing", column = "age", MENDED } },
            function() assert.equal("a", people:first { filter = { age = { lt = 40 } } }.id) end, looking = {
                { "storage", "storage has no physical column for it", column = "age" },
                { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                    .. '"company":"c4","boss":"c5","age":"c6"}' } } },
            { "a storage that says another index", function()
                local storage = storage_of(people)
                storage.columns[1].unique = nil
                storage.columns[1].indexed = true
                put(people, "storage", storage)
            end, { { "storage", "storage says another index for the physical column $email than the definition",
                column = "email", MENDED } }, nil, looking = {
                { "storage", "storage says another index for the physical column $email than the definition",
                    column = "email" },
                { "index", "the index on $email of $t is not as it must be", column = "email" } } },
            { "a storage that fills a column that is none", function()
                local storage = storage_of(people)
                storage.columns[2].key = "nobody"
                put(people, "storage", storage)
            end, {
                { "storage", 'storage fills the physical column c2 from field key "nobody", which no column has',
                    MENDED },
                { "storage", "storage has no physical column for it", column = "age", MENDED },
                { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                    .. '"company":"c4","boss":"c5","age":"c6"}', MENDED },
                { "physical_column", "the physical column c6 is missing", column = "age", MENDED },
                { "index", "the index on c6 of $t is missing", column = "age", MENDED } },
            function() assert.equal("a", people:first { filter = { age = { lt = 40 } } }.id) end, looking = {
                { "storage", 'storage fills the physical column c2 from field key "nobody", which no column has' },
                { "storage", "storage has no physical column for it", column = "age" },
                { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                    .. '"company":"c4","boss":"c5","age":"c6"}' } } },
            { "a storage that names another's physical table", function()
                local storage = storage_of(companies)
                storage.table = physical
                put(companies, "storage", storage)
            end, {
                { "storage", "its storage names the physical table $t of another" },
                { "orphan_table", "nobody names the physical table $other: the physical table in force is not there: "
                    .. "this one may hold its records" } } },
            { "a storage that was purged further than the table goes", function()
                local storage = storage_of(people)
                storage.keptFrom = 9
                put(people, "storage", storage)
            end, { { "storage", "its storage says that versions before 9 were purged, the last one is 3" } } },
            { "a field key that storage does not know", function()
                local storage = storage_of(people)
                storage.keys.notes = nil
                put(people, "storage", storage)
            end, { { "keys", "storage does not know field key \"notes\" of version 1", MENDED } },
            function() assert.equal("text", storage_of(people).keys.notes) end },
            { "a field key of another type", function()
                local storage = storage_of(companies)
                storage.keys.name = "integer"
                put(companies, "storage", storage)
            end, { { "keys", "field key \"name\" is of type string in version 1, storage says integer" } } },
            { "a target that does not know who refers to it", function()
                local storage = storage_of(companies)
                storage.referrers = flexdb.array {}
                put(companies, "storage", storage)
            end, { { "referrers", "it refers to table \"companies\", whose storage does not know of it",
                column = "company", MENDED } },
            function() assert.equal("reference", select(2, companies:delete "c1").code) end },
            { "a table that does not know that it refers to itself", function()
                local storage = storage_of(people)
                storage.referrers = flexdb.array {}
                put(people, "storage", storage)
            end, { { "referrers", "it refers to its own table, whose storage does not know of it", column = "boss",
                MENDED } },
            function() assert.equal("reference", select(2, people:delete "a").code) end },
            { "a target that is dropped", function()
                sql("UPDATE flex_tables SET is_active = 0, deleted_at = '2024-01-01 00:00:00', name = 'x~%s' "
                    .. "WHERE id = '%s'", companies.id, companies.id)
            end, { { "target", "it refers to table \"x~$companies\", which is dropped", column = "company" } },
            tables = { "people" } },
            { "a target that is gone", function()
                sql("DELETE FROM flex_tables WHERE id = '%s'", companies.id)
            end, { { "target", "it refers to a table that is not there: \"companies\"", column = "company" } },
            tables = { "people" } },
            { "a version that is missing in the middle", function()
                sql("DELETE FROM flex_table_versions WHERE id = '%s:2'", people.id)
            end, { { "version_missing", "version 2 is missing; its neighbours tell it", MENDED } },
            function()
                local entry = people:history()[2]
                assert.equal("put back by doctor", entry.message)
                assert.equal("rename_column", entry.changes[1].type)
                assert(people:rollback(2))
                assert.equal("rename_column", people:diff(2, 1)[1].type)
            end, looking = { { "version_missing", "version 2 is missing" } } },
            { "the first version missing", function()
                sql("DELETE FROM flex_table_versions WHERE id = '%s:1'", people.id)
            end, { { "version_missing", "version 1 is missing; its neighbours tell it", MENDED } },
            function() assert(people:rollback(1)) end,
            looking = { { "version_missing", "version 1 is missing" } } },
            { "the last version missing", function()
                sql("DELETE FROM flex_table_versions WHERE id = '%s:3'", people.id)
            end, { { "version_missing", "version 3 is missing; its neighbours tell it", MENDED } },
            function() assert.equal("add_column", people:history()[3].changes[1].type) end,
            looking = { { "version_missing", "version 3 is missing" } } },
            { "several versions missing", function()
                sql("DELETE FROM flex_table_versions WHERE table_id = '%s' AND version < 3", people.id)
            end, { { "version_missing", "versions 1 to 2 are missing" } } },
            { "a version that is there twice", function()
                sql("INSERT INTO flex_table_versions (id, table_id, version, new_schema, changes) "
                    .. "VALUES ('%s:2x', '%s', 2, '{\"columns\":[]}', '[]')", people.id, people.id)
            end, { { "version_twin", "version 2 is there twice" } } },
            { "a version under another id", function()
                sql("UPDATE flex_table_versions SET id = '%s:9' WHERE id = '%s:2'", people.id, people.id)
            end, { { "version_row", "version 2: its row has the id \"$id:9\", must have \"$id:2\"" } } },
            { "a version whose definition cannot be read", function()
                sql("UPDATE flex_table_versions SET new_schema = '{\"columns\":7}' WHERE id = '%s:2'", people.id)
            end, {
                { "version_row", "version 2: its definition cannot be read: columns: must be an array of columns, "
                    .. "got 7" },
                { "version_chain", "version 3 does not follow the definition of version 2" } } },
            { "a version whose changes are no array", function()
                sql("UPDATE flex_table_versions SET changes = '{}' WHERE id = '%s:2'", people.id)
            end, { { "version_row", "version 2: its changes are not a JSON array" } } },
            { "a version that follows another definition", function()
                sql("UPDATE flex_table_versions SET previous_schema = '{\"columns\":[]}' WHERE id = '%s:2'", people.id)
            end, { { "version_chain", "version 2 does not follow the definition of version 1" } } },
            { "a first version that follows something", function()
                sql("UPDATE flex_table_versions SET previous_schema = '{\"columns\":[]}' WHERE id = '%s:1'", people.id)
            end, { { "version_chain", "version 1 follows another definition, though it is the first" } } },
            { "a table that says another version than its last one", function()
                sql("UPDATE flex_tables SET version = 9 WHERE id = '%s'", people.id)
            end, { { "version_last", "flex_tables says version 9, the last one is 3", MENDED } },
            function()
                assert.equal(3, assert(db:table "people").version)
                assert.equal(4, assert(people:evolve(function(c) c:add { name = "z", dataType = "text" } end)).version)
            end },
            { "a definition that says another version", function()
                local schema = flexdb.json.decode(row_of(people).schema)
                schema.version = 8
                put(people, "schema", schema)
            end, { { "definition_version", "its definition calls itself version 8, it is version 3", MENDED } } },
            { "a definition that no version has made", function()
                local schema = flexdb.json.decode(row_of(people).schema)
                schema.description = "changed by hand"
                put(people, "schema", schema)
            end, { { "version_last", "the definition in flex_tables is not the one of version 3" } } },
        }
        if engine.server then
            cases[#cases + 1] = { "a live record that is kept out of its indexes", function()
                sql("UPDATE %s SET live = NULL WHERE id = 'a'", physical)
            end, { { "live", "it is not deleted, its column \"live\" says otherwise", record = "a", MENDED } },
            function() assert.equal("duplicate", select(2, people:insert { email = "a@x" }).code) end }
            cases[#cases + 1] = { "a deleted record that stands in the way", function()
                sql("UPDATE %s SET live = 1 WHERE id = 'c'", physical)
            end, { { "live", "it is deleted, its column \"live\" says otherwise", record = "c", MENDED } },
            function() assert(people:insert { email = "c@x" }) end }
            cases[#cases + 1] = { "an id that may be there twice", function()
                sql("ALTER TABLE %s DROP INDEX id", physical)
            end, { { "index", "the unique index on id of $t is missing", MENDED } } }
        else
            cases[#cases + 1] = { "a document that is no JSON", function()
                sql([[UPDATE %s SET data = '{"email":' WHERE id = 'b']], physical)
            end, { { "document", "a stored document is not well formed at byte 1", record = "b" } } }
            cases[#cases + 1] = { "a text where a number stands", function()
                sql("UPDATE %s SET schema_version = 'three' WHERE id = 'b'", physical)
            end, { { "unreadable", "column 7 of a result is not an integer" } } }
            cases[#cases + 1] = { "a text where the time of a deletion stands", function()
                sql("UPDATE %s SET deleted_at = 'never' WHERE id = 'b'", physical)
            end, { { "unreadable", "column 6 of a result is not an integer" } } }
            cases[#cases + 1] = { "a version whose definition is no JSON", function()
                sql("UPDATE flex_table_versions SET new_schema = '{' WHERE id = '%s:2'", people.id)
            end, {
                { "version_row", "version 2: its definition is not JSON" },
                { "version_chain", "version 3 does not follow the definition of version 2" } } }
            cases[#cases + 1] = { "an index that misses a record", function()
                raw.break_index(connection, people, "age", 37)
                connection:close()
                connection = raw.connect(engine)
            end, { { "integrity", "row 1 missing from index $t_$age", MENDED } },
            function() assert.equal(1, people:count { filter = { age = 37 } }) end }
        end

        local function check(report, expected, mending)
            for _, want in ipairs(expected) do
                local problem = find(report, want[1], said(want[2]))
                assert.equal(want.record, problem.record)
                assert.equal(want.column, problem.column)
                assert.equal(mending and want[3] == MENDED, problem.repaired)
            end
            assert.equal(#expected, report.problem_count, tostring(report))
        end

        for _, case in ipairs(cases) do
            local name, break_it, expected, then_check = table.unpack(case, 1, 4)
            local all = true
            for _, want in ipairs(expected) do all = all and want[3] == MENDED end

            it(("finds %s%s"):format(name, all and ", and mends it" or ", and leaves it"), function()
                note_names()
                break_it()
                -- only looking changes nothing
                for _ = 1, 2 do
                    local report = look { tables = case.tables }
                    assert.is_false(report.ok)
                    assert.equal(0, report.repaired_count)
                    check(report, case.looking or expected, false)
                end
                local mended = look { repair = true, tables = case.tables }
                check(mended, expected, true)
                assert.equal(all, mended.ok)
                local after = look { tables = case.after or case.tables }
                assert.equal(all, after.ok, tostring(after))
                if then_check then then_check() end
            end)
        end

        it("mends a thousand records and more, and keeps the first thousand problems", function()
            local records = {}
            for i = 1, 1200 do records[i] = { email = "n" .. i, age = 100 + i } end
            assert(people:insert_many(records))
            sql("UPDATE %s SET %s = 7", physical, entry_of(people, "age"))
            local report = look()
            assert.is_false(report.ok)
            assert.equal(1203, report.problem_count)
            assert.equal(1203, report.counts.physical_value)
            assert.equal(1000, #report.problems)
            assert.equal(0, report.repaired_count)
            assert.truthy(tostring(report):find("\nand 203 more$"))
            report = look { repair = true }
            assert.is_true(report.ok)
            assert.equal(1203, report.repaired_count)
            assert.is_true(look().ok)
            assert.equal(100, people:count { filter = { age = { gt = 1200 } } })
        end)

        it("prints a report that is pleasant to read at 80 columns", function()
            sql("UPDATE %s SET %s = 40 WHERE id = 'a'", physical, entry_of(people, "age"))
            put(companies, "display_name", "Firms")
            local text = tostring(look { repair = true })
            assert.equal((([[
2 tables, 4 versions, 5 records: 2 problems, mended

APP / companies
  display_name       display_name is "Firms", the definition says "Companies"
                     (mended)

APP / people
  physical_value     record a, column age: its physical column c2 holds 40, the
                     document gives 36 (mended)]]):gsub("APP", db.application)), text)
            for line in text:gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 80, line) end
        end)

        it("looks at dropped tables, too", function()
            assert(db:drop_table "people")
            sql("UPDATE %s SET %s = 40 WHERE id = 'a'", physical, entry_of(people, "age"))
            local name = "people~" .. people.id
            local report = look { tables = { name } }
            assert.equal("people", find(report, "physical_value",
                "its physical column c2 holds 40, the document gives 36").table)
            assert.is_true(look({ tables = { name }, repair = true }).ok)
            sql("UPDATE flex_tables SET name = 'elsewhere' WHERE id = '%s'", people.id)
            find(look { tables = { "elsewhere" } }, "name",
                ("it is dropped and called \"elsewhere\", which must be \"people~%s\""):format(people.id))
            assert.is_true(look({ tables = { "elsewhere" }, repair = true }).ok)
            assert.equal(1, assert(db:restore_table "people"):count { filter = { age = 36 } })
        end)

        it("tells how far it is, and stops where its caller raises", function()
            local seen = {}
            look { on_progress = function(records, name) seen[#seen + 1] = ("%d %s"):format(records, name or "-") end }
            assert.equal("0 companies", seen[2])
            assert.equal("2 companies", seen[3])
            assert.equal("5 -", seen[#seen])
            local ok, err = pcall(look, { on_progress = function() error("enough", 0) end })
            assert.is_false(ok)
            assert.equal("enough", err)
        end)

        it("looks with a read-only handle, and cannot mend with one", function()
            local reader <close> = assert(flexdb.open(engine.url, { application = db.application, read_only = true }))
            assert.is_true(assert(flexdb.doctor(reader, { tables = { "people" } })).ok)
            local report, err = flexdb.doctor(reader, { tables = { "people" }, repair = true })
            assert.is_nil(report)
            assert.equal("read_only: the handle is read-only", tostring(err))
        end)

        it("looks inside a transaction, and cannot mend in one", function()
            local report = assert(db:transaction(function()
                assert(people:insert { email = "t@x" })
                return flexdb.doctor(db, { tables = { "people" } })
            end))
            assert.is_true(report.ok)
            local done, err = db:transaction(function()
                return flexdb.doctor(db, { tables = { "people" }, repair = true })
            end)
            assert.is_nil(done)
            assert.equal("unsupported: doctor mends in transactions of its own and cannot be part of another",
                tostring(err))
        end)

        it("says what is wrong with what it is given", function()
            local report, err = flexdb.doctor(db, { tables = { "people", "nobody" } })
            assert.is_nil(report)
            assert.equal('not_found: there is no table "nobody"', tostring(err))
            for _, case in ipairs {
                { {}, nil, "bad argument #1 to 'doctor' %(flexdb.database expected, got table%)" },
                { db, { fix = true }, "bad argument #2 to 'doctor' %(there is no option 'fix'%)" },
                { db, { repair = 1 },
                    "bad argument #2 to 'doctor' %(option 'repair' must be a boolean, is a number%)" },
                { db, { tables = { 1 } }, "option 'tables' must be an array of names" },
            } do
                local ok, message = pcall(function() flexdb.doctor(case[1], case[2]) end)
                assert.is_false(ok)
                assert.truthy(tostring(message):find(case[3]), message)
            end
        end)

        it("lets tables of other programs be", function()
            sql("INSERT INTO flex_tables (id, application_id, name, schema) VALUES ('o-%s', '%s', 'Other', "
                .. "'{\"columns\":[]}')" , people.id, db.application)
            local report = look { tables = { "people", "Other" } }
            assert.is_true(report.ok)
            assert.equal(1, report.foreign)
            sql("DELETE FROM flex_tables WHERE id = 'o-%s'", people.id)
        end)
    end)
end)
