--- A diagram as one HTML page that needs no network and no script: the drawing, and each table with its versions.
-- Needs flexdb.cli.diagram.svg and flexdb.cli.diagram.style.

local svg = require "flexdb.cli.diagram.svg"
local style = require "flexdb.cli.diagram.style"

local escape = svg.escape

-- Which columns of a version are new, or not as they were: by field key where they have one.
local function marks(columns, before)
    local was, out = {}, {}
    for _, column in ipairs(before or {}) do was[column.key] = column end
    for i, column in ipairs(columns) do
        local old = was[column.key]
        if before and not old then
            out[i] = "added"
        elseif old and (old.name ~= column.name or old.type ~= column.type or old.rules ~= column.rules) then
            out[i] = "changed"
        end
    end
    return out
end

-- The columns of a version; `there`: the names of the tables in the page.
local function columns_table(columns, before, there)
    if #columns == 0 then return "<p>no columns</p>" end
    local marked = marks(columns, before)
    local rows = {}
    for i, column in ipairs(columns) do
        local rules = escape(column.rules)
        if there[column.target] then
            rules = rules:gsub("^→ [^ ]+", function(text)
                return ('→ <a href="#%s">%s</a>'):format(svg.anchor(column.target), text:sub(#"→ " + 1))
            end)
        end
        local mark = marked[i]
        rows[i] = ("<tr%s><th scope=\"row\">%s%s</th><td>%s</td><td>%s</td></tr>"):format(
            mark and (' class="%s"'):format(mark) or "", escape(column.name),
            mark and ('<span class="mark"> %s</span>'):format(mark == "added" and "new" or "changed") or "",
            escape(column.type), rules)
    end
    return ('<div class="wide"><table><thead><tr><th scope="col">column</th><th scope="col">type</th>'
        .. '<th scope="col">rules</th></tr></thead><tbody>%s</tbody></table></div>'):format(table.concat(rows, "\n"))
end

local function version_details(each, i, there)
    local version, before = each.versions[i], each.versions[i - 1]
    local current = version.version == each.version
    local when = version.at:gsub("^(%S+)T(%d+:%d+)%S*$", "%1 %2 UTC")
    local parts = { ('<details name="%s"%s><summary><span class="number">version %d</span>'):format(
        svg.anchor(each.name), current and " open" or "", version.version) }
    parts[#parts + 1] = (' <time datetime="%s">%s</time>'):format(escape(version.at), escape(when))
    if version.by then parts[#parts + 1] = (' <span class="by">%s</span>'):format(escape(version.by)) end
    if version.message then
        parts[#parts + 1] = (' <span class="message">%s</span>'):format(escape(version.message))
    end
    parts[#parts + 1] = "</summary>"
    if #version.changes > 0 then
        local lines = {}
        for n, line in ipairs(version.changes) do
            local sign = line:sub(1, 1)
            local kind = sign == "+" and "plus" or sign == "-" and "minus" or "tilde"
            lines[n] = ('<li class="%s">%s</li>'):format(kind, escape(line))
        end
        parts[#parts + 1] = ('<ul class="changes">%s</ul>'):format(table.concat(lines))
    end
    parts[#parts + 1] = columns_table(version.columns, before and before.columns, there)
    parts[#parts + 1] = "</details>"
    return table.concat(parts)
end

local function table_section(each, there)
    local called = each.called and (" <small>%s</small>"):format(escape(each.called)) or ""
    local parts = { ('<section id="%s"><h2>%s%s</h2>'):format(svg.anchor(each.name), escape(each.name), called) }
    parts[#parts + 1] = ("<p class=\"facts\">version %d · %d record%s · %d column%s</p>"):format(each.version,
        each.records, each.records == 1 and "" or "s", #each.columns, #each.columns == 1 and "" or "s")
    if each.description then parts[#parts + 1] = ("<p>%s</p>"):format(escape(each.description)) end
    for i = #each.versions, 1, -1 do parts[#parts + 1] = version_details(each, i, there) end
    parts[#parts + 1] = '<p class="up"><a href="#top">↑ all tables</a></p></section>'
    return table.concat(parts, "\n")
end

--- The page for a model (flexdb.cli.diagram.model). `title`: what stands above it.
return function(model, title)
    local sections, columns, there = {}, 0, {}
    for _, each in ipairs(model.tables) do there[each.name] = true end
    for i, each in ipairs(model.tables) do
        sections[i], columns = table_section(each, there), columns + #each.columns
    end
    local facts = ("%d table%s · %d column%s · %d reference%s"):format(#model.tables, #model.tables == 1 and "" or "s",
        columns, columns == 1 and "" or "s", #model.references, #model.references == 1 and "" or "s")
    return table.concat({
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        ("<title>%s</title>"):format(escape(title)), "<style>", style, "</style>", "</head>", '<body id="top">',
        ("<header><h1>%s</h1><p class=\"facts\">%s</p>"):format(escape(title), facts),
        '<p class="legend"><b>required</b> · <span class="unique">◆</span> unique · solid line: the reference is '
            .. "required · dashed: it is not · click a table for its versions</p></header>",
        #model.tables > 0 and '<div class="drawing" tabindex="0">' .. svg.draw(model) .. "</div>"
            or "<p>There is no table yet.</p>",
        "<main>", table.concat(sections, "\n"), "</main>", "</body>", "</html>", "",
    }, "\n")
end
