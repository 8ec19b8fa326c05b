-- --help, the manual page and the completion: made of the commands' declarations, and true.

local cli = require "spec.support.cli"
local commands = require "flexdb.cli.commands"
local flexdb = require "flexdb"

local schema <const> = [[{
  "companies": { "columns": [ { "name": "name", "dataType": "string", "required": true } ] },
  "contacts": { "displayName": "Contacts", "columns": [
    { "name": "email", "dataType": "string", "required": true, "unique": true, "validation": { "format": "email" } },
    { "name": "age", "dataType": "integer", "validation": { "min": 0 } },
    { "name": "company", "dataType": "reference", "validation": { "targetTable": "companies" } } ] } }]]

local hello <const> = [[{ "id": "hello", "name": "Hello", "version": "1.0.0",
    "workflow": [ { "log": { "message": "hello, {{$.name}}" } } ] }]]

-- The database that the examples speak of: contacts at version 2. It is made once, and copied.
local made
local function fill(box)
    if made then return os.execute(("cp %s/* %s"):format(made.work, box.work)) end
    made = cli.box()
    made.write("schema.json", schema)
    made.write("hello.json", hello)
    local out, status, errors = made.run([=[
        flexdb apply schema.json >/dev/null &&
        echo '{"email": "ada@example.org", "age": 36}' | flexdb insert contacts &&
        flexdb evolve contacts '[{"op": "add_column", "column": {"name": "city", "dataType": "string"}}]' >/dev/null
    ]=], { FLEXDB_URL = "crm.db" })
    assert.equal("inserted 1 record\n", out)
    assert.equal("", errors)
    assert.equal(0, status)
    fill(box)
end

teardown(function()
    if made then made.remove() end
end)

describe("flexdb --help", function()
    local box, plain
    before_each(function()
        box = cli.box()
        plain = box.run
        box.run = function(script) return plain(script, { FLEXDB_URL = "crm.db" }) end
    end)
    after_each(function() box.remove() end)

    it("lists the commands, on standard output, in 80 columns", function()
        local out, status, errors = box.run "flexdb --help"
        assert.equal(0, status)
        assert.equal("", errors)
        assert.equal("usage: flexdb COMMAND [ARGUMENT…] [OPTION…]\n", out:match "^[^\n]*\n")
        for _, name in ipairs(commands.names) do
            assert.truthy(out:find(("\n  %s "):format(name), 1, true), name)
        end
        for line in out:gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 80, line) end
    end)

    it("is there at once", function()
        local began = os.time()
        local _, status = box.run "for i in 1 2 3 4 5 6 7 8 9 10; do flexdb --help; done"
        assert.equal(0, status)
        assert.is_true(os.time() - began <= 3)
    end)

    it("loads nothing of the database", function()
        local out = box.run [[lua5.4 -e 'package.preload["flexdb.core"] = function() error "loaded" end
            print(require "flexdb.cli".main { "--help" })' | tail -n 1]]
        assert.equal("0\n", out)
    end)

    it("says the version", function()
        assert.equal(("flexdb %s\n"):format(flexdb.version), (box.run "flexdb --version"))
    end)

    for _, name in ipairs(commands.names) do
        it("of " .. name .. " tells every argument and option, and its example runs", function()
            local command = commands.load(name)
            local out, status, errors = box.run(("flexdb %s --help"):format(name))
            assert.equal(0, status)
            assert.equal("", errors)
            assert.equal(out, (box.run(("flexdb help %s"):format(name))))
            assert.equal(out, (box.run(("flexdb --help %s"):format(name))))
            for _, list in ipairs { command.arguments, command.options } do
                for _, each in ipairs(list) do
                    assert.truthy(out:find(each[1], 1, true), each[1])
                    assert.equal("string", type(each.help))
                end
            end
            assert.truthy(out:find("\nExample:\n", 1, true))
            for line in out:gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 80, line) end
            fill(box)
            out, status, errors = box.run(command.example)
            assert.equal(0, status, errors)
            assert.equal("", errors)
            assert.is_true(#out > 0 or command.example:find "eval" ~= nil)
        end)
    end

    it("has no option that takes a value in one command and none in another", function()
        local takes = {}
        local lists = { require "flexdb.cli".options }
        for _, name in ipairs(commands.names) do lists[#lists + 1] = commands.load(name).options end
        for _, options in ipairs(lists) do
            for _, option in ipairs(options) do
                for _, word in ipairs { option[1], option.short } do
                    local value = option.value ~= nil
                    assert.is_true(takes[word] == nil or takes[word] == value, word)
                    takes[word] = value
                end
            end
        end
    end)
end)

describe("the manual page", function()
    it("is what the commands' declarations make: flexdb help --man > docs/flexdb.1", function()
        local box <close> = setmetatable(cli.box(), { __close = function(self) self.remove() end })
        local file <close> = assert(io.open("docs/flexdb.1", "rb"))
        assert.equal(file:read "a", (box.run "flexdb help --man"))
    end)

    it("has no line of an example that a terminal of 80 columns breaks", function()
        local box <close> = setmetatable(cli.box(), { __close = function(self) self.remove() end })
        for _, name in ipairs(commands.names) do
            for line in commands.load(name).example:gmatch "[^\n]+" do
                assert.is_true(utf8.len(line) <= 80 - 12, line) -- it stands there in the twelfth column
            end
        end
        if not os.execute "command -v groff >/dev/null" then return end
        local shown = box.run "flexdb help --man | env -u LD_PRELOAD groff -man -Tutf8 -rLL=80n"
        shown = shown:gsub("[%z\1-\127\194-\244][\128-\191]*\8", ""):gsub("\27%[[%d;]*m", "")
        for line in shown:gmatch "[^\n]+" do assert.is_true((utf8.len(line) or 0) <= 80, line) end
    end)

    it("is good troff", function()
        if not os.execute "command -v groff >/dev/null" then return end
        local box <close> = setmetatable(cli.box(), { __close = function(self) self.remove() end })
        local _, status, errors = box.run "flexdb help --man | env -u LD_PRELOAD groff -man -Tutf8 -ww -z"
        assert.equal("", errors)
        assert.equal(0, status)
    end)
end)

describe("the completion", function()
    local box
    setup(function()
        box = cli.box()
        fill(box)
    end)
    teardown(function() box.remove() end)

    -- What is offered for the last of the words.
    local function complete(words)
        local out, status, errors = box.run(([[
            eval "$(flexdb help --completion)"
            COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _flexdb
            printf '%%s\n' "${COMPREPLY[@]}" | sort -u
        ]]):format(words), { FLEXDB_URL = "crm.db" })
        assert.equal("", errors)
        assert.equal(0, status)
        return (out:gsub("\n$", ""):gsub("\n", " "))
    end

    it("offers commands, options, values and tables", function()
        assert.equal("evolve export-schema", complete "flexdb e")
        assert.equal("--deleted", complete "flexdb query contacts --dele")
        assert.equal("--db --deleted", complete "flexdb tables --d")
        assert.equal("always auto", complete "flexdb tables --color a")
        assert.equal("companies contacts", complete "flexdb show co")
        assert.equal("crm.db", complete "flexdb --db crm")
    end)
end)
