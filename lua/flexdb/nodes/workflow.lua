--- workflow: runs another workflow, from a file inside the folder of files, with a state of its own.

local core = require "flexdb.core"
local references = require "flexdb.workflow.references"
local state = require "flexdb.workflow.state"

return {
    metadata = {
        id = "workflow", name = "Workflow", version = "1.0.0",
        description = "Runs another workflow document with a state of its own, and keeps that state",
        inputs = { "file", "state", "as" }, outputs = { "workflowState" }, required = { "file" }, strict = true,
        literal = { "as" }, calls = "file",
        edges = { success = "it has run to its end" },
        hints = {
            purpose = "Use a workflow as a part of others", whenToUse = "When the same steps are needed in many places",
            exampleConfig = { file = "import.json", state = { source = "$.source" }, as = "$.imported" },
            getFromState = {}, postToState = { "workflowState" },
        },
    },
    check = function(config, problem)
        local as = config.as
        if as ~= nil and not (type(as) == "string" and references.path((as:gsub("^%$%.", "")))) then
            problem("as", "reference", "must be a path such as $.imported")
        end
    end,
    execute = function(context, config)
        local given = config.state
        if given ~= nil and (type(given) ~= "table" or next(given) ~= nil and state.is_array(given)) then
            return "error", core.error("invalid_document", ("state must be an object, is %s"):format(state.kind(given)))
        end
        local last, err = context.call(config.file, given)
        if not last then return "error", err end
        local path = references.path(((config.as or "workflowState"):gsub("^%$%.", "")))
        local ok, why = state.set(context.state, path, last)
        if not ok then return "error", core.error("invalid_document", why) end
        return "success"
    end,
}
