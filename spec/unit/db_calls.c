#include "db_calls.h"

#include <stdio.h>

#include "db/engine.h"
#include "db/table.h"

void world_build(struct world *w, const struct driver *driver) {
    const struct db_place place = {"memory", "sqlite::memory:", driver};
    flexdb_error err = FLEXDB_ERROR_INIT;
    w->db = db_open(&place, false);
    w->companies = db_create(w->db, "companies", "{\"columns\":[{\"name\":\"name\",\"dataType\":\"string\"}]}");
    w->contacts = db_create(w->db, "contacts",
                            "{\"columns\":[{\"name\":\"email\",\"dataType\":\"string\",\"unique\":true},"
                            "{\"name\":\"age\",\"dataType\":\"integer\",\"indexed\":true},"
                            "{\"name\":\"company\",\"dataType\":\"reference\",\"validation\":"
                            "{\"targetTable\":\"companies\"}},{\"name\":\"rank\",\"dataType\":\"string\"}],\"indexes\":"
                            "[{\"columns\":[\"age\",\"company\"],\"unique\":"
                            "true},{\"columns\":[\"company\",\"email\"]}]}");
    DB_OK(db_insert(w->companies, "{\"id\":\"c1\",\"name\":\"Acme\"}", NULL, &err));
    DB_OK(db_insert(w->contacts, "{\"id\":\"a\",\"email\":\"a@x\",\"age\":1,\"company\":\"c1\"}", NULL, &err));
    DB_OK(db_insert(w->contacts, "{\"id\":\"b\",\"email\":\"b@x\",\"age\":2,\"rank\":\"c1\"}", NULL, &err));
    DB_OK(db_insert(w->contacts, "{\"id\":\"gone\",\"email\":\"g@x\",\"age\":3,\"rank\":\"007\"}", NULL, &err));
    DB_OK(flexdb_delete(w->contacts, "gone", 4, 0, false, &err));
}

void world_free(struct world *w) {
    flexdb_table_free(w->companies);
    flexdb_table_free(w->contacts);
    flexdb_free(w->db);
}

/* ---- the calls ---- */

static int do_insert(struct world *w, flexdb_error *err) {
    return db_insert(w->contacts, "{\"id\":\"n\",\"email\":\"n@x\",\"company\":\"c1\"}", NULL, err);
}
static int do_update(struct world *w, flexdb_error *err) {
    return db_update(w->contacts, "b", "{\"age\":9,\"company\":\"c1\"}", NULL, err);
}
static int do_upsert(struct world *w, flexdb_error *err) {
    flexdb_row row;
    bool inserted;
    const flexdb_validator *v = flexdb_table_validator(w->contacts);
    const flexdb_value *given = db_record(v, "{\"email\":\"u@x\",\"age\":5}");
    int rc = flexdb_upsert(w->contacts, "email", 5, v, given, &row, &inserted, err);
    return rc != 0 ? rc : flexdb_upsert(w->contacts, "email", 5, v, given, &row, &inserted, err);
}
static int do_delete(struct world *w, flexdb_error *err) { return flexdb_delete(w->contacts, "a", 1, 0, false, err); }
static int do_erase(struct world *w, flexdb_error *err) { return flexdb_delete(w->contacts, "a", 1, 0, true, err); }
static int do_restore(struct world *w, flexdb_error *err) { return flexdb_restore(w->contacts, "gone", 4, err); }
static int do_update_all(struct world *w, flexdb_error *err) {
    int64_t affected;
    const flexdb_validator *v = flexdb_table_validator(w->contacts);
    return flexdb_update_all(w->contacts, "", 0, true, v, db_record(v, "{\"age\":7}"), &affected, err);
}
static int do_delete_all(struct world *w, flexdb_error *err) {
    int64_t affected;
    return flexdb_delete_all(w->contacts, "", 0, true, false, &affected, err);
}
static int insert_many(struct world *w, bool skip, flexdb_error *err) {
    flexdb_batch *b = NULL;
    int rc = flexdb_batch_begin(&b, w->contacts, skip, 10, err);
    for (int i = 0; rc == 0 && i < 5; i++) {
        char json[96];
        /* The fourth is taken where bad ones may be skipped. */
        snprintf(json, sizeof json, "{\"email\":\"%d@x\",\"company\":\"c1\"}", skip && i == 3 ? 1 : i);
        const flexdb_validator *v = flexdb_table_validator(w->contacts);
        rc = flexdb_batch_add(b, v, db_record(v, json), err);
    }
    if (rc == 0) rc = flexdb_batch_finish(b, err);
    if (rc == 0 && skip) assert_int_equal(flexdb_batch_error_count(b), 1);
    flexdb_batch_free(b);
    return rc;
}
static int do_insert_many(struct world *w, flexdb_error *err) { return insert_many(w, false, err); }
static int do_insert_many_skip(struct world *w, flexdb_error *err) { return insert_many(w, true, err); }

