/* Writes into FlexDB's contacts while another process evolves them: three updates, one insert, each in a transaction of
 * its own, by the C API. usage: writer URL   see stall.h */
#include <stdbool.h>

#include "driver/mysql/mysql_driver.h"
#include "flexdb.h"
#include "model/validator.h"
#include "stall.h"

/* The first RECORDS are updated: every table of the bench has them. */
enum { SLOTS = 64, RECORDS = 1000, PATIENCE = 600 /* seconds */ };

struct writer {
    flexdb *db;
    flexdb_table *table;
    long inserted;
    char prefix[32];
};

static void fail(const flexdb_error *err) {
    fprintf(stderr, "writer: %s\n", err->message);
    exit(1);
}

static void set_text(const flexdb_validator *v, flexdb_value *given, const char *name, const char *text) {
    given[validator_slot(v, name, strlen(name))] = value_text(text, strlen(text));
}

static int write_record(struct writer *w, long i, bool inserts, flexdb_error *err) {
    const flexdb_validator *v = flexdb_table_validator(w->table);
    flexdb_value given[SLOTS] = {{.tag = FLEXDB_ABSENT}};
    flexdb_row row;
    struct contact c;
    char email[96];
    if (!inserts) {
        contact_id(&c, bench_pick(i, RECORDS));
        given[validator_slot(v, "age", 3)] = value_integer(i % 100);
        return flexdb_update(w->table, c.id, strlen(c.id), 0, v, given, &row, err);
    }
    contact_make(&c, i);
    snprintf(email, sizeof email, "%s.%ld@example.org", w->prefix, w->inserted);
    set_text(v, given, "name", c.name), set_text(v, given, "email", email), set_text(v, given, "status", c.status);
    set_text(v, given, "notes", c.notes), set_text(v, given, "company", c.company);
    int rc = flexdb_insert(w->table, v, given, &row, err);
    if (rc == 0) w->inserted++;
    return rc;
}

static void write_one(void *context, long i) {
    struct writer *w = context;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int rc;
    /* Under a definition that has changed meanwhile: laid out again. */
    while ((rc = write_record(w, i, i % 4 == 3, &err)) == -FLEXDB_STALE) error_clear(&err);
    if (rc != 0) fail(&err);
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: writer URL\n"), 2;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct writer w = {0};
    const char *scheme = flexdb_url_scheme(argv[1], strlen(argv[1]));
    bool server = scheme && strcmp(scheme, "mysql") == 0;
    const struct flexdb_options options = {
        .application = "bench", .timeout = PATIENCE, .driver = server ? &mysql_driver : NULL};
    if (flexdb_open(&w.db, argv[1], strlen(argv[1]), &options, &err) != 0) fail(&err);
    if (flexdb_open_table(&w.table, w.db, "contacts", strlen("contacts"), &err) != 0) fail(&err);
    snprintf(w.prefix, sizeof w.prefix, "writer%ld", (long)getpid());
    int rc = stall_measure(write_one, &w);
    flexdb_table_free(w.table);
    flexdb_free(w.db);
    return rc;
}
