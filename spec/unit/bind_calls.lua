--- The calls that test_bind_memory.c lets memory run out in; a call returns what it came to, or nil and the error, or
-- raises. Needs bind_bed, which it gives back with its `calls`.

local bed = require "bind_bed"

-- What a call that must be refused came to. Only the code: what is told beyond it may be less when memory is out.
local function refused(code, value, err)
    if value or err.code ~= code then return nil, err end
    return true
end

local calls = {}
bed.calls = calls

-- `from`: what there is when it is called: "nothing", "module" (flexdb alone), "file" (and a database) or,
-- unless it is said, "open".
local function call(name, fn, from) calls[#calls + 1] = { name = name, call = fn, from = from or "open" } end

call("require", function()
    local flexdb = require "flexdb"
    return flexdb.version
end, "nothing")

call("validate", function(w)
    return w.flexdb.validate({ columns = {
        { name = "a", dataType = "integer", defaultValue = 7 }, { name = "d", dataType = "decimal" },
        { name = "s", dataType = "string", validation = { pattern = "^x", format = "slug" } },
    } }, { d = "1.5", s = "x" })
end, "module")

call("validator, encode", function(w)
    local v, err = w.flexdb.validator { columns = { { name = "a", dataType = "json" },
        { name = "t", dataType = "datetime" } } }
    if not v then return nil, err end
    return v:encode { a = { 1, { b = "c" } }, t = "2024-05-01T10:00:00Z" }
end, "module")

call("a record that is refused", function(w)
    local strict = { columns = { { name = "a", dataType = "integer", required = true },
        { name = "e", dataType = "string", validation = { enum = { "x", "y" } } } } }
    return refused("invalid_record", w.flexdb.validate(strict, { e = "z", q = 1, [5] = 6, j = { {} } }))
end, "module")

call("diff of definitions", function(w)
    return w.flexdb.diff({ columns = { { name = "a", dataType = "integer" } } },
        { displayName = "T", columns = { { name = "b", dataType = "text" } } })
end, "module")

call("json.encode", function(w)
    return w.flexdb.json.encode { 1, 2.5, "a\n", { b = { {}, w.flexdb.array {}, w.flexdb.null } } }
end, "module")

call("json.decode", function(w)
    return w.flexdb.json.decode '{"a": [1, 2.5, "\\u00e9\\n", {"b": null, "c": [[], {}]}], "long": "\\t0123456789"}'
end, "module")

call("json that is refused", function(w)
    return refused("invalid_document", w.flexdb.json.decode '{"a": 1, "a": 2}')
end, "module")

call("open", function(w)
    local db, err = w.flexdb.open(w.url, { application = "app", actor = "tester", timeout = 1 })
    if not db then return nil, err end
    return db.application
end, "file")

call("open of a new database, with", function(w)
    local db, err = w.flexdb.open "sqlite::memory:"
    if not db then return nil, err end
    local view <close>, why = db:with { application = "other" }
    if not view then return nil, why end
    return view.application
end, "file")

call("create_table", function(w)
    local t, err = w.db:create_table("friends", { displayName = "Friends", columns = {
        { name = "friend", dataType = "reference", validation = { targetTable = "contacts" } },
        { name = "n", dataType = "integer", unique = true },
    } })
    return t and t.name, err
end)

call("a definition that is refused", function(w)
    return refused("invalid_schema", w.db:create_table("bad", {
        columns = { { name = "a", dataType = "colour" }, { dataType = "text" } } }))
end)

call("table, tables", function(w)
    local t, err = w.db:table "contacts"
    if not t then return nil, err end
    return w.db:tables()
end)

call("table_by_id, table_info, tables with schemas", function(w)
    local t, err = w.db:table_by_id(w.contacts.id)
    if not t then return nil, err end
    local info, why = w.db:table_info(t.id)
    if not info then return nil, why end
    return w.db:tables { schemas = true, deleted = true }
end)

-- What is kept under a key; nil and the error where that cannot be told.
local function kept_of(look, db, step, entry)
    local done, kept = look(db, "key", step, entry)
    if done then return kept end
    return done, kept
end

-- In a transaction, as lua/flexdb/nodes/support/once.lua does it.
call("a write that is done once", function(w)
    local core = require "flexdb.core"
    return w.db:transaction(function()
        local done, err = kept_of(core.once_begin, w.db, "step")
        if done ~= false then return done, err end
        local row
        row, err = w.contacts:insert { id = "n", email = "n@x.org" }
        if not row then return nil, err end
        local ok, why = core.once_end(w.db, "key", "step", '{"id": "n"}')
        if not ok then return nil, why end
        return kept_of(core.once_begin, w.db, "step")
    end)
end)

call("an evolution that is done once", function(w)
    local core = require "flexdb.core"
    local entry, err = w.contacts:evolve({ { op = "rename_column", name = "age", to = "years" } },
        { once_key = "key", once_step = core.digest "step" })
    if not entry then return nil, err end
    return kept_of(core.once_find, w.db, core.digest "step", true)
end)

call("drop_table", function(w) return w.db:drop_table "contacts" end)
call("restore_table", function(w)
    local t, err = w.db:restore_table "old"
    return t and t.name, err
end)
call("rename_table", function(w)
    local t, err = w.db:rename_table("companies", "firms")
    return t and t.name, err
end)

call("insert", function(w)
    return w.contacts:insert { id = "n", email = "n@x.org", age = 5, company = "c1", tags = { { deep = { 1 } } } }
end)

call("insert that is a duplicate", function(w)
    return refused("duplicate", w.contacts:insert { id = "a", email = "b@x.org" })
end)

call("insert that rules, a reference and values refuse", function(w)
    return refused("invalid_record", w.contacts:insert { id = "a", age = 200, company = "none", email = "b@x.org" })
end)

call("insert of an unknown column and a missing record", function(w)
    return refused("invalid_record", w.contacts:insert { none = 1, company = "none" })
end)

call("update that rules, a reference and a value refuse", function(w)
    return refused("invalid_record", w.contacts:update("a", { id = "b", company = "none", email = "b@x.org" }))
end)

call("update of a missing record and a value that is taken", function(w)
    return refused("reference", w.contacts:update("a", { company = "none", email = "b@x.org" }))
end)

call("update", function(w)
    return w.contacts:update("b", { age = 40, company = w.flexdb.null, tags = { 1 } }, { version = 1 })
end)

call("update_all", function(w)
    return w.contacts:update_all({ filter = { age = { gte = 32 } } }, { balance = "1.5" })
end)

call("upsert", function(w)
    local record, what = w.contacts:upsert({ email = "a@x.org", age = 50 }, { on = "email" })
    if not record then return nil, what end
    return { record, what }
end)

call("upsert that inserts", function(w)
    local record, what = w.contacts:upsert({ id = "n", email = "n@x.org" }, { on = "email" })
    if not record then return nil, what end
    return { record, what }
end)

call("delete", function(w) return w.contacts:delete "a" end)
call("delete for good", function(w) return w.contacts:delete("a", { hard = true, version = 1 }) end)
call("delete_all", function(w) return w.contacts:delete_all(nil, { all = true }) end)
call("restore", function(w) return w.contacts:restore "gone" end)

call("get", function(w) return w.contacts:get "a" end)
call("get_many", function(w) return w.contacts:get_many { "b", "a", "none" } end)
call("count", function(w) return w.contacts:count { filter = { email = { contains = "x" }, age = { lt = 33 } } } end)
call("first", function(w) return w.contacts:first { orderBy = { "-age" }, select = { "email" } } end)

call("find", function(w)
    local rows, err = w.contacts:find { filter = { OR = { { id = "a" }, { email = { iContains = "B@" } } } },
        orderBy = { "-age", "email" }, limit = 1 }
    if not rows then return nil, err end
    return w.contacts:find { filter = { OR = { { id = "a" }, { email = { iContains = "B@" } } } },
        orderBy = { "-age", "email" }, limit = 1, after = rows.next }
end)

call("a query that is refused", function(w)
    return refused("invalid_query", w.contacts:find { filter = { age = { gt = "x" }, none = 1 }, orderBy = { "q" } })
end)

call("each", function(w)
    local seen = {}
    for row in assert(w.contacts:each { orderBy = { "age" } }) do seen[#seen + 1] = row end
    return seen
end)

call("each with writes in its body", function(w)
    local seen = {}
    for row in assert(w.contacts:each()) do
        seen[#seen + 1] = row.id
        assert(w.companies:upsert({ id = "c1", name = "New" .. #seen }, { on = "id" }))
    end
    return seen
end)
calls[#calls].steps = true

call("insert_many", function(w)
    return w.contacts:insert_many { { id = "1", email = "1@x.org", company = "c1" }, { id = "2", email = "2@x.org" },
        { id = "3", email = "3@x.org", tags = {} } }
end)

call("insert_many from a function", function(w)
    local i = 0
    return w.contacts:insert_many(function()
        i = i + 1
        if i <= 3 then return { id = tostring(i), email = i .. "@x.org" } end
    end, { on_progress = function() end })
end)

call("insert_many that skips", function(w)
    local result, err = w.contacts:insert_many({ { id = "1", email = "1@x.org" }, { email = "a@x.org" },
        { email = 5, q = 6 } }, { on_error = "skip" })
    if not result then return nil, err end
    return { result.inserted, result.error_count, result.errors[1].code, result.errors[2].code }
end)

call("transaction", function(w)
    return w.db:transaction(function(db)
        assert(w.contacts:delete "b")
        assert(db:transaction(function() return w.contacts:insert { id = "n", email = "b@x.org" } end))
        return true
    end)
end)

call("transaction that is rolled back", function(w)
    local done, why = w.db:transaction(function()
        assert(w.contacts:delete "b")
        return nil, "no"
    end)
    if done == nil and why == "no" then return true end
    return done, why
end)

call("transaction in a coroutine", function(w)
    local inside = coroutine.create(function()
        return w.db:transaction(function()
            assert(w.contacts:insert_many { { id = "1", email = "1@x.org" } })
            coroutine.yield()
            return w.contacts:delete "b"
        end)
    end)
    local good, result, err
    repeat
        good, result, err = coroutine.resume(inside)
        if not good then error(result, 0) end
    until coroutine.status(inside) == "dead"
    return result, err
end)
calls[#calls].collects = true

call("get beside an insert_many that was left in a coroutine", function(w)
    local inside = coroutine.create(function() return w.contacts:insert_many(coroutine.yield) end)
    local good, err = coroutine.resume(inside)
    if not good then error(err, 0) end
    return w.contacts:get "a"
end)
calls[#calls].collects = true

call("schema", function(w) return w.contacts:schema() end)
call("history", function(w) return w.contacts:history() end)
call("diff", function(w) return w.contacts:diff(2, 1) end)

call("at", function(w)
    local view, err = w.contacts:at(1)
    if not view then return nil, err end
    local again, why = view:at(1)
    if not again then return nil, why end
    return again:find { filter = { age = { gte = 30 } }, orderBy = { "-age" } }
end)

call("a write through a view", function(w)
    local view, err = w.contacts:at(1)
    if not view then return nil, err end
    return refused("read_only", view:insert { id = "n", email = "n@x.org" })
end)

call("evolve", function(w)
    return w.contacts:evolve(function(t)
        t:rename("age", "years")
        t:add({ name = "vip", dataType = "boolean", defaultValue = false }, { after = "email" })
        t:modify("email", { displayName = "E-Mail" })
        t:table { displayName = "People" }
    end, { message = "m" })
end)

call("evolve with an index", function(w)
    return w.contacts:evolve({ { op = "modify_column", name = "age", set = { unique = true } } },
        { expect_version = 2 })
end)

call("evolve with a conversion", function(w)
    return w.contacts:evolve(function(t)
        t:modify("age", { dataType = "string" })
        t:modify("balance", { validation = { scale = 4 } })
    end)
end)

call("evolve with expressions and an index over two columns, and a record that they refuse", function(w)
    local entry, err = w.contacts:evolve(function(t)
        t:add { name = "label", dataType = "text", validation = { computed = "email .. ' ' .. age" } }
        t:table { checks = { { name = "young", expression = "age < 100", message = "too old" } },
            indexes = { { columns = { "age", "balance" }, unique = true } } }
    end)
    if not entry then return nil, err end
    return refused("invalid_record", w.contacts:insert { email = "o@x.org", age = 101, label = "x" })
end)

call("plan", function(w)
    local plan, err = w.contacts:plan({ { op = "modify_column", name = "age", set = { required = true } },
        { op = "modify_column", name = "balance", set = { dataType = "text" } },
        { op = "remove_column", name = "tags" } }, { on_progress = function(at) assert(at.done <= at.total) end })
    if not plan then return nil, err end
    return tostring(plan)
end)

call("evolve with a plan", function(w)
    local plan, err = w.contacts:plan { { op = "remove_column", name = "tags" } }
    if not plan then return nil, err end
    return w.contacts:evolve(plan)
end)

call("rollback", function(w) return w.contacts:rollback(1) end)

call("purge", function(w)
    return w.contacts:purge { keep_versions = 1, deleted_before = "2100-01-01T00:00:00Z", on_progress = function() end }
end)
calls[#calls].steps = true

call("doctor", function(w)
    local report, err = w.flexdb.doctor(w.db, { on_progress = function() end })
    if not report then return nil, err end
    return tostring(report)
end)

call("doctor that mends some tables", function(w)
    return w.flexdb.doctor(w.db, { repair = true, tables = { "contacts", "companies" } })
end)

call("a use of the definition of before", function(w)
    local other <close>, err = w.db:with { actor = "another" }
    if not other then return nil, err end
    local t, why = other:table "contacts"
    if not t then return nil, why end
    local entry, because = t:evolve { { op = "rename_column", name = "age", to = "years" } }
    if not entry then return nil, because end
    return w.contacts:insert { id = "n", email = "n@x.org", years = 5 }
end)
calls[#calls].steps = true

-- Memory that is out in a sandbox is out for the host too, and ends the script: nothing of it may be caught inside.
call("a script in a sandbox", function(w)
    local box <close>, err = w.flexdb.sandbox.new { values = { list = { 1, "two", { deep = w.flexdb.null } },
        add = function(a, b) return a + b end } }
    if not box then return nil, err end
    return box:run [[
        local words = {}
        for word in ("one two three"):gmatch "%a+" do words[#words + 1] = word:rep(20) end
        table.sort(words)
        local co = coroutine.wrap(function() coroutine.yield(add(1, 2)) end)
        return { co(), table.concat(words, ","), #list, select(2, load "x x"), tostring(list[3].deep) }]]
end, "module")

call("a script in a sandbox that writes", function(w)
    local box <close>, err = w.flexdb.sandbox.new { db = w.db, tables = { "contacts" } }
    if not box then return nil, err end
    return box:run [[
        local contacts = assert(db:table "contacts")
        local n = 0
        for row in assert(contacts:each { orderBy = { "age" } }) do n = n + row.age end
        assert(db:transaction(function(db)
            return assert(db:table "contacts":insert { id = "n", email = "n@x.org", tags = { n } })
        end))
        local record, err = contacts:insert {}
        assert(not record and err.code == "invalid_record", err)
        return { n, err.code }]]
end)

call("a script in a sandbox that meets its limit", function(w)
    local box <close>, err = w.flexdb.sandbox.new { db = w.db, steps = 20000 }
    if not box then return nil, err end
    return refused("limit", box:run [[
        pcall(db.transaction, db, function(db)
            assert(db:table "contacts":delete "b")
            while true do end
        end)
        while true do end]])
end)

call("close", function(w)
    w.db:close()
    w.db = nil
    return true
end)

return bed
