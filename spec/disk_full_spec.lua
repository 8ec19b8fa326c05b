-- A disk that fills up while an evolution writes every record: all is undone, and the handle goes on.
--
-- The disk is a limit on the size of files, which a process is given before it starts.

local flexdb = require "flexdb"

local lua = os.getenv "LUA" or "lua5.4"
local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local RECORDS <const> = 4000

-- arg: path. Says what went otherwise than it should.
local child = [[
local flexdb = require "flexdb"
local db = assert(flexdb.open("sqlite:" .. arg[1]))
local t = assert(db:table "t")
local records = tonumber(arg[2])

local function check(what)
    assert(t.version == 2, what)
    assert(t:count() == records, what)
    local n = 0
    for row in assert(t:each()) do
        n = n + 1
        assert(row.n == tostring(n) and row.k == tostring(n) and #row.p == 400, what)
    end
    assert(t:count { filter = { k = "17" } } == 1, what)
end

for what, call in pairs {
    ["a retype"] = function() return t:evolve(function(c) c:modify("n", { dataType = "integer" }) end) end,
    ["a retype of an indexed column"] = function()
        return t:evolve(function(c) c:modify("k", { dataType = "integer" }) end)
    end,
    ["an index"] = function() return t:evolve(function(c) c:modify("p", { unique = true }) end) end,
    ["a computed column"] = function()
        return t:evolve(function(c)
            c:add { name = "q", dataType = "text", validation = { computed = "p .. p .. p" } }
        end)
    end,
    ["a rollback"] = function() return t:rollback(1) end,
    ["many records"] = function()
        local n = 0
        return t:insert_many(function()
            n = n + 1
            if n <= 20000 then return { n = "x", k = "x", p = ("x"):rep(300) .. n } end
        end)
    end,
} do
    local ok, err = call()
    if ok then
        print(what .. " was done")
    elseif err.code ~= "limit" or not err.message:find("^the disk is full: the database ") then
        print(what .. ": " .. tostring(err))
    end
    check(what)
    -- and what still fits is written
    assert(t:insert { id = "new", n = "0", k = "0", p = ("p"):rep(400) })
    assert(t:delete("new", { hard = true }))
end
assert(t:evolve(function(c) c:rename("p", "text") end))
assert(t:rollback(2))
print "end"
]]

describe("a disk that fills up", function()
    local path, script
    before_each(function()
        path, script = os.tmpname(), os.tmpname()
        os.remove(path)
        local out <close> = assert(io.open(script, "w"))
        out:write(child)
    end)
    after_each(function()
        os.remove(script)
        for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(path .. suffix) end
    end)

    it("undoes a retype, an index, a computed column and a rollback whole", function()
        local db = assert(flexdb.open("sqlite:" .. path))
        local t = assert(db:create_table("t", { columns = {
            { name = "n", dataType = "string" }, { name = "k", dataType = "text" }, { name = "p", dataType = "text" },
        } }))
        assert(t:evolve(function(c) c:modify("k", { dataType = "string", indexed = true }) end))
        local i = 0
        assert(t:insert_many(function()
            i = i + 1
            if i > RECORDS then return nil end
            return { n = tostring(i), k = tostring(i), p = ("%08d"):format(i):rep(50) }
        end))
        db:close()
        -- 512 KiB: little of what there is fits into the log, one record does
        local pipe = assert(io.popen(("trap '' XFSZ; ulimit -f 1024; exec %s %s %s %d 2>&1"):format(lua, quote(script),
            quote(path), RECORDS)))
        local said = pipe:read "a"
        pipe:close()
        assert.equal("end\n", said)
        local again <close> = assert(flexdb.open("sqlite:" .. path))
        t = assert(again:table "t")
        assert.equal(4, t.version)
        assert(t:evolve(function(c)
            c:modify("n", { dataType = "integer" })
            c:modify("k", { dataType = "integer" })
        end))
        assert.equal(RECORDS, t:count { filter = { k = { gt = 0 } } })
        assert.equal(RECORDS, assert(t:first { orderBy = { "-k" } }).n)
    end)
end)
