-- Retypes: columns that get another type, pair by pair, and what does not convert.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local retypes = require "spec.support.retypes"

local column <const> = retypes.column
local set_of <const> = retypes.set_of
local count <const> = retypes.count

local types <const> = {
    "string", "text", "integer", "decimal", "boolean", "date", "datetime", "json", "reference",
}

-- The table of the docs, which the unit tests hold to be that of the code: from → to → { class, rule }.
local function read_conversions()
    local file <close> = assert(io.open("docs/conversions.md", "rb"))
    local out, from = {}, nil
    for line in file:lines() do
        from = line:match "^### From (%a+)$" or from
        local to, class, rule = line:match "^| `(%a+)` | ([%a ]+) | (.*) |$"
        if from and to then
            out[from] = out[from] or {}
            out[from][to] = { class = class, rule = rule }
        end
    end
    return out
end

local conversions <const> = read_conversions()

-- What a value becomes; `how` is exact unless said, and one without `to` fails.
local function becomes(from, to, how)
    return { from = from, to = to, how = how or to == nil and "failed" or "exact" }
end
local function fails(from) return becomes(from) end
local function rounds(from, to) return becomes(from, to, "rounded") end

local texts <const> = {
    integer = {
        becomes("42", 42), becomes("-5", -5), becomes("9223372036854775807", math.maxinteger), rounds("007", 7),
        fails " 42", fails "42abc", fails "", fails "4.2", fails "9223372036854775808", fails "+1",
    },
    decimal = {
        becomes("42", "42.00"), becomes("-0.5", "-0.50"), rounds("1.005", "1.01"), rounds("007", "7.00"),
        rounds("-0.005", "-0.01"), fails "12345678901", fails "1e3", fails ".5", fails "",
        fails "1234567890123456789012345678901234567890",
    },
    boolean = { becomes("true", true), becomes("false", false), fails "TRUE", fails "1", fails "yes", fails "" },
    date = {
        becomes("2024-02-29", "2024-02-29"), fails "2023-02-29", fails "29.02.2024", fails "2024-02-29T00:00:00Z",
    },
    datetime = {
        becomes("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00.000000Z"),
        becomes("2024-05-01T10:00:00.5Z", "2024-05-01T10:00:00.500000Z"), fails "2024-05-01",
        fails "2024-05-01T10:00:00",
    },
    json = { becomes("plain", "plain"), becomes('[1,"]', '[1,"]'), becomes("", "") },
}

-- Each pair that converts. Values are different from each other before and after, so that they may be unique.
local scenarios <const> = {
    string = {
        text = { becomes("a", "a"), becomes("", "") },
        integer = texts.integer, decimal = texts.decimal, boolean = texts.boolean, date = texts.date,
        datetime = texts.datetime, json = texts.json,
    },
    text = {
        string = { becomes("a", "a"), becomes(("é"):rep(255), ("é"):rep(255)), fails(("é"):rep(256)) },
        integer = texts.integer, decimal = texts.decimal, boolean = texts.boolean, date = texts.date,
        datetime = texts.datetime, json = texts.json,
    },
    integer = {
        string = { becomes(-7, "-7"), becomes(math.mininteger, "-9223372036854775808") },
        text = { becomes(0, "0"), becomes(10, "10") },
        decimal = { becomes(7, "7.00"), becomes(-9999999999, "-9999999999.00"), fails(10000000000) },
        boolean = { becomes(1, true), becomes(0, false), fails(2), fails(-1) },
        json = { becomes(7, 7), becomes(math.maxinteger, math.maxinteger) },
    },
    decimal = {
        string = { becomes("12.5", "12.50"), becomes("-0.01", "-0.01") },
        text = { becomes("12.5", "12.50"), becomes("0", "0.00") },
        integer = { becomes("12", 12), rounds("12.5", 13), rounds("-12.5", -13), rounds("0.49", 0) },
        json = { becomes("12.5", "12.50") },
    },
    boolean = {
        string = { becomes(true, "true"), becomes(false, "false") },
        text = { becomes(true, "true"), becomes(false, "false") },
        integer = { becomes(true, 1), becomes(false, 0) },
        json = { becomes(true, true), becomes(false, false) },
    },
    date = {
        string = { becomes("2024-02-29", "2024-02-29") },
        text = { becomes("0001-01-01", "0001-01-01") },
        datetime = { becomes("2024-02-29", "2024-02-29T00:00:00.000000Z") },
        json = { becomes("2024-02-29", "2024-02-29") },
    },
    datetime = {
        string = { becomes("2024-05-01T10:00:00Z", "2024-05-01T10:00:00.000000Z") },
        text = { becomes("2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00.000000Z") },
        date = { becomes("2024-05-01T00:00:00Z", "2024-05-01"), rounds("2024-05-02T23:59:59.999999Z", "2024-05-02") },
        json = { becomes("2024-05-01T10:00:00Z", "2024-05-01T10:00:00.000000Z") },
    },
    json = {
        string = { becomes("a", "a"), fails(1), fails { 1 }, fails(true) },
        text = { becomes('a "quoted"\n', 'a "quoted"\n'), fails { a = 1 } },
        integer = { becomes(7, 7), becomes(8.0, 8), fails "7", fails(7.5), fails(flexdb.array {}) },
        decimal = {
            becomes(7, "7.00"), becomes(0.5, "0.50"), becomes("1.25", "1.25"), rounds(1.005, "1.01"), fails "x",
        },
        boolean = { becomes(true, true), becomes(false, false), fails(1), fails "true" },
        date = { becomes("2024-02-29", "2024-02-29"), fails(20240229) },
        datetime = { becomes("2024-05-01T10:00:00Z", "2024-05-01T10:00:00.000000Z"), fails "2024-05-01" },
    },
}

