#include <stdio.h>

#include "driver/mysql/mysql_internal.h"

static int control(struct mysql_connection *c, const char *sql, flexdb_error *err) {
    return mysql_command(c, sql, strlen(sql), err);
}

/* The server takes locks row by row; there is nothing more to take at the beginning. */
int mysql_driver_begin(struct connection *base, enum transaction_mode mode, flexdb_error *err) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    (void)mode;
    if (c->transaction) return error_set(err, FLEXDB_INTERNAL, "a transaction is open already");
    int rc = control(c, "START TRANSACTION", err);
    if (rc == 0) c->transaction = true;
    return rc;
}

int mysql_driver_commit(struct connection *base, flexdb_error *err) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    if (!c->transaction) return error_set(err, FLEXDB_INTERNAL, "there is no transaction to commit");
    int rc = control(c, "COMMIT", err);
    if (rc == 0) c->transaction = false;
    return rc;
}

int mysql_driver_rollback(struct connection *base, flexdb_error *err) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    bool open = c->transaction;
    if (c->streaming != NULL) mysql_driver_reset(&c->streaming->base);
    c->ended = FLEXDB_OK;
    c->transaction = false;
    /* A lost connection has rolled back; after a deadlock the server takes the command all the same. */
    if (!open || c->lost) return 0;
    int rc = control(c, "ROLLBACK", err);
    /* What the server still holds open must not be committed by whatever comes next. */
    if (rc != 0) c->lost = true;
    return rc;
}

static int control_savepoint(struct connection *base, const char *verb, unsigned number, flexdb_error *err) {
    char sql[48];
    snprintf(sql, sizeof sql, "%s flexdb_%u", verb, number);
    return control((struct mysql_connection *)base, sql, err);
}

int mysql_driver_savepoint(struct connection *base, unsigned number, flexdb_error *err) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    /* The server would take it and forget it at once. */
    if (!c->transaction) return error_set(err, FLEXDB_INTERNAL, "there is no transaction to set a savepoint in");
    return control_savepoint(base, "SAVEPOINT", number, err);
}

int mysql_driver_release(struct connection *base, unsigned number, flexdb_error *err) {
    return control_savepoint(base, "RELEASE SAVEPOINT", number, err);
}

int mysql_driver_rollback_to(struct connection *base, unsigned number, flexdb_error *err) {
    return control_savepoint(base, "ROLLBACK TO SAVEPOINT", number, err);
}

bool mysql_driver_in_transaction(struct connection *base) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    return c->transaction && c->ended == FLEXDB_OK && !c->lost &&
           (c->handle->server_status & SERVER_STATUS_IN_TRANS) != 0;
}
