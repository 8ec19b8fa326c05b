--- How values of a state compare.
-- Needs flexdb.core (error, null) and flexdb.workflow.amounts and state.

local core = require "flexdb.core"
local amounts = require "flexdb.workflow.amounts"
local state = require "flexdb.workflow.state"

local compare = {}

--- Whether two values are the same JSON: 1 and 1.0 are, 1 and "1" are not.
function compare.equal(a, b, depth)
    if a == nil then a = core.null end
    if b == nil then b = core.null end
    if rawequal(a, b) then return true end
    if type(a) ~= "table" or type(b) ~= "table" then return type(a) ~= "table" and type(b) ~= "table" and a == b end
    depth = (depth or 0) + 1
    if depth > 200 then error(core.error("limit", "values that nest deeper than 200 levels cannot be compared"), 0) end
    if next(a) ~= nil and next(b) ~= nil and state.is_array(a) ~= state.is_array(b) then return false end
    for key, value in next, a do
        if rawget(b, key) == nil or not compare.equal(value, rawget(b, key), depth) then return false end
    end
    for key in next, b do
        if rawget(a, key) == nil then return false end
    end
    return true
end

--- -1, 0 or 1; nil and an error where two values have no order. Numbers and decimals compare by value, other texts by
-- their bytes (dates are such).
function compare.order(a, b)
    if amounts.is(a) and amounts.is(b) then return amounts.compare(a, b) end
    if type(a) == "string" and type(b) == "string" then return a < b and -1 or a > b and 1 or 0 end
    return nil, core.error("invalid_document", ("%s and %s cannot be compared: numbers can, and texts"):format(
        state.kind(a), state.kind(b)))
end

--- Whether a value counts as true: all but absent, null, false, 0 and the empty text.
function compare.truth(value)
    return value ~= nil and value ~= core.null and value ~= false and value ~= 0 and value ~= ""
end

local function ordered(test)
    return function(a, b)
        local order, err = compare.order(a, b)
        if not order then return nil, err end
        return test(order)
    end
end

--- name → function(a, b) → whether it holds; or nil and an error.
compare.pairs = {
    equal = function(a, b) return compare.equal(a, b) end,
    notEqual = function(a, b) return not compare.equal(a, b) end,
    less = ordered(function(order) return order < 0 end),
    lessOrEqual = ordered(function(order) return order <= 0 end),
    greater = ordered(function(order) return order > 0 end),
    greaterOrEqual = ordered(function(order) return order >= 0 end),
}

return compare
