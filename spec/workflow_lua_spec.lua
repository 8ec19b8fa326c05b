-- Workflows that are written in Lua, nodes that a host brings along, and what a run tells.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

local run = flexdb.workflow.run

local function quiet() end

describe("a workflow in Lua", function()
    it("calls nodes as functions and gives the state", function()
        local said = {}
        local state = assert(run(function(nodes, context)
            assert.equal("success", (nodes.log { message = "one" }))
            local edge = nodes.logic { operation = "less", values = { 1, 2 } }
            assert.equal("true", edge)
            nodes.set { path = "$.n", add = 5 }
            context.state.m = context.state.n * 2
            nodes["set"] { path = "$.n", add = 1 }
        end, { log = function(message) said[#said + 1] = message end }))
        assert.same({ "one" }, said)
        assert.equal(6, state.n)
        assert.equal(10, state.m)
    end)

    it("hands configurations over as they are: nothing in them is a reference", function()
        local said = {}
        assert(run(function(nodes) nodes.log { message = "$.secret {{$.secret}}" } end,
            { state = { secret = "s" }, log = function(message) said[#said + 1] = message end }))
        assert.same({ "$.secret {{$.secret}}" }, said)
    end)

    it("has functions and steps for bodies", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
        local state = assert(run(function(nodes, context)
            assert.equal("success", (nodes.each { items = { 4, 5 }, body = function(item, index)
                context.state["at" .. index] = item
            end }))
            local body = { set = { path = "$.sum", add = "$.item" } }
            assert.equal("success", (nodes.each { items = { 1, 2 }, body = body }))
            assert.equal("success", (nodes.transaction { body = function(inner)
                assert(inner:table("t"):insert { n = 1 })
            end }))
            local edge, err = nodes.transaction { body = function(inner)
                assert(inner:table("t"):insert { n = 2 })
                return nil, "not now"
            end }
            assert.equal("error", edge)
            assert.equal("internal: not now", tostring(err))
        end, { db = db }))
        assert.equal(4, state.at0)
        assert.equal(5, state.at1)
        assert.equal(3, state.sum)
        assert.equal(1, t:count())
    end)

    it("tells of what is missing or is not there", function()
        assert(run(function(nodes, context)
            local edge, err = nodes.lua {}
            assert.equal("error", edge)
            assert.truthy(tostring(err):find "^invalid_document: .*workflow_lua_spec.lua:%d+%.lua: source is missing$")
            assert.equal(err, context.state.error)
            edge, err = nodes.each { items = {}, body = { "nope" } }
            assert.equal("error", edge)
            assert.truthy(tostring(err):find('there is no node "nope"', 1, true))
            assert.has_error(function() return nodes.nope end)
            assert.has_error(function() nodes.log(5) end)
            context.state.error, context.state.errorCode = nil, nil
        end))
    end)

    -- how it ends, the error
    for _, scenario in ipairs {
        { "nil and why", function() return nil, "no luck" end, "internal: no luck" },
        { "nil and an error", function(nodes) return nil, select(2, nodes.set { path = "$.a.b", value = 1 }) end,
            "invalid_document: $.a is a number, not an object" },
        { "what a failed node has returned", function(nodes) return nodes.set { path = "$.a.b", value = 1 } end,
            "invalid_document: $.a is a number, not an object" },
        { "a raise", function() error("boom", 0) end, "internal: boom" },
        { "a database that it has closed", function(nodes, context)
            context.db:close()
            return nodes.flex_table { operation = "list" }
        end, "internal: the database is closed" },
        { "a state that is gone", function(nodes, context)
            context.state = nil
            nodes.log { message = "x" }
        end, "invalid_document: the state must be an object, is nothing" },
        { "a state that is a number", function(_, context) context.state = 5 end,
            "invalid_document: the state must be an object, is a number" },
        { "a call that is none", function(nodes) nodes.log(5) end,
            "internal: spec/workflow_lua_spec.lua:LINE: bad argument #1 to 'log' (table expected, got number)" },
        { "a state that cannot be JSON", function(_, context) context.state.f = quiet end,
            "invalid_document: the state cannot be JSON: f: must not be a function" },
        { "a limit", function(nodes) while true do nodes.empty() end end,
            "limit: the run has taken 20 steps (limits.steps)" },
    } do
        it("fails by " .. scenario[1], function()
            local db <close> = assert(flexdb.open "sqlite::memory:")
            local state, err, last = run(scenario[2], { db = db, limits = { steps = 20 }, state = { a = 1 } })
            assert.is_nil(state)
            assert.equal(scenario[3], (tostring(err):gsub("_spec.lua:%d+", "_spec.lua:LINE")))
            assert.equal(err, last.error)
            assert.truthy(err.advice)
        end)
    end

    it("fails by a limit that it has caught", function()
        local state, err = run(function(nodes)
            for _ = 1, 100 do pcall(nodes.empty) end
        end, { limits = { steps = 20 } })
        assert.is_nil(state)
        assert.equal("limit", err.code)
    end)

    it("says in which line a step has failed, and with what", function()
        local _, err = run(function(nodes)
            local edge, why = nodes.logic { operation = "less", values = { 1, "x" } }
            return edge ~= "error" and true or nil, why
        end)
        assert.truthy(err.step:find "workflow_lua_spec.lua:%d+%.logic$")
        assert.equal('{"operation":"less","values":[1,"x"]}', workflows.json(err.config))
    end)

    it("says which workflow's step has failed where no line is left to tell", function()
        local _, err = run(function(nodes) return nodes.logic { operation = "less", values = { 1, "x" } } end)
        assert.equal("lua.logic", err.step)
    end)

    it("rolls a transaction back where its body hands on that a node has failed", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = { { name = "a", dataType = "integer", unique = true } } }))
        local _, err = run(function(nodes)
            local function insert()
                return nodes.flex_record { operation = "insert", tableName = "t", data = { a = 1 } }
            end
            return nodes.transaction { body = function()
                insert()
                return insert()
            end }
        end, { db = db })
        assert.equal("duplicate", err.code)
        assert.equal(0, t:count())
    end)

    it("may stand in a file, whose mistakes are shown", function()
        local path = os.tmpname()
        os.rename(path, path .. ".lua")
        path = path .. ".lua"
        local function write(text)
            local file <close> = assert(io.open(path, "w"))
            file:write(text)
        end
        write "local nodes, context = ...\nnodes.set { path = '$.x', value = 1 }\n"
        assert.equal(1, assert(run(path)).x)
        write "local x = 1\nlocal y = = 2\n"
        local _, err = run(path)
        assert.equal(("invalid_document: %s:2: unexpected symbol near '='\n    local y = = 2"):format(path),
            tostring(err))
        write(string.dump(quiet))
        _, err = run(path)
        assert.truthy(tostring(err):find "attempt to load a binary chunk")
        os.remove(path)
        _, err = run(path)
        assert.truthy(tostring(err):find "^not_found: the file cannot be read: ")
        _, err = run "there.lua\0.lua"
        assert.equal('not_found: the file cannot be read: "there.lua\\0.lua" is no path', tostring(err))
    end)

    it("runs functions of its own by the node lua", function()
        local state = assert(run(function(nodes)
            assert.equal("odd", (nodes.lua { run = function(_, values) return values.n + 1, "odd" end,
                values = { n = 4 }, as = "$.five" }))
            local edge, err = nodes.lua { run = function() return quiet end }
            assert.equal("error", edge)
            assert.equal("invalid_document: $.luaResult: a function cannot be JSON", tostring(err))
        end))
        assert.equal(5, state.five)
    end)
end)

describe("nodes of a host", function()
    local good = { metadata = { id = "good", edges = { success = "" } }, execute = function() return "success" end }

    it("come as functions, modules and paths", function()
        local path = os.tmpname()
        os.rename(path, path .. ".lua")
        path = path .. ".lua"
        local file = assert(io.open(path, "w"))
        file:write [[return { metadata = { id = "filed", edges = { done = "it is" }, required = { "x" } },
            execute = function(context, config) context.state.x = config.x; return "done" end }]]
        file:close()
        package.preload["spec.workflow.module"] = function()
            return { metadata = { id = "moduled", edges = true }, execute = function(c) c.state.y = c.inputs.z end }
        end
        local one = workflows.run('["good", "given", {"filed": {"x": 5, "done?": "moduled"}}, "moduled"]', { nodes = {
            good, path, "spec.workflow.module",
            given = function() return "success", { z = 7 } end,
        } })
        assert.truthy(tostring(one.err):find "attempt to index a nil value %(field 'inputs'%)")
        assert.equal(5, one.state.x)
        one = workflows.run('["given", "moduled"]', { nodes = {
            "spec.workflow.module", given = function() return "success", { z = 7 } end } })
        assert.equal(7, one.state.y)
        assert.equal("workflow[0].filed: required: x is missing",
            (workflows.problems(workflows.document '["filed"]', { nodes = { path } })))
        os.remove(path)
        package.preload["spec.workflow.module"], package.loaded["spec.workflow.module"] = nil, nil
    end)

    it("may stand in for FlexDB's own", function()
        local one = workflows.run('["log"]', { nodes = { log = function(c) c.state.mine = true end } })
        assert.is_true(one.state.mine)
    end)

    local function node(changes)
        local out = { metadata = { id = "x", edges = true }, execute = quiet }
        for key, value in pairs(changes.metadata or {}) do out.metadata[key] = value end
        if changes.check then out.check = changes.check end
        if changes.execute then out.execute = changes.execute end
        return out
    end

    -- nodes =, what is raised
    for _, scenario in ipairs {
        { { 5 }, "node 1: a node must be a table, is a number" },
        { { quiet }, "node 1: a function needs an id for its key" },
        { { ["a b"] = quiet }, 'node "a b": metadata.id must be a string of letters, digits, - and _' },
        { { node { execute = 5 } }, "node 1: execute must be a function, is number" },
        { { node { check = 5 } }, "node 1: check must be a function, is number" },
        { { node { metadata = { edges = 5 } } }, "node 1: metadata.edges must be a table of names or true, is number" },
        { { node { metadata = { edges = { "a" } } } }, "node 1: metadata.edges must have names for keys" },
        { { node { metadata = { inputs = { 5 } } } }, "node 1: metadata.inputs must be an array of strings" },
        { { node { metadata = { required = 5 } } },
            "node 1: metadata.required must be an array of strings or a function" },
        { { node {}, node {} }, 'node "x" is given twice' },
        { { y = node {} }, 'node "y": its metadata.id is "x"' },
        { { "no.such.module" }, 'node "no.such.module": module \'no.such.module\' not found:' },
        { { "no/such.lua" }, 'node "no/such.lua": cannot open no/such.lua: No such file or directory' },
    } do
        it("are refused: " .. scenario[2], function()
            local ok, why = pcall(flexdb.workflow.check, workflows.document '["empty"]', { nodes = scenario[1] })
            assert.is_false(ok)
            assert.equal(("bad argument #2 to 'check' (%s)"):format(scenario[2]), (why:gsub("^[^:]*:%d+: ", "")))
        end)
    end
end)

describe("what a run tells", function()
    local document = [==[[{"each": {"items": [1, 2], "body": {"log": {"message": "at {{$.item}}\n"}}}},
        {"write": {"n": 3, "done?": "empty"}}, {"boom": {"password": "p", "v": [1]}}]]==]
    local nodes = { write = function(context, config)
        context.records = config.n
        return "done"
    end, boom = function() return nil, "no\nluck" end }

    it("is each step, its edge, its time, the records it has touched", function()
        local one = workflows.run(document, { nodes = nodes })
        local lines = {}
        for _, event in ipairs(one.events) do
            lines[#lines + 1] = table.concat({ event.event, event.step or "", event.edge or "",
                event.records or "", event.message or "", event.error and event.error.message or "" }, "|")
            assert.equal("w", event.workflow)
            if event.event:find "finished$" then assert.is_true(event.ms >= 0) end
        end
        assert.same({
            "run_started|||||",
            "step_started|workflow[0].each||||",
            "step_started|workflow[0].each.body.log||||",
            "log|workflow[0].each.body.log|||at 1\n|",
            "step_finished|workflow[0].each.body.log|success|||",
            "step_started|workflow[0].each.body.log||||",
            "log|workflow[0].each.body.log|||at 2\n|",
            "step_finished|workflow[0].each.body.log|success|||",
            "step_finished|workflow[0].each|success|||",
            "step_started|workflow[1].write||||",
            "step_finished|workflow[1].write|done|3||",
            "step_started|workflow[1].write.done?.empty||||",
            "step_finished|workflow[1].write.done?.empty|success|||",
            "step_started|workflow[2].boom||||",
            "step_finished|workflow[2].boom|error|||no\nluck",
            "run_failed|workflow[2].boom||||no\nluck",
        }, lines)
    end)

    it("reads well on a terminal", function()
        local text = {}
        run(workflows.document(document), { nodes = nodes,
            on_event = flexdb.workflow.trace(function(line) text[#text + 1] = line end) })
        local shown = table.concat(text):gsub("[%d.]+ m?s\n", "T\n"):gsub("[%d.]+ m?s ", "T ")
        assert.equal([[
> w
    | at 1
    workflow[0].each.body.log  success  T
    | at 2
    workflow[0].each.body.log  success  T
  workflow[0].each  success  T
  workflow[1].write  done  T  3 records
  workflow[1].write.done?.empty  success  T
  workflow[2].boom  error  T  internal: no luck
< w  failed at workflow[2].boom
  why   internal: no luck
  with  {"v":[1]}
  next  this is a mistake in a node or a script: correct it where the message
        says; what the steps before it have written stays; a step with an
        idempotencyKey is not done twice
]], (shown:gsub('"password":"%*%*%*",?', ""):gsub(",}", "}")))
    end)

    it("can be JSON Lines", function()
        local text = {}
        run(workflows.document(document), { nodes = nodes,
            on_event = flexdb.workflow.json_lines(function(line) text[#text + 1] = line end) })
        assert.equal(16, #text)
        local last
        for _, line in ipairs(text) do
            assert.equal(1, select(2, line:gsub("\n", "")))
            last = assert(flexdb.json.decode(line))
        end
        assert.equal("run_failed", last.event)
        assert.equal("internal", last.error.code)
        assert.equal("***", last.error.config.password)
    end)

    it("goes to standard output where nobody listens", function()
        local pipe = assert(io.popen([[lua5.4 -e '
            require("flexdb").workflow.run(function(nodes) nodes.log { message = "hello" } end)']]))
        assert.equal("hello\n", pipe:read "a")
        pipe:close()
    end)
end)
