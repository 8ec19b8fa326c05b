--- The names of an object, sorted, so that what is said about it has an order; keys that are no texts are left out.
-- Metatables are ignored. Needs nothing.

return function(object)
    local names = {}
    for key in next, object do
        if type(key) == "string" then names[#names + 1] = key end
    end
    table.sort(names)
    return names
end
