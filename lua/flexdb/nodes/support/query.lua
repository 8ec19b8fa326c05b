--- The query that a step's words make: `orderBy` may also be one column, as a text.
-- Needs flexdb.core (null).

local null = require "flexdb.core".null

local names = {}
for name in ("filter orderBy limit offset after select include includeDeleted"):gmatch "%a+" do names[name] = true end

--- The query, a table of its own; empty where the configuration has none of its words.
return function(config)
    local query = {}
    for name, value in next, config do
        if names[name] and value ~= null then query[name] = value end
    end
    if type(query.orderBy) == "string" then query.orderBy = { query.orderBy } end
    return query
end
