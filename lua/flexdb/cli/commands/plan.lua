--- flexdb plan: what changes would do.

local plans = require "flexdb.cli.plans"

local plan = {
    name = "plan",
    about = "Shows what changes would do to a table, and changes nothing: the definition as a unified diff, then each "
        .. "step with what was counted. The exit status is 3 where records stand in the way. With --json it prints "
        .. "the plan, which 'flexdb evolve' carries out later, unless the table has changed by then.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "CHANGES", help = "a JSON or Lua file, JSON itself, or - for standard input" },
    },
    options = { plans.options.on_invalid },
    example = [=[
flexdb plan contacts \
  '[{"op": "rename_column", "name": "age", "to": "years"}]']=],
}

function plan.run(session, arguments, options)
    local handle, made = plans.make(session, arguments, options)
    if not handle then return nil, made end
    options.dry_run = true
    return plans.carry_out(session, handle, made)
end

return plan
