--- Arguments and options of the functions that are written in Lua: what is wrong with them raises, at the caller.
-- Needs nothing. Tables are read raw, as everywhere in FlexDB. `up` (0 unless given) says how many calls lie between
-- the checking function and the method that a script has called.

local options = {}

local function refuse(up, call, argument, ...)
    error(("bad argument #%d to '%s' (%s)"):format(argument, call, (...):format(select(2, ...))), 4 + (up or 0))
end

--- Raises unless `value` is of one of the types (`"table or function"`).
function options.argument(call, argument, value, types, up)
    local actual = type(value)
    if actual == types then return end
    for name in types:gmatch "%a+" do
        if name == actual then return end
    end
    refuse(up, call, argument, "%s expected, got %s", types, value == nil and "no value" or actual)
end

--- Raises unless the method `call` is called on a handle of this kind.
function options.handle(call, self, kind)
    if getmetatable(self) ~= kind then
        local has = type(self) == "userdata" and getmetatable(self)
        error(("calling '%s' on bad self (%s expected, got %s)"):format(call, kind,
            type(has) == "string" and has or self == nil and "no value" or type(self)), 3)
    end
end

--- Raises unless `given` is nil or a table whose keys are all in `known` (name → type). Returns a plain copy.
function options.check(call, argument, given, known, up)
    local out = {}
    if given == nil then return out end
    options.argument(call, argument, given, "table", (up or 0) + 1)
    for name, value in next, given do
        local want = known[name]
        if type(name) ~= "string" then
            refuse(up, call, argument, "an option's name must be a string, is a %s", type(name))
        elseif not want then
            refuse(up, call, argument, "there is no option '%s'", name)
        elseif type(value) ~= want then
            refuse(up, call, argument, "option '%s' must be a %s, is a %s", name, want, type(value))
        elseif want == "string" and value:find("\0", 1, true) then
            refuse(up, call, argument, "option '%s' must not hold a NUL byte", name)
        end
        out[name] = value
    end
    return out
end

--- Raises for a value that the option cannot have.
function options.refuse(up, call, argument, ...)
    refuse(up, call, argument, ...)
end

return options
