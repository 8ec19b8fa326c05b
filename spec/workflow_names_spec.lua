-- Names in references that are no words: with spaces, dots, signs.

local flexdb = require "flexdb"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"
local workflows = require "spec.support.workflows"

local initial <const> = [[{
    "sheet": { "Unit price": "2.50", "a.b": { "c": [7, { "x y": 8 }] }, "it's": 9, "0": "zero", "größe": 10, "+": 11 },
    "first name": "Ada", "n": 3
}]]

describe("a reference", function()
    -- what is written, what it gives
    for _, scenario in ipairs {
        { "$.sheet['Unit price']", '"2.50"' }, { '$.sheet[\\"Unit price\\"]', '"2.50"' },
        { "$.sheet['a.b'].c.0", "7" }, { "$.sheet['a.b'].c.1['x y']", "8" }, { "$.sheet['a.b']['c'].1['x y']", "8" },
        { '$.sheet[\\"it\'s\\"]', "9" }, { "$.sheet['0']", '"zero"' }, { "$.sheet['größe']", "10" },
        { "$.['first name']", '"Ada"' }, { "$.['first name'].length", "3" }, { "$.sheet['Unit price'].length", "4" },
        { "{{$.['first name']}} pays {{ $.sheet['Unit price'] }}", '"Ada pays 2.50"' },
        { "$.n", "3" }, { "$.sheet['+']", "11" }, { "$.sheet['a.b'].c.length", "2" },
        { "$. ['x'] is prose", [["$. ['x'] is prose"]] }, { "$.a [1] is prose", '"$.a [1] is prose"' },
    } do
        it("reads " .. scenario[1], function()
            local run = workflows.run(('[{"set": {"path": "$.out", "value": "%s"}}]'):format(scenario[1]),
                { initial = initial })
            assert.is_nil(run.err, tostring(run.err))
            assert.equal(scenario[2], workflows.json(run.state.out))
        end)
    end

    it("does not take digits in quotes for a place of an array", function()
        local run = workflows.run([==[[{"$.list": [5]}, {"$.a": "$.list.0"}, {"$.b": "$.list['0']"}]]==])
        assert.is_nil(run.err)
        assert.equal(5, run.state.a)
        assert.is_nil(run.state.b)
    end)

    it("sets, calculates, and is a word of nodes", function()
        local run = workflows.run([==[[
            {"$.sheet['Unit price']": "$.sheet['Unit price'] * 2"},
            {"$.['grand total']": "$.sheet['Unit price'] + $.sheet[\"it's\"]"},
            {"$.sum": "$.sheet['größe']+$.n"},
            {"$.new['a b'].c": {"value": 1, "success?": null}},
            {"set": {"path": "$.['grand total']", "add": "$.n"}},
            {"lua": {"source": "return 5", "as": "$.new['from lua']"}}]]==], { initial = initial })
        assert.is_nil(run.err, tostring(run.err))
        assert.equal("5.00", run.state.sheet["Unit price"])
        assert.equal("17.00", run.state["grand total"])
        assert.equal(13, run.state.sum)
        assert.equal('{"a b":{"c":1},"from lua":5}', workflows.json(run.state.new))
    end)

    it("is told as it is written", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local run = workflows.run([==[[{"flex-record": {"operation": "count", "tableName": "t",
            "filter": {"a": "$.sheet['no such'].x", "b": "$.sheet['Unit price']"}}}]]==],
            { db = db, initial = initial })
        assert.equal("invalid_document: filter refers to $.sheet['no such'].x, which is not in the state",
            tostring(run.err))
        run = workflows.run([==[[{"$.sheet['Unit price'].x": 1}]]==], { initial = initial })
        assert.equal("invalid_document: $.sheet['Unit price'].x cannot be set: $.sheet['Unit price'] is a text, "
            .. "not an object", tostring(run.err))
    end)

    it("reads back as it is shown, whatever its names are", function()
        for _, names in ipairs { { "a", "b c" }, { "x.y", "0" }, { "it's", "_z" }, { 'a"b' }, { "{{", "größe" } } do
            local path = { index = {} }
            for i, name in ipairs(names) do path[i], path.index[i] = name, false end
            local again = assert(references.path(state.path_text(path):sub(3)))
            assert.same(path, again)
        end
    end)
end)
