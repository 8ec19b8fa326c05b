-- What a run may use up, and what goes on when nodes and hosts do what they should not.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

local circle = '{"empty...": {"success?": {"$.n": 1}}}'

-- name, steps, limits, the message
local scenarios = {
    { "rounds of a loop", "[" .. circle .. "]", { iterations = 10 },
        "the loop has not ended after 10 rounds (limits.iterations)", step = "workflow[0].empty..." },
    { "rounds of a loop, unless said otherwise", "[" .. circle .. "]", nil,
        "the loop has not ended after 1000 rounds (limits.iterations)", step = "workflow[0].empty..." },
    { "jumps in a circle", '[{"log": {"message": "x", "success?": "log"}}]', { jumps = 10 },
        "the run has jumped 10 times (limits.jumps)", step = "workflow[0].log.success?.log" },
    { "jumps in a circle, unless said otherwise", '[{"log": {"message": "x", "success?": "log"}}]', nil,
        "the run has jumped 10000 times (limits.jumps)", step = "workflow[0].log.success?.log" },
    { "steps", "[" .. circle .. "]", { steps = 20 }, "the run has taken 20 steps (limits.steps)",
        step = "workflow[0].empty..." },
    { "time", "[" .. circle .. "]", { seconds = 0 }, "the run has taken longer than 0 seconds (limits.seconds)",
        step = "workflow[0].empty..." },
    { "memory", '[{"$.t": "' .. ("x"):rep(1 << 16) .. '"}, '
        .. '{"empty...": {"success?": {"set": {"path": "$.l", "add": {"x": "{{$.t}}{{$.l.length}}"}}}}}]',
        { memory = 16 << 20 },
        "the run uses more than 16777216 bytes of memory (limits.memory)" },
    { "a text that doubles",
        '[{"$.t": "0123456789abcdef"}, {"empty...": {"success?": {"$.t": "{{$.t}}{{$.t}}"}}}]', nil,
        "a template makes a text of more than 16 MiB", step = "workflow[1].empty....success?.$.t" },
    { "a text that is added to itself",
        '[{"$.t": "0123456789abcdef"}, {"empty...": {"success?": {"set": {"path": "$.t", "add": "$.t"}}}}]', nil,
        "$.t would be a text of more than 16 MiB", step = "workflow[1].empty....success?.set" },
    { "a table that doubles", '[{"empty...": {"success?": {"$.t": ["$.t", "$.t"]}}}]', nil,
        "$.t: has more than 1000000 values", step = "workflow[0].empty....success?.$.t" },
    { "a table that grows into the deep", '[{"empty...": {"success?": {"$.t": ["$.t"]}}}]', nil,
        "$.t: nests deeper than 200 levels", step = "workflow[0].empty....success?.$.t" },
}

require "spec.support.pace".rest_collector(setup, teardown)

describe("a run is bounded in its", function()
    for _, scenario in ipairs(scenarios) do
        it(scenario[1], function()
            local run = workflows.run(scenario[2], { limits = scenario[3] })
            assert.equal("limit: " .. scenario[4], tostring(run.err))
            if scenario.step then assert.equal(scenario.step, run.err.step) end
            assert(flexdb.json.encode(run.state))
        end)
    end

    it("steps, also where an edge waits for errors", function()
        local run = workflows.run(('[{"each": {"items": [1], "body": %s, "error?": "empty"}}]'):format(circle),
            { limits = { steps = 20 } })
        assert.equal("limit: the run has taken 20 steps (limits.steps)", tostring(run.err))
    end)

    it("loops, which an edge may wait for", function()
        local run = workflows.run('[{"left...": {"left?": "empty", "error?": {"$.met": "$.error.code"}}}]',
            { nodes = { left = function() return "left" end }, limits = { iterations = 5 } })
        assert.is_nil(run.err)
        assert.equal("limit", run.state.met)
    end)

    it("nesting of bodies", function()
        local body = '"empty"'
        for _ = 1, 20 do body = ('{"each": {"items": [1], "body": %s}}'):format(body) end
        assert.is_nil(workflows.run("[" .. body .. "]", { limits = { depth = 20 } }).err)
        local run = workflows.run("[" .. body .. "]", { limits = { depth = 19 } })
        assert.equal("limit: bodies and workflows nest deeper than 19 levels (limits.depth)", tostring(run.err))
    end)

    it("nesting, as deep as may be", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local body = '"empty"'
        for _ = 1, 90 do body = ('{"transaction": {"body": %s}}'):format(body) end
        assert.is_nil(workflows.run("[" .. body .. "]", { db = db }).err)
        -- in a coroutine there is less room for calls that a finalizer guards; it is an error, and no crash
        local err = coroutine.wrap(function() return workflows.run("[" .. body .. "]", { db = db }).err end)()
        assert.is_true(err == nil or err.code == "internal" or err.code == "limit")
        assert(db:create_table("still_there", { columns = {} }))
    end)
end)