local flags <const> = {
    plain = {}, indexed = { indexed = true }, unique = { unique = true }, filterable = { filterable = true },
}

engines.each(function(engine)
    describe("a retype", function()
        local bed = retypes.bed(engine)
        local fill, value_of, retype = bed.fill, bed.value_of, bed.retype

        describe("converts", function()
            -- On a server a physical column costs a new table: each pair shows one kind of column there.
            local names, turn = { "plain", "indexed", "unique", "filterable" }, 0

            local function check_pair(from, to, list, fields)
                bed.db = engine.open()
                local values = {}
                for i, each in ipairs(list) do values[i] = each.from end
                local ids = fill(from, values, fields)
                local before = {}
                for i, id in ipairs(ids) do before[i] = value_of(id) end
                local plan = assert(bed.t:plan({ { op = "modify_column", name = "v", set = set_of(to) } },
                    { on_invalid = "null" }))
                local entry = assert(retype(to, { on_invalid = "null" }))
                for i, id in ipairs(ids) do
                    assert.same(list[i].to, value_of(id), ("%s from %s"):format(to, tostring(list[i].from)))
                    if list[i].to ~= nil and to ~= "json" then
                        assert.equal(1, bed.t:count { filter = { v = list[i].to, id = id } }, tostring(list[i].to))
                    end
                end
                assert.equal(count(list, "failed"), bed.t:count { filter = { v = { isNull = true } } })
                local said = entry.changes[1].details.conversion
                for _, how in ipairs { "exact", "rounded", "failed" } do
                    assert.equal(count(list, how), said[how], how)
                    assert.equal(count(list, how), plan.steps[1][how], how)
                end
                local row = conversions[from][to]
                assert.equal(row.rule, plan.steps[1].rule)
                -- the way back, and the way forth again
                assert(bed.t:rollback(1))
                for i, id in ipairs(ids) do assert.same(before[i], value_of(id)) end
                assert(bed.t:rollback(2))
                for i, id in ipairs(ids) do assert.same(list[i].to, value_of(id)) end
                bed.db:close()
            end

            for _, from in ipairs(types) do
                for _, to in ipairs(types) do
                    local list = scenarios[from] and scenarios[from][to]
                    local row = conversions[from][to]
                    if list then
                        turn = turn + 1
                        local shown = engine.server and { names[turn % 4 + 1] } or names
                        for _, name in ipairs(shown) do
                            local fields = flags[name]
                            if from == "json" or to == "json" then fields, name = {}, "plain" end
                            it(("a %s %s to %s"):format(name, from, to), function()
                                check_pair(from, to, list, fields)
                            end)
                            if from == "json" or to == "json" then break end
                        end
                    elseif row and row.class ~= "refused" and from ~= to then
                        assert(from == "reference" or to == "reference", ("%s to %s has no scenario"):format(from, to))
                    end
                end
            end
        end)

        it("refuses the pairs that are none, with the reason of the table", function()
            assert(bed.db:create_table("targets", { columns = {} }))
            local columns = {}
            for _, kind in ipairs(types) do columns[#columns + 1] = column("c_" .. kind, kind) end
            bed.t = assert(bed.db:create_table("t", { columns = columns }))
            assert(bed.t:insert {})
            for _, from in ipairs(types) do
                for _, to in ipairs(types) do
                    local row = conversions[from][to]
                    if row and row.class == "refused" then
                        local change = { op = "modify_column", name = "c_" .. from, set = set_of(to) }
                        local entry, err = bed.t:evolve { change }
                        assert.is_nil(entry)
                        assert.equal("invalid_schema", err.code)
                        local rule = row.rule:sub(1, 1):lower() .. row.rule:sub(2):gsub("%.$", "")
                        assert.equal(("%s cannot be converted to %s: %s"):format(from, to, rule), err.issues[1].message)
                        assert.equal("changes[0]", err.issues[1].path)
                    end
                end
            end
            assert.equal(1, bed.t.version)
        end)

        describe("of what does not convert", function()
            local ids
            before_each(function() ids = fill("string", { "1", "x", "300" }) end)

            local function tight(options)
                return bed.t:evolve({ { op = "modify_column", name = "v",
                    set = { dataType = "integer", validation = { max = 100 } } } }, options)
            end

            it("stops, says which and why, and does nothing", function()
                local entry, err = tight()
                assert.is_nil(entry)
                assert.equal("invalid_record", err.code)
                assert.equal(('2 records stand against the change: record "%s": v: must be an integer, is the string '
                    .. '"x"'):format(ids[2]), err.message)
                assert.equal(2, #err.issues)
                assert.same({ ids[2], "v", "type", "x" }, { err.issues[1].id, err.issues[1].path, err.issues[1].rule,
                    err.issues[1].got })
                assert.same({ ids[3], "v", "max", "must be at most 100, is 300" }, { err.issues[2].id,
                    err.issues[2].path, err.issues[2].rule, err.issues[2].message })
                assert.equal("x", value_of(ids[2]))
                assert.equal(1, bed.t.version)
                assert.is_false(err.plan.possible)
                assert.equal(2, err.plan.failed)
                assert.equal(err.message, err.plan.error)
            end)

            it("leaves no value with on_invalid = null, and counts them", function()
                local entry = assert(tight { on_invalid = "null" })
                assert.same({ exact = 1, rounded = 0, failed = 2, nulled = 2 }, entry.changes[1].details.conversion)
                assert.same({ 1 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert.equal(2, bed.t:count { filter = { v = { isNull = true } } })
                assert(bed.t:rollback(1))
                assert.equal("300", value_of(ids[3]))
            end)

            it("keeps with on_invalid = ignore what only breaks a rule, and counts it as failed", function()
                local entry = assert(tight { on_invalid = "ignore" })
                assert.same({ exact = 1, rounded = 0, failed = 2, nulled = 1 }, entry.changes[1].details.conversion)
                assert.equal(300, value_of(ids[3]))
                assert.is_nil(value_of(ids[2]))
                assert.equal("invalid_record", select(2, bed.t:update(ids[3], { v = 301 })).code)
                -- what was kept is what the old value became: going back finds it unchanged
                assert(bed.t:update(ids[3], { n = 1 }))
                assert(bed.t:rollback(1))
                assert.equal("300", value_of(ids[3]))
            end)

            it("keeps the original where a value was left out and the record written since", function()
                assert(tight { on_invalid = "null" })
                assert(bed.t:update(ids[2], { n = 1 }))
                assert(bed.t:update(ids[3], { n = 1 }))
                assert(bed.t:rollback(1))
                assert.equal("x", value_of(ids[2]))
                assert.equal("300", value_of(ids[3]))
            end)

            it("is refused where the column is required, whatever on_invalid = null leaves", function()
                local entry, err = bed.t:evolve({ { op = "modify_column", name = "v",
                    set = { dataType = "integer", required = true } } }, { on_invalid = "null" })
                assert.is_nil(entry)
                assert.equal(('1 record stands against the change: record "%s": v: is required'):format(ids[2]),
                    err.message)
                assert(bed.t:evolve({ { op = "modify_column", name = "v",
                    set = { dataType = "integer", required = true } } }, { on_invalid = "ignore" }))
                assert.is_nil(value_of(ids[2]))
                assert.equal("invalid_record", select(2, bed.t:insert {}).code)
            end)

            it("tells every failure of a record in the plan's steps, and the record once", function()
                assert(bed.t:evolve(function(c) c:add { name = "w", dataType = "text" } end))
                assert(bed.t:update(ids[1], { w = "fine" }))
                local plan = assert(bed.t:plan(function(c)
                    c:modify("v", { dataType = "integer" })
                    c:modify("w", { required = true })
                end))
                assert.equal(2, plan.failed)
                assert.equal(1, plan.steps[1].failed)
                assert.same({ "check", 2 }, { plan.steps[2].kind, plan.steps[2].failed })
            end)
        end)
    end)
end)
