-- What a retype means beyond one value: defaults, formats, other changes, deleted records, versions.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local retypes = require "spec.support.retypes"

local null = flexdb.null
local column <const> = retypes.column

engines.each(function(engine)
    describe("a retype", function()
        local bed = retypes.bed(engine)
        local fill, value_of, retype = bed.fill, bed.value_of, bed.retype

        it("covers soft-deleted records", function()
            local ids = fill("string", { "1", "x" })
            assert(bed.t:delete(ids[1]))
            local entry = assert(retype("integer", { on_invalid = "null" }))
            assert.equal(1, entry.changes[1].details.conversion.exact)
            assert(bed.t:restore(ids[1]))
            assert.equal(1, value_of(ids[1]))
            assert(bed.t:delete(ids[2]))
            assert.equal("invalid_record", select(2, (function()
                assert(bed.t:rollback(1))
                return retype("integer")
            end)()).code)
        end)

        it("converts defaults and initial defaults, and what reads as one", function()
            bed.t = assert(bed.db:create_table("t", { columns = { column("n", "integer") } }))
            local old = assert(bed.t:insert { n = 1 }).id
            assert(bed.t:evolve(function(c) c:add { name = "v", dataType = "string", defaultValue = "7" } end))
            local none = assert(bed.t:insert { v = null }).id
            assert(retype("integer"))
            assert.equal(7, value_of(old))
            assert.is_nil(value_of(none))
            assert.equal(7, assert(bed.t:insert {}).v)
            assert.equal(2, bed.t:count { filter = { v = 7 } })
            assert(bed.t:rollback(2))
            assert.equal("7", value_of(old))
            assert.is_nil(value_of(none))
            assert.equal("7", assert(bed.t:insert {}).v)
        end)

        it("treats an initial default without a counterpart like the value of every old record", function()
            bed.t = assert(bed.db:create_table("t", { columns = { column("n", "integer") } }))
            local old = assert(bed.t:insert {}).id
            assert(bed.t:evolve(function(c) c:add { name = "v", dataType = "string", defaultValue = "none" } end))
            local changes = { { op = "modify_column", name = "v", set = { dataType = "integer" },
                unset = { "defaultValue" } } }
            local _, err = bed.t:evolve(changes)
            assert.equal(old, err.issues[1].id)
            local entry = assert(bed.t:evolve(changes, { on_invalid = "null" }))
            assert.equal(1, entry.changes[1].details.conversion.nulled)
            assert.is_nil(value_of(old))
            assert(bed.t:rollback(2))
            assert.equal("none", value_of(old))
        end)

        it("wants a default that would lose something, or cannot be, to be said anew", function()
            fill("string", {}, { defaultValue = "007" })
            local _, err = retype "integer"
            assert.equal("invalid_schema", err.code)
            assert.equal("changes[0].set.defaultValue", err.issues[1].path)
            assert.equal("must be given with the new type: converting the old one, leading zeros are lost",
                err.issues[1].message)
            assert.equal("must be \"true\" or \"false\", is \"007\"", select(2, retype "boolean").issues[1].message)
            local change = { op = "modify_column", name = "v", set = { dataType = "integer", defaultValue = 7 } }
            assert(bed.t:evolve { change })
            assert.equal(7, assert(bed.t:insert {}).v)
        end)

        it("counts a change of a decimal's scale as one", function()
            local ids = fill("decimal", { "1.25", "-1.25", "3" })
            local entry = assert(bed.t:evolve(function(c) c:modify("v", { validation = { scale = 1 } }) end))
            assert.same({ exact = 1, rounded = 2, failed = 0,
                losses = { { reason = "digits after the point are rounded", count = 2 } } },
                entry.changes[1].details.conversion)
            assert.same({ "1.3", "-1.3", "3.0" }, { value_of(ids[1]), value_of(ids[2]), value_of(ids[3]) })
            assert(bed.t:rollback(1))
            assert.equal("1.25", value_of(ids[1]))
        end)

        it("reads dates by the formats that are given", function()
            for i, say in ipairs {
                function(c) c:modify("v", { dataType = "date", parse = "%b %d %Y" }) end,
                function(c) c:modify("v", { dataType = "date", parse = { "%d.%m.%Y", "%b %d %Y" } }) end,
            } do
                local columns = { column("v", "string"), column("n", "integer") }
                bed.t = assert(bed.db:create_table("t" .. i, { columns = columns }))
                local id = assert(bed.t:insert { v = "Jun 12 1998" }).id
                assert(bed.t:evolve(say))
                assert.equal("1998-06-12", value_of(id))
                assert(bed.t:update(id, { n = 1 }))
                assert(bed.t:rollback(1))
                assert.equal("Jun 12 1998", value_of(id))
            end
            bed.t = assert(bed.db:create_table("beside", { columns = { column("v", "string") } }))
            local id = assert(bed.t:insert { v = "12/06/1998 17:30" }).id
            assert(bed.t:evolve { { op = "modify_column", name = "v", set = { dataType = "datetime" },
                parse = { "%d/%m/%Y %H:%M", "%Y" .. "-%m-%d %H:%M" } } })
            assert.equal("1998-06-12T17:30:00.000000Z", value_of(id))
            -- the history says by which formats, and its words do the same again
            local change = assert(bed.t:history())[2].changes[1]
            assert.same({ "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M" }, change.details.after.parse)
            local twin = assert(bed.db:create_table("twin", { columns = { column("v", "string") } }))
            local other = assert(twin:insert { v = "12/06/1998 17:30" }).id
            assert(twin:evolve { change })
            assert.equal("1998-06-12T17:30:00.000000Z", assert(twin:get(other)).v)
        end)

        it("refuses formats that contradict, are none, or have nothing to read", function()
            local ids = fill("string", { "03/04/2024" })
            local function message(change)
                change.op, change.name = "modify_column", "v"
                local entry, err = bed.t:evolve { change }
                assert.is_nil(entry)
                return err.issues[1].path .. ": " .. err.issues[1].message
            end
            assert.equal('v: must have one reading, is "03/04/2024": 2024-03-04 by "%m/%d/%Y", 2024-04-03 by '
                .. '"%d/%m/%Y"',
                message { set = { dataType = "date", parse = { "%m/%d/%Y", "%d/%m/%Y" } } })
            assert.equal('changes[0].parse: the format "%Y" for a date has no month (%m, %b or %B)',
                message { set = { dataType = "date", parse = "%Y" } })
            assert.equal('v: must be of the form "%Y-%m-%d" or "%Y%m%d", is "03/04/2024"',
                message { set = { dataType = "date", parse = { "%Y-%m-%d", "%Y%m%d" } } })
            assert.equal('changes[0].parse: says how a retype reads dates, but the type stays as it is',
                message { set = { required = false }, parse = "%Y-%m-%d" })
            assert.equal("changes[0].parse: formats are read where a string, text or json becomes a date or datetime, "
                .. "not where string becomes integer", message { set = { dataType = "integer", parse = "%Y-%m-%d" } })
            assert.equal("03/04/2024", value_of(ids[1]))
        end)

        it("renames and tightens in the same evolution", function()
            local ids = fill("string", { "5", "50" })
            local entry, err = bed.t:evolve(function(c)
                c:rename("v", "age")
                c:modify("age", { dataType = "integer", validation = { max = 9 }, indexed = true })
            end)
            assert.is_nil(entry)
            assert.equal(ids[2], err.issues[1].id)
            assert.equal("age", err.issues[1].path)
            assert(bed.t:delete(ids[2], { hard = true }))
            assert(bed.t:evolve(function(c)
                c:rename("v", "age")
                c:modify("age", { dataType = "integer", validation = { max = 9 }, indexed = true, displayName = "Age" })
            end))
            assert.equal(5, assert(bed.t:get(ids[1])).age)
            assert.equal(1, bed.t:count { filter = { age = 5 } })
            assert.equal(1, #assert(bed.t:find { orderBy = { "-age" } }))
        end)

        it("is one column's only retype in a list, and may be that of a column added in it", function()
            fill("string", { "1" })
            local entry, err = bed.t:evolve(function(c)
                c:modify("v", { dataType = "integer" })
                c:modify("v", { dataType = "boolean" })
            end)
            assert.is_nil(entry)
            assert.equal("changes[1]: the column was given another type by an earlier change of the list: say the last "
                .. "type alone", err.message)
            assert(bed.t:evolve(function(c)
                c:add { name = "w", dataType = "string", defaultValue = "1" }
                c:modify("w", { dataType = "integer" })
            end))
            assert.equal(1, assert(bed.t:first()).w)
        end)

        it("of a table without records converts nothing, and neither does the way back", function()
            fill("string", {}, { unique = true })
            local entry = assert(retype "integer")
            assert.is_nil(entry.changes[1].details.conversion)
            local id = assert(bed.t:insert { v = 5 }).id
            assert(bed.t:rollback(1))
            assert.equal("5", value_of(id))
        end)

        it("waits for the version that is expected", function()
            fill("string", { "1" })
            local entry, err = retype("integer", { expect_version = 2 })
            assert.is_nil(entry)
            assert.equal("conflict", err.code)
            assert.equal('table "t" is at version 1, not 2', err.message)
            assert(retype("integer", { expect_version = 1 }))
        end)

        it("leaves versions, times and order of the records alone", function()
            local ids = fill("string", { "1", "2" })
            local before = assert(bed.t:find())
            assert(retype "integer")
            assert(bed.t:evolve(function(c) c:modify("v", { dataType = "text", indexed = true }) end))
            for i, row in ipairs(assert(bed.t:find())) do
                assert.equal(ids[i], row.id)
                assert.equal(before[i]._version, row._version)
                assert.equal(before[i].updated_at, row.updated_at)
            end
        end)

        it("is undone with the transaction around it", function()
            local ids = fill("string", { "1" })
            local done, why = bed.db:transaction(function()
                assert(retype "integer")
                assert.equal(1, value_of(ids[1]))
                return nil, "no"
            end)
            assert.is_nil(done)
            assert.equal("no", why)
            assert.equal("1", value_of(ids[1]))
            assert.equal(1, bed.t.version)
        end)
    end)
end)
