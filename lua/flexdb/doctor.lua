--- flexdb.doctor(db, options): holds a database against what must be true of it, and mends what can be mended.
-- Needs flexdb.core (doctor). Written in Lua, so that on_progress may yield; the report's words are made here.

local core = require "flexdb.core"
local guarded = require "flexdb.guarded"
local options = require "flexdb.options"

local WIDTH = 80

local known = { repair = "boolean", tables = "table", on_progress = "function" }

-- ---------------------------------------------------------------------------------------------------- in words

local function counted(n, one, many)
    local digits = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
    return ("%s %s"):format(digits, n == 1 and one or many or one .. "s")
end

-- A paragraph: the first line begins with `first`, the others are indented by as much as `rest` says.
local function wrap(lines, first, rest, text)
    local line, empty = first, true
    for word in text:gmatch "%S+" do
        local longer = empty and line .. word or line .. " " .. word
        if not empty and utf8.len(longer) and utf8.len(longer) > WIDTH then
            lines[#lines + 1] = line
            longer = (" "):rep(rest) .. word
        end
        line, empty = longer, false
    end
    lines[#lines + 1] = line
end

local function summary(report)
    local looked = ("%s, %s, %s"):format(counted(report.tables, "table"), counted(report.versions, "version"),
        counted(report.records, "record"))
    if report.problem_count == 0 then return looked .. ": no problem" end
    local mended = ""
    if report.repaired_count > 0 then
        local all = report.repaired_count == report.problem_count
        mended = all and ", mended" or (", %d of them mended"):format(report.repaired_count)
    end
    return ("%s: %s%s"):format(looked, counted(report.problem_count, "problem"), mended)
end

local function place_of(problem)
    if not problem.table then return "the database" end
    return ("%s / %s"):format(problem.application, problem.table)
end

local function words_of(problem)
    local where = {}
    if problem.record then where[#where + 1] = ("record %s"):format(problem.record) end
    if problem.column then where[#where + 1] = ("column %s"):format(problem.column) end
    local begin = #where > 0 and table.concat(where, ", ") .. ": " or ""
    return begin .. problem.message .. (problem.repaired and " (mended)" or "")
end

local function print_report(report)
    local lines = {}
    wrap(lines, "", 0, summary(report))
    local place
    for _, problem in ipairs(report.problems) do
        if place_of(problem) ~= place then
            place = place_of(problem)
            lines[#lines + 1] = ""
            lines[#lines + 1] = place
        end
        wrap(lines, ("  %-18s "):format(problem.code), 21, words_of(problem))
    end
    local more = report.problem_count - #report.problems
    if more > 0 then lines[#lines + 1] = ("\nand %s"):format(counted(more, "more", "more")) end
    if report.in_progress > 0 then
        lines[#lines + 1] = ""
        wrap(lines, "", 0, counted(report.in_progress, "table is being changed and was",
            "tables are being changed and were") .. " left alone: look again later")
    end
    return table.concat(lines, "\n")
end

local report_metatable = { __name = "flexdb.report", __tostring = print_report }

-- ---------------------------------------------------------------------------------------------------- the check

local function run(job, on_progress)
    repeat
        local more, err = job:step()
        if more == nil then return nil, err end
        if on_progress then on_progress(job:progress()) end
    until not more
    local report, err = job:result()
    if not report then return nil, err end
    return setmetatable(report, report_metatable)
end

--- Looks at the whole database, or at the tables that `tables` names. Returns { ok, problems, … }; tostring of it is
-- made to be read.
return function(db, given)
    if getmetatable(db) ~= "flexdb.database" then
        options.refuse(0, "doctor", 1, "flexdb.database expected, got %s", db == nil and "no value" or type(db))
    end
    local own = options.check("doctor", 2, given, known, 1)
    local on_progress = own.on_progress
    own.on_progress = nil
    local job <close>, err = core.doctor(db, own)
    if not job then return nil, err end
    return guarded(job, run, job, on_progress)
end
