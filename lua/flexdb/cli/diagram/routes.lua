--- How the lines of a diagram run: upright in the gutters between ranks, level where a rank has no box, so that no line
-- runs behind a box that it has nothing to do with. Needs nothing.
--
-- Gutter i lies between the ranks i - 1 and i. A line leaves its table into a gutter, crosses the ranks up to that of
-- the other table where they have room, and comes to that out of a gutter.

local routes = {}

local CLEAR <const> = 6   -- between a line and a box that it passes
local APART <const> = 5   -- between two lines that pass a rank
local NEAREST <const> = 20 -- a lane of a gutter to the boxes beside it

-- The ranks of boxes that references join: { x, edge, boxes from above }.
local function ranks_of(boxes)
    local ranks = {}
    for _, box in next, boxes do
        if not box.alone then
            local rank = ranks[box.rank]
            if not rank then
                rank = { x = box.x, edge = box.x, taken = {} }
                ranks[box.rank] = rank
            end
            rank.edge = math.max(rank.edge, box.x + box.width)
            rank[#rank + 1] = box
        end
    end
    for _, rank in next, ranks do table.sort(rank, function(a, b) return a.y < b.y end) end
    return ranks
end

-- The level nearest to `wish` on which a rank can be crossed down to `bottom`.
local function level_of(rank, wish, bottom)
    local best, from = nil, 0
    for i = 1, #rank + 1 do
        local box = rank[i]
        local low, high = from + CLEAR, (box and box.y or bottom) - CLEAR
        if low <= high then
            local level = math.max(low, math.min(high, wish))
            if not best or math.abs(level - wish) < math.abs(best.level - wish) then
                best = { level = level, low = low, high = high }
            end
        end
        from = box and box.y + box.height or bottom
    end
    return best
end

-- The same, apart from the lines that cross there already as far as there is room.
local function cross(rank, wish, bottom)
    local best = level_of(rank, wish, bottom)
    local function is_free(level)
        if level < best.low or level > best.high then return false end
        for _, taken in ipairs(rank.taken) do
            if math.abs(taken - level) < APART then return false end
        end
        return true
    end
    local level = best.level
    for n = 0, 40 do
        local off = (n + 1) // 2 * APART * (n % 2 == 0 and 1 or -1)
        if is_free(best.level + off) then
            level = best.level + off
            break
        end
    end
    rank.taken[#rank.taken + 1] = level
    return level
end

-- A line as { x1, y1, levels, gutters, x2, y2 }: where it begins and ends, the gutters that it runs in, and between
-- each two of them the level on which it crosses a rank.
local function plan(from, to, y1, y2, ranks, bottom)
    local line = { y1 = y1, y2 = y2, levels = {}, gutters = {} }
    local step, first, last = -1, from.rank, to.rank + 1
    if to.rank < from.rank then
        line.x1, line.x2 = from.x, to.x + to.width
    elseif to.rank == from.rank then
        first, last, step = from.rank + 1, from.rank + 1, 1
        line.x1, line.x2 = from.x + from.width, to.x + to.width
    else
        first, last, step = from.rank + 1, to.rank, 1
        line.x1, line.x2 = from.x + from.width, to.x
    end
    local total = math.abs(last - first)
    for gutter = first, last, step do
        line.gutters[#line.gutters + 1] = gutter
        if gutter ~= last then
            local crossed = ranks[step < 0 and gutter - 1 or gutter]
            local part = #line.gutters / (total + 1)
            line.levels[#line.levels + 1] = cross(crossed, y1 + (y2 - y1) * part, bottom)
        end
    end
    return line
end

-- The levels between which the i-th upright part of a line runs.
local function ends_of(line, i) return line.levels[i - 1] or line.y1, line.levels[i] or line.y2 end

-- Gives each upright part a lane of its gutter, from the left those that begin further up.
local function share_gutters(lines, ranks)
    local gutters = {}
    for _, line in ipairs(lines) do
        for i, gutter in ipairs(line.gutters) do
            gutters[gutter] = gutters[gutter] or {}
            local a, b = ends_of(line, i)
            table.insert(gutters[gutter], { line = line, at = i, a = a, b = b, n = #gutters[gutter] })
        end
    end
    for gutter, parts in next, gutters do
        local left = ranks[gutter - 1].edge
        local right = ranks[gutter] and ranks[gutter].x or left + NEAREST + 28
        table.sort(parts, function(one, other)
            if one.a ~= other.a then return one.a < other.a end
            if one.b ~= other.b then return one.b < other.b end
            return one.n < other.n
        end)
        local room = right - left - (ranks[gutter] and 2 or 1) * NEAREST
        for i, part in ipairs(parts) do
            part.line.lanes = part.line.lanes or {}
            part.line.lanes[part.at] = left + NEAREST + room * i / (#parts + 1)
        end
    end
end

local function points_of(line)
    local points = { { line.x1, line.y1 } }
    for i in ipairs(line.gutters) do
        local a, b = ends_of(line, i)
        points[#points + 1] = { line.lanes[i], a }
        points[#points + 1] = { line.lanes[i], b }
    end
    points[#points + 1] = { line.x2, line.y2 }
    return points
end

--- The corners of the line of each reference: arrays of { x, y }. `y_of(reference, boxes)`: on which level it begins,
-- and on which it ends.
function routes.find(model, boxes, y_of)
    local ranks, bottom = ranks_of(boxes), 0
    for _, rank in next, ranks do
        for _, box in ipairs(rank) do bottom = math.max(bottom, box.y + box.height + 4 * CLEAR) end
    end
    local lines = {}
    for i, reference in ipairs(model.references) do
        local y1, y2 = y_of(reference, boxes)
        lines[i] = plan(boxes[reference.from], boxes[reference.to], y1, y2, ranks, bottom)
    end
    share_gutters(lines, ranks)
    for i, line in ipairs(lines) do lines[i] = points_of(line) end
    return lines
end

return routes
