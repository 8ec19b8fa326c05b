--- empty: does nothing.

return {
    metadata = {
        id = "empty", name = "Empty", version = "1.0.0", description = "Does nothing",
        inputs = {}, outputs = {}, edges = { success = "nothing was done" },
        hints = {
            purpose = "Stand where a step must stand", whenToUse = "To end a branch, or to hold a place",
            exampleConfig = {}, getFromState = {}, postToState = {},
        },
    },
    execute = function() return "success" end,
}
