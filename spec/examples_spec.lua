-- Every example that is a script runs, on every engine, with the same output. Those that are workflows: in
-- examples_workflows_spec.lua.

local engines = require "spec.support.engines"

local function run(command)
    local pipe = assert(io.popen(command .. " 2>&1; echo \"exit $?\""))
    local output = pipe:read "a"
    pipe:close()
    local status = tonumber(output:match "exit (%d+)%s*$")
    return output:gsub("exit %d+%s*$", ""), status
end

local function examples()
    local found = {}
    local pipe = assert(io.popen "ls examples/*.lua")
    for name in pipe:lines() do
        if not name:find "orders%.lua$" then found[#found + 1] = name end
    end
    pipe:close()
    return found
end

-- The sample that an example reads.
local function data_of(name)
    local stem = "examples/data/" .. name:match "([%w_]+)%.lua$"
    for _, ending in ipairs { ".json", ".csv" } do
        local file <close> = io.open(stem .. ending)
        if file then return stem .. ending end
    end
    error("no sample for " .. name)
end

local lua = arg and arg[-1] or "lua5.4"
if not lua:find "lua" then lua = "lua5.4" end

describe("the example", function()
    for _, name in ipairs(examples()) do
        it(name .. " runs with the same output on every engine", function()
            local first
            for _, engine in ipairs(engines.list) do
                local url = engine.server and engine.url or ""
                local output, status = run(("%s %s %s '%s'"):format(
                    lua, name, data_of(name), url ~= "" and url or "sqlite::memory:"))
                assert.equal(0, status, output)
                first = first or output
                assert.equal(first, output)
                for line in output:gmatch "[^\n]+" do
                    assert.is_true((utf8.len(line) or #line) <= 80, line)
                end
            end
            assert.is_true(#first > 200)
        end)
    end

    it("movies.lua says how it is used, and in a line what it cannot do", function()
        local usage = "usage: lua5.4 movies.lua [PATH of a JSON array] [URL]\n"
        for _, case in ipairs {
            { "--help", "", 0 },
            { "/no/such.json", "cannot read /no/such.json: No such file or directory\n", 1 },
            { "README.md", "README.md: invalid_document: ", 1 },
            { "spec", "cannot read ", 1 },
            { "examples/data/movies.json postgres:x", "invalid_document: unknown scheme 'postgres'", 1 },
        } do
            local output, status = run(("%s examples/movies.lua %s"):format(lua, case[1]))
            assert.equal(case[3], status, output)
            assert.equal(usage, output:sub(-#usage))
            assert.equal(case[2], output:sub(1, #case[2]))
            assert.is_nil(output:find "traceback")
        end
    end)
end)
