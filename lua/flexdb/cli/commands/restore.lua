--- flexdb restore: a dropped table, or a deleted record, comes back.

local restore = {
    name = "restore",
    about = "Brings back the table that was dropped last under a name, or that has the id, with its records and its "
        .. "history. With a record's id it brings that record of a live table back.",
    arguments = {
        { "TABLE", help = "the table's name, or the id of a dropped one" },
        { "RECORD", optional = true, help = "the id of a deleted record" },
    },
    options = {},
    example = "flexdb drop contacts\nflexdb restore contacts",
}

local function restore_record(session, arguments)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local ok
    ok, err = handle:restore(arguments.record)
    if not ok then return nil, err end
    local out = session.output
    if out.json then return out:emit { table = arguments.table, record = arguments.record, restored = true } end
    out:say("record %s of %s is back", arguments.record, arguments.table)
end

function restore.run(session, arguments)
    if arguments.record then return restore_record(session, arguments) end
    local db, err = session:open()
    if not db then return nil, err end
    local handle
    handle, err = db:restore_table(arguments.table)
    if not handle then return nil, err end
    local out = session.output
    if out.json then return out:emit { table = handle.name, id = handle.id, restored = true } end
    out:say("%s is back, at version %d", handle.name, handle.version)
end

return restore
