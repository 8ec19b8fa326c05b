--- The node flex-table: creates, reads, evolves and drops tables.
-- Needs flexdb.core (array, null, error), the methods of databases and tables, and flexdb.nodes.support.
--
-- Operations as in flex_record.lua.

local core = require "flexdb.core"
local once = require "flexdb.nodes.support.once"
local outcome = require "flexdb.nodes.support.outcome"
local scope = require "flexdb.nodes.support.scope"
local words = require "flexdb.nodes.support.words"

local function invalid(path, message)
    local err = core.error("invalid_document", message)
    err.issues = core.array { { path = path, rule = "value", message = message } }
    return nil, err
end

local function copy(value)
    if type(value) ~= "table" then return value end
    local out = setmetatable({}, getmetatable(value))
    for key, item in next, value do out[key] = copy(item) end
    return out
end

-- ---------------------------------------------------------------------------------------------------- what is told

-- The state gets a definition of its own beside that in the table, so that changing one leaves the other.
local function tell_table(state, result)
    local info = result.table
    state.flexTable, state.flexTableId, state.flexTableSchema = info, info.id, copy(info.schema)
    return { table = info, tableId = info.id, schema = info.schema, version = info.version, entry = result.entry }
end

local function with_info(db, t, result)
    local info, err = db:table_info(t.id)
    if not info then return nil, err end
    result.table = info
    return result
end

-- ---------------------------------------------------------------------------------------------------- operations

local operations = {}

local function add(name, operation) operations[name] = words.operation(operation) end

-- An operation on the table that the step names.
local function on_table(name, operation)
    operation.words.tableId, operation.words.tableName = "text", "text"
    operation.on_table = true
    add(name, operation)
end

local definition_words = { "columns", "displayName", "description", "checks", "indexes", "compatibility" }

add("create", {
    edges = { "success", "exists" },
    writes = true, needs = { "tableName", "columns" },
    words = {
        tableName = "text", columns = "array", displayName = "text", description = "text", checks = "array",
        indexes = "array", compatibility = "text",
    },
    work = function(db, config)
        local definition = {}
        for _, word in ipairs(definition_words) do definition[word] = config[word] end
        local t, err = db:create_table(config.tableName, definition)
        if not t then return nil, err end
        return with_info(db, t, {})
    end,
    tell = tell_table,
})

on_table("get", {
    edges = { "success", "not_found" },
    words = {},
    work = function(db, _, t) return with_info(db, t, {}) end,
    tell = tell_table,
})

