--- Plans: documents that say what an evolution would do, made to be read.
-- Needs flexdb.core (json, null).

local core = require "flexdb.core"

local width <const> = 80

local function length(text) return utf8.len(text) or #text end

-- At most so many characters, with an ellipsis where some are left out.
local function cut(text, most)
    if length(text) <= most then return text end
    local last = utf8.len(text) and utf8.offset(text, most) or most
    return text:sub(1, last - 1) .. "…"
end

-- Words in lines of at most `width` characters, the first behind `first` and the others behind the indent; a word that
-- is longer than a line is cut.
local function wrap(text, indent, first)
    local lines, line, before = {}, nil, first or indent
    for word in text:gmatch "%S+" do
        if line and length(line) + 1 + length(word) <= width then
            line = line .. " " .. word
        else
            lines[#lines + 1] = line
            line = before .. cut(word, width - length(before))
            before = indent
        end
    end
    lines[#lines + 1] = line
    return lines
end

local function put(lines, more) table.move(more, 1, #more, #lines + 1, lines) end

local function counted(n, one, many) return n == 1 and "1 " .. one or ("%d %s"):format(n, many) end

local function json(value)
    return (value == nil or value == core.null) and "no value" or core.json.encode(value)
end

-- What became of the values of a column, in words.
local function converted(step)
    local said = {}
    local function say(n, one, many)
        if not n or n == 0 then return end
        local noun = #said > 0 and "" or n == 1 and "value " or "values "
        said[#said + 1] = ("%d %s%s"):format(n, noun, n == 1 and one or many)
    end
    if step.computed then
        say(step.exact, "is computed", "are computed")
    else
        say(step.exact + step.rounded, "converts", "convert")
    end
    for _, loss in ipairs(step.losses or {}) do
        said[#said + 1] = ("in %d of them %s"):format(loss.count, loss.reason)
    end
    say(step.failed, "fails", "fail")
    say(step.nulled, "is left without a value", "are left without a value")
    say(step.kept, "goes back to what it was", "go back to what they were")
    local none = step.computed and "no value is computed" or "no value is converted"
    return #said == 0 and none or table.concat(said, "; ")
end

-- How many values, and ids of each, are shown of those that become unique and stand there more than once.
local shown_values <const>, shown_ids <const> = 5, 3

local function put_duplicates(lines, found, indent)
    put(lines, wrap(("%s held more than once, by %d records"):format(
        found.values == 1 and "a value is" or ("%d values are"):format(found.values), found.records), indent))
    for i = 1, math.min(shown_values, #found.shared) do
        local each = found.shared[i]
        local ids = table.concat(each.ids, ", ", 1, math.min(shown_ids, #each.ids))
        local more = each.count > shown_ids and (" and %d more"):format(each.count - shown_ids) or ""
        put(lines, wrap(("%s: %s%s"):format(cut(json(each.value), 30), ids, more), indent .. "    ", indent .. "  "))
    end
    if found.values > shown_values then
        lines[#lines + 1] = ("%s  and %d more"):format(indent, found.values - shown_values)
    end
end

-- What the step counted, in words.
local function counts(step)
    if step.kind == "convert" and step.exact then return converted(step) end
    local said = {}
    if step.carried then said[1] = counted(step.carried, "record carries a value", "records carry a value") end
    if step.kind == "check" and step.failed then
        said[#said + 1] = step.failed == 0 and "nothing stands against it"
            or counted(step.failed, "record stands against it", "records stand against it")
    end
    return table.concat(said, "; ")
end

local function put_step(lines, step)
    local indent <const> = (" "):rep(12)
    put(lines, wrap(step.text, indent, ("  %-10s"):format(step.kind)))
    put(lines, wrap(counts(step), indent))
    for _, sample in ipairs(step.samples or {}) do
        lines[#lines + 1] = ("%s  %s → %s"):format(indent, cut(json(sample.before), 30), cut(json(sample.after), 30))
    end
    if step.duplicates then put_duplicates(lines, step.duplicates, indent) end
    if step.breaking then put(lines, wrap("breaking: " .. step.breaking, indent)) end
    if step.destructive then put(lines, wrap("destructive: " .. step.destructive, indent)) end
end

local function put_issues(lines, plan)
    if plan.possible then return end
    if plan.failed == 0 then
        put(lines, wrap("It is not possible: what is to be unique is held more than once", ""))
        return
    end
    lines[#lines + 1] = "It is not possible: " .. counted(plan.failed, "record stands against it",
        "records stand against it")
    for _, issue in ipairs(plan.issues) do
        put(lines, wrap(("%s: %s: %s"):format(issue.id or "", issue.path, issue.message), "    ", "  "))
    end
    if #plan.issues < plan.failed then lines[#lines + 1] = ("  and %d more"):format(plan.failed - #plan.issues) end
end

local class = { __name = "flexdb.plan" }

function class.__tostring(plan)
    local lines = {}
    local what = plan.rollback and ("rolling table %q back from version %d to %d"):format(
        plan.table, plan.version, plan.rollback) or ("evolving table %q from version %d"):format(
        plan.table, plan.version)
    local looked = ""
    if plan.records then
        local deleted = plan.deleted or 0
        looked = ", " .. counted(plan.records + deleted, "record looked at", "records looked at")
            .. (deleted > 0 and (", %d deleted"):format(deleted) or "")
    end
    put(lines, wrap(("Plan for %s%s"):format(what, looked), "    ", ""))
    if #plan.steps == 0 then lines[#lines + 1] = "  nothing changes" end
    for _, step in ipairs(plan.steps) do put_step(lines, step) end
    put_issues(lines, plan)
    return table.concat(lines, "\n")
end

local plans = {}

--- Whether a table is meant to be a plan, be it one that was saved and read again.
function plans.is(value)
    return type(value) == "table"
        and (getmetatable(value) == class or rawget(value, "steps") ~= nil or rawget(value, "tableId") ~= nil)
end

local function is_version(value) return math.type(value) == "integer" and value >= 1 end

local ways <const> = { stop = true, null = true, ignore = true }

-- A column as it was: its key and type, or null for a name that was free.
local function is_before(column)
    if column == core.null then return true end
    return type(column) == "table" and type(rawget(column, "key")) == "string"
        and type(rawget(column, "dataType")) == "string"
end

local function is_all_before(before)
    if type(before) ~= "table" then return false end
    for name, column in next, before do
        if type(name) ~= "string" or not is_before(column) then return false end
    end
    return true
end

-- The checks as they were, where the plan changes one.
local function is_checks(checks)
    if checks == nil then return true end
    if type(checks) ~= "table" then return false end
    for _, check in ipairs(checks) do
        if type(check) ~= "table" then return false end
    end
    return true
end

local function same_checks(before, now)
    if #before ~= #now then return false end
    for i, check in ipairs(now) do
        local other = before[i]
        if check.name ~= other.name or check.expression ~= other.expression or check.message ~= other.message then
            return false
        end
    end
    return true
end

local function is_text(value) return type(value) == "string" end
local function is_table(value) return type(value) == "table" end
local function is_boolean(value) return type(value) == "boolean" end
local function is_count(value) return math.type(value) == "integer" and value >= 0 end
local function is_array(value) return type(value) == "table" and (next(value) == nil or rawget(value, 1) ~= nil) end

-- What a plan may hold, in the order in which it is looked at: name, whether the value is right, what it must be. What
-- is not `needed` may be absent. Steps, counts and reasons are for people: only that they are such is asked.
local fields <const> = {
    { "table", is_text, "must be a table's name", needed = true },
    { "tableId", is_text, "must be a table's id", needed = true },
    { "version", is_version, "must be an integer of at least 1", needed = true },
    { "changes", is_table, "must be an array of changes" },
    { "rollback", is_version, "must be an integer of at least 1" },
    { "onInvalid", function(way) return ways[way] end, 'must be "stop", "null" or "ignore"' },
    { "before", is_all_before, "must hold { key, dataType } or null for each column that the plan is about",
        needed = true },
    { "checksBefore", is_checks, "must be an array of checks" },
    { "steps", is_array, "must be an array of steps" }, { "issues", is_array, "must be an array of issues" },
    { "records", is_count, "must be a count" }, { "deleted", is_count, "must be a count" },
    { "failed", is_count, "must be a count" },
    { "breaking", is_boolean, "must be true or false" }, { "destructive", is_boolean, "must be true or false" },
    { "possible", is_boolean, "must be true or false" }, { "error", is_text, "must be a text" },
}
local known = {}
for _, field in ipairs(fields) do known[field[1]] = true end

local function unknown_field(plan)
    local found
    for key in next, plan do
        local name = tostring(type(key) == "table" and "a table" or key)
        if not known[key] and (not found or name < found) then found = name end
    end
    return found and ("there is no key %q in a plan"):format(cut(found, 64))
end

--- What is wrong with a plan that somebody may have edited by hand; nil where it can be carried out.
function plans.fault(plan)
    for _, field in ipairs(fields) do
        local name, is_right, must = table.unpack(field)
        local value = rawget(plan, name)
        if value == nil and name == "changes" and rawget(plan, "rollback") == nil
            or value ~= nil and name == "rollback" and rawget(plan, "changes") ~= nil then
            return "either changes or rollback must be there"
        end
        if value == nil and field.needed or value ~= nil and not is_right(value) then return name .. " " .. must end
    end
    return unknown_field(plan)
end

--- Why a plan no longer fits a table's definition; nil where it does.
function plans.unfit(plan, schema)
    if schema.version == plan.version then return nil end
    if plan.rollback or schema.version < plan.version then return ("it is at version %d"):format(schema.version) end
    local now, names = {}, {}
    for _, column in ipairs(schema.columns) do now[column.name] = column end
    for name in next, plan.before do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
        local before, column = plan.before[name], now[name]
        if before == core.null then
            if column then return ("there is a column %q"):format(name) end
        elseif not column then
            return ("column %q is gone"):format(name)
        elseif column.key ~= before.key or column.dataType ~= before.dataType then
            return ("column %q is another one"):format(name)
        elseif (column.validation or {}).computed ~= before.computed then
            return ("column %q is computed otherwise"):format(name)
        end
    end
    if plan.checksBefore and not same_checks(plan.checksBefore, schema.checks or {}) then
        return "the checks are others"
    end
end

--- The document as a plan that prints well.
return setmetatable(plans, { __call = function(_, document) return setmetatable(document, class) end })
