--- table:evolve and table:rollback, on top of the core's: a function instead of changes, and the options that have a
-- meaning only here.
-- Needs flexdb.core (evolve, rollback of tables) and flexdb.changes.

local core = require "flexdb.core"
local changes_of = require "flexdb.changes"
local options = require "flexdb.options"
local unsupported = require "flexdb.unsupported"

local evolve, rollback = core.methods.table.evolve, core.methods.table.rollback

local known = {
    dry_run = "boolean", expect_version = "number", actor = "string", message = "string", on_invalid = "string",
    on_progress = "function",
}

-- The options that the core takes, or nil and why not.
local function core_options(call, given)
    local own = options.check(call, 2, given, known, 1)
    local on_invalid = own.on_invalid
    if on_invalid and on_invalid ~= "ignore" and on_invalid ~= "null" and on_invalid ~= "stop" then
        options.refuse(1, call, 2, "option 'on_invalid' must be 'stop', 'ignore' or 'null', is '%s'", on_invalid)
    end
    local version = own.expect_version
    if version and (not math.tointeger(version) or version < 1) then
        options.refuse(1, call, 2, "option 'expect_version' must be an integer of at least 1, is %s", version)
    end
    if own.dry_run then return unsupported(call .. " with dry_run") end
    if on_invalid == "null" then return unsupported(call .. " with on_invalid = \"null\"") end
    if own.on_progress then return unsupported(call .. " with on_progress") end
    own.dry_run = nil
    if on_invalid == "stop" then own.on_invalid = nil end
    return own
end

local methods = {}

--- Changes the definition: `changes` is an array of documents, or a function that gets a builder (flexdb.changes).
function methods:evolve(changes, given)
    options.handle("evolve", self, "flexdb.table")
    options.argument("evolve", 1, changes, "table or function")
    local own, err = core_options("evolve", given)
    if not own then return nil, err end
    if type(changes) == "function" then changes = changes_of(changes) end
    return evolve(self, changes, own)
end

--- Evolves to the definition of an earlier version.
function methods:rollback(version, given)
    options.handle("rollback", self, "flexdb.table")
    options.argument("rollback", 1, version, "number")
    if not math.tointeger(version) then
        options.refuse(0, "rollback", 1, "a version must be an integer, is %s", version)
    end
    local own, err = core_options("rollback", given)
    if not own then return nil, err end
    return rollback(self, version, own)
end

return methods
