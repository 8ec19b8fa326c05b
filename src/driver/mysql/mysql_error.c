#include <string.h>

#include "driver/mysql/mysql_internal.h"

/* The servers' numbers, named here because the libraries' headers name different ones. */
enum effect {
    RETRY = 1 << 0,   /* the same call may succeed if it is made again */
    ENDED = 1 << 1,   /* the server has rolled the open transaction back */
    LOST = 1 << 2,    /* the connection is of no use any more */
    TIMEOUT = 1 << 3, /* ended where the server rolls back on a timeout */
    MISSING = 1 << 4  /* the message names a table */
};

enum { PREPARE_AGAIN = 1615, NO_SUCH_TABLE = 1146 };

static const struct meaning {
    unsigned number;
    flexdb_code code;
    unsigned effects;
} meanings[] = {
    {1062, FLEXDB_DUPLICATE, 0},          /* duplicate entry */
    {1586, FLEXDB_DUPLICATE, 0},          /* the same, with the key's name */
    {1048, FLEXDB_STALE, 0},              /* column cannot be null */
    {1364, FLEXDB_STALE, 0},              /* column has no default */
    {1205, FLEXDB_BUSY, RETRY | TIMEOUT}, /* lock wait timeout */
    {3572, FLEXDB_BUSY, RETRY},           /* NOWAIT */
    {1213, FLEXDB_BUSY, RETRY | ENDED},   /* deadlock; on a cluster a failed certification */
    {1020, FLEXDB_BUSY, RETRY | ENDED},   /* record changed since it was read (snapshot isolation) */
    {1412, FLEXDB_BUSY, RETRY},           /* the table was made after the snapshot */
    {PREPARE_AGAIN, FLEXDB_BUSY, RETRY},  /* needs to be prepared again */
    {CR_NEW_STMT_METADATA, FLEXDB_BUSY, RETRY},
    {1047, FLEXDB_BUSY, RETRY}, /* a cluster node that is not ready */
    {1969, FLEXDB_BUSY, RETRY}, /* max_statement_time */
    {3024, FLEXDB_BUSY, RETRY}, /* max_execution_time */
    {CR_SERVER_GONE_ERROR, FLEXDB_CONNECTION, LOST},
    {CR_SERVER_LOST, FLEXDB_CONNECTION, LOST},
    {2055, FLEXDB_CONNECTION, LOST}, /* CR_SERVER_LOST_EXTENDED */
    {CR_COMMANDS_OUT_OF_SYNC, FLEXDB_INTERNAL, LOST},
    {CR_MALFORMED_PACKET, FLEXDB_CONNECTION, LOST},
    {1053, FLEXDB_CONNECTION, LOST}, /* the server shuts down */
    {1927, FLEXDB_CONNECTION, LOST}, /* the connection was killed */
    {4031, FLEXDB_CONNECTION, LOST}, /* the client was idle for too long */
    {CR_CONNECTION_ERROR, FLEXDB_CONNECTION, 0},
    {CR_CONN_HOST_ERROR, FLEXDB_CONNECTION, 0},
    {CR_UNKNOWN_HOST, FLEXDB_CONNECTION, 0},
    {CR_SSL_CONNECTION_ERROR, FLEXDB_CONNECTION, 0},
    {1040, FLEXDB_CONNECTION, 0}, /* too many connections */
    {1203, FLEXDB_CONNECTION, 0}, /* too many connections of this user */
    {1226, FLEXDB_CONNECTION, 0}, /* a user's resource limit */
    {1044, FLEXDB_CONNECTION, 0}, /* access denied: to the database, */
    {1045, FLEXDB_CONNECTION, 0}, /* at login, */
    {1142, FLEXDB_CONNECTION, 0}, /* to a table, */
    {1143, FLEXDB_CONNECTION, 0}, /* to a column, */
    {1227, FLEXDB_CONNECTION, 0}, /* for want of a privilege */
    {1049, FLEXDB_CONNECTION, 0}, /* unknown database */
    {1129, FLEXDB_CONNECTION, 0}, /* host is blocked */
    {1130, FLEXDB_CONNECTION, 0}, /* host may not connect */
    {1290, FLEXDB_READ_ONLY, 0},  /* the server runs with --read-only */
    {1792, FLEXDB_READ_ONLY, 0},  /* the transaction is read-only */
    {1836, FLEXDB_READ_ONLY, 0},  /* the server is in read-only mode */
    {1153, FLEXDB_LIMIT, 0},      /* packet too large */
    {1118, FLEXDB_LIMIT, 0},      /* row too large */
    {1406, FLEXDB_LIMIT, 0},      /* data too long */
    {1264, FLEXDB_LIMIT, 0},      /* out of range */
    {1114, FLEXDB_LIMIT, 0},      /* the table is full */
    {1021, FLEXDB_LIMIT, 0},      /* the disk is full */
    {1071, FLEXDB_LIMIT, 0},      /* key too long */
    {1069, FLEXDB_LIMIT, 0},      /* too many keys */
    {1117, FLEXDB_LIMIT, 0},      /* too many columns */
    {1461, FLEXDB_LIMIT, 0},      /* max_prepared_stmt_count */
    {CR_NET_PACKET_TOO_LARGE, FLEXDB_LIMIT, LOST},
    {1034, FLEXDB_CORRUPT, 0},                /* incorrect key file */
    {1194, FLEXDB_CORRUPT, 0},                /* table is marked as crashed */
    {1712, FLEXDB_CORRUPT, 0},                /* index is corrupted */
    {1051, FLEXDB_CORRUPT, MISSING},          /* unknown table */
    {NO_SUCH_TABLE, FLEXDB_CORRUPT, MISSING}, /* no such table */
    {1932, FLEXDB_CORRUPT, MISSING},          /* the same, for the server's dictionary still knows it */
};

