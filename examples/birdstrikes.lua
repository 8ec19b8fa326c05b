-- Numbers that came as text, gaps, and lists of allowed words that grow: a
-- table that begins as text and becomes what the records turn out to be.
--
--   lua5.4 examples/birdstrikes.lua [PATH] [URL]
--
-- PATH: comma-separated values (examples/data/birdstrikes.csv when left out).
-- URL:  where the table lives ("sqlite::memory:" when left out).

local here = arg and arg[0] and arg[0]:match("^(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. here .. "/?.lua"

local flexdb = require "flexdb"
local text = require "support.text"

local heading = text.heading
local records, names, url = text.arguments(here .. "/data/birdstrikes.csv")
local db <close>, refusal = flexdb.open(url, { application = "aviation", actor = "birdstrikes.lua" })
if not db then text.stop(tostring(refusal)) end
if db:table "strikes" then assert(db:drop_table "strikes") end

heading("1. Everything is text at first; sizes are a list of words")
local columns = {}
for i, name in ipairs(names) do columns[i] = { name = name, dataType = "string", validation = { maxLength = 60 } } end
for _, column in ipairs(columns) do
    if column.name == "wildlife_size" then column.validation = { enum = { "Small", "Medium" } } end
end
local strikes = assert(db:create_table("strikes", { displayName = "Bird strikes", columns = columns }))
print(("  created table %s with %d columns"):format(strikes.name, #columns))

heading("2. Load %d records; the list grows where a record brings a new word", #records)
local allowed = { "Small", "Medium" }
local known = { Small = true, Medium = true }
local batch, inserted = {}, 0
local function flush()
    inserted = inserted + assert(strikes:insert_many(batch)).inserted
    batch = {}
end
for number, record in ipairs(records) do
    local size = record.wildlife_size
    if size and not known[size] then
        flush()
        known[size] = true
        allowed[#allowed + 1] = size
        assert(strikes:evolve(function(t) t:modify("wildlife_size", { validation = { enum = allowed } }) end,
            { message = ("%s was met in record %d"):format(size, number) }))
        print(("  record %d brings \"%s\": version %d"):format(number, size, strikes.version))
    end
    batch[#batch + 1] = record
    if #batch == 1000 then flush() end
end
flush()
print(("  inserted %d"):format(inserted))

heading("3. What would it take to make numbers of the costs and speeds?")
local function to_numbers(t)
    t:modify("speed_ias_in_knots", { dataType = "integer" })
    t:modify("cost_total", { dataType = "decimal", validation = { precision = 12, scale = 2 } })
    t:modify("flight_date", { dataType = "date", indexed = true })
end
local plan = assert(strikes:plan(to_numbers))
print(plan)

heading("4. Every record converts, so it is done")
local entry = assert(strikes:evolve(plan, { message = "numbers and dates are what they are" }))
print(("  version %d"):format(entry.version))
local rows = {}
for row in strikes:each { filter = { cost_total = { gt = 0 } }, orderBy = { "-cost_total" }, limit = 5 } do
    rows[#rows + 1] = { row.flight_date, row.aircraft_make_model, row.wildlife_species, row.cost_total }
end
text.print_table({ "date", "aircraft", "species", ">cost (US$)" }, rows)
print(("  %d strikes in the year 1995, %d without a speed"):format(
    strikes:count { filter = { flight_date = { between = { "1995-01-01", "1995-12-31" } } } },
    strikes:count { filter = { speed_ias_in_knots = { isNull = true } } }))

heading("5. A list that records stand against is refused, and says which")
local damage = { "None", "Minor", "Substantial", "Medium" }
local refused
entry, refused = strikes:evolve(function(t)
    t:modify("effect_amount_of_damage", { validation = { enum = damage } })
end)
assert(not entry, "some records hold a damage of another kind")
local words = {}
for _, issue in ipairs(refused.issues) do words[#words + 1] = assert(strikes:get(issue.id)).effect_amount_of_damage end
print(("  %s: %d of them are shown: %s"):format(refused.code, #words, table.concat(words, " ")))

heading("6. The old records may stay as they are, new ones obey")
assert(strikes:evolve(function(t)
    t:modify("effect_amount_of_damage", { validation = { enum = damage } })
end, { on_invalid = "ignore", message = "no more letters" }))
local _, letter = strikes:insert { airport_name = "NASHVILLE INTL", effect_amount_of_damage = "C" }
local issue = letter.issues[1]
print(("  %s\n    %s"):format(issue.path, issue.message))

heading("7. Back to text, as it stood in the file, and forward again")
local function first()
    local row = assert(strikes:first { filter = { cost_total = { isNull = false } }, orderBy = { "-cost_total" } })
    return ("a cost of %q on %s"):format(row.cost_total, row.flight_date)
end
local numbers = strikes.version
print("  now:       " .. first())
assert(strikes:rollback(plan.version))
print("  as text:   " .. first())
assert(strikes:rollback(numbers, { on_invalid = "ignore" })) -- the letters again
print("  and again: " .. first())
