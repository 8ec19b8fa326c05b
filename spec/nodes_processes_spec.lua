-- Workflows with idempotency keys in processes: several that run the same one at once, and one that is killed at any
-- moment and started again. In the end there is what one run makes, and nothing twice.

local flexdb = require "flexdb"
local children = require "spec.support.children"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"

local MANY <const> = pace.rounds(2500, 50) -- enough for a build in several transactions on a server
local ROUNDS <const>, KILLS <const> = pace.rounds(3, 1), pace.rounds(8, 2)

-- Orders that come one by one, then many at once; the table changes on the way.
local function document(single, bulk)
    local steps = {
        { ["flex-table"] = { operation = "create", tableName = "orders", idempotencyKey = "create", columns = {
            { name = "number", dataType = "integer", required = true, unique = true },
            { name = "state", dataType = "string", defaultValue = "new" },
            { name = "total", dataType = "string" },
        } } },
    }
    local function add(node, config) steps[#steps + 1] = { [node] = config } end
    for i = 1, single do
        add("flex-record", { operation = "insert", data = { number = i, total = "1" .. i }, idempotencyKey = "i" .. i })
        -- a change of what the last step has made
        add("flex-record", { operation = "update", data = { state = "paid {{$.flexRecord.data.number}}" },
            idempotencyKey = "u" .. i })
    end
    local many = {}
    for i = 1, bulk do many[i] = { number = 100 + i, total = "7" } end
    add("flex-record", { operation = "insertMany", records = many, idempotencyKey = "many" })
    add("flex-table", { operation = "update", idempotencyKey = "retype", message = "retype", changes = {
        { op = "modify_column", name = "total", set = { dataType = "integer" } } } })
    add("flex-table", { operation = "update", idempotencyKey = "index", message = "index", changes = {
        { op = "modify_column", name = "state", set = { indexed = true } } } })
    add("flex-record", { operation = "upsert", on = "number", data = { number = 1, total = 99 },
        idempotencyKey = "upsert" })
    add("flex-table", { operation = "update", idempotencyKey = "drop", message = "drop", changes = {
        { op = "remove_column", name = "state" } } })
    add("flex-table", { operation = "rollback", version = 3, idempotencyKey = "back", message = "back" })
    add("flex-record", { operation = "updateMany", filter = { state = "new" }, data = { state = "late" },
        idempotencyKey = "late" })
    add("flex-record", { operation = "findOne", filter = { number = single } })
    add("flex-record", { operation = "delete", idempotencyKey = "delete" })
    return { id = "orders", name = "Orders", version = "1.0.0", workflow = steps }
end

-- arg: url, application, file of the document, and before or after which call about a key it is to die, or 0.
local child = [[
    local core = require "flexdb.core"
    local db = assert(flexdb.open(arg[1], { application = arg[2], timeout = 60 }))
    local left = tonumber(arg[4])
    local function place()
        left = left - 1
        if left == 0 then os.execute "kill -9 $PPID" end
    end
    for _, name in ipairs { "once_find", "once_begin", "once_end" } do
        local call = core[name]
        core[name] = function(...)
            place()
            local first, second = call(...)
            place()
            return first, second
        end
    end
    local state, err = flexdb.workflow.run(arg[3], { db = db, log = function() end })
    if not state then
        print("failed at " .. tostring(err.step) .. ": " .. tostring(err))
        os.exit(1)
    end
    print("done")
]]

engines.each(function(engine)
    describe("a workflow with idempotency keys", function()
        local paper, processes, db
        setup(function() paper, processes = os.tmpname(), children.new(child) end)
        teardown(function()
            processes:remove()
            os.remove(paper)
        end)
        local single, bulk
        before_each(function() db = engine.open { timeout = 60 } end)
        after_each(function() db:close() end)

        local function prepare(...)
            single, bulk = ...
            local file <close> = assert(io.open(paper, "w"))
            file:write((assert(flexdb.json.encode(document(single, bulk)))))
        end
        local function anew()
            db:close()
            db = engine.open { timeout = 60 }
        end

        local function start(place)
            return processes:start { engine.url, db.application, paper, place or 0 }
        end

        local function check()
            local t = assert(db:table "orders")
            local messages = {}
            for i, entry in ipairs(t:history()) do messages[i] = entry.message or "" end
            assert.same({ "", "retype", "index", "drop", "back" }, messages)
            assert.equal(single - 1 + bulk, assert(t:count()))
            assert.equal(single + bulk, assert(t:count { includeDeleted = true }))
            local seen, want = {}, { "1 paid 1 99 3" }
            for i = 2, single - 1 do want[i] = ("%d paid %d 1%d 2"):format(i, i, i) end
            for row in assert(t:each { filter = { number = { lte = 100 } }, orderBy = { "number" } }) do
                seen[#seen + 1] = ("%d %s %d %d"):format(row.number, row.state, row.total, row._version)
            end
            assert.same(want, seen)
            assert.equal(bulk, assert(t:count { filter = { state = "late", total = 7 } }))
            -- what a killed run has left lying about is found and mended, and is all there is
            assert(flexdb.doctor(db, { repair = true, tables = { "orders" } }))
            assert.is_true(flexdb.doctor(db, { tables = { "orders" } }).ok)
        end

        it("may be run by several processes at once", function()
            prepare(8, MANY)
            local running = {}
            for i = 1, 3 do running[i] = start() end
            for _, one in ipairs(running) do assert.equal("done", one:finish()) end
            check()
        end)

        it("may be killed at any moment and started again", function()
            engines.seed("killed workflows on " .. engine.name)
            prepare(8, MANY)
            local cut = 0
            for _ = 1, ROUNDS do
                local kills = 0
                repeat
                    local one = start()
                    -- a shell and sleep may take longer than the run itself
                    local wait = math.random(-50, 150)
                    if wait > 0 then os.execute(("sleep 0.%03d"):format(wait)) end
                    if one:kill() ~= "done" then cut = cut + 1 end
                    kills = kills + 1
                until kills >= KILLS and cut > 0 or kills > 10 * KILLS
                assert.equal("done", start():finish())
                check()
                -- once more, when all is done
                assert.equal("done", start():finish())
                check()
                anew()
            end
            assert.is_true(cut > 0, "no run was killed before its end")
        end)

        it("may be killed before and after every call about a key", function()
            engines.seed("places of kills on " .. engine.name)
            prepare(2, 3)
            local place = 0
            repeat
                place = place + math.random(1, pace.rounds(3, 15))
                local killed = start(place):finish() ~= "done"
                assert.equal("done", start():finish(), "killed at " .. place)
                check()
                anew()
            until not killed
            assert.is_true(place > 40)
        end)
    end)
end)
