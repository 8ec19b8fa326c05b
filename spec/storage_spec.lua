-- What lies in the database: FlexDB's own tables as the design lists them, documents under field keys, physical
-- columns. Looks with LuaSQL, so that FlexDB does not vouch for itself.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

-- column: type on a server, nullable, default on a server
local catalogue = {
    flex_tables = {
        id = { "varchar(128)", false }, application_id = { "varchar(128)", false }, name = { "varchar(255)", false },
        display_name = { "varchar(255)", true }, schema = { "json", false }, indexed_columns = { "json", true },
        version = { "int", false, "1" }, is_active = { "boolean", false, "1" },
        created_at = { "timestamp", false, "current_timestamp" },
        updated_at = { "timestamp", false, "current_timestamp" }, deleted_at = { "timestamp", true },
        storage = { "json", true }, revision = { nil, nil },
    },
    flex_table_versions = {
        id = { "varchar(128)", false }, table_id = { "varchar(128)", false }, version = { "int", false },
        previous_schema = { "json", true }, new_schema = { "json", false }, changes = { "json", false },
        created_by = { "varchar(128)", true }, created_at = { "timestamp", false, "current_timestamp" },
        message = { nil, true },
    },
    flex_once = {
        application_id = { nil, false }, name = { nil, false }, step = { "char(64)", false },
        result = { "json", true }, created_at = { "timestamp", false, "current_timestamp" },
    },
}

local indexes = {
    flex_tables = { "id", "application_id,name", "application_id", "is_active" },
    flex_table_versions = { "id", "table_id,version", "table_id" },
    flex_once = { "application_id,name" },
}

-- Types as both engines spell them, brought to one spelling.
local function spelled(declared)
    declared = declared:lower()
    if declared == "longtext" then return "json" end
    if declared == "tinyint(1)" then return "boolean" end
    return (declared:gsub("^int%(%d+%)$", "int"):gsub("^integer$", "int"))
end

local function default_of(text)
    if text == nil or text == "NULL" then return nil end
    return (text:lower():gsub("%(%)$", ""):gsub("^true$", "1"))
end

