-- docs/cli.md against the program: every block runs, in order, and prints what stands there.

local cli = require "spec.support.cli"

local function read(name)
    local file <close> = assert(io.open(name, "rb"))
    return file:read "a"
end

-- The commands of the console blocks: { line, command, expected = { … } }.
local function steps_of(text)
    local steps, number, inside, current = {}, 0, false, nil
    for line in text:gmatch "([^\n]*)\n" do
        number = number + 1
        if line:find "^```" then
            inside, current = line == "```console", nil
        elseif inside and line:find "^%$ " then
            current = { line = number, command = line:sub(3), expected = {} }
            steps[#steps + 1] = current
        elseif inside and line:find "^> " and #current.expected == 0 then
            current.command = current.command .. "\n" .. line:sub(3)
        elseif inside then
            table.insert(current.expected, line)
        end
    end
    return steps
end

-- An expected line as a pattern: `…` stands for a time, where the program says one.
local function matches(line, expected)
    if line == expected then return true end
    local pattern = expected:gsub("%p", "%%%0"):gsub("…", "[%%d%%-]+ [%%d:]+Z")
    return line:find("^" .. pattern .. "$") ~= nil
end

local function lines_of(text)
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    return lines
end

describe("docs/cli.md", function()
    local page = read "docs/cli.md"
    local box
    setup(function() box = cli.box() end)
    teardown(function() box.remove() end)

    it("shows what the commands print", function()
        local steps, script = steps_of(page), {}
        assert.is_true(#steps >= 30)
        -- One shell for all, as a reader has it; each step's output in a file of its own.
        for i, step in ipairs(steps) do
            script[i] = ("{\n%s\n} >%s/step%d 2>&1"):format(step.command, box.folder, i)
        end
        local _, status, errors = box.run(table.concat(script, "\n"))
        assert.equal("", errors)
        assert.equal(0, status)
        for i, step in ipairs(steps) do
            local said = lines_of(read(("%s/step%d"):format(box.folder, i)))
            for n = 1, math.max(#said, #step.expected) do
                local line, expected = said[n] or "(nothing)", step.expected[n] or "(nothing)"
                assert.is_true(matches(line, expected), ("docs/cli.md:%d: %s\nsays     %s\ndocs say %s"):format(
                    step.line, step.command, line, expected))
            end
        end
    end)

    it("lists every command with its arguments, and no other", function()
        local commands, help = require "flexdb.cli.commands", require "flexdb.cli.help"
        local rows, wanted = {}, {}
        for row in page:match("\n## The commands\n(.*)$"):gmatch "\n(| `[^\n]*)" do rows[#rows + 1] = row end
        for _, group in ipairs(commands.groups()) do
            for _, each in ipairs(group.commands) do
                local usage = help.usage(commands.load(each.name)):gsub("^flexdb ", ""):gsub(" %[OPTION…%]$", "")
                wanted[#wanted + 1] = ("| `%s` | %s |"):format(usage, each.summary)
            end
        end
        assert.same(wanted, rows)
    end)

    it("tells each exit status", function()
        for _, status in ipairs(require "flexdb.cli.failure".statuses) do
            assert.truthy(page:find(("\n| %d | %s"):format(status[1], status[2]), 1, true), status[2])
        end
    end)
end)
