-- The control nodes: log, set, logic, switch, each, transaction and lua.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

-- operation, values as JSON, the edge; or the message of the error
local asked = {
    { "equal", '[1, 1]', "true" }, { "equal", '[1, 1.0]', "true" }, { "equal", '[1, "1"]', "false" },
    { "equal", '["a", "a"]', "true" }, { "equal", '[null, null]', "true" }, { "equal", '[null, false]', "false" },
    { "equal", '[{"a": [1, {"b": null}]}, {"a": [1, {"b": null}]}]', "true" },
    { "equal", '[{"a": 1}, {"a": 1, "b": 2}]', "false" }, { "equal", '[[1, 2], [1]]', "false" },
    { "equal", '[["x"], {"x": 1}]', "false" }, { "equal", '["$.nothing", null]', "true" },
    { "notEqual", '[1, 2]', "true" }, { "notEqual", '["a", "a"]', "false" },
    { "less", '[1, 2]', "true" }, { "less", '[2, 2]', "false" }, { "less", '["2024-01-02", "2024-01-10"]', "true" },
    { "less", '["9.99", "10.00"]', "true" }, { "less", '["-2", "-1.5"]', "true" }, { "less", '[9, "10.5"]', "true" },
    { "less", '["100000000000000000000.01", "100000000000000000000.02"]', "true" },
    { "less", '[9007199254740992, 9007199254740993]', "true" }, { "less", '["9007199254740993", 1e300]', "true" },
    { "lessOrEqual", '["1.50", 1.5]', "true" }, { "lessOrEqual", '[3, 2]', "false" },
    { "greater", '[2, 1]', "true" }, { "greater", '["b", "a"]', "true" },
    { "greaterOrEqual", '["0.00", "-0"]', "true" }, { "greaterOrEqual", '[1, 2]', "false" },
    { "less", '[1, "a"]', nil, "a number and a text cannot be compared: numbers can, and texts" },
    { "less", '[null, 1]', nil, "null and a number cannot be compared: numbers can, and texts" },
    { "greater", '[[1], {"a": 1}]', nil, "an array and an object cannot be compared: numbers can, and texts" },
    { "and", '[true, 1, "x", []]', "true" }, { "and", '[true, 0]', "false" }, { "and", '["", true]', "false" },
    { "or", '[null, false, 0, ""]', "false" }, { "or", '[false, "x"]', "true" },
    { "not", '[null]', "true" }, { "not", '[{}]', "false" },
    { "exists", '["$.nothing"]', "false" }, { "exists", '["$.n"]', "false" }, { "exists", '["$.f", 0]', "true" },
    { "$.operation", '[1]', nil, 'operation must be one of equal, notEqual, less, lessOrEqual, greater, '
        .. 'greaterOrEqual, and, or, not and exists, is "x"' },
    { "$.nothing", '[1]', nil, "operation must be one of equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, "
        .. "and, or, not and exists, is nothing" },
    { "equal", '"$.f"', nil, "values must be an array, is a boolean" },
    { "equal", '"$.list"', nil, "equal takes two values, has 3" },
}

describe("logic", function()
    for _, scenario in ipairs(asked) do
        it(scenario[1] .. " of " .. scenario[2], function()
            local run = workflows.run(('[{"logic": {"operation": %q, "values": %s, "true?": {"$.edge": "true"}, '
                .. '"false?": {"$.edge": "false"}}}]'):format(scenario[1], scenario[2]),
                { initial = '{"n": null, "f": false, "operation": "x", "list": [1, 2, 3]}' })
            if scenario[3] then
                assert.is_nil(run.err)
                assert.equal(scenario[3], run.state.edge)
                assert.equal(scenario[3] == "true", run.state.logicResult)
            else
                assert.equal("invalid_document: " .. scenario[4], tostring(run.err))
                assert.equal("workflow[0].logic", run.err.step)
            end
        end)
    end
end)

