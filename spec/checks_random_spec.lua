-- Computed columns and checks under random writes and evolutions: against an evaluator of their own, on every engine.
--
-- An expression is kept as a tree whose leaves name columns by what they are, not by what they are called; it is
-- written out with the names of the moment. Rollbacks bring back trees and names of their version.

local engines = require "spec.support.engines"
local pace = require "spec.support.pace"


local ABSENT = setmetatable({}, { __tostring = function() return "absent" end })
local FAULT = {}

-- ---- trees ----

-- The texts of trees; `names` by the identities of columns.
local function text_of(tree, names)
    if tree.column then return names[tree.column] end
    if tree.literal ~= nil then
        return type(tree.literal) == "string" and ("%q"):format(tree.literal) or tostring(tree.literal)
    end
    local parts = {}
    for i, operand in ipairs(tree) do parts[i] = text_of(operand, names) end
    if tree.call then return ("%s(%s)"):format(tree.call, table.concat(parts, ", ")) end
    if #parts == 1 then return ("(%s %s)"):format(tree.op, parts[1]) end
    return ("(%s %s %s)"):format(parts[1], tree.op, parts[2])
end

local function floor_divide(a, b) if b == 0 then error(FAULT, 0) end return a // b end
local function modulo(a, b) if b == 0 then error(FAULT, 0) end return a % b end

local binary = {
    ["+"] = function(a, b) return a + b end,
    ["-"] = function(a, b) return a - b end,
    ["*"] = function(a, b) return a * b end,
    ["//"] = floor_divide,
    ["%"] = modulo,
    ["<"] = function(a, b) return a < b end,
    [">="] = function(a, b) return a >= b end,
    ["=="] = function(a, b) return a == b end,
    ["~="] = function(a, b) return a ~= b end,
    [".."] = function(a, b) return a .. b end,
}

local evaluate

local function evaluate_logic(tree, record)
    local decides = tree.op == "or"
    local left = evaluate(tree[1], record)
    if left == decides then return left end
    local right = evaluate(tree[2], record)
    if right == decides or (left ~= ABSENT and right ~= ABSENT) then return right end
    return ABSENT
end

local function evaluate_call(tree, record)
    if tree.call == "coalesce" then
        for _, operand in ipairs(tree) do
            local value = evaluate(operand, record)
            if value ~= ABSENT then return value end
        end
        return ABSENT
    elseif tree.call == "choose" then
        local condition = evaluate(tree[1], record)
        if condition == ABSENT then return ABSENT end
        return evaluate(tree[condition and 2 or 3], record)
    end
    local value = evaluate(tree[1], record)
    if value == ABSENT then return ABSENT end
    return tree.call == "len" and #value or value:upper()
end

function evaluate(tree, record)
    if tree.column then return record(tree.column) end
    if tree.literal ~= nil then return tree.literal end
    if tree.call then return evaluate_call(tree, record) end
    if tree.op == "and" or tree.op == "or" then return evaluate_logic(tree, record) end
    local left = evaluate(tree[1], record)
    if tree.op == "not" then
        if left == ABSENT then return ABSENT end
        return not left
    end
    if tree[2].nothing then return (left == ABSENT) == (tree.op == "==") end
    local right = evaluate(tree[2], record)
    if left == ABSENT or right == ABSENT then return ABSENT end
    return binary[tree.op](left, right)
end

local NOTHING = setmetatable({ nothing = true }, { __index = function(_, key)
    if key == "literal" then return setmetatable({}, { __tostring = function() return "nil" end }) end
end })

