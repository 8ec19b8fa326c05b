-- The engines that a spec runs on. Needs flexdb; uses FLEXDB_TEST_MYSQL_URL.
--
--   engines.each(function(engine)
--     local db = engine.open()          -- a fresh application, closed after the test
--   end)

local luassert = require "luassert"
local busted = require "busted"

local flexdb = require "flexdb"

local engines = {}

local list = {}
local server = os.getenv "FLEXDB_TEST_MYSQL_URL"

local serial = 0
-- A name that no other run has used: a server keeps its tables between runs.
function engines.fresh(prefix)
    serial = serial + 1
    return ("%s_%d_%d_%d"):format(prefix or "app", os.time(), math.random(0, 1 << 30), serial)
end

--- An engine that `each` does not know.
function engines.at(name, url)
    local self = { name = name, url = url, server = true }
    -- Opens the engine's database; each call sees an application of its own unless one is given.
    function self.open(options)
        options = options or {}
        options.application = options.application or engines.fresh()
        return assert(flexdb.open(self.url, options))
    end
    return self
end

local function engine(name, url, keeps)
    local self = engines.at(name, url)
    self.server = keeps
    list[#list + 1] = self
end

local file = os.tmpname()
os.remove(file)
engines.file = file .. ".db"
engine("SQLite", "sqlite:" .. engines.file, false)
if server and server ~= "" then engine("MariaDB", server, true) end

-- Describes the same behaviour once for each engine.
function engines.each(describe_engine)
    for _, each in ipairs(list) do
        busted.describe("on " .. each.name, function() describe_engine(each) end)
    end
end

engines.list = list

-- A printed seed makes a random test repeatable: FLEXDB_TEST_SEED=n.
function engines.seed(what)
    local seed = tonumber(os.getenv "FLEXDB_TEST_SEED") or (os.time() * 1000 + math.random(0, 999))
    math.randomseed(seed)
    io.stderr:write(("  seed of %s: FLEXDB_TEST_SEED=%d\n"):format(what, seed))
    return seed
end

-- The error of a call that was refused, whose code and message are these.
function engines.refused(code, message, result, err)
    luassert.is_nil(result)
    luassert.equal(code, err.code)
    luassert.equal(message, err.message)
    return err
end

-- The issue of an error that stands at this path, or nil.
function engines.issue(err, path)
    for _, issue in ipairs(err.issues) do
        if issue.path == path then return issue end
    end
end

return engines
