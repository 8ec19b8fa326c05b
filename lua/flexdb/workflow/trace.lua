--- What a run tells, for people and for programs: functions for `on_event`.
-- Needs flexdb.core (json).

local core = require "flexdb.core"

local trace = {}

local WIDTH <const> = 80 -- unless said otherwise

local function duration(ms)
    if ms < 1 then return ("%.2f ms"):format(ms) end
    if ms < 1000 then return ("%.1f ms"):format(ms) end
    return ("%.1f s"):format(ms / 1000)
end

local function writer(out)
    if type(out) == "function" then return out end
    return function(text) out:write(text) end
end

-- One line, whatever the message holds.
local function line(text) return (text:gsub("%c+", " "):gsub(" +$", "")) end

-- Lines of at most so many characters where words allow it: the first begins with `first`, the others are indented so
-- far.
local function wrap(lines, first, text, width)
    local at, empty = first, true
    for word in text:gmatch "%S+" do
        local longer = empty and at .. word or at .. " " .. word
        if not empty and (utf8.len(longer) or #longer) > width then
            lines[#lines + 1] = at
            longer = (" "):rep(utf8.len(first) or #first) .. word
        end
        at, empty = longer, false
    end
    lines[#lines + 1] = at
end

local terminal = {
    run_started = function(event) return ("> %s"):format(event.workflow) end,
    step_finished = function(event, depth)
        local words = { ("%s%s  %s"):format(("  "):rep(depth), event.step, event.edge), duration(event.ms) }
        if event.records then
            words[#words + 1] = ("%d %s"):format(event.records, event.records == 1 and "record" or "records")
        end
        if event.error then words[#words + 1] = line(tostring(event.error)) end
        return table.concat(words, "  ")
    end,
    log = function(event, depth) return ("%s| %s"):format(("  "):rep(depth - 1), line(event.message)) end,
    run_finished = function(event)
        return ("< %s  done  %d %s  %s"):format(event.workflow, event.steps, event.steps == 1 and "step" or "steps",
            duration(event.ms))
    end,
    run_failed = function(event, _, width)
        local err = event.error
        local lines = { ("< %s  failed%s"):format(event.workflow, err.step and " at " .. err.step or "") }
        wrap(lines, "  why   ", tostring(err), width)
        local config = err.config and core.json.encode(err.config)
        if config then lines[#lines + 1] = "  with  " .. config end
        if err.advice then wrap(lines, "  next  ", err.advice, width) end
        return table.concat(lines, "\n")
    end,
}

--- A terse trace: a line for each step that has finished, indented where it stands in a body. `out`: a file or a
-- function that takes text; standard error unless given. `width`: of the lines that are broken between words, 80 unless
-- given.
function trace.terminal(out, width)
    local write = writer(out or io.stderr)
    local depth = 0
    return function(event)
        local kind = event.event
        if kind == "step_finished" or kind == "run_finished" then depth = math.max(depth - 1, 0) end
        if kind == "run_failed" then depth = 0 end
        local show = terminal[kind]
        if show then write(show(event, depth, width or WIDTH) .. "\n") end
        if kind == "step_started" or kind == "run_started" then depth = depth + 1 end
    end
end

-- What of an error a line of JSON tells.
local function plain_error(err)
    return { code = err.code, message = err.message, issues = err.issues, retryable = err.retryable, step = err.step,
        node = err.node, workflow = err.workflow, config = err.config, advice = err.advice }
end

--- JSON Lines: an object for each event. `out` as above; standard output unless given.
function trace.json_lines(out)
    local write = writer(out or io.stdout)
    return function(event)
        local own = {}
        for key, value in next, event do own[key] = value end
        if own.error then own.error = plain_error(own.error) end
        local text, err = core.json.encode(own)
        if not text then text = assert(core.json.encode { event = own.event, unprintable = err.message }) end
        write(text .. "\n")
    end
end

return trace
