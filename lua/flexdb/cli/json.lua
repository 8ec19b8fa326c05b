--- JSON with the keys of an object in an order that a reader expects, the same in every run.
-- Needs flexdb.core (json, null).

local core = require "flexdb.core"

local json = {}

-- The words of FlexDB's documents, in the order in which they are written.
local order <const> = {
    "file", "ok", "error", "inserted", "valid", "invalid", "errorCount", "errors", "line", "index", "code", "path",
    "rule", "message", "id", "table", "name", "application", "action", "displayName", "description", "op", "type",
    "column", "to", "dataType", "required", "unique", "indexed", "filterable", "searchable", "defaultValue",
    "validation", "targetTable", "onDelete", "computed", "format", "pattern", "minLength", "maxLength", "min", "max",
    "precision", "scale", "enum", "after", "first", "set", "unset", "columns", "indexes", "checks", "compatibility",
    "version", "changes", "steps",
}
local rank = {}
for i, name in ipairs(order) do rank[name] = i end

-- The keys in their order; nil where one is no string. Those of `first` come first.
local function keys_of(object, first)
    local keys = {}
    for key in next, object do
        if type(key) ~= "string" then return nil end
        keys[#keys + 1] = key
    end
    local function place(key) return first and first[key] or (rank[key] or #order + 1) + #keys end
    table.sort(keys, function(a, b)
        local one, other = place(a), place(b)
        if one ~= other then return one < other end
        return a < b
    end)
    return keys
end

json.keys = keys_of

-- A style: what stands between the members of objects and arrays; `lines`: each on a line of its own.
local tight <const> = { colon = ":", comma = ",", pad = "" }
local loose <const> = { colon = ": ", comma = ", ", pad = " " }
local file_style <const> = { colon = ": ", comma = ",", lines = true }

-- An object or array that is short stands on one line, also where the rest is indented.
local SHORT <const> = 90

local write

local function write_members(out, style, indent, open, close, count, member)
    local deeper = indent .. "  "
    out[#out + 1] = open
    for i = 1, count do
        if i > 1 then out[#out + 1] = style.comma end
        out[#out + 1] = style.lines and "\n" .. deeper or i == 1 and style.pad or nil
        member(i, deeper)
    end
    out[#out + 1] = (style.lines and "\n" .. indent or style.pad) .. close
end

-- Whether the value was written on one line although the style has lines.
local function write_short(value, out, indent)
    if indent == "" then return false end
    local flat = {}
    write(value, flat, loose, indent)
    local text = table.concat(flat)
    if #text + #indent > SHORT or text:find("^%[ ?%{") then return false end
    out[#out + 1] = text
    return true
end

function write(value, out, style, indent, first)
    if type(value) ~= "table" or next(value) == nil then
        out[#out + 1] = core.json.encode(value)
        return
    end
    if style.lines and write_short(value, out, indent) then return end
    if rawlen(value) > 0 then
        write_members(out, style, indent, "[", "]", rawlen(value), function(i, deeper)
            write(value[i], out, style, deeper)
        end)
        return
    end
    local keys = keys_of(value, first)
    if not keys then error("a table with keys that are no strings cannot be JSON", 0) end
    write_members(out, style, indent, "{", "}", #keys, function(i, deeper)
        out[#out + 1] = core.json.encode(keys[i]) .. style.colon
        write(value[keys[i]], out, style, deeper)
    end)
end

--- The value on one line. `first`: key → place, for the keys of the outermost object.
function json.line(value, first)
    local out = {}
    write(value, out, tight, "", first)
    return table.concat(out)
end

--- The value indented, as a file is.
function json.file(value)
    local out = {}
    write(value, out, file_style, "")
    return table.concat(out) .. "\n"
end

return json
