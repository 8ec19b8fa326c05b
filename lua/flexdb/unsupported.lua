--- The answer to what the contract names and this version does not do yet: nil and an error that says so.
-- Needs flexdb.core (error).

local core = require "flexdb.core"

return function(what)
    return nil, core.error("unsupported", ("%s is not built yet in FlexDB %s"):format(what, core.version))
end
