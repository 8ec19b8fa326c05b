--- Loaded by busted before the specs, and by pace.lua.
--
-- FLEXDB_TEST_GC=1 makes the collector run all the time, so that a value which the C side holds without anchoring it is
-- gone before it is used (`make sanitize` sets it).

if os.getenv "FLEXDB_TEST_GC" == "1" then
    collectgarbage("incremental", 1, 300, 9)
else
    collectgarbage("incremental", 200, 100, 13)
end
