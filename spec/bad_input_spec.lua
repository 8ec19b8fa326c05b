-- Hostile and broken input: each gives the error of the contract and leaves data and handle usable.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

engines.each(function(engine)
    describe("bad input", function()
        local db, t
        setup(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "s", dataType = "string", indexed = true }, { name = "x", dataType = "text" },
                { name = "i", dataType = "integer" }, { name = "d", dataType = "decimal" },
                { name = "b", dataType = "boolean" }, { name = "j", dataType = "json" },
                { name = "at", dataType = "datetime" }, { name = "day", dataType = "date" },
                { name = "p", dataType = "string", validation = { pattern = "^(a+)+$" } },
            } }))
        end)
        teardown(function()
            assert.equal(0, t:count { includeDeleted = true })
            assert(t:insert { s = "still usable" })
            db:close()
        end)

        local cyclic = {}
        cyclic.self = cyclic
        local deep = {}
        do
            local at = deep
            for _ = 1, 10000 do at[1] = {} at = at[1] end
        end
        local raising = setmetatable({}, {
            __index = function() error "index" end, __pairs = function() error "pairs" end,
            __len = function() error "len" end, __tostring = function() error "tostring" end,
        })

        for sentence, case in pairs {
            ["an unknown column"] = { { nobody = 1 },
                'nobody: there is no column "nobody"' },
            ["an injection for a name"] = { { ["s`; DROP TABLE x; --"] = 1 },
                's`; DROP TABLE x; --: there is no column "s`; DROP TABLE x; --"' },
            ["a number for a key"] = { { "a", "b" },
                "1: the name of a column must be a string, is 1; 2: the name of a column must be a string, is 2" },
            ["text that is not UTF-8"] = { { s = "\xff\xfe" },
                's: must be valid UTF-8, is "\u{fffd}\u{fffd}"' },
            ["an overlong form"] = { { x = "\xc0\x80" },
                'x: must be valid UTF-8, is "\u{fffd}\u{fffd}"' },
            ["a surrogate"] = { { x = "\xed\xa0\x80" },
                'x: must be valid UTF-8, is "\u{fffd}\u{fffd}\u{fffd}"' },
            ["a NUL byte"] = { { s = "a\0b" },
                's: must not hold U+0000, is "a\\u0000b"' },
            ["a NUL byte in a text"] = { { x = "\0" },
                'x: must not hold U+0000, is "\\u0000"' },
            ["bad UTF-8 inside json"] = { { j = { k = "\xff" } },
                "j.k: must be valid UTF-8" },
            ["a NUL inside json"] = { { j = { "a\0" } },
                "j.0: must not hold U+0000" },
            ["an integer that is text"] = { { i = "12abc" },
                'i: must be an integer, is the string "12abc"' },
            ["an integer with a space"] = { { i = " 42" },
                'i: must be an integer, is the string " 42"' },
            ["an empty text for an integer"] = { { i = "" },
                'i: must be an integer, is the string ""' },
            ["an integer beyond int64"] = { { i = "9223372036854775808" },
                'i: must be from -9223372036854775808 to 9223372036854775807, is the string "9223372036854775808"' },
            ["a float that is no integer"] = { { i = 1.5 },
                "i: must be a whole number, is the number 1.5" },
            ["a float beyond int64"] = { { i = 2.0 ^ 63 },
                "i: must be from -9223372036854775808 to 9223372036854775807, is the number 9.223372036854776e+18" },
            ["NaN for an integer"] = { { i = 0 / 0 },
                "i: must be an integer, is not a number" },
            ["infinity for a decimal"] = { { d = 1 / 0 },
                "d: must be a decimal number, is infinity" },
            ["NaN for a decimal"] = { { d = 0 / 0 },
                "d: must be a decimal number, is not a number" },
            ["too many digits"] = { { d = ("9"):rep(39) },
                "d: must have at most 14 digits before the point, is 999999999999999999999999999999999999999" },
            ["too many fraction digits"] = { { d = "0.00001" },
                "d: must have at most 4 digits after the point, is 0.00001" },
            ["a decimal with an exponent"] = { { d = "1e3" },
                'd: must be a decimal number, is the string "1e3"' },
            ["a float sum"] = { { d = 0.1 + 0.2 },
                "d: must have at most 4 digits after the point, is 0.30000000000000004" },
            ["NaN inside json"] = { { j = { 0 / 0 } },
                "j.0: must be a finite number, is not a number" },
            ["infinity inside json"] = { { j = -1 / 0 },
                "j: must be a finite number, is minus infinity" },
            ["a number for a boolean"] = { { b = 1 },
                "b: must be a boolean, is the integer 1" },
            ["a word for a boolean"] = { { b = "true" },
                'b: must be a boolean, is the string "true"' },
            ["a function"] = { { j = print },
                "j: must not be a function" },
            ["a function inside json"] = { { j = { a = print } },
                "j.a: must not be a function" },
            ["a cycle"] = { { j = cyclic },
                "j.self: must not contain itself" },
            ["10,000 levels"] = { { j = deep },
                "j.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0: must nest at most 30 levels "
                    .. "deep, nests deeper" },
            ["a hole in an array"] = { { j = { 1, nil, 3 } },
                "j: must have no holes, has nothing at index 2 and something at 3" },
            ["mixed keys"] = { { j = { 1, a = 2 } },
                "j: must have either names or the indexes 1 to n for keys, has both" },
            ["a boolean key"] = { { j = { [true] = 1 } },
                "j: must have either names or the indexes 1 to n for keys, has a boolean" },
            ["a table for a string"] = { { s = {} },
                "s: must be a string, is an object" },
            ["30 February"] = { { day = "2023-02-30" },
                'day: must be a day that exists, is "2023-02-30"' },
            ["a date with a time"] = { { day = "2023-02-03T00:00:00Z" },
                'day: must be a date of the form YYYY-MM-DD, is the string "2023-02-03T00:00:00Z"' },
            ["month 13"] = { { day = "2023-13-01" },
                'day: must be a day that exists, is "2023-13-01"' },
            ["year 0"] = { { day = "0000-01-01" },
                'day: must be within the years 0001 to 9999, is the string "0000-01-01"' },
            ["a datetime without offset"] = { { at = "2024-05-01T10:00:00" },
                'at: must have an offset or Z, is "2024-05-01T10:00:00"' },
            ["seven fraction digits"] = { { at = "2024-05-01T10:00:00.1234567Z" },
                'at: must be a date and time with at most six fraction digits, is the string '
                    .. '"2024-05-01T10:00:00.1234567Z"' },
            ["25 o'clock"] = { { at = "2024-05-01T25:00:00Z" },
                'at: must be a day and a time that exist, is "2024-05-01T25:00:00Z"' },
            ["a datetime before year 1 in UTC"] = { { at = "0001-01-01T00:00:00+01:00" },
                'at: must be within the years 0001 to 9999 in UTC, is the string "0001-01-01T00:00:00+01:00"' },
            ["a number for a datetime"] = { { at = 1714557600 },
                "at: must be a date and time of the form of RFC 3339, like 2024-05-01T10:00:00Z, is the "
                    .. "integer 1714557600" },
            ["a text of 256 characters"] = { { s = ("é"):rep(256) },
                "s: must be at most 255 characters long, is 256" },
            ["a pattern that explodes"] = { { p = ("a"):rep(250) .. "!" },
                "p: could not be matched against the pattern ^(a+)+$ within the match limit of 100000" },
        } do
            it("refuses " .. sentence, function()
                local started = os.clock()
                local row, err = t:insert(case[1])
                assert.is_nil(row)
                assert.equal("invalid_record: " .. case[2], tostring(err))
                assert.is_true(os.clock() - started < 0.5, "it took too long")
            end)
        end

        it("takes values read raw, whatever their metatables say", function()
            assert.is_nil((t:insert { s = raising }))
            local row = assert(t:insert(setmetatable({ s = "x" }, getmetatable(raising))))
            assert.equal("x", row.s)
            local inner = assert(t:insert { j = setmetatable({ a = 1 }, getmetatable(raising)) })
            assert.equal(1, inner.j.a)
            assert(t:delete_all({ all = true }, { hard = true }))
        end)

        it("refuses a document over 8 MiB", function()
            local row, err = t:insert { x = ("x"):rep(9 * 1024 * 1024) }
            assert.is_nil(row)
            assert.equal("limit: the record's document takes 9437184 bytes, at most 8388608 are allowed", tostring(err))
            local big = assert(t:insert { x = ("x"):rep(1024 * 1024) })
            assert.equal(1024 * 1024, #assert(t:get(big.id)).x)
            assert(t:delete(big.id, { hard = true }))
        end)

        it("refuses hostile ids softly", function()
            for _, id in ipairs { "", "' OR 1=1 --", "\0", "\xff", ("x"):rep(10000) } do
                assert.is_nil((t:get(id)))
                assert.equal("not_found", select(2, t:delete(id)).code)
            end
        end)

        it("raises for what only a programmer can get wrong", function()
            assert.has_error(function() t:insert() end)
            assert.has_error(function() t:insert "x" end)
            assert.has_error(function() t:get() end)
            assert.has_error(function() t:get {} end)
            assert.has_error(function() t:update("x", {}, { versio = 1 }) end)
            assert.has_error(function() t:insert_many(5) end)
            assert.has_error(function() t:insert_many({}, { on_error = "maybe" }) end)
            assert.has_error(function() t:find "x" end)
            assert.has_error(function() t.insert({}, {}) end)
            assert.has_error(function() db.close {} end)
        end)

        it("refuses definitions that are not well formed, every problem at once", function()
            local many = {}
            for i = 1, 10000 do many[i] = { name = "c" .. i, dataType = "text" } end
            local started = os.clock()
            assert.is_nil((db:create_table("many", { columns = many })))
            assert.is_true(os.clock() - started < 2)
            for sentence, case in pairs {
                ["no columns"] = { {},
                    "columns: columns is missing (it may be empty)" },
                ["columns that are no array"] = { { columns = { a = 1 } },
                    'columns: must be an array of columns, got {"a":1}' },
                ["an unknown key"] = { { columns = {}, colums = {} },
                    'colums: there is no key "colums" here' },
                ["a type that is not there"] = { { columns = { { name = "a", dataType = "number" } } },
                    'columns[0].dataType: must be one of string, text, integer, decimal, boolean, date, '
                        .. 'datetime, json and reference, got "number"' },
                ["no type"] = { { columns = { { name = "a" } } },
                    "columns[0]: dataType is missing" },
                ["two of one name"] = { { columns = { { name = "a", dataType = "text" }, { name = "a",
                    dataType = "text" } } },
                    'columns[1].name: the name "a" is taken by columns[0]' },
                ["a reserved name"] = { { columns = { { name = "created_at", dataType = "text" } } },
                    'columns[0].name: the name "created_at" is reserved for a system column' },
                ["a bad pattern"] = {
                    { columns = { { name = "a", dataType = "text", validation = { pattern = "(" } } } },
                    "columns[0].validation.pattern: is not a regular expression: missing closing parenthesis "
                        .. "at byte 1" },
                ["\\C"] = { { columns = { { name = "a", dataType = "text", validation = { pattern = "\\C" } } } },
                    "columns[0].validation.pattern: is not a regular expression: using \\C is disabled by "
                        .. "the application at byte 2" },
                ["a pattern over 4 KiB"] = { { columns = {
                    { name = "a", dataType = "text", validation = { pattern = ("a"):rep(5000) } } } },
                    "columns[0].validation.pattern: is not a regular expression: longer than 4096 bytes" },
                ["min over max"] = { { columns = { { name = "a", dataType = "integer", validation = { min = 2,
                    max = 1 } } } },
                    "columns[0].validation.min: must not be greater than max, 1, is 2" },
                ["scale over precision"] = { { columns = {
                    { name = "a", dataType = "decimal", validation = { precision = 2, scale = 3 } } } },
                    "columns[0].validation.scale: the scale 3 is greater than the precision 2" },
                ["precision 39"] = { { columns = { { name = "a", dataType = "decimal",
                    validation = { precision = 39 } } } },
                    "columns[0].validation.precision: must be an integer from 1 to 38, got 39" },
                ["an empty enum"] = { { columns = {
                    { name = "a", dataType = "string", validation = { enum = flexdb.array {} } } } },
                    "columns[0].validation.enum: must hold at least one value" },
                ["a flag that is not a boolean"] = { { columns = { { name = "a", dataType = "text", required = 1 } } },
                    "columns[0].required: must be true or false, got 1" },
                ["a reference without target"] = { { columns = { { name = "a", dataType = "reference" } } },
                    "columns[0].validation: targetTable is missing: a reference needs its table" },
                ["a reference to nobody"] = { { columns = {
                    { name = "a", dataType = "reference", validation = { targetTable = "nobody" } } } },
                    'columns[0].validation.targetTable: there is no table "nobody"' },
                ["a default that breaks its rule"] = { { columns = {
                    { name = "a", dataType = "integer", defaultValue = 5, validation = { max = 4 } } } },
                    "columns[0].defaultValue: must be at most 4, is 5" },
                ["a rule of another type"] = { { columns = {
                    { name = "a", dataType = "integer", validation = { maxLength = 4 } } } },
                    "columns[0].validation.maxLength: the rule maxLength does not fit the type integer" },
                ["an unknown format"] = { { columns = {
                    { name = "a", dataType = "string", validation = { format = "post" } } } },
                    'columns[0].validation.format: must be one of email, uri, uuid, ipv4, ipv6, hostname, '
                        .. 'slug, phone, is "post"' },
                ["a float bound of a decimal"] = { { columns = {
                    { name = "a", dataType = "decimal", validation = { min = 0.5 } } } },
                    "columns[0].validation.min: must be a string or an integer, is 0.5" },
                ["an indexed json"] = { { columns = { { name = "a", dataType = "json", indexed = true } } },
                    "columns[0].indexed: a json column cannot be indexed" },
                ["bad UTF-8"] = { { columns = { { name = "a", dataType = "text", displayName = "\xff" } } },
                    "columns[0].displayName: must be valid UTF-8" },
            } do
                local made, err = db:create_table("made", case[1])
                assert.is_nil(made, sentence)
                assert.equal("invalid_schema: " .. case[2], tostring(err), sentence)
            end
            local _, err = db:create_table("made", { columns = {
                { name = "A", dataType = "text" }, { name = "b", dataType = "nope" },
                { name = "c", dataType = "integer", validation = { min = 2, max = 1 } },
            } })
            assert.equal(3, #err.issues)
            local indexed = {}
            for i = 1, 61 do indexed[i] = { name = "c" .. i, dataType = "integer", indexed = true } end
            assert.equal("limit", select(2, db:create_table("made", { columns = indexed })).code)
            assert.equal("not_found", select(2, db:table("made")).code)
        end)

        it("says all that is wrong with a table at once: its name, its columns, what they refer to", function()
            local function refer(name, to)
                return { name = name, dataType = "reference", validation = { targetTable = to } }
            end
            local made, err = db:create_table("Bad Name", { columns = {
                { name = "id", dataType = "string", system = true }, { name = "a", dataType = "colour" },
                refer("b", "nobody"), refer("c", "No Body"), { name = "d", dataType = "integer", defaultValue = 5,
                    validation = { max = 4 } },
            } })
            assert.is_nil(made)
            assert.equal("invalid_schema", err.code)
            local pattern = "^[a-z][a-z0-9_]*$"
            local said = {}
            for i, issue in ipairs(err.issues) do
                said[i] = { issue.path, issue.rule, issue.expected, issue.got }
            end
            local types = err.issues[2].expected
            assert.same({
                { "name", "name", pattern, "Bad Name" },
                { "columns[1].dataType", "enum", types, "colour" },
                { "columns[3].validation.targetTable", "name", pattern, "No Body" },
                { "columns[2].validation.targetTable", "targetTable", nil, "nobody" },
                { "columns[4].defaultValue", "max", 4, 5 },
            }, said)
            assert.equal('there is no table "nobody"', err.issues[4].message)

            local own = assert(db:create_table("own", { columns = { refer("parent", "own") } }))
            made, err = own:evolve(function(to)
                to:add(refer("b", "nobody")):add { name = "d", dataType = "integer", defaultValue = 5,
                    validation = { max = 4 } }
            end)
            assert.is_nil(made)
            assert.equal("changes[0].column.validation.targetTable", err.issues[1].path)
            assert.equal("changes[1].column.defaultValue", err.issues[2].path)
            assert.equal(1, own.version)
        end)
    end)
end)
