-- Workflows over records: each streams queries, transactions hold what flex-record writes, runs go on where they were.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local workflows = require "spec.support.workflows"

engines.each(function(engine)
    describe("a workflow over records", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("orders", { columns = {
                { name = "code", dataType = "string", unique = true },
                { name = "amount", dataType = "decimal", validation = { scale = 2 } },
            } }))
        end)
        after_each(function() db:close() end)

        local function fill(n)
            local records = {}
            for i = 1, n do records[i] = { code = ("c%03d"):format(i), amount = i } end
            assert(t:insert_many(records))
        end
        local function run(steps, options)
            options = options or {}
            options.db = db
            return workflows.run(steps, options)
        end

        it("streams a query through a body that reads and writes", function()
            fill(120)
            local one = run [==[[{"each": {
                "tableName": "orders", "filter": {"amount": {"gt": "20"}}, "orderBy": "-amount", "as": "order",
                "body": [
                    {"set": {"path": "$.total", "add": "$.order.data.amount"}},
                    {"flex-record": {"operation": "update", "tableName": "orders", "recordId": "$.order.id",
                        "data": {"code": "x{{$.order.data.code}}"}}}],
                "success?": {"$.done": "$.eachCount"}}}]]==]
            assert.is_nil(one.err, tostring(one.err))
            assert.equal("7050.00", one.state.total)
            assert.equal(100, one.state.done)
            assert.equal(100, t:count { filter = { code = { startsWith = "x" } } })
        end)

        it("says of which kind a table's name must be", function()
            assert.equal("workflow[0].each.tableName: type: must be a text, is a number", (workflows.problems(
                workflows.document '[{"each": {"tableName": 5, "body": []}}]')))
            assert.equal("invalid_document: tableName must be a text, is a number", tostring(
                run('[{"each": {"tableName": "$.n", "body": []}}]', { state = { n = 5 } }).err))
            assert.equal("invalid_document: tableId must be a text, is an array", tostring(
                run('[{"each": {"tableId": "$.n", "body": []}}]', { state = { n = flexdb.array {} } }).err))
        end)

        it("has the records in the shape of a state, and an edge for none", function()
            fill(1)
            local one = run '[{"each": {"tableId": "$.id", "body": []}}]'
            assert.equal("invalid_document: tableId refers to $.id, which is not in the state", tostring(one.err))
            one = run([==[[
                {"each": {"tableId": "$.id", "body": {"$.kept": "$.item"}}},
                {"each": {"tableName": "orders", "filter": {"code": "none"}, "body": [], "empty?": {"$.none": true}}}
            ]]==], { state = { id = t.id } })
            assert.is_nil(one.err, tostring(one.err))
            assert.same({ code = "c001", amount = "1.00" }, one.state.kept.data)
            assert.equal(t.id, one.state.kept.tableId)
            assert.equal(1, one.state.kept.version)
            assert.is_true(one.state.none)
        end)

        it("tells what is wrong with a query or a table", function()
            local one = run '[{"each": {"tableName": "none", "body": []}}]'
            assert.equal("not_found", one.err.code)
            one = run '[{"each": {"tableName": "orders", "filter": {"nope": 1}, "body": []}}]'
            assert.equal("invalid_query", one.err.code)
            assert.equal("workflow[0].each", one.err.step)
            assert.equal('{"filter":{"nope":1},"tableName":"orders"}', workflows.json(one.err.config))
        end)

        it("undoes what flex-record has written in a transaction that fails", function()
            fill(1)
            local one = run [==[[{"transaction": {"body": [
                {"flex-record": {"operation": "insert", "tableName": "orders", "data": {"code": "new"}}},
                {"flex-record": {"operation": "insert", "tableName": "orders", "data": {"code": "c001"}}}]}}]]==]
            assert.equal("workflow[0].transaction.body[1].flex-record", one.err.step)
            assert.equal("workflow[0].transaction", one.err.rolled_back)
            assert.equal(1, t:count())
        end)

        it("that has failed goes on when it is run again: what has a key is not done twice", function()
            local steps = [==[[
                {"flex-record": {"operation": "insert", "tableName": "orders", "data": {"code": "a"},
                    "idempotencyKey": "{{$.day}}/a"}},
                "stumbles",
                {"flex-record": {"operation": "insert", "tableName": "orders", "data": {"code": "b"},
                    "idempotencyKey": "{{$.day}}/b"}}]]==]
            local broken = true
            local options = { state = { day = "monday" }, nodes = { stumbles = function()
                if broken then return "error" end
            end } }
            assert.equal("workflow[1].stumbles", run(steps, options).err.step)
            broken = false
            for _ = 1, 2 do assert.is_nil(run(steps, options).err) end
            assert.equal(2, t:count())
        end)
    end)
end)
