--- A record as it stands in a state: the columns under `data`, the system fields beside it.
-- Needs nothing.

local system = { id = true, created_at = true, updated_at = true, deleted_at = true, _version = true }

--- { id, tableId, applicationId, data, version, createdAt, updatedAt, deletedAt } of a row of this table.
return function(row, t)
    local data = {}
    for key, value in next, row do
        if not system[key] then data[key] = value end
    end
    return {
        id = row.id, tableId = t.id, applicationId = t.application, data = data, version = row._version,
        createdAt = row.created_at, updatedAt = row.updated_at, deletedAt = row.deleted_at,
    }
end
