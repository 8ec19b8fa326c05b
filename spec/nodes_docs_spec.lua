-- docs/nodes.md against the nodes: every operation with its words and edges, every edge, all that is left in the state.

local flexdb = require "flexdb"
local registry = require "flexdb.workflow.registry"

local function read(name)
    local file <close> = assert(io.open(name, "rb"))
    return file:read "a"
end

local text = read "docs/nodes.md"

local function section(heading)
    local _, from = text:find("\n## " .. heading .. "\n", 1, true)
    return text:sub(assert(from, heading) + 1, (text:find("\n## ", from, true) or #text + 1) - 1)
end

-- The rows of the table below this head: arrays of cells.
local function rows(page, head)
    local _, from = page:find("\n| " .. head .. " |[^\n]*\n|[-|]+\n")
    local list = {}
    for line in page:sub(assert(from, head) + 1):gmatch "([^\n]*)\n" do
        if line:sub(1, 1) ~= "|" then break end
        local cells = {}
        for cell in line:sub(2):gmatch "([^|]*)|" do cells[#cells + 1] = cell:match "^%s*(.-)%s*$" end
        list[#list + 1] = cells
    end
    return list
end

local function words(cell)
    local set = {}
    for word in cell:gmatch "`([%w_]+)`" do set[word] = true end
    return set
end

local function set_of(list)
    local set = {}
    for _, word in ipairs(list) do set[word] = true end
    return set
end

describe("docs/nodes.md", function()
    local common = { flex_table = {}, flex_record = { tableId = true, tableName = true } }

    for _, id in ipairs { "flex-table", "flex-record" } do
        local name = id:gsub("-", "_")
        local node = require("flexdb.nodes." .. name)
        local page = section(id)

        it("lists the operations of " .. id .. " with their words and edges", function()
            local seen = {}
            for _, row in ipairs(rows(page, "operation")) do
                local operation = next(words(row[1]))
                seen[operation] = true
                local entry = assert(node.operations[operation], operation)
                local needs, takes = words(row[2]), words(row[3])
                assert.same(set_of(entry.needs or {}), needs, operation)
                local all = {}
                for word in pairs(entry.words) do
                    if not common[name][word] then all[word] = true end
                end
                for word in pairs(needs) do takes[word] = true end
                assert.same(all, takes, operation)
                assert.same(set_of(node.metadata.edges_of[operation]), words(row[4]), operation)
                for edge in pairs(words(row[4])) do assert.is_string(node.metadata.edges[edge], edge) end
            end
            for operation in pairs(node.operations) do assert.is_true(seen[operation], operation) end
        end)

        it("lists the edges of " .. id .. " word for word", function()
            local edges = {}
            for _, row in ipairs(rows(page, "edge")) do edges[row[1]:match "`([%w_]+)`"] = row[2] end
            assert.same(node.metadata.edges, edges)
        end)

        it("lists what " .. id .. " leaves in the state", function()
            local names = {}
            for _, row in ipairs(rows(page, "in the state")) do
                for word in pairs(words(row[1])) do names[word] = true end
            end
            assert.same(set_of(node.metadata.outputs), names)
            for _, word in ipairs(node.metadata.hints.postToState) do assert.is_true(names[word], word) end
        end)

        it("is right about the shape of " .. id .. ", whose example runs", function()
            assert.is_nil(registry.fault(node))
            assert.equal(id, node.metadata.id)
            local db <close> = assert(flexdb.open "sqlite::memory:")
            if id == "flex-record" then
                assert(db:create_table("contacts", { columns = { { name = "email", dataType = "string" } } }))
            end
            assert.equal("success", (node.execute({ db = db, state = {} }, node.metadata.hints.exampleConfig)))
            local inputs = set_of(node.metadata.inputs)
            for _, word in ipairs { "operation", "applicationId", "idempotencyKey", "tableId", "tableName" } do
                assert.is_true(inputs[word], word)
            end
        end)
    end

    it("has workflows that run, and run again", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local said, count = {}, 0
        for block in text:gmatch "```json\n(.-)\n```" do
            count = count + 1
            local document = assert(flexdb.json.decode(block))
            for _ = 1, 2 do
                local state = assert(flexdb.workflow.run(document, { db = db, log = function(message)
                    said[#said + 1] = message
                end }))
                assert.equal("12.50", state.flexRecord.data.total)
            end
        end
        assert.equal(1, count)
        assert.equal(2, #said)
        assert.truthy(said[1]:match "^stored as ")
        assert.equal(said[1], said[2])
        assert.equal(1, assert(assert(db:table "orders"):count()))
    end)
end)