describe("a node of the host's", function()
    -- what it does, the message of the error
    for _, scenario in ipairs {
        { "that raises a text", function() error("boom", 0) end, "internal: boom" },
        { "that raises a table", function() error {} end, "internal: an error without a message" },
        { "that raises nil", function() error() end, "internal: nil" },
        { "that raises an error of FlexDB's", function() error(select(2, flexdb.json.decode "x")) end,
            'invalid_document: unexpected "x" where a value should begin at byte 0' },
        { "that gives nil and why", function() return nil, "no luck" end, "internal: no luck" },
        { "that gives error and a code", function() return "error", { code = "busy", message = "later" } end,
            "busy: later" },
        { "that gives error alone", function() return "error" end,
            "internal: the node has failed and does not say why" },
        { "that gives no edge at all", function() return 5 end,
            'internal: the node "bad" has taken the edge "5", which it does not have' },
        { "that leaves a function in the state", function(c) c.state.f = print end,
            'invalid_document: the node "bad": the state cannot be JSON: f: must not be a function' },
        { "that leaves a number that is none", function(c) c.state.f = 0 / 0 end,
            'invalid_document: the node "bad": the state cannot be JSON: f: must be a finite number, is not a number' },
        { "that leaves a circle in the state", function(c)
            local t = {}
            t.t = t
            c.state.f = t
        end, 'invalid_document: the node "bad": the state cannot be JSON: f.t: must not contain itself' },
        { "that leaves a number for a name", function(c) c.state[1] = true end,
            'invalid_document: the node "bad": the state cannot be JSON: its keys must be texts' },
    } do
        it(scenario[1], function()
            local run = workflows.run('["bad"]', { nodes = { bad = scenario[2] } })
            local said = tostring(run.err):gsub("%-nan", "nan")
            assert.equal(scenario[3], said)
            assert.equal("workflow[0].bad", run.err.step)
            assert(flexdb.json.encode(run.state))
        end)
    end

    it("that changes a table of the state is found out at the end", function()
        local run = workflows.run('["bad"]', { nodes = { bad = function(c) c.state.t.f = print end },
            state = { t = {} } })
        assert.equal("invalid_document: the state cannot be JSON: t.f: must not be a function", tostring(run.err))
    end)

    it("that takes the state away does not", function()
        local run = workflows.run('["bad", {"$.y": "$.x"}]', { nodes = { bad = function(c) c.state = nil end },
            state = { x = 1 } })
        assert.equal(1, run.state.y)
    end)

    it("that yields, yields through the run", function()
        local nodes = { asks = function(context)
            context.state.answer = coroutine.yield "what?"
            return "success"
        end }
        local co = coroutine.create(function()
            return workflows.run('[{"each": {"items": [1, 2], "body": "asks"}}]', { nodes = nodes })
        end)
        assert.same({ true, "what?" }, { coroutine.resume(co) })
        assert.same({ true, "what?" }, { coroutine.resume(co, 1) })
        local _, run = coroutine.resume(co, 2)
        assert.is_nil(run.err)
        assert.equal(2, run.state.answer)
        run = workflows.run('["asks"]', { nodes = nodes })
        assert.equal("internal: attempt to yield from outside a coroutine", tostring(run.err))
    end)

    it("that closes the database under the run", function()
        for _, steps in ipairs { '["close", {"transaction": {"body": "empty"}}]',
            '[{"transaction": {"body": ["close", "empty"]}}]' } do
            local db = assert(flexdb.open "sqlite::memory:")
            local run = workflows.run(steps, { db = db, nodes = { close = function(c) c.db:close() end } })
            local said = tostring(run.err)
            assert.truthy(said:find "^internal: .*the database is closed"
                or said == "internal: the transaction has ended before its function did", said)
            assert.truthy(run.err.step:find "transaction$")
        end
    end)
end)

describe("a host", function()
    it("that raises in on_event or log gets it back, and nothing is left", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = {} }))
        local document = workflows.document [==[[{"transaction": {
            "body": ["insert", {"log": {"message": "x"}}, "insert"], "error?": "insert"}}]]==]
        local why = {}
        for _, key in ipairs { "on_event", "log" } do
            local options = { db = db, nodes = { insert = function(c) assert(c.db:table("t"):insert {}) end },
                log = function() end }
            options[key] = function(event)
                if event == "x" or event.event == "log" then error(why) end
            end
            local ok, raised = pcall(flexdb.workflow.run, document, options)
            assert.is_false(ok)
            assert.equal(why, raised)
            assert.equal(0, t:count())
        end
    end)

    it("that gives a state which cannot be JSON is told", function()
        for _, scenario in ipairs {
            { { f = print }, "f: must not be a function" }, { { 1 }, "its keys must be texts" },
            { { x = { 1, nil, 3 } }, "x: must have no holes, has nothing at index 2 and something at 3" },
        } do
            local state, err = flexdb.workflow.run(workflows.document '["empty"]', { state = scenario[1] })
            assert.is_nil(state)
            assert.equal("invalid_document: the state cannot be JSON: " .. scenario[2], tostring(err))
        end
    end)

    it("that gives a state keeps it as it was", function()
        local given = { a = { 1 } }
        local run = workflows.run('[{"$.a.0": 2}, {"$.b": 1}]', { state = given })
        assert.same({ 2 }, run.state.a)
        assert.same({ a = { 1 } }, given)
    end)

    it("may run a document again and again: it is not changed", function()
        local document = workflows.document('[{"$.list": [1, {"x": 1}]}, {"$.list.1.x": 2}, {"$.list.2": 3}]',
            '{"deep": {"n": 1}}')
        local before = workflows.json(document)
        for _ = 1, 2 do
            local state = assert(flexdb.workflow.run(document))
            assert.equal('{"deep":{"n":1},"list":[1,{"x":2},3]}', workflows.json(state))
        end
        assert.equal(before, workflows.json(document))
    end)
end)
