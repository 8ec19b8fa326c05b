--- flexdb evolve: changes a table's definition.

local input = require "flexdb.cli.input"
local plans = require "flexdb.cli.plans"

local own = plans.options

local evolve = {
    name = "evolve",
    about = "Changes a table: prints the plan, asks before a destructive step, and makes the next version. CHANGES is "
        .. "an array of changes, a plan that 'flexdb plan --json' has printed, or a Lua file that returns either or a "
        .. "function that gets a builder.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "CHANGES", help = "a JSON or Lua file, JSON itself, or - for standard input" },
    },
    options = { own.dry_run, own.yes, own.message, own.on_invalid, own.expect_version },
    example = [=[
flexdb evolve contacts \
  '[{"op": "add_column", "column": {"name": "vip", "dataType": "boolean"}}]']=],
}

function evolve.run(session, arguments, options)
    local changes, err = input.document(arguments.changes, true, true)
    if not changes then return nil, err end
    local handle
    handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local progress, done = session.output:progress "looked at"
    local plan
    plan, err = handle:plan(changes, {
        on_invalid = options.on_invalid, expect_version = options.expect_version, on_progress = progress,
    })
    done()
    if not plan then return nil, err end
    -- A plan that was saved is held against the table as it is; another one is what was just shown.
    local saved = type(changes) == "table" and rawget(changes, "steps") ~= nil
    return plans.carry_out(session, handle, plan, function(with)
        return handle:evolve(saved and changes or plan, with)
    end)
end

return evolve
