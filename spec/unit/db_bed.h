/* A database for the tests of src/db: records go in and come out as JSON. */
#ifndef FLEXDB_SPEC_DB_BED_H
#define FLEXDB_SPEC_DB_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/driver.h"
#include "flexdb.h"

/* Where a test runs. */
struct db_place {
    const char *name, *url;
    const struct driver *driver;
};

/* Places that two connections can share: a new file in a temporary folder, and behind it the server of
 * FLEXDB_TEST_MYSQL_URL where there is one. Found and cleared by the set-up and the tear-down of a group. */
enum { DB_PLACES = 2 };
extern struct db_place db_places[DB_PLACES];
extern size_t db_place_count;
int db_find_places(void **state);
int db_clear_places(void **state);

/* Opens an application that nobody else has, or the same again with `again`. */
flexdb *db_open(const struct db_place *place, bool again);

flexdb_table *db_create(flexdb *db, const char *name, const char *definition);
/* A vector laid out from a JSON object; what is no column is ignored. The values hold until the next call. */
extern bool db_laying_out; /* what is allocated meanwhile is the test's own */
const flexdb_value *db_record(const flexdb_validator *v, const char *json);
/* Laid out and laid out again while the definition moves. */
int db_insert(flexdb_table *t, const char *json, flexdb_row *row, flexdb_error *err);
int db_update(flexdb_table *t, const char *id, const char *json, flexdb_row *row, flexdb_error *err);

/* The value of a field as text: `36`, `ada`, `-` for none. Holds until the fourth call after it. */
const char *db_field(const flexdb_row *row, const char *name);
/* The records of a query, a line each: `id name=value …` of the user's columns. Freed by the caller. */
char *db_list(flexdb_table *t, const char *query);
/* Everything that the application holds: tables, histories, records with their versions and times. Freed by the caller.
 */
char *db_dump(flexdb *db);

/* Fails the test with the error's message when rc is negative. */
void db_ok_(int rc, flexdb_error *err, const char *call, const char *file, int line);
#define DB_OK(call) db_ok_((call), &err, #call, __FILE__, __LINE__)
/* The call fails with this code and this message (NULL: any); the error is cleared. */
void db_fails_(int rc, flexdb_error *err, flexdb_code code, const char *message, const char *file, int line);
#define DB_FAILS(call, code, message) db_fails_((call), &err, (code), (message), __FILE__, __LINE__)

#endif
