-- Workflows from a shell: what they print, what they are told, and what is said of those that fail.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"
local flexdb = require "flexdb"

local orders <const> = [[{
  "id": "orders", "name": "Orders", "version": "1.0.0",
  "workflow": [
    { "flex-table": { "operation": "create", "tableName": "orders",
        "columns": [ { "name": "number", "dataType": "string", "unique": true } ],
        "exists?": { "log": { "message": "there already" } } } },
    { "flex-record": { "operation": "insert", "tableName": "orders", "data": { "number": "$.number" } } },
    { "log": { "message": "inserted {{$.flexRecord.data.number}}" } }
  ] }]]

engines.each(function(engine)
    describe("flexdb run", function()
        local box, environment
        before_each(function()
            box = cli.box()
            environment = { FLEXDB_URL = engine.server and engine.url or "w.db", FLEXDB_APP = engines.fresh "cli" }
            box.write("orders.json", orders)
        end)
        after_each(function() box.remove() end)
        local function run(script) return box.run(script, environment) end

        it("makes the database and the tables on the way", function()
            local out, status, errors = run [[
                flexdb run orders.json --state '{"number": "A1"}'
                flexdb run orders.json --state '{"number": "A2"}'
                flexdb query orders --columns number | cut -d, -f2
            ]]
            assert.equal("", errors)
            assert.equal(0, status)
            assert.equal("inserted A1\norders.json is done, 3 steps\nthere already\ninserted A2\n"
                .. "orders.json is done, 4 steps\n\"number\":\"A1\"}\n\"number\":\"A2\"}\n", out)
        end)

        it("prints the last state, and its messages and trace apart", function()
            local out, status, errors = run [[flexdb run orders.json --state '{"number": "A1"}' --json --trace]]
            assert.equal(0, status)
            assert.equal("A1", flexdb.json.decode(out).flexRecord.data.number)
            assert.truthy(errors:find("\ninserted A1\n", 1, true))
            assert.truthy(errors:find("\n  workflow[1].flex-record  success  ", 1, true), errors)
            out, status, errors = run [[flexdb run orders.json --state '{"number": "A2"}' --events >/dev/null]]
            assert.equal("", out)
            assert.equal(0, status)
            for line in errors:gmatch "[^\n]+" do assert.is_string(assert(flexdb.json.decode(line)).event) end
        end)

        it("says which step has failed, with what, and how to go on", function()
            run [[flexdb run orders.json --state '{"number": "A1"}']]
            local out, status, errors = run [[flexdb run orders.json --state '{"number": "A1"}']]
            assert.equal("there already\n", out)
            assert.equal(4, status)
            assert.equal([[
flexdb: duplicate: number: "A1" is taken
  at    workflow[1].flex-record
  with  {"data":{"number":"A1"},"operation":"insert","tableName":"orders"}
  next  use upsert, or give the step]], errors:match "^(.-), with " or errors:match "^(.-give the step)")
            status, errors = select(2, run [[flexdb run orders.json --state '{"number": "A1"}' --json]])
            assert.equal(4, status)
            local err = flexdb.json.decode(errors:match "([^\n]*)\n$").error
            assert.equal("duplicate", err.code)
            assert.equal("workflow[1].flex-record", err.step)
        end)
    end)
end)

