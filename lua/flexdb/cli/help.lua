--- The texts of --help, in 80 columns. Needs nothing.

local help = {}

local WIDTH <const> = 80

local function wrap(text, indent, first)
    local lines, line, before = {}, nil, first or indent
    for word in text:gmatch "%S+" do
        if line and utf8.len(line) + 1 + utf8.len(word) <= WIDTH then
            line = line .. " " .. word
        else
            lines[#lines + 1] = line
            line, before = before .. word, indent
        end
    end
    lines[#lines + 1] = line or (first or indent)
    return table.concat(lines, "\n")
end

-- Rows of { left, right }, the right sides under each other.
local function columns(rows, most)
    local width, out = 0, {}
    for _, row in ipairs(rows) do
        if #row[1] <= most then width = math.max(width, #row[1]) end
    end
    local indent = (" "):rep(width + 4)
    for _, row in ipairs(rows) do
        if #row[1] > width then
            out[#out + 1] = "  " .. row[1]
            out[#out + 1] = wrap(row[2], indent)
        else
            out[#out + 1] = wrap(row[2], indent, ("  %-" .. width .. "s  "):format(row[1]))
        end
    end
    return table.concat(out, "\n")
end

--- An option as it is written: "-o, --output FILE".
function help.option(option)
    local long = option[1] .. (option.value and " " .. option.value or "")
    return option.short and option.short .. ", " .. long or "    " .. long
end

--- A command as it is written: "flexdb show TABLE".
function help.usage(command)
    local words = { "flexdb", command.name }
    for _, argument in ipairs(command.arguments) do
        local word = argument[1] .. (argument.many and "…" or "")
        words[#words + 1] = argument.optional and "[" .. word .. "]" or word
    end
    if #command.options > 0 then words[#words + 1] = "[OPTION…]" end
    return table.concat(words, " ")
end

local function option_rows(options)
    local rows = {}
    for _, option in ipairs(options) do rows[#rows + 1] = { help.option(option), option.help } end
    return columns(rows, 24)
end

--- What `flexdb COMMAND --help` prints.
function help.command(command, global)
    local parts = { "usage: " .. help.usage(command), wrap(command.about, "") }
    if #command.arguments > 0 then
        local rows = {}
        for _, argument in ipairs(command.arguments) do rows[#rows + 1] = { argument[1], argument.help } end
        parts[#parts + 1] = "Arguments:\n" .. columns(rows, 24)
    end
    if #command.options > 0 then parts[#parts + 1] = "Options:\n" .. option_rows(command.options) end
    parts[#parts + 1] = "Options of all commands:\n" .. option_rows(global)
    parts[#parts + 1] = "Example:\n  " .. command.example:gsub("\n", "\n  ")
    return table.concat(parts, "\n\n")
end

--- What `flexdb --help` prints. `groups`: { { title, { commands } }, … }.
function help.all(groups, global, exits)
    local parts = {
        "usage: flexdb COMMAND [ARGUMENT…] [OPTION…]",
        "Tables that scripts define, fill and change while they run, with no migration.",
    }
    for _, group in ipairs(groups) do
        local rows = {}
        for _, command in ipairs(group.commands) do rows[#rows + 1] = { command.name, command.summary } end
        parts[#parts + 1] = group.title .. ":\n" .. columns(rows, 24)
    end
    parts[#parts + 1] = "Options of all commands, before or behind the command:\n" .. option_rows(global)
    local rows = {}
    for _, exit in ipairs(exits) do rows[#rows + 1] = { tostring(exit[1]), exit[2] } end
    parts[#parts + 1] = "Exit status:\n" .. columns(rows, 24)
    parts[#parts + 1] = "'flexdb COMMAND --help' tells more about one command, with an example."
    return table.concat(parts, "\n\n")
end

return help
