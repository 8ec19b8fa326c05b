--- Changes of a history entry in words: { style, "+ vip  boolean" } a line.
-- Needs flexdb.cli.definitions, flexdb.cli.json and flexdb.cli.width.

local definitions = require "flexdb.cli.definitions"
local json = require "flexdb.cli.json"
local width = require "flexdb.cli.width"

local changes = {}

local function column_line(name, column)
    local rules = definitions.rules_of(column)
    return ("%s  %s%s"):format(name, column.dataType or "", rules == "" and "" or "  " .. rules)
end

-- What was and what is of one field, in one line.
local function fields(before, after)
    local names, seen, words = {}, {}, {}
    for _, each in ipairs { before, after } do
        for name in next, each do
            if not seen[name] then names[#names + 1], seen[name] = name, true end
        end
    end
    table.sort(names)
    local function value(of) return of == nil and "nothing" or json.line(of) end
    for _, name in ipairs(names) do
        local old, new = before[name], after[name]
        if name == "validation" and type(old or {}) == "table" and type(new or {}) == "table" then
            words[#words + 1] = fields(old or {}, new or {})
        else
            words[#words + 1] = ("%s %s → %s"):format(name, value(old), value(new))
        end
    end
    return table.concat(words, ", ")
end

local kinds = {}

function kinds.add_column(change, details)
    return { { "green", "+ " .. column_line(change.column, details.after or {}) } }
end

function kinds.remove_column(change, details)
    return { { "red", "- " .. column_line(change.column, details.before or {}) } }
end

function kinds.rename_column(change, details)
    return { { "yellow", ("~ %s is renamed to %s"):format(change.column, (details.after or {}).name) } }
end

function kinds.modify_column(change, details)
    local said = fields(details.before or {}, details.after or {})
    return { { "yellow", ("~ %s  %s"):format(change.column, said) } }
end

function kinds.move_column(change) return { { "yellow", ("~ %s is moved"):format(change.column) } } end

function kinds.modify_table(_, details)
    return { { "yellow", "~ the table  " .. fields(details.before or {}, details.after or {}) } }
end

--- The lines that tell of a change, safe to print.
function changes.lines(change)
    local kind = kinds[change.type]
    local lines = kind and kind(change, change.details or {}) or { { "dim", "? " .. tostring(change.type) } }
    for _, line in ipairs(lines) do line[2] = width.safe(line[2]) end
    return lines
end

return changes
