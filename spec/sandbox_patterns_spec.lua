-- Patterns of a sandbox, which has a matcher of its own, against Lua's.

local flexdb = require "flexdb"

local texts = {
    "", "hello world", "key = value", "a,b,,c", "THE (quick) fox", "  trim me  ", "x^2 [y] %z", "aXb-c.d", "0x1F 42",
    "a\0b", "((a)(b))", "aaa", "f(a(b)c)d",
}
local patterns = {
    "", ".", "%a+", "(%w+) = (%w+)", "[^,]*", "%((%a+)%)", "^%s*(.-)%s*$", "[%a_][%w_]*", "%d+", "()%a()",
    "%f[%a]%a+", "%b()", "(.)%1", "[]%-]", "[^]]", "[a-c]", "a-b", "^a", "c$", "$", "^", "%%", "[%]]", "a?b?c?",
    "(a*(.)%w(%s*))", "%z", "[%z]", "[%a-z]", "[a-]", "(%u)(%l*)", "%S+%s*", "%X%x", "%C%P", "(())",
    "%", "[", "(", ")", "%f", "%b", "%b(", "[a", "[a-", "[%", "%1", "(a)(b)%3", "(a", "a)",
}

-- The calls on a text and a pattern.
local function calls(s, p)
    return {
        { "find", s, p }, { "find", s, p, 3 }, { "find", s, p, -2 }, { "find", s, p, 50 }, { "find", s, p, -50 },
        { "find", s, p, 1, true }, { "find", s, p, 2, true }, { "match", s, p }, { "match", s, p, 4 },
        { "gsub", s, p, "<%0>" }, { "gsub", s, p, "%1", 2 }, { "gsub", s, p, "%%" }, { "gsub", s, p, 7 },
        { "gsub", s, p, { a = "A", b = false, [""] = "-" } }, { "gsub", s, p, "%" }, { "gsub", s, p, "%9" },
    }
end

-- What a call came to, errors without their place.
local function outcome(good, ...)
    local values = { ... }
    for i = 1, select("#", ...) do values[i] = tostring(values[i]) end
    if not good then values[1] = values[1]:gsub("^[^:]*:%d+: ", "") end
    return table.concat(values, "|")
end

describe("a sandbox matches", function()
    local function mine(list)
        local inner <close> = assert(flexdb.sandbox.new { values = { list = list } })
        return assert(inner:run [=[
            local out = {}
            for i, each in ipairs(list) do out[i] = table.pack(pcall(string[each[1]], table.unpack(each, 2, 5))) end
            return out]=])
    end

    for _, pattern in ipairs(patterns) do
        it(("%q as Lua does"):format(pattern), function()
            local list = {}
            for _, text in ipairs(texts) do
                for _, call in ipairs(calls(text, pattern)) do list[#list + 1] = call end
            end
            local results = mine(list)
            for i, call in ipairs(list) do
                local result = results[i]
                assert.equal(outcome(pcall(string[call[1]], table.unpack(call, 2, 5))),
                    outcome(table.unpack(result, 1, result.n)), ("%s(%q, %q)"):format(call[1], call[2], call[3]))
            end
        end)
    end

    it("all in gmatch, and with functions in gsub", function()
        local inner <close> = assert(flexdb.sandbox.new {})
        assert.equal("k1v1 k2v2 one two two 1bcAbC", (inner:run [[
            local words = {}
            for a, b in ("k1=v1, k2=v2"):gmatch "(%w+)=(%w+)" do words[#words + 1] = a .. b end
            for w in ("one two"):gmatch "%a*" do words[#words + 1] = w end
            for w in ("one two"):gmatch("%a+", 5) do words[#words + 1] = w end
            words[#words + 1] = ("abc"):gsub("%w", { a = 1, b = false }) .. ("abc"):gsub("%w", function(x)
                if x ~= "b" then return x:upper() end
            end)
            return table.concat(words, " ")]]))
    end)
end)
