--- How a step ends that has failed: the edge for its error, and what the state is told.
-- Needs nothing.

--- Sets the state's `error` and `errorCode` and returns the edge and the error. `edges`: code → edge; any other code is
-- the edge `error`.
return function(context, err, edges)
    local state = context.state
    state.error, state.errorCode = err, err.code
    return edges and edges[err.code] or "error", err
end
