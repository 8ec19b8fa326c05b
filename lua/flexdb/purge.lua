--- table:purge(options): forgets what nobody can reach any more.
-- Needs flexdb.core (purge). Written in Lua, so that on_progress may yield.

local core = require "flexdb.core"
local guarded = require "flexdb.guarded"
local options = require "flexdb.options"

local MAX_BATCH = 10000

local known = { keep_versions = "number", deleted_before = "string", batch = "number", on_progress = "function" }

-- The options that the core takes.
local function check_options(given)
    local own = options.check("purge", 1, given, known, 1)
    local keep, batch = own.keep_versions, own.batch
    if keep and (not math.tointeger(keep) or keep < 1) then
        options.refuse(1, "purge", 1, "option 'keep_versions' must be an integer of at least 1, is %s", keep)
    end
    if batch and (not math.tointeger(batch) or batch < 1 or batch > MAX_BATCH) then
        options.refuse(1, "purge", 1, "option 'batch' must be an integer of 1 to %d, is %s", MAX_BATCH, batch)
    end
    return own
end

local function run(job, on_progress)
    repeat
        local more, err = job:step()
        if more == nil then return nil, err end
        if on_progress then on_progress((job:progress())) end
    until not more
    return job:result()
end

--- Rewrites documents without the values that none of the last `keep_versions` versions can reach, and erases records
-- that were deleted before `deleted_before`. Returns { records, rewritten, deleted, kept, bytes, oldest_version }.
return function(self, given)
    options.handle("purge", self, "flexdb.table")
    local own = check_options(given)
    local on_progress = own.on_progress
    own.on_progress = nil
    local made <close>, err = core.purge(self, own)
    if not made then return nil, err end
    return guarded(made, run, made, on_progress)
end
