/* An expression that compiles gives, in one spelling and under other names, the same of the same record. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/formula.h"

#define COLUMNS(name)                                                                                                  \
    "{'columns':["                                                                                                     \
    "{'name':'" name "','key':'quantity','dataType':'integer'},"                                                       \
    "{'name':'price','dataType':'decimal','validation':{'precision':12,'scale':2}},"                                   \
    "{'name':'rate','dataType':'decimal','validation':{'precision':38,'scale':30}},"                                   \
    "{'name':'active','dataType':'boolean'},"                                                                          \
    "{'name':'name','dataType':'string'},"                                                                             \
    "{'name':'notes','dataType':'text'},"                                                                              \
    "{'name':'born','dataType':'date'},"                                                                               \
    "{'name':'seen','dataType':'datetime'},"                                                                           \
    "{'name':'tags','dataType':'json'},"                                                                               \
    "{'name':'none','dataType':'integer'},"                                                                            \
    "{'name':'end','dataType':'integer'}]}"

static flexdb_value text(const char *words) { return value_text(words, strlen(words)); }

/* In the order of the columns. */
static const flexdb_value *record(void) {
    static flexdb_value values[11];
    values[0] = value_integer(7);
    values[1] = text("19.90");
    values[2] = text("0.190000000000000000000000000000");
    values[3] = value_boolean(true);
    values[4] = text("Ada Lovelace");
    values[5] = text("  a caf\xc3\xa9\n ");
    values[6] = text("1815-12-10");
    values[7] = text("2024-05-01T10:00:00.250000Z");
    values[8] = (flexdb_value){.tag = FLEXDB_JSON, .length = 3, .as.text = "[1]"};
    values[10] = value_integer(3);
    return values;
}

struct answer {
    struct formula *formula;
    bool good;
    struct formula_fault fault;
    flexdb_value value;
    struct buffer scratch;
};

/* False, and nothing to free, where it is refused. */
static bool answer(struct answer *out, const struct validator *v, const char *words, size_t length) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    *out = (struct answer){0};
    if (!formula_compile(&out->formula, validator_definition(v), words, length, "here", &err)) {
        FUZZ_MUST(err.issue_count > 0, "refused without an issue");
        fuzz_refused(error_close_issues(&err, FLEXDB_INVALID_SCHEMA), &err);
        return false;
    }
    fuzz_done(0, &err);
    out->good = formula_evaluate(out->formula, record(), &out->scratch, &out->value, &out->fault);
    if (!out->good) {
        FUZZ_MUST(out->fault.kind != FORMULA_FAULT_NO_MEMORY && out->fault.kind != FORMULA_FAULT_VALUE, "%d",
                  (int)out->fault.kind);
        formula_issue(out->formula, &out->fault, "here", "computed", &err);
        fuzz_refused(error_close_issues(&err, FLEXDB_INVALID_RECORD), &err);
    }
    return true;
}

static void answer_free(struct answer *a) {
    formula_free(a->formula);
    buffer_free(&a->scratch);
}

static void must_answer(const struct answer *want, const struct validator *v, struct buffer *words) {
    struct answer got;
    FUZZ_MUST(answer(&got, v, words->data, words->length), "refused: %s", buffer_text(words));
    FUZZ_MUST(formula_type(got.formula) == formula_type(want->formula) && got.good == want->good &&
                  got.fault.kind == want->fault.kind,
              "%s", buffer_text(words));
    if (want->good) fuzz_must_be_value(&got.value, &want->value);
    answer_free(&got);
}

/* Another spelling, and another name for the first column. */
static void must_mean_the_same(const struct answer *want, const char *data, size_t length) {
    static struct validator *plain, *renamed;
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT, keys = BUFFER_INIT, keys_renamed = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (plain == NULL) plain = fuzz_validator(COLUMNS("quantity"), DEFINITION_STORED);
    if (renamed == NULL) renamed = fuzz_validator(COLUMNS("q"), DEFINITION_STORED);
    const struct definition *d = validator_definition(plain);
    FUZZ_MUST(formula_print(d, FORMULA_NAMES, data, length, &once), "not printed");
    must_answer(want, plain, &once);
    FUZZ_MUST(formula_print(d, FORMULA_NAMES, once.data, once.length, &twice), "%s", buffer_text(&once));
    fuzz_must_be_text(twice.data, twice.length, once.data, once.length, "the spelling");
    buffer_reset(&twice);
    if (formula_rename(data, length, "quantity", "q", &twice, "here", &err)) {
        must_answer(want, renamed, &twice);
        FUZZ_MUST(formula_print(d, FORMULA_KEYS, data, length, &keys), "not printed");
        FUZZ_MUST(formula_print(validator_definition(renamed), FORMULA_KEYS, twice.data, twice.length, &keys_renamed),
                  "not printed");
        fuzz_must_be_text(keys_renamed.data, keys_renamed.length, keys.data, keys.length, "by keys");
    } else {
        fuzz_refused(error_close_issues(&err, FLEXDB_INVALID_SCHEMA), &err);
    }
    buffer_free(&once);
    buffer_free(&twice);
    buffer_free(&keys);
    buffer_free(&keys_renamed);
}

void fuzz_expression(const char *data, size_t length) {
    static struct validator *v;
    struct answer a;
    if (v == NULL) v = fuzz_validator(COLUMNS("quantity"), DEFINITION_STORED);
    if (!answer(&a, v, data, length)) return;
    must_mean_the_same(&a, data, length);
    answer_free(&a);
}
