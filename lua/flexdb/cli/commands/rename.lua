--- flexdb rename: another name for a table.

local rename = {
    name = "rename",
    about = "Renames a table. References of other tables follow, and no record is touched.",
    arguments = { { "TABLE", help = "the table's name" }, { "NEW", help = "the name that it gets" } },
    options = {},
    example = "flexdb rename contacts people",
}

function rename.run(session, arguments)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local renamed
    renamed, err = session:open():rename_table(arguments.table, arguments.new)
    if not renamed then return nil, err end
    local out = session.output
    if out.json then return out:emit { table = arguments.new, renamedFrom = arguments.table } end
    out:say("%s is now called %s", arguments.table, arguments.new)
end

return rename