static int evolve(struct world *w, const char *changes, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {.message = "m"};
    int rc = flexdb_evolve(w->contacts, changes, strlen(changes), &options, &out, err);
    buffer_free(&out);
    return rc;
}
static int do_evolve(struct world *w, flexdb_error *err) {
    return evolve(w,
                  "[{\"op\":\"rename_column\",\"name\":\"age\",\"to\":\"years\"},{\"op\":\"add_column\",\"column\":"
                  "{\"name\":\"vip\",\"dataType\":\"boolean\",\"defaultValue\":false}},{\"op\":\"modify_column\","
                  "\"name\":\"email\",\"set\":{\"required\":true}}]",
                  err);
}
static int do_rebuild(struct world *w, flexdb_error *err) {
    return evolve(w, "[{\"op\":\"modify_column\",\"name\":\"age\",\"set\":{\"unique\":true}}]", err);
}
/* Two that share a value stand in its way. */
static int do_rebuild_refused(struct world *w, flexdb_error *err) {
    int rc = db_insert(w->contacts, "{\"id\":\"n\",\"email\":\"n@x\",\"age\":1}", NULL, err);
    if (rc == -FLEXDB_DUPLICATE) { /* it was called before */
        error_clear(err);
        rc = 0;
    }
    if (rc == 0)
        rc = evolve(
            w,
            "[{\"op\":\"modify_column\",\"name\":\"age\",\"set\":{\"unique\":true}},{\"op\":\"add_column\",\"column\":"
            "{\"name\":\"vip\",\"dataType\":\"boolean\",\"defaultValue\":false,\"unique\":true}}]",
            err);
    if (rc != -FLEXDB_DUPLICATE) return rc;
    assert_int_equal(err->issue_count, 2);
    error_clear(err);
    return 0;
}
/* Of an index that a removed column has taken along. */
static int do_update_lapsed(struct world *w, flexdb_error *err) {
    int rc = db_update(w->contacts, "b", "{\"company\":\"c1\"}", NULL, err);
    if (rc == 0) rc = evolve(w, "[{\"op\":\"remove_column\",\"name\":\"company\"}]", err);
    if (rc == -FLEXDB_INVALID_SCHEMA) { /* it was called before */
        error_clear(err);
        rc = 0;
    }
    return rc == 0 ? db_update(w->contacts, "b", "{\"age\":1}", NULL, err) : rc;
}
static int do_index_lists(struct world *w, flexdb_error *err) {
    return evolve(w,
                  "[{\"op\":\"modify_table\",\"set\":{\"indexes\":[{\"columns\":[\"email\",\"age\"],\"unique\":true},"
                  "{\"columns\":[\"company\",\"email\"]}]}}]",
                  err);
}
/* Computed in the table that there is, with a check on what is computed. */
static int do_compute(struct world *w, flexdb_error *err) {
    return evolve(w,
                  "[{\"op\":\"add_column\",\"column\":{\"name\":\"next\",\"dataType\":\"integer\",\"validation\":"
                  "{\"computed\":\"age + 1\"}}},{\"op\":\"modify_table\",\"set\":{\"checks\":[{\"name\":\"low\","
                  "\"expression\":\"next < 100\",\"message\":\"low\"}]}}]",
                  err);
}
/* Computed into a new one; then written and refused. */
static int do_compute_and_write(struct world *w, flexdb_error *err) {
    int rc = evolve(w,
                    "[{\"op\":\"modify_table\",\"set\":{\"checks\":[{\"name\":\"low\",\"expression\":\"age < 100\"}]}},"
                    "{\"op\":\"add_column\",\"column\":{\"name\":\"label\",\"dataType\":\"text\",\"unique\":true,"
                    "\"validation\":{\"computed\":\"upper(email) .. age\"}}}]",
                    err);
    if (rc == -FLEXDB_INVALID_SCHEMA) { /* it was called before */
        error_clear(err);
        rc = 0;
    }
    if (rc == 0) rc = db_update(w->contacts, "b", "{\"age\":8}", NULL, err);
    if (rc == 0) rc = db_update(w->contacts, "b", "{\"age\":101,\"label\":\"x\"}", NULL, err);
    if (rc != -FLEXDB_INVALID_RECORD) return rc;
    assert_int_equal(err->issue_count, 2);
    error_clear(err);
    return 0;
}
static int do_evolve_and_back(struct world *w, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    int rc = flexdb_begin(w->db, err);
    if (rc != 0) return rc;
    rc = evolve(w, "[{\"op\":\"remove_column\",\"name\":\"age\"}]", err);
    if (rc == 0) rc = flexdb_rollback_to(w->contacts, 1, &options, &out, err);
    buffer_free(&out);
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (rc == 0) return flexdb_commit(w->db, err);
    flexdb_rollback(w->db, &ignored);
    error_clear(&ignored);
    return rc;
}

