--- The rows of evolutions: what a step takes with few records and with many, what the engine's own ALTER takes for the
-- same (on SQLite, which changes no type: a copy of the table), and the longest write of a process that goes on writing
-- meanwhile.

local evolutions = {}

local FEW <const>, MANY <const> = 1000, tonumber(os.getenv "FLEXDB_BENCH_RECORDS") or 1000000
local CALM <const> = 2 -- seconds that the writer has for itself

-- In this order, on one table. n: how often a run makes it, where it is not a matter of the records: it is timed by
-- itself, once a round, and then made beside the writer. worse: how much longer it may take with many records. floor
-- and goal: multiples of the limit's time, with many records; blocked: milliseconds that a write may take then where
-- others can write meanwhile.
local ROWS <const> = {
    { "metadata", "metadata, one step", n = 10, worse = 1.2 },
    { "retype", "retype", floor = 1, goal = 0.5, blocked = { floor = 100, goal = 20 } },
    { "index", "index", blocked = { floor = 100, goal = 20 } },
    { "unique", "unique", blocked = { floor = 100, goal = 20 } },
}

local LINE <const> = "%-20s%10s%10s%10s%9s%7s%9s%10s%10s  %s"

local function print_line(...) print((LINE:format(...):gsub(" +$", ""))) end

local function seconds(x)
    if x < 0.1 then return ("%.2f ms"):format(x * 1e3) end
    return ("%.2f s"):format(x)
end

local function millis(x) return x and ("%.0f ms"):format(x) or "-" end

local function median(list)
    table.sort(list)
    return list[(#list + 1) // 2]
end

-- ---------------------------------------------------------------------------------------------------- the writer

local function first_line(path)
    local file <close> = io.open(path)
    return file and file:read "L" or ""
end

--- Starts the program, whose standard input ends its calm and then itself. Gives what stops it and reads its figures.
local function start_writer(command)
    local said = os.tmpname()
    local pipe = assert(io.popen(("exec %s >%s"):format(command, said), "w"))
    pipe:setvbuf "no"
    for _ = 1, 600 do
        if first_line(said) == "ready\n" then break end
        os.execute "sleep 0.1"
    end
    os.execute("sleep " .. CALM)
    pipe:write "\n"
    return function()
        assert(pipe:close(), "the writer has failed")
        local file <close> = assert(io.open(said))
        file:read "l"
        local calm, longest = file:read("n", "n")
        os.remove(said)
        return { calm = calm, longest = longest }
    end
end

-- ---------------------------------------------------------------------------------------------------- measuring

-- side: program, writer (its command, of a target), target
local function measure_step(row, side, target, records, rounds)
    local times = {}
    for i = 1, row.n and rounds or 0 do times[i] = 1 / side.program(row[1], target, row.n) end
    local stop = start_writer(side.writer(target))
    local n = row.n or records
    local rate = side.program(row[1], target, n)
    local figures = stop()
    figures.seconds = row.n and median(times) or n / rate
    return figures
end

--- figures[row][side]: time (the median), longest write in the calm and during the step (of all rounds).
local function measure_size(engine, rows, records, rounds)
    local lists = {}
    for round = 1, rounds do
        for name, side in pairs { flexdb = engine.flexdb, limit = engine.limit } do
            local target = side.target(("evolutions_%d_%d"):format(records, round))
            side.program("fill_loose", target, records)
            for _, row in ipairs(rows) do
                local list = lists[row[1]] or {}
                lists[row[1]] = list
                list[name] = list[name] or { seconds = {}, calm = 0, longest = 0 }
                local got = measure_step(row, side, target, records, engine.rounds)
                table.insert(list[name].seconds, got.seconds)
                list[name].calm = math.max(list[name].calm, got.calm)
                list[name].longest = math.max(list[name].longest, got.longest)
            end
            engine.forget(target)
        end
    end
    for _, list in pairs(lists) do
        for _, of in pairs(list) do of.seconds = median(of.seconds) end
    end
    return lists
end

-- ---------------------------------------------------------------------------------------------------- the table

local function worse(a, b)
    if a == "BELOW" or b == "BELOW" then return "BELOW" end
    if a == "floor" or b == "floor" then return "floor" end
    return a or b
end

local function reached(value, limits)
    if not limits.floor then return nil end
    return value <= limits.goal and "goal" or value <= limits.floor and "floor" or "BELOW"
end

--- What a row with many records comes to. few: the same with few.
local function verdict(engine, row, got, few)
    local result = reached(got.flexdb.seconds / got.limit.seconds, row)
    if row.worse then
        result = got.flexdb.seconds / few.flexdb.seconds <= row.worse and "goal" or "BELOW"
    end
    if row.blocked and engine.writes_go_on then
        result = worse(result, reached(got.flexdb.longest, row.blocked))
    end
    return result
end

local function report(row, records, got, judged)
    local floor = row.floor and ("%.2f"):format(row.floor) or ""
    print_line(row[2], records, seconds(got.flexdb.seconds), seconds(got.limit.seconds),
        ("%.2f x"):format(got.flexdb.seconds / got.limit.seconds), floor, millis(got.flexdb.calm),
        millis(got.flexdb.longest), millis(got.limit.longest), judged or "")
end

--- engine: flexdb and limit (sides), forget(target), writes_go_on (others can write while a step is made). Gives how
-- many rows are below their floors.
function evolutions.measure(title, engine, wanted, rounds)
    local rows, missed = {}, 0
    for _, row in ipairs(ROWS) do
        if wanted(row[1]) or wanted "evolve" then rows[#rows + 1] = row end
    end
    if #rows == 0 then return 0 end
    local many_rounds = math.max(1, rounds // 5)
    print()
    print_line("", "", "", "", "", "", "", "longest", "write in", "")
    print_line(title, "records", "FlexDB", "C", "ratio", "floor", "calm", "FlexDB", "C", "")
    print(("-"):rep(104))
    local few = measure_size(engine, rows, FEW, rounds)
    for _, row in ipairs(rows) do report(row, FEW, few[row[1]]) end
    io.flush()
    local many = measure_size(engine, rows, MANY, many_rounds)
    for _, row in ipairs(rows) do
        local judged = verdict(engine, row, many[row[1]], few[row[1]])
        report(row, MANY, many[row[1]], judged)
        if judged == "BELOW" then missed = missed + 1 end
    end
    print(("%d records: %d run%s of each"):format(MANY, many_rounds, many_rounds == 1 and "" or "s"))
    return missed
end

return evolutions
