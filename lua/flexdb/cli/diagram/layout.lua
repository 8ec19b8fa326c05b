--- Where the boxes of a diagram stand: tables in ranks, each to the right of those that it refers to, and tables that
-- have to do with no other in rows below. Sizes are CSS pixels. Needs nothing.

local layout = {}

-- A character of the page's 12-pixel monospaced face, and the parts of a box.
local CHARACTER <const> = 7.3
layout.ROW, layout.HEAD, layout.PADDING = 20, 30, 12
local ACROSS <const>, DOWN <const>, MARGIN <const> = 90, 28, 12

local function length(text) return utf8.len(text) or #text end

local function box_of(each)
    local longest = length(each.name) + 6
    for _, column in ipairs(each.columns) do
        longest = math.max(longest, length(column.name) + length(column.type) + 5)
    end
    return {
        table = each, width = math.ceil(longest * CHARACTER) + 2 * layout.PADDING,
        height = layout.HEAD + math.max(1, #each.columns) * layout.ROW + 8,
    }
end

-- The rank of each table: one more than the highest of those that it refers to; a circle is cut where it closes.
local function rank_all(model, boxes)
    local targets, ranks, open = {}, {}, {}
    for _, reference in ipairs(model.references) do
        targets[reference.from] = targets[reference.from] or {}
        table.insert(targets[reference.from], reference.to)
    end
    local function rank(name)
        if ranks[name] then return ranks[name] end
        if open[name] then return -1 end
        open[name] = true
        local highest = -1
        for _, to in ipairs(targets[name] or {}) do
            if to ~= name then highest = math.max(highest, rank(to)) end
        end
        open[name], ranks[name] = nil, highest + 1
        return ranks[name]
    end
    for _, each in ipairs(model.tables) do boxes[each.name].rank = rank(each.name) end
end

-- The names of tables that a reference begins or ends at.
local function connected(model)
    local names = {}
    for _, reference in ipairs(model.references) do
        names[reference.from], names[reference.to] = true, true
    end
    return names
end

-- Stands the boxes of a rank near the middle of those that they refer to.
local function order_rank(list, boxes, model)
    local wish = {}
    for i, box in ipairs(list) do
        local sum, count = 0, 0
        for _, reference in ipairs(model.references) do
            local target = boxes[reference.to]
            if reference.from == box.table.name and target.y then
                sum, count = sum + target.y + target.height / 2, count + 1
            end
        end
        wish[box] = { count > 0 and sum / count or math.huge, i }
    end
    table.sort(list, function(a, b)
        if wish[a][1] ~= wish[b][1] then return wish[a][1] < wish[b][1] end
        return wish[a][2] < wish[b][2]
    end)
end

-- The boxes of one rank below each other; returns how wide and how far down they go.
local function place_rank(list, x)
    local y, widest = MARGIN, 0
    for _, box in ipairs(list) do
        box.x, box.y = x, y
        y, widest = y + box.height + DOWN, math.max(widest, box.width)
    end
    return widest, y
end

-- Boxes in rows, no wider than `most`.
local function place_rows(list, top, most)
    local x, y, tallest, right = MARGIN, top, 0, 0
    for _, box in ipairs(list) do
        if x > MARGIN and x + box.width > most then
            x, y, tallest = MARGIN, y + tallest + DOWN, 0
        end
        box.x, box.y = x, y
        x, tallest, right = x + box.width + DOWN, math.max(tallest, box.height), math.max(right, x + box.width)
    end
    return right, y + tallest + DOWN
end

--- The boxes by table name, { x, y, width, height, table }, and the size of the whole.
function layout.place(model)
    local boxes, ranks, alone, related = {}, {}, {}, connected(model)
    for _, each in ipairs(model.tables) do boxes[each.name] = box_of(each) end
    rank_all(model, boxes)
    for _, each in ipairs(model.tables) do
        local box = boxes[each.name]
        if related[each.name] then
            ranks[box.rank] = ranks[box.rank] or {}
            table.insert(ranks[box.rank], box)
        else
            box.alone = true
            alone[#alone + 1] = box
        end
    end
    local x, bottom, rank = MARGIN, MARGIN, 0
    while ranks[rank] do
        order_rank(ranks[rank], boxes, model)
        local width, down = place_rank(ranks[rank], x)
        x, bottom, rank = x + width + ACROSS, math.max(bottom, down), rank + 1
    end
    local right = rank > 0 and x - ACROSS + MARGIN or 0
    if #alone > 0 then
        local most, down = place_rows(alone, bottom, math.max(right, 900))
        right, bottom = math.max(right, most + MARGIN), down
    end
    -- Room for the loops of tables that refer to their own rank.
    return boxes, right + 50, bottom
end

return layout
