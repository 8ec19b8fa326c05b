--- flexdb.sandbox: scripts that are not trusted, in a Lua state of their own. See docs/sandbox.md.
-- Needs flexdb.core (sandbox, error, codes), flexdb.interrupts, flexdb.plan, flexdb.sandbox.handles.
-- `require "flexdb".sandbox` loads it.

local core = require "flexdb.core"
local handles = require "flexdb.sandbox.handles"
local interrupts = require "flexdb.interrupts"
local options = require "flexdb.options"
local plan_of = require "flexdb.plan"

local methods = core.methods.sandbox
local error_mark = getmetatable(core.error("internal", ""))
local MIB <const> = 1 << 20
local TEXTS <const> = 32 -- that a sandbox keeps compiled

local known = {
    memory = "number", host_memory = "number", steps = "number", seconds = "number", db = "userdata", tables = "table",
    read_only = "boolean", values = "table", log = "function",
}

-- ---- errors ----

local function show_limits(limits)
    return {
        memory = ("the script needs more memory than it has (%.16g MiB)"):format(limits.memory / MIB),
        share = ("what the script asks for takes more of the host's memory than it may (%.16g MiB)"):format(
            limits.host_memory / MIB),
        steps = ("the script takes more than %d steps"):format(limits.steps),
        time = ("the script takes longer than %.14g seconds"):format(limits.seconds),
    }
end

local function ended(limits, reason)
    if reason == "host" then return nil, core.error("internal", "out of memory") end
    local err = core.error("limit", show_limits(limits)[reason])
    err.limit = reason == "time" and "seconds" or reason == "share" and "host_memory" or reason
    return nil, err
end

-- Where the host has ended the script: by an error of its own, or by what somebody has pressed, which goes on its way.
local function stopped(why)
    if getmetatable(why) ~= error_mark then error(why, 0) end
    return nil, why
end

-- The lines of a text, by number.
local function line_of(text, number)
    local n = 0
    for line in (text .. "\n"):gmatch "(.-)\r?\n" do
        n = n + 1
        if n == number then return line end
    end
end

-- What a script has raised, or is wrong in, as an error of FlexDB's: invalid_document where it says no code, so that
-- nobody takes it for a fault of FlexDB itself.
local function failed(text, name, raised)
    local code = "invalid_document"
    local err
    if type(raised) == "table" then
        err = core.error(core.codes[raised.code] and raised.code or code, tostring(raised.message))
        err.retryable = raised.retryable == true
        if type(raised.issues) == "table" then err.issues = raised.issues end
    else
        err = core.error(code, tostring(raised))
        local place = "^" .. name:gsub("%p", "%%%0") .. ":(%d+): "
        local line = math.tointeger(tonumber(err.message:match(place)))
        if line then err.file, err.line, err.text = name, line, line_of(text, line) end
    end
    return nil, err
end

-- ---- making one ----

local function positive(value, name, integer)
    if value <= 0 or value ~= value or (integer and not math.tointeger(value)) then
        options.refuse(1, "new", 1, "option '%s' must be %s above 0, is %s", name,
            integer and "an integer" or "a number", value)
    end
    return integer and math.tointeger(value) or value
end

local sandbox = {}

--- The bytes that a script's state may take unless said otherwise.
sandbox.MEMORY = 64 * MIB

