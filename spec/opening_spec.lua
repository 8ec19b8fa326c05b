-- Opening what is no database, or what is guarded: each gives the error of the contract, and never a password.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local function temporary(content)
    local name = os.tmpname()
    local file <close> = assert(io.open(name, "wb"))
    assert(file:write(content or ""))
    return name
end

describe("opening", function()
    it("refuses what is no database", function()
        local name = temporary(("this is text, not a database\n"):rep(100))
        local db, err = flexdb.open("sqlite:" .. name)
        assert.is_nil(db)
        assert.equal(("corrupt: the file '%s' is not an SQLite database"):format(name), tostring(err))
        os.remove(name)
        for path, message in pairs {
            ["/"] = "corrupt: '/' is a folder, not a database file",
            ["/dev/null"] = "corrupt: '/dev/null' is a device, not a database file",
            ["/no/such/folder/x.db"] = "not_found: the folder '/no/such/folder' of the database file does not exist",
        } do
            db, err = flexdb.open("sqlite:" .. path)
            assert.is_nil(db, path)
            assert.equal(message, tostring(err))
        end
        db, err = flexdb.open("sqlite:" .. name, { create = false })
        assert.is_nil(db)
        assert.equal(("not_found: the database file '%s' does not exist"):format(name), tostring(err))
    end)

    it("refuses bad URLs", function()
        for url, message in pairs {
            [""] = "the URL must begin with sqlite: or mysql://",
            ["x"] = "the URL must begin with sqlite: or mysql://",
            ["postgres://a/b"] = "unknown scheme 'postgres' in the URL: expected sqlite or mysql",
            ["sqlite:"] = "the URL has no path: expected sqlite:PATH or sqlite::memory:",
            ["sqlite://a/b.db"] = "a path follows sqlite: as it is: expected sqlite:a/b.db or sqlite:/a/b.db",
            ["mysql://"] = "the URL names no database",
            ["mysql://u:p@h:99999/d"] = "the port in the URL must be a number from 1 to 65535",
            ["mysql://u:p@h/d?nope=1"] = "unknown parameter 'nope' in the URL: expected socket or ssl_mode",
            ["sqlite:a\0b"] = "the URL holds a NUL",
            ["mysql://u:%zz@h/d"] =
                "the password in the URL has a '%' that is not followed by two hexadecimal digits",
        } do
            local db, err = flexdb.open(url)
            assert.is_nil(db, url)
            assert.equal("invalid_document: " .. message, tostring(err))
        end
    end)

    it("never shows a password", function()
        for _, url in ipairs {
            "mysql://flex:s3cret@127.0.0.1:1/d", "mysql://flex:s3cret@127.0.0.1:99999/d", "mysql://flex:s3cret@/d?x=1",
        } do
            local db, err = flexdb.open(url, { timeout = 1 })
            assert.is_nil(db)
            assert.is_nil(tostring(err):find("s3cret", 1, true))
        end
    end)

    it("says connection when no server is there", function()
        local db, err = flexdb.open("mysql://flex:pw@127.0.0.1:1/d", { timeout = 1 })
        assert.is_nil(db)
        assert.equal("connection", err.code)
    end)

    for _, engine in ipairs(engines.list) do
        if engine.server then
            it("says connection for a wrong password", function()
                local db, err = flexdb.open((engine.url:gsub("^(mysql://[^:]+:)[^@]*", "%1wr0ng")))
                assert.is_nil(db)
                assert.equal("connection", err.code)
                assert.is_nil(tostring(err):find("wr0ng", 1, true))
            end)
        end
    end

    it("keeps a read-only handle from writing", function()
        local name = temporary()
        os.remove(name)
        local db = assert(flexdb.open("sqlite:" .. name))
        local t = assert(db:create_table("t", { columns = { { name = "a", dataType = "text" } } }))
        assert(t:insert { a = "x" })
        local reader = assert(flexdb.open("sqlite:" .. name, { read_only = true }))
        local same = assert(reader:table("t"))
        assert.equal(1, same:count())
        for _, call in ipairs {
            function() return same:insert { a = "y" } end,
            function() return same:insert_many { { a = "y" } } end,
            function() return same:update_all({ all = true }, { a = "y" }) end,
            function() return same:delete_all { all = true } end,
            function() return same:evolve(function(c) c:remove "a" end) end,
            function() return reader:create_table("u", { columns = {} }) end,
            function() return reader:drop_table("t") end,
        } do
            local ok, err = call()
            assert.is_nil(ok)
            assert.equal("read_only", err.code)
        end
        reader:close()
        db:close()
        for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(name .. suffix) end
    end)

    it("waits for a lock as long as it was told, then says busy", function()
        local name = temporary()
        os.remove(name)
        local a = assert(flexdb.open("sqlite:" .. name))
        local t = assert(a:create_table("t", { columns = { { name = "a", dataType = "text" } } }))
        local b = assert(flexdb.open("sqlite:" .. name, { timeout = 0.2 }))
        local same = assert(b:table("t"))
        a:transaction(function()
            assert(t:insert { a = "x" })
            local row, err = same:insert { a = "y" }
            assert.is_nil(row)
            assert.equal("busy", err.code)
            assert.is_true(err.retryable)
            assert.equal(0, same:count())
        end)
        assert(same:insert { a = "y" })
        assert.equal(2, t:count())
        a:close()
        b:close()
        for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(name .. suffix) end
    end)
end)
