--- Nodes by id: the bundled ones, loaded when they are first used, and those that a host brings along.
-- Needs nothing but the nodes themselves. What a node module must look like: lua/flexdb/nodes/README.md.

local registry = {}
registry.__index = registry

-- id → module, for every node of this version.
local bundled = {}
for _, id in ipairs {
    "each", "empty", "flex-record", "flex-table", "log", "logic", "lua", "set", "switch", "transaction", "workflow",
} do bundled[id] = "flexdb.nodes." .. id:gsub("-", "_") end

-- ---------------------------------------------------------------------------------------------------- a node's shape

local function is_words(value)
    if type(value) ~= "table" then return false end
    for key, word in next, value do
        if math.type(key) ~= "integer" or type(word) ~= "string" then return false end
    end
    return true
end

local function is_lists_of_words(value)
    if type(value) ~= "table" then return false end
    for key, list in next, value do
        if type(key) ~= "string" or not is_words(list) then return false end
    end
    return true
end

local shape = {
    { "name", "a string", function(v) return type(v) == "string" end },
    { "version", "a string", function(v) return type(v) == "string" end },
    { "description", "a string", function(v) return type(v) == "string" end },
    { "inputs", "an array of strings", is_words },
    { "outputs", "an array of strings", is_words },
    { "bodies", "an array of strings", is_words },
    { "literal", "an array of strings", is_words },
    { "certain", "an array of strings", is_words },
    { "present", "an array of strings", is_words },
    { "edges_of", "a table of names with arrays of strings", is_lists_of_words },
    { "required", "an array of strings or a function", function(v) return type(v) == "function" or is_words(v) end },
    { "strict", "a boolean", function(v) return type(v) == "boolean" end },
    { "hints", "a table", function(v) return type(v) == "table" end },
}

--- What is wrong with a node module, as a text, or nil.
function registry.fault(node)
    if type(node) ~= "table" then return ("a node must be a table, is a %s"):format(type(node)) end
    local metadata = node.metadata
    if type(metadata) ~= "table" then return ("metadata must be a table, is %s"):format(type(metadata)) end
    local id = metadata.id
    if type(id) ~= "string" or not id:find "^[%w_-]+$" then
        return "metadata.id must be a string of letters, digits, - and _"
    end
    if type(node.execute) ~= "function" then return ("execute must be a function, is %s"):format(type(node.execute)) end
    if node.check ~= nil and type(node.check) ~= "function" then
        return ("check must be a function, is %s"):format(type(node.check))
    end
    local edges = metadata.edges
    if edges ~= true and type(edges) ~= "table" then
        return ("metadata.edges must be a table of names or true, is %s"):format(type(edges))
    end
    if edges ~= true then
        for name in next, edges do
            if type(name) ~= "string" then return "metadata.edges must have names for keys" end
        end
    end
    for _, rule in ipairs(shape) do
        local value = metadata[rule[1]]
        if value ~= nil and not rule[3](value) then return ("metadata.%s must be %s"):format(rule[1], rule[2]) end
    end
end

-- ---------------------------------------------------------------------------------------------------- a host's nodes

-- The module that a path names: a script (`nodes/mail.lua`) or a module (`shop.nodes.mail`). nil and why.
local function load_module(path)
    if path:find "%.lua$" or path:find("/", 1, true) then
        local chunk, why = loadfile(path, "t")
        if not chunk then return nil, why end
        local ok, node = pcall(chunk, path)
        if not ok then return nil, tostring(node) end
        return node
    end
    local ok, node = pcall(require, path)
    if not ok then return nil, tostring(node):match "^[^\n]*" end
    return node
end

local function show(key) return type(key) == "string" and ("%q"):format(key) or tostring(key) end

-- A function that stands for a node takes any configuration and gives any edge.
local function of_function(id, execute)
    return { metadata = { id = id, edges = true }, execute = execute }
end

local function add(self, key, given)
    local node = given
    if type(given) == "string" then
        local why
        node, why = load_module(given)
        if node == nil then return ("node %s: %s"):format(show(given), why or "the script returns nothing") end
    elseif type(given) == "function" then
        if type(key) ~= "string" then return ("node %s: a function needs an id for its key"):format(show(key)) end
        node = of_function(key, given)
    end
    local fault = registry.fault(node)
    if fault then return ("node %s: %s"):format(show(type(given) == "string" and given or key), fault) end
    local id = node.metadata.id
    if type(key) == "string" and key ~= id then return ("node %q: its metadata.id is %q"):format(key, id) end
    if self.own[id] then return ("node %q is given twice"):format(id) end
    self.own[id] = node
end

--- A registry. `nodes`: an array of modules and of paths, and id → module, path or function(context, config).
-- nil and what is wrong, as a text.
function registry.new(nodes)
    local self = setmetatable({ own = {}, found = {} }, registry)
    for key, given in next, nodes or {} do
        local fault = add(self, key, given)
        if fault then return nil, fault end
    end
    return self
end

--- The node of this id, or nil. A host's node comes before a bundled one.
function registry:find(id)
    local node = self.own[id] or self.found[id]
    if node or not bundled[id] then return node end
    node = require(bundled[id])
    self.found[id] = node
    return node
end

--- Whether the node of this id is FlexDB's own.
function registry:is_bundled(id) return not self.own[id] and bundled[id] ~= nil end

--- Whether a host has brought nodes along.
function registry:has_own() return next(self.own) ~= nil end

--- The ids of all nodes, sorted.
function registry:ids()
    local ids = {}
    for id in next, bundled do ids[#ids + 1] = id end
    for id in next, self.own do
        if not bundled[id] then ids[#ids + 1] = id end
    end
    table.sort(ids)
    return ids
end

return registry
