-- Scripts in a sandbox: what is there for them, how they end, and every way out that is known to us.

local flexdb = require "flexdb"

local function within(seconds, given)
    given = given or {}
    given.seconds = given.seconds or seconds
    given.steps = given.steps or 1 << 50
    given.memory = given.memory or 16 << 20
    return assert(flexdb.sandbox.new(given))
end

local MEMORY <const> = "limit: the script needs more memory than it has (16 MiB)"
local TIME <const> = "limit: the script takes longer than 0.2 seconds"
local STEPS <const> = "limit: the script takes more than 20000000 steps"

-- A sentence, the script, and how it ends: the text of an error, or what the script returns.
local endings = {
    -- loops
    { "a loop without an end", "while true do end", TIME },
    { "a loop in a protected call in a loop", "while true do pcall(function() while true do end end) end", TIME },
    { "a message handler that loops, without hooks in Lua's own xpcall",
        "while true do xpcall(error, function() while true do end end) end", TIME },
    { "a message handler that would see the limit",
        "xpcall(function() while true do end end, function() while true do end end) return 'caught'", TIME },
    { "a loop in a coroutine, which has a hook of its own",
        "while true do pcall(coroutine.wrap(function() while true do end end)) end", TIME },
    { "coroutines that each end before they are counted",
        "while true do coroutine.wrap(function() local x = 0 x = x + 1 end)() end", TIME },
    { "a closing value that goes on when the limit ends its scope",
        "local x <close> = setmetatable({}, { __close = function() while true do end end }) while true do end", TIME },
    { "a closing value that loops in coroutine.close", [[
        local co = coroutine.create(function()
            local x <close> = setmetatable({}, { __close = function() while true do end end })
            coroutine.yield()
        end)
        coroutine.resume(co)
        return coroutine.close(co)]], TIME },
    { "an object whose __tostring loops, printed",
        "print(setmetatable({}, { __tostring = function() while true do end end }))", TIME },
    { "an object whose __tostring loops, raised",
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        "invalid_document: (error object is a table value)" },
    { "an object whose __name is none, raised", "error(setmetatable({}, { __name = {} }))",
        "invalid_document: (error object is a table value)" },
    { "a goto loop", "::again:: goto again", TIME },
    { "a metamethod that calls itself",
        "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) return (pcall(rawequal, t[1]))",
        "invalid_document: script:1: error in error handling", any = true },
    { "a loop of __index", "local t = {} setmetatable(t, { __index = t }) return t.x",
        "invalid_document: script:1: '__index' chain too long; possible loop" },
    { "a text that is loaded again and again", "while true do load(('x = 1 '):rep(1e5)) end", TIME },
    { "more steps than there are", "for _ = 1, 1e9 do end", STEPS },

    -- finalizers and weak tables
    { "a finalizer, which Lua runs without hooks", "setmetatable({}, { __gc = function() while true do end end })",
        "invalid_document: script:1: there are no finalizers (__gc) in a sandbox" },
    { "a finalizer that its metatable gets later", [[
        local m = {} setmetatable({}, m) m.__gc = function() ran = true end
        for _ = 1, 1e5 do local _ = {} end
        return ran]], {} },
    { "a finalizer of an object that gets its metatable again",
        "local m = {} local t = setmetatable({}, m) m.__gc = print setmetatable(t, m)",
        "invalid_document: script:1: there are no finalizers (__gc) in a sandbox" },
    { "a weak table, whose collection takes the square of its size", "setmetatable({}, { __mode = 'k' })",
        "invalid_document: script:1: there are no weak tables (__mode) in a sandbox" },
    { "a table that is to become weak later", [[
        local m = {} local t = setmetatable({}, m) m.__mode = "k" rawset(m, "__mode", "k") m["__" .. "mode"] = "kv"
        for _ = 1, 10 do t[{}] = 1 end
        for _ = 1, 1e5 do local _ = {} end
        local n = 0 for _ in pairs(t) do n = n + 1 end
        return n, m.__mode]], { 10, "kv" } },

    -- memory
    { "a text of a gigabyte", "return #string.rep('x', 1e9)", MEMORY },
    { "texts of a terabyte in protected calls", "for _ = 1, 10 do pcall(string.rep, 'x', 1 << 40) end", MEMORY },
    { "a text whose length overflows", "return #string.rep('xy', math.maxinteger)", MEMORY },
    { "the empty text, very often", "return #string.rep('', math.maxinteger)", { 0 } },
    { "a text that is doubled", "local s = 'x' while true do s = s .. s end", MEMORY },
    { "a text that is doubled in protected calls",
        "local s = 'x' while true do pcall(function() s = s .. s end) end", MEMORY },
    { "table.concat of more than there is",
        "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1e5 + i) end return #table.concat(t)", MEMORY },
    { "gsub that makes its text longer", "local s = ('x'):rep(1e5) while true do s = s:gsub('.', 'yyyyyyyyyy') end",
        MEMORY },
    { "a format that makes its text longer", "local s = 'x' while true do s = ('%s%s'):format(s, s) end", MEMORY },
    { "a table that grows", "local t = {} while true do t[#t + 1] = #t end", MEMORY },
    { "a table that grows in protected calls",
        "local t = {} while true do pcall(function() while true do t[#t + 1] = {} end end) end", MEMORY },
    { "threads", "local t = {} while true do t[#t + 1] = coroutine.create(print) end", MEMORY },
    { "a recursion without an end", "local function f() return 1 + f() end return f()", MEMORY },
    { "a buffer that cannot grow, caught", [[
        for _ = 1, 3 do pcall(string.pack, "c1000000000", "") end
        local t = {}
        for i = 1, 1e4 do t[i] = {} end
        return "caught"]], MEMORY },
    { "string.pack of a long field", "return #string.pack('c1000000000', '')", MEMORY },

    -- what Lua's libraries do in one instruction
    { "a pattern that goes back and forth", "return ('a'):rep(30000):find(('.-'):rep(30) .. 'b')", TIME },
    { "a pattern whose time is the square of the text", "return ('a'):rep(3000000):find('a*b')", TIME },
    { "the same in gsub", "return ('a'):rep(3000000):gsub('.-.-.-b', '')", TIME },
    { "the same in gmatch", "for _ in ('a'):rep(3000000):gmatch('a*a*a*b') do end", TIME },
    { "the same in match", "return ('a'):rep(3000000):match('(a*)a*a*b')", TIME },
    { "a balance that never ends", "return ('('):rep(3000000):find('%b()')", TIME },
    { "a set of megabytes", "return ('a'):rep(3000000):find('[' .. ('b'):rep(3000000) .. ']')", TIME },
    { "a back reference of megabytes", "return ('a'):rep(3000000):find('(.*)%1b')", TIME },
    { "a plain text that nearly fits everywhere", "return ('a'):rep(6000000):find(('a'):rep(100000) .. 'b', 1, true)",
        TIME },
    { "a pattern that nests deeply", "return string.find(('a'):rep(300000), ('a?'):rep(300000))",
        "invalid_document: script:1: pattern too complex" },
    { "a pattern with too many captures", "return string.find('x', ('('):rep(300))",
        "invalid_document: script:1: too many captures" },
    { "table.move over more than there is", "table.move({}, 1, 1 << 60, 2)", STEPS },
    { "table.insert into a table that says it is long", [[
        local t = setmetatable({}, { __len = function() return 1 << 60 end })
        table.insert(t, 1, "x")
        return rawlen(t)]], { 1 } },
    { "table.remove from a table that says it is long",
        "return table.remove(setmetatable({ 1 }, { __len = function() return 1 << 60 end }), 1)", { 1 } },
    { "table.unpack of more than there is", "return table.unpack({}, 1, 1e8)",
        "invalid_document: script:1: too many results to unpack" },
    { "an order function that always says yes", [[
        local t = {} for i = 1, 2000 do t[i] = i end
        table.sort(t, function() return true end)
        return #t]], { 2000 } },
    { "a sort of what has no order", "local t = {} for i = 1, 2000 do t[i] = 0 / 0 end table.sort(t) return #t",
        { 2000 } },
    { "an order function that loops", "table.sort({ 1, 2 }, function() while true do end end)", TIME },
    { "next in a large table that is empty", [[
        local t = {}
        for i = 1, 500000 do t[i] = 1 end
        for i = 1, 500000 do t[i] = nil end
        while true do next(t) end]], TIME },
    { "comparisons of texts of zeros", [[
        local a = ("\0"):rep(2 << 20) local b = a .. "x" a = a .. "y"
        while true do local _ = a < b end]], TIME },
    { "a format with a huge width", "return string.format('%9999999d', 1)",
        "invalid_document: script:1: invalid conversion specification: '%9999999d'" },
    { "os.date with what strftime cannot take", "return os.date('%Ez')",
        "invalid_document: script:1: bad argument #1 to 'date' (invalid conversion specifier '%Ez')" },
    { "os.date with a lone percent sign", "return os.date('%')",
        "invalid_document: script:1: bad argument #1 to 'date' (invalid conversion specifier '%')" },

    -- the stack and the parser
    { "protected calls in protected calls, twice each", "local function f() pcall(f) pcall(f) end return f()", TIME },
    { "an error in a message handler", "return select('#', xpcall(error, function(e) error(e) end))", { 2 } },
    { "coroutines in coroutines", "local function f() return coroutine.wrap(f)() end return (pcall(f))", { false } },
    { "parentheses a million deep", "return load(('('):rep(1e6) .. '1' .. (')'):rep(1e6))",
        { nil, "C stack overflow" } },
    { "tables a million deep", "return load('return ' .. ('{'):rep(1e6))", { nil, "C stack overflow" } },
    { "_ENV as a constant",
        "return load 'local _ENV <const> = {} local function f() x = 1 return x end return f()' ()",
        { 1 } },

    -- code and metatables
    { "bytecode", "return load '\\27Lua'", { nil, "attempt to load a binary chunk (mode is 't')" } },
    { "bytecode, asked for", "return load('x = 1', 'x', 'b')",
        "invalid_document: script:1: a sandbox loads text only" },
    { "a reader function", "return load(function() end)",
        "invalid_document: script:1: bad argument #1 to 'load' (string expected, got function)" },
    { "string.dump", "return string.dump", {} },
    { "what reaches outside", "return io, debug, package, require, dofile, loadfile, warn, os.execute", {} },
    { "the rest of os", "return os.exit, os.getenv, os.remove, os.rename, os.tmpname, os.setlocale", {} },
    { "the collector", "return collectgarbage 'stop'",
        "invalid_document: script:1: collectgarbage takes only 'count' in a sandbox" },
    { "the metatable of strings", "return getmetatable '', getmetatable(flexdb.null), getmetatable(flexdb.array {})",
        { "string", "flexdb.null", "flexdb.array" } },
    { "setting a metatable that is closed", "setmetatable(flexdb.array {}, {})",
        "invalid_document: script:1: cannot change a protected metatable" },
    { "setting the metatable of a text", "setmetatable('', {})",
        "invalid_document: script:1: bad argument #1 to 'setmetatable' (table expected, got string)" },
    { "addresses in formats", "return string.format('%p', {})",
        "invalid_document: script:1: string.format has no '%p' in a sandbox" },
    { "a seed that tells an address", "return math.randomseed()", {} },

    -- values on their way out
    { "a function as result", "return print", "invalid_document: a function cannot leave the sandbox" },
    { "a coroutine as result", "return coroutine.create(print)",
        "invalid_document: a coroutine cannot leave the sandbox" },
    { "a table with a table as key", "return { [{}] = 1 }",
        "invalid_document: a table with a table as key cannot leave the sandbox" },
    { "a table that holds itself", "local t = {} t.t = t return t",
        "invalid_document: a table that nests more than 64 levels, or holds itself, "
            .. "cannot cross the border of the sandbox" },
    { "tables that hold the next one twice", "local t = {} for _ = 1, 60 do t = { t, t } end return t",
        "invalid_document: what crosses the border of the sandbox at once takes more than half of its memory" },
    { "a table whose metamethods lie", [[
        return setmetatable({ 1 }, { __index = error, __len = error, __pairs = error, __metatable = false })]],
        { { 1 } } },
    { "a yield to the host", "coroutine.yield(1)", "invalid_document: attempt to yield from outside a coroutine" },
}

describe("a sandboxed script with", function()
    for _, case in ipairs(endings) do
        local what, text, expected = case[1], case[2], case[3]
        it(what, function()
            -- the one limit that is to be met, however fast the machine is
            local steps = expected == STEPS and 20000000 or nil
            local box <close> = within(expected == TIME and 0.2 or 60, { steps = steps })
            local began = os.clock()
            local results = table.pack(box:run(text))
            assert.is_true(os.clock() - began < 20, "it was ended too late")
            if case.any then
                assert.is_nil(results[1])
            elseif type(expected) == "string" then
                assert.is_nil(results[1])
                assert.equal(expected, tostring(results[2]))
            else
                for i = 1, math.max(results.n, #expected) do assert.same(expected[i], results[i]) end
            end
        end)
    end
end)

describe("a sandbox", function()
    it("runs texts one after the other in one environment", function()
        local box <close> = within(5)
        assert.is_nil(box:run "n = 1 function add(by) n = n + by return n end")
        assert.equal(3, box:run "return add(2)")
        assert.is_nil(rawget(_G, "n"))
    end)

    it("copies results", function()
        local box <close> = within(5)
        local results = table.pack(box:run [[return 1, 1.0, "a\0b", nil, true, { 1, { x = flexdb.null } },
            flexdb.array {}, nil]])
        assert.equal(8, results.n)
        assert.equal("integer", math.type(results[1]))
        assert.equal("float", math.type(results[2]))
        assert.equal("a\0b", results[3])
        assert.is_true(results[5])
        assert.equal(flexdb.null, results[6][2].x)
        assert.equal("[]", flexdb.json.encode(results[7]))
    end)

    it("keeps nothing of a value that it was given but a copy", function()
        local given = { list = { 1, 2 } }
        local box <close> = within(5, { values = { given = given } })
        assert.equal(3, box:run "given.list[3] = 'x' return #given.list")
        assert.equal(2, #given.list)
    end)

    it("is not made with a value that cannot be copied, or does not fit", function()
        local box, err = flexdb.sandbox.new { values = { list = { { coroutine.create(print) } } } }
        assert.is_nil(box)
        assert.equal("invalid_document: values.list: a coroutine cannot enter the sandbox", tostring(err))
        box, err = flexdb.sandbox.new { values = { text = ("x"):rep(3 << 20) }, memory = 4 << 20 }
        assert.is_nil(box)
        assert.equal("invalid_document: values.text: what crosses the border of the sandbox at once takes more than "
            .. "half of its memory", tostring(err))
    end)

    it("calls functions that it was given, with copies", function()
        local seen = {}
        local box <close> = within(5, { values = {
            add = function(a, b) return a + b, { sum = a + b } end,
            each = function(list, fn) for i, x in ipairs(list) do seen[i] = fn(x) end end,
        } })
        assert.same({ 5, { sum = 5 } }, { box:run "return add(2, 3)" })
        assert.is_nil(box:run "each({ 1, 2, 3 }, function(x) return x * x end)")
        assert.same({ 1, 4, 9 }, seen)
    end)

    it("raises what such a function raises, at the script's line", function()
        local box <close> = within(5, { values = { fail = function() error("no way", 0) end } })
        assert.equal("invalid_document: jobs.lua:2: no way", tostring(select(2, box:run("\nfail()", "jobs.lua"))))
        assert.same({ false, "jobs.lua:1: no way" }, { box:run("return pcall(function() fail() end)", "jobs.lua") })
    end)

    it("does not let a function be called after the call that it was given to", function()
        local kept
        local box <close> = within(5, { values = { keep = function(fn) kept = fn end, again = function() kept() end } })
        assert.is_nil(box:run "keep(function() return 1 end)")
        local late = "a function of a sandboxed script was called after the call that it was given to"
        local good, why = pcall(kept)
        assert.is_false(good)
        assert.is_truthy(why:find(late, 1, true))
        local _, err = box:run "again()"
        assert.is_truthy(err.message:find(late, 1, true))
    end)

    it("is ended by a limit in a function that the host calls, whatever the host does with the error", function()
        local box <close> = within(0.3, { values = { try = function(fn) return pcall(fn) end } })
        local result, err = box:run "try(function() while true do end end) return 'went on'"
        assert.is_nil(result)
        assert.equal("limit", err.code)
        assert.equal("seconds", err.limit)
    end)

    it("counts the time that the host takes", function()
        local box <close> = within(0.1, { values = { wait = function()
            local till = os.clock() + 0.2
            repeat until os.clock() > till
        end } })
        assert.equal("limit", select(2, box:run "wait() return 1").code)
    end)

    it("stays ended", function()
        local box <close> = within(0.1)
        local _, first = box:run "while true do end"
        local result, again = box:run "return 1"
        assert.is_nil(result)
        assert.equal(first.message, again.message)
    end)

    it("gives its memory back when it is ended, and when it is closed", function()
        local box = within(5)
        assert.is_nil(box:run "kept = ('x'):rep(1e6)")
        assert.is_true(box:used().memory > 1e6)
        box:close()
        assert.equal(0, box:used().memory)
        box:close()
        local ok, why = pcall(function() box:run "return 1" end)
        assert.is_false(ok)
        assert.truthy(why:find("sandbox_spec.lua:%d+: the sandbox is closed$"), why)
        local other <close> = within(5)
        assert.is_nil(other:run "kept = {} while true do kept[#kept + 1] = {} end")
        assert.equal(0, other:used().memory)
    end)

    it("counts steps and memory", function()
        local box <close> = within(5)
        box:run "for _ = 1, 1e5 do end"
        local used = box:used()
        assert.is_true(used.steps >= 1e5 and used.steps < 4e5)
        assert.is_true(used.memory < 100 * 1024, tostring(used.memory))
    end)

    it("begins each run with the whole of its steps and time", function()
        local box <close> = within(60, { steps = 1000000 })
        for _ = 1, 5 do assert.equal(1, box:run "for _ = 1, 2e5 do end return 1") end
        assert.equal("steps", select(2, box:run "for _ = 1, 1e7 do end return 1").limit)
    end)

    it("says where a text is no Lua: file, line and the line itself", function()
        local box <close> = within(5)
        local result, err = box:run("local x = 1\n  if x == then\nend", "orders.lua")
        assert.is_nil(result)
        assert.equal("invalid_document: orders.lua:2: unexpected symbol near 'then'", tostring(err))
        assert.same({ "orders.lua", 2, "  if x == then" }, { err.file, err.line, err.text })
    end)

    it("says where a script has failed", function()
        local box <close> = within(5)
        local _, err = box:run("#!/usr/bin/env flexdb\n\nerror 'no'", "orders.lua")
        assert.same({ "invalid_document", "orders.lua:3: no", "orders.lua", 3, "error 'no'" },
            { err.code, err.message, err.file, err.line, err.text })
    end)

    it("takes no bytecode", function()
        local box <close> = within(5)
        local _, err = box:run(string.dump(function() end))
        assert.equal("invalid_document", err.code)
    end)

    it("gives print to the host's log", function()
        local lines = {}
        local box <close> = within(5, { log = function(line) lines[#lines + 1] = line end })
        box:run "print('a', 1, nil, true) print() print(flexdb.null)"
        assert.same({ "a\t1\tnil\ttrue", "", "null" }, lines)
    end)

    it("shows values without their addresses, and the same value the same way", function()
        local box <close> = within(5)
        local a, b, c = box:run "local t, u = {}, {} return tostring(t), ('%s'):format(t), tostring(u)"
        assert.equal(a, b)
        assert.not_equal(a, c)
        assert.is_truthy(a:find "^table: 0x%x+$")
    end)

    it("does not run inside itself", function()
        local box
        box = within(5, { values = {
            again = function() return box:run "return 1" end, close = function() box:close() end,
        } })
        assert.is_truthy(select(2, box:run "again()").message:find("the sandbox is running", 1, true))
        assert.is_truthy(select(2, box:run "close()").message:find("the sandbox is running", 1, true))
        assert.equal(1, box:run "return 1")
        box:close()
    end)

    it("runs inside another one's call, and in a coroutine", function()
        local inner <close> = within(5)
        local outer <close> = within(5, { values = { run = function(text) return inner:run(text) end } })
        local co = coroutine.wrap(function() return outer:run "return run 'return 6 * 7'" end)
        assert.equal(42, co())
    end)

    it("says what is wrong with its options", function()
        local function why(...) return select(2, pcall(flexdb.sandbox.new, ...)) end
        assert.is_truthy(why { memory = 0 }:find("option 'memory' must be an integer above 0, is 0", 1, true))
        assert.is_truthy(why { memory = 1000 }:find("option 'memory' must be at least 524288 bytes, is 1000", 1, true))
        assert.is_truthy(why { seconds = -1 }:find("option 'seconds' must be a number above 0, is -1", 1, true))
        assert.is_truthy(why { steps = 1.5 }:find("option 'steps' must be an integer above 0, is 1.5", 1, true))
        assert.is_truthy(why { files = "x" }:find("there is no option 'files'", 1, true))
        assert.is_truthy(why { values = { 1 } }:find("option 'values' must have names, has a number as key", 1, true))
        assert.is_truthy(why { db = flexdb.null }:find("option 'db' must be a flexdb.database", 1, true))
    end)
end)
