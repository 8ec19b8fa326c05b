--- table:evolve, table:rollback and table:plan, on top of the core's: a function or a plan instead of changes, and the
-- options that have a meaning only here.
-- Needs flexdb.core (evolve, rollback of tables), flexdb.changes and flexdb.plan.

local core = require "flexdb.core"
local changes_of = require "flexdb.changes"
local options = require "flexdb.options"
local plan_of = require "flexdb.plan"

local evolve, rollback = core.methods.table.evolve, core.methods.table.rollback

-- How often a plan is held against a table that goes on changing.
local attempts <const> = 10

local known = {
    dry_run = "boolean", expect_version = "number", actor = "string", message = "string", on_invalid = "string",
    on_progress = "function", once_key = "string", once_step = "string",
}

-- The options that the core takes.
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
    return own
end

-- Runs `act(self, what, options)`; a plan comes back as one, and where records stand in the way the error brings it.
local function run(act, self, what, own)
    local entry, err = act(self, what, own)
    if entry then return own.dry_run and plan_of(entry) or entry end
    if not own.dry_run and (err.code == "invalid_record" or err.code == "duplicate") then
        local on_progress = own.on_progress
        own.dry_run, own.on_progress = true, nil
        local plan = act(self, what, own)
        own.dry_run, own.on_progress = nil, on_progress
        err.plan = plan and plan_of(plan)
    end
    return nil, err
end

local function moved(self, version)
    local schema = self:schema()
    return schema ~= nil and schema.version ~= version
end

local function conflict(self, plan, why, issues)
    local err = core.error("conflict", ("table %q has changed since the plan was made at version %d: %s"):format(
        self.name, plan.version, why))
    err.issues = issues or err.issues
    return err
end

-- Makes what the plan says come true, unless the table has changed where the plan looked.
local function apply(self, plan, own)
    local fault = plan_of.fault(plan)
    if fault then return nil, core.error("invalid_document", "plan: " .. fault) end
    if plan.tableId ~= self.id then
        return nil, core.error("conflict", ("the plan is for table %q, not %q"):format(plan.table, self.name))
    end
    local act, what = evolve, plan.changes
    if plan.rollback then act, what = rollback, plan.rollback end
    own.on_invalid = own.on_invalid or plan.onInvalid
    local asked = own.expect_version
    for attempt = 1, attempts do
        local schema, err = self:schema()
        if not schema then return nil, err end
        local why = plan_of.unfit(plan, schema)
        if why then return nil, conflict(self, plan, why) end
        own.expect_version = asked or schema.version
        local entry
        entry, err = run(act, self, what, own)
        if entry then return entry end
        -- What was possible when it was planned is so no more.
        if err.code == "invalid_schema" and schema.version ~= plan.version then
            return nil, conflict(self, plan, err.message, err.issues)
        end
        local again = err.code == "conflict" and not asked and attempt < attempts and moved(self, schema.version)
        if not again then return nil, err end
    end
end

local methods = {}

--- Changes the definition: `changes` is an array of documents, a function that gets a builder (flexdb.changes), or a
-- plan.
function methods:evolve(changes, given)
    options.handle("evolve", self, "flexdb.table")
    options.argument("evolve", 1, changes, "table or function")
    local own = core_options("evolve", given)
    if plan_of.is(changes) then return apply(self, changes, own) end
    if type(changes) == "function" then changes = changes_of(changes) end
    return run(evolve, self, changes, own)
end

--- Evolves to the definition of an earlier version.
function methods:rollback(version, given)
    options.handle("rollback", self, "flexdb.table")
    options.argument("rollback", 1, version, "number")
    if not math.tointeger(version) then
        options.refuse(0, "rollback", 1, "a version must be an integer, is %s", version)
    end
    local own = core_options("rollback", given)
    return run(rollback, self, version, own)
end

--- What evolving would do; nothing is changed.
function methods:plan(changes, given)
    options.handle("plan", self, "flexdb.table")
    options.argument("plan", 1, changes, "table or function")
    local own = core_options("plan", given)
    own.dry_run = true
    if plan_of.is(changes) then return apply(self, changes, own) end
    if type(changes) == "function" then changes = changes_of(changes) end
    return run(evolve, self, changes, own)
end

return methods
