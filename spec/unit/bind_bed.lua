--- The world in which test_bind_memory.c lets memory run out. Needs flexdb.
--
-- `w` is the world: url, and once they are made flexdb, db, contacts, companies.

local bed = {}

-- ---- the world ----

local definition = { columns = {
    { name = "email", dataType = "string", required = true, unique = true, validation = { format = "email" } },
    { name = "age", dataType = "integer", indexed = true, validation = { min = 0, max = 150 } },
    { name = "balance", dataType = "decimal", defaultValue = "0.00", validation = { precision = 12, scale = 2 } },
    { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
    { name = "tags", dataType = "json" },
} }

--- The database that each run gets a copy of.
function bed.build(w)
    local db <close> = assert(require "flexdb".open(w.url, { application = "app", actor = "tester" }))
    local companies = assert(db:create_table("companies", { columns = {
        { name = "name", dataType = "string", validation = { pattern = "^[A-Z]" } } } }))
    local contacts = assert(db:create_table("contacts", definition))
    assert(db:create_table("old", { columns = {} }))
    assert(db:drop_table("old"))
    assert(companies:insert { id = "c1", name = "Acme" })
    for i, id in ipairs { "a", "b", "c", "gone" } do
        assert(contacts:insert { id = id, email = id .. "@x.org", age = 30 + i, company = "c1", tags = { id, {} } })
    end
    assert(contacts:delete("gone"))
    assert(contacts:evolve(function(t) t:add { name = "note", dataType = "text" } end))
end

-- What there is before a call.
function bed.nothing() end
function bed.module(w) w.flexdb = require "flexdb" end
bed.file = bed.module
function bed.open(w)
    bed.module(w)
    w.db = assert(w.flexdb.open(w.url, { application = "app", actor = "tester" }))
    w.contacts, w.companies = assert(w.db:table "contacts"), assert(w.db:table "companies")
end

-- ---- what there is to see ----

local function show_text(text)
    if text:find "^%x+%-%x+%-%x+%-%x+%-%x+$" then return "<uuid>" end
    if text:find "^%d%d%d%d%-%d%d%-%d%dT" then return "<time>" end
    return ("%q"):format(text)
end

--- Any value as a text that is the same in every run.
function bed.show(value)
    if type(value) == "string" then return show_text(value) end
    if type(value) ~= "table" then return type(value) == "function" and "function" or tostring(value) end
    local keys, parts = {}, {}
    for key in next, value do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for i, key in ipairs(keys) do parts[i] = tostring(key) .. "=" .. bed.show(value[key]) end
    return "{" .. table.concat(parts, " ") .. "}"
end

--- What could not even be rolled back while memory was out is with the next call.
function bed.wake(w)
    if w.db then assert(w.db:tables()) end
end

--- Whether the handles can still be used.
function bed.probe(w)
    local db = w.db or assert(require "flexdb".open(w.url, { application = "app" }))
    local t = db:table "companies" or assert(db:table "firms")
    assert(t:get "c1")
    assert(t:update("c1", { name = "Probe" }))
end

return bed
