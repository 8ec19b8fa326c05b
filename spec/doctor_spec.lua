-- Doctor as a whole: its report, its options, what it leaves alone. What it finds is in the specs doctor_*_spec.lua.

local broken = require "spec.support.broken"
local engines = require "spec.support.engines"
local flexdb = require "flexdb"

engines.each(function(engine)
    describe("doctor", function()
        local w = broken.ward(engine)
        local sql, entry_of, put, look, find = w.sql, w.entry_of, w.put, w.look, w.find

        it("finds nothing in a healthy database", function()
            local report = look()
            assert.is_true(report.ok)
            assert.same({}, setmetatable(report.problems, nil))
            assert.equal(2, report.tables)
            assert.equal(5, report.records)
            assert.equal(4, report.versions)
            assert.equal(0, report.problem_count)
            assert.equal("2 tables, 4 versions, 5 records: no problem", tostring(report))
        end)

        it("mends a thousand records and more, and keeps the first thousand problems", function()
            local records = {}
            for i = 1, 1200 do records[i] = { email = "n" .. i, age = 100 + i } end
            assert(w.people:insert_many(records))
            sql("UPDATE %s SET %s = 7", w.physical, entry_of(w.people, "age"))
            local report = look()
            assert.is_false(report.ok)
            assert.equal(1203, report.problem_count)
            assert.equal(1203, report.counts.physical_value)
            assert.equal(1000, #report.problems)
            assert.equal(0, report.repaired_count)
            assert.truthy(tostring(report):find("\nand 203 more$"))
            report = look { repair = true }
            assert.is_true(report.ok)
            assert.equal(1203, report.repaired_count)
            assert.is_true(look().ok)
            assert.equal(100, w.people:count { filter = { age = { gt = 1200 } } })
        end)

        it("prints a report that is pleasant to read at 80 columns", function()
            sql("UPDATE %s SET %s = 40 WHERE id = 'a'", w.physical, entry_of(w.people, "age"))
            put(w.companies, "display_name", "Firms")
            local text = tostring(look { repair = true })
            assert.equal((([[
2 tables, 4 versions, 5 records: 2 problems, mended

APP / companies
  display_name       display_name is "Firms", the definition says "Companies"
                     (mended)

APP / people
  physical_value     record a, column age: its physical column c2 holds 40, the
                     document gives 36 (mended)]]):gsub("APP", w.db.application)), text)
            for line in text:gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 80, line) end
        end)

        it("looks at dropped tables, too", function()
            assert(w.db:drop_table "people")
            sql("UPDATE %s SET %s = 40 WHERE id = 'a'", w.physical, entry_of(w.people, "age"))
            local name = "people~" .. w.people.id
            local report = look { tables = { name } }
            assert.equal("people", find(report, "physical_value",
                "its physical column c2 holds 40, the document gives 36").table)
            assert.is_true(look({ tables = { name }, repair = true }).ok)
            sql("UPDATE flex_tables SET name = 'elsewhere' WHERE id = '%s'", w.people.id)
            find(look { tables = { "elsewhere" } }, "name",
                ("it is dropped and called \"elsewhere\", which must be \"people~%s\""):format(w.people.id))
            assert.is_true(look({ tables = { "elsewhere" }, repair = true }).ok)
            assert.equal(1, assert(w.db:restore_table "people"):count { filter = { age = 36 } })
        end)

        it("tells how far it is, and stops where its caller raises", function()
            local seen = {}
            look { on_progress = function(records, name) seen[#seen + 1] = ("%d %s"):format(records, name or "-") end }
            assert.equal("0 companies", seen[2])
            assert.equal("2 companies", seen[3])
            assert.equal("5 -", seen[#seen])
            local ok, err = pcall(look, { on_progress = function() error("enough", 0) end })
            assert.is_false(ok)
            assert.equal("enough", err)
        end)

        it("looks with a read-only handle, and cannot mend with one", function()
            local reader <close> = assert(flexdb.open(engine.url, { application = w.db.application, read_only = true }))
            assert.is_true(assert(flexdb.doctor(reader, { tables = { "people" } })).ok)
            local report, err = flexdb.doctor(reader, { tables = { "people" }, repair = true })
            assert.is_nil(report)
            assert.equal("read_only: the handle is read-only", tostring(err))
        end)

        it("looks inside a transaction, and cannot mend in one", function()
            local report = assert(w.db:transaction(function()
                assert(w.people:insert { email = "t@x" })
                return flexdb.doctor(w.db, { tables = { "people" } })
            end))
            assert.is_true(report.ok)
            local done, err = w.db:transaction(function()
                return flexdb.doctor(w.db, { tables = { "people" }, repair = true })
            end)
            assert.is_nil(done)
            assert.equal("unsupported: doctor mends in transactions of its own and cannot be part of another",
                tostring(err))
        end)

        it("says what is wrong with what it is given", function()
            local report, err = flexdb.doctor(w.db, { tables = { "people", "nobody" } })
            assert.is_nil(report)
            assert.equal('not_found: there is no table "nobody"', tostring(err))
            for _, case in ipairs {
                { {}, nil, "bad argument #1 to 'doctor' %(flexdb.database expected, got table%)" },
                { w.db, { fix = true }, "bad argument #2 to 'doctor' %(there is no option 'fix'%)" },
                { w.db, { repair = 1 },
                    "bad argument #2 to 'doctor' %(option 'repair' must be a boolean, is a number%)" },
                { w.db, { tables = { 1 } }, "option 'tables' must be an array of names" },
            } do
                local ok, message = pcall(function() flexdb.doctor(case[1], case[2]) end)
                assert.is_false(ok)
                assert.truthy(tostring(message):find(case[3]), message)
            end
        end)

        it("lets tables of other programs be", function()
            sql("INSERT INTO flex_tables (id, application_id, name, `schema`) VALUES ('o-%s', '%s', 'Other', "
                .. "'{\"columns\":[]}')" , w.people.id, w.db.application)
            local report = look { tables = { "people", "Other" } }
            assert.is_true(report.ok)
            assert.equal(1, report.foreign)
            sql("DELETE FROM flex_tables WHERE id = 'o-%s'", w.people.id)
        end)
    end)
end)
