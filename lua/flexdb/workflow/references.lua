--- References (`$.path`) and templates (`… {{$.path}} …`) of a document: compiled once, resolved against a state.
-- Needs flexdb.core (error, json, null) and flexdb.workflow.amounts and state.
--
-- Only the document's own texts are looked at. What comes out of the state is a value and is never looked at again.

local core = require "flexdb.core"
local amounts = require "flexdb.workflow.amounts"
local state = require "flexdb.workflow.state"

local references = {}

local null = core.null
local array_mark = getmetatable(core.array {})

local MAX_DEPTH <const> = 100
local DOT <const>, BRACKET <const> = ("."):byte(), ("["):byte()
local MAX_TEXT <const> = 16 << 20

--- The bytes of a text that a workflow may make, by a template or by adding to it.
references.MAX_TEXT = MAX_TEXT

-- ---------------------------------------------------------------------------------------------------- paths

-- What a reference may be made of, as a message says it.
local GRAMMAR <const> = "names of letters, digits and _ with dots between them, and any other name as ['a name']"

-- The name that begins at this place, its number where it is digits, and where it ends; nil when there is none.
local function name_at(text, at)
    local quote = text:match("^%[(['\"])", at)
    if quote then
        local name = text:match("^([^" .. quote .. "]+)" .. quote .. "%]", at + 2)
        if not name then return nil end
        return name, false, at + #name + 4
    end
    local name = text:match("^[%a_][%w_]*", at) or at > 1 and text:match("^%d+", at)
    if not name then return nil end
    return name, name:find "^%d" and math.tointeger(tonumber(name)) or false, at + #name
end

