--- What a command line says: options before or behind their command, by the declarations of the commands.
-- An option is { "--name", short = "-n", value = "WHAT", kind = "integer", choices = { … }, help = "…" }; without
-- `value` it is a flag. An argument is { "NAME", optional = true, many = true, help = "…" }.
-- Needs nothing.

local arguments = {}

local usage_error = { __tostring = function(self) return self.message end }

local function fail(command, ...)
    return nil, setmetatable({ usage = true, command = command, message = (...):format(select(2, ...)) }, usage_error)
end

-- How many letters have to be changed, taken away, added or swapped to make one word the other.
local function distance(a, b)
    local before, row = {}, {}
    for j = 0, #b do row[j] = j end
    for i = 1, #a do
        local last = row
        row = { [0] = i }
        for j = 1, #b do
            local cost = a:byte(i) == b:byte(j) and 0 or 1
            row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
            if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
                row[j] = math.min(row[j], before[j - 2] + 1)
            end
        end
        before = last
    end
    return row[#b]
end

--- The word that was probably meant, or nil.
function arguments.nearest(word, known)
    local best, least
    for _, name in ipairs(known) do
        local far = #word > 2 and name:sub(1, #word) == word and 1 or distance(word, name)
        if not least or far < least then best, least = name, far end
    end
    if least and least <= math.max(1, #word // 3) then return best end
end

local function did_you_mean(word, known)
    local near = arguments.nearest(word, known)
    return near and ("; did you mean '%s'?"):format(near) or ""
end

-- "--dry-run" → "dry_run".
local function key_of(option) return (option[1]:sub(3):gsub("%-", "_")) end

-- The options of several lists by what they are called, long and short.
local function index(...)
    local names, list = {}, {}
    for _, options in ipairs { ... } do
        for _, option in ipairs(options) do
            if not names[option[1]] then list[#list + 1] = option[1] end
            names[option[1]] = option
            if option.short then names[option.short] = option end
        end
    end
    return names, list
end

local function check_value(command, option, value)
    if option.kind == "integer" then
        local number = math.tointeger(value:match "^%d+$" and tonumber(value))
        if not number or number < (option.least or 0) then
            return fail(command, "%s must be an integer of at least %d, is '%s'", option[1], option.least or 0, value)
        end
        return number
    elseif option.kind == "seconds" then
        local number = value:match "^%d+%.?%d*$" and tonumber(value)
        if not number then return fail(command, "%s must be a number of seconds, is '%s'", option[1], value) end
        return number
    end
    if option.choices then
        for _, choice in ipairs(option.choices) do
            if choice == value then return value end
        end
        return fail(command, "%s must be one of %s, is '%s'", option[1], table.concat(option.choices, ", "), value)
    end
    return value
end

-- Takes what stands at words[i] when it is an option: how many words it was, 0 when it is none; or nil and the error.
local function take(words, i, names, list, command, into)
    local word = words[i]
    if word:sub(1, 1) ~= "-" or word == "-" then return 0 end
    local name, value = word:match "^(%-%-[^=]*)=(.*)$"
    name = name or word
    local short = name:sub(1, 2) ~= "--"
    if short then
        name = word:sub(1, 2)
        if #word > 2 then value = word:sub(3) end
    end
    local option = names[name]
    if not option then return fail(command, "there is no option '%s'%s", name, did_you_mean(name, list)) end
    if not option.value then
        into[key_of(option)] = true
        if value and short then
            words[i] = "-" .. value
            return take(words, i, names, list, command, into)
        end
        if value then return fail(command, "%s takes no value", name) end
        return 1
    end
    local used = 1
    if not value then
        value, used = words[i + 1], 2
        if value == nil then return fail(command, "%s needs a value: %s %s", name, name, option.value) end
    end
    local err
    value, err = check_value(command, option, value)
    if value == nil then return nil, err end
    into[key_of(option)] = value
    return used
end

-- Where the command stands: the first word that is neither an option nor an option's value.
local function find_command(words, names, list)
    local i = 1
    while i <= #words do
        if words[i] == "--" then return nil end
        local used, err = take(table.move(words, 1, #words, 1, {}), i, names, list, nil, {})
        if not used then return nil, err end
        if used == 0 then return i end
        i = i + used
    end
end

local function bind(command, given)
    local bound, at = {}, 1
    for _, argument in ipairs(command.arguments) do
        local name = argument[1]:lower():gsub("%-", "_")
        if argument.many then
            bound[name] = table.move(given, at, #given, 1, {})
            if #bound[name] == 0 and not argument.optional then
                return fail(command, "%s is missing", argument[1])
            end
            at = #given + 1
        else
            bound[name] = given[at]
            if given[at] == nil and not argument.optional then
                return fail(command, "%s is missing", argument[1])
            end
            at = at + 1
        end
    end
    if given[at] ~= nil then return fail(command, "'%s' is one argument too many", given[at]) end
    return bound
end

--- Reads a command line. `commands`: { names = { … }, load = function(name) → command or nil }; `global`: the options
-- of all commands. Returns { command, options, arguments }, command nil when none is named; or nil and the error, which
-- has `usage` and, where it is known, the command.
function arguments.parse(words, global, commands)
    words = table.move(words, 1, #words, 1, {})
    local names, list = index(global)
    local at, err = find_command(words, names, list)
    if err then
        -- An option of a command stands before it: those of all commands are needed to tell what is a value.
        local all = { global }
        for _, name in ipairs(commands.names) do all[#all + 1] = commands.load(name).options end
        names, list = index(table.unpack(all))
        at, err = find_command(words, names, list)
        if err then return nil, err end
    end
    local command
    if at then
        local name = table.remove(words, at)
        command = commands.load(name)
        if not command then
            return fail(nil, "there is no command '%s'%s", name, did_you_mean(name, commands.names))
        end
        names, list = index(global, command.options)
    end
    local options, given, i = {}, {}, 1
    while i <= #words do
        if words[i] == "--" then
            table.move(words, i + 1, #words, #given + 1, given)
            break
        end
        local used
        used, err = take(words, i, names, list, command, options)
        if not used then return nil, err end
        if used == 0 then
            given[#given + 1] = words[i]
            used = 1
        end
        i = i + used
    end
    if not command or options.help then return { command = command, options = options, arguments = {} } end
    local bound
    bound, err = bind(command, given)
    if not bound then return nil, err end
    return { command = command, options = options, arguments = bound }
end

return arguments
