--- Definitions in files: many files to one list, and a list to JSON or Lua.
-- Needs flexdb.core (null, error, validator), flexdb.cli.input and flexdb.cli.json.

local core = require "flexdb.core"
local input = require "flexdb.cli.input"
local json = require "flexdb.cli.json"

local schemas = {}

-- The definition with the name that it was found under.
local function named(name, definition)
    local out = {}
    for key, value in next, definition do out[key] = value end
    out.name = name
    return out
end

local function collect(document, path, list)
    if type(rawget(document, "name")) == "string" then
        list[#list + 1] = document
        return true
    end
    local names = {}
    for key in next, document do names[#names + 1] = key end
    table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(names) do
        local definition = document[key]
        if type(definition) ~= "table" then
            return nil, core.error("invalid_schema", ("%s: %s: a definition must be an object"):format(path, key))
        end
        list[#list + 1] = math.type(key) and definition or named(key, definition)
    end
    return true
end

--- The definitions of files, each with its name. A file holds one definition with `name`, an array of such, or
-- { name = definition, … }. Or nil and the error.
function schemas.read(paths)
    local list = {}
    for _, path in ipairs(paths) do
        local document, err = input.document(path)
        if not document then return nil, err end
        local ok
        ok, err = collect(document, path == "-" and "standard input" or path, list)
        if not ok then return nil, err end
    end
    return list
end

--- Whether each definition is good by itself: true, or nil and the error, which names the table.
function schemas.check(list)
    for _, definition in ipairs(list) do
        local own = {}
        for key, value in next, definition do
            if key ~= "name" and key ~= "renamedFrom" then own[key] = value end
        end
        local good, err = core.validator(own)
        if not good then
            local told = core.error(err.code, ("table %q: %s"):format(tostring(definition.name), err.message))
            told.issues = err.issues
            return nil, told
        end
    end
    return true
end

local keywords <const> = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true "
    .. "until while"):gmatch "%a+" do
    keywords[word] = true
end

local function lua_key(key)
    return key:find "^[%a_][%w_]*$" and not keywords[key] and key or ("[%q]"):format(key)
end

local function lua_value(value, indent)
    if value == core.null then return "flexdb.null" end
    if type(value) == "number" then return json.line(value) end
    if type(value) ~= "table" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
    if next(value) == nil then return json.line(value) == "[]" and "flexdb.array {}" or "{}" end
    local deeper, parts = indent .. "    ", {}
    if rawlen(value) > 0 then
        for _, each in ipairs(value) do parts[#parts + 1] = lua_value(each, deeper) end
    else
        for _, key in ipairs(json.keys(value)) do
            parts[#parts + 1] = ("%s = %s"):format(lua_key(key), lua_value(value[key], deeper))
        end
    end
    local flat = "{ " .. table.concat(parts, ", ") .. " }"
    if #flat + #indent <= 100 and not flat:find "\n" and indent ~= "" then return flat end
    return ("{\n%s%s,\n%s}"):format(deeper, table.concat(parts, ",\n" .. deeper), indent)
end

--- The document as a file in the language, "json" or "lua".
function schemas.text(document, language)
    if language == "lua" then return ("return %s\n"):format(lua_value(document, "")) end
    return json.file(document)
end

return schemas
