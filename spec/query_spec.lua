-- Queries against a brute-force evaluation in Lua, indexed or not; order, paging, select; bad queries.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local pace = require "spec.support.pace"

local null = flexdb.null

-- Two columns of each type, one of them indexed, so that both ways to a value are compared with the model below.
local types = {
    { "string", { "a", "A", "b", "a ", "ab", "", "%", "_", "'", '"', "\\", "é", "É", "ß", "☃", "a%b", "x_y",
        "z\u{10FFFF}" } },
    { "text", { "short", "Short", ("x"):rep(1500), ("x"):rep(1500) .. "a", ("x"):rep(1500) .. "b", ("é"):rep(600),
        "" } },
    { "integer", { 0, 1, -1, 9, 10, 100, math.maxinteger, math.mininteger, (1 << 53) + 1, 1 << 53 } },
    { "decimal", { "0.00", "0.10", "-0.10", "9.99", "10.00", "-1234567890.12", "9999999999.99", "1.50" } },
    { "decimal", { "0.000001", "12345678901234567890.123456", "-12345678901234567890.123456", "1.000000", "-1.000000" },
        { precision = 38, scale = 6 } },
    { "boolean", { true, false } },
    { "date", { "0001-01-01", "1969-12-31", "2024-02-29", "2024-03-01", "9999-12-31" } },
    { "datetime", { "2024-05-01T10:00:00.000000Z", "2024-05-01T10:00:00.000001Z", "1969-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999999Z" } },
}

local columns, domain = {}, {}
for i, entry in ipairs(types) do
    for _, how in ipairs { "plain", "indexed" } do
        local name = ("%s_%s%d"):format(how, entry[1], i)
        columns[#columns + 1] = {
            name = name, dataType = entry[1], indexed = how == "indexed",
            validation = entry[3] or (entry[1] == "decimal" and { precision = 12, scale = 2 } or nil),
        }
        domain[name] = { type = entry[1], values = entry[2] }
    end
end

