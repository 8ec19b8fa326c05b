--- The node flex-record: reads and writes the records of one table.
-- Needs flexdb.core (array, null, error), the methods of databases and tables, and flexdb.nodes.support.
--
-- An operation has `work`, which does it and returns a result that can be JSON, or nil and an error; and `tell`, which
-- says of a result what the state and the next step get. A write with an idempotency key keeps its result, so that it
-- can be told again.

local core = require "flexdb.core"
local once = require "flexdb.nodes.support.once"
local outcome = require "flexdb.nodes.support.outcome"
local query_of = require "flexdb.nodes.support.query"
local record_of = require "flexdb.nodes.support.record"
local scope = require "flexdb.nodes.support.scope"
local words = require "flexdb.nodes.support.words"

local given = words.given

local function invalid(path, message)
    local err = core.error("invalid_document", message)
    err.issues = core.array { { path = path, rule = "required", message = message } }
    return nil, err
end

-- ------------------------------------------------------------------------------------------------ what a step is about

-- The record that the step names, or else the one of the state: { id, tableId, version }, the last two only where the
-- state knows them. nil and an error.
local function aim(state, config, operation)
    local id, held = given(config, "recordId"), rawget(state, "flexRecord")
    if type(held) ~= "table" then held = {} end
    if id == nil then
        id = rawget(state, "flexRecordId")
        if id == nil or id == core.null then
            return invalid("recordId", operation .. " needs recordId: it is missing, and the state has no flexRecordId")
        elseif type(id) ~= "string" then
            return invalid("recordId", ("the state's flexRecordId must be a text, is a %s"):format(type(id)))
        end
    end
    if rawget(held, "id") ~= id then return { id = id } end
    return { id = id, tableId = rawget(held, "tableId"), version = rawget(held, "version") }
end

-- The state's record must be one of this table where nothing else names it: ids that scripts bring may repeat.
local function check_aim(t, target, config)
    if given(config, "recordId") ~= nil or target.tableId == nil or target.tableId == t.id then return true end
    return invalid("recordId",
        ("recordId is missing, and the state's flexRecord is no record of table %q"):format(t.name))
end

-- A version that the state knows: of the record that a step before has read.
local function version_of(target, config)
    return given(config, "version") or math.tointeger(target.version)
end

-- ---------------------------------------------------------------------------------------------------- what is told

local function tell_record(state, result)
    local record = result.record
    state.flexRecord, state.flexRecordId = record, record.id
    return { record = record, recordId = record.id, version = record.version }, 1
end

local function tell_count(state, result)
    state.flexRecordCount = result.count
    return { count = result.count }, result.count
end

-- ---------------------------------------------------------------------------------------------------- operations

local operations = {}

local of_table = { tableId = "text", tableName = "text" }

local function add(name, operation)
    for word, kind in next, of_table do operation.words[word] = kind end
    operation.edge_of_code = words.edge_of_code(operation.edges)
    operations[name] = operation
end

add("insert", {
    edges = { "success" },
    writes = true, needs = { "data" }, words = { data = "object" },
    work = function(t, config)
        local row, err = t:insert(config.data)
        return row and { record = record_of(row, t) }, err
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
        local on_error = given(config, "onError")
        if on_error and on_error ~= "stop" and on_error ~= "skip" then
            return invalid("onError", ("onError must be \"stop\" or \"skip\", is %q"):format(on_error))
        end
        local options = { on_error = on_error, max_errors = given(config, "maxErrors") }
        local result, err = t:insert_many(config.records, options)
        if not result then return nil, err end
        return { count = result.inserted, errors = plain_errors(result.errors), errorCount = result.error_count or 0 }
    end,
    tell = function(state, result)
        state.flexRecordCount, state.flexRecordErrors = result.count, result.errors
        return { count = result.count, errors = result.errors, errorCount = result.errorCount }, result.count
    end,
})

