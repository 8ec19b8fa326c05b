--- A diagram as SVG, to stand in a page: boxes that lead to the tables' sections, and references as lines.
-- Needs flexdb.cli.diagram.layout and routes.

local layout = require "flexdb.cli.diagram.layout"
local routes = require "flexdb.cli.diagram.routes"

local svg = {}

local entities <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- A text as it stands in XML: bytes that are not UTF-8 and control characters are replaced.
function svg.escape(text)
    text = tostring(text)
    local good, bad = utf8.len(text)
    while not good do
        text = text:sub(1, bad - 1) .. "\u{FFFD}" .. text:sub(bad + 1)
        good, bad = utf8.len(text, bad)
    end
    return (text:gsub("[%z\1-\8\11\12\14-\31]", "\u{FFFD}"):gsub("[&<>\"']", entities))
end
local escape = svg.escape

--- The place of a table in the page.
function svg.anchor(name)
    return "table-" .. name:gsub("[^%w_-]", function(c) return (".%02X"):format(c:byte()) end)
end

local function number(n) return ("%.1f"):format(n):gsub("%.0$", "") end

local RADIUS <const> = 8

-- The place so far from one corner on the way to the next.
local function towards(from, to, far)
    local dx, dy = to[1] - from[1], to[2] - from[2]
    local length = math.abs(dx) + math.abs(dy) -- one of them is 0
    if length == 0 then return from end
    return { from[1] + dx / length * far, from[2] + dy / length * far }
end

local function at(point) return ("%s %s"):format(number(point[1]), number(point[2])) end

-- A line through corners, which are rounded.
local function path_of(points)
    local parts = { "M" .. at(points[1]) }
    for i = 2, #points - 1 do
        local before, corner, after = points[i - 1], points[i], points[i + 1]
        local shortest = math.min(math.abs(corner[1] - before[1]) + math.abs(corner[2] - before[2]),
            math.abs(after[1] - corner[1]) + math.abs(after[2] - corner[2]))
        local radius = math.min(RADIUS, shortest / 2)
        parts[#parts + 1] = ("L%sQ%s %s"):format(at(towards(corner, before, radius)), at(corner),
            at(towards(corner, after, radius)))
    end
    parts[#parts + 1] = "L" .. at(points[#points])
    return table.concat(parts)
end

-- On which level a reference leaves its table, and comes to the other.
local function levels_of(reference, boxes)
    return boxes[reference.from].y + layout.HEAD + (reference.row - 0.5) * layout.ROW + 4,
        boxes[reference.to].y + layout.HEAD / 2
end

local function reference_line(reference, points)
    return ('<path class="line%s" d="%s" marker-end="url(#arrow)"><title>%s.%s → %s</title></path>'):format(
        reference.required and "" or " optional", path_of(points), escape(reference.from), escape(reference.column),
        escape(reference.to))
end

local function column_row(column, box, i)
    local y = box.y + layout.HEAD + i * layout.ROW - 2
    return ('<text class="name%s" x="%d" y="%d">%s%s</text><text class="type" x="%d" y="%d">%s</text>'):format(
        column.required and " required" or "", box.x + layout.PADDING, y, escape(column.name),
        column.unique and '<tspan class="unique"> ◆</tspan>' or "", box.x + box.width - layout.PADDING, y,
        escape(column.type))
end

local function box_text(box)
    local each, parts = box.table, {}
    parts[1] = ('<a href="#%s" class="box"><title>%s, version %d</title>'):format(svg.anchor(each.name),
        escape(each.name), each.version)
    parts[2] = ('<rect class="frame" x="%d" y="%d" width="%d" height="%d" rx="6"/>'):format(box.x, box.y, box.width,
        box.height)
    parts[3] = ('<path class="head" d="M%d %dv-%da6 6 0 0 1 6 -6h%da6 6 0 0 1 6 6v%dz"/>'):format(box.x,
        box.y + layout.HEAD, layout.HEAD - 6, box.width - 12, layout.HEAD - 6)
    parts[4] = ('<text class="table" x="%d" y="%d">%s</text><text class="version" x="%d" y="%d">v%d</text>'):format(
        box.x + layout.PADDING, box.y + 20, escape(each.name), box.x + box.width - layout.PADDING, box.y + 20,
        each.version)
    for i, column in ipairs(each.columns) do parts[#parts + 1] = column_row(column, box, i) end
    if #each.columns == 0 then
        parts[#parts + 1] = ('<text class="type none" x="%d" y="%d">no columns</text>'):format(box.x + layout.PADDING,
            box.y + layout.HEAD + layout.ROW - 2)
    end
    parts[#parts + 1] = "</a>"
    return table.concat(parts)
end

--- The SVG element for a model (flexdb.cli.diagram.model).
function svg.draw(model)
    local boxes, width, height = layout.place(model)
    local parts = {
        ('<svg width="%d" height="%d" viewBox="0 0 %d %d" role="group" aria-label="tables and references">'):format(
            width, height, width, height),
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
            .. 'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
    }
    local lines = routes.find(model, boxes, levels_of)
    for i, reference in ipairs(model.references) do parts[#parts + 1] = reference_line(reference, lines[i]) end
    for _, each in ipairs(model.tables) do parts[#parts + 1] = box_text(boxes[each.name]) end
    parts[#parts + 1] = "</svg>"
    return table.concat(parts, "\n")
end

return svg
