-- Databases that are broken on purpose, each in one way, behind FlexDB's back (with LuaSQL): doctor finds it, mends
-- what can be mended, and finds nothing afterwards.
--
--   broken.each("doctor of …", function(w, engine)
--       return { { name, how it is broken, what is found by one that mends: { code, message, record =, column =,
--           MENDED }, what works then }, … }
--   end)
--
-- Further keys of a case: `looking`: what is found by one that looks alone, where it is something else; `tables`: which
-- are looked at; `after`: which when all is mended.

local busted = require "busted"
local assert = require "luassert"

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

local broken = { MENDED = true }

-- Two tables that refer to each other, for every test of the block that is described: companies and people. Its fields
-- db, connection, companies, people and physical (of people) are there while a test runs.
function broken.ward(engine)
    local w = {}

    function w.sql(text, ...) return raw.run(w.connection, text, ...) end
    function w.rows(text, ...) return raw.rows(w.connection, text:format(...)) end
    function w.row_of(t) return w.rows("SELECT * FROM flex_tables WHERE id = '%s'", t.id)[1] end
    function w.storage_of(t) return assert(flexdb.json.decode(w.row_of(t).storage or "{}")) end
    function w.entry_of(t, key)
        for _, column in ipairs(w.storage_of(t).columns or {}) do
            if column.key == key then return column.name end
        end
    end
    function w.put(t, column, document)
        local text = type(document) == "table" and assert(flexdb.json.encode(document)) or document
        w.sql("UPDATE flex_tables SET %s = '%s' WHERE id = '%s'", column, w.connection:escape(text), t.id)
    end
    function w.drop_index(table_name, entry)
        if engine.server then w.sql("DROP INDEX %s ON %s", entry, table_name)
        else w.sql("DROP INDEX %s_%s", table_name, entry) end
    end

    busted.before_each(function()
        w.db = engine.open()
        w.connection, w.environment = raw.connect(engine)
        w.companies = assert(w.db:create_table("companies", { displayName = "Companies", columns = {
            { name = "name", dataType = "string" } } }))
        local people = assert(w.db:create_table("people", { columns = {
            { name = "email", dataType = "string", unique = true },
            { name = "age", dataType = "integer", indexed = true },
            { name = "balance", dataType = "decimal", filterable = true, validation = { precision = 30, scale = 2 } },
            { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
            { name = "boss", dataType = "reference", validation = { targetTable = "people" } },
            { name = "notes", dataType = "text" } } }))
        w.people = people
        assert(w.companies:insert { id = "c1", name = "Acme" })
        assert(w.companies:insert { id = "c2", name = "Bolt" })
        assert(people:insert { id = "a", email = "a@x", age = 36, balance = "1.50", company = "c1" })
        assert(people:insert { id = "b", email = "b@x", age = 41, company = "c2", boss = "a" })
        assert(people:insert { id = "c", email = "c@x", notes = "gone" })
        assert(people:delete "c")
        assert(people:evolve(function(c) c:rename("notes", "remarks") end))
        assert(people:evolve(function(c) c:add { name = "vip", dataType = "boolean", defaultValue = false } end))
        w.physical = w.storage_of(people).table
    end)
    busted.after_each(function()
        w.connection:close()
        w.environment:close()
        w.db:close()
    end)

    function w.look(options)
        options = options or {}
        options.tables = options.tables or { "companies", "people" }
        return assert(flexdb.doctor(w.db, options))
    end

    function w.find(report, code, message)
        local said = {}
        for _, problem in ipairs(report.problems) do
            if problem.code == code and problem.message == message then return problem end
            said[#said + 1] = ("%s: %s"):format(problem.code, problem.message)
        end
        error(("not found: %s: %s\nbut: %s"):format(code, message, table.concat(said, "\n     ")), 2)
    end
    return w
end

-- What a message names, as it was before anything is broken: $t and $hex the physical table and its digits, $email …
-- the physical columns, $id and $companies the tables.
local function names_of(w)
    local named = { t = w.physical, hex = w.physical:match "flex_records_(%x+)_", id = w.people.id,
        companies = w.companies.id, other = w.storage_of(w.companies).table }
    for _, key in ipairs { "email", "age", "balance", "company" } do named[key] = w.entry_of(w.people, key) end
    return named
end

local function check(w, report, expected, named, mending)
    for _, want in ipairs(expected) do
        local problem = w.find(report, want[1], (want[2]:gsub("%$(%l+)", named)))
        assert.equal(want.record, problem.record)
        assert.equal(want.column, problem.column)
        assert.equal(mending and want[3] == broken.MENDED, problem.repaired)
    end
    assert.equal(#expected, report.problem_count, tostring(report))
end

local function run(w, case, all)
    local break_it, expected, then_check = table.unpack(case, 2, 4)
    local named = names_of(w)
    break_it()
    -- only looking changes nothing
    for _ = 1, 2 do
        local report = w.look { tables = case.tables }
        assert.is_false(report.ok)
        assert.equal(0, report.repaired_count)
        check(w, report, case.looking or expected, named, false)
    end
    local mended = w.look { repair = true, tables = case.tables }
    check(w, mended, expected, named, true)
    assert.equal(all, mended.ok)
    local after = w.look { tables = case.after or case.tables }
    assert.equal(all, after.ok, tostring(after))
    if then_check then then_check() end
end

function broken.each(name, make_cases)
    engines.each(function(engine)
        busted.describe(name, function()
            local w = broken.ward(engine)
            for _, case in ipairs(make_cases(w, engine)) do
                local all = true
                for _, want in ipairs(case[3]) do all = all and want[3] == broken.MENDED end
                busted.it(("finds %s%s"):format(case[1], all and ", and mends it" or ", and leaves it"),
                    function() run(w, case, all) end)
            end
        end)
    end)
end

return broken
