-- Evolutions that copy a small table into a new physical one, beside other processes that do the same. On a server the
-- new one is made outside the transaction, under a name that the next attempt uses again: what one who was killed, or
-- has failed, leaves there is never in the way of another, nor taken for what another has made.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"
local raw = require "spec.support.raw"

local RECORDS <const> = 300
local ROUNDS <const> = pace.rounds(6, 2)

-- arg: url, application, role. When all records are copied, before the commit: "die" is killed,
-- "fail" gives up after a while.
local child = [[
    local url, application, role = table.unpack(arg)
    local db = assert(flexdb.open(url, { application = application, timeout = 20 }))
    local t = assert(db:table "t")
    local ok, err = pcall(t.evolve, t, function(c) c:modify("n", { dataType = "integer" }) end, {
        on_progress = function(at)
            if at.done < at.total then return end
            if role == "die" then os.execute "kill -9 $PPID" end
            note "copied"
            os.execute "sleep 0.2"
            error "enough"
        end,
    })
    print(ok, err)
]]

engines.each(function(engine)
    describe("an evolution that copies a small table", function()
        local processes, db, t
        before_each(function()
            processes = children.new(child)
            db = engine.open { timeout = 20 }
            t = assert(db:create_table("t", { columns = { { name = "n", dataType = "string", indexed = true } } }))
            local i = 0
            assert(t:insert_many(function()
                i = i + 1
                return i <= RECORDS and { n = tostring(i) } or nil
            end))
        end)
        after_each(function()
            db:close()
            processes:remove()
        end)

        local function start(role) return processes:start { engine.url, db.application, role } end
        local function to_integer() return t:evolve(function(c) c:modify("n", { dataType = "integer" }) end) end
        local function check(type_name)
            assert.equal(type_name, t:schema().columns[1].dataType)
            assert.equal(RECORDS, t:count())
            local value = type_name == "integer" and RECORDS or tostring(RECORDS)
            assert.equal(1, t:count { filter = { n = value } })
            local report = assert(flexdb.doctor(db, { tables = { "t" } }))
            assert.is_true(report.ok, tostring(report))
        end

        it("is made anew after one that was killed before its end", function()
            for _ = 1, 2 do assert.equal("", start "die":finish()) end
            assert(to_integer())
            check "integer"
        end)

        it("does not harm another that has waited for it and comes right after its failure", function()
            for _ = 1, ROUNDS do
                local one = start "fail"
                one:wait_ready()
                assert(to_integer())
                assert.matches("enough", one:finish())
                check "integer"
                assert(t:rollback(1))
                check "string"
            end
        end)

        if engine.server then
            it("waits for what the server has yet to do for one who is dead", function()
                local connection, environment = raw.connect(engine)
                local name = raw.rows(connection, ("SELECT CONCAT('flexdb-ddl:', "
                    .. "LEFT(SHA2(CONCAT(DATABASE(), '.', '%s'), 256), 40)) AS name"):format(t.id))[1].name
                raw.rows(connection, ("SELECT GET_LOCK('%s', 0)"):format(name))
                local other <close> = assert(flexdb.open(engine.url, { application = db.application, timeout = 0.3 }))
                local ok, err = assert(other:table "t"):evolve(function(c) c:modify("n", { dataType = "integer" }) end)
                assert.is_nil(ok)
                assert.equal("busy: somebody else is at the physical tables of this table", tostring(err))
                assert.is_true(err.retryable)
                raw.rows(connection, ("SELECT RELEASE_LOCK('%s')"):format(name))
                assert(to_integer())
                check "integer"
                connection:close()
                environment:close()
            end)
        end
    end)
end)
