-- What evolve does is what its plan said, for random tables, records and changes of every kind: steps, counts, what is
-- breaking and destructive, whether it is possible, the error where it is not, the definition and the records after it.
-- What the plan must say is worked out by a plain retelling of the rules.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local conversions = require "spec.support.conversions"
local pace = require "spec.support.pace"


local random = math.random
local names, words, rules = conversions.names, conversions.words, conversions.rules
local refused, value_of, validation_of = conversions.refused, conversions.value_of, conversions.validation_of

local function pick(list) return list[random(#list)] end

---------------------------------------------------------------- tables and records

local function some_column(i)
    local kind = pick(names)
    return { name = "c" .. i, dataType = kind, validation = validation_of(kind), indexed = random() < 0.2 or nil,
        required = random() < 0.15 or nil }
end

local function some_table(db, name)
    local columns, records = {}, {}
    for i = 1, random(6) do columns[i] = some_column(i) end
    local t = assert(db:create_table(name, { columns = columns }))
    for i = 1, random(0, 40) do
        local record = { id = ("r%02d"):format(i) }
        for _, column in ipairs(columns) do
            repeat record[column.name] = value_of(column.dataType) until record[column.name] or not column.required
        end
        assert(t:insert(record))
        if random() < 0.1 then
            assert(t:delete(record.id))
            record.deleted = true
        end
        records[i] = record
    end
    return t, columns, records
end

-- How many records are as `is` says; with `live` only of those that are not deleted.
local function count(records, is, live)
    local n = 0
    for _, record in ipairs(records) do
        if not (live and record.deleted) and is(record) then n = n + 1 end
    end
    return n
end

---------------------------------------------------------------- changes, and what a plan must say of each

-- Each takes a column (a copy, which becomes what it is afterwards), adds to `changes`, and gives the step: kind,
-- breaking, destructive, counts, `fails(record)` for live records, `converts(value)`; nil where it does not apply.
local making = {}

local function set(changes, column, what)
    changes[#changes + 1] = { op = "modify_column", name = column.name, set = what }
end

local function merge(column, rules_of)
    column.validation = column.validation or {}
    for rule, value in pairs(rules_of) do column.validation[rule] = value end
end

function making.remove(column, changes, records)
    changes[#changes + 1] = { op = "remove_column", name = column.name }
    local name = column.name
    local carried = count(records, function(record) return record[name] ~= nil end)
    column.gone = true
    return { kind = "metadata", breaking = true, destructive = carried > 0, carried = carried }
end

function making.rename(column, changes)
    column.was, column.name = column.name, "n" .. column.name
    changes[#changes + 1] = { op = "rename_column", name = column.was, to = column.name }
    return { kind = "metadata", breaking = true }
end

function making.retype(column, changes, records, on_invalid)
    local from, to, name = column.dataType, pick(names), column.name
    if to == from or column.required or refused[from .. " " .. to] then return end
    set(changes, column, { dataType = to, validation = validation_of(to) })
    column.dataType, column.converts = to, function(value) return (rules[to](value, from)) end
    local step = { kind = "convert", breaking = from ~= "string" or to ~= "text", exact = 0, rounded = 0, failed = 0 }
    for _, record in ipairs(records) do
        if record[name] ~= nil then
            local became, lost = rules[to](record[name], from)
            local what = became == nil and "failed" or lost and "rounded" or "exact"
            step[what] = step[what] + 1
        end
    end
    step.destructive = step.rounded > 0 or on_invalid ~= "stop" and step.failed > 0
    if on_invalid == "stop" then
        step.fails = function(record)
            return record[name] ~= nil and column.converts(record[name]) == nil
        end
        step.deleted_too = true
    end
    return step
end

local function checked(column, fails)
    local name = column.name
    return { kind = "check", breaking = true, fails = function(record) return fails(record[name]) end }
end

function making.required(column, changes)
    if column.required then return end
    set(changes, column, { required = true })
    column.required = true
    return checked(column, function(value) return value == nil end)
end

function making.shorten(column, changes)
    if column.dataType ~= "string" and column.dataType ~= "text" then return end
    local most = random(1, 5)
    set(changes, column, { validation = { maxLength = most } })
    merge(column, { maxLength = most })
    return checked(column, function(value) return value ~= nil and #value > most end)
end

function making.min(column, changes)
    if column.dataType ~= "integer" then return end
    local least = random(-3, 2)
    set(changes, column, { validation = { min = least } })
    merge(column, { min = least })
    return checked(column, function(value) return value ~= nil and value < least end)
end

function making.enum(column, changes)
    if column.dataType ~= "string" then return end
    local allowed, list = {}, {}
    for _, word in ipairs(words) do
        if random() < 0.8 then
            allowed[word] = true
            list[#list + 1] = word
        end
    end
    if #list == 0 then return end
    set(changes, column, { validation = { enum = list } })
    merge(column, { enum = list })
    return checked(column, function(value) return value ~= nil and not allowed[value] end)
end

function making.loosen(column, changes)
    if not column.required then return end
    set(changes, column, { required = false })
    column.required = nil
    return { kind = "metadata", breaking = true } -- of those who read
end

function making.index(column, changes)
    set(changes, column, { indexed = not column.indexed })
    column.indexed = not column.indexed or nil
    -- one that goes is left out of a new physical table, where there is to be one anyhow
    return { kind = "index", or_kind = not column.indexed and "metadata" }
end

function making.unique(column, changes, records)
    set(changes, column, { unique = true })
    column.unique = true
    local held, step = {}, { kind = "index", breaking = true, values = 0, shared = 0 }
    for _, record in ipairs(records) do
        local value = record[column.name]
        if value ~= nil and not record.deleted then held[value] = (held[value] or 0) + 1 end
    end
    for _, n in pairs(held) do
        if n > 1 then step.values, step.shared = step.values + 1, step.shared + n end
    end
    return step
end

function making.default(column, changes)
    repeat column.defaultValue = value_of(column.dataType) until column.defaultValue ~= nil
    set(changes, column, { defaultValue = column.defaultValue })
    return { kind = "metadata" }
end

function making.describe(column, changes)
    set(changes, column, { description = "described" })
    return { kind = "metadata" }
end

local makings <const> = { "remove", "rename", "retype", "retype", "retype", "required", "shorten", "min", "enum",
    "loosen", "index", "unique", "default", "describe" }

local function add_columns(after, changes, steps)
    for i = 1, random(0, 2) do
        local kind = pick(names)
        local column = { name = "new" .. i, dataType = kind, validation = validation_of(kind),
            required = random() < 0.3 or nil }
        if random() < 0.5 then
            repeat column.defaultValue = value_of(kind) until column.defaultValue ~= nil
        end
        changes[#changes + 1] = { op = "add_column", column = column }
        local hard = column.required and column.defaultValue == nil
        local step = { kind = hard and "check" or "metadata", breaking = hard,
            fails = hard and function() return true end or nil }
        steps[column.name] = step
        after[#after + 1] = { name = column.name, dataType = kind, validation = column.validation,
            required = column.required, defaultValue = column.defaultValue, initial = column.defaultValue, new = true }
    end
end

local function copy(column)
    local other = {}
    for key, value in pairs(column) do other[key] = value end
    other.was = column.name
    return other
end

-- changes, the columns after them, the steps by column
local function some_changes(columns, records, on_invalid)
    local changes, after, steps = {}, {}, {}
    for i, column in ipairs(columns) do
        after[i] = copy(column)
        local making_of = random() < 0.6 and making[pick(makings)]
        local step = making_of and making_of(after[i], changes, records, on_invalid)
        if step then steps[after[i].name] = step end
    end
    add_columns(after, changes, steps)
    return changes, after, steps
end

---------------------------------------------------------------- the plan, and what came of it

local function check_step(step, wanted, records, on_invalid)
    local name = step.column
    assert.is_true(step.kind == wanted.kind or step.kind == wanted.or_kind, step.text)
    assert.equal(wanted.breaking or false, step.breaking ~= nil, step.text)
    assert.equal(wanted.destructive or false, step.destructive ~= nil, step.text)
    if #records == 0 then return end
    assert.equal(wanted.carried, step.carried, step.text)
    if wanted.kind == "convert" then
        assert.same({ wanted.exact, wanted.rounded, wanted.failed }, { step.exact, step.rounded, step.failed }, name)
    elseif wanted.kind == "check" and on_invalid ~= "ignore" then
        assert.equal(count(records, wanted.fails, true), step.failed, step.text)
    elseif wanted.values and wanted.values > 0 then
        assert.same({ wanted.values, wanted.shared }, { step.duplicates.values, step.duplicates.records })
    elseif wanted.values then
        assert.is_nil(step.duplicates)
    end
end

local function check_plan(plan, steps, records, on_invalid)
    local seen, failing, shared, breaking, destructive = 0, {}, false, false, false
    for _, step in ipairs(plan.steps) do
        local wanted = assert(steps[step.column], step.text)
        seen = seen + 1
        check_step(step, wanted, records, on_invalid)
        breaking, destructive = breaking or step.breaking ~= nil, destructive or step.destructive ~= nil
        shared = shared or (wanted.values or 0) > 0
        for _, record in ipairs(records) do
            local looked = wanted.deleted_too or not record.deleted and on_invalid ~= "ignore"
            if wanted.fails and looked and wanted.fails(record) then failing[record.id] = true end
        end
    end
    local expected, failed = 0, 0
    for _ in pairs(steps) do expected = expected + 1 end
    for _ in pairs(failing) do failed = failed + 1 end
    assert.equal(expected, seen, "steps")
    assert.same({ breaking, destructive }, { plan.breaking, plan.destructive })
    assert.equal(failed, plan.failed)
    assert.equal(failed == 0 and not shared, plan.possible)
    for _, issue in ipairs(plan.issues) do assert.is_true(failing[issue.id] or shared, issue.id) end
    if failed > 0 then assert.equal(math.min(20, failed), #plan.issues) end
    if plan.records then assert.equal(count(records, function() return true end, true), plan.records) end
end

local function check_definition(t, after)
    local i = 0
    for _, column in ipairs(t:schema().columns) do
        if not column.system then
            repeat i = i + 1 until not after[i].gone
            local wanted = after[i]
            assert.same({ wanted.name, wanted.dataType, wanted.required or false, wanted.unique or false,
                wanted.indexed or false }, { column.name, column.dataType, column.required or false,
                column.unique or false, column.indexed or false })
            assert.equal(wanted.defaultValue, column.defaultValue)
        end
    end
    while after[i + 1] and after[i + 1].gone do i = i + 1 end
    assert.equal(#after, i)
end

local function check_records(t, after, records)
    local rows = assert(t:find { includeDeleted = true, orderBy = { "id" } })
    assert.equal(#records, #rows)
    for i, row in ipairs(rows) do
        for _, column in ipairs(after) do
            local value = column.initial
            if not column.new then value = records[i][column.was] end
            if value ~= nil and column.converts then value = column.converts(value) end
            if column.gone then value = nil end
            assert.equal(value, row[column.name], row.id .. " " .. column.name)
        end
        assert.equal(records[i].deleted or false, row.deleted_at ~= nil)
    end
end

-- The counts of the conversions, in the plan and in the entry.
local function check_entry(entry, plan)
    local steps = {}
    for _, step in ipairs(plan.steps) do steps[step.column or ""] = step end
    for _, change in ipairs(entry.changes) do
        local told = change.details.conversion
        if told then
            local step = steps[change.column]
            for _, what in ipairs { "exact", "rounded", "failed", "nulled", "kept" } do
                assert.equal(step[what], told[what], what)
            end
            assert.same(step.losses, told.losses)
        end
    end
end

local function check_refusal(t, plan, err, version, schema, rows)
    assert.equal(plan.error, err.message)
    assert.same(plan.issues, err.issues)
    assert.same(plan, err.plan)
    assert.is_true(err.code == "invalid_record" or err.code == "duplicate")
    assert.equal(version, t.version)
    assert.same(schema, t:schema())
    assert.same(rows, assert(t:find { includeDeleted = true, orderBy = { "id" } }))
end

local function as_saved(plan) return assert(flexdb.json.decode(flexdb.json.encode(plan))) end

engines.each(function(engine)
    describe("what evolve does", function()
        it("is what its plan said, and what the rules say", function()
            engines.seed("plans on " .. engine.name)
            local db <close> = engine.open()
            local possible, rounds = 0, pace.rounds(engine.server and 30 or 100, 12, "FLEXDB_TEST_ROUNDS")
            for round = 1, rounds do
                local t, columns, records = some_table(db, "t" .. round)
                local on_invalid = pick { "stop", "null", "ignore" }
                local changes, after, steps = some_changes(columns, records, on_invalid)
                local schema, rows = t:schema(), assert(t:find { includeDeleted = true, orderBy = { "id" } })
                local plan = assert(t:plan(changes, { on_invalid = on_invalid }))
                check_plan(plan, steps, records, on_invalid)
                local entry, err = t:evolve(pick { changes, plan, as_saved(plan) }, { on_invalid = on_invalid })
                assert.equal(plan.possible, entry ~= nil, tostring(err))
                if not entry then
                    check_refusal(t, plan, err, 1, schema, rows)
                else
                    possible = possible + 1
                    check_entry(entry, plan)
                    check_definition(t, after)
                    check_records(t, after, records)
                    -- and the way back, which has a plan of its own
                    schema, rows = t:schema(), assert(t:find { includeDeleted = true, orderBy = { "id" } })
                    local version = t.version
                    local back = assert(t:rollback(1, { dry_run = true, on_invalid = on_invalid }))
                    entry, err = t:rollback(1, { on_invalid = on_invalid })
                    assert.equal(back.possible, entry ~= nil, tostring(err))
                    if entry then
                        check_entry(entry, back)
                    else
                        check_refusal(t, back, err, version, schema, rows)
                    end
                end
            end
            assert.is_true(possible > rounds // 10, possible .. " of them were possible")
        end)
    end)
end)