-- first state, configurations in turn, the state after them; or the message
local sums = {
    { '{}', { '{"path": "$.a.b", "value": [1, null]}' }, '{"a":{"b":[1,null]}}' },
    { '{"x": 1}', { '{"path": "a", "value": "$.x"}' }, '{"a":1,"x":1}' },
    { '{}', { '{"path": "$.n", "add": 1}', '{"path": "$.n", "add": 41}' }, '{"n":42}' },
    { '{"n": 0.5}', { '{"path": "$.n", "add": 1}' }, '{"n":1.5}' },
    { '{}', { '{"path": "$.n", "add": "9.99"}', '{"path": "$.n", "add": "0.01"}' }, '{"n":"10.00"}' },
    { '{"n": "10.00"}', { '{"path": "$.n", "add": "-10.01"}' }, '{"n":"-0.01"}' },
    { '{"n": "-0.5"}', { '{"path": "$.n", "add": "0.50"}' }, '{"n":"0.00"}' },
    { '{"n": 5}', { '{"path": "$.n", "add": "0.25"}' }, '{"n":"5.25"}' },
    { '{"n": "99999999999999999999.9"}', { '{"path": "$.n", "add": "0.1"}' }, '{"n":"100000000000000000000.0"}' },
    { '{"s": "ab"}', { '{"path": "$.s", "add": "cd"}' }, '{"s":"abcd"}' },
    { '{}', { '{"path": "$.l", "add": {"x": 1}}', '{"path": "$.l", "add": 2}' }, '{"l":[{"x":1},2]}' },
    { '{"l": []}', { '{"path": "$.l", "add": 1}' }, '{"l":[1]}' },
    { '{"n": null}', { '{"path": "$.n", "add": 1}' }, '{"n":1}' },
    { '{"n": 1}', { '{"path": "$.n", "add": "$.nothing"}' }, nil,
        "invalid_document: add refers to $.nothing, which is not in the state" },
    { '{"l": [1], "n": null}', { '{"path": "$.l", "add": "$.n"}' }, '{"l":[1,null],"n":null}' },
    { '{"s": "a"}', { '{"path": "$.s", "add": "b{{$.nothing}}"}' }, '{"s":"ab"}' },
    { '{"n": 9223372036854775807}', { '{"path": "$.n", "add": 1}' }, nil,
        "limit: 9223372036854775807 + 1 is beyond what a number can hold" },
    { '{"n": true}', { '{"path": "$.n", "add": 1}' }, nil,
        "invalid_document: $.n is a boolean, a number cannot be added to it" },
    { '{"n": 1}', { '{"path": "$.n", "add": "x"}' }, nil,
        "invalid_document: $.n is a number, a text cannot be added to it" },
    { '{"n": "0.1"}', { '{"path": "$.n", "add": 1e300}' }, nil,
        "invalid_document: 0.1 + 1e+300: a decimal and this float cannot be added exactly" },
    { '{"n": 1}', { '{"path": "$.n.x", "value": 1}' }, nil, "invalid_document: $.n is a number, not an object" },
}

describe("set", function()
    for _, scenario in ipairs(sums) do
        it(table.concat(scenario[2], ", ") .. " on " .. scenario[1], function()
            local steps = {}
            for i, config in ipairs(scenario[2]) do steps[i] = ('{"set": %s}'):format(config) end
            local run = workflows.run("[" .. table.concat(steps, ",") .. "]", { initial = scenario[1] })
            if scenario[3] then
                assert.is_nil(run.err)
                assert.equal(scenario[3], workflows.json(run.state))
            else
                assert.equal(scenario[4], tostring(run.err))
            end
        end)
    end
end)

-- configuration, the edge that is taken
local switches = {
    { '"value": "paid"', "paid" }, { '"value": "new"', "default" }, { '"value": 5', "5" }, { '"value": true', "true" },
    { '"value": null, "cases": [{"value": null, "edge": "paid"}]', "paid", edges = "paid default" },
    { '"value": "$.nothing"', "default" },
    { '"value": "error"', "default" }, { '"value": {"a": 1}', "default" },
    { '"value": 7, "cases": [{"value": 8, "edge": "paid"}, {"operation": "less", "value": "7.5", "edge": "5"}]', "5",
        edges = "paid 5 default" },
    { '"value": 9, "cases": [{"value": 8, "edge": "paid"}]', "default", edges = "default" },
}

