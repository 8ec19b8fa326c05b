--- flexdb drop: a table goes, and can be brought back.

local drop = {
    name = "drop",
    about = "Drops a table. Its records and its history are kept, its name is free at once, and 'flexdb restore' "
        .. "brings it back. A table that another one refers to stays.",
    arguments = { { "TABLE", help = "the table's name" } },
    options = {},
    example = "flexdb drop contacts",
}

function drop.run(session, arguments)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local ok
    ok, err = session:open():drop_table(arguments.table)
    if not ok then return nil, err end
    local out = session.output
    if out.json then return out:emit { table = arguments.table, dropped = true } end
    out:say("%s is dropped; 'flexdb restore %s' brings it back", arguments.table, arguments.table)
end

return drop
