--- Definitions as the command line shows them: without what is FlexDB's own, a line for each column, and as they are
-- after changes. Needs flexdb.core (json, null).

local core = require "flexdb.core"
local json = require "flexdb.cli.json"

local definitions = {}

-- What a definition that was read holds and a person has not written.
local own <const> = { key = true, initialDefault = true, system = true, convertedFrom = true }

local function copy(value)
    if type(value) ~= "table" or next(value) == nil then return value end
    local out = {}
    for key, each in next, value do out[key] = copy(each) end
    return out
end

--- The definition as it would be written by hand.
function definitions.plain(schema)
    local out = copy(schema)
    out.version = nil
    out.columns = core.array {}
    for _, column in ipairs(schema.columns) do
        if not column.system then
            local plain = copy(column)
            for key in next, own do plain[key] = nil end
            out.columns[#out.columns + 1] = plain
        end
    end
    return out
end

local function value_of(value)
    return type(value) == "string" and value:find "^[%w_.:-]+$" and value or json.line(value)
end

-- The rules of a column in words, in an order of their own.
local rules <const> = {
    "targetTable", "onDelete", "computed", "format", "pattern", "minLength", "maxLength", "min", "max", "precision",
    "scale", "enum",
}
local flags <const> = { "required", "unique", "indexed", "filterable", "searchable" }

--- What holds of a column beside its type: "required unique default=0 format=email".
function definitions.rules_of(column)
    local words, validation = {}, column.validation or {}
    if validation.targetTable then words[1] = "→ " .. validation.targetTable end
    for _, flag in ipairs(flags) do
        if column[flag] == true then words[#words + 1] = flag end
    end
    if column.defaultValue ~= nil then words[#words + 1] = "default=" .. value_of(column.defaultValue) end
    for _, rule in ipairs(rules) do
        if rule ~= "targetTable" and validation[rule] ~= nil then
            words[#words + 1] = ("%s=%s"):format(rule, value_of(validation[rule]))
        end
    end
    for _, name in ipairs { "displayName", "description" } do
        if column[name] then words[#words + 1] = ("%s=%s"):format(name, json.line(column[name])) end
    end
    return table.concat(words, " ")
end

local function table_lines(schema, lines)
    for _, name in ipairs { "displayName", "description", "compatibility" } do
        if schema[name] then lines[#lines + 1] = ("%s %s"):format(name, json.line(schema[name])) end
    end
end

--- The widths that columns' names and types need in the lines of these definitions.
function definitions.widths(...)
    local name, kind = 0, 0
    for _, schema in ipairs { ... } do
        for _, column in ipairs(schema.columns) do
            if not column.system then
                name, kind = math.max(name, #column.name), math.max(kind, #(column.dataType or ""))
            end
        end
    end
    return { name, kind }
end

--- The definition as lines of text: the table's words, a line for each column, its indexes and checks.
function definitions.lines(schema, widths)
    widths = widths or definitions.widths(schema)
    local lines = {}
    table_lines(schema, lines)
    for _, column in ipairs(schema.columns) do
        if not column.system then
            local line = ("%-" .. widths[1] .. "s  %-" .. widths[2] .. "s  %s"):format(column.name,
                column.dataType or "", definitions.rules_of(column))
            lines[#lines + 1] = line:gsub("%s+$", "")
        end
    end
    for _, index in ipairs(schema.indexes or {}) do
        lines[#lines + 1] = ("%s on %s%s"):format(index.unique and "unique index" or "index",
            table.concat(index.columns, ", "), index.name and " as " .. index.name or "")
    end
    for _, check in ipairs(schema.checks or {}) do
        lines[#lines + 1] = ("check %s: %s%s"):format(check.name, check.expression,
            check.message and " " .. json.line(check.message) or "")
    end
    return lines
end

-- ------------------------------------------------------------------------------------------------- after changes

local function place_of(columns, name)
    for i, column in ipairs(columns) do
        if column.name == name then return i end
    end
end

-- Puts a column where the change says: first, behind another, or where `otherwise` says.
local function put(columns, column, change, otherwise)
    local at = otherwise
    if change.first then
        at = 1
    elseif change.after then
        at = (place_of(columns, change.after) or #columns) + 1
    end
    table.insert(columns, math.min(at, #columns + 1), column)
end

-- Sets fields; null takes one away, and the rules of `validation` are set one by one.
local function set_fields(into, change)
    for key, value in next, change.set or {} do
        if value == core.null then
            into[key] = nil
        elseif key == "validation" and type(value) == "table" then
            into.validation = into.validation or {}
            set_fields(into.validation, { set = value })
        else
            into[key] = copy(value)
        end
    end
    for _, key in ipairs(change.unset or {}) do into[key] = nil end
end

local function rename_in(schema, from, to)
    for _, index in ipairs(schema.indexes or {}) do
        for i, name in ipairs(index.columns) do
            if name == from then index.columns[i] = to end
        end
    end
    local word = "%f[%w_]" .. from .. "%f[^%w_]"
    for _, check in ipairs(schema.checks or {}) do check.expression = check.expression:gsub(word, to) end
    for _, column in ipairs(schema.columns) do
        local computed = column.validation and column.validation.computed
        if computed then column.validation.computed = computed:gsub(word, to) end
    end
end

local function remove_from(schema, name)
    local kept = {}
    for _, index in ipairs(schema.indexes or {}) do
        local names = false
        for _, column in ipairs(index.columns) do names = names or column == name end
        if not names then kept[#kept + 1] = index end
    end
    schema.indexes = kept
end

local steps = {}

function steps.add_column(schema, change)
    put(schema.columns, copy(change.column), change, #schema.columns + 1)
end

function steps.remove_column(schema, change, at)
    table.remove(schema.columns, at)
    remove_from(schema, change.name)
end

function steps.rename_column(schema, change, at)
    rename_in(schema, change.name, change.to)
    schema.columns[at].name = change.to
end

function steps.modify_column(schema, change, at) set_fields(schema.columns[at], change) end

function steps.move_column(schema, change, at)
    put(schema.columns, table.remove(schema.columns, at), change, #schema.columns + 1)
end

function steps.modify_table(schema, change) set_fields(schema, change) end

-- A decimal as a column of that scale gives it back.
local function with_scale(value, scale)
    local text = type(value) == "table" and "" or tostring(value)
    local whole, fraction = text:match "^(%-?%d+)%.?(%d*)$"
    if not whole then return value end
    fraction = fraction .. ("0"):rep(scale - #fraction)
    while #fraction > scale and fraction:sub(-1) == "0" do fraction = fraction:sub(1, -2) end
    return scale == 0 and whole or whole .. "." .. fraction
end

local DEFAULT_SCALE <const> = 4

-- Writes the decimals of a definition as the core does.
local function settle(schema)
    for _, column in ipairs(schema.columns) do
        local scale = math.tointeger((column.validation or {}).scale or DEFAULT_SCALE)
        if column.dataType == "decimal" and scale and column.defaultValue ~= nil then
            column.defaultValue = with_scale(column.defaultValue, scale)
        end
    end
    return schema
end

--- The definition that changes lead to, for showing; the changes have been found good by a plan.
function definitions.after(schema, changes)
    local out = definitions.plain(schema)
    for _, change in ipairs(changes) do
        local at = place_of(out.columns, change.name)
        steps[change.op](out, change, at or #out.columns)
    end
    return settle(out)
end

return definitions
