--- The rules of the node switch: conditions on an item, each typed by what it compares.
-- Needs flexdb.core (null, validator), flexdb.sorted_names, and flexdb.workflow.amounts, compare, references and state.
--
-- { { outputKey = "vip", conditions = { { field =, dataType =, operation =, value =, value2 =, combineWith = } } } }.
-- Conditions that are joined by OR stand together; of what AND stands between, all must hold.

local core = require "flexdb.core"
local sorted_names = require "flexdb.sorted_names"
local amounts = require "flexdb.workflow.amounts"
local compare = require "flexdb.workflow.compare"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

local rules = {}

local null = core.null

-- ---------------------------------------------------------------------------------------------------- values

local function text_of(value) return references.text(math.type(value) == "float" and math.tointeger(value) or value) end

local moments -- checks dates

-- A date, or a date and time with its offset, as a text that compares by its bytes; nil when it is none.
local function moment(value)
    if type(value) ~= "string" then return nil end
    if value:find "^%d%d%d%d%-%d%d%-%d%d$" then value = value .. "T00:00:00Z" end
    moments = moments or assert(core.validator { columns = { { name = "at", dataType = "datetime" } } })
    local record = moments:validate { at = value }
    return record and record.at
end

-- What finds a regular expression in a text; nil and what is wrong with it.
local function finder(pattern)
    local found, err = core.validator { columns = {
        { name = "text", dataType = "text", validation = { pattern = pattern } },
    } }
    if not found then return nil, err.issues[1].message end
    return found
end

-- Whether it is found; nil and an error where that cannot be said.
local function finds(text, pattern)
    local record, err = assert(finder(pattern)):validate { text = text }
    if record then return true end
    local issue = err.issues[1]
    if issue.rule == "pattern" and issue.message:find("^must match") then return false end
    return nil, core.error("invalid_document", issue.message)
end

-- kind → what a message calls it, and the test; the test may say more
local kinds = {
    any = { "a value", function() return true end },
    number = { "a number or a decimal", amounts.is },
    date = { "a date, or a date and time with an offset or Z", function(v) return moment(v) ~= nil end },
    boolean = { "true or false", function(v) return type(v) == "boolean" end },
    count = { "an integer of at least 0", function(v) return math.type(v) and (math.tointeger(v) or -1) >= 0 end },
    text = { "a text", function(v) return type(v) == "string" end },
    pattern = { "a regular expression", function(v)
        if type(v) ~= "string" then return false end
        return finder(v)
    end },
}

-- ---------------------------------------------------------------------------------------------------- operations

local function never() return false end
local function negated(holds) return function(...) return not holds(...) end end

local function is_within(order)
    return function(value, low, high) return order(value, low) >= 0 and order(value, high) <= 0 end
end

local function texts_order(a, b) return a < b and -1 or a > b and 1 or 0 end

local function ordered(order, names)
    local operations = {}
    for name, test in next, names do
        operations[name] = function(value, other) return test(order(value, other)) end
    end
    operations.between = is_within(order)
    return operations
end

local function contains(list, value)
    for i = 1, rawlen(list) do
        if compare.equal(rawget(list, i), value) then return true end
    end
    return false
end

local function has(object, name)
    local place = math.tointeger(tonumber(name))
    return rawget(object, name) ~= nil or place ~= nil and rawget(object, place + 1) ~= nil
end

local function is_empty(value) return next(value) == nil end

local string_contains = function(text, other) return text:find(other, 1, true) ~= nil end
local function equal(a, b) return a == b end

