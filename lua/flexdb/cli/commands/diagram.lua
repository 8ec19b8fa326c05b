--- flexdb diagram: the tables and their references as a picture.

local diagram = {
    name = "diagram",
    about = "Draws the tables: Mermaid text, or one HTML page with the drawing and each table's versions, which needs "
        .. "no network. Without --output it goes to standard output.",
    arguments = { { "TABLE", many = true, optional = true, help = "the tables' names; all, when none is given" } },
    options = {
        { "--output", short = "-o", value = "FILE", help = "a file; one that ends in .html gets the page" },
        { "--html", help = "the page, whatever the file is called" },
        { "--title", value = "TEXT", help = "what stands above the page (the application's name)" },
    },
    example = "flexdb diagram --output tables.html",
}

function diagram.run(session, arguments, options)
    local db, err = session:open_for(arguments.table)
    if not db then return nil, err end
    local model
    model, err = require "flexdb.cli.diagram.model"(db, arguments.table)
    if not model then return nil, err end
    local out, path = session.output, options.output
    local text
    if options.html or path and path:lower():match "%.html?$" then
        local application = options.app or os.getenv "FLEXDB_APP"
        text = require "flexdb.cli.diagram.page"(model, options.title or application or "Tables")
    elseif out.json then
        return out:emit(model)
    else
        text = require "flexdb.cli.diagram.mermaid"(model)
    end
    if not path then
        io.stdout:write(text)
        return 0
    end
    local ok
    ok, err = require "flexdb.cli.files".write(path, text)
    if not ok then return nil, err end
    if out.json then return out:emit { output = path, tables = #model.tables } end
    out:say("drew %d table%s in %s", #model.tables, #model.tables == 1 and "" or "s", path)
end

return diagram
