--- A value as JSON text that is the same in every process: the names of objects stand in order.
-- Needs flexdb.core (array, json).

local core = require "flexdb.core"

local encode = core.json.encode
local array_mark = getmetatable(core.array {})

local function put(value, out)
    if type(value) ~= "table" then
        out[#out + 1] = encode(value)
    elseif getmetatable(value) == array_mark or rawlen(value) > 0 then
        out[#out + 1] = "["
        for i = 1, rawlen(value) do
            put(rawget(value, i), out)
            out[#out + 1] = ","
        end
        out[#out + 1] = "]"
    else
        local names = {}
        for name in next, value do names[#names + 1] = name end
        table.sort(names)
        out[#out + 1] = "{"
        for _, name in ipairs(names) do
            out[#out + 1] = encode(name)
            out[#out + 1] = ":"
            put(value[name], out)
            out[#out + 1] = ","
        end
        out[#out + 1] = "}"
    end
end

--- The text, for comparing; or nil and the error of a value that cannot be JSON.
return function(value)
    local _, err = encode(value)
    if err then return nil, err end
    local out = {}
    put(value, out)
    return table.concat(out)
end
