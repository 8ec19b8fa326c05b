-- Faults that an earlier FlexDB had, each reproduced there once. None may come back.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

engines.each(function(engine)
    describe("an old fault does not come back:", function()
        local db
        setup(function() db = engine.open() end)
        teardown(function() db:close() end)

        local serial = 0
        local function make(...)
            serial = serial + 1
            return assert(db:create_table("t" .. serial, { columns = { ... } }))
        end
        local function code(_, err) return err and err.code end

        it("unique, pattern, enum and ranges are enforced", function()
            local t = make(
                { name = "u", dataType = "string", unique = true },
                { name = "p", dataType = "string", validation = { pattern = "^[A-Z]+$" } },
                { name = "e", dataType = "string", validation = { enum = { "on", "off" } } },
                { name = "r", dataType = "integer", validation = { min = 1, max = 9 } })
            assert(t:insert { u = "a", p = "ABC", e = "on", r = 9 })
            assert.equal("duplicate", code(t:insert { u = "a" }))
            for _, record in ipairs { { p = "abc" }, { e = "maybe" }, { r = 0 }, { r = 10 } } do
                assert.equal("invalid_record", code(t:insert(record)))
            end
        end)

        it("defaults are applied", function()
            local t = make({ name = "a", dataType = "integer", defaultValue = 7 },
                { name = "b", dataType = "json", defaultValue = { x = { 1 } } })
            local row = assert(t:insert {})
            assert.equal(7, row.a)
            assert.same({ 1 }, row.b.x)
        end)

        it('"12abc" is no integer', function()
            local t = make { name = "a", dataType = "integer" }
            assert.equal("invalid_record", code(t:insert { a = "12abc" }))
            assert.equal(12, assert(t:insert { a = "12" }).a)
        end)

        it("decimals are exact and 2^53 + 1 is not rounded", function()
            local t = make({ name = "d", dataType = "decimal", indexed = true, validation = { precision = 38,
                scale = 2 } },
                { name = "i", dataType = "integer", indexed = true })
            local money, big = "123456789012345678901234567890.12", (1 << 53) + 1
            local row = assert(t:get(assert(t:insert { d = money, i = big }).id))
            assert.equal(money, row.d)
            assert.equal(big, row.i)
            assert.equal(0, t:count { filter = { i = 1 << 53 } })
            assert.equal(1, t:count { filter = { d = money } })
            assert.equal(0, t:count { filter = { d = "123456789012345678901234567890.13" } })
        end)

        it("there is no 30 February", function()
            local t = make { name = "d", dataType = "date" }
            assert.equal("invalid_record", code(t:insert { d = "2024-02-30" }))
            assert(t:insert { d = "2024-02-29" })
        end)

        it("datetimes are indexed as instants, and midnight elsewhere stays on its day in UTC", function()
            local t = make({ name = "at", dataType = "datetime", indexed = true }, { name = "d", dataType = "date",
                indexed = true })
            assert(t:insert { at = "2024-05-01T10:00:00Z", d = "2024-05-01" })
            assert(t:insert { at = "2024-05-01T18:00:00+02:00" })
            assert.equal(1, t:count { filter = { at = { gt = "2024-05-01T12:00:00Z" } } })
            assert.equal("2024-05-01", assert(t:first { filter = { d = "2024-05-01" } }).d)
            assert.equal("2024-04-30T22:00:00.000000Z", assert(t:insert { at = "2024-05-01T00:00:00+02:00" }).at)
        end)

        it("an index entry goes when its field is cleared", function()
            local t = make({ name = "a", dataType = "string", indexed = true }, { name = "u", dataType = "string",
                unique = true })
            local id = assert(t:insert { a = "x", u = "x" }).id
            assert(t:update(id, { a = null, u = null }))
            assert.equal(0, t:count { filter = { a = "x" } })
            assert.equal(1, t:count { filter = { a = null } })
            assert(t:insert { u = "x" })
        end)

        it("a stale update is a conflict", function()
            local t = make { name = "a", dataType = "integer" }
            local row = assert(t:insert { a = 1 })
            assert(t:update(row.id, { a = 2 }))
            assert.equal("conflict", code(t:update(row.id, { a = 3 }, { version = row._version })))
        end)

        it("references are checked on update", function()
            local target = make { name = "a", dataType = "text" }
            local t = make { name = "r", dataType = "reference", validation = { targetTable = target.name } }
            local row = assert(t:insert { r = assert(target:insert {}).id })
            assert.equal("reference", code(t:update(row.id, { r = "nobody" })))
            assert.equal("reference", code(t:update_all({ all = true }, { r = "nobody" })))
        end)

        it("every sort key is used", function()
            local t = make({ name = "a", dataType = "integer" }, { name = "b", dataType = "integer" })
            for _, pair in ipairs { { 1, 2 }, { 2, 1 }, { 1, 1 }, { 2, 2 } } do assert(t:insert { a = pair[1],
                b = pair[2] }) end
            local seen = {}
            for row in t:each { orderBy = { "-a", "b" } } do seen[#seen + 1] = row.a * 10 + row.b end
            assert.same({ 21, 22, 11, 12 }, seen)
        end)

        it("results are not capped", function()
            local t = make { name = "n", dataType = "integer" }
            local n = 0
            assert(t:insert_many(function()
                n = n + 1
                return n <= 2500 and { n = n } or nil
            end))
            assert.equal(2500, #assert(t:find()))
            assert.equal(2500, t:count())
        end)

        it("a transaction is one", function()
            local t = make { name = "n", dataType = "integer" }
            db:transaction(function()
                assert(t:insert { n = 1 })
                return nil, "undo"
            end)
            assert.equal(0, t:count())
        end)

        it("a field name injects nothing", function()
            local t = make { name = "n", dataType = "integer" }
            assert.equal("invalid_query", code(t:find { filter = { ["n') OR 1=1 --"] = 1 } }))
            assert.equal("invalid_query", code(t:find { orderBy = { "n; DROP TABLE flex_tables" } }))
            assert.equal("invalid_query", code(t:find { select = { "n`" } }))
        end)

        it("booleans are found by index", function()
            local t = make { name = "b", dataType = "boolean", indexed = true }
            assert(t:insert { b = true })
            assert(t:insert { b = false })
            assert.equal(1, t:count { filter = { b = true } })
            assert.equal(1, t:count { filter = { b = false } })
        end)

        it("comparisons are not rounded to whole numbers", function()
            local t = make({ name = "i", dataType = "decimal", indexed = true }, { name = "p", dataType = "decimal" })
            for _, v in ipairs { "1.2", "1.4", "1.6" } do assert(t:insert { i = v, p = v }) end
            for _, name in ipairs { "i", "p" } do
                assert.equal(1, t:count { filter = { [name] = { gt = "1.4" } } })
                assert.equal(2, t:count { filter = { [name] = { gte = "1.4" } } })
                assert.equal(1, t:count { filter = { [name] = { lt = 1.4 } } })
            end
        end)

        it("LIKE's metacharacters are data", function()
            local t = make({ name = "s", dataType = "string" }, { name = "i", dataType = "string", indexed = true })
            for _, v in ipairs { "100%", "1000", "a_b", "axb" } do assert(t:insert { s = v, i = v }) end
            for _, name in ipairs { "s", "i" } do
                assert.equal(1, t:count { filter = { [name] = { contains = "0%" } } })
                assert.equal(1, t:count { filter = { [name] = { startsWith = "a_" } } })
                assert.equal(1, t:count { filter = { [name] = { endsWith = "_b" } } })
            end
        end)

        it("an explicit null is null", function()
            local t = make { name = "s", dataType = "string", defaultValue = "d" }
            assert(t:insert { s = null })
            assert(t:insert {})
            assert.equal(1, t:count { filter = { s = { isNull = true } } })
            assert.equal(1, t:count { filter = { s = null } })
        end)

        it("AND beside OR counts", function()
            local t = make({ name = "a", dataType = "integer" }, { name = "b", dataType = "integer" })
            for a = 1, 3 do for b = 1, 3 do assert(t:insert { a = a, b = b }) end end
            assert.equal(2, t:count { filter = {
                AND = { { a = { gte = 2 } }, { b = 1 } }, OR = { { a = 2 }, { a = 3 } } } })
            assert.equal(1, t:count { filter = { AND = { { b = 1 } }, OR = { { a = 2 }, { b = 9 } }, a = { lt = 3 } } })
        end)

        it("a deleted table's name is free", function()
            local t = make { name = "a", dataType = "integer" }
            assert(db:drop_table(t.name))
            assert(db:create_table(t.name, { columns = {} }))
        end)

        it("versions have no twin and no gap", function()
            local app = engines.fresh()
            local one <close> = engine.open { application = app }
            local two <close> = engine.open { application = app }
            local a = assert(one:create_table("t", { columns = {} }))
            local b = assert(two:table("t"))
            for i = 1, 10 do
                local who = i % 2 == 0 and a or b
                local column = { name = "c" .. i, dataType = "text" }
                assert.equal(i + 1, assert(who:evolve { { op = "add_column", column = column } }).version)
            end
            local history = assert(a:history { schemas = false })
            for i, entry in ipairs(history) do assert.equal(i, entry.version) end
            assert.equal(11, #history)
        end)

        it("bad patterns and missing targets are refused at definition", function()
            local bad = { columns = { { name = "a", dataType = "string", validation = { pattern = "[" } } } }
            assert.equal("invalid_schema", code(db:create_table("bad", bad)))
            bad = { columns = { { name = "a", dataType = "reference", validation = { targetTable = "nobody" } } } }
            assert.equal("invalid_schema", code(db:create_table("bad", bad)))
        end)

        it("more than three strings, two numbers and two dates are indexed", function()
            local columns, record = {}, {}
            for i = 1, 5 do
                columns[#columns + 1] = { name = "s" .. i, dataType = "string", indexed = true }
                columns[#columns + 1] = { name = "n" .. i, dataType = "integer", indexed = true }
                columns[#columns + 1] = { name = "d" .. i, dataType = "date", indexed = true }
                record["s" .. i], record["n" .. i], record["d" .. i] = "x" .. i, i, "2024-01-0" .. i
            end
            local t = make(table.unpack(columns))
            assert(t:insert(record))
            assert.equal(1, t:count { filter = record })
        end)
    end)
end)
