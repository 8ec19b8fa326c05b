-- Checks and computed columns, led through every evolution.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local expressions = require "spec.support.expressions"

local null = flexdb.null
local computed <const>, check <const> = expressions.computed, expressions.check
local refused <const>, column <const> = engines.refused, expressions.column

engines.each(function(engine)
    describe("evolutions with expressions", function()
        local db, t
        before_each(function()
            db = engine.open { actor = "alice" }
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "integer" },
                { name = "b", dataType = "integer", defaultValue = 2 },
                { name = "s", dataType = "string" },
            } }))
        end)
        after_each(function() db:close() end)

        -- Computed with and without a physical column: in place, and by a new table.
        for _, indexed in ipairs { false, true } do
            local how = indexed and ", indexed" or ""
            local function sum(expression) return computed("sum", "integer", expression, { indexed = indexed }) end

            it("compute a column that is added for all records" .. how, function()
                local one, two, gone = assert(t:insert { a = 1 }), assert(t:insert {}), assert(t:insert { a = 3 })
                assert(t:delete(gone.id))
                assert(t:evolve(function(c) c:add(sum "a * 10 + b") end))
                assert.equal(12, t:get(one.id).sum)
                assert.is_nil(t:get(two.id).sum)
                assert.equal(one._version, t:get(one.id)._version)
                assert.equal(1, t:count { filter = { sum = 12 } })
                assert(t:restore(gone.id))
                assert.equal(32, t:get(gone.id).sum)
                assert.equal(2, t:count { filter = { sum = { gt = 0 } } })
            end)

            it("compute it anew when its expression changes, and what reads it" .. how, function()
                assert(t:evolve(function(c)
                    c:add(sum "a + b")
                    c:add(computed("more", "integer", "sum + 1", { filterable = indexed }))
                end))
                local row = assert(t:insert { a = 1 })
                assert.equal(4, row.more)
                assert(t:evolve(function(c) c:modify("sum", { validation = { computed = "a - b" } }) end))
                assert.equal(-1, t:get(row.id).sum)
                assert.equal(0, t:get(row.id).more)
                assert.equal(1, t:count { filter = { sum = -1, more = 0 } })
                assert.equal("sum", column(t, "sum").key)
                assert(t:rollback(2))
                assert.equal(4, t:get(row.id).more)
                assert.equal(1, t:count { filter = { sum = 3, more = 4 } })
            end)

            it("compute it anew when a column that it reads gets another type" .. how, function()
                assert(t:evolve(function(c) c:add(sum "len(s)") c:add(computed("twice", "string", "s .. s")) end))
                local row = assert(t:insert { s = "42" })
                assert(t:evolve(function(c)
                    c:modify("s", { dataType = "integer" })
                    c:modify("sum", { validation = { computed = "s + 1" } })
                    c:modify("twice", { validation = { computed = "'<' .. s .. '>'" } })
                end))
                row = t:get(row.id)
                assert.same({ 42, 43, "<42>" }, { row.s, row.sum, row.twice })
                assert(t:update(row.id, { s = 7 }))
                assert(t:rollback(2))
                row = t:get(row.id)
                assert.same({ "7", 1, "77" }, { row.s, row.sum, row.twice })
            end)

            it("bring a removed one back as it is to be now" .. how, function()
                assert(t:evolve(function(c) c:add(sum "a + b") end))
                local row = assert(t:insert { a = 1 })
                assert(t:evolve(function(c) c:remove "sum" end))
                assert(t:update(row.id, { a = 5 }))
                assert(t:rollback(2))
                assert.equal(7, t:get(row.id).sum)
                assert.equal(1, t:count { filter = { sum = 7 } })
            end)
        end

        it("keep what was written when a column becomes computed, and the other way round", function()
            local row, other = assert(t:insert { a = 1, b = 100 }), assert(t:insert { a = 2, b = 200 })
            assert(t:evolve(function(c)
                c:modify("b", { unset = { "defaultValue" }, validation = { computed = "a * 2" } })
            end))
            assert.equal(2, t:get(row.id).b)
            assert.not_equal("b", column(t, "b").key)
            assert(t:rollback(1))
            assert.equal(100, t:get(row.id).b)
            assert(t:rollback(2))
            assert(t:update(row.id, { a = 7 }))
            assert.equal(14, t:get(row.id).b)
            local since = assert(t:insert { a = 8 })
            assert(t:rollback(1)) -- nobody has written over it
            assert.equal(100, t:get(row.id).b)
            assert.equal(100, t:at(1):get(row.id).b)
            assert.equal(200, t:get(other.id).b)
            assert.equal(16, t:get(since.id).b) -- nothing else is known of it

            -- computed, then written by hand, then computed again
            assert(t:rollback(2))
            assert(t:evolve(function(c) c:modify("b", { validation = { computed = null } }) end))
            local written = t.version
            assert.equal(14, t:get(row.id).b)
            assert(t:update(row.id, { b = 1 }))
            assert(t:rollback(2))
            assert.equal(14, t:get(row.id).b)
            assert(t:rollback(written))
            assert.equal(1, t:get(row.id).b)
        end)

        it("let values change places under a unique expression", function()
            assert(t:evolve(function(c) c:add(computed("place", "integer", "a", { unique = true })) end))
            for i = 1, 9 do assert(t:insert { a = i }) end
            assert(t:evolve(function(c) c:modify("place", { validation = { computed = "10 - a" } }) end))
            assert.equal(1, t:first { filter = { place = 9 } }.a)
            local _, err = t:evolve(function(c) c:modify("place", { validation = { computed = "a // 2" } }) end)
            assert.equal("duplicate", err.code)
            assert.equal("place", err.issues[1].path)
            assert.equal(4, #err.issues)
            assert.truthy(err.issues[1].message:find "^1 is held by 2 records: ")
            assert.equal(9, t:first { filter = { place = 1 } }.a)
            assert.equal("duplicate", select(2, t:insert { a = 9 }).code)
            local plan = assert(t:plan(function(c) c:modify("place", { validation = { computed = "a // 2" } }) end))
            assert.is_false(plan.possible)
            assert.equal(4, plan.steps[1].duplicates.values)
        end)

        it("hold live records against new checks", function()
            local ids = {}
            for i = 1, 30 do ids[i] = assert(t:insert { a = i }).id end
            assert(t:delete(ids[30]))
            local function tighten(c) c:table { checks = { check("few", "a <= 25", "at most 25") } } end
            local err = refused("invalid_record", ("4 records stand against the change: record %q: few: at most 25")
                :format(ids[26]), t:evolve(tighten))
            assert.equal(4, #err.issues)
            assert.same({ path = "few", rule = "check", message = "at most 25", expected = "a <= 25", id = ids[26] },
                err.issues[1])
            assert.equal(1, t.version)
            local step = err.plan.steps[1]
            assert.same({ kind = "check", check = "few", text = 'check "few" is added', failed = 4,
                breaking = "a writer that does not know it may be refused" }, step)

            assert(t:evolve(tighten, { on_invalid = "ignore" }))
            assert.equal("invalid_record", select(2, t:insert { a = 26 }).code)
            assert(t:update(ids[26], { s = "can still be edited" }))
            assert.equal("invalid_record", select(2, t:update(ids[26], { a = 27 })).code)
            assert.equal("invalid_record", select(2, t:restore(ids[30])).code)
            assert(t:update(ids[26], { a = 25 }))
            -- the same check said otherwise looks at nobody
            assert(t:evolve(function(c) c:rename("a", "n") c:table { checks = { check("fewer", "n<=25") } } end))
            assert.equal(27, t:get(ids[27]).n)
            assert(t:rollback(1))
            assert.equal("invalid_record", select(2, t:evolve(tighten)).code)
        end)

        it("do as on_invalid says with what cannot be computed", function()
            local zero, big, good = assert(t:insert { a = 0 }), assert(t:insert { a = 99 }), assert(t:insert { a = 10 })
            assert(t:delete(zero.id)) -- computed columns are about deleted records too
            local function part(c)
                c:add(computed("part", "integer", "100 // a * 5", { validation = { min = 10 } }))
            end
            local _, err = t:evolve(part)
            assert.equal("invalid_record", err.code)
            assert.equal(2, #err.issues)
            assert.same({ path = "part", rule = "computed", id = zero.id,
                message = "division by zero at 5 of \"100 // a * 5\"" }, err.issues[1])
            assert.same({ "part", "min", big.id }, { err.issues[2].path, err.issues[2].rule, err.issues[2].id })
            local step = err.plan.steps[1]
            assert.same({ "convert", 1, 2 }, { step.kind, step.exact, step.failed })

            local entry = assert(t:evolve(part, { on_invalid = "null" }))
            assert.same({ failed = 2, exact = 1, rounded = 0, nulled = 2 }, entry.changes[1].details.conversion)
            assert.is_nil(t:get(big.id).part)
            assert.equal(50, t:get(good.id).part)
            assert(t:restore(zero.id))
            assert.is_nil(t:get(zero.id).part)
            assert(t:update(zero.id, { s = "x" }))
            assert.equal("invalid_record", select(2, t:update(zero.id, { a = 0 })).code)
            assert(t:rollback(1))
            assert(t:evolve(part, { on_invalid = "ignore" }))
            assert.equal(5, t:get(big.id).part) -- breaks a rule, and is a value
            assert.is_nil(t:get(zero.id).part)
            assert.equal(1, t:count { filter = { part = 5 } })
        end)

        it("compute what is required, or refuse", function()
            assert(t:insert { a = 1 })
            assert(t:evolve(function(c) c:add(computed("must", "integer", "a", { required = true })) end))
            assert.equal(1, t:first().must)
            refused("invalid_record", "must: is required", t:insert {})
            assert(t:rollback(1))
            assert(t:insert {})
            local _, err = t:evolve(function(c) c:add(computed("must", "integer", "a", { required = true })) end)
            assert.equal("required", err.issues[1].rule)
        end)

        it("do it all at once, after the conversions", function()
            local row = assert(t:insert { a = 4, s = "2024-05-01" })
            assert(t:evolve(function(c)
                c:rename("a", "n")
                c:modify("s", { dataType = "date" })
                c:add(computed("till", "date", "s + days(n)", { indexed = true }))
                c:add(computed("label", "text", "s .. '/' .. till"))
                c:table { checks = { check("order", "till > s") } }
            end))
            row = t:get(row.id)
            assert.same({ "2024-05-05", "2024-05-01/2024-05-05" }, { row.till, row.label })
            assert.equal(1, t:count { filter = { till = { gt = "2024-05-04" } } })
            refused("invalid_record", "order: till > s", t:update(row.id, { n = 0 }))
            assert(t:rollback(1))
            assert.same({ 4, "2024-05-01" }, { t:get(row.id).a, t:get(row.id).s })
        end)

        it("are refused by a table's compatibility", function()
            assert(t:evolve(function(c) c:table { compatibility = "backward" } end))
            local err = refused("conflict", "few: is added, which breaks backward compatibility: records written "
                .. "before may break it", t:evolve(function(c) c:table { checks = { check("few", "a < 3") } } end))
            assert.equal("compatibility", err.issues[1].rule)
            assert(t:evolve(function(c) c:add(computed("sum", "integer", "a + b")) end))
        end)

        it("are read at a version as they stand", function()
            assert(t:evolve(function(c) c:add(computed("sum", "integer", "a + b", { indexed = true })) end))
            local row = assert(t:insert { a = 1 })
            assert(t:evolve(function(c)
                c:modify("sum", { validation = { computed = "a * 100" } })
                c:table { checks = { check("few", "a < 50") } }
            end))
            local old = assert(t:at(2))
            assert.equal(100, old:get(row.id).sum) -- what was last written under its key
            assert.equal(1, old:count { filter = { sum = 100 } })
            assert.is_nil(assert(t:at(1)):get(row.id).sum)
        end)

        it("tell it in their plans", function()
            assert(t:evolve(function(c) c:add(computed("sum", "integer", "a + b")) c:add(computed("more", "integer",
                "sum + 1")) end))
            assert(t:insert { id = "x", a = 1 })
            local plan = assert(t:plan(function(c)
                c:modify("sum", { validation = { computed = "a - b" } })
                c:table { checks = { check("few", "more < 0", "few"), check("low", "a < 9") } }
            end))
            assert.equal([[
Plan for evolving table "t" from version 2, 1 record looked at
  convert   "sum" is computed otherwise
            1 value is computed
              3 → -1
  check     check "few" is added
            1 record stands against it
            breaking: a writer that does not know it may be refused
  check     check "low" is added
            nothing stands against it
            breaking: a writer that does not know it may be refused
  convert   "more" is computed anew
            1 value is computed
              4 → 0
It is not possible: 1 record stands against it
  x: few: few]], tostring(plan))
            assert.equal("a - b", plan.steps[1].computed)
            assert.same({ key = "sum", dataType = "integer", computed = "a + b" }, plan.before.sum)
            assert.same({}, plan.checksBefore)
            assert.equal("invalid_record", select(2, t:evolve(plan)).code)
            assert(t:evolve(function(c) c:table { checks = { check("mine", "a > 0") } } end))
            -- it would take the place of a check that it did not know
            local _, err = t:evolve(plan)
            assert.equal("conflict", err.code)
            local changed <const> = 'table "t" has changed since the plan was made at version 2: '
            assert.equal(changed .. "the checks are others", err.message)
            assert(t:evolve(function(c) c:table { checks = {} } end))
            assert(t:evolve(function(c) c:modify("sum", { validation = { computed = "b" } }) end))
            _, err = t:evolve(plan)
            assert.equal(changed .. 'column "sum" is computed otherwise', err.message)
            plan.checksBefore = 5
            _, err = t:evolve(plan)
            assert.equal("plan: checksBefore must be an array of checks", err.message)
        end)
    end)
end)
