-- The storm: processes that write, read and evolve the same two tables at once, while one of the tables is purged and
-- doctor looks at both, and what must be so when it is over.
--
-- FLEXDB_TEST_SECONDS makes it longer (a minute is what it was made for). What the processes do, and what they hold
-- against each other while they do it, is in support/storm_child.lua; each notes what it did, and when.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"

local SECONDS = pace.rounds(3, 3, "FLEXDB_TEST_SECONDS")
local PROCESSES = { write = pace.rounds(3, 2), read = pace.rounds(2, 1), evolve = pace.rounds(3, 2), purge = 1,
    look = 1 }
local TICK = 0.011 -- the clock of the notes counts hundredths

local function read_notes(started)
    local all = {}
    for _, one in ipairs(started) do
        for _, line in ipairs(one:lines()) do
            local entry = assert(flexdb.json.decode(line))
            entry.role = one.role
            all[#all + 1] = entry
        end
    end
    return all
end

---------------------------------------------------------------- versions

-- What each version was, from the history: its columns by name, and the generation that new records got.
local function versions_of(t)
    local list = {}
    for i, entry in ipairs(assert(t:history())) do
        assert.equal(i, entry.version)
        local columns = {}
        for _, column in ipairs(entry.newSchema.columns) do columns[column.name] = column end
        list[i] = { columns = columns, gen = columns.gen.defaultValue, message = entry.message,
            began = -math.huge, acknowledged = -math.huge, by = entry.createdBy }
    end
    assert.equal(#list, t.version)
    return list
end

-- Every version was made by exactly one evolution that was told so, and every evolution that was told so is there.
local function check_evolutions(name, versions, notes)
    local made, refused = {}, {}
    local counts = {}
    for _, note in ipairs(notes) do
        if note.did == "evolved" and note.table == name then
            counts[note.became] = (counts[note.became] or 0) + 1
            if note.became == "made" then
                assert.is_nil(made[note.version], "a version has a twin")
                made[note.version] = note
                local version = versions[note.version]
                assert.equal(version.message, note.message)
                version.began, version.acknowledged = note.from, note.to
                if note.expect then assert.equal(note.expect + 1, note.version) end
            else
                refused[note.message] = note
            end
        end
    end
    for number = 2, #versions do
        assert.truthy(made[number], "nobody was told of version " .. number)
        assert.is_nil(refused[versions[number].message], "an evolution was refused, and happened")
        -- nobody is told of a version before the one that it came from was begun
        assert.is_true(versions[number].acknowledged + TICK >= versions[number - 1].began)
    end
    -- who lost by the version that it named had lost: that version was followed by another one before it was told
    for _, note in pairs(refused) do
        if note.became == "conflict" then
            local next_one = versions[note.expect + 1]
            assert.truthy(next_one, "a conflict over the current version")
            assert.is_true(next_one.began <= note.to + TICK)
        end
    end
    return counts
end

-- The versions that may have been in force at some moment of a call.
local function in_force(versions, note)
    local first, last = 1, 1
    for number, version in ipairs(versions) do
        if version.acknowledged < note.from - TICK then first = number end
        if version.began <= note.to + TICK then last = number end
    end
    return first, last
end

-- Whether one of the versions in force then is as `is` says.
local function was(versions, note, is)
    local first, last = in_force(versions, note)
    for number = first, last do
        if is(versions[number]) then return true end
    end
    return false
end

local function kind_of(version) return version.columns.n.dataType end

-- Nobody wrote or read under another definition than one of those that were in force meanwhile.
local function check_definitions(name, versions, notes, now)
    for _, note in ipairs(notes) do
        if note.table == name and note.did == "wrote" then
            local gen = now[note.id] and now[note.id].gen
            assert.is_true(was(versions, note, function(version)
                return version.columns[note.r] ~= nil and (note.n == nil or kind_of(version) == note.n)
                    and (not note.twice or not version.columns.u.unique)
            end), "written under a definition that was not in force: " .. flexdb.json.encode(note))
            if note.fresh then
                if note.gen and gen then assert.equal(note.gen, gen) end
                gen = note.gen or gen
                assert.is_true(gen == nil or was(versions, note, function(version)
                    return version.gen == gen and version.columns[note.r] ~= nil
                end), "inserted under a definition that was not in force: " .. flexdb.json.encode(note))
            end
        elseif note.table == name and note.did == "read" then
            assert.is_true(was(versions, note, function(version)
                return version.columns[note.r] ~= nil and kind_of(version) == note.n
            end), "read under a definition that was not in force: " .. flexdb.json.encode(note))
        elseif note.table == name and note.did == "refused" then
            assert.is_true(was(versions, note, function(version) return version.columns[note.without] == nil end),
                "refused by a definition that was not in force: " .. flexdb.json.encode(note))
        elseif note.table == name and note.did == "end" then
            assert.is_true(note.version >= (in_force(versions, { from = note.at, to = note.at })),
                "a process never saw the last versions")
        end
    end
end

---------------------------------------------------------------- records

-- What every writer left is there, as it was left, and nothing else is.
local function check_records(name, t, notes)
    local now, live = {}, 0
    for row in assert(t:each { includeDeleted = true }) do
        assert.is_nil(now[row.id], "a record is there twice")
        now[row.id] = row
        if not row.deleted_at then live = live + 1 end
    end
    local known = 0
    for _, note in ipairs(notes) do
        if note.did == "left" and note.table == name then
            local row = now[note.id]
            if row then
                assert.same({ note.a, tostring(note.n), note.u, note.deleted },
                    { row.a, tostring(row.n), row.u, row.deleted_at ~= nil }, note.id)
                known = known + 1
            else
                -- only a purge takes one away, and only one that was deleted
                assert.is_true(name == "two" and note.deleted, note.id .. " is gone")
            end
        end
    end
    local there = 0
    for _ in pairs(now) do there = there + 1 end
    assert.equal(known, there)
    assert.equal(live, assert(t:count()))
    return now
end

-- Filters on columns that have an index, or do not, find what the documents say.
local function check_filters(t, now)
    local by = {}
    local function add(column, value, row)
        by[column] = by[column] or {}
        by[column][value] = (by[column][value] or 0) + 1
        by[column .. " of"] = row
    end
    local asked = 0
    for _, row in pairs(now) do
        if not row.deleted_at then
            add("a", row.a)
            add("s", row.s)
            if asked < 150 then
                asked = asked + 1
                for _, column in ipairs { "c", "n", "u", "r1", "r2" } do
                    if row[column] then
                        local found = assert(t:find { filter = { [column] = row[column] } })
                        assert.is_true(#found >= 1, column)
                        for _, other in ipairs(found) do assert.equal(row[column], other[column]) end
                        if column == "u" then assert.equal(row.id, found[1].id) end
                    end
                end
                assert.equal(row.id, assert(t:first { filter = { w = row.w, a = row.a, s = row.s, u = row.u } }).id)
            end
        end
    end
    for _, column in ipairs { "a", "s" } do
        for value, count in pairs(by[column] or {}) do
            assert.equal(count, t:count { filter = { [column] = value } })
        end
    end
    local last
    for row in assert(t:each { orderBy = { "s", "c" } }) do
        local place = row.s .. "\0" .. row.c
        assert.is_true(last == nil or last <= place)
        last = place
    end
end

---------------------------------------------------------------- the storm

engines.each(function(engine)
    describe("a storm", function()
        local processes, db, planted

        pace.rest_collector(setup, teardown)

        -- A few records that nobody touches: a column that is added has an initial default from the first on.
        local function plant(t, name)
            local left = {}
            for i = 1, 20 do
                local id = "p" .. i
                assert(t:insert { id = id, w = "parent", a = i, s = "s" .. i, c = i .. ":7", n = "7", u = id, r1 = 7 })
                left[i] = { did = "left", table = name, id = id, a = i, n = 7, u = id, deleted = false }
            end
            return left
        end

        local function start(role, i)
            -- on a server every other evolver builds what it rebuilds in steps, however small the table
            local one = processes:start({ engine.url, db.application, role, math.random(1 << 30), SECONDS },
                i % 2 == 0 and "FLEXDB_BUILD_FROM=1")
            one.role = role
        end

        before_each(function()
            processes, planted = children.of_file "spec/support/storm_child.lua", {}
            db = engine.open { timeout = 30 }
            for _, name in ipairs { "one", "two" } do
                local t = assert(db:create_table(name, { columns = {
                    { name = "w", dataType = "string", indexed = true }, { name = "a", dataType = "integer" },
                    { name = "s", dataType = "string", indexed = true }, { name = "c", dataType = "string" },
                    { name = "n", dataType = "string" }, { name = "u", dataType = "string", unique = true },
                    { name = "r1", dataType = "integer" }, { name = "p", dataType = "text" },
                    { name = "gen", dataType = "integer", defaultValue = 0 },
                } }))
                planted[name] = plant(t, name)
            end
        end)
        after_each(function()
            processes:remove()
            db:close()
        end)

        it("leaves every write that was acknowledged, and versions without twin or gap", function()
            engines.seed("the storm on " .. engine.name)
            for role, count in pairs(PROCESSES) do
                for i = 1, count do start(role, i) end
            end
            local said = {}
            for _, one in ipairs(processes.started) do said[#said + 1] = one:finish() end
            assert.equal("", table.concat(said))
            local notes = read_notes(processes.started)
            for _, left in pairs(planted) do table.move(left, 1, #left, #notes + 1, notes) end
            local done = 0
            for _, name in ipairs { "one", "two" } do
                local t = assert(db:table(name))
                local versions = versions_of(t)
                local counts = check_evolutions(name, versions, notes)
                local now = check_records(name, t, notes)
                check_definitions(name, versions, notes, now)
                check_filters(t, now)
                assert.is_true(#versions > 2 and next(now) ~= nil)
                local told, sums = {}, { purged = 0, rewritten = 0, deleted = 0, looked = 0 }
                for _, note in ipairs(notes) do
                    if note.table == name and (note.did == "purged" or note.did == "looked") then
                        sums[note.did] = sums[note.did] + 1
                        sums.rewritten = sums.rewritten + (note.rewritten or 0)
                        sums.deleted = sums.deleted + (note.did == "purged" and note.deleted or 0)
                    end
                end
                done = done + sums.looked + sums.purged
                for became, count in pairs(counts) do told[#told + 1] = ("%s %d"):format(became, count) end
                table.sort(told)
                io.stderr:write(("  %s: %d versions, evolutions %s; %d purges (%d rewritten, %d erased), %d looks\n")
                    :format(name, #versions, table.concat(told, ", "), sums.purged, sums.rewritten, sums.deleted,
                    sums.looked))
                local report = assert(flexdb.doctor(db, { tables = { name } }))
                assert.is_true(report.ok and report.records > 0, tostring(report))
                -- and the way back is open, to where it began or to what the last purge has left
                local oldest = assert(t:purge()).oldest_version
                assert.is_true(name == "two" or oldest == 1)
                assert(t:rollback(oldest))
                assert.equal(kind_of(versions[oldest]), math.type(assert(t:first { includeDeleted = true }).n)
                    or "string")
                check_records(name, t, notes)
            end
            assert.is_true(done > 0, "neither purge nor doctor came to an end")
        end)
    end)
end)
