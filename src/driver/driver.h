/* What FlexDB needs of an engine: connect, prepare, bind, step, transactions. A driver does not judge: it knows neither
 * definitions nor FlexDB's statements, and translates the engine's errors into flexdb_code.
 *
 * One thread at a time uses a connection, not always the same one. A slot returns 0 (or what it says) on success and
 * -code on failure, with the error set; on failure nothing is owned by the caller. All slots are mandatory unless they
 * say OPTIONAL.
 *
 * Errors every slot that talks to the engine may give: BUSY (retryable; a lock was not had in time), CONNECTION,
 * READ_ONLY, LIMIT (disk full, row too large), CORRUPT (`detail`: a table that is missing, where that is it), INTERNAL.
 * Those that execute may also give DUPLICATE (`detail`: the violated index) and STALE: a NOT NULL column was given
 * NULL, which is how a guarded statement says that its guard did not hold. When the engine has rolled the open
 * transaction back by itself (deadlock, lost connection), the error has `ended` set, and so has that of every call
 * until `rollback`, which alone still works. No error text ever holds a password. */
#ifndef FLEXDB_DRIVER_DRIVER_H
#define FLEXDB_DRIVER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/value.h"

enum { DRIVER_ABI = 1 };

/* A parsed database URL; see driver/url.h. All strings owned by the struct; absent parts are NULL, port 0. */
struct url {
    char *scheme; /* "sqlite", "mysql" */
    char *path;   /* sqlite: the file or ":memory:"; mysql: the database's name */
    char *user, *password, *host;
    unsigned port;
    char *socket, *ssl_mode; /* the known query parameters; an unknown one is refused by url_parse */
};

struct connect_options {
    double timeout; /* seconds a call may wait for a lock */
    bool read_only;
    bool create; /* sqlite: make the file when it is absent */
};

enum driver_capability {
    /* Several statements may be active at once (SQLite). Without it a result that is being stepped must be ended, or
     * read to its end, before any other statement runs. */
    DRIVER_CONCURRENT_READS = 1 << 0,
    /* DDL is part of the transaction. */
    DRIVER_TRANSACTIONAL_DDL = 1 << 1,
    /* The slot `function` is there. */
    DRIVER_FUNCTIONS = 1 << 2,
    /* The slot `change_counter` is there. */
    DRIVER_CHANGE_COUNTER = 1 << 3,
    /* One writer at a time, taken when the transaction begins: what a transaction has read cannot change under it. */
    DRIVER_SINGLE_WRITER = 1 << 4
};

/* What a READ transaction of a read-only connection has read does not change under it. */
enum transaction_mode { TRANSACTION_READ, TRANSACTION_WRITE };

/* A function that SQL may call: deterministic, without side effects. Values are borrowed for the call. `out` may borrow
 * from the arguments or from memory of `context`; text is copied by the driver. Returns 0; -FLEXDB_CORRUPT when what is
 * stored is not what it should be, -FLEXDB_INTERNAL when memory is out: the statement fails with that. */
typedef int (*driver_function)(void *context, const flexdb_value *arguments, size_t count, flexdb_value *out);

/* Both are the first member of a driver's own struct. */
struct connection {
    const struct driver *driver;
};
struct statement {
    struct connection *connection;
};

struct driver {
    uint32_t abi;          /* DRIVER_ABI */
    const char *scheme;    /* the URL's */
    const char *dialect;   /* "sqlite" or "mysql": chooses the SQL, see sql/dialect.h */
    unsigned capabilities; /* of enum driver_capability */

    /* Connects and sets the session up (safety, isolation, strictness, character set, timeouts). NOT_FOUND for an
     * absent file without `create`; CORRUPT for a file that is no database; CONNECTION for a refused login or no
     * server; READ_ONLY where a writable database was asked for and the file or folder cannot be written. The caller
     * closes. */
    int (*open)(struct connection **out, const struct url *url, const struct connect_options *options,
                flexdb_error *err);
    /* Closes, rolling back what is open; finalizes every statement that is left. Cannot fail; NULL is harmless. */
    void (*close)(struct connection *c);

