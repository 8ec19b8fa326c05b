-- Transactions and batches in coroutines: one that dies by an error, is closed, or is left and collected undoes what it
-- has begun, and nothing else.

local engines = require "spec.support.engines"

local function collect()
    collectgarbage()
    collectgarbage()
end

engines.each(function(engine)
    describe("in a coroutine", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = { { name = "a", dataType = "integer" } } }))
        end)
        after_each(function() db:close() end)

        -- What somebody else sees: only what was committed.
        local function committed()
            local other <close> = engine.open { application = db.application }
            return assert(assert(other:table "t"):count())
        end

        for sentence, run in pairs {
            ["coroutine.create"] = function(fn)
                local thread = coroutine.create(fn)
                local good, why = coroutine.resume(thread)
                return good, why, thread -- alive, so that no collector helps
            end,
            ["coroutine.wrap"] = function(fn) return pcall(coroutine.wrap(fn)) end,
            ["pcall inside of it"] = function(fn)
                local _, good, why = coroutine.resume(coroutine.create(function() return pcall(fn) end))
                return good, why
            end,
        } do
            it("a transaction that raises is undone: " .. sentence, function()
                local good, why, kept = run(function()
                    db:transaction(function()
                        assert(t:insert { a = 1 })
                        error("boom", 0)
                    end)
                end)
                assert.same({ false, "boom" }, { good, why })
                assert.equal(0, t:count())
                assert(t:insert { a = 2 })
                assert.equal(1, committed())
                return kept
            end)

            it("a batch whose function raises is undone: " .. sentence, function()
                local n = 0
                local good, why, kept = run(function()
                    t:insert_many(function()
                        n = n + 1
                        if n == 2 then error({ mark = true }, 0) end
                        return { a = n }
                    end)
                end)
                assert.same({ false, { mark = true } }, { good, why })
                assert.equal(0, t:count())
                assert(t:insert { a = 2 })
                assert.equal(1, committed())
                return kept
            end)
        end

        it("an inner transaction that raises leaves the outer one as it was", function()
            local thread = coroutine.create(function()
                return db:transaction(function()
                    assert(t:insert { a = 1 })
                    local inner = coroutine.create(function()
                        db:transaction(function()
                            assert(t:insert { a = 2 })
                            error "inner"
                        end)
                    end)
                    assert.is_false((coroutine.resume(inner)))
                    assert.equal(1, t:count())
                    return "kept"
                end)
            end)
            assert.same({ true, "kept" }, { coroutine.resume(thread) })
            assert.equal(1, committed())
        end)

        it("what a transaction returns and how it fails stay the same", function()
            local function inside(...) return select(2, coroutine.resume(coroutine.create(db.transaction), db, ...)) end
            assert.is_true(inside(function() end))
            assert.equal(7, inside(function(_, n) return n end, 7))
            assert.is_nil(inside(function() return nil, "no" end))
            assert.truthy(inside("x"):find("function expected, got string", 1, true))
        end)

        it("one that is left inside its transaction is undone when it is collected", function()
            coroutine.wrap(function()
                db:transaction(function()
                    assert(t:insert { a = 1 })
                    coroutine.yield()
                end)
            end)()
            collect()
            assert.equal(0, t:count())
            assert(t:insert { a = 2 })
            assert.equal(1, committed())
        end)

        it("one that is collected late does not undo the transaction after its own", function()
            local left = coroutine.wrap(function()
                db:transaction(function()
                    assert(t:insert { a = 1 })
                    coroutine.yield()
                end)
            end)
            local ended = pcall(db.transaction, db, function()
                left()
                error "outer"
            end)
            assert.is_false(ended)
            assert(db:transaction(function()
                assert(t:insert { a = 2 })
                db:transaction(function()
                    assert(t:insert { a = 3 })
                    left = nil -- luacheck: ignore
                    collect()
                    assert(t:insert { a = 4 })
                end)
            end))
            assert.equal(3, committed())
        end)

        it("one that is collected late does not undo a batch after it either", function()
            local left = coroutine.wrap(function() db:transaction(coroutine.yield) end)
            pcall(db.transaction, db, function()
                left()
                error "outer"
            end)
            local n = 0
            assert(t:insert_many(function()
                n = n + 1
                left = nil -- luacheck: ignore
                collect()
                return n <= 3 and { a = n } or nil
            end))
            assert.equal(3, committed())
        end)

        it("one that is collected while a record is handed over waits with undoing", function()
            local wide = assert(db:create_table("wide", { columns = { { name = "j", dataType = "json" } } }))
            local json = {}
            for i = 1, 100 do json[i] = { ("v"):rep(i) } end
            for _ = 1, 20 do assert(wide:insert { j = json }) end
            for _, begin in ipairs {
                function() db:transaction(coroutine.yield) end, function() t:insert_many(coroutine.yield) end,
            } do
                for _ = 1, 5 do
                    coroutine.wrap(begin)()
                    local seen = 0
                    local whole, why = pcall(function()
                        for row in wide:each() do
                            seen = seen + 1
                            assert.same(json, row.j)
                        end
                    end)
                    -- It was read inside what has been undone, if that was undone so early.
                    local early = not whole and why:find("the result ended with its transaction", 1, true)
                    assert.is_truthy(whole and seen == 20 or early, why)
                end
                collect()
                assert(t:insert { a = 1 })
                assert.equal(1, committed())
                assert.equal(1, t:delete_all({}, { all = true, hard = true }))
            end
        end)

        it("a view's transaction outlives the view, and ends", function()
            local ok, why = pcall(function()
                local view = db:with {}
                view:transaction(function()
                    assert(t:insert { a = 1 })
                    view:close()
                    error("boom", 0)
                end)
            end)
            assert.same({ false, "boom" }, { ok, why })
            assert.equal(0, t:count())
            assert(t:insert { a = 2 })
            assert.equal(1, committed())
        end)
    end)

    describe("whatever cuts in", function()
        it("between the begin of a transaction or a batch and its function leaves nothing open", function()
            local db <close> = engine.open()
            local t = assert(db:create_table("t", { columns = { { name = "a", dataType = "integer" } } }))
            for _, call in ipairs {
                function() return db:transaction(function() end) end,
                function() return t:insert_many {} end,
            } do
                local step, reached = 0
                repeat -- raises after 1, 2, 3 … steps of the virtual machine
                    step = step + 1
                    reached = pcall(function()
                        debug.sethook(function()
                            debug.sethook()
                            error("cut", 0)
                        end, "", step)
                        call()
                        debug.sethook()
                    end)
                    assert.is_true(pcall(db.transaction, db, function() assert(t:insert { a = step }) end))
                    local other <close> = engine.open { application = db.application }
                    assert.equal(step, assert(other:table "t"):count())
                until reached or step == 400
                assert.is_true(reached)
                assert(t:delete_all({}, { all = true, hard = true }))
            end
        end)
    end)
end)
