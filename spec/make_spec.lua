-- `make env`: in front of what the user has set, whatever that is called, from any folder.

-- Not a part of the make that runs this; and what make leaks is its own business.
local QUIET = "ASAN_OPTIONS=detect_leaks=0 env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS "

local function run(command)
    local pipe <close> = assert(io.popen(QUIET .. command .. " 2>&1"))
    return (pipe:read "a":gsub("%s+$", ""))
end

local here = run "pwd"
local modules = os.getenv "BUILD" or "build"

-- The paths that a Lua sees which was started after `make env`, in a shell with these settings.
local function paths(settings, folder)
    local script = folder .. "/paths.sh"
    local file <close> = assert(io.open(script, "w"))
    file:write(settings, '\neval "$(make -s env BUILD=', modules, [[)"
        lua5.4 -e 'print(package.path) print(package.cpath)'
    ]])
    file:close()
    local said = run("-u LUA_PATH -u LUA_CPATH -u LUA_PATH_5_4 -u LUA_CPATH_5_4 "
        .. ([[sh -c 'cd "$1" && . ./paths.sh' x "%s"]]):format(folder))
    return said:match "^([^\n]*)\n([^\n]*)$"
end

describe("make env", function()
    local folder
    setup(function()
        folder = os.tmpname()
        os.remove(folder)
        folder = folder .. " it's"
        assert(os.execute(('mkdir "%s" && cp Makefile "%s"'):format(folder, folder)))
    end)
    teardown(function() os.execute(('rm -rf "%s"'):format(folder)) end)

    for sentence, case in pairs {
        ["nothing set"] = { "", nil },
        ["LUA_PATH"] = { "export LUA_PATH='/mine/?.lua' LUA_CPATH='/mine/?.so'", "/mine/?" },
        ["LUA_PATH_5_4"] = {
            "export LUA_PATH='/not/?.lua' LUA_PATH_5_4='/mine/?.lua' LUA_CPATH_5_4='/mine/?.so'", "/mine/?",
        },
    } do
        it("keeps the user's paths behind its own: " .. sentence, function()
            local path, cpath = paths(case[1], folder)
            local own, own_c = folder .. "/lua/?.lua;" .. folder .. "/lua/?/init.lua;", "/?.so;"
            assert.equal(own, path:sub(1, #own))
            assert.truthy(cpath:find(own_c, 1, true))
            if case[2] then
                assert.equal(own .. case[2] .. ".lua", path)
                assert.equal(case[2] .. ".so", cpath:sub(-#case[2] - 3))
            else
                assert.truthy(path:find("./?.lua", 1, true))
            end
        end)
    end

    it("finds the module", function()
        local print_version = [[print((require "flexdb").version)]]
        local said = run(([[sh -c 'cd "%s" && eval "$(make -s env BUILD=%s)" && cd / && lua5.4 -e "$1"' x '%s']])
            :format(here, modules, print_version))
        assert.equal(require("flexdb").version, said)
    end)
end)
