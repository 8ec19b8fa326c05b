-- A table that the specs of the binding share.

local contacts = {}

contacts.definition = {
    columns = {
        { name = "email", dataType = "string", required = true, unique = true, validation = { format = "email" } },
        { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
        { name = "notes", dataType = "text" },
        { name = "tags", dataType = "json" },
    },
}

local serial = 0
--- An address that no other call gives.
function contacts.email()
    serial = serial + 1
    return ("u%d@example.org"):format(serial)
end

return contacts
