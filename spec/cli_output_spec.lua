-- What is printed: widths, tables, diffs, JSON, colour, and nothing that a terminal would obey.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"
local grid = require "flexdb.cli.grid"
local json = require "flexdb.cli.json"
local unified = require "flexdb.cli.unified"
local width = require "flexdb.cli.width"
local flexdb = require "flexdb"
local pace = require "spec.support.pace"


describe("the width of a text", function()
    it("counts the columns of a terminal", function()
        for text, columns in pairs {
            [""] = 0, abc = 3, ["Zoë"] = 3, ["Zoe\u{308}"] = 3, ["日本"] = 4, ["한글"] = 4, ["ｗ"] = 2, ["🙂"] = 2,
            ["a\u{200B}b"] = 2, ["→"] = 1, ["Привет"] = 6, ["สวัสดี"] = 4,
        } do
            assert.equal(columns, width.of(text), text)
        end
    end)

    it("is what a text is cut, padded and wrapped to", function()
        assert.equal("abcd", width.cut("abcd", 4))
        assert.equal("abc…", width.cut("abcde", 4))
        assert.equal("日…", width.cut("日本語", 4))
        assert.equal("日本  ", width.pad("日本", 6))
        assert.equal("  日本", width.pad("日本", 6, true))
        assert.same({ "one two", "three", "fourfiv", "esix" }, width.wrap("one two three fourfivesix", 7))
        assert.same({ "日本", "語" }, width.wrap("日本語", 4))
    end)

    it("leaves nothing that a terminal would obey", function()
        assert.equal("a\\x1b[31mb\\n\\t\\r\\x00\\x7f", width.safe "a\27[31mb\n\t\r\0\127")
        assert.equal("\\x9b31m", width.safe "\u{9B}31m")
        assert.equal("\\xff\\xfe ok é", width.safe "\xff\xfe ok é")
        assert.equal("abc", width.safe "a\u{202E}b\u{2066}c")
        assert.equal("“quotes” stay", width.safe "“quotes” stay")
    end)

    it("is never exceeded by what is cut or wrapped", function()
        engines.seed "widths"
        local letters = { "a", "é", "日", "🙂", " ", "\u{301}", "…", "Ж", "\u{200B}" }
        for _ = 1, pace.rounds(500, 50) do
            local text = {}
            for i = 1, math.random(0, 30) do text[i] = letters[math.random(#letters)] end
            text = table.concat(text)
            local most = math.random(2, 12)
            assert.is_true(width.of(width.cut(text, most)) <= most)
            for _, piece in ipairs(width.wrap(text, most)) do assert.is_true(width.of(piece) <= most, piece) end
            assert.equal((text:gsub("%s", "")), (table.concat(width.wrap(text, most)):gsub("%s", "")))
        end
    end)
end)

describe("a table", function()
    local function print_rows(columns, rows, room, sample)
        local lines = {}
        local printer = grid.new(columns, room, function(line) lines[#lines + 1] = line end,
            function(text) return "*" .. text end, sample)
        for _, row in ipairs(rows) do printer.add(row) end
        printer.finish()
        return lines
    end

    it("is aligned by the columns that texts take", function()
        assert.same({ "*name     n", "────  ────", "Zoë      1", "日本  1000" },
            print_rows({ { title = "name" }, { title = "n", right = true } }, { { "Zoë", "1" }, { "日本", "1000" } }))
    end)

    it("takes from its widest columns what it has too much", function()
        assert.same({ "*a  b", "─  ──────", "x  12345…", "y  12" },
            print_rows({ { title = "a" }, { title = "b" } }, { { "x", "1234567890" }, { "y", "12" } }, 9))
    end)

    it("goes on below where a column wraps", function()
        assert.same({ "*a  rules", "─  ────────", "x  required", "   unique", "y" }, print_rows(
            { { title = "a" }, { title = "rules", wrap = true } }, { { "x", "required unique" }, { "y" } }, 11))
    end)

    it("stands a record below the other where there is no room for columns", function()
        assert.same({ "first   1111111111", "second  22", "third   3333333333", "", "first   4" }, print_rows(
            { { title = "first" }, { title = "second" }, { title = "third" } },
            { { "1111111111", "22", "3333333333" }, { "4" } }, 20))
    end)

    it("keeps the widths of its first rows", function()
        assert.same({ "*a", "──", "1", "22", "3…", "4…" },
            print_rows({ { title = "a" } }, { { "1" }, { "22" }, { "333" }, { "4444" } }, nil, 2))
    end)

    it("has only a heading where there is no row", function()
        assert.same({ "*a", "─" }, print_rows({ { title = "a" } }, {}))
    end)
end)

describe("a unified diff", function()
    local function lines_of(text)
        local lines = {}
        for line in text:gmatch "%S+" do lines[#lines + 1] = line end
        return lines
    end

    it("is what diff -u writes", function()
        assert.same({}, unified.diff(lines_of "a b", lines_of "a b", "x", "y"))
        assert.same({ "--- x", "+++ y", "@@ -1,3 +1,3 @@", " a", "-b", "+B", " c" },
            unified.diff(lines_of "a b c", lines_of "a B c", "x", "y"))
        assert.same({ "--- x", "+++ y", "@@ -0,0 +1 @@", "+a" }, unified.diff({}, { "a" }, "x", "y"))
        assert.same({ "--- x", "+++ y", "@@ -1,2 +0,0 @@", "-a", "-b" }, unified.diff(lines_of "a b", {}, "x", "y"))
        assert.same({ "--- x", "+++ y", "@@ -1,4 +1,3 @@", "-1", " 2", " 3", " 4", "@@ -7,4 +6,5 @@", " 7", " 8", " 9",
            "-A", "+B", "+C" }, unified.diff(lines_of "1 2 3 4 5 6 7 8 9 A", lines_of "2 3 4 5 6 7 8 9 B C", "x", "y"))
    end)

    -- The new lines, from the old ones and a diff.
    local function patch(old, diff)
        local out, at = {}, 1
        for n = 3, #diff do
            local from, count = diff[n]:match "^@@ %-(%d+),?(%d*)"
            if from then
                from = math.tointeger(from) + (count == "0" and 1 or 0)
                table.move(old, at, from - 1, #out + 1, out)
                at = from
            else
                local mark, line = diff[n]:sub(1, 1), diff[n]:sub(2)
                if mark ~= "+" then
                    assert.equal(old[at], line)
                    at = at + 1
                end
                if mark ~= "-" then out[#out + 1] = line end
            end
        end
        return table.move(old, at, #old, #out + 1, out)
    end

    it("leads from one text to the other", function()
        engines.seed "diffs"
        for _ = 1, pace.rounds(300, 30) do
            local old, new = {}, {}
            for _ = 1, math.random(0, 40) do old[#old + 1] = tostring(math.random(1, 12)) end
            for _, line in ipairs(old) do
                local dice = math.random(10)
                if dice > 1 then new[#new + 1] = line end
                if dice == 10 then new[#new + 1] = "new" end
            end
            assert.same(new, patch(old, unified.diff(old, new, "x", "y")))
        end
    end)
end)

describe("JSON", function()
    it("has its keys in the order that a reader expects", function()
        assert.equal('{"name":"a","dataType":"string","validation":{"min":1,"max":2},"zebra":[]}',
            json.line { zebra = flexdb.array {}, validation = { max = 2, min = 1 }, dataType = "string", name = "a" })
        assert.equal('{"id":"1","z":1,"a":2}', json.line({ a = 2, z = 1, id = "1" }, { id = 1, z = 2, a = 3 }))
        assert.equal('{"a":null,"b":{}}', json.line { b = {}, a = flexdb.null })
    end)

    it("is read back as it was", function()
        local value = { columns = { { name = "a", n = 9007199254740993, x = 0.1 }, { name = "b", list = { 1, 2 } } } }
        assert.same(value, flexdb.json.decode(json.line(value)))
        assert.same(value, flexdb.json.decode(json.file(value)))
    end)
end)

describe("a terminal", function()
    local box
    setup(function()
        box = cli.box()
        local _, status = box.run [=[
            echo '{"t": {"columns": [{"name": "words", "dataType": "text"},
                {"name": "n", "dataType": "integer"}]}}' > t.json
            flexdb apply t.json --db t.db && printf '%s\n' '{"id": "a", "words": "x\u001b[31m日本", "n": 1}' \
                '{"id": "b", "words": "'"$(printf 'w%.0s' {1..100})"'", "n": 22}' | flexdb insert t --db t.db
        ]=]
        assert.equal(0, status)
    end)
    teardown(function() box.remove() end)

    -- What a program prints on a terminal of 80 columns.
    local function on_terminal(command, environment)
        environment = environment or {}
        environment.TERM = environment.TERM or "xterm"
        local out = box.run(("script -qec %s /dev/null </dev/null"):format(
            cli.quote("stty cols 80 rows 24; " .. command)), environment)
        return (out:gsub("\r", ""))
    end

    if not os.execute "command -v script >/dev/null" then return end

    it("gets tables no wider than it is, with a heading that stands out", function()
        assert.equal("\27[1mid  words" .. (" "):rep(70) .. "n\27[0m\n" .. "──  " .. ("─"):rep(72) .. "  ──\n"
            .. "a   x\\x1b[31m日本" .. (" "):rep(62) .. "1\n" .. "b   " .. ("w"):rep(71) .. "…  22\n",
            on_terminal "flexdb query t --db t.db")
    end)

    it("gets no colour where NO_COLOR is set, or it is dumb, or --color forbids it", function()
        local plain = on_terminal("flexdb query t --db t.db", { NO_COLOR = "1" })
        assert.is_nil(plain:find "\27")
        assert.equal(plain, on_terminal("flexdb query t --db t.db", { TERM = "dumb" }))
        assert.equal(plain, on_terminal "flexdb query t --db t.db --color never")
        assert.truthy(on_terminal("flexdb query t --db t.db", { NO_COLOR = "" }):find "\27%[1m")
    end)

    it("gets JSON Lines when they are asked for", function()
        assert.equal('{"id":"a","n":1}\n', on_terminal "flexdb query t --db t.db --columns n --limit 1 --json")
    end)

    it("gets nothing that it would obey from what a workflow says", function()
        box.write("say.json", [==[{"id": "say", "name": "Say", "version": "1.0.0", "workflow": [
            {"log": {"message": "red \u001b[31m\u009b2J\u202ex\nnext"}}]}]==])
        assert.equal("red \\x1b[31m\\x9b2Jx\nnext\nsay.json is done, 1 step\n", on_terminal "flexdb run say.json")
        local trace = on_terminal "flexdb run say.json --trace 2>&1 >/dev/null"
        assert.truthy(trace:find("| red", 1, true))
        assert.is_nil(trace:find "[\27\xe2]")
        assert.is_nil(trace:find("\xc2\x9b", 1, true))
        -- who reads it otherwise gets what was said
        assert.equal("red \27[31m\xc2\x9b2J\u{202e}x\nnext\nsay.json is done, 1 step\n",
            (box.run "flexdb run say.json"))
    end)

    it("gets a trace no wider than it is; whole where nobody says how wide that is, and with --json", function()
        box.write("fail.json", ([==[{"id": "fail", "name": "F", "version": "1.0.0", "workflow": [
            {"log": {"message": "%s日本語"}}, {"workflow": {"file": "$.%s"}}]}]==]):format(("word "):rep(15),
            ("long_"):rep(15)))
        local whole <const> = ("  | %s日本語\n"):format(("word "):rep(15))
        -- The lines of the trace, up to what the command itself says of its failure.
        local function traced(command)
            return (on_terminal(command .. " >/dev/null"):gsub("flexdb: .*", ""))
        end
        for columns, setting in pairs { [80] = "", [40] = "COLUMNS=40 " } do
            local trace, widest = traced(setting .. "flexdb run fail.json --trace"), 0
            for line in trace:gmatch "[^\n]+" do widest = math.max(widest, width.of(line)) end
            assert.is_true(widest <= columns and widest >= columns - 1, trace)
            assert.truthy(trace:find("…\n", 1, true), trace)
            assert.is_nil(trace:find("日本語", 1, true))
            assert.truthy(traced(setting .. "flexdb run fail.json --trace --json"):find(whole, 1, true))
        end
        assert.truthy(traced("((flexdb run fail.json --trace 2>&1 >/dev/null | cat) >&2)"):find(whole, 1, true))
    end)

    it("shows how far long work is, and takes that away again", function()
        box.run "seq 1 60000 | sed 's/.*/{\"n\": &}/' > many.jsonl"
        local out = on_terminal "flexdb insert t many.jsonl --db t.db"
        assert.truthy(out:find "\r?\27%[Kt: [%d,]+ records")
        assert.truthy(out:find "\27%[Kinserted 60,000 records\n$")
        assert.equal("inserted 60,000 records\n", on_terminal "flexdb insert t many.jsonl --db t.db --quiet")
    end)

    it("asks, and takes an answer", function()
        local change = [=[flexdb evolve t '[{"op": "remove_column", "name": "words"}]' --db t.db]=]
        local out, status = box.run(("echo n | %s"):format(change))
        assert.truthy(out:find("destructive: its values can be read again only after a rollback", 1, true))
        assert.equal(1, status)
        local _, good = box.run(("echo Yes | %s"):format(change))
        assert.equal(0, good)
    end)

    it("is coloured by --color always where there is none", function()
        local out = box.run "flexdb diff t 1 2 --db t.db --color always"
        assert.equal("\27[1m--- t (version 1)\27[0m\n\27[1m+++ t (version 2)\27[0m\n\27[36m@@ -1,2 +1 @@\27[0m\n"
            .. "\27[31m-words  text\27[0m\n n      integer\n", out)
    end)
end)
