-- Checks and computed columns: said in definitions, held, computed, stored and found.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local expressions = require "spec.support.expressions"

local null = flexdb.null
local computed <const>, check <const> = expressions.computed, expressions.check
local stays <const> = expressions.stays
local refused <const>, column <const> = engines.refused, expressions.column
local shown <const> = expressions.of

engines.each(function(engine)
    describe("records under expressions", function()
        local db, t
        before_each(function()
            db = engine.open { actor = "alice" }
            t = assert(db:create_table("stays", stays))
        end)
        after_each(function() db:close() end)

        it("are computed, stored and found", function()
            local row = assert(t:insert { price = "12.5", quantity = 3, guest = "Ada", starts = "2024-05-01",
                ends = "2024-05-04" })
            assert.equal("37.50", row.total)
            assert.equal(3, row.nights)
            assert.equal("ada-3", row.slug)
            assert.same(row, t:get(row.id))
            assert(t:insert { price = 2, guest = "Bo" })
            assert(t:insert {})
            assert.equal(1, t:count { filter = { total = "37.5" } })
            assert.equal(1, t:count { filter = { total = { lt = 3 } } })
            assert.equal(1, t:count { filter = { nights = 3 } })
            assert.equal(2, t:count { filter = { nights = { isNull = true } } })
            assert.equal(row.id, t:first { filter = { slug = "ada-3" } }.id)
            assert.same({ "37.50", "2.00" }, { t:find { orderBy = { "-total" } }[1].total,
                t:find { orderBy = { "-total" } }[2].total })
        end)

        it("are refused with a check's name and message", function()
            local late = { starts = "2024-05-04", ends = "2024-05-01" }
            local err = refused("invalid_record", "stay: a stay ends after it starts", t:insert(late))
            assert.same({ { path = "stay", rule = "check", message = "a stay ends after it starts",
                expected = "ends > starts" } }, err.issues)
            err = refused("invalid_record", "cheap: total <= 5000", t:insert { price = 5000, quantity = 2 })
            assert.same({ { path = "cheap", rule = "check", message = "total <= 5000", expected = "total <= 5000" } },
                err.issues)
            -- what is absent is not false
            assert(t:insert { starts = "2024-05-04" })
            assert.equal(1, t:count())
        end)

        it("tell all that is wrong at once", function()
            local err = select(2, t:insert { price = "1.234", quantity = 2, starts = "2024-05-04", ends = "2024-05-01",
                total = 5, guest = ("x"):rep(300) })
            assert.equal("invalid_record", err.code)
            local said = {}
            for _, issue in ipairs(err.issues) do said[#said + 1] = issue.path .. " " .. issue.rule end
            assert.same({ "price scale", "guest maxLength", "stay check" }, said)
        end)

        it("may bring a computed value that is the right one", function()
            local row = assert(t:insert { price = 2, quantity = 2, total = 4, slug = null, nights = null })
            assert.equal("4.00", row.total)
            local err = refused("invalid_record", 'total: is computed, as "4.00", and cannot be set to "4.01"',
                t:insert { price = 2, quantity = 2, total = "4.01" })
            assert.same({ { path = "total", rule = "computed", expected = "4.00", got = "4.01",
                message = 'is computed, as "4.00", and cannot be set to "4.01"' } }, err.issues)
            refused("invalid_record", 'total: is computed, as "4.00", and cannot be set to null',
                t:insert { price = 2, quantity = 2, total = null })
            refused("invalid_record", "nights: is computed, as null, and cannot be set to 3", t:insert { nights = 3 })
        end)

        it("can be written back as they were read", function()
            local row = assert(t:insert { price = 2, quantity = 2, guest = "Ada" })
            assert.equal("4.00", assert(t:update(row.id, row)).total)
            row.quantity = 3
            local new = assert(t:update(row.id, row)) -- brings the total of before
            assert.equal("6.00", new.total)
            assert.equal("ada-3", new.slug)
            new.price = "3"
            assert.equal("9.00", assert(t:upsert(new, { on = "id" })).total)
            refused("invalid_record", 'total: is computed, as "9.00", and cannot be set to "6.00"',
                t:update(row.id, { total = "6.00" }))
            local copy = t:get(row.id)
            copy.id, copy.guest, copy.slug = nil, "Bo", nil
            assert.equal("bo-3", assert(t:insert(copy)).slug)
        end)

        it("are updated: what reads a field is computed and checked, nothing else", function()
            local row = assert(t:insert { price = 2, quantity = 2, starts = "2024-05-01", ends = "2024-05-03" })
            assert.equal("6.00", assert(t:update(row.id, { quantity = 3 })).total)
            assert.equal(1, assert(t:update(row.id, { ends = "2024-05-02" })).nights)
            refused("invalid_record", "stay: a stay ends after it starts", t:update(row.id, { ends = "2024-05-01" }))
            refused("invalid_record", "cheap: total <= 5000", t:update(row.id, { price = 2000 }))
            local bare = assert(t:update(row.id, { price = null }))
            assert.is_nil(bare.total)
            assert.equal(3, bare.quantity)
            assert.equal(0, t:count { filter = { total = { isNull = false } } })
            assert.equal("nil", tostring(t:get(row.id).total))
        end)

        it("are held to it in update_all and upsert", function()
            for i = 1, 3 do
                assert(t:insert { price = i, quantity = i, guest = "g" .. i, starts = "2024-05-0" .. i })
            end
            assert.equal(3, t:update_all({ all = true }, { quantity = 4 }))
            assert.equal("12.00", t:first { filter = { guest = "g3" } }.total)
            refused("invalid_record", "stay: a stay ends after it starts",
                t:update_all({ all = true }, { ends = "2024-05-02" }))
            assert.equal(0, t:count { filter = { nights = { isNull = false } } })
            -- judged even when nothing is selected, but a check needs a record
            refused("invalid_record", "quantity: must be an integer, is the string \"x\"",
                t:update_all({ filter = { guest = "nobody" } }, { quantity = "x" }))
            assert.equal(0, t:update_all({ filter = { guest = "nobody" } }, { price = 9000, total = 7 }))
            refused("invalid_record", 'total: is computed, as "8.00", and cannot be set to 7',
                t:update_all({ filter = { guest = "g2" } }, { price = 2, total = 7 }))

            local row, what = t:upsert({ guest = "Eve", quantity = 2, price = 5 }, { on = "slug" })
            assert.equal("inserted", what)
            assert.equal("eve-2", row.slug)
            row, what = t:upsert({ guest = "EVE", quantity = 2, price = 6 }, { on = "slug" })
            assert.equal("updated", what)
            assert.equal("12.00", row.total)
            refused("invalid_record", "cheap: total <= 5000",
                t:upsert({ guest = "EVE", quantity = 2, price = 6000 }, { on = "slug" }))
            refused("invalid_record", 'total: is computed, as "12.00", and cannot be set to "13"',
                t:upsert({ guest = "eve", quantity = 2, price = 6, total = "13" }, { on = "slug" }))
            refused("invalid_record", 'total: is computed, as "6.00", and cannot be set to "13"',
                t:upsert({ guest = "new", quantity = 1, price = 6, total = "13" }, { on = "slug" }))
            local err = select(2, t:upsert({ price = 6 }, { on = "slug" }))
            assert.equal("slug: must have a value, for the upsert goes by it", err.message)
        end)

        it("are held to it in insert_many, each at its place", function()
            local function rows()
                return {
                    { price = 1, guest = "a" },
                    { price = 6000 },
                    { price = 1, guest = "b", total = 2 },
                    { price = 3, guest = "c", quantity = 2, total = 6 },
                    { starts = "2024-05-04", ends = "2024-05-04" },
                }
            end
            refused("invalid_record", "record 2: cheap: total <= 5000", t:insert_many(rows()))
            assert.equal(0, t:count())
            local result = assert(t:insert_many(rows(), { on_error = "skip" }))
            assert.equal(2, result.inserted)
            local said = {}
            for _, err in ipairs(result.errors) do
                said[#said + 1] = ("%d %s %s"):format(err.issues[1].index, err.issues[1].path, err.issues[1].rule)
            end
            assert.same({ "2 cheap check", "3 total computed", "5 stay check" }, said)
            assert.equal("6.00", t:first { filter = { slug = "c-2" } }.total)
            -- many, over what is written together
            local n = 0
            assert.equal(2500, assert(t:insert_many(function()
                n = n + 1
                if n <= 2500 then return { price = n % 2, quantity = n, guest = "many" } end
            end)).inserted)
            assert.equal("many-2500", t:first { filter = { quantity = 2500 } }.slug)
            assert.equal(1250, t:count { filter = { total = "0.00" } })
            assert.equal(1, t:count { filter = { total = 2499 } })
        end)

        it("are kept apart by a computed column that is unique", function()
            assert(t:insert { guest = "Ada" })
            local err = refused("duplicate", 'slug: "ada-1" is taken', t:insert { guest = "ADA" })
            assert.equal("slug", err.issues[1].path)
            local other = assert(t:insert { guest = "ada", quantity = 2 })
            refused("duplicate", 'slug: "ada-1" is taken', t:update(other.id, { quantity = 1 }))
            assert(t:delete(t:first { filter = { slug = "ada-1" } }.id))
            assert(t:update(other.id, { quantity = 1 }))
        end)

        it("come back under the checks of now", function()
            local row = assert(t:insert { price = 10, guest = "Ada", starts = "2024-05-01", ends = "2024-05-02" })
            assert(t:delete(row.id))
            -- checks are about live records, computed columns about all
            assert(t:evolve(function(c)
                c:table { checks = { check("long", "nights > 3") } }
                c:modify("total", { validation = { computed = "price * quantity * 2" } })
            end))
            refused("invalid_record", "long: nights > 3", t:restore(row.id))
            assert(t:evolve(function(c) c:table { checks = {} } end))
            assert(t:restore(row.id))
            assert.equal("20.00", t:get(row.id).total)
            assert.equal(1, t:count { filter = { total = 20 } })
        end)

        it("say where an expression fails", function()
            local u = assert(db:create_table("faults", { columns = {
                { name = "a", dataType = "integer" },
                { name = "d", dataType = "date" },
                { name = "s", dataType = "string" },
                computed("part", "integer", "100 // a"),
                computed("big", "integer", "a * 9223372036854775807"),
                computed("later", "date", "d + days(a * 400000)"),
                computed("day", "date", "date(s)"),
                computed("half", "decimal", "a / 7", { validation = { scale = 2 } }),
            }, checks = { check("ratio", "10 % (a - 3) == 0") } }))
            local function message(record) return select(2, u:insert(record)).message end
            assert.equal("part: division by zero at 5 of \"100 // a\"; ratio: 10 % (a - 3) == 0", message { a = 0 })
            assert.equal("big: the result is outside the range of integers at 3 of \"a * 9223372036854775807\"; half: "
                .. "must have at most 2 digits after the point, is 0.2857142857", message { a = 2 })
            assert.equal("day: must be a date (YYYY-MM-DD), got \"soon\" at 1 of \"date(s)\"", message { s = "soon" })
            local err = select(2, u:insert { a = -7, d = "2024-01-01" })
            assert.equal("big", err.issues[1].path)
            assert.equal("later", err.issues[2].path)
            assert.equal("the result is outside the years 0001 to 9999 at 3 of \"d + days(a * 400000)\"",
                err.issues[2].message)
            err = select(2, u:insert { a = 3 })
            assert.same({ "big computed", "half scale", "ratio check" }, { err.issues[1].path .. " "
                .. err.issues[1].rule, err.issues[2].path .. " " .. err.issues[2].rule, err.issues[3].path .. " "
                .. err.issues[3].rule })
            assert.equal("division by zero at 4 of \"10 % (a - 3) == 0\"", err.issues[3].message)
            assert.equal(0, u:count())
        end)

        it("are judged without a database too", function()
            local v = assert(flexdb.validator(stays))
            assert.equal("6.00", assert(v:validate { price = 2, quantity = 3 }).total)
            assert.equal('{"price":"2.00","quantity":3,"total":"6.00"}', v:encode { price = 2, quantity = 3 })
            refused("invalid_record", "cheap: total <= 5000", v:validate { price = 6000 })
        end)

        it("follow a definition that another handle has changed", function()
            local other = assert(flexdb.open(engine.url, { application = t.application }))
            local same = assert(other:table "stays")
            assert.equal("2.00", assert(same:insert { price = 2 }).total)
            assert(t:evolve(function(c)
                c:modify("total", { validation = { computed = "price + quantity" } })
                c:table { checks = { check("dear", "price > 1") } }
            end))
            assert.equal("3.00", assert(same:insert { price = 2 }).total)
            refused("invalid_record", "dear: price > 1", same:insert { price = 1 })
            other:close()
        end)
    end)

    describe("definitions with expressions", function()
        local db, t
        before_each(function()
            db = engine.open { actor = "alice" }
            t = assert(db:create_table("stays", stays))
        end)
        after_each(function() db:close() end)

        it("are given back as they were", function()
            assert.equal("total=price * quantity; nights=ends - starts; slug=lower(guest) .. '-' .. quantity; "
                .. "stay: ends > starts; cheap: total <= 5000", shown(t))
            assert.same(stays.checks, t:schema().checks)
            local again = assert(db:create_table("again", t:schema()))
            assert.equal(shown(t), shown(again))
            assert.same({}, assert(flexdb.diff(t:schema(), again:schema())))
        end)

        it("are refused with the place of what is wrong", function()
            local function message(...) return select(2, db:create_table("bad", { columns = { ... } })).message end
            assert.equal("columns[0].validation.computed: at 1: there is no column \"b\"",
                message(computed("a", "integer", "b")))
            assert.equal("columns[0].validation.computed: at 1: there is no function \"f\"",
                message(computed("a", "integer", "f(1)")))
            assert.equal("columns[1].validation.computed: at 3: a date cannot be compared with a boolean",
                message({ name = "d", dataType = "date" }, computed("a", "boolean", "d == true")))
            assert.equal("columns[0].validation.computed: a reads itself", message(computed("a", "integer", "a + 1")))
            assert.equal("columns[0].validation.computed: a json column cannot be computed",
                message(computed("a", "json", "1")))
            assert.equal("columns[0].validation.computed: a computed column cannot have a defaultValue",
                message(computed("a", "integer", "1", { defaultValue = 2 })))
            local deep = ("("):rep(1000) .. "1" .. (")"):rep(1000)
            assert.equal("columns[0].validation.computed: at 101: the expression nests more than 100 levels deep",
                message(computed("a", "integer", deep)))
            local _, err = db:create_table("bad", { columns = { { name = "a", dataType = "integer" } },
                checks = { check("x", "a"), check("x", "a >"), check("y", ("a + "):rep(2000) .. "1 > 0") } })
            assert.equal("invalid_schema", err.code)
            local said = {}
            for _, issue in ipairs(err.issues) do said[#said + 1] = issue.path .. ": " .. issue.message end
            assert.same({
                "checks[1].name: the name \"x\" is taken by checks[0]",
                "checks[0].expression: the expression gives an integer, which is no value of type boolean",
                "checks[2].expression: the expression has 8005 bytes, 4096 are allowed",
            }, said)
        end)

        it("survive renames, and refuse what would leave them behind", function()
            local row = assert(t:insert { price = 2, starts = "2024-05-01", ends = "2024-05-02" })
            assert(t:evolve(function(c)
                c:rename("price", "cost")
                c:rename("total", "sum")
                c:rename("ends", "until")
            end))
            assert.equal("sum=cost * quantity; nights=until_ - starts",
                (shown(t):gsub("until ", "until_ "):match "^[^;]*; [^;]*"))
            assert.equal("2.00", t:get(row.id).sum)
            assert.equal("6.00", assert(t:update(row.id, { cost = 6 })).sum)
            assert.same({ "rename_column", "rename_column", "rename_column" }, (function()
                local types = {}
                for i, change in ipairs(t:history { from = 2 }[1].changes) do types[i] = change.type end
                return types
            end)())
            refused("invalid_schema", "changes[0].name: the check \"stay\" reads \"starts\"; changes[0].name: the "
                .. "computed column \"nights\" reads \"starts\"", t:evolve(function(c) c:remove "starts" end))
            refused("invalid_schema", "changes[0].to: the computed column \"sum\" reads the column, which therefore "
                .. "cannot be called \"nil\" there", t:evolve(function(c) c:rename("cost", "nil") end))
            assert(t:evolve(function(c)
                c:remove "starts"
                c:remove "nights"
                c:table { checks = { check("cheap", "sum < 100") } }
            end))
            assert.equal("cheap: sum < 100", t:schema().checks[1].name .. ": " .. t:schema().checks[1].expression)
            assert(t:rollback(1))
            assert.equal("total=price * quantity; nights=ends - starts; slug=lower(guest) .. '-' .. quantity; "
                .. "stay: ends > starts; cheap: total <= 5000", shown(t))
            assert.equal(1, t:get(row.id).nights)
        end)

        it("are in the history, and told as differences", function()
            assert(t:evolve(function(c)
                c:table { checks = { check("cheap", "total <= 100") } }
                c:modify("nights", { validation = { computed = null } })
            end))
            local entry = t:history { from = 2, schemas = true }[1]
            assert.same(stays.checks, entry.previousSchema.checks)
            assert.same({ check("cheap", "total <= 100") }, entry.newSchema.checks)
            assert.same({ computed = "ends - starts" }, entry.changes[1].details.before.validation)
            assert.same({ checks = stays.checks }, entry.changes[2].details.before)
            assert.same({ checks = { check("cheap", "total <= 100") } }, entry.changes[2].details.after)
            local back = assert(t:diff(2, 1))
            assert(t:evolve(back))
            assert.same(stays.checks, t:schema().checks)
            assert.equal("ends - starts", column(t, "nights").validation.computed)
        end)

        it("are made so by apply", function()
            assert(t:insert { price = 2 })
            local function wanted()
                return { stays = {
                    columns = {
                        { name = "cost", renamedFrom = "price", dataType = "decimal",
                            validation = { precision = 10, scale = 2 } },
                        { name = "quantity", dataType = "integer", defaultValue = 1 },
                        computed("total", "decimal", "cost * quantity * 2", { indexed = true,
                            validation = { precision = 14, scale = 2 } }),
                    },
                    checks = { check("cheap", "total <= 100") },
                } }
            end
            assert(db:apply(wanted()))
            assert.equal("4.00", t:first().total)
            assert.equal("total=cost * quantity * 2; cheap: total <= 100", shown(t))
            local version = t.version
            assert(db:apply(wanted()))
            assert.equal(version, t.version)
        end)

        it("are made so by apply where tables refer to each other in a circle", function()
            local function refer(name, to)
                return { name = name, dataType = "reference", validation = { targetTable = to } }
            end
            local function wanted()
                return {
                    left = { columns = { refer("other", "right"), computed("key", "string", "'r:' .. other"),
                        computed("mark", "string", "upper(key)") }, checks = { check("some", "other ~= ''"),
                        check("any", "true") } },
                    right = { columns = { refer("other", "left") }, checks = { check("some", "other ~= ''") } },
                }
            end
            assert(db:apply(wanted()))
            assert.equal("key='r:' .. other; mark=upper(key); some: other ~= ''; any: true",
                shown(assert(db:table "left")))
            assert.equal("some: other ~= ''", shown(assert(db:table "right")))
            assert.same({}, assert(db:apply(wanted())))
        end)
    end)
end)
