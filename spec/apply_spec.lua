-- db:apply: the application's tables become what the definitions say, and a second run changes nothing.

local engines = require "spec.support.engines"

local function column(name, more)
    local c = { name = name, dataType = "string" }
    for key, value in pairs(more or {}) do c[key] = value end
    return c
end

local function reference(name, target)
    return { name = name, dataType = "reference", validation = { targetTable = target } }
end

-- What was done, in words.
local function told(applied)
    local words = {}
    for _, step in ipairs(applied) do words[#words + 1] = step.action .. " " .. step.table end
    return table.concat(words, ", ")
end

engines.each(function(engine)
    describe("apply", function()
        local db
        before_each(function() db = engine.open() end)
        after_each(function() db:close() end)

        local function names(t)
            local list = {}
            for _, c in ipairs(assert(db:table(t)):schema().columns) do
                if not c.system then list[#list + 1] = c.name end
            end
            return table.concat(list, " ")
        end

        it("reads definitions raw, whatever their metatables say", function()
            local evil = { __index = error, __pairs = error, __len = error, __call = error }
            local function raw(t)
                for _, value in next, t do
                    if type(value) == "table" then raw(value) end
                end
                return setmetatable(t, evil)
            end
            local definitions = raw {
                contacts = {
                    columns = { reference("firm", "firms"), column "name" },
                    indexes = { { columns = { "firm", "name" } } },
                    checks = { { name = "named", expression = "firm ~= name" } },
                },
                firms = { columns = { reference("boss", "contacts") } },
            }
            assert.equal("create contacts, create firms, evolve contacts", told(assert(db:apply(definitions))))
            assert.equal("", told(assert(db:apply(definitions))))
        end)

        it("asks once before anything is done, and does nothing that was not agreed to", function()
            local function definitions(...) return { contacts = { columns = { column "name", ... } } } end
            local asked = {}
            local function ask(answer, why)
                return function(steps)
                    asked[#asked + 1] = told(steps)
                    return answer, why
                end
            end
            assert(db:apply(definitions(), { ask = ask(true) }))
            local none, err = db:apply(definitions(column "mail"), { ask = ask(false) })
            assert.is_nil(none)
            assert.equal("conflict: what was to be done was not agreed to", tostring(err))
            assert.equal("mine", select(2, db:apply(definitions(column "mail"), { ask = ask(nil, "mine") })))
            assert.equal("name", names "contacts")
            assert.has_error(function() db:apply(definitions(column "mail"), { ask = error }) end)
            assert.equal("name", names "contacts")
            assert(db:apply(definitions(column "mail"), { ask = ask(true) }))
            assert.equal("name mail", names "contacts")
            assert.equal("", told(assert(db:apply(definitions(column "mail"), { ask = ask(true) }))))
            assert.same({ "create contacts", "evolve contacts", "evolve contacts", "evolve contacts", "" }, asked)
        end)

        it("asks before it says what stands in the way", function()
            local contacts = { columns = { column "name" } }
            assert(db:apply { contacts = contacts })
            assert(db:table "contacts":insert_many { { name = "a" }, { name = "a" } })
            contacts.columns[1].unique = true
            local possible
            local none, err = db:apply({ contacts = contacts }, { ask = function(steps)
                possible = steps[1].plan.possible
                return true
            end })
            assert.is_nil(none)
            assert.is_false(possible)
            assert.equal("invalid_record", err.code)
        end)

        it("creates what is not there, and then has nothing to do", function()
            local definitions = {
                contacts = { columns = { column "name", reference("company", "companies") } },
                companies = { displayName = "Companies", columns = { column("name", { required = true }) } },
            }
            assert.equal("create companies, create contacts", told(assert(db:apply(definitions, { dry_run = true }))))
            assert.equal(0, #db:tables())
            assert.equal("create companies, create contacts", told(assert(db:apply(definitions))))
            assert.equal("", told(assert(db:apply(definitions))))
            assert.equal("nothing changes", tostring(assert(db:apply(definitions))))
            assert.equal(1, db:table("contacts").version)
        end)

        it("takes an array of definitions with names", function()
            assert.equal("create a, create b", told(assert(db:apply {
                { name = "b", columns = { reference("a", "a") } }, { name = "a", columns = {} } })))
        end)

        it("evolves what differs, keeps the records, and says what was done", function()
            assert(db:apply { t = { columns = { column "a", column "b", column "c" } } })
            local t = assert(db:table "t")
            assert(t:insert { id = "r", a = "1", b = "2", c = "3" })
            local wanted = { t = { displayName = "T", columns = {
                column("n", { renamedFrom = "a" }), column("c", { dataType = "integer" }),
                column("d", { defaultValue = "new" }) } } }
            local planned = assert(db:apply(wanted, { dry_run = true }))
            assert.equal("evolve t", told(planned))
            assert.is_true(planned[1].plan.possible)
            assert.equal(1, t.version)
            local applied = assert(db:apply(wanted, { message = "as agreed" }))
            assert.equal("evolve t", told(applied))
            assert.equal(2, applied[1].version)
            assert.equal("evolve  t (version 2)", tostring(applied))
            assert.equal("n c d", names "t")
            local row = t:get "r"
            assert.same({ "1", 3, "new" }, { row.n, row.c, row.d })
            assert.equal("as agreed", t:history()[2].message)
            assert.equal("", told(assert(db:apply(wanted))))
            assert(t:rollback(1))
            assert.equal("2", t:get("r").b)
        end)

        it("renames a table that says what it was called, and what refers to it follows", function()
            assert(db:apply { firms = { columns = { column "name" } },
                people = { columns = { reference("firm", "firms") } } })
            local wanted = { companies = { renamedFrom = "firms", columns = { column "name" } },
                people = { columns = { reference("firm", "companies") } } }
            assert.equal("rename companies", told(assert(db:apply(wanted, { dry_run = true }))))
            assert.equal("rename companies", told(assert(db:apply(wanted))))
            assert.equal("", told(assert(db:apply(wanted))))
        end)

        it("goes along a chain of renames, of tables and of columns, to a name that is free", function()
            assert(db:apply { first = { columns = { column "x" } }, second = { columns = { column "y", column "z" } },
                people = { columns = { reference("one", "first"), reference("two", "second") } } })
            local one = assert(db:table("first"):insert { x = "x" })
            local two = assert(db:table("second"):insert { y = "y", z = "z" })
            assert(db:table("people"):insert { id = "p", one = one.id, two = two.id })
            local wanted = {
                second = { renamedFrom = "first", columns = { column "x" } },
                third = { renamedFrom = "second", columns = {
                    column("z", { renamedFrom = "y" }), column("zz", { renamedFrom = "z" }), column "y" } },
                people = { columns = { reference("one", "second"), reference("two", "third") } },
            }
            local steps = "rename third, rename second, evolve third"
            assert.equal(steps, told(assert(db:apply(wanted, { dry_run = true }))))
            assert.equal(steps, told(assert(db:apply(wanted))))
            assert.equal("x", db:table("second"):get(one.id).x)
            local row = db:table("third"):get(two.id)
            assert.same({ "y", "z" }, { row.z, row.zz, row.y })
            assert.equal("", told(assert(db:apply(wanted))))
            assert.equal("third", db:table("people"):schema().columns[2].validation.targetTable)
        end)

        it("refuses two tables that say one former name, before anything is done", function()
            assert(db:apply { t = { columns = { column "a" } } })
            local done, err = db:apply { u = { renamedFrom = "t", columns = {} },
                v = { renamedFrom = "t", columns = {} } }
            assert.is_nil(done)
            assert.equal('invalid_schema: tables "u" and "v": only one can have been called "t"', tostring(err))
            assert.equal("t", assert(db:tables())[1].name)
        end)

        it("makes tables that refer to each other and to themselves", function()
            local wanted = {
                a = { columns = { column "name", reference("b", "b"), reference("self", "a") } },
                b = { columns = { reference("a", "a"), column "name" } },
            }
            assert(db:apply(wanted))
            assert.equal("name b self", names "a")
            assert.equal("a name", names "b")
            assert.equal("", told(assert(db:apply(wanted))))
            local one = assert(db:table("a"):insert { name = "x" })
            assert(db:table("b"):insert { a = one.id })
        end)

        it("drops other tables only when asked, those that refer first", function()
            assert(db:apply { keep = { columns = {} }, one = { columns = {} },
                two = { columns = { reference("one", "one") } } })
            assert.equal("", told(assert(db:apply { keep = { columns = {} } })))
            local dry = assert(db:apply({ keep = { columns = {} } }, { drop = true, dry_run = true }))
            assert.equal("drop one, drop two", told(dry))
            assert.equal("drop two, drop one", told(assert(db:apply({ keep = { columns = {} } }, { drop = true }))))
            assert.equal(1, #db:tables())
            assert(db:restore_table "one")
        end)

        it("does nothing at all where records stand in the way", function()
            assert(db:apply { t = { columns = { column "a" } } })
            assert(db:table("t"):insert { id = "r", a = "x" })
            local done, err = db:apply {
                new = { columns = {} }, t = { columns = { column("a", { dataType = "integer" }) } } }
            assert.is_nil(done)
            assert.equal("invalid_record", err.code)
            assert.equal('invalid_record: table "t": 1 record stands against the change: record "r": a: must be an '
                .. 'integer, is the string "x"', tostring(err))
            assert.is_false(err.plan.possible)
            assert.equal("r", err.issues[1].id)
            assert.equal(1, #db:tables())
            assert(db:apply({ t = { columns = { column("a", { dataType = "integer" }) } } }, { on_invalid = "null" }))
            assert.is_nil(db:table("t"):get("r").a)
        end)

        local refusals = {
            { "a definition that is none", { t = 5 }, "t: a definition must be a table" },
            { "a definition without a name", { { columns = {} } }, "definition 1: name is missing" },
            { "two of one name", { { name = "t", columns = {} }, t = { columns = {} } },
                'table "t" is defined twice' },
            { "a column that cannot be", { t = { columns = { column("a", { dataType = "number" }) } } }, "columns" },
            { "a target that is nowhere", { t = { columns = { reference("a", "nowhere") } } },
                'table "t": columns[0].validation.targetTable: there is no table "nowhere"' },
            { "a former name that is none", { t = { renamedFrom = 5, columns = {} } },
                'table "t": renamedFrom: must be a string' },
            { "a table's name", { ["no name"] = { columns = {} } }, "no name" },
        }
        for _, case in ipairs(refusals) do
            it("refuses " .. case[1], function()
                local done, err = db:apply(case[2])
                assert.is_nil(done)
                assert.equal("invalid_schema", err.code)
                assert.is_truthy(tostring(err):find(case[3], 1, true), tostring(err))
                assert.equal(0, #db:tables())
            end)
        end

        it("raises for what is no option", function()
            assert.has_error(function() db:apply() end)
            assert.has_error(function() db:apply({}, { force = true }) end)
        end)
    end)
end)
