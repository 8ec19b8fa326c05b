--- Calls `fn(…)` so that `handle` is closed when it raises, and raises the same again.
-- A scope does that by itself (`local handle <close>`), but not in a coroutine that dies by an error: what it has
-- marked stays open. On the main thread it is a plain call, which keeps the trace of the error.
-- Needs nothing.

local running = coroutine.running

local function pass(handle, good, ...)
    if good then return ... end
    handle:close()
    error((...), 0)
end

return function(handle, fn, ...)
    local _, main = running()
    if main then return fn(...) end
    return pass(handle, pcall(fn, ...))
end
