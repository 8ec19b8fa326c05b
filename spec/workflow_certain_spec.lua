-- References that say what a step is about: misspelt, they are an error, and never taken for a word left out.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

-- name, the step, what it says
local misspelt = {
    { "a record to delete is not the one before", '{"flex-record": {"operation": "delete", "tableName": "t", '
        .. '"recordId": "$.flexRecord.data.parent"}}', "recordId refers to $.flexRecord.data.parent" },
    { "null is no record to update", '{"flex-record": {"operation": "update", "tableName": "t", "data": {"a": 9}, '
        .. '"recordId": "$.nothing"}}', "recordId refers to $.nothing" },
    { "a filter does not select everything", '{"flex-record": {"operation": "updateMany", "tableName": "t", '
        .. '"all": true, "data": {"a": 9}, "filter": "$.fliter"}}', "filter refers to $.fliter" },
    { "a value in a filter does not widen it", '{"flex-record": {"operation": "findOne", "tableName": "t", '
        .. '"filter": {"OR": [{"a": "$.order.a"}, {"a": "$.order.b"}]}}}', "filter refers to $.order.b" },
    { "a version is asked for", '{"flex-record": {"operation": "update", "tableName": "t", "data": {"a": 9}, '
        .. '"version": "$.order.version"}}', "version refers to $.order.version" },
    { "a key is a key", '{"flex-record": {"operation": "insert", "tableName": "t", "data": {"a": 9}, '
        .. '"idempotencyKey": "$.order.nummer"}}', "idempotencyKey refers to $.order.nummer" },
    { "a key without what tells it from others is none", '{"flex-record": {"operation": "insert", "tableName": "t", '
        .. '"data": {"a": 9}, "idempotencyKey": "order-{{$.nothing}}"}}', "idempotencyKey refers to $.nothing" },
    { "an application is not the handle's", '{"flex-record": {"operation": "insert", "tableName": "t", '
        .. '"applicationId": "$.typo", "data": {"a": 9}}}', "applicationId refers to $.typo" },
    { "an application is not the handle's for a table", '{"flex-table": {"operation": "delete", "tableName": "t", '
        .. '"applicationId": "shop-{{$.typo}}"}}', "applicationId refers to $.typo" },
    { "an application is not the handle's for what is gone through", '{"each": {"tableName": "t", '
        .. '"applicationId": "$.typo", "body": {"flex-record": {"operation": "delete", "recordId": "$.item.id"}}}}',
        "applicationId refers to $.typo" },
    { "a table is not the one before", '{"flex-record": {"operation": "insert", "tableName": "$.order.table", '
        .. '"data": {"a": 9}}}', "tableName refers to $.order.table" },
    { "a table to delete is not the one before", '{"flex-table": {"operation": "delete", "tableId": "$.id"}}',
        "tableId refers to $.id" },
    { "a table is changed at the version that is expected", '{"flex-table": {"operation": "update", "tableName": "t", '
        .. '"changes": [{"op": "remove_column", "name": "a"}], "expectVersion": "$.v"}}',
        "expectVersion refers to $.v" },
    { "each does not go through everything", '{"each": {"tableName": "t", "filter": {"a": "$.x"}, "body": '
        .. '{"flex-record": {"operation": "delete", "recordId": "$.item.id", "tableName": "t"}}}}',
        "filter refers to $.x" },
    { "a piece of Lua does not get all tables", '{"lua": {"source": "db:table(\'t\'):insert{a=9}", '
        .. '"tables": ["$.mine"]}}', "tables refers to $.mine" },
    { "a piece of Lua does not get to write", '{"lua": {"source": "db:table(\'t\'):insert{a=9}", '
        .. '"readOnly": "$.careful"}}', "readOnly refers to $.careful" },
}

describe("a reference to nothing", function()
    local db, t
    before_each(function()
        db = assert(flexdb.open "sqlite::memory:")
        t = assert(db:create_table("t", { columns = {
            { name = "a", dataType = "integer" }, { name = "parent", dataType = "string" },
        } }))
        assert(t:insert { a = 1 })
    end)
    after_each(function() db:close() end)

    -- Runs the steps behind one that has found the record.
    local function run(steps)
        local find = '{"flex-record": {"operation": "findOne", "tableName": "t", "filter": {"a": 1}}}'
        return workflows.run(("[%s, %s]"):format(find, steps), { db = db,
            state = { order = { a = 1 }, nothing = flexdb.null } })
    end

    for _, scenario in ipairs(misspelt) do
        it("is an error: " .. scenario[1], function()
            local one = run(scenario[2])
            assert.equal(("invalid_document: %s, which is not in the state"):format(scenario[3]), tostring(one.err))
            assert.equal(scenario[3]:match "^%w+", one.err.issues[1].path)
            assert.equal(1, t:count { filter = { a = 1 } })
            assert.equal(1, t:count { includeDeleted = true })
            assert.equal(1, t.version)
        end)
    end

    it("is told of every word", function()
        local one = run '{"flex-record": {"operation": "delete", "tableId": "$.t.id", "recordId": "$.r.id"}}'
        assert.equal("invalid_document: recordId refers to $.r.id, which is not in the state; "
            .. "tableId refers to $.t.id, which is not in the state", tostring(one.err))
        assert.equal(2, #one.err.issues)
    end)

    it("may be waited for by an edge", function()
        local one = run(misspelt[1][2]:gsub("}}$", ', "error?": {"$.why": "$.error.code"}}}'))
        assert.is_nil(one.err)
        assert.equal("invalid_document", one.state.why)
    end)

    it("asks for records without a value where it is null in a filter", function()
        local one = run '{"flex-record": {"operation": "count", "tableName": "t", "filter": {"parent": "$.nothing"}}}'
        assert.is_nil(one.err)
        assert.equal(1, one.state.flexRecordCount)
    end)

    it("leaves a word away that only adds to what is asked", function()
        local one = run([[{"flex-record": {"operation": "findMany", "tableName": "t", "after": "$.flexRecordNext",
            "limit": "$.most"}}, {"flex-record": {"operation": "insert", "tableName": "t", "data": {"a": "$.no"}}}]])
        assert.is_nil(one.err)
        assert.equal(2, t:count())
    end)
end)