local function pick(list) return list[math.random(#list)] end

-- A random tree of the type over the columns { id = type }.
local make
local makers = {
    integer = {
        function(depth, columns) return { op = pick { "+", "-", "*" }, make("integer", depth, columns),
            make("integer", depth, columns) } end,
        -- a constant that divides by zero would be refused with the definition
        function(depth, columns)
            local divisor = make("integer", 0, columns)
            if not divisor.column then divisor = { literal = math.random(1, 3) } end
            return { op = pick { "//", "%" }, make("integer", depth, columns), divisor }
        end,
        function(depth, columns) return { call = "coalesce", make("integer", depth, columns),
            make("integer", depth, columns) } end,
        function(depth, columns) return { call = "choose", make("boolean", depth, columns),
            make("integer", depth, columns), make("integer", depth, columns) } end,
        function(depth, columns) return { call = "len", make("text", depth, columns) } end,
    },
    text = {
        function(depth, columns) return { op = "..", make("text", depth, columns),
            make(pick { "text", "integer" }, depth, columns) } end,
        function(depth, columns) return { call = "upper", make("text", depth, columns) } end,
        function(depth, columns) return { call = "coalesce", make("text", depth, columns),
            make("text", depth, columns) } end,
    },
    boolean = {
        function(depth, columns) return { op = pick { "<", ">=", "==", "~=" }, make("integer", depth, columns),
            make("integer", depth, columns) } end,
        function(depth, columns) return { op = pick { "==", "~=" }, make(pick { "integer", "text" }, depth, columns),
            NOTHING } end,
        function(depth, columns) return { op = pick { "and", "or" }, make("boolean", depth, columns),
            make("boolean", depth, columns) } end,
        function(depth, columns) return { op = "not", make("boolean", depth, columns) } end,
    },
}

function make(type, depth, columns)
    if depth > 0 then return pick(makers[type])(depth - 1, columns) end
    local fitting = {}
    for id, of in pairs(columns) do
        if of == type then fitting[#fitting + 1] = id end
    end
    table.sort(fitting)
    if #fitting > 0 and math.random(4) > 1 then return { column = pick(fitting) } end
    if type == "text" then return { literal = pick { "", "a", "Bc" } } end
    if type == "integer" then return { literal = math.random(0, 4) } end
    return { op = "<", make("integer", 0, columns), make("integer", 0, columns) }
end

local function reads(tree, id)
    if tree.column == id then return true end
    for _, operand in ipairs(tree) do
        if reads(operand, id) then return true end
    end
    return false
end

-- ---- the model ----

-- A definition: columns { { id, name, type, tree, indexed } } in order, and checks { { name, tree } }.
local function copy(definition)
    local out = { columns = {}, checks = table.move(definition.checks, 1, #definition.checks, 1, {}) }
    for i, c in ipairs(definition.columns) do
        out.columns[i] = { id = c.id, name = c.name, type = c.type, tree = c.tree, indexed = c.indexed }
    end
    return out
end

local function names_of(definition)
    local names = {}
    for _, c in ipairs(definition.columns) do names[c.id] = c.name end
    return names
end

local function types_of(definition)
    local types = {}
    for _, c in ipairs(definition.columns) do types[c.id] = c.type end
    return types
end

-- The whole record of what was written into it, or nil where something cannot be computed.
local function compute(definition, written)
    local whole, trees = {}, {}
    for _, c in ipairs(definition.columns) do trees[c.id] = c.tree end
    local function value(id)
        if not trees[id] then return written[id] == nil and ABSENT or written[id] end
        if whole[id] == nil then whole[id] = evaluate(trees[id], value) end
        return whole[id]
    end
    local good, why = pcall(function()
        for _, c in ipairs(definition.columns) do value(c.id) end
    end)
    if not good then
        assert(why == FAULT, why)
        return nil
    end
    return value
end

local function keeps_checks(definition, whole)
    for _, c in ipairs(definition.checks) do
        local good, value = pcall(evaluate, c.tree, whole)
        if not good then assert(value == FAULT, value) end
        if not good or value == false then return false end
    end
    return true
end

local function column_document(c, names)
    return {
        name = c.name, dataType = c.type, indexed = c.indexed,
        validation = c.tree and { computed = text_of(c.tree, names) } or nil,
    }
end

local function check_documents(definition)
    local list, names = {}, names_of(definition)
    for i, c in ipairs(definition.checks) do list[i] = { name = c.name, expression = text_of(c.tree, names) } end
    return list
end

local last_id
local function new_computed(definition, type)
    last_id = last_id + 1
    return { id = "k" .. last_id, name = "k" .. last_id, type = type, indexed = type == "integer" and
        math.random(3) == 1, tree = make(type, math.random(1, 3), types_of(definition)) }
end

-- ---- changes: each makes the new definition from a copy, and gives the changes that lead there ----

local function computed_columns(definition)
    local list = {}
    for i, c in ipairs(definition.columns) do
        if c.tree then list[#list + 1] = i end
    end
    return list
end

local changes = {}

function changes.add(definition)
    if #definition.columns > 9 then return nil end
    local c = new_computed(definition, pick { "integer", "text" })
    table.insert(definition.columns, c)
    return { { op = "add_column", column = column_document(c, names_of(definition)) } }
end

function changes.alter(definition)
    local list = computed_columns(definition)
    if #list == 0 then return nil end
    local at = pick(list)
    local c, before = definition.columns[at], {}
    -- of what stands before it alone, so that there is no circle
    for i = 1, at - 1 do before[definition.columns[i].id] = definition.columns[i].type end
    c.tree = make(c.type, math.random(1, 3), before)
    return { { op = "modify_column", name = c.name,
        set = { validation = { computed = text_of(c.tree, names_of(definition)) } } } }
end

function changes.rename(definition)
    local c = pick(definition.columns)
    local from = c.name
    last_id = last_id + 1
    c.name = "n" .. last_id
    return { { op = "rename_column", name = from, to = c.name } }
end

function changes.swap(definition)
    local a, b = pick(definition.columns), pick(definition.columns)
    if a == b then return nil end
    a.name, b.name = b.name, a.name
    return {
        { op = "rename_column", name = b.name, to = "swapped" },
        { op = "rename_column", name = a.name, to = b.name },
        { op = "rename_column", name = "swapped", to = a.name },
    }
end

-- With what reads it.
function changes.remove(definition)
    local list = computed_columns(definition)
    if #list == 0 then return nil end
    local gone, out = { [definition.columns[pick(list)].id] = true }, {}
    for _, c in ipairs(definition.columns) do
        for id in pairs(gone) do
            if c.tree and reads(c.tree, id) then
                gone[c.id] = true
                break
            end
        end
    end
    for i = #definition.columns, 1, -1 do
        local c = definition.columns[i]
        if gone[c.id] then
            out[#out + 1] = { op = "remove_column", name = c.name }
            table.remove(definition.columns, i)
        end
    end
    for i = #definition.checks, 1, -1 do
        for id in pairs(gone) do
            if reads(definition.checks[i].tree, id) then
                table.remove(definition.checks, i)
                break
            end
        end
    end
    out[#out + 1] = { op = "modify_table", set = { checks = check_documents(definition) } }
    return out
end

function changes.checks(definition)
    definition.checks = {}
    for i = 1, math.random(0, 2) do
        definition.checks[i] = { name = "check" .. i, tree = make("boolean", math.random(1, 2), types_of(definition)) }
    end
    return { { op = "modify_table", set = { checks = check_documents(definition) } } }
end

local change_names = { "add", "alter", "checks", "remove", "rename", "swap" }

-- ---- the test ----

local function shown(value) return value == ABSENT and "nil" or tostring(value) end

engines.each(function(engine)
    describe("computed columns and checks", function()
        it("are what an evaluator of their own makes of them, after anything", function()
            engines.seed("expressions on " .. engine.name)
            last_id = 0
            local db = engine.open()
            local definition = { columns = {
                { id = "a", name = "a", type = "integer" }, { id = "b", name = "b", type = "integer", indexed = true },
                { id = "s", name = "s", type = "text" },
            }, checks = {} }
            local documents = {}
            for i, c in ipairs(definition.columns) do documents[i] = column_document(c, {}) end
            local t = assert(db:create_table("t", { columns = documents }))
            local versions, records, step = { copy(definition) }, {}, nil

            local function say(what) return ("step %d: %s"):format(step, what) end

            local function written()
                return { a = pick { false, 0, 1, 2, 3 } or nil, b = pick { false, 0, 1, 4 } or nil,
                    s = pick { false, "", "x", "yZ" } or nil }
            end

            local function document(values)
                local names, out = names_of(definition), {}
                for id, value in pairs(values) do out[names[id]] = value end
                return out
            end

            -- Whether the engine's answer is the model's: a record, or invalid_record.
            local function agree(what, good, row, err)
                if good then
                    assert.is_truthy(row, say(what .. ": " .. tostring(err)))
                else
                    assert.is_nil(row, say(what .. " should be refused"))
                    assert.equal("invalid_record", err.code, say(what .. ": " .. tostring(err)))
                end
            end

            local function insert()
                local values = written()
                local whole = compute(definition, values)
                local good = whole ~= nil and keeps_checks(definition, whole)
                local row, err = t:insert(document(values))
                agree("insert", good, row, err)
                if row then records[#records + 1] = { id = row.id, values = values } end
            end

            local function update()
                local record = pick(records)
                if not record or record.deleted then return end
                local values, given, names = {}, {}, names_of(definition)
                for id, value in pairs(record.values) do values[id] = value end
                for id, value in pairs(written()) do
                    if math.random(2) == 1 then values[id], given[names[id]] = value, value end
                end
                local whole = compute(definition, values)
                local row, err = t:update(record.id, given)
                agree("update", whole ~= nil and keeps_checks(definition, whole), row, err)
                if row then record.values = values end
            end

            local function delete()
                local record = pick(records)
                if not record or record.deleted then return end
                assert(t:delete(record.id))
                record.deleted = true
            end

            local function restore()
                local record = pick(records)
                if not record or not record.deleted then return end
                local good = keeps_checks(definition, compute(definition, record.values))
                agree("restore", good, t:restore(record.id))
                record.deleted = not good
            end

            -- Whether no record stands in the way: of computed columns not even a deleted one.
            local function fits(new)
                for _, record in ipairs(records) do
                    local whole = compute(new, record.values)
                    if not whole or (not record.deleted and not keeps_checks(new, whole)) then return false end
                end
                return true
            end

            local function settle(what, new, entry, err)
                if entry == nil and err.code == "invalid_schema" then
                    -- what is worked out at once when it is compiled
                    assert.truthy(err.message:find("division by zero", 1, true), say(what .. ": " .. tostring(err)))
                    return
                end
                agree(what, fits(new), entry, err)
                if entry then
                    definition = new
                    versions[entry.version] = copy(new)
                    assert.equal(entry.version, t.version)
                end
            end

            local function evolve()
                local name, new = pick(change_names), copy(definition)
                local list = changes[name](new)
                if list then settle(name, new, t:evolve(list)) end
            end

            local function rollback()
                local version = math.random(t.version)
                settle("rollback to " .. version, copy(versions[version]), t:rollback(version))
            end

            local function compare()
                for _, record in ipairs(records) do
                    local row = not record.deleted and t:get(record.id)
                    local whole = compute(definition, record.values)
                    for _, c in ipairs(row and definition.columns or {}) do
                        local want = whole(c.id)
                        if want == ABSENT then want = nil end
                        if row[c.name] ~= want then
                            local names = names_of(definition)
                            error(say(("%s = %s is %s, not %s, of record %s"):format(c.name,
                                c.tree and text_of(c.tree, names) or "written", shown(row[c.name]),
                                shown(want), record.id)), 0)
                        end
                    end
                end
                local c = pick(definition.columns)
                local record = pick(records)
                if not record then return end
                local value, expected = compute(definition, record.values)(c.id), 0
                for _, other in ipairs(records) do
                    local same = compute(definition, other.values)(c.id) == value
                    expected = expected + ((same and not other.deleted) and 1 or 0)
                end
                local filter = { [c.name] = value }
                if value == ABSENT then filter[c.name] = { isNull = true } end
                assert.equal(expected, t:count { filter = filter }, say("count of " .. c.name))
                for i, each in ipairs(t:schema().checks or {}) do
                    assert.equal(check_documents(definition)[i].expression, each.expression, say "a check")
                end
            end

            local writes = { insert, insert, insert, update, update, update, delete, restore }
            for i = 1, pace.rounds(engine.server and 150 or 500, 40) do
                step = i
                pick(writes)()
                if math.random(3) == 1 then evolve() end
                if math.random(12) == 1 then rollback() end
                if math.random(4) == 1 then compare() end
            end
            for version = 1, t.version do
                step = 1000 + version
                settle("rollback to " .. version, copy(versions[version]), t:rollback(version))
                compare()
            end
            db:close()
        end)
    end)
end)
