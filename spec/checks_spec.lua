-- Checks and computed columns: held, computed, stored, found, and led through every evolution.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

local function computed(name, type, expression, more)
    local column = { name = name, dataType = type, validation = { computed = expression } }
    for key, value in pairs(more or {}) do
        if key == "validation" then
            for rule, given in pairs(value) do column.validation[rule] = given end
        else
            column[key] = value
        end
    end
    return column
end

local function check(name, expression, message)
    return { name = name, expression = expression, message = message }
end

local stays <const> = {
    columns = {
        { name = "price", dataType = "decimal", validation = { precision = 10, scale = 2 } },
        { name = "quantity", dataType = "integer", defaultValue = 1 },
        { name = "starts", dataType = "date" },
        { name = "ends", dataType = "date" },
        { name = "guest", dataType = "string" },
        computed("total", "decimal", "price * quantity", { indexed = true,
            validation = { precision = 14, scale = 2 } }),
        computed("nights", "integer", "ends - starts"),
        computed("slug", "string", "lower(guest) .. '-' .. quantity", { unique = true }),
    },
    checks = {
        check("stay", "ends > starts", "a stay ends after it starts"),
        check("cheap", "total <= 5000"),
    },
}

-- The error, whose code and message are these.
local function refused(code, message, row, err)
    assert.is_nil(row)
    assert.equal(code, err.code)
    assert.equal(message, err.message)
    return err
end

local function column(t, name)
    for _, c in ipairs(t:schema().columns) do
        if c.name == name then return c end
    end
end

