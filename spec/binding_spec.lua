-- The module itself: handles, the two ways to fail, callbacks, coroutines, and the garbage collector at its worst.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local definition = {
    columns = {
        { name = "email", dataType = "string", required = true, unique = true, validation = { format = "email" } },
        { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
        { name = "notes", dataType = "text" },
        { name = "tags", dataType = "json" },
    },
}

local serial = 0
local function email()
    serial = serial + 1
    return ("u%d@example.org"):format(serial)
end

-- What spec/support/helper.lua has set, after a test with settings of its own.
local function usual_collector()
    if os.getenv "FLEXDB_TEST_GC" == "1" then
        collectgarbage("incremental", 1, 1000, 6)
    else
        collectgarbage("incremental", 200, 100, 13)
    end
end

describe("the module", function()
    it("runs the first example of the contract", function()
        local db <close> = assert(flexdb.open("sqlite::memory:", { application = "crm", actor = "alice" }))
        assert(db:create_table("companies", { columns = { { name = "name", dataType = "string", required = true } } }))
        local contacts = assert(db:create_table("contacts", {
            displayName = "Contacts",
            columns = {
                { name = "email", dataType = "string", required = true, unique = true,
                    validation = { format = "email" } },
                { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
                { name = "balance", dataType = "decimal", validation = { precision = 12, scale = 2 },
                    defaultValue = "0.00" },
                { name = "company", dataType = "reference",
                    validation = { targetTable = "companies", onDelete = "restrict" } },
            },
        }))
        local ada = assert(contacts:insert { email = "ada@example.org", age = 36 })
        assert.equal("0.00", ada.balance)
        local seen = {}
        for row in contacts:each { filter = { age = { gte = 18 } }, orderBy = { "-age" }, limit = 10 } do
            seen[#seen + 1] = row.email
        end
        assert.same({ "ada@example.org" }, seen)
        assert(contacts:evolve(function(t)
            t:rename("age", "years")
            t:add { name = "vip", dataType = "boolean", defaultValue = false }
        end))
        assert.equal(36, assert(contacts:get(ada.id)).years)
        assert.equal(3, assert(contacts:rollback(1)).version)
        assert.equal(36, assert(contacts:get(ada.id)).age)
    end)

    it("says its version, and exports nothing by surprise", function()
        local names = {}
        for name in pairs(flexdb) do names[#names + 1] = name end
        table.sort(names)
        assert.same({ "array", "diff", "doctor", "json", "null", "open", "validate", "validator", "version" }, names)
        assert.truthy(flexdb.version:match "^%d+%.%d+%.%d+$")
    end)

    it("says so when the module for servers is not there", function()
        local kept, searchers, preload = package.loaded["flexdb.mysql"], package.searchers, package.preload
        package.loaded["flexdb.mysql"] = nil
        package.searchers = { function() return "\n\tnot here" end }
        local db, err = flexdb.open "mysql://flex:s3cret@127.0.0.1:1/d"
        package.searchers = { function() return function() error("libmariadb.so.3: cannot open", 0) end end }
        local _, broken = flexdb.open "mysql://flex:s3cret@127.0.0.1:1/d"
        package.searchers, package.preload, package.loaded["flexdb.mysql"] = searchers, preload, kept
        assert.is_nil(db)
        assert.equal("unsupported: mysql: URLs need the module flexdb.mysql: it was left out when FlexDB was built or "
            .. "installed", tostring(err))
        assert.equal("unsupported: mysql: URLs need the module flexdb.mysql: libmariadb.so.3: cannot open",
            tostring(broken))
    end)
end)

describe("handles", function()
    local db, t
    before_each(function()
        db = assert(flexdb.open("sqlite::memory:", { application = "crm", actor = "alice" }))
        t = assert(db:create_table("contacts", definition))
    end)
    after_each(function() db:close() end)

    it("print what they are", function()
        assert.equal("flexdb.database: crm (sqlite)", tostring(db))
        assert.equal("flexdb.table: contacts (version 1)", tostring(t))
        assert.equal("flexdb.rows: open", tostring(select(4, t:each())))
        db:close()
        assert.equal("flexdb.database: closed", tostring(db))
    end)

    it("have fields, and nil for any other name", function()
        assert.same({ "crm", "alice" }, { db.application, db.actor })
        assert.same({ "contacts", 1, "crm" }, { t.name, t.version, t.application })
        assert.is_nil(t.nope)
        assert.is_nil(t[1])
        assert.is_nil(db.nope)
        assert.is_nil(db[true])
    end)

    it("hide their metatables", function()
        assert.equal("flexdb.database", getmetatable(db))
        assert.equal("flexdb.table", getmetatable(t))
        assert.has_error(function() setmetatable(db, {}) end)
    end)

    it("are not mistaken for each other", function()
        for _, call in ipairs {
            function() t.insert(db, {}) end, function() db.table(t, "x") end, function() t.get() end,
            function() db.tables {} end, function() t.count(io.stdout) end, function() db.transaction(t, print) end,
            function() t.insert_many(db, {}) end, function() t.evolve({}, {}) end,
        } do
            assert.has_error(call)
        end
        assert.error_matches(function() t.insert(db, {}) end, "flexdb.table expected, got flexdb.database")
    end)

    it("raise when they are closed, with where", function()
        db:close()
        local calls = {
            function() db:table "contacts" end, function() db:tables() end, function() db:with {} end,
            function() db:create_table("x", definition) end, function() db:drop_table "x" end,
            function() db:restore_table "x" end, function() db:rename_table("x", "y") end,
            function() db:transaction(print) end,
            function() t:insert { email = "a@b.cd" } end, function() t:insert {} end, function() t:get "x" end,
            function() t:get_many { "x" } end, function() t:first() end, function() t:find() end,
            function() t:count() end, function() t:each() end, function() t:update("x", {}) end,
            function() t:update_all({}, {}) end, function() t:upsert({ email = "a@b.cd" }, { on = "email" }) end,
            function() t:delete "x" end, function() t:restore "x" end, function() t:delete_all {} end,
            function() t:insert_many {} end, function() t:insert_many { { email = "a@b.cd" } } end,
            function() t:schema() end, function() t:evolve {} end, function() t:history() end,
            function() t:diff(1, 1) end, function() t:rollback(1) end,
        }
        for i, call in ipairs(calls) do
            local ok, why = pcall(call)
            assert.is_false(ok, i)
            assert.is_string(why, i)
            assert.truthy(why:find("closed", 1, true), i .. ": " .. why)
        end
        assert.truthy(select(2, pcall(calls[9])):find("binding_spec", 1, true))
    end)

    it("close views without their connection, and with it", function()
        local view = assert(db:with { actor = "bob" })
        assert.same({ "crm", "bob" }, { view.application, view.actor })
        local again = assert(view:table "contacts")
        view:close()
        view:close()
        assert.error_matches(function() view:tables() end, "closed")
        assert.error_matches(function() again:count() end, "closed")
        assert.equal(0, t:count())
        local other = assert(db:with {})
        db:close()
        assert.error_matches(function() other:tables() end, "closed")
    end)

    it("live as long as what came from them", function()
        local function open()
            return assert(assert(flexdb.open "sqlite::memory:"):with { application = "x" })
                :create_table("y", definition)
        end
        local orphan = assert(open())
        collectgarbage()
        collectgarbage()
        assert(orphan:insert { email = "a@b.cd" })
        local iterate = orphan:each()
        orphan = nil -- luacheck: ignore
        collectgarbage()
        collectgarbage()
        assert.equal("a@b.cd", iterate().email)
    end)
end)

describe("arguments and options", function()
    local db, t
    setup(function()
        db = assert(flexdb.open "sqlite::memory:")
        t = assert(db:create_table("t", definition))
    end)
    teardown(function() db:close() end)

    for _, case in ipairs {
        { "a number for a URL", function() flexdb.open(1) end,
            "bad argument #1 to 'open' (string expected, got number)" },
        { "an unknown option of open", function() flexdb.open("sqlite::memory:", { aplication = "x" }) end,
            "bad argument #2 to 'open' (there is no option 'aplication')" },
        { "a wrong type of an option", function() flexdb.open("sqlite::memory:", { timeout = "1" }) end,
            "bad argument #2 to 'open' (option 'timeout' must be a number, is a string)" },
        { "a timeout that is none", function() flexdb.open("sqlite::memory:", { timeout = 0 / 0 }) end,
            "option 'timeout' must be a number of seconds of at least 0" },
        { "a NUL in an option", function() flexdb.open("sqlite::memory:", { actor = "a\0b" }) end,
            "option 'actor' must not hold a NUL byte" },
        { "options that are no table", function() flexdb.open("sqlite::memory:", true) end,
            "bad argument #2 to 'open' (table expected, got boolean)" },
        { "a number for an option's name", function() db:tables { true } end,
            "bad argument #1 to 'tables' (an option's name must be a string, is a number)" },
        { "an unknown option of a method", function() t:update("x", {}, { versoin = 1 }) end,
            "bad argument #3 to 'update' (there is no option 'versoin')" },
        { "version 0", function() t:update("x", {}, { version = 0 }) end,
            "bad argument #3 to 'update' (option 'version' must be at least 1, is 0)" },
        { "a version that is no integer", function() t:delete("x", { version = 1.5 }) end,
            "bad argument #2 to 'delete' (option 'version' must be an integer, is a number)" },
        { "no record", function() t:insert() end, "bad argument #1 to 'insert' (table expected, got no value)" },
        { "a text for a query", function() t:find "x" end, "bad argument #1 to 'find' (table expected, got string)" },
        { "a number for an id", function() t:get(7) end, "bad argument #1 to 'get' (string expected, got number)" },
        { "upsert without its column", function() t:upsert { email = "a@b.cd" } end,
            "bad argument #2 to 'upsert' (option 'on' must name a unique column)" },
        { "ids that are none", function() t:get_many { 1 } end,
            "bad argument #1 to 'get_many' (ids must be an array of strings)" },
        { "ids with a hole", function() t:get_many { "a", nil, "b" } end,
            "bad argument #1 to 'get_many' (ids must be an array" },
        { "a policy that is not there", function() t:insert_many({}, { on_error = "maybe" }) end,
            "bad argument #2 to 'insert_many' (option 'on_error' must be 'stop' or 'skip', is 'maybe')" },
        { "a negative number of errors", function() t:insert_many({}, { max_errors = -1 }) end,
            "bad argument #2 to 'insert_many' (option 'max_errors' must be an integer of at least 0, is -1)" },
        { "ids with a hole", function() t:get_many { [0] = "x", "a", nil, "c" } end,
            "bad argument #1 to 'get_many' (ids must be an array without holes)" },
        { "a number for records", function() t:insert_many(5) end,
            "bad argument #1 to 'insert_many' (table or function expected, got number)" },
        { "a text for a function", function() db:transaction "x" end,
            "bad argument #1 to 'transaction' (function expected, got string)" },
        { "a text for changes", function() t:evolve "x" end,
            "bad argument #1 to 'evolve' (table or function expected, got string)" },
        { "an unknown policy of evolve", function() t:evolve({}, { on_invalid = "drop" }) end,
            "option 'on_invalid' must be 'stop', 'ignore' or 'null', is 'drop'" },
        { "a version that is none", function() t:evolve({}, { expect_version = 0 }) end,
            "bad argument #2 to 'evolve' (option 'expect_version' must be an integer of at least 1, is 0)" },
        { "a text for a version", function() t:rollback "1" end,
            "bad argument #1 to 'rollback' (number expected, got string)" },
        { "a fraction for a version", function() t:rollback(1.5) end, "a version must be an integer, is 1.5" },
        { "a builder without a column", function() t:evolve(function(c) c:add() end) end,
            "bad argument #1 to 'add' (table expected, got no value)" },
        { "a builder with an unknown place", function() t:evolve(function(c) c:move("age", { before = "x" }) end) end,
            "bad argument #2 to 'move' (there is no option 'before')" },
    } do
        it("raise for " .. case[1], function()
            local ok, why = pcall(case[2])
            assert.is_false(ok)
            assert.truthy(why:find(case[3], 1, true), why)
            assert.truthy(why:find("binding_spec.lua:", 1, true), why)
        end)
    end

    it("are read raw", function()
        local hidden = setmetatable({}, { __index = { hard = true, on = "email" }, __pairs = error })
        assert.has_error(function() t:upsert({ email = "a@b.cd" }, hidden) end)
        assert.equal(0, t:count(setmetatable({}, { __index = { limit = "x" }, __pairs = error })))
    end)
end)

describe("errors", function()
    local db, t
    setup(function()
        db = assert(flexdb.open "sqlite::memory:")
        t = assert(db:create_table("contacts", definition))
        assert(db:create_table("orders", { columns = {
            { name = "contact", dataType = "reference", validation = { targetTable = "contacts" } } } }))
    end)
    teardown(function() db:close() end)

    for _, case in ipairs {
        { "invalid_schema", function() return db:create_table("x", { columns = { { name = "A" } } }) end },
        { "invalid_schema", function() return t:evolve { { op = "remove_column", name = "nope" } } end },
        { "invalid_schema", function() return t:evolve { op = "remove_column", name = "age" } end },
        { "invalid_record", function() return t:insert { age = -1 } end },
        { "invalid_record", function() return t:insert_many { email = "a@b.cd" } end },
        { "invalid_query", function() return t:find { filter = { nope = 1 } } end },
        { "invalid_query", function() return t:each { limit = -1 } end },
        { "invalid_query", function() return t:count { filter = { age = print } } end },
        { "invalid_query", function() return t:update_all({ all = "yes" }, { age = 1 }) end },
        { "invalid_query", function() return t:delete_all() end },
        { "invalid_document", function() return flexdb.json.decode "{" end },
        { "invalid_document", function() return flexdb.open "postgres:x" end },
        { "exists", function() return db:create_table("contacts", definition) end },
        { "not_found", function() return db:table "nobody" end },
        { "not_found", function() return t:delete "nobody" end },
        { "conflict", function()
            local row = assert(t:insert { email = email() })
            return t:update(row.id, { age = 1 }, { version = 7 })
        end },
        { "duplicate", function()
            local row = assert(t:insert { email = email() })
            return t:insert { email = row.email }
        end },
        { "reference", function() return assert(db:table "orders"):insert { contact = "nobody" } end },
        { "unsupported", function() return t:aggregate {} end },
        { "unsupported", function() return db:backup "x" end },
    } do
        it("are objects: " .. case[1], function()
            local value, err = case[2]()
            assert.is_nil(value)
            assert.equal(case[1], err.code)
            assert.is_string(err.message)
            assert.is_table(err.issues)
            assert.is_boolean(err.retryable)
            assert.equal(err.code .. ": " .. err.message, tostring(err))
            assert.is_nil(tostring(err):find "\n")
            assert.equal("flexdb.error", getmetatable(err).__name)
            for _, issue in ipairs(err.issues) do
                assert.is_string(issue.path)
                assert.is_string(issue.rule)
                assert.is_string(issue.message)
            end
        end)
    end

    it("print whatever a script has made of them", function()
        local _, err = t:insert {}
        err.code, err.message = nil, {}
        assert.equal("internal: an error without a message", tostring(err))
    end)

    it("decode what was expected and got", function()
        local _, err = t:insert { email = "a@b.cd", age = 151 }
        assert.same({
            { path = "age", rule = "max", message = "must be at most 150, is 151", expected = 150, got = 151 },
        }, err.issues)
    end)

    it("name each call that is not built yet", function()
        for name, call in pairs {
            ["db:backup"] = function() return db:backup "x" end,
            ["table:aggregate"] = function() return t:aggregate {} end,
            ["table:explain"] = function() return t:explain {} end,
        } do
            local value, err = call()
            assert.is_nil(value)
            assert.equal(("unsupported: %s is not built yet in FlexDB %s"):format(name, flexdb.version), tostring(err))
        end
    end)
end)

engines.each(function(engine)
    describe("reading and writing", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("contacts", definition))
        end)
        after_each(function() db:close() end)

        local function fill(count)
            for i = 1, count do assert(t:insert { email = email(), age = i }) end
        end

        it("pages with next, which is absent on the last page", function()
            fill(5)
            local page = assert(t:find { orderBy = { "age" }, limit = 2 })
            assert.is_string(page.next)
            local seen = {}
            local after
            repeat
                page = assert(t:find { orderBy = { "age" }, limit = 2, after = after })
                for _, row in ipairs(page) do seen[#seen + 1] = row.age end
                after = page.next
            until not after
            assert.same({ 1, 2, 3, 4, 5 }, seen)
            assert.is_nil(assert(t:find { limit = 5 }).next)
            assert.is_nil(assert(t:find()).next)
        end)

        it("takes first with and without a limit of its own", function()
            fill(3)
            assert.equal(3, assert(t:first { orderBy = { "-age" } }).age)
            assert.equal(2, assert(t:first { orderBy = { "-age" }, offset = 1 }).age)
            assert.equal(1, assert(t:first { limit = 2, orderBy = { "age" } }).age)
            assert.is_nil(t:first { limit = 0 })
            assert.is_nil((t:first { filter = { age = 99 } }))
            assert.equal("invalid_query", select(2, t:first { limit = "x" }).code)
            assert.equal("invalid_query", select(2, t:first { nope = 1 }).code)
        end)

        it("takes many ids in their order, twice when asked twice", function()
            local a, b = assert(t:insert { email = email() }), assert(t:insert { email = email() })
            local rows = assert(t:get_many { b.id, "nobody", a.id, b.id })
            assert.same({ b.id, a.id, b.id }, { rows[1].id, rows[2].id, rows[3].id })
            local ids = {}
            for i = 1, 1500 do ids[i] = i % 2 == 0 and a.id or "none" .. i end
            assert.equal(750, #assert(t:get_many(ids)))
        end)

        it("accepts all in the query and in the options", function()
            fill(2)
            assert.equal(2, assert(t:update_all({ all = true }, { age = 5 })))
            assert.equal(2, assert(t:update_all({}, { age = 6 }, { all = true })))
            assert.equal(2, assert(t:update_all(nil, { age = 7 }, { all = true })))
            assert.equal("invalid_query", select(2, t:update_all(nil, { age = 7 })).code)
            assert.equal("invalid_query", select(2, t:update_all({ all = false }, { age = 7 })).code)
            assert.equal("invalid_query", select(2, t:find { all = true }).code)
            assert.equal(2, assert(t:delete_all({}, { all = true, hard = true })))
        end)

        it("closes a loop that is left, and reads on in none that has ended", function()
            fill(3)
            local kept
            for row, _ in t:each() do -- luacheck: ignore
                kept = row
                break
            end
            assert.is_table(kept)
            local iterate, _, _, rows = t:each()
            while iterate() do end
            assert.is_nil(iterate())
            rows:close()
            assert.is_nil(iterate())
            iterate, _, _, rows = t:each()
            assert.is_table(iterate())
            rows:close()
            assert.is_nil(iterate())
            assert.equal("flexdb.rows: closed", tostring(rows))
        end)

        it("judges only what an update gives, unknown names beside it", function()
            local row = assert(t:insert { email = email(), age = 1 })
            local _, err = t:update(row.id, { nope = 1, age = -1 })
            assert.equal(2, #err.issues)
            assert.equal("age: must be at least 0, is -1; nope: there is no column \"nope\"", err.message)
            _, err = t:update_all({ all = true }, { nope = 1 })
            assert.equal('nope: there is no column "nope"', err.message)
        end)

        it("reports bad records of a batch by their index, holes and other values too", function()
            local result = assert(t:insert_many({
                { email = email() }, { email = "x" }, 7, { email = email(), nope = 1 }, nil, { email = email() },
            }, { on_error = "skip", max_errors = 3 }))
            assert.equal(2, result.inserted)
            assert.equal(3, #result.errors)
            assert.equal(4, result.error_count)
            local messages = {}
            for i, err in ipairs(result.errors) do
                messages[i] = err.message
                assert.equal("flexdb.error", getmetatable(err).__name)
            end
            assert.same({
                'record 2: email: must be an email address, is "x"',
                "record 3: a record must be a table, is a number",
                'record 4: nope: there is no column "nope"',
            }, messages)
            local _, err = t:insert_many { { email = email() }, nil, { email = email() } }
            assert.equal(2, err.issues[1].index)
            assert.equal(2, t:count())
        end)

        it("tells progress every 1000 records and at the end, once", function()
            local told = {}
            local function on_progress(n) told[#told + 1] = n end
            local function records(count)
                local i = 0
                return function()
                    i = i + 1
                    return i <= count and { email = email() } or nil
                end
            end
            assert(t:insert_many(records(2000), { on_progress = on_progress }))
            assert(t:insert_many(records(1), { on_progress = on_progress }))
            assert.same({ 1000, 2000, 1 }, told)
            local ok, why = pcall(t.insert_many, t, records(1000), { on_progress = function() error("enough", 0) end })
            assert.same({ false, "enough" }, { ok, why })
            assert.equal(2001, t:count())
            -- also in the call at the end: nothing is committed before
            ok, why = pcall(t.insert_many, t, records(7), { on_progress = function() error("late", 0) end })
            assert.same({ false, "late" }, { ok, why })
            assert.equal(2001, t:count())
        end)

        it("yields out of the functions it is given", function()
            local thread = coroutine.wrap(function()
                local i = 0
                local result = assert(t:insert_many(function()
                    i = i + 1
                    coroutine.yield("record", i)
                    if i <= 2 then return { email = email() } end
                end, { on_progress = function(n) coroutine.yield("progress", n) end }))
                local ok = db:transaction(function() return coroutine.yield "inside" end)
                coroutine.yield("end", result.inserted, ok)
                for row in t:each() do coroutine.yield("row", row.email ~= nil) end
            end)
            assert.same({ "record", 1 }, { thread() })
            assert.same({ "record", 2 }, { thread() })
            assert.same({ "record", 3 }, { thread() })
            assert.same({ "progress", 2 }, { thread() })
            assert.same({ "inside" }, { thread() })
            assert.same({ "end", 2, "sent" }, { thread "sent" })
            assert.same({ "row", true }, { thread() })
        end)

        it("undoes what a coroutine has begun when that is closed", function()
            local thread = coroutine.create(function()
                db:transaction(function()
                    assert(t:insert { email = email() })
                    db:transaction(function()
                        assert(t:insert { email = email() })
                        coroutine.yield()
                    end)
                end)
            end)
            assert(coroutine.resume(thread))
            assert.equal(2, t:count())
            assert(coroutine.close(thread))
            assert.equal(0, t:count())
            assert(db:transaction(function() assert(t:insert { email = email() }) end))
            assert.equal(1, t:count())
        end)

        it("refuses transactions that cross each other", function()
            local inner = coroutine.wrap(function() db:transaction(coroutine.yield) end)
            local ok, why = pcall(db.transaction, db, function()
                assert(t:insert { email = email() })
                inner()
            end)
            assert.is_false(ok)
            assert.equal("a transaction that was begun inside this one is still open", why)
            assert.equal(0, t:count())
            assert.error_matches(inner, "the transaction has ended before its function did")
            assert(t:insert { email = email() })
        end)

        it("raises what a transaction raised, whatever that is, where it was raised", function()
            for _, value in ipairs { "text", 7, { mark = true }, false } do
                local ok, why = pcall(db.transaction, db, function()
                    assert(t:insert { email = email() })
                    error(value, 0)
                end)
                assert.same({ false, value }, { ok, why })
            end
            local _, trace = xpcall(db.transaction, debug.traceback, db, function() error "deep inside" end)
            assert.truthy(trace:find("binding_spec", 1, true))
            assert.equal(0, t:count())
            assert.is_true(db:transaction(function() end))
        end)

        it("survives a collector that never rests", function()
            fill(5)
            local function work()
                for i = 1, 30 do
                    local address = email()
                    local row = assert(t:insert { email = address, age = i, notes = ("n"):rep(60) .. i,
                        tags = { i, "tag" .. i, { deep = { i } } } })
                    assert.same(row, assert(t:get(row.id)))
                    assert.equal("n" .. i, row.notes:sub(-1 - #tostring(i)))
                    local _, err = t:insert { email = "x" .. i, nope = i, tags = { print }, [i] = i }
                    assert.equal(4, #err.issues)
                    for each in t:each { limit = 3 } do assert.is_string(each.email) end
                    assert.equal(i, #assert(t:find { filter = { age = { gte = 1 }, notes = { isNull = false } } }))
                    assert.same({ i, { a = { "x" } } }, flexdb.json.decode(flexdb.json.encode { i, { a = { "x" } } }))
                end
                assert.equal(35, t:count())
            end
            collectgarbage "generational"
            local count = 0
            debug.sethook(function()
                count = count + 1
                if count % 50 == 0 then collectgarbage() else collectgarbage("step", 0) end
            end, "", 23)
            local ok, why = pcall(work)
            debug.sethook()
            usual_collector()
            assert.is_true(ok, why)
        end)

        it("keeps finalizers out while it hands over a record, and lets them in otherwise", function()
            -- Much to hand over, so that the collector comes by while it lasts.
            local tags = {}
            for i = 1, 50 do tags[i] = { { i } } end
            local row = assert(t:insert { email = email(), age = 1, notes = ("x"):rep(100), tags = tags })
            local let_in, kept_out, other = 0, 0, nil
            local victim = {} -- what a hostile finalizer pulls from under the insert
            local function litter()
                setmetatable({}, { __gc = function()
                    victim.notes, victim.tags, victim.email = nil, nil, nil
                    local ok, why = pcall(t.get, t, row.id)
                    if ok then
                        let_in = let_in + 1
                    elseif tostring(why):find("a finalizer cannot use flexdb", 1, true) then
                        kept_out = kept_out + 1
                    else
                        other = why
                    end
                end })
            end
            collectgarbage("incremental", 200, 100, 13)
            for i = 1, 3000 do
                for _ = 1, 5 do litter() end
                local notes = ("y"):rep(200) .. i
                victim = { email = email(), age = i % 100, notes = notes, tags = { "z" .. i } }
                local stored = assert(t:insert(victim))
                assert.equal(notes, stored.notes)
                assert.equal("z" .. i, stored.tags[1])
                assert.equal(100, #assert(t:get(row.id)).notes)
                if i % 3 == 0 then t:insert { nope = i } end
                if engine.server and i >= 300 and let_in > 0 and kept_out > 0 then break end
            end
            collectgarbage()
            usual_collector()
            assert.is_nil(other)
            assert.is_table(victim)
            assert.is_true(let_in > 0)
            assert.is_true(kept_out > 0)
        end)
    end)
end)
