--- What commands read: documents in JSON or Lua, and records as JSON Lines.
-- Needs flexdb.core (json, error, null, array).

local core = require "flexdb.core"

local input = {}

local function invalid(...) return nil, core.error("invalid_document", (...):format(select(2, ...))) end

--- The whole of a file, or of standard input for "-"; or nil and the error.
function input.text(path)
    local file, why
    if path == "-" then
        file = io.stdin
    else
        file, why = io.open(path, "rb")
        if not file then return nil, core.error("not_found", "cannot read " .. why) end
    end
    local text
    text, why = file:read "a"
    if path ~= "-" then file:close() end
    if not text then return nil, core.error("invalid_document", ("cannot read %s: %s"):format(path, why)) end
    return text
end

-- A message "name:7: what" with the line itself under it.
local function with_line(message, text)
    local number = math.tointeger(tonumber(message:match ":(%d+):"))
    if not number then return message end
    local at = 0
    for line in (text .. "\n"):gmatch "([^\n]*)\n" do
        at = at + 1
        if at == number then return ("%s\n  %d | %s"):format(message, number, line) end
    end
    return message
end
input.with_line = with_line

-- What a document in Lua may use: it computes a value, and reaches for nothing else.
local function environment()
    local names = {
        flexdb = { null = core.null, array = core.array },
        string = string, table = table, math = math, utf8 = utf8, ipairs = ipairs, pairs = pairs, next = next,
        select = select, tostring = tostring, tonumber = tonumber, type = type, error = error, assert = assert,
    }
    return names
end

-- What a Lua text returns: a table or, where `functions` is true, a function too.
local function from_lua(text, name, functions)
    local chunk, why = load(text, "@" .. name, "t", environment())
    if not chunk then return invalid("%s", with_line(why, text)) end
    local ok, value = pcall(chunk)
    if not ok then return invalid("%s", with_line(tostring(value), text)) end
    if type(value) == "table" then return value end
    if functions and type(value) == "function" then
        return function(...)
            local good, fault = pcall(value, ...)
            if not good then error(core.error("invalid_document", with_line(tostring(fault), text)), 0) end
        end
    end
    return invalid("%s: must return a table%s, returns %s", name, functions and " or a function" or "",
        value == nil and "nothing" or "a " .. type(value))
end

local function from_json(text, name)
    local value, err = core.json.decode(text)
    if value == nil then return invalid("%s: %s", name, err.message) end
    if type(value) ~= "table" then return invalid("%s: must be an object or an array", name) end
    return value
end

--- A document from a file: Lua where the name ends in .lua, else JSON; "-" is standard input. `inline`: also the
-- document itself, which begins with { or [. `functions`: a Lua file may return a function.
function input.document(word, inline, functions)
    if inline and word:find "^%s*[%[{]" then return from_json(word, "the argument") end
    local text, err = input.text(word)
    if not text then return nil, err end
    if word:match "%.lua$" then return from_lua(text, word, functions) end
    return from_json(text, word == "-" and "standard input" or word)
end

--- The records of JSON Lines: a function that gives the next one, nil at the end, or nil and an error; and a function
-- that says which line the n-th record stood in. `skip(line, err)`, where it is there, hears of lines that are no
-- objects, and they are left out.
function input.records(path, skip)
    local file = io.stdin
    if path and path ~= "-" then
        local why
        file, why = io.open(path, "rb")
        if not file then return nil, core.error("not_found", "cannot read " .. why) end
    end
    -- Records follow each other line by line, but for the places in `shifts`: { record, lines that held none so far }.
    local number, count, shifts = 0, 0, {}
    local function line_of(record)
        local skipped = 0
        for _, shift in ipairs(shifts) do
            if shift[1] > record then break end
            skipped = shift[2]
        end
        return record + skipped
    end
    local function give(record)
        count = count + 1
        local last = shifts[#shifts]
        if number - count ~= (last and last[2] or 0) then shifts[#shifts + 1] = { count, number - count } end
        return record
    end
    local function decode(line)
        local record, err = core.json.decode(line)
        if record == nil then return invalid("line %d: %s", number, err.message) end
        -- An empty array is told from an empty object by what it was.
        if type(record) ~= "table" or rawlen(record) > 0 or (next(record) == nil and not line:find "{") then
            return invalid("line %d: a record must be a JSON object", number)
        end
        return record
    end
    return function()
        while true do
            local line, why = file:read "L"
            if not line then
                if why then return invalid("cannot read %s: %s", path or "-", why) end
                return nil
            end
            number = number + 1
            if line:find "%S" then
                local record, err = decode(line)
                if record then return give(record) end
                if not skip then return nil, err end
                skip(number, err)
            end
        end
    end, line_of
end

return input
