--- Numbers as a state has them: integers, floats, and decimals, which are texts (`"12.50"`) and stay exact.
-- Needs flexdb.core (error, json).

local core = require "flexdb.core"

local amounts = {}

-- A number as digits without leading zeros: { negative, digits (text), scale }; nil when it has none such.
local function parse(value)
    local kind = math.type(value)
    local text = kind == "integer" and ("%d"):format(value) or kind == "float" and core.json.encode(value) or value
    if type(text) ~= "string" then return nil end
    local sign, whole, dot, part = text:match "^(%-?)(%d+)(%.?)(%d*)$"
    if not whole or (dot == "") ~= (part == "") then return nil end
    local digits = (whole .. part):gsub("^0+", "")
    return { negative = sign == "-" and digits ~= "", digits = digits, scale = #part }
end

--- Whether a value is a number or the text of a decimal.
function amounts.is(value) return math.type(value) ~= nil or type(value) == "string" and parse(value) ~= nil end

-- Both with the same number of digits behind the point and before it.
local function align(a, b)
    local scale = math.max(a.scale, b.scale)
    local x, y = a.digits .. ("0"):rep(scale - a.scale), b.digits .. ("0"):rep(scale - b.scale)
    local width = math.max(#x, #y)
    return ("0"):rep(width - #x) .. x, ("0"):rep(width - #y) .. y, scale
end

--- -1, 0 or 1: how `a` compares with `b`, exactly. Both are amounts.
function amounts.compare(a, b)
    if math.type(a) and math.type(b) then return a < b and -1 or a > b and 1 or 0 end
    local left, right = parse(a), parse(b)
    if not left or not right then -- a float too large or too small for digits: the text gives way
        left, right = tonumber(a), tonumber(b)
        return left < right and -1 or left > right and 1 or 0
    end
    if left.negative ~= right.negative then return left.negative and -1 or 1 end
    local x, y = align(left, right)
    local order = x < y and -1 or x > y and 1 or 0
    return left.negative and -order or order
end

local zero <const> = ("0"):byte()

-- The digits of x + y, or of x - y (x is at least y); both of one length.
local function digits_of(x, y, subtract)
    local out, carry = {}, 0
    for i = #x, 1, -1 do
        local one, other = x:byte(i) - zero, y:byte(i) - zero
        local digit = subtract and one - other - carry or one + other + carry
        carry = (digit < 0 or digit > 9) and 1 or 0
        out[i] = string.char(zero + digit % 10)
    end
    return (carry == 1 and "1" or "") .. table.concat(out)
end

local function add_texts(a, b)
    local x, y, scale = align(a, b)
    local negative, digits = a.negative
    if a.negative == b.negative then
        digits = digits_of(x, y, false)
    elseif x >= y then
        digits = digits_of(x, y, true)
    else
        negative, digits = b.negative, digits_of(y, x, true)
    end
    digits = ("0"):rep(scale + 1 - #digits) .. digits
    local whole = digits:sub(1, #digits - scale):gsub("^0+(%d)", "%1")
    local text = scale > 0 and whole .. "." .. digits:sub(-scale) or whole
    return (negative and text:find "[1-9]" and "-" or "") .. text
end

-- What is said where one of two is a float that has no such digits.
local function inexact(a, sign, b, done)
    return nil, core.error("invalid_document", ("%s %s %s: a decimal and this float cannot be %s exactly"):format(
        tostring(a), sign, tostring(b), done))
end

--- a + b: integers stay integers, and a decimal with an integer or a decimal is a decimal, as a text. nil and why not.
function amounts.add(a, b)
    if math.type(a) and math.type(b) then
        local sum = a + b
        if math.type(sum) == "integer" and (a ~ sum) & (b ~ sum) < 0 or sum ~= sum or sum == math.huge
            or sum == -math.huge then
            return nil, core.error("limit", ("%s + %s is beyond what a number can hold"):format(a, b))
        end
        return sum
    end
    local left, right = parse(a), parse(b)
    if not left or not right then return inexact(a, "+", b, "added") end
    return add_texts(left, right)
end

--- a - b of two amounts, one of which is a text: a text. nil and why not.
function amounts.subtract(a, b)
    local left, right = parse(a), parse(b)
    if not left or not right then return inexact(a, "-", b, "subtracted") end
    right.negative = not right.negative and right.digits ~= ""
    return add_texts(left, right)
end

local MAX_DIGITS <const> = 200 -- of a product: a loop that squares must not fill the memory

-- The digits of x * y, without leading zeros; both not empty.
local function product_of(x, y)
    local sums = {}
    for i = 1, #x + #y do sums[i] = 0 end
    for i = #x, 1, -1 do
        for j = #y, 1, -1 do sums[i + j] = sums[i + j] + (x:byte(i) - zero) * (y:byte(j) - zero) end
    end
    for i = #sums, 2, -1 do
        sums[i - 1] = sums[i - 1] + sums[i] // 10
        sums[i] = sums[i] % 10
    end
    return (table.concat(sums):gsub("^0+", ""))
end

--- a * b of two amounts, one of which is a text: a text with as many digits behind the point as both have together. nil
-- and why not.
function amounts.multiply(a, b)
    local left, right = parse(a), parse(b)
    if not left or not right then return inexact(a, "*", b, "multiplied") end
    local scale = left.scale + right.scale
    if #left.digits + #right.digits > MAX_DIGITS or scale > MAX_DIGITS then
        return nil, core.error("limit", ("a product of decimals has at most %d digits"):format(MAX_DIGITS))
    end
    local none = left.digits == "" or right.digits == ""
    local digits = none and "" or product_of(left.digits, right.digits)
    local negative = not none and left.negative ~= right.negative
    return add_texts({ negative = negative, digits = digits, scale = scale }, { digits = "", scale = 0 })
end

return amounts
