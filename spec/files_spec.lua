-- SQLite files that are not ours, or no longer there.

local flexdb = require "flexdb"
local raw = require "spec.support.raw"

describe("a database of another program", function()
    local missing = {
        ["create table flex_tables (id text primary key, name text, schema text)"] =
            "flex_tables of another program: the columns storage and revision are missing",
        ["create table flex_meta (id text primary key, content text)"] =
            "flex_meta of another program: the columns name and value are missing",
    }
    it("is refused and left as it is", function()
        for sql, message in pairs(missing) do
            local path = os.tmpname()
            local environment = require("luasql.sqlite3").sqlite3()
            local connection = assert(environment:connect(path))
            assert(connection:execute(sql))
            local db, err = flexdb.open("sqlite:" .. path)
            assert.is_nil(db)
            assert.equal("unsupported: the database has a table " .. message, tostring(err))
            assert.equal(1, #raw.rows(connection, "select name from sqlite_master where type = 'table'"))
            connection:close()
            environment:close()
            os.remove(path)
        end
    end)
end)

describe("an SQLite file under an open handle", function()
    local definition = { columns = { { name = "a", dataType = "integer" } } }
    local path, db, t

    local function remove(name)
        for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(name .. suffix) end
    end
    -- The file is looked at now and then only.
    local function look_again() assert(os.execute "sleep 0.05") end

    before_each(function()
        path = os.tmpname()
        os.remove(path)
        db = assert(flexdb.open("sqlite:" .. path))
        t = assert(db:create_table("t", definition))
        assert(t:insert { id = "x", a = 1 })
    end)
    after_each(function()
        db:close()
        remove(path)
        remove(path .. ".away")
    end)

    local function assert_lost(result, err)
        assert.is_nil(result)
        assert.same({ "connection", ("the database file '%s' was deleted or replaced while it was open: it must be "
            .. "opened again"):format(path), false }, { err.code, err.message, err.retryable })
    end
    local function assert_all_lost()
        assert_lost(t:insert { a = 2 })
        assert_lost(t:get "x")
        assert_lost(t:find())
        assert_lost(t:evolve(function(to) to:rename("a", "b") end))
        assert_lost(db:tables())
        assert_lost(db:create_table("u", definition))
        assert_lost(db:transaction(function() end))
    end

    it("is missed when it is deleted", function()
        remove(path)
        look_again()
        assert_all_lost()
        local again <close> = assert(flexdb.open("sqlite:" .. path))
        assert.same({}, again:tables())
    end)

    it("is missed when another is put in its place, which is left alone", function()
        local name = path .. ".away"
        do
            local other <close> = assert(flexdb.open("sqlite:" .. name))
            assert(assert(other:create_table("other", definition)):insert { a = 7 })
        end
        assert(os.rename(name, path))
        remove(name)
        os.remove(path .. "-wal")
        os.remove(path .. "-shm")
        look_again()
        assert_all_lost()
        local other <close> = assert(flexdb.open("sqlite:" .. path))
        local o = assert(other:table "other")
        assert(o:insert { a = 8 }) -- stands in the journal
        db:close()
        assert.equal(2, o:count())
        local again <close> = assert(flexdb.open("sqlite:" .. path))
        assert.equal(2, assert(again:table "other"):count())
    end)

    it("is missed in the middle of a transaction, which is not committed", function()
        local result, err = db:transaction(function()
            assert(t:insert { a = 2 })
            assert(os.rename(path, path .. ".away"))
            look_again()
            return true
        end)
        assert_lost(result, err)
        assert_lost(t:count())
        assert(os.rename(path .. ".away", path))
        assert.equal(1, t:count())
        assert(t:insert { a = 3 })
    end)
end)
