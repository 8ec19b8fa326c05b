--- What a sandboxed script may do with the host's handles: every call of a proxy comes here. A method that is not named
-- here is not there for a script.
-- Needs flexdb.core, flexdb.changes.

local core = require "flexdb.core"
local changes_of = require "flexdb.changes"

local PAGE <const> = 10000      -- records, ids or open results of one call
local JSON_BYTES <const> = 1 << 20 -- of a text to decode: what it becomes takes many times as much
local OPEN <const> = 64

local handles = {}

local unpack = table.unpack
local here = debug.getinfo(1, "S").short_src

-- ---- classes ----

local function names(text)
    local out = {}
    for name in text:gmatch "%S+" do out[name] = true end
    return out
end

local reads = "schema get get_many first find count each history diff at aggregate "

--- The classes of proxies by their numbers, as the core makes them.
handles.classes = {
    [0] = { name = "function", methods = {}, fields = {}, metamethods = {} },
    { name = "database", fields = names "application actor", metamethods = { __tostring = "tostring" },
        methods = names "create_table table tables drop_table restore_table rename_table apply transaction" },
    { name = "table", fields = names "name id version application", metamethods = { __tostring = "tostring" },
        methods = names(reads .. [[insert insert_many update update_all upsert delete delete_all restore plan evolve
            rollback purge]]) },
    { name = "view", fields = names "name id version application", metamethods = { __tostring = "tostring" },
        methods = names(reads) },
    { name = "builder", fields = {}, metamethods = {}, methods = names "add remove rename modify move table" },
    { name = "rows", fields = {}, metamethods = { __close = "close" }, methods = names "close" },
    { name = "state", fields = {}, methods = {},
        metamethods = { __index = "get", __newindex = "set", __pairs = "all" } },
}
handles.number = {}
for number, class in next, handles.classes do handles.number[class.name] = number end
local number = handles.number

local writes = names [[create_table drop_table restore_table rename_table apply transaction insert insert_many update
    update_all upsert delete delete_all restore evolve rollback purge]]

-- ---- what a script is limited to ----

local function refused(code, ...) return nil, core.error(code, (...):format(select(2, ...))) end

local function unknown(name) return refused("not_found", "there is no table %q for this script", tostring(name)) end

-- The name of a table that a document refers to and the script may not use.
local function stray_target(side, document, depth)
    if not side.tables or type(document) ~= "table" or (depth or 0) > 64 then return end
    local target = rawget(document, "targetTable")
    if type(target) == "string" and not side.tables[target] then return target end
    for _, value in next, document do
        local name = stray_target(side, value, (depth or 0) + 1)
        if name then return name end
    end
end

-- True, or nil and the error for a call that names what is not the script's.
local function allowed(side, documents, ...)
    if not side.tables then return true end
    for i = 1, select("#", ...) do
        local name = select(i, ...)
        if type(name) == "string" and not side.tables[name] then return unknown(name) end
    end
    local stray = stray_target(side, documents)
    if stray then return unknown(stray) end
    return true
end

local function ticket(side, class, value, pinned)
    local made = side.ticket(number[class], value, pinned)
    if made == nil then error(core.error("limit", "the script holds more than 1024 of the host's values"), 0) end
    return made
end

local kinds = { ["flexdb.table"] = "table", ["flexdb.view"] = "view", ["flexdb.database"] = "database" }

-- A result as the script gets it. A limited script does not learn which tables stand in its way.
local function wrap(side, value)
    if type(value) == "userdata" then
        local kind = kinds[getmetatable(value)]
        if kind then return ticket(side, kind, value) end
    elseif side.tables and type(value) == "table" and rawget(value, "code") == "reference" then
        return core.error("reference", "a reference stands in the way, or its record does not exist")
    end
    return value
end

local function wrap_all(side, ...)
    local count = select("#", ...)
    if count <= 2 then
        local first, second = ...
        if count == 0 then return end
        if count == 1 then return wrap(side, first) end
        return wrap(side, first), wrap(side, second)
    end
    local values = { ... }
    for i = 1, count do values[i] = wrap(side, values[i]) end
    return unpack(values, 1, count)
