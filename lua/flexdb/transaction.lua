--- db:transaction(fn, …): all that `fn` does, or nothing.
-- Needs flexdb.core (begin, commit, rollback, depth).

local core = require "flexdb.core"
local options = require "flexdb.options"

-- Ends every level down to the one that was begun, where that is still open: its function raised, its coroutine was
-- closed in it, or it could not be committed.
local guard = {
    __close = function(self)
        local depth = core.depth(self.db)
        while depth >= self.depth and depth > 0 do
            core.rollback(self.db)
            local now = core.depth(self.db)
            if now >= depth then return end
            depth = now
        end
    end,
}

local function finish(db, depth, ...)
    local now = core.depth(db)
    if now ~= depth then
        error(now > depth and "a transaction that was begun inside this one is still open"
            or "the transaction has ended before its function did", 0)
    end
    local first, second = ...
    local undo = first == nil and second ~= nil
    local ok, err = (undo and core.rollback or core.commit)(db)
    if not ok then return nil, err end
    if select("#", ...) == 0 then return true end
    return ...
end

--- Runs `fn(db, …)` and commits, unless it raises (rolled back, and raised again) or returns nil and a second value
-- that is not nil (rolled back, both returned). Inside another transaction it is a savepoint. A transaction that the
-- engine has ended by itself returns nil and that error.
return function(db, fn, ...)
    options.argument("transaction", 1, fn, "function")
    local ok, err = core.begin(db)
    if not ok then return nil, err end
    local mine <close> = setmetatable({ db = db, depth = core.depth(db) }, guard)
    return finish(db, mine.depth, fn(db, ...))
end
