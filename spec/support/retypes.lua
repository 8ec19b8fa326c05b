-- What the specs of retypes share: columns with the rules that they have in mind, and a table of one column to retype.

local busted = require "busted"

local retypes = {}

--- As a column of the type, with the rules that the scenarios have in mind.
function retypes.column(name, kind, fields)
    local c = { name = name, dataType = kind }
    if kind == "decimal" then c.validation = { precision = 12, scale = 2 } end
    if kind == "reference" then c.validation = { targetTable = "targets" } end
    for key, value in pairs(fields or {}) do c[key] = value end
    return c
end

--- What a modify_column sets for it.
function retypes.set_of(kind) return { dataType = kind, validation = retypes.column("x", kind).validation } end

--- How many of a list went this way.
function retypes.count(list, how)
    local n = 0
    for _, each in ipairs(list) do n = n + (each.how == how and 1 or 0) end
    return n
end

--- A database (`db`) and a table (`t`) that is new for each test, and what is done with its column `v`.
function retypes.bed(engine)
    local bed = {}
    busted.before_each(function() bed.db = engine.open { actor = "alice" } end)
    busted.after_each(function() bed.db:close() end)

    -- A table of one column `v` (and `n`, to write records without touching it) with these values; their ids.
    function bed.fill(kind, values, fields)
        local columns = { retypes.column("v", kind, fields), retypes.column("n", "integer") }
        bed.t = assert(bed.db:create_table("t", { columns = columns }))
        local ids = {}
        for i, value in ipairs(values) do ids[i] = assert(bed.t:insert { v = value }).id end
        return ids
    end

    function bed.value_of(id) return assert(bed.t:get(id)).v end

    function bed.retype(kind, options)
        return bed.t:evolve(function(c) c:modify("v", retypes.set_of(kind)) end, options)
    end

    return bed
end

return retypes