-- The path at the beginning of a text, and where it ends; nil when there is none.
local function path_at(text)
    local path, at = { index = {} }, 1
    while true do
        local name, index, stop = name_at(text, at)
        if not name or index == false and name:find "^%d" and text:byte(at) ~= BRACKET then return nil end
        path[#path + 1] = name
        path.index[#path] = index
        local sign = text:byte(stop)
        if sign == DOT and text:byte(stop + 1) ~= BRACKET then
            at = stop + 1
        elseif sign == BRACKET then
            at = stop
        else
            return path, stop
        end
    end
end

--- The path of `a.b.0` or `a['b c']`: an array of names with `index`, the same as numbers where they are digits. nil
-- when it is none.
function references.path(text)
    local path, stop = path_at(text)
    return path and stop > #text and path or nil
end

--- What a path is that is none, for messages.
references.grammar = GRAMMAR

--- How a value reads inside a text.
function references.text(value)
    if value == nil or value == null then return "" end
    local kind = math.type(value) or type(value)
    if kind == "string" then return value end
    if kind == "integer" then return ("%d"):format(value) end
    if kind == "boolean" then return tostring(value) end
    if state.is_error(value) and type(rawget(value, "message")) == "string" then return rawget(value, "message") end
    local text, err = state.json(value)
    if not text then error(core.error("invalid_document", "a template cannot show it: " .. err.message), 0) end
    return text
end

-- ---------------------------------------------------------------------------------------------------- compiling

-- The parts of a template: texts and { path = } in turn; nil when it has none, false and what is wrong.
local function template(text)
    local parts, at = {}, 1
    while true do
        local start, stop, inner = text:find("{{%s*(%$%..-)%s*}}", at)
        if not start then break end
        local path = references.path(inner:sub(3))
        if not path then return false, ("{{%s}} is not a reference"):format(inner) end
        if start > at then parts[#parts + 1] = text:sub(at, start - 1) end
        parts[#parts + 1] = { path = path }
        at = stop + 1
    end
    if text:find("{{%s*%$%.", at) then return false, "a template begins with {{ and does not end with }}" end
    if #parts == 0 then return nil end
    if at <= #text then parts[#parts + 1] = text:sub(at) end
    return { op = "template", parts = parts }
end

--- What a text of a document becomes: the text itself, or a table that `resolve` understands. nil and what is wrong.
function references.compile_text(text)
    if not text:find("$.", 1, true) then return text end
    if text:sub(1, 2) == "$." then
        local path = references.path(text:sub(3))
        if path then return { op = "get", path = path } end
        -- with a space it is prose, unless a name in quotes begins, and with a digit an amount
        local quoted = text:find "^%$%.[%w_.]*%[['\"]" and not text:find("{{", 1, true)
        if quoted or not text:find "[%s{]" and not text:find "^%$%.%d" then
            return nil, ("%q is not a reference: %s"):format(text, GRAMMAR)
        end
    end
    local parts, why = template(text)
    if parts == false then return nil, why end
    return parts or text
end

local operators = { ["+"] = true, ["-"] = true, ["*"] = true, ["/"] = true }

-- A number or a reference of a piece of arithmetic.
local function operand(text)
    if text:sub(1, 2) == "$." then
        local path = references.path(text:sub(3))
        return path and { op = "get", path = path }
    end
    return text:find "^%-?%d+%.?%d*$" and tonumber(text) or nil
end

-- The parts of `$.index + 1`.
local function split(text)
    if not text:find("[", 1, true) then return text:match "^(%$%.[%w_.]+)%s*([-+*/])%s*([%w_.$-]+)$" end
    local path, stop = path_at(text:sub(3))
    if not path or text:sub(1, 2) ~= "$." then return nil end
    local operator, right = text:sub(stop + 2):match "^%s*([-+*/])%s*(.+)$"
    return text:sub(1, stop + 1), operator, right
end

--- The same for the value of a state setter, which may also be arithmetic: `$.index + 1`.
function references.compile_setter(text)
    local left, operator, right = split(text)
    local a, b = left and operand(left), right and operand(right)
    if a and b and operators[operator] then
        return { op = "arithmetic", operator = operator, left = a, right = b, text = text }
    end
    return references.compile_text(text)
end

-- The keys of a table as an array has them, or sorted, so that what is said about a document has an order; nil when it
-- is neither an array nor an object.
local function keys_of(value)
    local keys, mark = {}, nil
    if getmetatable(value) == array_mark or rawlen(value) > 0 then
        mark = array_mark
        for i = 1, rawlen(value) do keys[i] = i end
    end
    for key in next, value do
        if type(key) == "string" and not mark then
            keys[#keys + 1] = key
        elseif not mark or math.type(key) ~= "integer" or key < 1 or key > #keys then
            return nil
        end
    end
    if not mark then table.sort(keys) end
    return keys, mark
end

-- Reports about the value that is being compiled: its path is put together from the keys that lead to it.
local function complain(work, depth, rule, message)
    local path = { work.base }
    for i = 1, depth - 1 do
        local key = work.trail[i]
        path[#path + 1] = type(key) == "string" and "." .. key or ("[%d]"):format(key - 1)
    end
    work.report(table.concat(path), rule, message)
end

--- A table that `resolve` makes: { op = "table", keys, values, changing = places of what is resolved, calm }. It gets
-- its entries by references.add. `calm`: to resolve it raises nothing.
function references.table(mark)
    return { op = "table", keys = {}, values = {}, changing = {}, mark = mark, calm = true }
end

--- Adds an entry; `value` is compiled.
function references.add(compiled, key, value)
    local at = #compiled.keys + 1
    compiled.keys[at], compiled.values[at] = key, value
    if type(value) == "table" then
        table.insert(compiled.changing, at)
        compiled.calm = compiled.calm and (value.op == "get" or value.op == "table" and value.calm)
    end
end

local compile

local function compile_table(value, work, depth)
    if work.open[value] then return complain(work, depth, "nesting", "must not contain itself") end
    if depth > MAX_DEPTH then
        return complain(work, depth, "nesting", ("nests deeper than %d levels"):format(MAX_DEPTH))
    end
    local keys, mark = keys_of(value)
    if not keys then
        return complain(work, depth, "type", "must have either names or the indexes 1 to n for keys")
    end
    work.open[value] = true
    local compiled = references.table(mark)
    for _, key in ipairs(keys) do
        work.trail[depth] = key
        local what = compile(rawget(value, key), work, depth + 1)
        references.add(compiled, key, what == nil and false or what)
    end
    work.open[value] = nil
    return compiled
end

compile = function(value, work, depth)
    work.count_value(work.base)
    local kind = type(value)
    if kind == "table" then return compile_table(value, work, depth) end
    if kind == "string" then
        if not utf8.len(value) then return complain(work, depth, "utf8", "must be UTF-8") end
        local compiled, why = references.compile_text(value)
        if compiled == nil then return complain(work, depth, "reference", why) end
        return compiled
    end
    if kind == "number" and (value ~= value or value == math.huge or value == -math.huge) then
        return complain(work, depth, "type", "must be a finite number")
    end
    if kind == "number" or kind == "boolean" or value == null then return value end
    complain(work, depth, "type", ("must not be a %s"):format(kind))
end

--- What a value of a document becomes, for `resolve`; `path` is where it stands. `work`: problems.new(), one for a
-- document, so that its size is bounded as a whole.
function references.compile(value, path, work)
    work.base, work.trail = path, {}
    return compile(value, work, 1)
end

-- ---------------------------------------------------------------------------------------------------- resolving

local evaluate

local function operand_of(value, from)
    if type(value) == "table" then return state.get(from, value.path) end
    return value
end

local function overflow(text)
    error(core.error("limit", ("%q is beyond what an integer can hold"):format(text)), 0)
end

-- Integers stay integers; what is beyond them is an error and does not wrap.
local arithmetic = {
    ["+"] = function(a, b, text)
        local sum = a + b
        if math.type(sum) == "integer" and (a ~ sum) & (b ~ sum) < 0 then overflow(text) end
        return sum
    end,
    ["-"] = function(a, b, text)
        local difference = a - b
        if math.type(difference) == "integer" and (a ~ b) & (a ~ difference) < 0 then overflow(text) end
        return difference
    end,
    ["*"] = function(a, b, text)
        local product = a * b
        if math.type(product) ~= "integer" or a == 0 then return product end
        if product // a ~= b or product % a ~= 0 or (a == -1 and b == math.mininteger) then overflow(text) end
        return product
    end,
    ["/"] = function(a, b, text)
        if b == 0 then error(core.error("invalid_document", ("%q divides by zero"):format(text)), 0) end
        if math.type(a) == "integer" and math.type(b) == "integer" and a % b == 0 then
            if b == -1 and a == math.mininteger then overflow(text) end
            return a // b
        end
        return a / b
    end,
}

-- Decimals are texts, and are calculated exactly.
local of_decimals = { ["+"] = amounts.add, ["-"] = amounts.subtract, ["*"] = amounts.multiply }

local function calculate_decimals(compiled, a, b)
    local exact = of_decimals[compiled.operator]
    local result, err
    if exact then
        result, err = exact(a, b)
    else
        err = core.error("invalid_document", ("%q divides decimals, which is not exact"):format(compiled.text))
    end
    if err then error(err, 0) end
    return result
end

-- Where one side is neither a number nor a decimal, the text is a text.
local function calculate(compiled, from)
    local a, b = operand_of(compiled.left, from), operand_of(compiled.right, from)
    if not math.type(a) or not math.type(b) then
        if amounts.is(a) and amounts.is(b) then return calculate_decimals(compiled, a, b) end
        return compiled.text
    end
    local result = arithmetic[compiled.operator](a, b, compiled.text)
    if result ~= result or result == math.huge or result == -math.huge then overflow(compiled.text) end
    return result
end

local function fill(parts, from)
    local out, length = {}, 0
    for i, part in ipairs(parts) do
        out[i] = type(part) == "string" and part or references.text(state.get(from, part.path))
        length = length + #out[i]
        if length > MAX_TEXT then
            error(core.error("limit", ("a template makes a text of more than %d MiB"):format(MAX_TEXT >> 20)), 0)
        end
    end
    return table.concat(out)
end

--- Resolves a compiled table again into what it became before: sets what may have changed.
function references.refresh(compiled, from, out)
    local keys, values, changing = compiled.keys, compiled.values, compiled.changing
    local nothing = compiled.mark and null
    for i = 1, #changing do
        local at = changing[i]
        local value = evaluate(values[at], from)
        if value == nil then value = nothing end
        out[keys[at]] = value
    end
    return out
end

--- Takes out of it again what came from the state, which may be large.
function references.forget(compiled, out)
    local keys, changing = compiled.keys, compiled.changing
    for i = 1, #changing do out[keys[changing[i]]] = nil end
end

local function rebuild(compiled, from)
    local out, keys, values = {}, compiled.keys, compiled.values
    for i = 1, #keys do out[keys[i]] = values[i] end
    if compiled.mark then setmetatable(out, array_mark) end
    return references.refresh(compiled, from, out)
end

evaluate = function(compiled, from)
    local op = compiled.op
    if op == "get" then return state.get(from, compiled.path) end
    if op == "table" then return rebuild(compiled, from) end
    if op == "template" then return fill(compiled.parts, from) end
    if op == "value" then return compiled.value end
    return calculate(compiled, from)
end

--- The value of what was compiled: { op =, … } or a plain value. Tables are made anew each time, those that a reference
-- gives are the state's own. Raises an error object when there is none.
function references.resolve(compiled, from)
    if type(compiled) ~= "table" then return compiled end
    return evaluate(compiled, from)
end

-- Null in a list or an object may be meant: a filter asks for it.
local function leads_nowhere(path, from, inside)
    local value = state.get(from, path)
    return value == nil or value == null and not inside
end

--- The first reference of what was compiled that leads to nothing, as it is written (`$.a.b`); nil when all lead to
-- something. Null is nothing, but not inside of an array or an object.
function references.missing(compiled, from, inside)
    if type(compiled) ~= "table" then return nil end
    if compiled.op == "get" then
        return leads_nowhere(compiled.path, from, inside) and state.path_text(compiled.path) or nil
    elseif compiled.op == "template" then
        for _, part in ipairs(compiled.parts) do
            local lost = type(part) == "table" and leads_nowhere(part.path, from)
            if lost then return state.path_text(part.path) end
        end
    elseif compiled.op == "table" then
        for i = 1, #compiled.keys do
            local lost = references.missing(compiled.values[i], from, true)
            if lost then return lost end
        end
    end
end

return references
