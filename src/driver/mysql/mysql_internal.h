/* What the files of the mysql driver share. */
#ifndef FLEXDB_DRIVER_MYSQL_INTERNAL_H
#define FLEXDB_DRIVER_MYSQL_INTERNAL_H

#include "driver/driver.h"
#include "driver/mysql/mysql_compat.h"
#include "driver/mysql/mysql_driver.h"
#include "driver/statement_cache.h"

enum {
    MYSQL_CACHED_STATEMENTS = 64,
    MYSQL_FIRST_BUFFER = 512,      /* bytes for a column of text until a longer value comes */
    MYSQL_KEPT_BUFFER = 64 * 1024, /* bytes that a column's buffer may have while the statement is in the cache */
    MYSQL_PACKET_OVERHEAD = 1024   /* what a packet holds beside values, at most, with room to spare */
};

struct mysql_connection {
    struct connection base;
    MYSQL *handle;
    char *label; /* user@host:port/database, for messages */
    double timeout;
    size_t max_packet;        /* the server's max_allowed_packet */
    bool rollback_on_timeout; /* a lock wait that times out ends the whole transaction */
    bool arrays;              /* one execution can carry many rows */
    bool lost;                /* nothing but close may use the handle */
    bool transaction;         /* one was begun and neither committed nor rolled back by the caller */
    flexdb_code ended;        /* why the server has ended it by itself; OK while it has not */
    struct statement_cache cache;
    struct mysql_statement *streaming; /* whose result is not at its end: no other command may be sent */
};

enum column_kind { COLUMN_INTEGER, COLUMN_UNSIGNED, COLUMN_NUMBER, COLUMN_TEXT, COLUMN_BYTES };

struct result_column {
    enum column_kind kind;
    client_bool is_null, truncated;
    unsigned long length;
    union {
        int64_t integer;
        uint64_t natural;
        double number;
    } as;
    char *buffer; /* of TEXT and BYTES */
    unsigned long capacity;
};

struct mysql_statement {
    struct statement base;
    struct cache_entry entry;
    MYSQL_STMT *handle;
    size_t parameters;
    MYSQL_BIND *binds; /* the parameters */
    size_t bound_bytes;
    bool bound;
    size_t columns;
    MYSQL_BIND *results;
    struct result_column *values;
    bool rebind; /* `results` has moved since the library was told */
    bool on_row;
    bool broken; /* the server does not know it any more: not for the cache */
};

/* mysql_error.c */

/* Sets the error for what the server or the library said last on the connection, or on the statement. */
int mysql_fail(struct mysql_connection *c, flexdb_error *err);
int mysql_fail_statement(struct mysql_statement *s, flexdb_error *err);
/* Fails unless a command may be sent now: the connection stands, the transaction was not ended by the server, no result
 * is open. */
int mysql_check_ready(const struct mysql_connection *c, flexdb_error *err);

/* mysql_connect.c */

int mysql_driver_open(struct connection **out, const struct url *url, const struct connect_options *options,
                      flexdb_error *err);
void mysql_driver_close(struct connection *base);
/* Sends one statement as text and drops its result. */
int mysql_command(struct mysql_connection *c, const char *sql, size_t length, flexdb_error *err);

/* mysql_statement.c */

int mysql_driver_prepare(struct statement **out, struct connection *base, const char *sql, size_t length,
                         flexdb_error *err);
void mysql_driver_finalize(struct statement *base);
int mysql_driver_bind(struct statement *base, const flexdb_value *values, size_t count, flexdb_error *err);
int mysql_driver_step(struct statement *base, flexdb_error *err);
void mysql_driver_reset(struct statement *base);
int mysql_driver_run(struct statement *base, int64_t *affected, flexdb_error *err);
int mysql_driver_execute(struct connection *base, const char *sql, size_t length, flexdb_error *err);
/* Frees every statement, in use or not. */
void mysql_finalize_all(struct mysql_connection *c);

/* mysql_result.c */

/* Makes room for the columns of the result that an execution has begun, and tells the library. */
int mysql_result_begin(struct mysql_statement *s, flexdb_error *err);
/* 1 there is a row, 0 the result is at its end. */
int mysql_result_next(struct mysql_statement *s, flexdb_error *err);
int mysql_driver_column(struct statement *base, size_t i, flexdb_value *out, flexdb_error *err);
/* Frees large buffers before the statement goes to the cache. */
void mysql_result_trim(struct mysql_statement *s);
void mysql_result_free(struct mysql_statement *s);

/* mysql_bulk.c */

int mysql_driver_run_many(struct statement *base, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                          flexdb_error *err);

/* mysql_transaction.c */

int mysql_driver_begin(struct connection *base, enum transaction_mode mode, flexdb_error *err);
int mysql_driver_commit(struct connection *base, flexdb_error *err);
int mysql_driver_rollback(struct connection *base, flexdb_error *err);
int mysql_driver_savepoint(struct connection *base, unsigned number, flexdb_error *err);
int mysql_driver_release(struct connection *base, unsigned number, flexdb_error *err);
int mysql_driver_rollback_to(struct connection *base, unsigned number, flexdb_error *err);
bool mysql_driver_in_transaction(struct connection *base);

#endif
