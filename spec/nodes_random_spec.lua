-- Random configurations: every word of a node may hold anything once it is resolved. A step ends by an edge or by an
-- error that says what is wrong with its words; none is told of as a mistake in FlexDB or in a script.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local random = math.random

local function pick(list) return list[random(#list)] end

local deep = {}
do
    local at = deep
    for _ = 1, 150 do
        at.x = {}
        at = at.x
    end
end

local null, empty = flexdb.null, flexdb.array {}

-- What a word may come out as.
local values = {
    null, true, false, 0, 1, -1, 1.5, 1e300, math.maxinteger, math.mininteger, "", "x", "t", "a", "2024-01-01", "\0",
    "中", ("x"):rep(300), ("y"):rep(70000), empty, {}, { 1 }, { "a" }, { "-a", "b" }, { null }, deep, { a = 1 },
    { a = { gt = 1 } }, { OR = { { a = 1 }, { b = "x" } } }, { op = "add_column" },
    { { op = "add_column", column = { name = "z", dataType = "integer" } } },
    { { op = "rename_column", name = "a", to = "q" } }, { { op = "remove_column", name = "b" } },
    { { name = "c", dataType = "string" } }, { { name = 5 } }, { { a = 1, b = "x" }, { a = 2 } }, { { 1 } },
    { edge = "x", value = 1 }, { { edge = "success", operation = "less", value = 3 } },
    "skip", "stop", "success", "insert", "equal", "return 1", "return nil, {}", "error { code = 'conflict' }",
}

local columns = {
    { name = "a", dataType = "integer", unique = true }, { name = "b", dataType = "string" },
    { name = "d", dataType = "decimal" }, { name = "j", dataType = "json" },
    { name = "r", dataType = "reference", validation = { targetTable = "t" } },
}

local registry = require "flexdb.workflow.registry".new()
local held = { "flexTableId", "flexRecordId", "flexRecord", "flexTable", "applicationId", "userId" }

local function sorted_names(set)
    local names = {}
    for name in pairs(set or {}) do names[#names + 1] = name end
    table.sort(names)
    return names
end

-- A step of one node, and the state that it refers to.
local function step()
    local node = registry:find(pick(registry:ids()))
    local config, state, words = {}, {}, node.metadata.inputs
    if node.operations then
        config.operation = pick(sorted_names(node.operations))
        words = sorted_names(node.operations[config.operation].words)
        for _, name in ipairs { "applicationId", "idempotencyKey" } do words[#words + 1] = name end
    end
    for _, word in ipairs(words) do
        if word ~= "run" and random(#words) <= 3 then
            config[word], state["v_" .. word] = "$.v_" .. word, pick(values)
        end
    end
    for _, word in ipairs(node.metadata.bodies or {}) do config[word] = pick { "empty", empty } end
    if node.operations and random(2) == 1 then config.tableName = "t" end
    for _, word in ipairs(held) do
        if random(12) == 1 then state[word] = pick(values) end
    end
    return { [node.metadata.id] = config }, state
end

engines.each(function(engine)
    describe("a node whose words may be anything", function()
        it("ends by an edge, or says which word is wrong", function()
            engines.seed "random configurations"
            local db = engine.open()
            for round = 1, engine.server and 150 or 600 do
                if not db:table "t" and not db:restore_table "t" then
                    assert(db:create_table("t", { columns = columns }))
                end
                local one, state = step()
                local ended, _, err = pcall(flexdb.workflow.run,
                    { id = "r", name = "R", version = "1.0.0", workflow = { one } },
                    { db = db, state = state, log = function() end, limits = { seconds = 5 } })
                local what = ("round %d: %s"):format(round, flexdb.json.encode(one))
                assert.is_true(ended, what)
                assert.are_not.equal("internal", err and err.code, what .. ": " .. tostring(err))
                assert.are_not.equal("corrupt", err and err.code, what .. ": " .. tostring(err))
            end
            db:close()
        end)
    end)
end)
