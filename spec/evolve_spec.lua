-- Evolution: every change of this layer, history, diff, rollback.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local evolutions = require "spec.support.evolutions"
local pace = require "spec.support.pace"

local null = flexdb.null

local column <const>, order <const> = evolutions.column, evolutions.order

engines.each(function(engine)
    describe("evolution", function()
        local db, t
        before_each(function() db, t = evolutions.open(engine) end)
        after_each(function() db:close() end)

        it("adds columns; old records read as their initial default", function()
            local old = assert(t:insert { a = "old" })
            local entry = assert(t:evolve(function(c)
                c:add { name = "plain", dataType = "text" }
                c:add { name = "flag", dataType = "boolean", defaultValue = false }
                c:add { name = "need", dataType = "integer", required = true, defaultValue = 5 }
            end, { message = "three more" }))
            assert.equal(2, entry.version)
            assert.equal("three more", entry.message)
            assert.equal("alice", entry.createdBy)
            assert.equal(3, #entry.changes)
            local row = assert(t:get(old.id))
            assert.is_nil(row.plain)
            assert.is_false(row.flag)
            assert.equal(5, row.need)
            assert.equal(1, t:count { filter = { flag = false, need = 5 } })
            -- the default of new records may change, what old ones read as does not
            assert(t:evolve { { op = "modify_column", name = "need", set = { defaultValue = 9 } } })
            assert.equal(9, assert(t:insert {}).need)
            assert.equal(5, assert(t:get(old.id)).need)
            -- no value is no value, also where there is an initial default
            assert(t:update(old.id, { flag = null }))
            assert.is_nil(assert(t:get(old.id)).flag)
            assert.equal(1, t:count { filter = { flag = { isNull = true } } })
        end)

        it("refuses a required column without a default once there are records", function()
            assert(t:evolve { { op = "add_column", column = { name = "r", dataType = "text", required = true } } })
            assert(t:insert { r = "x" })
            local entry, err = t:evolve { { op = "add_column", column = { name = "s", dataType = "text",
                required = true } } }
            assert.is_nil(entry)
            assert.equal("invalid_record", err.code)
            assert.equal(2, t.version)
        end)

        it("renames: the key stays, no record is touched", function()
            local row = assert(t:insert { a = "x", b = 1 })
            assert(t:evolve(function(c) c:rename("a", "z") end))
            local new = assert(t:get(row.id))
            assert.equal("x", new.z)
            assert.is_nil(new.a)
            assert.equal(row._version, new._version)
            assert.equal("a", column(t, "z").key)
            assert.equal(1, t:count { filter = { z = "x" } })
            assert.equal("invalid_query", select(2, t:find { filter = { a = "x" } }).code)
            -- the old name is free, for another key
            assert(t:evolve(function(c) c:add { name = "a", dataType = "integer" } end))
            assert.is_nil(assert(t:get(row.id)).a)
            assert(t:update(row.id, { a = 7 }))
            assert.equal("x", assert(t:get(row.id)).z)
            assert.equal(7, assert(t:get(row.id)).a)
        end)

        it("swaps names through a third", function()
            local row = assert(t:insert { a = "x", b = 1 })
            assert(t:evolve(function(c) c:rename("a", "tmp") c:rename("b", "a") c:rename("tmp", "b") end))
            local new = assert(t:get(row.id))
            assert.equal(1, new.a)
            assert.equal("x", new.b)
            assert(t:rollback(1))
            assert.equal("x", assert(t:get(row.id)).a)
        end)

        it("removes; old values never resurface by accident, and a rollback brings them back", function()
            local row = assert(t:insert { a = "x", b = 42 })
            assert(t:evolve(function(c) c:remove "b" end))
            assert.is_nil(assert(t:get(row.id)).b)
            assert.equal("invalid_record", select(2, t:insert { b = 1 }).code)
            assert(t:update(row.id, { a = "y" })) -- keeps what the definition does not know
            assert(t:evolve(function(c) c:add { name = "b", dataType = "text" } end))
            assert.is_nil(assert(t:get(row.id)).b)
            assert(t:update(row.id, { b = "words" }))
            local entry = assert(t:rollback(1))
            assert.equal(4, entry.version)
            local back = assert(t:get(row.id))
            assert.equal(42, back.b)
            assert.equal("y", back.a)
            assert(t:rollback(3))
            assert.equal("words", assert(t:get(row.id)).b)
        end)

        it("removes an indexed column and takes it up again", function()
            for i = 1, 20 do assert(t:insert { a = "v" .. i % 4, b = i }) end
            assert(t:evolve(function(c) c:remove "a" end))
            assert(t:insert { b = 21 })
            assert(t:delete(assert(t:first { filter = { b = 4 } }).id))
            assert(t:rollback(1))
            assert.equal(4, t:count { filter = { a = "v0" } })
            assert.equal(1, t:count { filter = { a = { isNull = true } } })
        end)

        it("moves", function()
            assert(t:evolve(function(c) c:move("a", { after = "c" }) end))
            assert.equal("b c a", order(t))
            assert(t:evolve { { op = "move_column", name = "c", first = true } })
            assert.equal("c b a", order(t))
            assert(t:evolve { { op = "add_column", column = { name = "d", dataType = "text" }, after = "c" } })
            assert.equal("c d b a", order(t))
            assert(t:rollback(1))
            assert.equal("a b c", order(t))
        end)

        it("loosens rules at once", function()
            assert(t:insert { a = "x" })
            assert(t:evolve(function(c) c:modify("a", { validation = { maxLength = 20 }, displayName = "A" }) end))
            assert(t:insert { a = ("y"):rep(20) })
            assert.equal("A", column(t, "a").displayName)
            assert(t:evolve(function(c) c:modify("a", { validation = { maxLength = null } }) end))
            assert.is_nil((column(t, "a").validation or {}).maxLength)
        end)

        it("tightens rules when every live record obeys, and is refused by id when not", function()
            local good = assert(t:insert { a = "abc", b = 5 })
            local bad = {}
            for i = 1, 30 do bad[i] = assert(t:insert { a = "abcdef", b = -i }).id end
            local entry, err = t:evolve(function(c) c:modify("b", { validation = { min = 0 } }) end)
            assert.is_nil(entry)
            assert.equal("invalid_record", err.code)
            assert.equal(20, #err.issues)
            assert.equal(bad[1], err.issues[1].id)
            assert.equal("b", err.issues[1].path)
            assert.equal("min", err.issues[1].rule)
            assert.equal(1, t.version)
            assert(t:insert { a = "z", b = -100 }) -- nothing has changed
            -- soft-deleted records do not stand in the way; restoring one does
            assert(t:delete_all { filter = { b = { lt = 0 } } })
            assert(t:evolve(function(c) c:modify("b", { validation = { min = 0 } }) end))
            assert.equal("invalid_record", select(2, t:restore(bad[1])).code)
            assert.equal("invalid_record", select(2, t:insert { b = -1 }).code)
            assert(t:evolve(function(c) c:modify("a", { required = true, validation = { pattern = "^[a-z]+$",
                minLength = 3 } }) end))
            assert(t:update(good.id, { b = 6 }))
            -- kept by on_invalid, old records stay and can still be edited
            assert(t:evolve(function(c) c:modify("b", { validation = { min = 100 } }) end, { on_invalid = "ignore" }))
            assert(t:update(good.id, { a = "still" }))
            assert.equal("invalid_record", select(2, t:update(good.id, { b = 7 })).code)
        end)

        it("turns indexes on and off on an empty table, whatever its version", function()
            assert(t:evolve(function(c)
                c:modify("b", { unique = true })
                c:modify("c", { filterable = true })
                c:modify("a", { indexed = false })
            end))
            assert(t:insert { a = "x", b = 1, c = "1.00" })
            assert.equal("duplicate", select(2, t:insert { b = 1 }).code)
            assert.equal(1, t:count { filter = { c = "1" } })
            assert.equal(1, t:count { filter = { a = "x" } })
            assert(t:rollback(1))
            assert(t:insert { b = 1 })
            assert.equal(2, t:count { filter = { b = 1 } })
        end)

        it("keeps texts that are longer than a tightened rule whole in their index", function()
            local long = { maxLength = 5000 }
            local x = assert(db:create_table("x", { columns = {
                { name = "was", dataType = "string", indexed = true, validation = long },
                { name = "becomes", dataType = "string", validation = long },
                { name = "unique", dataType = "string", unique = true, validation = long },
            } }))
            local a, b = ("a"):rep(2000) .. "a", ("a"):rep(2000) .. "b"
            local first = assert(x:insert { was = a, becomes = a, unique = a }).id
            assert(x:insert { was = b, becomes = b, unique = b })
            assert(x:evolve(function(c)
                for _, name in ipairs { "was", "becomes", "unique" } do
                    c:modify(name, { validation = { maxLength = 100 } })
                end
            end, { on_invalid = "ignore" }))
            assert(x:evolve(function(c)
                c:modify("becomes", { indexed = true })
                c:add { name = "n", dataType = "integer", indexed = true }
            end))
            assert(x:update(first, { n = 1 }))
            assert.equal(1, assert(x:update_all({ filter = { becomes = b } }, { n = 2 })))
            for _, name in ipairs { "was", "becomes", "unique" } do
                assert.equal(1, assert(x:first { filter = { [name] = a } }).n)
                assert.equal(2, assert(x:first { filter = { [name] = { gt = a } } }).n)
                assert.equal(1, x:count { filter = { [name] = { lt = b } } })
                assert.equal(1, x:count { filter = { [name] = { endsWith = "b" } } })
                assert.equal(2, assert(x:first { orderBy = { "-" .. name } }).n)
            end
            assert(x:evolve(function(c) c:modify("unique", { validation = long }) end))
            assert.equal("duplicate", select(2, x:insert { unique = b }).code)
        end)

        it("changes nothing when there is nothing to change", function()
            local entry = assert(t:evolve {})
            assert.equal(1, entry.version)
            assert.equal(1, assert(t:evolve(function(c) c:modify("a", { displayName = null }) end)).version)
            assert.equal(1, assert(t:rollback(1)).version)
            assert.equal(1, #assert(t:history()))
        end)

        it("expects a version when told", function()
            assert(t:evolve(function(c) c:remove "b" end, { expect_version = 1 }))
            local entry, err = t:evolve(function(c) c:remove "c" end, { expect_version = 1 })
            assert.is_nil(entry)
            assert.equal("conflict", err.code)
            assert.equal("conflict", select(2, t:rollback(1, { expect_version = 1 })).code)
        end)

        it("keeps the whole history, in the stored shape", function()
            assert(t:evolve(function(c) c:rename("a", "z") end, { message = "better", actor = "bob" }))
            assert(t:evolve(function(c) c:modify("z", { displayName = "Z" }) end))
            local h = assert(t:history())
            assert.equal(3, #h)
            assert.same({ 1, 2, 3 }, { h[1].version, h[2].version, h[3].version })
            assert.is_nil(h[1].previousSchema)
            assert.equal("bob", h[2].createdBy)
            assert.equal("better", h[2].message)
            assert.equal("rename_column", h[2].changes[1].type)
            assert.same(h[1].newSchema, h[2].previousSchema)
            assert.equal("modify_column", h[3].changes[1].type)
            assert.equal("z", h[3].changes[1].column)
            assert.truthy(h[2].createdAt:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%dZ$")
            assert.equal(2, #assert(t:history { from = 2 }))
            local brief = assert(t:history { from = 2, to = 2, schemas = false })
            assert.equal(1, #brief)
            assert.is_nil(brief[1].newSchema)
        end)

        it("diffs versions; the diff leads from one to the other", function()
            assert(t:evolve(function(c)
                c:rename("a", "z")
                c:remove "b"
                c:add { name = "d", dataType = "date" }
                c:move("z", { after = "c" })
            end))
            local changes = assert(t:diff(1, 2))
            assert.is_true(#changes >= 3)
            local twin = assert(db:create_table("twin", assert(t:history())[1].newSchema))
            assert(twin:evolve(changes))
            local function bare(schema)
                local out = {}
                for i, c in ipairs(schema.columns) do c.key, c.initialDefault = nil, nil out[i] = c end
                return out
            end
            assert.same(bare(t:schema()), bare(twin:schema()))
            assert.equal("not_found", select(2, t:diff(1, 9)).code)
        end)

        it("refuses changes that cannot be, and does none of them", function()
            assert(t:insert { a = "x" })
            for _, changes in ipairs {
                { { op = "add_column", column = { name = "a", dataType = "text" } } },
                { { op = "add_column", column = { name = "Bad", dataType = "text" } } },
                { { op = "add_column", column = { name = "id", dataType = "text" } } },
                { { op = "add_column", column = { name = "d", dataType = "number" } } },
                { { op = "add_column" } },
                { { op = "remove_column", name = "nobody" } },
                { { op = "remove_column", name = "id" } },
                { { op = "rename_column", name = "nobody", to = "x" } },
                { { op = "rename_column", name = "a", to = "b" } },
                { { op = "rename_column", name = "a", to = "created_at" } },
                { { op = "modify_column", name = "nobody", set = { required = true } } },
                { { op = "modify_column", name = "a", set = { name = "x" } } },
                { { op = "modify_column", name = "a", set = { validation = { scale = 2 } } } },
                { { op = "modify_column", name = "a", set = { validation = { pattern = "(" } } } },
                { { op = "move_column", name = "a", after = "nobody" } },
                { { op = "explode" } },
                { {} },
                { "x" },
                { { op = "remove_column", name = "a" }, { op = "rename_column", name = "a", to = "z" } },
                { { op = "add_column", column = { name = "d", dataType = "text" } }, { op = "remove_column",
                    name = "nobody" } },
            } do
                local entry, err = t:evolve(changes)
                local text = flexdb.json.encode(changes)
                assert.is_nil(entry, text)
                assert.equal("invalid_schema", err.code, text)
                assert.is_true(#err.issues > 0, text)
            end
            assert.equal(1, t.version)
            assert.equal("a b c", order(t))
            assert.equal("not_found", select(2, t:rollback(0)).code)
            assert.equal("not_found", select(2, t:rollback(99)).code)
        end)

        it("narrows wide decimals that deleted records hold, or records that stay as they are", function()
            for _, indexed in ipairs { true, false } do
                local u = assert(db:create_table("wide" .. tostring(indexed), { columns = { { name = "d",
                    dataType = "decimal", indexed = indexed, validation = { precision = 30, scale = 2 } } } }))
                local big = "1234567890123456789012345.00"
                local gone = assert(u:insert { d = big })
                assert(u:delete(gone.id))
                local function narrow(c) c:modify("d", { validation = { precision = 10 } }) end
                assert.equal("invalid_record", select(2, u:evolve(narrow)).code)
                assert(u:insert { id = "big", d = big })
                assert(u:insert { id = "small", d = "2" })
                assert(u:evolve(narrow, { on_invalid = "ignore" }))
                assert.equal(1, u:count { filter = { d = { gt = 1 } } })
                assert.equal("small", u:find { orderBy = { "-d" } }[1].id)
                assert(u:rollback(1))
                assert.equal(big, u:get("big").d)
                assert.equal(2, u:count { filter = { d = { gt = 1 } } })
            end
        end)

        it("says unsupported for what is not built yet", function()
            assert(t:insert { a = "1" })
            assert.equal("unsupported", select(2, t:aggregate { count = true }).code)
            assert.equal(1, t.version)
        end)

        it("takes any number of sequences back to any version", function()
            engines.seed("evolutions on " .. engine.name)
            local rounds = pace.rounds(engine.server and 6 or 25, 6)
            for round = 1, rounds do
                local x = assert(db:create_table("x" .. round, { columns = {
                    { name = "c0", dataType = "integer" }, { name = "u0", dataType = "string", unique = true },
                    { name = "i0", dataType = "text", indexed = true },
                } }))
                local serial, images = 0, {}
                local function image()
                    local rows = {}
                    for row in x:each() do
                        row.updated_at, row._version = nil, nil
                        rows[#rows + 1] = row
                    end
                    return { rows = rows, order = order(x) }
                end
                local function user_columns()
                    local out = {}
                    for _, c in ipairs(x:schema().columns) do if not c.system then out[#out + 1] = c end end
                    return out
                end
                for _ = 1, 12 do
                    local columns = user_columns()
                    local c = columns[math.random(math.max(1, #columns))]
                    serial = serial + 1
                    local roll = math.random(9)
                    local empty = x:count { includeDeleted = true } == 0
                    if roll == 1 then
                        assert(x:evolve(function(b) b:add { name = "n" .. serial, dataType = "integer",
                            defaultValue = math.random(2) == 1 and serial or nil } end))
                    elseif roll == 2 and #columns > 1 then
                        assert(x:evolve(function(b) b:remove(c.name) end))
                    elseif roll == 3 and c then
                        assert(x:evolve(function(b) b:rename(c.name, "r" .. serial) end))
                    elseif roll == 4 and #columns > 1 then
                        assert(x:evolve(function(b) b:move(c.name, { first = true }) end))
                    elseif roll == 9 and c then
                        local other = { string = "text", text = "integer", integer = "string" }
                        assert(x:evolve(function(b)
                            b:modify(c.name, { dataType = other[c.dataType], unset = { "defaultValue" } })
                        end, { on_invalid = "null" }))
                    elseif roll == 5 and empty and c and not c.unique then
                        assert(x:evolve(function(b) b:modify(c.name, { indexed = not c.indexed or false }) end))
                    elseif c then
                        local record = {}
                        for _, each in ipairs(columns) do
                            if math.random(3) > 1 then record[each.name] = each.dataType == "integer" and serial
                                or "v" .. serial end
                        end
                        assert(x:insert(record))
                    end
                    images[x.version] = image()
                end
                -- back to each version in turn: what was there then reads as it read then
                for _ = 1, 8 do
                    local versions = {}
                    for v in pairs(images) do versions[#versions + 1] = v end
                    table.sort(versions)
                    local v = versions[math.random(#versions)]
                    assert(x:rollback(v, { on_invalid = "null" }))
                    local now, was = image(), images[v]
                    assert.equal(was.order, now.order)
                    for i, row in ipairs(was.rows) do assert.same(row, now.rows[i],
                        ("round %d version %d"):format(round, v)) end
                    for _, each in ipairs(user_columns()) do
                        local with = 0
                        for _, row in ipairs(now.rows) do if row[each.name] ~= nil then with = with + 1 end end
                        assert.equal(with, x:count { filter = { [each.name] = { isNull = false } } })
                    end
                end
            end
        end)
    end)
end)
