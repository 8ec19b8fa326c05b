-- No change of a definition loses a value: whatever a column has become meanwhile, and whatever else was written of its
-- records, the way back to where it began brings every value back that nobody has written over.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"

local null <const> = flexdb.null

-- Values that some types can say and others cannot, on the edges of the rules below.
local values <const> = {
    string = { "", "a", "007", "7", "-3", "12.50", "2024-05-01", "true", "here", "gone", "é", "2024-05-01T10:00:00Z" },
    text = { "a", "007", "here", "0.5", ("q"):rep(300), "false" },
    integer = { 0, 1, -1, 7, math.maxinteger, 2024 },
    decimal = { "0", "1", "-1.5", "12.55", "99.99", "1000000", "12345678.12" },
    boolean = { true, false },
    date = { "0001-01-01", "2024-02-29" },
    datetime = { "2024-05-01T00:00:00Z", "2024-05-01T12:00:00+02:00" },
    json = { 1, 1.5, "a", true, "2024-05-01", "here", "gone", 7 },
    reference = { "here", "7" },
}
local types <const> = { "boolean", "date", "datetime", "decimal", "integer", "json", "reference", "string", "text" }

local function pick(list) return list[math.random(#list)] end
local function chance(of) return math.random() < of end

local function some_rules(kind)
    if kind == "string" then return { maxLength = pick { 3, 10, 255 }, enum = chance(0.2) and { "7", "a" } or nil } end
    if kind == "integer" then return { max = pick { 1, 50, math.maxinteger } } end
    if kind == "reference" then return { targetTable = "targets" } end
    if kind ~= "decimal" then return {} end
    local form = pick { { 18, 4 }, { 6, 1 }, { 38, 10 }, { 10, 2 } }
    return { precision = form[1], scale = form[2], max = chance(0.2) and "5" or nil }
end

local function column_of(t, name)
    for _, c in ipairs(assert(t:schema()).columns) do
        if c.name == name then return c end
    end
end

-- What makes the column another one: of another type, or computed. Rules that it does not ask for go.
local function some_change(c)
    local computed = chance(0.2)
    local kind = computed and "integer" or pick(types)
    local rules = computed and { computed = "other * 2" } or some_rules(kind)
    for rule in pairs(c.validation or {}) do
        if rules[rule] == nil then rules[rule] = null end
    end
    return { { op = "modify_column", name = c.name, set = { dataType = kind, validation = rules } } }
end

-- Writes other columns of some records, and deletes and restores others: but for those that the rules of today keep
-- from coming back.
local function write_beside(t, ids)
    for i = #ids, 1, -1 do
        local id = ids[i]
        if chance(0.5) then assert(t:update(id, { other = math.random(100) })) end
        if chance(0.1) then
            assert(t:delete(id))
            if not t:restore(id) then table.remove(ids, i) end
        end
    end
end

local function some_table(db, name)
    local kind = pick(types)
    local t = assert(db:create_table(name, { columns = {
        { name = "value", dataType = kind, validation = some_rules(kind), indexed = kind ~= "json" and chance(0.3) },
        { name = "other", dataType = "integer" },
    } }))
    local ids, before = {}, {}
    for i = 1, 8 do
        local row = t:insert { id = "r" .. i, value = chance(0.85) and pick(values[kind]) or nil, other = 0 }
        if row then -- what breaks the rules is not there
            ids[#ids + 1] = row.id
            before[row.id] = row
        end
    end
    return t, ids, before
end

-- Leads the column on through some changes; tells what they were, and whether it was computed meanwhile.
local function lead_on(t, ids)
    local told, computed = {}, false
    for _ = 1, math.random(3) do
        local change = some_change(column_of(t, "value"))
        local on_invalid = pick { "null", "ignore" }
        local entry, err = t:evolve(change, { on_invalid = on_invalid })
        told[#told + 1] = ("%s %s: %s"):format(flexdb.json.encode(change), on_invalid, entry and "made" or err)
        computed = computed or column_of(t, "value").validation and column_of(t, "value").validation.computed ~= nil
        write_beside(t, ids)
    end
    return table.concat(told, "\n"), computed
end

engines.each(function(engine)
    describe("the way back", function()
        it("brings every value back that nobody has written over", function()
            engines.seed("originals on " .. engine.name)
            local db <close> = engine.open()
            local targets = assert(db:create_table("targets", { columns = {} }))
            assert(targets:insert_many { { id = "here" }, { id = "7" } })
            local came_back, rounds = 0, pace.rounds(engine.server and 40 or 150, 10, "FLEXDB_TEST_ROUNDS")
            for round = 1, rounds do
                local t, ids, before = some_table(db, "t" .. round)
                local told, computed = lead_on(t, ids)
                told = ("round %d\n%s"):format(round, told)
                if t.version > 1 then
                    came_back = came_back + 1
                    -- Half-way back a record that has nothing there gets what was computed, as if it had been written.
                    if not computed then assert(t:rollback(math.random(t.version), { on_invalid = "ignore" })) end
                    write_beside(t, ids)
                    assert(t:rollback(1, { on_invalid = "null" }))
                end
                for _, id in ipairs(ids) do
                    local value = before[id].value
                    if value ~= nil then -- who had none may have one now that was computed
                        assert.same({ value }, { assert(t:get(id)).value }, told)
                        assert.same({ value }, { assert(t:at(1):get(id)).value }, told)
                    end
                end
            end
            assert.is_true(came_back > rounds // 2, came_back .. " tables were led on")
        end)
    end)
end)
