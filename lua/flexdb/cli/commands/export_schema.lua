--- flexdb export-schema: the definitions, as files that apply takes.

local definitions = require "flexdb.cli.definitions"
local files = require "flexdb.cli.files"
local schemas = require "flexdb.cli.schemas"

local export = {
    name = "export-schema",
    about = "Writes the definitions of all tables, or of those that are named, in the form that 'flexdb apply' takes. "
        .. "Without --output they go to standard output; a folder gets a file for each table.",
    arguments = { { "TABLE", many = true, optional = true, help = "the tables' names; all, when none is given" } },
    options = {
        { "--output", short = "-o", value = "FILE", help = "a file, or a folder with a / at its end" },
        { "--lua", help = "write Lua instead of JSON, as a FILE that ends in .lua does" },
    },
    example = "flexdb export-schema --output schema.json\nflexdb apply schema.json",
}

-- The definitions by name, and the names in order; or nil and the error.
local function read(session, names)
    local db, err = session:open()
    if not db then return nil, err end
    if #names == 0 then
        local list
        list, err = db:tables()
        if not list then return nil, err end
        names = {}
        for i, info in ipairs(list) do names[i] = info.name end
    end
    local found = {}
    for _, name in ipairs(names) do
        local handle, schema
        handle, err = session:table(name)
        if handle then schema, err = handle:schema() end
        if not schema then return nil, err end
        found[name] = definitions.plain(schema)
    end
    return found, names
end

local function write_folder(folder, found, names, language)
    for _, name in ipairs(names) do
        local path = ("%s%s.%s"):format(folder, name, language)
        local ok, err = files.write(path, schemas.text({ [name] = found[name] }, language))
        if not ok then return nil, err end
    end
    return true
end

function export.run(session, arguments, options)
    local found, names = read(session, arguments.table)
    if not found then return nil, names end
    local path, out = options.output, session.output
    local language = (options.lua or path and path:match "%.lua$") and "lua" or "json"
    if not path then
        io.stdout:write(schemas.text(found, language))
        return 0
    end
    local ok, err
    if path:sub(-1) == "/" then
        ok, err = write_folder(path, found, names, language)
    else
        ok, err = files.write(path, schemas.text(found, language))
    end
    if not ok then return nil, err end
    if out.json then return out:emit { output = path, tables = require "flexdb".array(names) } end
    out:say("wrote the definition%s of %d table%s to %s", #names == 1 and "" or "s", #names, #names == 1 and "" or "s",
        path)
end

return export
