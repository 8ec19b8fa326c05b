-- A step that a run comes to again: what was worked out of its configuration once must not be taken for what it is now.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

describe("a step that runs again", function()
    local db, t
    before_each(function()
        db = assert(flexdb.open "sqlite::memory:")
        t = assert(db:create_table("t", { columns = { { name = "a", dataType = "integer" } } }))
        for i = 1, 3 do assert(t:insert { id = "r" .. i, a = i }) end
    end)
    after_each(function() db:close() end)

    -- Runs the step for each of the items; what each round has made of it.
    local function each(items, step, options)
        options = options or {}
        options.db, options.nodes = db, options.nodes or {}
        local rounds = {}
        options.nodes.note = function(context)
            local state = context.state
            rounds[#rounds + 1] = state.error and state.error.message or state.flexRecordCount
                or state.flexRecord and state.flexRecord.id or "nothing"
            state.error, state.flexRecordCount, state.flexRecord = nil, nil, nil
        end
        options.state = options.state or {}
        options.state.items = items
        local one = workflows.run(([=[[{"each": {"items": "$.items", "body": [%s, "note"]}}]]=]):format(step), options)
        assert.is_nil(one.err)
        return rounds
    end

    it("judges every value that a word gets", function()
        assert.same({ "r1", "recordId must be a text, is 5", "r2",
            "recordId refers to $.item, which is not in the state" }, each({ "r1", 5, "r2", flexdb.null }, [[
                {"flex-record": {"operation": "findOne", "tableName": "t", "recordId": "$.item", "error?": "empty"}}]]))
    end)

    it("takes a word that is left out, or null, for none", function()
        assert.same({ 1, 3, 2, 3 }, each({ { n = 1 }, { m = 1 }, { n = 2 }, { n = flexdb.null } },
            [[{"flex-record": {"operation": "findMany", "tableName": "t", "limit": "$.item.n"}}]]))
    end)

    it("does another operation when the word says so", function()
        assert.same({ 3, "r1", "there is no operation \"dance\": one of count, delete, findMany, findOne, insert, "
            .. "insertMany, restore, update, updateMany, upsert", 3 }, each({ "count", "findOne", "dance", "findMany" },
            [[{"flex-record": {"operation": "$.item", "tableName": "t", "filter": {"a": {"gte": 1}},
                "error?": "empty"}}]]))
    end)

    it("finds its table anew: dropped, renamed and made again", function()
        local rename = function(context)
            local item = context.state.item
            if item == "rename" then assert(context.db:rename_table("t", "u")) end
            if item == "make" then
                assert(assert(context.db:create_table("t", { columns = {} })):insert {})
            end
            if item == "drop" then assert(context.db:drop_table "t") end
        end
        assert.same({ 3, "there is no table \"t\"", 1, "there is no table \"t\"" },
            each({ "count", "rename", "make", "drop" }, [[{"change": {}},
                {"flex-record": {"operation": "count", "tableName": "t", "error?": "empty"}}]],
                { nodes = { change = rename } }))
    end)

    it("does not see what a host's node has done to its configuration", function()
        local seen = {}
        each({ 1, 2 }, [[{"mine": {"n": 1, "list": [1, {"a": 1}], "item": "$.item"}}]], { nodes = {
            mine = function(_, config)
                seen[#seen + 1] = ("%d %d %d %d"):format(config.n, config.list[1], config.list[2].a, config.item)
                config.n, config.list[1], config.list[2].a, config.item = 9, 9, 9, 9
            end,
        } })
        assert.same({ "1 1 1 1", "1 1 1 2" }, seen)
    end)

    it("leaves a host's node its own field plan", function()
        local got
        each({ 1 }, [[{"mine": {}}]], { nodes = { { metadata = { id = "mine", edges = {} },
            plan = function() error "not yours" end,
            execute = function(...) got = select("#", ...) end } } })
        assert.equal(2, got)
    end)

    it("tells of the configuration that has failed", function()
        local one = workflows.run([=[[{"each": {"items": ["r1", "r3"], "body":
                {"flex-record": {"operation": "findOne", "tableName": "t", "recordId": "$.item"}}}},
            {"flex-record": {"operation": "update", "tableName": "t", "recordId": "$.item",
                "data": {"a": "$.item"}}}]]=], { db = db, state = { item = "r2" } })
        assert.same({ operation = "update", tableName = "t", recordId = "r2", data = { a = "r2" } }, one.err.config)
    end)

    it("does not keep alive what the state has let go of", function()
        local big = setmetatable({}, { __mode = "v" })
        local left
        local steps = [=[["make", {"logic": {"operation": "exists", "values": ["$.big"]}}, "drop", "look"]]=]
        local one = workflows.run(steps, { nodes = {
            make = function(context)
                context.state.big = { "something large" }
                big[1] = context.state.big
            end,
            drop = function(context) context.state.big = nil end,
            look = function()
                collectgarbage()
                collectgarbage()
                left = big[1]
            end,
        } })
        assert.is_nil(one.err)
        assert.is_nil(left)
    end)

    it("is let go of with the body that a script has given", function()
        local before, after
        assert(flexdb.workflow.run(function(nodes)
            for i = 1, 40 do
                nodes.transaction { body = { { log = { message = tostring(i):rep(1 << 18) } } } }
                if i == 10 or i == 40 then
                    collectgarbage()
                    collectgarbage()
                    before, after = after, collectgarbage "count"
                end
            end
        end, { db = db, log = function() end }))
        assert.is_true(after - before < 4096, ("%.0f KiB more after 30 bodies"):format(after - before))
    end)

    it("is judged each time that a script calls it", function()
        local said = {}
        local line
        assert(flexdb.workflow.run(function(nodes)
            local function call(config)
                line = debug.getinfo(1, "l").currentline + 1
                local edge, what = nodes.flex_record(config)
                said[#said + 1] = edge == "error" and what.message or edge
            end
            call { operation = "findOne", tableName = "t", recordId = "r1" }
            call { operation = "findOne", tableName = "t", recordId = 5 }
            call { operation = "update", tableName = "t", recordId = "r1" }
            call(setmetatable({ operation = "update", tableName = "t", recordId = "r1" }, { __index = { data = {} } }))
            call { operation = "update", tableName = "t", recordId = "r1", data = { a = 7 }, version = flexdb.null }
        end, { db = db }))
        local place = ("spec/workflow_again_spec.lua:%d.flex-record"):format(line)
        assert.same({ "found", place .. ".recordId: recordId must be a text, is 5", place .. ": data is missing",
            "update needs data", "success" }, said)
    end)
end)
