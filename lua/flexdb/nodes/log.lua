--- log: says something, on standard output or where the host wants it.

local references = require "flexdb.workflow.references"

return {
    metadata = {
        id = "log", name = "Log", version = "1.0.0",
        description = "Says a message: a text, or any value, which is written as JSON",
        inputs = { "message" }, outputs = { "lastLoggedMessage" },
        edges = { success = "it was said" },
        hints = {
            purpose = "Show what a workflow is doing",
            whenToUse = "Where a person or a log file should read something",
            exampleConfig = { message = "{{$.flexRecordCount}} orders are open" },
            getFromState = {}, postToState = { "lastLoggedMessage" },
        },
    },
    execute = function(context, config)
        local message = references.text(config.message)
        context.state.lastLoggedMessage = message
        context.log(message)
        return "success"
    end,
}
