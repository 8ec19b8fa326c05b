-- Steps with an idempotency key: done once, however often they are run, wherever a run was killed.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"
local once = require "flexdb.nodes.support.once"
local records = require "flexdb.nodes.flex_record"
local tables = require "flexdb.nodes.flex_table"

local columns = {
    { name = "email", dataType = "string", unique = true },
    { name = "n", dataType = "integer" },
    { name = "price", dataType = "decimal", validation = { scale = 2 } },
    { name = "bag", dataType = "json" },
}

engines.each(function(engine)
    describe("an idempotency key", function()
        local db, t, state, context, connection, environment
        before_each(function()
            db = engine.open { timeout = 20 }
            t = assert(db:create_table("t", { columns = columns }))
            assert(t:insert { id = "one", email = "one", n = 1, price = "1.50" })
            state = { flexTableId = t.id }
            context = { db = db, state = state }
            connection, environment = raw.connect(engine)
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
        end)

        local function step(node, config, on)
            local edge, data = node.execute(on or context, config)
            return edge, data
        end
        local function keys()
            return tonumber(raw.rows(connection, ("SELECT COUNT(*) AS n FROM flex_once WHERE application_id = '%s'")
                :format(db.application))[1].n)
        end
        -- Of a server's database other specs have parts, some of them broken on purpose.
        local function assert_well(whose)
            local names = {}
            for i, each in ipairs(assert(whose:tables())) do names[i] = each.name end
            local report = assert(flexdb.doctor(whose, { tables = engine.server and names or nil }))
            assert.is_true(report.ok, tostring(report))
        end
        -- Times with a Z, null and arrays all come back as they went.
        local function plain(value) return flexdb.json.decode(assert(flexdb.json.encode(value))) end

        -- A step of each kind that writes, and what it must not do twice.
        local function now() return { assert(t:count()), t.version, assert(t:get "one").n } end
        local writes = {
            { "insert", records, { operation = "insert", data = { email = "a", price = 2, bag = {
                list = flexdb.array {}, none = flexdb.null, whole = 1, float = 1.0 } } } },
            { "insertMany", records, { operation = "insertMany", onError = "skip",
                records = { { email = "a" }, { email = "one" }, { email = "b" } } } },
            { "update", records, { operation = "update", recordId = "one", data = { n = 2 } } },
            { "updateMany", records, { operation = "updateMany", filter = { n = 1 }, data = { n = 2 } } },
            { "upsert", records, { operation = "upsert", on = "email", data = { email = "z" } } },
            { "delete", records, { operation = "delete", recordId = "one", hardDelete = true }, gone = true },
            { "create", tables, { operation = "create", tableName = "other", columns = columns } },
            { "update of a table", tables, { operation = "update", changes = {
                { op = "add_column", column = { name = "x", dataType = "string" } } } } },
            { "an index", tables, { operation = "update", changes = {
                { op = "modify_column", name = "n", set = { indexed = true } } } } },
            { "update of a table that changes nothing", tables, { operation = "update", changes = {} } },
        }
        for _, case in ipairs(writes) do
            it("lets " .. case[1] .. " happen once, and gives the same again", function()
                local config = case[3]
                config.idempotencyKey = "k"
                local edge, first = step(case[2], config)
                assert.equal("success", edge, tostring(first))
                local after = plain(state)
                local held = not case.gone and now()
                for _ = 1, 2 do
                    local again, data = step(case[2], config)
                    assert.equal("success", again, tostring(data))
                    assert.same(plain(first), plain(data))
                    assert.same(after, plain(state))
                end
                assert.same(held, not case.gone and now())
                assert.equal(1, keys())
                assert_well(db)
            end)
        end

        it("lets restore, rollback and the drop of a table happen once, whatever became of it since", function()
            assert(t:evolve { { op = "add_column", column = { name = "x", dataType = "string" } } })
            assert(t:delete "one")
            local list = {
                { records, { operation = "restore", recordId = "one", idempotencyKey = "r" } },
                { tables, { operation = "rollback", version = 1, idempotencyKey = "b" } },
                { tables, { operation = "delete", idempotencyKey = "d" } },
                { tables, { operation = "restore", idempotencyKey = "back" } },
            }
            local first = {}
            for i, each in ipairs(list) do
                local edge, data = step(each[1], each[2])
                assert.equal("success", edge, tostring(data))
                first[i] = plain(data)
            end
            assert(t:delete "one")
            assert(t:evolve { { op = "rename_column", name = "n", to = "m" } })
            assert(db:drop_table "t")
            for i, each in ipairs(list) do
                local edge, data = step(each[1], each[2])
                assert.equal("success", edge, tostring(data))
                local info = plain(data)
                if info.table then -- when it was last changed, and whether it is there, is told as it is now
                    info.table.isActive, info.table.deletedAt = first[i].table.isActive, first[i].table.deletedAt
                    info.table.updatedAt = first[i].table.updatedAt
                    info.table.indexedColumns = first[i].table.indexedColumns
                end
                assert.same(first[i], info)
            end
            assert.equal(4, assert(db:table_info(t.id)).version)
            assert.is_nil(db:table "t")
        end)

        it("belongs to one step", function()
            local config = { operation = "insert", data = { email = "a" }, idempotencyKey = "k" }
            assert.equal("success", (step(records, config)))
            for _, other in ipairs {
                { records, { operation = "upsert", on = "email", data = { email = "a" } } },
                { records, { operation = "insert", data = { email = "a" }, tableName = "t" } },
                { tables, { operation = "update", changes = {} } },
                { tables, { operation = "create", tableName = "x", columns = {} } },
            } do
                other[2].idempotencyKey = "k"
                local edge, err = step(other[1], other[2])
                assert.equal("error", edge)
                assert.equal('conflict: the idempotency key "k" belongs to another step', tostring(err))
            end
            -- neither the edges nor the order of words make another step
            config["success?"] = { log = { message = "done" } }
            assert.equal("success", (step(records, config)))
            assert.equal(2, assert(t:count()))
        end)

        it("is for one write of a run", function()
            for _, each in ipairs {
                { records, { operation = "insert", data = { email = "a" } }, { operation = "insert",
                    data = { email = "b" } } },
                { tables, { operation = "update", changes = {} }, { operation = "update", changes = {
                    { op = "remove_column", name = "n" } } } },
            } do
                local node, first, second = each[1], each[2], each[3]
                first.idempotencyKey, second.idempotencyKey = "k" .. first.operation, "k" .. first.operation
                assert.equal("success", (step(node, first)))
                local edge, err = step(node, second)
                assert.equal("error", edge)
                assert.equal(('conflict: the idempotency key "k%s" was used for another write of this run')
                    :format(first.operation), tostring(err))
                assert.equal("success", (step(node, first)))
            end
        end)

        it("lets a run that reads what it has written before be started again", function()
            local function run()
                local on = { db = db, state = { flexTableId = t.id } }
                assert.equal("found", (step(records, { operation = "findOne", recordId = "one" }, on)))
                local edge, data = step(records, { operation = "update", data = { n = on.state.flexRecord.data.n + 1 },
                    idempotencyKey = "add" }, on)
                assert.equal("success", edge, tostring(data))
                assert.equal(2, data.record.data.n)
            end
            run()
            run()
            assert.equal(2, assert(t:get "one").n)
            -- and one that no longer finds what it has deleted
            for _ = 1, 2 do
                local on = { db = db, state = {} }
                step(records, { operation = "findOne", tableName = "t", filter = { email = "one" } }, on)
                assert.equal("success", (step(records, { operation = "delete", tableName = "t",
                    idempotencyKey = "gone" }, on)))
            end
            assert.equal(0, assert(t:count()))
        end)

        it("is another one in another application", function()
            local config = { operation = "insert", tableName = "t", data = { email = "a" }, idempotencyKey = "k" }
            local other = assert(db:with { application = engines.fresh() })
            assert(other:create_table("t", { columns = columns }))
            assert.equal("success", (step(records, config)))
            assert.equal("success", (step(records, config, { db = other, state = {} })))
            assert.same({ 2, 1 }, { assert(t:count()), assert(other:table("t"):count()) })
        end)

        it("compares byte by byte", function()
            for i, key in ipairs { "k", "K", "k ", "ké", "ke", "1", "1.0", "01", ("x"):rep(255) } do
                local edge, data = step(records, { operation = "insert", data = { email = "e" .. i },
                    idempotencyKey = key })
                assert.equal("success", edge, tostring(data))
            end
            assert.equal(10, assert(t:count()))
        end)

        it("must be a text that can be kept", function()
            for _, key in ipairs { "", ("x"):rep(256), "a\0b", "\xff" } do
                for _, each in ipairs {
                    { records, { operation = "insert", data = {}, idempotencyKey = key } },
                    { tables, { operation = "update", changes = {}, idempotencyKey = key } },
                } do
                    local edge, err = step(each[1], each[2])
                    assert.equal("error", edge)
                    assert.equal("invalid_document: idempotencyKey must be 1 to 255 bytes of UTF-8", tostring(err))
                end
            end
            assert.equal(0, keys())
        end)

        it("is not used up by a write that fails, nor by one that is undone", function()
            local config = { operation = "insert", data = { email = "one" }, idempotencyKey = "k" }
            assert.equal("duplicate", select(2, step(records, config)).code)
            assert.equal("not_found", (step(records, { operation = "delete", recordId = "nobody",
                idempotencyKey = "d" })))
            assert.equal("conflict", (step(tables, { operation = "update", changes = {}, expectVersion = 9,
                idempotencyKey = "t" })))
            assert.equal("invalid_schema", select(2, step(tables, { operation = "update", changes = {
                { op = "remove_column", name = "nope" } }, idempotencyKey = "t" })).code)
            assert.equal(0, keys())
            assert(t:delete("one", { hard = true }))
            assert.equal("success", (step(records, config)))
            assert(t:delete_all({}, { all = true, hard = true }))
            local insert = { operation = "insert", data = { email = "x" }, idempotencyKey = "x" }
            local change = { operation = "update", idempotencyKey = "y", changes = {
                { op = "add_column", column = { name = "x", dataType = "string" } } } }
            local undone = { code = "undone" }
            assert.equal(undone, select(2, db:transaction(function()
                assert.equal("success", (step(records, insert)))
                assert.equal("success", (step(tables, change)))
                assert.equal("success", (step(records, insert))) -- inside, it is done
                assert.equal(1, assert(t:count()))
                return nil, undone
            end)))
            assert.same({ 0, 1 }, { assert(t:count()), t.version })
            assert.equal("success", (step(records, insert)))
            assert.equal("success", (step(tables, change)))
            assert.same({ 1, 2 }, { assert(t:count()), t.version })
        end)

        it("means nothing to what only reads", function()
            for _, each in ipairs {
                { records, { operation = "findMany" } }, { records, { operation = "count" } },
                { tables, { operation = "get" } }, { tables, { operation = "list" } },
                { tables, { operation = "update", changes = {}, dryRun = true } },
            } do
                each[2].idempotencyKey = "k"
                assert.not_equal("error", (step(each[1], each[2])))
            end
            assert.equal(0, keys())
        end)

        it("keeps large results", function()
            local config = { operation = "insert", data = { email = "big", bag = { text = ("ü"):rep(1 << 20) } },
                idempotencyKey = "k" }
            local edge, first = step(records, config)
            assert.equal("success", edge, tostring(first))
            local again, data = step(records, config)
            assert.equal("success", again, tostring(data))
            assert.same(first.record, data.record)
        end)

        it("is found when somebody evolves the table in the same moment", function()
            local config = { operation = "update", tableName = "t", idempotencyKey = "k" }
            local changes = { { op = "rename_column", name = "n", to = "number" } }
            local first
            local result, err = once.evolve(db, context, "flex-table", config, function(options)
                first = assert(assert(db:table "t"):evolve(changes, options))
                return nil, select(2, assert(db:table "t"):plan(changes)) -- as it fails for whoever comes second
            end)
            assert.is_nil(err)
            assert.same(plain(first), plain(result.entry))
            assert.equal(2, assert(db:table "t").version)
            result, err = once.evolve(db, context, "flex-table", { operation = "update", tableName = "t",
                idempotencyKey = "other" }, function() return assert(db:table "t"):plan(changes) end)
            assert.is_nil(result)
            assert.equal('invalid_schema: changes[0].name: there is no column "n"; '
                .. 'changes[0].to: the name "number" is taken', tostring(err))
        end)

        it("works in a database of before there were keys", function()
            local file
            local old = engine
            if engine.server then
                raw.run(connection, "DROP TABLE flex_once")
            else
                file = os.tmpname()
                os.remove(file)
                old = { file = file, url = "sqlite:" .. file }
                local made <close> = assert(flexdb.open(old.url))
                assert(made:create_table("t", { columns = columns }))
                local link, owner = raw.connect(old)
                raw.run(link, "DROP TABLE flex_once")
                link:close()
                owner:close()
            end
            do
                local again <close> = assert(flexdb.open(old.url, { application = engine.server and db.application
                    or nil, timeout = 20 }))
                assert.equal(0, again:forget_idempotency_keys "2000-01-01T00:00:00Z")
                local on = { db = again, state = {} }
                local config = { operation = "insert", tableName = "t", data = { email = "a" }, idempotencyKey = "k" }
                local made = assert(again:table "t")
                local before = assert(made:count())
                assert(again:transaction(function()
                    assert(made:count())
                    assert.equal("success", (step(records, config, on)))
                end))
                assert.equal("success", (step(records, config, on)))
                assert.equal(before + 1, assert(made:count()))
                assert_well(again)
            end
            if file then os.remove(file) end
        end)

        it("is forgotten when it is old", function()
            local config = { operation = "insert", data = { email = "a" }, idempotencyKey = "k" }
            assert.equal("success", (step(records, config)))
            assert.equal(0, db:forget_idempotency_keys "2020-01-01T00:00:00Z")
            assert.equal("success", (step(records, config)))
            raw.run(connection, "UPDATE flex_once SET created_at = '2001-01-01 00:00:00' WHERE application_id = '%s'",
                db.application)
            assert.equal(1, db:forget_idempotency_keys "2001-01-01T02:00:01+02:00")
            assert.equal("duplicate", select(2, step(records, config)).code)
            local none, err = db:forget_idempotency_keys "yesterday"
            assert.is_nil(none)
            assert.equal("invalid_document: the time before which keys are forgotten must be a datetime", tostring(err))
            assert.has_error(function() db:forget_idempotency_keys() end)
        end)
    end)
end)
