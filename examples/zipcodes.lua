-- Codes that look like numbers and are none: what a plan shows before a retype
-- would lose their leading zeros.
--
--   lua5.4 examples/zipcodes.lua [PATH] [URL]
--
-- PATH: comma-separated values (examples/data/zipcodes.csv when left out).
-- URL:  where the table lives ("sqlite::memory:" when left out).

local here = arg and arg[0] and arg[0]:match("^(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. here .. "/?.lua"

local flexdb = require "flexdb"
local text = require "support.text"

local heading, indent = text.heading, text.indent
local records, names, url = text.arguments(here .. "/data/zipcodes.csv")
local db <close>, refusal = flexdb.open(url, { application = "post", actor = "zipcodes.lua" })
if not db then text.stop(tostring(refusal)) end

heading("1. The tables are declared; a second run would change nothing")
if db:table "zipcodes" then assert(db:drop_table "zipcodes") end
local definitions = {
    zipcodes = {
        displayName = "ZIP codes",
        columns = {
            { name = "zip_code", dataType = "string", required = true, unique = true, validation = { maxLength = 10 } },
            { name = "city", dataType = "string" },
            { name = "county", dataType = "string" },
            { name = "state", dataType = "string", indexed = true, validation = { pattern = "^[A-Z]{2}$" } },
            { name = "latitude", dataType = "string" },
            { name = "longitude", dataType = "string" },
        },
    },
}
indent(assert(db:apply(definitions)))
indent(assert(db:apply(definitions)))
local zipcodes = assert(db:table "zipcodes")
local loaded = assert(zipcodes:insert_many(records))
print(("  inserted %d"):format(loaded.inserted))

local function show(query)
    local rows = {}
    for row in zipcodes:each(query) do
        rows[#rows + 1] = { tostring(row.zip_code), row.city, row.state, row.latitude, row.longitude }
    end
    text.print_table({ ">code", "city", "state", ">latitude", ">longitude" }, rows)
end
show { orderBy = { "zip_code" }, limit = 3 }

heading("2. Integers would be smaller. What does the plan say?")
local plan = assert(zipcodes:plan(function(t) t:modify("zip_code", { dataType = "integer" }) end))
print(plan)
local step = plan.steps[1]
assert(step.rounded > 0 and plan.destructive, "the plan must say that zeros are lost")
print(("  %d codes would lose their zeros: it is not done"):format(step.rounded))

heading("3. Coordinates are numbers, to the last digit")
assert(zipcodes:evolve(function(t)
    t:modify("latitude", { dataType = "decimal", filterable = true, validation = { precision = 9, scale = 6 } })
    t:modify("longitude", { dataType = "decimal", validation = { precision = 9, scale = 6 } })
end, { message = "coordinates count" }))
show { filter = { latitude = { isNull = false } }, orderBy = { "-latitude", "zip_code" }, limit = 3 }

heading("4. Done by mistake all the same, and undone")
assert(zipcodes:evolve(function(t) t:modify("zip_code", { dataType = "integer" }) end, { message = "oops" }))
show { orderBy = { "zip_code" }, limit = 2 }
assert(zipcodes:insert { zip_code = 999, city = "Nowhere", state = "XX", latitude = "0", longitude = "0" })
assert(zipcodes:rollback(zipcodes.version - 1, { message = "codes are text" }))
show { orderBy = { "zip_code" }, limit = 2 }
local nowhere = assert(zipcodes:first { filter = { city = "Nowhere" } })
print(("  the record that came meanwhile is \"%s\""):format(nowhere.zip_code))

heading("5. Everything that happened")
local rows = {}
for _, version in ipairs(assert(zipcodes:history { schemas = false })) do
    local words = {}
    for _, change in ipairs(version.changes) do
        local counts = change.details and change.details.conversion
        local lost = counts and counts.rounded > 0 and (" (%d lost zeros)"):format(counts.rounded) or ""
        words[#words + 1] = (change.type:gsub("_column$", "")) .. " " .. (change.column or "") .. lost
    end
    local what = #words <= 2 and table.concat(words, ", ") or ("%s … (%d changes)"):format(words[1], #words)
    rows[#rows + 1] = { tostring(version.version), what, version.message or "" }
end
text.print_table({ ">version", "changes", "message" }, rows)
assert(#names == 6)
