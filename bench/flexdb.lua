--- One measurement of FlexDB in a process of its own. usage: flexdb.lua ROW URL N   prints units a second.
-- `fill` makes the table that the readers read. The clock runs on the work alone.

local flexdb = require "flexdb"
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local contacts = require "contacts"
local rate = contacts.rate

local row, url, n = arg[1], arg[2], tonumber(arg[3])

local function open(application)
    return assert(flexdb.open(url, { application = application or "bench", timeout = 60 }))
end

--- changes: of columns, by name
local function definition(changes)
    local columns = {}
    for i, column in ipairs(contacts.definition.columns) do
        columns[i] = {}
        for key, value in pairs(column) do columns[i][key] = value end
        for key, value in pairs(changes[column.name] or {}) do columns[i][key] = value end
    end
    return { columns = columns }
end

local function fresh(db, changes)
    for _, name in ipairs { "contacts", "companies" } do
        if db:table(name) then assert(db:drop_table(name)) end
    end
    local companies = assert(db:create_table("companies", { columns = { { name = "name", dataType = "string" } } }))
    for i = 0, 99 do assert(companies:insert { id = "company-" .. i, name = "Company " .. i }) end
    return assert(db:create_table("contacts", definition(changes or {})))
end

local rows = {}

local function fill(application, changes)
    local db <close> = open(application)
    local t, records = fresh(db, changes), contacts.stream(n)
    rate(n, function() assert(t:insert_many(records)) end)
end
function rows.fill() fill() end
rows.insert_empty = rows.fill

-- Into a table that already holds something, so that no index can wait for the end.
function rows.insert_many()
    local db <close> = open()
    local t = fresh(db)
    assert(t:insert { email = "first@example.org" })
    local records = contacts.stream(n)
    rate(n, function() assert(t:insert_many(records)) end)
end

function rows.insert_one()
    local db <close> = open()
    local t = fresh(db)
    local next_record = contacts.stream(n)
    rate(n, function()
        for record in next_record do assert(t:insert(record)) end
    end)
end

function rows.get()
    local db <close> = open()
    local t = assert(db:table "contacts")
    local count = t:count()
    rate(n, function()
        for i = 1, n do assert(t:get(contacts.id(contacts.pick(i, count)))) end
    end)
end

function rows.filter()
    local db <close> = open()
    local t = assert(db:table "contacts")
    local query = { filter = { age = 0 }, limit = 50 }
    rate(n, function()
        for i = 1, n do
            query.filter.age = i % 100
            assert(#t:find(query) > 0)
        end
    end)
end

local function stream(query)
    local db <close> = open()
    local t = assert(db:table "contacts")
    local count, seen = t:count(), 0
    rate(count, function()
        for record in t:each(query) do seen = seen + (record.id and 1 or 0) end
    end)
    assert(seen == count)
end
function rows.stream() stream() end
function rows.stream_three() stream { select = { "email", "age", "status" } } end

local function scan(application)
    local db <close> = open(application)
    local t = assert(db:table "contacts")
    rate(n, function()
        for i = 1, n do assert(t:count { filter = { score = i % 1000 } } > 0) end
    end)
end
function rows.unindexed() scan() end

-- A table of its own, beside the other one.
function rows.fill_filterable() fill("bench_filterable", { score = { filterable = true } }) end
function rows.filterable() scan "bench_filterable" end

function rows.open()
    rate(n, function()
        for _ = 1, n do
            local db <close> = open()
            assert(db:tables())
        end
    end)
end

-- What a step of a workflow costs beside the database work that it does: the same records by t:get and by flex-record,
-- each of which finds its table by name.
function rows.node()
    local db <close> = open()
    local t = assert(db:table "contacts")
    local count, ids = t:count(), {}
    for i = 1, n do ids[i] = contacts.id(contacts.pick(i, count)) end
    local step = { ["flex-record"] = { operation = "findOne", tableName = "contacts", recordId = "$.item" } }
    local document = { id = "bench", name = "Bench", version = "1.0.0",
        workflow = { { each = { items = "$.ids", body = step } } } }
    local function direct()
        for i = 1, n do assert(assert(db:table "contacts"):get(ids[i])) end
    end
    local function steps() assert(flexdb.workflow.run(document, { db = db, state = { ids = ids } })) end
    local function seconds(work)
        local start = contacts.clock()
        work()
        return contacts.clock() - start
    end
    direct()
    local without = seconds(direct)
    print(("%.3f"):format(n / (seconds(steps) - without)))
end

function rows.validate()
    local v = assert(flexdb.validator(contacts.alone()))
    local pool = {}
    for i = 0, 999 do pool[i] = contacts.make(i) end
    rate(n, function()
        for i = 1, n do v:encode(pool[i % 1000]) end
    end)
end

-- What evolves: a contact's email is not unique yet.
function rows.fill_loose() fill(nil, { email = { unique = false } }) end

-- Steps that must not depend on how many records there are.
function rows.metadata()
    local db <close> = open()
    local t = assert(db:table "contacts")
    rate(n * 5, function()
        for _ = 1, n do
            assert(t:evolve(function(c) c:add { name = "extra", dataType = "integer", defaultValue = 1 } end))
            local version = t.version -- what is removed comes back
            assert(t:evolve(function(c) c:rename("extra", "other") end))
            assert(t:evolve(function(c) c:remove "other" end))
            assert(t:rollback(version))
            assert(t:evolve(function(c) c:remove "extra" end))
        end
    end)
end

local function modify(column, changes)
    return function()
        local db <close> = open()
        local t = assert(db:table "contacts")
        rate(n, function() assert(t:evolve(function(c) c:modify(column, changes) end)) end)
    end
end
rows.retype = modify("score", { dataType = "string" })
rows.index = modify("born", { indexed = true })
rows.unique = modify("email", { unique = true })

assert(rows[row], "unknown row " .. tostring(row))()
