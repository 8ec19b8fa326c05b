-- Retypes: columns that get another type, and the way back.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

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

-- As a column of the type, with the rules that the scenarios have in mind.
local function column(name, kind, fields)
    local c = { name = name, dataType = kind }
    if kind == "decimal" then c.validation = { precision = 12, scale = 2 } end
    if kind == "reference" then c.validation = { targetTable = "targets" } end
    for key, value in pairs(fields or {}) do c[key] = value end
    return c
end

local function set_of(kind) return { dataType = kind, validation = column("x", kind).validation } end

local function count(list, how)
    local n = 0
    for _, each in ipairs(list) do n = n + (each.how == how and 1 or 0) end
    return n
end

local flags <const> = {
    plain = {}, indexed = { indexed = true }, unique = { unique = true }, filterable = { filterable = true },
}

engines.each(function(engine)
    describe("a retype", function()
        local db, t
        before_each(function() db = engine.open { actor = "alice" } end)
        after_each(function() db:close() end)

        -- A table of one column `v` (and `n`, to write records without touching it) with these values.
        local function fill(kind, values, fields)
            t = assert(db:create_table("t", { columns = { column("v", kind, fields), column("n", "integer") } }))
            local ids = {}
            for i, value in ipairs(values) do ids[i] = assert(t:insert { v = value }).id end
            return ids
        end

        local function value_of(id) return assert(t:get(id)).v end

        local function retype(kind, options) return t:evolve(function(c) c:modify("v", set_of(kind)) end, options) end

        describe("converts", function()
            -- On a server a physical column costs a new table: each pair shows one kind of column there.
            local names, turn = { "plain", "indexed", "unique", "filterable" }, 0

            local function check_pair(from, to, list, fields)
                db = engine.open()
                local values = {}
                for i, each in ipairs(list) do values[i] = each.from end
                local ids = fill(from, values, fields)
                local before = {}
                for i, id in ipairs(ids) do before[i] = value_of(id) end
                local plan = assert(t:plan({ { op = "modify_column", name = "v", set = set_of(to) } },
                    { on_invalid = "null" }))
                local entry = assert(retype(to, { on_invalid = "null" }))
                for i, id in ipairs(ids) do
                    assert.same(list[i].to, value_of(id), ("%s from %s"):format(to, tostring(list[i].from)))
                    if list[i].to ~= nil and to ~= "json" then
                        assert.equal(1, t:count { filter = { v = list[i].to, id = id } }, tostring(list[i].to))
                    end
                end
                assert.equal(count(list, "failed"), t:count { filter = { v = { isNull = true } } })
                local said = entry.changes[1].details.conversion
                for _, how in ipairs { "exact", "rounded", "failed" } do
                    assert.equal(count(list, how), said[how], how)
                    assert.equal(count(list, how), plan.steps[1][how], how)
                end
                local row = conversions[from][to]
                assert.equal(row.rule, plan.steps[1].rule)
                -- the way back, and the way forth again
                assert(t:rollback(1))
                for i, id in ipairs(ids) do assert.same(before[i], value_of(id)) end
                assert(t:rollback(2))
                for i, id in ipairs(ids) do assert.same(list[i].to, value_of(id)) end
                db:close()
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
            assert(db:create_table("targets", { columns = {} }))
            local columns = {}
            for _, kind in ipairs(types) do columns[#columns + 1] = column("c_" .. kind, kind) end
            t = assert(db:create_table("t", { columns = columns }))
            assert(t:insert {})
            for _, from in ipairs(types) do
                for _, to in ipairs(types) do
                    local row = conversions[from][to]
                    if row and row.class == "refused" then
                        local entry, err = t:evolve { { op = "modify_column", name = "c_" .. from, set = set_of(to) } }
                        assert.is_nil(entry)
                        assert.equal("invalid_schema", err.code)
                        local rule = row.rule:sub(1, 1):lower() .. row.rule:sub(2):gsub("%.$", "")
                        assert.equal(("%s cannot be converted to %s: %s"):format(from, to, rule), err.issues[1].message)
                        assert.equal("changes[0]", err.issues[1].path)
                    end
                end
            end
            assert.equal(1, t.version)
        end)

        describe("of what does not convert", function()
            local ids
            before_each(function() ids = fill("string", { "1", "x", "300" }) end)

            local function tight(options)
                return t:evolve({ { op = "modify_column", name = "v",
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
                assert.equal(1, t.version)
                assert.is_false(err.plan.possible)
                assert.equal(2, err.plan.failed)
                assert.equal(err.message, err.plan.error)
            end)

            it("leaves no value with on_invalid = null, and counts them", function()
                local entry = assert(tight { on_invalid = "null" })
                assert.same({ exact = 1, rounded = 0, failed = 2, nulled = 2 }, entry.changes[1].details.conversion)
                assert.same({ 1 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert.equal(2, t:count { filter = { v = { isNull = true } } })
                assert(t:rollback(1))
                assert.equal("300", value_of(ids[3]))
            end)

            it("keeps with on_invalid = ignore what only breaks a rule, and counts it as failed", function()
                local entry = assert(tight { on_invalid = "ignore" })
                assert.same({ exact = 1, rounded = 0, failed = 2, nulled = 1 }, entry.changes[1].details.conversion)
                assert.equal(300, value_of(ids[3]))
                assert.is_nil(value_of(ids[2]))
                assert.equal("invalid_record", select(2, t:update(ids[3], { v = 301 })).code)
                -- what was kept is what the old value became: going back finds it unchanged
                assert(t:update(ids[3], { n = 1 }))
                assert(t:rollback(1))
                assert.equal("300", value_of(ids[3]))
            end)

            it("keeps the original where a value was left out and the record written since", function()
                assert(tight { on_invalid = "null" })
                assert(t:update(ids[2], { n = 1 }))
                assert(t:update(ids[3], { n = 1 }))
                assert(t:rollback(1))
                assert.equal("x", value_of(ids[2]))
                assert.equal("300", value_of(ids[3]))
            end)

            it("is refused where the column is required, whatever on_invalid = null leaves", function()
                local entry, err = t:evolve({ { op = "modify_column", name = "v",
                    set = { dataType = "integer", required = true } } }, { on_invalid = "null" })
                assert.is_nil(entry)
                assert.equal(('1 record stands against the change: record "%s": v: is required'):format(ids[2]),
                    err.message)
                assert(t:evolve({ { op = "modify_column", name = "v",
                    set = { dataType = "integer", required = true } } }, { on_invalid = "ignore" }))
                assert.is_nil(value_of(ids[2]))
                assert.equal("invalid_record", select(2, t:insert {}).code)
            end)

            it("tells every failure of a record in the plan's steps, and the record once", function()
                assert(t:evolve(function(c) c:add { name = "w", dataType = "text" } end))
                assert(t:update(ids[1], { w = "fine" }))
                local plan = assert(t:plan(function(c)
                    c:modify("v", { dataType = "integer" })
                    c:modify("w", { required = true })
                end))
                assert.equal(2, plan.failed)
                assert.equal(1, plan.steps[1].failed)
                assert.same({ "check", 2 }, { plan.steps[2].kind, plan.steps[2].failed })
            end)
        end)

        it("covers soft-deleted records", function()
            local ids = fill("string", { "1", "x" })
            assert(t:delete(ids[1]))
            local entry = assert(retype("integer", { on_invalid = "null" }))
            assert.equal(1, entry.changes[1].details.conversion.exact)
            assert(t:restore(ids[1]))
            assert.equal(1, value_of(ids[1]))
            assert(t:delete(ids[2]))
            assert.equal("invalid_record", select(2, (function()
                assert(t:rollback(1))
                return retype("integer")
            end)()).code)
        end)

        it("converts defaults and initial defaults, and what reads as one", function()
            t = assert(db:create_table("t", { columns = { column("n", "integer") } }))
            local old = assert(t:insert { n = 1 }).id
            assert(t:evolve(function(c) c:add { name = "v", dataType = "string", defaultValue = "7" } end))
            local none = assert(t:insert { v = null }).id
            assert(retype("integer"))
            assert.equal(7, value_of(old))
            assert.is_nil(value_of(none))
            assert.equal(7, assert(t:insert {}).v)
            assert.equal(2, t:count { filter = { v = 7 } })
            assert(t:rollback(2))
            assert.equal("7", value_of(old))
            assert.is_nil(value_of(none))
            assert.equal("7", assert(t:insert {}).v)
        end)

        it("treats an initial default without a counterpart like the value of every old record", function()
            t = assert(db:create_table("t", { columns = { column("n", "integer") } }))
            local old = assert(t:insert {}).id
            assert(t:evolve(function(c) c:add { name = "v", dataType = "string", defaultValue = "none" } end))
            local changes = { { op = "modify_column", name = "v", set = { dataType = "integer" },
                unset = { "defaultValue" } } }
            local _, err = t:evolve(changes)
            assert.equal(old, err.issues[1].id)
            local entry = assert(t:evolve(changes, { on_invalid = "null" }))
            assert.equal(1, entry.changes[1].details.conversion.nulled)
            assert.is_nil(value_of(old))
            assert(t:rollback(2))
            assert.equal("none", value_of(old))
        end)

        it("wants a default that would lose something, or cannot be, to be said anew", function()
            fill("string", {}, { defaultValue = "007" })
            local _, err = retype "integer"
            assert.equal("invalid_schema", err.code)
            assert.equal("changes[0].set.defaultValue", err.issues[1].path)
            assert.equal("must be given with the new type: converting the old one, leading zeros are lost",
                err.issues[1].message)
            assert.equal("must be \"true\" or \"false\", is \"007\"", select(2, retype "boolean").issues[1].message)
            assert(t:evolve { { op = "modify_column", name = "v", set = { dataType = "integer", defaultValue = 7 } } })
            assert.equal(7, assert(t:insert {}).v)
        end)

        it("counts a change of a decimal's scale as one", function()
            local ids = fill("decimal", { "1.25", "-1.25", "3" })
            local entry = assert(t:evolve(function(c) c:modify("v", { validation = { scale = 1 } }) end))
            assert.same({ exact = 1, rounded = 2, failed = 0,
                losses = { { reason = "digits after the point are rounded", count = 2 } } },
                entry.changes[1].details.conversion)
            assert.same({ "1.3", "-1.3", "3.0" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            assert(t:rollback(1))
            assert.equal("1.25", value_of(ids[1]))
        end)

        it("reads dates by the formats that are given", function()
            for i, say in ipairs {
                function(c) c:modify("v", { dataType = "date", parse = "%b %d %Y" }) end,
                function(c) c:modify("v", { dataType = "date", parse = { "%d.%m.%Y", "%b %d %Y" } }) end,
            } do
                t = assert(db:create_table("t" .. i, { columns = { column("v", "string"), column("n", "integer") } }))
                local id = assert(t:insert { v = "Jun 12 1998" }).id
                assert(t:evolve(say))
                assert.equal("1998-06-12", value_of(id))
                assert(t:update(id, { n = 1 }))
                assert(t:rollback(1))
                assert.equal("Jun 12 1998", value_of(id))
            end
            t = assert(db:create_table("beside", { columns = { column("v", "string") } }))
            local id = assert(t:insert { v = "12/06/1998 17:30" }).id
            assert(t:evolve { { op = "modify_column", name = "v", set = { dataType = "datetime" },
                parse = { "%d/%m/%Y %H:%M", "%Y" .. "-%m-%d %H:%M" } } })
            assert.equal("1998-06-12T17:30:00.000000Z", value_of(id))
            -- the history says by which formats, and its words do the same again
            local change = assert(t:history())[2].changes[1]
            assert.same({ "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M" }, change.details.after.parse)
            local twin = assert(db:create_table("twin", { columns = { column("v", "string") } }))
            local other = assert(twin:insert { v = "12/06/1998 17:30" }).id
            assert(twin:evolve { change })
            assert.equal("1998-06-12T17:30:00.000000Z", assert(twin:get(other)).v)
        end)

        it("refuses formats that contradict, are none, or have nothing to read", function()
            local ids = fill("string", { "03/04/2024" })
            local function message(change)
                change.op, change.name = "modify_column", "v"
                local entry, err = t:evolve { change }
                assert.is_nil(entry)
                return err.issues[1].path .. ": " .. err.issues[1].message
            end
            assert.equal('v: must have one reading, is "03/04/2024": 2024-03-04 by "%m/%d/%Y", 2024-04-03 by '
                .. '"%d/%m/%Y"',
                message { set = { dataType = "date", parse = { "%m/%d/%Y", "%d/%m/%Y" } } })
            assert.equal('changes[0].parse: the format "%Y" for a date has no month (%m, %b or %B)',
                message { set = { dataType = "date", parse = "%Y" } })
            assert.equal('v: must be of the form "%Y-%m-%d" or "%Y%m%d", is "03/04/2024"',
                message { set = { dataType = "date", parse = { "%Y-%m-%d", "%Y%m%d" } } })
            assert.equal('changes[0].parse: says how a retype reads dates, but the type stays as it is',
                message { set = { required = false }, parse = "%Y-%m-%d" })
            assert.equal("changes[0].parse: formats are read where a string, text or json becomes a date or datetime, "
                .. "not where string becomes integer", message { set = { dataType = "integer", parse = "%Y-%m-%d" } })
            assert.equal("03/04/2024", value_of(ids[1]))
        end)

        it("renames and tightens in the same evolution", function()
            local ids = fill("string", { "5", "50" })
            local entry, err = t:evolve(function(c)
                c:rename("v", "age")
                c:modify("age", { dataType = "integer", validation = { max = 9 }, indexed = true })
            end)
            assert.is_nil(entry)
            assert.equal(ids[2], err.issues[1].id)
            assert.equal("age", err.issues[1].path)
            assert(t:delete(ids[2], { hard = true }))
            assert(t:evolve(function(c)
                c:rename("v", "age")
                c:modify("age", { dataType = "integer", validation = { max = 9 }, indexed = true, displayName = "Age" })
            end))
            assert.equal(5, assert(t:get(ids[1])).age)
            assert.equal(1, t:count { filter = { age = 5 } })
            assert.equal(1, #assert(t:find { orderBy = { "-age" } }))
        end)

        it("is one column's only retype in a list, and may be that of a column added in it", function()
            fill("string", { "1" })
            local entry, err = t:evolve(function(c)
                c:modify("v", { dataType = "integer" })
                c:modify("v", { dataType = "boolean" })
            end)
            assert.is_nil(entry)
            assert.equal("changes[1]: the column was given another type by an earlier change of the list: say the last "
                .. "type alone", err.message)
            assert(t:evolve(function(c)
                c:add { name = "w", dataType = "string", defaultValue = "1" }
                c:modify("w", { dataType = "integer" })
            end))
            assert.equal(1, assert(t:first()).w)
        end)

        it("of a table without records converts nothing, and neither does the way back", function()
            fill("string", {}, { unique = true })
            local entry = assert(retype "integer")
            assert.is_nil(entry.changes[1].details.conversion)
            local id = assert(t:insert { v = 5 }).id
            assert(t:rollback(1))
            assert.equal("5", value_of(id))
        end)

        describe("to a reference", function()
            local ids
            before_each(function()
                local targets = assert(db:create_table("targets", { columns = {} }))
                assert(targets:insert { id = "here" })
                assert(targets:insert { id = "gone" })
                assert(targets:delete "gone")
                ids = fill("string", { "here", "gone", "not an id", "nowhere" })
            end)

            it("looks for every record that is named, and tells those that are not there", function()
                local entry, err = retype "reference"
                assert.is_nil(entry)
                assert.equal(("3 records stand against the change: record \"%s\": v: no record \"gone\" is in table "
                    .. "\"targets\""):format(ids[2]), err.message)
                assert.same({ "reference", "type", "reference" }, { err.issues[1].rule, err.issues[2].rule,
                    err.issues[3].rule })
                assert.equal("nowhere", err.issues[3].got)
                assert.equal(3, err.plan.steps[1].failed)
            end)

            it("leaves no value for them with on_invalid = null", function()
                local entry = assert(retype("reference", { on_invalid = "null" }))
                assert.same({ exact = 1, rounded = 0, failed = 3, nulled = 3 }, entry.changes[1].details.conversion)
                assert.same({ "here" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]), value_of(ids[4]) })
                assert.equal("reference", select(2, db:table("targets"):delete "here").code)
                assert(t:rollback(1))
                assert.equal("not an id", value_of(ids[3]))
            end)

            it("keeps ids that name nothing with on_invalid = ignore", function()
                assert(retype("reference", { on_invalid = "ignore" }))
                assert.equal("nowhere", value_of(ids[4]))
                assert.is_nil(value_of(ids[3]))
            end)

            it("and back is what it was, and from there to json", function()
                assert(t:delete_all({ filter = { v = { ne = "here" } } }, { hard = true }))
                assert(retype "reference")
                assert(t:evolve { { op = "modify_column", name = "v", set = { dataType = "json" } } })
                assert.equal("here", value_of(ids[1]))
                assert(t:rollback(2))
                assert.equal("here", value_of(ids[1]))
                assert(t:rollback(1))
                assert.equal("here", value_of(ids[1]))
            end)
        end)

        describe("of a unique column", function()
            it("is refused by values that become the same, by value and ids", function()
                local ids = fill("string", { "1", "01", "2" }, { unique = true })
                local entry, err = retype "integer"
                assert.is_nil(entry)
                assert.equal("duplicate", err.code)
                assert.equal(("v: 1 is held by 2 records: %s, %s"):format(ids[1], ids[2]), err.message)
                assert.same({ values = 1, records = 2, shared = { { value = 1, count = 2, ids = { ids[1], ids[2] } } }
                    }, err.plan.steps[1].duplicates)
                assert.is_false(err.plan.possible)
                assert.equal("01", value_of(ids[2]))
            end)

            it("lets records that have swapped their values go back", function()
                local ids = fill("string", { "1", "2" }, { unique = true })
                assert(t:evolve(function(c) c:modify("v", { dataType = "integer", unique = false }) end))
                assert(t:update(ids[1], { v = 2 }))
                assert(t:update(ids[2], { v = 1 }))
                assert(t:rollback(1))
                assert.same({ "2", "1" }, { value_of(ids[1]), value_of(ids[2]) })
                assert.equal("duplicate", select(2, t:insert { v = "1" }).code)
            end)
        end)

        describe("and the way back", function()
            it("takes what was written since along, and leaves what was not as it was", function()
                local ids = fill("string", { "007", "008", "x", "9" })
                assert(retype("integer", { on_invalid = "null" }))
                assert(t:update(ids[1], { n = 1 }))
                assert(t:update(ids[2], { v = 80 }))
                assert(t:update(ids[4], { v = null }))
                local new, bare = assert(t:insert { v = 5 }).id, assert(t:insert {}).id
                local entry = assert(t:rollback(1))
                assert.same({ exact = 2, rounded = 0, failed = 0, kept = 2 }, entry.changes[1].details.conversion)
                assert.equal("007", value_of(ids[1]))
                assert.equal("80", value_of(ids[2]))
                assert.equal("x", value_of(ids[3]))
                assert.is_nil(value_of(ids[4]))
                assert.equal("5", value_of(new))
                assert.is_nil(value_of(bare))
                -- and forth again
                assert(t:update(ids[3], { v = "33" }))
                assert(t:rollback(2))
                assert.same({ 7, 80, 33 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert.equal(5, value_of(new))
                assert(t:rollback(1))
                assert.same({ "007", "80", "33" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            end)

            it("is refused where what was written since cannot go along", function()
                local ids = fill("integer", { 1, 2 })
                assert(retype "string")
                assert(t:update(ids[1], { v = "many" }))
                local entry, err = t:rollback(1)
                assert.is_nil(entry)
                assert.equal(('1 record stands against the change: record "%s": v: must be an integer, is the string '
                    .. '"many"'):format(ids[1]), err.message)
                assert.is_false(err.plan.possible)
                assert.equal(1, err.plan.rollback)
                assert(t:rollback(1, { on_invalid = "null" }))
                assert.is_nil(value_of(ids[1]))
                assert.equal(2, value_of(ids[2]))
                assert(t:rollback(2))
                assert.equal("many", value_of(ids[1]))
            end)

            it("from a chain of retypes finds the first value, whichever were between", function()
                local ids = fill("string", { "007", "1.4", "5" })
                assert(t:evolve { { op = "modify_column", name = "v", set = set_of "decimal" } }) -- 7.00 1.40 5.00
                assert(retype "integer") -- 7 1 5
                assert(retype "text") -- "7" "1" "5"
                for _, id in ipairs(ids) do assert(t:update(id, { n = 1 })) end
                assert(t:update(ids[3], { v = "6" }))
                assert(t:rollback(1))
                assert.same({ "007", "1.4", "6" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(t:rollback(3))
                assert.same({ 7, 1, 6 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(t:rollback(2))
                assert.same({ "7.00", "1.40", "6.00" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(t:rollback(4))
                assert.same({ "7", "1", "6" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            end)

            it("to another branch takes along what was written between", function()
                local ids = fill("text", { "1", "2", "3" })
                assert(retype "integer") -- 2
                assert(t:update(ids[2], { v = 20 }))
                assert(t:rollback(1)) -- 3
                assert(t:update(ids[3], { v = "30" }))
                assert(retype "decimal") -- 4, another branch
                assert.same({ "1.00", "20.00", "30.00" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(t:rollback(2)) -- 5
                assert.same({ 1, 20, 30 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(t:rollback(4))
                assert.same({ "1.00", "20.00", "30.00" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            end)

            it("goes over any number of retypes of one column", function()
                local ids = fill("text", { "007" })
                for i = 1, 40 do assert(retype(i % 2 == 1 and "string" or "text")) end
                assert(t:update(ids[1], { n = 1 }))
                assert(t:rollback(1))
                assert.equal("007", value_of(ids[1]))
            end)

            it("to a type that the last one does not convert to keeps what was not written since", function()
                local ids = fill("date", { "2024-02-29", "2024-03-01" })
                assert(retype "text")
                assert(t:evolve({ { op = "modify_column", name = "v", set = { dataType = "integer" } } },
                    { on_invalid = "null" }))
                assert(t:update(ids[2], { v = 5 }))
                local _, err = t:rollback(1)
                assert.equal("integer cannot be converted to date", err.issues[1].message)
                assert(t:rollback(1, { on_invalid = "null" }))
                assert.equal("2024-02-29", value_of(ids[1]))
                assert.is_nil(value_of(ids[2]))
            end)

            it("meets a column that was removed and renamed on the way", function()
                local ids = fill("string", { "007" })
                assert(retype "integer")
                assert(t:evolve(function(c) c:rename("v", "w") end))
                assert(t:evolve(function(c) c:remove "w" end))
                assert(t:evolve(function(c) c:add { name = "v", dataType = "boolean" } end))
                assert(t:update(ids[1], { v = true }))
                assert(t:rollback(1))
                assert.equal("007", value_of(ids[1]))
                assert(t:rollback(3))
                assert.equal(7, assert(t:get(ids[1])).w)
                assert(t:rollback(5))
                assert.is_true(value_of(ids[1]))
            end)
        end)

        it("waits for the version that is expected", function()
            fill("string", { "1" })
            local entry, err = retype("integer", { expect_version = 2 })
            assert.is_nil(entry)
            assert.equal("conflict", err.code)
            assert.equal('table "t" is at version 1, not 2', err.message)
            assert(retype("integer", { expect_version = 1 }))
        end)

        it("leaves versions, times and order of the records alone", function()
            local ids = fill("string", { "1", "2" })
            local before = assert(t:find())
            assert(retype "integer")
            assert(t:evolve(function(c) c:modify("v", { dataType = "text", indexed = true }) end))
            for i, row in ipairs(assert(t:find())) do
                assert.equal(ids[i], row.id)
                assert.equal(before[i]._version, row._version)
                assert.equal(before[i].updated_at, row.updated_at)
            end
        end)

        it("is undone with the transaction around it", function()
            local ids = fill("string", { "1" })
            local done, why = db:transaction(function()
                assert(retype "integer")
                assert.equal(1, value_of(ids[1]))
                return nil, "no"
            end)
            assert.is_nil(done)
            assert.equal("no", why)
            assert.equal("1", value_of(ids[1]))
            assert.equal(1, t.version)
        end)

        describe("tells how far it has come", function()
            local function load(records)
                t = assert(db:create_table("t", { columns = { column("v", "text"), column("n", "integer") } }))
                local i = 0
                assert(t:insert_many(function()
                    i = i + 1
                    return i <= records and { v = tostring(i), n = i } or nil
                end))
                assert(t:delete(assert(t:first()).id))
            end

            local required = { { op = "modify_column", name = "n", set = { required = true } } }
            local to_integer = { { op = "modify_column", name = "v", set = { dataType = "integer" } } }

            it("by the records that are done, and of how many", function()
                load(12000)
                for _, scenario in ipairs {
                    { "convert", 12000, function(o) return t:plan(to_integer, o) end },
                    { "check", 11999, function(o) return t:plan(required, o) end },
                    { "check", 11999, function(o) return t:evolve(required, o) end },
                    { "convert", 12000, function(o) return t:evolve(to_integer, o) end },
                    { "convert", 12000, function(o) return t:rollback(1, o) end },
                    { "index", 12000, function(o)
                        return t:evolve(function(c) c:modify("v", { indexed = true }) end, o)
                    end },
                } do
                    local told = {}
                    assert(scenario[3] { on_progress = function(at) told[#told + 1] = at end })
                    assert.is_true(#told >= 2)
                    for i, at in ipairs(told) do
                        assert.equal(scenario[1], at.step)
                        assert.equal(scenario[2], at.total)
                        assert.is_true(at.done >= (i > 1 and told[i - 1].done or 1))
                    end
                    assert.equal(scenario[2], told[#told].done)
                end
            end)

            it("and is undone by what that raises, which goes through as it is", function()
                local why = { "enough" }
                load(12)
                for _, call in ipairs {
                    function(o) return t:evolve(to_integer, o) end,
                    function(o) return t:evolve(function(c) c:modify("v", { indexed = true }) end, o) end,
                    function(o) return t:plan(to_integer, o) end,
                    function(o) return t:rollback(1, o) end,
                } do
                    if t.version == 1 and call then assert(t:evolve(function(c) c:rename("n", "m") end)) end
                    local version = t.version
                    local ok, got = pcall(call, { on_progress = function() error(why) end })
                    if ok then
                        assert.equal(version + 1, t.version) -- it had no record to look at
                    else
                        assert.equal(why, got)
                        assert.equal(version, t.version)
                        assert.equal("12", assert(t:first { orderBy = { "-m" } }).v)
                    end
                end
                assert(t:evolve(to_integer))
            end)

            it("to a function that cannot yield", function()
                load(3)
                local worker = coroutine.create(function()
                    t:evolve(to_integer, { on_progress = function() coroutine.yield() end })
                end)
                local ok, why = coroutine.resume(worker)
                assert.is_false(ok)
                assert.equal("attempt to yield across a C-call boundary", why)
                assert.equal(1, t.version)
            end)

            it("to a function that has to leave the connection alone, but no other", function()
                load(1200)
                local other <close> = assert(flexdb.open "sqlite::memory:")
                local own = assert(other:create_table("log", { columns = { { name = "done", dataType = "integer" } } }))
                local loop = t:each()
                loop()
                local seen = {}
                local function refused(call, ...)
                    local ok, why = pcall(call, ...)
                    assert.is_false(ok)
                    seen[#seen + 1] = tostring(why):match "on_progress.*"
                end
                assert(t:evolve(to_integer, { on_progress = function(at)
                    if #seen > 0 then return end
                    assert(own:insert { done = at.done })
                    refused(t.get, t, "x")
                    refused(t.insert, t, { v = "x" })
                    refused(t.plan, t, to_integer)
                    refused(db.transaction, db, function() end)
                    refused(db.tables, db)
                    assert.equal("t", t.name)
                    assert.equal(1, t.version)
                end }))
                assert.equal(5, #seen)
                for _, message in ipairs(seen) do
                    assert.equal("on_progress must not use the database that calls it", message)
                end
                assert.equal(1, own:count())
                assert.equal(2, t.version)
                assert.is_string(assert(loop()).v) -- the result is that of its beginning
            end)

            it("to a function that closes the database, which ends with it", function()
                local application = engines.fresh()
                local mine = engine.open { application = application }
                local u = assert(mine:create_table("u", { columns = { column("v", "text") } }))
                assert(u:insert { v = "1" })
                local ok, why = pcall(u.evolve, u, to_integer, { on_progress = function() mine:close() end })
                assert.is_false(ok)
                assert.truthy(why:find("the database is closed", 1, true))
                assert.is_false(pcall(u.get, u, "x"))
                local again <close> = engine.open { application = application }
                assert.equal(1, assert(again:table "u").version)
                assert.equal("1", assert(again:table("u"):first()).v)
            end)

            it("to a function that gives up the transaction around it", function()
                for _, give_up in ipairs {
                    function(worker) coroutine.close(worker) end,
                    function() collectgarbage() end,
                } do
                    local u = assert(db:create_table("u", { columns = { column("v", "text") } }))
                    assert(u:insert { v = "1" })
                    local function begin()
                        return coroutine.create(function()
                            local n = 0
                            u:insert_many(function()
                                n = n + 1
                                if n == 2 then coroutine.yield() end
                                return n < 3 and { v = "2" } or nil
                            end)
                        end)
                    end
                    local worker = begin()
                    assert(coroutine.resume(worker))
                    local done = pcall(u.evolve, u, to_integer, { on_progress = function()
                        local it = worker
                        worker = nil
                        give_up(it)
                    end })
                    if done then
                        collectgarbage()
                        collectgarbage()
                    end
                    -- whatever came of it went with the transaction
                    assert.equal(1, u:schema().version)
                    assert.equal("1", assert(u:first()).v)
                    assert.equal(1, u:count())
                    assert(db:drop_table "u")
                end
            end)

            it("to a function, and to nothing else", function()
                load(3)
                local ok, why = pcall(t.evolve, t, to_integer, { on_progress = 5 })
                assert.is_false(ok)
                assert.truthy(why:find("option 'on_progress' must be a function, is a number", 1, true))
            end)
        end)

        it("of 10,000 records takes a moment", function()
            t = assert(db:create_table("t", { columns = { column("v", "text"), column("n", "integer") } }))
            local i = 0
            assert(t:insert_many(function()
                i = i + 1
                return i <= 10000 and { v = tostring(i), n = i } or nil
            end))
            local began = os.clock()
            local entry = assert(retype "integer")
            assert.equal(10000, entry.changes[1].details.conversion.exact)
            assert.equal(4321, assert(t:first { filter = { n = 4321 } }).v)
            -- 0.1 s; valgrind and sanitizers take their time
            assert.is_true(os.clock() - began < 10)
        end)
    end)
end)
