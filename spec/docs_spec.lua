-- The docs against the code: every block runs, every call and word of the reference is there, no link is dead.

-- What a page must hold at least, so that a block that is no longer found is missed: blocks of Lua, blocks of commands,
-- lines that say what they print, blocks of text that the block of Lua before them prints last.
local pages = {
    { "README.md", lua = 1, sh = 3, prints = 3 },
    { "CONTRIBUTING.md", lua = 0, sh = 1, prints = 0 },
    { "docs/concepts.md", lua = 14, sh = 0, prints = 0 },
    { "docs/expressions.md", lua = 6, sh = 0, prints = 2 },
    { "docs/reference.md", lua = 4, sh = 0, prints = 0 },
    { "docs/cookbook.md", lua = 17, sh = 0, prints = 2 },
    { "docs/conversions.md", lua = 1, sh = 0, prints = 0 },
    { "docs/compatibility.md", lua = 1, sh = 0, prints = 1 },
    { "docs/plans.md", lua = 7, sh = 0, prints = 1, texts = 3 },
    { "docs/workflows.md", lua = 3, sh = 0, prints = 5, workflows = 13 },
    { "docs/sandbox.md", lua = 3, sh = 0, prints = 6 },
    { "docs/operator.md", lua = 1, sh = 0, prints = 0 },
    { "docs/nodes.md", lua = 2, sh = 0, prints = 2 },
    { "docs/cli.md", lua = 0, sh = 0, prints = 0 },
}

local function read(name)
    local file <close> = assert(io.open(name, "rb"))
    return file:read "a"
end

