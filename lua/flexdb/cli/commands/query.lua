--- flexdb query: records as JSON Lines, or as a table on a terminal.

local flexdb = require "flexdb"
local input = require "flexdb.cli.input"
local json = require "flexdb.cli.json"

local concat = table.concat

local query = {
    name = "query",
    about = "Prints the records that a query selects: JSON Lines, one record a line, or on a terminal a table. QUERY "
        .. "is a document, { \"filter\": …, \"orderBy\": …, \"limit\": … }; the options add to it.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "QUERY", optional = true, help = "a query as JSON, or a JSON or Lua file that holds one" },
    },
    options = {
        { "--filter", short = "-f", value = "JSON", help = "the records to select: '{\"age\": {\"gte\": 18}}'" },
        { "--order", value = "COLUMNS", help = "what to order by: -age,name" },
        { "--limit", short = "-l", value = "COUNT", kind = "integer", help = "at most so many records" },
        { "--offset", value = "COUNT", kind = "integer", help = "leave so many records out first" },
        { "--columns", short = "-c", value = "COLUMNS", help = "the columns to print: name,age" },
        { "--deleted", help = "also records that were deleted" },
        { "--at", value = "VERSION", kind = "integer", least = 1, help = "under that version's definition" },
        { "--count", help = "print only how many there are" },
        { "--table", help = "print a table, also where it is no terminal" },
    },
    example = "flexdb query contacts --filter '{\"age\": {\"gte\": 18}}' \\\n  --columns email,age",
}

local function words_of(text)
    local words = {}
    for word in text:gmatch "[^,%s]+" do words[#words + 1] = word end
    return words
end

-- The query that the argument and the options make.
local function document(arguments, options)
    local made = {}
    if arguments.query then
        local read, err = input.document(arguments.query, true)
        if not read then return nil, err end
        for key, value in next, read do made[key] = value end
    end
    if options.filter then
        local filter, err = flexdb.json.decode(options.filter)
        if filter == nil then return nil, { code = "invalid_query", message = "--filter: " .. err.message } end
        made.filter = made.filter and { AND = { made.filter, filter } } or filter
    end
    if options.order then made.orderBy = words_of(options.order) end
    if options.columns then made.select = words_of(options.columns) end
    made.limit, made.offset = options.limit or made.limit, options.offset or made.offset
    if options.deleted then made.includeDeleted = true end
    return made
end

-- The fields to print: those that were chosen, or the id, the columns and the system's own.
local function fields_of(schema, made, system)
    local fields, chosen = { "id" }, {}
    if made.select then
        for _, name in ipairs(made.select) do
            if name ~= "id" and not chosen[name] then fields[#fields + 1], chosen[name] = name, true end
        end
        return fields
    end
    for _, column in ipairs(schema.columns) do
        if not column.system then fields[#fields + 1] = column.name end
    end
    if system then table.move({ "created_at", "updated_at", "deleted_at", "_version" }, 1, 4, #fields + 1, fields) end
    return fields
end

-- A function that writes a record's fields, in their order, as JSON. It is what a long output waits for, so it knows
-- its keys beforehand.
local function line_of(fields)
    local encode, keys = flexdb.json.encode, {}
    for i, name in ipairs(fields) do keys[i] = encode(name) .. ":" end
    return function(record)
        local parts, n = {}, 0
        for i, name in ipairs(fields) do
            local value = record[name]
            if value ~= nil then
                n = n + 1
                parts[n] = keys[i] .. (type(value) == "table" and json.line(value) or encode(value))
            end
        end
        return "{" .. concat(parts, ",") .. "}"
    end
end

-- `whole`: records may hold more than the fields.
local function print_lines(out, rows, fields, whole)
    local place = {}
    for i, name in ipairs(fields) do place[name] = i end
    local text_of = whole and function(record) return json.line(record, place) end or line_of(fields)
    for record in rows do out:say(text_of(record)) end
end

local function cell(value)
    if value == nil or value == flexdb.null then return false end
    return type(value) == "table" and json.line(value) or tostring(value)
end

-- How many rows are looked at for the widths.
local SAMPLE <const> = 200

local function print_table(out, rows, fields, schema)
    local numbers, columns = {}, {}
    for _, column in ipairs(schema.columns) do
        numbers[column.name] = column.dataType == "integer" or column.dataType == "decimal"
    end
    for i, name in ipairs(fields) do columns[i] = { title = name, right = numbers[name] } end
    local grid, count = out:grid(columns, SAMPLE), 0
    for record in rows do
        local row = {}
        for i, name in ipairs(fields) do row[i] = cell(record[name]) end
        grid.add(row)
        count = count + 1
    end
    if count == 0 then return out:note "no record is selected" end
    grid.finish()
end

function query.run(session, arguments, options)
    local made, err = document(arguments, options)
    if not made then return nil, err end
    local handle
    handle, err = session:table(arguments.table)
    if handle and options.at then handle, err = handle:at(options.at) end
    if not handle then return nil, err end
    local out = session.output
    if options.count then
        local count
        count, err = handle:count(made)
        if not count then return nil, err end
        return out:say(out.json and json.line { count = count } or tostring(count))
    end
    local schema, rows
    schema, err = handle:schema()
    if schema then rows, err = handle:each(made) end
    if not rows then return nil, err end
    if options.table or (out.terminal and not out.json) then
        print_table(out, rows, fields_of(schema, made, false), schema)
    else
        print_lines(out, rows, fields_of(schema, made, true), made.include ~= nil)
    end
end

return query
