--- Writes that are done once: run again under the same idempotency key, they give what they gave the first time.
-- Needs flexdb.core (once_find, once_begin, once_end, digest, json, error) and db:transaction.
--
-- The key and the result are written in the transaction of the write, so that there is either both or neither, however
-- the process ends. A write that fails leaves no key. Whoever comes with a key that somebody is about to write under
-- waits for that transaction.
--
-- A key belongs to a step: a node, its operation and the table that its words name. Its other words may come out
-- otherwise when a run is started again, for it reads what it has written before (a step that adds one to a count that
-- a step before has read); within a run they may not, for then two writes have got the same key.

local core = require "flexdb.core"
local canonical = require "flexdb.nodes.support.canonical"
local words = require "flexdb.nodes.support.words"

local once = {}

local given = words.given

--- What comes with an error that says that the key belongs to another write: no conflict of versions.
once.foreign = {}

-- How often a transaction is run again that the engine has ended, for others stood in the way.
local attempts <const> = 10

-- What a run keeps, with the workflows that it calls; else a step's state → { [application and key] = digest of the
-- words that it was used with }
local used = setmetatable({}, { __mode = "k" })

local function check_key(key)
    if #key >= 1 and #key <= 255 and utf8.len(key) and not key:find("\0", 1, true) then return key end
    local message = "idempotencyKey must be 1 to 255 bytes of UTF-8"
    local err = core.error("invalid_document", message)
    err.issues = core.array { { path = "idempotencyKey", rule = "value", message = message } }
    return nil, err
end

-- { db, key, step, run, mark, place }: what the functions below need. nil and an error.
local function claim(db, context, node, config)
    local key, err = check_key(config.idempotencyKey)
    if not key then return nil, err end
    local plain = {}
    for name, value in next, config do
        if name:sub(-1) ~= "?" and value ~= core.null then plain[name] = value end
    end
    local all
    all, err = canonical(plain)
    if not all then return nil, err end
    local whole = context.kept or context.state
    local run = used[whole]
    if not run then
        run = {}
        used[whole] = run
    end
    return {
        db = db, key = key, run = run, mark = core.digest(node .. all), place = db.application .. "\0" .. key,
        step = canonical { node, config.operation, given(config, "tableId") or false,
            given(config, "tableName") or false },
    }
end

local function foreign(claimed)
    return nil, core.error("conflict", ("the idempotency key %q was used for another write of this run"):format(
        claimed.key)), once.foreign
end

-- What the write has left that was done under the key; false where there was none; nil, an error, and what comes with.
local function find(claimed, look, entry)
    local done, kept = look(claimed.db, claimed.key, claimed.step, entry)
    if done == nil then return nil, kept, kept.code == "conflict" and once.foreign or nil end
    if not done then return false end
    local mark = claimed.run[claimed.place]
    if mark and mark ~= claimed.mark then return foreign(claimed) end
    return kept
end

local function finish(claimed, result)
    if result then claimed.run[claimed.place] = claimed.mark end
    return result
end

local function attempt(claimed, work)
    local db = claimed.db
    return db:transaction(function()
        local result, err, other = find(claimed, core.once_begin)
        if result ~= false then return result, err, other end
        result, err, other = work()
        if not result then return nil, err, other end
        local text
        text, err = core.json.encode(result)
        if not text then return nil, err end
        local kept
        kept, err = core.once_end(db, claimed.key, claimed.step, text)
        if not kept then return nil, err end
        return result
    end)
end

--- The result of work(), a table that can be JSON, done in one transaction with the keeping of its result; or the
-- result that it had under the configuration's key before. nil, the error, and what else work has returned, or
-- once.foreign.
function once.write(db, context, node, config, work)
    local claimed, err = claim(db, context, node, config)
    if not claimed then return nil, err end
    for i = 1, attempts do
        local result, why, other = attempt(claimed, work)
        if result then return finish(claimed, result) end
        if i == attempts or not why.retryable or why.code ~= "busy" then return nil, why, other end
    end
end

--- The same for an evolution, which on a server takes several transactions: the last one keeps the key. work(options)
-- is called with the options once_key and once_step for evolve and rollback, and returns { entry =, table = }; a result
-- that was kept is { entry =, tableId = }.
function once.evolve(db, context, node, config, work)
    local claimed, failed = claim(db, context, node, config)
    if not claimed then return nil, failed end
    local kept, why, other = find(claimed, core.once_find, true)
    if kept == nil then return nil, why, other end
    if kept then return finish(claimed, kept) end
    local result, err = work { once_key = claimed.key, once_step = claimed.step }
    if result then return finish(claimed, result) end
    -- Somebody may have done it meanwhile. Then the table is not what the changes were meant for any more, and the
    -- error may be any.
    kept, why, other = find(claimed, core.once_find, true)
    if kept then return finish(claimed, kept) end
    if kept == nil and other == once.foreign then return nil, why, other end
    return nil, err
end

return once
