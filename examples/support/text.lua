--- What the examples share: how they begin, reading comma-separated values, and
-- printing tables.

local text = {}

-- The fields of one line (RFC 4180; a field does not run over the end of its
-- line in these files). A quoted field may hold commas, and quotes as "".
local function fields(line)
    local list, at = {}, 1
    repeat
        local field, after
        if line:sub(at, at) == '"' then
            local from = at + 1
            repeat
                after = assert(line:find('"', from, true), "a quote is not closed")
                from = after + 2
            until line:sub(after + 1, after + 1) ~= '"'
            field = line:sub(at + 1, after - 1):gsub('""', '"')
            after = after + 1
        else
            after = line:find(",", at, true) or #line + 1
            field = line:sub(at, after - 1)
        end
        list[#list + 1] = field
        at = after + 1
    until after > #line
    return list
end

-- "Cost Total $" is no column name; cost_total is.
local function column_name(field)
    return (field:lower():gsub("[^%w]+", "_"):gsub("_$", ""))
end

--- The records of a file, under column names; a field without text is left out.
-- Returns the records and the names in order, or nil and why not.
function text.read_csv(path)
    local file, why = io.open(path, "r")
    if not file then return nil, why end
    local names, records = nil, {}
    for line in file:lines() do
        local row, record = fields((line:gsub("\r$", ""))), {}
        if not names then
            names = row
            for i, field in ipairs(row) do names[i] = column_name(field) end
        else
            for i, field in ipairs(row) do
                if field ~= "" then record[names[i]] = field end
            end
            records[#records + 1] = record
        end
    end
    file:close()
    if not names then return nil, path .. ": is empty" end
    return records, names
end

--- Says why an example cannot go on, and how it is called.
function text.stop(...)
    local name = arg and arg[0] and arg[0]:match "[^/]*$" or "example.lua"
    io.stderr:write(table.concat { ... }, "\nusage: lua5.4 ", name, " [PATH of a CSV file] [URL]\n")
    os.exit(1)
end

--- What an example is called with: the records of its file (`path` when none is
-- named), their names, and the URL of the database.
function text.arguments(path)
    local records, names = text.read_csv(arg and arg[1] or path)
    if not records then text.stop("cannot read ", names) end
    return records, names, arg and arg[2] or "sqlite::memory:"
end

--- A heading with space above it.
function text.heading(...)
    print(("\n%s"):format(string.format(...)))
end

--- Every line, two columns to the right.
function text.indent(what)
    print((("  " .. tostring(what)):gsub("\n", "\n  ")))
end

--- Rows of texts under a header, as wide as they need to be. Columns whose
-- header begins with ">" are aligned to the right.
function text.print_table(header, rows)
    local width, right, names = {}, {}, {}
    for i, name in ipairs(header) do
        right[i] = name:sub(1, 1) == ">"
        names[i] = name:gsub("^>", "")
    end
    local function size(cell) return utf8.len(cell) or #cell end
    for _, row in ipairs { names, table.unpack(rows) } do
        for i, cell in ipairs(row) do width[i] = math.max(width[i] or 0, size(cell)) end
    end
    local function line(row)
        local cells = {}
        for i, cell in ipairs(row) do
            local pad = (" "):rep(width[i] - size(cell))
            cells[i] = right[i] and pad .. cell or cell .. pad
        end
        print(("  " .. table.concat(cells, "  ")):match("^(.-)%s*$"))
    end
    line(names)
    local rule = {}
    for i, w in ipairs(width) do rule[i] = ("-"):rep(w) end
    line(rule)
    for _, row in ipairs(rows) do line(row) end
end

return text
