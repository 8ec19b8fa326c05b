--- A table as a plain Lua model: documents under field keys, and the definitions of every version. It knows nothing of
-- SQL, indexes or transactions, and says what a table must read like after any sequence of changes.
--
-- Columns have the types string, text and integer; a column is { name, key, type, default, initial, indexed, origin }.

local model = {}
model.__index = model

local none <const> = setmetatable({}, { __tostring = function() return "none" end })

function model.new()
    -- `made`: key → { type, source }, for every key that ever was
    return setmetatable({ records = {}, versions = { {} }, version = 1, used = {}, made = {}, serial = 0 }, model)
end

local function copy(column)
    local c = {}
    for key, value in pairs(column) do c[key] = value end
    return c
end

local function copies(columns)
    local list = {}
    for i, column in ipairs(columns) do list[i] = copy(column) end
    return list
end

--- The columns of a version (the current one unless said).
function model:columns(version) return self.versions[version or self.version] end

local function find(columns, field, value)
    for i, column in ipairs(columns) do
        if column[field] == value then return column, i end
    end
end
model.find = find

---------------------------------------------------------------- values

--- What a value of one type is in another; nil when it has no counterpart.
function model.convert(from, to, value)
    if value == nil or from == to then return value end
    if to == "integer" then return value:match "^%-?%d+$" and math.tointeger(value) end
    return tostring(value)
end

local function read(record, column)
    local value = record.keys[column.key]
    if value == nil then return column.initial end
    if value ~= none then return value end
end

local function write(record, column, value)
    if value == nil then value = column.initial ~= nil and none or nil end
    record.keys[column.key] = value
end

--- A record as it reads under a version.
function model:row(record, version)
    local row = { id = record.id }
    for _, column in ipairs(self:columns(version)) do row[column.name] = read(record, column) end
    return row
end

--- The rows of live records that a predicate selects, by id.
function model:rows(version, predicate)
    local list = {}
    for _, record in pairs(self.records) do
        local row = not record.deleted and self:row(record, version)
        if row and (not predicate or predicate(row)) then list[#list + 1] = row end
    end
    table.sort(list, function(a, b) return a.id < b.id end)
    return list
end

---------------------------------------------------------------- records

--- `given`: column name → value, or `null` (a value of the caller's) for none.
function model:insert(id, given, null)
    local record = { id = id, keys = {}, written = self.version }
    for _, column in ipairs(self:columns()) do
        local value = given[column.name]
        if value == nil then value = column.default elseif value == null then value = nil end
        write(record, column, value)
    end
    self.records[id] = record
end

function model:update(id, given, null)
    local record = self.records[id]
    for _, column in ipairs(self:columns()) do
        local value = given[column.name]
        if value ~= nil then write(record, column, value ~= null and value or nil) end
    end
    record.written = self.version
end

---------------------------------------------------------------- definitions

local function serialize(columns)
    local words = {}
    for _, c in ipairs(columns) do
        words[#words + 1] = ("%s=%s:%s:%s:%s:%s"):format(c.name, c.key, c.type, c.default, c.initial, c.indexed)
    end
    return table.concat(words, ";")
end

-- Takes the columns up as a new version, unless they are what they were.
function model:become(columns)
    if serialize(columns) == serialize(self:columns()) then return false end
    self.version = self.version + 1
    self.versions[self.version] = columns
    return true
end

local function fresh_key(self, name)
    local key, n = name, 1
    while self.used[key] do
        n = n + 1
        key = name .. "_" .. n
    end
    self.used[key] = true
    return key
end

function model:add(column)
    local columns, new = copies(self:columns()), copy(column)
    new.key = fresh_key(self, new.name)
    new.origin = new.key
    self.made[new.key] = { type = new.type }
    if next(self.records) then new.initial = new.default end
    columns[#columns + 1] = new
    self:become(columns)
end

function model:remove(name)
    local columns = copies(self:columns())
    local _, at = find(columns, "name", name)
    table.remove(columns, at)
    self:become(columns)
end

--- Sets fields of a column that touch no record: its name, default or indexed.
function model:set(name, fields)
    local columns = copies(self:columns())
    local column = find(columns, "name", name)
    for key, value in pairs(fields) do
        if value == none then column[key] = nil else column[key] = value end
    end
    self:become(columns)
end
model.none = none

--- What does not convert has no value.
function model:retype(name, to)
    local columns = copies(self:columns())
    local column = find(columns, "name", name)
    local old = copy(column)
    column.type, column.key, column.default = to, fresh_key(self, name), nil
    column.initial = model.convert(old.type, to, old.initial)
    self.made[column.key] = { type = to, source = old.key }
    for _, record in pairs(self.records) do
        write(record, column, model.convert(old.type, to, read(record, old)))
    end
    self:become(columns)
end

-- The last version whose definition had the key.
local function last_with(self, key)
    local version = self.version
    while not find(self:columns(version), "key", key) do version = version - 1 end
    return version
end

-- The keys from one to another on the tree that retypes have made, both included.
local function way(self, from, to)
    local up, at = {}, {}
    local key = from
    while key do
        up[#up + 1] = key
        at[key] = #up
        key = self.made[key].source
    end
    local down = {}
    key = to
    while not at[key] do
        table.insert(down, 1, key)
        key = self.made[key].source
    end
    local keys = table.move(up, 1, at[key], 1, {})
    return table.move(down, 1, #down, #keys + 1, keys)
end

-- What a value under one key becomes on its way to another.
local function follow(self, keys, value)
    for i = 2, #keys do value = model.convert(self.made[keys[i - 1]].type, self.made[keys[i]].type, value) end
    return value
end

-- What a value of today becomes: straight up to the key that both were made from, and from there as retypes have gone;
-- or straight, where that leads nowhere. `keys`: from the returning one.
local function bring_back(self, keys, value)
    local function kind(i) return self.made[keys[i]].type end
    local meet = 1
    while meet < #keys and self.made[keys[meet]].source == keys[meet + 1] do meet = meet + 1 end
    if meet > 1 then
        local there = model.convert(kind(#keys), kind(meet), value)
        for i = meet - 1, 1, -1 do there = model.convert(kind(i + 1), kind(i), there) end
        if there ~= nil then return there end
    end
    return model.convert(kind(#keys), kind(1), value)
end

--- Values of a column that was retyped since go back with it: those of records that were not written since the key was
-- left, and those that are today what the old value became.
function model:rollback(version)
    local now, back = self:columns(), copies(self:columns(version))
    for _, column in ipairs(back) do
        local old = find(now, "origin", column.origin)
        if old and old.key ~= column.key and not find(now, "key", column.key) then
            local last, keys = last_with(self, column.key), way(self, column.key, old.key)
            for _, record in pairs(self.records) do
                local value, stored = read(record, old), read(record, column)
                if record.written > last and follow(self, keys, stored) ~= value then
                    write(record, column, bring_back(self, keys, value))
                end
            end
        end
    end
    self:become(back)
end

return model
