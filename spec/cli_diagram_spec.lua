-- The picture of the tables: Mermaid, and one page that needs nothing else.

local cli = require "spec.support.cli"
local layout = require "flexdb.cli.diagram.layout"
local mermaid = require "flexdb.cli.diagram.mermaid"
local page = require "flexdb.cli.diagram.page"
local svg = require "flexdb.cli.diagram.svg"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"


local function column(name, more)
    local out = { name = name, type = "string", rules = "", key = name, required = false, unique = false }
    for key, value in pairs(more or {}) do out[key] = value end
    return out
end

local function table_of(name, ...)
    return { name = name, version = 1, records = 0, columns = { ... },
        versions = { { version = 1, at = "2024-05-01T10:00:00.000000Z", changes = {}, columns = { ... } } } }
end

local function reference(from, row, to)
    return { from = from, row = row, column = "c", to = to, required = false, unique = false }
end

describe("a diagram's layout", function()
    it("stands a table to the right of those that it refers to, and nothing on anything else", function()
        engines.seed "layouts"
        for _ = 1, pace.rounds(60, 6) do
            local model = { tables = {}, references = {} }
            local count = math.random(1, 14)
            for i = 1, count do
                local columns = {}
                for c = 1, math.random(0, 6) do columns[c] = column("column_" .. c) end
                model.tables[i] = table_of("t" .. i, table.unpack(columns))
            end
            for _ = 1, math.random(0, 2 * count) do
                local from, to = math.random(count), math.random(count) -- circles and loops as well
                table.insert(model.references, reference("t" .. from, 1, "t" .. to))
            end
            local boxes, width, height = layout.place(model)
            local all = {}
            for _, each in ipairs(model.tables) do
                local box = boxes[each.name]
                assert.is_true(box.x >= 0 and box.y >= 0)
                assert.is_true(box.x + box.width <= width and box.y + box.height <= height)
                for _, other in ipairs(all) do
                    assert.is_true(box.x + box.width <= other.x or other.x + other.width <= box.x
                        or box.y + box.height <= other.y or other.y + other.height <= box.y)
                end
                all[#all + 1] = box
            end
            assert.is_string(svg.draw(model))
        end
        local boxes = layout.place { tables = { table_of "a", table_of "b", table_of "c" },
            references = { reference("a", 1, "b"), reference("b", 1, "c") } }
        assert.is_true(boxes.c.x + boxes.c.width < boxes.b.x and boxes.b.x + boxes.b.width < boxes.a.x)
    end)
end)

-- The places of a path of M, L, Q and C, close to each other.
local function places_of(path)
    local places, from = {}, nil
    local function go(...)
        local control = { from, ... }
        for step = 1, 40 do
            local row, t = control, step / 40
            while #row > 1 do
                local next_row = {}
                for i = 1, #row - 1 do
                    next_row[i] = { row[i][1] + (row[i + 1][1] - row[i][1]) * t,
                        row[i][2] + (row[i + 1][2] - row[i][2]) * t }
                end
                row = next_row
            end
            places[#places + 1] = row[1]
        end
        from = control[#control]
    end
    for command, rest in path:gmatch "([MLQC])([^MLQC]*)" do
        local points = {}
        for x, y in rest:gmatch "([%d.-]+) ([%d.-]+)" do points[#points + 1] = { tonumber(x), tonumber(y) } end
        if command == "M" then from = points[1] else go(table.unpack(points)) end
    end
    return places
end

describe("a diagram's lines", function()
    it("run behind no box, and from the column to the head of the table", function()
        engines.seed "lines"
        for _ = 1, pace.rounds(60, 6) do
            local model = { tables = {}, references = {} }
            local count = math.random(2, 14)
            for i = 1, count do
                local columns = {}
                for c = 1, math.random(1, 8) do columns[c] = column(("c"):rep(math.random(1, 30)) .. c) end
                model.tables[i] = table_of("t" .. i, table.unpack(columns))
            end
            for _ = 1, math.random(1, 3 * count) do
                local from, to = math.random(count), math.random(count) -- circles and loops as well
                local row = math.random(#model.tables[from].columns)
                table.insert(model.references, reference("t" .. from, row, "t" .. to))
            end
            local boxes, width, height = layout.place(model)
            local i = 0
            for path in svg.draw(model):gmatch 'class="line[^"]*" d="([^"]*)"' do
                i = i + 1
                local drawn, places = model.references[i], places_of(path)
                local from, to = boxes[drawn.from], boxes[drawn.to]
                local last = places[#places]
                assert.is_true(last[1] == to.x or last[1] == to.x + to.width)
                assert.equal(to.y + layout.HEAD / 2, last[2])
                assert.equal(from.y + layout.HEAD + (drawn.row - 0.5) * layout.ROW + 4, places[1][2])
                for _, place in ipairs(places) do
                    local x, y = place[1], place[2]
                    if x < 0 or x > width or y < 0 or y > height then error("a line leaves the drawing") end
                    for name, box in pairs(boxes) do
                        if x > box.x and x < box.x + box.width and y > box.y and y < box.y + box.height then
                            error(("%s → %s runs behind %s"):format(drawn.from, drawn.to, name))
                        end
                    end
                end
            end
            assert.equal(#model.references, i)
        end
    end)
end)

describe("a diagram as Mermaid", function()
    it("says columns, keys and how many", function()
        local model = {
            tables = { table_of("a", column("x", { unique = true, required = true }), column("b", { target = "b" })),
                table_of "b", table_of "odd name" },
            references = { { from = "a", column = "b", to = "b", required = true },
                { from = "b", column = "one", to = "a", unique = true } },
        }
        assert.equal([[
erDiagram
    a {
        string x UK "required"
        string b FK
    }
    b
    "odd name"
    b ||--o{ a : b
    a |o--o| b : one
]], mermaid(model))
    end)
end)

describe("a diagram's page", function()
    it("writes out what would be markup", function()
        local evil = [[<script>alert("1")</script>&'"]]
        local each = table_of("t", column("c", { rules = evil, type = evil, name = evil }))
        each.called, each.description = evil, evil
        each.versions[1].by, each.versions[1].message, each.versions[1].at = evil, evil, evil
        each.versions[1].changes = { "+ " .. evil }
        local text = page({ tables = { each }, references = {} }, evil)
        assert.is_nil(text:find("<script", 1, true))
        assert.is_nil(text:find([["1"]], 1, true))
        assert.truthy(text:find("&lt;script&gt;", 1, true))
        assert.truthy(utf8.len(page({ tables = { table_of("x", column "a\xff\0\27") }, references = {} }, "\xfe")))
    end)

    it("fetches nothing and runs nothing", function()
        local text = page({ tables = { table_of("a", column "b") }, references = {} }, "A")
        for _, word in ipairs { "http", "src=", "<script", "<link", "url(h", "@import", "onclick" } do
            assert.is_nil(text:find(word, 1, true), word)
        end
        assert.truthy(text:find("prefers-color-scheme: dark", 1, true))
    end)

    it("lets long names break where it is narrow, and leaves the rules room", function()
        local text = page({ tables = { table_of("a", column "b") }, references = {} }, "A")
        local narrow = assert(text:match "max%-width: 600px%) (%b{})")
        assert.truthy(narrow:find("tbody th { white-space: normal; min-width: 7em; }", 1, true))
        assert.truthy(text:find("tbody td:nth-child(3) { min-width: 10em; }", 1, true))
    end)

    it("says so where there is no table", function()
        assert.truthy(page({ tables = {}, references = {} }, "A"):find("There is no table yet.", 1, true))
    end)
end)

engines.each(function(engine)
    describe("flexdb diagram", function()
        local box
        before_each(function() box = cli.box() end)
        after_each(function() box.remove() end)

        it("shows each table with its versions, each with what changed", function()
            box.write("schema.json", [[{
                "firms": { "columns": [ { "name": "name", "dataType": "string", "required": true } ] },
                "people": { "displayName": "People", "columns": [ { "name": "email", "dataType": "string" },
                    { "name": "firm", "dataType": "reference", "validation": { "targetTable": "firms" } },
                    { "name": "boss", "dataType": "reference", "validation": { "targetTable": "people" } } ] } }]])
            local out, status, errors = box.run([=[
                flexdb apply schema.json >/dev/null
                flexdb evolve people '[{"op": "rename_column", "name": "email", "to": "mail"}]' \
                    --actor alice --message 'as they say' >/dev/null
                flexdb diagram
                flexdb diagram people --output page.html --title Shop
                flexdb diagram firms --json | grep -o '"references":[^]]*]'
            ]=], { FLEXDB_URL = engine.server and engine.url or "d.db", FLEXDB_APP = engines.fresh "cli" })
            assert.equal("", errors)
            assert.equal(0, status)
            assert.equal([[
erDiagram
    firms {
        string name "required"
    }
    people {
        string mail
        reference firm FK
        reference boss FK
    }
    firms |o--o{ people : firm
    people |o--o{ people : boss
drew 1 table in page.html
]], out:sub(1, out:find("page.html\n", 1, true) + 9))
            assert.equal('"references":[]\n', out:sub(out:find("page.html\n", 1, true) + 10))
            local text = box.read "page.html"
            for _, piece in ipairs {
                "<h1>Shop</h1>", '<a href="#table-people" class="box">',
                '<section id="table-people"><h2>people <small>People</small></h2>',
                '<details name="table-people" open><summary><span class="number">version 2</span>',
                '<span class="by">alice</span> <span class="message">as they say</span>',
                '<li class="tilde">~ email is renamed to mail</li>', '<tr class="changed"><th scope="row">mail',
                '<details name="table-people"><summary><span class="number">version 1</span>',
            } do
                assert.truthy(text:find(piece, 1, true), piece)
            end
            assert.is_nil(text:find("section id=\"table-firms\"", 1, true))
            -- Every element that is opened is closed, and every target of a link is there.
            local open = {}
            for slash, name, rest in text:gsub("<!DOCTYPE html>", ""):gmatch "<(/?)([%a%d]+)([^>]*)>" do
                if slash == "/" then
                    assert.equal(name, table.remove(open))
                elseif name ~= "meta" and rest:sub(-1) ~= "/" then
                    open[#open + 1] = name
                end
            end
            assert.same({}, open)
            for target in text:gmatch 'href="#table%-([^"]*)"' do
                assert.truthy(text:find(('id="table-%s"'):format(target), 1, true), target)
            end
        end)
    end)
end)
