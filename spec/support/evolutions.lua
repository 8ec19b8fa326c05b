-- What the specs of evolutions share: the table that they begin with, and what its definition says.

local evolutions = {}

--- A database of the actor alice, to be closed by the caller, and its table `t`.
function evolutions.open(engine)
    local db = engine.open { actor = "alice" }
    return db, assert(db:create_table("t", { columns = {
        { name = "a", dataType = "string", indexed = true, validation = { maxLength = 10 } },
        { name = "b", dataType = "integer" },
        { name = "c", dataType = "decimal", validation = { precision = 10, scale = 2 } },
    } }))
end

--- The column of this name, or nil.
function evolutions.column(t, name)
    for _, c in ipairs(t:schema().columns) do
        if c.name == name then return c end
    end
end

--- The names of the user's columns, in order, with a space between.
function evolutions.order(t)
    local out = {}
    for _, c in ipairs(t:schema().columns) do
        if not c.system then out[#out + 1] = c.name end
    end
    return table.concat(out, " ")
end

return evolutions
