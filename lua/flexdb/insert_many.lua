--- table:insert_many(records or function, options): many records in one transaction.
-- Needs flexdb.core (batch). Written in Lua, so that the function and on_progress may yield.

local core = require "flexdb.core"
local guarded = require "flexdb.guarded"
local options = require "flexdb.options"

local STEP = 1000 -- records between two calls of on_progress

local known = { on_error = "string", max_errors = "number", on_progress = "function" }

local function check_options(given)
    local own = options.check("insert_many", 2, given, known, 1)
    local on_error, max_errors = own.on_error or "stop", math.tointeger(own.max_errors or 1000)
    if on_error ~= "stop" and on_error ~= "skip" then
        options.refuse(1, "insert_many", 2, "option 'on_error' must be 'stop' or 'skip', is '%s'", on_error)
    end
    if not max_errors or max_errors < 0 then
        options.refuse(1, "insert_many", 2, "option 'max_errors' must be an integer of at least 0, is %s",
            own.max_errors)
    end
    return on_error == "skip", max_errors, own.on_progress
end

-- A key that stands in the way of reading a table as an array, or nil.
local function stray_key(records)
    local length = rawlen(records)
    for key in next, records do
        if math.type(key) ~= "integer" or key < 1 or key > length then return key end
    end
end

-- A key as a message can show it; a table's metatable has no say in it.
local function show_key(key)
    local kind = type(key)
    if kind == "string" then return ("%q"):format(key) end
    if kind == "number" or kind == "boolean" then return tostring(key) end
    return "a " .. kind
end

-- Adds records until the source ends: nil from a function, the last index of an array (a hole there is a bad one).
-- A function that gives nil and why could not go on: then nothing is to be kept.
-- The last call of on_progress comes before the end: what it raises undoes everything, as in every other call.
local function feed(batch, records, on_progress)
    local length = type(records) == "table" and rawlen(records)
    local count = 0
    while count ~= length do
        local record
        if length then
            record = rawget(records, count + 1)
        else
            local why
            record, why = records()
            if record == nil then
                if why ~= nil then return nil, why end
                break
            end
        end
        local ok, err = batch:add(record)
        if not ok then return nil, err end
        count = count + 1
        if on_progress and count % STEP == 0 then on_progress(count) end
    end
    if on_progress and (count % STEP ~= 0 or count == 0) then on_progress(count) end
    return batch:finish()
end

local function run(batch, records, skip, max_errors, on_progress)
    local ok, err = batch:begin(skip, max_errors)
    if ok then ok, err = feed(batch, records, on_progress) end
    if not ok then return nil, err end
    local inserted, errors, error_count = batch:result()
    return { inserted = inserted, errors = errors, error_count = skip and error_count or nil }
end

--- Inserts all records or, with `on_error = "skip"`, those that are good. A function is called until it returns nil;
-- nil and a second value that is not nil undo everything, and both are returned.
-- Returns { inserted = n, errors = { … } }; where bad ones are skipped also error_count, for not all may be kept.
return function(self, records, given)
    options.handle("insert_many", self, "flexdb.table")
    options.argument("insert_many", 1, records, "table or function")
    local skip, max_errors, on_progress = check_options(given)
    local stray
    if type(records) == "table" then stray = stray_key(records) end
    if stray ~= nil then
        return nil, core.error("invalid_record",
            ("records must be an array of records, has the key %s"):format(show_key(stray)))
    end
    local batch <close> = core.batch(self) -- before it begins, so that nothing can come in between
    return guarded(batch, run, batch, records, skip, max_errors, on_progress)
end