static struct meaning meaning_of(unsigned number) {
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].number == number) return meanings[i];
    }
    return (struct meaning){number, FLEXDB_INTERNAL, 0};
}

/* The key of "Duplicate entry 'value' for key 'table.key'": the last quoted name, without the table. */
static void set_duplicate(const char *message, flexdb_error *err) {
    const char *end = strrchr(message, '\'');
    const char *key = end;
    while (key != NULL && key > message && key[-1] != '\'' && key[-1] != '.') key--;
    if (key == NULL || key == message) key = message, end = message + strlen(message);
    int length = (int)(end - key);
    error_set(err, FLEXDB_DUPLICATE, "the value is already there: %.*s", length, key);
    error_detail(err, key, (size_t)length);
}

/* The table of "Table 'database.table' doesn't exist", "Unknown table 'database.table'". */
static void set_missing(const char *message, flexdb_error *err) {
    const char *end = strstr(message, "' doesn't exist");
    if (end == NULL) end = strrchr(message, '\'');
    const char *name = end;
    while (name != NULL && name > message && name[-1] != '.') name--;
    if (name == NULL || name == message) name = message, end = message + strlen(message);
    int length = (int)(end - name);
    error_set(err, FLEXDB_CORRUPT, "the database has no table %.*s", length, name);
    error_detail(err, name, (size_t)length);
}

static void describe(const struct mysql_connection *c, struct meaning m, const char *message, flexdb_error *err) {
    switch (m.code) {
    case FLEXDB_DUPLICATE: set_duplicate(message, err); break;
    case FLEXDB_STALE: error_set(err, m.code, "NULL was given where none may stand: %s", message); break;
    case FLEXDB_BUSY:
        error_set(err, m.code, "the server could not go on (timeout %g s): %s", c->timeout, message);
        break;
    case FLEXDB_CONNECTION:
        if ((m.effects & LOST) != 0) {
            error_set(err, m.code, "the connection to %s was lost: %s", c->label, message);
        } else {
            error_set(err, m.code, "%s refused: %s", c->label, message);
        }
        break;
    case FLEXDB_READ_ONLY: error_set(err, m.code, "the database does not take writes: %s", message); break;
    case FLEXDB_LIMIT: error_set(err, m.code, "the server refused it as too large: %s", message); break;
    case FLEXDB_CORRUPT:
        if ((m.effects & MISSING) != 0)
            set_missing(message, err);
        else
            error_set(err, m.code, "the database is damaged: %s", message);
        break;
    default: error_set(err, m.code, "the server refused the statement: %s", message); break;
    }
}

static int fail(struct mysql_connection *c, unsigned number, const char *message, flexdb_error *err) {
    bool first = err->code == FLEXDB_OK;
    if (number == CR_OUT_OF_MEMORY) return error_no_memory(err);
    struct meaning m = meaning_of(number);
    bool ended = (m.effects & (ENDED | LOST)) != 0 || ((m.effects & TIMEOUT) != 0 && c->rollback_on_timeout);
    if ((m.effects & LOST) != 0) c->lost = true;
    if (ended && c->transaction) c->ended = m.code;
    if (first) {
        describe(c, m, message, err);
        err->retryable = (m.effects & RETRY) != 0;
        err->ended = ended && c->transaction;
    }
    return -(int)err->code;
}

int mysql_fail(struct mysql_connection *c, flexdb_error *err) {
    return fail(c, mysql_errno(c->handle), mysql_error(c->handle), err);
}

/* A statement that was prepared before its table got a trigger may be run with the trigger, but without the table that
 * it writes to: MariaDB (10.11 seen) then says that this one, which the statement does not name, does not exist. */
static bool misses_triggered(const struct mysql_statement *s, unsigned number, const char *message) {
    const char *dot = number == NO_SUCH_TABLE ? strchr(message, '.') : NULL;
    const char *end = dot != NULL ? strchr(dot, '\'') : NULL;
    size_t length = end != NULL ? (size_t)(end - dot) - 1 : 0;
    for (size_t i = 0; length != 0 && i + length <= s->entry.length; i++)
        if (memcmp(s->entry.text + i, dot + 1, length) == 0) return false;
    return length != 0;
}

int mysql_fail_statement(struct mysql_statement *s, flexdb_error *err) {
    unsigned number = mysql_stmt_errno(s->handle);
    if (misses_triggered(s, number, mysql_stmt_error(s->handle))) number = PREPARE_AGAIN;
    if (number == PREPARE_AGAIN || number == 1243 /* unknown statement */ || number == CR_NEW_STMT_METADATA) {
        s->broken = true;
    }
    struct mysql_connection *c = (struct mysql_connection *)s->base.connection;
    /* What the server says in place of a row is left at the connection by Connector/C. */
    return number != 0 ? fail(c, number, mysql_stmt_error(s->handle), err) : mysql_fail(c, err);
}

int mysql_check_ready(const struct mysql_connection *c, flexdb_error *err) {
    if (!c->lost && c->ended == FLEXDB_OK && c->streaming == NULL) return 0;
    if (err->code != FLEXDB_OK) return -(int)err->code;
    if (c->lost) {
        error_set(err, FLEXDB_CONNECTION, "the connection to %s was lost", c->label);
        err->ended = c->transaction;
    } else if (c->ended != FLEXDB_OK) {
        error_set(err, c->ended, "the server has ended the transaction; it must be rolled back");
        err->ended = true;
        err->retryable = c->ended == FLEXDB_BUSY;
    } else {
        error_set(err, FLEXDB_INTERNAL, "a result is still being read on this connection; it must be ended first");
    }
    return -(int)err->code;
}