describe("switch", function()
    for _, scenario in ipairs(switches) do
        it(scenario[1], function()
            local edges = {}
            for edge in (scenario.edges or "paid 5 true default"):gmatch "%S+" do
                edges[#edges + 1] = ('"%s?": {"$.e": "%s"}'):format(edge, edge)
            end
            local run = workflows.run(('[{"switch": {%s, %s}}]'):format(scenario[1], table.concat(edges, ", ")))
            assert.is_nil(run.err)
            assert.equal(scenario[2], run.state.e)
            assert.equal(scenario[2], run.state.switchResult)
        end)
    end

    it("refuses cases that are none", function()
        for _, scenario in ipairs {
            { '"$.n"', "cases must be an array, is a number" }, { '[1]', "cases[0] must be an object with an edge" },
            { '[{"edge": "x", "operation": "is"}]', "cases[0]: there is no such operation" },
        } do
            local run = workflows.run(('[{"switch": {"value": 1, "cases": %s}}]'):format(scenario[1]),
                { state = { n = 5 } })
            assert.equal("invalid_document: " .. scenario[2], tostring(run.err))
        end
    end)
end)

describe("each", function()
    it("runs its body for every element and cleans up behind itself", function()
        local run = workflows.run([==[[
            {"each": {"items": "$.list", "as": "it", "index": "at",
                "body": [{"log": {"message": "{{$.at}}: {{$.it.n}}"}}, {"$.it.n": 0}],
                "success?": {"log": {"message": "{{$.eachCount}} done, {{$.it}} is back"}}}}]]==],
            { initial = '{"list": [{"n": 5}, {"n": 6}], "it": "old"}' })
        assert.same({ "0: 5", "1: 6", "2 done, old is back" }, run.said)
        assert.equal('[{"n":5},{"n":6}]', workflows.json(run.state.list))
        assert.is_nil(run.state.at)
    end)

    it("goes through the array as it was when it began", function()
        local run = workflows.run([==[
            [{"each": {"items": "$.list", "body": {"set": {"path": "$.list", "add": "$.item"}}}}]]==],
            { initial = '{"list": [1, 2]}' })
        assert.equal("[1,2,1,2]", workflows.json(run.state.list))
    end)

    it("has an edge for an empty array", function()
        local run = workflows.run('[{"each": {"items": [], "body": "empty", "empty?": {"$.none": true}}}]')
        assert.is_true(run.state.none)
    end)

    it("nests", function()
        local run = workflows.run([==[[{"each": {"items": [[1, 2], [3]], "as": "row", "body":
            {"each": {"items": "$.row", "body": {"set": {"path": "$.all", "add": "$.item"}}}}}}]]==])
        assert.equal(6, run.state.all)
    end)

    it("fails with the step of its body that fails, or goes on by its own edge", function()
        local body = '"body": [{"logic": {"operation": "less", "values": ["$.item", 2]}}]'
        local run = workflows.run(('[{"each": {"items": [1, "a"], %s}}]'):format(body))
        assert.equal("workflow[0].each.body[0].logic", run.err.step)
        assert.equal('{"operation":"less","values":["a",2]}', workflows.json(run.err.config))
        run = workflows.run(('[{"each": {"items": [1, "a"], %s, "error?": {"$.met": "$.error.step"}}}]'):format(body))
        assert.is_nil(run.err)
        assert.equal("workflow[0].each.body[0].logic", run.state.met)
    end)

    it("takes nothing but an array", function()
        for _, scenario in ipairs { { '"$.n"', "a number" }, { '"$.o"', "an object" }, { '"x"', "a text" } } do
            local run = workflows.run(('[{"each": {"items": %s, "body": "empty"}}]'):format(scenario[1]),
                { initial = '{"o": {"a": 1}, "n": 1}' })
            assert.equal("invalid_document: items must be an array, is " .. scenario[2], tostring(run.err))
        end
    end)
end)

describe("transaction", function()
    local db, t
    before_each(function()
        db = assert(flexdb.open "sqlite::memory:")
        t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer", unique = true } } }))
    end)
    after_each(function() db:close() end)

    local function insert(context, config)
        local record, err = context.db:table("t"):insert { n = config.n }
        if not record then return "error", err end
        context.records = 1
        return "success"
    end
    local function run(steps, options)
        options = options or {}
        options.db, options.nodes = db, { insert = insert, boom = function() error("boom") end }
        return workflows.run(steps, options)
    end

    it("commits what its body has written", function()
        assert.is_nil(run('[{"transaction": {"body": [{"insert": {"n": 1}}, {"insert": {"n": 2}}]}}]').err)
        assert.equal(2, t:count())
    end)

    -- how the body ends; a limit ends the run whatever the edges say
    for _, scenario in ipairs {
        { "a step that fails", '{"insert": {"n": 1}}', "duplicate" },
        { "a node that raises", '"boom"', "internal" },
        { "a setter that cannot be", '{"$.n.x": 1}', "invalid_document" },
        { "the bound of a loop", '{"empty...": {"success?": "empty"}}', "limit" },
        { "the steps of the run", '{"empty...": {"success?": "empty"}}', "limit", fatal = true,
            limits = { steps = 50 } },
        { "the time of the run", '{"empty...": {"success?": "empty"}}', "limit", fatal = true,
            limits = { seconds = 0 } },
    } do
        it("is rolled back by " .. scenario[1], function()
            local body = ('{"transaction": {"body": [{"insert": {"n": 1}}, %s]}}'):format(scenario[2])
            local one = run(('[%s]'):format(body), { state = { n = 5 }, limits = scenario.limits })
            assert.equal(scenario[3], one.err.code)
            assert.equal(0, t:count())
            if one.err.rolled_back then
                assert.equal("workflow[0].transaction", one.err.rolled_back)
                assert.truthy(one.err.advice:find(
                    "what workflow[0].transaction had written is rolled back, what the steps before", 1, true))
            end
            local met = run(('[%s]'):format(body:gsub("}}$", ', "error?": {"$.met": "$.error.code"}}}')),
                { state = { n = 5 }, limits = scenario.limits })
            assert.equal(0, t:count())
            if scenario.fatal then
                assert.equal("limit", met.err.code)
            else
                assert.is_nil(met.err)
                assert.equal(scenario[3], met.state.met)
            end
        end)
    end

    it("nests: what is inside can be rolled back alone", function()
        local one = run([==[[{"transaction": {"body": [{"insert": {"n": 1}},
            {"transaction": {"body": [{"insert": {"n": 2}}, "boom"], "error?": "empty"}}]}}]]==])
        assert.is_nil(one.err)
        assert.equal(1, t:count())
    end)

    it("needs a database", function()
        assert.equal("invalid_document: this node needs a database: the run has none",
            tostring(workflows.run('[{"transaction": {"body": "empty"}}]').err))
    end)
end)

describe("lua", function()
    -- the configuration, the state's luaResult as JSON; or the error
    for _, scenario in ipairs {
        { '"source": "return 1 + 1"', "2" },
        { '"source": "return { n = state.n, v = values.v }", "values": {"v": "$.n"}', '{"n":5,"v":5}' },
        { '"source": "return \'$.n {{$.n}}\'"', '"$.n {{$.n}}"' },
        { '"source": "state.n = 6 return state.n"', "6" },
        { '"source": "local x = = 1"', nil, "invalid_document: lua:1: unexpected symbol near '='" },
        { '"source": "error(\'boom\', 0)"', nil, "invalid_document: boom" },
        { '"source": "return io"', "null" },
        { '"source": "return 1, 2"', nil, "invalid_document: the second value names the edge, it is a number" },
        { '"source": "return 1", "tables": "x"', nil, "invalid_document: tables must be an array of names" },
        { '"source": "return 1", "tables": [1]', nil, "invalid_document: tables must be an array of names" },
        { '"source": "return 1", "readOnly": 1', nil, "invalid_document: readOnly must be true or false, is a number" },
        { '"file": "x.lua"', nil, 'invalid_document: the file "x.lua": this run may not read files (files = folder)' },
    } do
        it(scenario[1], function()
            local run = workflows.run(('[{"lua": {%s}}]'):format(scenario[1]), { state = { n = 5 } })
            if scenario[2] then
                assert.is_nil(run.err, tostring(run.err))
                assert.equal(scenario[2], workflows.json(run.state.luaResult == nil and flexdb.null
                    or run.state.luaResult))
                assert.equal(5, run.state.n)
            else
                assert.equal(scenario[3], tostring(run.err))
            end
        end)
    end

    it("names the edge by a second value, and logs where the run does", function()
        local run = workflows.run('[{"lua": {"source": "print(1, true) return 2, \'even\'", "as": "$.two", '
            .. '"even?": {"log": {"message": "{{$.two}}"}}}}]')
        assert.is_nil(run.err, tostring(run.err))
        assert.same({ "1\ttrue", "2" }, run.said)
    end)

    it("does not run for ever", function()
        local run = workflows.run('[{"lua": {"source": "while true do end"}}]', { limits = { seconds = 0.2 } })
        assert.equal("limit: the script takes longer than 0.2 seconds", tostring(run.err))
    end)

    it("sees the tables that it is given, and what it writes is undone where it fails", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = {} }))
        assert(db:create_table("u", { columns = {} }))
        local function run(config)
            return workflows.run(('[{"transaction": {"body": {"lua": {%s}}}}]'):format(config), { db = db })
        end
        assert.is_nil(run('"source": "assert(db:table(\'t\'):insert {})", "tables": ["t"]').err)
        assert.equal(1, t:count())
        assert.truthy(run('"source": "assert(db:table(\'u\'))", "tables": ["t"]').err)
        assert.equal("read_only", run('"source": "assert(db:table(\'t\'):insert {})", "readOnly": true').err.code)
        assert.truthy(run('"source": "assert(db:table(\'t\'):insert {}) error(\'no\')"').err)
        assert.equal(1, t:count())
    end)
end)
