--- The files that a workflow names: read only where they lie inside the folder `files`, links included.
-- Needs flexdb.core (read_inside).

local core = require "flexdb.core"

local files = {}

--- The text of a file and its real path; nil and an error. `folder` nil: the run may read no files.
function files.read(folder, path)
    if type(path) ~= "string" or path == "" or path:find("\0", 1, true) then
        return nil, core.error("invalid_document", "the path of a file must be a text that is not empty")
    end
    if not folder then
        return nil, core.error("invalid_document",
            ("the file %q: this run may not read files (files = folder)"):format(path))
    end
    return core.read_inside(folder, path)
end

--- The text of a file that the host itself names, wherever it lies; nil and an error.
function files.read_any(path)
    if path:find("\0", 1, true) then -- the system would read the path up to there
        return nil, core.error("not_found", ("the file cannot be read: %q is no path"):format(path))
    end
    local file, why = io.open(path, "rb")
    if not file then return nil, core.error("not_found", ("the file cannot be read: %s"):format(why)) end
    local text
    text, why = file:read "a"
    file:close()
    if not text then return nil, core.error("not_found", ("the file %q cannot be read: %s"):format(path, why)) end
    return text
end

--- The line `number` of a text, without the end of it.
function files.line(text, number)
    local at = 1
    for _ = 2, number do
        at = (text:find("\n", at, true) or #text) + 1
    end
    return text:match("^[^\n]*", at)
end

return files
