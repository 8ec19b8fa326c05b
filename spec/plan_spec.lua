-- Plans: what they say, that they change nothing, that evolve does what they said, and that one which was saved is
-- carried out or refused.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

-- A plan's steps as lines: `kind: text`.
local function steps_of(plan)
    local out = {}
    for i, step in ipairs(plan.steps) do out[i] = step.kind .. ": " .. step.text end
    return table.concat(out, "\n")
end

local function lines(text)
    local out = {}
    for line in (text .. "\n"):gmatch "(.-)\n" do out[#out + 1] = line end
    return out
end

local function assert_narrow(text)
    for _, line in ipairs(lines(text)) do assert.is_true((utf8.len(line) or #line) <= 80, line) end
end

engines.each(function(engine)
    describe("a plan", function()
        local db, t, application
        before_each(function()
            application = engines.fresh()
            db = engine.open { application = application, actor = "alice" }
            t = assert(db:create_table("people", { displayName = "People", columns = {
                { name = "name", dataType = "string", required = true },
                { name = "age", dataType = "string" },
                { name = "city", dataType = "string", indexed = true, defaultValue = "?" },
                { name = "notes", dataType = "text" },
            } }))
            for i, age in ipairs { "36", "007", "old", "41" } do
                assert(t:insert { id = "p" .. i, name = "P" .. i, age = age, notes = i % 2 == 0 and "n" or nil })
            end
            assert(t:delete "p4")
        end)
        after_each(function() db:close() end)

        local function plan(changes, options) return assert(t:plan(changes, options)) end

        it("changes nothing", function()
            local before, rows = t:schema(), assert(t:find { includeDeleted = true })
            local all = plan(function(c)
                c:modify("age", { dataType = "integer", indexed = true })
                c:remove "notes"
                c:add { name = "vip", dataType = "boolean", defaultValue = false }
            end, { on_invalid = "null" })
            assert.equal(4, #all.steps)
            assert(t:rollback(1, { dry_run = true }))
            assert(t:evolve(function(c) c:remove "age" end, { dry_run = true }))
            assert.same(before, t:schema())
            assert.same(rows, assert(t:find { includeDeleted = true }))
            assert.equal(1, #assert(t:history()))
            -- not even the names of keys are used up
            assert(t:evolve(function(c) c:add { name = "vip", dataType = "text" } end))
            assert.equal("vip", t:schema().columns[5].key)
        end)

        it("tells each change as a step of its kind", function()
            for _, scenario in ipairs {
                { function() end, "" },
                { function(c) c:add { name = "vip", dataType = "boolean" } end, 'metadata: "vip" is added' },
                { function(c) c:add { name = "vip", dataType = "boolean", required = true } end,
                    'check: "vip" is added, required and without a default' },
                { function(c) c:rename("name", "title") end, 'metadata: "name" is renamed to "title"' },
                { function(c) c:move("notes", { first = true }) end, 'metadata: "name" stands elsewhere\n'
                    .. 'metadata: "age" stands elsewhere\nmetadata: "city" stands elsewhere' },
                { function(c) c:remove "notes" end, 'metadata: "notes" is removed' },
                { function(c) c:remove "name" end, 'metadata: "name" is removed, which was required' },
                { function(c) c:modify("name", { required = false }) end, 'metadata: "name" is no longer required' },
                { function(c) c:modify("age", { required = true }) end, 'check: "age" becomes required' },
                { function(c) c:modify("age", { validation = { maxLength = 3, pattern = "^[0-9]+$" } }) end,
                    'check: "age" allows fewer lengths\ncheck: "age" gets a pattern or a format' },
                { function(c) c:modify("age", { validation = { maxLength = 300 } }) end,
                    'metadata: "age" allows more lengths' },
                { function(c) c:modify("name", { unique = true }) end, 'index: "name" becomes unique' },
                { function(c) c:modify("age", { filterable = true }) end, 'index: "age" is indexed otherwise' },
                { function(c) c:modify("city", { indexed = false }) end, 'metadata: "city" is indexed otherwise' },
                { function(c) c:modify("city", { unset = { "defaultValue" } }) end,
                    'metadata: "city" has another default' },
                { function(c) c:modify("age", { displayName = "Age", description = "in years" }) end,
                    'metadata: "age" is described otherwise' },
                { function(c) c:modify("notes", { dataType = "string" }) end,
                    'convert: "notes" becomes string (was text)' },
                { function(c) c:table { displayName = "Folk", description = "of all sorts" } end,
                    "metadata: the table's displayName becomes \"Folk\" (was \"People\")\n"
                    .. "metadata: the table's description becomes \"of all sorts\" (was nothing)" },
                { function(c) c:table { compatibility = "full" } end,
                    "metadata: the table's compatibility becomes \"full\" (was \"none\")" },
                { function(c) c:table { indexes = { { columns = { "name", "city" }, unique = true } } } end,
                    'index: the unique index over "name" and "city" is added' },
            } do
                assert.equal(scenario[2], steps_of(plan(scenario[1])))
            end
        end)

        it("says what is breaking and destructive, and why", function()
            local rename = plan(function(c) c:rename("name", "title") end)
            assert.is_true(rename.breaking)
            assert.is_false(rename.destructive)
            assert.equal("scripts that use the old name fail", rename.steps[1].breaking)
            local remove = plan(function(c) c:remove "age" end)
            assert.is_true(remove.destructive)
            assert.equal("its values can be read again only after a rollback", remove.steps[1].destructive)
            local add = plan(function(c) c:add { name = "vip", dataType = "boolean" } end)
            assert.is_false(add.breaking or add.destructive)
            local exact = plan(function(c) c:modify("notes", { dataType = "json" }) end)
            assert.is_true(exact.breaking)
            assert.is_false(exact.destructive)
            local loses = plan(function(c) c:modify("age", { dataType = "integer" }) end, { on_invalid = "null" })
            assert.is_true(loses.destructive)
            -- where there is nothing, nothing goes
            assert(t:delete_all(nil, { all = true, hard = true }))
            assert(t:delete("p4", { hard = true }) or true)
            local empty = assert(db:create_table("empty", { columns = { { name = "a", dataType = "text" } } }))
            assert.is_false(assert(empty:plan(function(c) c:remove "a" end)).destructive)
        end)

        it("counts records that carry a value, soft-deleted ones too, for a column that goes", function()
            assert.equal(2, plan(function(c) c:remove "notes" end).steps[1].carried)
            assert.equal(4, plan(function(c) c:remove "city" end).steps[1].carried)
            assert(t:evolve(function(c)
                c:add { name = "vip", dataType = "boolean", defaultValue = false }
                c:add { name = "none", dataType = "text" }
            end))
            assert(t:update("p1", { vip = null }))
            local both = plan(function(c) c:remove "vip" c:remove "none" end)
            assert.same({ 3, 0 }, { both.steps[1].carried, both.steps[2].carried })
            assert.is_nil(both.steps[2].destructive)
            assert.is_true(both.destructive)
        end)

        it("says of a column that comes back that it does, and how many records have a value", function()
            local function steps_back(version)
                local back = assert(t:rollback(version, { dry_run = true }))
                return back, (tostring(back):gsub("^Plan.-\n  (%l)", "  %1"))
            end
            assert(t:evolve(function(c) c:remove "notes" end))
            assert(t:insert { id = "p9", name = "Eve", age = "7" })
            local back, said = steps_back(1)
            assert.equal('  metadata  "notes" comes back\n            2 records carry a value', said)
            assert.same({ "notes", 2 }, { back.steps[1].column, back.steps[1].carried })
            assert.same({ 4, 1 }, { back.records, back.deleted })
            assert(t:rollback(1))
            -- one that is required may stand in the way, too
            assert(t:evolve(function(c) c:modify("name", { required = true }) end))
            assert(t:evolve(function(c) c:remove "name" end))
            assert(t:insert { id = "p10", age = "8" })
            back, said = steps_back(3)
            assert.equal([[
  check     "name" comes back, required
            5 records carry a value; 1 record stands against it
            breaking: a writer that does not know it is refused
It is not possible: 1 record stands against it
  p10: name: is required]], said)
            assert.same({ 5, 1, 1 }, { back.steps[1].carried, back.steps[1].failed, back.failed })
            -- under a new key it is another column
            local other = assert(t:plan(function(c) c:add { name = "name", dataType = "string" } end))
            assert.same({ '"name" is added' }, { other.steps[1].text, other.steps[1].carried })
        end)

        it("says why a decimal's greater precision writes every record", function()
            local function digits(n) return { dataType = "decimal", validation = { precision = n, scale = 2 } } end
            assert(t:evolve(function(c) c:modify("age", digits(10)) end, { on_invalid = "null" }))
            assert.equal('metadata: "age" has a greater precision',
                steps_of(plan(function(c) c:modify("age", { validation = { precision = 18 } }) end)))
            local wide = plan(function(c) c:modify("age", { validation = { precision = 19 } }) end)
            assert.equal('convert: "age" has a greater precision; beyond 18 digits numbers are kept in another form',
                steps_of(wide))
            assert.is_nil(wide.steps[1].destructive)
        end)

        it("counts what stands against a check, with ids and reasons, and goes on", function()
            local checked = plan(function(c) c:modify("age", { validation = { pattern = "^[0-9]+$" } }) end)
            assert.is_false(checked.possible)
            assert.same({ 1, 1, 3 }, { checked.failed, checked.steps[1].failed, checked.records })
            assert.same({ { id = "p3", path = "age", rule = "pattern", expected = "^[0-9]+$", got = "old",
                message = 'must match the pattern ^[0-9]+$, is "old"' } }, checked.issues)
            assert.equal('1 record stands against the change: record "p3": age: must match the pattern ^[0-9]+$, is '
                .. '"old"', checked.error)
            local ignored = plan(function(c) c:modify("age", { validation = { pattern = "^[0-9]+$" } }) end,
                { on_invalid = "ignore" })
            assert.is_true(ignored.possible)
        end)

        it("keeps the first 20 of those that fail, and their number", function()
            for i = 1, 30 do assert(t:insert { id = "more" .. i, name = "x", age = "no" }) end
            local failing = plan(function(c) c:modify("age", { dataType = "integer" }) end)
            assert.equal(31, failing.failed)
            assert.equal(20, #failing.issues)
            assert.equal("p3", failing.issues[1].id)
            assert.equal("  and 11 more", lines(tostring(failing))[#lines(tostring(failing))])
        end)

        it("shows failures and losses among its samples, although they come late", function()
            assert(t:update("p3", { age = "9" }))
            for i = 1, 50 do assert(t:insert { id = "s" .. i, name = "x", age = tostring(i) }) end
            assert(t:insert { id = "zero", name = "x", age = "00" })
            assert(t:insert { id = "bad", name = "x", age = "bad" })
            local step = plan(function(c) c:modify("age", { dataType = "integer" }) end).steps[1]
            local seen = {}
            for i, sample in ipairs(step.samples) do seen[i] = sample.id end
            assert.same({ "bad", "p2", "zero", "p1", "p3" }, seen)
            assert.same({ id = "bad", before = "bad" }, step.samples[1])
            assert.same({ id = "p2", before = "007", after = 7 }, step.samples[2])
        end)

        it("reads well at 80 columns", function()
            assert.equal([[
Plan for evolving table "people" from version 1, 4 records looked at, 1 deleted
  metadata  "name" is renamed to "title"
            breaking: scripts that use the old name fail
  convert   "age" becomes integer (was string)
            3 values convert; in 1 of them leading zeros are lost; 1 fails; 1 is
            left without a value
              "old" → no value
              "007" → 7
              "36" → 36
              "41" → 41
            breaking: scripts that write or read the old type fail
            destructive: what a value loses can be read again only after a
            rollback
  metadata  "vip" is added
  metadata  "notes" is removed
            2 records carry a value
            breaking: scripts that name it are refused
            destructive: its values can be read again only after a rollback]], tostring(plan(function(c)
                c:rename("name", "title")
                c:modify("age", { dataType = "integer" })
                c:remove "notes"
                c:add { name = "vip", dataType = "boolean" }
            end, { on_invalid = "null" })))
            assert.equal([[
Plan for evolving table "people" from version 1, 3 records looked at
  check     "age" allows fewer lengths
            1 record stands against it
            breaking: a writer that keeps to the old rule may be refused
  check     "age" becomes required
            nothing stands against it
            breaking: a writer that gives no value may be refused
It is not possible: 1 record stands against it
  p2: age: must be at most 2 characters long, is 3]], (tostring(plan(function(c)
                assert(t:update("p3", { age = "9" }))
                c:modify("age", { required = true, validation = { maxLength = 2 } })
            end))))
            assert.equal([[
Plan for evolving table "people" from version 1
  index     "city" becomes unique
            a value is held more than once, by 3 records
              "?": p1, p2, p3
            breaking: a writer that repeats a value is refused
It is not possible: what is to be unique is held more than once]], tostring(plan(function(c)
                c:modify("city", { unique = true })
            end)))
            assert(t:evolve(function(c) c:modify("age", { dataType = "text" }) end))
            assert(t:update("p1", { age = "37" }))
            assert.equal([[
Plan for rolling table "people" back from version 2 to 1, 4 records looked at, 1
    deleted
  convert   "age" becomes string (was text)
            1 value converts; 3 go back to what they were
              "37" → "37"
            breaking: scripts that write or read the old type fail]], (tostring(assert(t:rollback(1, {
                dry_run = true })))))
            assert.equal('Plan for evolving table "people" from version 2\n  nothing changes',
                tostring(plan {}))
        end)

        it("never passes 80 columns, whatever names and values there are", function()
            local name, long = ("n"):rep(64), ("größe\n"):rep(60)
            local wide = assert(db:create_table(("t"):rep(64), { columns = {
                { name = name, dataType = "text" }, { name = "j", dataType = "json" },
            } }))
            for i, value in ipairs { long, ("x"):rep(300), "\1\2\3 \u{2028}", ("字"):rep(100) } do
                assert(wide:insert { id = ("i"):rep(120 + i), [name] = value, j = { value } })
            end
            for _, on_invalid in ipairs { "stop", "null" } do
                local told = assert(wide:plan(function(c)
                    c:modify(name, { dataType = "integer", displayName = long:sub(1, 200) })
                    c:modify("j", { dataType = "string" })
                    c:table { description = ("word"):rep(100) }
                end, { on_invalid = on_invalid }))
                assert_narrow(tostring(told))
                assert.truthy(tostring(told):find("…", 1, true))
            end
        end)

        it("takes no lock that keeps others waiting, and waits for none", function()
            local targets = assert(db:create_table("targets", { columns = { { name = "x", dataType = "integer" } } }))
            assert(targets:insert { id = "36" })
            local other <close> = assert(flexdb.open(engine.url, { application = application, timeout = 0.2 }))
            local hasty <close> = assert(flexdb.open(engine.url, { application = application, timeout = 0.2 }))
            assert(other:transaction(function()
                assert(other:table("targets"):update("36", { x = 1 }))
                assert(other:table("people"):update("p1", { age = "37" }))
                local seen = assert(assert(hasty:table "people"):plan(function(c)
                    c:modify("age", { dataType = "reference", validation = { targetTable = "targets" } })
                    c:remove "notes"
                end, { on_invalid = "null" }))
                assert.same({ 2, 2 }, { seen.steps[1].exact, seen.steps[1].nulled }) -- of "p4" nobody asks
                return true
            end))
        end)

        it("is told by a read-only handle too", function()
            local reader <close> = assert(flexdb.open(engine.url, { application = application, read_only = true }))
            local told = assert(assert(reader:table "people"):plan(function(c)
                c:modify("age", { dataType = "integer" })
            end))
            assert.equal(1, told.failed)
            assert.equal("read_only", select(2, assert(reader:table "people"):evolve(told)).code)
        end)

        it("in a transaction sees what was written in it", function()
            assert(db:transaction(function()
                assert(t:update("p3", { age = "8" }))
                assert.is_true(plan(function(c) c:modify("age", { dataType = "integer" }) end).possible)
                return true
            end))
        end)

        describe("that was saved", function()
            local function saved(changes, options)
                return assert(flexdb.json.decode(flexdb.json.encode(plan(changes, options))))
            end

            it("is read and carried out", function()
                assert(t:update("p3", { age = "9" }))
                local made = saved(function(c)
                    c:modify("age", { dataType = "integer", validation = { min = 0 } })
                    c:modify("city", { defaultValue = null, validation = { maxLength = null } })
                    c:add({ name = "vip", dataType = "boolean", defaultValue = true }, { after = "name" })
                end)
                local entry = assert(t:evolve(made, { message = "as planned" }))
                assert.same({ 2, "as planned", "alice" }, { entry.version, entry.message, entry.createdBy })
                assert.equal(9, assert(t:get "p3").age)
                assert.is_true(assert(t:get "p3").vip)
                assert.is_nil(t:schema().columns[4].defaultValue)
            end)

            it("goes on with the way of dealing with failures that it was made with, unless told otherwise", function()
                local made = saved(function(c) c:modify("age", { dataType = "integer" }) end, { on_invalid = "null" })
                assert.equal("invalid_record", select(2, t:evolve(made, { on_invalid = "stop" })).code)
                assert(t:evolve(made))
                assert.is_nil(assert(t:get "p3").age)
            end)

            it("brings a rollback back to the same version", function()
                assert(t:evolve(function(c) c:remove "notes" end))
                local back = assert(flexdb.json.decode(flexdb.json.encode(assert(t:rollback(1, { dry_run = true })))))
                assert(t:evolve(function(c) c:table { displayName = "Other" } end))
                local entry, err = t:evolve(back)
                assert.is_nil(entry)
                assert.equal("conflict", err.code)
                assert.equal('table "people" has changed since the plan was made at version 2: it is at version 3',
                    err.message)
                assert(t:rollback(2))
                back = assert(t:rollback(1, { dry_run = true }))
                assert.equal(5, assert(t:evolve(back)).version)
                assert.equal("n", assert(t:get "p2").notes)
            end)

            it("is carried out although something else has changed", function()
                local made = saved(function(c)
                    c:rename("name", "title")
                    c:modify("notes", { dataType = "string" })
                end)
                assert(t:evolve(function(c) c:remove "city" c:add { name = "vip", dataType = "boolean" } end))
                assert(t:evolve(function(c) c:modify("age", { dataType = "text" }) end))
                assert.equal(4, assert(t:evolve(made)).version)
                assert.equal("P1", assert(t:get "p1").title)
            end)

            it("is refused where what it is about has changed", function()
                for _, scenario in ipairs {
                    { function(c) c:modify("age", { dataType = "integer" }) end,
                        function(c) c:modify("age", { dataType = "text" }) end, 'column "age" is another one' },
                    { function(c) c:modify("age", { dataType = "integer" }) end,
                        function(c) c:rename("age", "years") end, 'column "age" is gone' },
                    { function(c) c:remove "age" end, function(c) c:remove "age" end, 'column "age" is gone' },
                    { function(c) c:remove "age" end,
                        function(c) c:remove "age" c:add { name = "age", dataType = "string" } end,
                        'column "age" is another one' },
                    { function(c) c:add { name = "vip", dataType = "boolean" } end,
                        function(c) c:add { name = "vip", dataType = "text" } end, 'there is a column "vip"' },
                    { function(c) c:rename("age", "years") end,
                        function(c) c:add { name = "years", dataType = "text" } end, 'there is a column "years"' },
                    { function(c) c:add({ name = "vip", dataType = "boolean" }, { after = "notes" }) end,
                        function(c) c:remove "notes" end, 'changes[0].after: there is no column "notes"' },
                } do
                    local x = assert(db:create_table("x", { columns = {
                        { name = "age", dataType = "string" }, { name = "notes", dataType = "text" },
                    } }))
                    local made = assert(x:plan(scenario[1]))
                    assert(x:evolve(scenario[2]))
                    local entry, err = x:evolve(made)
                    assert.is_nil(entry)
                    assert.equal("conflict", err.code)
                    assert.equal('table "x" has changed since the plan was made at version 1: ' .. scenario[3],
                        err.message)
                    assert.equal(2, x.version)
                    assert(db:drop_table "x")
                end
            end)

            it("is told anew by plan and with dry_run, against the table of now", function()
                local made = saved(function(c) c:modify("age", { dataType = "integer" }) end)
                assert.is_false(made.possible)
                assert(t:update("p3", { age = "3" }))
                assert.is_true(assert(t:plan(made)).possible)
                local again = assert(t:evolve(made, { dry_run = true }))
                assert.is_true(again.possible)
                assert.truthy(tostring(again):find("4 records looked at, 1 deleted", 1, true))
                assert.equal(1, t.version)
            end)

            it("minds the version that is expected", function()
                local made = saved(function(c) c:remove "age" end)
                assert(t:evolve(function(c) c:remove "city" end))
                assert.equal("conflict", select(2, t:evolve(made, { expect_version = 1 })).code)
                assert(t:evolve(made, { expect_version = 2 }))
            end)

            it("is for its own table alone", function()
                local made = saved(function(c) c:remove "age" end)
                local other = assert(db:create_table("other", { columns = { { name = "age", dataType = "string" } } }))
                local entry, err = other:evolve(made)
                assert.is_nil(entry)
                assert.equal('conflict: the plan is for table "people", not "other"', tostring(err))
                assert(db:rename_table("people", "folk"))
                assert(t:evolve(made))
            end)
        end)

        it("and evolve tell of records that stand against the change before those that share a value", function()
            assert(t:evolve(function(c) c:remove "age" c:remove "notes" end))
            assert(t:update("p3", { name = "late", city = null }))
            local function both(c) c:modify("city", { unique = true, required = true }) end
            local made, entry, err = plan(both), t:evolve(both)
            assert.is_nil(entry)
            assert.equal('invalid_record: 1 record stands against the change: record "p3": city: is required',
                tostring(err))
            assert.equal(made.error, err.message)
            assert.same(made, err.plan)
        end)

        it("comes with the error of an evolution that records stand against", function()
            local _, err = t:evolve(function(c) c:modify("age", { dataType = "integer" }) end)
            assert.equal(err.message, err.plan.error)
            assert.same(err.issues, err.plan.issues)
            assert_narrow(tostring(err.plan))
            _, err = t:evolve(function(c) c:modify("city", { unique = true }) end)
            assert.equal("duplicate", err.code)
            assert.equal(err.message, err.plan.error)
            _, err = t:evolve(function(c) c:remove "nobody" end)
            assert.is_nil(err.plan)
        end)
    end)
end)
