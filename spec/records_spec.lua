-- Records: insert, read, update, upsert, delete, restore, in ones and in many.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

local contacts = {
    columns = {
        { name = "email", dataType = "string", required = true, unique = true, validation = { format = "email" } },
        { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
        { name = "balance", dataType = "decimal", validation = { precision = 12, scale = 2 }, defaultValue = "0.00" },
        { name = "active", dataType = "boolean", filterable = true },
        { name = "born", dataType = "date" },
        { name = "seen", dataType = "datetime", indexed = true },
        { name = "notes", dataType = "text" },
        { name = "tags", dataType = "json" },
    },
}

engines.each(function(engine)
    describe("records", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("contacts", contacts))
        end)
        after_each(function() db:close() end)

        it("come back as the types say", function()
            local given = {
                email = "ada@example.org", age = 36.0, balance = 12.5, active = true, born = "1815-12-10",
                seen = "2024-05-01T12:00:00+02:00", notes = "päper ☃", tags = { "a", 1, 2.0, { x = null },
                    flexdb.array {}, {} },
            }
            local stored = assert(t:insert(given))
            local read = assert(t:get(stored.id))
            assert.same(stored, read)
            assert.equal("integer", math.type(read.age))
            assert.equal("12.50", read.balance)
            assert.equal("2024-05-01T10:00:00.000000Z", read.seen)
            assert.equal("1815-12-10", read.born)
            assert.equal(1, read._version)
            assert.is_nil(read.deleted_at)
            assert.equal(null, read.tags[4].x)
            assert.equal("integer", math.type(read.tags[2]))
            assert.equal("float", math.type(read.tags[3]))
            assert.equal('["a",1,2.0,{"x":null},[],{}]', assert(flexdb.json.encode(read.tags)))
            assert.truthy(read.created_at:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%dZ$")
        end)

        it("tell each of their times, be they the same, however few are selected", function()
            local stored = assert(t:insert { email = "ada@example.org" })
            assert.equal(stored.created_at, stored.updated_at)
            for _, name in ipairs { "created_at", "updated_at" } do
                local read = assert(t:first { select = { name } })
                assert.equal(stored[name], read[name])
            end
            local both = assert(t:first { select = { "updated_at", "created_at" } })
            assert.equal(stored.created_at, both.created_at)
            assert.equal(stored.updated_at, both.updated_at)
            local later = assert(t:update(stored.id, { age = 3 }))
            assert.equal(stored.created_at, later.created_at)
            assert.is_true(later.updated_at >= later.created_at)
            assert.same(later, assert(t:get(stored.id)))
        end)

        it("have defaults where nothing is given, and none where null is", function()
            assert.equal("0.00", assert(t:insert { email = "a@b.cd" }).balance)
            local row = assert(t:insert { email = "b@b.cd", balance = null, tags = null })
            assert.is_nil(row.balance)
            assert.is_nil(assert(t:get(row.id)).balance)
            assert.is_nil(row.tags)
        end)

        it("may bring their own id, once", function()
            assert.equal("my-id.1:x", assert(t:insert { id = "my-id.1:x", email = "a@b.cd" }).id)
            local _, err = t:insert { id = "my-id.1:x", email = "b@b.cd" }
            assert.equal("duplicate", err.code)
            assert.equal("id", err.issues[1].path)
            for _, id in ipairs { "", "a b", ("x"):rep(129), "ä", "a\0", 7, true } do
                assert.equal("invalid_record", select(2, t:insert { id = id, email = "c@b.cd" }).code)
            end
        end)

        it("can be written back as they were read", function()
            local row = assert(t:insert { email = "a@b.cd", age = 1 })
            assert(t:update(row.id, row))
            assert(t:delete(row.id, { hard = true }))
            local again = assert(t:insert(row))
            assert.equal(row.id, again.id)
        end)

        it("are told every problem at once", function()
            local _, err = t:insert { age = "12abc", balance = "1.005", born = "2023-02-30", nope = 1, active = "yes" }
            assert.equal("invalid_record", err.code)
            for path, rule in pairs { email = "required", age = "type", balance = "scale", born = "type",
                active = "type" } do
                local issue = engines.issue(err, path)
                assert.is_table(issue, path)
                assert.equal(rule, issue.rule, path)
            end
            assert.is_table(engines.issue(err, "nope"))
            assert.equal(6, #err.issues)
            assert.equal(0, t:count())
        end)

        it("are unique where the column says so, among the living", function()
            local a = assert(t:insert { email = "a@b.cd" })
            local _, err = t:insert { email = "a@b.cd" }
            assert.equal("duplicate", err.code)
            assert.equal("email", err.issues[1].path)
            assert.equal("unique", err.issues[1].rule)
            assert.equal("a@b.cd", err.issues[1].got)
            assert(t:delete(a.id))
            local b = assert(t:insert { email = "a@b.cd" })
            assert.equal("duplicate", select(2, t:restore(a.id)).code)
            assert(t:delete(b.id))
            assert(t:restore(a.id))
            assert.equal("duplicate", select(2, t:update(assert(t:insert { email = "c@b.cd" }).id,
                { email = "a@b.cd" })).code)
        end)

        it("are told every value that is taken, in the order of the definition", function()
            local u = assert(db:create_table("u", { columns = {
                { name = "a", dataType = "string", unique = true }, { name = "plain", dataType = "integer" },
                { name = "b", dataType = "integer", unique = true },
                { name = "c", dataType = "decimal", unique = true, validation = { scale = 2 } },
            } }))
            assert(u:insert { id = "x", a = "1", b = 1, c = "1" })
            assert(u:insert { id = "y", a = "2", b = 2, c = "2" })
            local function told(_, err) return tostring(err) end
            assert.equal('duplicate: id: "x" is taken; a: "2" is taken; b: 1 is taken',
                told(u:insert { id = "x", a = "2", b = 1, c = "3" }))
            assert.equal('duplicate: a: "1" is taken; b: 1 is taken; c: "1.00" is taken',
                told(u:update("y", { a = "1", b = 1, c = 1 })))
            assert.equal('duplicate: record 2: a: "9" is taken; b: 2 is taken',
                told(u:insert_many { { a = "9" }, { a = "9", b = 2 } }))
            assert.equal("duplicate: b: 2 is taken", told(u:upsert({ a = "1", b = 2 }, { on = "a" })))
        end)

        it("are updated field by field, and cleared by null", function()
            local row = assert(t:insert { email = "a@b.cd", age = 1, notes = "x" })
            local new = assert(t:update(row.id, { age = 2, notes = null }))
            assert.equal(2, new.age)
            assert.is_nil(new.notes)
            assert.equal(2, new._version)
            assert.same(new, assert(t:get(row.id)))
            assert.equal("a@b.cd", new.email)
            assert.equal(0, t:count { filter = { age = 1 } })
            assert.equal(1, t:count { filter = { age = 2 } })
            local _, err = t:update(row.id, { email = null })
            assert.equal("invalid_record", err.code)
            assert.equal("required", err.issues[1].rule)
            assert.equal("not_found", select(2, t:update("nobody", { age = 1 })).code)
        end)

        it("are not updated when they have moved on", function()
            local row = assert(t:insert { email = "a@b.cd", age = 1 })
            assert(t:update(row.id, { age = 2 }, { version = 1 }))
            local ok, err = t:update(row.id, { age = 3 }, { version = 1 })
            assert.is_nil(ok)
            assert.equal("conflict", err.code)
            assert.equal(2, assert(t:get(row.id)).age)
            assert.equal("conflict", select(2, t:delete(row.id, { version = 1 })).code)
            assert(t:delete(row.id, { version = 2 }))
        end)

        it("are deleted softly, and restored", function()
            local row = assert(t:insert { email = "a@b.cd", age = 5 })
            assert.is_true(assert(t:delete(row.id)))
            assert.is_nil(t:get(row.id))
            assert.equal(0, t:count())
            assert.equal(1, t:count { includeDeleted = true })
            assert.is_string(assert(t:first { includeDeleted = true }).deleted_at)
            assert.equal("not_found", select(2, t:delete(row.id)).code)
            assert.equal("not_found", select(2, t:update(row.id, { age = 1 })).code)
            assert(t:restore(row.id))
            assert.equal(5, assert(t:get(row.id)).age)
            assert.equal(1, t:count { filter = { age = 5 } })
            assert(t:delete(row.id, { hard = true }))
            assert.equal("not_found", select(2, t:restore(row.id)).code)
            assert.equal(0, t:count { includeDeleted = true })
            assert.equal("not_found", select(2, t:delete("nobody", { hard = true })).code)
        end)

        it("are read in ones and many", function()
            local ids = {}
            for i = 1, 5 do ids[i] = assert(t:insert { email = i .. "@b.cd", age = i }).id end
            local rows = assert(t:get_many { ids[4], "nobody", ids[2] })
            assert.same({ 4, 2 }, { rows[1].age, rows[2].age })
            assert.equal(2, #rows)
            assert.same({}, assert(t:get_many {}))
            assert.is_nil(t:get("nobody"))
            assert.is_nil(t:first { filter = { age = 99 } })
            assert.equal(1, assert(t:first()).age)
            assert.equal(5, #assert(t:find()))
        end)

        it("are upserted by a unique column", function()
            local row, how = t:upsert({ email = "a@b.cd", age = 1, notes = "n" }, { on = "email" })
            assert.equal("inserted", how)
            local same, what = t:upsert({ email = "a@b.cd", age = 2 }, { on = "email" })
            assert.equal("updated", what)
            assert.equal(row.id, same.id)
            assert.equal(2, same.age)
            assert.equal("n", same.notes)
            assert.equal("invalid_query", select(2, t:upsert({ email = "a@b.cd" }, { on = "age" })).code)
            assert.equal("invalid_query", select(2, t:upsert({ email = "a@b.cd" }, { on = "nope" })).code)
            assert.is_nil((t:upsert({ age = 1 }, { on = "email" })))
            assert.has_error(function() t:upsert { email = "x@b.cd" } end)
        end)

        it("are counted by what update_all and delete_all touched", function()
            for i = 1, 10 do assert(t:insert { email = i .. "@b.cd", age = i }) end
            assert.equal(4, assert(t:update_all({ filter = { age = { lte = 4 } } }, { notes = "young", age = 1 })))
            assert.equal(4, t:count { filter = { notes = "young", age = 1 } })
            assert.equal("invalid_query", select(2, t:update_all({}, { age = 1 })).code)
            assert.equal("invalid_query", select(2, t:update_all({ filter = {} }, { age = 1 })).code)
            assert.equal(10, assert(t:update_all({ all = true }, { active = true })))
            local _, err = t:update_all({ all = true }, { age = 999 })
            assert.equal("invalid_record", err.code)
            assert.equal("duplicate", select(2, t:update_all({ all = true }, { email = "same@b.cd" })).code)
            assert.equal(4, t:count { filter = { age = 1 } })
            assert.equal("invalid_query", select(2, t:delete_all({})).code)
            assert.equal(6, assert(t:delete_all { filter = { age = { gt = 1 } } }))
            assert.equal(4, t:count())
            assert.equal(4, assert(t:delete_all({ all = true }, { hard = true })))
            assert.equal(6, t:count { includeDeleted = true })
        end)

        it("go in all or not at all", function()
            local result, err = t:insert_many { { email = "a@b.cd" }, { email = "b@b.cd", age = -1 },
                { email = "c@b.cd" } }
            assert.is_nil(result)
            assert.equal("invalid_record", err.code)
            assert.equal(2, err.issues[1].index)
            assert.equal(0, t:count())
            result, err = t:insert_many { { email = "a@b.cd" }, { email = "b@b.cd" }, { email = "a@b.cd" } }
            assert.is_nil(result)
            assert.equal("duplicate", err.code)
            assert.equal(3, err.issues[1].index)
            assert.equal("email", err.issues[1].path)
            assert.equal(0, t:count())
            assert.same({ inserted = 0, errors = {} }, assert(t:insert_many {}))
        end)

        it("go in without the bad ones when asked", function()
            local records = {}
            for i = 1, 300 do
                records[i] = { email = ("u%d@b.cd"):format(i % 250), age = i % 50 == 0 and -1 or i % 50 }
            end
            records[7] = "no record"
            local result = assert(t:insert_many(records, { on_error = "skip" }))
            local count = t:count()
            assert.equal(count, result.inserted)
            assert.equal(300 - count, #result.errors)
            for _, err in ipairs(result.errors) do assert.is_number(err.issues[1].index) end
            local few = assert(t:insert_many(records, { on_error = "skip", max_errors = 3 }))
            assert.equal(3, #few.errors)
        end)

        it("stream in from a function, which may use the handle", function()
            local i, progress = 0, {}
            local result = assert(t:insert_many(function()
                i = i + 1
                if i > 2500 then return nil end
                if i == 1000 then assert.is_true(t:count() >= 0) end
                return { email = i .. "@b.cd", age = i % 100 }
            end, { on_progress = function(n) progress[#progress + 1] = n end }))
            assert.equal(2500, result.inserted)
            assert.equal(2500, t:count())
            assert.is_true(#progress > 0)
            assert.equal(2500, progress[#progress])
        end)

        it("leave nothing behind when the function raises", function()
            local ok, why = pcall(t.insert_many, t, function() error("stop here", 0) end)
            assert.is_false(ok)
            assert.equal("stop here", why)
            local n = 0
            pcall(t.insert_many, t, function()
                n = n + 1
                if n == 700 then error("late") end
                return { email = n .. "@b.cd" }
            end)
            assert.equal(0, t:count())
            assert(t:insert { email = "a@b.cd" })
        end)

        it("are checked for the records they refer to", function()
            local people = assert(db:create_table("people", { columns = {
                { name = "contact", dataType = "reference", validation = { targetTable = "contacts" } },
                { name = "boss", dataType = "reference", validation = { targetTable = "people" } },
            } }))
            local c = assert(t:insert { email = "a@b.cd" })
            local boss = assert(people:insert { id = "boss", contact = c.id, boss = "boss" })
            assert(people:insert { contact = c.id, boss = boss.id })
            local _, err = people:insert { contact = "nobody", boss = "nobody" }
            assert.equal("reference", err.code)
            assert.equal("nobody", engines.issue(err, "contact").got)
            assert.is_table(engines.issue(err, "boss"))
            _, err = people:update(boss.id, { contact = "nobody" })
            assert.equal("reference", err.code)
            local many = { {}, {}, { contact = "nobody" } }
            _, err = people:insert_many(many)
            assert.equal("reference", err.code)
            assert.equal(3, err.issues[1].index)
            local skipped = assert(people:insert_many(many, { on_error = "skip" }))
            assert.equal(2, skipped.inserted)
            -- a record that others refer to stays
            _, err = t:delete(c.id)
            assert.equal("reference", err.code)
            assert.is_table(t:get(c.id))
            assert.equal("reference", select(2, t:delete(c.id, { hard = true })).code)
            assert(people:delete_all { all = true })
            assert(t:delete(c.id))
            assert.equal("reference", select(2, people:insert { contact = c.id }).code)
        end)

        it("are streamed as they stood when the loop began, whatever the body does", function()
            for i = 1, 3000 do assert(t:insert { email = i .. "@b.cd", age = i % 100 }) if i == 300
                and engine.server then break end end
            local total = t:count()
            local seen, distinct = 0, {}
            for row in t:each() do
                seen = seen + 1
                assert.is_nil(distinct[row.id])
                distinct[row.id] = true
                if seen % 50 == 1 then
                    assert(t:insert { email = "new" .. seen .. "@b.cd" })
                    assert(t:update(row.id, { age = 1 }))
                    assert.is_table(t:get(row.id))
                    if seen % 100 == 1 then assert(t:delete(row.id)) end
                end
            end
            assert.equal(total, seen)
            for row in t:each { limit = 3 } do
                if row.id then break end
            end
            assert(t:insert { email = "after@b.cd" })
            for a in t:each { limit = 2 } do
                for b in t:each { limit = 2 } do assert.is_string(a.id .. b.id) end
            end
        end)
    end)
end)
