--- The state of a run: a plain table that can be JSON, read and written by paths.
-- Needs flexdb.core (array, null, json, error).
--
-- A path is an array of names as references.path makes it, with `index`: the same as numbers where they are digits.
-- Tables are read raw. What is set is copied, so that no two places of a state are the same table.

local core = require "flexdb.core"

local state = {}

local array_mark = getmetatable(core.array {})
local error_mark = getmetatable(core.error("internal", ""))

local MAX_DEPTH <const> = 200
local MAX_VALUES <const> = 1000000 -- in what is set at once

--- Whether a value is a JSON array; an empty table without a mark counts as one too.
function state.is_array(value)
    if type(value) ~= "table" then return false end
    return getmetatable(value) == array_mark or rawlen(value) > 0 or next(value) == nil
end

--- Whether a value is one of FlexDB's error objects.
function state.is_error(value) return type(value) == "table" and getmetatable(value) == error_mark end

--- What a value is called in a message.
function state.kind(value)
    if value == nil then return "nothing" end
    if value == core.null then return "null" end
    local kind = type(value)
    if kind == "table" then
        return (getmetatable(value) == array_mark or rawlen(value) > 0) and "an array" or "an object"
    end
    return kind == "string" and "a text" or "a " .. kind
end

-- What stands under a name that is no key of a value: an element of an array, or how long it is.
local function element(value, name, index)
    local kind = type(value)
    if kind == "table" then
        if index then return rawget(value, index + 1) end
        if name == "length" and state.is_array(value) then return rawlen(value) end
    elseif kind == "string" and name == "length" then
        return utf8.len(value) or #value
    end
end

--- The value at a path, or nil.
function state.get(from, path)
    local value = from
    for i = 1, #path do
        local found
        if type(value) == "table" then found = rawget(value, path[i]) end
        if found == nil then found = element(value, path[i], path.index[i]) end
        if found == nil then return nil end
        value = found
    end
    return value
end

--- A path as it is written in a document; `count` of its names unless all of them.
function state.path_text(path, count)
    local parts = {}
    for i = 1, count or #path do
        local name = path[i]
        if name:find "^[%a_][%w_]*$" or path.index[i] then
            parts[i] = i > 1 and "." .. name or name
        else
            local quote = name:find("'", 1, true) and '"' or "'"
            parts[i] = ("[%s%s%s]"):format(quote, name, quote)
        end
    end
    return "$." .. table.concat(parts)
end
local text_of = state.path_text

-- `path`: what the value is called, nil, or the path where it is to stand.
local function refuse(path, code, message)
    local name = type(path) == "table" and text_of(path) or path or "a value"
    error(core.error(code, ("%s: %s"):format(name, message)), 0)
end

-- Types whose values need no copy.
local plain = { string = true, number = true, boolean = true, ["nil"] = true }

local function copy(value, depth, path, count)
    local kind = type(value)
    if kind == "table" then
        if depth > MAX_DEPTH then refuse(path, "limit", ("nests deeper than %d levels"):format(MAX_DEPTH)) end
        local mark = getmetatable(value)
        local out = {}
        for key, inner in next, value do
            count[1] = count[1] + 1
            if count[1] > MAX_VALUES then refuse(path, "limit", ("has more than %d values"):format(MAX_VALUES)) end
            out[key] = plain[type(inner)] and inner or copy(inner, depth + 1, path, count)
        end
        return (mark == array_mark or mark == error_mark) and setmetatable(out, mark) or out
    end
    if kind == "function" or kind == "thread" or kind == "userdata" and value ~= core.null then
        refuse(path, "invalid_document", ("a %s cannot be JSON"):format(kind))
    end
    return value
end

--- A copy of a value, all the way down; raises an error object when it cannot be one. `path` names it there: a text, or
-- where it is to stand.
function state.copy(value, path)
    if plain[type(value)] then return value end
    return copy(value, 1, path, { 0 })
end

-- The key under which a path's name stands in a table that is there; nil and why.
local function key_of(holder, path, i)
    local name, index = path[i], path.index[i]
    if rawget(holder, name) ~= nil or not state.is_array(holder) then return name end
    local length = rawlen(holder)
    if length == 0 and getmetatable(holder) ~= array_mark then return name end
    if not index then
        return nil, ("%s is an array, it has no %q"):format(text_of(path, i - 1), name)
    elseif index > length then
        return nil, ("%s has %d elements, there is no place %d"):format(text_of(path, i - 1), length, index)
    end
    return index + 1
end

-- Takes an element out of an array, so that no hole is left: null stands for it.
local function store(holder, key, value)
    if value == nil and math.type(key) == "integer" then value = core.null end
    rawset(holder, key, value)
end

--- Sets the value at a path, making objects on the way; nil removes it. true, or nil and why not as a text.
function state.set(into, path, value)
    local holder, last = into, #path
    for i = 1, last - 1 do
        local key, why = key_of(holder, path, i)
        if not key then return nil, why end
        local inner = rawget(holder, key)
        if inner == nil or inner == core.null then
            if value == nil then return true end
            inner = {}
            rawset(holder, key, inner)
        elseif type(inner) ~= "table" then
            return nil, ("%s is %s, not an object"):format(text_of(path, i), state.kind(inner))
        end
        holder = inner
    end
    local key, why = key_of(holder, path, last)
    if not key then return nil, why end
    store(holder, key, state.copy(value, path))
    return true
end

local put

local function put_object(value, out)
    local names = {}
    for name in next, value do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do
        out[#out + 1] = (i > 1 and "," or "{") .. core.json.encode(name) .. ":"
        put(rawget(value, name), out)
    end
    out[#out + 1] = "}"
end

put = function(value, out)
    if type(value) ~= "table" or next(value) == nil then
        out[#out + 1] = core.json.encode(value)
    elseif rawlen(value) == 0 then
        put_object(value, out)
    else
        for i = 1, rawlen(value) do
            out[#out + 1] = i > 1 and "," or "["
            put(rawget(value, i), out)
        end
        out[#out + 1] = "]"
    end
end

--- A value as JSON, the names of its objects in order: the same text in every run. nil and the error of one that cannot
-- be JSON.
function state.json(value)
    local text, err = core.json.encode(value)
    if not text or type(value) ~= "table" then return text, err end
    local out = {}
    put(value, out)
    return table.concat(out)
end

--- Whether a state can be written as JSON: true, or nil and an error that says where it cannot.
function state.check(value)
    local text, err = core.json.encode(value)
    if text then return true end
    return nil, core.error("invalid_document", "the state cannot be JSON: " .. err.message)
end

return state
