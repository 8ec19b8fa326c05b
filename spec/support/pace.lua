--- How much a spec may take upon itself: under the tools that watch a run (`make sanitize`, where the collector never
-- rests, and `make valgrind`) everything takes many times as long.

local pace = {}

local pressed = os.getenv "FLEXDB_TEST_GC" == "1"

--- Whether this is such a run.
pace.slow = pressed or os.getenv "FLEXDB_TEST_VALGRIND" ~= nil

--- A number of rounds, records or processes: `usual`, or under the tools `slow`; or what the environment says, where a
-- variable is named.
function pace.rounds(usual, slow, variable)
    local said = variable and tonumber(os.getenv(variable))
    return said or pace.slow and slow or usual
end

local helper = "spec/support/helper.lua"

--- Sets the collector as helper.lua has set it, after a test with settings of its own.
function pace.restore_collector() dofile(helper) end

--- For specs of what is written in Lua alone and makes large values, and of what processes do to each other: to press
-- the collector there would show nothing and take minutes. Called with busted's setup and teardown.
function pace.rest_collector(setup, teardown)
    setup(function() collectgarbage("incremental", 200, 100, 13) end)
    teardown(pace.restore_collector)
end

return pace
