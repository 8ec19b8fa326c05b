-- A saved plan that was edited by hand: what cannot be is refused with the field and the reason; what is there for
-- people to read is not what is carried out.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

local before_must = "before must hold { key, dataType } or null for each column that the plan is about"

-- field, values that it may not have, what is said
local scenarios = {
    { "table", { 5, null, false, {} }, "table must be a table's name" },
    { "tableId", { 5, null, false, {} }, "tableId must be a table's id" },
    { "version", { "1", 0, -1, 1.5, null, true, {} }, "version must be an integer of at least 1" },
    { "changes", { "x", 5, null, true }, "changes must be an array of changes" },
    { "onInvalid", { "skip", "", 5, null, true, {} }, 'onInvalid must be "stop", "null" or "ignore"' },
    { "before", { 5, null, "x", { age = 1 }, { age = { key = "age" } }, { age = { dataType = "string" } },
        { age = { key = 1, dataType = "string" } }, { null } }, before_must },
    { "checksBefore", { 5, null, "x", { 5 } }, "checksBefore must be an array of checks" },
    { "steps", { 5, null, "x", { kind = "metadata" } }, "steps must be an array of steps" },
    { "issues", { 5, null, "x", { id = "p1" } }, "issues must be an array of issues" },
    { "records", { -1, 1.5, "3", null, {} }, "records must be a count" },
    { "failed", { -1, 1.5, "3", null, {} }, "failed must be a count" },
    { "breaking", { 0, "yes", null, {} }, "breaking must be true or false" },
    { "destructive", { 0, "no", null, {} }, "destructive must be true or false" },
    { "possible", { 0, "yes", null, {} }, "possible must be true or false" },
    { "error", { 0, null, true, {} }, "error must be a text" },
    { "colour", { 1, "red", null, {} }, 'there is no key "colour" in a plan' },
    { "onInvald", { "null" }, 'there is no key "onInvald" in a plan' },
    { 7, { "x" }, 'there is no key "7" in a plan' },
    { "rollback", { 1, "1", 0 }, "either changes or rollback must be there" },
}

