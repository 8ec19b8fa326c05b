-- flexdb.validate, validator and diff: what needs no database. Types and rules have their scenarios in spec/unit; here
-- it is how Lua values get in and out.

local flexdb = require "flexdb"

local null = flexdb.null

local definition = {
    columns = {
        { name = "name", dataType = "string", required = true, validation = { maxLength = 20 } },
        { name = "age", dataType = "integer", validation = { min = 0, max = 150 } },
        { name = "balance", dataType = "decimal", validation = { precision = 12, scale = 2 }, defaultValue = "0.00" },
        { name = "active", dataType = "boolean" },
        { name = "born", dataType = "date" },
        { name = "seen", dataType = "datetime" },
        { name = "notes", dataType = "text" },
        { name = "tags", dataType = "json" },
        { name = "boss", dataType = "reference", validation = { targetTable = "people" } },
        { name = "a_name_that_is_longer_than_the_forty_bytes_that_lua_interns", dataType = "integer" },
    },
}
local LONG = definition.columns[10].name

local function issue(err, path)
    for _, each in ipairs(err.issues) do
        if each.path == path then return each end
    end
end

describe("a validator", function()
    local v = assert(flexdb.validator(definition))

    it("gives the normalized record", function()
        assert.same({
            name = "Ada", age = 36, balance = "12.50", active = false, born = "1815-12-10",
            seen = "2024-05-01T10:00:00.000000Z", notes = "", tags = { 1, "a", { b = null } }, boss = "x", [LONG] = 7,
        }, assert(v:validate {
            name = "Ada", age = 36.0, balance = 12.5, active = false, born = "1815-12-10",
            seen = "2024-05-01T12:00:00+02:00", notes = "", tags = { 1, "a", { b = null } }, boss = "x", [LONG] = "7",
        }))
    end)

    it("fills in defaults, but not where null is given", function()
        assert.same({ name = "x", balance = "0.00" }, assert(v:validate { name = "x" }))
        assert.same({ name = "x" }, assert(v:validate { name = "x", balance = null, tags = null }))
    end)

    it("leaves the record alone", function()
        local record = { name = "x", age = "7", tags = {} }
        assert(v:validate(record))
        assert.same({ name = "x", age = "7", tags = {} }, record)
    end)

    it("encodes what it has normalized", function()
        assert.same({ name = "x", age = 7, balance = "1.00", tags = { 2.0 } },
            flexdb.json.decode(assert(v:encode { name = "x", age = "7", balance = 1, tags = { 2.0 } })))
    end)

    it("takes json of every shape", function()
        for _, value in ipairs { 1, 1.5, "text", true, false, {}, { 1 }, { a = 1 }, flexdb.array {},
            { { { flexdb.array {}, {} } } }, "", { [""] = 0 } } do
            local record = assert(v:validate { name = "x", tags = value })
            assert.same(value, record.tags)
            assert.equal(flexdb.json.encode(value), flexdb.json.encode(record.tags))
        end
    end)

    it("ignores system fields and names that begin with _", function()
        assert.same({ name = "x", balance = "0.00", id = "my-id" }, assert(v:validate {
            name = "x", id = "my-id", created_at = print, updated_at = {}, deleted_at = 0 / 0, _version = "?",
            _company = { 1 }, _ = 1,
        }))
    end)

    it("finds long keys, which are no interned strings", function()
        local name = table.concat { "a_name_that_is_longer_", "than_the_forty_bytes_", "that_lua_interns" }
        assert.equal(5, assert(v:validate { name = "x", [name] = 5 })[LONG])
        local _, err = v:validate { name = "x", [name .. "_"] = 5 }
        assert.equal("unknown", err.issues[1].rule)
    end)

    it("tells every problem at once", function()
        local record, err = v:validate {
            age = -1, nope = 1, aha = 2, tags = { a = { 1, print } }, [3] = 1, balance = {},
        }
        assert.is_nil(record)
        assert.equal("invalid_record", err.code)
        assert.is_false(err.retryable)
        assert.equal(7, #err.issues)
        assert.same({ path = "name", rule = "required", message = "is required" }, issue(err, "name"))
        assert.same({ path = "age", rule = "min", message = "must be at least 0, is -1", expected = 0, got = -1 },
            issue(err, "age"))
        assert.equal("must be a decimal number, is an object", issue(err, "balance").message)
        assert.same({ path = "tags.a.1", rule = "type", message = "must not be a function", got = "function" },
            issue(err, "tags.a.1"))
        assert.same({ path = "nope", rule = "unknown", message = 'there is no column "nope"' }, issue(err, "nope"))
        assert.same({ path = "3", rule = "unknown", message = "the name of a column must be a string, is 3" },
            issue(err, "3"))
        assert.equal("invalid_record: name: is required; age: must be at least 0, is -1; "
            .. "balance: must be a decimal number, is an object (and 4 more)", tostring(err))
    end)

    local cycle = {}
    cycle.x = { cycle }
    local deep = {}
    do
        local at = deep
        for _ = 1, 30 do at.a = {} at = at.a end
    end
    for sentence, case in pairs {
        ["a function"] = { print, "tags: must not be a function" },
        ["a hole"] = { { 1, nil, 3 }, "tags: must have no holes, has nothing at index 2 and something at 3" },
        ["both kinds of keys"] = { { a = { 1, b = 1 } },
            "tags.a: must have either names or the indexes 1 to n for keys, has both" },
        ["NaN inside"] = { { 0 / 0 }, "tags.0: must be a finite number, is not a number" },
        ["bad UTF-8 inside"] = { { a = "\xc0\x80" }, "tags.a: must be valid UTF-8" },
        ["a cycle"] = { cycle, "tags.x.0: must not contain itself" },
        ["31 levels"] = { deep, "tags" .. (".a"):rep(30) .. ": must nest at most 30 levels deep, nests deeper" },
    } do
        it("refuses json with " .. sentence, function()
            local record, err = v:validate { name = "x", tags = case[1] }
            assert.is_nil(record)
            assert.equal(1, #err.issues)
            assert.equal(case[2], err.message)
        end)
    end

    it("takes json of 30 levels", function()
        local value = {}
        local at = value
        for _ = 1, 29 do at[1] = {} at = at[1] end
        assert.same(value, assert(v:validate { name = "x", tags = value }).tags)
    end)

    it("stops at json that would be too large, without a cycle", function()
        local bomb = "x"
        for _ = 1, 29 do bomb = { bomb, bomb } end
        local _, err = v:validate { name = "x", tags = bomb }
        assert.equal("tags: must be at most 8 MiB of JSON, is more", err.message)
    end)

    for sentence, case in pairs {
        ["a table for an integer"] = { "age", {}, "age: must be an integer, is an object" },
        ["an array for a string"] = { "name", { "x" }, "name: must be a string, is an array" },
        ["a function for a string"] = { "name", print, "name: must not be a function" },
        ["a userdata for a date"] = { "born", io.stdout, "born: must not be a userdata" },
        ["a boolean for an integer"] = { "age", true, "age: must be an integer, is the boolean true" },
        ["a number for a boolean"] = { "active", 1, "active: must be a boolean, is the integer 1" },
        ["null for what is required"] = { "name", null, "name: is required" },
    } do
        it("refuses " .. sentence, function()
            local given = { name = "x" }
            given[case[1]] = case[2]
            local record, err = v:validate(given)
            assert.is_nil(record)
            assert.equal(case[3], err.message)
        end)
    end

    it("shows odd names on one line, cut when they are long", function()
        for name, shown in pairs {
            ["a\nb"] = "a\\x0ab", ["a\0b"] = "a\\x00b", ["\xff"] = "\\xff", ["ä b"] = "ä b",
            [("é"):rep(80)] = ("é"):rep(50) .. "…", [("x"):rep(1e6)] = ("x"):rep(100) .. "…",
        } do
            local _, err = v:validate { name = "x", [name] = 1 }
            assert.equal(shown, err.issues[1].path)
            assert.equal(('%s: there is no column "%s"'):format(shown, shown), err.message)
        end
    end)

    it("takes an issue of each of 1000 names, and counts the rest", function()
        local record = { name = "x" }
        for i = 1, 1200 do record["u" .. i] = i end
        local _, err = v:validate(record)
        assert.equal(1000, #err.issues)
        assert.truthy(err.message:find("(and 1197 more)", 1, true))
    end)

    it("reads raw", function()
        local raising = {
            __index = function() error "index" end, __pairs = function() error "pairs" end,
            __len = function() error "len" end,
        }
        assert.equal("x", assert(v:validate(setmetatable({ name = "x" }, raising))).name)
        assert.same({ 1 }, assert(v:validate { name = "x", tags = setmetatable({ 1 }, raising) }).tags)
        local _, err = v:validate(setmetatable({}, { __index = { name = "x" } }))
        assert.equal("required", err.issues[1].rule)
    end)

    it("raises for what is no record and no validator", function()
        assert.error_matches(function() v:validate() end, "table expected, got no value")
        assert.error_matches(function() v:validate "x" end, "table expected, got string")
        assert.error_matches(function() v.validate({}, {}) end, "flexdb.validator expected, got table")
        assert.error_matches(function() v.validate(io.stdout, {}) end, "flexdb.validator expected, got FILE*", 1, true)
        assert.error_matches(function() flexdb.validator() end, "table expected, got no value")
    end)
end)

describe("flexdb.validate", function()
    it("compiles and validates at once", function()
        assert.same({ name = "x", balance = "0.00" }, assert(flexdb.validate(definition, { name = "x" })))
        local _, err = flexdb.validate(definition, {})
        assert.equal("invalid_record", err.code)
        _, err = flexdb.validate({ columns = { { name = "A" } } }, {})
        assert.equal("invalid_schema", err.code)
        assert.error_matches(function() flexdb.validate(definition) end, "table expected, got no value")
        assert.error_matches(function() flexdb.validate("x", {}) end, "table expected, got string")
    end)
end)

describe("a definition", function()
    it("is refused with every problem", function()
        local v, err = flexdb.validator { columns = {
            { name = "A", dataType = "text" }, { name = "b", dataType = "nope" },
            { name = "c", dataType = "integer", validation = { min = 2, max = 1 } },
        } }
        assert.is_nil(v)
        assert.equal("invalid_schema", err.code)
        assert.equal(3, #err.issues)
        assert.truthy(err.issues[1].path:find("columns[0]", 1, true))
    end)

    for sentence, case in pairs {
        ["a function"] = { { columns = { { name = "a", dataType = print } } },
            "columns[0].dataType: must not be a function" },
        ["a hole"] = { { columns = { { name = "a", dataType = "text" }, nil, {} } },
            "columns: must have no holes, has nothing at index 2 and something at 3" },
        ["a cycle"] = { (function()
            local d = { columns = {} }
            d.columns[1] = d
            return d
        end)(), "columns[0]: must not contain itself" },
    } do
        it("is refused with " .. sentence, function()
            local v, err = flexdb.validator(case[1])
            assert.is_nil(v)
            assert.equal("invalid_schema", err.code)
            assert.equal(case[2], err.message)
        end)
    end

    it("may have 1000 columns, and its validator still knows each", function()
        local columns, record = {}, {}
        for i = 1, 1000 do
            columns[i] = { name = "c" .. i, dataType = "integer" }
            record["c" .. i] = i
        end
        local v = assert(flexdb.validator { columns = columns })
        assert.same(record, assert(v:validate(record)))
    end)
end)

describe("flexdb.diff", function()
    it("gives the changes between two definitions", function()
        local old = { columns = { { name = "a", dataType = "string" }, { name = "b", dataType = "integer" } } }
        local new = { columns = { { name = "a", dataType = "string", required = true },
            { name = "c", dataType = "text" } } }
        local changes = assert(flexdb.diff(old, new))
        local types = {}
        for _, change in ipairs(changes) do types[change.op] = change.name or change.column.name end
        assert.same({ modify_column = "a", remove_column = "b", add_column = "c" }, types)
        assert.same({}, assert(flexdb.diff(old, old)))
    end)

    it("refuses what is no definition", function()
        local changes, err = flexdb.diff({ columns = {} }, { colums = {} })
        assert.is_nil(changes)
        assert.equal("invalid_schema", err.code)
        assert.error_matches(function() flexdb.diff({}) end, "table expected, got no value")
    end)

    it("diff says what is taken away from a table itself", function()
        local a = { displayName = "A", description = "old", columns = {} }
        local changes = assert(flexdb.diff(a, { description = "new", columns = {} }))
        assert.same({ displayName = flexdb.null, description = "new" }, changes[1].set)
        assert.is_nil(changes[1].column)
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", a))
        assert(t:evolve(changes))
        assert.is_nil(t:schema().displayName)
        assert.equal("new", t:schema().description)
    end)
end)
