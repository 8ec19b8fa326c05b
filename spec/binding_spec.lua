-- The module itself: what it exports, handles, arguments and options, errors.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local people = require "spec.support.contacts"

local definition <const>, email <const> = people.definition, people.email

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

    it("say true when they are closed, again and again", function()
        local rows, box = select(4, t:each()), flexdb.sandbox.new()
        for _ = 1, 2 do
            for _, handle in ipairs { rows, db, box } do assert.is_true((assert(handle:close()))) end
        end
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

    it("cost little where each call makes its own", function()
        local own <close> = assert(flexdb.open "sqlite::memory:")
        local columns = {}
        for i = 1, 100 do columns[i] = { name = "c" .. i, dataType = "integer" } end
        local kept = assert(own:create_table("wide", { columns = columns }))
        local id = assert(kept:insert { c1 = 1 }).id
        collectgarbage "collect"
        collectgarbage "stop"
        local before, sum = collectgarbage "count", 0
        for _ = 1, 100 do sum = sum + own:table "wide":get(id).c1 end
        local grown = collectgarbage "count" - before
        collectgarbage "restart"
        -- The table that turns a hundred names into fields takes more than 6 KiB.
        assert.equal(100, sum)
        assert.is_true(grown < 200, ("%.0f KiB for 100 calls"):format(grown))
    end)

    it("that come after a change of the definition know of it", function()
        local own <close> = assert(flexdb.open "sqlite::memory:")
        local first = assert(own:create_table("notes", { columns = { { name = "text", dataType = "string" } } }))
        local id = assert(first:insert { text = "one" }).id
        for i = 1, 20 do
            assert(first:evolve(function(c) c:rename(i == 1 and "text" or "text" .. i - 1, "text" .. i) end))
            assert.equal("one", assert(own:table "notes"):get(id)["text" .. i])
            collectgarbage "collect"
        end
    end)

    it("can be used by finalizers that run when the Lua state closes", function()
        -- What is younger than the finalizer is finalized before it: here all that the inserts have made.
        local processes = children.new [[
            local db = assert(flexdb.open "sqlite::memory:")
            local t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
            keep = setmetatable({ db, t }, { __gc = function()
                assert(t:insert { n = 2 })
                local _, err = db:table "t":insert { [("x"):rep(50)] = 3 }
                note(err.code, db:table "t":count(), assert(t:first { orderBy = { "-n" } }).n)
            end })
            assert(t:insert { n = 1 })
        ]]
        -- What a finalizer makes then Lua never finalizes.
        local one = processes:start({}, "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0")
        assert.equal("", one:finish())
        assert.same({ "invalid_record 2 2" }, one:lines())
        processes:remove()
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

    it("join with texts as the line that they print", function()
        local _, err = t:insert {}
        local _, gone = db:table "nobody"
        assert.equal("first: " .. tostring(err) .. "\n", "first: " .. err .. "\n")
        assert.equal(("%s, %s"):format(gone, err), gone .. ", " .. err)
        assert.equal(tostring(err) .. 7, err .. 7)
        assert.error_matches(function() return err .. nil end, "^attempt to concatenate a nil value$")
        assert.error_matches(function() return {} .. err end, "^attempt to concatenate a table value$")
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