--- What a script with so much memory may make the host's state grow by, unless said otherwise.
function sandbox.host_share(memory) return math.min(memory, math.maxinteger // 8) * 4 end

local function limits_of(given)
    local limits = {
        memory = positive(given.memory or sandbox.MEMORY, "memory", true),
        steps = positive(given.steps or 100000000, "steps", true),
        seconds = positive(given.seconds or 10, "seconds"),
    }
    limits.host_memory = positive(given.host_memory or sandbox.host_share(limits.memory), "host_memory", true)
    if limits.memory < MIB // 2 then
        options.refuse(0, "new", 1, "option 'memory' must be at least 524288 bytes, is %d", limits.memory)
    end
    limits.nanoseconds = limits.seconds >= 9e9 and math.maxinteger or math.ceil(limits.seconds * 1e9)
    return limits
end

local function names_of(tables)
    if not tables then return end
    local names = {}
    for _, name in next, tables do
        if type(name) ~= "string" then
            options.refuse(0, "new", 1, "option 'tables' must hold names, has a %s", type(name))
        end
        names[name] = true
    end
    return names
end

-- What has kept a value from crossing, as an error; Ctrl-C goes on.
local function uncrossed(what, why)
    if interrupts(why) then error(why, 0) end
    return nil, core.error("invalid_document", ("%s: %s"):format(what, tostring(why)))
end

-- A value for the script: a function of the host's becomes one that it can call, the other values are copied. True, or
-- nil and the error.
local function give(self, name, value, limits)
    if type(value) == "function" then value = self:ticket(0, value) end
    local good, status, reason = pcall(self.set, self, name, value)
    if not good then return uncrossed("values." .. name, status) end
    if status ~= "ok" then return ended(limits, reason) end
    return true
end

local function check_kind(db)
    if db ~= nil and getmetatable(db) ~= "flexdb.database" then
        options.refuse(0, "new", 1, "option 'db' must be a flexdb.database")
    end
end

--- A sandbox; nil and the error when it does not fit into its own memory.
function sandbox.new(given)
    given = options.check("new", 1, given, known)
    check_kind(given.db)
    local limits = limits_of(given)
    local side = handles.new {
        read_only = given.read_only, tables = names_of(given.tables), memory = limits.memory,
    }
    local self = core.sandbox(limits.memory, limits.steps, limits.nanoseconds, side.dispatch,
        getmetatable(plan_of {}), { limits = limits, side = side, numbers = {}, kept = {}, count = 0 },
        limits.host_memory)
    side.ticket = function(class, value, pinned) return self:ticket(class, value, pinned) end
    local log = given.log or print
    local library = {}
    for name, fn in next, handles.library do library[name] = self:ticket(0, fn) end
    local status, reason = self:fill(handles.classes, library, core.version,
        self:ticket(0, function(line) log(line) end), self:ticket(0, tostring))
    if status ~= "ok" then return ended(limits, reason) end
    if given.db then
        local own = self:own()
        own.db = self:ticket(handles.number.database, given.db, true)
        self:set("db", own.db)
        self:set("db", own.db, true)
    end
    for name, value in next, given.values or {} do
        if type(name) ~= "string" then
            options.refuse(0, "new", 1, "option 'values' must have names, has a %s as key", type(name))
        end
        local good, err = give(self, name, value, limits)
        if not good then return nil, err end
    end
    return self
end

-- ---- running ----

local function finish(self, text, name, status, ...)
    local own = self:own()
    own.side.finish()
    own.clean = status == "ok"
    if own.clean then return ... end
    if status == "ended" and (...) == "closed" then error("the sandbox is closed", 2) end
    if status == "ended" and (...) == "stopped" then return stopped(self:why()) end
    if status == "ended" then return ended(own.limits, (...)) end
    return failed(text, name, (...))
end

-- The same for a run that may not have begun, because a value cannot cross.
local function finish_anew(self, text, name, good, status, ...)
    if good then return finish(self, text, name, status, ...) end
    self:own().clean = false
    return uncrossed("values", status)
end

--- Runs a text; `name` is what errors call it; more arguments are the script's. Returns what the script returns,
-- copied, or nil and the error.
function methods:run(text, name, ...)
    options.handle("run", self, "flexdb.sandbox")
    options.argument("run", 1, text, "string")
    name = name or "script"
    options.argument("run", 2, name, "string")
    if text:byte() == 35 then text = "--" .. text end -- a first line for the shell: #!
    return finish(self, text, name, self:execute(text, "@" .. name, ...))
end

-- The number under which a text is kept compiled, negative when it is not yet. Only so many are, for they take of the
-- script's memory.
local function number_of(own, text, name)
    local numbers = own.numbers[name]
    local number = numbers and numbers[text]
    if number then return number end
    own.count = own.count % TEXTS + 1
    local old = own.kept[own.count]
    if old then own.numbers[old.name][old.text] = nil end
    own.numbers[name] = own.numbers[name] or {}
    own.numbers[name][text] = own.count
    own.kept[own.count] = { name = name, text = text }
    return -own.count
end

-- Values for the script, functions among them as it can call them.
local function handed(self, values)
    local out = {}
    for name, value in next, values do
        if type(name) ~= "string" then
            options.refuse(1, "run_anew", 3, "values must have names, has a %s as key", type(name))
        end
        out[name] = type(value) == "function" and self:ticket(0, value) or value
    end
    return out
end

--- Runs a text as if the sandbox were new: nothing is there that a run before has done to its globals or a library.
-- `values`: its globals, beside what every script finds and `db`; those that `new` was given are not there. Returns
-- what `run` returns.
function methods:run_anew(text, name, values)
    options.handle("run_anew", self, "flexdb.sandbox")
    options.argument("run_anew", 1, text, "string")
    name = name or "script"
    options.argument("run_anew", 2, name, "string")
    values = values or {}
    options.argument("run_anew", 3, values, "table")
    local own = self:own()
    local given = handed(self, values)
    local loaded = text:byte() == 35 and "--" .. text or text
    local number = number_of(own, text, name)
    return finish_anew(self, text, name, pcall(self.anew, self, loaded, "@" .. name, number, given))
end

--- Whether nothing stands against another run anew: the last run has ended well.
function methods:is_clean()
    options.handle("is_clean", self, "flexdb.sandbox")
    return self:own().clean ~= false
end

--- Puts another handle in the place of the database that the sandbox was made with; nothing of the script's may be
-- running. For hosts that reuse a sandbox.
function methods:use(db)
    options.handle("use", self, "flexdb.sandbox")
    check_kind(db)
    local own = self:own()
    if not own.db or not db then options.refuse(1, "use", 1, "a database takes the place of one, none that of none") end
    self:rebind(own.db, db)
end

--- What it has used: { memory = bytes, steps = of the last run }.
function methods:used()
    options.handle("used", self, "flexdb.sandbox")
    local memory, steps = self:usage()
    return { memory = memory, steps = steps }
end

core.own(sandbox.new, handles.new)

return sandbox
