--- flexdb shell: a prompt for Lua, with the database at hand.

local flexdb = require "flexdb"
local core = require "flexdb.core"
local input = require "flexdb.cli.input"
local json = require "flexdb.cli.json"
local width = require "flexdb.cli.width"

local shell = {
    name = "shell",
    about = "Runs Lua from standard input: 'db' is the database, 'flexdb' the module, and each table stands under its "
        .. "name. An expression's value is printed. A statement may go over several lines. On a pipe there is no "
        .. "prompt, and the first error ends it.",
    arguments = {},
    options = {},
    example = "echo 'contacts:count()' | flexdb shell",
}

local function show(out, value)
    if type(value) == "table" and getmetatable(value) == nil then
        local ok, text = pcall(json.line, value)
        return out:say(ok and text or tostring(value))
    end
    if type(value) == "string" then return out:say(core.json.encode(value)) end
    for line in (tostring(value) .. "\n"):gmatch "([^\n]*)\n" do out:say(width.safe(line)) end
end

local function is_record_list(value)
    return type(value) == "table" and rawlen(value) > 0 and type(value[1]) == "table" and value[1].id ~= nil
end

-- Prints the results of a call: a list of records line by line, nil and an error as what is wrong.
local function show_results(out, results)
    local first, second = results[1], results[2]
    if first == nil and type(second) == "table" and second.code then return nil, second end
    for i = 1, results.n do
        if is_record_list(results[i]) then
            for _, record in ipairs(results[i]) do show(out, record) end
        else
            show(out, results[i])
        end
    end
    return true
end

-- Names that are not Lua's own are tables of the database.
local function environment(db)
    return setmetatable({ db = db, flexdb = flexdb }, { __index = function(_, name)
        if _G[name] ~= nil then return _G[name] end
        if type(name) == "string" then return (db:table(name)) end
    end })
end

-- Compiles what was typed, which begins at a line, as an expression where it is one: the function; nil and true where
-- it goes on; or nil, false and the message.
local function compile(text, line, env)
    local above = ("\n"):rep(line - 1)
    local chunk = load(above .. "return " .. text, "=input", "t", env)
    if chunk then return chunk end
    local why
    chunk, why = load(above .. text, "=input", "t", env)
    if chunk then return chunk end
    return nil, why:find "<eof>$" ~= nil, why
end

local function fail(message) return nil, { message = message } end

-- Runs a chunk; true, or nil and the error.
local function run(chunk, out)
    local results = table.pack(pcall(chunk))
    if not results[1] then
        local why = results[2]
        if type(why) == "string" and why:find "interrupted!" then return fail "interrupted" end
        return nil, type(why) == "table" and why.message and why or { message = tostring(why) }
    end
    return show_results(out, table.pack(table.unpack(results, 2, results.n)))
end

-- The message with the line that it is about, of a text that begins at `began`.
local function with_line(why, text, began) return input.with_line(why, ("\n"):rep(began - 1) .. text) end

-- Reads and runs until the input ends. True, or nil and the first error; at a terminal errors are only told.
local function read_and_run(out, env, terminal)
    local failure = require "flexdb.cli.failure"
    local held, number, began = nil, 0, 1
    while true do
        if terminal then io.stderr:write(held and "     … " or "flexdb> ") end
        local line = io.stdin:read "L"
        if not line then break end
        number = number + 1
        if not held then began = terminal and 1 or number end
        held = (held or "") .. line
        local chunk, more, why = compile(held, began, env)
        if chunk or not more then
            local ok, problem
            if chunk then ok, problem = run(chunk, out) else ok, problem = fail(with_line(why, held, began)) end
            if not ok and not terminal then
                if problem.code then problem.hint = ("in the statement that begins at line %d"):format(began) end
                return nil, problem
            end
            if not ok then failure.tell(problem, out.json) end
            held = nil
        end
        io.stdout:flush()
    end
    if not held or not held:find "%S" then return true end
    local _, _, why = compile(held, began, env)
    return fail(with_line(why, held, began))
end

function shell.run(session)
    local db, err = session:open()
    if not db then return nil, err end
    local out, terminal = session.output, core.terminal(0) ~= nil
    if terminal then
        out:note("FlexDB %s, %s. 'db' is the database; Ctrl-D ends.", flexdb.version, session:shown_url())
    end
    local ok
    ok, err = read_and_run(out, environment(db), terminal)
    if not ok then return nil, err end
    if terminal then io.stderr:write "\n" end
end

return shell
