--- empty: does nothing.

return {
    metadata = {
        id = "empty", name = "Empty", version = "1.0.0", description = "Does nothing",
        inputs = {}, outputs = {},
        edges = { success = "nothing was done", nothing = "the same, where the step has this edge" },
        hints = {
            purpose = "Stand where a step must stand", whenToUse = "To end a branch, or to hold a place",
            exampleConfig = {}, getFromState = {}, postToState = {},
        },
    },
    execute = function(context) return context.edges.nothing and "nothing" or "success" end,
}
