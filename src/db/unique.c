#include "db/unique.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "db/record.h"

struct unique_rule unique_of_state(const struct table_state *s, const struct state_unique *u) {
    struct unique_rule rule = {.count = u->count};
    for (size_t i = 0; i < u->count; i++) rule.slots[i] = s->physicals[u->places[i]].slot;
    return rule;
}

bool unique_applies(const struct unique_rule *rule, const flexdb_value *values) {
    for (size_t i = 0; i < rule->count; i++)
        if (value_is_none(&values[rule->slots[i]])) return false;
    return true;
}

/* Without its text when memory is out. */
static void put_excerpt(struct buffer *out, const flexdb_value *value) {
    char *text = record_excerpt(value);
    if (text == NULL)
        out->failed = true;
    else
        buffer_puts(out, text);
    free(text);
}

struct unique_words unique_words(const struct validator *v, const struct unique_rule *rule,
                                 const flexdb_value *values) {
    const flexdb_shape *shape = validator_shape(v);
    struct buffer shown = BUFFER_INIT, got = BUFFER_INIT;
    if (rule->count > 1) buffer_put(&got, '[');
    for (size_t i = 0; i < rule->count; i++) {
        const flexdb_value *value = &values[rule->slots[i]];
        if (i != 0) {
            buffer_printf(&shown, "%s%s = ", i == 1 ? " with " : ", ", shape->fields[rule->slots[i]].name);
            buffer_put(&got, ',');
        }
        put_excerpt(&shown, value);
        put_excerpt(&got, value);
    }
    if (rule->count > 1) buffer_put(&got, ']');
    return (struct unique_words){.shown = buffer_take(&shown), .got = buffer_take(&got)};
}

void unique_words_free(struct unique_words *w) {
    free(w->shown);
    free(w->got);
}

void unique_taken(const struct validator *v, const struct unique_rule *rule, const flexdb_value *values,
                  flexdb_error *err) {
    struct unique_words words = unique_words(v, rule, values);
    error_issue(err, validator_shape(v)->fields[rule->slots[0]].name, "unique", NULL, words.got, "%s is taken",
                words.shown != NULL ? words.shown : "the value");
    unique_words_free(&words);
}
