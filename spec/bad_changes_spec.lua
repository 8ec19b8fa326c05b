-- Changes, plans and versions that cannot be: each is refused with the place of the change and the reason, to the
-- letter, and nothing has happened.

local engines = require "spec.support.engines"

local function chain(n, first, each, last) return first .. each:rep(n) .. (last or "") end

local function check(expression)
    return function(c) c:table { checks = { { name = "k", expression = expression } } } end
end

local function many(n, column)
    local changes = {}
    for i = 1, n do changes[i] = { op = "add_column", column = column("c" .. i) } end
    return changes
end

local gone = 'there is no column "a" any more: changes[0] took it away'

-- sentence, changes, what is said behind `invalid_schema: ` (or another code)
local scenarios = {
    -- changes that contradict each other
    { "rename a column to a name and remove that name's column", function(c) c:rename("a", "b") c:remove "b" end,
        'changes[0].to: the name "b" is taken' },
    { "free a name twice", function(c) c:remove "b" c:rename("a", "b") c:add { name = "b", dataType = "text" } end,
        'changes[2].column.name: the name "b" is taken' },
    { "rename two columns to one name", function(c) c:rename("a", "z") c:rename("b", "z") end,
        'changes[1].to: the name "z" is taken' },
    { "add a name twice", function(c)
        c:add { name = "z", dataType = "text" }
        c:add { name = "z", dataType = "date" }
    end, 'changes[1].column.name: the name "z" is taken' },
    { "add a name that is there", function(c) c:add { name = "a", dataType = "text" } end,
        'changes[0].column.name: the name "a" is taken' },
    { "set and unset the same", { { op = "modify_column", name = "a", set = { required = true },
        unset = { "required" } } }, 'changes[0].unset[0]: "required" is set by the same change' },
    { "put a column after another and first", { { op = "move_column", name = "a", after = "b", first = true } },
        "changes[0]: after and first exclude each other" },
    { "put a column after itself", function(c) c:move("a", { after = "a" }) end,
        'changes[0].after: "a" cannot come after itself' },
    { "set a minimum above the maximum", function(c) c:modify("b", { validation = { min = 5, max = 1 } }) end,
        "changes[0].set.validation.min: must not be greater than max, 1, is 5" },
    { "set a default that breaks the rule beside it", function(c)
        c:modify("b", { validation = { max = 1 }, defaultValue = 5 })
    end, "changes[0].set.defaultValue: must be at most 1, is 5" },
    { "give a computed column a default", function(c)
        c:add { name = "z", dataType = "integer", defaultValue = 1, validation = { computed = "b" } }
    end, "changes[0].column.validation.computed: a computed column cannot have a defaultValue" },
    { "compute columns in a circle", function(c)
        c:add { name = "y", dataType = "integer", validation = { computed = "z" } }
        c:add { name = "z", dataType = "integer", validation = { computed = "y" } }
    end, "changes[0].column.validation.computed: y reads z, which reads y" },
    { "add a computed column and remove what it reads", function(c)
        c:add { name = "z", dataType = "integer", validation = { computed = "b + 1" } }
        c:remove "b"
    end, 'changes[1].name: the computed column "z" reads "b"' },
    { "add a check and remove what it reads", function(c)
        c:table { checks = { { name = "k", expression = "b > 0" } } }
        c:remove "b"
    end, 'changes[1].name: the check "k" reads "b"' },
    { "retype what cannot be", function(c) c:modify("b", { dataType = "date" }) end, "changes[0]: integer cannot be "
        .. "converted to date: a number is no day: what it counts, and since when, would be a guess" },

    -- changes that refer to what is gone
    { "modify a column that was removed", function(c) c:remove "a" c:modify("a", { required = true }) end,
        "changes[1].name: " .. gone },
    { "rename a column that was removed", function(c) c:remove "a" c:rename("a", "z") end,
        "changes[1].name: " .. gone },
    { "remove a column twice", function(c) c:remove "a" c:remove "a" end, "changes[1].name: " .. gone },
    { "remove a column under its old name", function(c) c:rename("a", "z") c:remove "a" end,
        "changes[1].name: " .. gone },
    { "put a column behind one that was removed", function(c) c:remove "a" c:move("b", { after = "a" }) end,
        "changes[1].after: " .. gone },
    { "add a column behind one that was removed", function(c)
        c:remove "a"
        c:add({ name = "z", dataType = "text" }, { after = "a" })
    end, "changes[1].after: " .. gone },
    { "index a column that was removed", function(c)
        c:remove "a"
        c:table { indexes = { { columns = { "a", "b" } } } }
    end, 'changes[1].set.indexes[0].columns[0]: there is no column "a"' },
    { "check a column that was removed", function(c) c:remove "a" check "a == 'x'" (c) end,
        'changes[1].set.checks[0].expression: at 1: there is no column "a"' },
    { "compute from a column that was removed", function(c)
        c:remove "b"
        c:add { name = "z", dataType = "integer", validation = { computed = "b + 1" } }
    end, 'changes[1].column.validation.computed: at 1: there is no column "b"' },
    { "compute from it under another name in the end", function(c)
        c:add { name = "z", dataType = "integer", validation = { computed = "nobody + 1" } }
        c:rename("z", "y")
    end, 'changes[0].column.validation.computed: at 1: there is no column "nobody"' },

    -- limits
    { "add more columns than there may be", many(996, function(name) return { name = name, dataType = "text" } end),
        "changes[995]: the table has 1000 columns, 1000 are allowed" },
    { "index more columns than there may be", many(61, function(name)
        return { name = name, dataType = "integer", indexed = true }
    end), "limit: changes[60]: 61 columns are indexed, unique, filterable, references or in an index, 60 are "
        .. "allowed" },
    { "index one more in the middle of other changes", function(c)
        c:remove "day"
        for i = 1, 60 do c:add { name = "d" .. i, dataType = "integer", indexed = i ~= 9 } end
        c:rename("a", "z")
        c:modify("d9", { filterable = true })
        c:modify("z", { indexed = true })
        c:remove "d1"
        c:add { name = "last", dataType = "integer", unique = true }
    end, "limit: changes[63]: 61 columns are indexed, unique, filterable, references or in an index, 60 are allowed" },
    { "index too many columns at once", function(c)
        local names = {}
        for i = 1, 17 do
            names[i] = "c" .. i
            c:add { name = names[i], dataType = "integer" }
        end
        c:table { indexes = { { columns = names } } }
    end, "changes[17].set.indexes[0].columns: there are 17 columns, 16 are allowed" },
    { "give a name that is too long", function(c) c:rename("a", ("n"):rep(65)) end,
        ('changes[0].to: the name "%s" has 65 characters, 64 are allowed'):format(("n"):rep(65)) },
    { "ask for more digits than there are", function(c)
        c:add { name = "z", dataType = "decimal", validation = { precision = 39 } }
    end, "changes[0].column.validation.precision: must be an integer from 1 to 38, got 39" },

    -- expressions
    { "nest 1,000 parentheses", check(chain(1000, "", "(", "b" .. (")"):rep(1000) .. " > 0")),
        "changes[0].set.checks[0].expression: at 101: the expression nests more than 100 levels deep" },
    { "nest 1,000 nots", check(chain(1000, "", "not ", "flag")),
        "changes[0].set.checks[0].expression: at 401: the expression nests more than 100 levels deep" },
    { "nest 1,000 signs", check(chain(1000, "", "- ", "b > 0")),
        "changes[0].set.checks[0].expression: at 201: the expression nests more than 100 levels deep" },
    { "nest 800 calls", check(chain(800, "", "abs(", "b" .. (")"):rep(800) .. " > 0")),
        "changes[0].set.checks[0].expression: at 401: the expression nests more than 100 levels deep" },
    { "write an expression that is too long", check(chain(1000, "", "abs(", "b" .. (")"):rep(1000) .. " > 0")),
        "changes[0].set.checks[0].expression: the expression has 5005 bytes, 4096 are allowed" },
    { "name an unknown column", check "nobody > 0",
        'changes[0].set.checks[0].expression: at 1: there is no column "nobody"' },
    { "name an unknown function", check "explode(b) > 0",
        'changes[0].set.checks[0].expression: at 1: there is no function "explode"' },
    { "compare a date with a boolean", check "day == flag",
        "changes[0].set.checks[0].expression: at 5: a date cannot be compared with a boolean" },
    { "order a date and a boolean", check "day < true",
        "changes[0].set.checks[0].expression: at 5: a date cannot be compared with a boolean" },
    { "check what is neither true nor false", check "b + 1", "changes[0].set.checks[0].expression: the expression "
        .. "gives an integer, which is no value of type boolean" },
    { "compute a date from a boolean", function(c)
        c:add { name = "z", dataType = "date", validation = { computed = "flag" } }
    end, "changes[0].column.validation.computed: the expression gives a boolean, which is no value of type date" },
    { "end an expression too early", check "b > ",
        "changes[0].set.checks[0].expression: at 5: expected a value, got the end" },

    -- no changes at all
    { "name an unknown operation", { { op = "explode", name = "a" } }, "changes[0].op: must be one of add_column, "
        .. 'remove_column, rename_column, modify_column, move_column and modify_table, got "explode"' },
    { "name no operation", { { name = "a" } }, "changes[0]: op is missing" },
    { "give a number for a change", { 5 }, "changes[0]: a change must be an object, got 5" },
    { "touch a system column", function(c) c:remove "id" end,
        'changes[0].name: "id" is a system column, which changes cannot touch' },
    { "be wrong in several places", function(c)
        c:remove "q"
        c:rename("a", "b")
        c:add { name = "id", dataType = "text" }
    end, 'changes[0].name: there is no column "q"; changes[1].to: the name "b" is taken; changes[2].column.name: the '
        .. 'name "id" is reserved for a system column' },
}

