--- The manual page, made of the commands' declarations, in the macros of man(7). Needs flexdb.cli.help.

local help = require "flexdb.cli.help"

-- Text as troff takes it: no line begins with a control character.
local function plain(text)
    text = text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("…", "..."):gsub("→", "\\(->"):gsub("'", "\\(aq")
    return (text:gsub("^%.", "\\&."):gsub("\n%.", "\n\\&."))
end

local function option(lines, each)
    local name = ("\\fB%s\\fR"):format(plain(each[1]))
    if each.short then name = ("\\fB%s\\fR, %s"):format(plain(each.short), name) end
    if each.value then name = name .. (" \\fI%s\\fR"):format(plain(each.value)) end
    lines[#lines + 1] = ".TP\n" .. name .. "\n" .. plain(each.help)
end

local function command_section(lines, command)
    lines[#lines + 1] = ".SS " .. plain(help.usage(command))
    lines[#lines + 1] = plain(command.about)
    for _, argument in ipairs(command.arguments) do
        lines[#lines + 1] = (".TP\n\\fI%s\\fR\n%s"):format(plain(argument[1]), plain(argument.help))
    end
    for _, each in ipairs(command.options) do option(lines, each) end
    lines[#lines + 1] = ".PP\n.RS 4\n.nf\n" .. plain(command.example) .. "\n.fi\n.RE"
end

--- The page. `commands`: as flexdb.cli.commands; `global`: the options of all; `statuses`: { { 0, "done" }, … }.
return function(commands, global, statuses)
    local lines = {
        '.TH FLEXDB 1 "" "FlexDB" "FlexDB"', ".SH NAME",
        "flexdb \\- tables that scripts define, fill and change while they run", ".SH SYNOPSIS",
        "\\fBflexdb\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]", ".SH DESCRIPTION",
        "Works on a FlexDB database, an SQLite file or a MySQL\\-protocol server: its tables, their versions and their "
            .. "records. Options may stand before or behind the command. Data go to standard output; questions, "
            .. "progress and errors to standard error.", ".SH OPTIONS",
    }
    for _, each in ipairs(global) do option(lines, each) end
    lines[#lines + 1] = ".SH COMMANDS"
    for _, name in ipairs(commands.names) do command_section(lines, commands.load(name)) end
    lines[#lines + 1] = ".SH EXIT STATUS"
    for _, status in ipairs(statuses) do
        lines[#lines + 1] = (".TP\n\\fB%d\\fR\n%s"):format(status[1], plain(status[2]))
    end
    lines[#lines + 1] = ".SH ENVIRONMENT"
    for _, each in ipairs {
        { "FLEXDB_URL", "the database, where --db does not say it" },
        { "FLEXDB_APP", "the application, where --app does not say it" },
        { "FLEXDB_ACTOR", "who makes the changes, where --actor does not say it" },
        { "NO_COLOR", "no colour, where it is set and not empty" },
        { "COLUMNS", "how wide tables may be; else the terminal says it" },
    } do
        lines[#lines + 1] = (".TP\n\\fB%s\\fR\n%s"):format(each[1], plain(each[2]))
    end
    return table.concat(lines, "\n")
end
