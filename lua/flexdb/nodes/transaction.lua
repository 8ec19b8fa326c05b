--- transaction: its body commits or is rolled back as one.

local core = require "flexdb.core"

return {
    metadata = {
        id = "transaction", name = "Transaction", version = "1.0.0",
        description = "Runs its body in a transaction: what the body writes stays as a whole, or not at all",
        inputs = {}, bodies = { "body" }, outputs = {}, required = { "body" }, strict = true,
        edges = { success = "the body has run and is committed" },
        hints = {
            purpose = "Keep records that belong together together",
            whenToUse = "When a failure half-way must leave nothing behind",
            exampleConfig = { body = {} }, getFromState = {}, postToState = {},
        },
    },
    execute = function(context, config)
        local db = context.db
        if not db then
            return "error", core.error("invalid_document", "this node needs a database: the run has none")
        end
        local ok, err = db:transaction(function() return context.run(config.body, db) end)
        if ok then return "success" end
        if not err.rolled_back then err.rolled_back = context.step end
        return "error", err
    end,
}
