/* One suite for every driver, a function of the place: what may differ is told by capability flags and by what is
 * below, never by an engine's name. Each part adds its tests to a list; test_driver_conformance.c runs them. */
#ifndef FLEXDB_SPEC_DRIVER_SUITE_H
#define FLEXDB_SPEC_DRIVER_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/driver.h"
#include "driver/url.h"

struct place {
    const struct driver *driver;
    const char *url;
    bool shared; /* a second connection sees the same database */
};

/* What a test gets: a connection to an empty table `flexdb_t` (id, name unique, number, ratio, body, raw). */
struct fixture {
    const struct place *place;
    struct connection *c;
};

#define D(f) ((f)->place->driver)

struct suite {
    struct CMUnitTest tests[96];
    size_t count;
    struct place place;
};

void suite_add(struct suite *s, const char *name, CMUnitTestFunction function);
#define ADD(s, function) suite_add((s), #function, (function))

void suite_add_values(struct suite *s);
void suite_add_statements(struct suite *s);
void suite_add_results(struct suite *s);
void suite_add_bulk(struct suite *s);
void suite_add_transactions(struct suite *s);
void suite_add_two_connections(struct suite *s);

/* Opens the URL; fails the test when it does not open. */
struct connection *open_place(const struct place *p, double timeout, bool read_only);
/* The code with which the URL fails to open; its message in `message`. */
flexdb_code open_fails(const struct driver *d, const char *url, const struct connect_options *options,
                       char message[512]);

void must(int rc, flexdb_error *err);
/* Asserts that rc is -code and that the message holds `part`; clears the error. */
void expect_error(int rc, flexdb_error *err, flexdb_code code, const char *part);

void execute_sql(struct connection *c, const char *sql);
struct statement *prepare_sql(struct connection *c, const char *sql);
/* Prepares, binds, runs and finalizes; returns the number of affected rows. */
int64_t run_sql(struct connection *c, const char *sql, const flexdb_value *values, size_t count);
/* The same, returning what run returned, with the error left set. */
int try_sql(struct connection *c, const char *sql, const flexdb_value *values, size_t count, flexdb_error *err);
/* The first column of the first row, which must be an integer. */
int64_t integer_of(struct connection *c, const char *sql);
/* Inserts a row of flexdb_t with a name and a number. */
void insert_row(struct connection *c, int64_t id, const char *name, int64_t number);

static inline flexdb_value text_of(const char *text) { return value_text(text, strlen(text)); }

#endif
