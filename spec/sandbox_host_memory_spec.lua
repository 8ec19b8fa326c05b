-- What a script makes the host keep: it is bounded though nobody has said so, and a script cannot catch it.

local cli = require "spec.support.cli"
local flexdb = require "flexdb"

local MIB <const> = 1 << 20

require "spec.support.pace".rest_collector(setup, teardown)

describe("the host's memory", function()
    local kept
    before_each(function()
        collectgarbage()
        kept = {}
    end)
    after_each(function() kept = nil end)

    local function box_of(given)
        given.seconds = 300 -- sanitizers are slow
        given.values = {
            keep = function(value) kept[#kept + 1] = value .. #kept end,
            make = function(bytes) return #("x"):rep(bytes) end,
        }
        return assert(flexdb.sandbox.new(given))
    end

    local keep_all <const> = "local t = ('x'):rep(1 << 20) while true do pcall(keep, t) end"

    -- options, about how many MiB are kept, the message
    for _, scenario in ipairs {
        { { host_memory = 8 * MIB }, 8, "8" }, { { memory = 4 * MIB }, 16, "16" }, { {}, 256, "256" },
    } do
        it("is bounded at " .. scenario[3] .. " MiB", function()
            local box <close> = box_of(scenario[1])
            local result, err = box:run(keep_all, "keep.lua")
            assert.is_nil(result)
            assert.equal(("limit: what the script asks for takes more of the host's memory than it may (%s MiB)")
                :format(
                scenario[3]), tostring(err))
            assert.equal("host_memory", err.limit)
            assert.is_true(math.abs(#kept - scenario[2]) <= 2, tostring(#kept))
            assert.equal("host_memory", select(2, box:run("return 1", "late.lua")).limit)
        end)
    end

    it("has its garbage collected before a script is blamed", function()
        local box <close> = box_of { host_memory = 8 * MIB }
        assert.equal(64 * 4 * MIB, (box:run(
            "local sum = 0 for _ = 1, 64 do sum = sum + make(4 << 20) end return sum", "make.lua")))
    end)

    it("is counted for each run", function()
        local box <close> = box_of { host_memory = 8 * MIB }
        for _ = 1, 4 do assert.is_true((box:run("keep(('x'):rep(3 << 20)) return true", "some.lua"))) end
    end)

    it("must be a number of bytes", function()
        assert.has_error(function() flexdb.sandbox.new { host_memory = 0 } end,
            "bad argument #1 to 'new' (option 'host_memory' must be an integer above 0, is 0)")
    end)
end)

describe("a workflow in the sandbox", function()
    local box
    before_each(function()
        collectgarbage()
        box = cli.box()
    end)
    after_each(function() box.remove() end)

    local function run(text)
        box.write("w.lua", text)
        local last, err = flexdb.workflow.run(box.work .. "/w.lua", { sandbox = { host_memory = 8 * MIB } })
        assert.is_nil(last)
        return (tostring(err):gsub("more than %d+ bytes", "more than N bytes"))
    end

    it("cannot fill the state", function()
        assert.equal("limit: what the script asks for takes more of the host's memory than it may (8 MiB)", run [[
            local _, context = ...
            local t = ("x"):rep(1 << 20)
            for i = 1, 1000000 do pcall(function() context.state["k" .. i] = t .. i end) end]])
    end)

    it("cannot have a node fill it", function()
        assert.equal("limit: the run uses more than N bytes of memory (limits.memory)", run [[
            local nodes, context = ...
            local items = {}
            for i = 1, 1000 do items[i] = i end
            context.state.t = ("x"):rep(1 << 20)
            pcall(nodes.each, { items = items, body = {
                { set = { path = "$.list", add = "{{$.t}}{{$.index}}" } } } })
            print "not reached"]])
    end)
end)
