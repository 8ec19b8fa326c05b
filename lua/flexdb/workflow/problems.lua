--- The problems of a document, gathered while it is read, and the one error that tells them.
-- Needs flexdb.core (error, array).

local core = require "flexdb.core"

local problems = {}
problems.__index = problems

local MAX <const> = 1000  -- kept; the others are counted
local SHOWN <const> = 3   -- in the message
local bounds <const> = { value = 1000000, step = 100000 }

local enough = {}

--- An empty list. `report(path, rule, message)` of it adds one, and returns nothing; `count_value(path)` and
-- `count_step(path)` count what the document has, and leave `gather` when it is too much; `open` is for the tables that
-- are being read.
function problems.new()
    local self = setmetatable({ issues = core.array {}, count = 0, open = {} }, problems)
    function self.report(path, rule, message)
        self.count = self.count + 1
        if self.count > MAX then return end
        self.issues[self.count] = { path = path, rule = rule, message = message }
    end
    for what, max in next, bounds do
        local counted = 0
        self["count_" .. what] = function(path)
            counted = counted + 1
            if counted <= max then return end
            self.report(path, "size", ("the document has more than %d %ss"):format(max, what))
            error(enough, 0)
        end
    end
    return self
end

local function pass(ok, ...)
    if ok then return ... end
    if (...) ~= enough then error((...), 0) end
end

--- fn(self, …), as far as it comes: what it returns.
function problems:gather(fn, ...) return pass(pcall(fn, self, ...)) end

--- The error of the code invalid_document that tells them, or nil when there is none.
function problems:error()
    if self.count == 0 then return nil end
    local words = {}
    for i = 1, math.min(self.count, SHOWN) do
        local issue = self.issues[i]
        words[i] = ("%s: %s"):format(issue.path, issue.message)
    end
    local message = table.concat(words, "; ")
    if self.count > SHOWN then message = ("%s (and %d more)"):format(message, self.count - SHOWN) end
    local err = core.error("invalid_document", message)
    err.issues = self.issues
    return err
end

return problems
