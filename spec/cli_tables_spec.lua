-- Tables from a shell, on every engine: from files and back, changes with their plans, versions, names.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"

local schema <const> = [[return {
    companies = { columns = { { name = "name", dataType = "string", required = true } } },
    contacts = {
        displayName = "Contacts", description = "who \"we\" know",
        columns = {
            { name = "email", dataType = "string", required = true, unique = true, validation = { format = "email" } },
            { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
            { name = "balance", dataType = "decimal", defaultValue = "0.00",
                validation = { precision = 12, scale = 2 } },
            { name = "tags", dataType = "json" },
            { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
            { name = "boss", dataType = "reference", validation = { targetTable = "contacts", onDelete = "set-null" } },
        },
        indexes = { { columns = { "age", "company" }, name = "by_age" } },
        checks = { { name = "adult", expression = "age >= 18", message = "needs a boss" } },
    },
}
]]

engines.each(function(engine)
    describe("flexdb with tables", function()
        local box, url, application
        before_each(function()
            box, application = cli.box(), engines.fresh "cli"
            box.write("schema.lua", schema)
            url = engine.server and engine.url or "crm.db"
        end)
        after_each(function() box.remove() end)

        local function run(script, environment)
            environment = environment or {}
            environment.FLEXDB_URL, environment.FLEXDB_APP = url, environment.FLEXDB_APP or application
            return box.run(script, environment)
        end
        -- What the script prints; it must be well.
        local function good(script, environment)
            local out, status, errors = run(script, environment)
            assert.equal("", errors)
            assert.equal(0, status)
            return out
        end

        it("makes them what files say, once", function()
            local dry = good "flexdb init >/dev/null; flexdb apply schema.lua --dry-run"
            assert.equal("there is no table yet\n", good "flexdb tables")
            local out = good "flexdb apply schema.lua"
            assert.equal(dry .. "\ncompanies is made, at version 1\ncontacts is made, at version 1\n", out)
            assert.truthy(out:find([[
--- /dev/null
+++ contacts (version 1)
@@ -0,0 +1,10 @@
+displayName "Contacts"
+description "who \"we\" know"
+email    string     required unique format=email
+age      integer    indexed min=0 max=150
+balance  decimal    default=0.00 precision=12 scale=2
+tags     json
+company  reference  → companies
+boss     reference  → contacts onDelete=set-null
+index on age, company as by_age
+check adult: age >= 18 "needs a boss"
]], 1, true), out)
            assert.equal("nothing changes: the tables are what the files say\n", good "flexdb apply schema.lua")
            assert.equal("[]\n", good "flexdb apply schema.lua --json")
            assert.equal("[]\n", good "flexdb apply schema.lua --json --dry-run")
        end)

        it("writes files that make the same tables elsewhere", function()
            good "flexdb apply schema.lua"
            for _, name in ipairs { "out.json", "out.lua" } do
                local other = { FLEXDB_APP = engines.fresh "other" }
                assert.equal(("wrote the definitions of 2 tables to %s\n"):format(name),
                    good("flexdb export-schema --output " .. name))
                good("flexdb apply " .. name, other)
                assert.equal("nothing changes: the tables are what the files say\n",
                    good("flexdb apply schema.lua", other))
                assert.equal(good "flexdb export-schema", good("flexdb export-schema", other))
            end
            good "mkdir each && flexdb export-schema -o each/"
            assert.equal("companies.json\ncontacts.json\n", good "ls each")
            assert.equal("nothing changes: the tables are what the files say\n", good "flexdb apply each/*.json")
        end)

        it("changes them when files do, and asks before a destructive step", function()
            good "flexdb apply schema.lua"
            box.write("new.json", [[{ "name": "companies", "columns": [
                { "name": "title", "renamedFrom": "name", "dataType": "string", "required": true },
                { "name": "city", "dataType": "string" } ] }]])
            assert.equal([[
--- companies (version 1)
+++ companies (version 2)
@@ -1 +1,2 @@
-name   string  required
+title  string  required
+city   string
]], (good "flexdb apply new.json --dry-run":gsub("Plan for.*$", "")))
            good "flexdb apply new.json"
            good [[echo '{"title": "Acme", "city": "Ulm"}' | flexdb insert companies]]
            box.write("new.json", [[{ "companies": { "columns": [ { "name": "title", "dataType": "string" } ] } }]])
            local out, status, errors = run "echo no | flexdb apply new.json"
            assert.equal(1, status)
            assert.equal("this is destructive. Go on? [y/N] \nflexdb: nothing was changed\n", errors)
            assert.truthy(out:find("\n-city   string\n", 1, true))
            assert.equal("2\n", good [[flexdb show companies --json | grep -o '"version":[0-9]*' | cut -d: -f2]])
            assert.truthy(good "flexdb apply new.json --yes":find("\ncompanies is evolved, at version 3\n", 1, true))
        end)

        it("drops those that no file names only when it is told to", function()
            good "flexdb apply schema.lua"
            box.write("one.json", [[{ "companies": { "columns": [
                { "name": "name", "dataType": "string", "required": true } ] } }]])
            assert.equal("nothing changes: the tables are what the files say\n", good "flexdb apply one.json")
            assert.equal("contacts is dropped\n", good "flexdb apply one.json --drop --dry-run")
            local _, status = run "flexdb apply one.json --drop"
            assert.equal(1, status)
            assert.equal("contacts is dropped\n\ncontacts is dropped\n", good "flexdb apply one.json --drop --yes")
            assert.equal("contacts is back, at version 1\n", good "flexdb restore contacts")
        end)

        it("plans, evolves, tells and rolls back", function()
            good "flexdb apply schema.lua"
            good [[echo '{"id": "ada", "email": "ada@example.org", "age": 36}' | flexdb insert contacts]]
            box.write("changes.lua", [[return function(t)
                t:rename("age", "years")
                t:modify("balance", { validation = { scale = 3 } })
                t:add({ name = "vip", dataType = "boolean", defaultValue = false }, { after = "email" })
            end]])
            local plan = good "flexdb plan contacts changes.lua"
            assert.truthy(plan:find([[
-age      integer    indexed min=0 max=150
-balance  decimal    default=0.00 precision=12 scale=2
+vip      boolean    default=false
+years    integer    indexed min=0 max=150
+balance  decimal    default=0.000 precision=12 scale=3
]], 1, true), plan)
            assert.truthy(plan:find("\n-index on age, company as by_age\n-check adult: age >= 18 \"needs a boss\"\n"
                .. "+index on years, company as by_age\n+check adult: years >= 18 \"needs a boss\"\n", 1, true), plan)
            assert.equal(plan .. "contacts is at version 2\n",
                good "flexdb evolve contacts changes.lua --actor alice --message 'more of it'")
            -- What the plan has shown is what came of it.
            assert.equal(plan:match "^(.-\n)Plan for", good "flexdb diff contacts")
            local history = good "flexdb history contacts --from 2"
            assert.truthy(history:find "^version 2  %d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%dZ  alice\n    more of it\n")
            assert.truthy(history:find("\n  ~ age is renamed to years\n", 1, true), history)
            assert.truthy(history:find("\n  + vip  boolean  default=false\n", 1, true), history)
            assert.equal('{"id":"ada","email":"ada@example.org","vip":false,"years":36,"balance":"0.000"}\n',
                good "flexdb query contacts --columns email,vip,years,balance")
            assert.equal('{"id":"ada","age":36}\n', good "flexdb query contacts --at 1 --columns age")
            assert.truthy(good "flexdb rollback contacts 1 --yes":find("\ncontacts is at version 3\n", 1, true))
            assert.equal("", good "flexdb diff contacts 1 3")
            assert.equal("nothing changes: contacts stays at version 3\n", good "flexdb rollback contacts 1")
        end)

        it("carries out a plan that was saved, unless the table has changed there", function()
            good "flexdb apply schema.lua"
            good [=[flexdb plan contacts '[{"op": "rename_column", "name": "age", "to": "years"}]' --json > plan.json]=]
            good [=[flexdb evolve contacts '[{"op": "remove_column", "name": "tags"}]' --yes]=]
            assert.truthy(good "flexdb evolve contacts plan.json":find "contacts is at version 3\n$")
            local out, status, errors = run "flexdb evolve contacts plan.json"
            assert.equal("", out)
            assert.equal(4, status)
            assert.truthy(errors:find '^flexdb: conflict: table "contacts" has changed since the plan was made')
        end)

        it("says which records stand against a change", function()
            good "flexdb apply schema.lua"
            good [[echo '{"id": "ada", "email": "ada@example.org", "age": 36}' | flexdb insert contacts]]
            local changes = [=['[{"op": "modify_column", "name": "age", "set": {"validation": {"max": 30}}}]']=]
            local out, status, errors = run("flexdb plan contacts " .. changes)
            assert.equal(3, status)
            assert.equal("", errors)
            assert.truthy(out:find("It is not possible: 1 record stands against it\n"
                .. "  ada: age: must be at most 30, is 36", 1, true), out)
            out, status, errors = run("flexdb evolve contacts " .. changes)
            assert.equal(3, status)
            assert.truthy(out:find "It is not possible")
            assert.equal("flexdb: invalid_record: 1 record stands against the change: "
                .. 'record "ada": age: must be at most 30, is 36\n', errors)
            assert.truthy(good("flexdb evolve contacts --on-invalid ignore " .. changes):find "at version 2\n$")
        end)

        it("renames, drops and restores them", function()
            good "flexdb apply schema.lua"
            assert.equal("companies is now called firms\n", good "flexdb rename companies firms")
            local _, status, errors = run "flexdb drop firms"
            assert.equal(4, status)
            assert.truthy(errors:find "^flexdb: reference: ")
            assert.equal("contacts is dropped; 'flexdb restore contacts' brings it back\n", good "flexdb drop contacts")
            assert.equal('{"table":"firms","dropped":true}\n', good "flexdb drop firms --json")
            local stamp = "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ"
            assert.truthy(good "flexdb tables --deleted":find("\ncontacts +1 +Contacts +" .. stamp .. "\n"))
            assert.equal("firms is back, at version 1\n", good "flexdb restore firms")
            good "flexdb rename firms nowhere; flexdb apply schema.lua"
            _, status, errors = run "flexdb rename companies nowhere"
            assert.equal(4, status)
            assert.truthy(errors:find "^flexdb: exists: ")
        end)

        it("purges what nobody can reach", function()
            good "flexdb apply schema.lua"
            good [[echo '{"id": "ada", "email": "ada@example.org", "age": 36}' | flexdb insert contacts]]
            good [=[flexdb evolve contacts '[{"op": "remove_column", "name": "balance"}]' --yes]=]
            local _, status, errors = run "flexdb purge contacts --keep-versions 1"
            assert.equal(1, status)
            assert.equal("contacts: what is purged is gone for good. Go on? [y/N] \n"
                .. "flexdb: nothing was changed: nobody has answered; --yes agrees beforehand\n", errors)
            assert.equal("contacts: looked at 1 record, rewrote 1, erased 0\n",
                good "flexdb purge contacts --keep-versions 1 --yes":match "^[^\n]*\n")
            assert.truthy(good "flexdb doctor contacts":find "no problem\n$")
        end)
    end)
end)
