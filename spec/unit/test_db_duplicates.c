/* Looking for values that live records share: both ways find what a brute force finds, however little room there is. */
#include "db/duplicates.h"

#include <stdio.h>

#include "db/duplicates_parts.h"
#include "db/table.h"
#include "db_bed.h"
#include "property.h"

enum { RECORDS = 3000, DISTINCT = 1700 };

/* Each value stands in a column with a physical one, and in one without. */
static const char definition[] =
    "{\"columns\":[{\"name\":\"s\",\"dataType\":\"string\",\"filterable\":true},"
    "{\"name\":\"n\",\"dataType\":\"integer\",\"filterable\":true},"
    "{\"name\":\"sd\",\"dataType\":\"string\"},{\"name\":\"nd\",\"dataType\":\"integer\"}]}";

/* What the records hold: -1 for no value. */
static struct {
    int s, n;
    bool deleted;
} model[RECORDS];

static void fill(struct property *p, flexdb_table *t) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_batch *b = NULL;
    DB_OK(flexdb_batch_begin(&b, t, false, 0, &err));
    for (int i = 0; i < RECORDS; i++) {
        model[i].s = property_below(p, 20) == 0 ? -1 : (int)property_below(p, DISTINCT);
        model[i].n = property_below(p, 20) == 0 ? -1 : (int)property_below(p, 2);
        model[i].deleted = property_below(p, 20) == 0;
        char json[160], *at = json;
        at += sprintf(at, "{\"id\":\"r%d\"", i);
        if (model[i].s >= 0) at += sprintf(at, ",\"s\":\"v%d\",\"sd\":\"v%d\"", model[i].s, model[i].s);
        if (model[i].n >= 0) at += sprintf(at, ",\"n\":%d,\"nd\":%d", model[i].n, model[i].n);
        sprintf(at, "}");
        const flexdb_validator *v = flexdb_table_validator(t);
        DB_OK(flexdb_batch_add(b, v, db_record(v, json), &err));
    }
    DB_OK(flexdb_batch_finish(b, &err));
    flexdb_batch_free(b);
    for (int i = 0; i < RECORDS; i++) {
        char id[16];
        int length = sprintf(id, "r%d", i);
        if (model[i].deleted) DB_OK(flexdb_delete(t, id, (size_t)length, 0, false, &err));
    }
}

/* A line for each shared value, of the first twenty: `v7 0: 3 of r1 r9 r12`, behind `values records`. */
static char *by_force(bool both) {
    struct buffer lines = BUFFER_INIT, out = BUFFER_INIT;
    int64_t values = 0, records = 0, kept = 0;
    for (int i = 0; i < RECORDS; i++) {
        int count = 0, earlier = 0;
        bool counts = !model[i].deleted && model[i].s >= 0 && (!both || model[i].n >= 0);
        struct buffer ids = BUFFER_INIT;
        for (int k = 0; counts && k < RECORDS; k++) {
            if (model[k].deleted || model[k].s != model[i].s || (both && model[k].n != model[i].n)) continue;
            earlier += k < i;
            if (count++ < DUPLICATES_IDS) buffer_printf(&ids, " r%d", k);
        }
        if (count > 1 && earlier == 0) {
            values++;
            records += count;
            if (kept++ < DUPLICATES_VALUES) {
                buffer_printf(&lines, both ? "\"v%d\" with n = %d: %d of" : "\"v%d\": %d of", model[i].s,
                              both ? model[i].n : count, count);
                buffer_puts(&lines, buffer_text(&ids) != NULL ? ids.data : "");
                buffer_put(&lines, '\n');
            }
        }
        buffer_free(&ids);
    }
    buffer_printf(&out, "%lld %lld\n", (long long)values, (long long)records);
    if (buffer_text(&lines) != NULL) buffer_puts(&out, lines.data);
    buffer_free(&lines);
    return buffer_take(&out);
}

static char *show(const struct duplicates *found) {
    struct buffer out = BUFFER_INIT;
    buffer_printf(&out, "%lld %lld\n", (long long)found->values, (long long)found->records);
    for (size_t i = 0; i < found->count; i++) {
        const struct duplicate_value *value = &found->kept[i];
        /* The columns without a physical one hold the same under other names. */
        const char *name = strstr(value->words.shown, "nd = ");
        if (name != NULL)
            buffer_printf(&out, "%.*sn%s", (int)(name - value->words.shown), value->words.shown, name + 2);
        else
            buffer_puts(&out, value->words.shown);
        buffer_printf(&out, ": %lld of", (long long)value->count);
        for (size_t k = 0; k < value->id_count; k++) buffer_printf(&out, " %s", value->ids[k]);
        buffer_put(&out, '\n');
    }
    return buffer_take(&out);
}