add("list", {
    edges = { "success" },
    words = { includeDeleted = "boolean" },
    work = function(db, config)
        local tables, err = db:tables { schemas = true, deleted = config.includeDeleted }
        return tables and { tables = tables }, err
    end,
    tell = function(state, result)
        state.flexTables = result.tables
        return { tables = result.tables, count = #result.tables }
    end,
})

-- ------------------------------------------------------------------------------------------------ evolution

local evolution_words = {
    dryRun = "boolean", expectVersion = "version", message = "text", onInvalid = "text",
}

local function evolving(own)
    for word, kind in next, evolution_words do own[word] = kind end
    return own
end

local on_invalid_values = { stop = true, null = true, ignore = true }

-- The options of evolve; nil and an error. `key`: those of once.
local function options_of(config, key)
    local on_invalid = config.onInvalid
    if on_invalid and not on_invalid_values[on_invalid] then
        return invalid("onInvalid", ("onInvalid must be \"stop\", \"null\" or \"ignore\", is %q"):format(on_invalid))
    end
    return {
        dry_run = config.dryRun, expect_version = config.expectVersion,
        message = config.message, on_invalid = on_invalid,
        once_key = key and key.once_key, once_step = key and key.once_step,
    }
end

local function evolved(db, t, options, entry)
    if options.dry_run then return { plan = entry, text = tostring(entry) } end
    return with_info(db, t, { entry = entry })
end

local function tell_evolution(state, result)
    if not result.plan then return tell_table(state, result) end
    state.flexTablePlan = result.plan
    return { plan = result.plan, text = result.text }, "plan"
end

on_table("update", {
    edges = { "success", "plan", "conflict", "not_found" },
    writes = true, evolves = true, needs = { "changes" }, words = evolving { changes = "document" },
    work = function(db, config, t, key)
        local options, err = options_of(config, key)
        if not options then return nil, err end
        local entry
        entry, err = t:evolve(config.changes, options)
        if not entry then return nil, err end
        return evolved(db, t, options, entry)
    end,
    tell = tell_evolution,
})

on_table("plan", {
    edges = { "plan", "conflict", "not_found" },
    needs = { "changes" }, words = { changes = "document", expectVersion = "version", onInvalid = "text" },
    work = function(_, config, t)
        local options, err = options_of(config)
        if not options then return nil, err end
        local plan
        plan, err = t:plan(config.changes, options)
        return plan and { plan = plan, text = tostring(plan) }, err
    end,
    tell = tell_evolution,
})

on_table("rollback", {
    edges = { "success", "plan", "conflict", "not_found" },
    writes = true, evolves = true, needs = { "version" }, words = evolving { version = "version" },
    work = function(db, config, t, key)
        local options, err = options_of(config, key)
        if not options then return nil, err end
        local entry
        entry, err = t:rollback(math.tointeger(config.version), options)
        if not entry then return nil, err end
        return evolved(db, t, options, entry)
    end,
    tell = tell_evolution,
})

on_table("history", {
    edges = { "success", "not_found" },
    words = { from = "version", to = "version", schemas = "boolean" },
    work = function(_, config, t)
        local entries, err = t:history {
            from = config.from, to = config.to, schemas = config.schemas,
        }
        return entries and { entries = entries }, err
    end,
    tell = function(state, result)
        state.flexTableHistory = result.entries
        return { entries = result.entries, count = #result.entries }
    end,
})

on_table("diff", {
    edges = { "success", "not_found" },
    needs = { "from" }, words = { from = "version", to = "version" },
    work = function(_, config, t)
        local changes, err = t:diff(math.tointeger(config.from), math.tointeger(config.to or t.version))
        return changes and { changes = changes }, err
    end,
    tell = function(state, result)
        state.flexTableChanges = result.changes
        return { changes = result.changes, count = #result.changes }
    end,
})

-- ------------------------------------------------------------------------------------------------ drop and restore

on_table("delete", {
    edges = { "success", "not_found" },
    writes = true, words = {},
    work = function(db, _, t)
        local ok, err = db:drop_table(t.name)
        if not ok then return nil, err end
        return with_info(db, t, {})
    end,
    tell = function(state, result)
        local data = tell_table(state, result)
        state.deleted, data.deleted = true, true
        return data
    end,
})

add("restore", {
    edges = { "success", "exists", "not_found" },
    writes = true, words = { tableId = "text", tableName = "text" },
    work = function(db, _, name)
        local t, err = db:restore_table(name)
        if not t then return nil, err end
        return with_info(db, t, {})
    end,
    restores = true,
    tell = tell_table,
})

-- ---------------------------------------------------------------------------------------------------- the node

-- The database of a step, and its work, as once wants it; nil and an error.
local function begin(context, config, operation)
    local kind, name
    local about_table = operation.on_table or operation.restores
    if about_table then kind, name = scope.naming(context.state, config) end
    local db, why = scope.database(context, config, kind, name)
    if not db then return nil, why end
    return db, function(key)
        if not about_table then return operation.work(db, config) end
        if not kind then return nil, name end
        if operation.restores then return operation.work(db, config, name) end
        local t, err = scope.table(db, kind, name)
        if not t then return nil, err end
        return operation.work(db, config, t, key)
    end
end

-- What an evolution has given that was done before: the table as that made it, whatever became of it since.
local function as_of(db, kept)
    local info, err = db:table_info(kept.tableId)
    if not info then return nil, err end
    info.schema, info.version = kept.entry.newSchema, kept.entry.version
    return { table = info, entry = kept.entry }
end

-- Whoever goes on when the table exists goes on with that one.
local function take_existing(state, db, name)
    local t = db:table(name)
    local info = t and db:table_info(t.id)
    if info then tell_table(state, { table = info }) end
end

local function run(context, config, operation)
    local db, work = begin(context, config, operation)
    if not db then return nil, work end
    local keyed = operation.writes and not config.dryRun and config.idempotencyKey ~= nil
    local result, err, other
    if not keyed then
        result, err = work()
    elseif operation.evolves then
        result, err, other = once.evolve(db, context, "flex-table", config, work)
        if result and not result.table then result, err = as_of(db, result) end
    else
        result, err, other = once.write(db, context, "flex-table", config, work)
    end
    if not result and err.code == "exists" and config.operation == "create" then
        take_existing(context.state, db, config.tableName)
    end
    return result, err, other
end

local function execute(context, given, plan)
    local operation, config = words.read(operations, given, plan)
    if not operation then return outcome(context, config) end
    local result, why, other = run(context, config, operation)
    if not result then return outcome(context, why, other ~= once.foreign and operation.edge_of_code) end
    local data, edge = operation.tell(context.state, result)
    return edge or "success", data
end

return {
    metadata = {
        id = "flex-table",
        name = "Tables",
        version = "1.0.0",
        description = "Creates, reads, changes and drops tables while a workflow runs",
        inputs = words.all(operations),
        outputs = {
            "flexTable", "flexTableId", "flexTableSchema", "flexTables", "flexTablePlan", "flexTableHistory",
            "flexTableChanges", "deleted", "error", "errorCode",
        },
        edges = {
            success = "it was done",
            plan = "what update, plan or rollback would do; nothing was changed",
            exists = "there is a table of this name; after create the state holds it",
            not_found = "there is no such table, or no such version of it",
            conflict = "the table has another version than the step expects, or its compatibility forbids the change",
            error = "it could not be done: the state's error says why",
        },
        edges_of = words.edges_of(operations),
        required = words.required(operations),
        certain = { "applicationId", "tableId", "tableName", "version", "expectVersion", "idempotencyKey" },
        strict = true,
        hints = {
            purpose = "Defines tables and changes them, without a migration and without losing a value",
            whenToUse = "When a workflow needs a table, or what it receives no longer fits the table it has",
            exampleConfig = {
                operation = "create", tableName = "contacts",
                columns = { { name = "email", dataType = "string", required = true, unique = true } },
            },
            getFromState = { "applicationId", "userId", "flexTableId" },
            postToState = { "flexTable", "flexTableId", "flexTableSchema", "flexTables", "deleted" },
        },
    },
    operations = operations,
    check = words.check(operations),
    plan = words.plan(operations),
    plan_final = words.plan_final(operations),
    execute = execute,
}
