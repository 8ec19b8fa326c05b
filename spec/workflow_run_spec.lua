-- What the steps of a document do: edges, jumps, loops, setters, references and templates.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

-- Nodes that leave a trail in state.trail.
local function marker(name, edge)
    return function(context)
        context.state.trail = (context.state.trail or "") .. name
        return edge
    end
end

local nodes = {
    a = marker "a", b = marker "b", c = marker "c", left = marker("l", "left"), fails = function(context)
        context.state.trail = (context.state.trail or "") .. "!"
        return "error", { code = "conflict", message = "somebody was first" }
    end,
    -- goes round as often as state.rounds says
    ring = function(context)
        local left = context.state.rounds or 0
        context.state.rounds = left - 1
        return left > 0 and "again" or "done"
    end,
}

-- name, steps, the trail that is left; { rounds = … } is the state given
local scenarios = {
    { "steps run one after the other", '["a", {"b": {}}, {"c": null}]', "abc" },
    { "an edge that is taken runs its step", '[{"left": {"left?": {"a": {}}}}, "b"]', "lab" },
    { "an edge that is taken runs its array", '[{"left": {"left?": [{"a": {}}, "b"]}}, "c"]', "labc" },
    { "an edge of another name is not taken", '[{"left": {"right?": "a"}}, "b"]', "lb" },
    { "an edge that is null goes on with the next step", '[{"left": {"left?": null}}, "b"]', "lb" },
    { "an edge that is an empty array goes on with the next step", '[{"left": {"left?": []}}, "b"]', "lb" },
    { "edges nest", '[{"left": {"left?": {"left": {"left?": {"left": {"left?": "a"}}}}}}, "b"]', "lllab" },
    { "a text behind an edge runs that node", '[{"left": {"left?": "a"}}, "b"]', "lab" },
    { "a text that names a step goes on there", '[{"left": {"left?": "c"}}, "a", {"c": {}}, "b"]', "lcb" },
    { "of two steps of that name the first one is meant", '[{"left": {"left?": "c"}}, "a", {"c": {}}, "b", "c"]',
        "lcbc" },
    { "a text in an array runs the node", '[{"left": {"left?": ["c", "a"]}}, "b", "c"]', "lcabc" },
    { "the last text of an array does too", '[{"left": {"left?": ["a", "c"]}}, "b", "c"]', "lacbc" },
    { "a text behind an edge of a nested step does too", '[{"left": {"left?": {"left": {"left?": "c"}}}}, "b", "c"]',
        "llcbc" },
    { "and behind an edge in a body", '[{"each": {"items": [1], "body": {"left": {"left?": "c"}}}}, "b", "c"]',
        "lcbc" },
    { "a text may name a setter", '[{"left": {"left?": "$.x"}}, "a", {"$.x": {"value": 1, "success?": "b"}}, "b"]',
        "lb" },
    { "a jump may go back", '[{"ring": {"again?": "a", "done?": "c"}}, "b", {"a": {"success?": "ring"}}, "c"]', "aac",
        rounds = 2 },
    { "an error that is met by an edge is no failure", '[{"fails": {"error?": {"a": {}}}}, "b"]', "!ab" },
    { "a loop runs its node again after the steps of an edge", '[{"ring...": {"again?": ["a", "b"]}}, "c"]', "ababc",
        rounds = 2 },
    { "a loop ends at an edge that is null", '[{"ring...": {"again?": null}}, "c"]', "c", rounds = 2 },
    { "a loop ends at an edge that is not written", '[{"ring...": {"done?": null}}, "c"]', "c", rounds = 2 },
    { "a loop is a step that others go on at", '[{"left": {"left?": "ring..."}}, "b", {"ring...": {"again?": "a"}}]',
        "laa", rounds = 2 },
    { "a jump out of a loop ends it", '[{"ring...": {"again?": "c"}}, "b", "c"]', "c", rounds = 5 },
    { "a setter with edges goes on by them", '[{"$.x": {"value": 1, "success?": "a", "error?": "b"}}]', "a" },
    { "a setter that fails has an edge", '[{"$.x": 1}, {"$.x.y": {"value": 1, "success?": "a", "error?": "b"}}]', "b" },
}