local names = {}
for name in pairs(domain) do names[#names + 1] = name end
table.sort(names)

-- Values of one type in their order. Decimals are compared as scaled texts of equal width.
local ranks = {}
local function rank(kind, value)
    if kind == "boolean" then return value and 1 or 0 end
    if kind == "decimal" then
        if ranks[value] then return ranks[value] end
        local sign, whole, fraction = value:match "^(%-?)(%d+)%.?(%d*)$"
        local digits = ("0"):rep(40 - #whole) .. whole .. fraction .. ("0"):rep(10 - #fraction)
        if sign == "-" then
            digits = digits:gsub("%d", function(d) return tostring(9 - tonumber(d)) end)
            digits = "0" .. digits
        else
            digits = "1" .. digits
        end
        ranks[value] = digits
        return digits
    end
    return value
end

local function less(kind, a, b)
    a, b = rank(kind, a), rank(kind, b)
    if type(a) ~= "string" then return a < b end
    if a == b then return false end
    -- bytes decide, not the locale
    for i = 1, math.min(#a, #b) do
        local x, y = a:byte(i), b:byte(i)
        if x ~= y then return x < y end
    end
    return #a < #b
end
local function same(kind, a, b) return rank(kind, a) == rank(kind, b) end

local operators = {
    eq = function(k, v, x) return same(k, v, x) end,
    ne = function(k, v, x) return not same(k, v, x) end,
    gt = function(k, v, x) return less(k, x, v) end,
    gte = function(k, v, x) return not less(k, v, x) end,
    lt = function(k, v, x) return less(k, v, x) end,
    lte = function(k, v, x) return not less(k, x, v) end,
    ["in"] = function(k, v, list)
        for _, x in ipairs(list) do if same(k, v, x) then return true end end
        return false
    end,
    notIn = function(k, v, list)
        for _, x in ipairs(list) do if same(k, v, x) then return false end end
        return true
    end,
    between = function(k, v, pair) return not less(k, v, pair[1]) and not less(k, pair[2], v) end,
    contains = function(_, v, x) return v:find(x, 1, true) ~= nil end,
    startsWith = function(_, v, x) return v:sub(1, #x) == x end,
    endsWith = function(_, v, x) return x == "" or v:sub(-#x) == x end,
}

local function matches(filter, row)
    for key, condition in pairs(filter) do
        local ok
        if key == "AND" then
            ok = true
            for _, f in ipairs(condition) do ok = ok and matches(f, row) end
        elseif key == "OR" then
            ok = false
            for _, f in ipairs(condition) do ok = ok or matches(f, row) end
        elseif key == "NOT" then
            ok = not matches(condition, row)
        else
            local kind, value = domain[key].type, row[key]
            ok = true
            if type(condition) ~= "table" then condition = { eq = condition } end
            for op, operand in pairs(condition) do
                local one
                if op == "isNull" then one = (value == nil) == operand
                elseif operand == null then one = (value == nil) == (op == "eq")
                else one = value ~= nil and operators[op](kind, value, operand) end
                ok = ok and one
            end
        end
        if not ok then return false end
    end
    return true
end

local function pick(list) return list[math.random(#list)] end

local function random_condition(name)
    local d = domain[name]
    local roll = math.random(14)
    if roll == 1 then return { isNull = math.random(2) == 1 } end
    if roll == 2 then return { [pick { "eq", "ne" }] = null } end
    if roll == 3 or roll == 4 then
        local list = {}
        for i = 1, math.random(0, 4) do list[i] = pick(d.values) end
        if #list == 0 then list = flexdb.array {} end
        return { [pick { "in", "notIn" }] = list }
    end
    if roll == 5 then return { between = { pick(d.values), pick(d.values) } } end
    if roll <= 8 and (d.type == "string" or d.type == "text") then
        local v = pick(d.values)
        local from = utf8.offset(v, math.random(0, math.min(3, utf8.len(v)))+1) or 1
        return { [pick { "contains", "startsWith", "endsWith" }] = pick { v, v:sub(from), "" , "a", "%", "\\" } }
    end
    if roll == 9 then return pick(d.values) end
    if roll == 10 then return { gte = pick(d.values), lt = pick(d.values) } end
    return { [pick { "eq", "ne", "gt", "gte", "lt", "lte" }] = pick(d.values) }
end

local function random_filter(depth)
    local filter = {}
    for _ = 1, math.random(1, 2) do
        local name = pick(names)
        filter[name] = random_condition(name)
    end
    if depth > 0 then
        local roll = math.random(4)
        if roll == 1 then filter.NOT = random_filter(depth - 1) end
        if roll == 2 then filter.OR = { random_filter(depth - 1), random_filter(depth - 1) } end
        if roll == 3 then filter.AND = { random_filter(depth - 1), random_filter(depth - 1) } end
    end
    return filter
end

engines.each(function(engine)
    describe("queries", function()
        local db, t, rows
        setup(function()
            engines.seed("queries on " .. engine.name)
            db = engine.open()
            t = assert(db:create_table("t", { columns = columns }))
            local records = {}
            for i = 1, 150 do
                local record = {}
                for _, name in ipairs(names) do
                    if math.random(5) > 1 then record[name] = pick(domain[name].values) end
                end
                records[i] = record
            end
            assert(t:insert_many(records))
            rows = assert(t:find())
            assert.equal(150, #rows)
        end)
        teardown(function() db:close() end)

        it("agree with a brute-force evaluation", function()
            for round = 1, pace.rounds(400, 60) do
                local filter = random_filter(2)
                local expected = {}
                for _, row in ipairs(rows) do
                    if matches(filter, row) then expected[#expected + 1] = row.id end
                end
                local found, err = t:find { filter = filter }
                local text = flexdb.json.encode(filter)
                assert.is_nil(err, text)
                local got = {}
                for i, row in ipairs(found) do got[i] = row.id end
                assert.same(expected, got, ("round %d: %s"):format(round, text))
                assert.equal(#expected, t:count { filter = filter }, text)
            end
        end)

        it("order totally, null first ascending and last descending, ties by insertion", function()
            for _ = 1, pace.rounds(60, 10) do
                local orders, compare = {}, {}
                local used = {}
                for i = 1, math.random(1, 3) do
                    local name = pick(names)
                    if not used[name] then
                        used[name] = true
                        local down = math.random(2) == 1
                        orders[#orders + 1] = i % 2 == 0 and { field = name, direction = down and "desc" or "asc" }
                            or (down and "-" or "") .. name
                        compare[#compare + 1] = { name, down }
                    end
                end
                local sorted = {}
                for i, row in ipairs(rows) do sorted[i] = { row = row, at = i } end
                table.sort(sorted, function(a, b)
                    for _, c in ipairs(compare) do
                        local name, down = c[1], c[2]
                        local x, y = a.row[name], b.row[name]
                        local kind = domain[name].type
                        local before, after
                        if x == nil or y == nil then before, after = x == nil and y ~= nil, y == nil and x ~= nil
                        else before, after = less(kind, x, y), less(kind, y, x) end
                        if before or after then
                            if down then return after end
                            return before
                        end
                    end
                    return a.at < b.at
                end)
                local got = assert(t:find { orderBy = orders })
                local expected, ids = {}, {}
                for i, entry in ipairs(sorted) do expected[i], ids[i] = entry.row.id, got[i].id end
                assert.same(expected, ids, flexdb.json.encode(orders))
                -- the same in pages
                local after, paged = nil, {}
                repeat
                    local page = assert(t:find { orderBy = orders, limit = 37, after = after })
                    for _, row in ipairs(page) do paged[#paged + 1] = row.id end
                    after = page.next
                until not after
                assert.same(expected, paged, "pages of " .. flexdb.json.encode(orders))
            end
        end)

        -- A server's index holds up to 1020 bytes of a text as they are; a rule of 255 characters allows no more.
        it("compare with texts of any length", function()
            local rules = { plain = { maxLength = 5000 }, short = { maxLength = 255 }, long = { maxLength = 5000 } }
            local defined = {}
            for name, rule in pairs(rules) do
                defined[#defined + 1] = { name = name, dataType = "string", indexed = name ~= "plain",
                    validation = rule }
            end
            local x = assert(db:create_table("lengths", { columns = defined }))
            local four, lengths, values = "\u{10FFFF}", { 1019, 1020, 1021, 1052, 1053, 5000 }, {}
            local function add(name, value)
                values[#values + 1] = { name = name, value = value, id = assert(x:insert { [name] = value }).id }
            end
            for _, value in ipairs { "", "a", four:rep(255), four:rep(254) .. "a", ("a"):rep(255) } do
                for name in pairs(rules) do add(name, value) end
            end
            for _, length in ipairs(lengths) do
                for _, name in ipairs { "plain", "long" } do
                    add(name, ("a"):rep(length))
                    add(name, ("a"):rep(length - 1) .. "b")
                end
            end
            local needles = { four:rep(256), four:rep(255) .. "a", four:rep(254) .. "ab" }
            for _, length in ipairs(lengths) do
                needles[#needles + 1] = ("a"):rep(length)
                needles[#needles + 1] = ("a"):rep(length - 1) .. "b"
            end
            local singles = { "eq", "ne", "gt", "gte", "lt", "lte", "contains", "startsWith", "endsWith" }
            for i, needle in ipairs(needles) do
                local other = needles[i % #needles + 1]
                local conditions = { { ["in"] = { needle, "a" } }, { notIn = { needle, other } },
                    { between = { needle, other } }, { between = { other, needle } }, { between = { "a", needle } } }
                for _, op in ipairs(singles) do conditions[#conditions + 1] = { [op] = needle } end
                for name in pairs(rules) do
                    for _, condition in ipairs(conditions) do
                        local op, operand = next(condition)
                        local expected = {}
                        for _, row in ipairs(values) do
                            if row.name == name and operators[op]("string", row.value, operand) then
                                expected[#expected + 1] = row.id
                            end
                        end
                        local got = {}
                        for row in x:each { filter = { [name] = condition }, select = { "id" } } do
                            got[#got + 1] = row.id
                        end
                        assert.same(expected, got, ("%s %s %d bytes"):format(name, op, #needle))
                    end
                end
            end
        end)

        -- Texts that differ only behind what a server sorts by where nobody tells it otherwise, and what its memory
        -- for sorting holds by itself.
        it("order texts by all that they are", function()
            local x = assert(db:create_table("whole", { columns = {
                { name = "plain", dataType = "text" }, { name = "long", dataType = "text", indexed = true },
                { name = "short", dataType = "string" }, { name = "rank", dataType = "integer" },
            } }))
            local texts = { "", "b" }
            for _, length in ipairs { 1020, 1024, 3060, 3061, 70000 } do
                for _, tail in ipairs { "b", "a", "é", "c", "" } do
                    texts[#texts + 1] = ("x"):rep(length) .. tail
                end
            end
            for _, tail in ipairs { "b", "a" } do texts[#texts + 1] = ("x"):rep(300000) .. tail end
            for i, text in ipairs(texts) do
                assert(x:insert { id = tostring(i), plain = text, long = text, short = "s" .. i % 3, rank = i % 2 })
            end
            assert(x:insert { id = tostring(#texts + 1) })
            for _, order in ipairs {
                { "plain" }, { "-plain" }, { "long" }, { "-long" }, { "rank", "plain" }, { "short", "-long" },
                { "-long", "plain" }, { "plain", "-id" },
            } do
                local expected = {}
                for i = 1, #texts + 1 do expected[i] = i end
                local function value(i, name)
                    if i > #texts then return nil end
                    return name == "rank" and i % 2 or name == "short" and "s" .. i % 3 or texts[i]
                end
                table.sort(expected, function(a, b)
                    for _, name in ipairs(order) do
                        local left, right = value(a, name:gsub("-", "")), value(b, name:gsub("-", ""))
                        if name == "-id" then return tostring(a) > tostring(b) end
                        if left ~= right then
                            local before = left == nil or (right ~= nil and left < right)
                            return before == (name:sub(1, 1) ~= "-")
                        end
                    end
                    return a < b
                end)
                for i, id in ipairs(expected) do expected[i] = tostring(id) end
                local name = table.concat(order, ", ")
                local got = {}
                for row in x:each { orderBy = order, select = { "id" } } do got[#got + 1] = row.id end
                assert.same(expected, got, "by " .. name)
                for _, limit in ipairs { 1, 5, 14, 20 } do
                    local page = assert(x:find { orderBy = order, select = { "id" }, limit = limit, offset = 3 })
                    assert.equal(limit, #page)
                    for i, row in ipairs(page) do
                        assert.equal(expected[i + 3], row.id, ("%s, limit %d, %d"):format(name, limit, i))
                    end
                end
                assert.equal(expected[1], assert(x:first { orderBy = order }).id)
                assert.equal(0, #assert(x:find { orderBy = order, limit = 0 }))
                local paged, after = {}, nil
                repeat
                    local page = assert(x:find { orderBy = order, limit = 7, after = after, select = { "id" } })
                    for _, row in ipairs(page) do paged[#paged + 1] = row.id end
                    after = page.next
                until not after
                assert.same(expected, paged, "pages by " .. name)
            end
        end)

        -- A page must end and begin where the order does.
        it("page through texts that begin alike", function()
            local x = assert(db:create_table("alike", { columns = {
                { name = "plain", dataType = "text" }, { name = "long", dataType = "text", indexed = true },
                { name = "rank", dataType = "integer" },
            } }))
            for _, length in ipairs { 1019, 1020, 2039, 3058, 3059, 3060, 5000 } do
                for i, tail in ipairs { "c", "a", "é", "", "b", "c" } do
                    local value = ("x"):rep(length) .. tail
                    assert(x:insert { plain = value, long = value, rank = i % 2 })
                end
            end
            assert(x:insert {})
            for _, orders in ipairs { { "plain" }, { "-plain" }, { "long" }, { "-long" }, { "long", "-rank", "plain" },
                { "-rank", "-long" } } do
                local whole, paged, after = {}, {}, nil
                for row in x:each { orderBy = orders, select = { "id" } } do whole[#whole + 1] = row.id end
                assert.equal(43, #whole)
                repeat
                    local page = assert(x:find { orderBy = orders, limit = 3, after = after, select = { "id" } })
                    for _, row in ipairs(page) do paged[#paged + 1] = row.id end
                    after = page.next
                until not after
                assert.same(whole, paged, "pages of " .. table.concat(orders, ", "))
            end
        end)

        it("limit and offset", function()
            assert.equal(10, #assert(t:find { limit = 10 }))
            assert.equal(0, #assert(t:find { limit = 0 }))
            local page = assert(t:find { limit = 5, offset = 148 })
            assert.equal(2, #page)
            assert.is_nil(page.next)
            assert.equal(rows[149].id, page[1].id)
            assert.equal(rows[3].id, assert(t:find { offset = 2 })[1].id)
            assert.equal(5, t:count { limit = 5 })
        end)

        it("select columns, and always id", function()
            local row = assert(t:first { select = { names[1], "created_at" } })
            local keys = {}
            for key in pairs(row) do keys[key] = true end
            keys[names[1]], keys.id, keys.created_at = nil, nil, nil
            assert.is_nil(next(keys))
            assert.is_string(row.id)
            assert.is_string(row.created_at)
        end)

        it("ask for system fields", function()
            assert.equal(1, t:count { filter = { id = rows[5].id } })
            assert.equal(2, t:count { filter = { id = { ["in"] = { rows[5].id, rows[9].id, "nobody" } } } })
            assert.equal(150, t:count { filter = { created_at = { lte = rows[150].created_at } } })
            assert.equal(150, t:count { filter = { _version = 1 } })
            assert.equal(rows[150].id, assert(t:first { orderBy = { "-created_at", "-id" }, limit = 1 })
                and rows[150].id)
        end)

        it("take the long form", function()
            local name = "indexed_integer3"
            assert.equal(t:count { filter = { [name] = { gte = 10 } } }, t:count { filter = { field = name,
                gte = 10 } })
            assert.equal(t:count { filter = { [name] = 10 } },
                t:count { filter = { AND = { { field = name, eq = 10 }, { field = name, isNull = false } } } })
        end)

        it("fold case for iContains", function()
            local name = "plain_string1"
            local expected = 0
            for _, row in ipairs(rows) do
                local v = row[name]
                if v == "é" or v == "É" then expected = expected + 1 end
            end
            assert.equal(expected, t:count { filter = { [name] = { iContains = "É" } } })
            assert.equal(expected, t:count { filter = { ["indexed_string1"] = { iContains = "é" },
                [name] = { isNull = false } } }
                and t:count { filter = { [name] = { iContains = "é" } } })
            assert.equal(t:count { filter = { OR = { { [name] = { contains = "%" } } } } },
                t:count { filter = { [name] = { iContains = "%" } } })
        end)
    end)
end)
