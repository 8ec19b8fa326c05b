--- The node flex-record: reads and writes the records of one table.
-- Needs flexdb.core (array, null, error), the methods of databases and tables, and flexdb.nodes.support.
--
-- An operation has `work`, which does it and returns a result, or nil and an error; and `tell`, which says of a result
-- what the state and the next step get. A write with an idempotency key keeps its result, a table that can be JSON, so
-- that it can be told again.

local core = require "flexdb.core"
local once = require "flexdb.nodes.support.once"
local outcome = require "flexdb.nodes.support.outcome"
local query_of = require "flexdb.nodes.support.query"
local record_of = require "flexdb.nodes.support.record"
local scope = require "flexdb.nodes.support.scope"
local words = require "flexdb.nodes.support.words"

local function invalid(path, message)
    local err = core.error("invalid_document", message)
    err.issues = core.array { { path = path, rule = "required", message = message } }
    return nil, err
end

-- ------------------------------------------------------------------------------------------------ what a step is about

-- A record of which the state knows nothing.
local unknown <const> = {}

-- The record that the step names, or else the one of the state: its id, and the state's record if it is that one. nil
-- and an error.
local function aim(state, config, operation)
    local id, held = config.recordId, state.flexRecord
    if id == nil then
        id = state.flexRecordId
        if id == nil or id == core.null then
            return invalid("recordId", operation .. " needs recordId: it is missing, and the state has no flexRecordId")
        elseif type(id) ~= "string" then
            return invalid("recordId", ("the state's flexRecordId must be a text, is a %s"):format(type(id)))
        end
    end
    if type(held) ~= "table" or held.id ~= id then held = unknown end
    return id, held
end

-- The record that nothing but the state names must be one of this table: ids that scripts bring may repeat.
local function check_held(t, held)
    if held.tableId == nil or held.tableId == t.id then return true end
    return invalid("recordId",
        ("recordId is missing, and the state's flexRecord is no record of table %q"):format(t.name))
end

-- A version that the state knows: of the record that a step before has read.
local function version_of(held, config) return config.version or math.tointeger(held.version) end

-- ---------------------------------------------------------------------------------------------------- what is told

local function show(state, record)
    local id = record.id
    state.flexRecord, state.flexRecordId = record, id
    return { record = record, recordId = id, version = record.version }
end

local function tell_record(state, result) return show(state, result.record), 1 end

local function tell_count(state, result)
    state.flexRecordCount = result.count
    return { count = result.count }, result.count
end

-- ---------------------------------------------------------------------------------------------------- operations

local operations = {}

-- For `aims`: whether the operation is about one record.
local function always() return true end

local of_table = { tableId = "text", tableName = "text" }

local function add(name, operation)
    for word, kind in next, of_table do operation.words[word] = kind end
    operations[name] = words.operation(operation)
end

add("insert", {
    edges = { "success" },
    writes = true, needs = { "data" }, words = { data = "object" },
    work = function(t, config)
        local row, err = t:insert(config.data)
        return row and { record = record_of(row, t.id, t.application) }, err
    end,
    tell = tell_record,
})

-- Errors as plain documents.
local function plain_errors(errors)
    local list = core.array {}
    for i, err in ipairs(errors) do
        list[i] = { code = err.code, message = err.message, issues = core.array { table.unpack(err.issues) } }
    end
    return list
end

add("insertMany", {
    edges = { "success" },
    writes = true, needs = { "records" }, words = { records = "array", onError = "text", maxErrors = "count" },
    work = function(t, config)
        local on_error = config.onError
        if on_error and on_error ~= "stop" and on_error ~= "skip" then
            return invalid("onError", ("onError must be \"stop\" or \"skip\", is %q"):format(on_error))
        end
        local options = { on_error = on_error, max_errors = config.maxErrors }
        local result, err = t:insert_many(config.records, options)
        if not result then return nil, err end
        return { count = result.inserted, errors = plain_errors(result.errors), errorCount = result.error_count or 0 }
    end,
    tell = function(state, result)
        state.flexRecordCount, state.flexRecordErrors = result.count, result.errors
        return { count = result.count, errors = result.errors, errorCount = result.errorCount }, result.count
    end,
})

