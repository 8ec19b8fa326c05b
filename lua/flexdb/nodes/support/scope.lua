--- Where a step works: the database seen as its application and actor, and the table that it is about.
-- Needs flexdb.core (error) and the methods of databases and tables.

local core = require "flexdb.core"
local kind_of = require "flexdb.workflow.state".kind

local scope = {}

local null = core.null

-- db → { [application] = { [actor] = view } }: a run's steps mostly share one.
local views = setmetatable({}, { __mode = "k" })

local function invalid(path, message)
    local err = core.error("invalid_document", message)
    err.issues = core.array { { path = path, rule = "value", message = message } }
    return nil, err
end

-- The first of these that says something.
local function text_of(name, ...)
    for i = 1, select("#", ...) do
        local value = select(i, ...)
        if math.type(value) == "integer" then value = tostring(value) end
        if value ~= nil and value ~= core.null then
            if type(value) == "string" then return value end
            return invalid(name, ("%s must be a text, is a %s"):format(name, type(value)))
        end
    end
end

local function check_application(application)
    if #application == 0 or #application > 128 or not utf8.len(application) or application:find("\0", 1, true) then
        return invalid("applicationId", "applicationId must be 1 to 128 bytes of UTF-8")
    end
    return application
end

local function check_actor(actor)
    local length = utf8.len(actor)
    if not length or length > 128 or actor:find("\0", 1, true) then
        return invalid("userId", "userId must be at most 128 characters of UTF-8")
    end
    return actor
end

local function view_of(db, application, actor)
    if application == db.application and actor == db.actor then return db end
    local of_db = views[db]
    if not of_db then
        of_db = {}
        views[db] = of_db
    end
    local of_application = of_db[application]
    if not of_application then
        of_application = setmetatable({}, { __mode = "v" })
        of_db[application] = of_application
    end
    local view = of_application[actor or false]
    if not view then
        view = db:with { application = application, actor = actor }
        of_application[actor or false] = view
    end
    return view
end

-- The application of the table with this id, where the state holds the table or a record of it.
local function application_of(state, id)
    local held = rawget(state, "flexTable")
    if type(held) == "table" and rawget(held, "id") == id then return rawget(held, "applicationId") end
    held = rawget(state, "flexRecord")
    if type(held) == "table" and rawget(held, "tableId") == id then return rawget(held, "applicationId") end
end

--- The database as the step sees it: the application that its configuration names, else the state, else that of the
-- table with the id that `naming` gives if the state holds that, else the handle's; the actor that is the state's
-- userId, else the run's, else the handle's. nil and an error.
function scope.database(context, config, kind, table_id)
    local db, state = context.db, context.state
    if not db then return nil, core.error("invalid_document", "this node needs a database: the run has none") end
    local asked, user, held = config.applicationId, state.userId, state.applicationId
    if asked == null then asked = nil end
    if asked == nil and held == nil and kind == "id" then held = application_of(state, table_id) end
    if asked == nil and user == nil and held == nil and context.actor == nil then return db end
    local application, actor, err
    application, err = text_of("applicationId", asked, held, db.application)
    if application then application, err = check_application(application) end
    if not application then return nil, err end
    if context.confined and application ~= db.application then
        return invalid("applicationId", "a sandboxed workflow keeps to its own application")
    end
    actor, err = text_of("userId", user, context.actor, db.actor)
    if actor then actor, err = check_actor(actor) end
    if err then return nil, err end
    return view_of(db, application, actor)
end

-- What the step itself says, as `naming` gives it.
local function named(kind, word, text)
    if type(text) ~= "string" then return invalid(word, ("%s must be a text, is %s"):format(word, kind_of(text))) end
    return kind, text
end

--- What names the step's table: "id" or "name", and the text. `record`, the record that the step is about as the state
-- holds it, has the last word but one. nil and an error.
function scope.naming(state, config, record)
    local id, name = config.tableId, config.tableName
    if id ~= nil and id ~= null then return named("id", "tableId", id) end
    if name ~= nil and name ~= null then return named("name", "tableName", name) end
    if record and type(record.tableId) == "string" then return "id", record.tableId end
    id = state.flexTableId
    if id == nil or id == null then
        return invalid("tableName",
            "there is no table: tableId and tableName are missing, and the state has no flexTableId")
    end
    if type(id) ~= "string" then
        return invalid("tableId", ("the state's flexTableId must be a text, is a %s"):format(type(id)))
    end
    return "id", id
end

--- The table; nil and an error.
function scope.table(db, kind, text)
    if kind == "id" then return db:table_by_id(text) end
    return db:table(text)
end

--- All that the catalogue knows of a table, as it stands in a state.
function scope.info(db, id) return db:table_info(id) end

return scope
