--- A record as it stands in a state: the columns under `data`, the system fields beside it.
-- Needs nothing.

--- { id, tableId, applicationId, data, version, createdAt, updatedAt, deletedAt } of a row, which becomes the data.
return function(row, table_id, application)
    local record = {
        id = row.id, tableId = table_id, applicationId = application, data = row, version = row._version,
        createdAt = row.created_at, updatedAt = row.updated_at, deletedAt = row.deleted_at,
    }
    row.id, row._version, row.created_at, row.updated_at, row.deleted_at = nil, nil, nil, nil, nil
    return record
end
