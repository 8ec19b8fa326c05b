--- flexdb apply: makes the tables what files say.

local flexdb = require "flexdb"
local definitions = require "flexdb.cli.definitions"
local plans = require "flexdb.cli.plans"
local schemas = require "flexdb.cli.schemas"

local own = plans.options

local apply = {
    name = "apply",
    about = "Creates and evolves tables until they are what the files say, and makes the database where there is none. "
        .. "Prints the plan and asks before a destructive step; a second run changes nothing. A file holds a "
        .. "definition with its name, an array of such, or an object of definitions by name; a Lua file returns that. "
        .. "Columns and tables say with renamedFrom what they were called. Tables that no file names stay.",
    arguments = { { "FILE", many = true, help = "JSON or Lua files" } },
    options = {
        own.dry_run, own.yes, { "--drop", help = "drop the tables that no file names" }, own.message, own.on_invalid,
    },
    example = "flexdb apply schema.json --dry-run\nflexdb apply schema.json",
}

local function print_step(db, out, step, by_name)
    if step.action == "create" then
        plans.print_diff(out, step.table, nil, definitions.plain(by_name[step.table]))
    elseif step.action == "evolve" then
        local handle, err = db:table(step.table)
        if not handle then handle, err = db:table(by_name[step.table].renamedFrom) end
        if not handle then return nil, err end
        if step.plan then return plans.print(out, handle, step.plan) end
        local schema
        schema, err = handle:schema()
        if not schema then return nil, err end
        plans.print_diff(out, step.table, schema, definitions.after(schema, step.changes), schema.version)
    elseif step.action == "rename" then
        out:say("%s is renamed to %s", by_name[step.table].renamedFrom, step.table)
    else
        out:say(out:style("red", ("%s is dropped"):format(step.table)))
    end
    return true
end

local function is_destructive(step)
    if step.action == "drop" then return true end
    if step.plan then return step.plan.destructive end
    for _, change in ipairs(step.changes or {}) do
        if change.op == "remove_column" then return true end
    end
    return false
end

-- Prints the plan of all steps. Whether one of them is destructive, and all are possible; nil and the error.
local function show(session, db, steps, list)
    local out, by_name = session.output, {}
    for _, definition in ipairs(list) do by_name[definition.name or ""] = definition end
    local destructive, possible = false, true
    for i, step in ipairs(steps) do
        destructive = destructive or is_destructive(step)
        possible = possible and (not step.plan or step.plan.possible)
        if not out.json then
            if i > 1 then out:say "" end
            local ok, err = print_step(db, out, step, by_name)
            if not ok then return nil, err end
        end
    end
    return destructive, possible
end

-- The database; where there is none, an empty one in memory to plan with, and true.
local function open(session)
    local db, err = session:open()
    if db or err.code ~= "not_found" or not err.opening then return db, err end
    return flexdb.open "sqlite::memory:", true
end

-- What was done, or that there was nothing to do.
local function report(out, done)
    if out.json then return out:emit(flexdb.array(done)) end
    if #done == 0 then return out:say("nothing changes: the tables are what the files say") end
    out:say ""
    local verbs = { create = "is made", evolve = "is evolved", rename = "is renamed", drop = "is dropped" }
    for _, step in ipairs(done) do
        out:say("%s %s%s", step.table, verbs[step.action],
            step.version and (", at version %d"):format(step.version) or "")
    end
end

local function dry_run(session, db, list, with)
    with.dry_run = true
    local steps, err = db:apply(list, with)
    if not steps then return nil, err end
    local destructive, possible = show(session, db, steps, list)
    if destructive == nil then return nil, possible end
    if session.output.json then
        session.output:emit(flexdb.array(steps))
    elseif #steps == 0 then
        report(session.output, steps)
    end
    return possible and 0 or 3
end

-- The database that is yet to be made, in place of the empty one, for which the plan is shown.
local function make(session, empty, list, with)
    local steps, err = empty:apply(list, { dry_run = true, on_invalid = with.on_invalid })
    if not steps then return nil, err end
    local shown, why = show(session, empty, steps, list)
    if shown == nil then return nil, why end
    empty:close()
    return session:open(true)
end

function apply.run(session, arguments, options)
    local list, err = schemas.read(arguments.file)
    if not list then return nil, err end
    local good
    good, err = schemas.check(list)
    if not good then return nil, err end
    local db, missing = open(session)
    if not db then return nil, missing end
    local with = { drop = options.drop, on_invalid = options.on_invalid }
    if options.dry_run then return dry_run(session, db, list, with) end
    with.message = options.message
    if missing then
        db, err = make(session, db, list, with)
        if not db then return nil, err end
    else
        function with.ask(steps)
            local destructive, possible = show(session, db, steps, list)
            if destructive == nil then return nil, possible end
            if destructive and possible then return session:agreed "this is destructive. Go on?" end
            return true
        end
    end
    local done
    done, err = db:apply(list, with)
    if not done then return nil, err end
    report(session.output, done)
end

return apply
