-- What a sandboxed script may do with the handles that it is given, and what it may not.

local engines = require "spec.support.engines"
local flexdb = require "flexdb"

engines.each(function(engine) describe("sandboxed scripts", function()
    local db, notes, secrets

    before_each(function()
        db = assert(engine.open())
        notes = assert(db:create_table("notes", { columns = {
            { name = "title", dataType = "string", required = true, unique = true },
            { name = "n", dataType = "integer" }, { name = "tags", dataType = "json" },
        } }))
        secrets = assert(db:create_table("secrets", { columns = { { name = "word", dataType = "string" } } }))
        assert(notes:insert_many {
            { id = "a", title = "first", n = 1, tags = { "x" } }, { id = "b", title = "second", n = 2 },
        })
        assert(secrets:insert { id = "s", word = "hush" })
    end)
    after_each(function() db:close() end)

    -- Runs a text in a sandbox of its own.
    local function run(text, given)
        given = given or {}
        given.db = given.db or db
        given.seconds = given.seconds or 20
        local box <close> = assert(flexdb.sandbox.new(given))
        return box:run(text, "script.lua")
    end

    -- The error of a text that must fail.
    local function why(text, given)
        local result, err = run(text, given)
        assert.is_nil(result)
        assert.is_not_nil(err)
        return tostring(err)
    end

    it("read, write and evolve as the host does", function()
        assert.equal(true, (run [[
            local notes = assert(db:table "notes")
            assert(notes.name == "notes" and notes.version == 1 and db.application == notes.application)
            local made = assert(notes:insert { title = "third", n = 3, tags = { { deep = flexdb.null } } })
            assert(notes:get(made.id).tags[1].deep == flexdb.null)
            assert(notes:update(made.id, { n = 4, tags = flexdb.null }, { version = 1 })._version == 2)
            assert(#notes:find { filter = { n = { gte = 2 } }, orderBy = { "-n" } } == 2)
            assert(#notes:find() == 3 and notes:count() == 3 and #notes:get_many { "a", "b", "z" } == 2)
            local titles = {}
            for row in notes:each { orderBy = { "title" } } do
                titles[#titles + 1] = row.title
                assert(notes:update(row.id, { n = 0 }))
            end
            assert(table.concat(titles, " ") == "first second third")
            local record, what = notes:upsert({ title = "third", n = 9 }, { on = "title" })
            assert(record.n == 9 and what == "updated")
            assert(notes:evolve(function(t)
                t:rename("n", "number"):add { name = "vip", dataType = "boolean", defaultValue = false }
            end))
            assert(notes.version == 2 and #notes:history() == 2 and notes:at(1):get "a".n == 0)
            assert(notes:rollback(1).version == 3)
            assert(notes:delete(made.id) and notes:restore(made.id) and notes:delete_all({}, { all = true }) == 3)
            local made_table = assert(db:create_table("others", notes:schema()))
            assert(made_table.name == "others" and #db:tables() == 3)
            assert(db:rename_table("others", "more") and db:drop_table "more")
            return true]]))
        assert.equal(0, notes:count())
    end)

    it("get errors as the host does, and can hand them on", function()
        assert.same({ "invalid_record", "invalid_record: title: is required", "title", "required" }, { run [[
            local record, err = db:table "notes":insert {}
            assert(record == nil)
            return err.code, tostring(err), err.issues[1].path, err.issues[1].rule]] })
        assert.equal("1: invalid_record: title: is required", (run [[
            local _, err = db:table "notes":insert {}
            return 1 .. ": " .. err]]))
        local result, err = run "return db:table 'notes':insert { title = 'first' }"
        assert.is_nil(result)
        assert.equal("duplicate", err.code)
        result, err = run "assert(db:table 'notes':insert { title = 'first' })"
        assert.is_nil(result)
        assert.equal("duplicate", err.code)
        assert.is_table(err.issues)
    end)

    it("get plans that print, and evolve with them", function()
        assert.equal(2, (run [[
            local notes = db:table "notes"
            local plan = assert(notes:plan { { op = "add_column", column = { name = "k", dataType = "text" } } })
            assert(tostring(plan):find('Plan for evolving table "notes" from version 1', 1, true), tostring(plan))
            assert(notes:evolve(plan))
            return notes.version]]))
    end)

    it("raise mistakes at their own line", function()
        assert.equal("invalid_document: script.lua:2: bad argument #1 to 'insert' (table expected, got number)",
            why "\ndb:table 'notes':insert(5)")
        assert.equal("invalid_document: script.lua:1: "
            .. "calling 'table' on bad self (flexdb.database expected, got no value)",
            why "db.table()")
        assert.equal("invalid_document: script.lua:1: "
            .. "calling 'get' on bad self (flexdb.table expected, got flexdb.database)",
            why "local get = db:table 'notes'.get get(db, 'a')")
        local mistake = why "db:table 'notes':evolve(function(t) t:add(1) end)"
        assert.is_truthy(mistake:find("table expected, got number", 1, true), mistake)
    end)

    it("have transactions, which roll back when they raise", function()
        assert.equal("invalid_document: script.lua:3: no", why [[
            db:transaction(function(db)
                assert(db:table "notes":insert { title = "lost" })
                error "no"
            end)]])
        assert.equal(2, notes:count())
        assert.same({ "done", 3 }, { run [[
            return db:transaction(function(db, title)
                assert(db:table "notes":insert { title = title })
                assert(not pcall(db.transaction, db, function() db:table "notes":insert { title = "x" } error {} end))
                return "done", db:table "notes":count()
            end, "kept")]] })
        assert.equal(3, notes:count())
    end)

    for limit, text in next, { seconds = "while true do end", memory = "local t = {} while true do t[#t + 1] = {} end",
        steps = "table.move({}, 1, 1 << 60, 2)" } do
        it("lose their transaction at the limit of " .. limit, function()
            local _, err = run([[
                coroutine.wrap(function()
                    pcall(db.transaction, db, function(db)
                        assert(db:table "notes":insert { title = "lost" })
                        pcall(db.transaction, db, function() ]] .. text .. [[ end)
                    end)
                end)()
                return "went on"]],
                { seconds = limit == "seconds" and 0.5 or 60, steps = limit ~= "steps" and 1 << 50 or nil })
            assert.same({ "limit", limit }, { err.code, err.limit })
            assert.equal(2, notes:count())
            assert(notes:insert { title = "after" })
        end)
    end

    it("begin transactions in transactions until Lua has enough of it, and nothing is left of them", function()
        local depth, message = run [[
            local depth = 0
            local function deeper(db)
                depth = depth + 1
                assert(db:table "notes":insert { title = "deep" .. depth })
                return db:transaction(deeper)
            end
            local good, err = pcall(db.transaction, db, deeper)
            assert(not good)
            return depth, tostring(err)]]
        assert.is_true(depth > 5, depth)
        assert.is_truthy(message:find("C stack overflow", 1, true), message)
        assert.equal(2, notes:count())
        assert.equal("limit", select(2, run([[
            local function deeper(db)
                return db:transaction(deeper) or (function() while true do end end)()
            end
            pcall(deeper, db)
            while true do end]], { seconds = 0.5, steps = 1 << 50 })).code)
    end)

    it("are rolled back with the host's own transaction", function()
        local result, err = db:transaction(function(within)
            assert(within:table("notes"):insert { title = "before" })
            return run("assert(db:table 'notes':insert { title = 'in' }) while true do end",
                { db = within, seconds = 0.3 })
        end)
        assert.is_nil(result)
        assert.equal("limit", err.code)
        assert.equal(2, notes:count())
    end)

    it("insert what a function gives, one after the other", function()
        assert.same({ 3000, 3 }, { run [[
            local steps = 0
            local result = assert(db:table "notes":insert_many(coroutine.wrap(function()
                for i = 1, 3000 do coroutine.yield { title = "r" .. i } end
            end), { on_progress = function() steps = steps + 1 end }))
            return result.inserted, steps]] })
        assert.equal("limit", select(2, run([[
            db:table "notes":insert_many(function() while true do end end)]], { seconds = 0.3 })).code)
        assert.equal(3002, notes:count())
    end)

    it("leave no result open", function()
        assert.equal(1, (run "local step = db:table 'notes':each() step() return 1"))
        assert.equal(200, (run [[
            local n = 0
            for _ = 1, 200 do for _ in db:table "notes":each() do n = n + 1 break end end
            return n]]))
        assert.equal("limit: a script reads at most 64 results at the same time", why [[
            local steps = {}
            for i = 1, 65 do steps[i] = assert(db:table "notes":each()) end]])
        assert(notes:evolve { { op = "add_column", column = { name = "x", dataType = "text" } } })
    end)

    it("hold as many handles as they like, but not at once", function()
        assert.equal(1, (run "for _ = 1, 5000 do local _ = db:table 'notes' end return 1"))
        assert.equal("limit: the script holds more than 1024 of the host's values",
            why "local held = {} for i = 1, 1100 do held[i] = db:table 'notes' end")
    end)

    it("get no more than they have room for", function()
        local many = {}
        for i = 1, 300 do many[i] = { title = "long" .. i, tags = { ("x"):rep(10000) } } end
        assert(notes:insert_many(many))
        local small = { memory = 2 << 20 }
        assert.equal("limit: the records take more memory than the script has for them: use each, or a limit",
            why("return assert(db:table 'notes':find())", small))
        small = { memory = 2 << 20 }
        assert.equal(302, (run("local n = 0 for _ in db:table 'notes':each() do n = n + 1 end return n", small)))
        assert.equal("limit: a script gets at most 10000 records a page, limit is 10001",
            why "return db:table 'notes':find { limit = 10001 }")
        assert.equal("limit: a script gets at most 10000 records at once, asks for 10001",
            why "local ids = {} for i = 1, 10001 do ids[i] = 'a' end return db:table 'notes':get_many(ids)")
        assert.equal("limit: a script decodes at most 1048576 bytes of JSON at once, got 1048577",
            why "return flexdb.json.decode((' '):rep(1048577))")
    end)

    it("cannot close, back up or look at the database, nor change its application", function()
        assert.same({}, { run [[
            local notes = db:table "notes"
            return db.close, db.backup, db.with, db.anything, notes.explain, notes.close, notes.shaped,
                getmetatable(db).__index, getmetatable(notes).__gc]] })
        assert.equal("flexdb.database", (run "return getmetatable(db)"))
        assert.equal("invalid_document: script.lua:1: "
            .. "bad argument #1 to 'setmetatable' (table expected, got flexdb.database)",
            why "setmetatable(db, {})")
        assert.equal("invalid_document: script.lua:1: attempt to index a flexdb.database value (global 'db')",
            why "db.close = 1")
    end)

    it("hand the host its own handles back", function()
        assert.equal("flexdb.table", getmetatable((run "return db:table 'notes'")))
    end)

    describe("that may only read", function()
        local function readonly() return { read_only = true } end

        it("read", function()
            assert.same({ 2, 2, "first", 1 }, { run([[
                local notes = db:table "notes"
                local n = 0
                for _ in notes:each() do n = n + 1 end
                return n, #notes:find(), notes:get "a".title, #notes:history()]], readonly()) })
        end)

        for _, call in ipairs {
            "db:create_table('x', { columns = {} })", "db:drop_table 'notes'", "db:restore_table 'notes'",
            "db:rename_table('notes', 'x')", "db:apply({})", "db:transaction(function() end)",
            "notes:insert { title = 'x' }", "notes:insert_many {}", "notes:update('a', { n = 1 })",
            "notes:update_all({}, { n = 1 }, { all = true })", "notes:upsert({ title = 'first' }, { on = 'title' })",
            "notes:delete 'a'", "notes:delete_all({}, { all = true })", "notes:restore 'a'", "notes:evolve {}",
            "notes:rollback(1)", "notes:purge { keep_versions = 1 }",
        } do
            it("have no " .. call, function()
                assert.equal("read_only: the script may only read",
                    why("local notes = db:table 'notes' return " .. call, readonly()))
            end)
        end

        it("cannot write through a view", function()
            assert.is_nil(run("return db:table 'notes':at(1).insert", readonly()))
        end)
    end)

    describe("limited to named tables", function()
        local function only(...) return { tables = { ... } } end

        it("see these alone", function()
            assert.same({ 1, "notes" }, { run("local t = db:tables() return #t, t[1].name", only "notes") })
            assert.equal('not_found: there is no table "secrets" for this script',
                why("return db:table 'secrets'", only "notes"))
            assert.equal('not_found: there is no table "none" for this script',
                why("return db:table 'none'", only "notes"))
        end)

        for _, call in ipairs {
            "db:drop_table 'secrets'", "db:restore_table 'secrets'", "db:rename_table('secrets', 'notes')",
            "db:rename_table('notes', 'secrets')", "db:create_table('secrets', { columns = {} })",
            "db:apply { secrets = { columns = {} } }", "db:apply { { name = 'secrets', columns = {} } }",
            "db:apply { notes = { columns = {}, renamedFrom = 'secrets' } }",
            [[notes:evolve { { op = "add_column", column = { name = "r", dataType = "reference",
                validation = { targetTable = "secrets" } } } }]],
            [[notes:evolve(function(t) t:add { name = "r", dataType = "reference",
                validation = { targetTable = "secrets" } } end)]],
            [[notes:plan { { op = "add_column", column = { name = "r", dataType = "reference",
                validation = { targetTable = "secrets" } } } }]],
            [[db:create_table("free", { columns = { { name = "r", dataType = "reference",
                validation = { targetTable = "secrets" } } } })]],
            [[db:apply { free = { columns = { { name = "r", dataType = "reference",
                validation = { targetTable = "secrets" } } } } }]],
        } do
            it("have no " .. call, function()
                assert.equal('not_found: there is no table "secrets" for this script',
                    why("local notes = db:table 'notes' return " .. call, only("notes", "free")))
                assert.equal(1, secrets:count())
            end)
        end

        it("cannot name a table by its id", function()
            assert(db:drop_table "secrets")
            local err = why(("return db:restore_table(%q)"):format(secrets.id), only "notes")
            assert.is_truthy(err:find("not_found", 1, true), err)
        end)

        it("cannot drop the others by leaving them out", function()
            assert.equal("read_only: a script that is limited to named tables cannot drop the others",
                why("return db:apply({ notes = db:table 'notes':schema() }, { drop = true })", only "notes"))
        end)

        it("read no other table by a reference", function()
            assert(notes:evolve { { op = "add_column", column = { name = "secret", dataType = "reference",
                validation = { targetTable = "secrets" } } } })
            assert(notes:update("a", { secret = "s" }))
            assert.equal("s", (run("return db:table 'notes':get 'a'.secret", only "notes")))
            for _, call in ipairs { "find", "first", "count", "each" } do
                assert.equal("unsupported: include is not there for a script that is limited to named tables",
                    why("return db:table 'notes':" .. call .. " { include = { 'secret' } }", only "notes"))
            end
        end)

        it("do not learn which table stands in the way", function()
            assert(secrets:evolve { { op = "add_column", column = { name = "note", dataType = "reference",
                validation = { targetTable = "notes" } } } })
            assert(secrets:update("s", { note = "a" }))
            assert.equal("reference: a reference stands in the way, or its record does not exist",
                why("return db:table 'notes':delete 'a'", only "notes"))
            assert.equal("reference: a reference stands in the way, or its record does not exist",
                why("return db:drop_table 'notes'", only "notes"))
        end)

        it("make, rename and drop their own", function()
            assert.equal(true, (run([[
                assert(db:create_table("free", { columns = {} }))
                assert(db:rename_table("free", "other"))
                assert(db:drop_table "other")
                return true]], only("free", "other"))))
        end)
    end)

    it("see no file, no process and no other script", function()
        assert.same({}, { run "shared = 1 return io, os.execute, require, package" })
        assert.is_nil(run "return shared")
    end)
end) end)