add("findOne", {
    edges = { "found", "not_found" },
    words = {
        recordId = "text", filter = "object", orderBy = "list", select = "array", include = "document",
        includeDeleted = "boolean",
    },
    aims = function(config) return given(config, "filter") == nil end,
    work = function(t, config, target)
        if given(config, "recordId") ~= nil and given(config, "filter") ~= nil then
            return invalid("filter", "findOne takes recordId or filter, not both")
        end
        local row, err
        local query = query_of(config)
        if target and next(query) == nil then
            row, err = t:get(target.id)
        else
            if target then query.filter = { id = target.id } end
            row, err = t:first(query)
        end
        if err then return nil, err end
        return { record = row and record_of(row, t), sought = target and target.id }
    end,
    tell = function(state, result)
        if result.record then
            local data, count = tell_record(state, result)
            return data, count, "found"
        end
        -- A step behind this one must not take the record before for the one that was sought.
        state.flexRecord, state.flexRecordId = nil, nil
        return core.error("not_found", result.sought and ("there is no record %q"):format(result.sought)
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
        local records = core.array {}
        for i, row in ipairs(rows) do records[i] = record_of(row, t) end
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
    aims = true,
    work = function(t, config, target)
        local row, err = t:update(target.id, config.data, { version = version_of(target, config) })
        return row and { record = record_of(row, t) }, err
    end,
    tell = tell_record,
})

add("updateMany", {
    edges = { "success" },
    writes = true, needs = { "data" }, words = { filter = "object", data = "object", all = "boolean" },
    work = function(t, config)
        local count, err = t:update_all({ filter = given(config, "filter"), all = given(config, "all") }, config.data)
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
        return { record = record_of(row, t), action = action }
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
    aims = true,
    work = function(t, config, target)
        local ok, err = t:delete(target.id, { hard = given(config, "hardDelete"), version = given(config, "version") })
        return ok and { recordId = target.id }, err
    end,
    tell = function(state, result)
        state.deleted = true
        return { deleted = true, recordId = result.recordId }, 1
    end,
})

add("restore", {
    edges = { "success", "not_found" },
    writes = true, words = { recordId = "text" },
    aims = true,
    work = function(t, _, target)
        local ok, err = t:restore(target.id)
        if not ok then return nil, err end
        local row
        row, err = t:get(target.id)
        if not row then return nil, err or core.error("not_found", ("there is no record %q"):format(target.id)) end
        return { record = record_of(row, t) }
    end,
    tell = tell_record,
})

-- ---------------------------------------------------------------------------------------------------- the node

-- Comes with the error of a table that is not there: a fault of the step, and no record that is not found.
local missing_table = {}

-- What the step is about: what names its table, and the record if it is about one; nil and an error.
local function find_aim(state, config, operation)
    local aims, target, err = operation.aims
    if type(aims) == "function" then aims = aims(config) end
    if aims then
        target, err = aim(state, config, config.operation)
        if not target then return nil, err end
    end
    local kind, name, id = scope.naming(state, config, target)
    return kind, name, id, target
end

local function run(context, config, operation)
    local kind, name, id, target = find_aim(context.state, config, operation)
    local db, err = scope.database(context, config, id)
    if not db then return nil, err end
    local function work()
        if not kind then return nil, name end
        local t, good, why
        t, why = scope.table(db, kind, name)
        if not t then return nil, why, missing_table end
        if target then
            good, why = check_aim(t, target, config)
            if not good then return nil, why end
        end
        return operation.work(t, config, target)
    end
    if not operation.writes or given(config, "idempotencyKey") == nil then return work() end
    return once.write(db, context, "flex-record", config, work)
end

local function execute(context, config)
    local err = words.fault(operations, config)
    if err then return outcome(context, err) end
    local operation = operations[config.operation]
    local result, why, other = run(context, config, operation)
    if not result then return outcome(context, why, other == nil and operation.edge_of_code) end
    local data, records, edge = operation.tell(context.state, result)
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
    execute = execute,
}
