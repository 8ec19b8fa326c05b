-- The example of a host in C: it compiles without a warning, and its scripts come to what they say.

local function run(command)
    local pipe = assert(io.popen(command .. " 2>&1; echo \"exit $?\""))
    local output = pipe:read "a"
    pipe:close()
    return output:gsub("exit %d+%s*$", ""), tonumber(output:match "exit (%d+)%s*$")
end

describe("the host in C", function()
    local folder, flags

    setup(function()
        for name in ("lua5.4 lua-5.4 lua54 lua"):gmatch "%S+" do
            local found, status = run("pkg-config --cflags --libs " .. name)
            if status == 0 then flags = found:gsub("\n", " ") break end
        end
        folder = os.tmpname()
        os.remove(folder)
        assert(os.execute("mkdir " .. folder))
    end)
    teardown(function() os.execute("rm -rf " .. folder) end)

    local function host(arguments)
        return run(("%s/host sqlite:%s/orders.db %s"):format(folder, folder, arguments))
    end

    it("compiles without a warning", function()
        if not flags then return pending "pkg-config knows no Lua here" end
        -- a compiler is not what the sanitizers are to look at
        local output, status = run(("env -u LD_PRELOAD cc -std=c11 -Wall -Wextra -Wshadow -Wconversion -Werror "
            .. "examples/embed/host.c %s -o %s/host"):format(flags, folder))
        assert.equal("", output)
        assert.equal(0, status)
    end)

    it("runs a script that behaves", function()
        if not flags then return pending "pkg-config knows no Lua here" end
        assert.same({ "examples/embed/report.lua: 4 chair at 0% off, 250 lamp at 10% off, 12 table at 5% off\n", 0 },
            { host "examples/embed/report.lua" })
    end)

    it("ends one that does not, and keeps nothing of it", function()
        if not flags then return pending "pkg-config knows no Lua here" end
        assert.same({ "examples/embed/greedy.lua: refused: limit: the script needs more memory than it has (16 MiB)\n"
            .. "examples/embed/curious.lua: found nothing\n", 1 },
            { host "examples/embed/greedy.lua examples/embed/curious.lua" })
        local flexdb = require "flexdb"
        local db <close> = assert(flexdb.open("sqlite:" .. folder .. "/orders.db", { application = "shop" }))
        assert.equal(3, assert(db:table "orders"):count())
    end)

    it("says how it is used, and what it cannot open", function()
        if not flags then return pending "pkg-config knows no Lua here" end
        assert.same({ "usage: host URL SCRIPT...\n", 2 }, { run(folder .. "/host") })
        local output, status = run(folder .. "/host postgres:x")
        assert.equal(1, status)
        assert.truthy(output:find("unknown scheme 'postgres'", 1, true), output)
    end)
end)
