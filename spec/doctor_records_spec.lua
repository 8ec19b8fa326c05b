-- Records that are broken on purpose, each in one way: doctor finds it, mends what can be mended, and finds nothing
-- afterwards.

local broken = require "spec.support.broken"

local MENDED <const> = broken.MENDED

broken.each("doctor of records", function(w, engine)
    local sql, storage_of, entry_of, drop_index, look = w.sql, w.storage_of, w.entry_of, w.drop_index, w.look

    local cases = {
        { "a physical column that says something else than the document", function()
            sql("UPDATE %s SET %s = 40 WHERE id = 'a'", w.physical, entry_of(w.people, "age"))
        end, { { "physical_value", "its physical column $age holds 40, the document gives 36", record = "a",
            column = "age", MENDED } },
        function()
            assert.equal(1, w.people:count { filter = { age = 36 } })
            assert.equal(0, w.people:count { filter = { age = 40 } })
        end },
        { "a physical column that is empty", function()
            sql("UPDATE %s SET %s = NULL, %s = NULL WHERE id = 'a'", w.physical, entry_of(w.people, "email"),
                entry_of(w.people, "balance"))
        end, {
            { "physical_value", "its physical column $email holds nothing, the document gives \"a@x\"",
                record = "a", column = "email", MENDED },
            { "physical_value", "its physical column $balance holds nothing, the document gives 16 bytes",
                record = "a", column = "balance", MENDED } },
        function() assert.equal("a", w.people:first { filter = { email = "a@x", balance = "1.5" } }.id) end },
        { "a physical column of a deleted record", function()
            sql("UPDATE %s SET %s = 'zzz' WHERE id = 'c'", w.physical, entry_of(w.people, "email"))
        end, { { "physical_value", "its physical column $email holds \"zzz\", the document gives \"c@x\"",
            record = "c", column = "email", MENDED } } },
        { "a record's version that cannot be", function()
            sql("UPDATE %s SET version = 0 WHERE id = 'b'", w.physical)
        end, { { "record_version", "its version is 0, versions are counted from 1", record = "b", MENDED } } },
        { "a record of a version that is still to come", function()
            sql("UPDATE %s SET schema_version = 99 WHERE id = 'b'", w.physical)
        end, { { "schema_version",
            "it was written under version 99 of the definition, which is at version 3", record = "b", MENDED } } },
        { "a record of no version at all", function()
            sql("UPDATE %s SET schema_version = -1 WHERE id = 'b'", w.physical)
        end, { { "schema_version",
            "it was written under version -1 of the definition, which is at version 3", record = "b", MENDED } } },
        { "an id that is none", function()
            sql("UPDATE %s SET id = 'not an id' WHERE id = 'b'", w.physical)
        end, { { "record_id", "its id is none: 1 to 128 of A-Z a-z 0-9 _ . : -", record = "not an id" } } },
        { "a document that does not fit its definition", function()
            sql([[UPDATE %s SET data = '{"email":"b@x","age":"old"}' WHERE id = 'b']], w.physical)
        end, { { "document", "a stored document holds \"old\" under \"age\", which is not what a column of type "
            .. "integer writes", record = "b" } } },
        { "a value that only an older version reads", function()
            assert(w.people:evolve(function(c) c:remove "remarks" end))
            assert(look().ok)
            sql([[UPDATE %s SET data = '{"email":"b@x","age":41,"company":"c2","boss":"a","notes":7}' ]]
                .. [[WHERE id = 'b']], w.physical)
        end, { { "document", "a stored document holds 7 under \"notes\", which is not what a column of type "
            .. "text writes", record = "b" } } },
        { "a time that no calendar has", function()
            sql("UPDATE %s SET created_at = -62135596800000001, updated_at = 253402300800000000 WHERE id = 'a'",
                w.physical)
            sql("UPDATE %s SET deleted_at = 9223372036854775807 WHERE id = 'c'", w.physical)
        end, {
            { "record_time", "its created_at, -62135596800000001 microseconds, is not in the years 1 to 9999",
                record = "a", MENDED },
            { "record_time", "its updated_at, 253402300800000000 microseconds, is not in the years 1 to 9999",
                record = "a", MENDED },
            { "record_time", "its deleted_at, 9223372036854775807 microseconds, is not in the years 1 to 9999",
                record = "c", MENDED } },
        function()
            local row = assert(w.people:get "a")
            assert.equal("0001-01-01T00:00:00.000000Z", row.created_at)
            assert.equal("9999-12-31T23:59:59.999999Z", row.updated_at)
            assert.is_nil(w.people:get "c")
            assert(w.people:restore "c")
        end },
        { "a key that no version knows", function()
            sql([[UPDATE %s SET data = '{"email":"b@x","age":41,"company":"c2","boss":"a","col%su006fur":"red"}' ]]
                .. [[WHERE id = 'b']], w.physical, engine.server and [[\\]] or [[\]])
        end, { { "unknown_key", 'no version knows the field key "colour", which 1 record has, "b" first', MENDED } },
        function()
            -- it stays where it is, nobody else gets its key, and the next purge takes it away
            assert(w.people:update("b", { age = 42 }))
            assert(w.people:evolve(function(c) c:add { name = "colour", dataType = "string" } end))
            assert.is_nil(w.people:get("b").colour)
            assert.equal("colour_2", w.people:schema().columns[8].key)
            assert.equal(1, assert(w.people:purge { keep_versions = 1 }).rewritten)
            assert.is_nil(w.rows("SELECT data FROM %s WHERE id = 'b'", w.physical)[1].data:find("red", 1, true))
            assert.is_true(w.look().ok)
        end },
        { "a computed column that holds something else than its expression gives", function()
            assert(w.people:evolve(function(c)
                c:add { name = "older", dataType = "integer", indexed = true, validation = { computed = "age + 1" } }
                c:add { name = "oldest", dataType = "integer", validation = { computed = "older + 1" } }
            end))
            w.physical = w.storage_of(w.people).table
            assert(w.look().ok)
            sql("UPDATE %s SET data = replace(replace(data, '\"older\":37', '\"older\":38'), '\"oldest\":38', "
                .. "'\"oldest\":39'), %s = 38 WHERE id = 'a'", w.physical, entry_of(w.people, "older"))
            sql("UPDATE %s SET data = replace(data, ',\"oldest\":43', '') WHERE id = 'b'", w.physical)
        end, {
            { "computed_value", "it has 38, the expression gives 37", record = "a", column = "older", MENDED },
            { "computed_value", "it has 39, the expression gives 38", record = "a", column = "oldest", MENDED },
            { "computed_value", "it has null, the expression gives 43", record = "b", column = "oldest", MENDED } },
        function()
            local row = assert(w.people:first { filter = { older = 37 } })
            assert.same({ "a", 38, 1 }, { row.id, row.oldest, row._version })
            assert.equal(43, w.people:get("b").oldest)
            assert.equal(0, w.people:count { filter = { older = 38 } })
        end },
        { "a reference to a record that was deleted", function()
            sql("UPDATE %s SET deleted_at = 5%s WHERE id = 'c1'", storage_of(w.companies).table,
                engine.server and ", live = NULL" or "")
        end, { { "reference", "it refers to record \"c1\", which is not in table \"companies\"", record = "a",
            column = "company" } } },
        { "a reference into its own table that leads nowhere", function()
            sql([[DELETE FROM %s WHERE id = 'a']], w.physical)
        end, { { "reference", "it refers to record \"a\", which is not in table \"people\"", record = "b",
            column = "boss" } } },
        { "two records with one unique value", function()
            drop_index(w.physical, entry_of(w.people, "email"))
            sql([[UPDATE %s SET data = '{"email":"a@x"}', %s = 'a@x', %s = NULL, %s = NULL WHERE id = 'b']],
                w.physical, entry_of(w.people, "email"), entry_of(w.people, "age"), entry_of(w.people, "company"))
            sql("UPDATE %s SET %s = NULL WHERE id = 'b'", w.physical, entry_of(w.people, "boss"))
        end, {
            { "index", "the unique index on $email of $t is missing", column = "email" },
            { "duplicate", "it has what record \"a\" has in column \"email\", which is unique", record = "b",
                column = "email" } } },
    }
    -- A server checks JSON itself, unless it is told not to.
    cases[#cases + 1] = { "a document that is no JSON", function()
        if engine.server then sql("SET check_constraint_checks = 0") end
        sql([[UPDATE %s SET data = '{"email":' WHERE id = 'b']], w.physical)
        if engine.server then sql("SET check_constraint_checks = 1") end
    end, { { "document", "a stored document is not well formed at byte 1", record = "b" } } }
    if engine.server then
        cases[#cases + 1] = { "a live record that is kept out of its indexes", function()
            sql("UPDATE %s SET live = NULL WHERE id = 'a'", w.physical)
        end, { { "live", "it is not deleted, its column \"live\" says otherwise", record = "a", MENDED } },
        function() assert.equal("duplicate", select(2, w.people:insert { email = "a@x" }).code) end }
        cases[#cases + 1] = { "a deleted record that stands in the way", function()
            sql("UPDATE %s SET live = 1 WHERE id = 'c'", w.physical)
        end, { { "live", "it is deleted, its column \"live\" says otherwise", record = "c", MENDED } },
        function() assert(w.people:insert { email = "c@x" }) end }
    else
        cases[#cases + 1] = { "a text where a number stands", function()
            sql("UPDATE %s SET schema_version = 'three' WHERE id = 'b'", w.physical)
        end, { { "unreadable", "column 7 of a result is not an integer" } } }
        cases[#cases + 1] = { "a text where the time of a deletion stands", function()
            sql("UPDATE %s SET deleted_at = 'never' WHERE id = 'b'", w.physical)
        end, { { "unreadable", "column 6 of a result is not an integer" } } }
    end
    return cases
end)
