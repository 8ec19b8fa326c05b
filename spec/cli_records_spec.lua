-- Records from a shell, on every engine: JSON Lines in and out, and what is wrong with them by line.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"
local flexdb = require "flexdb"

local schema <const> = [[{ "people": { "columns": [
    { "name": "email", "dataType": "string", "required": true, "unique": true, "validation": { "format": "email" } },
    { "name": "age", "dataType": "integer", "validation": { "min": 0 } },
    { "name": "balance", "dataType": "decimal", "validation": { "scale": 2 } },
    { "name": "seen", "dataType": "datetime" }, { "name": "tags", "dataType": "json" } ] } }]]

local records <const> = [[
{"id": "ada", "email": "ada@example.org", "age": 36, "tags": {"b": [1, 2.5, null], "a": []}}
{"id": "joan", "email": "joan@example.org", "age": 54, "balance": "12.5", "seen": "2024-05-01T12:00:00+02:00"}

{"id": "big", "email": "big@example.org", "age": 9007199254740993}
]]

engines.each(function(engine)
    describe("flexdb with records", function()
        local box, environment
        before_each(function()
            box = cli.box()
            environment = { FLEXDB_URL = engine.server and engine.url or "p.db", FLEXDB_APP = engines.fresh "cli" }
            box.write("schema.json", schema)
            box.write("people.jsonl", records)
            local _, status = box.run("flexdb apply schema.json", environment)
            assert.equal(0, status)
        end)
        after_each(function() box.remove() end)

        local function run(script) return box.run(script, environment) end
        local function good(script)
            local out, status, errors = run(script)
            assert.equal("", errors)
            assert.equal(0, status)
            return out
        end

        it("inserts JSON Lines and prints them, exactly", function()
            assert.equal("inserted 3 records\n", good "flexdb insert people people.jsonl")
            assert.equal([[
{"id":"ada","email":"ada@example.org","age":36,"tags":{"a":[],"b":[1,2.5,null]}}
{"id":"joan","email":"joan@example.org","age":54,"balance":"12.50","seen":"2024-05-01T10:00:00.000000Z"}
{"id":"big","email":"big@example.org","age":9007199254740993}
]], good "flexdb query people --columns email,age,balance,seen,tags")
            local first = flexdb.json.decode(good "flexdb query people --limit 1":match "^[^\n]*")
            assert.equal(1, first._version)
            assert.truthy(first.created_at and first.updated_at)
        end)

        it("takes back what it has printed", function()
            good "flexdb insert people people.jsonl && flexdb query people > out.jsonl"
            good "flexdb apply schema.json --app copy$FLEXDB_APP >/dev/null"
            assert.equal("inserted 3 records\n", good "flexdb insert people out.jsonl --app copy$FLEXDB_APP")
            local fields = " --columns email,age,balance,seen,tags "
            assert.equal(good("flexdb query people" .. fields),
                good("flexdb query people --app copy$FLEXDB_APP" .. fields))
        end)

        it("selects by a document and by options", function()
            good "flexdb insert people people.jsonl"
            local cases = {
                { [[--filter '{"age": {"gt": 40}}' --columns age --order age]], '{"id":"joan","age":54}\n'
                    .. '{"id":"big","age":9007199254740993}\n' },
                { [['{"filter": {"age": {"gt": 40}}}' --filter '{"email": {"startsWith": "j"}}' --columns age]],
                    '{"id":"joan","age":54}\n' },
                { "--order -age --limit 1 --offset 1 --columns age", '{"id":"joan","age":54}\n' },
                { "--columns id --limit 1", '{"id":"ada"}\n' },
                { "--count", "3\n" }, { "--count --json", '{"count":3}\n' },
                { [[--count --filter '{"age": {"lt": 40}}']], "1\n" },
                { "--limit 0", "" },
                { [[--table --columns age --order age]],
                    "id                 age\n────  ────────────────\nada                 36\njoan                54\n"
                    .. "big   9007199254740993\n" },
            }
            for _, case in ipairs(cases) do assert.equal(case[2], good("flexdb query people " .. case[1]), case[1]) end
        end)

        it("tells of bad records by their lines, and inserts none", function()
            box.write("bad.jsonl", '{"email": "a@b.org"}\n\n{"email": "a@b"}\n')
            local out, status, errors = run "flexdb insert people bad.jsonl"
            assert.equal("", out)
            assert.equal(3, status)
            assert.equal('flexdb: invalid_record: line 3: email: must be an email address, is "a@b"\n', errors)
            box.write("bad.jsonl", '{"email": "a@b.org"}\n\n{"email": \n')
            status, errors = select(2, run "flexdb insert people bad.jsonl")
            assert.equal(3, status)
            assert.truthy(errors:find "^flexdb: invalid_document: line 3: ")
            status, errors = select(2, run [[echo '["a"]' | flexdb insert people -]])
            assert.equal(3, status)
            assert.equal("flexdb: invalid_document: line 1: a record must be a JSON object\n", errors)
            out, status, errors = run [[echo '{"email": "a@b.org"}{"email": "c@d.org"}' | flexdb insert people]]
            assert.equal(3, status)
            assert.truthy(errors:find "^flexdb: invalid_document: line 1: ")
            assert.equal("", out)
            assert.equal("0\n", good "flexdb query people --count")
        end)

        it("inserts the good ones where it is told to skip", function()
            box.write("mixed.jsonl", '{"email": "a@b.org"}\n\n{"email": "a"}\nnot json\n{"email": "a@b.org"}\n'
                .. '[]\n{"email": "c@d.org", "age": -1}\n{"email": "c@d.org"}')
            local out, status, errors = run "flexdb insert people mixed.jsonl --skip"
            assert.equal("inserted 2 records, left 5 out\n", out)
            assert.equal(3, status)
            assert.equal([[
line 3: email: must be an email address, is "a"
line 4: unexpected "n" where a value should begin at byte 0
line 5: email: "a@b.org" is taken
line 6: a record must be a JSON object
line 7: age: must be at least 0, is -1
]], errors)
            out, status, errors = run "flexdb insert people mixed.jsonl --skip --max-errors 2 --json"
            assert.equal(3, status)
            assert.equal("", errors)
            local report = flexdb.json.decode(out)
            assert.equal(0, report.inserted)
            assert.equal(7, report.errorCount)
            assert.same({ 3, 4 }, { report.errors[1].line, report.errors[2].line })
            assert.equal(2, #report.errors)
        end)

        it("validates without writing, every problem of a record", function()
            box.write("bad.jsonl", '{"email": "a@b.org"}\n{"age": -1, "nme": 1}\nnot json\n')
            local out, status, errors = run "flexdb validate people bad.jsonl"
            assert.equal(3, status)
            assert.equal("", errors)
            assert.equal([[
line 2: email: is required
line 2: age: must be at least 0, is -1
line 2: nme: there is no column "nme"
line 3: unexpected "n" where a value should begin at byte 0
1 valid, 2 invalid
]], out)
            assert.equal("3 valid, 0 invalid\n", good "flexdb validate people people.jsonl")
            assert.equal("0\n", good "flexdb query people --count")
            assert.equal('{"valid":3,"invalid":0,"errors":[]}\n',
                good "unset FLEXDB_URL; flexdb validate people people.jsonl --schema schema.json --json")
        end)

        it("restores a deleted one", function()
            good "flexdb insert people people.jsonl"
            good "echo 'people:delete \"ada\"' | flexdb shell"
            assert.equal("2\n", good "flexdb query people --count")
            assert.equal("3\n", good "flexdb query people --count --deleted")
            assert.equal("record ada of people is back\n", good "flexdb restore people ada")
            local _, status, errors = run "flexdb restore people nobody"
            assert.equal(1, status)
            assert.truthy(errors:find "^flexdb: not_found: ")
        end)

        it("answers a bad query with 3", function()
            for _, case in ipairs {
                { [[--filter '{"nope": 1}']], "invalid_query" }, { "--filter '{'", "invalid_query: --filter: " },
                { "--order nope", "invalid_query" }, { "--columns nope", "invalid_query" },
                { "'{\"x\": 1}'", "invalid_query" }, { "'{'", "invalid_document: the argument: " },
            } do
                local out, status, errors = run("flexdb query people " .. case[1])
                assert.equal("", out)
                assert.equal(3, status, errors)
                assert.equal("flexdb: " .. case[2], errors:sub(1, 8 + #case[2]))
            end
        end)
    end)
end)