-- The result of findOne where there is no record.
local none <const> = {}

-- Whether the record as it stands is wanted.
local function is_plain(config)
    return config.select == nil and config.include == nil and config.includeDeleted == nil and config.orderBy == nil
end

add("findOne", {
    edges = { "found", "not_found" },
    words = {
        recordId = "text", filter = "object", orderBy = "list", select = "array", include = "document",
        includeDeleted = "boolean",
    },
    aims = function(config) return config.filter == nil end,
    work = function(t, config, id)
        if not id and config.recordId ~= nil then
            return invalid("filter", "findOne takes recordId or filter, not both")
        end
        local row, err
        if id and is_plain(config) then
            row, err = t:get(id)
        else
            local query = query_of(config)
            if id then query.filter = { id = id } end
            row, err = t:first(query)
        end
        if err then return nil, err end
        return row and record_of(row, t.id, t.application) or none
    end,
    tell = function(state, result, config)
        if result ~= none then return show(state, result), 1, "found" end
        local sought = config.filter == nil and (config.recordId or state.flexRecordId)
        -- A step behind this one must not take the record before for the one that was sought.
        state.flexRecord, state.flexRecordId = nil, nil
        return core.error("not_found", sought and ("there is no record %q"):format(sought)
            or "there is no record that the filter selects"), 0, "not_found"
    end,
})