/* ---- writes that are done once ---- */

static const struct flexdb_once key = {.key = "k", .key_length = 1, .step = "step", .step_length = 4};

static int write_once(struct world *w, struct buffer *out, flexdb_error *err) {
    int rc = flexdb_once_begin(w->db, &key, out, err);
    if (rc != 0) return rc;
    rc = do_insert(w, err);
    return rc == 0 ? flexdb_once_end(w->db, &key, "{\"id\":\"n\"}", 10, err) : rc;
}
static int do_once(struct world *w, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    int rc = flexdb_begin(w->db, err);
    if (rc != 0) return rc;
    rc = write_once(w, &out, err);
    if (rc == 1) assert_string_equal(buffer_text(&out), "{\"id\":\"n\"}");
    buffer_free(&out);
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (rc >= 0) return flexdb_commit(w->db, err);
    flexdb_rollback(w->db, &ignored);
    error_clear(&ignored);
    return rc;
}
/* In a database of before there were keys. */
static int do_once_older(struct world *w, flexdb_error *err) {
    static const char drop[] = "DROP TABLE IF EXISTS flex_once";
    int rc =
        flexdb_transaction_depth(w->db) == 0 ? engine_run(w->db->engine, drop, sizeof drop - 1, NULL, 0, NULL, err) : 0;
    return rc == 0 ? do_once(w, err) : rc;
}
static int do_evolve_once(struct world *w, flexdb_error *err) {
    static const char changes[] = "[{\"op\":\"remove_column\",\"name\":\"age\"}]";
    struct buffer out = BUFFER_INIT, kept = BUFFER_INIT;
    struct flexdb_evolve_options options = {.once = &key};
    int rc = flexdb_once_find(w->db, &key, &kept, err);
    if (rc == 0) rc = flexdb_evolve(w->contacts, changes, sizeof changes - 1, &options, &out, err);
    if (rc == 1 && strncmp(buffer_text(&kept), "{\"tableId\":\"", 12) != 0) fail_msg("%s", buffer_text(&kept));
    buffer_free(&out);
    buffer_free(&kept);
    return rc > 0 ? 0 : rc;
}
/* All that the catalogue knows of the tables. */
static int do_tell(struct world *w, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    flexdb_table *t = NULL;
    const char *id = w->contacts->state->id;
    int rc = flexdb_tables(w->db, true, true, &out, err);
    if (rc == 0) rc = flexdb_table_info(w->db, id, strlen(id), &out, err);
    if (rc == 0) rc = flexdb_open_table_by_id(&t, w->db, id, strlen(id), err);
    flexdb_table_free(t);
    buffer_free(&out);
    return rc;
}

/* ---- retypes ---- */

#define RETYPE(name, fields) "[{\"op\":\"modify_column\",\"name\":\"" name "\",\"set\":{" fields "}}]"

static int do_retype(struct world *w, flexdb_error *err) {
    return evolve(w, RETYPE("rank", "\"dataType\":\"json\""), err);
}
static int do_retype_indexed(struct world *w, flexdb_error *err) {
    return evolve(w, RETYPE("age", "\"dataType\":\"text\""), err);
}

