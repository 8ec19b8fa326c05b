-- Indexes over several columns: what they keep apart, and how they go through evolutions.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null, refused = flexdb.null, engines.refused

local function over(...) return { columns = { ... } } end
local function unique(...) return { columns = { ... }, unique = true } end

-- The indexes of a schema as text: "a+b unique, c+d (name)".
local function shown(t)
    local list = {}
    for _, index in ipairs(t:schema().indexes or {}) do
        list[#list + 1] = table.concat(index.columns, "+") .. (index.unique and " unique" or "")
            .. (index.name and (" (%s)"):format(index.name) or "")
    end
    return table.concat(list, ", ")
end

engines.each(function(engine)
    describe("indexes over several columns", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("t", {
                columns = {
                    { name = "tenant", dataType = "string" },
                    { name = "code", dataType = "integer" },
                    { name = "price", dataType = "decimal", validation = { precision = 30, scale = 2 } },
                    { name = "note", dataType = "text" },
                },
                indexes = { unique("tenant", "code"), { columns = { "price", "tenant" }, name = "by_price" } },
            }))
        end)
        after_each(function() db:close() end)

        it("keep live records apart that share all values, and only those", function()
            local first = assert(t:insert { tenant = "x", code = 1 })
            local err = refused("duplicate", 'tenant: "x" with code = 1 is taken', t:insert { tenant = "x", code = 1 })
            assert.same({ { path = "tenant", rule = "unique", message = '"x" with code = 1 is taken',
                got = { "x", 1 } } }, err.issues)
            assert(t:insert { tenant = "x", code = 2 })
            assert(t:insert { tenant = "y", code = 1 })
            -- a record without a value in one of them is in nobody's way
            for _ = 1, 2 do
                assert(t:insert { tenant = "x" })
                assert(t:insert { code = 1, tenant = null })
                assert(t:insert {})
            end
            refused("duplicate", 'tenant: "x" with code = 2 is taken', t:update(first.id, { code = 2 }))
            assert(t:update(first.id, { tenant = "x", code = 1, note = "itself" }))
            assert(t:update(first.id, { code = null }))
            assert(t:insert { tenant = "x", code = 1 })
            refused("duplicate", 'tenant: "x" with code = 1 is taken', t:update(first.id, { code = 1 }))
            assert.equal(10, t:count())
        end)

        it("name every value that is taken, single ones first", function()
            local u = assert(db:create_table("u", {
                columns = {
                    { name = "a", dataType = "integer" }, { name = "b", dataType = "boolean" },
                    { name = "c", dataType = "string", unique = true }, { name = "d", dataType = "date" },
                },
                indexes = { unique("d", "a", "b"), unique("c", "d") },
            }))
            assert(u:insert { a = 1, b = true, c = "c", d = "2024-02-29" })
            local _, err = u:insert { a = 1, b = true, c = "c", d = "2024-02-29" }
            assert.equal("duplicate", err.code)
            local messages = {}
            for i, issue in ipairs(err.issues) do messages[i] = issue.path .. ": " .. issue.message end
            assert.same({ 'c: "c" is taken', 'd: "2024-02-29" with a = 1, b = true is taken',
                'c: "c" with d = "2024-02-29" is taken' }, messages)
        end)

        it("let deleted records be, and judge them when they come back", function()
            local first = assert(t:insert { tenant = "x", code = 1 })
            assert(t:delete(first.id))
            local second = assert(t:insert { tenant = "x", code = 1 })
            refused("duplicate", 'tenant: "x" with code = 1 is taken', t:restore(first.id))
            assert(t:update(second.id, { code = 2 }))
            assert(t:restore(first.id))
            refused("duplicate", 'tenant: "x" with code = 1 is taken', t:update(second.id, { code = 1 }))
            assert(t:delete(first.id, { hard = true }))
            assert(t:update(second.id, { code = 1 }))
        end)

        it("hold in batches, whose first bad record is named", function()
            local records = {}
            for i = 1, 3000 do records[i] = { tenant = "t" .. i % 7, code = i // 7 } end
            records[2500] = { tenant = records[1200].tenant, code = records[1200].code }
            local _, err = t:insert_many(records)
            assert.equal("duplicate", err.code)
            assert.equal('record 2500: tenant: "t3" with code = 171 is taken', err.message)
            assert.equal(2500, err.issues[1].index)
            assert.equal(0, t:count())
            local result = assert(t:insert_many(records, { on_error = "skip" }))
            assert.equal(2999, result.inserted)
            assert.equal('record 2500: tenant: "t3" with code = 171 is taken', result.errors[1].message)
            -- rows first, indexes after: into a table that the batch outgrows
            for i = 1, 3000 do records[i].code = records[i].code + 1000 end
            records[2500].code = 5000
            assert.equal(3000, assert(t:insert_many(records)).inserted)
            assert.equal("duplicate", select(2, t:insert { tenant = "t1", code = 1000 }).code)
        end)

        it("hold for update_all and upsert", function()
            assert(t:insert { tenant = "x", code = 1 })
            assert(t:insert { tenant = "x", code = 2 })
            refused("duplicate", 'tenant: "x" with code = 3 is taken',
                t:update_all({ filter = { tenant = "x" } }, { code = 3 }))
            assert.equal(1, t:count { filter = { code = 1 } })
            local other = assert(t:insert { tenant = "x", code = 3 })
            refused("duplicate", 'tenant: "x" with code = 1 is taken',
                t:upsert({ id = other.id, tenant = "x", code = 1 }, { on = "id" }))
            local _, err = t:upsert({ tenant = "x", code = 1 }, { on = "code" })
            assert.equal("invalid_query", err.code) -- one column decides, and it must be unique
        end)

        it("follow renames, and show the names of now", function()
            assert(t:insert { tenant = "x", code = 1 })
            assert(t:evolve(function(c)
                c:rename("tenant", "old")
                c:rename("code", "tenant")
                c:add { name = "code", dataType = "integer" }
            end))
            assert.equal("old+tenant unique, price+old (by_price)", shown(t))
            refused("duplicate", 'old: "x" with tenant = 1 is taken', t:insert { old = "x", tenant = 1, code = 2 })
            assert(t:insert { old = "x", tenant = 2, code = 1 })
            assert(t:rollback(1))
            assert.equal("tenant+code unique, price+tenant (by_price)", shown(t))
        end)

        it("go away with a column, and come back with it", function()
            local first = assert(t:insert { tenant = "x", code = 1, price = "1" })
            local second = assert(t:insert { tenant = "x", code = 2 })
            local entry = assert(t:evolve(function(c) c:remove "code" end))
            assert.equal("price+tenant (by_price)", shown(t))
            assert.same({ { columns = { "tenant", "code" }, unique = true } }, entry.changes[1].details.indexes)
            assert.equal(1, #entry.changes)
            assert(t:insert { tenant = "x" })
            assert(t:rollback(1))
            assert.equal("tenant+code unique, price+tenant (by_price)", shown(t))
            assert.equal("duplicate", select(2, t:insert { tenant = "x", code = 1 }).code)
            assert.equal("duplicate", select(2, t:update(second.id, { code = 1 })).code)
            assert.equal(1, assert(t:get(first.id)).code)
        end)

        it("refuse nothing once they are gone, although their values are still there", function()
            local a = assert(t:insert { tenant = "x", code = 1 })
            local b = assert(t:insert { tenant = "y", code = 1 })
            local c = assert(t:insert { tenant = "z", code = 1 })
            local gone = assert(t:insert { tenant = "w", code = 1 })
            assert(t:delete(gone.id))
            local again = assert(t:insert { tenant = "w", code = 1 })
            assert(t:evolve(function(c_) c_:remove "code" end))
            assert(t:update(b.id, { tenant = "x" }))
            assert(t:update(a.id, { note = "still itself" }))
            assert.equal(3, t:update_all({ filter = { tenant = { ["in"] = { "x", "z" } } } }, { tenant = "same" }))
            assert(t:restore(gone.id))
            refused("duplicate",
                '2 values are held more than once, by 5 records: tenant: "same" with code = 1 is held by 3 records: '
                    .. table.concat({ a.id, b.id, c.id }, ", "),
                t:rollback(1))
            assert(t:update(b.id, { tenant = "x" }))
            assert(t:update(c.id, { tenant = "z" }))
            assert(t:delete(again.id))
            assert(t:rollback(1))
            assert.equal("duplicate", select(2, t:update(b.id, { tenant = "same" })).code)
            assert.equal("duplicate", select(2, t:restore(again.id)).code)
        end)

        it("refuse nothing once they are gone, whoever writes first", function()
            local function two()
                local u = assert(db:create_table(engines.fresh "u", {
                    columns = { { name = "a", dataType = "integer" }, { name = "b", dataType = "integer" } },
                    indexes = { unique("a", "b") },
                }))
                return u, assert(u:insert { a = 1, b = 1 }).id, assert(u:insert { a = 2, b = 1 }).id
            end
            local u = two()
            assert(u:evolve(function(c) c:remove "b" end))
            assert.equal(2, assert(u:update_all({ all = true }, { a = 3 })))
            local v, first = two()
            assert(v:delete(first))
            assert(v:insert { a = 1, b = 1 })
            assert(v:evolve(function(c) c:remove "a" end))
            assert(v:restore(first))
            local w, _, second = two()
            assert(w:evolve(function(c) c:remove "b" end))
            assert(w:upsert({ id = second, a = 1 }, { on = "id" }))
            local x = two()
            assert(x:evolve(function(c) c:table { indexes = {} } end))
            assert(x:insert { a = 1, b = 1 })
        end)

        it("refuse nothing in a transaction that is rolled back afterwards", function()
            local a = assert(t:insert { tenant = "x", code = 1 })
            local b = assert(t:insert { tenant = "y", code = 1 })
            assert(t:evolve(function(c) c:remove "code" end))
            db:transaction(function()
                assert(t:update(b.id, { tenant = "x" }))
                return nil, "no"
            end)
            assert.equal("y", assert(t:get(b.id)).tenant)
            assert(t:rollback(1))
            refused("duplicate", 'tenant: "x" with code = 1 is taken', t:update(b.id, { tenant = "x" }))
            assert(t:update(a.id, { code = 2 }))
            assert(t:update(b.id, { tenant = "x" }))
        end)

        it("are replaced by modify_table, over records that are there", function()
            assert(t:insert { tenant = "x", code = 1, price = "5" })
            assert(t:insert { tenant = "x", code = 2, price = "5" })
            local entry = assert(t:evolve { { op = "modify_table", set = { indexes = { over("code") } } } })
            assert.equal("code", shown(t))
            assert.same({ { columns = { "code" } } }, entry.changes[1].details.after.indexes)
            assert.equal(2, #entry.changes[1].details.before.indexes)
            assert(t:insert { tenant = "x", code = 1 })
            assert(t:evolve(function(c) c:table { indexes = null } end))
            assert.equal("", shown(t))
            assert.is_nil(t:schema().indexes)
            local _, err = t:rollback(1)
            assert.equal("duplicate", err.code)
            assert.equal(3, t.version)
            assert.equal(1, t:delete_all { filter = { code = 1, price = { isNull = true } } })
            assert(t:rollback(1))
            assert.equal("tenant+code unique, price+tenant (by_price)", shown(t))
            assert.same({ indexes = {} }, t:diff(1, 3)[1].set)
            assert.same({}, t:diff(1, 4))
            -- what changes nothing adds no version
            local same = { op = "modify_table", set = { indexes = t:schema().indexes } }
            assert.equal(4, assert(t:evolve { same }).version)
        end)

        it("survive a retype", function()
            assert(t:insert { tenant = "x", code = 1 })
            assert(t:insert { tenant = "x", code = 2 })
            assert(t:evolve(function(c) c:modify("code", { dataType = "string" }) end))
            assert.equal("tenant+code unique, price+tenant (by_price)", shown(t))
            refused("duplicate", 'tenant: "x" with code = "1" is taken', t:insert { tenant = "x", code = "1" })
            local _, err = t:evolve(function(c) c:modify("code", { dataType = "json" }) end)
            assert.equal("changes[0].set.dataType: a json column cannot be in an index", err.message)
            assert(t:rollback(1))
            refused("duplicate", 'tenant: "x" with code = 1 is taken', t:insert { tenant = "x", code = 1 })
        end)

        it("come back over values that changed places while one was retyped", function()
            local a = assert(t:insert { tenant = "x", code = 1 }).id
            local b = assert(t:insert { tenant = "x", code = 2 }).id
            assert(t:evolve(function(c)
                c:table { indexes = {} }
                c:modify("code", { dataType = "string" })
            end))
            assert(t:update(a, { code = "2" }))
            assert(t:update(b, { code = "1" }))
            assert(t:rollback(1))
            assert.equal(2, assert(t:get(a)).code)
            refused("duplicate", 'tenant: "x" with code = 2 is taken', t:update(b, { code = 2 }))
        end)

        it("are the same in a table made from a schema", function()
            assert(t:evolve(function(c)
                c:remove "code"
                c:add { name = "code", dataType = "integer" }
                c:table { indexes = { unique("code", "tenant") } }
            end))
            local copy = assert(db:create_table("copy", t:schema()))
            assert.equal("code+tenant unique", shown(copy))
            assert(copy:insert { tenant = "x", code = 1 })
            refused("duplicate", 'code: 1 with tenant = "x" is taken', copy:insert { tenant = "x", code = 1 })
        end)

        it("are what apply makes them, of tables that refer to each other too", function()
            local function refers(target) return { targetTable = target } end
            local definitions = {
                ones = {
                    columns = { { name = "n", dataType = "integer" },
                        { name = "two", dataType = "reference", validation = refers "twos" } },
                    indexes = { over("n"), unique("two", "n") },
                },
                twos = {
                    columns = { { name = "one", dataType = "reference", validation = refers "ones" },
                        { name = "n", dataType = "integer" } },
                    indexes = { unique("one", "n") },
                },
            }
            assert(db:apply(definitions))
            local ones, twos = assert(db:table "ones"), assert(db:table "twos")
            assert.equal("n, two+n unique", shown(ones))
            assert.equal("one+n unique", shown(twos))
            local versions = { ones.version, twos.version }
            assert(db:apply(definitions))
            assert.same(versions, { ones.version, twos.version })
            local two = assert(twos:insert { n = 1 }).id
            assert(ones:insert { two = two, n = 1 })
            assert.equal("duplicate", select(2, ones:insert { two = two, n = 1 }).code)
            definitions.ones.indexes = nil
            assert(db:apply(definitions))
            assert.equal("", shown(ones))
        end)

        it("tell texts apart to their last byte, however many there are", function()
            local columns, names = {}, {}
            for i = 1, 16 do
                names[i] = "c" .. i
                columns[i] = { name = names[i], dataType = i % 2 == 0 and "text" or "string" }
            end
            local w = assert(db:create_table("w", { columns = columns,
                indexes = { { columns = names, unique = true }, over("c1", "c2", "c3", "c4"), unique("c2", "c4") } }))
            local record = {}
            for i = 1, 16 do record[i] = i % 2 == 0 and ("x"):rep(1100) .. i or ("ä"):rep(255) end
            local function row(changes)
                local one = {}
                for i = 1, 16 do one["c" .. i] = changes and changes[i] or record[i] end
                one.c4 = one.c4 .. w:count() -- for the index over c2 and c4
                return one
            end
            local first = row()
            assert(w:insert(first))
            first.c2 = record[2] .. "y"
            assert(w:insert(first))
            local third = row { [16] = record[16] .. "z" }
            assert(w:insert(third))
            third.c2 = record[2] .. "2"
            assert(w:insert(third))
            local _, err = w:insert(third)
            assert.equal("duplicate", err.code)
            assert.same({ "c1", "c2" }, { err.issues[1].path, err.issues[2].path })
            third.c9 = null
            third.c2 = record[2] .. "3"
            assert(w:insert(third))
            third.c4 = third.c4 .. "4"
            assert(w:insert(third))
            assert.equal(6, w:count { filter = { c1 = record[1] } })
            assert.equal(1, w:count { filter = { c2 = record[2] .. "y", c4 = first.c4, c1 = record[1] } })
        end)

        it("are refused with every problem at once", function()
            local _, err = db:create_table("bad", {
                columns = { { name = "a", dataType = "string" }, { name = "j", dataType = "json" } },
                indexes = { over("a", "b", "a"), { columns = {}, unique = "yes" }, over("j"), { over = { "a" } } },
            })
            assert.equal("invalid_schema", err.code)
            local paths = {}
            for i, issue in ipairs(err.issues) do paths[i] = issue.path .. " " .. issue.rule end
            assert.same({
                "indexes[0].columns[1] exists", "indexes[0].columns[2] unique", "indexes[1].unique type",
                "indexes[1].columns required", "indexes[2].columns[0] indexed", "indexes[3].over unknown",
                "indexes[3] required",
            }, paths)
        end)

        it("count with the physical columns and the indexes of a table", function()
            local columns, indexes = {}, {}
            for i = 1, 61 do columns[i] = { name = "c" .. i, dataType = "integer" } end
            for i = 1, 31 do indexes[i] = over("c" .. i, "c" .. (i + 30)) end
            refused("limit", "61 columns are indexed, unique, filterable, references or in an index, 60 are allowed",
                db:create_table("many", { columns = columns, indexes = indexes }))
            indexes = {}
            for i = 1, 30 do
                columns[i].indexed = true
                indexes[i] = over("c" .. i, "c" .. (i % 30 + 1))
            end
            assert(db:create_table("many", { columns = columns, indexes = indexes }))
            indexes[31] = over("c1", "c3")
            refused("limit", "the table needs 61 indexes, 60 are allowed (a unique one over more than 15 columns or "
                .. "3071 bytes counts twice)", db:create_table("more", { columns = columns, indexes = indexes }))
        end)

        it("agree with a set, whatever is written, deleted, restored and evolved", function()
            engines.seed("indexes on " .. engine.name)
            local u = assert(db:create_table("u", {
                columns = {
                    { name = "a", dataType = "integer" }, { name = "b", dataType = "string" },
                    { name = "c", dataType = "boolean" },
                },
                indexes = { unique("a", "b"), unique("c", "b", "a") },
            }))
            local live, dead, ids, names = {}, {}, {}, { "a", "b", "c" }
            local rules = { { "a", "b" }, { "c", "b", "a" } }
            local function value(kind)
                local n = math.random(0, 4)
                if n == 4 then return nil end
                if kind == "a" then return n end
                if kind == "b" then return ("s"):rep(n) end
                return n % 2 == 0
            end
            local function clashes(record, own)
                for _, rule in ipairs(rules) do
                    for id, other in pairs(live) do
                        local same = id ~= own
                        for _, key in ipairs(rule) do
                            same = same and record[key] ~= nil and record[key] == other[key]
                        end
                        if same then return true end
                    end
                end
                return false
            end
            local function expect(clash, row, err)
                if clash then
                    assert.is_nil(row)
                    assert.equal("duplicate", err.code)
                else
                    assert(row, err)
                end
                return row
            end
            local key_of = { a = "a", b = "b", c = "c" } -- what the model calls it → its name now
            local function to_row(record)
                local row = {}
                for _, key in ipairs(names) do row[key_of[key]] = record[key] == nil and null or record[key] end
                return row
            end
            for step = 1, 400 do
                local what = math.random(10)
                local id = ids[math.random(#ids + 1)]
                if what <= 4 or not id then
                    local record = { a = value "a", b = value "b", c = value "c" }
                    local row = expect(clashes(record), u:insert(to_row(record)))
                    if row then
                        live[row.id] = record
                        ids[#ids + 1] = row.id
                    end
                elseif what <= 7 and live[id] then
                    local record = { a = value "a", b = value "b", c = value "c" }
                    local clash = clashes(record, id)
                    expect(clash, u:update(id, to_row(record)))
                    if not clash then live[id] = record end
                elseif what == 8 and live[id] then
                    assert(u:delete(id))
                    live[id], dead[id] = nil, live[id]
                elseif what == 9 and dead[id] then
                    local clash = clashes(dead[id])
                    expect(clash, u:restore(id))
                    if not clash then live[id], dead[id] = dead[id], nil end
                elseif what == 10 and step % 5 == 0 then
                    local key = names[math.random(3)]
                    local to = key_of[key] == key and key .. "_" .. step or key
                    assert(u:evolve(function(c) c:rename(key_of[key], to) end))
                    key_of[key] = to
                end
            end
            local count = 0
            for id, record in pairs(live) do
                count = count + 1
                local row = assert(u:get(id))
                for _, key in ipairs(names) do assert.equal(record[key], row[key_of[key]]) end
            end
            assert.equal(count, u:count())
        end)
    end)
end)
