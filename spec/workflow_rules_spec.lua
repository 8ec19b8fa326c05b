-- The node switch with rules: conditions typed by what they compare, checked before the run.

local flexdb = require "flexdb"
local workflows = require "spec.support.workflows"

local item <const> = [[{
    "name": "Ada", "empty": "", "nothing": null, "count": 5, "share": 5.0, "zero": 0, "price": "19.90", "yes": true,
    "no": false, "big": 9007199254740993, "due": "2026-11-22", "at": "2026-11-22T10:00:00+02:00", "tags": ["a", 2],
    "none": [], "object": {"a": null, "b.c": 1}, "first-name": "Grace", "lines": [{"sku": "A-1"}]
}]]

-- Whether a rule of these conditions holds for the item; the run if it fails.
local function holds(conditions)
    local run = workflows.run(([==[[{"switch": {"mode": "rules", "item": "$.item", "rules": [
        {"outputKey": "it-holds", "conditions": [%s]}], "it-holds?": {"$.e": true}, "default?": {"$.e": false}}}]]==])
        :format(conditions), { initial = ('{"item": %s}'):format(item) })
    if run.err then error(tostring(run.err), 0) end
    return run.state.e
end

local function condition(scenario)
    local words = {}
    for word in scenario:gmatch "%S+" do words[#words + 1] = word end
    local parts = { ('"field": "%s"'):format(words[1] == "-" and "" or words[1]) }
    if words[2] ~= "-" then parts[#parts + 1] = ('"dataType": "%s"'):format(words[2]) end
    parts[#parts + 1] = ('"operation": "%s"'):format(words[3])
    if words[4] then parts[#parts + 1] = ('"value": %s'):format(words[4]) end
    if words[5] then parts[#parts + 1] = ('"value2": %s'):format(words[5]) end
    return "{" .. table.concat(parts, ", ") .. "}"
end

-- field, dataType (or -), operation, value, value2
local true_ones = {
    'name string equals "Ada"', 'name - equals "Ada"', 'name string notEquals "Bob"', 'name string contains "d"',
    'name string notContains "x"', 'name string startsWith "A"', 'name string endsWith "da"', 'name string endsWith ""',
    'name string regex "^A.a$"', 'name string isNotEmpty', 'empty string isEmpty', 'nothing string isEmpty',
    'missing string isEmpty', 'missing string equals null', 'count string equals 5', 'share string equals "5"',
    'yes string equals "true"', 'first-name string equals "Grace"', 'lines.0.sku string equals "A-1"',
    'count number equals 5', 'count number equals "5.00"', 'count number notEquals 6', 'price number equals "19.9"',
    'price number gt 19.8', 'price number lt "19.91"', 'count - gte 5', 'count - lte 5', 'count - gt 4', 'count - lt 6',
    'count number between 5 6', 'price number between "19.90" 20', 'big number gt 9007199254740992',
    'big number equals "9007199254740993"', 'big number lt 9223372036854775807', 'yes boolean true', 'no - false',
    'zero boolean false', 'empty boolean false', 'nothing boolean false', 'name boolean true', 'none boolean true',
    'yes boolean equals true', 'missing boolean equals false', 'due date equals "2026-11-22"',
    'due date equals "2026-11-22T00:00:00Z"', 'due - before "2026-11-23"', 'due - after "2026-11-21T23:59:59.999999Z"',
    'at date equals "2026-11-22T08:00:00Z"', 'at date between "2026-11-22T08:00:00Z" "2026-11-22T08:00:00Z"',
    'tags array contains "a"', 'tags array contains 2', 'tags array notContains "2"', 'none array isEmpty',
    'tags array isNotEmpty', 'tags - lengthEquals 2', 'tags - lengthGt 1', 'tags - lengthLt 3',
    'object object isNotEmpty',
    'object - hasProperty "a"', 'object object hasProperty "b.c"', 'object - notHasProperty "x"',
    'tags object hasProperty "1"', '- object hasProperty "name"',
}

local false_ones = {
    'name string equals "ada"', 'name string regex "^b"', 'empty string isNotEmpty', 'name number notEquals 5',
    'missing number lt 5', 'nothing number equals 0', 'empty number equals 0', 'yes number equals 1',
    'big number equals 9007199254740992', 'price number equals 19.900001', 'count number between 6 9',
    'count number between 1 4', 'yes boolean false', 'due date before "2026-11-22"', 'name date after "2026-11-22"',
    'missing date equals "2026-11-22"', 'name array contains "A"', 'tags array notContains 2.0',
    'missing array isEmpty',
    'object array isEmpty', 'nothing object isEmpty', 'name object notHasProperty "x"', 'name.deep string isNotEmpty',
    'tags object hasProperty "2"',
}

describe("a rule", function()
    for _, scenario in ipairs(true_ones) do
        it("holds: " .. scenario, function() assert.is_true(holds(condition(scenario))) end)
    end

    for _, scenario in ipairs(false_ones) do
        it("does not hold: " .. scenario, function() assert.is_false(holds(condition(scenario))) end)
    end

    -- Conditions joined by OR stand together: T AND F OR T is T AND (F OR T).
    for _, scenario in ipairs {
        { "T AND T", true }, { "T AND F", false }, { "F OR T", true }, { "F OR F", false }, { "T AND F OR T", true },
        { "F AND T OR T", false }, { "F OR T AND T", true }, { "T OR F AND F", false }, { "F OR F OR T AND T", true },
        { "T T", true }, { "F T", false },
    } do
        it("joins its conditions: " .. scenario[1], function()
            local list = {}
            for word in scenario[1]:gmatch "%S+" do
                if word == "T" or word == "F" then
                    list[#list + 1] = ('{"field": "%s", "operation": "true"'):format(word == "T" and "yes" or "no")
                else
                    list[#list] = list[#list] .. (', "combineWith": "%s"'):format(word)
                end
            end
            assert.equal(scenario[2], holds(table.concat(list, "}, ") .. "}"))
        end)
    end

    it("gives up on a regular expression that takes too long, which is an error", function()
        local run = workflows.run([==[[{"switch": {"mode": "rules", "item": {"t": "$.t"}, "rules": [{"outputKey": "a",
            "conditions": [{"field": "t", "operation": "regex", "value": "^(a+)+$"}]}]}}]]==],
            { state = { t = ("a"):rep(40) .. "b" } })
        assert.equal("invalid_document: could not be matched against the pattern ^(a+)+$ within the match limit of "
            .. "100000", tostring(run.err))
    end)
end)

local orders <const> = [==[[{"switch": {"mode": "rules", "rules": [
    {"outputKey": "vip", "conditions": [{"field": "customerType", "operation": "equals", "value": "premium"}]},
    {"outputKey": "high_value", "conditions": [{"field": "orderTotal", "operation": "gt", "value": 100}]}],
    "fallbackOutput": "standard", "item": "$.order",
    "vip?": {"$.e": "vip"}, "high_value?": {"$.e": "high"}, "standard?": {"$.e": "standard"}}}]]==]

describe("a switch with rules", function()
    -- the order, the edge, matchedRule's outputKey
    for _, scenario in ipairs {
        { '{"customerType": "premium", "orderTotal": "500.00"}', "vip", "vip" },
        { '{"customerType": "new", "orderTotal": "100.01"}', "high", "high_value" },
        { '{"customerType": "new", "orderTotal": 100}', "standard" },
    } do
        it("takes the first that holds: " .. scenario[1], function()
            local run = workflows.run(orders, { initial = ('{"order": %s, "matchedRule": "old"}'):format(scenario[1]) })
            assert.is_nil(run.err)
            assert.equal(scenario[2], run.state.e)
            assert.equal(scenario[3] or "standard", run.state.selectedEdge)
            assert.equal(scenario[3], run.state.matchedRule and run.state.matchedRule.outputKey)
            assert.equal(workflows.json(run.state.order), workflows.json(run.state.switchResult))
            assert.is_not.equal(run.state.order, run.state.switchResult)
        end)
    end

    it("looks at what the step before hands on where it has no item, and hands on what it has found", function()
        local seen
        local run = workflows.run([==[["before", {"switch": {"rules": [{"outputKey": "many",
            "conditions": [{"field": "count", "operation": "gt", "value": "$.least"}]}], "many?": "after"}}]]==],
            { state = { least = 2 }, nodes = {
                before = function() return "success", { count = 3 } end,
                after = function(context) seen = context.inputs end,
            } })
        assert.is_nil(run.err)
        assert.equal('{"edge":"many","item":{"count":3},"matchedRule":"many","mode":"rules"}', workflows.json(seen))
    end)

    it("goes on with the next step where the edge is not written", function()
        local run = workflows.run([==[[{"switch": {"mode": "rules", "item": {"a": 1}, "rules": [{"outputKey": "x",
            "conditions": [{"field": "a", "operation": "lt", "value": 0}]}]}}, {"$.e": "next"}]]==])
        assert.is_nil(run.err)
        assert.equal("next", run.state.e)
        assert.equal("default", run.state.selectedEdge)
    end)

    it("may lead to an error", function()
        local run = workflows.run([==[[{"switch": {"mode": "rules", "item": {"a": 1}, "fallbackOutput": "error",
            "rules": [{"outputKey": "x", "conditions": [{"field": "a", "operation": "lt", "value": 0}]}]}}]]==])
        assert.equal('invalid_document: no rule holds, and fallbackOutput is "error"', tostring(run.err))
    end)

    it("takes its rules from the state, and looks at them then", function()
        local steps = '[{"switch": {"mode": "rules", "item": {"a": 1}, "rules": "$.rules"}}]'
        local run = workflows.run(steps, { initial = '{"rules": [{"outputKey": "x", "conditions": [{"field": "a", '
            .. '"operation": "gt", "value": 0}]}]}' })
        assert.equal("x", run.state.selectedEdge)
        run = workflows.run(steps, { initial = '{"rules": [{"outputKey": "x y", "conditions": []}]}' })
        assert.equal("invalid_document: rules[0].outputKey must be the name of an edge: letters, digits, _, - and .; "
            .. "rules[0].conditions must be an array with at least one condition", tostring(run.err))
        assert.equal("rules[0].outputKey", run.err.issues[1].path)
        run = workflows.run(steps)
        assert.equal("invalid_document: rules is missing", tostring(run.err))
    end)

    it("fails where a value has become something else, or nothing", function()
        local steps = [==[[{"switch": {"mode": "rules", "item": {"a": 1}, "rules": [{"outputKey": "x",
            "conditions": [{"field": "a", "operation": "gt", "value": "$.least"}]}]}}]]==]
        local run = workflows.run(steps, { state = { least = "many" } })
        assert.equal("invalid_document: rules[0].conditions[0].value must be a number or a decimal, is a text",
            tostring(run.err))
        run = workflows.run(steps)
        assert.equal("invalid_document: rules[0].conditions[0].value is missing", tostring(run.err))
    end)

    it("fails where its item is misspelt", function()
        local run = workflows.run(orders, { state = { oder = {} } })
        assert.equal("invalid_document: item refers to $.order, which is not in the state", tostring(run.err))
    end)

    it("is there for Lua workflows", function()
        local edge
        assert(flexdb.workflow.run(function(nodes)
            edge = nodes.switch { mode = "rules", item = { a = 1 }, rules = {
                { outputKey = "one", conditions = { { field = "a", operation = "gte", value = 1 } } },
            } }
        end))
        assert.equal("one", edge)
    end)
end)

local one <const> = '"rules": [{"outputKey": "a", "conditions": [%s]}]'

-- name, the configuration, the problems
local wrong = {
    { "JavaScript", '"mode": "expression", "item": "$.n", "expression": "item > 1 ? \'a\' : \'b\'", "a?": null', [[
workflow[0].switch.mode: unsupported: expressions in JavaScript are not run: write rules, cases or the node lua, ]]
        .. "whose second value is the edge" },
    { "JavaScript without its mode", '"expression": "item"', [[
workflow[0].switch.expression: unsupported: expressions in JavaScript are not run: write rules, cases ]]
        .. "or the node lua, whose second value is the edge" },
    { "a mode that there is not", '"mode": "rule", ' .. one:format('{"field": "x", "operation": "true"}'), [[
workflow[0].switch.mode: enum: must be rules]] },
    { "no rules", '"mode": "rules"', "workflow[0].switch: required: rules is missing" },
    { "rules that are none", '"rules": []', "workflow[0].switch.rules: type: must be an array with at least one rule" },
    { "a rule that is none", '"rules": [5, {"conditions": {}, "edge": "x"}]', [[
workflow[0].switch.rules[0]: type: must be an object, is a number
workflow[0].switch.rules[1].edge: unknown: there is no key "edge" here
workflow[0].switch.rules[1].outputKey: edge: must be the name of an edge: letters, digits, _, - and .
workflow[0].switch.rules[1].conditions: type: must be an array with at least one condition]] },
    { "a condition that is none", one:format('1, {"operation": 5}, {"field": "x", "operation": "true", '
        .. '"combineWith": "and", "not": 1}'), [[
workflow[0].switch.rules[0].conditions[0]: type: must be an object, is a number
workflow[0].switch.rules[0].conditions[1].field: type: must be a text: names with dots between them, ]] .. [[
or empty for the item itself
workflow[0].switch.rules[0].conditions[1].operation: required: must be the name of an operation
workflow[0].switch.rules[0].conditions[2].not: unknown: there is no key "not" here
workflow[0].switch.rules[0].conditions[2].combineWith: enum: must be AND or OR]] },
    { "types and operations", one:format('{"field": "x", "dataType": "integer", "operation": "gt", "value": 1}, '
        .. '{"field": "x", "dataType": "string", "operation": "gt", "value": 1}, '
        .. '{"field": "x", "operation": "between", "value": 1, "value2": 2}, {"field": "x", "operation": "is"}'), [[
workflow[0].switch.rules[0].conditions[0].dataType: enum: must be one of array, boolean, date, number, object, string
workflow[0].switch.rules[0].conditions[1].operation: enum: a string has contains, endsWith, equals, isEmpty, ]] .. [[
isNotEmpty, notContains, notEquals, regex, startsWith
workflow[0].switch.rules[0].conditions[2].dataType: required: between needs a dataType: one of date, number
workflow[0].switch.rules[0].conditions[3].operation: enum: must be one of after, before, between, contains, ]] .. [[
endsWith, equals, false, gt, gte, hasProperty, isEmpty, isNotEmpty, lengthEquals, lengthGt, lengthLt, lt, lte, ]]
        .. "notContains, notEquals, notHasProperty, regex, startsWith, true" },
    { "values", one:format('{"field": "x", "operation": "gt"}, {"field": "x", "operation": "gt", "value": "ten"}, '
        .. '{"field": "x", "dataType": "number", "operation": "between", "value": 1}, '
        .. '{"field": "x", "operation": "before", "value": "22.11.2026"}, '
        .. '{"field": "x", "operation": "regex", "value": "a("}, {"field": "x", "operation": "lengthGt", "value": -1}, '
        .. '{"field": "x", "dataType": "boolean", "operation": "equals", "value": "true"}, '
        .. '{"field": "x", "operation": "hasProperty", "value": 1}'), [[
workflow[0].switch.rules[0].conditions[0].value: required: is missing
workflow[0].switch.rules[0].conditions[1].value: type: must be a number or a decimal, is a text
workflow[0].switch.rules[0].conditions[2].value2: required: is missing
workflow[0].switch.rules[0].conditions[3].value: type: must be a date, or a date and time with an offset or Z, is a text
workflow[0].switch.rules[0].conditions[4].value: type: is not a regular expression: ]] .. [[
missing closing parenthesis at byte 2
workflow[0].switch.rules[0].conditions[5].value: type: must be an integer of at least 0, is a number
workflow[0].switch.rules[0].conditions[6].value: type: must be true or false, is a text
workflow[0].switch.rules[0].conditions[7].value: type: must be a text, is a number]] },
    { "words of the other kind", '"value": 1, "cases": [], ' .. one:format('{"field": "x", "operation": "true"}'), [[
workflow[0].switch.value: unknown: is for a switch without rules
workflow[0].switch.cases: unknown: is for a switch without rules]] },
    { "words of rules without rules", '"value": 1, "item": 1, "fallbackOutput": "x"', [[
workflow[0].switch.item: unknown: is for a switch with rules
workflow[0].switch.fallbackOutput: unknown: is for a switch with rules]] },
    { "an edge that no rule leads to", one:format('{"field": "x", "operation": "true"}')
        .. ', "fallbackOutput": "b", "a?": null, "b?": null, "error?": null, "default?": null, "aa?": null', [[
workflow[0].switch.aa?: edge: nothing leads to the edge "aa": the rules lead to a, b, error
workflow[0].switch.default?: edge: nothing leads to the edge "default": the rules lead to a, b, error]] },
    { "an edge that no case leads to", '"value": 1, "cases": [{"edge": "small"}], "smal?": null, "small?": null', [[
workflow[0].switch.smal?: edge: nothing leads to the edge "smal": the cases lead to default, error, small]] },
    { "a fallback that is no edge", '"fallbackOutput": "b c", ' .. one:format('{"field": "x", "operation": "true"}'), [[
workflow[0].switch.fallbackOutput: edge: must be the name of an edge: letters, digits, _, - and .]] },
}

describe("a switch is refused for", function()
    for _, scenario in ipairs(wrong) do
        it(scenario[1], function()
            local document = workflows.document(('[{"switch": {%s}}]'):format(scenario[2]))
            assert.equal(scenario[3], (workflows.problems(document)))
        end)
    end

    it("no edge, where the state says where rules lead", function()
        assert.equal("", (workflows.problems(workflows.document '[{"switch": {"rules": "$.rules", "a?": null}}]')))
    end)
end)
