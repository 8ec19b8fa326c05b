-- What ends a script from outside while it waits for the host: Ctrl-C, and the limits of the run that it belongs to. It
-- cannot catch that, and its transaction is rolled back.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"
local flexdb = require "flexdb"

-- Raises, as Lua's own program does at Ctrl-C, at the n-th event of a hook behind this call.
local function interrupt_after(n)
    debug.sethook(function()
        n = n - 1
        if n > 0 then return end
        debug.sethook()
        error "interrupted!"
    end, "crl", 1)
end

local script <const> = [[
    local function insert(t, n) return pcall(t.insert, t, { n = n }) end
    pcall(db.transaction, db, function(db)
        local t = assert(db:table "t")
        for n = 1, 3 do pcall(insert, t, n) end
        pcall(db.transaction, db, function() insert(t, 4) end)
        return true
    end)
    return "caught"
]]

engines.each(function(engine) describe("a script that is interrupted", function()
    local db, t

    before_each(function()
        db = engine.open()
        t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
    end)
    after_each(function()
        debug.sethook()
        db:close()
    end)

    -- Whether the script came to its end; else it has been ended by the interruption.
    local function run(text, n)
        local box <close> = assert(flexdb.sandbox.new { db = db, log = function() end })
        local ok, result, err = pcall(function()
            interrupt_after(n)
            local results = table.pack(box:run(text, "script.lua"))
            debug.sethook()
            return table.unpack(results)
        end)
        if ok then return result, err end
        assert.truthy(result:find "interrupted!$")
        return false
    end

    it("cannot catch it, wherever in a call of the database that strikes, and leaves all or nothing", function()
        local undone, n = 0, 1
        while true do
            local came, err = run(script, n)
            if came == "caught" then break end
            assert.is_false(came, tostring(err))
            local count = t:count()
            assert.is_true(count == 0 or count == 4, ("%d records at event %d"):format(count, n))
            if count == 0 then undone = undone + 1 else assert(t:delete_all({}, { all = true })) end
            n = n + 1 + n // 20
        end
        assert.is_true(undone > 20, tostring(undone))
        assert.equal(4, t:count())
    end)

    it("is interrupted where it runs anew, and takes that for no fault of its values", function()
        local ended, n, came = 0, 1
        repeat
            local box <close> = assert(flexdb.sandbox.new {})
            local ok, result, err = pcall(function()
                interrupt_after(n)
                local results = table.pack(box:run_anew("return list[1]", "script.lua", { list = { "came" } }))
                debug.sethook()
                return table.unpack(results)
            end)
            assert.is_nil(ok and err or nil)
            came = ok and result == "came"
            if not came then
                assert.truthy(result:find "interrupted!$")
                ended = ended + 1
            end
            n = n + 1
        until came
        assert.is_true(ended > 20, tostring(ended))
    end)

    it("does not run its handlers or closing values", function()
        local box <close> = assert(flexdb.sandbox.new { values = {
            press = function() error "interrupted!" end, note = function() t:insert { n = 9 } end,
        } })
        local ok, err = pcall(box.run, box, [[
            local closing <close> = setmetatable({}, { __close = note })
            xpcall(press, note)
            note()]], "script.lua")
        assert.is_false(ok)
        assert.truthy(err:find "interrupted!$")
        assert.equal(0, t:count())
        assert.is_false(box:is_clean())
        assert.has_error(function() box:run("return 1", "late.lua") end, "interrupted!")
    end)

    it("is not what a script says", function()
        local box <close> = assert(flexdb.sandbox.new { db = db })
        local _, err = box:run([[
            local ok, why = pcall(db.transaction, db, function() error("interrupted!", 0) end)
            error(why, 0)]], "script.lua")
        assert.equal("invalid_document: interrupted! (says the script)", tostring(err))
        _, err = box:run("error('interrupted!', 0)", "script.lua")
        assert.equal("invalid_document: interrupted!", tostring(err))
    end)
end) end)

describe("a workflow that is interrupted", function()
    local steps = flexdb.json.decode [=[ {"id": "w", "name": "W", "version": "1.0.0", "workflow": [
        {"transaction": {
            "body": [
                {"flex-record": {"operation": "insert", "tableName": "t", "data": {"n": 1}, "error?": "empty"}},
                {"lua": {"source": "return values.n", "values": {"n": 5}, "as": "$.n", "error?": "empty"}},
                {"$.m": {"value": "$.n + 1", "error?": "empty"}},
                {"flex-record": {"operation": "insert", "tableName": "t", "data": {"n": "$.m"}, "error?": "empty"}}
            ],
            "error?": "empty"
        }}
    ]} ]=]

    it("ends, wherever that strikes, and no edge is taken for it", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
        local ended, n, came = 0, 1
        repeat
            local ok, last, err = pcall(function()
                interrupt_after(n)
                local results = table.pack(flexdb.workflow.run(steps, { db = db }))
                debug.sethook()
                return table.unpack(results)
            end)
            came = ok
            local count = t:count()
            if ok then
                assert.is_nil(err and ("%s at event %d"):format(err, n))
                assert.same({ 6, 2 }, { last.m, count })
            else
                assert.truthy(last:find "interrupted!$")
                assert.is_true(count == 0 or count == 2, ("%d records at event %d"):format(count, n))
                ended = ended + 1
            end
            assert(t:delete_all({}, { all = true }))
            n = n + 1 + n // 50
        until came
        assert.is_true(ended > 100, tostring(ended))
    end)
end)

describe("a workflow in the sandbox", function()
    local box, db, t
    before_each(function()
        box = cli.box()
        db = assert(flexdb.open "sqlite::memory:")
        t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
    end)
    after_each(function()
        db:close()
        box.remove()
    end)

    local function run(text, options)
        local said = {}
        box.write("w.lua", text)
        options.db, options.sandbox = db, {}
        function options.log(message) said[#said + 1] = message end
        local results = table.pack(pcall(flexdb.workflow.run, box.work .. "/w.lua", options))
        return said, table.unpack(results)
    end

    it("cannot catch a limit of its run, and what it has begun is rolled back", function()
        local said, ok, last, err = run([[
            local nodes, context = ...
            pcall(context.db.transaction, context.db, function()
                nodes.flex_record { operation = "insert", tableName = "t", data = { n = 1 } }
                for _ = 1, 1000 do pcall(nodes.empty, {}) end
                nodes.log { message = "not reached" }
                return true
            end)
            print "not reached"]], { limits = { steps = 20 } })
        assert.is_true(ok)
        assert.is_nil(last)
        assert.equal("limit: the run has taken 20 steps (limits.steps)", tostring(err))
        assert.same({}, said)
        assert.equal(0, t:count())
    end)

    it("catches what a node's configuration is wrong in", function()
        local said, ok, last = run("local nodes = ... print(pcall(nodes.log, 5))", {})
        assert.is_true(ok)
        assert.is_table(last)
        assert.same({ "false\tbad argument #1 to 'log' (table expected, got number)" },
            { (said[1]:gsub("script%.lua:%d+: ", "")) })
    end)

    it("cannot make the host believe that somebody has pressed Ctrl-C", function()
        local _, ok, last, err = run(
            "local nodes = ... nodes.transaction { body = function() error('interrupted!', 0) end } return nil, 'x'",
            {})
        assert.is_true(ok)
        assert.is_nil(last)
        assert.equal("internal: x", tostring(err))
    end)
end)
