-- Reading as of a version: table:at, on every engine.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

-- What a view shows of the records: `name=value` of the columns, sorted by name, a line each in order of insertion.
local function shown(view, query)
    local lines = {}
    for row in assert(view:each(query)) do
        local cells = {}
        for _, c in ipairs(view:schema().columns) do
            if not c.system and row[c.name] ~= nil then
                local value = row[c.name]
                if type(value) == "table" then value = flexdb.json.encode(value) end
                cells[#cells + 1] = c.name .. "=" .. tostring(value)
            end
        end
        table.sort(cells)
        lines[#lines + 1] = table.concat(cells, " ")
    end
    return table.concat(lines, "\n")
end

-- Each: a sentence; the table's columns; what happens to it; what at(v) shows for each version; what filters find
-- there: { version, filter, how many }.
local scenarios = {
    {
        "a renamed column has its old name",
        columns = { { name = "a", dataType = "string", indexed = true }, { name = "n", dataType = "integer" } },
        function(t)
            assert(t:insert { a = "x", n = 1 })
            assert(t:evolve(function(c) c:rename("a", "b") end))
            assert(t:insert { b = "y", n = 2 })
        end,
        shows = { "a=x n=1\na=y n=2", "b=x n=1\nb=y n=2" },
        finds = { { 1, { a = "y" }, 1 }, { 2, { b = "y" }, 1 }, { 1, { n = { gte = 1 } }, 2 } },
    },
    {
        "a removed column is there with what was last written to it",
        columns = { { name = "a", dataType = "string", indexed = true }, { name = "n", dataType = "integer",
            filterable = true } },
        function(t)
            local row = assert(t:insert { a = "x", n = 1 })
            assert(t:update(row.id, { a = "z" }))
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:update(row.id, { n = 2 }))
            assert(t:insert { n = 3 })
        end,
        shows = { "a=z n=2\nn=3", "n=2\nn=3" },
        finds = { { 1, { a = "z" }, 1 }, { 1, { a = "x" }, 0 }, { 1, { a = { isNull = true } }, 1 },
            { 1, { NOT = { a = "z" } }, 1 }, { 2, { n = 2 }, 1 } },
    },
    {
        "a column that is added under a used name is another one",
        columns = { { name = "a", dataType = "integer", indexed = true } },
        function(t)
            assert(t:insert { a = 1 })
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:evolve(function(c) c:add { name = "a", dataType = "string", indexed = true } end))
            assert(t:insert { a = "one" })
        end,
        shows = { "a=1\n", "\n", "\na=one" },
        finds = { { 1, { a = 1 }, 1 }, { 1, { a = { isNull = true } }, 1 }, { 3, { a = "one" }, 1 },
            { 3, { a = { startsWith = "o" } }, 1 } },
    },
    {
        "records without the key read as the initial default, those that were cleared as nothing",
        columns = { { name = "n", dataType = "integer" } },
        function(t)
            local first = assert(t:insert { n = 1 })
            assert(t:insert { n = 2 })
            assert(t:evolve(function(c)
                c:add { name = "d", dataType = "integer", defaultValue = 5, indexed = true }
            end))
            assert(t:update(first.id, { d = null }))
            assert(t:evolve(function(c) c:modify("d", { defaultValue = 9 }) end))
            assert(t:insert { n = 3 })
            assert(t:evolve(function(c) c:remove "d" end))
            assert(t:insert { n = 4 })
        end,
        shows = { "n=1\nn=2\nn=3\nn=4", "n=1\nd=5 n=2\nd=9 n=3\nd=5 n=4", "n=1\nd=5 n=2\nd=9 n=3\nd=5 n=4",
            "n=1\nn=2\nn=3\nn=4" },
        finds = { { 2, { d = 5 }, 2 }, { 3, { d = { isNull = true } }, 1 }, { 3, { d = { ne = 5 } }, 1 },
            { 2, { d = { lte = 9 } }, 3 } },
    },
    {
        "a rollback takes the key up again, and every version between is still as it was",
        columns = { { name = "a", dataType = "date", unique = true }, { name = "b", dataType = "json" } },
        function(t)
            assert(t:insert { a = "2024-02-29", b = { 1 } })
            assert(t:evolve(function(c) c:rename("a", "x") c:rename("b", "a") c:rename("x", "b") end))
            assert(t:insert { a = { 2 }, b = "2024-03-01" })
            assert(t:evolve(function(c) c:remove "b" end))
            assert(t:insert { a = { 3 } })
            assert(t:rollback(1))
            assert(t:insert { a = "2024-03-02", b = { 4 } })
        end,
        shows = {
            "a=2024-02-29 b=[1]\na=2024-03-01 b=[2]\nb=[3]\na=2024-03-02 b=[4]",
            "a=[1] b=2024-02-29\na=[2] b=2024-03-01\na=[3]\na=[4] b=2024-03-02",
            "a=[1]\na=[2]\na=[3]\na=[4]",
            "a=2024-02-29 b=[1]\na=2024-03-01 b=[2]\nb=[3]\na=2024-03-02 b=[4]",
        },
        finds = { { 1, { a = { gt = "2024-03-01" } }, 1 }, { 2, { b = { gt = "2024-02-29" } }, 2 },
            { 2, { a = { isNull = false } }, 4 }, { 4, { a = "2024-03-02" }, 1 } },
    },
    {
        "a column of another type has one key for each: what was written before, and what is written since",
        columns = { { name = "a", dataType = "string", indexed = true } },
        function(t)
            local one = assert(t:insert { a = "1" })
            assert(t:insert { a = "2" })
            assert(t:evolve(function(c) c:modify("a", { dataType = "integer" }) end))
            assert(t:update(one.id, { a = 10 }))
            assert(t:insert { a = 3 })
        end,
        shows = { "a=1\na=2\n", "a=10\na=2\na=3" },
        finds = { { 1, { a = "1" }, 1 }, { 1, { a = "10" }, 0 }, { 1, { a = { isNull = true } }, 1 },
            { 2, { a = { gte = 3 } }, 2 } },
        orders = { { 2, "-a", { 10, 3, 2 } } },
    },
    {
        "the type of a column that changed while there were no records has a key of its own",
        columns = { { name = "a", dataType = "string", indexed = true }, { name = "d", dataType = "decimal",
            validation = { precision = 6, scale = 2 } } },
        function(t)
            assert(t:evolve(function(c)
                c:modify("a", { dataType = "integer" })
                c:modify("d", { validation = { scale = 4 } })
            end))
            assert(t:insert { a = 7, d = "1.2345" })
        end,
        shows = { "", "a=7 d=1.2345" },
        finds = { { 1, { a = { isNull = true } }, 1 }, { 1, { d = { isNull = false } }, 0 }, { 2, { a = 7 }, 1 } },
    },
    {
        "texts and decimals that a later version let in are read in full, filtered and ordered by",
        columns = { { name = "s", dataType = "string", validation = { maxLength = 5 } },
            { name = "d", dataType = "decimal", validation = { precision = 6, scale = 2 } } },
        function(t)
            assert(t:insert { s = "a", d = "1.00" })
            assert(t:evolve(function(c)
                c:modify("s", { validation = { maxLength = 3000 } })
                c:modify("d", { validation = { precision = 18 } })
            end))
            assert(t:insert { s = ("b"):rep(1100) .. "y", d = "1234567890123456.50" })
            assert(t:insert { s = ("b"):rep(1100) .. "x", d = "-1234567890123456.50" })
        end,
        shows = {
            ("d=1.00 s=a\nd=1234567890123456.50 s=%sy\nd=-1234567890123456.50 s=%sx"):format(
                ("b"):rep(1100), ("b"):rep(1100)),
        },
        orders = { { 1, "s", { "a", ("b"):rep(1100) .. "x", ("b"):rep(1100) .. "y" } },
            { 1, "d", { "-1234567890123456.50", "1.00", "1234567890123456.50" } } },
        finds = { { 1, { s = ("b"):rep(1100) .. "x" }, 1 }, { 1, { d = "1234567890123456.50" }, 1 },
            { 1, { d = { lt = 0 } }, 1 }, { 1, { s = { endsWith = "y" } }, 1 } },
    },
    {
        "a decimal that became narrower can still be asked for with the digits of its version",
        columns = { { name = "d", dataType = "decimal", indexed = true, validation = { precision = 18, scale = 2 } } },
        function(t)
            assert(t:insert { d = "2.50" })
            assert(t:evolve(function(c) c:modify("d", { validation = { precision = 10 } }) end))
            assert(t:insert { d = "10.25" })
        end,
        shows = { "d=2.50\nd=10.25", "d=2.50\nd=10.25" },
        orders = { { 1, "-d", { "10.25", "2.50" } } },
        finds = { { 1, { d = "10.25" }, 1 }, { 1, { d = { lt = "1234567890123456.50" } }, 2 },
            { 2, { d = { lt = "10.25" } }, 1 } },
    },
    {
        "rules and defaults of the version bind nobody who reads",
        columns = { { name = "n", dataType = "integer", required = true, validation = { min = 0, max = 10 },
            defaultValue = 1 }, { name = "s", dataType = "string", validation = { pattern = "^a" } } },
        function(t)
            assert(t:insert { s = "a" })
            assert(t:evolve(function(c)
                c:modify("n", { required = false, validation = { min = null, max = null }, unset = { "defaultValue" } })
                c:modify("s", { validation = { pattern = null } })
            end))
            assert(t:insert { n = -99, s = "zzz" })
            assert(t:insert {})
        end,
        shows = { "n=1 s=a\nn=-99 s=zzz\n" },
        finds = { { 1, { n = -99 }, 1 }, { 1, { n = { isNull = true } }, 1 } },
    },
}

