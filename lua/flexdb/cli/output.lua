--- Where a command's words go: data to standard output, everything else to standard error; colour where that is a
-- terminal and NO_COLOR does not forbid it.
-- Needs flexdb.core (terminal), flexdb.cli.grid and flexdb.cli.json.

local core = require "flexdb.core"
local grid = require "flexdb.cli.grid"
local json = require "flexdb.cli.json"

local styles <const> = {
    bold = "\27[1m", dim = "\27[2m", red = "\27[31m", green = "\27[32m", yellow = "\27[33m", cyan = "\27[36m",
}

local output = {}
output.__index = output

local function wants_colour(when, terminal)
    if when == "always" then return true elseif when == "never" then return false end
    local forbidden = os.getenv "NO_COLOR"
    return terminal ~= nil and not (forbidden and forbidden ~= "") and os.getenv "TERM" ~= "dumb"
end

-- The columns that lines may take; nil where nothing says so.
local function room(terminal)
    local said = math.tointeger(tonumber(os.getenv "COLUMNS"))
    if said and said >= 20 then return said end
    if terminal then return terminal >= 20 and terminal or 80 end
end

--- The output that the options ask for.
function output.new(options)
    local terminal, errors = core.terminal(1), core.terminal(2)
    return setmetatable({
        json = options.json == true,
        terminal = terminal ~= nil,
        errors_terminal = errors ~= nil,
        room = room(terminal),
        error_room = room(errors),
        colour = wants_colour(options.color, terminal),
        error_colour = wants_colour(options.color, errors),
        shows_progress = errors ~= nil and not options.quiet,
    }, output)
end

--- The text in a style, where there is colour.
function output:style(name, text)
    return self.colour and styles[name] .. text .. "\27[0m" or text
end

--- A line of data.
function output.say(_, ...)
    local format, more = ..., select("#", ...) > 1
    local text = more and format:format(select(2, ...)) or format
    local ok, why, number = io.stdout:write(text, "\n")
    if not ok then error({ output = why, number = number }, 0) end
end

--- A line for people, which is no data: nothing of it where `--json` is asked for.
function output:tell(...)
    if not self.json then self:say(...) end
end

--- A line of JSON.
function output:emit(value, first) self:say(json.line(value, first)) end

--- A line on standard error.
function output.note(_, ...)
    io.stdout:flush()
    io.stderr:write(select("#", ...) > 1 and (...):format(select(2, ...)) or ..., "\n")
end

--- A printer of rows: see flexdb.cli.grid.
function output:grid(columns, sample)
    return grid.new(columns, self.room, function(line) self:say(line) end,
        function(text) return self:style("bold", text) end, sample)
end

-- 1234567 → "1,234,567"
local function grouped(n)
    return (("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end
output.grouped = grouped

--- "1 record", "1,200 records"
function output.counted(n, one, many) return ("%s %s"):format(grouped(n), n == 1 and one or many or one .. "s") end

--- A function that shows how far long work is, and one that takes the line away again.
function output:progress(what)
    if not self.shows_progress then return nil, function() end end
    local shown, moment, second = false, os.clock(), os.time()
    return function(n)
        -- Not at once, and not all the time: by the clock, or by the processor's where a second is long.
        if os.clock() - moment < 0.1 and os.time() == second then return end
        moment, second, shown = os.clock(), os.time(), true
        io.stderr:write(("\r\27[K%s: %s"):format(what, output.counted(n, "record")))
    end, function()
        if shown then io.stderr:write "\r\27[K" end
    end
end

return output