-- "total=price * quantity; stay: ends > starts"
local function expressions(t)
    local list, schema = {}, t:schema()
    for _, c in ipairs(schema.columns) do
        if c.validation and c.validation.computed then list[#list + 1] = c.name .. "=" .. c.validation.computed end
    end
    for _, c in ipairs(schema.checks or {}) do list[#list + 1] = c.name .. ": " .. c.expression end
    return table.concat(list, "; ")
end

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
                .. "stay: ends > starts; cheap: total <= 5000", expressions(t))
            assert.same(stays.checks, t:schema().checks)
            local again = assert(db:create_table("again", t:schema()))
            assert.equal(expressions(t), expressions(again))
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
                (expressions(t):gsub("until ", "until_ "):match "^[^;]*; [^;]*"))
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
                .. "stay: ends > starts; cheap: total <= 5000", expressions(t))
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
            assert.equal("total=cost * quantity * 2; cheap: total <= 100", expressions(t))
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
                expressions(assert(db:table "left")))
            assert.equal("some: other ~= ''", expressions(assert(db:table "right")))
            assert.same({}, assert(db:apply(wanted())))
        end)
    end)

    describe("evolutions with expressions", function()
        local db, t
        before_each(function()
            db = engine.open { actor = "alice" }
            t = assert(db:create_table("t", { columns = {
                { name = "a", dataType = "integer" },
                { name = "b", dataType = "integer", defaultValue = 2 },
                { name = "s", dataType = "string" },
            } }))
        end)
        after_each(function() db:close() end)

        -- Computed with and without a physical column: in place, and by a new table.
        for _, indexed in ipairs { false, true } do
            local how = indexed and ", indexed" or ""
            local function sum(expression) return computed("sum", "integer", expression, { indexed = indexed }) end

            it("compute a column that is added for all records" .. how, function()
                local one, two, gone = assert(t:insert { a = 1 }), assert(t:insert {}), assert(t:insert { a = 3 })
                assert(t:delete(gone.id))
                assert(t:evolve(function(c) c:add(sum "a * 10 + b") end))
                assert.equal(12, t:get(one.id).sum)
                assert.is_nil(t:get(two.id).sum)
                assert.equal(one._version, t:get(one.id)._version)
                assert.equal(1, t:count { filter = { sum = 12 } })
                assert(t:restore(gone.id))
                assert.equal(32, t:get(gone.id).sum)
                assert.equal(2, t:count { filter = { sum = { gt = 0 } } })
            end)

            it("compute it anew when its expression changes, and what reads it" .. how, function()
                assert(t:evolve(function(c)
                    c:add(sum "a + b")
                    c:add(computed("more", "integer", "sum + 1", { filterable = indexed }))
                end))
                local row = assert(t:insert { a = 1 })
                assert.equal(4, row.more)
                assert(t:evolve(function(c) c:modify("sum", { validation = { computed = "a - b" } }) end))
                assert.equal(-1, t:get(row.id).sum)
                assert.equal(0, t:get(row.id).more)
                assert.equal(1, t:count { filter = { sum = -1, more = 0 } })
                assert.equal("sum", column(t, "sum").key)
                assert(t:rollback(2))
                assert.equal(4, t:get(row.id).more)
                assert.equal(1, t:count { filter = { sum = 3, more = 4 } })
            end)

            it("compute it anew when a column that it reads gets another type" .. how, function()
                assert(t:evolve(function(c) c:add(sum "len(s)") c:add(computed("twice", "string", "s .. s")) end))
                local row = assert(t:insert { s = "42" })
                assert(t:evolve(function(c)
                    c:modify("s", { dataType = "integer" })
                    c:modify("sum", { validation = { computed = "s + 1" } })
                    c:modify("twice", { validation = { computed = "'<' .. s .. '>'" } })
                end))
                row = t:get(row.id)
                assert.same({ 42, 43, "<42>" }, { row.s, row.sum, row.twice })
                assert(t:update(row.id, { s = 7 }))
                assert(t:rollback(2))
                row = t:get(row.id)
                assert.same({ "7", 1, "77" }, { row.s, row.sum, row.twice })
            end)

            it("bring a removed one back as it is to be now" .. how, function()
                assert(t:evolve(function(c) c:add(sum "a + b") end))
                local row = assert(t:insert { a = 1 })
                assert(t:evolve(function(c) c:remove "sum" end))
                assert(t:update(row.id, { a = 5 }))
                assert(t:rollback(2))
                assert.equal(7, t:get(row.id).sum)
                assert.equal(1, t:count { filter = { sum = 7 } })
            end)
        end

        it("keep what was written when a column becomes computed, and the other way round", function()
            local row, other = assert(t:insert { a = 1, b = 100 }), assert(t:insert { a = 2, b = 200 })
            assert(t:evolve(function(c)
                c:modify("b", { unset = { "defaultValue" }, validation = { computed = "a * 2" } })
            end))
            assert.equal(2, t:get(row.id).b)
            assert.not_equal("b", column(t, "b").key)
            assert(t:rollback(1))
            assert.equal(100, t:get(row.id).b)
            assert(t:rollback(2))
            assert(t:update(row.id, { a = 7 }))
            assert.equal(14, t:get(row.id).b)
            assert(t:rollback(1)) -- what was computed since is what it comes back with
            assert.equal(14, t:get(row.id).b)
            assert.equal(200, t:get(other.id).b)

            -- computed, then written by hand, then computed again
            assert(t:rollback(2))
            assert(t:evolve(function(c) c:modify("b", { validation = { computed = null } }) end))
            local written = t.version
            assert.equal(14, t:get(row.id).b)
            assert(t:update(row.id, { b = 1 }))
            assert(t:rollback(2))
            assert.equal(14, t:get(row.id).b)
            assert(t:rollback(written))
            assert.equal(1, t:get(row.id).b)
        end)

        it("let values change places under a unique expression", function()
            assert(t:evolve(function(c) c:add(computed("place", "integer", "a", { unique = true })) end))
            for i = 1, 9 do assert(t:insert { a = i }) end
            assert(t:evolve(function(c) c:modify("place", { validation = { computed = "10 - a" } }) end))
            assert.equal(1, t:first { filter = { place = 9 } }.a)
            local _, err = t:evolve(function(c) c:modify("place", { validation = { computed = "a // 2" } }) end)
            assert.equal("duplicate", err.code)
            assert.equal("place", err.issues[1].path)
            assert.equal(4, #err.issues)
            assert.truthy(err.issues[1].message:find "^1 is held by 2 records: ")
            assert.equal(9, t:first { filter = { place = 1 } }.a)
            assert.equal("duplicate", select(2, t:insert { a = 9 }).code)
            local plan = assert(t:plan(function(c) c:modify("place", { validation = { computed = "a // 2" } }) end))
            assert.is_false(plan.possible)
            assert.equal(4, plan.steps[1].duplicates.values)
        end)

        it("hold live records against new checks", function()
            local ids = {}
            for i = 1, 30 do ids[i] = assert(t:insert { a = i }).id end
            assert(t:delete(ids[30]))
            local function tighten(c) c:table { checks = { check("few", "a <= 25", "at most 25") } } end
            local err = refused("invalid_record", ("4 records stand against the change: record %q: few: at most 25")
                :format(ids[26]), t:evolve(tighten))
            assert.equal(4, #err.issues)
            assert.same({ path = "few", rule = "check", message = "at most 25", expected = "a <= 25", id = ids[26] },
                err.issues[1])
            assert.equal(1, t.version)
            local step = err.plan.steps[1]
            assert.same({ kind = "check", check = "few", text = 'check "few" is added', failed = 4,
                breaking = "a writer that does not know it may be refused" }, step)

            assert(t:evolve(tighten, { on_invalid = "ignore" }))
            assert.equal("invalid_record", select(2, t:insert { a = 26 }).code)
            assert(t:update(ids[26], { s = "can still be edited" }))
            assert.equal("invalid_record", select(2, t:update(ids[26], { a = 27 })).code)
            assert.equal("invalid_record", select(2, t:restore(ids[30])).code)
            assert(t:update(ids[26], { a = 25 }))
            -- the same check said otherwise looks at nobody
            assert(t:evolve(function(c) c:rename("a", "n") c:table { checks = { check("fewer", "n<=25") } } end))
            assert.equal(27, t:get(ids[27]).n)
            assert(t:rollback(1))
            assert.equal("invalid_record", select(2, t:evolve(tighten)).code)
        end)

        it("do as on_invalid says with what cannot be computed", function()
            local zero, big, good = assert(t:insert { a = 0 }), assert(t:insert { a = 99 }), assert(t:insert { a = 10 })
            assert(t:delete(zero.id)) -- computed columns are about deleted records too
            local function part(c)
                c:add(computed("part", "integer", "100 // a * 5", { validation = { min = 10 } }))
            end
            local _, err = t:evolve(part)
            assert.equal("invalid_record", err.code)
            assert.equal(2, #err.issues)
            assert.same({ path = "part", rule = "computed", id = zero.id,
                message = "division by zero at 5 of \"100 // a * 5\"" }, err.issues[1])
            assert.same({ "part", "min", big.id }, { err.issues[2].path, err.issues[2].rule, err.issues[2].id })
            local step = err.plan.steps[1]
            assert.same({ "convert", 1, 2 }, { step.kind, step.exact, step.failed })

            local entry = assert(t:evolve(part, { on_invalid = "null" }))
            assert.same({ failed = 2, exact = 1, rounded = 0, nulled = 2 }, entry.changes[1].details.conversion)
            assert.is_nil(t:get(big.id).part)
            assert.equal(50, t:get(good.id).part)
            assert(t:restore(zero.id))
            assert.is_nil(t:get(zero.id).part)
            assert(t:update(zero.id, { s = "x" }))
            assert.equal("invalid_record", select(2, t:update(zero.id, { a = 0 })).code)
            assert(t:rollback(1))
            assert(t:evolve(part, { on_invalid = "ignore" }))
            assert.equal(5, t:get(big.id).part) -- breaks a rule, and is a value
            assert.is_nil(t:get(zero.id).part)
            assert.equal(1, t:count { filter = { part = 5 } })
        end)

        it("compute what is required, or refuse", function()
            assert(t:insert { a = 1 })
            assert(t:evolve(function(c) c:add(computed("must", "integer", "a", { required = true })) end))
            assert.equal(1, t:first().must)
            refused("invalid_record", "must: is required", t:insert {})
            assert(t:rollback(1))
            assert(t:insert {})
            local _, err = t:evolve(function(c) c:add(computed("must", "integer", "a", { required = true })) end)
            assert.equal("required", err.issues[1].rule)
        end)

        it("do it all at once, after the conversions", function()
            local row = assert(t:insert { a = 4, s = "2024-05-01" })
            assert(t:evolve(function(c)
                c:rename("a", "n")
                c:modify("s", { dataType = "date" })
                c:add(computed("till", "date", "s + days(n)", { indexed = true }))
                c:add(computed("label", "text", "s .. '/' .. till"))
                c:table { checks = { check("order", "till > s") } }
            end))
            row = t:get(row.id)
            assert.same({ "2024-05-05", "2024-05-01/2024-05-05" }, { row.till, row.label })
            assert.equal(1, t:count { filter = { till = { gt = "2024-05-04" } } })
            refused("invalid_record", "order: till > s", t:update(row.id, { n = 0 }))
            assert(t:rollback(1))
            assert.same({ 4, "2024-05-01" }, { t:get(row.id).a, t:get(row.id).s })
        end)

        it("are refused by a table's compatibility", function()
            assert(t:evolve(function(c) c:table { compatibility = "backward" } end))
            local err = refused("conflict", "few: is added, which breaks backward compatibility: records written "
                .. "before may break it", t:evolve(function(c) c:table { checks = { check("few", "a < 3") } } end))
            assert.equal("compatibility", err.issues[1].rule)
            assert(t:evolve(function(c) c:add(computed("sum", "integer", "a + b")) end))
        end)

        it("are read at a version as they stand", function()
            assert(t:evolve(function(c) c:add(computed("sum", "integer", "a + b", { indexed = true })) end))
            local row = assert(t:insert { a = 1 })
            assert(t:evolve(function(c)
                c:modify("sum", { validation = { computed = "a * 100" } })
                c:table { checks = { check("few", "a < 50") } }
            end))
            local old = assert(t:at(2))
            assert.equal(100, old:get(row.id).sum) -- what was last written under its key
            assert.equal(1, old:count { filter = { sum = 100 } })
            assert.is_nil(assert(t:at(1)):get(row.id).sum)
        end)

        it("tell it in their plans", function()
            assert(t:evolve(function(c) c:add(computed("sum", "integer", "a + b")) c:add(computed("more", "integer",
                "sum + 1")) end))
            assert(t:insert { id = "x", a = 1 })
            local plan = assert(t:plan(function(c)
                c:modify("sum", { validation = { computed = "a - b" } })
                c:table { checks = { check("few", "more < 0", "few"), check("low", "a < 9") } }
            end))
            assert.equal([[
Plan for evolving table "t" from version 2, 1 record looked at
  convert   "sum" is computed otherwise
            1 value is computed
              3 → -1
  check     check "few" is added
            1 record stands against it
            breaking: a writer that does not know it may be refused
  check     check "low" is added
            nothing stands against it
            breaking: a writer that does not know it may be refused
  convert   "more" is computed anew
            1 value is computed
              4 → 0
It is not possible: 1 record stands against it
  x: few: few]], tostring(plan))
            assert.equal("a - b", plan.steps[1].computed)
            assert.same({ key = "sum", dataType = "integer", computed = "a + b" }, plan.before.sum)
            assert.same({}, plan.checksBefore)
            assert.equal("invalid_record", select(2, t:evolve(plan)).code)
            assert(t:evolve(function(c) c:table { checks = { check("mine", "a > 0") } } end))
            -- it would take the place of a check that it did not know
            local _, err = t:evolve(plan)
            assert.equal("conflict", err.code)
            local changed <const> = 'table "t" has changed since the plan was made at version 2: '
            assert.equal(changed .. "the checks are others", err.message)
            assert(t:evolve(function(c) c:table { checks = {} } end))
            assert(t:evolve(function(c) c:modify("sum", { validation = { computed = "b" } }) end))
            _, err = t:evolve(plan)
            assert.equal(changed .. 'column "sum" is computed otherwise', err.message)
            plan.checksBefore = 5
            _, err = t:evolve(plan)
            assert.equal("plan: checksBefore must be an array of checks", err.message)
        end)
    end)
end)
