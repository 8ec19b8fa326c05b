-- A workflow over records whose shape nobody wrote down: titles that are
-- numbers, dates like "Jun 12 1998", nulls everywhere, fields that only later
-- records carry. The table grows while it is filled, and every step back works.
--
--   lua5.4 examples/movies.lua [PATH] [URL]
--
-- PATH: a JSON array of records (examples/data/movies.json when left out).
-- URL:  where the table lives ("sqlite::memory:" when left out). The output is
--       the same on every engine.

local flexdb = require "flexdb"

local here = arg and arg[0] and arg[0]:match("^(.*)/[^/]*$") or "."
local path = arg and arg[1] or here .. "/data/movies.json"
local url = arg and arg[2] or "sqlite::memory:"

-- What cannot go on says why in a line.
local usage = "usage: lua5.4 movies.lua [PATH of a JSON array] [URL]"

local function stop(...)
    io.stderr:write(table.concat { ... }, "\n", usage, "\n")
    os.exit(1)
end

if path == "-h" or path == "--help" then
    print(usage)
    os.exit(0)
end

---------------------------------------------------------------- reading

local function read_json(name)
    local file, why = io.open(name, "rb")
    local text = file and file:read "a"
    if not text then stop("cannot read ", why or name) end
    file:close()
    local list, err = flexdb.json.decode(text)
    if not list then stop(name, ": ", tostring(err)) end
    if type(list) ~= "table" or #list == 0 then
        stop(name, ": is no array of records")
    end
    return list
end

-- "US DVD Sales" is no column name; us_dvd_sales is.
local function column_name(field)
    return (field:lower():gsub("[^%w]+", "_"))
end

-- What a column must be to hold the first value that was met in it.
local function column_for(name, value)
    if name == "imdb_rating" then
        return { name = name, dataType = "decimal", validation = { precision = 3, scale = 1 } }
    elseif math.type(value) == "integer" then
        return { name = name, dataType = "integer" }
    end
    return { name = name, dataType = "string", validation = { maxLength = 100 } }
end

---------------------------------------------------------------- printing

local function heading(...)
    print(("\n%s"):format(string.format(...)))
end