engines.each(function(engine)
    describe("a plan that was edited", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("people", { columns = {
                { name = "name", dataType = "string" }, { name = "age", dataType = "string" },
            } }))
            for i, age in ipairs { "36", "007", "old" } do
                assert(t:insert { id = "p" .. i, name = "P" .. i, age = age })
            end
        end)
        after_each(function() db:close() end)

        local function saved(changes, options)
            return assert(flexdb.json.decode(flexdb.json.encode(assert(t:plan(changes, options)))))
        end
        local function retyped() return saved(function(c) c:modify("age", { dataType = "integer" }) end,
            { on_invalid = "null" }) end

        -- Neither evolve nor plan takes it, and nothing has happened.
        local function refused(plan, said)
            for _, call in ipairs { t.evolve, t.plan } do
                local entry, err = call(t, plan)
                assert.is_nil(entry)
                assert.equal(said, tostring(err))
            end
            assert.equal(1, t.version)
            assert.equal("007", assert(t:get "p2").age)
        end

        for _, scenario in ipairs(scenarios) do
            it("is refused for its " .. scenario[1], function()
                for _, value in ipairs(scenario[2]) do
                    local plan = retyped()
                    plan[scenario[1]] = value
                    refused(plan, "invalid_document: plan: " .. scenario[3])
                end
            end)
        end

        it("is refused without what it needs", function()
            for field, said in pairs { table = "table must be a table's name", tableId = "tableId must be a table's id",
                version = "version must be an integer of at least 1", before = before_must,
                changes = "either changes or rollback must be there" } do
                local plan = retyped()
                plan[field] = nil
                refused(plan, "invalid_document: plan: " .. said)
            end
        end)

        it("is refused for the version that it goes back to", function()
            assert(t:evolve(function(c) c:remove "age" end))
            for _, version in ipairs { 0, -1, 1.5, "1", null, true } do
                local plan = assert(flexdb.json.decode(flexdb.json.encode(assert(t:rollback(1, { dry_run = true })))))
                plan.rollback = version
                local entry, err = t:evolve(plan)
                assert.is_nil(entry)
                assert.equal("invalid_document: plan: rollback must be an integer of at least 1", tostring(err))
            end
            local plan = assert(t:rollback(1, { dry_run = true }))
            plan.rollback = 9
            assert.equal('not_found: table "people" has no version 9', tostring(select(2, t:evolve(plan))))
            assert.equal(2, t.version)
        end)

        it("is refused where its changes are none, or cannot be, with their place", function()
            for said, changes in pairs {
                ["changes[0].op: must be one of add_column, remove_column, rename_column, modify_column, move_column "
                    .. 'and modify_table, got "explode"'] = { { op = "explode", name = "age" } },
                ["changes[0]: op is missing"] = { { name = "age" } },
                ["changes[0]: a change must be an object, got 5"] = { 5 },
                ['changes: must be an array of changes, got {"age":1}'] = { age = 1 },
                ['changes[0].name: there is no column "ages"'] = { { op = "remove_column", name = "ages" } },
                ['changes[0].nam: there is no key "nam" here'] = { { op = "remove_column", name = "age", nam = 1 } },
                ["changes[0].set.dataType: must be one of string, text, integer, decimal, boolean, date, datetime, "
                    .. 'json and reference, got "number"'] = { { op = "modify_column", name = "age", set = { dataType =
                    "number" } } },
            } do
                local plan = retyped()
                plan.changes = changes
                refused(plan, "invalid_schema: " .. said)
            end
        end)

        it("is refused for another table, and for a version that is to come", function()
            local other = assert(db:create_table("other", { columns = { { name = "age", dataType = "string" } } }))
            assert.equal('conflict: the plan is for table "people", not "other"', tostring(select(2,
                other:evolve(retyped()))))
            local plan = retyped()
            plan.version = 9
            refused(plan, 'conflict: table "people" has changed since the plan was made at version 9: it is at '
                .. "version 1")
        end)

        it("is refused where it says that a column was another one", function()
            assert(t:evolve(function(c) c:add { name = "vip", dataType = "boolean" } end))
            assert(t:rollback(1))
            for said, before in pairs {
                ['column "age" is another one'] = { age = { key = "age_2", dataType = "string" } },
                ['column "ages" is gone'] = { ages = { key = "ages", dataType = "string" } },
                ['there is a column "name"'] = { name = null },
            } do
                local plan = retyped()
                plan.version, plan.before = 1, before
                local entry, err = t:evolve(plan)
                assert.is_nil(entry)
                assert.equal('conflict: table "people" has changed since the plan was made at version 1: ' .. said,
                    tostring(err))
            end
            assert.equal(3, t.version)
        end)

        it("does what its changes say, whatever its steps, counts and reasons say", function()
            local plan = retyped()
            for _, step in ipairs(plan.steps) do
                step.kind, step.text, step.exact, step.failed, step.samples = "metadata", "nothing", 999, 0, nil
            end
            plan.records, plan.failed, plan.possible, plan.destructive, plan.breaking = 0, 0, false, false, false
            plan.issues, plan.error = { { id = "p1", path = "x", message = "x" } }, "it cannot be"
            local told = assert(t:plan(plan))
            assert.same(assert(t:plan(function(c) c:modify("age", { dataType = "integer" }) end,
                { on_invalid = "null" })), told)
            local entry = assert(t:evolve(plan))
            local details = entry.changes[1].details.conversion
            assert.same({ 1, 1, 1 }, { details.exact, details.rounded, details.failed })
            assert.equal(7, assert(t:get "p2").age)
            assert.is_nil(assert(t:get "p3").age)
        end)

        it("is carried out under another way of dealing with failures, when that is what was edited", function()
            local plan = retyped()
            for _, way in ipairs { "stop", false } do
                plan.onInvalid = way or nil
                assert.equal('invalid_record: 1 record stands against the change: record "p3": age: must be an '
                    .. 'integer, is the string "old"', tostring(select(2, t:evolve(plan))))
                assert.equal("007", assert(t:get "p2").age)
            end
            plan.onInvalid = "ignore"
            assert.equal(2, assert(t:evolve(plan)).version)
        end)
    end)
end)
