--- flexdb diff: how two versions of a table differ.

local flexdb = require "flexdb"
local definitions = require "flexdb.cli.definitions"
local unified = require "flexdb.cli.unified"

local diff = {
    name = "diff",
    about = "Compares the definitions of two versions, as a unified diff. Without versions it compares the last two, "
        .. "with one that and the current one. --json gives the changes as a document that 'flexdb evolve' takes.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "FROM", optional = true, help = "the older version" },
        { "TO", optional = true, help = "the newer version" },
    },
    options = {},
    example = "flexdb diff contacts 1 2",
}

local function version_of(word, name, otherwise)
    if word == nil then return otherwise end
    local version = math.tointeger(word:match "^%d+$" and tonumber(word))
    if not version or version < 1 then
        return nil, { usage = true, message = ("%s must be a version's number, is '%s'"):format(name, word) }
    end
    return version
end

local function definition_at(handle, version)
    local view, err = handle:at(version)
    if not view then return nil, err end
    return view:schema()
end

function diff.run(session, arguments)
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local from, to
    to, err = version_of(arguments.to, "TO", handle.version)
    if not to then return nil, err end
    from, err = version_of(arguments.from, "FROM", math.max(1, to - 1))
    if not from then return nil, err end
    local out = session.output
    if out.json then
        local list
        list, err = handle:diff(from, to)
        if not list then return nil, err end
        return out:emit(flexdb.array(list))
    end
    local old, new
    old, err = definition_at(handle, from)
    if old then new, err = definition_at(handle, to) end
    if not new then return nil, err end
    local widths = definitions.widths(old, new)
    local lines = unified.diff(definitions.lines(old, widths), definitions.lines(new, widths),
        ("%s (version %d)"):format(handle.name, from), ("%s (version %d)"):format(handle.name, to))
    unified.print(lines, out)
end

return diff
