--- db:transaction(fn, …): all that `fn` does, or nothing.
-- Needs flexdb.core (level).

local core = require "flexdb.core"
local guarded = require "flexdb.guarded"
local options = require "flexdb.options"

local function finish(level, ...)
    local first, second = ...
    local undo = first == nil and second ~= nil
    local ok, err
    if undo then ok, err = level:rollback() else ok, err = level:commit() end
    if not ok then return nil, err end
    if select("#", ...) == 0 then return true end
    return ...
end

local function run(level, fn, ...)
    local ok, err = level:begin()
    if not ok then return nil, err end
    return finish(level, fn(...))
end

--- Runs `fn(db, …)` and commits, unless it raises (rolled back, and raised again) or returns nil and a second value
-- that is not nil (rolled back, both returned). Inside another transaction it is a savepoint. A transaction that the
-- engine has ended by itself returns nil and that error.
return function(db, fn, ...)
    options.handle("transaction", db, "flexdb.database")
    options.argument("transaction", 1, fn, "function")
    local level <close> = core.level(db) -- before it begins, so that nothing can come in between
    return guarded(level, run, level, fn, db, ...)
end
