--- Gathers what the fuzz targets begin with, from what the tests, the examples and the docs hold already, and the words
-- that they may put together.
--
-- usage: lua5.4 fuzz-seeds.lua SEEDS WORDS    writes SEEDS/TARGET/N, and WORDS, a dictionary of libFuzzer's

local seeds, words_path = arg[1], arg[2]

local function read(path)
    local file <close> = assert(io.open(path, "rb"))
    return file:read "a"
end

local function files(pattern)
    local pipe <close> = assert(io.popen("ls " .. pattern))
    local out = {}
    for path in pipe:lines() do out[#out + 1] = path end
    return out
end

-- The string literals of a C text, those that stand behind each other as one; documents are written with ' for ".
local escapes = { n = "\n", t = "\t", r = "\r", ["0"] = "\0" }
local function literals(source)
    local out, at, last = {}, 1, nil
    while true do
        local from, to, text = source:find('"([^"\\\n]*)"', at)
        local from2, to2, escaped = source:find('"([^"\n]-\\[^\n]-[^\\])"', at)
        if from2 and (not from or from2 < from) then from, to, text = from2, to2, escaped end
        if not from then return out end
        text = text:gsub("\\x(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
            :gsub("\\(.)", function(c) return escapes[c] or c end)
        if last and source:sub(last + 1, from - 1):find "^%s*$" then
            out[#out] = out[#out] .. text
        else
            out[#out + 1] = text
        end
        at, last = to + 1, to
    end
end

local counts = {}
local function add(target, text)
    local n = (counts[target] or 0) + 1
    if n == 1 then os.execute(("mkdir -p '%s/%s'"):format(seeds, target)) end
    counts[target] = n
    local file <close> = assert(io.open(("%s/%s/%d"):format(seeds, target, n), "wb"))
    file:write(text)
end

-- Which literals of which files are whose; `quotes`: they have ' for ".
local function gather(pattern, wanted, targets, quotes)
    for _, path in ipairs(files(pattern)) do
        for _, text in ipairs(literals(read(path))) do
            if text:find(wanted) then
                for _, target in ipairs(targets) do add(target, quotes and text:gsub("'", '"') or text) end
            end
        end
    end
end

gather("spec/unit/test_definition.c spec/unit/test_indexes.c spec/unit/test_checks.c spec/unit/test_layout.c",
    "^{.*}$", { "definition" }, true)
gather("spec/unit/test_changes*.c spec/unit/test_checks_changes.c", "^%[.*%]$", { "changes", "plan" }, true)
gather("spec/unit/test_formula*.c spec/unit/test_checks*.c", "^[%w%s'(%-].*[%w')]$", { "expression" })
gather("spec/unit/test_query.c spec/unit/test_sql_select.c spec/unit/test_db_select*.c", "^{.*}$", { "query" }, true)
gather("spec/unit/test_codec*.c spec/unit/test_checks_codec.c", "^{.*}$", { "record", "document" }, true)
gather("spec/unit/test_json_reader.c spec/unit/test_document.c", ".", { "json" })
gather("spec/unit/test_driver_url.c", "^%w+:", { "url" })
for _, path in ipairs(files "examples/data/*.json") do
    -- a piece of it: a seed is small
    for object in read(path):sub(1, 4000):gmatch "%b{}" do add("json", object) end
end

-- ---- words ----

local words = {}
local function word(text) if #text > 1 and #text < 40 then words[text] = true end end
for _, path in ipairs(files "src/model/*.[ch] src/model/*/*.[ch] src/driver/url.c") do
    for _, text in ipairs(literals(read(path))) do
        if text:find "^[%w_%-]+$" then word(text) end
    end
end
for _, text in ipairs {
    '{"', '":', '","', "[{", "}]", ":null", ":true", "\\u0000", "\\ud83d\\ude00", "9223372036854775808",
    "-9223372036854775808", "1e308", "0.1", "-0", "2024-02-29", "23:59:60Z", "+23:59", "mysql://", "sqlite:", "%2F",
    "..", "//", "~=", "<=", "(?", "\\p{L}", "{1,1000}",
} do
    word(text)
end
local sorted = {}
for text in pairs(words) do sorted[#sorted + 1] = text end
table.sort(sorted)
local dictionary <close> = assert(io.open(words_path, "w"))
for _, text in ipairs(sorted) do
    dictionary:write('"', (text:gsub('[\\"]', "\\%0")), '"\n')
end