/* Over two retypes to the first type, where one record was written under each. */
static int retype_and_back(struct world *w, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {.on_invalid = FLEXDB_ON_INVALID_NULL};
    int rc = do_retype(w, err);
    if (rc == 0) rc = db_update(w->contacts, "b", "{\"rank\":\"17\"}", NULL, err);
    if (rc == 0) rc = evolve(w, RETYPE("rank", "\"dataType\":\"text\""), err);
    if (rc == 0) rc = db_update(w->contacts, "a", "{\"rank\":\"many\"}", NULL, err);
    if (rc == 0) rc = flexdb_rollback_to(w->contacts, 1, &options, &out, err);
    buffer_free(&out);
    return rc;
}
static int do_retype_and_back(struct world *w, flexdb_error *err) {
    int rc = flexdb_begin(w->db, err);
    if (rc != 0) return rc;
    rc = retype_and_back(w, err);
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (rc == 0) return flexdb_commit(w->db, err);
    flexdb_rollback(w->db, &ignored);
    error_clear(&ignored);
    return rc;
}

static int count_up(void *context, const struct flexdb_progress *at) {
    *(int64_t *)context = at->done;
    return 0;
}

/* A retype of what refers, a check, a column that goes and a unique one: everything that a plan counts. */
static int do_plan(struct world *w, flexdb_error *err) {
    static const char changes[] =
        "[{\"op\":\"modify_column\",\"name\":\"rank\",\"set\":{\"dataType\":\"reference\",\"validation\":"
        "{\"targetTable\":\"companies\"}}},{\"op\":\"remove_column\",\"name\":\"company\"},"
        "{\"op\":\"modify_column\",\"name\":\"email\",\"set\":{\"required\":true,\"dataType\":\"text\"}}]";
    struct buffer out = BUFFER_INIT;
    int64_t done = 0;
    struct flexdb_evolve_options options = {
        .dry_run = true, .on_invalid = FLEXDB_ON_INVALID_NULL, .on_progress = count_up, .progress_context = &done};
    int rc = flexdb_evolve(w->contacts, changes, sizeof changes - 1, &options, &out, err);
    if (rc == 0) assert_true(done > 0);
    buffer_free(&out);
    return rc;
}

static int do_create(struct world *w, flexdb_error *err) {
    static const char definition[] = "{\"columns\":[{\"name\":\"friend\",\"dataType\":\"reference\",\"validation\":"
                                     "{\"targetTable\":\"contacts\"}},{\"name\":\"n\",\"dataType\":\"integer\","
                                     "\"unique\":true}]}";
    flexdb_table *t = NULL;
    int rc = flexdb_create_table(&t, w->db, "friends", 7, definition, sizeof definition - 1, err);
    flexdb_table_free(t);
    return rc;
}
static int do_drop(struct world *w, flexdb_error *err) { return flexdb_drop_table(w->db, "contacts", 8, err); }
static int do_rename(struct world *w, flexdb_error *err) {
    flexdb_table *t = NULL;
    int rc = flexdb_rename_table(&t, w->db, "companies", 9, "firms", 5, err);
    flexdb_table_free(t);
    return rc;
}
/* A view that has to be made again behind an evolution. */
static int do_view(struct world *w, flexdb_error *err) {
    static const char query[] = "{\"filter\":{\"age\":{\"gte\":1}}}";
    flexdb_table *view = NULL;
    int64_t count = 0;
    int rc = flexdb_table_at(&view, w->contacts, 1, err);
    if (rc == 0) rc = flexdb_count(view, query, sizeof query - 1, &count, err);
    if (rc == 0) rc = evolve(w, "[{\"op\":\"modify_column\",\"name\":\"age\",\"set\":{\"displayName\":\"A\"}}]", err);
    if (rc == 0) rc = flexdb_count(view, query, sizeof query - 1, &count, err);
    if (rc == 0) assert_int_equal(count, 2);
    flexdb_table_free(view);
    return rc;
}

/* A purge of everything that can be purged; of a second call that goes on with it nothing is left to evolve. */
static int do_purge(struct world *w, flexdb_error *err) {
    const struct flexdb_purge_options options = {
        .keep_versions = 1, .deleted_before = "2100-01-01T00:00:00Z", .batch = 1};
    struct buffer out = BUFFER_INIT;
    flexdb_purge *p = NULL;
    int rc = 0;
    if (flexdb_table_version(w->contacts) == 1) rc = evolve(w, "[{\"op\":\"remove_column\",\"name\":\"age\"}]", err);
    if (rc == 0) rc = flexdb_purge_begin(&p, w->contacts, &options, err);
    if (rc == 0) rc = 1;
    while (rc == 1) rc = flexdb_purge_step(p, err);
    if (rc == 0) rc = flexdb_purge_result(p, &out, err);
    flexdb_purge_free(p);
    buffer_free(&out);
    return rc;
}

