--- flexdb show: a table's definition.

local definitions = require "flexdb.cli.definitions"

local show = {
    name = "show",
    about = "Shows a table: its columns with their types and rules, its indexes and checks, its version and the number "
        .. "of its live records. --json gives the definition as FlexDB holds it.",
    arguments = { { "TABLE", help = "the table's name" } },
    options = { { "--at", value = "VERSION", kind = "integer", least = 1, help = "the definition of that version" } },
    example = "flexdb show contacts",
}

local function print_columns(out, schema)
    local grid = out:grid { { title = "column" }, { title = "type" }, { title = "rules", wrap = true } }
    for _, column in ipairs(schema.columns) do
        if not column.system then
            grid.add { column.name, column.dataType, definitions.rules_of(column) }
        end
    end
    grid.finish()
end

-- The lines about indexes and checks.
local function print_rest(out, schema)
    local rest = definitions.lines { columns = {}, indexes = schema.indexes, checks = schema.checks }
    if #rest > 0 then out:say "" end
    for _, line in ipairs(rest) do out:say(line) end
end

function show.run(session, arguments, options)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local view = handle
    if options.at then
        view, err = handle:at(options.at)
        if not view then return nil, err end
    end
    local schema, records
    schema, err = view:schema()
    if schema then records, err = view:count() end
    if not records then return nil, err end
    local out = session.output
    if out.json then return out:emit(schema) end
    out:say("%s%s", out:style("bold", handle.name),
        schema.displayName and ("  " .. require "flexdb.cli.width".safe(schema.displayName)) or "")
    local plural = records == 1 and "" or "s"
    out:say("version %d, %s record%s", schema.version or handle.version, out.grouped(records), plural)
    if schema.description then out:say(require "flexdb.cli.width".safe(schema.description)) end
    out:say ""
    print_columns(out, schema)
    print_rest(out, schema)
end

return show