-- The blocks of one page in one language, each with the line that it begins in.
local function blocks(text, language)
    local found, line, inside = {}, 0, nil
    for each in text:gmatch "([^\n]*)\n" do
        line = line + 1
        if inside and each == "```" then
            if inside.language == language then found[#found + 1] = inside end
            inside = nil
        elseif inside then
            inside[#inside + 1] = each
        elseif each:match "^```" then
            inside = { language = each:match "^```(%S*)", name = each:match "^```%S* (%S+)$", line = line }
        end
    end
    return found
end

local function code_of(text, name)
    local out = {}
    for word in text:gmatch(name) do out[word] = true end
    return out
end

-- The words in the first cells of a table's rows.
local function rows_of(text)
    local out = {}
    for cell in text:gmatch "\n| ([^|]*) |" do
        for word in cell:gmatch "`([%w_]+)`" do out[word] = true end
    end
    return out
end

-- Whether a name stands in the text and does not go on there.
local function names(text, name) return text:find(name:gsub("%.", "%%.") .. "%f[^%w_]") ~= nil end

-- The text below one heading, up to the next of any level.
local function section(text, heading)
    local _, from = text:find("\n" .. heading .. "\n", 1, true)
    assert(from, heading)
    return text:sub(from + 1, (text:find("\n#", from, true) or #text + 1) - 1)
end

describe("the docs", function()
    local folder
    setup(function()
        folder = os.tmpname()
        os.remove(folder)
        assert(os.execute("mkdir " .. folder))
    end)
    teardown(function() os.execute("rm -rf " .. folder) end)

    for _, least in ipairs(pages) do
        local page = least[1]
        local text = read(page)

        it(page .. ": its Lua runs, from top to bottom", function()
            local lines, at = {}, 0
            local found = blocks(text, "lua")
            assert.is_true(#found >= least.lua, ("%d of %d blocks are found"):format(#found, least.lua))
            for _, block in ipairs(found) do
                -- the blocks of a page are one script, each line at its number in the page
                for _ = at + 1, block.line do lines[#lines + 1] = "" end
                for _, line in ipairs(block) do lines[#lines + 1] = line end
                at = #lines
            end
            if #lines == 0 then return end
            local source = table.concat(lines, "\n"):gsub("sqlite:shop%.db", "sqlite:" .. folder .. "/shop.db")
            local told = {} -- by line, what was printed there last
            local environment = setmetatable({ print = function(...)
                local words = table.pack(...)
                for i = 1, words.n do words[i] = tostring(words[i]) end
                told[debug.getinfo(2, "l").currentline] = table.concat(words, "  ", 1, words.n)
            end }, { __index = _G })
            local chunk = assert(load(source, "@" .. page, "t", environment))
            local ok, why = xpcall(chunk, debug.traceback)
            assert.is_true(ok, tostring(why))
            -- `--> text` is what its line prints
            local n, at_line = 0, 0
            for line in (source .. "\n"):gmatch "([^\n]*)\n" do
                at_line = at_line + 1
                local expected = line:match "print%b()[^\n]*%-%-> (.*)"
                if expected then
                    n = n + 1
                    assert.equal(expected, told[at_line])
                end
            end
            assert.is_true(n >= least.prints, ("%d of %d prints are found"):format(n, least.prints))
            -- a block of text is what was printed last before it, or what a workflow has said: below
            local texts = least.workflows and {} or blocks(text, "text")
            assert.equal(least.texts or 0, #texts)
            for _, block in ipairs(texts) do
                local before = block.line
                repeat before = before - 1 until before == 0 or told[before]
                assert.equal(table.concat(block, "\n"), told[before])
            end
        end)

        -- A block of JSON is a workflow, or steps of one, and what it says stands in the block of text that follows;
        -- one with a name is a file that others call. All of a page run on one database.
        if least.workflows then
            it(page .. ": its workflows run, and say what they say there", function()
                local flexdb = require "flexdb"
                local db <close> = assert(flexdb.open "sqlite::memory:")
                local texts, n = {}, 0
                for _, block in ipairs(blocks(text, "text")) do texts[block.line] = table.concat(block, "\n") end
                for _, block in ipairs(blocks(text, "json")) do
                    local source = table.concat(block, "\n")
                    local document = assert(flexdb.json.decode(source))
                    n = n + 1
                    if block.name then
                        local file <close> = assert(io.open(folder .. "/" .. block.name, "w"))
                        file:write(source)
                    else
                        if not document.id then
                            local steps = document[1] and document or { document }
                            document = { id = "block", name = "Block", version = "1.0.0", workflow = steps }
                        end
                        local said = {}
                        assert(flexdb.workflow.run(document, { db = db, files = folder,
                            log = function(message) said[#said + 1] = message end }))
                        local expected = assert(texts[block.line + #block + 2], "nothing is said")
                        assert.equal(expected, table.concat(said, "\n"), "line " .. block.line)
                    end
                end
                assert.is_true(n >= least.workflows, ("%d of %d workflows are found"):format(n, least.workflows))
            end)
        end

        it(page .. ": its commands are targets and files that exist", function()
            local makefile = read "Makefile"
            local found = blocks(text, "sh")
            assert.is_true(#found >= least.sh, ("%d of %d blocks are found"):format(#found, least.sh))
            for _, block in ipairs(found) do
                for _, line in ipairs(block) do
                    local target = line:match "^make (%S+)" or line:match "make %-s (%S+)%)"
                    if target then assert.truthy(makefile:find("\n" .. target .. ":", 1, true), target) end
                end
            end
            for link in text:gmatch "%]%(([^)#:]+)%)" do
                local base = page:match "^(.*/)" or ""
                assert.truthy(io.open(base .. link, "rb"), link)
            end
        end)
    end

    it("README begins with the commands for the main job and the tests", function()
        local first = blocks(read "README.md", "sh")[1]
        local text = table.concat(first, "\n")
        assert.truthy(text:find "make demo")
        assert.truthy(text:find "make test")
        assert.is_true(first.line <= 4)
    end)

    it("reference.md lists every error code of the code, word for word", function()
        local reference, header = read "docs/reference.md", read "src/base/error.h"
        local count = 0
        for name, meaning in header:gmatch 'X%(%u[%u_]+,%s*"([%w_]+)",%s*"([^"]+)"%)' do
            if name ~= "misuse" and name ~= "stale" and name ~= "stopped" then
                count = count + 1
                assert.truthy(reference:find(("| `%s` | %s |"):format(name, meaning), 1, true), name)
            end
        end
        assert.equal(16, count)
    end)

    it("reference.md lists every type and rule", function()
        local reference, header = read "docs/reference.md", read "src/model/definition.h"
        for _, list in ipairs { { "COLUMN_TYPES", "### Types", 9 }, { "COLUMN_RULES", "### Rules", 11 } } do
            local rows, count = rows_of(section(reference, list[2])), 0
            for name in header:match("#define " .. list[1] .. "(.-)\n\n"):gmatch 'X%(%u[%u_]+,%s*"([%w]+)"%)' do
                count = count + 1
                assert.is_true(rows[name], name)
            end
            assert.equal(list[3], count)
        end
        assert.is_true(rows_of(section(reference, "### Rules")).computed, "computed") -- a rule of every type
    end)

    it("reference.md lists everything that doctor may find, and no other", function()
        local rows, count = rows_of(section(read "docs/reference.md", "## Doctor")), 0
        local codes = read("src/db/doctor.h"):match "#define DOCTOR_CODES(.-)\n\n"
        for name in codes:gmatch 'X%(%u[%u_]+,%s*"([%w_]+)"%)' do
            count = count + 1
            assert.is_true(rows[name], name)
            rows[name] = nil
        end
        assert.equal(37, count)
        rows.code, rows["repair"] = nil, nil
        assert.is_nil(next(rows))
    end)

    it("reference.md lists every method, and no other", function()
        local flexdb = require "flexdb"
        local reference = read "docs/reference.md"
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = {} }))
        local methods = require("flexdb.core").methods
        for letter, handle in pairs { db = db, t = t } do
            for name in pairs(code_of(reference, "`" .. letter .. ":([%w_]+)")) do
                assert.is_function(handle[name], letter .. ":" .. name)
            end
            for name in pairs(letter == "db" and methods.database or methods.table) do
                assert.is_true(names(reference, letter .. ":" .. name), letter .. ":" .. name)
            end
        end
        for name in pairs(flexdb) do
            assert.is_true(names(reference, "flexdb." .. name), name)
        end
    end)
end)