add("findMany", {
    edges = { "success", "empty" },
    words = {
        filter = "object", orderBy = "list", limit = "count", offset = "count", after = "text", select = "array",
        include = "document", includeDeleted = "boolean",
    },
    work = function(t, config)
        local rows, err = t:find(query_of(config))
        if not rows then return nil, err end
        local records, table_id, application = core.array {}, t.id, t.application
        for i = 1, #rows do records[i] = record_of(rows[i], table_id, application) end
        return { records = records, next = rows.next }
    end,
    tell = function(state, result)
        local records = result.records
        state.flexRecords, state.flexRecordCount, state.flexRecordNext = records, #records, result.next
        return { records = records, count = #records, next = result.next }, #records,
            #records == 0 and "empty" or "success"
    end,
})

add("count", {
    edges = { "success" },
    words = { filter = "object", includeDeleted = "boolean" },
    work = function(t, config)
        local count, err = t:count(query_of(config))
        return count and { count = count }, err
    end,
    tell = function(state, result)
        local data = tell_count(state, result)
        return data, 0
    end,
})

add("update", {
    edges = { "success", "conflict", "not_found" },
    writes = true, needs = { "data" }, words = { recordId = "text", data = "object", version = "version" },
    aims = always,
    work = function(t, config, id, held)
        local row, err = t:update(id, config.data, { version = version_of(held, config) })
        return row and { record = record_of(row, t.id, t.application) }, err
    end,
    tell = tell_record,
})

add("updateMany", {
    edges = { "success" },
    writes = true, needs = { "data" }, words = { filter = "object", data = "object", all = "boolean" },
    work = function(t, config)
        local count, err = t:update_all({ filter = config.filter, all = config.all }, config.data)
        return count and { count = count }, err
    end,
    tell = tell_count,
})

add("upsert", {
    edges = { "success" },
    writes = true, needs = { "data", "on" }, words = { data = "object", on = "text" },
    work = function(t, config)
        local row, action = t:upsert(config.data, { on = config.on })
        if not row then return nil, action end
        return { record = record_of(row, t.id, t.application), action = action }
    end,
    tell = function(state, result)
        local data = tell_record(state, result)
        state.flexRecordAction, data.action = result.action, result.action
        return data, 1
    end,
})

add("delete", {
    edges = { "success", "conflict", "not_found" },
    writes = true, words = { recordId = "text", hardDelete = "boolean", version = "version" },
    aims = always,
    work = function(t, config, id)
        local ok, err = t:delete(id, { hard = config.hardDelete, version = config.version })
        return ok and { recordId = id }, err
    end,
    tell = function(state, result)
        state.deleted = true
        return { deleted = true, recordId = result.recordId }, 1
    end,
})

add("restore", {
    edges = { "success", "not_found" },
    writes = true, words = { recordId = "text" },
    aims = always,
    work = function(t, _, id)
        local ok, err = t:restore(id)
        if not ok then return nil, err end
        local row
        row, err = t:get(id)
        if not row then return nil, err or core.error("not_found", ("there is no record %q"):format(id)) end
        return { record = record_of(row, t.id, t.application) }
    end,
    tell = tell_record,
})

-- ---------------------------------------------------------------------------------------------------- the node

-- Comes with the error of a table that is not there: a fault of the step, and no record that is not found.
local missing_table = {}

-- What the step is about: what names its table, and, if it is about one, the id of the record and what the state holds
-- of it; nil and an error.
local function find_aim(state, config, operation)
    local id, held
    if operation.aims and operation.aims(config) then
        id, held = aim(state, config, config.operation)
        if not id then return nil, held end
    end
    local kind, name = scope.naming(state, config, held)
    return kind, name, id, held
end

-- Does the operation on what find_aim has found.
local function work(db, config, operation, kind, name, id, held)
    if not kind then return nil, name end
    local t, err = scope.table(db, kind, name)
    if not t then return nil, err, missing_table end
    if id and config.recordId == nil then
        local good, why = check_held(t, held)
        if not good then return nil, why end
    end
    return operation.work(t, config, id, held)
end

local function run(context, config, operation)
    local kind, name, id, held = find_aim(context.state, config, operation)
    local db, err = scope.database(context, config, kind, name)
    if not db then return nil, err end
    if not operation.writes or config.idempotencyKey == nil then
        return work(db, config, operation, kind, name, id, held)
    end
    return once.write(db, context, "flex-record", config, function()
        return work(db, config, operation, kind, name, id, held)
    end)
end

local function execute(context, given, plan)
    local operation, config = words.read(operations, given, plan)
    if not operation then return outcome(context, config) end
    local result, why, other = run(context, config, operation)
    if not result then return outcome(context, why, other == nil and operation.edge_of_code) end
    local data, records, edge = operation.tell(context.state, result, config)
    context.records = records
    if edge == "not_found" then return outcome(context, data, operation.edge_of_code) end
    return edge or "success", data
end

return {
    metadata = {
        id = "flex-record",
        name = "Records",
        version = "1.0.0",
        description = "Inserts, finds, changes and deletes the records of a table",
        inputs = words.all(operations),
        outputs = {
            "flexRecord", "flexRecordId", "flexRecords", "flexRecordCount", "flexRecordNext", "flexRecordErrors",
            "flexRecordAction", "deleted", "error", "errorCode",
        },
        edges = {
            success = "it was done; of findMany, records were found",
            found = "findOne has found the record",
            not_found = "there is no such record",
            empty = "findMany has found no record",
            conflict = "the record has another version than the step expects",
            error = "it could not be done: the state's error says why",
        },
        edges_of = words.edges_of(operations),
        required = words.required(operations),
        certain = { "applicationId", "tableId", "tableName", "recordId", "filter", "version", "idempotencyKey" },
        strict = true,
        hints = {
            purpose = "Reads and writes the records of a table, validated by its definition",
            whenToUse = "When a workflow stores what it has received, looks something up, or changes what is stored",
            exampleConfig = { operation = "insert", tableName = "contacts", data = { email = "ada@example.org" } },
            getFromState = { "applicationId", "userId", "flexTableId", "flexRecord", "flexRecordId" },
            postToState = { "flexRecord", "flexRecordId", "flexRecords", "flexRecordCount", "deleted" },
        },
    },
    operations = operations,
    check = words.check(operations),
    plan = words.plan(operations),
    plan_final = words.plan_final(operations),
    execute = execute,
}
