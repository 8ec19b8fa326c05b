--- How busted reports here: a line for each spec file, what failed in full, and one plain line at the end.
--
-- `passed failed skipped` is appended to the file named by FLEXDB_TEST_COUNTS, where `make test` adds the counts of all
-- its runs together; the closing line is left to it then.

local busted = require "busted"
local pretty = require "pl.pretty"

local GREEN, RED, PLAIN = "\27[32m", "\27[31m", "\27[0m"

return function(options)
    local handler = require "busted.outputHandlers.base"()
    local total = { passed = 0, failed = 0, skipped = 0 }
    local file
    local problems = {}
    local counts_path = os.getenv "FLEXDB_TEST_COUNTS"
    local colour = not os.getenv "NO_COLOR" and require("term").isatty(io.stdout)

    local function paint(text, code) return colour and code .. text .. PLAIN or text end

    local function count(what)
        total[what] = total[what] + 1
        if file then file[what] = file[what] + 1 end
    end

    local function text_of(message)
        if type(message) == "string" then return message end
        if message == nil then return "an error without a message" end
        local meta = getmetatable(message)
        if meta and meta.__tostring then return tostring(message) end
        return pretty.write(message)
    end

    -- A traceback without the frames of busted itself.
    local function own_frames(text)
        local lines = {}
        for line in (text .. "\n"):gmatch "(.-)\n" do
            local frame = line:match "^\t(.*)"
            local foreign = frame and (frame:find("busted", 1, true) or frame:find "^%[C%]: in function 'xpcall'"
                or frame:find "^%[C%]: in %?" or frame:find "^%.%.%.\t")
            if not foreign then lines[#lines + 1] = line end
        end
        return table.concat(lines, "\n")
    end

    local function problem(element, message, trace)
        trace = element.trace or trace
        local place = trace and trace.short_src and ("%s:%d: "):format(trace.short_src, trace.currentline) or ""
        local text = place .. handler.getFullName(element) .. "\n" .. own_frames(text_of(message))
        if trace and trace.traceback and (options.verbose or element.descriptor ~= "it") then
            text = text .. "\n" .. own_frames(trace.traceback)
        end
        problems[#problems + 1] = "      " .. text:gsub("%s+$", ""):gsub("\n", "\n      ")
    end

    function handler.file_start(element)
        file = { name = element.name:gsub("^%./", ""), passed = 0, failed = 0, skipped = 0 }
        return nil, true
    end

    function handler.file_end(element)
        if file.passed + file.failed + file.skipped > 0 then
            local bad = file.failed > 0
            io.write(("%s  %-44s %5d tests %5.0f ms%s%s\n"):format(
                bad and paint("FAIL", RED) or paint("ok  ", GREEN), file.name, file.passed,
                (element.duration or 0) * 1000,
                bad and ("  %d failed"):format(file.failed) or "",
                file.skipped > 0 and ("  %d skipped"):format(file.skipped) or ""))
        end
        for _, text in ipairs(problems) do io.write(text, "\n") end
        problems, file = {}, nil
        io.flush()
        return nil, true
    end

    function handler.test_end(_, _, status)
        count(status == "success" and "passed" or status == "pending" and "skipped" or "failed")
        return nil, true
    end

    function handler.test_problem(element, _, message, trace)
        problem(element, message, trace)
        return nil, true
    end

    -- What fails outside of a test (a file that does not load, a set-up or tear-down that raises) counts as a test.
    function handler.other_problem(element, _, message, trace)
        if element.descriptor == "it" then return nil, true end
        count "failed"
        problem(element, message, trace)
        if not file then
            for _, text in ipairs(problems) do io.write(text, "\n") end
            problems = {}
        end
        return nil, true
    end

    function handler.exit()
        if counts_path then
            local out = assert(io.open(counts_path, "a"))
            out:write(("%d %d %d\n"):format(total.passed, total.failed, total.skipped))
            out:close()
        else
            io.write(("\n%d passed, %d failed%s\n"):format(total.passed, total.failed,
                total.skipped > 0 and (", %d skipped"):format(total.skipped) or ""))
        end
        return nil, true
    end

    busted.subscribe({ "file", "start" }, handler.file_start)
    busted.subscribe({ "file", "end" }, handler.file_end)
    busted.subscribe({ "test", "end" }, handler.test_end, { predicate = handler.cancelOnPending })
    busted.subscribe({ "failure", "it" }, handler.test_problem)
    busted.subscribe({ "error", "it" }, handler.test_problem)
    busted.subscribe({ "failure" }, handler.other_problem)
    busted.subscribe({ "error" }, handler.other_problem)
    busted.subscribe({ "suite", "end" }, handler.exit)
    return handler
end