engines.each(function(engine)
    describe("storage", function()
        local connection, environment, db, t
        setup(function()
            db = engine.open()
            connection, environment = raw.connect(engine)
            t = assert(db:create_table("stored", { displayName = "Stored", columns = {
                { name = "word", dataType = "string", unique = true, validation = { maxLength = 300 } },
                { name = "big", dataType = "integer", indexed = true, validation = { max = math.maxinteger } },
                { name = "price", dataType = "decimal", filterable = true, validation = { precision = 10, scale = 2 } },
                { name = "wide", dataType = "decimal", indexed = true, validation = { precision = 38, scale = 2 } },
                { name = "seen", dataType = "datetime", indexed = true },
                { name = "loose", dataType = "decimal", defaultValue = "0.5" },
                { name = "bag", dataType = "json" },
            } }))
        end)
        teardown(function()
            connection:close()
            environment:close()
            db:close()
        end)

        local function columns_of(name)
            local found = {}
            if engine.server then
                for _, row in ipairs(raw.rows(connection, ([[SELECT column_name AS c, column_type AS t,
                        is_nullable AS n, column_default AS d, extra AS e FROM information_schema.columns
                        WHERE table_schema = DATABASE() AND table_name = '%s']]):format(name))) do
                    found[row.c] = { spelled(row.t), row.n == "YES", default_of(row.d), row.e }
                end
            else
                for _, row in ipairs(raw.rows(connection, ("PRAGMA table_info(%s)"):format(name))) do
                    local key = tonumber(row.pk) > 0
                    found[row.name] = { spelled(row.type), tonumber(row.notnull) == 0 and not key,
                        default_of(row.dflt_value) }
                end
            end
            return found
        end

        local function indexes_of(name)
            local found = {}
            if engine.server then
                local parts = {}
                for _, row in ipairs(raw.rows(connection, ([[SELECT index_name AS i, column_name AS c
                        FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '%s'
                        ORDER BY index_name, seq_in_index]]):format(name))) do
                    parts[row.i] = (parts[row.i] and parts[row.i] .. "," or "") .. row.c
                end
                for _, columns in pairs(parts) do found[columns] = true end
            else
                for _, row in ipairs(raw.rows(connection, ("PRAGMA index_list(%s)"):format(name))) do
                    local parts = {}
                    for i, part in ipairs(raw.rows(connection, ("PRAGMA index_info(%s)"):format(row.name))) do
                        parts[i] = part.name
                    end
                    found[table.concat(parts, ",")] = true
                end
            end
            return found
        end

        for name, expected in pairs(catalogue) do
            it("has " .. name .. " as the design lists it", function()
                local found = columns_of(name)
                for column, want in pairs(expected) do
                    local got = found[column]
                    assert.is_table(got, column)
                    if want[1] then assert.equal(want[1], got[1], column) end
                    if want[2] ~= nil then assert.equal(want[2], got[2], column) end
                    if want[1] then assert.equal(want[3], got[3], column) end
                    assert.is_nil((got[4] or ""):lower():match "on update", column)
                end
                for column in pairs(found) do assert.is_table(expected[column], column) end
                local there = indexes_of(name)
                for _, columns in ipairs(indexes[name]) do assert.is_true(there[columns], columns) end
            end)
        end

        it("is not read where names go and come back", function()
            local unread = assert(db:create_table("unread", { columns = { { name = "a", dataType = "integer",
                indexed = true, validation = { max = 9 } }, { name = "b", dataType = "string" } } }))
            assert(unread:insert { id = "r", a = 1, b = "x" })
            local link, owner = raw.connect(engine)
            local stored = raw.rows(link, ("select storage from flex_tables where id = '%s'"):format(unread.id))
            local physical = flexdb.json.decode(stored[1].storage).table
            if engine.server then assert(link:execute "set check_constraint_checks = 0") end
            assert(link:execute(("update %s set data = '{broken'"):format(physical)))
            link:close()
            owner:close()
            assert.equal("corrupt", select(2, unread:get "r").code)
            assert(unread:evolve(function(c) c:add { name = "c", dataType = "date", defaultValue = "2024-01-01" } end))
            assert(unread:evolve(function(c) c:rename("b", "d"); c:remove "a" end))
            assert(unread:rollback(1))
            assert(unread:rollback(2))
            assert.equal("corrupt", select(2, unread:evolve(function(c)
                c:modify("a", { validation = { max = 5 } })
            end)).code)
        end)

        it("holds the layout's version in flex_meta", function()
            assert.is_true(#raw.rows(connection, "SELECT * FROM flex_meta") >= 1)
        end)

        it("keeps definitions, documents and physical columns as the design says", function()
            local id = assert(t:insert {
                word = "wörd", big = (1 << 60) + 1, price = 9.5, wide = "-1", bag = { a = { 1.0, 2 } },
                seen = "2024-05-01T10:00:00Z",
            }).id
            local row = raw.rows(connection, ("SELECT * FROM flex_tables WHERE id = '%s'"):format(t.id))[1]
            local schema = assert(flexdb.json.decode(row.schema))
            assert.equal("word", schema.columns[1].key)
            assert.equal(1, schema.version)
            local system = 0
            for _, column in ipairs(schema.columns) do
                if column.system then system = system + 1 end
                if column.name == "big" then assert.equal(tostring(math.maxinteger), column.validation.max) end
            end
            assert.equal(4, system)
            for _, column in ipairs(t:schema().columns) do
                if column.name == "big" then assert.equal(math.maxinteger, column.validation.max) end
            end
            local physical = assert(flexdb.json.decode(row.indexed_columns))
            for _, name in ipairs { "word", "big", "price", "wide", "seen" } do assert.is_string(physical[name],
                name) end
            assert.is_nil(physical.loose)
            local storage = assert(flexdb.json.decode(row.storage))
            local stored = raw.rows(connection, ("SELECT * FROM %s WHERE id = '%s'"):format(storage.table, id))[1]
            local document = assert(flexdb.json.decode(stored.data))
            assert.equal((1 << 60) + 1, document.big)
            assert.equal("9.50", document.price)
            assert.equal("0.5000", document.loose)
            assert.equal("float", math.type(document.bag.a[1]))
            assert.truthy(stored.data:match '"bag":%s*{"a":%[1%.0,2%]}}$', "json columns stand last")
            assert.equal("wörd", stored[physical.word])
            assert.equal("950", ("%d"):format(stored[physical.price]))
            assert.equal("2024-05-01T10:00:00.000000Z", stored[physical.seen])
            local versions = raw.rows(connection,
                ("SELECT * FROM flex_table_versions WHERE table_id = '%s'"):format(t.id))
            assert.equal(t.id .. ":1", versions[1].id)
        end)

        it("sets a dropped table's name free in the row", function()
            local dropped = assert(db:create_table("dropped", { columns = {} }))
            assert(db:drop_table("dropped"))
            local row = raw.rows(connection, ("SELECT * FROM flex_tables WHERE id = '%s'"):format(dropped.id))[1]
            assert.equal("dropped~" .. dropped.id, row.name)
            assert.equal(0, tonumber(row.is_active))
            assert.is_string(row.deleted_at)
        end)

        it("makes two versions with one number impossible", function()
            assert.is_nil((connection:execute(([[INSERT INTO flex_table_versions
                (id, table_id, version, new_schema, changes) VALUES ('%s:1', '%s', 1, '{}', '[]')]]):format(t.id,
                    t.id))))
        end)

        it("says corrupt, and whose it is, for a document that is none, however it is met", function()
            local broken = assert(db:create_table("broken", { columns = {
                { name = "a", dataType = "integer" }, { name = "j", dataType = "json" } } }))
            assert(broken:insert { id = "good", a = 1 })
            assert(broken:insert { id = "bad", a = 2 })
            local row = raw.rows(connection, ("SELECT * FROM flex_tables WHERE id = '%s'"):format(broken.id))[1]
            local physical = assert(flexdb.json.decode(row.storage)).table
            local update <const> = "UPDATE %s SET data = '%s' WHERE id = 'bad'"
            local by_id = {
                get = function() return broken:get "bad" end,
                update = function() return broken:update("bad", { a = 3 }) end,
                find = function() return broken:find() end,
                first = function() return broken:first { orderBy = { "-id" }, filter = { id = "bad" } } end,
                update_all = function() return broken:update_all({ all = true }, { a = 3 }) end,
                evolve = function() return broken:evolve(function(c) c:modify("a", { required = true }) end) end,
            }
            local by_document = {
                count = function() return broken:count { filter = { a = 7 } } end,
                find = function() return broken:find { filter = { a = 7 } } end,
                order = function() return broken:find { orderBy = { "a" }, limit = 1 } end,
                null = function() return broken:count { filter = { j = { isNull = true } } } end,
                update_all = function() return broken:update_all({ filter = { a = 7 } }, { a = 3 }) end,
                delete_all = function() return broken:delete_all { filter = { a = 7 } } end,
            }
            local said = 'corrupt: record "bad": a stored document is not well formed at byte %d'
            local holds = 'corrupt: record "bad": a stored document holds "x" under "a", which is not what a column of '
                .. "type integer writes"
            -- A server checks JSON itself, unless it is told not to; what is none is then as if nothing stood there.
            if engine.server then assert(connection:execute "set check_constraint_checks = 0") end
            for document, message in pairs { ["{broken"] = said:format(1), ["[1]"] = said:format(0),
                [""] = said:format(0), ['{"a":"x"}'] = holds } do
                assert(connection:execute(update:format(physical, document)))
                for name, call in pairs(by_id) do
                    local result, err = call()
                    assert.is_nil(result, name)
                    assert.equal(message, tostring(err), name)
                end
                for name, call in pairs(engine.server and {} or by_document) do
                    -- Of a list no member is asked for, and an array has no member.
                    local found = name == "null" and (document == "[1]" or message == holds)
                    local result, err = call()
                    assert.equal(found, result ~= nil, name)
                    if not found then assert.equal(message, tostring(err), name) end
                end
            end
            if engine.server then assert(connection:execute "set check_constraint_checks = 1") end
            assert(broken:insert { a = 2 })
            assert.equal(2, assert(broken:get "good").a + 1)
        end)

        it("says corrupt for a version whose row is none", function()
            local rows = { changes = { "'[{'", "stored changes: " } }
            -- A server takes no text that is not UTF-8.
            if not engine.server then
                rows.message = { "CAST(x'61FF' AS TEXT)", "stored message: is not valid UTF-8" }
                rows.created_by = { "CAST(x'FF' AS TEXT)", "stored createdBy: is not valid UTF-8" }
            end
            if engine.server then assert(connection:execute "set check_constraint_checks = 0") end
            for column, case in pairs(rows) do
                local u = assert(db:create_table("with_" .. column, { columns = {} }))
                assert(connection:execute(("UPDATE flex_table_versions SET %s = %s WHERE table_id = '%s'"):format(
                    column, case[1], u.id)))
                local entries, err = u:history()
                assert.is_nil(entries)
                assert.equal("corrupt", err.code)
                assert.equal(case[2], err.message:sub(1, #case[2]))
            end
            if engine.server then assert(connection:execute "set check_constraint_checks = 1") end
        end)

        it("says corrupt, and whose records they were, when a physical table is gone", function()
            local lost = assert(db:create_table("lost", { columns = {
                { name = "a", dataType = "integer", unique = true } } }))
            local kin = assert(db:create_table("kin", { columns = {
                { name = "lost", dataType = "reference", validation = { targetTable = "lost" } } } }))
            local sound = assert(db:create_table("sound", { columns = {} }))
            local id = assert(lost:insert { a = 1 }).id
            local row = raw.rows(connection, ("SELECT * FROM flex_tables WHERE id = '%s'"):format(lost.id))[1]
            local physical = assert(flexdb.json.decode(row.storage)).table
            assert(connection:execute("DROP TABLE " .. physical))
            local gone = ('the records of table "lost" are gone: the database has no table %s'):format(physical)
            local function unchanged(f) return f() end
            local function inside(f) return db:transaction(f) end
            for _, around in ipairs { unchanged, inside } do
                for name, call in pairs {
                    get = function() return lost:get(id) end,
                    get_many = function() return lost:get_many { id } end,
                    first = function() return lost:first() end,
                    find = function() return lost:find { filter = { a = 1 } } end,
                    count = function() return lost:count() end,
                    each = function() return lost:each() end,
                    insert = function() return lost:insert { a = 2 } end,
                    update = function() return lost:update(id, { a = 2 }) end,
                    update_all = function() return lost:update_all(nil, { a = 2 }, { all = true }) end,
                    upsert = function() return lost:upsert({ a = 1 }, { on = "a" }) end,
                    delete = function() return lost:delete(id) end,
                    ["delete for good"] = function() return lost:delete(id, { hard = true }) end,
                    delete_all = function() return lost:delete_all(nil, { all = true }) end,
                    restore = function() return lost:restore(id) end,
                    insert_many = function() return lost:insert_many { { a = 2 }, { a = 3 } } end,
                    evolve = function() return lost:evolve(function(c) c:rename("a", "b") end) end,
                    ["a reference to it"] = function() return kin:insert { lost = id } end,
                } do
                    local result, err = around(call)
                    assert.is_nil(result, name)
                    assert.same({ name, "corrupt", gone }, { name, err.code, err.message })
                    assert(sound:insert {})
                end
            end
            assert.equal("lost", lost:schema() and lost.name)
            assert.equal(1, #lost:history())
            assert(db:drop_table "kin")
            assert(db:drop_table "lost")
            assert(assert(db:create_table("lost", { columns = {} })):insert {})
        end)

        it("refuses a newer layout and leaves it alone", function()
            if engine.server then return end -- the server's layout is shared by every other spec
            local name = os.tmpname()
            os.remove(name)
            assert(flexdb.open("sqlite:" .. name)):close()
            local other = assert(environment:connect(name))
            assert(other:execute "UPDATE flex_meta SET value = '999' WHERE value = '1'")
            other:close()
            local handle, err = flexdb.open("sqlite:" .. name)
            assert.is_nil(handle)
            assert.equal("unsupported", err.code)
            for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(name .. suffix) end
        end)
    end)
end)
