--- The builder that a function gets from table:evolve: the words of a changes document as methods.
-- Needs nothing.

local options = require "flexdb.options"

local builder = {}
builder.__index = builder

local function copy(from)
    local out = {}
    for key, value in next, from do out[key] = value end
    return out
end

local function push(self, change)
    self.changes[#self.changes + 1] = change
    return self
end

-- Where a column goes: { after = "name" } or { first = true }.
local function place(call, argument, change, where)
    if where == nil then return change end
    where = options.check(call, argument, where, { after = "string", first = "boolean" }, 1)
    change.after, change.first = where.after, where.first
    return change
end

--- Adds a column, at the end or where `where` says.
function builder:add(column, where)
    options.argument("add", 1, column, "table")
    return push(self, place("add", 2, { op = "add_column", column = copy(column) }, where))
end

function builder:remove(name)
    options.argument("remove", 1, name, "string")
    return push(self, { op = "remove_column", name = name })
end

function builder:rename(name, to)
    options.argument("rename", 1, name, "string")
    options.argument("rename", 2, to, "string")
    return push(self, { op = "rename_column", name = name, to = to })
end

-- Splits { field = …, unset = { … } } into what is set and what is unset.
local function split(change, fields)
    change.set = copy(fields)
    change.unset, change.set.unset = change.set.unset, nil
    return change
end

--- Sets fields of a column; those named in `unset` are taken away.
function builder:modify(name, fields)
    options.argument("modify", 1, name, "string")
    options.argument("modify", 2, fields, "table")
    return push(self, split({ op = "modify_column", name = name }, fields))
end

--- Moves a column: { after = "name" } or { first = true }.
function builder:move(name, where)
    options.argument("move", 1, name, "string")
    options.argument("move", 2, where, "table")
    return push(self, place("move", 2, { op = "move_column", name = name }, where))
end

--- Sets fields of the table itself: displayName, description …
function builder:table(fields)
    options.argument("table", 1, fields, "table")
    return push(self, split({ op = "modify_table" }, fields))
end

--- The changes that `fn` makes of a fresh builder, as an array.
return function(fn)
    local self = setmetatable({ changes = {} }, builder)
    fn(self)
    return self.changes
end
