--- Runs the command line as a shell does, in a folder of its own.
--
--   local box = cli.box()                  -- a temporary folder
--   local out, status, errors = box.run("flexdb tables", { FLEXDB_URL = "crm.db" })
--   box.write("schema.json", "…"); box.read "out.html"; box.remove()

local cli = {}

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end
cli.quote = quote

-- What the programs that run beside ours leak is their own business; and no setting of the user's has a say.
local quiet <const> = 'ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" '
local prelude <const> = "unset FLEXDB_URL FLEXDB_APP FLEXDB_ACTOR NO_COLOR COLUMNS FLEXDB_TRACE\n"

local function read(path)
    local file <close> = assert(io.open(path, "rb"))
    return file:read "a"
end

local function write(path, text)
    local file <close> = assert(io.open(path, "wb"))
    assert(file:write(text))
end

function cli.box()
    local box = { folder = os.tmpname() }
    os.remove(box.folder)
    assert(os.execute("mkdir " .. box.folder .. " " .. box.folder .. "/work"))
    box.work = box.folder .. "/work"

    function box.read(name) return read(box.work .. "/" .. name) end
    function box.write(name, text) write(box.work .. "/" .. name, text) end
    function box.remove() os.execute("rm -rf " .. quote(box.folder)) end

    -- What the script prints, its exit status, and what it prints on standard error; nothing stands on its input unless
    -- the script puts it there.
    function box.run(script, environment)
        local lines = { prelude }
        for name, value in pairs(environment or {}) do
            lines[#lines + 1] = ("export %s=%s\n"):format(name, quote(value))
        end
        lines[#lines + 1] = ("cd %s\n%s\n"):format(quote(box.work), script)
        write(box.folder .. "/script", table.concat(lines))
        local _, _, status = os.execute((quiet .. "bash %s/script >%s/out 2>%s/errors </dev/null"):format(
            box.folder, box.folder, box.folder))
        return read(box.folder .. "/out"), status, read(box.folder .. "/errors")
    end
    return box
end

return cli
