--- The query that a step's words make: `orderBy` may also be one column, as a text.
-- Needs flexdb.nodes.support.words.

local given = require "flexdb.nodes.support.words".given

local names <const> = { "filter", "orderBy", "limit", "offset", "after", "select", "include", "includeDeleted" }

--- The query, a table of its own; empty where the configuration has none of its words.
return function(config)
    local query = {}
    for i = 1, #names do query[names[i]] = given(config, names[i]) end
    if type(query.orderBy) == "string" then query.orderBy = { query.orderBy } end
    return query
end
