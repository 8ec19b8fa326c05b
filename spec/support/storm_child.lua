-- One process of the storm: it writes, reads, evolves, purges or looks after two tables for a while, holds what it sees
-- against what it knows, and notes what it did and when, a JSON document a line. Whatever must not be ends it with a
-- message.
--
-- usage: storm_child.lua ROLE URL APPLICATION SEED SECONDS NOTES
--
-- Of every record: s = "s" .. a, c = a .. ":" .. n, r = n (its column is called r1 or r2), x7 and y7 are 7, d = 2 * a
-- where there is such a column; n is a text of digits or an integer. `w` is the process that wrote it: no other does.

local flexdb = require "flexdb"

local path, url, application, role, seed, seconds = table.unpack(arg)
math.randomseed(tonumber(seed))
local random = math.random
local db = assert(flexdb.open(url, { application = application, actor = seed, timeout = 30 }))

local notes = assert(io.open(path, "w"))
local function note(entry) notes:write(flexdb.json.encode(entry), "\n") end

-- Seconds, of a clock of hundredths that all processes share.
local function now()
    local file <close> = assert(io.open "/proc/uptime")
    return file:read "n"
end

local function pick(list) return list[random(#list)] end

local function fail(what, ...)
    error(("%s %s: "):format(role, seed) .. what:format(...), 0)
end

-- Another transaction was first, and nothing was done.
local function again(err) return err.code == "busy" or err.code == "conflict" and err.retryable end

local tables = {}
for i, name in ipairs { "one", "two" } do tables[i] = { name = name, t = assert(db:table(name)) } end

local function columns_of(schema)
    local by_name = {}
    for _, column in ipairs(schema.columns) do by_name[column.name] = column end
    return by_name
end

-- The name that the column of `r` has now.
local function look(one) one.r = columns_of(assert(one.t:schema())).r1 and "r1" or "r2" end

---------------------------------------------------------------- what every record must be

local function check_row(row, old)
    local function hold(what, wanted, got)
        if wanted ~= got then
            fail("record %s of %s: %s is %s, not %s", row.id, old and "a view" or "now", what, tostring(got),
                tostring(wanted))
        end
    end
    local n = row.c:match "^%-?%d+:(%d+)$"
    hold("s", "s" .. row.a, row.s)
    hold("c", row.a .. ":" .. n, row.c)
    hold("r", math.tointeger(n), row.r1 or row.r2)
    if row.r1 and row.r2 then fail("record %s has r1 and r2", row.id) end
    for name, value in pairs(row) do
        local default = name:match "^[xy](%d+)$"
        if default then hold(name, math.tointeger(default), value) end
    end
    if old then return end -- what was converted, or computed anew, is under another key
    hold("n", n, tostring(row.n))
    if row.d then hold("d", 2 * row.a, row.d) end
end

---------------------------------------------------------------- writing

local serial = 0
local function fresh(prefix)
    serial = serial + 1
    return ("%s%s.%d"):format(prefix, seed, serial)
end

-- A record's values under the names of now. No process but this one writes where `w` is its own.
local function values(one, record)
    local a, n = record.a, record.n
    return { id = record.id, w = seed, u = record.u, a = a, s = "s" .. a, c = a .. ":" .. n, n = tostring(n),
        p = ("p"):rep(random(0, 40) ^ 2), [one.r] = n }
end

local function change(record)
    return { id = record.id, u = record.u, a = random(20), n = random(1 << 40) }
end

local function new() return { id = fresh "i", u = fresh "u", a = random(20), n = random(1 << 40) } end

-- Calls until it is done, or refused for a reason that is no fault; then nil and the error. A column that has another
-- name by now is one: `without` says to the parent that it must have been so.
local function write(one, call, also)
    for _ = 1, 200 do
        local from, name = now(), one.r
        local ok, err = call()
        local to = now()
        if ok then return ok, { from = from, to = to, r = name, table = one.name } end
        if err.code == "invalid_record" and #err.issues > 0 and err.issues[1].rule == "unknown" then
            note { did = "refused", table = one.name, without = name, from = from, to = to }
            look(one)
        elseif err.code == "duplicate" or err.code == "invalid_query" or err.code == also then
            return nil, err
        elseif not again(err) then
            fail("%s", tostring(err))
        end
    end
    fail "never had its turn"
end

-- Whether the record is what was written; notes which definition it was written under.
local function written(one, record, row, when, is_new)
    check_row(row)
    if row.a ~= record.a or row.u ~= record.u or tostring(row.n) ~= tostring(record.n) then
        fail("%s was written otherwise", record.id)
    end
    when.did, when.id, when.gen, when.n = "wrote", record.id, row.gen, math.type(row.n) or "string"
    when.fresh = is_new
    note(when)
    record.version, record.gen, record.deleted = row._version, row.gen, nil
    one.model[record.id] = record
end

local function some(one, deleted)
    if #one.ids == 0 then return end
    for _ = 1, 30 do
        local record = one.model[pick(one.ids)]
        if record and (record.deleted or false) == deleted then return record end
    end
end

local function forget(one, id)
    one.model[id] = nil
    for i, other in ipairs(one.ids) do
        if other == id then
            table.remove(one.ids, i)
            return
        end
    end
end

local function count_of(one, a)
    local count = 0
    for _, record in pairs(one.model) do
        if record.a == a and not record.deleted then count = count + 1 end
    end
    return count
end

-- A new record of several, which only the call as a whole has acknowledged.
local function made(one, record, when)
    note { did = "wrote", id = record.id, table = one.name, from = when.from, to = when.to, r = when.r, fresh = true }
    one.model[record.id] = record
    one.ids[#one.ids + 1] = record.id
end

local ROOM <const> = 400 -- records of one process in a table
local writing = {}

function writing.insert(one)
    if #one.ids > ROOM then return end
    local record = new()
    local row, when = write(one, function() return one.t:insert(values(one, record)) end)
    written(one, record, row, when, true)
    one.ids[#one.ids + 1] = record.id
end

function writing.insert_many(one)
    if #one.ids > ROOM then return end
    local records = {}
    for i = 1, random(30) do records[i] = new() end
    local _, when = write(one, function()
        local list = {}
        for i, record in ipairs(records) do list[i] = values(one, record) end
        return one.t:insert_many(list)
    end)
    for _, record in ipairs(records) do
        made(one, record, when)
    end
end

function writing.transaction(one)
    if #one.ids > ROOM then return end
    local first, second = new(), new()
    local rows, when = write(one, function()
        return db:transaction(function()
            local row, err = one.t:insert(values(one, first))
            if not row then return nil, err end
            local other
            other, err = one.t:insert(values(one, second))
            if not other then return nil, err end
            return { row, other }
        end)
    end)
    for i, record in ipairs { first, second } do
        check_row(rows[i])
        made(one, record, when)
    end
end

function writing.update(one)
    local record = some(one, false)
    if not record then return end
    local to = change(record)
    local options = random(3) == 1 and record.version and { version = record.version } or nil
    written(one, to, write(one, function() return one.t:update(record.id, values(one, to), options) end))
end

function writing.upsert(one)
    local record = some(one, false)
    if not record then return end
    local to, on = change(record), pick { "id", "u" }
    local row, when = write(one, function() return one.t:upsert(values(one, to), { on = on }) end)
    if row then
        written(one, to, row, when)
    elseif not tostring(when):find "is not unique" then
        fail("upsert: %s", tostring(when))
    end
end

function writing.update_all(one)
    local a = random(20)
    local filter = { w = seed, a = a }
    local changed = write(one, function() return one.t:update_all({ filter = filter }, { p = "all" }) end)
    if changed ~= count_of(one, a) then fail("update_all changed %d records, not %d", changed, count_of(one, a)) end
    for _, record in pairs(one.model) do
        if record.a == a then record.version = nil end
    end
end

function writing.delete(one)
    local record, hard = some(one, false), random(3) == 1
    if not record then return end
    write(one, function() return one.t:delete(record.id, { hard = hard }) end)
    record.deleted, record.version = true, nil
    if hard then forget(one, record.id) end
end

function writing.restore(one)
    local record = some(one, true)
    if not record then return end
    -- a purge may have erased it
    local row = write(one, function() return one.t:restore(record.id) end, one.name == "two" and "not_found" or nil)
    if row then record.deleted = nil else forget(one, record.id) end
end

-- A value that is to be unique, held twice for a moment: taken only where it need not be unique.
function writing.twice(one)
    local record = some(one, false)
    if not record then return end
    local copy = new()
    copy.u = record.u
    local row, when = write(one, function() return one.t:insert(values(one, copy)) end)
    if not row then
        if when.code ~= "duplicate" then fail("insert: %s", tostring(when)) end
        return
    end
    when.twice = true
    written(one, copy, row, when, true)
    write(one, function() return one.t:delete(copy.id, { hard = true }) end)
    one.model[copy.id] = nil
end

-- What nobody else writes is there as it was written.
function writing.read(one)
    local record, a = some(one, false), random(20)
    if record then
        local row = one.t:get(record.id)
        if not row then fail("%s is gone", record.id) end
        check_row(row)
        if row.a ~= record.a or tostring(row.n) ~= tostring(record.n) or row.u ~= record.u
            or record.version and row._version ~= record.version then
            fail("%s is not what was written", record.id)
        end
    end
    local count = assert(one.t:count { filter = { w = seed, a = a } })
    if count ~= count_of(one, a) then fail("%d records have a = %d, not %d", count, a, count_of(one, a)) end
end

local weights = { insert = 4, insert_many = 1, transaction = 1, update = 6, upsert = 2, update_all = 1, delete = 3,
    restore = 2, twice = 1, read = 3 }
local lot = {}
for name, weight in pairs(weights) do
    for _ = 1, weight do lot[#lot + 1] = name end
end
table.sort(lot)

---------------------------------------------------------------- the roles

local tools = { db = db, check_row = check_row, columns_of = columns_of, fail = fail, note = note, now = now,
    seed = seed,
    still = url:find "^sqlite" ~= nil, -- a server's sessions read what is committed, in a transaction too
    transaction = function(fn) return db:transaction(fn) end }
local others = require "spec.support.storm_roles"
local roles = {
    write = function(one) writing[pick(lot)](one) end,
    read = function(one) others.read(one, tools) end,
    evolve = function(one) others.evolve(one, tools) end,
    purge = function(one) others.purge(one, tools) end,
    look = function(one) others.look(one, tools) end,
}

for _, one in ipairs(tables) do
    one.model, one.ids = {}, {}
    look(one)
end
note { did = "start" }
notes:flush()
local stop = now() + tonumber(seconds)
local steps = 0
repeat
    roles[role](pick(tables))
    steps = steps + 1
until now() > stop

-- What this process left, for the parent.
for _, one in ipairs(tables) do
    for id, record in pairs(one.model) do
        note { did = "left", table = one.name, id = id, a = record.a, n = record.n, u = record.u,
            deleted = record.deleted or false }
    end
    local at = now()
    note { did = "end", table = one.name, at = at, version = assert(one.t:schema()).version, steps = steps }
end
notes:close()
db:close()
