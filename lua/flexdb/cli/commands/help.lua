--- flexdb help: what --help says, the manual page, and the completion for bash.

local help = {
    name = "help",
    about = "Tells about a command, or about all of them. It also prints the manual page, which 'man -l' shows, and "
        .. "the completion for bash, which is to be evaluated in a shell.",
    arguments = { { "COMMAND", optional = true, help = "the command's name" } },
    options = {
        { "--man", help = "print the manual page" },
        { "--completion", help = "print the completion for bash" },
    },
    example = "flexdb help show\neval \"$(flexdb help --completion)\"",
}

function help.run(_, arguments, options)
    local cli = require "flexdb.cli"
    local commands = require "flexdb.cli.commands"
    local statuses = require "flexdb.cli.failure".statuses
    local texts = require "flexdb.cli.help"
    local text
    if options.man then
        text = require "flexdb.cli.manual"(commands, cli.options, statuses)
    elseif options.completion then
        text = require "flexdb.cli.completion"(commands, cli.options)
    elseif arguments.command then
        local command = commands.load(arguments.command)
        if not command then
            local near = require "flexdb.cli.arguments".nearest(arguments.command, commands.names)
            return nil, { usage = true, message = ("there is no command '%s'%s"):format(arguments.command,
                near and ("; did you mean '%s'?"):format(near) or "") }
        end
        text = texts.command(command, cli.options)
    else
        text = texts.all(commands.groups(), cli.options, statuses)
    end
    io.stdout:write(text, "\n")
end

return help
