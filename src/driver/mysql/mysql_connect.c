#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "driver/mysql/mysql_internal.h"
#include "driver/url.h"

enum { CONNECT_TIMEOUT = 10, LONGEST_TIMEOUT = 31536000 /* what lock_wait_timeout takes, in seconds */ };

/* The library's own state is the process's, and setting it up is not safe from two threads at once. */
static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_result;

static void set_up_library(void) { library_result = mysql_library_init(0, NULL, NULL); }

static int check_library(flexdb_error *err) {
    if (pthread_once(&library_once, set_up_library) != 0 || library_result != 0) {
        return error_set(err, FLEXDB_INTERNAL, "the MySQL client library could not be set up");
    }
    return 0;
}

static char *make_label(const struct url *url) {
    struct buffer b = BUFFER_INIT;
    if (url->user != NULL) buffer_printf(&b, "%s@", url->user);
    if (url->socket != NULL) {
        buffer_puts(&b, url->socket);
    } else {
        buffer_puts(&b, url->host);
        if (url->port != 0) buffer_printf(&b, ":%u", url->port);
    }
    buffer_printf(&b, "/%s", url->path);
    return buffer_take(&b);
}

static int set_options(struct mysql_connection *c, const struct url *url, flexdb_error *err) {
    /* Whole seconds, and never as long as a lock may be waited for. */
    unsigned seconds = c->timeout < 1 ? 1 : c->timeout < CONNECT_TIMEOUT ? (unsigned)c->timeout : CONNECT_TIMEOUT;
    unsigned off = 0;
    mysql_options(c->handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(c->handle, MYSQL_OPT_LOCAL_INFILE, &off);
    mysql_options(c->handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    client_set_reconnect_off(c->handle);
    /* The library takes the host "localhost" for the default socket and forgets the port. */
    if (url->socket == NULL && (url->port != 0 || strcmp(url->host, "localhost") != 0)) {
        unsigned protocol = MYSQL_PROTOCOL_TCP;
        mysql_options(c->handle, MYSQL_OPT_PROTOCOL, &protocol);
    }
    return url->ssl_mode == NULL ? 0 : client_set_tls(c->handle, url->ssl_mode, err);
}

static bool needs_tls(const char *mode) {
    return mode != NULL && strcmp(mode, "disabled") != 0 && strcmp(mode, "preferred") != 0;
}

static int connect_to(struct mysql_connection *c, const struct url *url, flexdb_error *err) {
    /* With CLIENT_FOUND_ROWS an update counts the rows that it found, also those that it left as they were. */
    const char *host = url->socket != NULL ? "localhost" : url->host;
    if (mysql_real_connect(c->handle, host, url->user, url->password, url->path, url->port, url->socket,
                           CLIENT_FOUND_ROWS) == NULL) {
        if (mysql_errno(c->handle) == CR_OUT_OF_MEMORY) return error_no_memory(err);
        return error_set(err, FLEXDB_CONNECTION, "cannot connect to %s: %s", c->label, mysql_error(c->handle));
    }
    /* A library may go on in plain text when the server does not offer TLS. */
    if (needs_tls(url->ssl_mode) && mysql_get_ssl_cipher(c->handle) == NULL) {
        return error_set(err, FLEXDB_CONNECTION, "cannot connect to %s: ssl_mode=%s, but the server does not encrypt",
                         c->label, url->ssl_mode);
    }
    return 0;
}

int mysql_command(struct mysql_connection *c, const char *sql, size_t length, flexdb_error *err) {
    if (mysql_check_ready(c, err) != 0) return -(int)err->code;
    if (mysql_real_query(c->handle, sql, (unsigned long)length) != 0) return mysql_fail(c, err);
    MYSQL_RES *result = mysql_use_result(c->handle);
    if (result != NULL) mysql_free_result(result);
    return mysql_errno(c->handle) == 0 ? 0 : mysql_fail(c, err);
}

static int read_server_limits(struct mysql_connection *c, flexdb_error *err) {
    static const char sql[] = "SELECT @@max_allowed_packet, @@innodb_rollback_on_timeout";
    if (mysql_real_query(c->handle, sql, sizeof sql - 1) != 0) return mysql_fail(c, err);
    MYSQL_RES *result = mysql_store_result(c->handle);
    if (result == NULL) return mysql_fail(c, err);
    MYSQL_ROW row = mysql_fetch_row(result);
    if (row != NULL && row[0] != NULL && row[1] != NULL) {
        c->max_packet = strtoul(row[0], NULL, 10);
        c->rollback_on_timeout = strtoul(row[1], NULL, 10) != 0;
    }
    mysql_free_result(result);
    return c->max_packet != 0 ? 0 : error_set(err, FLEXDB_INTERNAL, "the server does not say its max_allowed_packet");
}

static unsigned whole_seconds(double timeout) {
    if (!(timeout > 1)) return 1;
    if (timeout >= LONGEST_TIMEOUT) return LONGEST_TIMEOUT;
    unsigned seconds = (unsigned)timeout;
    return (double)seconds < timeout ? seconds + 1 : seconds;
}

/* Strict, in UTC, bytewise in comparisons of literals; messages in English, because a duplicate's key is read from one.
 * Writers read what is committed: a table that is made on another connection can then be read in the transaction that
 * made it, where a snapshot would refuse it (error 1412) for as long as it lasts.
 *
 * MariaDB's JSON columns are texts with a CHECK that parses each document again, a tenth of what an insert costs it.
 * What is written here has come out of the encoder. A sort that is to look further into texts than max_sort_length says
 * so itself. */
static int set_up_session(struct mysql_connection *c, const struct connect_options *options, flexdb_error *err) {
    char sql[512];
    unsigned seconds = whole_seconds(options->timeout);
    int length = snprintf(sql, sizeof sql,
                          "SET NAMES utf8mb4 COLLATE utf8mb4_bin, SESSION sql_mode = 'STRICT_ALL_TABLES,"
                          "NO_ENGINE_SUBSTITUTION,NO_BACKSLASH_ESCAPES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,"
                          "NO_ZERO_IN_DATE', SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = %u, "
                          "SESSION lock_wait_timeout = %u, SESSION autocommit = 1, SESSION lc_messages = 'en_US', "
                          "SESSION max_sort_length = 1024/*M! , SESSION check_constraint_checks = 0 */",
                          seconds, seconds);
    if (mysql_command(c, sql, (size_t)length, err) != 0) return -(int)err->code;
    const char *isolation = options->read_only ? "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                                               : "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";
    if (mysql_command(c, isolation, strlen(isolation), err) != 0) return -(int)err->code;
    return read_server_limits(c, err);
}

int mysql_driver_open(struct connection **out, const struct url *url, const struct connect_options *options,
                      flexdb_error *err) {
    if (check_library(err) != 0) return -(int)err->code;
    struct mysql_connection *c = calloc(1, sizeof *c);
    if (c == NULL) return error_no_memory(err);
    *c = (struct mysql_connection){.base.driver = &mysql_driver,
                                   .handle = mysql_init(NULL),
                                   .label = make_label(url),
                                   .timeout = options->timeout,
                                   .cache.bound = MYSQL_CACHED_STATEMENTS};
    int rc = c->handle == NULL || c->label == NULL ? error_no_memory(err) : 0;
    if (rc == 0) rc = set_options(c, url, err);
    if (rc == 0) rc = connect_to(c, url, err);
    if (rc == 0) rc = set_up_session(c, options, err);
    if (rc != 0) {
        mysql_driver_close(&c->base);
        return rc;
    }
    c->arrays = client_has_arrays(c->handle);
    *out = &c->base;
    return 0;
}

void mysql_driver_close(struct connection *base) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    if (c == NULL) return;
    /* The server would roll back by itself, but only some time after we are gone. */
    if (c->transaction) {
        flexdb_error ignored = FLEXDB_ERROR_INIT;
        mysql_driver_rollback(base, &ignored);
        error_clear(&ignored);
    }
    mysql_finalize_all(c);
    if (c->handle != NULL) mysql_close(c->handle);
    free(c->label);
    free(c);
}
