-- Tables: create, open, list, rename, drop, restore; views and handles.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local one = { columns = { { name = "a", dataType = "string" } } }

local function names(list)
    local out = {}
    for i, t in ipairs(list) do out[i] = t.name end
    return out
end

engines.each(function(engine)
    describe("tables", function()
        local db
        before_each(function() db = engine.open { actor = "alice" } end)
        after_each(function() db:close() end)

        it("have a name, an id, a version and an application", function()
            local t = assert(db:create_table("contacts", one))
            assert.equal("contacts", t.name)
            assert.equal(1, t.version)
            assert.is_string(t.id)
            assert.is_string(t.application)
            assert.equal(t.id, assert(db:table("contacts")).id)
        end)

        it("are not created twice", function()
            assert(db:create_table("contacts", one))
            local t, err = db:create_table("contacts", one)
            assert.is_nil(t)
            assert.equal("exists", err.code)
            assert.is_true(tostring(err):find("contacts", 1, true) ~= nil)
        end)

        it("are missed by name", function()
            local t, err = db:table("nobody")
            assert.is_nil(t)
            assert.equal("not_found", err.code)
        end)

        it("may have no columns at all", function()
            local t = assert(db:create_table("empty", { columns = {} }))
            assert.is_string(assert(t:insert {}).id)
        end)

        it("take a definition that was read", function()
            local t = assert(db:create_table("first", { displayName = "First", columns = {
                { name = "n", dataType = "integer", required = true, indexed = true, validation = { min = 1,
                    max = 9 } },
                { name = "d", dataType = "decimal", defaultValue = "1.50", validation = { precision = 5, scale = 2 } },
            } }))
            local copy = assert(db:create_table("second", t:schema()))
            local a, b = t:schema(), copy:schema()
            assert.same(a.columns, b.columns)
            assert.equal("First", b.displayName)
        end)

        it("are listed by name, the dropped ones when asked", function()
            for _, name in ipairs { "b", "c", "a" } do assert(db:create_table(name, one)) end
            assert(db:drop_table("b"))
            assert.same({ "a", "c" }, names(assert(db:tables())))
            assert.equal(3, #assert(db:tables { deleted = true }))
            local first = assert(db:tables())[1]
            assert.equal(1, first.version)
            assert.is_string(first.id)
        end)

        it("are found by their id, in their own application alone", function()
            local t = assert(db:create_table("by_id", one))
            assert(db:rename_table("by_id", "renamed"))
            local same = assert(db:table_by_id(t.id))
            assert.equal("renamed", same.name)
            assert(same:insert { a = "x" })
            assert.equal(1, assert(t:count()))
            local shown = ("%q"):format(t.id)
            local other = assert(db:with { application = engines.fresh() })
            for _, each in ipairs { { other, t.id, shown }, { db, "renamed", '"renamed"' }, { db, "", '""' },
                { db, t.id .. "\0", ('"%s?"'):format(t.id) } } do
                local message = "not_found: there is no table with the id " .. each[3]
                assert.equal(message, tostring(select(2, each[1]:table_by_id(each[2]))))
                assert.equal(message, tostring(select(2, each[1]:table_info(each[2]))))
            end
            assert(db:drop_table "renamed")
            assert.equal(("not_found: the table with the id %s was dropped"):format(shown),
                tostring(select(2, db:table_by_id(t.id))))
            assert.has_error(function() db:table_by_id(7) end)
            assert.has_error(function() db:table_info() end)
        end)

        it("tell all that the catalogue knows of them, dropped ones too", function()
            local target = assert(db:create_table("target", one))
            local t = assert(db:create_table("told", { displayName = "Told", columns = {
                { name = "word", dataType = "string", indexed = true },
                { name = "to", dataType = "reference", validation = { targetTable = "target" } },
                { name = "plain", dataType = "integer" },
            } }))
            assert(db:rename_table("target", "aim"))
            local info = assert(db:table_info(t.id))
            assert.same({ t.id, db.application, "told", "Told", 1, true, nil },
                { info.id, info.applicationId, info.name, info.displayName, info.version, info.isActive,
                    info.deletedAt })
            assert.same(t:schema(), info.schema)
            assert.equal("aim", info.schema.columns[2].validation.targetTable)
            assert.is_string(info.indexedColumns.word)
            assert.is_string(info.indexedColumns.to)
            assert.is_nil(info.indexedColumns.plain)
            for _, name in ipairs { "createdAt", "updatedAt" } do
                assert.truthy(info[name]:match "^%d+%-%d+%-%d+T%d+:%d+:%d+%.000000Z$")
            end
            assert(t:evolve(function(c) c:rename("word", "term"); c:modify("term", { indexed = false }) end))
            assert(db:drop_table "told")
            info = assert(db:table_info(t.id))
            assert.same({ "told", 2, false }, { info.name, info.version, info.isActive })
            assert.is_string(info.deletedAt)
            assert.is_nil(info.indexedColumns.word)
            assert.equal("term", info.schema.columns[1].name)
            -- lists tell the same
            local list = assert(db:tables { schemas = true, deleted = true })
            assert.same({ assert(db:table_info(target.id)), info }, list)
            assert.same({ assert(db:table_info(target.id)) }, assert(db:tables { schemas = true }))
        end)

        it("leave their name at once when dropped, and come back with their records", function()
            local t = assert(db:create_table("t", one))
            local id = assert(t:insert { a = "old" }).id
            assert.is_true(assert(db:drop_table("t")))
            assert.equal("not_found", select(2, db:table("t")).code)
            local new = assert(db:create_table("t", { columns = { { name = "b", dataType = "integer" } } }))
            assert(new:insert { b = 1 })
            assert.equal("exists", select(2, db:restore_table("t")).code)
            assert(db:drop_table("t"))
            -- the last dropped one by name, the other by its id
            assert.equal(new.id, assert(db:restore_table("t")).id)
            assert(db:rename_table("t", "newer"))
            assert.equal(t.id, assert(db:restore_table(t.id)).id)
            assert.equal("old", assert(assert(db:table("t")):get(id)).a)
        end)

        it("come back as the one that was dropped last, also within a second", function()
            local first = assert(db:create_table("first", one))
            local second = assert(db:create_table("second", one))
            for _, name in ipairs { "second", "first" } do
                assert(db:rename_table(name, "t"))
                assert(db:drop_table "t")
            end
            assert.equal(first.id, assert(db:restore_table "t").id)
            assert(db:rename_table("t", "first"))
            assert.equal(second.id, assert(db:restore_table "t").id)
        end)

        it("do not come back while their records refer to what was deleted meanwhile", function()
            local companies = assert(db:create_table("companies", one))
            local people = assert(db:create_table("people", { columns = {
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
                { name = "boss", dataType = "reference", validation = { targetTable = "people" } } } }))
            local acme, other = assert(companies:insert { a = "Acme" }), assert(companies:insert { a = "Other" })
            local boss = assert(people:insert { company = other.id })
            local id = assert(people:insert { company = acme.id, boss = boss.id }).id
            assert(db:drop_table "people")
            assert(companies:delete(acme.id))
            local back, err = db:restore_table "people"
            assert.is_nil(back)
            assert.equal("reference", err.code)
            assert.equal(1, #err.issues)
            assert.equal("company", err.issues[1].path)
            assert.equal(id, err.issues[1].id)
            assert.equal("not_found", select(2, db:table "people").code)
            assert(companies:restore(acme.id))
            back = assert(db:restore_table "people")
            assert.equal(boss.id, assert(back:get(id)).boss)
            assert.equal("reference", select(2, companies:delete(acme.id)).code)
        end)

        it("do not come back before the tables they refer to, which are called what they were last", function()
            assert(db:create_table("companies", one))
            assert(db:create_table("places", one))
            assert(db:create_table("people", { columns = {
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
                { name = "place", dataType = "reference", validation = { targetTable = "places" } } } }))
            assert(db:rename_table("companies", "firms"))
            for _, name in ipairs { "people", "firms", "places" } do assert(db:drop_table(name)) end
            local back, err = db:restore_table "people"
            assert.is_nil(back)
            assert.equal("reference: company: table \"firms\", which it refers to, is dropped; "
                .. "place: table \"places\", which it refers to, is dropped", tostring(err))
            assert(db:restore_table "firms")
            back, err = db:restore_table "people"
            assert.is_nil(back)
            assert.equal("reference: place: table \"places\", which it refers to, is dropped", tostring(err))
            assert(db:restore_table "places")
            assert.equal("firms", assert(db:restore_table "people"):schema().columns[1].validation.targetTable)
        end)

        it("answer not_found for what is not there", function()
            assert.equal("not_found", select(2, db:drop_table("x")).code)
            assert.equal("not_found", select(2, db:restore_table("x")).code)
            assert.equal("not_found", select(2, db:rename_table("x", "y")).code)
        end)

        it("are renamed, and references follow", function()
            local companies = assert(db:create_table("companies", one))
            local people = assert(db:create_table("people", { columns = {
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } } } }))
            local acme = assert(companies:insert { a = "Acme" })
            local renamed = assert(db:rename_table("companies", "firms"))
            assert.equal("firms", renamed.name)
            assert(people:insert { company = acme.id })
            for _, column in ipairs(people:schema().columns) do
                if column.name == "company" then assert.equal("firms", column.validation.targetTable) end
            end
            assert.equal("exists", select(2, db:rename_table("firms", "people")).code)
            assert.equal("invalid_schema", select(2, db:rename_table("firms", "No Name")).code)
            -- a new table under the old name is another table
            local other = assert(db:create_table("companies", one))
            local stranger = assert(other:insert { a = "Stranger" })
            local _, err = people:insert { company = stranger.id }
            assert.equal("reference", err.code)
        end)

        it("are not dropped while a live table refers to them", function()
            assert(db:create_table("companies", one))
            assert(db:create_table("people", { columns = {
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } } } }))
            local ok, err = db:drop_table("companies")
            assert.is_nil(ok)
            assert.equal("reference", err.code)
            assert.is_true(err.message:find("people", 1, true) ~= nil)
            assert(db:drop_table("people"))
            assert(db:drop_table("companies"))
        end)

        it("belong to one application", function()
            assert(db:create_table("t", one))
            local other = assert(db:with { application = engines.fresh() })
            assert.equal("not_found", select(2, other:table("t")).code)
            assert(other:create_table("t", one))
            other:close()
            assert(db:table("t")) -- closing a view leaves the connection alone
        end)

        it("remember who made them", function()
            local t = assert(db:create_table("t", one))
            assert.equal("alice", assert(t:history())[1].createdBy)
            local bob = assert(db:with { actor = "bob" })
            local same = assert(bob:table("t"))
            assert.equal("bob", assert(same:evolve { { op = "add_column", column = { name = "b",
                dataType = "text" } } }).createdBy)
        end)

        it("refuse every bad name", function()
            for _, name in ipairs { "", "A", "1a", "a-b", "a b", "a;drop table x", ("a"):rep(65), "ä", "a\0b", "a'b",
                'a"b', "a`b" } do
                local t, err = db:create_table(name, one)
                assert.is_nil(t, name)
                assert.equal("invalid_schema", err.code, name)
            end
            assert(db:create_table(("a"):rep(64), one))
        end)

        it("raise on a programmer's mistake", function()
            assert.has_error(function() db:create_table() end)
            assert.has_error(function() db:create_table({}, one) end)
            assert.has_error(function() db:tables { delet = true } end)
            assert.has_error(function() db:with { app = "x" } end)
            assert.has_error(function() flexdb.open() end)
            assert.has_error(function() flexdb.open(engine.url, { aplication = "x" }) end)
        end)
    end)

    describe("a closed handle", function()
        it("raises, and so does everything that came from it", function()
            local db = engine.open()
            local t = assert(db:create_table("t", one))
            local iterate, state, control = t:each()
            db:close()
            db:close()
            assert.has_error(function() db:table("t") end)
            assert.has_error(function() t:insert { a = "x" } end)
            assert.has_error(function() t:get("x") end)
            assert.has_error(function() iterate(state, control) end)
        end)

        it("is closed by its scope", function()
            local keep
            do
                local db <close> = engine.open()
                keep = db
            end
            assert.has_error(function() keep:tables() end)
        end)
    end)

    describe("two handles", function()
        it("notice each other's definitions at their next call", function()
            local app = engines.fresh()
            local one_db <close> = engine.open { application = app }
            local two_db <close> = engine.open { application = app }
            local a = assert(one_db:create_table("t", { columns = {
                { name = "x", dataType = "integer" } } }))
            local b = assert(two_db:table("t"))
            local id = assert(b:insert { x = 1 }).id
            assert(a:evolve(function(t) t:rename("x", "y") end))
            assert.equal(1, assert(b:get(id)).y)
            assert(b:insert { y = 2 })
            assert(a:evolve(function(t) t:add { name = "z", dataType = "string" } end))
            assert(b:insert { y = 3, z = "new" })
            assert(a:evolve(function(t) t:rename("y", "w") end))
            assert.equal(1, assert(b:count { filter = { w = 3 } }))
            assert(a:evolve(function(t) t:rename("w", "v") end))
            assert.equal("invalid_query", select(2, b:find { filter = { w = 3 } }).code)
            assert(b:update(id, { v = 10 }))
            assert.equal(10, assert(a:get(id)).v)
            assert(a:evolve(function(t) t:add { name = "u", dataType = "integer", required = true,
                defaultValue = 7 } end))
            assert.same({ inserted = 1, errors = {} }, assert(b:insert_many { { v = 1 } }))
            assert.equal(7, assert(b:first { filter = { v = 1 } }).u)
            assert.equal(a.version, b.version)
            assert(one_db:drop_table("t"))
            assert.equal("not_found", select(2, b:insert { v = 1 }).code)
        end)

        it("know at a delete who refers to the record by now", function()
            for _, inside in ipairs { false, true } do
                local app = engines.fresh()
                local one_db <close> = engine.open { application = app }
                local two_db <close> = engine.open { application = app }
                local t = assert(one_db:create_table("t", one))
                local id = assert(t:insert { a = "x" }).id
                local o = assert(two_db:create_table("o", { columns = {
                    { name = "r", dataType = "reference", validation = { targetTable = "t" } } } }))
                local referrer = assert(o:insert { r = id }).id
                local function refused()
                    local ok, err = t:delete(id)
                    assert.is_nil(ok)
                    assert.equal("reference", err.code)
                end
                if inside then
                    assert(one_db:transaction(function()
                        refused()
                        return true
                    end))
                else
                    refused()
                end
                assert.equal("x", assert(t:get(id)).a)
                assert(o:delete(referrer))
                assert(t:delete(id))
            end
        end)
    end)

    describe("transactions", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer", unique = true } } }))
        end)
        after_each(function() db:close() end)

        it("commit what they return", function()
            local a, b, c = db:transaction(function(d, x, y)
                assert(t:insert { n = x })
                assert.equal(db, d)
                return x, y, nil
            end, 1, 2)
            assert.same({ 1, 2, nil }, { a, b, c })
            assert.equal(1, t:count())
        end)

        it("commit when nothing, or nil alone, is returned", function()
            db:transaction(function() assert(t:insert { n = 1 }) end)
            db:transaction(function() assert(t:insert { n = 2 }) return nil end)
            db:transaction(function() assert(t:insert { n = 3 }) return nil, nil end)
            assert.equal(3, t:count())
        end)

        it("roll back on nil and a reason, and return both", function()
            local ok, why = db:transaction(function()
                assert(t:insert { n = 1 })
                return nil, "no"
            end)
            assert.is_nil(ok)
            assert.equal("no", why)
            assert.equal(0, t:count())
        end)

        it("roll back when they raise, and raise the same value", function()
            local mark = {}
            local ok, why = pcall(db.transaction, db, function()
                assert(t:insert { n = 1 })
                error(mark)
            end)
            assert.is_false(ok)
            assert.equal(mark, why)
            assert.equal(0, t:count())
            assert(t:insert { n = 1 })
        end)

        it("nest as savepoints", function()
            db:transaction(function()
                assert(t:insert { n = 1 })
                db:transaction(function()
                    assert(t:insert { n = 2 })
                    db:transaction(function() assert(t:insert { n = 3 }) end)
                    return nil, "undo two and three"
                end)
                assert.equal(1, t:count())
                db:transaction(function() assert(t:insert { n = 4 }) end)
            end)
            local seen = {}
            for row in t:each { orderBy = { "n" } } do seen[#seen + 1] = row.n end
            assert.same({ 1, 4 }, seen)
        end)

        it("go on after a refused record", function()
            db:transaction(function()
                assert(t:insert { n = 1 })
                assert.equal("duplicate", select(2, t:insert { n = 1 }).code)
                assert(t:insert { n = 2 })
            end)
            assert.equal(2, t:count())
        end)

        it("see a table that they created, and lose it when rolled back", function()
            db:transaction(function()
                local fresh = assert(db:create_table("fresh", { columns = { { name = "a", dataType = "text" } } }))
                assert(fresh:insert { a = "x" })
                assert.equal(1, fresh:count())
                return nil, "undo"
            end)
            assert.equal("not_found", select(2, db:table("fresh")).code)
            assert(db:create_table("fresh", one))
        end)

        it("undo an evolution with everything else", function()
            local ok = db:transaction(function()
                assert(t:evolve(function(c) c:rename("n", "m") end))
                assert(t:insert { m = 1 })
                return nil, "undo"
            end)
            assert.is_nil(ok)
            assert.equal(1, t.version)
            assert(t:insert { n = 5 })
            assert.equal(1, #assert(t:history()))
            assert.equal(2, assert(t:evolve(function(c) c:add { name = "k", dataType = "text" } end)).version)
        end)
    end)
end)
