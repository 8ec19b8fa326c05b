--- The words of a node that has operations: which of them an operation takes, needs, and of which kind they are.
-- Needs flexdb.core (array, null, error) and flexdb.sorted_names.
--
-- An operation is { words = { name = kind, … }, needs = { name, … }, edges = { name, … }, work =, tell = }; a kind is a
-- key of `kinds`, and every operation has the edge `error` too. words.operation completes it.

local core = require "flexdb.core"
local sorted_names = require "flexdb.sorted_names"

local words = {}

local null = core.null

local array_mark = getmetatable(core.array {})

local function is_array(value)
    return type(value) == "table" and (getmetatable(value) == array_mark or rawlen(value) > 0 or next(value) == nil)
end

local function is_object(value)
    return type(value) == "table" and getmetatable(value) ~= array_mark and rawlen(value) == 0
end

local function is_integer(value, least)
    return type(value) == "number" and (math.tointeger(value) or least - 1) >= least
end

-- kind → what a message calls it, the type that a value of it has, or most have, and what else it must pass
local kinds = {
    text = { says = "a text", type = "string" },
    boolean = { says = "true or false", type = "boolean" },
    count = { says = "an integer of at least 0", type = "number", test = function(v) return is_integer(v, 0) end },
    version = { says = "an integer of at least 1", type = "number", test = function(v) return is_integer(v, 1) end },
    object = { says = "an object", type = "table", test = is_object },
    array = { says = "an array", type = "table", test = is_array },
    list = { says = "an array or a text", type = "table", test = is_array, or_type = "string" },
    document = { says = "an array or an object", type = "table" },
}

local function is_of(kind, value)
    local is = type(value)
    return is == kind.type and (not kind.test or kind.test(value)) or is == kind.or_type
end

--- What a value is, as a message calls it.
local function show(value)
    if value == core.null then return "null" end
    local kind = type(value)
    if kind == "string" then return #value <= 40 and ("%q"):format(value) or "a text" end
    if kind == "number" or kind == "boolean" then return tostring(value) end
    if kind == "table" then return is_array(value) and not is_object(value) and "an array" or "an object" end
    return "a " .. kind
end

-- Words that every operation takes.
local common = { operation = "text", applicationId = "text", idempotencyKey = "text" }

-- Null says that there is none.
local function given(config, name)
    local value = rawget(config, name)
    if value ~= null then return value end
end
words.given = given

-- Whether a word may become something else before the step runs.
local function is_open(value) return type(value) == "string" and value:find("$.", 1, true) ~= nil end

local function never() return false end

-- Calls problem(key, rule, message) for everything that is wrong. `open(value)`: it is not known yet.
local function judge(operations, config, open, problem)
    local name = given(config, "operation")
    if name == nil then return problem("operation", "required", "operation is missing") end
    if open(name) then return end
    local operation = operations[name]
    if not operation then
        return problem("operation", "enum", ("there is no operation %s: one of %s"):format(show(name),
            table.concat(sorted_names(operations), ", ")))
    end
    for key in next, config do
        if type(key) ~= "string" then
            problem("", "type", ("a configuration must have names for keys, has %s"):format(show(key)))
            break
        end
    end
    for _, key in ipairs(sorted_names(config)) do
        local value, kind = given(config, key), operation.words[key] or common[key]
        if value ~= nil and key:sub(-1) ~= "?" then
            if not kind then
                problem(key, "unknown", ("%s takes no %s: it takes %s"):format(name, key,
                    table.concat(sorted_names(operation.words), ", ")))
            elseif not open(value) and not is_of(kinds[kind], value) then
                problem(key, "type", ("%s must be %s, is %s"):format(key, kinds[kind].says, show(value)))
            end
        end
    end
    for _, key in ipairs(operation.needs or {}) do
        if given(config, key) == nil then problem(key, "required", ("%s needs %s"):format(name, key)) end
    end
end

