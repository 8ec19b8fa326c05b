-- What is said about mistakes, word for word, and where a mistake is said to be: at the script's line.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

-- A key that runs code when it is printed.
local hostile = setmetatable({}, { __tostring = function() error "printed" end, __name = "hostile" })

engines.each(function(engine)
    describe("what is said", function()
        local db, t
        setup(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = { { name = "a", dataType = "integer" } } }))
        end)
        teardown(function() db:close() end)

        for _, case in ipairs {
            { "bad UTF-8 in a change", function()
                return t:evolve { { op = "modify_column", name = "a", set = { description = "\xff" } } }
            end, "invalid_schema: changes[0].set.description: must be valid UTF-8" },
            { "a NUL in a change", function()
                return t:evolve { { op = "modify_column", name = "a", set = { description = "x\0y" } } }
            end, "invalid_schema: changes[0].set.description: must not hold U+0000" },
            { "a NUL in a definition", function()
                return db:create_table("n", { columns = {}, description = "x\0y" })
            end, "invalid_schema: description: must not hold U+0000" },
            { "a NUL in a definition's key", function()
                return flexdb.validator { columns = { { name = "a", ["x\0"] = 1 } } }
            end, "invalid_schema: columns[0]: its keys must not hold U+0000" },
            { "a text that is no id", function() return t:find { filter = { id = "x " } } end,
                'invalid_query: filter.id: must be the id of a record, got "x "' },
            { "an empty column name in a record", function() return t:insert { [""] = 1 } end,
                'invalid_record: [""]: there is no column ""' },
            { "an empty column name in a filter", function() return t:count { filter = { [""] = 1 } } end,
                'invalid_query: filter.[""]: there is no column ""' },
            { "an empty key in a query", function() return t:count { [""] = 1 } end,
                'invalid_query: [""]: there is no key "" in a query' },
            { "a key that is no index", function() return t:insert_many { [hostile] = 1 } end,
                "invalid_record: records must be an array of records, has the key a table" },
            { "a name that is no index", function() return t:insert_many { { a = 1 }, a = 1 } end,
                'invalid_record: records must be an array of records, has the key "a"' },
        } do
            it("of " .. case[1], function()
                local value, err = case[2]()
                assert.is_nil(value)
                assert.equal(case[3], tostring(err))
            end)
        end

        it("of an id, with what was expected", function()
            local _, err = t:find { filter = { id = "x " } }
            assert.equal("string", err.issues[1].expected)
            assert.equal("x ", err.issues[1].got)
        end)

        it("of too many values, on every engine", function()
            local values = {}
            for i = 1, 32000 do values[i] = i end
            assert.equal(0, t:count { filter = { a = { ["in"] = values } } })
            for i = 32001, 32767 do values[i] = i end
            local count, err = t:count { filter = { a = { ["in"] = values } } }
            assert.is_nil(count)
            assert.equal("limit", err.code)
            assert.truthy(err.message:find("of which there may be at most 32766", 1, true))
        end)

        -- Each line below names the place of its own mistake.
        for _, case in ipairs {
            { "a message that is not UTF-8", function() return (t:evolve({}, { message = "\xff" })) end,
                "the message of a version is at most 65535 bytes of UTF-8" },
            { "an actor that is not UTF-8", function() return (t:evolve({}, { actor = "\xff" })) end,
                "an actor's name is at most 128 characters of UTF-8" },
            { "an actor's long name", function() return (t:rollback(1, { actor = ("é"):rep(129) })) end,
                "an actor's name is at most 128 characters of UTF-8" },
            { "an application without a name", function() return (flexdb.open(engine.url, { application = "" })) end,
                "an application's name is 1 to 128 bytes of UTF-8" },
            { "an option's name that is a table", function() return (t:evolve({}, { [hostile] = 1 })) end,
                "bad argument #2 to 'evolve' (an option's name must be a string, is a table)" },
            { "a wrong handle", function() return (t.insert_many(db, {})) end,
                "calling 'insert_many' on bad self (flexdb.table expected, got flexdb.database)" },
            { "no handle", function() return (t.evolve()) end,
                "calling 'evolve' on bad self (flexdb.table expected, got no value)" },
            { "a table for a handle", function() return (db.transaction({}, print)) end,
                "calling 'transaction' on bad self (flexdb.database expected, got table)" },
        } do
            it("at the script's line: " .. case[1], function()
                local before = { t.version, #t:history() }
                local line = debug.getinfo(case[2], "S").linedefined
                local ok, why = pcall(case[2])
                assert.is_false(ok)
                assert.equal(("spec/messages_spec.lua:%d: %s"):format(line, case[3]), (why:gsub("^%./", "")))
                assert.same(before, { t.version, #t:history() })
            end)
        end

        it("at the script's line: a closed handle", function()
            local closed = engine.open()
            local u = assert(closed:create_table("u", { columns = {} }))
            closed:close()
            for _, call in ipairs {
                function() closed:transaction(print) end, function() u:evolve {} end, function() u:rollback(1) end,
                function() u:insert_many {} end, function() closed:tables() end, function() u:count() end,
            } do
                local ok, why = pcall(call)
                assert.is_false(ok)
                local line = debug.getinfo(call, "S").linedefined
                assert.equal(("spec/messages_spec.lua:%d: the database is closed"):format(line), (why:gsub("^%./", "")))
            end
        end)

        it("to a loop over a bad query: nil and an error, for assert to raise", function()
            local iterate, err = t:each { filter = { nope = 1 } }
            assert.is_nil(iterate)
            assert.equal('invalid_query: filter.nope: there is no column "nope"', tostring(err))
            assert.has_error(function() for _ in assert(t:each { filter = { nope = 1 } }) do end end)
        end)

        it("by a database that was opened under a scheme in capitals", function()
            local url = engine.url:gsub("^%a+", string.upper)
            local again <close> = assert(flexdb.open(url, { application = db.application }))
            assert.equal(tostring(db), tostring(again))
            assert.equal(0, assert(again:table "t"):count())
        end)
    end)
end)

describe("what is said of a temporary file", function()
    it("names its folder", function()
        local name = os.tmpname()
        local script <close> = assert(io.open(name, "w"))
        assert(script:write [[
            local flexdb = require "flexdb"
            local db = assert(flexdb.open "sqlite::memory:")
            local t = assert(db:create_table("t", { columns = { { name = "x", dataType = "text" } } }))
            for i = 1, 12 do assert(t:insert { x = ("x"):rep(1 << 20) }) end
            local ok, why = pcall(function()
                for row in t:each() do assert(t:update(row.id, { x = "y" })) end
            end)
            print(ok, why)
        ]])
        script:close()
        local lua = arg and arg[-1] or "lua5.4"
        if not lua:find "lua" then lua = "lua5.4" end
        local pipe <close> = assert(io.popen(("TMPDIR=/no/such/folder %s %s 2>&1"):format(lua, name)))
        local said = pipe:read "a"
        os.remove(name)
        assert.truthy(said:find("a temporary file in /no/such/folder could not be made: ", 1, true), said)
    end)
end)
