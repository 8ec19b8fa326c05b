--- The words of a node that has operations: which of them an operation takes, needs, and of which kind they are.
-- Needs flexdb.core (array, null, error).
--
-- An operation is { words = { name = kind, … }, needs = { name, … }, edges = { name, … }, work =, tell = }; a kind is a
-- key of `kinds`, and every operation has the edge `error` too.

local core = require "flexdb.core"

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

-- kind → what a message calls it, and the test
local kinds = {
    text = { "a text", function(v) return type(v) == "string" end },
    boolean = { "true or false", function(v) return type(v) == "boolean" end },
    count = { "an integer of at least 0", function(v) return is_integer(v, 0) end },
    version = { "an integer of at least 1", function(v) return is_integer(v, 1) end },
    object = { "an object", is_object },
    array = { "an array", is_array },
    list = { "an array or a text", function(v) return type(v) == "string" or is_array(v) end },
    document = { "an array or an object", function(v) return type(v) == "table" end },
}

--- What a value is, as a message calls it.
local function show(value)
    if value == core.null then return "null" end
    local kind = type(value)
    if kind == "string" then return #value <= 40 and ("%q"):format(value) or "a text" end
    if kind == "number" or kind == "boolean" then return tostring(value) end
    if kind == "table" then return is_array(value) and not is_object(value) and "an array" or "an object" end
    return "a " .. kind
end

local QUESTION <const> = ("?"):byte()

-- Words that every operation takes.
local common = { operation = "text", applicationId = "text", idempotencyKey = "text" }

-- The names, without keys that are none.
local function sorted(set)
    local list = {}
    for name in next, set do
        if type(name) == "string" then list[#list + 1] = name end
    end
    table.sort(list)
    return list
end

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
            table.concat(sorted(operations), ", ")))
    end
    for key in next, config do
        if type(key) ~= "string" then
            problem("", "type", ("a configuration must have names for keys, has %s"):format(show(key)))
            break
        end
    end
    for _, key in ipairs(sorted(config)) do
        local value, kind = given(config, key), operation.words[key] or common[key]
        if value ~= nil and key:sub(-1) ~= "?" then
            if not kind then
                problem(key, "unknown", ("%s takes no %s: it takes %s"):format(name, key,
                    table.concat(sorted(operation.words), ", ")))
            elseif not open(value) and not kinds[kind][2](value) then
                problem(key, "type", ("%s must be %s, is %s"):format(key, kinds[kind][1], show(value)))
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

-- Whether nothing is wrong, found out without putting anything in order: so it is nearly always.
local function is_right(operations, config)
    local operation = operations[rawget(config, "operation")]
    if not operation then return false end
    local own = operation.words
    for key, value in next, config do
        if type(key) ~= "string" then return false end
        local kind = own[key] or common[key]
        if kind then
            if value ~= null and not kinds[kind][2](value) then return false end
        elseif value ~= null and key:byte(-1) ~= QUESTION then
            return false
        end
    end
    local needs = operation.needs
    for i = 1, needs and #needs or 0 do
        if given(config, needs[i]) == nil then return false end
    end
    return true
end

--- What is wrong with a resolved configuration, as an error with an issue for each problem; or nil.
function words.fault(operations, config)
    if is_right(operations, config) then return end
    local issues
    judge(operations, config, never, function(key, rule, message)
        issues = issues or core.array {}
        issues[#issues + 1] = { path = key, rule = rule, message = message }
    end)
    if not issues then return end
    local lines = {}
    for i, issue in ipairs(issues) do lines[i] = issue.message end
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

--- The codes of errors that are edges of their own, where these edges are among those of the operation: code → edge.
function words.edge_of_code(edges)
    local out = {}
    for _, edge in ipairs(edges) do
        if edge == "not_found" or edge == "exists" or edge == "conflict" then out[edge] = edge end
    end
    return out
end

--- Every word that one of the operations takes, sorted.
function words.all(operations)
    local set = {}
    for name in next, common do set[name] = true end
    for _, operation in next, operations do
        for name in next, operation.words do set[name] = true end
    end
    return sorted(set)
end

return words
