--- Processes beside a spec: Lua that is run by the same interpreter, notes line by line what it does, and is waited for
-- or killed.
--
--   local processes = children.new(source)
--   local one = processes:start { engine.url, db.application, "write" }
--   one:wait(function(lines) return #lines > 0 end)
--   one:kill()
--   processes:remove()
--
-- The source finds `flexdb`, its arguments in `arg`, and `note(…)`, which writes a line that is with the operating
-- system before it returns, so that it outlives the process; `notes_path` is the file.

local children = {}

local lua = os.getenv "LUA" or "lua5.4"

local PRELUDE <const> = [[
local flexdb = require "flexdb"
local notes_path, notes = table.remove(arg, 1), nil
local function note(...)
    notes = notes or assert(io.open(notes_path, "w"))
    notes:write(table.concat({ ... }, " "), "\n")
    notes:flush()
end
]]

--- One word of the shell.
function children.quote(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end

---------------------------------------------------------------- one process

local process = {}
process.__index = process

--- What it has noted so far.
function process:lines()
    local out = {}
    local file <close> = io.open(self.notes)
    for line in file and file:lines() or function() end do out[#out + 1] = line end
    return out
end

--- Waits until `ready(lines)` holds, at most half a minute, and returns the lines.
function process:wait(ready)
    local stop = os.time() + 30
    repeat
        local lines = self:lines()
        if ready(lines) then return lines end
        os.execute "sleep 0.005"
    until os.time() > stop
    error("the process does not come on: " .. self:kill())
end

--- Waits until it has noted anything.
function process:wait_ready() return self:wait(function(lines) return #lines > 0 end) end

--- Waits for its end: what it has said, nothing when all went well.
function process:finish()
    local said = self.pipe:read "a"
    self.pipe:close()
    return said:match "^%s*(.-)%s*$"
end

--- SIGKILL, to it and to others at one time; one that has ended already is no error. What it has said.
function process:kill(...)
    local pids = { self.pid }
    for _, other in ipairs { ... } do pids[#pids + 1] = other.pid end
    os.execute(("kill -9 %s 2>/dev/null"):format(table.concat(pids, " ")))
    for _, other in ipairs { ... } do other:finish() end
    return self:finish()
end

---------------------------------------------------------------- several of one source

local set = {}
set.__index = set

--- Starts one with these arguments; `environment`: words that the shell takes before a command.
function set:start(arguments, environment)
    local words = {}
    for i, word in ipairs(arguments) do words[i] = children.quote(word) end
    local notes = os.tmpname()
    local pipe = assert(io.popen(("echo $$; %s exec %s %s %s %s 2>&1"):format(environment or "", lua,
        children.quote(self.script), children.quote(notes), table.concat(words, " "))))
    local one = setmetatable({ pipe = pipe, pid = assert(pipe:read "n"), notes = notes }, process)
    self.started[#self.started + 1] = one
    return one
end

--- Removes what they have left; they have ended.
function set:remove()
    for _, one in ipairs(self.started) do os.remove(one.notes) end
    self.started = {}
    if self.own then os.remove(self.script) end
end

--- Of a source.
function children.new(source)
    local script = os.tmpname()
    local file <close> = assert(io.open(script, "w"))
    file:write(PRELUDE, source)
    return setmetatable({ script = script, own = true, started = {} }, set)
end

--- Of a file, whose first argument is the path of its notes.
function children.of_file(path) return setmetatable({ script = path, started = {} }, set) end

return children