    /* Prepares one statement with `?` parameters. The driver keeps finalized statements in a cache by their text, so
     * preparing the same text again is cheap. The caller finalizes. */
    int (*prepare)(struct statement **out, struct connection *c, const char *sql, size_t length, flexdb_error *err);
    /* Returns the statement to the cache: ends a result that is open, forgets the parameters. NULL is harmless. */
    void (*finalize)(struct statement *s);
    /* Binds parameters 0 … count-1, all of them, in order. ABSENT and NULL bind NULL; TEXT is text in UTF-8, BYTES
     * binary, JSON text. Borrowed: they must live until the statement has been executed (until the first step returns,
     * or run). FAULT may not be bound. */
    int (*bind)(struct statement *s, const flexdb_value *values, size_t count, flexdb_error *err);
    /* Executes at the first call, then moves on: 1 there is a row, 0 the result is at its end (reset is implied). */
    int (*step)(struct statement *s, flexdb_error *err);
    /* Column i (from 0) of the current row, borrowed until the next step, reset or finalize: NULL, INTEGER, NUMBER,
     * TEXT or BYTES. A server's DECIMAL and JSON come as TEXT. */
    int (*column)(struct statement *s, size_t i, flexdb_value *out, flexdb_error *err);
    /* Ends the result; the statement can be bound and stepped again. */
    void (*reset)(struct statement *s);
    /* Executes a statement without a result to its end; `affected` (may be NULL) is the number of rows that it
     * inserted, deleted or found for updating, also where the update left them as they were. */
    int (*run)(struct statement *s, int64_t *affected, flexdb_error *err);
    /* Executes the same statement once for each of `rows` rows of `width` values each, laid out one after the other, as
     * fast as the engine can (SQLite: several rows to a statement where the text ends with a tuple of parameters and
     * says OR FAIL, which keeps the rows before the one at fault). On an error an unknown number of the rows may have
     * been executed: the caller wraps it in a savepoint; `failed` is the 0-based row at fault where the driver knows
     * it, else `rows`. */
    int (*run_many)(struct statement *s, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err);
    /* Prepares, runs and finalizes a statement without parameters or result, outside the cache. For DDL. */
    int (*execute)(struct connection *c, const char *sql, size_t length, flexdb_error *err);

    /* TRANSACTION_WRITE takes the write lock at once where the engine has one (SQLite: BEGIN IMMEDIATE). */
    int (*begin)(struct connection *c, enum transaction_mode mode, flexdb_error *err);
    int (*commit)(struct connection *c, flexdb_error *err);
    /* Rolls back whatever is open; succeeds where the engine has ended the transaction already. */
    int (*rollback)(struct connection *c, flexdb_error *err);
    /* Savepoints are numbered by the caller, from 1 outward in. */
    int (*savepoint)(struct connection *c, unsigned number, flexdb_error *err);
    int (*release)(struct connection *c, unsigned number, flexdb_error *err);
    int (*rollback_to)(struct connection *c, unsigned number, flexdb_error *err);
    /* Whether the engine has a transaction open. */
    bool (*in_transaction)(struct connection *c);

    /* OPTIONAL (DRIVER_CHANGE_COUNTER): a number that changes when another connection has committed to the database, as
     * seen by the read transaction that is open now (ask after the first step of a statement). Costs nothing. */
    int (*change_counter)(struct connection *c, uint32_t *out, flexdb_error *err);
    /* OPTIONAL (DRIVER_FUNCTIONS): makes `name` callable in this connection's SQL with `count` arguments. `context`
     * must live as long as the connection. */
    int (*function)(struct connection *c, const char *name, int count, driver_function function, void *context,
                    flexdb_error *err);
};

/* Asserts that the ABI fits and every mandatory slot, and each that a capability promises, is there. UNSUPPORTED with
 * the reason otherwise. Called by whoever is handed a driver. */
int driver_check(const struct driver *d, flexdb_error *err);

/* The embedded engine, always there. */
extern const struct driver sqlite_driver;

#endif
