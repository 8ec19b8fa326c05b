#include "db/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/duplicates_parts.h"

/* ---- which rules are to come ---- */

bool duplicates_change(const struct duplicates_source *source, const struct unique_rule *rule) {
    if (source == NULL || source->changed == NULL) return false;
    for (size_t i = 0; i < rule->count; i++)
        if (source->changed[rule->slots[i]]) return true;
    return false;
}

/* Whether the state keeps the same columns, by their keys, apart already. */
static bool is_enforced(const struct table_state *from, const struct validator *to, const struct unique_rule *rule) {
    for (size_t i = 0; i < from->unique_count; i++) {
        const struct state_unique *u = &from->uniques[i];
        size_t k = 0;
        if (u->count != rule->count) continue;
        while (k < u->count && strcmp(from->physicals[u->places[k]].column->key,
                                      validator_column(to, rule->slots[k])->column->key) == 0)
            k++;
        if (k == u->count) return true;
    }
    return false;
}

static size_t count_rules(const struct validator *v) {
    const struct definition *d = validator_definition(v);
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++) count += d->columns[i].unique;
    for (size_t i = 0; i < d->index_count; i++) count += d->indexes[i].unique;
    return count;
}

static void add_rule(struct duplicates *list, size_t *count, const struct table_state *from, const struct validator *to,
                     const struct duplicates_source *source, const struct unique_rule *rule) {
    if (!is_enforced(from, to, rule) || duplicates_change(source, rule)) list[(*count)++].rule = *rule;
}

static void list_rules(struct duplicates *list, size_t *count, const struct table_state *from,
                       const struct validator *to, const struct duplicates_source *source) {
    const struct definition *d = validator_definition(to);
    for (size_t i = 0; i < d->count; i++) {
        const struct unique_rule rule = {.count = 1, .slots = {i}};
        if (d->columns[i].unique) add_rule(list, count, from, to, source, &rule);
    }
    for (size_t i = 0; i < d->index_count; i++) {
        struct unique_rule rule = {.count = d->indexes[i].count};
        memcpy(rule.slots, d->indexes[i].columns, sizeof rule.slots);
        if (d->indexes[i].unique) add_rule(list, count, from, to, source, &rule);
    }
}

/* ---- looking ---- */

int duplicates_batch(struct duplicates_search *s, const struct raw_record *batch, size_t count, flexdb_error *err) {
    return s->source != NULL ? s->source->batch(s->source->context, batch, count, err) : 0;
}

int duplicates_read(struct duplicates_search *s, const struct raw_record *raw, flexdb_error *err) {
    if (s->source != NULL) return s->source->read(s->source->context, raw, &s->values, err);
    int rc = record_decode(s->to, raw, NULL, &s->record, err);
    s->values = s->record.values;
    return rc;
}

int duplicates_add(struct duplicates_search *s, struct duplicate_value *value, const char *id, size_t length,
                   flexdb_error *err) {
    if (value->words.got == NULL && value->words.shown == NULL)
        value->words = unique_words(s->to, &s->found->rule, s->values);
    value->ids[value->id_count] = text_dup(id, length);
    if (value->ids[value->id_count] == NULL) return error_no_memory(err);
    value->id_count++;
    return 0;
}

static int look(struct duplicates *found, struct table_state *from, const struct validator *to,
                const struct duplicates_source *source, flexdb_error *err) {
    struct duplicates_search s = {
        .from = from, .to = to, .source = source, .found = found, .most_slots = DUPLICATES_SLOTS};
    found->kept = calloc(DUPLICATES_VALUES, sizeof *found->kept);
    if (found->kept == NULL) return error_no_memory(err);
    int rc = duplicates_by_columns(&s, err);
    if (rc == 0) rc = duplicates_by_documents(&s, err);
    record_free(&s.record);
    buffer_free(&s.scratch);
    return rc < 0 ? rc : 0;
}

void duplicates_free(struct duplicates *list, size_t count) {
    for (size_t i = 0; list != NULL && i < count; i++) {
        for (size_t k = 0; list[i].kept != NULL && k < DUPLICATES_VALUES; k++) {
            struct duplicate_value *value = &list[i].kept[k];
            unique_words_free(&value->words);
            for (size_t n = 0; n < value->id_count; n++) free(value->ids[n]);
        }
        free(list[i].kept);
    }
    free(list);
}

int duplicates_find(struct duplicates **out, size_t *count, struct table_state *from, const struct validator *to,
                    const struct duplicates_source *source, flexdb_error *err) {
    *out = NULL;
    *count = 0;
    struct duplicates *list = calloc(count_rules(to) + 1, sizeof *list);
    if (list == NULL) return error_no_memory(err);
    size_t rules = 0;
    list_rules(list, &rules, from, to, source);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rules; i++) rc = look(&list[i], from, to, source, err);
    if (rc != 0) {
        duplicates_free(list, rules);
        return rc;
    }
    *out = list;
    *count = rules;
    return 0;
}

/* ---- telling ---- */

/* `"ada" is held by 3 records: a, b, c`; what is not named is counted. */
static void put_message(const struct duplicate_value *value, struct buffer *out) {
    buffer_puts(out, value->words.shown != NULL ? value->words.shown : "a value");
    buffer_printf(out, " is held by %lld records: ", (long long)value->count);
    for (size_t i = 0; i < value->id_count; i++) {
        if (i != 0) buffer_puts(out, ", ");
        buffer_puts(out, value->ids[i]);
    }
    int64_t more = value->count - (int64_t)value->id_count;
    if (more > 0) buffer_printf(out, " and %lld more", (long long)more);
}

static int add_issue(const struct duplicate_value *value, const char *path, flexdb_error *err) {
    struct buffer message = BUFFER_INIT;
    put_message(value, &message);
    const char *text = buffer_text(&message);
    flexdb_issue *issue = text == NULL ? NULL : error_issue(err, path, "unique", NULL, value->words.got, "%s", text);
    buffer_free(&message);
    if (issue == NULL) return error_no_memory(err);
    const char *id = value->ids[value->id_count > 1 ? 1 : 0];
    return error_issue_id(err, issue, id, strlen(id));
}

/* One value tells its own story; of several the first does, behind how many there are. */
static int close_issues(int64_t values, int64_t records, flexdb_error *found, flexdb_error *err) {
    const flexdb_issue *first = &found->issues[0];
    int rc = values == 1
                 ? error_set(err, FLEXDB_DUPLICATE, "%s: %s", first->path, first->message)
                 : error_set(err, FLEXDB_DUPLICATE, "%lld values are held more than once, by %lld records: %s: %s",
                             (long long)values, (long long)records, first->path, first->message);
    err->issues = found->issues;
    err->issue_count = found->issue_count;
    err->issue_capacity = found->issue_capacity;
    *found = FLEXDB_ERROR_INIT;
    return rc;
}

int duplicates_refuse(const struct duplicates *list, size_t count, const struct validator *to, flexdb_error *err) {
    flexdb_error found = FLEXDB_ERROR_INIT;
    int64_t values = 0, records = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *path = validator_shape(to)->fields[list[i].rule.slots[0]].name;
        values += list[i].values;
        records += list[i].records;
        for (size_t k = 0; rc == 0 && k < list[i].count; k++)
            if (list[i].kept[k].id_count != 0) rc = add_issue(&list[i].kept[k], path, &found);
    }
    if (rc != 0)
        error_repeat(err, &found);
    else if (found.issue_count != 0)
        rc = close_issues(values, records, &found, err);
    error_clear(&found);
    return rc;
}
