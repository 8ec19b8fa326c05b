-- Hostile and broken input: each gives the error of the contract and leaves data and handle usable.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local function temporary(content)
    local name = os.tmpname()
    local file <close> = assert(io.open(name, "wb"))
    assert(file:write(content or ""))
    return name
end

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

        for sentence, record in pairs {
            ["an unknown column"] = { nobody = 1 },
            ["an injection for a name"] = { ["s`; DROP TABLE x; --"] = 1 },
            ["a number for a key"] = { "a", "b" },
            ["text that is not UTF-8"] = { s = "\xff\xfe" },
            ["an overlong form"] = { x = "\xc0\x80" },
            ["a surrogate"] = { x = "\xed\xa0\x80" },
            ["a NUL byte"] = { s = "a\0b" },
            ["a NUL byte in a text"] = { x = "\0" },
            ["bad UTF-8 inside json"] = { j = { k = "\xff" } },
            ["a NUL inside json"] = { j = { "a\0" } },
            ["an integer that is text"] = { i = "12abc" },
            ["an integer with a space"] = { i = " 42" },
            ["an empty text for an integer"] = { i = "" },
            ["an integer beyond int64"] = { i = "9223372036854775808" },
            ["a float that is no integer"] = { i = 1.5 },
            ["a float beyond int64"] = { i = 2.0 ^ 63 },
            ["NaN for an integer"] = { i = 0 / 0 },
            ["infinity for a decimal"] = { d = 1 / 0 },
            ["NaN for a decimal"] = { d = 0 / 0 },
            ["too many digits"] = { d = ("9"):rep(39) },
            ["too many fraction digits"] = { d = "0.00001" },
            ["a decimal with an exponent"] = { d = "1e3" },
            ["a float sum"] = { d = 0.1 + 0.2 },
            ["NaN inside json"] = { j = { 0 / 0 } },
            ["infinity inside json"] = { j = -1 / 0 },
            ["a number for a boolean"] = { b = 1 },
            ["a word for a boolean"] = { b = "true" },
            ["a function"] = { j = print },
            ["a function inside json"] = { j = { a = print } },
            ["a cycle"] = { j = cyclic },
            ["10,000 levels"] = { j = deep },
            ["a hole in an array"] = { j = { 1, nil, 3 } },
            ["mixed keys"] = { j = { 1, a = 2 } },
            ["a boolean key"] = { j = { [true] = 1 } },
            ["a table for a string"] = { s = {} },
            ["30 February"] = { day = "2023-02-30" },
            ["a date with a time"] = { day = "2023-02-03T00:00:00Z" },
            ["month 13"] = { day = "2023-13-01" },
            ["year 0"] = { day = "0000-01-01" },
            ["a datetime without offset"] = { at = "2024-05-01T10:00:00" },
            ["seven fraction digits"] = { at = "2024-05-01T10:00:00.1234567Z" },
            ["25 o'clock"] = { at = "2024-05-01T25:00:00Z" },
            ["a datetime before year 1 in UTC"] = { at = "0001-01-01T00:00:00+01:00" },
            ["a number for a datetime"] = { at = 1714557600 },
            ["a text of 256 characters"] = { s = ("é"):rep(256) },
            ["a pattern that explodes"] = { p = ("a"):rep(250) .. "!" },
        } do
            it("refuses " .. sentence, function()
                local started = os.clock()
                local row, err = t:insert(record)
                assert.is_nil(row)
                assert.equal("invalid_record", err.code)
                assert.is_true(#err.issues >= 1)
                assert.is_string(err.issues[1].path)
                assert.is_string(err.issues[1].message)
                assert.is_true(#tostring(err) < 2000)
                assert.is_nil(tostring(err):find "\n")
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
            assert.is_true(err.code == "limit" or err.code == "invalid_record")
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
            for sentence, definition in pairs {
                ["no columns"] = {},
                ["columns that are no array"] = { columns = { a = 1 } },
                ["an unknown key"] = { columns = {}, colums = {} },
                ["a type that is not there"] = { columns = { { name = "a", dataType = "number" } } },
                ["no type"] = { columns = { { name = "a" } } },
                ["two of one name"] = { columns = { { name = "a", dataType = "text" }, { name = "a",
                    dataType = "text" } } },
                ["a reserved name"] = { columns = { { name = "created_at", dataType = "text" } } },
                ["a bad pattern"] = { columns = { { name = "a", dataType = "text", validation = { pattern = "(" } } } },
                ["\\C"] = { columns = { { name = "a", dataType = "text", validation = { pattern = "\\C" } } } },
                ["a pattern over 4 KiB"] = { columns = {
                    { name = "a", dataType = "text", validation = { pattern = ("a"):rep(5000) } } } },
                ["min over max"] = { columns = { { name = "a", dataType = "integer", validation = { min = 2,
                    max = 1 } } } },
                ["scale over precision"] = { columns = {
                    { name = "a", dataType = "decimal", validation = { precision = 2, scale = 3 } } } },
                ["precision 39"] = { columns = { { name = "a", dataType = "decimal",
                    validation = { precision = 39 } } } },
                ["an empty enum"] = { columns = {
                    { name = "a", dataType = "string", validation = { enum = flexdb.array {} } } } },
                ["a flag that is not a boolean"] = { columns = { { name = "a", dataType = "text", required = 1 } } },
                ["a reference without target"] = { columns = { { name = "a", dataType = "reference" } } },
                ["a reference to nobody"] = { columns = {
                    { name = "a", dataType = "reference", validation = { targetTable = "nobody" } } } },
                ["a default that breaks its rule"] = { columns = {
                    { name = "a", dataType = "integer", defaultValue = 5, validation = { max = 4 } } } },
                ["a rule of another type"] = { columns = {
                    { name = "a", dataType = "integer", validation = { maxLength = 4 } } } },
                ["an unknown format"] = { columns = {
                    { name = "a", dataType = "string", validation = { format = "post" } } } },
                ["a float bound of a decimal"] = { columns = {
                    { name = "a", dataType = "decimal", validation = { min = 0.5 } } } },
                ["an indexed json"] = { columns = { { name = "a", dataType = "json", indexed = true } } },
                ["bad UTF-8"] = { columns = { { name = "a", dataType = "text", displayName = "\xff" } } },
            } do
                local made, err = db:create_table("made", definition)
                assert.is_nil(made, sentence)
                assert.equal("invalid_schema", err.code, sentence)
                assert.is_true(#err.issues > 0, sentence)
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
            assert.equal("columns[1].validation.targetTable", err.issues[1].path)
            assert.equal("columns[2].defaultValue", err.issues[2].path)
            assert.equal(1, own.version)
        end)
    end)
end)

describe("opening", function()
    it("refuses what is no database", function()
        local name = temporary(("this is text, not a database\n"):rep(100))
        local db, err = flexdb.open("sqlite:" .. name)
        assert.is_nil(db)
        assert.equal("corrupt", err.code)
        os.remove(name)
        db, err = flexdb.open "sqlite:/"
        assert.is_nil(db)
        assert.is_string(err.code)
        db, err = flexdb.open "sqlite:/no/such/folder/x.db"
        assert.is_nil(db)
        assert.is_string(err.code)
        assert.equal("not_found", select(2, flexdb.open("sqlite:" .. os.tmpname() .. ".none", { create = false })).code)
    end)

    it("refuses bad URLs", function()
        for _, url in ipairs { "", "x", "postgres://a/b", "sqlite:", "mysql://", "mysql://u:p@h:99999/d",
            "mysql://u:p@h/d?nope=1", "sqlite:a\0b", "mysql://u:%zz@h/d" } do
            local db, err = flexdb.open(url)
            assert.is_nil(db, url)
            assert.is_true(err.code == "invalid_document" or err.code == "unsupported", url .. " " .. err.code)
        end
    end)

    it("never shows a password", function()
        for _, url in ipairs {
            "mysql://flex:s3cret@127.0.0.1:1/d", "mysql://flex:s3cret@127.0.0.1:99999/d", "mysql://flex:s3cret@/d?x=1",
        } do
            local db, err = flexdb.open(url, { timeout = 1 })
            assert.is_nil(db)
            assert.is_nil(tostring(err):find("s3cret", 1, true))
        end
    end)

    it("says connection when no server is there", function()
        local db, err = flexdb.open("mysql://flex:pw@127.0.0.1:1/d", { timeout = 1 })
        assert.is_nil(db)
        assert.equal("connection", err.code)
    end)

    for _, engine in ipairs(engines.list) do
        if engine.server then
            it("says connection for a wrong password", function()
                local db, err = flexdb.open((engine.url:gsub("^(mysql://[^:]+:)[^@]*", "%1wr0ng")))
                assert.is_nil(db)
                assert.equal("connection", err.code)
                assert.is_nil(tostring(err):find("wr0ng", 1, true))
            end)
        end
    end

    it("keeps a read-only handle from writing", function()
        local name = temporary()
        os.remove(name)
        local db = assert(flexdb.open("sqlite:" .. name))
        local t = assert(db:create_table("t", { columns = { { name = "a", dataType = "text" } } }))
        assert(t:insert { a = "x" })
        local reader = assert(flexdb.open("sqlite:" .. name, { read_only = true }))
        local same = assert(reader:table("t"))
        assert.equal(1, same:count())
        for _, call in ipairs {
            function() return same:insert { a = "y" } end,
            function() return same:insert_many { { a = "y" } } end,
            function() return same:update_all({ all = true }, { a = "y" }) end,
            function() return same:delete_all { all = true } end,
            function() return same:evolve(function(c) c:remove "a" end) end,
            function() return reader:create_table("u", { columns = {} }) end,
            function() return reader:drop_table("t") end,
        } do
            local ok, err = call()
            assert.is_nil(ok)
            assert.equal("read_only", err.code)
        end
        reader:close()
        db:close()
        for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(name .. suffix) end
    end)

    it("waits for a lock as long as it was told, then says busy", function()
        local name = temporary()
        os.remove(name)
        local a = assert(flexdb.open("sqlite:" .. name))
        local t = assert(a:create_table("t", { columns = { { name = "a", dataType = "text" } } }))
        local b = assert(flexdb.open("sqlite:" .. name, { timeout = 0.2 }))
        local same = assert(b:table("t"))
        a:transaction(function()
            assert(t:insert { a = "x" })
            local row, err = same:insert { a = "y" }
            assert.is_nil(row)
            assert.equal("busy", err.code)
            assert.is_true(err.retryable)
            assert.equal(0, same:count())
        end)
        assert(same:insert { a = "y" })
        assert.equal(2, t:count())
        a:close()
        b:close()
        for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(name .. suffix) end
    end)
end)
