--- What a command works with: its options and arguments, the database, the output, and questions to the user.
-- Needs flexdb and flexdb.cli.output.

local flexdb = require "flexdb"
local core = require "flexdb.core"
local output = require "flexdb.cli.output"

local session = {}
session.__index = session

--- A session for a command line that was read.
function session.new(parsed)
    return setmetatable({
        options = parsed.options, arguments = parsed.arguments, output = output.new(parsed.options),
    }, session)
end

-- "crm.db" is short for "sqlite:crm.db".
local function url_of(word)
    if word:find "^%a[%w+.-]*:" then return word end
    return "sqlite:" .. word
end

--- The URL as it may be shown: without its password.
function session:shown_url()
    return (self.url:gsub("^(%a[%w+.-]*://[^:/@]*):.*@", "%1@"))
end

--- The URL that the options or the environment name; or nil and the error.
function session:find_url()
    local word = self.options.db or os.getenv "FLEXDB_URL"
    if not word or word == "" then
        return nil, { usage = true, message = "no database is named: say --db URL, or set FLEXDB_URL" }
    end
    self.url = url_of(word)
    return self.url
end

--- The database, opened at the first call; `create` makes one that is not there. Or nil and the error.
function session:open(create)
    if self.db then return self.db end
    local url, err = self:find_url()
    if not url then return nil, err end
    local application = self.options.app or os.getenv "FLEXDB_APP"
    local actor = self.options.actor or os.getenv "FLEXDB_ACTOR"
    self.db, err = flexdb.open(url, {
        application = application ~= "" and application or nil, actor = actor ~= "" and actor or nil,
        timeout = self.options.timeout, create = create == true,
    })
    if self.db then return self.db end
    err.opening = true
    if err.code == "invalid_document" then return nil, { usage = true, message = "--db: " .. err.message } end
    if err.code == "not_found" and err.message:find "^the database file" then
        err.hint = ("make one with: flexdb init --db %s"):format(self:shown_url())
    end
    return nil, err
end

--- The table that an argument names; or nil and the error, with the name that was probably meant.
function session:table(name)
    local db, err = self:open()
    if not db then return nil, err end
    local handle
    handle, err = db:table(name)
    if handle then return handle end
    if err.code == "not_found" then
        local names = {}
        for _, each in ipairs(db:tables() or {}) do names[#names + 1] = each.name end
        local near = require "flexdb.cli.arguments".nearest(name, names)
        if near then err.hint = ("did you mean '%s'?"):format(near) end
    end
    return nil, err
end

--- The database, if it has tables of all these names; or nil and the error.
function session:open_for(names)
    local db, err = self:open()
    for _, name in ipairs(db and names or {}) do
        local handle
        handle, err = self:table(name)
        if not handle then return nil, err end
    end
    return db, err
end

--- Whether the user agrees: `--yes`, or the answer to the question; or nil and the error. The question goes to standard
-- error and the answer is read from standard input, so that data stay apart.
function session:agreed(question)
    if self.options.yes then return true end
    io.stdout:flush()
    io.stderr:write(question, " [y/N] ")
    local answer = io.stdin:read "l"
    if not answer or not core.terminal(0) then io.stderr:write "\n" end
    if answer and answer:lower():find "^%s*ye?s?%s*$" then return true end
    return nil, {
        message = answer and "nothing was changed"
            or "nothing was changed: nobody has answered; --yes agrees beforehand",
    }
end

--- Closes the database.
function session:close()
    if self.db then self.db:close() end
    self.db = nil
end

return session
