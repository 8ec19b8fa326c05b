--- For specs of what is written in Lua alone and makes large values: to press the collector there would show nothing
-- and take minutes. Called with busted's setup and teardown; afterwards the collector is as it was.

local helper = "spec/support/helper.lua"

return function(setup, teardown)
    setup(function() collectgarbage("incremental", 200, 100, 13) end)
    teardown(function() dofile(helper) end)
end
