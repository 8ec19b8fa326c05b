-- Retypes to references and of unique columns, and the way back from any.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local retypes = require "spec.support.retypes"

local null = flexdb.null
local set_of <const> = retypes.set_of

engines.each(function(engine)
    describe("a retype", function()
        local bed = retypes.bed(engine)
        local fill, value_of, retype = bed.fill, bed.value_of, bed.retype

        describe("to a reference", function()
            local ids
            before_each(function()
                local targets = assert(bed.db:create_table("targets", { columns = {} }))
                assert(targets:insert { id = "here" })
                assert(targets:insert { id = "gone" })
                assert(targets:delete "gone")
                ids = fill("string", { "here", "gone", "not an id", "nowhere" })
            end)

            it("looks for every record that is named, and tells those that are not there", function()
                local entry, err = retype "reference"
                assert.is_nil(entry)
                assert.equal(("3 records stand against the change: record \"%s\": v: no record \"gone\" is in table "
                    .. "\"targets\""):format(ids[2]), err.message)
                assert.same({ "reference", "type", "reference" }, { err.issues[1].rule, err.issues[2].rule,
                    err.issues[3].rule })
                assert.equal("nowhere", err.issues[3].got)
                assert.equal(3, err.plan.steps[1].failed)
            end)

            it("leaves no value for them with on_invalid = null", function()
                local entry = assert(retype("reference", { on_invalid = "null" }))
                assert.same({ exact = 1, rounded = 0, failed = 3, nulled = 3 }, entry.changes[1].details.conversion)
                assert.same({ "here" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]), value_of(ids[4]) })
                assert.equal("reference", select(2, bed.db:table("targets"):delete "here").code)
                assert(bed.t:rollback(1))
                assert.equal("not an id", value_of(ids[3]))
            end)

            it("brings back what named nothing, of records that were written since", function()
                assert(retype("reference", { on_invalid = "null" }))
                for i = 1, 4 do assert(bed.t:update(ids[i], { n = i })) end
                assert(bed.t:update(ids[1], { v = null }))
                assert.equal(3, assert(bed.t:rollback(1, { dry_run = true })).steps[1].kept)
                assert(bed.t:rollback(1))
                assert.same({ nil, "gone", "not an id", "nowhere" },
                    { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]), value_of(ids[4]) })
            end)

            it("brings it back from a type that it was made into after that", function()
                assert(retype("reference", { on_invalid = "null" }))
                assert(bed.t:evolve { { op = "modify_column", name = "v", set = { dataType = "text", validation = {
                    targetTable = null, onDelete = null } } } })
                for i = 1, 4 do assert(bed.t:update(ids[i], { v = i == 1 and "new" or null })) end
                assert(bed.t:rollback(1))
                assert.same({ "new", "gone", "not an id", "nowhere" },
                    { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]), value_of(ids[4]) })
            end)

            it("keeps ids that name nothing with on_invalid = ignore", function()
                assert(retype("reference", { on_invalid = "ignore" }))
                assert.equal("nowhere", value_of(ids[4]))
                assert.is_nil(value_of(ids[3]))
            end)

            it("and back is what it was, and from there to json", function()
                assert(bed.t:delete_all({ filter = { v = { ne = "here" } } }, { hard = true }))
                assert(retype "reference")
                assert(bed.t:evolve { { op = "modify_column", name = "v", set = { dataType = "json" } } })
                assert.equal("here", value_of(ids[1]))
                assert(bed.t:rollback(2))
                assert.equal("here", value_of(ids[1]))
                assert(bed.t:rollback(1))
                assert.equal("here", value_of(ids[1]))
            end)
        end)

        it("brings back what three types have passed on, of records that were written since", function()
            local ids = fill("date", { "2024-02-29", "2024-03-01" })
            for _, to in ipairs { "datetime", "text", "json" } do assert(retype(to)) end
            assert(bed.t:update(ids[1], { n = 1 }))
            assert.equal("2024-02-29T00:00:00.000000Z", value_of(ids[1]))
            assert(bed.t:rollback(1))
            assert.same({ "2024-02-29", "2024-03-01" }, { value_of(ids[1]), value_of(ids[2]) })
            -- The way up again goes through as many.
            assert(bed.t:update(ids[2], { n = 2 }))
            assert(bed.t:rollback(4))
            assert.equal("2024-03-01T00:00:00.000000Z", value_of(ids[2]))
        end)

        it("brings back what broke a rule of then, whatever the rules are now", function()
            local ids = fill("string", { "7", "99" })
            assert(bed.t:evolve({ { op = "modify_column", name = "v", set = { dataType = "integer",
                validation = { max = 50 } } } }, { on_invalid = "null" }))
            assert(bed.t:evolve { { op = "modify_column", name = "v", set = { validation = { max = null } } } })
            for i = 1, 2 do assert(bed.t:update(ids[i], { n = i })) end
            assert.is_nil(value_of(ids[2]))
            assert(bed.t:rollback(1))
            assert.same({ "7", "99" }, { value_of(ids[1]), value_of(ids[2]) })
        end)

        describe("of a unique column", function()
            it("is refused by values that become the same, by value and ids", function()
                local ids = fill("string", { "1", "01", "2" }, { unique = true })
                local entry, err = retype "integer"
                assert.is_nil(entry)
                assert.equal("duplicate", err.code)
                assert.equal(("v: 1 is held by 2 records: %s, %s"):format(ids[1], ids[2]), err.message)
                assert.same({ values = 1, records = 2, shared = { { value = 1, count = 2, ids = { ids[1], ids[2] } } }
                    }, err.plan.steps[1].duplicates)
                assert.is_false(err.plan.possible)
                assert.equal("01", value_of(ids[2]))
            end)

            it("lets records that have swapped their values go back", function()
                local ids = fill("string", { "1", "2" }, { unique = true })
                assert(bed.t:evolve(function(c) c:modify("v", { dataType = "integer", unique = false }) end))
                assert(bed.t:update(ids[1], { v = 2 }))
                assert(bed.t:update(ids[2], { v = 1 }))
                assert(bed.t:rollback(1))
                assert.same({ "2", "1" }, { value_of(ids[1]), value_of(ids[2]) })
                assert.equal("duplicate", select(2, bed.t:insert { v = "1" }).code)
            end)
        end)

        describe("and the way back", function()
            it("takes what was written since along, and leaves what was not as it was", function()
                local ids = fill("string", { "007", "008", "x", "9" })
                assert(retype("integer", { on_invalid = "null" }))
                assert(bed.t:update(ids[1], { n = 1 }))
                assert(bed.t:update(ids[2], { v = 80 }))
                assert(bed.t:update(ids[4], { v = null }))
                local new, bare = assert(bed.t:insert { v = 5 }).id, assert(bed.t:insert {}).id
                local entry = assert(bed.t:rollback(1))
                assert.same({ exact = 2, rounded = 0, failed = 0, kept = 2 }, entry.changes[1].details.conversion)
                assert.equal("007", value_of(ids[1]))
                assert.equal("80", value_of(ids[2]))
                assert.equal("x", value_of(ids[3]))
                assert.is_nil(value_of(ids[4]))
                assert.equal("5", value_of(new))
                assert.is_nil(value_of(bare))
                -- and forth again
                assert(bed.t:update(ids[3], { v = "33" }))
                assert(bed.t:rollback(2))
                assert.same({ 7, 80, 33 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert.equal(5, value_of(new))
                assert(bed.t:rollback(1))
                assert.same({ "007", "80", "33" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            end)

            it("is refused where what was written since cannot go along", function()
                local ids = fill("integer", { 1, 2 })
                assert(retype "string")
                assert(bed.t:update(ids[1], { v = "many" }))
                local entry, err = bed.t:rollback(1)
                assert.is_nil(entry)
                assert.equal(('1 record stands against the change: record "%s": v: must be an integer, is the string '
                    .. '"many"'):format(ids[1]), err.message)
                assert.is_false(err.plan.possible)
                assert.equal(1, err.plan.rollback)
                assert(bed.t:rollback(1, { on_invalid = "null" }))
                assert.is_nil(value_of(ids[1]))
                assert.equal(2, value_of(ids[2]))
                assert(bed.t:rollback(2))
                assert.equal("many", value_of(ids[1]))
            end)

            it("from a chain of retypes finds the first value, whichever were between", function()
                local ids = fill("string", { "007", "1.4", "5" })
                assert(bed.t:evolve { { op = "modify_column", name = "v", set = set_of "decimal" } }) -- 7.00 1.40 5.00
                assert(retype "integer") -- 7 1 5
                assert(retype "text") -- "7" "1" "5"
                for _, id in ipairs(ids) do assert(bed.t:update(id, { n = 1 })) end
                assert(bed.t:update(ids[3], { v = "6" }))
                assert(bed.t:rollback(1))
                assert.same({ "007", "1.4", "6" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(bed.t:rollback(3))
                assert.same({ 7, 1, 6 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(bed.t:rollback(2))
                assert.same({ "7.00", "1.40", "6.00" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(bed.t:rollback(4))
                assert.same({ "7", "1", "6" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            end)

            it("to another branch takes along what was written between", function()
                local ids = fill("text", { "1", "2", "3" })
                assert(retype "integer") -- 2
                assert(bed.t:update(ids[2], { v = 20 }))
                assert(bed.t:rollback(1)) -- 3
                assert(bed.t:update(ids[3], { v = "30" }))
                assert(retype "decimal") -- 4, another branch
                assert.same({ "1.00", "20.00", "30.00" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(bed.t:rollback(2)) -- 5
                assert.same({ 1, 20, 30 }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
                assert(bed.t:rollback(4))
                assert.same({ "1.00", "20.00", "30.00" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            end)

            it("goes over any number of retypes of one column", function()
                local ids = fill("text", { "007" })
                for i = 1, 40 do assert(retype(i % 2 == 1 and "string" or "text")) end
                assert(bed.t:update(ids[1], { n = 1 }))
                assert(bed.t:rollback(1))
                assert.equal("007", value_of(ids[1]))
            end)

            it("to a type that the last one does not convert to keeps what was not written since", function()
                local ids = fill("date", { "2024-02-29", "2024-03-01" })
                assert(retype "text")
                assert(bed.t:evolve({ { op = "modify_column", name = "v", set = { dataType = "integer" } } },
                    { on_invalid = "null" }))
                assert(bed.t:update(ids[2], { v = 5 }))
                local _, err = bed.t:rollback(1)
                assert.equal("integer cannot be converted to date", err.issues[1].message)
                assert(bed.t:rollback(1, { on_invalid = "null" }))
                assert.equal("2024-02-29", value_of(ids[1]))
                assert.is_nil(value_of(ids[2]))
            end)

            it("meets a column that was removed and renamed on the way", function()
                local ids = fill("string", { "007" })
                assert(retype "integer")
                assert(bed.t:evolve(function(c) c:rename("v", "w") end))
                assert(bed.t:evolve(function(c) c:remove "w" end))
                assert(bed.t:evolve(function(c) c:add { name = "v", dataType = "boolean" } end))
                assert(bed.t:update(ids[1], { v = true }))
                assert(bed.t:rollback(1))
                assert.equal("007", value_of(ids[1]))
                assert(bed.t:rollback(3))
                assert.equal(7, assert(bed.t:get(ids[1])).w)
                assert(bed.t:rollback(5))
                assert.is_true(value_of(ids[1]))
            end)
        end)
    end)
end)