local function money(n)
    if not n then return "-" end
    local text = tostring(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
    return (text:gsub("^,", ""))
end

-- Rows of texts under a header, as wide as they need to be. Columns whose
-- header begins with ">" are aligned to the right.
local function print_table(header, rows)
    local width, right = {}, {}
    for i, text in ipairs(header) do
        right[i] = text:sub(1, 1) == ">"
        header[i] = text:gsub("^>", "")
    end
    for _, row in ipairs { header, table.unpack(rows) } do
        for i, text in ipairs(row) do
            width[i] = math.max(width[i] or 0, utf8.len(text) or #text)
        end
    end
    local function line(row)
        local cells = {}
        for i, text in ipairs(row) do
            local pad = (" "):rep(width[i] - (utf8.len(text) or #text))
            cells[i] = right[i] and pad .. text or text .. pad
        end
        print(("  " .. table.concat(cells, "  ")):match("^(.-)%s*$"))
    end
    line(header)
    local rule = {}
    for i, w in ipairs(width) do rule[i] = ("-"):rep(w) end
    line(rule)
    for _, row in ipairs(rows) do line(row) end
end

local function show_movies(movies, query)
    local rows = {}
    for row in movies:each(query) do
        rows[#rows + 1] = {
            row.title, row.release_date, row.rating or row.mpaa_rating or "-",
            row.imdb_rating or "-", money(row.worldwide_gross),
        }
    end
    print_table({ "title", "released", "rated", ">imdb", ">gross (US$)" }, rows)
end

---------------------------------------------------------------- the work

local records = read_json(path)
local db <close>, refusal = flexdb.open(url, {
    application = "cinema", actor = "movies.lua",
})
if not db then stop(tostring(refusal)) end
-- Run again on a server, the example starts afresh: dropped is not lost.
if db:table("movies") then assert(db:drop_table("movies")) end

heading("1. One column is enough to begin with")
local movies = assert(db:create_table("movies", {
    displayName = "Movies",
    columns = {
        { name = "title", dataType = "string", required = true, indexed = true, validation = { maxLength = 100 } },
    },
}))
print(("  created table %s, version %d"):format(movies.name, movies.version))

heading("2. Load %d records; the table grows as they bring new fields", #records)

-- A record under column names, without nulls; titles that are numbers are text.
local function tidy(record)
    local row = {}
    for field, value in pairs(record) do
        if value ~= flexdb.null then row[column_name(field)] = value end
    end
    if row.title then row.title = tostring(row.title) end
    return row
end

local known, grown = { title = true }, {}

local function grow(row, number)
    local fresh = {}
    for name in pairs(row) do
        if not known[name] then fresh[#fresh + 1] = name end
    end
    if #fresh == 0 then return end
    table.sort(fresh)
    assert(movies:evolve(function(t)
        for _, name in ipairs(fresh) do
            t:add(column_for(name, row[name]))
            known[name] = true
        end
    end, { message = ("met in record %d"):format(number) }))
    grown[#grown + 1] = { tostring(number), tostring(movies.version), table.concat(fresh, ", ") }
end

local batch, done, inserted, refused = {}, 0, 0, {}

local function flush()
    local result = assert(movies:insert_many(batch, { on_error = "skip" }))
    inserted = inserted + result.inserted
    for _, err in ipairs(result.errors) do
        local issue = err.issues[1]
        refused[#refused + 1] = ("record %d: %s %s"):format(done + issue.index, issue.path, issue.message)
    end
    done, batch = done + #batch, {}
end

for number, record in ipairs(records) do
    local row = tidy(record)
    for name in pairs(row) do
        if not known[name] then
            flush() -- what came before is stored under the definition it was met with
            grow(row, number)
            break
        end
    end
    batch[#batch + 1] = row
    if #batch == 500 then flush() end
end
flush()

-- Long lists of names are cut into lines that fit a terminal.
for _, entry in ipairs(grown) do
    local prefix = ("  record %4s → version %s: "):format(entry[1], entry[2])
    local line = prefix
    for name in entry[3]:gmatch("[^, ]+") do
        if #line + #name > 76 then
            print((line:gsub("%s+$", "")))
            line = (" "):rep(utf8.len(prefix))
        end
        line = line .. name .. " "
    end
    print((line:gsub("%s+$", "")))
end
print(("  inserted %d, refused %d"):format(inserted, #refused))
for _, line in ipairs(refused) do print("  refused " .. line) end

heading("3. What is in it")
local best = { filter = { imdb_votes = { gte = 50000 } }, orderBy = { "-imdb_rating", "title" }, limit = 5 }
show_movies(movies, best)
print(("  %d movies, %d rated R, %d without a known director"):format(
    movies:count(),
    movies:count { filter = { mpaa_rating = "R" } },
    movies:count { filter = { director = { isNull = true } } }))

heading("4. A better name; no record is touched")
assert(movies:evolve(function(t) t:rename("mpaa_rating", "rating") end, { message = "shorter" }))
show_movies(movies, best)

heading("5. A tighter rule that every record obeys")
assert(movies:evolve(function(t)
    t:modify("imdb_rating", { validation = { min = "0.0", max = "10.0" } })
end, { message = "ratings run from 0 to 10" }))
print("  version " .. movies.version .. ": imdb_rating runs from 0.0 to 10.0")
local _, too_good = movies:insert { title = "Too good", imdb_rating = "10.1" }
print("  a new record with 10.1 is refused, as it should be:")
print("    " .. tostring(too_good))

heading("6. A tighter rule that records stand against is refused, and names them")
local entry, err = movies:evolve(function(t)
    t:modify("worldwide_gross", { validation = { min = 1 } })
end)
assert(not entry, "a gross of 0 should stand in the way")
print("  " .. err.code)
for i = 1, math.min(3, #err.issues) do
    local issue = err.issues[i]
    local movie = assert(movies:get(issue.id))
    print(("  %s: %s %s"):format(movie.title, issue.path, issue.message))
end
print(("  still version %d"):format(movies.version))

heading("7. Dates that are dates: first the plan, then the change")
local plan = assert(movies:plan(function(t)
    t:modify("release_date", { dataType = "date", indexed = true, parse = "%b %d %Y" })
end))
print(plan)
assert(movies:evolve(plan, { message = "dates can be ordered" }))
show_movies(movies, {
    filter = { release_date = { lt = "1950-01-01" } }, orderBy = { "release_date", "title" }, limit = 3,
})
print(("  %d movies of the nineties"):format(movies:count {
    filter = { release_date = { between = { "1990-01-01", "1999-12-31" } } },
}))

heading("8. A column is dropped by mistake, and comes back")
local function total()
    local sum, count = 0, 0
    for row in movies:each { select = { "worldwide_gross" } } do
        if row.worldwide_gross then sum, count = sum + row.worldwide_gross, count + 1 end
    end
    return ("%s dollars in %d records"):format(money(sum), count)
end
local before, good = total(), movies.version
print("  before:   " .. before)
assert(movies:evolve(function(t) t:remove "worldwide_gross" end, { message = "oops" }))
local _, gone = movies:find { filter = { worldwide_gross = { gt = 0 } } }
print("  dropped:  " .. gone.issues[1].message)
assert(movies:rollback(good, { message = "undo the mistake" }))
local after = total()
print("  restored: " .. after)
assert(before == after, "a rollback brings every value back")

heading("9. Back to the text that came, whatever was done since")
local function dates(version)
    local row = assert(movies:first { filter = { release_date = { isNull = false } }, orderBy = { "title" } })
    print(("  version %d: %s was released \"%s\""):format(version, row.title, row.release_date))
end
dates(movies.version)
assert(movies:rollback(plan.version, { message = "the text, please" }))
dates(movies.version)

heading("10. Everything that happened")
local rows = {}
for _, version in ipairs(assert(movies:history { schemas = false })) do
    local words = {}
    for _, change in ipairs(version.changes) do
        words[#words + 1] = (change.type:gsub("_column$", "")) .. " " .. (change.column or "")
    end
    local what = table.concat(words, ", ")
    if #what > 36 then what = ("%s … (%d changes)"):format(words[1], #words) end
    rows[#rows + 1] = { tostring(version.version), what, version.message or "" }
end
print_table({ ">version", "changes", "message" }, rows)
