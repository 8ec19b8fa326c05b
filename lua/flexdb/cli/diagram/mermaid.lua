--- A diagram as Mermaid's entity-relationship text. Needs nothing.

local function name_of(name)
    return name:find "^[%a_][%w_]*$" and name or '"' .. name:gsub('"', "'") .. '"'
end

local function column_line(column)
    local keys = {}
    if column.target then keys[#keys + 1] = "FK" end
    if column.unique then keys[#keys + 1] = "UK" end
    return ("        %s %s%s%s"):format(column.type, column.name, #keys > 0 and " " .. table.concat(keys, ", ") or "",
        column.required and ' "required"' or "")
end

--- The text for a model (flexdb.cli.diagram.model).
return function(model)
    local lines = { "erDiagram" }
    for _, each in ipairs(model.tables) do
        if #each.columns == 0 then
            lines[#lines + 1] = "    " .. name_of(each.name)
        else
            lines[#lines + 1] = ("    %s {"):format(name_of(each.name))
            for _, column in ipairs(each.columns) do lines[#lines + 1] = column_line(column) end
            lines[#lines + 1] = "    }"
        end
    end
    for _, each in ipairs(model.references) do
        lines[#lines + 1] = ("    %s %s--%s %s : %s"):format(name_of(each.to), each.required and "||" or "|o",
            each.unique and "o|" or "o{", name_of(each.from), each.column)
    end
    return table.concat(lines, "\n") .. "\n"
end
