--- flexdb init: makes a database. (The module `init` of this folder lists the commands.)

local init = {
    name = "init",
    about = "Makes FlexDB's own tables, in a new file or on a server. A database that is there already stays as it is.",
    arguments = {},
    options = {},
    example = "flexdb init --db new.db",
}

function init.run(session)
    local db, err = session:open()
    local made = not db and err.opening and err.code == "not_found"
    if made then db, err = session:open(true) end
    if not db then return nil, err end
    local tables
    tables, err = db:tables()
    if not tables then return nil, err end
    local out = session.output
    if out.json then return out:emit { db = session:shown_url(), created = made, tables = #tables } end
    if made then return out:say("made %s", session:shown_url()) end
    out:say("%s is ready, with %d table%s", session:shown_url(), #tables, #tables == 1 and "" or "s")
end

return init
