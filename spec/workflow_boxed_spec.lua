-- Workflows in Lua that are not trusted: what a script in the sandbox has, and what it cannot do.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"
local flexdb = require "flexdb"

-- name, the script, what it says
local scripts = {
    { "has nodes and the context for arguments", [[
        local nodes, context = ...
        nodes.log { message = context.workflow .. " " .. type(context.db) .. " " .. type(nodes.flex_record) }
        context.log "said"]], "w userdata function\nsaid" },
    { "reads and sets the state by its names", [[
        local nodes, context = ...
        local state = context.state
        state.total = state.given + 1
        nodes.set { path = "$.total", add = 5 }
        nodes.log { message = state.total }
        local copy = state.list
        copy[1] = 99
        nodes.log { message = state.list[1] }
        local names = {}
        for name in pairs(state) do names[#names + 1] = name end
        table.sort(names)
        nodes.log { message = table.concat(names, " ") }
        print((select(2, pcall(function() state[1] = 2 end)):gsub("^.*:%d+: ", "")))]],
        "13\n1\ngiven lastLoggedMessage list total\nthe names of the state are texts" },
    { "works with tables and records", [[
        local nodes, context = ...
        print((nodes.flex_table { operation = "create", tableName = "people",
            columns = { { name = "name", dataType = "string", unique = true } } }))
        for _, name in ipairs { "Ada", "Grace", "Ada" } do
            local edge, why = nodes.flex_record { operation = "insert", data = { name = name } }
            if edge == "error" then print(why.code, tostring(why)) end
        end
        print(nodes.transaction { body = function(db)
            nodes.flex_record { operation = "insert", data = { name = "nobody" } }
            print(db:table "people":count(), context.db:table "people":count())
            return nil, "changed my mind"
        end })
        print(context.state.flexTable.name, context.db:table "people":count())
        nodes.each { tableName = "people", orderBy = { "name" }, body = { { log = { message =
            "{{$.index}} {{$.item.data.name}}" } } } }]],
        'success\nduplicate\tduplicate: name: "Ada" is taken\n'
            .. '3\t3\nerror\tinternal: changed my mind\npeople\t2\n0 Ada\n1 Grace' },
    { "has nothing of the host", [[
        print(io, os.execute, os.getenv, require, package, debug, dofile, loadfile, string.dump)]],
        ("nil\t"):rep(8) .. "nil" },
    { "keeps to its application, whatever it says", [[
        local nodes, context = ...
        print(select(2, nodes.flex_table { operation = "list", applicationId = "another" }))
        context.state.applicationId = "another"
        print(select(2, nodes.flex_table { operation = "list" }))
        print(select(2, nodes.each { tableName = "t", body = {} }))]],
        ("invalid_document: a sandboxed workflow keeps to its own application\n"):rep(3):sub(1, -2) },
    { "reads files where the run may, and nowhere else", [[
        local nodes = ...
        print(select(2, nodes.lua { file = "../secret.lua" }))
        print(select(2, nodes.workflow { file = "/etc/passwd" }))
        print(select(2, nodes.lua { source = "return io" }), (nodes.lua { source = "return 1" }))]],
        'invalid_document: the file "../secret.lua": this run may not read files (files = folder)\n'
            .. 'invalid_document: the file "/etc/passwd": this run may not read files (files = folder)\nnil\tsuccess' },
}

-- name, the script, the limits of its sandbox, the error
local ended = {
    { "what it raises, with its line", "local a = 1\nerror 'no luck'", {}, "invalid_document: w.lua:2: no luck",
        line = 2 },
    { "what is no Lua", "local a = = 1", {}, "invalid_document: w.lua:1: unexpected symbol near '='", line = 1 },
    { "what it returns as a failure", "return nil, 'changed my mind'", {}, "internal: changed my mind" },
    { "a limit of steps", "while true do pcall(function() while true do end end) end", { steps = 10000 },
        "limit: the script takes more than 10000 steps" },
    { "a limit of time", "while true do end", { seconds = 0.05 }, "limit: the script takes longer than 0.05 seconds" },
    { "a limit of memory", "local s = 'x' while true do s = s .. s end", { memory = 1 << 20 },
        "limit: the script needs more memory than it has (1 MiB)" },
    { "a limit inside of a node's body", "local nodes = ... pcall(nodes.transaction, { body = function() "
        .. "nodes.flex_table { operation = 'create', tableName = 'never', columns = { { name = 'a', dataType = "
        .. "'string' } } } while true do end end }) print 'not reached'", { steps = 20000 },
        "limit: the script takes more than 20000 steps" },
    { "a state that cannot be JSON", "local _, context = ... context.state.x = 0/0", {},
        "invalid_document: the state cannot be JSON: $.x is not a finite number", loosely = true },
}

engines.each(function(engine)
    describe("a script in the sandbox", function()
        local box, db
        before_each(function()
            box = cli.box()
            db = engine.open()
        end)
        after_each(function()
            db:close()
            box.remove()
        end)

        -- Runs the script: the last state or nil, the error, what was said.
        local function run(script, limits, more)
            local said = {}
            box.write("w.lua", script)
            local here = box.work .. "/w.lua"
            local options = { db = db, sandbox = limits or {}, state = { given = 7, list = { 1, 2 } },
                log = function(message) said[#said + 1] = message end }
            for name, value in pairs(more or {}) do options[name] = value end
            local last, err = flexdb.workflow.run(here, options)
            return last, err, table.concat(said, "\n"), here
        end

        for _, scenario in ipairs(scripts) do
            it(scenario[1], function()
                local last, err, said = run(scenario[2])
                assert.is_nil(err, tostring(err))
                assert.is_table(last)
                assert.equal(scenario[3], said)
            end)
        end

        for _, scenario in ipairs(ended) do
            it("ends with " .. scenario[1], function()
                local last, err, said, here = run(scenario[2], scenario[3])
                assert.is_nil(last)
                local message = tostring(err):gsub(here:gsub("%p", "%%%0"), "w.lua")
                if scenario.loosely then
                    assert.equal(err.code, scenario[4]:match "^[%w_]+")
                else
                    assert.equal(scenario[4], message)
                end
                assert.equal(scenario.line, err.line)
                assert.equal("", said)
                assert.is_nil((db:table "never"))
            end)
        end

        it("limited to tables or to reading has the database so, and no node that knows no such limit", function()
            for _, name in ipairs { "a", "b" } do
                assert(db:create_table(name, { columns = { { name = "n", dataType = "integer" } } }))
            end
            local ask = [[
                local nodes, context = ...
                local names = {}
                for name in pairs(nodes) do names[#names + 1] = name end
                table.sort(names)
                print(table.concat(names, " "))
                print((select(2, context.db:table "b")))
                local a = context.db:table "a"
                print(a:count(), a:insert { n = 1 })]]
            local _, _, said = run(ask, { tables = { "a" } })
            assert.equal('empty log logic set switch\nnot_found: there is no table "b" for this script\n0\t',
                said:match "^.-\n.-\n0\t")
            assert.equal(1, db:table "a":count())
            _, _, said = run(ask, { read_only = true })
            assert.equal("empty log logic set switch\nnil\n1\tnil\tread_only: the script may only read", said)
        end)

        it("is for scripts", function()
            assert.has_error(function() flexdb.workflow.run("w.json", { sandbox = {} }) end,
                "bad argument #2 to 'run' (option 'sandbox' is for the path of a script, which ends in .lua)")
            assert.has_error(function() run("return 1", { stesp = 1 }) end,
                "bad argument #2 to 'run' (there is no option 'stesp')")
        end)
    end)
end)

describe("flexdb run --sandbox", function()
    local box
    before_each(function()
        box = cli.box()
        box.write("w.lua", [[
            local nodes, context = ...
            if os.getenv then os.execute "touch was-here" end
            nodes.flex_table { operation = "create", tableName = "t",
                columns = { { name = "n", dataType = "integer" } } }
            context.db:table "t":insert { n = context.state.n }
            nodes.log { message = context.db:table "t":count() }]])
    end)
    after_each(function() box.remove() end)

    it("runs a script that is not trusted", function()
        local out, status, errors = box.run [[flexdb run w.lua --sandbox --db w.db --state '{"n": 1}'; ls]]
        assert.equal("", errors)
        assert.equal("1\nw.lua is done, 2 steps\nw.db\nw.lua\n", (out:gsub("w%.db%-%l+\n", "")))
        assert.equal(0, status)
        out = box.run [[flexdb run w.lua --db w.db --state '{"n": 2}'; ls | grep was]]
        assert.equal("2\nw.lua is done, 2 steps\nwas-here\n", out)
    end)

    it("ends one that goes beyond its limits", function()
        box.write("loop.lua", "while true do end")
        local out, status, errors = box.run "flexdb run loop.lua --sandbox --steps 1000"
        assert.equal("", out)
        assert.equal(1, status)
        assert.truthy(errors:find("limit: the script takes more than 1000 steps", 1, true), errors)
        errors = select(3, box.run "flexdb run loop.lua --sandbox --seconds 0.1")
        assert.truthy(errors:find("limit: the script takes longer than 0.1 seconds", 1, true), errors)
        box.write("grow.lua", "local s = 'x' while true do s = s .. s end")
        errors = select(3, box.run "flexdb run grow.lua --sandbox --memory 2")
        assert.truthy(errors:find("needs more memory than it has (2 MiB)", 1, true), errors)
    end)

    it("lets one read, or use some tables, and no more", function()
        box.run [[flexdb run w.lua --sandbox --db w.db --state '{"n": 1}']]
        box.write("r.lua", "local _, c = ... print(c.db:table 't':insert { n = 2 })")
        local out = box.run "flexdb run r.lua --sandbox --read-only --db w.db"
        assert.equal("nil\tread_only: the script may only read\n", (out:match "^[^\n]*\n"))
        box.write("r.lua", "local _, c = ... print(select(2, c.db:table 't'))")
        out = box.run "flexdb run r.lua --sandbox --tables a,b --db w.db"
        assert.equal('not_found: there is no table "t" for this script\n', (out:match "^[^\n]*\n"))
    end)

    it("says what it is for", function()
        local _, status, errors = box.run "flexdb run w.json --sandbox"
        assert.equal(2, status)
        assert.truthy(errors:find("--sandbox is for a script, whose name ends in .lua", 1, true))
        for _, option in ipairs { "--memory 1", "--steps 1", "--tables t", "--read-only" } do
            _, status, errors = box.run("flexdb run w.lua " .. option)
            assert.equal(2, status)
            assert.truthy(errors:find(("%s goes with --sandbox"):format(option:match "^%S+"), 1, true))
        end
    end)
end)
