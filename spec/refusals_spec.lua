-- Records that are refused: all that is wrong with one is told at once, whoever knows it: the rules, the records that
-- it refers to, the records that hold its values already.

local engines = require "spec.support.engines"
local flexdb = require "flexdb"

engines.each(function(engine)
    describe("a record that is refused", function()
        local db, t, acme, ada
        before_each(function()
            db = engine.open()
            assert(db:create_table("companies", { columns = { { name = "name", dataType = "string" } } }))
            t = assert(db:create_table("people", { columns = {
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
                { name = "age", dataType = "integer", validation = { max = 150 } },
                { name = "email", dataType = "string", unique = true },
                { name = "boss", dataType = "reference", validation = { targetTable = "people" } },
                { name = "team", dataType = "string" },
                { name = "seat", dataType = "integer" },
            }, indexes = { { columns = { "team", "seat" }, unique = true } } }))
            acme = assert(assert(db:table "companies"):insert { name = "Acme" }).id
            ada = assert(t:insert { id = "ada", company = acme, email = "ada@b.cd", team = "red", seat = 1 }).id
            assert(t:insert { id = "bob", email = "bob@b.cd", team = "red", seat = 2 })
        end)
        after_each(function() db:close() end)

        local age = "age: must be at most 150, is 200"
        local company = 'company: no record "nope" is in table "companies"'
        local boss = 'boss: no record "nobody" is in table "people"'
        local email = 'email: "ada@b.cd" is taken'
        local unknown = 'zzz: there is no column "zzz"'
        local email_bob = 'email: "bob@b.cd" is taken'

        local function refused(code, words, ...)
            local result, err = ...
            assert.is_nil(result)
            assert.equal(code .. ": " .. words, tostring(err))
            assert.equal(2, t:count())
            return err
        end

        it("says so of an insert", function()
            local all = { company = "nope", boss = "nobody", age = 200, email = "ada@b.cd", team = "red", seat = 2 }
            local err = refused("invalid_record", table.concat({ age, company, boss }, "; ") .. " (and 2 more)",
                t:insert(all))
            local told = {}
            for i, issue in ipairs(err.issues) do told[i] = { issue.path, issue.rule } end
            assert.same({ { "age", "max" }, { "company", "reference" }, { "boss", "reference" }, { "email", "unique" },
                { "team", "unique" } }, told)
            assert.equal('"red" with seat = 2 is taken', err.issues[5].message)
            refused("invalid_record", age .. '; id: "ada" is taken', t:insert { id = "ada", age = 200 })
            refused("reference", company .. "; " .. email, t:insert { company = "nope", email = "ada@b.cd" })
            refused("duplicate", email, t:insert { company = acme, email = "ada@b.cd" })
            refused("invalid_record", 'company: must be the id of a record, is the integer 5; ' .. boss,
                t:insert { company = 5, boss = "nobody" })
            refused("invalid_record", unknown .. "; " .. company, t:insert { zzz = 1, company = "nope" })
            -- Its own id counts as there.
            refused("invalid_record", age, t:insert { id = "eve", boss = "eve", age = 200 })
        end)

        it("says so of an update", function()
            refused("invalid_record", age .. "; " .. company .. "; " .. email_bob,
                t:update(ada, { age = 200, company = "nope", email = "bob@b.cd" }))
            refused("invalid_record", age .. '; team: "red" with seat = 2 is taken',
                t:update(ada, { age = 200, seat = 2 }))
            refused("reference", company .. "; " .. email_bob,
                t:update(ada, { company = "nope", email = "bob@b.cd" }))
            -- What it holds itself is not taken, and what is not set is not looked at.
            refused("invalid_record", age, t:update(ada, { age = 200, email = "ada@b.cd", boss = ada }))
            refused("invalid_record", unknown .. "; " .. company,
                t:update(ada, { zzz = 1, company = "nope" }))
        end)

        it("says so of an upsert and an update of all", function()
            refused("invalid_record", age .. "; " .. company,
                t:upsert({ email = "ada@b.cd", age = 200, company = "nope" }, { on = "email" }))
            refused("reference", company, t:upsert({ email = "new@b.cd", company = "nope" }, { on = "email" }))
            refused("invalid_record", age .. "; " .. company,
                t:update_all({ all = true }, { age = 200, company = "nope" }))
        end)

        it("says so of a batch", function()
            local bad = { age = 200, company = "nope" }
            refused("invalid_record", "record 2: " .. age .. "; " .. company, t:insert_many { { age = 1 }, bad })
            -- One that comes later in the batch may be meant.
            refused("invalid_record", "record 1: " .. age,
                t:insert_many { { age = 200, boss = "nobody" }, { id = "nobody" } })
            local result = assert(t:insert_many({ bad, { id = "c" }, { age = 200, boss = "nobody" },
                { age = 200, boss = "c" }, { zzz = 1, boss = "nobody" }, { zzz = 1, company = "nope" } },
                { on_error = "skip" }))
            local told = {}
            for i, err in ipairs(result.errors) do told[i] = err.message end
            assert.same({ "record 1: " .. age .. "; " .. company, "record 3: " .. age .. "; " .. boss,
                "record 4: " .. age, "record 5: " .. unknown, "record 6: " .. unknown .. "; " .. company }, told)
            assert.equal(1, result.inserted)
        end)

        it("keeps its id", function()
            local row = assert(t:get(ada))
            row.age = 36
            row = assert(t:update(ada, row))
            assert.same({ "ada", 36, 2 }, { row.id, row.age, row._version })
            row = assert(t:update(ada, { age = 37, created_at = "x", updated_at = 5, deleted_at = true, _version = 9,
                _x = {} }))
            assert.same({ 37, 3 }, { row.age, row._version })
            assert.is_nil(row.deleted_at)
            local err = refused("invalid_record", 'id: cannot be changed: the record\'s is "ada", not "eve"',
                t:update(ada, { id = "eve", age = 1 }))
            assert.same({ path = "id", rule = "id", expected = "ada", got = "eve", message = err.issues[1].message },
                err.issues[1])
            refused("invalid_record", 'id: cannot be changed: the record\'s is "ada", not null',
                t:update(ada, { id = flexdb.null }))
            refused("invalid_record", 'id: cannot be changed: the record\'s is "ada", not 5; ' .. age,
                t:update(ada, { id = 5, age = 200 }))
            refused("invalid_record", "id: cannot be set: every record has its own; " .. age,
                t:update_all({ all = true }, { id = "eve", age = 200 }))
            refused("invalid_record", 'id: cannot be changed: the record\'s is "ada", not "eve"',
                t:upsert({ id = "eve", email = "ada@b.cd" }, { on = "email" }))
            row = assert(t:upsert({ id = "ada", email = "ada@b.cd", age = 38 }, { on = "email" }))
            assert.equal(38, row.age)
            assert.equal(38, t:get(ada).age)
        end)
    end)
end)
