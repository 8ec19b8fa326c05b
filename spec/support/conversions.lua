-- Values of five types at random, and a plain retelling of the rules by which they become values of another: decimals
-- have two digits behind the point.

local random = math.random

-- Decimals of scale 2 as hundredths, rounded half away from zero: a plain retelling of the rules.
local function hundredths(text)
    local sign, whole, fraction = text:match "^(%-?)(%d+)%.?(%d*)$"
    if not whole or text:match "%.$" then return end
    local digits = fraction .. "000"
    local value = tonumber(whole .. digits:sub(1, 2)) + (digits:byte(3) >= ("5"):byte() and 1 or 0)
    local lost = fraction:sub(3):match "[1-9]" ~= nil
    return sign == "-" and -value or value, lost, #whole > 1 and whole:sub(1, 1) == "0"
end

local function print_hundredths(value)
    local sign, text = value < 0 and "-" or "", ("%03d"):format(math.abs(value))
    return sign .. text:sub(1, -3) .. "." .. text:sub(-2)
end

-- What a value becomes, and whether it lost something; nil where it fails.
local rules = {}

function rules.integer(value, from)
    if from == "decimal" then
        local n = hundredths(value)
        local whole = (math.abs(n) + 50) // 100
        return n < 0 and -whole or whole, n % 100 ~= 0
    elseif from == "boolean" then
        return value and 1 or 0
    end
    local digits = value:match "^%-?(%d+)$"
    if digits then return math.tointeger(value), #digits > 1 and digits:sub(1, 1) == "0" end
end

function rules.decimal(value, from)
    if from == "integer" then return ("%d.00"):format(value) end
    if from == "boolean" then return end
    local n, rounded, zeros = hundredths(value)
    if n then return print_hundredths(n), rounded or zeros end
end

function rules.boolean(value, from)
    if from == "integer" then
        if value == 0 or value == 1 then return value == 1 end
    elseif value == "true" or value == "false" then
        return value == "true"
    end
end

function rules.string(value) return tostring(value) end
rules.text = rules.string

local names <const> = { "string", "text", "integer", "decimal", "boolean" }
local words <const> = { "0", "1", "42", "007", "-3", "1.5", "2.345", "-0.005", "true", "false", "x", "", " 1" }

local function pick(list) return list[random(#list)] end

local function value_of(kind)
    if random() < 0.2 then return nil end
    if kind == "integer" then return random(-2, 2) end
    if kind == "decimal" then return print_hundredths(random(-200, 200)) end
    if kind == "boolean" then return random() < 0.5 end
    return pick(words)
end

local refused <const> = { ["boolean decimal"] = true, ["decimal boolean"] = true }

local function validation_of(kind) return kind == "decimal" and { precision = 12, scale = 2 } or nil end

-- `rules[to](value, from)` gives what a value becomes, and whether it lost something; nil where it fails. `refused` are
-- pairs, "from to", that there is no conversion for.
return { names = names, words = words, rules = rules, refused = refused, value_of = value_of,
    validation_of = validation_of }
