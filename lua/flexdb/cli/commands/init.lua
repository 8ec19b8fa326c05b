--- The commands, in the groups in which --help shows them. Each is a module beside this one, loaded when it is needed:
-- { name, about, arguments, options, example, run = function(session, arguments, options) }, where `run` gives
-- nil and an error, or an exit status or nothing (0).

local commands = {}

local groups <const> = {
    { "Tables",
        { "init", "make a database" },
        { "tables", "list the tables" },
        { "show", "show a table's definition" },
        { "rename", "give a table another name" },
        { "drop", "drop a table; restore brings it back" },
        { "restore", "bring a dropped table or a deleted record back" },
    },
    { "Changing tables",
        { "plan", "show what changes would do" },
        { "evolve", "change a table's definition" },
        { "history", "list a table's versions" },
        { "diff", "compare two versions of a table" },
        { "rollback", "go back to an earlier version of a table" },
        { "apply", "make the tables what files say" },
        { "export-schema", "write the tables' definitions to files" },
    },
    { "Records",
        { "query", "print records" },
        { "insert", "insert records" },
        { "validate", "check records without inserting them" },
    },
    { "Workflows",
        { "run", "run a workflow" },
        { "check", "check a workflow without running it" },
    },
    { "Looking after a database",
        { "doctor", "look for what is wrong, and mend it" },
        { "purge", "forget old versions' values and deleted records" },
    },
    { "More",
        { "diagram", "draw the tables and their references" },
        { "shell", "a Lua prompt with the database at hand" },
        { "help", "tell about the commands" },
    },
}

-- `init` is this module's own name.
local function module_of(name)
    return "flexdb.cli.commands." .. (name == "init" and "create_database" or name:gsub("-", "_"))
end

commands.names = {}
local known = {}
for _, group in ipairs(groups) do
    for i = 2, #group do
        local name = group[i][1]
        commands.names[#commands.names + 1] = name
        known[name] = true
    end
end

--- The command, or nil where there is none of this name.
function commands.load(name) return known[name] and require(module_of(name)) or nil end

--- The groups: { title, commands = { { name =, summary = }, … } }.
function commands.groups()
    local list = {}
    for n, group in ipairs(groups) do
        list[n] = { title = group[1], commands = {} }
        for i = 2, #group do list[n].commands[i - 1] = { name = group[i][1], summary = group[i][2] } end
    end
    return list
end

return commands