describe("flexdb run", function()
    local box
    before_each(function() box = cli.box() end)
    after_each(function() box.remove() end)

    it("ends when it is interrupted, whatever an edge waits for", function()
        box.write("long.json", [[{ "id": "l", "name": "L", "version": "1.0.0", "workflow": [
            { "log": { "message": "begun" } },
            { "logic...": { "operation": "equal", "values": [1, 1], "error?": { "log": { "message": "caught" } },
                "true?": { "$.x": { "value": "{{$.x}}", "error?": { "log": { "message": "caught" } } } } } } ] }]])
        box.write("host.lua", [[require "flexdb".workflow.run("long.json", {
            limits = { iterations = 5000000, steps = 5000000 },
            log = function(message) io.stdout:write(message, "\n"):flush() end })]])
        box.write("long.lua", "print 'begun' io.stdout:flush() while true do end")
        for command, says in pairs { ["lua5.4 host.lua"] = "interrupted!", ["flexdb run long.lua"] = "interrupted" } do
            local out, _, errors = box.run(([[
                set -m
                rm -f out
                %s >out &
                until grep -qs begun out; do sleep 0.05; done
                kill -INT $!; wait $!
                cat out
            ]]):format(command))
            assert.equal("begun\n", out)
            assert.truthy(errors:find(says .. "\n", 1, true), errors)
            assert.is_nil(errors:find("at    ", 1, true), errors)
        end
    end)

    it("ends a script in the sandbox that is interrupted, in a call of the database or not", function()
        box.write("spin.lua", [[local nodes = ...
            nodes.log { message = "begun" }
            pcall(function() while true do end end)
            nodes.log { message = "caught" }]])
        box.write("count.lua", [[local nodes, context = ...
            pcall(context.db.transaction, context.db, function(db)
                db:create_table("t", { columns = {} })
                nodes.log { message = "begun" }
                while true do pcall(db.tables, db) end
            end)
            nodes.log { message = "caught" }]])
        for _, script in ipairs { "spin.lua", "count.lua" } do
            local out, _, errors = box.run(([[
                set -m
                rm -f out
                flexdb run %s --sandbox --seconds 60 --steps 1000000000000 --db i.db --trace 2>err >out &
                for _ in $(seq 400); do grep -qs begun out && break; sleep 0.05; done
                kill -INT $!; wait $!; echo $?
                tail -n 1 err; cat out; flexdb tables --db i.db --json
            ]]):format(script))
            assert.equal("", errors)
            assert.equal("130\nflexdb: interrupted\nbegun\n[]\n", out)
        end
    end)

    it("shows the line of a script in the sandbox that is wrong", function()
        box.write("typo.lua", "local x = 1\nif x == then end\n")
        box.write("calls.json", [=[{"id": "c", "name": "C", "version": "1.0.0", "workflow": [
            {"lua": {"file": "typo.lua"}}]}]=])
        local said <const> = "flexdb: invalid_document: typo.lua:2: unexpected symbol near 'then'\n"
            .. "    if x == then end\n"
        for _, words in ipairs { "typo.lua", "typo.lua --sandbox", "calls.json" } do
            local _, status, errors = box.run("flexdb run " .. words)
            assert.equal(3, status)
            assert.equal(said, errors:sub(1, #said))
        end
    end)

    it("breaks its advice between words on a terminal", function()
        local lines = require "flexdb.cli.failure".lines({ code = "busy", message = "m", step = "s",
            advice = "run the workflow again: somebody else held a lock" }, 40)
        assert.same({ "flexdb: busy: m", "  at    s", "  next  run the workflow again: somebody",
            "        else held a lock" }, lines)
    end)

    it("shows no more of a batch that has failed than a person reads", function()
        box.write("batch.json", [[{ "id": "b", "name": "B", "version": "1.0.0", "workflow": [
            { "flex-record": { "operation": "insertMany", "tableName": "t", "records": "$.records" } } ] }]])
        local records = {}
        for i = 1, 1000 do records[i] = { a = i } end
        box.write("records.json", flexdb.json.encode { records = records })
        local _, status, errors = box.run "flexdb run batch.json --state records.json --db b.db"
        assert.equal(1, status)
        local with = errors:match "\n(  with  [^\n]*)\n"
        assert.equal(408, utf8.len(with))
        assert.truthy(with:find("…", 1, true))
        _, _, errors = box.run "flexdb run batch.json --state records.json --db b.db --json"
        assert.equal(1000, #flexdb.json.decode(errors).error.config.records)
    end)

    it("reads files beside a workflow in the root of the file system", function()
        assert.equal("/", require "flexdb.cli.files".folder_of "/hello.json")
        assert.equal("a/b", require "flexdb.cli.files".folder_of "a/b/hello.json")
        assert.equal(".", require "flexdb.cli.files".folder_of "hello.json")
        box.write("inner.json", '{ "id": "i", "name": "I", "version": "1.0.0", "workflow": ["empty"] }')
        box.write("outer.json", ([[{ "id": "o", "name": "O", "version": "1.0.0", "workflow": [
            { "workflow": { "file": "%s/inner.json" } } ] }]]):format(box.work:sub(2)))
        local out, _, errors = box.run "flexdb run outer.json --files /"
        assert.equal("", errors)
        assert.equal("outer.json is done, 2 steps\n", out)
    end)

    it("runs a Lua script with the nodes, and needs no database for what uses none", function()
        box.write("count.lua", [[
            local nodes, context = ...
            for i = 1, 3 do nodes.log { message = "round " .. i } end
            context.state.rounds = 3
        ]])
        local out, status, errors = box.run "flexdb run count.lua && flexdb run count.lua --json 2>/dev/null"
        assert.equal("", errors)
        assert.equal(0, status)
        assert.equal('round 1\nround 2\nround 3\ncount.lua is done, 3 steps\n', out:match "^(.-steps\n)")
        assert.truthy(out:find('"rounds":3', 1, true))
    end)

    it("reads files only in its own folder", function()
        box.write("inner.json", [[{"id": "i", "name": "i", "version": "1.0.0", "workflow": [
            {"log": {"message": "inner"}}]}]])
        box.run "mkdir sub"
        box.write("sub/outer.json", [[{"id": "o", "name": "o", "version": "1.0.0", "workflow": [
            {"workflow": {"file": "../inner.json"}}]}]])
        local _, status, errors = box.run "flexdb run sub/outer.json"
        assert.is_true(status == 3 or status == 1)
        assert.truthy(errors:find("inner.json", 1, true), errors)
        local out = box.run [[
            cp inner.json sub/ && sed -i 's,../inner,inner,' sub/outer.json && flexdb run sub/outer.json
        ]]
        assert.equal("inner\n", out:match "^[^\n]*\n")
    end)

    it("makes no database for a workflow that is not good", function()
        box.write("bad.json", [[{"id": "b", "name": "b", "version": "1.0.0", "workflow": [{"lgo": {}}]}]])
        box.write("bad.lua", "local x =\n")
        for _, name in ipairs { "bad.json", "bad.lua", "none.json" } do
            local _, status = box.run("flexdb run --db new.db " .. name)
            assert.is_true(status == 3 or status == 1)
            assert.is_nil(io.open(box.work .. "/new.db"))
        end
    end)
end)

describe("flexdb check", function()
    local box
    setup(function()
        box = cli.box()
        box.write("good.json", orders)
        box.write("bad.json", [[{"id": "b", "name": "b", "version": "1.0.0", "workflow": [
            {"lgo": {}}, {"log": {"message": "x", "sucess?": null}}]}]])
        box.write("good.lua", "local nodes = ...\nnodes.log { message = 'x' }\n")
        box.write("bad.lua", "local nodes = ...\nnodes.log { message = }\n")
    end)
    teardown(function() box.remove() end)

    it("tells every problem with its place, and runs nothing", function()
        local out, status, errors = box.run [[
            flexdb check good.json bad.json good.lua bad.lua --db c.db; status=$?; ls c.db; exit $status
        ]]
        assert.equal(3, status)
        assert.truthy(errors:find("c.db", 1, true))
        assert.equal([[
good.json: good
bad.json: workflow[0].lgo: there is no node "lgo"
bad.json: workflow[1].log.sucess?: "log" has no edge "sucess"; it has error, success
good.lua: good
bad.lua:2: unexpected symbol near '}'
  2 | nodes.log { message = }
]], (out:gsub("it has [%a, ]+\n", "it has error, success\n")))
    end)

    it("is all well where all are good", function()
        local out, status = box.run "flexdb check good.json good.lua --json"
        assert.equal(0, status)
        assert.equal('[{"file":"good.json","ok":true},{"file":"good.lua","ok":true}]\n', out)
    end)
end)
