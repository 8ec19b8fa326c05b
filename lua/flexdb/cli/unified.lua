--- Unified diffs, as diff -u writes them. Needs flexdb.cli.width.

local width = require "flexdb.cli.width"

local unified = {}

local CONTEXT <const> = 3

-- lengths[i][j]: of the longest common subsequence of what follows old[i - 1] and new[j - 1].
local function lengths_of(old, new)
    local lengths = { [#old + 1] = {} }
    for j = 1, #new + 1 do lengths[#old + 1][j] = 0 end
    for i = #old, 1, -1 do
        local row, below = { [#new + 1] = 0 }, lengths[i + 1]
        for j = #new, 1, -1 do
            row[j] = old[i] == new[j] and below[j + 1] + 1 or math.max(below[j], row[j + 1])
        end
        lengths[i] = row
    end
    return lengths
end

-- Every line of both with " ", "-" or "+" before it.
local function edits(old, new)
    local lengths, list, i, j = lengths_of(old, new), {}, 1, 1
    while i <= #old or j <= #new do
        if i <= #old and j <= #new and old[i] == new[j] then
            list[#list + 1] = " " .. old[i]
            i, j = i + 1, j + 1
        elseif j > #new or (i <= #old and lengths[i + 1][j] >= lengths[i][j + 1]) then
            list[#list + 1] = "-" .. old[i]
            i = i + 1
        else
            list[#list + 1] = "+" .. new[j]
            j = j + 1
        end
    end
    return list
end

local function range(first, count)
    if count == 0 then first = first - 1 end
    return count == 1 and ("%d"):format(first) or ("%d,%d"):format(first, count)
end

-- One hunk of list[from..to]; `i` and `j` are the lines of old and new that it begins at.
local function hunk(list, from, to, i, j, lines)
    local olds, news = 0, 0
    for at = from, to do
        local mark = list[at]:sub(1, 1)
        if mark ~= "+" then olds = olds + 1 end
        if mark ~= "-" then news = news + 1 end
    end
    lines[#lines + 1] = ("@@ -%s +%s @@"):format(range(i, olds), range(j, news))
    table.move(list, from, to, #lines + 1, lines)
end

--- The lines of the diff of two arrays of lines; empty where they are the same.
function unified.diff(old, new, old_name, new_name)
    local list, lines = edits(old, new), {}
    local i, j, at = 1, 1, 1
    while at <= #list do
        if list[at]:sub(1, 1) == " " then
            i, j, at = i + 1, j + 1, at + 1
        else
            if #lines == 0 then lines = { "--- " .. old_name, "+++ " .. new_name } end
            -- A hunk goes on while the next change is near.
            local from = math.max(1, at - CONTEXT)
            local last, to = at, at
            while to <= #list and to - last <= 2 * CONTEXT do
                if list[to]:sub(1, 1) ~= " " then last = to end
                to = to + 1
            end
            local stop = math.min(#list, last + CONTEXT)
            hunk(list, from, stop, i - (at - from), j - (at - from), lines)
            for k = at, stop do
                local mark = list[k]:sub(1, 1)
                if mark ~= "+" then i = i + 1 end
                if mark ~= "-" then j = j + 1 end
            end
            at = stop + 1
        end
    end
    return lines
end

local colours <const> = { ["+"] = "green", ["-"] = "red", ["@"] = "cyan" }

--- Prints such lines.
function unified.print(lines, output)
    for n, line in ipairs(lines) do
        line = width.safe(line)
        local colour = n <= 2 and "bold" or colours[line:sub(1, 1)]
        output:say(colour and output:style(colour, line) or line)
    end
end

return unified
