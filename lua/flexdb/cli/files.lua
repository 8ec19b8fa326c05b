--- Files that commands name and write. Needs nothing.

local files = {}

--- The folder in which a file lies.
function files.folder_of(path)
    local folder = path:match "^(.*)/[^/]*$"
    return folder == "" and "/" or folder or "."
end

--- Writes a file as a whole; true, or nil and the error.
function files.write(path, text)
    local file, why = io.open(path, "wb")
    if not file then return nil, { message = "cannot write " .. why } end
    local ok
    ok, why = file:write(text)
    local closed, why_not = file:close()
    if not ok or not closed then return nil, { message = ("cannot write %s: %s"):format(path, why or why_not) } end
    return true
end

return files
