-- What the specs of checks and computed columns share: how they are said, a table that has both, and what it is asked.

local expressions = {}

--- A computed column; `more` has its other fields, rules among them.
function expressions.computed(name, type, expression, more)
    local column = { name = name, dataType = type, validation = { computed = expression } }
    for key, value in pairs(more or {}) do
        if key == "validation" then
            for rule, given in pairs(value) do column.validation[rule] = given end
        else
            column[key] = value
        end
    end
    return column
end

function expressions.check(name, expression, message)
    return { name = name, expression = expression, message = message }
end

--- A table that has both.
expressions.stays = {
    columns = {
        { name = "price", dataType = "decimal", validation = { precision = 10, scale = 2 } },
        { name = "quantity", dataType = "integer", defaultValue = 1 },
        { name = "starts", dataType = "date" },
        { name = "ends", dataType = "date" },
        { name = "guest", dataType = "string" },
        expressions.computed("total", "decimal", "price * quantity", { indexed = true,
            validation = { precision = 14, scale = 2 } }),
        expressions.computed("nights", "integer", "ends - starts"),
        expressions.computed("slug", "string", "lower(guest) .. '-' .. quantity", { unique = true }),
    },
    checks = {
        expressions.check("stay", "ends > starts", "a stay ends after it starts"),
        expressions.check("cheap", "total <= 5000"),
    },
}

--- The column of this name.
function expressions.column(t, name)
    for _, c in ipairs(t:schema().columns) do
        if c.name == name then return c end
    end
end

--- "total=price * quantity; stay: ends > starts"
function expressions.of(t)
    local list, schema = {}, t:schema()
    for _, c in ipairs(schema.columns) do
        if c.validation and c.validation.computed then list[#list + 1] = c.name .. "=" .. c.validation.computed end
    end
    for _, c in ipairs(schema.checks or {}) do list[#list + 1] = c.name .. ": " .. c.expression end
    return table.concat(list, "; ")
end

return expressions
