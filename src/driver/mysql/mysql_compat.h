/* The one place that knows the two client libraries apart: MariaDB Connector/C and Oracle's libmysqlclient. */
#ifndef FLEXDB_DRIVER_MYSQL_COMPAT_H
#define FLEXDB_DRIVER_MYSQL_COMPAT_H

#include <mysql/errmsg.h>
#include <mysql/mysql.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

#if defined(MARIADB_BASE_VERSION) || defined(MARIADB_PACKAGE_VERSION)
#define CLIENT_IS_MARIADB 1
#else
#define CLIENT_IS_MARIADB 0
#endif

#if CLIENT_IS_MARIADB || MYSQL_VERSION_ID < 80000
typedef my_bool client_bool;
#else
typedef bool client_bool;
#endif

/* A JSON column of the server; MariaDB's client names it too, its servers never send it. */
enum { CLIENT_TYPE_JSON = 245 };

#if CLIENT_IS_MARIADB

/* Whether one execution can carry many rows (array binding). */
static inline bool client_has_arrays(MYSQL *handle) {
    unsigned long extended = 0;
    if (mariadb_get_infov(handle, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended) != 0) return false;
    return (extended & (unsigned long)(MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

/* From now on parameters are arrays of `rows`; 0 makes them single values again. */
static inline bool client_set_array(MYSQL_STMT *stmt, unsigned rows) {
    return mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &rows) == 0;
}

/* One indicator a row: client_indicator. */
static inline void client_set_indicators(MYSQL_BIND *bind, char *indicators) { bind->u.indicator = indicators; }

static inline char client_indicator(bool is_null) {
    return (char)(is_null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE);
}

static inline int client_set_tls(MYSQL *handle, const char *mode, flexdb_error *err) {
    client_bool off = 0, on = 1;
    if (strcmp(mode, "verify_ca") == 0) {
        return error_set(err, FLEXDB_UNSUPPORTED,
                         "ssl_mode=verify_ca is not possible with MariaDB Connector/C, which "
                         "checks the host's name too: use ssl_mode=verify_identity");
    }
    bool wanted = strcmp(mode, "disabled") != 0, verified = strcmp(mode, "verify_identity") == 0;
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, wanted ? &on : &off);
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verified ? &on : &off);
    return 0;
}

static inline void client_set_reconnect_off(MYSQL *handle) {
    client_bool off = 0;
    mysql_options(handle, MYSQL_OPT_RECONNECT, &off);
}

#else

static inline bool client_has_arrays(MYSQL *handle) { return handle == NULL; }
static inline bool client_set_array(MYSQL_STMT *stmt, unsigned rows) { return stmt != NULL && rows == 0; }
static inline void client_set_indicators(MYSQL_BIND *bind, char *indicators) { (void)bind, (void)indicators; }
static inline char client_indicator(bool is_null) { return (char)is_null; }

static inline int client_set_tls(MYSQL *handle, const char *mode, flexdb_error *err) {
    static const struct {
        const char *name;
        unsigned mode;
    } modes[] = {{"disabled", SSL_MODE_DISABLED},
                 {"preferred", SSL_MODE_PREFERRED},
                 {"required", SSL_MODE_REQUIRED},
                 {"verify_ca", SSL_MODE_VERIFY_CA},
                 {"verify_identity", SSL_MODE_VERIFY_IDENTITY}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(mode, modes[i].name) == 0 && mysql_options(handle, MYSQL_OPT_SSL_MODE, &modes[i].mode) == 0) {
            return 0;
        }
    }
    return error_set(err, FLEXDB_UNSUPPORTED, "ssl_mode=%s is not possible with this client library", mode);
}

/* Off unless asked for; asking is deprecated. */
static inline void client_set_reconnect_off(MYSQL *handle) { (void)handle; }

#endif
#endif
