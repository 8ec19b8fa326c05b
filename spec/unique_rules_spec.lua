-- What stands in the way of a unique rule: told by value and records.

local engines = require "spec.support.engines"

local refused <const> = engines.refused

local function unique(...) return { columns = { ... }, unique = true } end

engines.each(function(engine)
    describe("what stands in the way of a unique rule", function()
        local db, t
        before_each(function()
            db = engine.open()
            t = assert(db:create_table("t", { columns = {
                { name = "email", dataType = "string" },
                { name = "kept", dataType = "string", filterable = true },
                { name = "n", dataType = "integer", filterable = true },
                { name = "amount", dataType = "decimal", validation = { precision = 30, scale = 2 } },
            } }))
        end)
        after_each(function() db:close() end)

        local function make_unique(...)
            local names = { ... }
            return function(c)
                if #names == 1 then
                    c:modify(names[1], { unique = true })
                else
                    c:table { indexes = { unique(table.unpack(names)) } }
                end
            end
        end

        -- The same values in a column with and in one without a physical column.
        for _, name in ipairs { "email", "kept" } do
            it("is told by value and records, nothing is changed, by " .. name, function()
                local ids = {}
                for i, value in ipairs { "a", "b", "a", "c", "b", "a" } do
                    ids[i] = assert(t:insert { [name] = value .. "@example.org" }).id
                end
                assert(t:insert {})
                assert(t:insert {})
                local dead = assert(t:insert { [name] = "c@example.org" }).id
                assert(t:delete(dead))
                local _, err = t:evolve(make_unique(name))
                assert.equal("duplicate", err.code)
                assert.equal(("2 values are held more than once, by 5 records: %s: \"a@example.org\" is held by 3 "
                    .. "records: %s, %s, %s"):format(name, ids[1], ids[3], ids[6]), err.message)
                assert.same({
                    { path = name, rule = "unique", got = "a@example.org", id = ids[3],
                        message = ('"a@example.org" is held by 3 records: %s, %s, %s'):format(ids[1], ids[3], ids[6]) },
                    { path = name, rule = "unique", got = "b@example.org", id = ids[5],
                        message = ('"b@example.org" is held by 2 records: %s, %s'):format(ids[2], ids[5]) },
                }, err.issues)
                assert.equal(1, t.version)
                assert.equal(1, #assert(t:history()))
                assert.equal(3, t:count { filter = { [name] = "a@example.org" } })
                assert(t:insert { [name] = "a@example.org" })
                assert.equal(4, t:delete_all { filter = { [name] = "a@example.org" } })
                assert(t:delete(ids[5]))
                assert(t:evolve(make_unique(name)))
                assert.equal("duplicate", select(2, t:restore(ids[5])).code)
                refused("duplicate", name .. ': "b@example.org" is taken', t:insert { [name] = "b@example.org" })
            end)

            it("is told up to a measure, by " .. name, function()
                local records = {}
                for i = 1, 25 do
                    for k = 1, i == 2 and 30 or 2 do records[#records + 1] = { [name] = ("v%02d"):format(i), n = k } end
                end
                assert(t:insert_many(records))
                local _, err = t:evolve(make_unique(name))
                assert.equal(20, #err.issues)
                assert.matches("^25 values are held more than once, by 78 records: " .. name
                    .. ': "v01" is held by 2 records: ', err.message)
                assert.equal("v20", err.issues[20].got)
                local message = err.issues[2].message
                assert.matches('^"v02" is held by 30 records: ', message)
                assert.matches(" and 10 more$", message)
                local count = select(2, message:gsub("%x+%-%x+%-%x+%-%x+%-%x+", ""))
                assert.equal(20, count)
            end)
        end

        for _, names in ipairs { { "kept", "n" }, { "email", "n" }, { "amount", "kept" } } do
            it("is told of several columns together: " .. table.concat(names, ", "), function()
                local function row(n)
                    return { kept = "k" .. n // 2, email = "k" .. n // 2, n = n % 2, amount = tostring(n % 2) }
                end
                for n = 0, 5 do assert(t:insert(row(n))) end
                assert(t:insert { kept = "k0", email = "k0" })
                assert(t:insert { kept = "k0", email = "k0" })
                local second = assert(t:insert(row(3))).id
                local _, err = t:evolve(make_unique(table.unpack(names)))
                assert.equal("duplicate", err.code)
                assert.equal(1, #err.issues)
                assert.equal(second, err.issues[1].id)
                assert.equal(names[1], err.issues[1].path)
                local wanted = { kept = '"k1"', email = '"k1"', n = "1", amount = '"1.00"' }
                local words = ("%s with %s = %s is held by 2 records: "):format(wanted[names[1]], names[2],
                    wanted[names[2]])
                assert.equal(words, err.issues[1].message:sub(1, #words))
                assert.equal(names[1] .. ": " .. err.issues[1].message, err.message)
                assert(t:delete(second))
                assert(t:evolve(make_unique(table.unpack(names))))
                assert.equal("duplicate", select(2, t:insert(row(3))).code)
            end)
        end

        it("is told of every rule of one evolution", function()
            for _ = 1, 2 do assert(t:insert { email = "x", kept = "y", n = 1 }) end
            local _, err = t:evolve(function(c)
                c:modify("kept", { unique = true })
                c:modify("email", { unique = true })
                c:table { indexes = { unique("n", "kept"), unique("n", "amount") } }
            end)
            local words = {}
            for i, issue in ipairs(err.issues) do words[i] = issue.path .. ": " .. issue.message:match "^(.-) is" end
            assert.same({ 'email: "x"', 'kept: "y"', 'n: 1 with kept = "y"' }, words)
            assert.matches("^3 values are held more than once, by 6 records: email: ", err.message)
        end)

        it("is told by values as a retype will have made them", function()
            local ids = {}
            for i, value in ipairs { "1", "01", "2", "1" } do ids[i] = assert(t:insert { email = value }).id end
            local _, err = t:evolve(function(c) c:modify("email", { dataType = "integer", unique = true }) end)
            assert.equal("duplicate", err.code)
            assert.equal(("email: 1 is held by 3 records: %s, %s, %s"):format(ids[1], ids[2], ids[4]), err.message)
            assert.equal(1, t.version)
            assert(t:delete(ids[2]))
            assert(t:delete(ids[4]))
            assert(t:evolve(function(c) c:modify("email", { dataType = "integer", unique = true }) end))
        end)

        it("is told by the default of records that came before their column", function()
            for _ = 1, 3 do assert(t:insert {}) end
            assert(t:evolve(function(c) c:add { name = "vip", dataType = "boolean", defaultValue = true } end))
            local _, err = t:evolve(make_unique "vip")
            assert.matches("^vip: true is held by 3 records: ", err.message)
        end)
    end)
end)
