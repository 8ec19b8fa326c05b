--- Documents that are almost right: a good one in which a few places are changed at random.

local flexdb = require "flexdb"

local mutations = {}

local random = math.random

local function pick(list) return list[random(#list)] end

local array_mark = getmetatable(flexdb.array {})

--- A copy, marks of arrays included.
function mutations.copy(value)
    if type(value) ~= "table" or value == flexdb.null then return value end
    local out = setmetatable({}, getmetatable(value))
    for key, each in next, value do out[key] = mutations.copy(each) end
    return out
end

local strange <const> = {
    flexdb.null, true, false, 0, -1, 7, 1.5, 1e308, math.maxinteger, math.mininteger, "", "x", "7", "$.x", "{{$.x}}",
    "$.", "{{", "success", "error", "success?", "logic...", "2024-02-29", "\0", "\xff", "é", ("x"):rep(300),
}

-- Every table of the document, and every name in it.
local function survey(value, tables, names)
    tables[#tables + 1] = value
    for key, each in next, value do
        if type(key) == "string" then names[#names + 1] = key end
        if type(each) == "table" and each ~= flexdb.null then survey(each, tables, names) end
    end
end

-- The keys of a table in an order that a seed repeats.
local function keys_of(t)
    local keys = {}
    for key in next, t do keys[#keys + 1] = key end
    table.sort(keys, function(a, b)
        if type(a) ~= type(b) then return type(a) == "number" end
        return a < b
    end)
    return keys
end

local function any_value(tables)
    if random(2) == 1 then return pick(strange) end
    local from = pick(tables)
    local keys = keys_of(from)
    return #keys > 0 and mutations.copy(from[pick(keys)]) or mutations.copy(from)
end

-- One place: another value, none, another name, one more.
local function change(document)
    local tables, names = {}, {}
    survey(document, tables, names)
    table.sort(names)
    local at = pick(tables)
    local keys, value = keys_of(at), any_value(tables)
    local is_array = getmetatable(at) == array_mark or #at > 0
    local how = random(4)
    if how == 1 and #keys > 0 then
        at[pick(keys)] = value
    elseif how == 2 and #keys > 0 then
        if is_array then table.remove(at, random(#at)) else at[pick(keys)] = nil end
    elseif is_array then
        table.insert(at, random(#at + 1), value)
    elseif how == 3 and #keys > 0 and #names > 0 then
        local key = pick(keys)
        local held = at[key]
        at[key] = nil
        at[pick(names)] = held
    else
        at[#names > 0 and pick(names) or "x"] = value
    end
end

--- A copy of the document with one place changed, or several, at most so many.
function mutations.of(document, most)
    local out = mutations.copy(document)
    for _ = 1, random(most) do change(out) end
    return out
end

--- The JSON documents of a page's code blocks: an array.
function mutations.documents_of(path)
    local out = {}
    local file <close> = assert(io.open(path))
    for block in file:read "a":gmatch "\n```json[^\n]*\n(.-)\n```" do
        out[#out + 1] = assert(flexdb.json.decode(block))
    end
    return out
end

return mutations
