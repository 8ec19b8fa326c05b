-- flexdb.json, flexdb.null, flexdb.array: strict RFC 8259, int64 kept, tables read raw.

local flexdb = require "flexdb"

local json, null, array = flexdb.json, flexdb.null, flexdb.array

local function nested(levels)
    local outer = {}
    local at = outer
    for _ = 2, levels do
        at[1] = {}
        at = at[1]
    end
    return outer
end

describe("flexdb.null", function()
    it("prints as null and is one value", function()
        assert.equal("null", tostring(null))
        assert.equal(null, json.decode "null")
        assert.equal(null, (json.decode "[null]")[1])
    end)

    it("stays the same when the module is loaded again", function()
        package.loaded["flexdb.core"] = nil
        assert.equal(null, require "flexdb.core".null)
    end)
end)

describe("flexdb.array", function()
    it("marks an empty table and gives it back", function()
        local t = {}
        assert.equal(t, array(t))
        assert.equal("[]", json.encode(t))
        assert.equal("{}", json.encode {})
    end)

    it("survives a metatable, given before or after", function()
        local before = setmetatable({}, { __index = error })
        assert.equal("[]", json.encode(array(before)))
        local after = setmetatable(array {}, {})
        assert.equal("[]", json.encode(after))
    end)

    it("is kept by what was decoded, when it is emptied", function()
        local t = json.decode "[1]"
        t[1] = nil
        assert.equal("[]", json.encode(t))
    end)

    it("does not keep the table alive", function()
        local weak = setmetatable({ array {} }, { __mode = "v" })
        collectgarbage()
        collectgarbage()
        assert.is_nil(weak[1])
    end)

    it("is written once, whatever the order its table keeps its keys in", function()
        local value = 0
        for level = 1, 60 do -- its first index comes last, and what stands there is another of its kind
            value = { [4] = level, [3] = level, [2] = level, [1] = value }
        end
        local text = assert(json.encode(value))
        assert.equal(("["):rep(60) .. "0,1,1,1],2,2,2],", text:sub(1, 76))
        assert.equal(text, json.encode(json.decode(text)))
    end)

    it("is refused where the table has names", function()
        local later = array {}
        later.a = 1
        for path, value in pairs { [""] = array { a = 1 }, ["b[1]"] = { b = { 0, later } } } do
            local text, err = json.encode(value)
            assert.is_nil(text)
            assert.equal("invalid_document", err.code)
            assert.equal(path, err.issues[1].path)
            assert.equal("keys", err.issues[1].rule)
            assert.equal("is marked as an array and must have the indexes 1 to n for keys, has a name",
                err.issues[1].message)
        end
        local definition = { columns = { { name = "j", dataType = "json" } } }
        local row, err = flexdb.validate(definition, { j = { x = array { a = 1 } } })
        assert.is_nil(row)
        assert.equal("invalid_record: j.x: is marked as an array and must have the indexes 1 to n for keys, has a name",
            tostring(err))
        assert.equal('{"a":1}', json.encode(setmetatable({ a = 1 }, {})))
    end)

    it("raises for what is no table", function()
        assert.error_matches(function() array(1) end, "table expected, got number")
        assert.error_matches(function() array() end, "table expected, got no value")
    end)
end)

