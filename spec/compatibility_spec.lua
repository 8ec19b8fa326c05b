-- Compatibility modes: every row of the docs' table, in every mode, through evolve, plan and rollback.

local flexdb = require "flexdb"
local engines = require "spec.support.engines"

local null = flexdb.null

-- The table of the docs, which the unit tests hold to be that of the code: change → { backward, forward }.
local function read_rows()
    local file <close> = assert(io.open("docs/compatibility.md", "rb"))
    local out = {}
    for line in file:lines() do
        local change, backward, forward = line:match "^| ([^|]+) | ([^|]*) | ([^|]*) |$"
        if change then out[change] = { backward = backward:match "%S.*" and backward or nil,
            forward = forward:match "%S.*" and forward or nil } end
    end
    out.change = nil
    for _, mode in ipairs { "mode", "`none`" } do out[mode] = nil end
    return out
end

local function one(kind, fields)
    local c = { name = "a", dataType = kind }
    for key, value in pairs(fields or {}) do c[key] = value end
    return { c, { name = "b", dataType = "integer" } }
end

local function rules(kind, validation) return one(kind, { validation = validation }) end

-- Sets fields of column `a`.
local function set(fields) return function(c) c:modify("a", fields) end end
local function rule(validation) return set { validation = validation } end

local function positive(expression) return { name = "positive", expression = expression } end
local function checks(list) return function(c) c:table { checks = list } end end

local to_targets <const> = { targetTable = "targets" }

-- For each row: the columns (and what else the table says), the change, and where the issue stands.
local scenarios <const> = {
    ["a column is added that is optional or has a default"] =
        { one "text", function(c) c:add { name = "x", dataType = "integer", required = true, defaultValue = 1 } end },
    ["a required column is added without a default"] =
        { one "text", function(c) c:add { name = "x", dataType = "integer", required = true } end, "x" },
    ["a column is removed that is optional or has an initialDefault"] = { one "text", function(c) c:remove "a" end },
    ["a required column without an initialDefault is removed"] =
        { one("text", { required = true }), function(c) c:remove "a" end },
    ["a column is renamed"] = { one "text", function(c) c:rename("a", "z") end },
    ["a string becomes a text, or a text a string that is long enough"] =
        { one "string", set { dataType = "text" } },
    ["a retype that is exact, under rules that refuse nothing"] = { one "integer", set { dataType = "text" } },
    ["a retype that may fail, or whose rules may refuse a value"] = { one "text", set { dataType = "boolean" } },
    ["a retype that rounds"] = { one "text", set { dataType = "integer" } },
    ["a column becomes required"] = { one "text", set { required = true } },
    ["a column is no longer required"] = { one("text", { required = true }), set { required = false } },
    ["maxLength becomes smaller or minLength greater"] = { one "string", rule { maxLength = 254 } },
    ["maxLength becomes greater or minLength smaller"] = { one "string", rule { maxLength = 256 } },
    ["min becomes greater or max smaller"] = { rules("integer", { min = 0 }), rule { min = 1 } },
    ["min becomes smaller or max greater"] = { rules("integer", { min = 0, max = 9 }), rule { max = 10 } },
    ["an enum is added, or loses a value"] = { rules("text", { enum = { "x", "y" } }), rule { enum = { "x" } } },
    ["an enum gets a value, or is taken away"] = { rules("text", { enum = { "x" } }), rule { enum = null } },
    ["a pattern or a format is added"] = { one "text", rule { format = "email" } },
    ["a pattern or a format is taken away"] = { rules("text", { pattern = "x" }), rule { pattern = null } },
    ["a pattern or a format becomes another"] = { rules("text", { pattern = "x" }), rule { pattern = "y" } },
    ["a decimal's precision becomes smaller"] = { rules("decimal", { precision = 12 }), rule { precision = 11 } },
    ["a decimal's precision becomes greater"] = { rules("decimal", { precision = 18 }), rule { precision = 19 } },
    ["a column becomes unique"] = { one "text", set { unique = true } },
    ["a column is no longer unique"] = { one("text", { unique = true }), set { unique = false } },
    ["a reference gets another target table"] =
        { rules("reference", to_targets), rule { targetTable = "others" } },
    ["a required column loses its default"] =
        { one("text", { required = true, defaultValue = "x" }), set { unset = { "defaultValue" } } },
    ["any other change of a default"] = { one "text", set { defaultValue = "x" } },
    ["onDelete changes"] = { rules("reference", to_targets), rule { onDelete = "set-null" } },
    ["indexed, filterable or searchable changes"] = { one "text", set { indexed = true } },
    ["a unique index over columns is added"] =
        { one "text", function(c) c:table { indexes = { { columns = { "a", "b" }, unique = true } } } end },
    ["a unique index over columns is taken away"] = { one "text", function(c) c:table { indexes = {} } end,
        indexes = { { columns = { "a", "b" }, unique = true } } },
    ["an index over columns is added"] =
        { one "text", function(c) c:table { indexes = { { columns = { "a", "b" } } } } end },
    ["an index over columns is taken away"] = { one "text", function(c) c:table { indexes = {} } end,
        indexes = { { columns = { "a", "b" } } } },
    ["a computed column is added"] =
        { one "text", function(c) c:add { name = "x", dataType = "integer", validation = { computed = "b + 1" } } end },
    ["a column becomes computed"] = { one "integer", rule { computed = "b + 1" } },
    ["a column is no longer computed"] = { rules("integer", { computed = "b + 1" }), rule { computed = null } },
    ["the expression of a computed column becomes another"] =
        { rules("integer", { computed = "b + 1" }), rule { computed = "b + 2" } },
    ["a check is added"] = { one "text", checks { positive "b > 0" }, "positive" },
    ["a check is removed"] = { one "text", checks {}, "positive", checks = { positive "b > 0" } },
    ["the expression of a check becomes another"] =
        { one "text", checks { positive "b > 1" }, "positive", checks = { positive "b > 0" } },
    ["a check's name, message or spelling changes"] =
        { one "text", checks { { name = "positive", expression = "b > 0", message = "must be" } },
            checks = { positive "b > 0" } },
    ["a display name or a description changes"] = { one "text", set { displayName = "A" } },
    ["columns change their order"] = { one "text", function(c) c:move("b", { first = true }) end },
}

