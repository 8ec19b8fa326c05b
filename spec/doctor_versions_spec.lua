-- Rows of flex_table_versions that are broken on purpose, each in one way: what is missing is put back where its
-- neighbours tell it.

local broken = require "spec.support.broken"
local flexdb = require "flexdb"

local MENDED <const> = broken.MENDED

broken.each("doctor of versions", function(w, engine)
    local sql, row_of, put = w.sql, w.row_of, w.put

    local cases = {
        { "a version that is missing in the middle", function()
            sql("DELETE FROM flex_table_versions WHERE id = '%s:2'", w.people.id)
        end, { { "version_missing", "version 2 is missing; its neighbours tell it", MENDED } },
        function()
            local entry = w.people:history()[2]
            assert.equal("put back by doctor", entry.message)
            assert.equal("rename_column", entry.changes[1].type)
            assert(w.people:rollback(2))
            assert.equal("rename_column", w.people:diff(2, 1)[1].type)
        end, looking = { { "version_missing", "version 2 is missing" } } },
        { "the first version missing", function()
            sql("DELETE FROM flex_table_versions WHERE id = '%s:1'", w.people.id)
        end, { { "version_missing", "version 1 is missing; its neighbours tell it", MENDED } },
        function() assert(w.people:rollback(1)) end,
        looking = { { "version_missing", "version 1 is missing" } } },
        { "the last version missing", function()
            sql("DELETE FROM flex_table_versions WHERE id = '%s:3'", w.people.id)
        end, { { "version_missing", "version 3 is missing; its neighbours tell it", MENDED } },
        function() assert.equal("add_column", w.people:history()[3].changes[1].type) end,
        looking = { { "version_missing", "version 3 is missing" } } },
        { "several versions missing", function()
            sql("DELETE FROM flex_table_versions WHERE table_id = '%s' AND version < 3", w.people.id)
        end, { { "version_missing", "versions 1 to 2 are missing" } } },
        { "a version that is there twice", function()
            sql("INSERT INTO flex_table_versions (id, table_id, version, new_schema, changes) "
                .. "VALUES ('%s:2x', '%s', 2, '{\"columns\":[]}', '[]')", w.people.id, w.people.id)
        end, { { "version_twin", "version 2 is there twice" } } },
        { "a version under another id", function()
            sql("UPDATE flex_table_versions SET id = '%s:9' WHERE id = '%s:2'", w.people.id, w.people.id)
        end, { { "version_row", "version 2: its row has the id \"$id:9\", must have \"$id:2\"" } } },
        { "a version whose definition cannot be read", function()
            sql("UPDATE flex_table_versions SET new_schema = '{\"columns\":7}' WHERE id = '%s:2'", w.people.id)
        end, {
            { "version_row", "version 2: its definition cannot be read: columns: must be an array of columns, "
                .. "got 7" },
            { "version_chain", "version 3 does not follow the definition of version 2" } } },
        { "a version whose changes are no array", function()
            sql("UPDATE flex_table_versions SET changes = '{}' WHERE id = '%s:2'", w.people.id)
        end, { { "version_row", "version 2: its changes are not a JSON array" } } },
        { "a version that follows another definition", function()
            sql("UPDATE flex_table_versions SET previous_schema = '{\"columns\":[]}' WHERE id = '%s:2'", w.people.id)
        end, { { "version_chain", "version 2 does not follow the definition of version 1" } } },
        { "a first version that follows something", function()
            sql("UPDATE flex_table_versions SET previous_schema = '{\"columns\":[]}' WHERE id = '%s:1'", w.people.id)
        end, { { "version_chain", "version 1 follows another definition, though it is the first" } } },
        { "a table that says another version than its last one", function()
            sql("UPDATE flex_tables SET version = 9 WHERE id = '%s'", w.people.id)
        end, { { "version_last", "flex_tables says version 9, the last one is 3", MENDED } },
        function()
            assert.equal(3, assert(w.db:table "people").version)
            assert.equal(4, assert(w.people:evolve(function(c) c:add { name = "z", dataType = "text" } end)).version)
        end },
        { "a definition that says another version", function()
            local schema = flexdb.json.decode(row_of(w.people).schema)
            schema.version = 8
            put(w.people, "schema", schema)
        end, { { "definition_version", "its definition calls itself version 8, it is version 3", MENDED } } },
        { "a definition that no version has made", function()
            local schema = flexdb.json.decode(row_of(w.people).schema)
            schema.description = "changed by hand"
            put(w.people, "schema", schema)
        end, { { "version_last", "the definition in flex_tables is not the one of version 3" } } },
    }
    if engine.server then
        cases[#cases + 1] = { "a version that was made at no time", function()
            sql("UPDATE flex_table_versions SET created_at = '0000-00-00 00:00:00' WHERE id = '%s:2'", w.people.id)
        end, { { "version_row", 'version 2: its created_at is not a time: "0000-00-00 00:00:00"' } } }
    else
        cases[#cases + 1] = { "a version that was made at no time", function()
            sql("UPDATE flex_table_versions SET created_at = '2024-02-30 10:00:00' WHERE id = '%s:2'", w.people.id)
        end, { { "version_row", 'version 2: its created_at is not a time: "2024-02-30 10:00:00"' } } }
        cases[#cases + 1] = { "a version whose message and maker are no text", function()
            sql("UPDATE flex_table_versions SET message = CAST(x'61FF' AS TEXT), created_by = CAST(x'FF' AS TEXT) "
                .. "WHERE id = '%s:2'", w.people.id)
            sql("UPDATE flex_table_versions SET message = replace(hex(zeroblob(33000)), '0', 'm'), "
                .. "created_by = replace(hex(zeroblob(65)), '0', 'm') WHERE id = '%s:3'", w.people.id)
        end, {
            { "version_row", "version 2: its created_by is not UTF-8 of at most 128 characters" },
            { "version_row", "version 2: its message is not UTF-8 of at most 65535 bytes" },
            { "version_row", "version 3: its created_by is not UTF-8 of at most 128 characters" },
            { "version_row", "version 3: its message is not UTF-8 of at most 65535 bytes" } } }
        cases[#cases + 1] = { "a version whose definition is no JSON", function()
            sql("UPDATE flex_table_versions SET new_schema = '{' WHERE id = '%s:2'", w.people.id)
        end, {
            { "version_row", "version 2: its definition is not JSON" },
            { "version_chain", "version 3 does not follow the definition of version 2" } } }
    end
    return cases
end)
