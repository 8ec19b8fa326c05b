-- Physical tables that are broken on purpose, each in one way: columns and indexes that are gone, or are not what they
-- must be, tables that nobody names.

local broken = require "spec.support.broken"
local raw = require "spec.support.raw"

local MENDED <const> = broken.MENDED

broken.each("doctor of physical tables", function(w, engine)
    local sql, entry_of, drop_index = w.sql, w.entry_of, w.drop_index

    local cases = {
        { "an index that is missing", function() drop_index(w.physical, entry_of(w.people, "age")) end,
        { { "index", "the index on $age of $t is missing", column = "age", MENDED } } },
        { "a unique index that is missing", function() drop_index(w.physical, entry_of(w.people, "email")) end,
        { { "index", "the unique index on $email of $t is missing", column = "email", MENDED } },
        function()
            assert.equal("duplicate", select(2, w.people:insert { email = "a@x" }).code)
            assert(w.people:insert { email = "c@x" }) -- a deleted record is in nobody's way
        end },
        { "an index that is not unique", function()
            local entry = entry_of(w.people, "email")
            drop_index(w.physical, entry)
            sql("CREATE INDEX %s ON %s (%s)", engine.server and entry or w.physical .. "_" .. entry, w.physical, entry)
        end, { { "index", "the unique index on $email of $t is not as it must be", column = "email", MENDED } },
        function() assert.equal("duplicate", select(2, w.people:insert { email = "a@x" }).code) end },
        { "a physical column that is missing", function()
            local entry = entry_of(w.people, "age")
            drop_index(w.physical, entry)
            sql("ALTER TABLE %s DROP COLUMN %s", w.physical, entry)
        end, {
            { "physical_column", "the physical column $age is missing", column = "age", MENDED },
            { "index", "the index on $age of $t is missing", column = "age", MENDED } },
        function()
            assert.equal("b", w.people:first { filter = { age = { gt = 40 } } }.id)
            assert(w.people:insert { email = "d@x", age = 50 })
            assert.equal(2, w.people:count { filter = { age = { gt = 40 } } })
        end },
        { "a column that every record needs", function()
            if not engine.server then drop_index(w.physical, entry_of(w.people, "email")) end
            sql("ALTER TABLE %s DROP COLUMN deleted_at", w.physical)
        end, { { "physical_column", "the physical table $t has no column \"deleted_at\"" } } },
        { "a referenced table without a column that every record needs", function()
            sql("ALTER TABLE %s DROP COLUMN deleted_at", w.storage_of(w.companies).table)
        end, { { "physical_column", "the physical table $other has no column \"deleted_at\"" } } },
        { "a physical table that is gone", function() sql("DROP TABLE %s", w.physical) end,
        { { "physical_table", "the physical table $t is missing" } } },
        { "a physical table under another name", function()
            sql("ALTER TABLE %s RENAME TO %s", w.physical, (w.physical:gsub("_1$", "_7")))
        end, {
            { "physical_table", "the physical table $t is missing" },
            { "orphan_table", "nobody names the physical table flex_records_$hex_7: the physical table in force is "
                .. "not there: this one may hold its records" } } },
        { "a physical table that was left behind", function()
            sql("CREATE TABLE %s (seq INT)", (w.physical:gsub("_1$", "_2")))
            sql("INSERT INTO %s VALUES (1)", (w.physical:gsub("_1$", "_2")))
        end, { { "orphan_table", "nobody names the physical table flex_records_$hex_2", MENDED } } },
    }
    if engine.server then
        cases[#cases + 1] = { "an id that may be there twice", function()
            sql("ALTER TABLE %s DROP INDEX id", w.physical)
        end, { { "index", "the unique index on id of $t is missing", MENDED } } }
    else
        cases[#cases + 1] = { "an index that misses a record", function()
            raw.break_index(w.connection, w.people, "age", 37)
            w.connection:close()
            w.connection = raw.connect(engine)
        end, { { "integrity", "row 1 missing from index $t_$age", MENDED } },
        function() assert.equal(1, w.people:count { filter = { age = 37 } }) end }
    end
    return cases
end)
