--- switch: goes on by the edge that a value names, that the first case which holds names, or the first rule.

local core = require "flexdb.core"
local compare = require "flexdb.workflow.compare"
local references = require "flexdb.workflow.references"
local rules = require "flexdb.nodes.support.rules"
local state = require "flexdb.workflow.state"

local function given(config, name)
    local value = rawget(config, name)
    if value ~= core.null then return value end
end

local function is_open(value) return type(value) == "string" and value:find("$.", 1, true) ~= nil end

local function by_rules(config) return given(config, "rules") ~= nil or given(config, "mode") ~= nil end

-- ---------------------------------------------------------------------------------------------------- values and cases

-- The edge of the first case that holds, false when none does; nil and an error.
local function first_case(value, cases)
    for i = 1, rawlen(cases) do
        local case = rawget(cases, i)
        local where = ("cases[%d]"):format(i - 1)
        if type(case) ~= "table" or type(case.edge) ~= "string" then
            return nil, core.error("invalid_document", where .. " must be an object with an edge")
        end
        local holds = compare.pairs[case.operation or "equal"]
        if not holds then return nil, core.error("invalid_document", where .. ": there is no such operation") end
        local ok, err = holds(value, case.value)
        if err then return nil, err end
        if ok then return case.edge end
    end
    return false
end

-- The edge that a value names by its text, if the step has it.
local function named(value, edges)
    if type(value) == "table" or value == nil or value == core.null then return false end
    local text = references.text(value)
    return text ~= "error" and (edges[text] or next(edges) == nil) and text or false
end

local function by_value(context, config)
    local edge, err
    if config.cases ~= nil then
        if not state.is_array(config.cases) then
            return "error", core.error("invalid_document", ("cases must be an array, is %s"):format(
                state.kind(config.cases)))
        end
        edge, err = first_case(config.value, config.cases)
        if err then return "error", err end
    else
        edge = named(config.value, context.edges)
    end
    edge = edge or "default"
    context.state.switchResult = edge
    return edge
end

-- ---------------------------------------------------------------------------------------------------- rules

local is_edge <const> = "^[%w_%-.]+$"

-- What is wrong with the words of the mode, apart from the rules themselves.
local function check_mode(config, problem, open)
    local mode, fallback = given(config, "mode"), given(config, "fallbackOutput")
    if mode == "expression" or given(config, "expression") ~= nil then
        return problem(mode == "expression" and "mode" or "expression", "unsupported",
            "expressions in JavaScript are not run: write rules, cases or the node lua, whose second value is the edge")
    end
    if mode ~= nil and mode ~= "rules" then problem("mode", "enum", "must be rules") end
    if fallback ~= nil and not open(fallback) and not (type(fallback) == "string" and fallback:find(is_edge)) then
        problem("fallbackOutput", "edge", "must be the name of an edge: letters, digits, _, - and .")
    end
    for _, key in ipairs { "value", "cases" } do
        if given(config, key) ~= nil then problem(key, "unknown", "is for a switch without rules") end
    end
end

local function check_rules(config, problem, open)
    check_mode(config, problem, open)
    if given(config, "mode") == "expression" then return end
    if given(config, "rules") ~= nil then rules.check(config.rules, problem, open) end
end

-- The error of a configuration that is resolved, or nil.
local function fault(config)
    local issues, lines = core.array {}, {}
    check_rules(config, function(key, rule, message)
        lines[#lines + 1] = ("%s %s"):format(key, message)
        issues[#lines] = { path = key, rule = rule, message = message }
    end, function() return false end)
    if given(config, "rules") == nil and #lines == 0 then return core.error("invalid_document", "rules is missing") end
    if #lines == 0 then return nil end
    local err = core.error("invalid_document", table.concat(lines, "; "))
    err.issues = issues
    return err
end

local function by_first_rule(context, config)
    local err = fault(config)
    if err then return "error", err end
    local item = rawget(config, "item")
    if item == nil then item = context.inputs end
    local rule
    rule, err = rules.first(config.rules, item)
    if err then return "error", err end
    local edge = rule and rule.outputKey or given(config, "fallbackOutput") or "default"
    local held = context.state
    held.switchResult, held.selectedEdge = state.copy(item, "item"), edge
    held.matchedRule = rule and state.copy(rule, "rules") or nil
    if edge == "error" then
        return "error", core.error("invalid_document", rule and 'a rule with the outputKey "error" holds'
            or 'no rule holds, and fallbackOutput is "error"')
    end
    return edge, { item = item, edge = edge, matchedRule = rule and edge or nil, mode = "rules" }
end

-- ---------------------------------------------------------------------------------------------------- edges

-- The edges that cases or rules can lead to: name → true; nil where that is not known before the run.
local function edges_of(config)
    local list, key = given(config, "cases"), "edge"
    local default = "default"
    if by_rules(config) then
        list, key, default = given(config, "rules"), "outputKey", given(config, "fallbackOutput") or "default"
    end
    if type(list) ~= "table" or is_open(default) then return nil end
    local found = { [default] = true, error = true }
    for i = 1, rawlen(list) do
        local edge = type(rawget(list, i)) == "table" and rawget(list[i], key)
        if type(edge) ~= "string" or is_open(edge) then return nil end
        found[edge] = true
    end
    return found
end

-- An edge that nothing leads to hides a misspelt one.
local function check_edges(config, problem)
    local known = edges_of(config)
    if not known then return end
    local names, written = {}, {}
    for name in next, known do names[#names + 1] = name end
    for key in next, config do
        local name = type(key) == "string" and key:match "^(.+)%?$"
        if name and not known[name] then written[#written + 1] = name end
    end
    table.sort(names)
    table.sort(written)
    for _, name in ipairs(written) do
        problem(name .. "?", "edge", ("nothing leads to the edge %q: %s lead to %s"):format(name,
            by_rules(config) and "the rules" or "the cases", table.concat(names, ", ")))
    end
end

return {
    metadata = {
        id = "switch", name = "Switch", version = "1.1.0",
        description = "Goes on by the edge that the value names, or the first case or rule that holds; else by default",
        inputs = { "value", "cases", "mode", "rules", "item", "fallbackOutput", "expression" },
        outputs = { "switchResult", "selectedEdge", "matchedRule" }, edges = true, strict = true,
        literal = { "mode", "expression" }, present = { "item" },
        required = function(config)
            if by_rules(config) then return given(config, "mode") == "expression" and {} or { "rules" } end
            return config.cases == nil and config.expression == nil and { "value" } or {}
        end,
        hints = {
            purpose = "Decide between many ways", whenToUse = "When one value has many meanings",
            exampleConfig = { value = "$.order.status", ["paid?"] = {}, ["default?"] = {} },
            getFromState = {}, postToState = { "switchResult", "selectedEdge", "matchedRule" },
        },
    },
    check = function(config, problem)
        if by_rules(config) or given(config, "expression") ~= nil then
            check_rules(config, problem, is_open)
        else
            for _, key in ipairs { "item", "fallbackOutput" } do
                if given(config, key) ~= nil then problem(key, "unknown", "is for a switch with rules") end
            end
        end
        check_edges(config, problem)
    end,
    execute = function(context, config)
        if by_rules(config) then return by_first_rule(context, config) end
        return by_value(context, config)
    end,
}
