--- Writes that are done once: run again under the same idempotency key, they give what they gave the first time.
-- Needs flexdb.core (once_find, once_begin, once_end, json, error) and db:transaction.
--
-- The key and the result are written in the transaction of the write, so that there is either both or neither, however
-- the process ends. A write that fails leaves no key. Whoever comes with a key that somebody is about to write under
-- waits for that transaction.

local core = require "flexdb.core"
local canonical = require "flexdb.nodes.support.canonical"

local once = {}

--- What comes with an error that says that the key belongs to another step: no conflict of versions.
once.foreign = {}

-- How often a transaction is run again that the engine has ended, for others stood in the way.
local attempts <const> = 10

local function check_key(key)
    if #key >= 1 and #key <= 255 and utf8.len(key) and not key:find("\0", 1, true) then return key end
    local message = "idempotencyKey must be 1 to 255 bytes of UTF-8"
    local err = core.error("invalid_document", message)
    err.issues = core.array { { path = "idempotencyKey", rule = "value", message = message } }
    return nil, err
end

-- Which write it is: the node, its words, and what it is about where the words leave that to the state.
local function text_of(step)
    local words = {}
    for name, value in next, step[2] do
        if name ~= "idempotencyKey" and name:sub(-1) ~= "?" and value ~= core.null then words[name] = value end
    end
    local about = { node = step[1], words = words, kind = step[3], table = step[4], record = step[5] }
    return canonical(about)
end

local function attempt(db, key, step, work)
    return db:transaction(function()
        local done, result = core.once_begin(db, key, step)
        if done == nil then return nil, result, result.code == "conflict" and once.foreign or nil end
        if done then return result end
        local err, other
        result, err, other = work(db)
        if not result then return nil, err, other end
        local text
        text, err = core.json.encode(result)
        if not text then return nil, err end
        local kept
        kept, err = core.once_end(db, key, step, text)
        if not kept then return nil, err end
        return result
    end)
end

--- The result of work(db), a table that can be JSON, done in one transaction with the keeping of its result; or the
-- result that it had under this key before. nil, the error, and what else work has returned; `conflict` where the key
-- belongs to another step.
function once.write(db, key, step, work)
    local ok, text, err
    ok, err = check_key(key)
    if not ok then return nil, err end
    text, err = text_of(step)
    if not text then return nil, err end
    for i = 1, attempts do
        local result, why, other = attempt(db, key, text, work)
        if result then return result end
        if i == attempts or not why.retryable or why.code ~= "busy" then return nil, why, other end
    end
end

--- The same for an evolution, which on a server takes several transactions: the last one keeps the key. work(db, once)
-- is called with the options once_key and once_step for evolve and rollback, and returns { entry =, table = }; a result
-- that was kept is { entry =, tableId = }.
function once.evolve(db, key, step, work)
    local ok, text, err
    ok, err = check_key(key)
    if not ok then return nil, err end
    text, err = text_of(step)
    if not text then return nil, err end
    local function find()
        local done, kept = core.once_find(db, key, text, true)
        if done == nil then return nil, kept, kept.code == "conflict" and once.foreign or nil end
        if done then return kept end
    end
    local result, other
    result, err, other = find()
    if result or err then return result, err, other end
    result, err = work(db, { once_key = key, once_step = text })
    if result or err.code ~= "conflict" then return result, err end
    local theirs, why
    theirs, why, other = find()
    if theirs or why then return theirs, why, other end
    return nil, err
end

return once