engines.each(function(engine)
    describe("at", function()
        local db
        before_each(function() db = engine.open { actor = "alice" } end)
        after_each(function() db:close() end)

        for _, case in ipairs(scenarios) do
            it(case[1], function()
                local t = assert(db:create_table("t", { columns = case.columns }))
                case[2](t)
                for v, expected in ipairs(case.shows) do
                    assert.equal(expected, shown(assert(t:at(v))), "version " .. v)
                end
                for _, find in ipairs(case.finds) do
                    local text = flexdb.json.encode(find)
                    local view = assert(t:at(find[1]))
                    assert.equal(find[3], assert(view:count { filter = find[2] }), text)
                    assert.equal(find[3], #assert(view:find { filter = find[2] }), text)
                end
                for _, order in ipairs(case.orders or {}) do
                    local name = order[2]:gsub("^-", "")
                    local values = {}
                    for i, row in ipairs(assert(t:at(order[1])):find { orderBy = { order[2] } }) do
                        values[i] = row[name]
                    end
                    assert.same(order[3], values)
                    -- and page by page
                    local paged, after = {}, nil
                    repeat
                        local page = assert(assert(t:at(order[1])):find { orderBy = { order[2] }, limit = 1,
                            after = after })
                        for _, row in ipairs(page) do paged[#paged + 1] = row[name] end
                        after = page.next
                    until not after
                    assert.same(order[3], paged)
                end
            end)
        end
    end)
end)
