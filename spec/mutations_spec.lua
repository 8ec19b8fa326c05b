-- Documents of the examples and the docs, each with a few places changed at random: workflows are checked and run,
-- saved plans carried out, definitions applied. Whatever they have become, an answer comes, and a refusal is an error
-- that says what is wrong with the document; none is told of as a mistake of FlexDB's own.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"
local mutations = require "spec.support.mutations"
local pace = require "spec.support.pace"

pace.rest_collector(setup, teardown)

-- As every error is.
local function check_error(err, document)
    local shown = select(2, pcall(flexdb.json.encode, document))
    assert.is_table(err, shown)
    assert.is_string(err.code, shown)
    assert.is_string(err.message, shown)
    assert.is_table(err.issues, shown)
    assert.equal("string", type(tostring(err)), shown)
    -- a mistake in the text of a node `lua` is told of as its author's: by that text's name and line
    assert.is_true(err.code ~= "internal" or err.message:find "^lua:%d" ~= nil, ("%s\n%s"):format(err, shown))
    for _, issue in ipairs(err.issues) do
        assert.is_string(issue.path, shown)
        assert.is_string(issue.rule, shown)
        assert.is_string(issue.message, shown)
    end
end

-- A call's answer: its first two results. It never raises.
local function answer(document, call, ...)
    local ok, result, err = pcall(call, ...)
    assert.is_true(ok, ("raised: %s\n%s"):format(result, select(2, pcall(flexdb.json.encode, document))))
    if result == nil then check_error(err, document) end
    return result, err
end

local function read(path)
    local file <close> = assert(io.open(path))
    return assert(flexdb.json.decode(file:read "a"))
end

describe("a document with places changed at random", function()
    it("is a workflow that is checked, and run to an end or an error", function()
        engines.seed "changed workflows"
        local good = { read "examples/orders.json" }
        for _, page in ipairs { "docs/workflows.md", "docs/nodes.md" } do
            for _, one in ipairs(mutations.documents_of(page)) do
                if one.workflow == nil then
                    one = { id = "w", name = "W", version = "1.0.0", workflow = one[1] and one or { one } }
                end
                good[#good + 1] = one
            end
        end
        local state = read "examples/data/orders.json"
        local passed, done = 0, 0
        for _ = 1, pace.rounds(150, 40, "FLEXDB_TEST_ROUNDS") do
            local document = mutations.of(good[math.random(#good)], 4)
            local db <close> = assert(flexdb.open "sqlite::memory:")
            local checked = answer(document, flexdb.workflow.check, document)
            local ran = answer(document, flexdb.workflow.run, document, { db = db, state = mutations.copy(state),
                log = function() end, limits = { steps = 300, iterations = 20, jumps = 20, seconds = 10 } })
            if checked then passed = passed + 1 end
            if ran then done = done + 1 end
            assert.is_true(flexdb.doctor(db).ok)
        end
        assert.is_true(pace.slow or passed > 5 and done > 0, ("%d passed, %d ran to their end"):format(passed, done))
    end)

    it("is a saved plan that is carried out, or refused with nothing done", function()
        engines.seed "changed plans"
        local definition = { columns = {
            { name = "name", dataType = "string", unique = true }, { name = "age", dataType = "string" },
            { name = "old", dataType = "integer", indexed = true },
        } }
        local function open()
            local db = assert(flexdb.open "sqlite::memory:")
            local t = assert(db:create_table("people", definition))
            for i, age in ipairs { "36", "7", "old" } do
                assert(t:insert { id = "p" .. i, name = "P" .. i, age = age })
            end
            return db, t
        end
        local made = 0
        for _ = 1, pace.rounds(150, 40, "FLEXDB_TEST_ROUNDS") do
            local db, t = open()
            local plan = assert(t:plan(function(c)
                c:modify("age", { dataType = "integer" })
                c:rename("name", "title")
                c:remove "old"
                c:table { checks = { { name = "grown", expression = "age >= 0" } } }
            end, { on_invalid = "null" }))
            local document = mutations.of(assert(flexdb.json.decode(flexdb.json.encode(plan))), 3)
            answer(document, t.plan, t, document)
            if answer(document, t.evolve, t, document) then made = made + 1 else assert.equal(1, t.version) end
            assert.equal(3, t:count())
            assert.is_true(flexdb.doctor(db).ok)
            db:close()
        end
        assert.is_true(pace.slow or made > 0)
    end)

    it("is a set of definitions that is applied, twice with the same end", function()
        engines.seed "changed definitions"
        local first = {
            companies = { columns = { { name = "name", dataType = "string", required = true } } },
            people = { displayName = "People", columns = {
                { name = "email", dataType = "string", unique = true,
                    validation = { format = "email", maxLength = 80 } },
                { name = "balance", dataType = "decimal", defaultValue = "0.00",
                    validation = { precision = 12, scale = 2 } },
                { name = "double", dataType = "decimal", validation = { scale = 2, computed = "balance * 2" } },
                { name = "company", dataType = "reference", validation = { targetTable = "companies" } },
            }, checks = { { name = "rich", expression = "balance >= 0", message = "is poor" } },
                indexes = { { columns = { "email", "balance" } } } },
        }
        local applied = 0
        for _ = 1, pace.rounds(150, 40, "FLEXDB_TEST_ROUNDS") do
            local db <close> = assert(flexdb.open "sqlite::memory:")
            local document = mutations.of(first, 2)
            assert(db:apply(first))
            if answer(document, db.apply, db, document) then
                applied = applied + 1
                assert.same({}, assert(db:apply(document)))
            end
            assert.is_true(flexdb.doctor(db).ok)
        end
        assert.is_true(pace.slow or applied > 0)
    end)
end)
