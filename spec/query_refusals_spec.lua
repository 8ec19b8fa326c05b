-- Queries that cannot be asked, and hostile text in those that can.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

engines.each(function(engine)
    describe("queries", function()
        local t, db
        setup(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "s", dataType = "string" }, { name = "x", dataType = "text" },
                { name = "n", dataType = "integer" }, { name = "day", dataType = "date" },
                { name = "d", dataType = "decimal", validation = { precision = 10, scale = 2 } },
            } }))
        end)
        teardown(function() db:close() end)

        it("refuse what cannot be asked", function()
            for _, case in ipairs {
                { { filter = { nobody = 1 } }, 'filter.nobody: there is no column "nobody"' },
                { { filter = { n = "12abc" } }, 'filter.n: must be an integer, is the string "12abc"' },
                { { filter = { n = { gt = null } } },
                    "filter.n.gt: gt cannot be asked of null; ask with isNull" },
                { { filter = { n = { near = 1 } } }, 'filter.n.near: there is no operator "near"' },
                { { filter = { n = { contains = "1" } } },
                    "filter.n.contains: contains is for texts, not for integer" },
                { { filter = { n = { isNull = "yes" } } },
                    'filter.n.isNull: must be true or false, got "yes"' },
                { { filter = { n = { between = { 1 } } } },
                    "filter.n.between: must be an array of two values, got [1]" },
                { { filter = { n = { ["in"] = 5 } } }, "filter.n.in: must be an array, got 5" },
                { { filter = { n = { ["in"] = { null } } } },
                    "filter.n.in[0]: null cannot be compared with; ask with isNull" },
                { { filter = { s = 5 } }, "filter.s: must be a string, is the integer 5" },
                { { filter = { day = "2023-02-30" } },
                    'filter.day: must be a day that exists, is "2023-02-30"' },
                { { filter = { d = "0.001" } },
                    "filter.d: must have at most 2 digits after the point, is 0.001" },
                { { filter = { AND = { n = 1 } } }, 'filter.AND: must be an array of filters, got {"n":1}' },
                { { filter = { NOT = { 1 } } }, "filter.NOT: must be a filter, an object, got [1]" },
                { { filter = "x" }, 'filter: must be a filter, an object, got "x"' },
                { { filter = { ['s"; DROP TABLE t; --'] = "x" } },
                    'filter.s"; DROP TABLE t; --: there is no column "s\\"; DROP '
                        .. 'TABLE t; --"' },
                { { orderBy = { "nobody" } }, 'orderBy[0]: there is no column "nobody"' },
                { { orderBy = { { field = "n", direction = "up" } } },
                    'orderBy[0]: must be "asc" or "desc", got "up"' },
                { { orderBy = "n" }, 'orderBy: must be an array, got "n"' },
                { { limit = -1 }, "limit: must be an integer that is not negative, got -1" },
                { { limit = 1.5 }, "limit: must be an integer that is not negative, got 1.5" },
                { { limit = "10" }, 'limit: must be an integer that is not negative, got "10"' },
                { { offset = -1 }, "offset: must be an integer that is not negative, got -1" },
                { { select = { "nobody" } }, 'select[0]: there is no column "nobody"' },
                { { after = "garbage" },
                    "after: not a cursor of this query: it must come from a find with the same orderBy" },
                { { nope = true }, 'nope: there is no key "nope" in a query' },
            } do
                local result, err = t:find(case[1])
                assert.is_nil(result)
                assert.equal("invalid_query: " .. case[2], tostring(err))
                assert.equal(1, #err.issues)
            end
            local deep = { n = 1 }
            for _ = 1, 5000 do deep = { NOT = deep } end
            local _, err = t:find { filter = deep }
            assert.equal("invalid_query: filter" .. (".NOT"):rep(48)
                .. ".N…: must nest at most 64 levels deep, nests deeper", tostring(err))
        end)

        it("keep hostile text as data", function()
            local db2 <close> = engine.open()
            local x = assert(db2:create_table("x", { columns = { { name = "s", dataType = "string" },
                { name = "i", dataType = "string", indexed = true } } }))
            local hostile = { "'; DROP TABLE flex_tables; --", "a' OR '1'='1", "\\", "\\'", "%", "_", "?", "`", '"',
                "--", "/*", "\n", "$x", ":x", "@@version" }
            for _, text in ipairs(hostile) do assert(x:insert { s = text, i = text }) end
            for _, text in ipairs(hostile) do
                assert.equal(1, x:count { filter = { s = text } }, text)
                assert.equal(1, x:count { filter = { i = text, s = { contains = text, startsWith = text,
                    endsWith = text } } } >= 1 and 1 or 0, text)
            end
        end)

        it("say unsupported for what is not built yet", function()
            for _, query in ipairs { { include = { "x" } }, { filter = { x = { search = "x" } } } } do
                assert.equal("unsupported", select(2, t:find(query)).code)
            end
        end)
    end)
end)
