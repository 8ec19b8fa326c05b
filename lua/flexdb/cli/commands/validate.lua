--- flexdb validate: records against a definition, without writing them.

local flexdb = require "flexdb"
local input = require "flexdb.cli.input"
local schemas = require "flexdb.cli.schemas"

local validate = {
    name = "validate",
    about = "Checks records from JSON Lines against a table's definition and writes nothing. Every problem of a record "
        .. "is told; the exit status is 3 where there is one. What needs the other records is not looked at: whether a "
        .. "value is taken, and whether a record that is referred to is there.",
    arguments = {
        { "TABLE", help = "the table's name" },
        { "FILE", optional = true, help = "the records; standard input when it is - or not given" },
    },
    options = {
        { "--schema", short = "-s", value = "FILE", help = "take the definition from a file, and open no database" },
        { "--max-errors", value = "COUNT", kind = "integer", help = "tell of so many bad records at most (20)" },
    },
    example = "echo '{\"email\": \"joan@example.org\"}' |\n  flexdb validate contacts",
}

local function definition(session, name, file)
    if not file then
        local handle, err = session:table(name)
        if not handle then return nil, err end
        return handle:schema()
    end
    local list, err = schemas.read { file }
    if not list then return nil, err end
    for _, each in ipairs(list) do
        if each.name == name then
            local found = {}
            for key, value in next, each do
                if key ~= "name" and key ~= "renamedFrom" then found[key] = value end
            end
            return found
        end
    end
    return nil, { code = "not_found", message = ("%s: there is no definition of a table %q"):format(file, name) }
end

-- Looks at every record: how many are good, how many are bad, and the first of those.
local function look(validator, path, most)
    local errors, good, bad = {}, 0, 0
    local count = 0
    local function note(line, err)
        bad = bad + 1
        if #errors < most then
            errors[#errors + 1] = {
                line = line, code = err.code, message = err.message:gsub("^line %d+: ", ""), issues = err.issues,
            }
        end
    end
    local source, line_of = input.records(path, note)
    if not source then return nil, line_of end
    while true do
        local record, err = source()
        if not record then
            if err then return nil, err end
            break
        end
        local ok, why = validator:validate(record)
        count = count + 1
        if ok then good = good + 1 else note(line_of(count), why) end
    end
    return { valid = good, invalid = bad, errors = flexdb.array(errors) }
end

function validate.run(session, arguments, options)
    local schema, err = definition(session, arguments.table, options.schema)
    local validator, result
    if schema then validator, err = flexdb.validator(schema) end
    if validator then result, err = look(validator, arguments.file, options.max_errors or 20) end
    if not result then return nil, err end
    local out = session.output
    if out.json then
        out:emit(result)
    else
        local safe = require "flexdb.cli.width".safe
        for _, each in ipairs(result.errors) do
            if #each.issues < 2 then out:say("line %d: %s", each.line, safe(each.message)) end
            for _, issue in ipairs(#each.issues > 1 and each.issues or {}) do
                out:say("line %d: %s", each.line, safe(issue.path .. ": " .. issue.message))
            end
        end
        if result.invalid > #result.errors then out:say("and %d more", result.invalid - #result.errors) end
        out:say("%s valid, %s invalid", out.grouped(result.valid), out.grouped(result.invalid))
    end
    return result.invalid > 0 and 3 or 0
end

return validate
