--- flexdb tables: which tables there are.

local flexdb = require "flexdb"

local tables = {
    name = "tables",
    about = "Lists the application's tables: name, version, columns, live records and what they are called.",
    arguments = {},
    options = { { "--deleted", help = "also those that were dropped" } },
    example = "flexdb tables",
}

-- What `db:tables` says of a table, with the numbers of its columns and records where it is a live one.
local function describe(db, info)
    if info.deletedAt then return info end
    local handle, err = db:table(info.name)
    if not handle then return nil, err end
    local schema
    schema, err = handle:schema()
    if not schema then return nil, err end
    info.columns = 0
    for _, column in ipairs(schema.columns) do
        if not column.system then info.columns = info.columns + 1 end
    end
    info.records, err = handle:count()
    if not info.records then return nil, err end
    return info
end

function tables.run(session, _, options)
    local db, err = session:open()
    if not db then return nil, err end
    local list
    list, err = db:tables { deleted = options.deleted }
    if not list then return nil, err end
    for i, info in ipairs(list) do
        list[i], err = describe(db, info)
        if not list[i] then return nil, err end
    end
    local out = session.output
    if out.json then return out:emit(flexdb.array(list)) end
    if #list == 0 then return out:say "there is no table yet" end
    local columns = {
        { title = "table" }, { title = "version", right = true }, { title = "columns", right = true },
        { title = "records", right = true }, { title = "called" },
    }
    if options.deleted then columns[#columns + 1] = { title = "dropped" } end
    local grid = out:grid(columns)
    for _, info in ipairs(list) do
        grid.add {
            info.name, tostring(info.version), info.columns and tostring(info.columns),
            info.records and out.grouped(info.records), info.displayName,
            info.deletedAt and info.deletedAt:sub(1, 19) .. "Z",
        }
    end
    grid.finish()
end

return tables
