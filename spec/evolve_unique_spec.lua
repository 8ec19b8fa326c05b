-- Evolutions of unique columns: rules that come, go and come back, over values that records share by then.

local engines = require "spec.support.engines"
local evolutions = require "spec.support.evolutions"

engines.each(function(engine)
    describe("evolution", function()
        local db, t
        before_each(function() db, t = evolutions.open(engine) end)
        after_each(function() db:close() end)

        it("is refused by the records that share a value when a rollback would make it unique again", function()
            assert(t:evolve(function(c) c:modify("b", { unique = true }) end))
            assert(t:evolve(function(c) c:modify("b", { unique = false }) end))
            assert(t:insert { b = 1 })
            assert(t:insert { b = 1 })
            local entry, err = t:rollback(2)
            assert.is_nil(entry)
            assert.equal("duplicate", err.code)
            assert.equal(3, t.version)
            assert.equal(2, t:count { filter = { b = 1 } })
        end)

        describe("on a unique column", function()
            local u, deleted, live
            before_each(function()
                u = assert(db:create_table("u", { columns = {
                    { name = "e", dataType = "string", unique = true }, { name = "n", dataType = "integer" },
                } }))
                deleted = assert(u:insert { e = "x", n = 1 }).id
                assert(u:delete(deleted))
                live = assert(u:insert { e = "x", n = 2 }).id
                local _, err = u:restore(deleted)
                assert.equal("duplicate", err.code)
                assert.equal("e", err.issues[1].path)
            end)

            -- Both records live under the old version, which makes the column unique.
            local function comes_back_once(version)
                local _, err = u:rollback(version)
                assert.equal("duplicate", err.code)
                assert.equal("e", err.issues[1].path)
                assert(u:delete(live))
                assert(u:rollback(version))
                assert.equal("x", assert(u:get(deleted)).e)
                assert.equal("duplicate", select(2, u:insert { e = "x" }).code)
                assert.equal("duplicate", select(2, u:restore(live)).code)
                assert.equal(1, u:count { filter = { e = "x" } })
                assert(u:delete(deleted))
                assert(u:restore(live))
            end

            it("lets a record come back once the rule is gone, and counts it when the rule returns", function()
                assert(u:evolve(function(c) c:modify("e", { unique = false }) end))
                assert(u:restore(deleted))
                assert(u:insert { e = "x" })
                assert.equal(3, u:count { filter = { e = "x" } })
                assert.equal(1, assert(u:delete_all { filter = { e = "x", n = { isNull = true } } }))
                comes_back_once(1)
            end)

            it("lets a record come back once the column is gone, and counts it when the column returns", function()
                assert(u:evolve(function(c) c:remove "e" end))
                assert(u:restore(deleted))
                -- the index is left behind for good: so are the records that come later
                assert(u:delete(deleted))
                assert(u:restore(deleted))
                assert.equal(2, u:count())
                comes_back_once(1)
            end)

            it("lets it come back inside a transaction, and not after that was rolled back", function()
                assert(u:evolve(function(c) c:remove "e" end))
                db:transaction(function()
                    assert(u:restore(deleted))
                    assert.equal(2, u:count())
                    return nil, "no"
                end)
                assert.is_nil(u:get(deleted))
                assert(u:rollback(1))
                assert.equal("duplicate", select(2, u:restore(deleted)).code)
            end)

            it("forgets the rule for a column that comes back without it", function()
                local w = assert(db:create_table("w", { columns = { { name = "e", dataType = "string" } } }))
                assert(w:evolve(function(c) c:modify("e", { unique = true }) end))
                local first = assert(w:insert { e = "x" }).id
                assert(w:delete(first))
                local second = assert(w:insert { e = "x" }).id
                assert(w:evolve(function(c) c:remove "e" end))
                assert(w:rollback(1))
                assert(w:restore(first))
                assert.equal(2, w:count { filter = { e = "x" } })
                assert.equal("duplicate", select(2, w:rollback(2)).code)
                assert(w:update(second, { e = "y" }))
                assert(w:rollback(2))
                assert.equal("duplicate", select(2, w:update(second, { e = "x" })).code)
            end)
        end)

        it("brings back unique values that changed places meanwhile", function()
            local u = assert(db:create_table("places", {
                columns = { { name = "n", dataType = "string", unique = true } } }))
            assert(u:insert { id = "a", n = "1" })
            assert(u:insert { id = "b", n = "2" })
            assert(u:evolve(function(c) c:modify("n", { dataType = "integer", unique = false }) end))
            assert(u:update("a", { n = 2 }))
            assert(u:update("b", { n = 1 }))
            assert(u:rollback(1))
            assert.equal("a", u:first { filter = { n = "2" } }.id)
            assert.equal("b", u:first { filter = { n = "1" } }.id)
            assert.equal("duplicate", select(2, u:insert { n = "1" }).code)
        end)
    end)
end)
