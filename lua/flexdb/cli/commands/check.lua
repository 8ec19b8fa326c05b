--- flexdb check: whether workflows could be run.

local flexdb = require "flexdb"
local folder_of = require "flexdb.cli.files".folder_of
local width = require "flexdb.cli.width"

local check = {
    name = "check",
    about = "Checks workflows and runs nothing: every unknown node, edge or configuration is told with its place, and "
        .. "so is what the workflows that it calls have wrong. The exit status is 3 where there is a problem.",
    arguments = { { "FILE", many = true, help = "workflows, JSON or Lua" } },
    options = { { "--files", value = "FOLDER", help = "where files may be read (each workflow's folder)" } },
    example = "flexdb check hello.json",
}

-- A Lua script can only be read; a document is checked whole.
local function look(path, files)
    if not path:find "%.lua$" then return flexdb.workflow.check(path, { files = files or folder_of(path) }) end
    local text, err = require "flexdb.cli.input".text(path)
    if not text then return nil, err end
    local chunk, why = load(text, "@" .. path, "t")
    if chunk then return true end
    return nil, require "flexdb.core".error("invalid_document", require "flexdb.cli.input".with_line(why, text))
end

local function print_result(out, path, err)
    if not err then return out:say("%s: good", path) end
    local message = err.message
    if message:sub(1, #path + 1) ~= path .. ":" then message = path .. ": " .. message end
    if #err.issues == 0 then
        for line in (message .. "\n"):gmatch "([^\n]*)\n" do out:say(width.safe(line)) end
    end
    for _, issue in ipairs(err.issues) do
        out:say("%s: %s: %s", path, width.safe(issue.path), width.safe(issue.message))
    end
end

function check.run(session, arguments, options)
    local out, results, status = session.output, {}, 0
    for _, path in ipairs(arguments.file) do
        local ok, err = look(path, options.files)
        if not ok then status = math.max(status, require "flexdb.cli.failure".status(err)) end
        results[#results + 1] = {
            file = path, ok = ok == true, code = err and err.code, message = err and err.message,
            issues = err and err.issues,
        }
        if not out.json then print_result(out, path, err) end
    end
    if out.json then out:emit(results) end
    return status
end

return check