engines.each(function(engine)
    describe("changes that cannot be", function()
        local db, t, schema
        setup(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "string" }, { name = "b", dataType = "integer" },
                { name = "day", dataType = "date" }, { name = "flag", dataType = "boolean" },
                { name = "note", dataType = "text" },
            } }))
            assert(t:insert { id = "r1", a = "x", b = 1, day = "2024-05-01" })
            schema = t:schema()
        end)
        teardown(function()
            assert.same(schema, t:schema())
            assert.equal(1, #assert(t:history()))
            assert.same({ "x", 1 }, { assert(t:get "r1").a, assert(t:get "r1").b })
            assert(t:insert { a = "still usable" })
            assert(t:evolve(function(c) c:rename("a", "z") end))
            db:close()
        end)

        for _, scenario in ipairs(scenarios) do
            it("may not " .. scenario[1], function()
                local said = scenario[3]
                if not said:find "^limit: " then said = "invalid_schema: " .. said end
                for _, call in ipairs { t.evolve, t.plan } do
                    local entry, err = call(t, scenario[2])
                    assert.is_nil(entry)
                    local got = tostring(err)
                    assert.equal(said, (got:gsub(" %(and %d+ more%)$", "")))
                end
            end)
        end

        it("are looked at before records are", function()
            local entry, err = t:evolve(function(c) c:modify("b", { validation = { min = 5 } }) c:remove "q" end)
            assert.is_nil(entry)
            assert.equal('invalid_schema: changes[1].name: there is no column "q"', tostring(err))
        end)

        it("leave the place in the definition where no change brought what is wrong", function()
            local other = assert(db:create_table("other", { columns = {
                { name = "low", dataType = "integer", validation = { min = 5 } }, { name = "d", dataType = "date" },
            }, checks = { { name = "k", expression = "d < date('2024-01-01')" } } }))
            local _, err = other:evolve(function(c) c:modify("low", { validation = { max = 1 } }) end)
            assert.equal("invalid_schema: columns[0].validation.min: must not be greater than max, 1, is 5",
                tostring(err))
            _, err = other:evolve(function(c) c:modify("d", { dataType = "text" }) end)
            assert.equal("invalid_schema: checks[0].expression: at 3: a text cannot be compared with a date; write "
                .. 'date("YYYY-MM-DD")', tostring(err))
        end)
    end)

    describe("a definition that cannot be", function()
        it("is told by its own places when apply, or a diff, makes the changes", function()
            local db <close> = engine.open()
            local column = { name = "a", dataType = "integer", defaultValue = 5, validation = { max = 3 } }
            local t = assert(db:create_table("t", { columns = { { name = "a", dataType = "integer" } } }))
            local said = "invalid_schema: columns[0].defaultValue: must be at most 3, is 5"
            assert.equal(said, tostring(select(2, db:apply { t = { columns = { column } } })))
            assert.equal(1, t.version)
        end)
    end)

    describe("a version that is not there", function()
        local db, t
        setup(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = { { name = "a", dataType = "string" } } }))
            assert(t:insert { a = "x" })
        end)
        teardown(function() db:close() end)

        it("cannot be rolled back to, read under, or compared with", function()
            for _, version in ipairs { 0, -1, 2, 99, math.maxinteger, math.mininteger } do
                for _, call in ipairs {
                    function() return t:rollback(version) end,
                    function() return t:rollback(version, { dry_run = true }) end,
                    function() return t:at(version) end,
                    function() return t:diff(1, version) end,
                } do
                    local ok, err = call()
                    assert.is_nil(ok)
                    assert.equal(('not_found: table "t" has no version %d'):format(version), tostring(err))
                end
            end
            assert.equal(1, t.version)
        end)

        it("is a mistake of the program where it is no integer", function()
            for shown, version in pairs { ["1.5"] = 1.5, ["9.2233720368548e+18"] = 2.0 ^ 63, ["inf"] = 1 / 0 } do
                assert.error_matches(function() t:rollback(version) end,
                    "bad argument #1 to 'rollback' (a version must be an integer, is " .. shown .. ")", 1, true)
                assert.error_matches(function() t:evolve({}, { expect_version = version }) end,
                    "bad argument #2 to 'evolve' (option 'expect_version' must be an integer of at least 1, is "
                    .. shown .. ")", 1, true)
            end
            for kind, version in pairs { string = "1", table = {}, boolean = true } do
                assert.error_matches(function() t:rollback(version) end,
                    "bad argument #1 to 'rollback' (number expected, got " .. kind .. ")", 1, true)
            end
            assert.error_matches(function() t:rollback() end,
                "bad argument #1 to 'rollback' (number expected, got no value)", 1, true)
            for _, version in ipairs { 0, -1 } do
                assert.error_matches(function() t:evolve({}, { expect_version = version }) end,
                    "bad argument #2 to 'evolve' (option 'expect_version' must be an integer of at least 1, is "
                    .. version .. ")", 1, true)
            end
            assert.equal(1, t.version)
        end)
    end)
end)
