--- flexdb rollback: a table's definition of an earlier version, as the next one.

local plans = require "flexdb.cli.plans"

local own = plans.options

local rollback = {
    name = "rollback",
    about = "Makes the definition of an earlier version the table's next one, with the values that it had: prints the "
        .. "plan and asks before a destructive step. What was written since is kept as well.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "VERSION", help = "the version to go back to" },
    },
    options = { own.dry_run, own.yes, own.message, own.on_invalid, own.expect_version },
    example = "flexdb rollback contacts 1 --yes",
}

function rollback.run(session, arguments, options)
    local version = math.tointeger(arguments.version:match "^%d+$" and tonumber(arguments.version))
    if not version then
        return nil, { usage = true, message = ("VERSION must be a number, is '%s'"):format(arguments.version) }
    end
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local progress, done = session.output:progress "looked at"
    local plan
    plan, err = handle:rollback(version, {
        dry_run = true, on_invalid = options.on_invalid, expect_version = options.expect_version,
        on_progress = progress,
    })
    done()
    if not plan then return nil, err end
    return plans.carry_out(session, handle, plan, function(with)
        with.expect_version = with.expect_version or plan.version
        return handle:rollback(version, with)
    end)
end

return rollback