describe("the steps of a workflow", function()
    for _, scenario in ipairs(scenarios) do
        it(scenario[1], function()
            local run = workflows.run(scenario[2], { nodes = nodes, state = { rounds = scenario.rounds } })
            assert.is_nil(run.err)
            assert.equal(scenario[3], run.state.trail)
        end)
    end
end)

local initial = '{"a": {"b": [1, 2, {"c": "héé"}], "n": null, "t": true}, "i": 9007199254740993, "f": 2.5, "s": "x", '
    .. '"price": "9.99", "fee": "0.01", "o": {"f": 1.5, "e": [1, "\\n"], "d": null, "c": {}, "b": [{"d": 2, "c": 1}], '
    .. '"a": {"y": [], "x": 1}}}'

-- name, the value as a document has it, what becomes of it
local values = {
    { "an integer beyond 2^53 stays what it is", '9007199254740993', '9007199254740993' },
    { "a reference keeps an integer", '"$.i"', '9007199254740993' },
    { "a reference keeps a float", '"$.f"', '2.5' },
    { "a reference keeps a boolean", '"$.a.t"', 'true' },
    { "a reference keeps null", '"$.a.n"', 'null' },
    { "a reference keeps an array", '"$.a.b"', '[1,2,{"c":"héé"}]' },
    { "a number indexes an array from 0", '"$.a.b.1"', '2' },
    { "a path goes through arrays", '"$.a.b.2.c"', '"héé"' },
    { "length of an array", '"$.a.b.length"', '3' },
    { "length of a text counts characters", '"$.a.b.2.c.length"', '3' },
    { "references inside of objects and arrays", '{"x": ["$.s", {"y": "$.f"}]}', '{"x":["x",{"y":2.5}]}' },
    { "a reference to nothing leaves the key away", '{"x": "$.nothing.here", "y": 1}', '{"y":1}' },
    { "a reference to nothing is null in an array", '["$.nothing", 1]', '[null,1]' },
    { "a path through a text is nothing", '["$.s.x.y"]', '[null]' },
    { "a template is a text", '"<{{$.s}}>"', '"<x>"' },
    { "a template alone is a text too", '"{{$.f}}"', '"2.5"' },
    { "a template with spaces inside", '"{{ $.s }}"', '"x"' },
    { "templates of integers, booleans, null and nothing", '"{{$.i}} {{$.a.t}} {{$.a.n}} {{$.zzz}}."',
        '"9007199254740993 true  ."' },
    { "a template of an array is JSON", '"{{$.a.b}}"', '"[1,2,{\\"c\\":\\"héé\\"}]"' },
    { "a template of an object has its names in order, run for run", '"{{$.o}}"', [["{\"a\":{\"x\":1,\"y\":[]},]]
        .. [[\"b\":[{\"c\":1,\"d\":2}],\"c\":{},\"d\":null,\"e\":[1,\"\\n\"],\"f\":1.5}"]] },
    { "a reference inside a longer text stays text", '"it is $.s"', '"it is $.s"' },
    { "a text that begins with a reference and goes on stays text", '"$.s is it"', '"$.s is it"' },
    { "an amount of money is no reference", '"$.99"', '"$.99"' },
    { "braces without a reference stay", '"{{name}} {{ 1 }}"', '"{{name}} {{ 1 }}"' },
    { "arithmetic adds integers exactly", '"$.i + 1"', '9007199254740994' },
    { "arithmetic subtracts, without spaces too", '"$.i-1"', '9007199254740992' },
    { "arithmetic multiplies", '"$.f * $.f"', '6.25' },
    { "arithmetic divides integers that divide", '"$.a.b.1 / 2"', '1' },
    { "arithmetic divides integers that do not", '"$.a.b.0 / 2"', '0.5' },
    { "arithmetic adds decimals exactly", '"$.price + $.fee"', '"10.00"' },
    { "arithmetic subtracts decimals exactly", '"$.fee - $.price"', '"-9.98"' },
    { "arithmetic multiplies decimals by integers exactly", '"$.price * 3"', '"29.97"' },
    { "arithmetic multiplies decimals exactly", '"$.price * $.fee"', '"0.0999"' },
    { "arithmetic adds a decimal to an integer", '"$.a.b.0 + $.price"', '"10.99"' },
    { "arithmetic makes no minus zero of decimals", '"$.price - $.price"', '"0.00"' },
    { "arithmetic with a text is a text", '"$.s + 1"', '"$.s + 1"' },
    { "arithmetic with nothing is a text", '"$.nothing + 1"', '"$.nothing + 1"' },
    { "more than two operands are a text", '"$.f + 1 + 1"', '"$.f + 1 + 1"' },
}

describe("a value of a document", function()
    for _, scenario in ipairs(values) do
        it(scenario[1], function()
            local run = workflows.run(('[{"$.v": %s}]'):format(scenario[2]), { initial = initial })
            assert.is_nil(run.err)
            assert.equal(scenario[3], workflows.json(run.state.v))
        end)
    end

    it("is resolved once: what comes out of the state is data", function()
        local run = workflows.run('[{"$.v": "$.given"}, {"$.w": "{{$.given}}"}, {"$.v2": ["$.v"]}]',
            { state = { given = "$.secret {{$.secret}}", secret = "s" } })
        assert.equal("$.secret {{$.secret}}", run.state.v)
        assert.equal("$.secret {{$.secret}}", run.state.w)
        assert.equal("$.secret {{$.secret}}", run.state.v2[1])
    end)

    it("is a copy when it is set: two places never are one table", function()
        local run = workflows.run('[{"$.v": "$.a"}, {"$.v.n": 5}, {"$.a.self": "$.a"}, {"$.a.self.n": 6}]',
            { initial = '{"a": {"n": 1}}' })
        assert.equal('{"a":{"n":1,"self":{"n":6}},"v":{"n":5}}', workflows.json(run.state))
    end)
end)

-- name, the setter's path and value, the state after it or the message
local setters = {
    { "makes the objects on the way", '{"$.p.q.r": 1}', '{"a":[1,{"x":2}],"p":{"q":{"r":1}},"s":"t"}' },
    { "sets an element of an array", '{"$.a.0": 9}', '{"a":[9,{"x":2}],"s":"t"}' },
    { "appends to an array", '{"$.a.2": 9}', '{"a":[1,{"x":2},9],"s":"t"}' },
    { "goes through an array", '{"$.a.1.x": 9}', '{"a":[1,{"x":9}],"s":"t"}' },
    { "a reference to nothing takes the value away", '{"$.s": "$.nothing"}', '{"a":[1,{"x":2}]}' },
    { "and leaves null in an array", '{"$.a.0": "$.nothing"}', '{"a":[null,{"x":2}],"s":"t"}' },
    { "an object without an edge is the value", '{"$.s": {"value": 1, "x": 2}}',
        '{"a":[1,{"x":2}],"s":{"value":1,"x":2}}' },
    { "an object that has only a value is that value", '{"$.s": {"value": {"value": 1}}}',
        '{"a":[1,{"x":2}],"s":{"value":1}}' },
    { "an object with edges and no value is what is no edge", '{"$.s": {"x": "$.a.0", "success?": {"$.t": 1}}}',
        '{"a":[1,{"x":2}],"s":{"x":1},"t":1}' },
    { "a text cannot be gone through", '{"$.s.x": 1}', nil, "$.s.x cannot be set: $.s is a text, not an object" },
    { "an array has no names", '{"$.a.x": 1}', nil, '$.a.x cannot be set: $.a is an array, it has no "x"' },
    { "an array gets no holes", '{"$.a.5": 1}', nil, "$.a.5 cannot be set: $.a has 2 elements, there is no place 5" },
    { "beyond an integer", '{"$.s": "$.a.0 * 9223372036854775807"}', '{"a":[1,{"x":2}],"s":9223372036854775807}' },
}

describe("a setter", function()
    for _, scenario in ipairs(setters) do
        it(scenario[1], function()
            local run = workflows.run("[" .. scenario[2] .. "]", { initial = '{"a": [1, {"x": 2}], "s": "t"}' })
            if scenario[3] then
                assert.is_nil(run.err)
                assert.equal(scenario[3], workflows.json(run.state))
            else
                assert.equal("invalid_document: " .. scenario[4], tostring(run.err))
            end
        end)
    end

    it("does not wrap around", function()
        for _, each in ipairs { { "+ 1", math.maxinteger }, { "- 1", math.mininteger }, { "* 2", math.maxinteger },
            { "/ -1", math.mininteger }, { "* -1", math.mininteger } } do
            local run = workflows.run(('[{"$.i": "$.i %s"}]'):format(each[1]), { state = { i = each[2] } })
            assert.equal(('limit: "$.i %s" is beyond what an integer can hold'):format(each[1]), tostring(run.err))
            assert.equal(each[2], run.state.i)
        end
        local run = workflows.run('[{"$.i": "$.i / 0"}]', { state = { i = 1 } })
        assert.equal('invalid_document: "$.i / 0" divides by zero', tostring(run.err))
    end)

    it("says which decimals it does not calculate", function()
        local run = workflows.run('[{"$.p": "$.p / 2"}]', { state = { p = "9.99" } })
        assert.equal('invalid_document: "$.p / 2" divides decimals, which is not exact', tostring(run.err))
        run = workflows.run('[{"$.p": "$.p * $.f"}]', { state = { p = "9.99", f = 1e300 } })
        assert.equal("invalid_document: 9.99 * 1e+300: a decimal and this float cannot be multiplied exactly",
            tostring(run.err))
        run = workflows.run([==[[{"$.p": "1.5"}, {"logic...": { "operation": "equal", "values": [1, 1],
            "true?": {"$.p": "$.p * $.p"}}}]]==], { state = {} })
        assert.equal("limit: a product of decimals has at most 200 digits", tostring(run.err))
    end)
end)

describe("a run that fails", function()
    it("says which step, with what configuration, and how to go on", function()
        local run = workflows.run('["a", {"left": {"left?": [{"fails": {"x": "$.s", "password": "p", '
            .. '"url": "mysql://u:secret@h/d", "deep": {"y": "{{$.s}}!"}}}]}}, "c"]',
            { nodes = nodes, state = { s = "v" } })
        assert.equal("conflict: somebody was first", tostring(run.err))
        assert.equal("workflow[1].left.left?[0].fails", run.err.step)
        assert.equal("fails", run.err.node)
        assert.equal("w", run.err.workflow)
        assert.equal('{"deep":{"y":"v!"},"password":"***","url":"mysql://u:***@h/d","x":"v"}',
            workflows.json(run.err.config))
        assert.equal("read the record or the table again and repeat the step, or give it an edge conflict?; what the "
            .. "steps before it have written stays; a step with an idempotencyKey is not done twice", run.err.advice)
        assert.equal("al!", run.state.trail)
        assert.equal(run.err, run.state.error)
        assert.equal("conflict", run.state.errorCode)
    end)

    it("leaves a state that can be JSON", function()
        local run = workflows.run('["fails"]', { nodes = nodes })
        assert(flexdb.json.encode(run.state))
    end)

    it("shows an error that was met by its message", function()
        local run = workflows.run('[{"fails": {"error?": {"log": {"message": '
            .. '"{{$.error}} / {{$.error.code}} / {{$.errorCode}} / {{$.error.message}}"}}}}]', { nodes = nodes })
        assert.same({ "somebody was first / conflict / conflict / somebody was first" }, run.said)
    end)
end)