/* One rule, by one way; most_slots 0: by physical columns. */
static char *found_by(flexdb_table *t, const struct unique_rule *rule, size_t most_slots) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct duplicates *found = calloc(1, sizeof *found);
    assert_non_null(found);
    found->rule = *rule;
    found->kept = calloc(DUPLICATES_VALUES, sizeof *found->kept);
    struct duplicates_search s = {
        .from = t->state, .to = t->state->validator, .found = found, .most_slots = most_slots};
    int rc = most_slots == 0 ? duplicates_by_columns(&s, &err) : duplicates_by_documents(&s, &err);
    DB_OK(rc);
    assert_int_equal(rc, most_slots == 0);
    char *text = show(found);
    record_free(&s.record);
    buffer_free(&s.scratch);
    duplicates_free(found, 1);
    return text;
}

static void both_ways_find_what_a_brute_force_finds(void **state) {
    (void)state;
    struct property p = property_begin("duplicates");
    for (size_t place = 0; place < db_place_count; place++) {
        flexdb *db = db_open(&db_places[place], false);
        flexdb_table *t = db_create(db, "t", definition);
        fill(&p, t);
        for (int both = 0; both < 2; both++) {
            const struct unique_rule kept = {.count = both ? 2 : 1, .slots = {0, 1}},
                                     plain = {.count = both ? 2 : 1, .slots = {2, 3}};
            char *want = by_force(both);
            char *got = found_by(t, &kept, 0);
            if (strcmp(got, want) != 0) fail_msg("by columns\n%s\n%s", got, want);
            free(got);
            /* Room for all of them; for half; for a few, in many parts. */
            for (size_t slots = 1 << 12; slots >= 1 << 8; slots >>= 2) {
                got = found_by(t, &plain, slots);
                if (strcmp(got, want) != 0) fail_msg("by documents, %zu slots\n%s\n%s", slots, got, want);
                free(got);
            }
            free(want);
        }
        flexdb_table_free(t);
        flexdb_free(db);
    }
}

static void only_rules_that_are_to_come_are_looked_at(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(&db_places[0], false);
    flexdb_table *t = db_create(db, "t",
                                "{\"columns\":[{\"name\":\"a\",\"dataType\":\"integer\",\"unique\":true},"
                                "{\"name\":\"b\",\"dataType\":\"integer\"},{\"name\":\"c\",\"dataType\":\"integer\"}],"
                                "\"indexes\":[{\"columns\":[\"b\",\"c\"],\"unique\":true}]}");
    DB_OK(db_insert(t, "{\"id\":\"x\",\"a\":1,\"b\":1,\"c\":1}", NULL, &err));
    DB_OK(db_insert(t, "{\"id\":\"y\",\"a\":2,\"b\":1,\"c\":2}", NULL, &err));
    static const char next[] =
        "{\"columns\":[{\"name\":\"a\",\"key\":\"a\",\"dataType\":\"integer\",\"unique\":true},"
        "{\"name\":\"b\",\"key\":\"b\",\"dataType\":\"integer\",\"unique\":true},"
        "{\"name\":\"c\",\"key\":\"c\",\"dataType\":\"integer\",\"unique\":true}],"
        "\"indexes\":[{\"keys\":[\"b\",\"c\"],\"unique\":true},{\"keys\":[\"c\",\"b\"],\"unique\":true},"
        "{\"keys\":[\"a\",\"b\"]}]}";
    struct validator *v = NULL;
    DB_OK(validator_parse(&v, next, sizeof next - 1, DEFINITION_STORED, &err));
    struct duplicates *list;
    size_t count;
    DB_OK(duplicates_find(&list, &count, t->state, v, NULL, &err));
    assert_int_equal(count, 3); /* b; c; c and b */
    assert_int_equal(list[0].values, 1);
    assert_int_equal(list[0].records, 2);
    assert_int_equal(list[1].values + list[2].values, 0);
    assert_int_equal(list[2].rule.count, 2);
    assert_int_equal(duplicates_refuse(list, count, v, &err), -FLEXDB_DUPLICATE);
    assert_string_equal(err.message, "b: 1 is held by 2 records: x, y");
    assert_string_equal(err.issues[0].id, "y");
    error_clear(&err);
    assert_int_equal(duplicates_refuse(list + 1, 2, v, &err), 0);
    duplicates_free(list, count);
    validator_drop(v);
    flexdb_table_free(t);
    flexdb_free(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_find_what_a_brute_force_finds),
        cmocka_unit_test(only_rules_that_are_to_come_are_looked_at),
    };
    return cmocka_run_group_tests(tests, db_find_places, db_clear_places);
}