end

-- ---- databases ----

local database, tables, views, builders, rows, states = {}, {}, {}, {}, {}, {}

function database.table(side, db, name)
    local good, err = allowed(side, nil, name)
    if not good then return nil, err end
    return db:table(name)
end

function database.tables(side, db, given)
    local list, err = db:tables(given)
    if not list or not side.tables then return list, err end
    local own = core.array {}
    for _, each in ipairs(list) do
        if side.tables[each.name] then own[#own + 1] = each end
    end
    return own
end

function database.create_table(side, db, name, definition)
    local good, err = allowed(side, definition, name)
    if not good then return nil, err end
    return db:create_table(name, definition)
end

for _, method in ipairs { "drop_table", "restore_table", "rename_table" } do
    database[method] = function(side, db, ...)
        local good, err = allowed(side, nil, ...)
        if not good then return nil, err end
        return db[method](db, ...)
    end
end

function database.apply(side, db, definitions, given)
    if side.tables and type(definitions) == "table" then
        if type(given) == "table" and given.drop then
            return refused("read_only", "a script that is limited to named tables cannot drop the others")
        end
        for key, definition in next, definitions do
            local is = type(definition) == "table"
            local good, err = allowed(side, definition, math.type(key) ~= "integer" and key or nil,
                is and rawget(definition, "name") or nil, is and rawget(definition, "renamedFrom") or nil)
            if not good then return nil, err end
        end
    end
    return db:apply(definitions, given)
end

function database.transaction(side, db, fn, ...)
    if type(fn) ~= "function" then return db:transaction(fn) end -- which says so
    return db:transaction(function(_, ...) return fn(ticket(side, "database", db), ...) end, ...)
end

function database.tostring(_, db) return tostring(db) end

-- ---- tables ----

-- Changes as documents: a function gets a builder.
local function documents(side, changes)
    if type(changes) ~= "function" then return changes end
    return changes_of(function(t) changes(ticket(side, "builder", t)) end)
end

for _, method in ipairs { "evolve", "plan" } do
    tables[method] = function(side, t, changes, given)
        changes = documents(side, changes)
        local good, err = allowed(side, changes)
        if not good then return nil, err end
        return t[method](t, changes, given)
    end
end

-- About what a value takes in the script's memory.
local function weight(value)
    if type(value) == "string" then return 40 + #value end
    if type(value) ~= "table" then return 16 end
    local sum = 96
    for _, each in next, value do sum = sum + 40 + weight(each) end
    return sum
end

-- All of a result, as long as the script has room for it.
local function collect(side, t, query)
    local found, left = core.array {}, side.memory // 2
    local iterate, state, control, closing = t:each(query)
    if not iterate then return nil, state end
    local _ <close> = closing
    for row in iterate, state, control do
        left = left - weight(row)
        if left < 0 then
            return refused("limit", "the records take more memory than the script has for them: use each, or a limit")
        end
        found[#found + 1] = row
    end
    return found
end

local function queried(side, query)
    if type(query) == "table" and side.tables and rawget(query, "include") ~= nil then
        return refused("unsupported", "include is not there for a script that is limited to named tables")
    end
    return true
end

function tables.find(side, t, query)
    local good, err = queried(side, query)
    if not good then return nil, err end
    local limit = type(query) == "table" and rawget(query, "limit")
    if query == nil or (type(query) == "table" and not limit) then return collect(side, t, query) end
    if math.type(limit) == "integer" and limit > PAGE then
        return refused("limit", "a script gets at most %d records a page, limit is %d", PAGE, limit)
    end
    return t:find(query)
end

for _, method in ipairs { "first", "count", "aggregate" } do
    tables[method] = function(side, t, query)
        local good, err = queried(side, query)
        if not good then return nil, err end
        return t[method](t, query)
    end
end

function tables.get_many(_, t, ids)
    if type(ids) == "table" and rawlen(ids) > PAGE then
        return refused("limit", "a script gets at most %d records at once, asks for %d", PAGE, rawlen(ids))
    end
    return t:get_many(ids)
end

-- A result that is read step by step; what the script leaves open is closed when it ends.
function tables.each(side, t, query)
    local good, err = queried(side, query)
    if not good then return nil, err end
    if side.open_count >= OPEN then
        return refused("limit", "a script reads at most %d results at the same time", OPEN)
    end
    local iterate, state, control, closing = t:each(query)
    if not iterate then return nil, state end
    side.open[closing] = true
    side.open_count = side.open_count + 1
    local function step()
        local row = iterate(state, control)
        if row == nil then rows.close(side, closing) end
        return row
    end
    return ticket(side, "function", step), nil, nil, ticket(side, "rows", closing)
end

function rows.close(side, result)
    result:close()
    if not side.open[result] then return end
    side.open[result] = nil
    side.open_count = side.open_count - 1
end

function tables.tostring(_, t) return tostring(t) end

-- The others take what they are given.
for number_of = number.table, number.view do
    local calls = number_of == number.table and tables or views
    for method in next, handles.classes[number_of].methods do
        calls[method] = tables[method] or function(_, t, ...) return t[method](t, ...) end
    end
end
views.tostring = tables.tostring

-- ---- builders ----

for method in next, handles.classes[number.builder].methods do
    builders[method] = function(side, builder, ...)
        builder[method](builder, ...)
        return ticket(side, "builder", builder)
    end
end

-- ---- the state of a workflow: read and set by its names ----

function states.get(_, held, name) return held[name] end

function states.set(_, held, name, value)
    if type(name) ~= "string" then error("the names of the state are texts", 0) end
    held[name] = value
end

function states.all(side, held)
    local copy = {}
    for name, value in next, held do copy[name] = value end
    return ticket(side, "function", function(_, name) return next(copy, name) end)
end

local calls = {
    database = database, table = tables, view = views, builder = builders, rows = rows, state = states,
    ["function"] = { call = function(_, fn, ...) return fn(...) end },
}

-- ---- functions that need no handle ----

local function decode(text)
    if type(text) == "string" and #text > JSON_BYTES then
        return refused("limit", "a script decodes at most %d bytes of JSON at once, got %d", JSON_BYTES, #text)
    end
    return core.json.decode(text)
end

--- flexdb.… of a script.
handles.library = { ["json.encode"] = core.json.encode, ["json.decode"] = decode, ["diff"] = core.diff }

function handles.library.validate(definition, record)
    return require "flexdb".validate(definition, record)
end

-- ---- a sandbox's side ----

-- A mistake of the script's as the script made it: not where it was found here, nor how it was passed on.
local function as_made(message, method)
    if type(message) ~= "string" then return message end
    if message:sub(1, #here) == here then message = message:sub(#here + 1):gsub("^:%d+: ", "") end
    return (message:gsub("^bad argument #(%d+) to '%?'", function(position)
        return ("bad argument #%d to '%s'"):format(position - 1, method)
    end))
end

--- The host's side of one sandbox: `dispatch` is what every call of a proxy comes to, `finish` is called after a run.
-- `given` = { read_only =, tables = set of names or nil, memory = }. `ticket` is set by who makes it.
function handles.new(given)
    local side = {
        tables = given.tables, read_only = given.read_only, memory = given.memory, open = {}, open_count = 0,
    }
    local function call(object, class, method, ...)
        if method == "field" then return object[...] end
        if side.read_only and writes[method] then return refused("read_only", "the script may only read") end
        return wrap_all(side, calls[class][method](side, object, ...))
    end
    local function pass(method, good, ...)
        if good then return ... end
        error(as_made((...), method), 0)
    end
    function side.dispatch(object, class, method, ...)
        return pass(method, pcall(call, object, class, method, ...))
    end
    function side.finish()
        for result in next, side.open do result:close() end
        side.open, side.open_count = {}, 0
    end
    return side
end

return handles
