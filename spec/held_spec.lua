-- Many writes of a table in one transaction: the first one takes hold of the table's revision, and those that follow
-- rest upon that. What a transaction holds is looked at in references_spec.lua.

local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

engines.each(function(engine)
    describe("a transaction that writes a table again and again", function()
        local db, t, connection, environment
        before_each(function()
            db = engine.open()
            assert(assert(db:create_table("targets", { columns = {} })):insert { id = "one" })
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "reference", validation = { targetTable = "targets" } },
                { name = "n", dataType = "integer" } } }))
            connection, environment = raw.connect(engine)
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
        end)

        -- The version that each record says it was written under.
        local function versions()
            local found = {}
            for _, row in ipairs(raw.rows(connection, ("SELECT id, schema_version FROM %s"):format(
                raw.storage(connection, t).table))) do
                found[row.id] = math.tointeger(row.schema_version)
            end
            return found
        end

        local serial = 0
        local function evolve(table)
            serial = serial + 1
            assert(table:evolve(function(c) c:modify("n", { defaultValue = serial }) end))
            return serial
        end

        it("follows what it changes in the definition itself", function()
            assert(t:insert { id = "u", n = 0 })
            assert(db:transaction(function()
                assert(t:insert { id = "i1", n = 1 })
                assert(t:insert { id = "i2", n = 1 })
                local default = evolve(t)
                assert.equal(default, assert(t:insert { id = "j1" }).n)
                assert.equal(default, assert(t:insert { id = "j2" }).n)
                assert(t:update("u", { n = 3 }))
                return true
            end))
            assert.same({ i1 = 1, i2 = 1, j1 = 2, j2 = 2, u = 2 }, versions())
        end)

        it("follows what it undoes of that", function()
            assert(db:transaction(function()
                assert(t:insert { id = "i1" })
                db:transaction(function()
                    local default = evolve(t)
                    assert.equal(default, assert(t:insert { id = "gone" }).n)
                    assert.equal(default, assert(t:insert { id = "gone.too" }).n)
                    return nil, "undone"
                end)
                assert.is_nil(assert(t:insert { id = "i2" }).n)
                assert.is_nil(assert(t:insert { id = "i3" }).n)
                db:transaction(function()
                    assert(t:insert { id = "gone" })
                    return nil, "undone"
                end)
                assert(t:insert { id = "i4" })
                return true
            end))
            assert.same({ i1 = 1, i2 = 1, i3 = 1, i4 = 1 }, versions())
        end)

        it("follows what others have changed before it began", function()
            local elsewhere <close> = assert(engine.open { application = db.application })
            local there = assert(elsewhere:table "t")
            for round = 1, 3 do
                local default = evolve(there)
                db:transaction(function()
                    for i = 1, 3 do
                        local id = ("r%d.%d"):format(round, i)
                        assert.equal(default, assert(t:insert { id = id }).n)
                        assert(t:update(id, { n = i }))
                    end
                    return round ~= 2 or nil, "undone"
                end)
            end
            local want = {}
            for i = 1, 3 do want["r1." .. i], want["r3." .. i] = 2, 4 end
            assert.same(want, versions())
        end)

        it("may refer to records in between, and write many at once", function()
            assert(db:transaction(function()
                for i = 1, 3 do
                    assert(t:insert { id = "i" .. i })
                    assert(t:insert { id = "r" .. i, a = "one" })
                    engines.refused("reference", 'a: no record "none" is in table "targets"', t:insert { a = "none" })
                    engines.refused("duplicate", ('id: "i%d" is taken'):format(i), t:insert { id = "i" .. i })
                    assert(t:insert_many { { id = "m" .. i, a = "one" }, { id = "n" .. i } })
                    assert(t:update("i" .. i, { n = i }))
                    assert(t:update("i" .. i, { a = "one" }))
                    engines.refused("reference", 'a: no record "none" is in table "targets"',
                        t:update("i" .. i, { a = "none" }))
                end
                return true
            end))
            assert.equal(12, t:count())
            assert.equal(9, t:count { filter = { a = "one" } })
        end)
    end)
end)
