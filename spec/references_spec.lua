-- What a record that is written refers to: every mix of references that have a value, have none, or point to nothing;
-- and what is held until the writer's transaction ends.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local raw = require "spec.support.raw"

local null = flexdb.null

-- What may stand in a reference column; nil is not given at all.
local choices = { "live", "deleted", "missing", null, nil }
local CHOICES = 5
local lost = { deleted = true, missing = true }

-- Calls body with each mix of choices for the columns.
local function each_mix(columns, body)
    for mix = 0, CHOICES ^ #columns - 1 do
        local values, rest = {}, math.tointeger(mix)
        for _, name in ipairs(columns) do
            values[name] = choices[rest % CHOICES + 1]
            rest = rest // CHOICES
        end
        body(values)
    end
end

-- What a mix says, for a failing test.
local function said(what, values)
    local words = { what }
    for name, value in pairs(values) do words[#words + 1] = name .. "=" .. tostring(value) end
    table.sort(words, function(a, b) return a ~= b and (a == what or b ~= what and a < b) end)
    return table.concat(words, " ")
end

engines.each(function(engine)
    describe("a record that is written", function()
        local db, targets, others

        local function reference(name, target)
            return { name = name, dataType = "reference", validation = { targetTable = target } }
        end

        local function fill(t)
            assert(t:insert { id = "live" })
            assert(t:insert { id = "also" })
            assert(t:insert { id = "deleted" })
            assert(t:delete "deleted")
        end

        before_each(function()
            db = engine.open()
            targets = assert(db:create_table("targets", { columns = { { name = "n", dataType = "integer" } } }))
            others = assert(db:create_table("others", { columns = {} }))
            fill(targets)
            fill(others)
        end)
        after_each(function() db:close() end)

        -- Writes each mix in all ways, and expects an issue for each reference that is lost.
        local function check(t, target_of, columns)
            local serial = 0
            local function expect(what, values, result, err)
                local issues = {}
                for _, name in ipairs(columns) do
                    if lost[values[name]] then
                        issues[name] = ('no record "%s" is in table "%s"'):format(values[name], target_of[name])
                    end
                end
                local words = said(what, values)
                if next(issues) == nil then
                    assert(result, words .. ": " .. tostring(err))
                    local read = assert(t:get(result.id))
                    for _, name in ipairs(columns) do
                        local want = values[name] ~= null and values[name] or nil
                        assert.equal(want, read[name], words)
                    end
                else
                    assert.is_nil(result, words)
                    assert.equal("reference", err.code, words)
                    local got = {}
                    for _, issue in ipairs(err.issues) do got[issue.path] = issue.message end
                    assert.same(issues, got, words)
                end
            end
            local function ways(around)
                each_mix(columns, function(values)
                    serial = serial + 1
                    expect("insert", values, around(function() return t:insert(values) end))
                    local id = "r" .. serial
                    assert(t:insert { id = id })
                    expect("update", values, around(function() return t:update(id, values) end))
                    values.id = "u" .. serial
                    expect("upsert", values, around(function() return t:upsert(values, { on = "id" }) end))
                end)
            end
            ways(function(f) return f() end)
            ways(function(f) return db:transaction(f) end)
            db:transaction(function() ways(function(f) return f() end) end)
        end

        it("refers to records that are there, by one column", function()
            local t = assert(db:create_table("t", { columns = { reference("a", "targets") } }))
            check(t, { a = "targets" }, { "a" })
        end)

        it("refers to records that are there, by two columns into one table and one into another", function()
            local t = assert(db:create_table("t", { columns = {
                reference("a", "targets"), reference("b", "targets"), reference("c", "others") } }))
            check(t, { a = "targets", b = "targets", c = "others" }, { "a", "b", "c" })
        end)

        it("refers to records of its own table beside others", function()
            local t = assert(db:create_table("t", { columns = { reference("a", "t"), reference("b", "targets") } }))
            fill(t)
            check(t, { a = "t", b = "targets" }, { "a", "b" })
            for _, b in ipairs { "live", "missing", null } do
                local own, err = t:insert { id = "own" .. tostring(b), a = "own" .. tostring(b), b = b }
                if b == "missing" then
                    engines.refused("reference", 'b: no record "missing" is in table "targets"', own, err)
                else
                    assert.equal(own.id, own.a)
                    assert(t:update(own.id, { a = own.id, b = b }))
                end
            end
        end)

        it("refers to records by as many columns as a table may have", function()
            local columns = {}
            for i = 1, 60 do columns[i] = reference("c" .. i, i % 2 == 0 and "targets" or "others") end
            local t = assert(db:create_table("t", { columns = columns }))
            local values = {}
            for i = 1, 60 do values["c" .. i] = i % 3 == 0 and "also" or "live" end
            local whole = assert(t:insert(values))
            assert(t:update(whole.id, values))
            values.c60 = "missing"
            local message = 'c60: no record "missing" is in table "targets"'
            engines.refused("reference", message, t:insert(values))
            engines.refused("reference", message, t:update(whole.id, values))
            values.c1 = nil
            engines.refused("reference", message, t:insert(values))
        end)

        it("is refused as a duplicate before and beside its references", function()
            local t = assert(db:create_table("t", { columns = {
                { name = "u", dataType = "integer", unique = true }, reference("a", "targets") } }))
            assert(t:insert { u = 1, a = "live" })
            engines.refused("duplicate", "u: 1 is taken", t:insert { u = 1, a = "live" })
            engines.refused("duplicate", "u: 1 is taken", t:insert { u = 1 })
            local _, err = t:insert { u = 1, a = "missing" }
            assert.equal("reference", err.code)
        end)

        it("follows its table and the ones that it refers to when they have moved", function()
            local t = assert(db:create_table("t", { columns = {
                { name = "n", dataType = "integer" }, reference("a", "targets"), reference("b", "others") } }))
            local elsewhere <close> = assert(engine.open { application = db.application })
            local there = assert(elsewhere:table "t")
            local serial = 0
            for _, around in ipairs { function(f) return f() end, function(f) return db:transaction(f) end } do
                for _, values in ipairs { { a = "live", b = "live" }, { a = "live" }, {} } do
                    local old = around(function() return assert(t:insert { n = 1 }) end)
                    serial = serial + 1
                    assert(there:evolve(function(c) c:modify("n", { defaultValue = serial }) end))
                    assert.equal(serial, around(function() return assert(t:insert(values)) end).n)
                    assert(there:evolve(function(c) c:modify("n", { validation = { max = serial } }) end))
                    values.n = serial + 1
                    engines.refused("invalid_record", ("n: must be at most %d, is %d"):format(serial, serial + 1),
                        around(function() return t:update(old.id, values) end))
                    -- another physical table
                    assert(assert(elsewhere:table "targets"):evolve(function(c)
                        c:modify("n", { indexed = serial % 2 == 1 })
                    end))
                    values.n = nil
                    assert(there:evolve(function(c) c:modify("n", { validation = { max = 1000 } }) end))
                    assert(around(function() return t:insert(values) end))
                    engines.refused("reference", 'a: no record "missing" is in table "targets"',
                        around(function() return t:insert { a = "missing", b = values.b } end))
                end
            end
        end)
    end)

    if not engine.server then return end

    describe("a transaction that has written", function()
        local db, elsewhere, t
        before_each(function()
            db = engine.open()
            local targets = assert(db:create_table("targets", { columns = {} }))
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "reference", validation = { targetTable = "targets" } },
                { name = "b", dataType = "reference", validation = { targetTable = "targets" } },
                { name = "n", dataType = "integer" } } }))
            for _, id in ipairs { "one", "two" } do assert(targets:insert { id = id }) end
            assert(t:insert { id = "old" })
            elsewhere = assert(engine.open { application = db.application, timeout = 1 })
        end)
        after_each(function()
            elsewhere:close()
            db:close()
        end)

        -- Whether another connection would have to wait for the row.
        local function is_held(connection, table, id)
            local sql = "SELECT id FROM %s WHERE id = '%s' FOR UPDATE NOWAIT"
            local cursor, why = connection:execute(sql:format(table, id))
            if cursor then
                assert(cursor:fetch(), "no such row")
                cursor:close()
                return false
            end
            assert.truthy(why:find "[Ll]ock", why)
            return true
        end

        it("holds the table until it ends though its first write was undone", function()
            local connection, environment = raw.connect(engine)
            assert(db:transaction(function()
                db:transaction(function()
                    assert(t:insert { n = 1 })
                    return nil, "undone"
                end)
                assert(t:insert { n = 2 })
                assert(t:insert { n = 3 })
                assert.is_true(is_held(connection, "flex_tables", t.id))
                return true
            end))
            assert.is_false(is_held(connection, "flex_tables", t.id))
            connection:close()
            environment:close()
        end)

        for _, write in ipairs {
            { "with every reference", { a = "one", b = "two" }, { "one", "two" } },
            { "with every reference, all to the same record", { a = "two", b = "two" }, { "two" } },
            { "with one reference", { a = "one" }, { "one" } },
            { "without a reference", { n = 1 }, {} },
        } do
            local name, values, held = table.unpack(write)
            for verb, call in pairs {
                insert = function() return t:insert(values) end,
                update = function() return t:update("old", values) end,
            } do
                it(("holds what an %s %s rests upon until it ends"):format(verb, name), function()
                    local connection, environment = raw.connect(engine)
                    local targets = raw.storage(connection, assert(db:table "targets")).table
                    local function holds()
                        local found = {}
                        for _, id in ipairs { "one", "two" } do
                            if is_held(connection, targets, id) then found[#found + 1] = id end
                        end
                        return is_held(connection, "flex_tables", t.id), found
                    end
                    assert(db:transaction(function()
                        assert(call())
                        assert.same({ true, held }, { holds() })
                        for _ = 1, 2 do assert(t:insert { n = 3 }) end
                        assert.same({ true, held }, { holds() })
                        db:transaction(function()
                            assert(t:insert { n = 4 })
                            return nil, "undone"
                        end)
                        assert.same({ true, held }, { holds() })
                        return true
                    end))
                    assert.same({ false, {} }, { holds() })
                    connection:close()
                    environment:close()
                end)
            end
        end

        it("is waited for, and the answer is busy, not that a record is missing", function()
            local connection, environment = raw.connect(engine)
            local physical = raw.storage(connection, assert(db:table "targets")).table
            local own = assert(elsewhere:table "t")
            for _, locked in ipairs { physical .. " WHERE id = 'two'", "flex_tables WHERE id = '" .. t.id .. "'" } do
                raw.run(connection, "START TRANSACTION")
                raw.rows(connection, "SELECT id FROM " .. locked .. " FOR UPDATE")
                local _, err = own:insert { a = "one", b = "two" }
                assert.equal("busy", err and err.code)
                raw.run(connection, "ROLLBACK")
                assert(own:insert { a = "one", b = "two" })
            end
            connection:close()
            environment:close()
        end)
    end)
end)
