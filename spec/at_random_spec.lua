-- Reading as of a version, after random evolutions and writes: against a model of the documents, on every engine.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"

local null = flexdb.null

local NONE = {} -- a key at null

local kinds = {
    integer = function() return math.random(-3, 3) end,
    string = function(c)
        local texts = { "", "a", "B", "ab", "ä", "a%", "%", "a ", ("s"):rep(40), ("s"):rep(1030) .. math.random(3) }
        local most = c.validation and c.validation.maxLength or 255
        local text
        repeat text = texts[math.random(#texts)] until utf8.len(text) <= most
        return text
    end,
    text = function()
        local texts = { "", "a", "b", "long " .. ("t"):rep(1100) .. math.random(3) }
        return texts[math.random(#texts)]
    end,
    decimal = function(c)
        local text = ("%d.%s"):format(math.random(0, 12), ({ "00", "50", "25" })[math.random(3)])
        if (c.validation.precision or 18) == 18 and math.random(4) == 1 then text = "12345678901234" .. text end
        return math.random(3) == 1 and text ~= "0.00" and "-" .. text or text
    end,
    boolean = function() return math.random(2) == 1 end,
    date = function() return ("2024-02-0%d"):format(math.random(4)) end,
    datetime = function() return ("2024-05-01T10:00:0%d.000000Z"):format(math.random(4)) end,
    json = function() return ({ { 1, 2 }, "text", 7, false, { a = "b" } })[math.random(5)] end,
}
local kind_names = { "boolean", "date", "datetime", "decimal", "integer", "json", "string", "text" }

-- Exact decimals as texts that sort as they do.
local function decimal_key(text)
    local sign, whole, fraction = text:match "^(%-?)(%d+)%.?(%d*)$"
    local digits = ("0"):rep(40 - #whole) .. whole .. fraction .. ("0"):rep(10 - #fraction)
    if sign == "" then return "1" .. digits end
    return "0" .. digits:gsub("%d", function(d) return tostring(9 - d) end)
end

local function sort_key(c, value)
    if c.dataType == "decimal" then return decimal_key(value) end
    if c.dataType == "boolean" then return value and 1 or 0 end
    return value
end

local function user_columns(t)
    local out = {}
    for _, c in ipairs(assert(t:schema()).columns) do
        if not c.system then out[#out + 1] = c end
    end
    return out
end

local function copy(value)
    if type(value) ~= "table" then return value end
    local out = {}
    for k, v in pairs(value) do out[k] = copy(v) end
    return out
end

-- A table with its documents as they must be stored: key → value, NONE for null.
local World = {}
World.__index = World

function World.new(engine, db, name)
    local self = setmetatable({ docs = {}, ids = {}, deleted = {}, written = {}, writes = 0, serial = 0, versions = {},
        names = {}, digits = {} }, World)
    self.t = assert(db:create_table(name, { columns = {
        { name = "i", dataType = "integer", indexed = true }, { name = "s", dataType = "string", unique = true },
        { name = "d", dataType = "decimal", filterable = true, validation = { precision = 12, scale = 2 } },
    } }))
    self.other = assert(engine.open { application = db.application })
    self.there = assert(self.other:table(name))
    self:look()
    return self
end

-- Remembers the version that is current: its definition, what a plain find shows, a view opened elsewhere.
function World:look()
    local version = self.t.version
    local seen = self.versions[version] or { columns = user_columns(self.t), view = assert(self.there:at(version)) }
    seen.rows, seen.writes = {}, self.writes
    for row in assert(self.t:each { includeDeleted = true }) do seen.rows[row.id] = row end
    self.versions[version] = seen
    self.columns = seen.columns
    for _, c in ipairs(self.columns) do
        if c.dataType == "decimal" then
            self.digits[c.key] = math.max(self.digits[c.key] or 0, c.validation.precision)
        end
    end
end

function World:name()
    self.serial = self.serial + 1
    -- now and then one that was used before
    local used = self.names[math.random(#self.names + 1)]
    for _, c in ipairs(self.columns) do if c.name == used then used = nil end end
    local name = used and math.random(3) == 1 and used or "c" .. self.serial
    self.names[#self.names + 1] = name
    return name
end

-- Passes what a call gives on: nil where records stand against it, which happens here.
local function tolerated(value, err)
    if value == nil and err.code ~= "duplicate" and err.code ~= "invalid_record" then error(tostring(err), 2) end
    return value
end

function World:record()
    local record, given = {}, {}
    for _, c in ipairs(self.columns) do
        local roll = math.random(10)
        if roll > 3 then
            record[c.name] = kinds[c.dataType](c)
            given[c] = true
        elseif roll == 1 and not c.required then
            record[c.name] = null
            given[c] = true
        end
    end
    return record, given
end

-- What the record's document holds now under the keys of these columns.
function World:note(row, columns)
    local doc = self.docs[row.id]
    for _, c in ipairs(columns) do
        local value = row[c.name]
        if value == nil and c.initialDefault ~= nil then value = NONE end
        doc[c.key] = copy(value)
        if value == NONE then doc[c.key] = NONE end
    end
    self.writes = self.writes + 1
    self.written[row.id] = self.writes
end

function World:write()
    local roll, id = math.random(10), self.ids[math.random(math.max(1, #self.ids))]
    if roll <= 5 or not id then
        local row = tolerated(self.t:insert((self:record())))
        if not row then return end
        self.ids[#self.ids + 1] = row.id
        self.docs[row.id] = {}
        self:note(row, self.columns)
    elseif roll <= 8 then
        if self.deleted[id] then return end
        local record, given = self:record()
        local row = tolerated(self.t:update(id, record))
        if not row then return end
        local set = {}
        for c in pairs(given) do set[#set + 1] = c end
        self:note(row, set)
    elseif roll == 9 then
        if not self.deleted[id] and tolerated(self.t:delete(id)) then self.deleted[id] = true end
    elseif self.deleted[id] and tolerated(self.t:restore(id)) then
        self.deleted[id] = nil
    end
end

local function flags(c)
    if c.dataType == "json" then return c end
    local roll = math.random(6)
    if roll == 1 then c.indexed = true end
    if roll == 2 then c.filterable = true end
    if roll == 3 and c.dataType ~= "boolean" and not c.defaultValue then c.unique = true end
    return c
end

function World:new_column()
    local c = { name = self:name(), dataType = kind_names[math.random(#kind_names)] }
    if c.dataType == "decimal" then c.validation = { precision = ({ 12, 18 })[math.random(2)], scale = 2 } end
    if c.dataType == "string" and math.random(2) == 1 then c.validation = { maxLength = 2000 } end
    if c.dataType ~= "json" and math.random(2) == 1 then c.defaultValue = kinds[c.dataType](c) end
    return flags(c)
end

local function looser(c)
    if c.dataType == "decimal" then return { validation = { precision = 18 } } end
    if c.dataType == "string" then
        local long = c.defaultValue and #c.defaultValue > 255
        return { validation = { maxLength = long and 2000 or ({ 255, 2000 })[math.random(2)] } }
    end
    if c.dataType ~= "json" then return { defaultValue = kinds[c.dataType](c) } end
    return { displayName = "J" }
end

-- Whether a rollback would have to fit what soft-deleted records hold into fewer digits.
function World:narrows(version)
    for _, c in ipairs(self.versions[version].columns) do
        if c.dataType == "decimal" and c.validation.precision < self.digits[c.key] then return true end
    end
    return false
end

-- What a conversion has written under the current keys: it is what the table itself shows.
function World:note_converted()
    for row in assert(self.t:each { includeDeleted = true }) do
        local expected, changed = self:expected(row, self.columns), {}
        for _, c in ipairs(self.columns) do
            local a, b = expected[c.name], row[c.name]
            if type(a) == "table" or type(b) == "table" then a, b = flexdb.json.encode(a), flexdb.json.encode(b) end
            if a ~= b then changed[#changed + 1] = c end
        end
        if #changed > 0 then self:note(row, changed) end
    end
    self:look()
end

-- Another type: a key of its own, under which the values are converted; what was there stays under the old one.
function World:retype(c)
    local new = self:new_column()
    local entry, err = self.t:evolve(function(b)
        b:modify(c.name, { dataType = new.dataType, validation = new.validation, unique = false, indexed = false,
            filterable = false, unset = c.defaultValue ~= nil and { "defaultValue" } or nil })
    end, { on_invalid = math.random(2) == 1 and "null" or nil })
    if entry then
        self:look()
        self:note_converted()
    elseif err.code ~= "invalid_schema" then -- not every type can become every other
        tolerated(nil, err)
    end
end

-- One evolution, which may be refused for the records' sake.
function World:evolve()
    local columns = self.columns
    local c = columns[math.random(math.max(1, #columns))]
    local roll = math.random(9)
    local change
    if roll <= 2 or not c then
        local new = self:new_column()
        change = function(b) b:add(new) end
    elseif roll == 3 then
        change = function(b) b:remove(c.name) end
    elseif roll == 4 then
        local to = self:name()
        change = function(b) b:rename(c.name, to) end
    elseif roll == 5 then
        change = function(b) b:modify(c.name, looser(c)) end
    elseif roll == 6 then
        local on = c.indexed or c.unique or c.filterable
        change = function(b)
            b:modify(c.name, on and { indexed = false, unique = false, filterable = false } or flags { dataType =
                c.dataType })
        end
    elseif roll == 7 then
        change = function(b) b:move(c.name, { first = true }) end
    elseif roll == 8 then
        self:retype(c)
        return
    else
        local to = math.random(self.t.version)
        if not self:narrows(to) and tolerated(self.t:rollback(to, { on_invalid = "null" })) then
            self:look()
            self:note_converted()
        end
        return
    end
    local ignore = c and c.dataType == "string" and math.random(2) == 1
    if tolerated(self.t:evolve(change, ignore and { on_invalid = "ignore" } or nil)) then self:look() end
end

-- What the record must show under these columns: the system fields are those of now.
function World:expected(row, columns)
    local out = { id = row.id, created_at = row.created_at, updated_at = row.updated_at, deleted_at = row.deleted_at,
        _version = row._version }
    for _, c in ipairs(columns) do
        local value = self.docs[row.id][c.key]
        if value == nil then value = c.initialDefault end
        if value ~= NONE then out[c.name] = value end
    end
    return out
end

local function values(row, columns)
    local out = {}
    for _, c in ipairs(columns) do out[c.name] = row[c.name] end
    return out
end

local function ids_of(rows)
    local out = {}
    for i, row in ipairs(rows) do out[i] = row.id end
    return out
end

-- A random condition on a column, and a function that says the same of a value.
local function condition(c)
    local function key(value) return sort_key(c, value) end
    if math.random(6) == 1 or c.dataType == "json" then
        local wanted = math.random(2) == 1
        return { isNull = wanted }, function(value) return (value == nil) == wanted end
    end
    local a, b = kinds[c.dataType](c), kinds[c.dataType](c)
    if key(b) < key(a) then a, b = b, a end
    local tests = {
        eq = function(v) return key(v) == key(a) end, ne = function(v) return key(v) ~= key(a) end,
        gt = function(v) return key(v) > key(a) end, gte = function(v) return key(v) >= key(a) end,
        lt = function(v) return key(v) < key(a) end, lte = function(v) return key(v) <= key(a) end,
        ["in"] = function(v) return key(v) == key(a) or key(v) == key(b) end,
        notIn = function(v) return key(v) ~= key(a) and key(v) ~= key(b) end,
        between = function(v) return key(v) >= key(a) and key(v) <= key(b) end,
        startsWith = function(v) return v:sub(1, #a) == a end,
        endsWith = function(v) return a == "" or v:sub(-#a) == a end,
        contains = function(v) return v:find(a, 1, true) ~= nil end,
    }
    local names = { "eq", "ne", "in", "notIn" }
    if c.dataType ~= "boolean" then
        for _, name in ipairs { "gt", "gte", "lt", "lte", "between" } do names[#names + 1] = name end
    end
    if c.dataType == "string" or c.dataType == "text" then
        for _, name in ipairs { "startsWith", "endsWith", "contains" } do names[#names + 1] = name end
    end
    local name = names[math.random(#names)]
    local operand = a
    if name == "in" or name == "notIn" or name == "between" then operand = { a, b } end
    return { [name] = operand }, function(value) return value ~= nil and tests[name](value) end
end

local function check_filters(view, columns, rows, include, say)
    if #columns == 0 then return end
    for _ = 1, 6 do
        local c, d = columns[math.random(#columns)], columns[math.random(#columns)]
        local one, is_one = condition(c)
        local two, is_two = condition(d)
        local filter, test = { [c.name] = one }, function(row) return is_one(row[c.name]) end
        local roll = math.random(3)
        if roll == 1 then
            filter = { OR = { filter, { [d.name] = two } } }
            test = function(row) return is_one(row[c.name]) or is_two(row[d.name]) end
        elseif roll == 2 then
            filter = { NOT = filter }
            test = function(row) return not is_one(row[c.name]) end
        end
        local expected = {}
        for _, row in ipairs(rows) do if test(row) then expected[#expected + 1] = row.id end end
        local text = say .. " " .. flexdb.json.encode(filter)
        assert.same(expected, ids_of(assert(view:find { filter = filter, includeDeleted = include })), text)
        assert.equal(#expected, assert(view:count { filter = filter, includeDeleted = include }), text)
    end
end

local function check_order(view, columns, rows, include, say)
    local c = columns[math.random(math.max(1, #columns))]
    if not c or c.dataType == "json" then return end
    local down = math.random(2) == 1
    local places, sorted = {}, {}
    for i, row in ipairs(rows) do places[row], sorted[i] = i, row end
    table.sort(sorted, function(x, y)
        local a, b = x[c.name], y[c.name]
        if a ~= nil then a = sort_key(c, a) end
        if b ~= nil then b = sort_key(c, b) end
        if a == b then return places[x] < places[y] end
        if down then a, b = b, a end
        if a == nil or b == nil then return a == nil end
        return a < b
    end)
    local order = { (down and "-" or "") .. c.name }
    local paged, after = {}, nil
    repeat
        local page = assert(view:find { orderBy = order, limit = 4, after = after, includeDeleted = include,
            select = { c.name } })
        for _, row in ipairs(page) do paged[#paged + 1] = row.id end
        after = page.next
    until not after
    assert.same(ids_of(sorted), paged, say .. " order " .. order[1])
    if sorted[1] then
        assert.equal(sorted[1].id, assert(view:first { orderBy = order, includeDeleted = include }).id, say)
    end
end

function World:check()
    local now = {}
    for row in assert(self.t:each { includeDeleted = true }) do now[row.id] = row end
    for version, seen in pairs(self.versions) do
        local say = "version " .. version
        for _, view in ipairs { assert(self.t:at(version)), seen.view } do
            local include = math.random(2) == 1
            local rows, live = assert(view:find { includeDeleted = true }), {}
            assert.equal(#self.ids, #rows)
            for i, row in ipairs(rows) do
                assert.equal(self.ids[i], row.id)
                -- what was last written under the version's keys
                assert.same(self:expected(now[row.id], seen.columns), row, say)
                -- and what it showed then, unless it was written since
                local was = seen.rows[row.id]
                if was and self.written[row.id] <= seen.writes then
                    assert.same(values(was, seen.columns), values(row, seen.columns), say)
                end
                if not row.deleted_at then live[#live + 1] = row end
                local got = view:get(row.id)
                if row.deleted_at then assert.is_nil(got) else assert.same(row, got, say) end
            end
            assert.same(live, assert(view:find()), say)
            assert.same(live, assert(view:get_many(self.ids)), say)
            if include then live = rows end
            check_filters(view, seen.columns, live, include, say)
            check_order(view, seen.columns, live, include, say)
        end
    end
end

engines.each(function(engine)
    it("every version reads as what was last written under its keys, whatever has happened since", function()
        local db <close> = engine.open()
        engines.seed("reading as of a version on " .. engine.name)
        local rounds, steps = pace.rounds(engine.server and 3 or 15, 3), 40
        for round = 1, rounds do
            local world = World.new(engine, db, "w" .. round)
            for step = 1, steps do
                local good, why = pcall(math.random(3) == 1 and world.evolve or world.write, world)
                assert.is_true(good, ("round %d step %d: %s"):format(round, step, why))
            end
            world:check()
            world.other:close()
        end
    end)
end)
