/* The parts of a plan's document. Private to plan_*.c. */
#ifndef FLEXDB_DB_PLAN_PARTS_H
#define FLEXDB_DB_PLAN_PARTS_H

#include "base/document.h"
#include "db/duplicates.h"
#include "db/evolution.h"
#include "model/compatibility.h"

/* Each takes what it puts; false when memory is out. NULL texts are left out. */
static inline bool put(cJSON *object, const char *key, cJSON *item) {
    if (item != NULL && cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

static inline bool put_text(cJSON *object, const char *key, const char *text) {
    return text == NULL || put(object, key, cJSON_CreateString(text));
}

static inline bool put_count(cJSON *object, const char *key, int64_t count) {
    return put(object, key, document_new_integer(count));
}

/* A JSON text as it is. */
static inline bool put_json(cJSON *object, const char *key, const char *text) {
    return text == NULL || put(object, key, cJSON_CreateRaw(text));
}

/* An empty object at the end of a list; NULL when memory is out. */
static inline cJSON *add_object(cJSON *list) {
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && cJSON_AddItemToArray(list, object)) return object;
    cJSON_Delete(object);
    return NULL;
}

/* What stands in the way of unique rules that are to come. */
struct plan_duplicates {
    struct duplicates *list;
    size_t count;
};

/* A column is removed. */
static inline bool plan_goes(const struct compatibility_difference *d) { return d->from != NULL && d->to == NULL; }

/* A column comes back under the key that it had. */
static inline bool plan_comes_back(const struct evolution *ev, const struct compatibility_difference *d) {
    return d->from == NULL && d->to != NULL && ev->plan.returns[d->to - validator_definition(ev->to)->columns];
}

/* The differences between the two definitions. */
int plan_compare(struct compatibility *out, const struct evolution *ev, flexdb_error *err);
/* Why a difference makes values go that only a rollback brings back, or NULL: what could be lost does not count once it
 * was counted. */
const char *plan_destruction(const struct evolution *ev, const struct compatibility_difference *d);
/* What became of a column's values. */
bool plan_put_tally(cJSON *object, const struct evolution *ev, const struct convert_tally *t);
enum step_kind { STEP_METADATA, STEP_CHECK, STEP_CONVERT, STEP_INDEX };
/* A new step at the end of the list; NULL when memory is out, as where `text` is NULL. */
cJSON *plan_add_step(cJSON *list, enum step_kind kind, const char *text);
/* The values that records share under a unique rule. */
bool plan_put_shared(cJSON *step, const struct duplicates *found);
/* What became of its values, with samples. */
bool plan_put_values(cJSON *step, const struct evolution *ev, const struct convert_tally *t);
/* The steps of expressions (plan_checks.c): what computing a column anew comes to; a difference of checks; columns that
 * are computed anew, and checks that records are held against, for the sake of what they read alone. */
bool plan_put_computed(cJSON *step, const struct evolution *ev, const struct column *to);
bool plan_put_check_step(cJSON *list, const struct evolution *ev, const struct compatibility_difference *d);
bool plan_put_implied_steps(cJSON *list, const struct evolution *ev, const struct compatibility *c,
                            const struct plan_duplicates *duplicates);
/* All checks as they are, where the change touches one: it says them all. */
bool plan_put_checks_before(cJSON *plan, const struct evolution *ev, const struct compatibility *c);

/* The steps, one for each difference, and for what is said of the table itself. */
bool plan_put_steps(cJSON *list, const struct evolution *ev, const struct compatibility *c,
                    const struct plan_duplicates *duplicates);

#endif
