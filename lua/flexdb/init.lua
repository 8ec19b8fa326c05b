--- FlexDB: tables that Lua scripts define, fill and change while they run.
-- `require "flexdb"`. Needs flexdb.core, the C module, and flexdb.mysql at the first `mysql:` URL.

local core = require "flexdb.core"
local options = require "flexdb.options"
local unsupported = require "flexdb.unsupported"

local flexdb = {
    null = core.null,
    array = core.array,
    json = core.json,
    version = core.version,
    diff = core.diff,
    validator = core.validator,
    doctor = require "flexdb.doctor",
}

-- What the core does not do alone.
local database, tables, views = core.methods.database, core.methods.table, core.methods.view
database.transaction = require "flexdb.transaction"
tables.insert_many = require "flexdb.insert_many"
for name, method in next, (require "flexdb.evolve") do tables[name] = method end
tables.purge = require "flexdb.purge"
database.apply = require "flexdb.apply"
function database.backup() return unsupported "db:backup" end
for _, name in ipairs { "aggregate", "explain" } do
    tables[name] = function() return unsupported("table:" .. name) end
end

-- A view only reads: what it does not take from its table here or in the core, it refuses.
for _, name in ipairs { "aggregate", "explain" } do views[name] = views[name] or tables[name] end
for name in next, tables do views[name] = views[name] or views.refuse end
views.refuse = nil

--- Validates one record without a database: the normalized record, or nil and the error.
function flexdb.validate(definition, record)
    options.argument("validate", 1, definition, "table")
    options.argument("validate", 2, record, "table")
    local validator, err = core.validator(definition)
    if not validator then return nil, err end
    return validator:validate(record)
end

-- The driver of servers, loaded when it is first needed; or nil and the error.
local function mysql_driver()
    local loaded, driver = pcall(require, "flexdb.mysql")
    if loaded then return driver end
    local reason = tostring(driver):match "^[^\n]*"
    if reason:find("not found", 1, true) and reason:find("module 'flexdb.mysql'", 1, true) then
        reason = "it was left out when FlexDB was built or installed"
    end
    return nil, core.error("unsupported", "mysql: URLs need the module flexdb.mysql: " .. reason)
end

local open_options = {
    application = "string", actor = "string", timeout = "number", read_only = "boolean", create = "boolean",
}

--- Opens a database: `sqlite:PATH`, `sqlite::memory:`, `mysql://user:password@host:port/database`.
function flexdb.open(url, given)
    options.argument("open", 1, url, "string")
    given = options.check("open", 2, given, open_options)
    local timeout = given.timeout
    if timeout and (timeout < 0 or timeout ~= timeout) then
        options.refuse(0, "open", 2, "option 'timeout' must be a number of seconds of at least 0, is %s", timeout)
    end
    local driver
    if core.url_scheme(url) == "mysql" then
        local err
        driver, err = mysql_driver()
        if not driver then return nil, err end
    end
    return core.open(url, given, driver)
end

-- What these raise points at the script that has called them.
core.own(flexdb.open, database.transaction, tables.insert_many, tables.evolve, tables.purge,
    flexdb.doctor, require "flexdb.guarded")

-- Loaded when they are first used: a script that does without them does not pay for them.
local later = { sandbox = "flexdb.sandbox", workflow = "flexdb.workflow" }

return setmetatable(flexdb, { __index = function(module, name)
    if not later[name] then return nil end
    local loaded = require(later[name])
    rawset(module, name, loaded)
    return loaded
end })
