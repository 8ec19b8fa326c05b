-- What goes wrong on the way: a clear line on standard error, the documented exit status, and nothing half done.

local cli = require "spec.support.cli"

describe("flexdb", function()
    local box
    setup(function()
        box = cli.box()
        box.write("schema.json", [[{ "t": { "columns": [
            { "name": "name", "dataType": "string", "unique": true } ] } }]])
        box.write("text", ("not a database, but a text\n"):rep(200))
        box.write("short", "x")
        box.write("broken.lua", "return {\n    t = { columns = {\n        { name = 'a' dataType = 'string' },\n}}}\n")
        box.write("raises.lua", "local t = nil\nreturn { t = t.columns }\n")
        box.write("nothing.lua", "local t = {}\n")
        box.write("reaches.lua", "return { t = { columns = { os.exit(7) } } }\n")
        box.write("broken.json", '{ "t": { "columns": [ }\n')
        box.write("binary.lua", string.dump(function() return {} end))
        box.write("number.json", "7")
        box.run "mkdir folder; touch empty; flexdb apply schema.json --db t.db; chmod 444 empty"
    end)
    teardown(function() box.remove() end)

    local usage = "usage: flexdb COMMAND [ARGUMENT…] [OPTION…]\n'flexdb --help' tells more\n"
    -- what is said: the exit status, the beginning of standard error
    local cases = {
        { "flexdb", 2, "flexdb: no command is named\n" .. usage },
        { "flexdb tabels", 2, "flexdb: there is no command 'tabels'; did you mean 'tables'?\n" .. usage },
        { "flexdb help tabels", 2, "flexdb: there is no command 'tabels'; did you mean 'tables'?\n" },
        { "flexdb tables --jsno", 2, "flexdb: there is no option '--jsno'; did you mean '--json'?\n"
            .. "usage: flexdb tables [OPTION…]\n'flexdb tables --help' tells more\n" },
        { "flexdb show --db t.db", 2, "flexdb: TABLE is missing\nusage: flexdb show TABLE [OPTION…]\n" },
        { "flexdb show --json --db t.db", 2, '{"error":{"code":"usage","message":"TABLE is missing"}}\n' },
        { "flexdb -j", 2, '{"error":{"code":"usage","message":"no command is named"}}\n' },
        { "flexdb show -- --json", 2, "flexdb: no database is named: say --db URL" },
        { "flexdb tables", 2, "flexdb: no database is named: say --db URL, or set FLEXDB_URL\n" },
        { "flexdb tables --db postgres://x", 2, "flexdb: --db: unknown scheme 'postgres' in the URL" },
        { "flexdb tables --db folder", 5, "flexdb: corrupt: 'folder' is a folder, not a database file\n" },
        { "flexdb init --db folder", 5, "flexdb: corrupt: 'folder' is a folder, not a database file\n" },
        { "flexdb tables --db text", 5, "flexdb: corrupt: the file 'text' is not an SQLite database\n" },
        { "flexdb init --db text", 5, "flexdb: corrupt: the file 'text' is not an SQLite database\n" },
        { "flexdb apply schema.json --db text", 5, "flexdb: corrupt: the file 'text' is not an SQLite database\n" },
        { "flexdb tables --db none.db", 5, "flexdb: not_found: the database file 'none.db' does not exist\n"
            .. "  make one with: flexdb init --db sqlite:none.db\n" },
        { "flexdb insert t --db none.db", 5, "flexdb: not_found: the database file 'none.db' does not exist\n" },
        { "flexdb init --db nowhere/t.db", 5, "flexdb: not_found: the folder 'nowhere' of the database file" },
        { "flexdb tables --db mysql://flex:secret@127.0.0.1:1/x", 5,
            "flexdb: connection: cannot connect to flex@127.0.0.1:1/x: " },
        { "flexdb show nobody --db t.db", 1, "flexdb: not_found: there is no table \"nobody\"\n" },
        { "flexdb show tt --db t.db", 1, "flexdb: not_found: there is no table \"tt\"\n  did you mean 't'?\n" },
        { "flexdb apply none.json --db new.db", 1,
            "flexdb: not_found: cannot read none.json: No such file or directory\n" },
        { "flexdb apply folder --db new.db", 3, "flexdb: invalid_document: cannot read folder: Is a directory\n" },
        { "flexdb apply broken.lua --db new.db", 3,
            "flexdb: invalid_document: broken.lua:3: '}' expected near 'dataType'\n"
            .. "  3 |         { name = 'a' dataType = 'string' },\n" },
        { "flexdb apply raises.lua --db new.db", 3,
            "flexdb: invalid_document: raises.lua:2: attempt to index a nil value "
            .. "(local 't')\n  2 | return { t = t.columns }\n" },
        { "flexdb apply nothing.lua --db new.db", 3,
            "flexdb: invalid_document: nothing.lua: must return a table, returns nothing\n" },
        { "flexdb apply reaches.lua --db new.db", 3,
            "flexdb: invalid_document: reaches.lua:1: attempt to index a nil "
            .. "value (global 'os')\n" },
        { "flexdb apply binary.lua --db new.db", 3, "flexdb: invalid_document: attempt to load a binary chunk" },
        { "flexdb apply broken.json --db new.db", 3, "flexdb: invalid_document: broken.json: " },
        { "flexdb apply number.json --db new.db", 3,
            "flexdb: invalid_document: number.json: must be an object or an array\n" },
        { [[echo '{"x": 1}' | flexdb apply - --db new.db]], 3, "flexdb: invalid_schema: standard input: x: " },
        { [[echo '{"x": {"columns": [{"name": "A"}]}}' | flexdb apply - --db new.db]], 3,
            "flexdb: invalid_schema: table \"x\": 2 problems\n  columns[0].name: the name \"A\" must begin" },
        { "flexdb apply schema.json schema.json --db new.db", 3,
            "flexdb: invalid_schema: table \"t\" is defined twice\n" },
        { "flexdb plan t '{' --db t.db", 3, "flexdb: invalid_document: the argument: " },
        { [=[flexdb plan t '[{"op": "nope"}]' --db t.db]=], 3, "flexdb: invalid_schema: changes[0].op: " },
        { [=[flexdb evolve t '[{"op": "remove_column", "name": "nope"}]' --db t.db]=], 3,
            "flexdb: invalid_schema: " },
        { [=[flexdb evolve t '[]' --expect-version 9 --db t.db]=], 4, "flexdb: conflict: " },
        { "flexdb rollback t x --db t.db", 2, "flexdb: VERSION must be a number, is 'x'\n" },
        { "flexdb rollback t 9 --db t.db", 1, "flexdb: not_found: " },
        { "flexdb diff t 1 9 --db t.db", 1, "flexdb: not_found: " },
        { "flexdb insert t none.jsonl --db t.db", 1,
            "flexdb: not_found: cannot read none.jsonl: No such file or directory\n" },
        { "flexdb insert t folder --db t.db", 3, "flexdb: invalid_document: cannot read folder: Is a directory\n" },
        { "flexdb diagram -o nowhere/x.html --db t.db", 1,
            "flexdb: cannot write nowhere/x.html: No such file or directory\n" },
        { "flexdb export-schema -o /dev/full --db t.db", 1,
            "flexdb: cannot write /dev/full: No space left on device\n" },
        { "flexdb tables --db t.db > /dev/full", 1, "flexdb: cannot write: No space left on device\n" },
        { "flexdb purge t --deleted-before soon --yes --db t.db", 2, "flexdb: --deleted-before must be " },
        { "flexdb restore nobody --db t.db", 1, "flexdb: not_found: " },
        { "flexdb check none.json", 1, "" },
        { "flexdb run broken.lua --db new.db", 3,
            "flexdb: invalid_document: broken.lua:3: '}' expected near 'dataType'\n" },
        { "flexdb run broken.json --db new.db", 3, "flexdb: invalid_document: broken.json: " },
    }
    for _, case in ipairs(cases) do
        it(("answers with %d: %s"):format(case[2], case[1]), function()
            local _, status, errors = box.run(case[1])
            assert.equal(case[3], errors:sub(1, #case[3]))
            assert.equal(case[2], status, errors)
            assert.is_nil(errors:find("traceback", 1, true))
            assert.is_nil(errors:find("secret", 1, true))
            -- A database that was not there is not there now, and the other one is as it was.
            assert.is_nil(io.open(box.work .. "/new.db"))
            assert.is_nil(io.open(box.work .. "/none.db"))
        end)
    end

    it("says it as JSON where JSON is asked for", function()
        local out, status, errors = box.run "flexdb show nobody --json --db t.db"
        assert.equal("", out)
        assert.equal(1, status)
        assert.equal('{"error":{"code":"not_found","message":"there is no table \\"nobody\\"","issues":[],'
            .. '"retryable":false}}\n', errors)
    end)

    it("waits for a database in use as long as --timeout says, and answers with 5", function()
        local _, status, errors = box.run [[
            lua5.4 -e 'local e = require "luasql.sqlite3".sqlite3(); local c = e:connect "t.db"
                assert(c:execute "BEGIN EXCLUSIVE"); io.open("held", "w"):close(); io.read()' < <(sleep 5) &
            holder=$!
            for i in {1..100}; do [ -e held ] && break; sleep 0.05; done
            echo '{"name": "a"}' | flexdb insert t --db t.db --timeout 0.2; status=$?
            kill $holder; wait $holder 2>/dev/null; exit $status
        ]]
        assert.equal("flexdb: busy: ", errors:sub(1, 14))
        assert.equal(5, status)
        assert.equal("0\n", (box.run "flexdb query t --count --db t.db"))
    end)

    it("ends quietly when nobody reads on", function()
        local out, status, errors = box.run [[
            seq 1 20000 | sed 's/.*/{"name": "&"}/' | flexdb insert t --db t.db >/dev/null
            flexdb query t --db t.db | head -n 1 | cut -c 1-6
        ]]
        assert.equal('{"id":\n', out)
        assert.equal(0, status)
        assert.equal("", errors)
    end)

    it("ends quietly when nobody reads on, also where the signal that says so is ignored", function()
        local out, status, errors = box.run [[
            trap '' PIPE
            flexdb query t --db t.db 2>errors | head -n 1 | cut -c 1-6
            echo "${PIPESTATUS[0]}"
            cat errors
        ]]
        assert.equal('{"id":\n141\n', out)
        assert.equal(0, status)
        assert.equal("", errors)
    end)

    it("undoes what it was about to insert when it is interrupted", function()
        box.run "rm -f i.db; flexdb apply schema.json --db i.db"
        local out, status = box.run [[
            set -m
            (seq 1 50; sleep 3; seq 51 99) | sed 's/.*/{"name": "&"}/' | flexdb insert t --db i.db 2>/dev/null &
            sleep 1; kill -INT -- -$!; wait $! 2>/dev/null
            flexdb query t --db i.db --count
        ]]
        assert.equal("0\n", out)
        assert.equal(0, status)
    end)
end)