-- dataType → `of(value)`: what is compared, nil where it is nothing of the kind and no operation holds; `takes`: the
-- kind of the condition's value, `takes_own` that of one operation (false: none); `test`: operation → function(what,
-- value, …).
local types = {
    string = {
        of = text_of, takes = "any", takes_own = { regex = "pattern", isEmpty = false, isNotEmpty = false },
        test = {
            equals = equal, notEquals = negated(equal), contains = string_contains,
            notContains = negated(string_contains), regex = finds,
            startsWith = function(text, other) return text:sub(1, #other) == other end,
            endsWith = function(text, other) return other == "" or text:sub(-#other) == other end,
            isEmpty = function(text) return text == "" end, isNotEmpty = function(text) return text ~= "" end,
        },
    },
    number = {
        of = function(value) return amounts.is(value) and value or nil end, takes = "number", takes_own = {},
        test = ordered(amounts.compare, {
            equals = function(o) return o == 0 end, notEquals = function(o) return o ~= 0 end,
            gt = function(o) return o > 0 end, gte = function(o) return o >= 0 end,
            lt = function(o) return o < 0 end, lte = function(o) return o <= 0 end,
        }),
    },
    boolean = {
        of = compare.truth, takes = "boolean", takes_own = { ["true"] = false, ["false"] = false },
        test = { ["true"] = function(v) return v end, ["false"] = function(v) return not v end, equals = equal },
    },
    date = {
        of = moment, takes = "date", takes_own = {},
        test = ordered(texts_order, {
            before = function(o) return o < 0 end, after = function(o) return o > 0 end,
            equals = function(o) return o == 0 end,
        }),
    },
    array = {
        of = function(value) return state.is_array(value) and value or nil end, takes = "count",
        takes_own = { contains = "any", notContains = "any", isEmpty = false, isNotEmpty = false },
        test = {
            contains = contains, notContains = negated(contains), isEmpty = is_empty, isNotEmpty = negated(is_empty),
            lengthEquals = function(list, n) return rawlen(list) == n end,
            lengthGt = function(list, n) return rawlen(list) > n end,
            lengthLt = function(list, n) return rawlen(list) < n end,
        },
    },
    object = {
        of = function(value) return type(value) == "table" and value or nil end, takes = "text",
        takes_own = { isEmpty = false, isNotEmpty = false },
        test = { isEmpty = is_empty, isNotEmpty = negated(is_empty), hasProperty = has, notHasProperty = negated(has) },
    },
}

-- What is compared has been made of the field; so it is made of the values.
local prepare = { string = text_of, date = moment }

local function listed(set) return table.concat(sorted_names(set), ", ") end

-- The types that have an operation.
local function types_with(operation)
    local found = {}
    for name, each in next, types do
        if each.test[operation] then found[name] = true end
    end
    return found
end

-- The type of a condition: the one that it names, else string where that has the operation, else the only one that has
-- it. nil, the key that is wrong, the rule and why.
local function type_of(condition)
    local name, operation = condition.dataType, condition.operation
    if name ~= nil and name ~= null then
        if not types[name] then return nil, "dataType", "enum", "must be one of " .. listed(types) end
        if types[name].test[operation] then return types[name], name end
        return nil, "operation", "enum", ("a %s has %s"):format(name, listed(types[name].test))
    end
    if types.string.test[operation] then return types.string, "string" end
    local found = types_with(operation)
    local first = next(found)
    if not first then
        local all = {}
        for _, each in next, types do
            for each_name in next, each.test do all[each_name] = true end
        end
        return nil, "operation", "enum", "must be one of " .. listed(all)
    elseif next(found, first) then
        return nil, "dataType", "required", ("%s needs a dataType: one of %s"):format(operation, listed(found))
    end
    return types[first], first
end

-- The kind of value that a condition takes, or false for none.
local function kind_of(kind, operation)
    local own = kind.takes_own[operation]
    if own == nil then return kind.takes end
    return own
end

-- ---------------------------------------------------------------------------------------------------- checking

local condition_keys = { field = true, dataType = true, operation = true, value = true, value2 = true,
    combineWith = true }
local rule_keys = { outputKey = true, conditions = true }

local function check_keys(object, known, path, problem)
    local names = {}
    for key in next, object do
        if not known[key] then names[#names + 1] = tostring(key) end
    end
    table.sort(names)
    for _, name in ipairs(names) do
        problem(("%s.%s"):format(path, name), "unknown", ("there is no key %q here"):format(name))
    end
end

local function check_value(condition, key, kind, path, open, problem)
    local value = rawget(condition, key)
    path = path .. "." .. key
    if value == nil then return problem(path, "required", "is missing") end
    if open(value) then return end
    local good, why = kinds[kind][2](value)
    if not good then
        problem(path, "type", why or ("must be %s, is %s"):format(kinds[kind][1], state.kind(value)))
    end
end

local function check_operation(condition, path, open, problem)
    if open(condition.operation) or open(condition.dataType) then return end
    if type(condition.operation) ~= "string" then
        return problem(path .. ".operation", "required", "must be the name of an operation")
    end
    local kind, key, rule, why = type_of(condition)
    if not kind then return problem(("%s.%s"):format(path, key), rule, why) end
    local takes = kind_of(kind, condition.operation)
    if takes then check_value(condition, "value", takes, path, open, problem) end
    if condition.operation == "between" then check_value(condition, "value2", takes, path, open, problem) end
end

local function check_condition(condition, path, open, problem)
    if type(condition) ~= "table" then
        return problem(path, "type", "must be an object, is " .. state.kind(condition))
    end
    check_keys(condition, condition_keys, path, problem)
    if type(condition.field) ~= "string" then
        problem(path .. ".field", "type", "must be a text: names with dots between them, or empty for the item itself")
    end
    local with = condition.combineWith
    if with ~= nil and with ~= null and with ~= "AND" and with ~= "OR" and not open(with) then
        problem(path .. ".combineWith", "enum", "must be AND or OR")
    end
    check_operation(condition, path, open, problem)
end

local function is_list(value) return type(value) == "table" and state.is_array(value) and rawlen(value) > 0 end

local function check_rule(rule, path, open, problem)
    if type(rule) ~= "table" then return problem(path, "type", "must be an object, is " .. state.kind(rule)) end
    check_keys(rule, rule_keys, path, problem)
    local edge, conditions = rule.outputKey, rule.conditions
    if not open(edge) and not (type(edge) == "string" and edge:find "^[%w_%-.]+$") then
        problem(path .. ".outputKey", "edge", "must be the name of an edge: letters, digits, _, - and .")
    end
    if open(conditions) then return end
    if not is_list(conditions) then
        return problem(path .. ".conditions", "type", "must be an array with at least one condition")
    end
    for i = 1, rawlen(conditions) do
        check_condition(rawget(conditions, i), ("%s.conditions[%d]"):format(path, i - 1), open, problem)
    end
end

--- Calls problem(key, rule, message) for all that is wrong with rules. `open(value)`: it is not known yet.
function rules.check(list, problem, open)
    open = open or never
    if open(list) then return end
    if not is_list(list) then return problem("rules", "type", "must be an array with at least one rule") end
    for i = 1, rawlen(list) do check_rule(rawget(list, i), ("rules[%d]"):format(i - 1), open, problem) end
end

-- ---------------------------------------------------------------------------------------------------- deciding

-- The value of a field: names with dots between them, any characters in them.
local function field_of(item, field)
    if field == "" then return item end
    local path = { index = {} }
    for name in (field .. "."):gmatch "(.-)%." do
        path[#path + 1] = name
        path.index[#path] = name:find "^%d+$" and math.tointeger(tonumber(name)) or false
    end
    if type(item) ~= "table" then return nil end
    return state.get(item, path)
end

-- Whether one condition holds; nil and an error.
local function holds(condition, item)
    local kind, name = type_of(condition)
    local what = kind.of(field_of(item, condition.field))
    if what == nil then return false end
    local ready = prepare[name]
    local value, value2 = condition.value, condition.value2
    if ready and condition.operation ~= "regex" then value, value2 = ready(value), value2 and ready(value2) end
    return kind.test[condition.operation](what, value, value2)
end

local function all_hold(conditions, item)
    local result, joined = true, "AND"
    for i = 1, rawlen(conditions) do
        local condition = rawget(conditions, i)
        local one, err = holds(condition, item)
        if err then return nil, err end
        if joined == "OR" then result = result or one else result = one end
        joined = condition.combineWith == "OR" and "OR" or "AND"
        if joined == "AND" and not result then return false end
    end
    return result
end

--- The first rule that holds for the item, of rules that check finds nothing wrong with; false; nil and an error.
function rules.first(list, item)
    for i = 1, rawlen(list) do
        local rule = rawget(list, i)
        local good, err = all_hold(rule.conditions, item)
        if err then return nil, err end
        if good then return rule end
    end
    return false
end

return rules