--- For a node's metadata.required: what a configuration that is not resolved yet must hold.
function words.required(operations)
    return function(config)
        local operation = operations[rawget(config, "operation")]
        local list = { "operation" }
        for _, key in ipairs(operation and operation.needs or {}) do list[#list + 1] = key end
        return list
    end
end

--- A node's check.
function words.check(operations)
    return function(config, problem)
        judge(operations, config, is_open, function(key, rule, message)
            if rule ~= "required" then problem(key, rule, message) end -- these are told by metadata.required
        end)
    end
end

-- Whether nothing is wrong and nothing is null, found out without putting anything in order: so it is nearly always.
local function is_right(operation, config)
    local own, needs = operation.kinds, operation.needs
    for key, value in next, config do
        local kind = own[key]
        if not kind or (type(value) ~= kind.type or kind.test) and not is_of(kind, value) then return false end
    end
    for i = 1, needs and #needs or 0 do
        if config[needs[i]] == nil then return false end
    end
    return true
end

local function without_null(config)
    local out = {}
    for key, value in next, config do
        if value ~= null then out[key] = value end
    end
    return out
end

local function fault(operations, config)
    local issues, lines = core.array {}, {}
    judge(operations, config, never, function(key, rule, message)
        issues[#issues + 1], lines[#lines + 1] = { path = key, rule = rule, message = message }, message
    end)
    if #issues == 0 then return nil end
    local err = core.error("invalid_document", table.concat(lines, "; "))
    err.issues = issues
    return err
end

--- For a node's metadata.edges_of: operation → the edges that it can take, `error` at the end.
function words.edges_of(operations)
    local out = {}
    for name, operation in next, operations do
        local edges = { table.unpack(operation.edges) }
        edges[#edges + 1] = "error"
        out[name] = edges
    end
    return out
end

-- The codes of errors that are edges of their own, where these edges are among those of the operation: code → edge.
local function edge_of_code(edges)
    local out = {}
    for _, edge in ipairs(edges) do
        if edge == "not_found" or edge == "exists" or edge == "conflict" then out[edge] = edge end
    end
    return out
end

-- Which words of a configuration that is not resolved yet are still to be judged when it is; nil when something is
-- wrong or null.
local function open_words(operation, config)
    local open = {}
    for key, value in next, config do
        local kind = operation.kinds[key]
        if kind and (is_open(value) or type(value) == "table") then
            open[#open + 1] = key
        elseif type(key) ~= "string" or key:sub(-1) ~= "?" and not (kind and is_of(kind, value)) then
            return nil
        end
    end
    for _, key in ipairs(operation.needs or {}) do
        if rawget(config, key) == nil then return nil end
    end
    return open
end

--- A node's plan: the operation of a configuration that is not resolved yet, and which of its words remain to be judged
-- when it is. nil when something is wrong or null.
function words.plan(operations)
    return function(config)
        local operation = operations[rawget(config, "operation")]
        local open = operation and open_words(operation, config)
        return open and { operation = operation, open = open }
    end
end

--- The same of a configuration that needs no resolving.
function words.plan_final(operations)
    return function(config)
        local operation = operations[config.operation]
        return operation and is_right(operation, config) and operation.plan or nil
    end
end

-- Whether what is resolved turned out right.
local function is_as_planned(plan, config)
    local open, own = plan.open, plan.operation.kinds
    for i = 1, #open do
        local kind, value = own[open[i]], config[open[i]]
        if (type(value) ~= kind.type or kind.test) and not is_of(kind, value) then return false end
    end
    return true
end

--- Reads a resolved configuration, of which there may be a plan: its operation, and its words without those that are
-- null, which is to say that there is none; nil and an error with an issue for each problem.
function words.read(operations, config, plan)
    if plan and is_as_planned(plan, config) then return plan.operation, config end
    local operation = operations[config.operation]
    if operation and is_right(operation, config) then return operation, config end
    local err = fault(operations, config)
    if err then return nil, err end
    return operation, without_null(config)
end

--- Completes an operation: `kinds`, name → kind of every word that it takes, `edge_of_code`, and the `plan` of a
-- configuration in which all is right.
function words.operation(operation)
    operation.kinds = {}
    for name, kind in next, common do operation.kinds[name] = kinds[kind] end
    for name, kind in next, operation.words do operation.kinds[name] = kinds[kind] end
    operation.edge_of_code = edge_of_code(operation.edges)
    operation.plan = { operation = operation, open = {} }
    return operation
end

--- Every word that one of the operations takes, sorted.
function words.all(operations)
    local set = {}
    for name in next, common do set[name] = true end
    for _, operation in next, operations do
        for name in next, operation.words do set[name] = true end
    end
    return sorted_names(set)
end

return words
