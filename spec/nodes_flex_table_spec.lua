-- The node flex-table on every engine: its operations, edges, what it leaves in the state, and bad input.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local nodes = require "spec.support.nodes"
local node = require "flexdb.nodes.flex_table"
local records = require "flexdb.nodes.flex_record"

engines.each(function(engine)
    describe("flex-table", function()
        local db, context, state
        local columns = {
            { name = "email", dataType = "string", required = true, unique = true },
            { name = "age", dataType = "integer" },
        }
        before_each(function()
            db = engine.open { actor = "spec" }
            state = {}
            context = { db = db, state = state }
        end)
        after_each(function() db:close() end)

        local expect, refuse = nodes.steps(node, function() return context end)

        local function create(name)
            return expect("success", { operation = "create", tableName = name or "contacts", columns = columns })
        end

        local function add(name) return { op = "add_column", column = { name = name, dataType = "string" } } end

        local function column_names()
            local list = {}
            for _, column in ipairs(state.flexTableSchema.columns) do
                if not column.system then list[#list + 1] = column.name end
            end
            return table.concat(list, " ")
        end

        describe("create", function()
            it("makes a table and gives it in the shape that workflows know", function()
                local data = expect("success", { operation = "create", tableName = "contacts", columns = columns,
                    displayName = "People", description = "who we know",
                    checks = { { name = "adult", expression = "age >= 18" } },
                    indexes = { { columns = { "email", "age" } } }, compatibility = "backward" })
                local t = assert(db:table "contacts")
                assert.same(db:table_info(t.id), state.flexTable)
                assert.same(t:schema(), state.flexTableSchema)
                assert.equal(t.id, state.flexTableId)
                assert.same({ t.id, 1, "People" }, { data.tableId, data.version, data.table.displayName })
                assert.same(t:schema(), data.schema)
                assert.equal("backward", data.schema.compatibility)
                assert.equal("spec", t:history()[1].createdBy)
                -- two places of a state are two tables
                state.flexTableSchema.columns[1].name = "changed"
                assert.equal("email", state.flexTable.schema.columns[1].name)
                assert.is_string(assert(flexdb.json.encode(state)))
            end)

            it("says when there is one, and goes on with that", function()
                local id = create().tableId
                state.flexTable, state.flexTableId, state.flexTableSchema = nil, nil, nil
                refuse("exists", 'exists: table "contacts" exists already', { operation = "create",
                    tableName = "contacts", columns = {} })
                assert.equal(id, state.flexTableId)
                assert.equal("email age", column_names())
                local edge = records.execute(context, { operation = "insert", data = { email = "ada" } })
                assert.equal("success", edge)
            end)

            it("refuses a definition that is none, with every problem", function()
                local err = expect("error", { operation = "create", tableName = "Contacts", columns = {
                    { name = "a", dataType = "text", validation = { min = 1 } }, { name = "b" } } })
                assert.equal("invalid_schema", err.code)
                assert.is_true(#err.issues >= 3)
                assert.is_nil(state.flexTable)
            end)

            it("works in the application and as the user of the state", function()
                state.applicationId, state.userId = engines.fresh(), "ada"
                create()
                assert.equal(state.applicationId, state.flexTable.applicationId)
                assert.equal("not_found", select(2, db:table "contacts").code)
                local t = assert(db:with { application = state.applicationId }:table "contacts")
                assert.equal("ada", t:history()[1].createdBy)
                state.userId = 17
                create "second"
                assert.equal("17", db:with { application = state.applicationId }:table("second"):history()[1].createdBy)
                state.userId, context.actor = nil, "nightly"
                create "third"
                local third = assert(db:with { application = state.applicationId }:table "third")
                assert.equal("nightly", third:history()[1].createdBy)
                state.userId = ("x"):rep(129)
                refuse("error", "invalid_document: userId must be at most 128 characters of UTF-8",
                    { operation = "get", tableName = "contacts" })
                state.userId = true
                refuse("error", "invalid_document: userId must be a text, is a boolean",
                    { operation = "get", tableName = "contacts" })
            end)
        end)

        it("get finds a table by name, by id and by the state", function()
            local id = create().tableId
            create "other"
            assert.equal(id, expect("success", { operation = "get", tableName = "contacts" }).tableId)
            assert.equal("email age", column_names())
            expect("success", { operation = "get", tableName = "other" })
            assert.equal(id, expect("success", { operation = "get", tableId = id }).tableId)
            assert.equal(id, expect("success", { operation = "get" }).tableId)
            refuse("not_found", 'not_found: there is no table "nowhere"', { operation = "get", tableName = "nowhere" })
            assert.equal(id, state.flexTableId)
            state.flexTableId = nil
            refuse("error", "invalid_document: there is no table: tableId and tableName are missing, and the state has "
                .. "no flexTableId", { operation = "get" })
        end)

        it("list gives the tables of the application, dropped ones when asked", function()
            assert.same({ tables = {}, count = 0 }, expect("success", { operation = "list" }))
            assert.equal("[]", flexdb.json.encode(state.flexTables))
            create "b"
            create "a"
            expect("success", { operation = "delete", tableName = "b" })
            local data = expect("success", { operation = "list" })
            assert.same({ 1, "a", true }, { data.count, data.tables[1].name, data.tables[1].isActive })
            assert.same(db:table("a"):schema(), data.tables[1].schema)
            assert.equal(2, expect("success", { operation = "list", includeDeleted = true }).count)
            assert.equal(2, #state.flexTables)
        end)

        describe("update", function()
            before_each(function() create() end)

            it("evolves the table", function()
                local data = expect("success", { operation = "update", message = "nicks",
                    changes = { add "nick", { op = "rename_column", name = "age", to = "years" } } })
                assert.same({ 2, 2, "nicks" }, { data.version, data.entry.version, data.entry.message })
                assert.equal("email years nick", column_names())
                assert.equal(2, state.flexTable.version)
                -- one that changes nothing adds no version
                assert.equal(2, expect("success", { operation = "update", changes = {} }).version)
            end)

            it("plans when asked to, and carries a plan out", function()
                local data = expect("plan", { operation = "update", dryRun = true, changes = { add "nick" } })
                assert.equal('Plan for evolving table "contacts" from version 1\n  metadata  "nick" is added',
                    data.text)
                assert.equal(data.plan, state.flexTablePlan)
                assert.same(data.plan, expect("plan", { operation = "plan", changes = { add "nick" } }).plan)
                assert.equal(1, db:table("contacts").version)
                -- a plan that came out of a file
                state.flexTablePlan = flexdb.json.decode(flexdb.json.encode(state.flexTablePlan))
                expect("success", { operation = "update", changes = state.flexTablePlan })
                assert.equal("email age nick", column_names())
            end)

            it("takes the edge conflict when the table has moved on", function()
                expect("success", { operation = "update", changes = { add "x" } })
                refuse("conflict", 'conflict: table "contacts" is at version 2, not 1',
                    { operation = "update", changes = { add "y" }, expectVersion = 1 })
                expect("success", { operation = "update", changes = { add "y" }, expectVersion = 2.0 })
            end)

            it("takes the edge conflict when the table's compatibility forbids the change", function()
                expect("success", { operation = "update",
                    changes = { { op = "modify_table", set = { compatibility = "full" } } } })
                local err = expect("conflict", { operation = "update",
                    changes = { { op = "remove_column", name = "email" } } })
                assert.equal("conflict", err.code)
            end)

            it("says which records stand against a change, with the plan", function()
                assert(db:table("contacts"):insert { id = "r1", email = "ada", age = 9 })
                local changes = { { op = "modify_column", name = "age", set = { validation = { min = 18 } } } }
                local err = expect("error", { operation = "update", changes = changes })
                assert.same({ "invalid_record", "r1" }, { err.code, err.issues[1].id })
                assert.equal(1, err.plan.failed)
                expect("success", { operation = "update", changes = changes, onInvalid = "ignore" })
                refuse("error", 'invalid_document: onInvalid must be "stop", "null" or "ignore", is "skip"',
                    { operation = "update", changes = changes, onInvalid = "skip" })
            end)

            it("refuses changes that cannot be", function()
                refuse("error", 'invalid_schema: changes[0].name: there is no column "nope"',
                    { operation = "update", changes = { { op = "remove_column", name = "nope" } } })
                refuse("not_found", 'not_found: there is no table "nowhere"',
                    { operation = "update", tableName = "nowhere", changes = {} })
            end)
        end)

        it("history, diff and rollback lead through the versions", function()
            create()
            expect("success", { operation = "update", changes = { add "x" } })
            expect("success", { operation = "update", changes = { add "y" } })
            local data = expect("success", { operation = "history", from = 2, schemas = false })
            assert.same({ 2, 2, 3 }, { data.count, data.entries[1].version, data.entries[2].version })
            assert.equal(data.entries, state.flexTableHistory)
            assert.is_nil(data.entries[1].newSchema)
            data = expect("success", { operation = "diff", from = 1 })
            assert.same({ 2, "add_column" }, { data.count, data.changes[1].type })
            assert.equal(data.changes, state.flexTableChanges)
            assert.equal("remove_column",
                expect("success", { operation = "diff", from = 2, to = 1 }).changes[1].type)
            assert.equal(1, expect("plan", { operation = "rollback", version = 1, dryRun = true }).plan.rollback)
            assert.equal(4, expect("success", { operation = "rollback", version = 1 }).version)
            assert.equal("email age", column_names())
            refuse("not_found", 'not_found: table "contacts" has no version 9', { operation = "rollback", version = 9 })
            refuse("not_found", 'not_found: table "contacts" has no version 9', { operation = "diff", from = 9 })
            refuse("conflict", 'conflict: table "contacts" is at version 4, not 3',
                { operation = "rollback", version = 2, expectVersion = 3 })
        end)

        it("delete and restore take a table away and bring it back", function()
            local id = create().tableId
            local data = expect("success", { operation = "delete" })
            assert.is_true(data.deleted)
            assert.is_true(state.deleted)
            assert.is_false(state.flexTable.isActive)
            assert.is_string(state.flexTable.deletedAt)
            refuse("not_found", ('not_found: the table with the id "%s" was dropped'):format(id),
                { operation = "delete" })
            assert.is_true(expect("success", { operation = "restore" }).table.isActive)
            refuse("not_found", 'not_found: there is no dropped table "contacts"',
                { operation = "restore", tableName = "contacts" })
            expect("success", { operation = "delete", tableName = "contacts" })
            create()
            refuse("exists", 'exists: table "contacts" exists already', { operation = "restore", tableId = id })
        end)

        it("delete is an error while another table refers to it", function()
            create()
            assert(db:create_table("orders", { columns = {
                { name = "who", dataType = "reference", validation = { targetTable = "contacts" } } } }))
            local err = expect("error", { operation = "delete" })
            assert.equal("reference", err.code)
            assert.truthy(err.message:find "orders")
        end)

        describe("refuses", function()
            local operations = "create, delete, diff, get, history, list, plan, restore, rollback, update"
            local cases = {
                { "an operation that is none", { operation = "alter" },
                    'there is no operation "alter": one of ' .. operations },
                { "a word that is none", { operation = "get", table = "x" },
                    "get takes no table: it takes tableId, tableName" },
                { "columns in an update", { operation = "update", columns = {}, changes = {} },
                    "update takes no columns: it takes changes, dryRun, expectVersion, message, onInvalid, tableId, "
                    .. "tableName" },
                { "columns that are no array", { operation = "create", tableName = "x", columns = { a = "string" } },
                    "columns must be an array, is an object" },
                { "what is missing", { operation = "create" }, "create needs tableName; create needs columns" },
                { "a version that is a text", { operation = "rollback", version = "1" },
                    'version must be an integer of at least 1, is "1"' },
                { "changes that are a text", { operation = "plan", changes = "add" },
                    'changes must be an array or an object, is "add"' },
                { "a name that is a number", { operation = "get", tableName = 5 }, "tableName must be a text, is 5" },
            }
            for _, case in ipairs(cases) do
                it(case[1], function() refuse("error", "invalid_document: " .. case[3], case[2]) end)
            end
        end)
    end)
end)
