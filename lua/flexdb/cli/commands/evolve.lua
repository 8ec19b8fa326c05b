--- flexdb evolve: changes a table's definition.

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
  '[{"op": "add_column",
     "column": {"name": "vip", "dataType": "boolean"}}]']=],
}

function evolve.run(session, arguments, options)
    local handle, plan, changes = plans.make(session, arguments, options)
    if not handle then return nil, plan end
    -- A plan that was saved is held against the table as it is; another one is what was just shown.
    local saved = type(changes) == "table" and rawget(changes, "steps") ~= nil
    return plans.carry_out(session, handle, plan, function(with)
        return handle:evolve(saved and changes or plan, with)
    end)
end

return evolve
