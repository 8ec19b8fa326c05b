-- Workflow documents that are wrong: every problem, with its path, before anything runs.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

local null = flexdb.null

local grammar = "names of letters, digits and _ with dots between them, and any other name as ['a name']"

-- name, the JSON of the steps, the problems
local steps = {
    { "a node that is not there", '["nope", {"nay": {}}]', [[
workflow[0].nope: node: there is no node "nope"
workflow[1].nay: node: there is no node "nay"]] },
    { "a node that is not there behind an edge", '[{"log": {"message": "x", "success?": [{"log": {"message": "y"}}, '
        .. '{"nope": {}}]}}]', [[
workflow[0].log.success?[1].nope: node: there is no node "nope"]] },
    { "an edge that the node does not have", '[{"log": {"message": "x", "sucess?": null}}]', [[
workflow[0].log.sucess?: edge: "log" has no edge "sucess"; it has success, error]] },
    { "an edge that the operation does not take", '[{"flex-record": {"operation": "findOne", "tableName": "t", '
        .. '"recordId": "x", "success?": null, "found?": null, "error?": null}}, '
        .. '{"flex-record": {"operation": "insert", "data": {}, "conflict?": null}}, '
        .. '{"flex-table": {"operation": "plan", "changes": [], "success?": null, "plan?": null}}]', [[
workflow[0].flex-record.success?: edge: "flex-record" has no edge "success" after findOne; ]]
        .. [[it has found, not_found, error
workflow[1].flex-record.conflict?: edge: "flex-record" has no edge "conflict" after insert; it has success, error
workflow[2].flex-table.success?: edge: "flex-table" has no edge "success" after plan; ]]
        .. "it has plan, conflict, not_found, error" },
    { "an edge that no operation takes, where the state names the operation", '[{"flex-record": {"operation": '
        .. '"$.operation", "success?": null, "exists?": null}}]', [[
workflow[0].flex-record.exists?: edge: "flex-record" has no edge "exists"; ]]
        .. "it has conflict, empty, error, found, not_found, success" },
    { "an operation that there is not, and then every edge of the node may be one", '[{"flex-record": {"operation": '
        .. '"findAll", "success?": null, "exists?": null}}]', [[
workflow[0].flex-record.operation: enum: there is no operation "findAll": one of count, delete, findMany, findOne, ]]
        .. [[insert, insertMany, restore, update, updateMany, upsert
workflow[0].flex-record.exists?: edge: "flex-record" has no edge "exists"; ]]
        .. "it has conflict, empty, error, found, not_found, success" },
    { "an edge without a name", '[{"switch": {"value": 1, "?": "empty"}}]', [[
workflow[0].switch.?: edge: the name of an edge holds letters, digits, _, - and .]] },
    { "a configuration that is missing", '["each", {"logic": {"operation": "equal"}}, {"set": {}}]', [[
workflow[0].each: required: body is missing
workflow[0].each: required: items is missing
workflow[1].logic: required: values is missing
workflow[2].set: required: path is missing
workflow[2].set: required: either value or add must be given]] },
    { "a configuration that is null", '[{"each": {"body": [], "items": null}}]', [[
workflow[0].each: required: items is missing]] },
    { "a configuration that is no object", '[{"log": "x"}, {"log": []}, {"log": 5}]', [[
workflow[0].log: type: a node's configuration must be an object, is a text
workflow[1].log: type: a node's configuration must be an object, is an array
workflow[2].log: type: a node's configuration must be an object, is a number]] },
    { "a key that the node does not know", '[{"set": {"path": "$.x", "value": 1, "valeu": 2}}]', [[
workflow[0].set.valeu: unknown: there is no key "valeu" here]] },
    { "a reference that is none", '[{"log": {"message": "$.a..b"}}, {"log": {"message": {"deep": ["$.a-b"]}}}]',
        ([[
workflow[0].log.message: reference: "$.a..b" is not a reference: GRAMMAR
workflow[1].log.message.deep[0]: reference: "$.a-b" is not a reference: GRAMMAR]]):gsub("GRAMMAR", grammar) },
    { "a name in quotes that does not end, or is empty, or stands behind a dot", [==[[{"log": {"message": "$.a['b c"}},
        {"log": {"message": "$.a['b'c']"}}, {"log": {"message": "$.a['']"}}, {"log": {"message": "$.a.['b c']"}},
        {"log": {"message": "$.a['b c']d"}}, {"log": {"message": "$.a[b c]"}}, {"log": {"message": "$.a[0]"}},
        {"log": {"message": "{{$.a['b c}}"}}, {"$.a['b c'": 1}, {"$.x": "$.a['b c' + 1"}]]==], ([[
workflow[0].log.message: reference: "$.a['b c" is not a reference: GRAMMAR
workflow[1].log.message: reference: "$.a['b'c']" is not a reference: GRAMMAR
workflow[2].log.message: reference: "$.a['']" is not a reference: GRAMMAR
workflow[3].log.message: reference: "$.a.['b c']" is not a reference: GRAMMAR
workflow[4].log.message: reference: "$.a['b c']d" is not a reference: GRAMMAR
workflow[6].log.message: reference: "$.a[0]" is not a reference: GRAMMAR
workflow[7].log.message: reference: {{$.a['b c}} is not a reference
workflow[8].$.a['b c': reference: "$.a['b c'" is not a path: GRAMMAR
workflow[9].$.x: reference: "$.a['b c' + 1" is not a reference: GRAMMAR]]):gsub("GRAMMAR", grammar) },
    { "a template that is none", '[{"log": {"message": "{{$.a-b}}"}}, {"log": {"message": "x {{$.a"}}]', [[
workflow[0].log.message: reference: {{$.a-b}} is not a reference
workflow[1].log.message: reference: a template begins with {{ and does not end with }}]] },
    { "a setter that is none", '[{"$.a-b": 1}, "$.x", {"$.y": {"success?": null}}, {"$.z": "$.a."}, '
        .. '{"$.y": {"value": 1, "unit": "kg", "sucess?": null}}]', ([[
workflow[0].$.a-b: reference: "$.a-b" is not a path: GRAMMAR
workflow[1]: type: the setter "$.x" has no value: write { "$.x": … }
workflow[2].$.y: required: value is missing
workflow[3].$.z: reference: "$.a." is not a reference: GRAMMAR
workflow[4].$.y.unit: edge: a setter has value, success? and error?
workflow[4].$.y.sucess?: edge: a setter has value, success? and error?]]):gsub("GRAMMAR", grammar) },
    { "a step that is none", '[{}, {"log": {"message": "x"}, "empty": {}}, 5, null, []]', [[
workflow[0]: type: a step must have one key, a node's id or a path, has none
workflow[1]: type: a step must have one key, a node's id or a path, has empty, log
workflow[2]: type: a step must be an object or a node's id, is a number
workflow[3]: type: a step must be an object or a node's id, is null
workflow[4]: type: a step must be an object or a node's id, is an array]] },
    { "a loop with too few dots", '[{"empty..": {}}]', [[
workflow[0].empty..: node: a loop is a node's id and three dots]] },
    { "a problem in a body", '[{"transaction": {"body": {"each": {"items": [], "body": ["nope"]}}}}]', [[
workflow[0].transaction.body.each.body[0].nope: node: there is no node "nope"]] },
    { "what nodes know of their words", '[{"logic": {"operation": "eqal", "values": [1, 2]}}, '
        .. '{"logic": {"operation": "less", "values": [1]}}, {"logic": {"operation": "not", "values": 5}}, '
        .. '{"each": {"items": [], "as": "a.b", "body": []}}, {"set": {"path": "$.a-b", "value": 1, "add": 1}}, '
        .. '{"each": {"items": [], "tableName": "t", "body": []}}, {"workflow": {"file": "$.f", "as": "9"}}]', [[
workflow[0].logic.operation: enum: must be one of equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, ]]
        .. [[and, or, not and exists
workflow[1].logic.values: count: less takes two values, has 1
workflow[2].logic.values: type: must be an array, is a number
workflow[3].each.as: type: must be a name of letters, digits and _
workflow[4].set.path: reference: must be a path such as $.total
workflow[4].set: required: either value or add must be given
workflow[5].each.items: unknown: either items or a table is given
workflow[6].workflow.as: reference: must be a path such as $.imported]] },
    { "an element and its place under one name", '[{"each": {"items": [], "as": "index", "body": []}}, '
        .. '{"each": {"items": [], "as": "n", "index": "n", "body": []}}]', [[
workflow[0].each.as: value: the item and its place need two names
workflow[1].each.as: value: the item and its place need two names]] },
}

require "spec.support.pace".rest_collector(setup, teardown)

describe("the steps of a document", function()
    for _, scenario in ipairs(steps) do
        it("refused: " .. scenario[1], function()
            local found, err = workflows.problems(workflows.document(scenario[2]))
            assert.equal(scenario[3], found)
            assert.equal("invalid_document", err.code)
        end)
    end
end)

local good = { id = "w", name = "W", version = "1.0.0", workflow = { "empty" } }

local function with(changes)
    local out = {}
    for key, value in pairs(good) do out[key] = value end
    for key, value in pairs(changes) do
        if value == "absent" then out[key] = nil else out[key] = value end
    end
    return out
end

local cyclic = { log = { message = "x" } }
cyclic.log["success?"] = { cyclic }
local value = {}
value.inner = value

-- name, document, the problems
local documents = {
    { "nothing at all", {}, [[
id: required: is missing
name: required: is missing
version: required: is missing
workflow: required: is missing]] },
    { "an array", { 1, 2 }, "workflow: type: the document must be an object, is an array" },
    { "an empty array", flexdb.array {}, "workflow: type: the document must be an object, is an array" },
    { "an object whose metatable is not asked", setmetatable({}, { __index = function() error "asked" end }), [[
id: required: is missing
name: required: is missing
version: required: is missing
workflow: required: is missing]] },
    { "an id with a space", with { id = "a b" }, "id: type: must be a text of letters, digits, - and _" },
    { "an id that is a number", with { id = 5 }, "id: type: must be a text of letters, digits, - and _" },
    { "an empty name", with { name = "" }, "name: type: must be a text that is not empty" },
    { "a version of two numbers", with { version = "1.0" },
        "version: type: must be three numbers with dots between them, such as 1.0.0" },
    { "a description that is null", with { description = null }, "description: type: must be a text" },
    { "a first state that is an array", with { initialState = { 1 } },
        "initialState: type: must be an object, is an array" },
    { "a first state that cannot be JSON", with { initialState = { f = print } },
        "initialState: type: the state cannot be JSON: f: must not be a function" },
    { "a key that there is not", with { steps = {} }, 'steps: unknown: there is no key "steps" here' },
    { "no steps", with { workflow = flexdb.array {} }, "workflow: type: must have at least one step" },
    { "steps that are an object", with { workflow = { log = {} } },
        "workflow: type: must be an array of steps, is an object" },
    { "steps with a hole", with { workflow = { "empty", [3] = "empty" } },
        "workflow: type: must have the indexes 1 to n for keys" },
    { "a step that contains itself", with { workflow = { cyclic } },
        "workflow[0].log.success?[0]: nesting: must not contain itself" },
    { "a value that contains itself", with { workflow = { { log = { message = value } } } },
        "workflow[0].log.message.inner: nesting: must not contain itself" },
    { "a function in a configuration", with { workflow = { { log = { message = print } } } },
        "workflow[0].log.message: type: must not be a function" },
    { "a number that is none", with { workflow = { { log = { message = 0 / 0 } } } },
        "workflow[0].log.message: type: must be a finite number" },
    { "bytes that are no text", with { workflow = { { log = { message = "\xff" } } } },
        "workflow[0].log.message: utf8: must be UTF-8" },
    { "a mixed table", with { workflow = { { log = { message = { 1, x = 2 } } } } },
        "workflow[0].log.message: type: must have either names or the indexes 1 to n for keys" },
}

describe("a document", function()
    for _, scenario in ipairs(documents) do
        it("refused: " .. scenario[1], function()
            assert.equal(scenario[3], (workflows.problems(scenario[2])))
        end)
    end

    it("that is good is good", function()
        assert.is_true(flexdb.workflow.check(good))
        assert.is_true(flexdb.workflow.check(with { description = "", initialState = {} }))
    end)

    it("tells the first problems in the error's message", function()
        local _, err = flexdb.workflow.check {}
        assert.equal("invalid_document: id: is missing; name: is missing; version: is missing (and 1 more)",
            tostring(err))
    end)

    it("runs nothing when one step is wrong", function()
        local run = workflows.run('[{"log": {"message": "x"}}, "nope"]')
        assert.equal('invalid_document: workflow[1].nope: there is no node "nope"', tostring(run.err))
        assert.same({}, run.said)
        assert.same({}, run.events)
        assert.truthy(run.err.advice)
    end)

    it("nests steps to 100 levels and no further", function()
        for _, scenario in ipairs { { 100, "" }, { 101, "steps nest deeper than 100 levels" } } do
            local step = { empty = {} }
            for _ = 2, scenario[1] do step = { empty = { ["success?"] = { step } } } end
            local found = workflows.problems(with { workflow = { step } })
            assert.equal(scenario[2], found:match "nesting: (.*)" or "")
        end
    end)

    it("nests values to 100 levels and no further", function()
        for _, scenario in ipairs { { 100, "" }, { 101, "nests deeper than 100 levels" } } do
            local message = "x"
            for _ = 1, scenario[1] do message = { x = message } end
            local found = workflows.problems(with { workflow = { { log = { message = message } } } })
            assert.equal(scenario[2], found:match "nesting: (.*)" or "")
        end
    end)

    it("has at most a million values and 100,000 steps, however few tables they are", function()
        local wide = { "x" }
        for _ = 1, 30 do wide = { wide, wide, wide, wide, wide, wide, wide, wide } end
        local found = workflows.problems(with { workflow = { { log = { message = wide } } } })
        assert.truthy(found:find("size: the document has more than 1000000 values", 1, true))
        local step = { empty = {} }
        for _ = 1, 30 do step = { empty = { ["success?"] = { step, step, step, step, step, step, step, step } } } end
        found = workflows.problems(with { workflow = { step } })
        assert.truthy(found:find("size: the document has more than 100000 steps", 1, true))
    end)

    it("may have 10,000 steps", function()
        local many = {}
        for i = 1, 10000 do many[i] = { ["$.n"] = "$.n + 1" } end
        local state = assert(flexdb.workflow.run(with { workflow = many, initialState = { n = 0 } }))
        assert.equal(10000, state.n)
    end)
end)

describe("a call", function()
    -- name, call, what it raises
    for _, scenario in ipairs {
        { "check without a document", function() flexdb.workflow.check() end,
            "bad argument #1 to 'check' (table or string expected, got no value)" },
        { "run of a number", function() flexdb.workflow.run(5) end,
            "bad argument #1 to 'run' (table or string or function expected, got number)" },
        { "an option that there is not", function() flexdb.workflow.run(good, { limit = {} }) end,
            "bad argument #2 to 'run' (there is no option 'limit')" },
        { "a limit that there is not", function() flexdb.workflow.run(good, { limits = { step = 1 } }) end,
            "bad argument #2 to 'run' (there is no limit 'step')" },
        { "a limit of nothing", function() flexdb.workflow.run(good, { limits = { steps = 0 } }) end,
            "bad argument #2 to 'run' (limit 'steps' must be an integer of at least 1, is 0)" },
        { "a limit in words", function() flexdb.workflow.run(good, { limits = { seconds = "1" } }) end,
            "bad argument #2 to 'run' (limit 'seconds' must be a number of seconds, is 1)" },
        { "a depth beyond what there is", function() flexdb.workflow.run(good, { limits = { depth = 101 } }) end,
            "bad argument #2 to 'run' (limit 'depth' must be at most 100, is 101)" },
        { "a database that is none", function() flexdb.workflow.run(good, { db = io.stdout }) end,
            "bad argument #2 to 'run' (option 'db' must be a database, is a userdata)" },
        { "a node that is none", function() flexdb.workflow.check(good, { nodes = { {} } }) end,
            "bad argument #2 to 'check' (node 1: metadata must be a table, is nil)" },
    } do
        it("raises: " .. scenario[1], function()
            local ok, why = pcall(scenario[2])
            assert.is_false(ok)
            assert.equal(scenario[3], (why:gsub("^[^:]*:%d+: ", "")))
            assert.truthy(why:find("spec/workflow_check_spec.lua:", 1, true), why)
        end)
    end
end)