/* What doctor has to mend. */
static int hurt(struct world *w, flexdb_error *err) {
    struct engine *e = w->db->engine;
    const char *table = w->contacts->state->layout->table, *id = w->contacts->state->id;
    char sql[8][200];
    snprintf(sql[0], sizeof sql[0], "UPDATE %s SET c2 = 77 WHERE id = 'a'", table);
    snprintf(sql[1], sizeof sql[1], "UPDATE flex_tables SET display_name = 'x', indexed_columns = '{}' WHERE id = '%s'",
             id);
    snprintf(sql[2], sizeof sql[2], "UPDATE flex_tables SET storage = json_remove(storage, '$.referrers')");
    snprintf(sql[3], sizeof sql[3], "DELETE FROM flex_table_versions WHERE id = '%s:1'", id);
    snprintf(sql[4], sizeof sql[4], "DROP INDEX IF EXISTS %s_c2", table);
    snprintf(sql[5], sizeof sql[5], "DROP TABLE IF EXISTS %.45s_9", table);
    snprintf(sql[6], sizeof sql[6], "CREATE TABLE %.45s_9 (seq INT)", table);
    snprintf(sql[7], sizeof sql[7], "UPDATE %s SET version = 0, schema_version = 9 WHERE id = 'b'", table);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof sql / sizeof *sql; i++)
        rc = engine_run(e, sql[i], strlen(sql[i]), NULL, 0, NULL, err);
    return rc;
}

static int do_doctor(struct world *w, flexdb_error *err) {
    const struct flexdb_doctor_options options = {.repair = true};
    struct buffer out = BUFFER_INIT;
    flexdb_doctor *d = NULL;
    int rc = flexdb_transaction_depth(w->db) == 0 ? hurt(w, err) : 0;
    if (rc == 0) rc = flexdb_doctor_begin(&d, w->db, &options, err);
    if (rc == 0) rc = 1;
    while (rc == 1) rc = flexdb_doctor_step(d, err);
    if (rc == 0) rc = flexdb_doctor_report(d, &out, err);
    if (rc == 0 && strncmp(out.data, "{\"ok\":true", 10) != 0) fail_msg("%.*s", (int)out.length, out.data);
    flexdb_doctor_free(d);
    buffer_free(&out);
    return rc;
}

const struct world_call world_calls[] = {
    {"insert", do_insert, false},
    {"update", do_update, false},
    {"upsert, twice", do_upsert, true},
    {"delete", do_delete, false},
    {"delete for good", do_erase, false},
    {"restore", do_restore, false},
    {"update_all", do_update_all, false},
    {"delete_all", do_delete_all, false},
    {"insert_many", do_insert_many, false},
    {"insert_many that skips", do_insert_many_skip, false},
    {"evolve", do_evolve, false},
    {"evolve with a new physical table", do_rebuild, false},
    {"evolve where records share a value", do_rebuild_refused, true},
    {"evolve with other indexes", do_index_lists, false},
    {"evolve with expressions", do_compute, false},
    {"evolve with expressions in a new physical table, and write", do_compute_and_write, true},
    {"remove a column of an index, and repeat its values", do_update_lapsed, true},
    {"evolve and roll back in a transaction", do_evolve_and_back, false},
    {"retype in place", do_retype, false},
    {"retype with a new physical table", do_retype_indexed, false},
    {"retype twice and roll back in a transaction", do_retype_and_back, false},
    {"plan", do_plan, false},
    {"create_table", do_create, false},
    {"drop_table", do_drop, false},
    {"rename_table", do_rename, false},
    {"write once", do_once, false},
    {"write once in a database without keys", do_once_older, true},
    {"evolve once", do_evolve_once, false},
    {"tell of tables", do_tell, false},
    {"at, and evolve", do_view, true},
    {"evolve and purge", do_purge, true},
    {"doctor that mends", do_doctor, true},
    {NULL, NULL, false},
};
