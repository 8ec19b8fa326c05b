-- Rows of flex_tables that are broken on purpose, each in one way: names and states, definitions, storage, who refers
-- to whom; and the indexes of FlexDB's own tables.

local broken = require "spec.support.broken"
local flexdb = require "flexdb"

local MENDED <const> = broken.MENDED

broken.each("doctor of the catalogue", function(w, engine)
    local sql, row_of, storage_of, put, look = w.sql, w.row_of, w.storage_of, w.put, w.look

    local cases = {
        { "indexed_columns that do not agree with storage", function() put(w.people, "indexed_columns", "{}") end,
        { { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","age":"c2","balance":"c3",'
            .. '"company":"c4","boss":"c5"}', MENDED } },
        function() assert.equal("c1", flexdb.json.decode(row_of(w.people).indexed_columns).email) end },
        { "a display name that is not the definition's", function() put(w.companies, "display_name", "Firms") end,
        { { "display_name", "display_name is \"Firms\", the definition says \"Companies\"", MENDED } },
        function() assert.equal("Companies", row_of(w.companies).display_name) end },
        { "a table that is neither there nor dropped", function()
            sql("UPDATE flex_tables SET is_active = 0 WHERE id = '%s'", w.people.id)
        end, {
            { "state", "it is neither active nor was it dropped", MENDED },
            { "name", "it is dropped and called \"people\", which must be \"people~$id\"", MENDED } },
        function()
            assert.equal(2, assert(w.db:restore_table "people"):count())
            assert.is_true(look().ok)
        end, after = { "companies" } },
        { "a table that is there and dropped at once", function()
            sql("UPDATE flex_tables SET deleted_at = '2024-01-01 00:00:00' WHERE id = '%s'", w.people.id)
        end, {
            { "state", "it is active and was dropped at once", MENDED },
            { "name", "it is dropped and called \"people\", which must be \"people~$id\"", MENDED } },
        function() assert.equal(2, assert(w.db:restore_table "people"):count()) end, after = { "companies" } },
        { "a table that remembers a drop that was not", function()
            local storage = storage_of(w.people)
            storage.originalName, storage.droppedAt = "people", 5
            put(w.people, "storage", storage)
        end, { { "name", "its storage holds the name of a dropped table, which it is not", MENDED } } },
        { "a definition that cannot be read", function() put(w.people, "schema", '{"columns":7}') end,
        { { "definition", "its definition cannot be read: columns: must be an array of columns, got 7" } } },
        { "no storage", function()
            sql("UPDATE flex_tables SET storage = NULL WHERE id = '%s'", w.people.id)
        end, {
            { "storage", "its storage is empty" },
            { "orphan_table", "nobody names the physical table $t: the physical table in force is not there: this "
                .. "one may hold its records" } } },
        { "a storage that cannot be read", function() put(w.people, "storage", '{"table":"$"}') end,
        { { "storage", "its storage cannot be read: the stored layout of a table is damaged: table is not a "
            .. "physical name" },
            { "orphan_table", "nobody names the physical table $t: the physical table in force is not there: this "
                .. "one may hold its records" } } },
        { "a storage that has forgotten a physical column", function()
            local storage = storage_of(w.people)
            table.remove(storage.columns, 2)
            put(w.people, "storage", storage)
        end, { { "storage", "storage has no physical column for it", column = "age", MENDED },
            { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                .. '"company":"c4","boss":"c5","age":"c6"}', MENDED },
            { "physical_column", "the physical column c6 is missing", column = "age", MENDED },
            { "index", "the index on c6 of $t is missing", column = "age", MENDED } },
        function() assert.equal("a", w.people:first { filter = { age = { lt = 40 } } }.id) end, looking = {
            { "storage", "storage has no physical column for it", column = "age" },
            { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                .. '"company":"c4","boss":"c5","age":"c6"}' } } },
        { "a storage that says another index", function()
            local storage = storage_of(w.people)
            storage.columns[1].unique = nil
            storage.columns[1].indexed = true
            put(w.people, "storage", storage)
        end, { { "storage", "storage says another index for the physical column $email than the definition",
            column = "email", MENDED } }, nil, looking = {
            { "storage", "storage says another index for the physical column $email than the definition",
                column = "email" },
            { "index", "the index on $email of $t is not as it must be", column = "email" } } },
        { "a storage that fills a column that is none", function()
            local storage = storage_of(w.people)
            storage.columns[2].key = "nobody"
            put(w.people, "storage", storage)
        end, {
            { "storage", 'storage fills the physical column c2 from field key "nobody", which no column has',
                MENDED },
            { "storage", "storage has no physical column for it", column = "age", MENDED },
            { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                .. '"company":"c4","boss":"c5","age":"c6"}', MENDED },
            { "physical_column", "the physical column c6 is missing", column = "age", MENDED },
            { "index", "the index on c6 of $t is missing", column = "age", MENDED } },
        function() assert.equal("a", w.people:first { filter = { age = { lt = 40 } } }.id) end, looking = {
            { "storage", 'storage fills the physical column c2 from field key "nobody", which no column has' },
            { "storage", "storage has no physical column for it", column = "age" },
            { "indexed_columns", 'indexed_columns is not what storage says: {"email":"c1","balance":"c3",'
                .. '"company":"c4","boss":"c5","age":"c6"}' } } },
        { "a storage that names another's physical table", function()
            local storage = storage_of(w.companies)
            storage.table = w.physical
            put(w.companies, "storage", storage)
        end, {
            { "storage", "its storage names the physical table $t of another" },
            { "orphan_table", "nobody names the physical table $other: the physical table in force is not there: "
                .. "this one may hold its records" } } },
        { "a storage that was purged further than the table goes", function()
            local storage = storage_of(w.people)
            storage.keptFrom = 9
            put(w.people, "storage", storage)
        end, { { "storage", "its storage says that versions before 9 were purged, the last one is 3" } } },
        { "a field key that storage does not know", function()
            local storage = storage_of(w.people)
            storage.keys.notes = nil
            put(w.people, "storage", storage)
        end, { { "keys", "storage does not know field key \"notes\" of version 1", MENDED } },
        function() assert.equal("text", storage_of(w.people).keys.notes) end },
        { "a field key of another type", function()
            local storage = storage_of(w.companies)
            storage.keys.name = "integer"
            put(w.companies, "storage", storage)
        end, { { "keys", "field key \"name\" is of type string in version 1, storage says integer" } } },
        { "a target that does not know who refers to it", function()
            local storage = storage_of(w.companies)
            storage.referrers = flexdb.array {}
            put(w.companies, "storage", storage)
        end, { { "referrers", "it refers to table \"companies\", whose storage does not know of it",
            column = "company", MENDED } },
        function() assert.equal("reference", select(2, w.companies:delete "c1").code) end },
        { "a table that does not know that it refers to itself", function()
            local storage = storage_of(w.people)
            storage.referrers = flexdb.array {}
            put(w.people, "storage", storage)
        end, { { "referrers", "it refers to its own table, whose storage does not know of it", column = "boss",
            MENDED } },
        function() assert.equal("reference", select(2, w.people:delete "a").code) end },
        { "a target that is dropped", function()
            sql("UPDATE flex_tables SET is_active = 0, deleted_at = '2024-01-01 00:00:00', name = 'x~%s' "
                .. "WHERE id = '%s'", w.companies.id, w.companies.id)
        end, { { "target", "it refers to table \"x~$companies\", which is dropped", column = "company" } },
        tables = { "people" } },
        { "a target that is gone", function()
            sql("DELETE FROM flex_tables WHERE id = '%s'", w.companies.id)
        end, { { "target", "it refers to a table that is not there: \"companies\"", column = "company" } },
        tables = { "people" } },
        { "an index of FlexDB's own that is missing", function()
            sql("DROP INDEX flex_table_versions_table_id_version%s", engine.server and " ON flex_table_versions" or "")
        end, { { "catalog_index", "the index on table_id, version of flex_table_versions is missing", MENDED } } },
        { "an index of FlexDB's own that is another", function()
            sql("DROP INDEX flex_tables_is_active%s", engine.server and " ON flex_tables" or "")
            sql("CREATE INDEX flex_tables_is_active ON flex_tables (is_active, version)")
        end, { { "catalog_index", "the index on is_active of flex_tables is not as it must be", MENDED } } },
    }
    return cases
end)
