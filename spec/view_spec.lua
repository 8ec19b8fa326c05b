-- What a view of a version is: the calls that read, beside writes, evolutions and other connections.

local engines = require "spec.support.engines"

engines.each(function(engine)
    describe("at", function()
        local db
        before_each(function() db = engine.open { actor = "alice" } end)
        after_each(function() db:close() end)

        describe("a view", function()
            local t, first, second
            before_each(function()
                t = assert(db:create_table("books", { displayName = "Books", columns = {
                    { name = "title", dataType = "string", required = true, unique = true },
                    { name = "pages", dataType = "integer", indexed = true, validation = { min = 1 } },
                } }))
                first = assert(t:insert { title = "Emma", pages = 474 })
                second = assert(t:insert { title = "Ulysses", pages = 730 })
                assert(t:evolve(function(c) c:rename("pages", "length") c:table { displayName = "Prose" } end))
                assert(t:evolve(function(c) c:remove "title" end))
            end)

            it("reads as its table does: get, get_many, first, find, each, count", function()
                local view = assert(t:at(1))
                local emma = assert(view:get(first.id))
                assert.equal("Emma", emma.title)
                assert.equal(474, emma.pages)
                assert.is_nil(emma.length)
                assert.equal(first.created_at, emma.created_at)
                assert.equal(1, emma._version)
                assert.is_nil(view:get "nobody")
                assert.same({ "Ulysses", "Emma" }, (function()
                    local titles = {}
                    for i, row in ipairs(assert(view:get_many { second.id, "nobody", first.id })) do
                        titles[i] = row.title
                    end
                    return titles
                end)())
                assert.equal("Ulysses", assert(view:first { filter = { pages = { gt = 500 } } }).title)
                assert.equal("Ulysses", assert(view:first { orderBy = { "-title" } }).title)
                assert.same({ id = second.id, title = "Ulysses" },
                    assert(view:find { filter = { title = { startsWith = "U" } }, select = { "title" } })[1])
                assert.equal(2, view:count())
                local seen = 0
                for row in assert(view:each { orderBy = { "pages" } }) do
                    seen = seen + 1
                    assert.equal(seen, assert(view:count { filter = { pages = { lte = row.pages } } }))
                end
                assert.equal(2, seen)
            end)

            it("pages, in its own order, and refuses a cursor of another one", function()
                local view = assert(t:at(1))
                local page = assert(view:find { orderBy = { "pages" }, limit = 1 })
                assert.equal("Emma", page[1].title)
                local rest = assert(view:find { orderBy = { "pages" }, limit = 1, after = page.next })
                assert.equal("Ulysses", rest[1].title)
                assert.is_nil(rest.next)
                assert.equal("invalid_query",
                    select(2, view:find { orderBy = { "title" }, limit = 1, after = page.next }).code)
            end)

            it("knows the columns of its version alone", function()
                local _, err = t:at(1):find { filter = { length = 1 } }
                assert.equal('invalid_query: filter.length: there is no column "length"', tostring(err))
                _, err = t:at(3):count { filter = { title = "Emma" } }
                assert.equal('invalid_query: filter.title: there is no column "title"', tostring(err))
            end)

            it("shows the records that are there now", function()
                local view = assert(t:at(1))
                assert(t:delete(first.id))
                assert.is_nil(view:get(first.id))
                assert.equal(1, view:count())
                -- deleted ones where they are asked for, found by columns that are there no more, and by those that are
                for _, filter in ipairs { { title = "Emma" }, { pages = 474 }, { pages = { lt = 500 } } } do
                    local found = assert(view:find { filter = filter, includeDeleted = true })
                    assert.equal(1, #found)
                    assert.equal("Emma", found[1].title)
                    assert.is_string(found[1].deleted_at)
                    assert.equal(0, view:count { filter = filter })
                end
                assert(t:restore(first.id))
                assert.equal(2, view:count())
                assert(t:update(first.id, { length = 500 }))
                assert.equal(500, assert(view:get(first.id)).pages)
                assert.equal(3, assert(view:get(first.id))._version - 1)
            end)

            it("finds soft-deleted records by a unique column that is still one", function()
                local u = assert(db:create_table("u", { columns = { { name = "k", dataType = "string", unique = true },
                    { name = "n", dataType = "integer" } } }))
                local gone = assert(u:insert { k = "a", n = 1 })
                assert(u:evolve(function(c) c:rename("k", "key") end))
                assert(u:delete(gone.id))
                assert(u:insert { key = "a", n = 2 })
                local view = assert(u:at(1))
                assert.equal(1, view:count { filter = { k = "a" } })
                local both = assert(view:find { filter = { k = "a" }, includeDeleted = true, orderBy = { "k" } })
                assert.equal(2, #both)
                assert.same({ 1, 2 }, { both[1].n, both[2].n })
                assert(u:evolve(function(c) c:modify("key", { unique = false }) end))
                assert.equal(2, view:count { filter = { k = "a" }, includeDeleted = true })
                assert(u:delete_all { filter = { n = 2 } })
                assert(u:restore(gone.id))
                assert.equal(1, assert(view:first { filter = { k = "a" } }).n)
            end)

            it("has the fields and the definition of its version", function()
                local view = assert(t:at(1))
                assert.equal("books", view.name)
                assert.equal(t.id, view.id)
                assert.equal(1, view.version)
                assert.equal(t.application, view.application)
                assert.equal("flexdb.view: books (version 1)", tostring(view))
                assert.same(assert(t:history())[1].newSchema, view:schema())
                assert.same(t:schema(), assert(t:at(3)):schema())
                assert.equal(1, view:schema().columns[2].validation.min)
                -- history and diff are those of the table
                assert.equal(3, #assert(view:history()))
                assert.equal(#assert(t:diff(1, 3)), #assert(view:diff(1, 3)))
            end)

            it("of a view is one of the same table", function()
                local view = assert(assert(t:at(1)):at(2))
                assert.equal(2, view.version)
                assert.equal(474, assert(view:get(first.id)).length)
                assert.equal(3, assert(view:at(3)).version)
            end)

            it("is not there for a version that is not there", function()
                for _, version in ipairs { 4, 0, -1, 1 << 40, math.maxinteger, math.mininteger } do
                    local view, err = t:at(version)
                    assert.is_nil(view)
                    assert.equal(('not_found: table "books" has no version %d'):format(version), tostring(err))
                end
                assert.equal(2, assert(t:at(2.0)).version)
                for _, wrong in ipairs { "1", 1.5, {}, true } do
                    assert.has_error(function() t:at(wrong) end)
                end
                assert.has_error(function() t:at() end)
            end)

            it("refuses every call that would change something, whatever it is given", function()
                local view = assert(t:at(2))
                local read = { get = true, get_many = true, first = true, find = true, each = true, count = true,
                    schema = true, history = true, diff = true, at = true, aggregate = true, explain = true }
                local refused = 0
                for name in pairs(require("flexdb.core").methods.table) do
                    if not read[name] then
                        for _, arguments in ipairs { {}, { first.id }, { first.id, { length = 1 } }, { { length = 1 } },
                            { { nonsense = 1 } }, { function() error "is never called" end } } do
                            local value, err = view[name](view, table.unpack(arguments))
                            assert.is_nil(value)
                            assert.equal('read_only: the view of table "books" at version 2 is read-only',
                                tostring(err), name)
                            assert.is_false(err.retryable)
                        end
                        refused = refused + 1
                    end
                end
                assert.is_true(refused >= 11, refused)
                assert.equal(2, t:count())
                assert.equal(3, t.version)
                assert.equal(1, assert(t:get(first.id))._version)
            end)

            it("says no to the methods of a table, and a table to those of a view", function()
                local view = assert(t:at(1))
                assert.error_matches(function() t.insert(view, {}) end, "flexdb.table expected, got flexdb.view")
                assert.error_matches(function() t.insert_many(view, {}) end, "flexdb.table expected, got flexdb.view")
                assert.error_matches(function() view.get(t, first.id) end, "flexdb.view expected, got flexdb.table")
                assert.error_matches(function() view.get() end, "flexdb.view expected, got no value")
                assert.is_nil(view.nothing)
            end)

            it("goes on while its table evolves, and is built anew", function()
                local view = assert(t:at(1))
                assert.equal(2, view:count { filter = { pages = { gte = 1 } } })
                assert(t:evolve(function(c) c:modify("length", { indexed = false, unique = true }) end))
                assert.equal(1, view:count { filter = { pages = 474 } })
                assert(t:evolve(function(c) c:remove "length" end))
                assert.equal(1, view:count { filter = { pages = 474 } })
                assert(t:rollback(1))
                assert(t:insert { title = "Middlemarch", pages = 880 })
                assert.equal(1, view:count { filter = { pages = 880, title = { startsWith = "M" } } })
                assert.equal(6, t.version)
                assert.equal(1, view.version)
            end)

            it("notices what other connections do, also within a loop", function()
                local other <close> = engine.open { application = db.application }
                local there = assert(other:table "books")
                local view = assert(t:at(1))
                local titles = {}
                for row in assert(view:each()) do
                    titles[#titles + 1] = row.title
                    assert(there:evolve(function(c) c:add { name = "x" .. #titles, dataType = "text", indexed = true,
                        defaultValue = "d" } end))
                    assert.equal("Emma", assert(view:first { filter = { title = "Emma" } }).title)
                end
                assert.same({ "Emma", "Ulysses" }, titles)
                assert(there:insert { length = 5 })
                assert.equal(3, view:count())
                assert.equal("d", assert(t:at(5):get(first.id)).x2)
                assert(other:rename_table("books", "prose"))
                assert.equal(1, view:count { filter = { pages = 5 } })
                assert.equal("flexdb.view: prose (version 1)", tostring(view))
                assert.equal('read_only: the view of table "prose" at version 1 is read-only',
                    tostring(select(2, view:delete_all {})))
            end)

            it("of a table that is dropped finds nothing until it is restored", function()
                local view = assert(t:at(1))
                assert(db:drop_table "books")
                for _, call in ipairs { "find", "count", "each", "schema", "insert" } do
                    assert.equal('not_found: there is no table "books"', tostring(select(2, view[call](view))))
                end
                assert.equal('not_found: there is no table "books"', tostring(select(2, view:get(first.id))))
                assert.equal('not_found: there is no table "books"', tostring(select(2, t:at(1))))
                assert(db:restore_table "books")
                assert.equal(2, view:count())
            end)

            it("of a version that was undone is gone with it", function()
                local view
                local done, why = db:transaction(function()
                    assert(t:evolve(function(c) c:add { name = "isbn", dataType = "string" } end))
                    assert(t:insert { length = 9, isbn = "1" })
                    view = assert(t:at(4))
                    assert.equal(1, view:count { filter = { isbn = "1" } })
                    assert.equal(3, assert(t:at(1)):count())
                    return nil, "no"
                end)
                assert.is_nil(done)
                assert.equal("no", why)
                assert.equal('not_found: table "books" has no version 4', tostring(select(2, view:find())))
                assert.equal(2, assert(view:at(1)):count())
            end)

            it("reads in a transaction what was written in it", function()
                local view = assert(t:at(1))
                assert(db:transaction(function()
                    assert(t:update(first.id, { length = 1 }))
                    assert.equal(1, view:count { filter = { pages = 1 } })
                    assert.equal("read_only", select(2, view:update(first.id, { pages = 2 })).code)
                end))
                assert.equal(1, assert(view:get(first.id)).pages)
            end)

            it("lives on without its table's handle, and not without its database", function()
                local view = assert(assert(db:table "books"):at(1))
                t = nil
                collectgarbage()
                collectgarbage()
                assert.equal(2, view:count())
                local loop = assert(view:each())
                assert.equal("Emma", loop().title)
                db:close()
                for _, call in ipairs { "find", "count", "each", "schema", "insert", "history" } do
                    assert.error_matches(function() view[call](view) end, "the database is closed")
                end
                assert.error_matches(function() view:at(1) end, "the database is closed")
                assert.equal("flexdb.view: books (version 1)", tostring(view))
                db = engine.open()
            end)

            it("says in a database that takes no writes what it is itself", function()
                local readonly <close> = engine.open { application = db.application, read_only = true }
                local view = assert(assert(readonly:table "books"):at(1))
                assert.equal(2, view:count())
                assert.equal('read_only: the view of table "books" at version 1 is read-only',
                    tostring(select(2, view:insert { title = "x" })))
            end)
        end)

        it("shows references by the names that their tables have now", function()
            assert(db:create_table("authors", { columns = { { name = "name", dataType = "string" } } }))
            local t = assert(db:create_table("works", { columns = {
                { name = "author", dataType = "reference", validation = { targetTable = "authors" } } } }))
            local author = assert(db:table "authors"):insert { name = "Woolf" }
            assert(t:insert { author = author.id })
            assert(t:evolve(function(c) c:rename("author", "writer") end))
            assert(db:rename_table("authors", "people"))
            local view = assert(t:at(1))
            assert.equal("people", view:schema().columns[1].validation.targetTable)
            assert.equal(1, view:count { filter = { author = author.id } })
            assert(t:evolve(function(c) c:remove "writer" end))
            assert.equal(1, view:count { filter = { author = author.id } })
            assert.equal(0, view:count { filter = { author = "nobody" } })
        end)
    end)
end)
