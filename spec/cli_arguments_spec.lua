-- How a command line is read: where options may stand, and what is said of those that are wrong.

local arguments = require "flexdb.cli.arguments"

local global = {
    { "--db", short = "-d", value = "URL", help = "" }, { "--json", short = "-j", help = "" },
    { "--help", short = "-h", help = "" },
}
local show = {
    name = "show", arguments = { { "TABLE" }, { "ID", optional = true } },
    options = {
        { "--limit", short = "-l", value = "COUNT", kind = "integer", help = "" }, { "--all", help = "" },
        { "--way", value = "WAY", choices = { "up", "down" }, help = "" }, { "--yes", short = "-y", help = "" },
        { "--seconds", value = "SECONDS", kind = "seconds", help = "" },
        { "--version-at", value = "VERSION", kind = "integer", least = 1, help = "" },
    },
}
local apply = { name = "apply", arguments = { { "FILE", many = true } }, options = { { "--dry-run", help = "" } } }
local tables = { name = "tables", arguments = { { "TABLE", many = true, optional = true } }, options = {} }
local commands = { names = { "show", "apply", "tables" } }
local all = { show = show, apply = apply, tables = tables }
function commands.load(name) return all[name] end

local function words_of(text)
    local words = {}
    for word in text:gmatch "%S+" do words[#words + 1] = word end
    return words
end

local function parse(text) return arguments.parse(words_of(text), global, commands) end

-- what is said, the options, the arguments
local good = {
    { "show t", {}, { table = "t" } },
    { "show t 7", {}, { table = "t", id = "7" } },
    { "--db x show t", { db = "x" }, { table = "t" } },
    { "show --db x t", { db = "x" }, { table = "t" } },
    { "show t --db x", { db = "x" }, { table = "t" } },
    { "show t --db=x", { db = "x" }, { table = "t" } },
    { "show t --db=", { db = "" }, { table = "t" } },
    { "show t --db=a=b", { db = "a=b" }, { table = "t" } },
    { "show t -d x", { db = "x" }, { table = "t" } },
    { "show t -dx", { db = "x" }, { table = "t" } },
    { "show t -jy", { json = true, yes = true }, { table = "t" } },
    { "show t -jl3", { json = true, limit = 3 }, { table = "t" } },
    { "show t -yjd x", { json = true, yes = true, db = "x" }, { table = "t" } },
    { "-j --limit 5 show t", { json = true, limit = 5 }, { table = "t" } },
    { "--limit 5 --all -d show show t", { all = true, limit = 5, db = "show" }, { table = "t" } },
    { "show -- --all", {}, { table = "--all" } },
    { "show --all -- t -j", { all = true }, { table = "t", id = "-j" } },
    { "show -", {}, { table = "-" } },
    { "show t --limit 0", { limit = 0 }, { table = "t" } },
    { "show t --limit 1 --limit 2", { limit = 2 }, { table = "t" } },
    { "show t --seconds 0.5", { seconds = 0.5 }, { table = "t" } },
    { "show t --db --all", { db = "--all" }, { table = "t" } },
    { "apply a b c --dry-run", { dry_run = true }, { file = { "a", "b", "c" } } },
    { "--dry-run apply a", { dry_run = true }, { file = { "a" } } },
    { "tables", {}, { table = {} } },
    { "show --help", { help = true }, {} },
    { "--help apply", { help = true }, {} },
}

-- what is said, the message
local bad = {
    { "shwo t", "there is no command 'shwo'; did you mean 'show'?" },
    { "tab", "there is no command 'tab'; did you mean 'tables'?" },
    { "frobnicate", "there is no command 'frobnicate'" },
    { "show", "TABLE is missing" },
    { "apply", "FILE is missing" },
    { "show a b c", "'c' is one argument too many" },
    { "show t --lmit 3", "there is no option '--lmit'; did you mean '--limit'?" },
    { "show t --dry-run", "there is no option '--dry-run'" },
    { "show t --limit", "--limit needs a value: --limit COUNT" },
    { "show t --limit=x", "--limit must be an integer of at least 0, is 'x'" },
    { "show t --limit -1", "--limit must be an integer of at least 0, is '-1'" },
    { "show t --limit 99999999999999999999", "--limit must be an integer of at least 0, is '99999999999999999999'" },
    { "show t --version-at 0", "--version-at must be an integer of at least 1, is '0'" },
    { "show t --seconds soon", "--seconds must be a number of seconds, is 'soon'" },
    { "show t --way left", "--way must be one of up, down, is 'left'" },
    { "show t --all=1", "--all takes no value" },
    { "show t -x", "there is no option '-x'" },
    { "show t -jx", "there is no option '-x'" },
    { "show t ---", "there is no option '---'" },
    { "--nope show t", "there is no option '--nope'" },
}

describe("a command line", function()
    for _, case in ipairs(good) do
        it("is read: " .. case[1], function()
            local parsed, err = parse(case[1])
            assert.is_nil(err)
            assert.same(case[2], parsed.options)
            assert.same(case[3], parsed.arguments)
            assert.is_true(parsed.command == show or parsed.command == apply or parsed.command == tables)
        end)
    end

    for _, case in ipairs(bad) do
        it("is refused: " .. case[1], function()
            local parsed, err = parse(case[1])
            assert.is_nil(parsed)
            assert.is_true(err.usage)
            assert.equal(case[2], err.message)
        end)
    end

    it("may name no command", function()
        assert.same({ options = {}, arguments = {} }, parse "")
        assert.same({ options = { help = true }, arguments = {} }, parse "-h")
    end)

    it("stays as it was given", function()
        local words = words_of "-jy show t"
        assert(arguments.parse(words, global, commands))
        assert.same(words_of "-jy show t", words)
    end)

    it("may be anything: random words end in a result or an error", function()
        local pieces = {
            "show", "apply", "--", "-", "--db", "-d", "-jy", "--limit", "3", "x", "--limit=2", "", "-é", "--=",
        }
        for seed = 1, 300 do
            math.randomseed(seed)
            local words = {}
            for i = 1, math.random(0, 7) do words[i] = pieces[math.random(#pieces)] end
            local parsed, err = arguments.parse(words, global, commands)
            assert.is_true(parsed ~= nil or (err.usage and type(err.message) == "string"))
        end
    end)
end)