describe("flexdb.json.encode", function()
    for _, case in ipairs {
        { "an integer", 42, "42" },
        { "the largest integer", math.maxinteger, "9223372036854775807" },
        { "the smallest integer", math.mininteger, "-9223372036854775808" },
        { "a float stays a float", 3.0, "3.0" },
        { "the shortest float", 0.1, "0.1" },
        { "a sum that is not 0.3", 0.1 + 0.2, "0.30000000000000004" },
        { "minus zero", -0.0, "-0.0" },
        { "the largest float", 1.7976931348623157e308, "1.7976931348623157e+308" },
        { "true", true, "true" },
        { "false", false, "false" },
        { "null", null, "null" },
        { "a string", "päper ☃ 😀", '"päper ☃ 😀"' },
        { "an empty string", "", '""' },
        { "escapes", '"\\/\b\f\n\r\t\0\31\127', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\127"' },
        { "an array", { 1, "a", { 2 } }, '[1,"a",[2]]' },
        { "an array filled backwards", (function()
            local t = {}
            for i = 5, 1, -1 do t[i] = i end
            return t
        end)(), "[1,2,3,4,5]" },
        { "an array that was longer", (function()
            local t = { 1, 2, 3, 4 }
            t[4] = nil
            return t
        end)(), "[1,2,3]" },
        { "an object", { a = { b = array {} } }, '{"a":{"b":[]}}' },
        { "the key with a NUL", { ["a\0b"] = 1 }, '{"a\\u0000b":1}' },
        { "the empty key", { [""] = 1 }, '{"":1}' },
    } do
        it("writes " .. case[1], function() assert.equal(case[3], json.encode(case[2])) end)
    end

    local cycle = {}
    cycle.a = { b = cycle }
    local ring = { 1, {} }
    ring[2][1] = ring

    for _, case in ipairs {
        { "nil", nil, "must not be nil" },
        { "NaN", { a = { 0 / 0 } }, "a[0]: must be a finite number, is not a number", "type", "a[0]", "nan" },
        { "infinity", { 1 / 0 }, "[0]: must be a finite number, is infinity", "type", "[0]", "inf" },
        { "minus infinity", -1 / 0, "must be a finite number, is minus infinity", "type", "", "-inf" },
        { "a function", { { f = print } }, "[0].f: must not be a function", "type", "[0].f", "function" },
        { "a thread", coroutine.create(print), "must not be a thread", "type", "", "thread" },
        { "another userdata", { io.stdout }, "[0]: must not be a userdata", "type", "[0]", "userdata" },
        { "text that is not UTF-8", { a = "x\xff" }, "a: must be valid UTF-8", "utf8", "a" },
        { "a surrogate", "\xed\xa0\x80", "must be valid UTF-8", "utf8", "" },
        { "a key that is not UTF-8", { a = { ["\xff"] = 1 } }, "a: its keys must be valid UTF-8", "utf8", "a" },
        { "a hole", { a = { 1, nil, 3 } },
            "a: must have no holes, has nothing at index 2 and something at 3", "hole", "a" },
        { "an array that begins at 2", { [2] = 1 },
            "must have no holes, has nothing at index 1 and something at 2", "hole", "" },
        { "both kinds of keys", { 1, a = 2 },
            "must have either names or the indexes 1 to n for keys, has both", "keys", "" },
        { "index 0", { [0] = 1 }, "must have either names or the indexes 1 to n for keys, has 0", "keys", "" },
        { "a fraction as key", { [1.5] = 1 },
            "must have either names or the indexes 1 to n for keys, has 1.5", "keys", "" },
        { "an infinite key", { [1 / 0] = 1 },
            "must have either names or the indexes 1 to n for keys, has an infinite one", "keys", "" },
        { "a boolean as key", { x = { [true] = 1 } },
            "x: must have either names or the indexes 1 to n for keys, has a boolean", "keys", "x" },
        { "a table as key", { [{}] = 1 },
            "must have either names or the indexes 1 to n for keys, has a table", "keys", "" },
        { "a cycle", cycle, "a.b: must not contain itself", "cycle", "a.b" },
        { "a cycle in an array", ring, "[1][0]: must not contain itself", "cycle", "[1][0]" },
        { "a place with an odd name", { ["a b"] = { ["x.y"] = print } },
            '["a b"]["x.y"]: must not be a function', "type", '["a b"]["x.y"]', "function" },
    } do
        it("refuses " .. case[1], function()
            local text, err = json.encode(case[2])
            assert.is_nil(text)
            assert.equal("invalid_document", err.code)
            assert.equal(case[3], err.message)
            assert.equal(1, #err.issues)
            if case[4] then assert.equal(case[4], err.issues[1].rule) end
            if case[5] then assert.equal(case[5], err.issues[1].path) end
            if case[6] then assert.equal(case[6], err.issues[1].got) end
        end)
    end

    it("takes 1000 levels and refuses more, in a short message", function()
        assert.equal(("["):rep(999) .. "{}" .. ("]"):rep(999), json.encode(nested(1000)))
        for _, levels in ipairs { 1001, 10000 } do
            local text, err = json.encode(nested(levels))
            assert.is_nil(text)
            assert.equal("depth", err.issues[1].rule)
            assert.truthy(err.message:find "must nest at most 1000 levels deep, nests deeper$")
            assert.is_true(#err.message < 300)
        end
    end)

    it("refuses a text that grows without end, without a cycle", function()
        local bomb = "x"
        for _ = 1, 50 do bomb = { bomb, bomb } end
        local validator, err = flexdb.validator { columns = bomb }
        assert.is_nil(validator)
        assert.equal("must be at most 16 MiB of JSON, is more", err.message)
    end)

    it("ignores metatables", function()
        local raising = setmetatable({ a = 1 }, {
            __index = function() error "index" end, __pairs = function() error "pairs" end,
            __len = function() error "len" end, __tostring = function() error "tostring" end,
            __metatable = "hidden",
        })
        assert.equal('{"a":1}', json.encode(raising))
        assert.equal("{}", json.encode(setmetatable({}, { __index = { a = 1 } })))
    end)

    it("raises without a value", function()
        assert.error_matches(function() json.encode() end, "value expected")
    end)
end)

describe("flexdb.json.decode", function()
    for _, case in ipairs {
        { "42", 42, "integer" }, { "-0", -0.0, "float" }, { "9223372036854775807", math.maxinteger, "integer" },
        { "-9223372036854775808", math.mininteger, "integer" }, { "9223372036854775808", 2.0 ^ 63, "float" },
        { "9007199254740993", 9007199254740993, "integer" }, { "3.0", 3.0, "float" }, { "1e2", 100.0, "float" },
        { " true\n", true }, { "false", false }, { '"\\u00e4\\ud83d\\ude00\\u0000"', "ä😀\0" }, { '""', "" },
    } do
        it("reads " .. case[1], function()
            local value = json.decode(case[1])
            assert.equal(case[2], value)
            if case[3] then assert.equal(case[3], math.type(value)) end
        end)
    end

    it("reads arrays of words as it reads any other text", function()
        local pieces = { '"', '"', '"', "[", "]", ",", '","', '", "', "a", "word", " ", "\\n", "\n", "ü", "\xc3", "\0",
            "1", ("x"):rep(90) }
        local frames = { '["%s"]', '["%s"]', "[%s]", '["%s"}', '["%s"', '["%s' }
        for i = 1, 6000 do
            local inside = {}
            for j = 1, math.random(0, 7) do inside[j] = pieces[math.random(#pieces)] end
            local text = frames[i % #frames + 1]:format(table.concat(inside))
            local value, err = json.decode(text)
            local same, why = json.decode(" " .. text) -- the space keeps it from the short way
            assert.same(same, value, text)
            assert.equal(why == nil, err == nil, text)
            if value then
                assert.equal(json.encode(same), json.encode(value))
                assert.equal(getmetatable(same), getmetatable(value))
            else
                assert.equal((tostring(why):gsub("byte %d+", "")), (tostring(err):gsub("byte %d+", "")))
            end
        end
    end)

    it("reads arrays and objects", function()
        assert.same({ 1, { a = { {}, { b = null } } }, "x" }, json.decode '[1, {"a": [[], {"b": null}]}, "x"]')
        local long = {}
        for i = 1, 1000 do long[i] = i end
        assert.same(long, json.decode(json.encode(long)))
    end)

    for _, case in ipairs {
        { "", "the text ends where a value should begin at byte 0" },
        { "[1,]", 'unexpected "]" where a value should begin at byte 3' },
        { "[1 2]", 'unexpected "2" where "," or "]" should follow a value at byte 3' },
        { '{"a" 1}', 'unexpected "1" where a colon should follow a key at byte 5' },
        { "1 2", 'unexpected "2" where the text should end at byte 2' },
        { '{"a":1,"b":2,"a":3}', "a key is repeated in one object at byte 13" },
        { '{"a":1,"\\u0061":3}', "a key is repeated in one object at byte 7" },
        { "01", "a number begins with a needless zero at byte 0" },
        { "1e999", "a number is too large for a double at byte 0" },
        { '"\\ud800"', "a high surrogate stands alone at byte 1" },
        { '"\xff"', "a string is not valid UTF-8 at byte 1" },
        { '"a\nb"', "a control character stands in a string unescaped at byte 2" },
        { "[NaN]", 'unexpected "N" where a value should begin at byte 1' },
        { "\xef\xbb\xbf1", "a byte order mark stands before the value at byte 0" },
        { "nil", 'unexpected "n" where a value should begin at byte 0' },
        { ("["):rep(10000), "nested more than 1000 levels deep at byte 1000" },
        { ('{"a":'):rep(10000), "nested more than 1000 levels deep at byte 5000" },
    } do
        it("refuses " .. (#case[1] < 30 and ("%q"):format(case[1]) or #case[1] .. " bytes"), function()
            local value, err = json.decode(case[1])
            assert.is_nil(value)
            assert.equal("invalid_document", err.code)
            assert.equal(case[2], err.message)
            assert.same({}, err.issues)
        end)
    end

    it("takes 1000 levels", function()
        local value = json.decode(("["):rep(1000) .. ("]"):rep(1000))
        assert.equal(("["):rep(1000) .. ("]"):rep(1000), json.encode(value))
    end)

    it("raises for what is no string", function()
        assert.error_matches(function() json.decode(1) end, "string expected, got number")
        assert.error_matches(function() json.decode() end, "string expected, got no value")
    end)
end)

describe("encode and decode", function()
    it("are the inverse of each other", function()
        local seed = tonumber(os.getenv "FLEXDB_TEST_SEED") or os.time()
        math.randomseed(seed)
        local function any(depth)
            local kind = math.random(depth > 4 and 6 or 8)
            if kind == 1 then return math.random(math.mininteger, math.maxinteger) end
            if kind == 2 then return (math.random() - 0.5) * 10.0 ^ math.random(-300, 300) end
            if kind == 3 then return math.random(2) == 1 end
            if kind == 4 then return null end
            if kind == 5 or kind == 6 then
                local text = {}
                for i = 1, math.random(0, 40) do text[i] = utf8.char(math.random(0, 0xd7ff)) end
                return table.concat(text)
            end
            local t = kind == 7 and array {} or {}
            for i = 1, math.random(0, 6) do t[kind == 7 and i or "k" .. i] = any(depth + 1) end
            return t
        end
        for i = 1, 300 do
            local value = any(1)
            local text = assert(json.encode(value))
            local again = json.decode(text)
            assert.same(value, again, ("value %d of FLEXDB_TEST_SEED=%d"):format(i, seed))
            local twice = json.decode(assert(json.encode(again)))
            assert.same(value, twice)
        end
    end)
end)
