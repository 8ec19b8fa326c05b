rockspec_format = "3.0"
package = "flexdb"
version = "0.1.0-1"

-- Built from the checkout that holds this file: `luarocks --lua-version=5.4 make`.
source = { url = "file://." }

description = {
    summary = "Tables that Lua scripts define, fill and change while they run, with no database migration",
    detailed = [[
        A C core holds the schema, the validation and the versions; data lives in SQLite or in any
        MySQL-protocol server. The module flexdb.mysql is built when the client library is found
        (libmysqlclient or MariaDB Connector/C); the build says so loudly when it is not.
    ]],
    license = "MIT",
}

supported_platforms = { "unix" }

dependencies = { "lua >= 5.4" }

external_dependencies = {
    SQLITE = { header = "sqlite3.h", library = "sqlite3" },
    CJSON = { header = "cjson/cJSON.h", library = "cjson" },
    PCRE2 = { header = "pcre2.h", library = "pcre2-8" },
}

build = {
    type = "make",
    build_target = "build",
    variables = {
        BUILD = "build/rock",
        LUA = "$(LUA)",
        LUA_INCDIR = "$(LUA_INCDIR)",
    },
    install_variables = {
        LUADIR = "$(LUADIR)",
        LIBDIR = "$(LIBDIR)",
        BINDIR = "$(BINDIR)",
        MANDIR = "",
        COMPLETIONDIR = "",
    },
}
