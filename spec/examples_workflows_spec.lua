-- The examples that are workflows: in JSON and in Lua, on every engine, they say the same, and run again, or after
-- a run that was cut short, they write nothing twice. And what a night does for their database.

local cli = require "spec.support.cli"
local engines = require "spec.support.engines"
local flexdb = require "flexdb"
local pace = require "spec.support.pace"


local pipe = assert(io.popen "pwd")
local examples = pipe:read "l" .. "/examples"
pipe:close()

local report <const> = [[
The report
  customer       Monday    Tuesday  Wednesday   together
  ──────────  ─────────  ─────────  ─────────  ─────────
  Ada             42.15          -      52.10      94.25
  Barbara             -      61.40      33.33      94.73
  Edsger         113.00       7.05          -     120.05
  Grace            8.50      19.90      12.60      41.00
  Linus               -     240.00          -     240.00
  Margaret            -          -     148.75     148.75
  ──────────  ─────────  ─────────  ─────────  ─────────
  all            163.65     328.35     246.78     738.78

  12 orders: 6 by shop, 2 by phone, 4 by web

  version 1  the table is made
  version 2  orders say how they came
  version 3  totals are numbers
  version 4  whole euros will do
  version 5  the cents are missed
  version 6  customers are called so

]]

local first_run <const> = [[
Monday: a number, a day, a customer and a total, kept as they are sent
  version 1, 4 orders

Tuesday: a new field, channel
  version 2, 4 orders

Tuesday evening: totals are to be numbers; what does the plan say?
Plan for evolving table "orders" from version 2, 8 records looked at
  convert   "total" becomes decimal (was string)
            6 values convert; 2 fail
              "19,90" → no value
              "7,05" → no value
              "24.90" → "24.90"
              "8.50" → "8.50"
              "113.00" → "113.00"
            breaking: scripts that write or read the old type fail
It is not possible: 2 records stand against it
  o1006: total: must be a decimal number, is the string "19,90"
  o1008: total: must be a decimal number, is the string "7,05"
  o1006 is mended: 19.90
  o1008 is mended: 7.05
  version 3: totals are numbers

Tuesday night: somebody makes whole euros of them, and it is taken back
  version 4: o1006 comes to 20
  version 5: o1006 comes to 19.90

Wednesday: cust is called customer, and each batch brings its sum along
  version 6
  wednesday: refused: 493.56 is the sum, 246.78 was sent along
  corrected: 4 orders, 246.78 as was sent along

]] .. report .. "  12 of the orders are new in this run\n"

local second_run <const> = [[
Monday: a number, a day, a customer and a total, kept as they are sent
  version 1, 4 orders

Tuesday: a new field, channel
  version 2, 4 orders

Tuesday evening: totals are to be numbers; what does the plan say?
  nothing: it is done
  version 3: totals are numbers

Tuesday night: somebody makes whole euros of them, and it is taken back
  nothing: it is done

Wednesday: cust is called customer, and each batch brings its sum along
  version 6
  wednesday: refused: record 1: id: "o1009" is taken; number: 1009 is taken
  corrected: 4 orders, 246.78 as was sent along

]] .. report .. "  0 of the orders are new in this run\n"

-- The orders as they are in the end, in the order in which they came.
local function stored(db)
    local lines = {}
    for order in assert(assert(db:table "orders"):each { orderBy = { "number" } }) do
        lines[#lines + 1] = ("%s %d %s %s %s %s"):format(order.id, order.number, order.day, order.customer, order.total,
            order.channel)
    end
    return table.concat(lines, "\n")
end

local orders <const> = [[
o1001 1001 2026-03-02 Ada 24.90 shop
o1002 1002 2026-03-02 Grace 8.50 shop
o1003 1003 2026-03-02 Edsger 113.00 shop
o1004 1004 2026-03-02 Ada 17.25 shop
o1005 1005 2026-03-03 Barbara 61.40 web
o1006 1006 2026-03-03 Grace 19.90 web
o1007 1007 2026-03-03 Linus 240.00 phone
o1008 1008 2026-03-03 Edsger 7.05 shop
o1009 1009 2026-03-04 Ada 52.10 web
o1010 1010 2026-03-04 Barbara 33.33 web
o1011 1011 2026-03-04 Margaret 148.75 shop
o1012 1012 2026-03-04 Grace 12.60 phone]]

local function sample()
    local file <close> = assert(io.open(examples .. "/data/orders.json"))
    return assert(flexdb.json.decode(file:read "a"))
end

