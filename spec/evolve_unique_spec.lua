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

        it("has no duplicates among references that lead nowhere, nor has its plan", function()
            assert(db:create_table("g", { columns = {} })):insert { id = "g1" }
            local u = assert(db:create_table("u", { columns = { { name = "g", dataType = "text" } } }))
            for i, g in ipairs { "gone", "gone", "g1" } do assert(u:insert { id = "r" .. i, g = g }) end
            local function refer(c)
                c:modify("g", { dataType = "reference", unique = true, validation = { targetTable = "g" } })
            end
            local function step_of(on_invalid)
                local plan = assert(u:plan(refer, { on_invalid = on_invalid }))
                for _, step in ipairs(plan.steps) do
                    if step.kind == "index" then return plan, step end
                end
            end
            local plan, step = step_of "null"
            assert.is_true(plan.possible)
            assert.is_nil(step.duplicates)
            plan, step = step_of "stop"
            assert.is_false(plan.possible)
            assert.same({ 2, nil }, { plan.failed, step.duplicates })
            plan, step = step_of "ignore"
            assert.is_false(plan.possible)
            assert.equal(2, step.duplicates.records)
            local entry, err = u:evolve(refer, { on_invalid = "ignore" })
            assert.is_nil(entry)
            assert.equal('g: "gone" is held by 2 records: r1, r2', err.message)

            assert(u:evolve(refer, { on_invalid = "null" }))
            assert.equal("g1", u:get("r3").g)
            assert.equal(2, u:count { filter = { g = { isNull = true } } })
            -- The same on the way back to it.
            assert(u:rollback(1))
            for i = 4, 5 do assert(u:insert { id = "r" .. i, g = "lost" }) end
            assert.is_true(assert(u:rollback(2, { dry_run = true, on_invalid = "null" })).possible)
            assert(u:rollback(2, { on_invalid = "null" }))
            assert.equal(4, u:count { filter = { g = { isNull = true } } })
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
