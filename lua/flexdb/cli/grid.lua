--- Tables for a terminal: aligned, as wide as it is at most; where that is too narrow, one record below the other.
-- A column is { title = "…", right = true, wrap = true }; what does not fit is cut, or in a column that wraps goes on
-- below. A row is an array of texts, with false or nil for nothing.
-- Needs flexdb.cli.width.

local width = require "flexdb.cli.width"

local grid = {}

local GAP <const>, LEAST <const> = 2, 6

-- The widths of the columns, made smaller from the widest on until they fit; nil where they cannot.
local function fit(widths, room)
    if not room then return widths end
    local sum = (#widths - 1) * GAP
    for _, each in ipairs(widths) do sum = sum + each end
    while sum > room do
        local widest = 1
        for i, each in ipairs(widths) do
            if each > widths[widest] then widest = i end
        end
        if widths[widest] <= LEAST then return nil end
        widths[widest] = widths[widest] - 1
        sum = sum - 1
    end
    return widths
end

local function natural(columns, rows)
    local widths = {}
    for i, column in ipairs(columns) do widths[i] = width.of(column.title) end
    for _, row in ipairs(rows) do
        for i in ipairs(columns) do
            if row[i] then widths[i] = math.max(widths[i], width.of(row[i])) end
        end
    end
    return widths
end

local function line(columns, widths, row)
    local cells = {}
    for i, column in ipairs(columns) do
        cells[i] = width.pad(width.cut(row[i] or "", widths[i]), widths[i], column.right)
    end
    return (table.concat(cells, (" "):rep(GAP)):gsub("%s+$", ""))
end

-- The lines of a row: one, and more below it where a column wraps.
local function lines_of(columns, widths, row)
    local rows = { row }
    for i, column in ipairs(columns) do
        if column.wrap and row[i] and width.of(row[i]) > widths[i] then
            for n, piece in ipairs(width.wrap(row[i], widths[i])) do
                rows[n] = rows[n] or {}
                rows[n][i] = piece
            end
        end
    end
    for n, each in ipairs(rows) do rows[n] = line(columns, widths, each) end
    return rows
end

-- One record: a line for each of its values.
local function upright(columns, row, room, say)
    local names = 0
    for _, column in ipairs(columns) do names = math.max(names, width.of(column.title)) end
    for i, column in ipairs(columns) do
        if row[i] then
            local value = room and width.cut(row[i], math.max(LEAST, room - names - GAP)) or row[i]
            say(width.pad(column.title, names + GAP) .. value)
        end
    end
end

--- A printer of rows: add(row) and finish(). The widths are those of the first `sample` rows (all, unless it is given),
-- which are held back so long. `room`: columns of the terminal, or nil; `say(line)` prints a line; `style(text)` makes
-- the heading stand out.
function grid.new(columns, room, say, style, sample)
    local held, widths, standing, count = {}, nil, false, 0
    for _, column in ipairs(columns) do column.title = width.safe(column.title) end

    local function put(row)
        count = count + 1
        if not standing then
            for _, each in ipairs(lines_of(columns, widths, row)) do say(each) end
            return
        end
        if count > 1 then say "" end
        upright(columns, row, room, say)
    end
    local function begin()
        widths = fit(natural(columns, held), room)
        standing = widths == nil
        if not standing then
            local titles, rules = {}, {}
            for i, column in ipairs(columns) do
                titles[i], rules[i] = column.title, ("─"):rep(widths[i])
            end
            say(style(line(columns, widths, titles)))
            say(table.concat(rules, (" "):rep(GAP)))
        end
        for _, row in ipairs(held) do put(row) end
        held = nil
    end

    local printer = {}
    function printer.add(row)
        for i in ipairs(columns) do
            if row[i] then row[i] = width.safe(row[i]) end
        end
        if not held then return put(row) end
        held[#held + 1] = row
        if #held == sample then begin() end
    end
    function printer.finish()
        if held then begin() end
    end
    return printer
end

return grid
