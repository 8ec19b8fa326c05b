-- The Lua prompt, on a pipe and on a terminal.

local cli = require "spec.support.cli"

describe("flexdb shell", function()
    local box
    setup(function()
        box = cli.box()
        local _, status = box.run [[
            echo '{"people": {"columns": [{"name": "name", "dataType": "string"}]}}' > s.json
            flexdb apply s.json --db s.db
            printf '{"id": "a", "name": "Ada"}\n{"id": "b", "name": "Bob\\u001b"}\n' | flexdb insert people --db s.db
        ]]
        assert.equal(0, status)
    end)
    teardown(function() box.remove() end)

    local function shell(text)
        box.write("input", text)
        return box.run "flexdb shell --db s.db < input"
    end

    -- what is typed, what is printed
    for _, case in ipairs {
        { "1 + 1", "2\n" },
        { "1, 'a', nil, true", '1\n"a"\nnil\ntrue\n' },
        { "-- nothing\n\n", "" },
        { "people:count()", "2\n" },
        { "people", "flexdb.table: people (version 1)\n" },
        { "people:get 'a'.name", '"Ada"\n' },
        { "people:find { orderBy = { 'name' }, select = { 'name' } }", '{"id":"a","name":"Ada"}\n'
            .. '{"id":"b","name":"Bob\\u001b"}\n' },
        { "x = 5\ny = x * 2\nx + y", "15\n" },
        { "for i = 1, 2 do\n  print(i)\nend\n'done'", '1\n2\n"done"\n' },
        { "function twice(n)\n\n  return 2 * n\nend twice(4)\ntwice(5)", "10\n" },
        { "return 7", "7\n" },
        { "nobody", "nil\n" },
        { "flexdb.null, {}", "null\n{}\n" },
        { "people:plan(function(t) t:remove 'name' end).destructive", "true\n" },
        { "db:transaction(function()\n  people:insert { id = 'c' }\n  return nil, 'no'\nend)", "nil\n\"no\"\n" },
        { "people:count()", "2\n" },
        { "'x' .. '\\27[31m'", '"x\\u001b[31m"\n' },
    } do
        it("runs " .. case[1]:gsub("\n", "⏎"), function()
            local out, status, errors = shell(case[1])
            assert.equal("", errors)
            assert.equal(case[2], out)
            assert.equal(0, status)
        end)
    end

    -- what is typed, the exit status, what is said on standard error
    for _, case in ipairs {
        { "x = = 1", 1, "flexdb: input:1: unexpected symbol near '='\n  1 | x = = 1\n" },
        { "x = 1\n\nfor i = 1, 2 do\n  y = = 3\nend", 1,
            "flexdb: input:4: unexpected symbol near '='\n  4 |   y = = 3\n" },
        { "x = {", 1, "flexdb: input:3: '}' expected (to close '{' at line 1) near <eof>\n" },
        { "error 'no'", 1, "flexdb: input:1: no\n" },
        { "1\n\nnothing.x = 1", 1, "flexdb: input:3: attempt to index a nil value (global 'nothing')\n" },
        { "people:insert { nme = 1 }", 3, "flexdb: invalid_record: nme: there is no column \"nme\"\n"
            .. "  in the statement that begins at line 1\n" },
        { "db:table 'nobody'", 1, "flexdb: not_found: there is no table \"nobody\"\n"
            .. "  in the statement that begins at line 1\n" },
        { "assert(db:create_table('people', { columns = {} }))", 4, "flexdb: exists: " },
    } do
        it("ends at the first error: " .. case[1]:gsub("\n", "⏎"), function()
            local _, status, errors = shell(case[1] .. "\nprint 'not reached'\n")
            assert.equal(case[3], errors:sub(1, #case[3]))
            assert.equal(case[2], status)
        end)
    end

    it("ends with os.exit, and closes the database", function()
        local _, status = shell "people:insert { id = 'z' }\nos.exit(4)"
        assert.equal(4, status)
        assert.equal("3\n", (shell "people:count()"))
        shell "people:delete('z', { hard = true })"
    end)

    it("goes on after an error on a terminal", function()
        if not os.execute "command -v script >/dev/null" then return end
        local out, status = box.run [[
            (sleep 1; printf 'people:count()\nerror "no"\nfor i = 1, 1 do\nprint(i + 41) end\n'; sleep 0.5
                printf '\004') | script -qec 'stty -echo; flexdb shell --db s.db' /dev/null
        ]]
        out = out:gsub("\r", "")
        assert.equal(0, status)
        assert.equal("FlexDB 0.1.0, sqlite:s.db. 'db' is the database; Ctrl-D ends.\n"
            .. "flexdb> 2\nflexdb> flexdb: input:1: no\nflexdb>      … 42\nflexdb> \n",
            (out:gsub("^.-FlexDB [%d.]+", "FlexDB 0.1.0"):gsub("%^D\8\8", "")))
    end)
end)
