--- flexdb history: a table's versions.

local flexdb = require "flexdb"
local changes = require "flexdb.cli.changes"

local history = {
    name = "history",
    about = "Lists the versions of a table, oldest first: when, who, why, and what changed.",
    arguments = { { "TABLE", help = "the table's name" } },
    options = {
        { "--from", value = "VERSION", kind = "integer", least = 1, help = "the first version to list" },
        { "--to", value = "VERSION", kind = "integer", least = 1, help = "the last version to list" },
        { "--schemas", help = "with --json: also the definitions before and after" },
    },
    example = "flexdb history contacts",
}

local function print_entry(out, entry)
    local head = ("version %d"):format(entry.version)
    local rest = (entry.createdAt or ""):gsub("^(%S+)T([%d:]+)%S*$", "%1 %2Z")
    if entry.createdBy then rest = rest .. "  " .. require "flexdb.cli.width".safe(entry.createdBy) end
    out:say("%s  %s", out:style("bold", head), rest)
    if entry.message then out:say("    %s", require "flexdb.cli.width".safe(entry.message)) end
    for _, change in ipairs(entry.changes) do
        for _, line in ipairs(changes.lines(change)) do out:say("  %s", out:style(line[1], line[2])) end
    end
    if entry.version == 1 and #entry.changes == 0 then out:say "  the table is made" end
end

function history.run(session, arguments, options)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local entries
    entries, err = handle:history { from = options.from, to = options.to, schemas = options.schemas }
    if not entries then return nil, err end
    local out = session.output
    if out.json then return out:emit(flexdb.array(entries)) end
    for _, entry in ipairs(entries) do print_entry(out, entry) end
end

return history
