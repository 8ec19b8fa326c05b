--- flexdb doctor: holds a database against what must be true of it.

local flexdb = require "flexdb"

local doctor = {
    name = "doctor",
    about = "Holds the database, or the tables that are named, against what must be true of it. Nothing is written "
        .. "unless --repair is given. The exit status is 1 where something is left unmended.",
    arguments = { { "TABLE", many = true, optional = true, help = "the tables' names; all, when none is given" } },
    options = { { "--repair", help = "mend what can be mended" } },
    example = "flexdb doctor",
}

function doctor.run(session, arguments, options)
    local db, err = session:open_for(arguments.table)
    if not db then return nil, err end
    local out = session.output
    local progress, done = out:progress "looked at"
    local report
    report, err = flexdb.doctor(db, {
        repair = options.repair, tables = #arguments.table > 0 and arguments.table or nil, on_progress = progress,
    })
    done()
    if not report then return nil, err end
    if out.json then
        out:emit(report)
    else
        for line in (tostring(report) .. "\n"):gmatch "([^\n]*)\n" do
            out:say(require "flexdb.cli.width".safe(line))
        end
    end
    return report.ok and 0 or 1
end

return doctor
