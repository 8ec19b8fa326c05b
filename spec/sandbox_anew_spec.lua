-- Runs in one sandbox that must know nothing of each other, and each limit in a sandbox that was used before.

local flexdb = require "flexdb"
local sandbox = flexdb.sandbox

-- What a script can see of its environment, as a text: all names and kinds, and what it can tell of them.
local LOOK <const> = [[
    local seen, lines = {}, {}
    local function walk(name, value)
        lines[#lines + 1] = name .. " " .. type(value) .. " " .. tostring(getmetatable(value))
        if type(value) ~= "table" or seen[value] then return end
        seen[value] = true
        for key, inner in pairs(value) do walk(name .. "." .. tostring(key), inner) end
    end
    walk("_G", _G)
    table.sort(lines)
    return table.concat(lines, "\n")
]]

-- name, what a script leaves behind, what the one behind it asks, what it answers
local traces = {
    { "a global", "secret = 1", "return secret", nil },
    { "a global that was taken away", "print = nil", "return type(print)", "function" },
    { "a global by _G", "_G.secret = 1", "return secret", nil },
    { "a global by _ENV", "_ENV['sec' .. 'ret'] = 1", "return secret", nil },
    { "a global by rawset", "rawset(_G, 'secret', 1)", "return rawget(_G, 'secret')", nil },
    { "a global that load has set", "load('secret = 1')()", "return load('return secret')()", nil },
    { "a metatable of the globals", "setmetatable(_G, { __index = function() return 1 end })", "return secret", nil },
    { "a metatable that changes what is set",
        "setmetatable(_G, { __newindex = function(t, k, v) rawset(t, k, 2) end })", "x = 1 return x", 1 },
    { "a function of a library", "string.upper = function() return 'mine' end", "return string.upper 'a'", "A" },
    { "a method of texts", "string.upper = function() return 'mine' end", "return ('a'):upper()", "A" },
    { "a new method of texts", "string.mine = function() return 1 end", "return ('a').mine", nil },
    { "a new method of texts, asked for by name", "string.mine = 1", "return string.mine or ('a').mine", nil },
    { "a library that was taken away", "string = nil math = nil", "return ('%d'):format(math.abs(-1))", "1" },
    { "a metatable of a library", "setmetatable(string, { __index = function() return 1 end })",
        "return string.mine", nil },
    { "a function in a library of a library", "flexdb.json.encode = function() return 'mine' end",
        "return flexdb.json.encode { 1 }", "[1]" },
    { "a value in a library of the database's", "flexdb.secret = 1 flexdb.json.secret = 1",
        "return flexdb.secret or flexdb.json.secret", nil },
    { "what next leads on to", "_G[1] = 2",
        "local n = 0 for k in next, _G do if k == 1 then n = 1 end end return n", 0 },
    { "where random numbers go on", "math.randomseed(7)", [[
        local one = math.random(1 << 60)
        math.randomseed(7)
        return one == math.random(1 << 60)]], false },
    { "a coroutine that stands still", "co = coroutine.create(function() coroutine.yield() secret = 1 end) "
        .. "coroutine.resume(co)", "return type(co)", "nil" },
    { "a local of the same text", "local function f() kept = (kept or 0) + 1 return kept end return f()",
        "local function f() kept = (kept or 0) + 1 return kept end return f()", 1 },
    { "a value that it was given", "given.x = 2 given = nil", "return given.x", 1 },
    { "what stands in an array that it was given", "table.insert(list, 3)", "return #list", 2 },
    { "the mark of an array", "local ok = pcall(function() getmetatable(list).x = 1 end)",
        "return getmetatable(list)", "flexdb.array" },
    { "null", "local ok = pcall(function() flexdb.null.x = 1 end)", "return tostring(flexdb.null)", "null" },
    { "a field of the database", "pcall(function() db.secret = 1 end)",
        "return select(2, pcall(function() return db.secret end))", nil },
    { "another table for the database's name", "db = { table = function() return 'mine' end }",
        "return type(db:table 'notes')", "userdata" },
    { "a result that it has left open", "each = db:table 'notes':each()", "return type(each)", "nil" },
    { "a transaction's handle", "db:transaction(function(tx) kept = tx end)", "return type(kept)", "nil" },
}

describe("a run anew", function()
    local db
    before_each(function()
        db = assert(flexdb.open "sqlite::memory:")
        local notes = assert(db:create_table("notes", { columns = { { name = "title", dataType = "string" } } }))
        for i = 1, 3 do assert(notes:insert { title = "note " .. i }) end
    end)
    after_each(function() db:close() end)

    local function given() return { given = { x = 1 }, list = flexdb.array { 1, 2 } } end
    local function new(options)
        options = options or {}
        options.db = db
        return assert(sandbox.new(options))
    end

    for _, scenario in ipairs(traces) do
        it("does not find " .. scenario[1], function()
            local box <close> = new()
            for _ = 1, 2 do
                local _, err = box:run_anew(scenario[2], "one", given())
                assert.is_nil(err, tostring(err))
                local answer, why = box:run_anew(scenario[3], "two", given())
                assert.is_nil(why, tostring(why))
                assert.equal(scenario[4], answer)
            end
        end)
    end

    it("finds what a new sandbox has, whatever ran before", function()
        local first
        do
            local box <close> = new()
            first = assert(box:run_anew(LOOK))
        end
        assert.truthy(first:find("_G.string.upper function", 1, true))
        local box <close> = new()
        assert.equal(first, assert(box:run(LOOK)))
        for _, scenario in ipairs(traces) do
            box:run_anew(scenario[2], "one", given())
            assert.equal(first, assert(box:run_anew(LOOK)))
        end
    end)

    it("holds no more than what its text names, where it cannot tell", function()
        local box <close> = new()
        assert.equal("number", box:run_anew "return type(math.pi)")
        assert.equal(8, box:run_anew "local n = 0 for _ in pairs(coroutine) do n = n + 1 end return n")
        -- names that only look like one, and names that are made
        assert.equal("nil nil", box:run_anew "return tostring(payload) .. ' ' .. tostring(loader)")
        assert.equal(math.pi, box:run_anew "return _G['ma' .. 'th'].pi")
        assert.equal(math.pi, box:run_anew "return _ENV['ma' .. 'th'].pi")
        assert.equal(math.pi, box:run_anew "return load('return ma' .. 'th.pi')()")
        assert.equal("ABC", box:run_anew "return ('abc'):upper()")
        assert.equal("n:1: attempt to call a nil value (global 'prnt')",
            select(2, box:run_anew("prnt(1)", "n")).message)
    end)

    it("has random numbers of its own", function()
        local box <close> = new()
        local seen = {}
        for i = 1, 20 do
            local number = assert(box:run_anew "return math.random(0)")
            assert.is_nil(seen[number], i)
            seen[number] = true
        end
        assert.is_true(box:run_anew [[
            math.randomseed()
            local one = math.random(0)
            math.randomseed()
            return one ~= math.random(0)]])
    end)

    it("leaves the globals of other runs alone", function()
        local box <close> = new { values = { kept = 1 } }
        assert(box:run "mine = kept + 1 string.mine = function(s) return s .. '!' end return true")
        assert.is_nil((box:run_anew "return mine or kept or ('a').mine"))
        assert.equal("2a!", box:run "return mine .. ('a'):mine()")
        assert.is_nil((box:run_anew "return string.mine"))
        assert.equal(2, box:run "return load('return mine')()")
    end)

    it("compiles a text once, and again when it was put away for others", function()
        local box <close> = new()
        for round = 1, 2 do
            for i = 1, 100 do
                assert.equal(i * round, box:run_anew(("return %d * round"):format(i), "n", { round = round }))
            end
        end
        local _, err = box:run_anew("return (", "n")
        assert.equal("invalid_document", err.code)
        _, err = box:run_anew("return (", "n")
        assert.equal("n:1: unexpected symbol near <eof>", err.message)
        assert.equal(1, box:run_anew("return 1", "n"))
        _, err = box:run_anew("#!/bin/flexdb\nerror 'x'", "m")
        assert.equal(2, err.line)
    end)

    it("takes functions, and says what cannot cross", function()
        local box <close> = new()
        for i = 1, 2000 do -- more than there are places for the host's values
            assert.equal(i + 1, box:run_anew("return add(1)", "n", { add = function(x) return x + i end }))
        end
        local none, err = box:run_anew("return 1", "n", { file = io.stdout })
        assert.is_nil(none)
        assert.equal("invalid_document: values: a userdata cannot enter the sandbox", tostring(err))
        assert.is_false(box:is_clean())
        assert.equal(1, box:run_anew "return 1")
        assert.is_true(box:is_clean())
        assert.has_error(function() box:run_anew("return 1", "n", { 5 }) end,
            "bad argument #3 to 'run_anew' (values must have names, has a number as key)")
    end)

    it("cannot be done by a function that a run before has handed out", function()
        local box <close> = new()
        local kept
        assert(box:run_anew("take(function() return 1 end) return true", "n", { take = function(f) kept = f end }))
        assert.is_true(box:run_anew "return true")
        assert.has_error(kept, "a function of a sandboxed script was called after the call that it was given to")
    end)

    it("works with another handle of the database", function()
        local box <close> = new()
        local count = "return db:table 'notes':count()"
        assert.equal(3, box:run_anew(count))
        assert.is_nil((db:transaction(function(tx)
            box:use(tx)
            assert(tx:table "notes":insert { title = "never" })
            assert.equal(4, box:run_anew(count))
            return nil, "no"
        end)))
        box:use(db)
        assert.equal(3, box:run_anew(count))
        local without <close> = assert(sandbox.new {})
        assert.has_error(function() without:use(db) end)
    end)

    -- name, options, a text that is well within, how often it may run, one that is not, the message
    local limits = {
        { "steps", { steps = 100000 }, "for i = 1, 10000 do end", 40, "while true do end",
            "the script takes more than 100000 steps" },
        { "seconds", { seconds = 1, steps = 1 << 40 }, "local t = os.clock() while os.clock() - t < 0.03 do end", 40,
            "while true do pcall(function() while true do end end) end", "the script takes longer than 1 seconds" },
        { "memory", { memory = 1 << 20 }, "local t = {} for i = 1, 3000 do t[i] = 'x' .. i end kept = t", 40,
            "local t = {} pcall(function() for i = 1, 1e9 do t[i] = ('x'):rep(100) .. i end end) return 1",
            "the script needs more memory than it has (1 MiB)" },
        { "memory", { memory = 1 << 20 }, "return #('x'):rep(300000)", 40, "return #('x'):rep(1 << 40)",
            "the script needs more memory than it has (1 MiB)" },
    }

    for _, scenario in ipairs(limits) do
        it("has its limit of " .. scenario[1] .. " for itself, and keeps to it", function()
            local box <close> = new(scenario[2])
            for _ = 1, scenario[4] do
                local _, err = box:run_anew(scenario[3])
                assert.is_nil(err, tostring(err))
            end
            for _ = 1, 2 do
                local none, err = box:run_anew(scenario[5])
                assert.is_nil(none)
                assert.equal("limit: " .. scenario[6], tostring(err))
                assert.equal(scenario[1], err.limit)
                assert.is_false(box:is_clean())
            end
            assert.equal("limit", select(2, box:run_anew "return 1").code)
            assert.equal("limit", select(2, box:run "return 1").code)
        end)
    end
end)

describe("the node lua", function()
    local workflows = require "spec.support.workflows"

    -- The steps for each of some items; what they have said.
    local function each(body, options)
        local one = workflows.run(('[{"each": {"items": [1, 2, 3], "body": %s}}]'):format(body), options)
        return table.concat(one.said, " "), one
    end

    it("finds nothing of the step before, in a loop or elsewhere", function()
        local said, one = each [==[[
            {"lua": {"source": "seen = (seen or 0) + 1 string.x = seen print(seen, state.item, ('').x) return seen"}},
            {"lua": {"source": "print(seen, string.x)"}}]]==]
        assert.is_nil(one.err)
        assert.equal("1\t1\t1 nil\tnil 1\t2\t1 nil\tnil 1\t3\t1 nil\tnil", said)
    end)

    it("goes on in a sandbox of its own after one that was ended or has failed", function()
        local said, one = each [==[[
            {"lua": {"source": "if state.item == 2 then return ('x'):rep(1 << 40) end print(state.item)",
                "error?": {"log": {"message": "{{$.error.limit}}"}}}},
            {"lua": {"source": "if state.item == 2 then error('no') end print(state.item)",
                "error?": {"log": {"message": "{{$.error}}"}}}}]]==]
        assert.is_nil(one.err, tostring(one.err))
        assert.equal("1 1 memory lua:1: no 3 3", said)
    end)

    it("keeps to the tables and the rights of each step, and to its transaction", function()
        local db = assert(flexdb.open "sqlite::memory:")
        for _, name in ipairs { "a", "b" } do
            assert(db:create_table(name, { columns = { { name = "n", dataType = "integer" } } }))
        end
        local ask = "local out = {} for _, n in ipairs { 'a', 'b' } do local t = db:table(n) "
            .. "out[#out + 1] = t and (t:insert { n = 1 } and n:upper() or n) or '-' end print(table.concat(out))"
        local said, one = each(([==[[
            {"lua": {"source": "%s", "tables": ["a"]}}, {"lua": {"source": "%s", "tables": ["b"], "readOnly": true}},
            {"lua": {"source": "%s"}}, {"lua": {"source": "%s", "readOnly": true}},
            {"transaction": {"body": [{"lua": {"source": "%s"}}, {"lua": {"source": "error('no')"}}],
                "error?": {"log": {"message": "undone"}}}}]]==]):gsub("%%s", (ask:gsub("%%", "%%%%"))), { db = db })
        assert.is_nil(one.err, tostring(one.err))
        assert.equal(("A- -b AB ab AB undone "):rep(3), said .. " ")
        assert.equal(6, db:table "a":count())
        assert.equal(3, db:table "b":count())
        db:close()
    end)

    it("may be run by what another one says", function()
        local flow = function(nodes)
            nodes.lua { source = "print 'outer' return 1" }
        end
        local said, depth = {}, 0
        local nodes_of
        assert(flexdb.workflow.run(function(nodes)
            nodes_of = nodes
            return flow(nodes)
        end, { log = function(message)
            said[#said + 1] = message
            depth = depth + 1
            if depth < 3 then nodes_of.lua { source = ("print 'inner %d'"):format(depth) } end
        end }))
        assert.equal("outer inner 1 inner 2", table.concat(said, " "))
    end)
end)
