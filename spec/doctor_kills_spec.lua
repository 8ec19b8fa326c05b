-- Processes that are killed while they evolve: in the middle of SQLite's converts and index builds, of a server's
-- online builds. Whenever that is, the old definition or the new one holds whole, and doctor finds nothing after its
-- repair.
--
-- FLEXDB_TEST_KILLS makes the killing longer.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"

local KILLS = pace.rounds(6, 1, "FLEXDB_TEST_KILLS")
local RECORDS = 2000

-- arg: url, application, the number of the change to begin with
local child = [[
local url, application, first = table.unpack(arg)
local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
local t = assert(db:table "t")
local function modify(name, set) return function() return t:evolve(function(c) c:modify(name, set) end) end end
local kinds = {
    modify("n", { dataType = "integer" }), -- a convert in place
    modify("n", { indexed = true }),
    modify("u", { unique = true }),
    function()
        return t:evolve(function(c)
            c:add { name = "twice", dataType = "integer", filterable = true, validation = { computed = "n * 2" } }
        end)
    end,
    modify("n", { dataType = "decimal", validation = { precision = 20, scale = 2 } }), -- a convert and a build
    function() return t:evolve(function(c) c:table { indexes = { { columns = { "u", "a" }, unique = true } } } end) end,
    function() return t:rollback(1) end,
}
note "ready"
for i = tonumber(first), math.huge do
    note("try", i, t.version)
    local entry, err = kinds[(i - 1) % #kinds + 1]()
    if not entry and err.code ~= "invalid_schema" and err.code ~= "conflict" then
        note("failed", tostring(err))
        os.exit(1)
    end
    note("done", i, t.version)
end
]]

engines.each(function(engine)
    describe("doctor after a killed evolution", function()
        local processes, db, t, connection, environment

        before_each(function()
            processes = children.new(child)
            db = engine.open()
            connection, environment = raw.connect(engine)
            t = assert(db:create_table("t", { columns = {
                { name = "n", dataType = "string" }, { name = "u", dataType = "string" },
                { name = "a", dataType = "integer" } } }))
            local records = {}
            for i = 1, RECORDS do records[i] = { id = "r" .. i, n = tostring(i), u = "u" .. i, a = i % 7 } end
            assert(t:insert_many(records))
            for i = RECORDS - 9, RECORDS do assert(t:delete("r" .. i)) end
        end)
        after_each(function()
            connection:close()
            environment:close()
            db:close()
            processes:remove()
        end)

        local function look(options) return assert(flexdb.doctor(db, options)) end

        -- What is there is what the definition says, all of it.
        local function check_whole()
            local schema, types = assert(t:schema()), {}
            for _, column in ipairs(schema.columns) do types[column.name] = column.dataType end
            local versions = assert(t:history { schemas = false })
            for i, entry in ipairs(versions) do assert.equal(i, entry.version) end
            assert.equal(#versions, t.version)
            local as = { string = "%d", integer = "%d", decimal = "%d.00" }
            local seen = 0
            for row in t:each { includeDeleted = true } do
                local i = tonumber(row.id:sub(2))
                local n = as[types.n]:format(i)
                assert.equal(n, tostring(row.n))
                assert.equal(types.n == "integer" and "integer" or nil, math.type(row.n))
                if types.twice then assert.equal(2 * i, row.twice) end
                seen = seen + 1
            end
            assert.equal(RECORDS, seen)
            assert.equal(RECORDS - 10, t:count())
            local one = as[types.n]:format(77)
            assert.equal("r77", t:first({ filter = { n = types.n == "integer" and 77 or one } }).id)
            assert.equal(1, t:count { filter = { u = "u78", a = 1 } })
        end

        it("finds the old definition whole, or the new one", function()
            engines.seed("killed evolutions on " .. engine.name)
            local tables, done, kills = { "t" }, 0, 0
            -- until one evolution at least has come to its end before its process did
            while kills < KILLS or done == 0 and kills < KILLS + 20 do
                kills = kills + 1
                local one = processes:start({ engine.url, db.application, done + 1 }, "FLEXDB_BUILD_FROM=1")
                one:wait_ready()
                local longest = engine.server and pace.rounds(600, 3000) or pace.rounds(250, 1500) -- ms
                os.execute(("sleep %.3f"):format(math.random(0, longest) / 1000))
                assert.equal("", one:kill())
                local version = 1
                for _, line in ipairs(one:lines()) do
                    local what, i, at = line:match "^(%a+) ?(%S*) ?(%S*)"
                    assert.not_equal("failed", what, line)
                    if what == "done" then done = tonumber(i) end
                    if what ~= "ready" then version = tonumber(at) end
                end
                -- what was acknowledged is there, and of the one that was cut short all or nothing
                assert(t:schema())
                assert.is_true(t.version == version or t.version == version + 1, t.version .. " " .. version)
                if t.version > version then done = done + 1 end
                check_whole()
                local report = look { tables = tables }
                for _, problem in ipairs(report.problems) do
                    assert.is_true(engine.server and (problem.code == "build" or problem.code == "orphan_table"),
                        tostring(report))
                end
                report = look { tables = tables, repair = true }
                assert.is_true(report.ok, tostring(report))
                report = look { tables = tables }
                assert.equal(0, report.problem_count + report.in_progress, tostring(report))
                check_whole()
            end
            assert.is_true(done > 0)
        end)

        if not engine.server then return end

        it("drops a journal that a change has left, and the triggers that write to it", function()
            local hex = t.id:gsub("-", "")
            local physical, journal = "flex_records_" .. hex .. "_1", "flex_journal_" .. hex .. "_9"
            local alone = "flex_journal_" .. hex .. "_8"
            raw.run(connection, "CREATE TABLE %s (n BIGINT, seq BIGINT)", journal)
            for _, name in ipairs { journal, alone } do
                raw.run(connection, "CREATE TRIGGER %s_u AFTER UPDATE ON %s FOR EACH ROW INSERT INTO %s (seq) "
                    .. "VALUES (NEW.seq)", name, physical, name)
            end
            -- one that triggers write to and that is not there
            assert.is_nil((t:update("r1", { a = 1 })))
            local function message(name)
                return ("no change of a definition needs the journal %s and the triggers that write to it"):format(name)
            end
            local function messages(report)
                local said = {}
                for i, problem in ipairs(report.problems) do
                    assert.equal("orphan_journal", problem.code)
                    said[i] = problem.message
                end
                return said
            end
            local tables = { "t" }
            local expected = { message(alone), message(journal) }
            assert.same(expected, messages(look { tables = tables }))
            -- who builds is not disturbed
            local lock = ("CONCAT('flexdb:', LEFT(SHA2(CONCAT(DATABASE(), '.', '%s'), 256), 40))"):format(t.id)
            raw.rows(connection, ("SELECT GET_LOCK(%s, 0) AS had"):format(lock))
            local report = look { tables = tables, repair = true }
            assert.equal(0, report.problem_count)
            assert.equal(2, report.in_progress)
            raw.rows(connection, ("SELECT RELEASE_LOCK(%s) AS had"):format(lock))
            report = look { tables = tables, repair = true }
            assert.same(expected, messages(report))
            assert.is_true(report.ok)
            assert.equal(0, look({ tables = tables }).problem_count)
            assert(t:update("r1", { a = 1 }))
        end)
    end)
end)
