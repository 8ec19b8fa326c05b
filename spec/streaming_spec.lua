--- A stream keeps to flat memory, however long it is: in a process of its own, what that holds is looked at after the
-- first records and at the end.

local children = require "spec.support.children"
local engines = require "spec.support.engines"

local RECORDS <const>, TEXT <const> = 30000, 1000 -- some 40 MB
local GROWTH <const> = 4 * 1024 -- KiB

-- arg: url, application
local child = [[
    local url, application = table.unpack(arg)
    local function resident()
        for line in io.lines "/proc/self/status" do
            local kib = line:match "^VmRSS:%s+(%d+) kB"
            if kib then return tonumber(kib) end
        end
    end
    local db <close> = assert(flexdb.open(url, { application = application }))
    local t = assert(db:table "t")
    local seen, first = 0, nil
    for record in t:each() do
        assert(record.n == seen + 1)
        seen = record.n
        if seen == 100 then
            collectgarbage()
            first = resident()
        end
    end
    note(seen, resident() - first)
]]

engines.each(function(engine)
    describe("a long stream", function()
        it("of records that a page cache could hold grows by less than 4 MiB", function()
            local db <close> = engine.open()
            local t = assert(db:create_table("t", { columns = {
                { name = "n", dataType = "integer" }, { name = "text", dataType = "text" } } }))
            local made, text = 0, ("x"):rep(TEXT)
            assert(t:insert_many(function()
                made = made + 1
                return made <= RECORDS and { n = made, text = text } or nil
            end))
            local processes = children.new(child)
            -- What is freed stays with the address sanitizer unless it is told otherwise.
            local process = processes:start({ engine.url, db.application },
                "ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=0")
            assert.equal("", process:finish())
            local seen, grown = process:lines()[1]:match "^(%d+) (-?%d+)$"
            processes:remove()
            assert.equal(RECORDS, tonumber(seen))
            assert.is_true(tonumber(grown) < GROWTH, ("the process grew by %s KiB"):format(grown))
        end)
    end)
end)
