--- Plans on the terminal: the definition's unified diff, then what is done, step by step.
-- Needs flexdb.cli.definitions, input, unified and width.

local definitions = require "flexdb.cli.definitions"
local input = require "flexdb.cli.input"
local unified = require "flexdb.cli.unified"
local width = require "flexdb.cli.width"

local plans = {}

--- Prints the diff of two definitions; `old` is nil for a table that is yet to be made.
function plans.print_diff(out, name, old, new, old_version)
    local empty = { columns = {} }
    local widths = definitions.widths(old or empty, new)
    local lines = unified.diff(old and definitions.lines(old, widths) or {}, definitions.lines(new, widths),
        old and ("%s (version %d)"):format(name, old_version) or "/dev/null",
        ("%s (version %d)"):format(name, old and old_version + 1 or 1))
    unified.print(lines, out)
end

-- The plan's own lines, what is dangerous in a colour.
local function print_words(out, plan)
    for line in (tostring(plan) .. "\n"):gmatch "([^\n]*)\n" do
        line = width.safe(line)
        local style = line:find "^%s*destructive:" and "red" or line:find "^%s*breaking:" and "yellow"
        out:say(style and out:style(style, line) or line)
    end
end

-- The definition of a version.
local function definition_at(handle, version)
    local view, err = handle:at(version)
    if not view then return nil, err end
    return view:schema()
end

--- Prints a plan of a table. True, or nil and the error.
function plans.print(out, handle, plan)
    local schema, err = handle:schema()
    if not schema then return nil, err end
    local new
    if plan.rollback then
        new, err = definition_at(handle, plan.rollback)
        if not new then return nil, err end
    else
        new = definitions.after(schema, plan.changes)
    end
    plans.print_diff(out, handle.name, schema, new, schema.version)
    print_words(out, plan)
    return true
end

--- Why a plan cannot be carried out, as an error; nil where it can.
function plans.obstacle(plan)
    if plan.possible then return nil end
    return require "flexdb.core".error("invalid_record", plan.failed == 0
        and "what is to be unique is held more than once"
        or ("%d record%s against it"):format(plan.failed, plan.failed == 1 and " stands" or "s stand"))
end

--- The options that the commands which evolve a table share.
plans.options = {
    dry_run = { "--dry-run", short = "-n", help = "print the plan and change nothing" },
    yes = { "--yes", short = "-y", help = "do not ask before a destructive step" },
    message = { "--message", short = "-m", value = "TEXT", help = "why, for the history" },
    on_invalid = { "--on-invalid", value = "WAY", choices = { "stop", "ignore", "null" },
        help = "what becomes of records that stand against it: stop, ignore (they stay), or null (for a new type)" },
    expect_version = { "--expect-version", value = "VERSION", kind = "integer", least = 1,
        help = "do it only if the table is at that version" },
}

--- Reads the changes that a command is given and plans them: the handle of the table, the plan and the changes; nil and
-- the error. The options are on_invalid and expect_version.
function plans.make(session, arguments, options)
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
    return handle, plan, changes
end

--- Carries out what `act(options)` does, which takes evolve's options, once the plan was shown and agreed to.
function plans.carry_out(session, handle, plan, act)
    local out, options = session.output, session.options
    if options.dry_run and out.json then
        out:emit(plan)
        return plan.possible and 0 or 3
    end
    if #plan.steps == 0 and not out.json then
        out:say("nothing changes: %s stays at version %d", handle.name, handle.version)
        return 0
    end
    if not out.json then
        local ok, err = plans.print(out, handle, plan)
        if not ok then return nil, err end
    end
    if options.dry_run then return plan.possible and 0 or 3 end
    if plan.possible and plan.destructive then
        local agreed, err = session:agreed(("%s: this is destructive. Go on?"):format(handle.name))
        if not agreed then return nil, err end
    end
    local progress, done = out:progress(handle.name)
    local entry, err = act {
        message = options.message, on_invalid = options.on_invalid, expect_version = options.expect_version,
        on_progress = progress,
    }
    done()
    if not entry then return nil, err end
    if out.json then return out:emit(entry) end
    out:say("%s is at version %d", handle.name, entry.version)
end

return plans
