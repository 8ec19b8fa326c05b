--- flexdb purge: forgets what nobody can reach any more.

local flexdb = require "flexdb"

local purge = {
    name = "purge",
    about = "Takes values that none of the kept versions can reach out of a table's documents, and erases records that "
        .. "were deleted before a time. It is the only thing that forgets, and it cannot be undone: it asks before it "
        .. "begins. Others may write meanwhile.",
    arguments = { { "TABLE", help = "the table's name" } },
    options = {
        { "--keep-versions", value = "COUNT", kind = "integer", least = 1,
            help = "the last so many versions can still be read; without it all that can be now" },
        { "--deleted-before", value = "TIME", help = "erase records deleted before it: 2024-05-01T00:00:00Z" },
        { "--yes", short = "-y", help = "do not ask" },
    },
    example = "flexdb purge contacts --keep-versions 2 --yes",
}

-- Whether the word is a time: true, or nil and the error.
local function check_time(word)
    local columns = { { name = "time", dataType = "datetime" } }
    local good, err = flexdb.validate({ columns = columns }, { time = word })
    if good then return true end
    return nil, { usage = true, message = "--deleted-before " .. err.issues[1].message }
end

function purge.run(session, arguments, options)
    if options.deleted_before then
        local good, err = check_time(options.deleted_before)
        if not good then return nil, err end
    end
    local handle, err = session:table(arguments.table)
    if not handle then return nil, err end
    local agreed
    agreed, err = session:agreed(("%s: what is purged is gone for good. Go on?"):format(handle.name))
    if not agreed then return nil, err end
    local out = session.output
    local progress, done = out:progress(handle.name)
    local result
    result, err = handle:purge {
        keep_versions = options.keep_versions, deleted_before = options.deleted_before, on_progress = progress,
    }
    done()
    if not result then return nil, err end
    if out.json then return out:emit(result) end
    local grouped = out.grouped
    local kept = result.kept > 0 and (", %s spared, for live records refer to them"):format(grouped(result.kept)) or ""
    out:say("%s: looked at %s, rewrote %s, erased %s%s", handle.name, out.counted(result.records, "record"),
        grouped(result.rewritten), grouped(result.deleted), kept)
    out:say("%s of documents went; version %d is the oldest that can be read", out.counted(result.bytes, "byte"),
        result.oldest_version)
end

return purge
