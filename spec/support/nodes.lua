-- What the specs of data nodes share: how a step must end.

local luassert = require "luassert"

local nodes = {}

--- Two functions for a node; `context_of` gives the context of the test under way.
--   expect(edge, config)           the step ends by this edge: its data
--   refuse(edge, message, config)  the step ends so, and the state holds the error: the error
function nodes.steps(node, context_of)
    local function expect(edge, config)
        local got, data = node.execute(context_of(), config)
        luassert.equal(edge, got, tostring(data))
        return data
    end

    local function refuse(edge, message, config)
        local err, state = expect(edge, config), context_of().state
        luassert.equal(message, tostring(err))
        luassert.equal(err, state.error)
        luassert.equal(err.code, state.errorCode)
        return err
    end

    return expect, refuse
end

return nodes
