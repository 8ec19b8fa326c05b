-- Random documents: whatever they are made of, check and run answer, and what check lets pass runs to an end that is
-- one of the two that there are.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local random = math.random

local function pick(list) return list[random(#list)] end

local texts = { "$.a", "$.a.b", "$.list.0", "$.list.length", "$.n + 1", "$.n * $.n", "$.n / 0", "{{$.a}}{{$.a}}",
    "{{$.n", "$.", "$.a..b", "x", "", "$.99", "{{ $.list }}", "\xff", "empty", "log", "each", "$.error", "error" }

local value

local function array(depth)
    local out = flexdb.array {}
    for i = 1, random(0, 3) do out[i] = value(depth - 1) end
    return out
end

local function object(depth)
    local out = {}
    for _ = 1, random(0, 3) do out[pick { "a", "b", "value", "x?", "success?" }] = value(depth - 1) end
    return out
end

value = function(depth)
    local kind = random(depth > 0 and 11 or 8)
    if kind <= 4 then return pick(texts) end
    if kind == 5 then return random(-3, 3) end
    if kind == 6 then return pick { 0.5, math.maxinteger, math.mininteger, 1e308, -0.0 } end
    if kind == 7 then return random() < 0.5 end
    if kind == 8 then return flexdb.null end
    return kind == 9 and object(depth) or array(depth)
end

local step

local function steps(depth)
    local kind = random(6)
    if kind == 1 then return flexdb.null end
    if kind == 2 then return pick(texts) end
    if kind == 3 then return step(depth - 1) end
    local out = flexdb.array {}
    for i = 1, random(0, 3) do out[i] = step(depth - 1) end
    return out
end

local operations = { "equal", "less", "greaterOrEqual", "and", "not", "exists", "none" }

-- For each node a configuration that is mostly right.
local configs = {
    log = function(d) return { message = value(d) } end,
    empty = function() return {} end,
    set = function(d)
        local path = pick { "$.a", "$.n", "$.list", "$.a.b", "$.list.0", "bad-path" }
        return { path = path, [pick { "value", "add" }] = value(d) }
    end,
    logic = function(d)
        return { operation = pick(operations), values = random() < 0.8 and { value(d), value(d) } or value(d) }
    end,
    switch = function(d)
        return { value = value(d), cases = random() < 0.3 and { { value = value(d), edge = "a" } } or nil }
    end,
    each = function(d) return { items = random() < 0.5 and array(d) or "$.list", body = steps(d) } end,
    transaction = function(d) return { body = steps(d) } end,
    workflow = function() return { file = pick { "x.json", "$.a", "../x" } } end,
    lua = function() return { source = "return 1" } end,
    nothing = function(d) return object(d) end,
}
local ids = {}
for id in pairs(configs) do ids[#ids + 1] = id end
table.sort(ids)

step = function(depth)
    local kind = random(10)
    if kind == 1 then return pick { "empty", "log", "nothing", "$.a" } end
    if kind <= 3 then return { [pick { "$.a", "$.n", "$.list.0", "$.a.b.c", "$.bad-one", "$.list" }] = value(2) } end
    if kind == 4 and random() < 0.3 then return value(2) end
    local id = pick(ids)
    local config = depth > 0 and configs[id](depth) or {}
    for _ = 1, random(0, 2) do
        config[pick { "success?", "error?", "true?", "default?", "a?", "nope?" }] = steps(depth)
    end
    return { [id .. (random() < 0.1 and "..." or "")] = config }
end

local function document()
    local out = { id = "r", name = "R", version = "1.0.0", initialState = { a = { b = 1 }, n = 3, list = { 1, "x" } },
        workflow = flexdb.array {} }
    for i = 1, random(1, 5) do out.workflow[i] = step(3) end
    if random() < 0.05 then out[pick { "id", "name", "workflow", "initialState", "other" }] = value(2) end
    return out
end

require "spec.support.pace".rest_collector(setup, teardown)

describe("a random document", function()
    it("is checked and run without a crash", function()
        engines.seed "random workflows"
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local good, done = 0, 0
        for _ = 1, 4000 do
            local one = document()
            local ok, err = flexdb.workflow.check(one)
            local state, why, last = flexdb.workflow.run(one, { db = db, log = function() end,
                limits = { steps = 2000, iterations = 20, jumps = 50 } })
            if ok then
                good = good + 1
                if state then done = done + 1 end
                if why then assert.truthy(why.step, tostring(why)) end
            else
                assert.is_true(err.code == "invalid_document" and #err.issues > 0
                    or tostring(err):find "may not read files" ~= nil, tostring(err))
                assert.equal(tostring(err), tostring(why))
            end
            assert.truthy(state or why.advice)
            -- a mistake in a node would be of the code internal: there is none
            assert.is_true(state ~= nil or why.code ~= "internal", tostring(why))
            assert(flexdb.json.encode(state or last))
        end
        assert.is_true(good > 200 and done > 100, ("%d of 4000 were good, %d ran to their end"):format(good, done))
    end)
end)