-- Runs an example in this process: the state, or nil and the error; what it has said; how many steps it took.
local function run_here(name, db, limit)
    local said, steps = {}, 0
    local state, err = flexdb.workflow.run(examples .. "/" .. name, {
        db = db, state = sample(), files = examples, limits = { steps = limit },
        log = function(line) said[#said + 1] = line .. "\n" end,
        on_event = function(event) steps = event.steps or steps end,
    })
    return state, err, table.concat(said), steps
end

describe("the workflow", function()
    for _, name in ipairs { "orders.json", "orders.lua" } do
        for _, engine in ipairs(engines.list) do
            it(("%s tells its story on %s, and writes nothing twice"):format(name, engine.name), function()
                local box = cli.box()
                local environment = {
                    FLEXDB_URL = engine.server and engine.url or "shop.db", FLEXDB_APP = engines.fresh "orders",
                }
                local command = ("flexdb run %s --state %s"):format(cli.quote(examples .. "/" .. name),
                    cli.quote(examples .. "/data/orders.json"))
                for _, expected in ipairs { first_run, second_run, second_run } do
                    local out, status, errors = box.run(command, environment)
                    assert.equal("", errors)
                    assert.equal(0, status)
                    assert.equal(expected, (out:gsub("[^\n]* is done, %d+ steps\n$", "")))
                    for line in out:gmatch "[^\n]+" do
                        if not line:find " is done, " then assert.is_true(utf8.len(line) <= 80, line) end
                    end
                end
                box.remove()
            end)

            it(("%s goes on on %s wherever it was cut short"):format(name, engine.name), function()
                local db <close> = engine.open()
                local _, err, _, steps = run_here(name, db)
                assert.is_nil(err)
                assert.is_true(steps > 30)
                for limit = 1, steps - 1, pace.rounds(engine.server and 11 or 1, 11) do
                    local own <close> = engine.open()
                    local state, why = run_here(name, own, limit)
                    assert.is_nil(state)
                    assert.equal("limit", why.code)
                    local said
                    state, why, said = run_here(name, own)
                    assert.is_nil(why, why and tostring(why))
                    assert.is_table(state)
                    assert.equal(orders, stored(own), "cut short after step " .. limit)
                    assert.truthy(said:find(report, 1, true), said)
                end
            end)
        end
    end

    it("orders.lua asks for its orders before it makes anything", function()
        local db <close> = engines.list[1].open()
        local state, err = flexdb.workflow.run(examples .. "/orders.lua", { db = db, files = examples })
        assert.is_nil(state)
        assert.equal("the state holds no orders: --state examples/data/orders.json gives them", err.message)
        assert.same({}, assert(db:tables()))
    end)

    it("orders.json is good as it stands, and so is what it calls", function()
        assert.is_true(flexdb.workflow.check(examples .. "/orders.json", { files = examples }))
        assert.is_true(flexdb.workflow.check(examples .. "/support/receive.json", { files = examples }))
    end)
end)

engines.each(function(engine)
    describe("nightly.sh", function()
        local box, environment
        local nightly = cli.quote(examples .. "/nightly.sh")
        before_each(function()
            box = cli.box()
            environment = {
                FLEXDB_URL = engine.server and engine.url or "shop.db", FLEXDB_APP = engines.fresh "orders",
            }
            local _, status, errors = box.run(("flexdb run %s --state %s\nmkdir out"):format(
                cli.quote(examples .. "/orders.lua"), cli.quote(examples .. "/data/orders.json")), environment)
            assert.equal("", errors)
            assert.equal(0, status)
        end)
        after_each(function() box.remove() end)
        local function run(script) return box.run(script, environment) end

        it("looks, forgets what is old, and writes the records down", function()
            local out, status, errors = run("KEEP_VERSIONS=2 " .. nightly .. " out orders; s=$?; mv out/* got; exit $s")
            assert.equal("", errors)
            assert.equal(0, status)
            assert.truthy(out:find("^1 table, 6 versions, 12 records: no problem\n"
                .. "orders: looked at 12 records, rewrote 8, erased 0\n%d+ bytes of documents went; "
                .. "version 5 is the oldest that can be read\n"
                .. "orders: 12 records in out/orders%-%d%d%d%d%-%d%d%-%d%d%.jsonl\n$"), out)
            local count = 0
            for line in box.read "got":gmatch "[^\n]+" do
                count = count + 1
                local order = assert(flexdb.json.decode(line))
                assert.equal(1000 + count, order.number)
            end
            assert.equal(12, count)
            out, status = run "flexdb query orders --at 1 --json"
            assert.equal("", out)
            assert.equal(1, status)
        end)

        it("says with its status what has failed, and leaves no half of a file", function()
            for _, case in ipairs {
                { nightly, 2, "usage: FLEXDB_URL=URL nightly.sh FOLDER TABLE...\n" },
                { nightly .. " nowhere orders", 2, "nightly: there is no folder 'nowhere'\n" },
                { "KEEP_VERSIONS=x " .. nightly .. " out orders", 2,
                    "flexdb: --keep-versions must be an integer of at least 1, is 'x'\n"
                    .. "usage: flexdb purge TABLE [OPTION…]\n'flexdb purge --help' tells more\n"
                    .. "nightly: orders is not purged\n" },
                { "KEEP_DELETED=x " .. nightly .. " out orders", 2,
                    "nightly: KEEP_DELETED must be a number of days, is 'x'\n" },
                { nightly .. " out nobody", 1, "flexdb: not_found: there is no table \"nobody\"\n"
                    .. "nightly: nothing is done; 'flexdb doctor --repair' mends what can be mended\n" },
                { "FLEXDB_URL=none.db " .. nightly .. " out orders", 5,
                    "flexdb: not_found: the database file 'none.db' does not exist\n"
                    .. "  make one with: flexdb init --db sqlite:none.db\n"
                    .. "nightly: the database cannot be reached\n" },
            } do
                local out, status, errors = run(case[1])
                assert.equal(case[2], status, out .. errors)
                assert.equal(case[3], errors)
            end
            assert.equal("", (run "ls out"))
        end)
    end)
end)
