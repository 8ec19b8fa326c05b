--- The completion for bash, made of the commands' declarations. Needs nothing.

local function names_of(options)
    local names = {}
    for _, option in ipairs(options) do
        names[#names + 1] = option[1]
        if option.short then names[#names + 1] = option.short end
    end
    return names
end

local function join(...)
    local all = {}
    for _, list in ipairs { ... } do table.move(list, 1, #list, #all + 1, all) end
    return table.concat(all, " ")
end

-- The branches of `case $before in`: what an option's value may be.
local function value_cases(lists)
    local cases, seen = {}, {}
    for _, options in ipairs(lists) do
        for _, option in ipairs(options) do
            if option.value and not seen[option[1]] then
                seen[option[1]] = true
                local names = option[1] .. (option.short and option.short ~= "-o" and "|" .. option.short or "")
                local words = option.choices and ("mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\")"):format(
                    table.concat(option.choices, " "))
                    or (option[1] == "--db" or option.value == "FILE")
                    and "mapfile -t COMPREPLY < <(compgen -f -- \"$word\")" or ":"
                cases[#cases + 1] = ("    %s) %s; return ;;"):format(names, words)
            end
        end
    end
    return table.concat(cases, "\n")
end

local template <const> = [=[
# bash completion for flexdb
_flexdb() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= options tables= i
    COMPREPLY=()
    case $before in
@VALUES@
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case " @COMMANDS@ " in *" ${COMP_WORDS[i]} "*) command=${COMP_WORDS[i]}; break ;; esac
    done
    case $command in
@OPTIONS@
    *) options='@GLOBAL@' ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@' -- "$word")
    elif [[ $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@' -- "$word")
    elif [[ ' @TABLES@ ' == *" $command "* ]]; then
        tables=$(flexdb tables --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d'"' -f4)
        mapfile -t COMPREPLY < <(compgen -W "$tables" -f -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _flexdb flexdb]=]

--- The script. `commands`: as flexdb.cli.commands; `global`: the options of all.
return function(commands, global)
    local lists, branches, with_table = { global }, {}, {}
    for _, name in ipairs(commands.names) do
        local command = commands.load(name)
        lists[#lists + 1] = command.options
        branches[#branches + 1] = ("    %s) options='%s' ;;"):format(name, join(names_of(command.options),
            names_of(global)))
        local first = command.arguments[1]
        if first and first[1] == "TABLE" then with_table[#with_table + 1] = name end
    end
    local parts = {
        VALUES = value_cases(lists), COMMANDS = table.concat(commands.names, " "),
        OPTIONS = table.concat(branches, "\n"), GLOBAL = join(names_of(global)),
        TABLES = table.concat(with_table, " "),
    }
    return (template:gsub("@(%u+)@", parts))
end
