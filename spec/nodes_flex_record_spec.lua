-- The node flex-record on every engine: its operations, edges, what it leaves in the state, and bad input.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local nodes = require "spec.support.nodes"
local node = require "flexdb.nodes.flex_record"

local null = flexdb.null

engines.each(function(engine)
    describe("flex-record", function()
        local db, contacts, context, state
        before_each(function()
            db = engine.open { actor = "spec" }
            contacts = assert(db:create_table("contacts", { columns = {
                { name = "email", dataType = "string", required = true, unique = true },
                { name = "age", dataType = "integer", indexed = true, validation = { min = 0 } },
                { name = "bag", dataType = "json" },
            } }))
            state = {}
            context = { db = db, state = state }
        end)
        after_each(function() db:close() end)

        local function run(config) return node.execute(context, config) end

        local expect, refuse = nodes.steps(node, function() return context end)

        local function ages()
            local list = {}
            for row in assert(contacts:each { orderBy = { "email" } }) do list[#list + 1] = row.age or "none" end
            return list
        end

        local function insert(email, age) return assert(contacts:insert { email = email, age = age }) end

        describe("finds its table", function()
            it("by name, by id, and by what the state holds", function()
                for i, config in ipairs {
                    { tableName = "contacts" }, { tableId = contacts.id },
                    { tableId = contacts.id, tableName = "other" },
                } do
                    config.operation, config.data = "insert", { email = "e" .. i }
                    assert.equal("e" .. i, expect("success", config).record.data.email)
                end
                state.flexTableId = contacts.id
                assert.equal(3, expect("success", { operation = "count" }).count)
                -- null is nothing
                assert.equal(3, expect("success", { operation = "count", tableId = null, tableName = null }).count)
            end)

            it("by the record that the state holds, before the table of the state", function()
                local other = assert(db:create_table("other", { columns = { { name = "x", dataType = "integer" } } }))
                local ada = insert("ada", 36)
                expect("found", { operation = "findOne", tableName = "contacts", recordId = ada.id })
                state.flexTableId = other.id
                expect("success", { operation = "update", data = { age = 37 } })
                assert.equal(37, contacts:get(ada.id).age)
                expect("found", { operation = "findOne", recordId = ada.id })
                -- a record of a table is no record of another, whatever its id
                refuse("error", 'invalid_document: recordId is missing, and the state\'s flexRecord is no record of '
                    .. 'table "other"', { operation = "delete", tableName = "other" })
            end)

            it("in the application of the configuration, else of the state, else of the handle", function()
                local application = engines.fresh()
                local there = assert(db:with { application = application })
                assert(there:create_table("contacts", { columns = { { name = "n", dataType = "integer" } } }))
                local config = { operation = "insert", tableName = "contacts", data = { n = 1 },
                    applicationId = application }
                local record = expect("success", config).record
                assert.equal(application, record.applicationId)
                state.applicationId = application
                assert.equal(1, expect("success", { operation = "count", tableName = "contacts" }).count)
                assert.equal(0, expect("success", { operation = "count", tableName = "contacts",
                    applicationId = db.application }).count)
                -- an id does not lead out of the application
                refuse("error", ('not_found: there is no table with the id "%s"'):format(contacts.id),
                    { operation = "count", tableId = contacts.id })
                state.applicationId = 7
                refuse("error", 'not_found: there is no table "contacts"',
                    { operation = "count", tableName = "contacts" })
                state.applicationId = {}
                refuse("error", "invalid_document: applicationId must be a text, is a table",
                    { operation = "count", tableName = "contacts" })
                refuse("error", "invalid_document: applicationId must be 1 to 128 bytes of UTF-8",
                    { operation = "count", tableName = "contacts", applicationId = ("x"):rep(129) })
            end)

            it("or says what is missing", function()
                refuse("error", "invalid_document: there is no table: tableId and tableName are missing, and the state "
                    .. "has no flexTableId", { operation = "count" })
                refuse("error", 'not_found: there is no table "nowhere"',
                    { operation = "count", tableName = "nowhere" })
                refuse("error", 'not_found: there is no table with the id "1"', { operation = "count", tableId = "1" })
                state.flexTableId = 5
                refuse("error", "invalid_document: the state's flexTableId must be a text, is a number",
                    { operation = "count" })
                context.db = nil
                refuse("error", "invalid_document: this node needs a database: the run has none",
                    { operation = "count" })
            end)
        end)

        describe("insert", function()
            it("gives the record in the shape that workflows know", function()
                local data = expect("success", { operation = "insert", tableName = "contacts",
                    data = { email = "ada", age = "36", bag = { list = flexdb.array {}, none = null } } })
                local row = assert(contacts:first())
                assert.same({
                    id = row.id, tableId = contacts.id, applicationId = db.application, version = 1,
                    data = { email = "ada", age = 36, bag = { list = {}, none = null } },
                    createdAt = row.created_at, updatedAt = row.updated_at,
                }, state.flexRecord)
                assert.same({ record = state.flexRecord, recordId = row.id, version = 1 }, data)
                assert.equal(row.id, state.flexRecordId)
                assert.equal(1, context.records)
                assert.is_string(assert(flexdb.json.encode(state)))
            end)

            it("tells every problem", function()
                local err = refuse("error", 'invalid_record: email: is required; age: must be at least 0, is -1; '
                    .. 'x: there is no column "x"',
                    { operation = "insert", tableName = "contacts", data = { age = -1, x = 1 } })
                assert.equal(3, #err.issues)
                assert.is_nil(state.flexRecord)
            end)

            it("tells a value that is taken", function()
                insert("ada")
                refuse("error", 'duplicate: email: "ada" is taken',
                    { operation = "insert", tableName = "contacts", data = { email = "ada" } })
            end)
        end)

        describe("insertMany", function()
            it("inserts all", function()
                local data = expect("success", { operation = "insertMany", tableName = "contacts",
                    records = { { email = "a" }, { email = "b" } } })
                assert.same({ count = 2, errors = {}, errorCount = 0 }, data)
                assert.equal(2, state.flexRecordCount)
                assert.equal(2, contacts:count())
                assert.equal(0, expect("success", { operation = "insertMany", tableName = "contacts",
                    records = {} }).count)
            end)

            it("inserts none when one is bad, or all but the bad ones", function()
                local records = { { email = "a" }, { age = 1 }, { email = "a" } }
                refuse("error", "invalid_record: record 2: email: is required",
                    { operation = "insertMany", tableName = "contacts", records = records })
                assert.equal(0, contacts:count())
                local data = expect("success", { operation = "insertMany", tableName = "contacts", records = records,
                    onError = "skip" })
                assert.same({ 1, 2 }, { data.count, data.errorCount })
                assert.same({ "invalid_record", "duplicate" }, { data.errors[1].code, data.errors[2].code })
                assert.equal(2, data.errors[1].issues[1].index)
                assert.equal(data.errors, state.flexRecordErrors)
                assert.is_string(assert(flexdb.json.encode(state)))
                data = expect("success", { operation = "insertMany", tableName = "contacts", records = records,
                    onError = "skip", maxErrors = 1 })
                assert.same({ 0, 3, 1 }, { data.count, data.errorCount, #data.errors })
                refuse("error", 'invalid_document: onError must be "stop" or "skip", is "ignore"',
                    { operation = "insertMany", tableName = "contacts", records = records, onError = "ignore" })
            end)
        end)

        describe("findOne", function()
            it("finds by id, by filter, and the record of the state again", function()
                local ada = insert("ada", 36)
                insert("bob", 40)
                local data = expect("found", { operation = "findOne", tableName = "contacts", recordId = ada.id })
                assert.equal(36, data.record.data.age)
                state.flexTableId = contacts.id
                data = expect("found", { operation = "findOne", filter = { age = { gt = 1 } }, orderBy = "-age" })
                assert.equal("bob", data.record.data.email)
                assert.equal("bob", state.flexRecord.data.email)
                contacts:update(state.flexRecordId, { age = 41 })
                assert.equal(41, expect("found", { operation = "findOne" }).record.data.age)
                data = expect("found", { operation = "findOne", recordId = ada.id, select = { "email" } })
                assert.same({ email = "ada" }, data.record.data)
            end)

            it("finds what was deleted when asked to", function()
                local ada = insert("ada", 36)
                assert(contacts:delete(ada.id))
                refuse("not_found", ('not_found: there is no record "%s"'):format(ada.id),
                    { operation = "findOne", tableName = "contacts", recordId = ada.id })
                local data = expect("found", { operation = "findOne", tableName = "contacts", recordId = ada.id,
                    includeDeleted = true })
                assert.is_string(data.record.deletedAt)
            end)

            it("leaves no record of before in the state when it finds none", function()
                state.flexRecord, state.flexRecordId = { id = "old", version = 1 }, "old"
                refuse("not_found", "not_found: there is no record that the filter selects",
                    { operation = "findOne", tableName = "contacts", filter = { email = "ada" } })
                assert.is_nil(state.flexRecord)
                assert.is_nil(state.flexRecordId)
                refuse("error", "invalid_document: findOne needs recordId: it is missing, and the state has no "
                    .. "flexRecordId", { operation = "findOne", tableName = "contacts" })
            end)

            it("takes an id or a filter", function()
                refuse("error", "invalid_document: findOne takes recordId or filter, not both",
                    { operation = "findOne", tableName = "contacts", recordId = "x", filter = {} })
            end)
        end)

        describe("findMany and count", function()
            before_each(function()
                for i = 1, 5 do insert("e" .. i, i) end
                state.flexTableId = contacts.id
            end)

            it("find by the words of a query", function()
                local data = expect("success", { operation = "findMany", filter = { age = { gte = 2 } },
                    orderBy = { { field = "age", direction = "desc" } }, limit = 2, offset = 1 })
                assert.same({ 4, 3 }, { data.records[1].data.age, data.records[2].data.age })
                assert.same({ 2, 2 }, { data.count, state.flexRecordCount })
                assert.equal(data.records, state.flexRecords)
                assert.equal(2, context.records)
            end)

            it("go on behind a page", function()
                local config, seen = { operation = "findMany", orderBy = { "age" }, limit = 2 }, {}
                repeat
                    for _, record in ipairs(expect("success", config).records) do seen[#seen + 1] = record.data.age end
                    config.after = state.flexRecordNext
                until not config.after
                assert.same({ 1, 2, 3, 4, 5 }, seen)
            end)

            it("give every record when no limit is given", function()
                local records = {}
                for i = 1, 60 do records[i] = { email = "more" .. i } end
                assert(contacts:insert_many(records))
                assert.equal(65, expect("success", { operation = "findMany" }).count)
            end)

            it("say when there is none", function()
                local data = expect("empty", { operation = "findMany", filter = { age = 99 } })
                assert.same({ records = {}, count = 0 }, data)
                assert.equal("[]", flexdb.json.encode(state.flexRecords))
                assert.equal(0, state.flexRecordCount)
            end)

            it("count, deleted ones when asked", function()
                contacts:delete_all({ filter = { age = 1 } })
                assert.equal(4, expect("success", { operation = "count" }).count)
                assert.equal(5, expect("success", { operation = "count", includeDeleted = true }).count)
                assert.equal(1, expect("success", { operation = "count", filter = { age = 3 } }).count)
                assert.equal(1, state.flexRecordCount)
            end)

            it("refuse a bad query", function()
                local edge, err = run { operation = "findMany", filter = { nope = 1 } }
                assert.same({ "error", "invalid_query" }, { edge, err.code })
                edge, err = run { operation = "count", filter = { age = { above = 1 } } }
                assert.same({ "error", "invalid_query" }, { edge, err.code })
            end)

            it("pass include on, which is not built yet", function()
                for _, operation in ipairs { "findOne", "findMany" } do
                    local edge, err = run { operation = operation, filter = {},
                        include = { { relation = "company" } } }
                    assert.same({ "error", "unsupported" }, { edge, err.code })
                    assert.truthy(err.message:find "include")
                end
            end)
        end)

        describe("update", function()
            it("updates the record of the state, as the version that was read", function()
                local ada = insert("ada", 36)
                expect("found", { operation = "findOne", tableName = "contacts", recordId = ada.id })
                local data = expect("success", { operation = "update", data = { age = 37 } })
                assert.same({ 2, 37 }, { data.version, state.flexRecord.data.age })
                assert(contacts:update(ada.id, { age = 50 }))
                refuse("conflict", ('conflict: record "%s" is at version 3, not 2'):format(ada.id),
                    { operation = "update", data = { age = 38 } })
                assert.equal(50, contacts:get(ada.id).age)
            end)

            it("updates a named record whatever its version, or only as this one", function()
                local ada = insert("ada", 36)
                local config = { operation = "update", tableName = "contacts", recordId = ada.id,
                    data = { age = null } }
                assert.is_nil(expect("success", config).record.data.age)
                config.version = 1
                refuse("conflict", ('conflict: record "%s" is at version 2, not 1'):format(ada.id), config)
                config.version = 2.0
                expect("success", config)
                config.recordId = "nobody"
                refuse("not_found", 'not_found: there is no record "nobody"', config)
            end)
        end)

        describe("updateMany", function()
            it("updates what the filter selects", function()
                for i = 1, 4 do insert("e" .. i, i) end
                assert.equal(2, expect("success", { operation = "updateMany", tableName = "contacts",
                    filter = { age = { gt = 2 } }, data = { age = 9 } }).count)
                assert.same({ 1, 2, 9, 9 }, ages())
                assert.equal(2, state.flexRecordCount)
                local edge, err = run { operation = "updateMany", tableName = "contacts", data = { age = 0 } }
                assert.same({ "error", "invalid_query" }, { edge, err.code })
                assert.equal(4, expect("success", { operation = "updateMany", tableName = "contacts", all = true,
                    data = { age = 0 } }).count)
                assert.equal(0, expect("success", { operation = "updateMany", tableName = "contacts",
                    filter = { age = 77 }, data = { age = 0 } }).count)
            end)
        end)

        it("upsert inserts or updates, and says which", function()
            local config = { operation = "upsert", tableName = "contacts", on = "email",
                data = { email = "ada", age = 1 } }
            assert.equal("inserted", expect("success", config).action)
            config.data.age = 2
            assert.equal("updated", expect("success", config).action)
            assert.same({ "updated", 2 }, { state.flexRecordAction, state.flexRecord.data.age })
            config.on = "age"
            local edge, err = run(config)
            assert.same({ "error", "invalid_query" }, { edge, err.code })
        end)

        describe("delete and restore", function()
            it("take a record away and bring it back", function()
                local ada = insert("ada", 36)
                state.flexTableId, state.flexRecordId = contacts.id, ada.id
                assert.same({ deleted = true, recordId = ada.id }, expect("success", { operation = "delete" }))
                assert.is_true(state.deleted)
                refuse("not_found", ('not_found: there is no record "%s"'):format(ada.id), { operation = "delete" })
                local data = expect("success", { operation = "restore" })
                assert.equal("ada", data.record.data.email)
                assert.is_nil(data.record.deletedAt)
                refuse("conflict", ('conflict: record "%s" is at version 3, not 1'):format(ada.id),
                    { operation = "delete", version = 1 })
                expect("success", { operation = "delete", hardDelete = true, version = 3 })
                refuse("not_found", ('not_found: there is no record "%s"'):format(ada.id), { operation = "restore" })
            end)

            it("stop at a reference, which is an error", function()
                local t = assert(db:create_table("orders", { columns = {
                    { name = "who", dataType = "reference", validation = { targetTable = "contacts" } } } }))
                local ada = insert("ada", 36)
                assert(t:insert { who = ada.id })
                local edge, err = run { operation = "delete", tableName = "contacts", recordId = ada.id }
                assert.same({ "error", "reference" }, { edge, err.code })
                assert.is_nil(state.deleted)
            end)
        end)

        describe("refuses", function()
            local operations = "count, delete, findMany, findOne, insert, insertMany, restore, update, updateMany, "
                .. "upsert"
            local cases = {
                { "a step without an operation", {}, "operation is missing" },
                { "an operation that is none", { operation = "insrt" },
                    'there is no operation "insrt": one of ' .. operations },
                { "an operation that is no text", { operation = 3 }, "there is no operation 3: one of " .. operations },
                { "a word that is none", { operation = "count", fitler = {} },
                    "count takes no fitler: it takes filter, includeDeleted, tableId, tableName" },
                { "a word of another operation: a delete by filter would delete the record of the state",
                    { operation = "delete", filter = { age = 1 } },
                    "delete takes no filter: it takes hardDelete, recordId, tableId, tableName, version" },
                { "what is missing", { operation = "upsert" }, "upsert needs data; upsert needs on" },
                { "what is null", { operation = "insert", data = null }, "insert needs data" },
                { "an array for a record", { operation = "insert", data = { 1, 2 } },
                    "data must be an object, is an array" },
                { "an empty list for a record", { operation = "insert", data = flexdb.array {} },
                    "data must be an object, is an array" },
                { "a text for a record", { operation = "insert", data = "x" }, 'data must be an object, is "x"' },
                { "a record for an array", { operation = "insertMany", records = { email = "x" } },
                    "records must be an array, is an object" },
                { "a number for an id", { operation = "delete", recordId = 5 }, "recordId must be a text, is 5" },
                { "a text for a flag", { operation = "delete", recordId = "x", hardDelete = "false" },
                    'hardDelete must be true or false, is "false"' },
                { "a limit that is a text", { operation = "findMany", limit = "10" },
                    'limit must be an integer of at least 0, is "10"' },
                { "a limit below 0", { operation = "findMany", limit = -1 },
                    "limit must be an integer of at least 0, is -1" },
                { "half a record", { operation = "findMany", limit = 1.5 },
                    "limit must be an integer of at least 0, is 1.5" },
                { "a version that is none", { operation = "update", data = {}, version = 0 },
                    "version must be an integer of at least 1, is 0" },
                { "a configuration that is an array", { operation = "count", "x" },
                    "a configuration must have names for keys, has 1" },
                { "a key that is no text", { operation = "insert", data = {}, idempotencyKey = 1 },
                    "idempotencyKey must be a text, is 1" },
                { "all of these at once", { operation = "update", data = 1, recordId = true, on = "x" },
                    "data must be an object, is 1; update takes no on: it takes data, recordId, tableId, tableName, "
                    .. "version; recordId must be a text, is true" },
            }
            for _, case in ipairs(cases) do
                it(case[1], function()
                    state.flexTableId = contacts.id
                    local err = refuse("error", "invalid_document: " .. case[3], case[2])
                    assert.is_true(#err.issues >= 1)
                end)
            end

            it("a record id of the state that is no text", function()
                state.flexTableId, state.flexRecordId = contacts.id, 7
                refuse("error", "invalid_document: the state's flexRecordId must be a text, is a number",
                    { operation = "delete" })
            end)
        end)

        it("reads over the edges of its configuration", function()
            expect("success", { operation = "count", tableName = "contacts", ["success?"] = { log = {} } })
        end)
    end)
end)

describe("flex-record's check of a configuration that is not resolved", function()
    local function check(config)
        local problems = {}
        node.check(config, function(key, rule, message)
            problems[#problems + 1] = ("%s|%s|%s"):format(key, rule, message)
        end)
        return problems
    end

    it("leaves references and templates alone", function()
        assert.same({}, check { operation = "insert", data = "$.order", tableName = "{{$.name}}s" })
        assert.same({}, check { operation = "$.operation", anything = 1 })
        assert.same({}, check { operation = "findMany", limit = "$.limit", ["empty?"] = null })
    end)

    it("tells what can be told before the step runs", function()
        assert.same({ 'data|type|data must be an object, is "order"', "on|unknown|insert takes no on: it takes data, "
            .. "tableId, tableName" }, check { operation = "insert", data = "order", on = "x" })
        assert.same({ "operation", "data", "on" }, node.metadata.required { operation = "upsert" })
        assert.same({ "operation" }, node.metadata.required { operation = "nope" })
    end)
end)
