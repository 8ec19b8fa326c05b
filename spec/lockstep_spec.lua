-- Random evolutions of every kind with writes between them, on every engine in lockstep, compared after each step with
-- a plain model (spec/support/model.lua): records, filters, versions, and reading as of every version.
--
-- FLEXDB_TEST_STEPS=n makes the sequences longer.

local flexdb = require "flexdb"

local engines = require "spec.support.engines"
local model = require "spec.support.model"
local pace = require "spec.support.pace"

local steps <const> = pace.rounds(150, 40, "FLEXDB_TEST_STEPS")
local names <const> = { "a", "b", "c", "d", "e" }
local types <const> = { "string", "text", "integer" }
local words <const> = { "x", "12", "007", "-3", "", "long ago", "5.5", "0" }

local random = math.random
local function pick(list) return list[random(#list)] end

local function value_of(kind) return kind == "integer" and random(-20, 20) or pick(words) end

-- What happens to the model, and the same as calls on a table.
local steps_of = {}

local function free_name(m)
    local free = {}
    for _, name in ipairs(names) do
        if not m.find(m:columns(), "name", name) then free[#free + 1] = name end
    end
    return #free > 0 and pick(free)
end

local function given_for(m, share)
    local given = {}
    for _, column in ipairs(m:columns()) do
        local dice = random()
        if dice < share then
            given[column.name] = value_of(column.type)
        elseif dice < share + 0.1 then
            given[column.name] = flexdb.null
        end
    end
    return given
end

local function some_id(m, deleted)
    local ids = {}
    for id, record in pairs(m.records) do
        if (record.deleted or false) == (deleted or false) then ids[#ids + 1] = id end
    end
    table.sort(ids)
    return #ids > 0 and pick(ids)
end

function steps_of.insert(m)
    m.serial = m.serial + 1
    local id, given = ("r%04d"):format(m.serial), given_for(m, 0.6)
    m:insert(id, given, flexdb.null)
    return function(t)
        given.id = id
        return t:insert(given)
    end, "insert " .. id
end

function steps_of.update(m)
    local id, given = some_id(m), given_for(m, 0.4)
    if not id then return end
    m:update(id, given, flexdb.null)
    return function(t) return t:update(id, given) end, "update " .. id
end

function steps_of.delete(m)
    local id = some_id(m)
    if not id then return end
    local hard = random() < 0.3
    if hard then m.records[id] = nil else m.records[id].deleted = true end
    return function(t) return t:delete(id, { hard = hard }) end, "delete " .. id
end

function steps_of.restore(m)
    local id = some_id(m, true)
    if not id then return end
    m.records[id].deleted = nil
    return function(t) return t:restore(id) end, "restore " .. id
end

function steps_of.add(m)
    local name, kind = free_name(m), pick(types)
    if not name then return end
    local default = random() < 0.5 and value_of(kind) or nil
    local indexed = random() < 0.4
    m:add { name = name, type = kind, default = default, indexed = indexed }
    return function(t)
        return t:evolve(function(c)
            c:add { name = name, dataType = kind, defaultValue = default, indexed = indexed }
        end)
    end, ("add %s %s %s"):format(name, kind, default)
end

local function some_column(m)
    local columns = m:columns()
    return #columns > 0 and pick(columns)
end

function steps_of.remove(m)
    local column = some_column(m)
    if not column then return end
    m:remove(column.name)
    return function(t) return t:evolve(function(c) c:remove(column.name) end) end, "remove " .. column.name
end

function steps_of.rename(m)
    local column, to = some_column(m), free_name(m)
    if not column or not to then return end
    m:set(column.name, { name = to })
    return function(t) return t:evolve(function(c) c:rename(column.name, to) end) end,
        ("rename %s %s"):format(column.name, to)
end

function steps_of.retype(m)
    local column, to = some_column(m), pick(types)
    if not column or column.type == to then return end
    m:retype(column.name, to)
    return function(t)
        return t:evolve(function(c)
            c:modify(column.name, { dataType = to, unset = column.default ~= nil and { "defaultValue" } or nil })
        end, { on_invalid = "null" })
    end, ("retype %s %s → %s"):format(column.name, column.type, to)
end

function steps_of.modify(m)
    local column = some_column(m)
    if not column then return end
    local default, indexed = value_of(column.type), random() < 0.5
    m:set(column.name, { default = default, indexed = indexed })
    return function(t)
        return t:evolve(function(c) c:modify(column.name, { defaultValue = default, indexed = indexed }) end)
    end, "modify " .. column.name
end

function steps_of.rollback(m)
    local version = random(m.version)
    m:rollback(version)
    return function(t) return t:rollback(version, { on_invalid = "null" }) end, "rollback " .. version
end

local weights <const> = {
    { "insert", 8 }, { "update", 6 }, { "delete", 2 }, { "restore", 1 }, { "add", 2 }, { "remove", 1 },
    { "rename", 1 }, { "retype", 2 }, { "modify", 1 }, { "rollback", 2 },
}

local function next_step()
    local total = 0
    for _, weight in ipairs(weights) do total = total + weight[2] end
    local dice = random(total)
    for _, weight in ipairs(weights) do
        dice = dice - weight[2]
        if dice <= 0 then return steps_of[weight[1]] end
    end
end

-- The rows of a table or a view, as the model tells them.
local function rows_of(t, m, version, filter)
    local list = {}
    for i, row in ipairs(assert(t:find { filter = filter })) do
        local plain = { id = row.id }
        for _, column in ipairs(m:columns(version)) do plain[column.name] = row[column.name] end
        list[i] = plain
    end
    table.sort(list, function(a, b) return a.id < b.id end)
    return list
end

-- A filter, and the same as a function.
local function some_filter(columns)
    local column = pick(columns)
    local name, value = column.name, value_of(column.type)
    if random() < 0.2 then return { [name] = { isNull = true } }, function(row) return row[name] == nil end end
    if random() < 0.5 then return { [name] = { eq = value } }, function(row) return row[name] == value end end
    return { [name] = { gte = value } }, function(row) return row[name] ~= nil and row[name] >= value end
end

describe("every engine in lockstep with a model", function()
    local databases, tables = {}, {}
    before_each(function()
        databases, tables = {}, {}
        for i, engine in ipairs(engines.list) do
            databases[i] = engine.open()
            tables[i] = assert(databases[i]:create_table("t", { columns = {} }))
        end
    end)
    after_each(function() for _, db in ipairs(databases) do db:close() end end)

    local function compare(m, what)
        for i, t in ipairs(tables) do
            local where = ("%s, after %s"):format(engines.list[i].name, what)
            assert.equal(m.version, t.version, where)
            assert.same(m:rows(), rows_of(t, m), where)
            if #m:columns() > 0 then
                local filter, predicate = some_filter(m:columns())
                assert.same(m:rows(nil, predicate), rows_of(t, m, nil, filter), where)
            end
        end
    end

    local function compare_versions(m)
        for i, t in ipairs(tables) do
            for version = 1, m.version do
                local where = ("%s at version %d of %d"):format(engines.list[i].name, version, m.version)
                local view = assert(t:at(version))
                assert.same(m:rows(version), rows_of(view, m, version), where)
                if #m:columns(version) > 0 then
                    local filter, predicate = some_filter(m:columns(version))
                    assert.same(m:rows(version, predicate), rows_of(view, m, version, filter), where)
                end
            end
            assert.equal(m.version, #assert(t:history()))
        end
    end

    it("reads the same after each of many random steps, and at every version", function()
        engines.seed "lockstep"
        local m, trail = model.new(), {}
        for step = 1, steps do
            local call, what
            repeat call, what = next_step()(m) until call
            trail[#trail + 1] = what
            for i, t in ipairs(tables) do
                local ok, err = call(t)
                if not ok then
                    error(("%s: %s: %s\n%s"):format(engines.list[i].name, what, tostring(err), table.concat(trail,
                        "\n")))
                end
            end
            local good, why = pcall(compare, m, what)
            if not good then error(tostring(why.message or why) .. "\n" .. table.concat(trail, "\n"), 0) end
            if step % 50 == 0 and tables[1]:at(1) then compare_versions(m) end
        end
    end)
end)
