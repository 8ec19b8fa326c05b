-- The readers, the evolvers, the purgers and the doctors of the storm: see storm_child.lua. Only table "two" is purged;
-- of table "one" every version can be read to the end.

local flexdb = require "flexdb"

local random = math.random
local roles = {}

local function pick(list) return list[random(#list)] end

---------------------------------------------------------------- readers

-- Notes which names and types the rows of one answer had: there must have been a definition with them meanwhile.
local function seen(one, tools, from, row)
    if not row then return end
    tools.note { did = "read", table = one.name, from = from, to = tools.now(), r = row.r1 and "r1" or "r2",
        n = math.type(row.n) or "string" }
end

local reading = {}

function reading.find(one, tools)
    local a, from = random(20), tools.now()
    local rows = assert(one.t:find { filter = { a = a } })
    for _, row in ipairs(rows) do
        tools.check_row(row)
        if row.a ~= a then tools.fail("asked for a = %d, %s has %d", a, row.id, row.a) end
    end
    seen(one, tools, from, rows[1])
    one.last = rows[1] or one.last
end

function reading.by_text(one, tools)
    local a = random(20)
    for _, row in ipairs(assert(one.t:find { filter = { s = "s" .. a, a = { gte = 0 } }, limit = 30 })) do
        tools.check_row(row)
        if row.a ~= a then tools.fail("asked for s = s%d, %s has %s", a, row.id, row.s) end
    end
end

function reading.each(one, tools)
    local ids, from, first = {}, tools.now(), nil
    for row in assert(one.t:each { includeDeleted = true }) do
        tools.check_row(row)
        if ids[row.id] then tools.fail("each gave %s twice", row.id) end
        ids[row.id], first = true, first or row
    end
    seen(one, tools, from, first)
end

function reading.order(one, tools)
    local last
    for _, row in ipairs(assert(one.t:find { orderBy = { "-a" }, limit = 60 })) do
        tools.check_row(row)
        if last and row.a > last then tools.fail("%d stands behind %d", row.a, last) end
        last = row.a
    end
end

function reading.get(one, tools)
    if not one.last then return end
    local from = tools.now()
    local rows = assert(one.t:get_many { one.last.id, "nobody" })
    if #rows > 1 then tools.fail "get_many gave more than was asked for" end
    if rows[1] then tools.check_row(rows[1]) end
    seen(one, tools, from, rows[1])
end

-- Nothing moves within a transaction, where the engine reads so.
function reading.transaction(one, tools)
    local a = random(20)
    local ok, err = tools.transaction(function()
        local rows, why = one.t:find { filter = { a = a } }
        if not rows then return nil, why end
        local count
        count, why = one.t:count { filter = { s = "s" .. a } }
        if not count then return nil, why end
        if tools.still and count ~= #rows then tools.fail("%d records by a, %d by s", #rows, count) end
        return true
    end)
    if not ok and err.code ~= "busy" and not err.retryable then tools.fail("transaction: %s", tostring(err)) end
end

-- Whether the error is that of a version that a purge has taken away.
local function is_purged(one, err) return one.name == "two" and err.code == "not_found" end

function reading.at(one, tools)
    local view, err = one.t:at(math.max(1, one.t.version - random(0, 5)))
    if not view and is_purged(one, err) then return end
    local rows, why = assert(view, err):each { filter = { a = { lte = 10 } } }
    if not rows and is_purged(one, why) then return end
    for row in assert(rows, why) do
        tools.check_row(row, true)
        if row.a > 10 then tools.fail("the view at %d gave a = %d", view.version, row.a) end
    end
end

local readings <const> = { "find", "find", "by_text", "each", "order", "get", "get", "transaction", "at" }

function roles.read(one, tools) reading[pick(readings)](one, tools) end

---------------------------------------------------------------- evolvers

local serial = 0
local function number(tools)
    serial = serial + 1
    return tonumber(tools.seed) % 100000 * 10000 + serial
end

-- Each adds changes to `c`; nil and nothing is done when there is nothing to do.
local evolving = {}

local function extra(columns)
    local names = {}
    for name in pairs(columns) do
        if name:find "^[xy]%d+$" then names[#names + 1] = name end
    end
    table.sort(names)
    return names
end

function evolving.add(c, columns, tools)
    if #extra(columns) > 5 then return end
    local value = number(tools)
    c:add { name = "x" .. value, dataType = "integer", defaultValue = value, required = random(2) == 1,
        indexed = random(2) == 1 }
    return "add"
end

function evolving.remove(c, columns)
    local names = extra(columns)
    if #names == 0 then return end
    c:remove(pick(names))
    return "remove"
end

function evolving.rename(c, columns)
    local names = extra(columns)
    local name = #names > 0 and random(2) == 1 and pick(names)
    if name then
        c:rename(name, (name:find "^x" and "y" or "x") .. name:sub(2))
    else
        local from = columns.r1 and "r1" or "r2"
        c:rename(from, from == "r1" and "r2" or "r1")
    end
    return "rename"
end

function evolving.retype(c, columns)
    c:modify("n", { dataType = columns.n.dataType == "integer" and "string" or "integer" })
    return "retype"
end

function evolving.index(c, columns)
    local name = pick { "a", "s", "c", "n" }
    c:modify(name, random(3) == 1 and { filterable = not columns[name].filterable }
        or { indexed = not columns[name].indexed })
    return "index"
end

function evolving.indexes(c, _, _, schema)
    c:table { indexes = schema.indexes and {} or { { columns = { "w", "a" } }, { columns = { "s", "c" } } } }
    return "indexes"
end

function evolving.unique(c, columns)
    c:modify("u", { unique = not columns.u.unique })
    return "unique"
end

function evolving.compute(c, columns)
    if columns.d then
        c:remove "d"
    else
        c:add { name = "d", dataType = "integer", indexed = random(2) == 1, validation = { computed = "a * 2" } }
    end
    return "compute"
end

function evolving.check(c, _, _, schema)
    c:table { checks = schema.checks and {} or { { name = "same", expression = "s == 's' .. a" } } }
    return "check"
end

-- `rename` and the like stand more than once: they are cheap.
local evolvings <const> = { "add", "add", "remove", "rename", "rename", "retype", "index", "index", "indexes",
    "unique", "compute", "check", "rollback", "rollback" }

-- What an evolution may end in besides success: somebody was first.
local function judge(err, what, expect, one, tools)
    -- a purge may have changed the table under a long build
    if err.code == "busy" or err.code == "conflict" and err.retryable then return "busy" end
    if what == "rollback" and is_purged(one, err) then return "purged" end
    if err.code == "conflict" and expect then return "conflict" end
    if err.code == "duplicate" and (what == "unique" or what == "rollback") then return "duplicate" end
    -- made for a definition that was another one by then
    if err.code == "invalid_schema" and not expect then return "gone" end
    tools.fail("%s%s: %s", what, expect and " of version " .. expect or "", tostring(err))
end

function roles.evolve(one, tools)
    local schema = assert(one.t:schema())
    -- The definition and its version are of one moment: an evolution that comes between makes the version a stale one.
    local version = schema.version or one.t.version
    local columns, what = tools.columns_of(schema), pick(evolvings)
    local expect = random(2) == 1 and version or nil
    if expect and expect > 1 and random(6) == 1 then expect = expect - 1 end
    local message = ("%s.%d"):format(tools.seed, number(tools))
    local options = { expect_version = expect, message = message }
    local from, entry, err
    if what == "rollback" then
        local to = random(version)
        from = tools.now()
        entry, err = one.t:rollback(to, options)
    else
        local made
        local function changes(c)
            made = evolving[what](c, columns, tools, schema)
            c:modify("gen", { defaultValue = number(tools) })
        end
        from = tools.now()
        entry, err = one.t:evolve(changes, options)
        what = made or "nothing"
    end
    local became = entry and (entry.message == message and "made" or "nothing") or judge(err, what, expect, one, tools)
    tools.note { did = "evolved", table = one.name, what = what, became = became, version = entry and entry.version,
        expect = expect, message = message, from = from, to = tools.now() }
    os.execute(("sleep 0.%03d"):format(random(5, 60)))
end

---------------------------------------------------------------- purgers and doctors

function roles.purge(one, tools)
    local options = { batch = random(3, 60) }
    if one.name == "two" then
        options.keep_versions = random(4, 12)
        if random(2) == 1 then options.deleted_before = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 1) end
    end
    local purged, err = one.t:purge(options)
    if purged then
        tools.note { did = "purged", table = one.name, rewritten = purged.rewritten, deleted = purged.deleted,
            oldest = purged.oldest_version }
    elseif not err.retryable then
        tools.fail("purge: %s", tostring(err))
    end
    os.execute(("sleep 0.%03d"):format(random(5, 120)))
end

-- What all the others do is no problem, whenever one looks.
function roles.look(one, tools)
    local report, err = flexdb.doctor(tools.db, { tables = { one.name } })
    if report then
        tools.note { did = "looked", table = one.name, records = report.records, in_progress = report.in_progress }
        if not report.ok then tools.fail("doctor: %s", tostring(report)) end
    elseif not err.retryable then
        tools.fail("doctor: %s", tostring(err))
    end
    os.execute(("sleep 0.%03d"):format(random(5, 60)))
end

return roles
