--- db:apply(definitions, options): creates, renames and evolves tables until they are as the definitions say.
-- Needs flexdb.core (diff, undoes_ddl) and the methods of databases and tables.

local core = require "flexdb.core"
local options = require "flexdb.options"

local known = { dry_run = "boolean", drop = "boolean", on_invalid = "string", actor = "string", message = "string",
    ask = "function" }

local function invalid(...) return nil, core.error("invalid_schema", (...):format(select(2, ...))) end

-- A copy of a definition without what only `apply` reads.
local function plain(definition)
    local copy = {}
    for key, value in next, definition do
        if key ~= "name" and key ~= "renamedFrom" then copy[key] = value end
    end
    return copy
end

-- { name, definition, renamed_from } of each table, by name; from { name = definition, … } or { definition, … }.
local function collect(definitions)
    local list, seen = {}, {}
    for key, definition in next, definitions do
        if type(definition) ~= "table" then return invalid("%s: a definition must be a table", tostring(key)) end
        local name = key
        if math.type(key) == "integer" then name = rawget(definition, "name") end
        if type(name) ~= "string" then return invalid("definition %s: name is missing", tostring(key)) end
        if seen[name] then return invalid("table %q is defined twice", name) end
        seen[name] = true
        local from = rawget(definition, "renamedFrom")
        if from ~= nil and type(from) ~= "string" then
            return invalid("table %q: renamedFrom: must be a string", name)
        end
        list[#list + 1] = { name = name, definition = plain(definition), renamed_from = from }
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end

local function next_item(list, i)
    local item = rawget(list, i + 1)
    if item ~= nil then return i + 1, item end
end

-- As ipairs, raw: a document's metatables are ignored.
local function raw_items(list) return next_item, list, 0 end

local function columns_of(definition)
    local columns = rawget(definition, "columns")
    return type(columns) == "table" and columns or {}
end

local function target_of(column)
    local rules = type(column) == "table" and rawget(column, "validation")
    return type(rules) == "table" and rawget(rules, "targetTable") or nil
end

-- Whether each table that the definition refers to is there, or is the table itself.
local function can_be_made(item, there)
    for _, column in raw_items(columns_of(item.definition)) do
        local target = target_of(column)
        if target and target ~= item.name and not there[target] then return false end
    end
    return true
end

-- The indexes that none of the columns left out stands in.
local function without_columns(indexes, left_out)
    if type(indexes) ~= "table" or next(left_out) == nil then return indexes end
    local kept = {}
    for _, index in raw_items(indexes) do
        local whole = true
        for _, name in raw_items(type(index) == "table" and columns_of(index) or {}) do
            whole = whole and not left_out[name]
        end
        if whole then kept[#kept + 1] = index end
    end
    return kept
end

-- Whether one of the columns left out may be meant by a word of the expression.
local function mentions(expression, left_out)
    for word in (type(expression) == "string" and expression or ""):gmatch "[%a_][%w_]*" do
        if left_out[word] then return true end
    end
    return false
end

local function without_checks(checks, left_out)
    if type(checks) ~= "table" or next(left_out) == nil then return checks end
    local kept = {}
    for _, check in raw_items(checks) do
        local expression = type(check) == "table" and rawget(check, "expression")
        if not mentions(expression, left_out) then kept[#kept + 1] = check end
    end
    return kept
end

local function expression_of(column)
    local rules = type(column) == "table" and rawget(column, "validation")
    return type(rules) == "table" and rawget(rules, "computed") or nil
end

-- Leaves out what is computed of a column that is left out.
local function without_computed(columns, left_out)
    local kept, again = {}, false
    for _, column in ipairs(columns) do
        if mentions(expression_of(column), left_out) then
            left_out[rawget(column, "name") or ""] = true
            again = true
        else
            kept[#kept + 1] = column
        end
    end
    return again and without_computed(kept, left_out) or kept
end

-- The definition without the references to tables that are not there yet: those columns, the indexes that they stand
-- in and the expressions that read them are added afterwards.
local function without_circles(item, there)
    local copy, columns, left_out = plain(item.definition), {}, {}
    for _, column in raw_items(columns_of(item.definition)) do
        local target = target_of(column)
        if not target or target == item.name or there[target] then
            columns[#columns + 1] = column
        else
            left_out[rawget(column, "name") or ""] = true
        end
    end
    copy.columns = without_computed(columns, left_out)
    copy.indexes = without_columns(copy.indexes, left_out)
    copy.checks = without_checks(copy.checks, left_out)
    return copy
end

-- The schema as it reads once tables have other names.
local function renamed_targets(schema, renames)
    for _, column in ipairs(schema.columns) do
        local to = renames[target_of(column)]
        if to then column.validation.targetTable = to end
    end
    return schema
end

-- Which table each item is of, `current`, and those that get another name in an order in which each new name is free:
-- what has a new name is what it says that it was called, which may make the next name a new one. A name that is there
-- already goes before renamedFrom, which stays in a definition long after the rename was made.
local function find_current(list, there)
    local renamed, becomes = {}, {}
    repeat
        local again = false
        for _, item in ipairs(list) do
            local from = item.renamed_from
            local is_new = not item.current and (not there[item.name] or becomes[item.name])
            if is_new and from and there[from] then
                if becomes[from] then
                    return invalid("tables %q and %q: only one can have been called %q", becomes[from], item.name, from)
                end
                item.current, becomes[from], again = from, item.name, true
                renamed[#renamed + 1] = item
            end
        end
    until not again
    for _, item in ipairs(list) do
        if there[item.name] and not becomes[item.name] then item.current = item.name end
    end
    return renamed, becomes
end

-- What is to be done: { create = { items }, rename = …, evolve = { items with table and changes }, drop = { names } }.
local function survey(db, list, own)
    local tables, err = db:tables()
    if not tables then return nil, err end
    local there, work = {}, { create = {}, evolve = {}, drop = {}, all = list }
    local wanted = {}
    work.before = {}
    for _, info in ipairs(tables) do there[info.name], work.before[info.name] = true, true end
    local renamed, renames = find_current(list, there)
    if not renamed then return nil, renames end
    work.rename = renamed
    for _, item in ipairs(list) do
        wanted[item.name] = true
        if not item.current then work.create[#work.create + 1] = item end
    end
    for _, item in ipairs(list) do
        if item.current then
            local handle, schema
            handle, err = db:table(item.current)
            if not handle then return nil, err end
            schema, err = handle:schema()
            if not schema then return nil, err end
            item.table = handle
            item.changes, err = core.diff(renamed_targets(schema, renames), item.definition)
            if not item.changes then return nil, err end
            if #item.changes > 0 then work.evolve[#work.evolve + 1] = item end
        end
    end
    for _, item in ipairs(list) do there[item.name] = true end
    work.there = there
    for _, info in ipairs(tables) do
        if own.drop and not wanted[info.name] and not renames[info.name] then
            work.drop[#work.drop + 1] = info.name
        end
    end
    return work
end

-- A target is a table that is there already or one of the same call.
local function check_targets(work)
    for _, item in ipairs(work.all) do
        for i, column in raw_items(columns_of(item.definition)) do
            local target = target_of(column)
            if type(target) == "string" and not work.there[target] then
                return invalid("table %q: columns[%d].validation.targetTable: there is no table %q", item.name, i - 1,
                    target)
            end
        end
    end
    return true
end

-- The definitions of the tables that are to be made are judged, and the changes of the others are planned.
local function plan(work, own)
    local targets, why = check_targets(work)
    if not targets then return nil, why end
    for _, item in ipairs(work.create) do
        local good, err = core.validator(item.definition)
        if not good then return nil, err end
    end
    for _, item in ipairs(work.evolve) do
        -- A target that is yet to be made cannot be planned with.
        if can_be_made(item, work.before) then
            local made, err = item.table:plan(item.changes, { on_invalid = own.on_invalid })
            if not made then return nil, err end
            item.plan = made
        end
    end
    return true
end

-- Why the plans cannot be carried out, or nil.
local function obstacle(work)
    for _, item in ipairs(work.evolve) do
        if item.plan and not item.plan.possible then
            local err = core.error("invalid_record", ("table %q: %s"):format(item.name, item.plan.error or ""))
            err.plan, err.issues = item.plan, item.plan.issues
            return err
        end
    end
end

-- Makes the tables in an order in which each finds what it refers to; where they refer to each other in a circle, one
-- is made without the reference, which it gets in the end.
local function create(db, work, report)
    local there, waiting, late = {}, work.create, {}
    local tables, err = db:tables()
    if not tables then return nil, err end
    for _, info in ipairs(tables) do there[info.name] = true end
    while #waiting > 0 do
        local left = {}
        for _, item in ipairs(waiting) do
            if can_be_made(item, there) then
                local made
                made, err = db:create_table(item.name, item.definition)
                if not made then return nil, err end
                there[item.name] = true
                report(item.name, "create", made.version)
            else
                left[#left + 1] = item
            end
        end
        if #left == #waiting then
            local item = table.remove(left, 1)
            local made
            made, err = db:create_table(item.name, without_circles(item, there))
            if not made then return nil, err end
            there[item.name] = true
            report(item.name, "create", made.version)
            late[#late + 1] = item
        end
        waiting = left
    end
    return late
end

local function evolve(db, item, own, report)
    local handle, err = db:table(item.name)
    if not handle then return nil, err end
    local schema, changes, entry
    schema, err = handle:schema()
    if schema then changes, err = core.diff(schema, item.definition) end
    if not changes then return nil, err end
    if #changes == 0 then return true end
    entry, err = handle:evolve(changes, { actor = own.actor, message = own.message, on_invalid = own.on_invalid })
    if not entry then return nil, err end
    report(item.name, "evolve", entry.version, entry)
    return true
end

-- A table that another one refers to is dropped after that one.
local function drop(db, names, report)
    while #names > 0 do
        local left, last = {}, nil
        for _, name in ipairs(names) do
            local ok, err = db:drop_table(name)
            if ok then
                report(name, "drop")
            elseif err.code == "reference" then
                left[#left + 1], last = name, err
            else
                return nil, err
            end
        end
        if #left == #names then return nil, last end
        names = left
    end
    return true
end

local function carry_out(db, work, own, report)
    for _, item in ipairs(work.rename) do
        local ok, err = db:rename_table(item.current, item.name)
        if not ok then return nil, err end
        report(item.name, "rename", ok.version)
    end
    local late, err = create(db, work, report)
    if not late then return nil, err end
    for _, items in ipairs { work.evolve, late } do
        for _, item in ipairs(items) do
            local ok
            ok, err = evolve(db, item, own, report)
            if not ok then return nil, err end
        end
    end
    return drop(db, work.drop, report)
end

local class = { __name = "flexdb.applied" }

function class.__tostring(applied)
    local lines = {}
    for _, step in ipairs(applied) do
        local version = step.version and (" (version %d)"):format(step.version) or ""
        lines[#lines + 1] = ("%-7s %s%s"):format(step.action, step.table, version)
        if step.plan then lines[#lines + 1] = tostring(step.plan) end
    end
    return #lines == 0 and "nothing changes" or table.concat(lines, "\n")
end

-- What would be done, in the same shape.
local function told(work)
    local steps = setmetatable({}, class)
    for _, item in ipairs(work.rename) do steps[#steps + 1] = { table = item.name, action = "rename" } end
    for _, item in ipairs(work.create) do steps[#steps + 1] = { table = item.name, action = "create" } end
    for _, item in ipairs(work.evolve) do
        steps[#steps + 1] = { table = item.name, action = "evolve", changes = item.changes, plan = item.plan }
    end
    for _, name in ipairs(work.drop) do steps[#steps + 1] = { table = name, action = "drop" } end
    return steps
end

local function run(db, work, own)
    local done = setmetatable({}, class)
    local function report(name, action, version, entry)
        done[#done + 1] = { table = name, action = action, version = version, entry = entry }
    end
    local ok, err = carry_out(db, work, own, report)
    if not ok then return nil, err end
    return done
end

--- Makes the application's tables what the definitions say: `{ name = definition, … }`, or an array of definitions with
-- `name`. Columns and tables say with `renamedFrom` what they were called. Tables that are not named stay, unless
-- `drop = true`. Returns an array of { table, action = "create" | "rename" | "evolve" | "drop", version, entry }, empty
-- when everything was so already; with `dry_run` what would be done, with plans. `ask` is called with the same before
-- anything is done; unless it returns true nothing is, and what it returns as well is the error.
return function(db, definitions, given)
    options.handle("apply", db, "flexdb.database")
    options.argument("apply", 1, definitions, "table")
    local own = options.check("apply", 2, given, known)
    local list, err = collect(definitions)
    if not list then return nil, err end
    local work, ok
    work, err = survey(db, list, own)
    if not work then return nil, err end
    ok, err = plan(work, own)
    if not ok then return nil, err end
    if own.dry_run then return told(work) end
    if own.ask then
        local agreed, refusal = own.ask(told(work))
        if not agreed then return nil, refusal or core.error("conflict", "what was to be done was not agreed to") end
    end
    local why = obstacle(work)
    if why then return nil, why end
    -- A server cannot build tables inside a transaction: there each table is a step of its own.
    if not core.undoes_ddl(db) then return run(db, work, own) end
    return db:transaction(run, work, own)
end
