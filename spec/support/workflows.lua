-- Workflows as the specs write them: the steps as JSON, and what is said on the way.

local flexdb = require "flexdb"

local workflows = {}

--- A document around the JSON of its steps, with a first state (JSON too).
function workflows.document(steps, initial)
    local text = '{"id": "w", "name": "W", "version": "1.0.0", "initialState": %s, "workflow": %s}'
    return assert(flexdb.json.decode(text:format(initial or "{}", steps)))
end

--- Runs the steps: { state =, err =, said = { what log has said }, done = "the nodes in order" }.
function workflows.run(steps, options)
    local own, out = {}, { said = {}, events = {} }
    for key, value in pairs(options or {}) do own[key] = value end
    local initial = own.initial
    own.initial = nil
    function own.log(message) out.said[#out.said + 1] = message end
    function own.on_event(event) out.events[#out.events + 1] = event end
    local what = type(steps) == "string" and workflows.document(steps, initial) or steps
    local state, err, last = flexdb.workflow.run(what, own)
    out.state, out.err = state or last, err
    return out
end

--- The problems of a document as lines `path: rule: message`.
function workflows.problems(document, options)
    local ok, err = flexdb.workflow.check(document, options)
    if ok then return "" end
    local lines = {}
    for i, issue in ipairs(err.issues) do lines[i] = ("%s: %s: %s"):format(issue.path, issue.rule, issue.message) end
    return table.concat(lines, "\n"), err
end

--- A value as JSON text with its names in order, for comparing.
function workflows.json(value)
    if type(value) ~= "table" then return flexdb.json.encode(value) end
    local out = {}
    if rawlen(value) > 0 or getmetatable(value) == getmetatable(flexdb.array {}) then
        for i = 1, rawlen(value) do out[i] = workflows.json(value[i]) end
        return "[" .. table.concat(out, ",") .. "]"
    end
    local names = {}
    for name in pairs(value) do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do out[i] = ("%q:%s"):format(name, workflows.json(value[name])) end
    return "{" .. table.concat(out, ",") .. "}"
end

return workflows