-- No change leads there: a pair of types without conversion is refused as such.
local unreachable <const> = { ["a type into which nothing converts"] = true }

engines.each(function(engine)
    describe("compatibility", function()
        local db
        before_each(function()
            db = engine.open()
            assert(db:create_table("targets", { columns = {} }))
            assert(db:create_table("others", { columns = {} }))
        end)
        after_each(function() db:close() end)

        local rows = read_rows()

        it("has a scenario for each row of the table", function()
            local count = 0
            for change in pairs(rows) do
                count = count + 1
                assert.truthy(scenarios[change] or unreachable[change], change)
            end
            assert.equal(44, count)
        end)

        for change, row in pairs(rows) do
            local scenario = scenarios[change]
            it("judges that " .. change, function()
                if not scenario then return end
                for _, mode in ipairs { "none", "backward", "forward", "full" } do
                    local t = assert(db:create_table("t_" .. mode, { columns = scenario[1], compatibility = mode,
                        indexes = scenario.indexes, checks = scenario.checks }))
                    local reasons = {}
                    for _, direction in ipairs { "backward", "forward" } do
                        if row[direction] and (mode == direction or mode == "full") then
                            reasons[#reasons + 1] = direction .. " compatibility: " .. row[direction]
                        end
                    end
                    for _, call in ipairs { "plan", "evolve" } do
                        local result, err = t[call](t, scenario[2])
                        if #reasons == 0 then
                            assert.truthy(result, tostring(err))
                        else
                            assert.is_nil(result)
                            assert.equal("conflict", err.code)
                            assert.equal(#reasons, #err.issues)
                            for i, reason in ipairs(reasons) do
                                local issue = err.issues[i]
                                assert.same({ scenario[3] or "a", "compatibility", mode }, { issue.path, issue.rule,
                                    issue.expected })
                                assert.equal(", which breaks " .. reason, issue.message:match ", which breaks .*")
                            end
                            assert.equal(1, t.version)
                        end
                    end
                end
            end)
        end

        it("is in force from the version that says so, and left by an evolution of its own", function()
            local t = assert(db:create_table("t", { columns = one "text" }))
            assert(t:evolve(function(c) c:table { compatibility = "full" } end))
            assert.equal("full", t:schema().compatibility)
            -- in one go with what it forbids it is still the old mode that judges
            local entry, err = t:evolve(function(c)
                c:table { compatibility = "none" }
                c:modify("a", { required = true })
            end)
            assert.is_nil(entry)
            assert.equal("a: becomes required, which breaks backward compatibility: records written before may have no "
                .. "value", err.message)
            assert(t:evolve(function(c) c:table { compatibility = "none" } end))
            assert.is_nil(t:schema().compatibility)
            assert(t:evolve(function(c)
                c:table { compatibility = "full" }
                c:modify("a", { required = true })
            end))
            assert.equal(4, t.version)
        end)

        it("survives a rollback, and judges it", function()
            local t = assert(db:create_table("t", { columns = one "text", compatibility = "backward" }))
            assert(t:evolve(function(c) c:rename("a", "z") end))
            assert(t:rollback(1))
            assert.equal("backward", t:schema().compatibility)
            assert(t:evolve(function(c) c:modify("a", { defaultValue = "x" }) end))
            assert(t:evolve(function(c) c:add { name = "n", dataType = "text" } end))
            -- going back over a change that loosened a rule tightens it
            local u = assert(db:create_table("u", { compatibility = "backward",
                columns = rules("integer", { max = 9 }) }))
            assert(u:evolve(function(c) c:modify("a", { validation = { max = 10 } }) end))
            for _, options in ipairs { {}, { dry_run = true } } do
                local entry, err = u:rollback(1, options)
                assert.is_nil(entry)
                assert.equal("conflict: a: has a narrower range, which breaks backward compatibility: values written "
                    .. "before may lie outside", tostring(err))
            end
            -- and brings back the mode of that version
            assert(u:evolve(function(c) c:table { compatibility = "none" } end))
            assert(u:rollback(1))
            assert.equal("backward", u:schema().compatibility)
            assert.equal("conflict", select(2, u:evolve(function(c) c:modify("a", { required = true }) end)).code)
        end)

        it("is one of four words", function()
            for _, word in ipairs { "some", "BACKWARD", "full_transitive", 5, "" } do
                local t, err = db:create_table("t", { columns = {}, compatibility = word })
                assert.is_nil(t)
                assert.equal("compatibility", err.issues[1].path)
            end
            local t = assert(db:create_table("t", { columns = {} }))
            local _, err = t:evolve(function(c) c:table { compatibility = "full_transitive" } end)
            assert.equal("changes[0].set.compatibility: must be one of none, backward, forward and full, which look at "
                .. "the version before and no further, is \"full_transitive\"", err.message)
        end)
    end)
end)
