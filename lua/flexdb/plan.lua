--- Plans: documents that say what an evolution would do, made to be read.
-- Needs flexdb.core (json).

local core = require "flexdb.core"

local width <const> = 80

-- Words in lines of at most `width` characters, each behind the indent.
local function wrap(text, indent)
    local lines, line = {}, ""
    for word in text:gmatch "%S+" do
        local room = width - #indent
        if line ~= "" and (utf8.len(line) or #line) + 1 + (utf8.len(word) or #word) > room then
            lines[#lines + 1] = indent .. line
            line = word
        else
            line = line == "" and word or line .. " " .. word
        end
    end
    if line ~= "" then lines[#lines + 1] = indent .. line end
    return lines
end

-- At most so many characters, with an ellipsis where some are left out.
local function cut(text, most)
    local length = utf8.len(text)
    if not length then return #text > most and text:sub(1, most - 1) .. "…" or text end
    return length <= most and text or text:sub(1, utf8.offset(text, most) - 1) .. "…"
end

local function records(n) return n == 1 and "1 record" or ("%d records"):format(n) end

local function json(value) return value == nil and "no value" or core.json.encode(value) end

-- What the step counted, in words.
local function counts(step)
    local said = {}
    local function say(n, words) if n and n > 0 then said[#said + 1] = words:format(n) end end
    if step.kind == "convert" and step.exact then
        said[1] = ("%d convert"):format(step.exact + step.rounded)
        say(step.rounded, "%d of them lose something")
        say(step.failed, "%d fail")
        say(step.nulled, "%d of them are left without a value")
        say(step.kept, "%d go back to what they were")
    elseif step.kind == "check" and step.failed then
        said[1] = step.failed == 0 and "nothing stands against it"
            or ("%s stand%s against it"):format(records(step.failed), step.failed == 1 and "s" or "")
    end
    if step.carried then
        said[#said + 1] = ("%s carr%s a value"):format(records(step.carried), step.carried == 1 and "ies" or "y")
    end
    return table.concat(said, ", ")
end

local function put(lines, more) table.move(more, 1, #more, #lines + 1, lines) end

local function put_step(lines, step)
    local indent <const> = (" "):rep(12)
    local first = wrap(step.text, indent)
    first[1] = ("  %-10s%s"):format(step.kind, first[1]:sub(#indent + 1))
    put(lines, first)
    put(lines, wrap(counts(step), indent))
    for _, sample in ipairs(step.samples or {}) do
        lines[#lines + 1] = ("%s  %s → %s"):format(indent, cut(json(sample.before), 30), cut(json(sample.after), 30))
    end
    if step.breaking then put(lines, wrap("breaking: " .. step.breaking, indent)) end
    if step.destructive then put(lines, wrap("destructive: " .. step.destructive, indent)) end
end

local function put_issues(lines, plan)
    if plan.possible then return end
    put(lines, wrap("It is not possible: " .. (plan.error or ""), ""))
    for _, issue in ipairs(plan.issues) do
        local what = ("%s: %s: %s"):format(issue.id or "", issue.path, issue.message)
        lines[#lines + 1] = "  " .. cut(what, width - 2)
    end
end

local class = { __name = "flexdb.plan" }

function class.__tostring(plan)
    local lines = {}
    local what = plan.rollback and ("rolling table %q back from version %d to %d"):format(
        plan.table, plan.version, plan.rollback) or ("evolving table %q from version %d"):format(
        plan.table, plan.version)
    local looked = plan.records and (", %s looked at"):format(records(plan.records)) or ""
    put(lines, wrap(("Plan for %s%s"):format(what, looked), ""))
    if #plan.steps == 0 then lines[#lines + 1] = "  nothing changes" end
    for _, step in ipairs(plan.steps) do put_step(lines, step) end
    put_issues(lines, plan)
    return table.concat(lines, "\n")
end

local plans = {}

--- Whether a table is a plan, be it one that was saved and read again.
function plans.is(value)
    if type(value) ~= "table" then return false end
    return getmetatable(value) == class
        or rawget(value, "steps") ~= nil and rawget(value, "tableId") ~= nil and rawget(value, "version") ~= nil
end

--- The document as a plan that prints well.
return setmetatable(plans, { __call = function(_, document) return setmetatable(document, class) end })
