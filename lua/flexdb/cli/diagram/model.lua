--- What a diagram shows: the tables with their columns, references and versions.
-- Needs a database handle, flexdb.core (array), flexdb.cli.changes and flexdb.cli.definitions.

local core = require "flexdb.core"
local changes = require "flexdb.cli.changes"
local definitions = require "flexdb.cli.definitions"

-- The columns of a definition as { name, type, rules, required, unique, target }.
local function columns_of(schema)
    local list = core.array {}
    for _, column in ipairs(schema.columns) do
        if not column.system then
            list[#list + 1] = {
                name = column.name, type = column.dataType or "", rules = definitions.rules_of(column),
                required = column.required == true, unique = column.unique == true,
                target = column.validation and column.validation.targetTable or nil, key = column.key or column.name,
            }
        end
    end
    return list
end

-- One version: when, who, why, what changed, and the columns that it led to.
local function version_of(entry)
    local lines = core.array {}
    for _, change in ipairs(entry.changes) do
        for _, line in ipairs(changes.lines(change)) do lines[#lines + 1] = line[2] end
    end
    return {
        version = entry.version, at = entry.createdAt or "", by = entry.createdBy, message = entry.message,
        changes = lines, columns = entry.newSchema and columns_of(entry.newSchema) or {},
    }
end

local function read(db, info)
    local handle, err = db:table(info.name)
    if not handle then return nil, err end
    local schema, entries, records
    schema, err = handle:schema()
    if schema then entries, err = handle:history { schemas = true } end
    if entries then records, err = handle:count() end
    if not records then return nil, err end
    local versions = {}
    for i, entry in ipairs(entries) do versions[i] = version_of(entry) end
    return {
        name = info.name, called = schema.displayName, description = schema.description, version = handle.version,
        records = records, columns = columns_of(schema), versions = versions,
    }
end

--- { tables = { … }, references = { { from, column, to, required, unique } } }, or nil and the error. `names`: the
-- tables to show; all where it is empty.
return function(db, names)
    local wanted = {}
    for _, name in ipairs(names) do wanted[name] = true end
    local list, err = db:tables()
    if not list then return nil, err end
    local model, there = { tables = core.array {}, references = core.array {} }, {}
    for _, info in ipairs(list) do
        if #names == 0 or wanted[info.name] then
            local made
            made, err = read(db, info)
            if not made then return nil, err end
            model.tables[#model.tables + 1], there[info.name] = made, true
        end
    end
    for _, each in ipairs(model.tables) do
        for row, column in ipairs(each.columns) do
            if column.target and there[column.target] then
                model.references[#model.references + 1] = {
                    from = each.name, row = row, column = column.name, to = column.target,
                    required = column.required, unique = column.unique,
                }
            end
        end
    end
    return model
end
