/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
/* Every allocation of compiling, evaluating, rewriting and ordering expressions fails once: an error each time, nothing
 * lost, nothing broken. And an evaluation whose buffer is large enough allocates nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_memory.h"
#include "formulas.h"

/* Folds texts, compiles a pattern, joins what it makes; enough of everything that each array grows. */
static const char expression[] =
    "choose(matches(name, 'A' .. 'd' .. \"a\\x20\"), upper(name .. 'x' .. 1 .. 2 .. 3 .. 4 .. 5 .. quantity .. 6 .. "
    "quantity .. 7 .. quantity .. 8 .. quantity .. 9 .. quantity .. 10 .. quantity .. 11 .. quantity .. 12 .. "
    "quantity) "
    ".. price, coalesce(no_text, trim(notes)))";

static bool is_no_memory(flexdb_error *err) {
    bool good = err->code == FLEXDB_INTERNAL;
    error_clear(err);
    return good;
}

/* True when all of it went well; where not, memory was out. */
static bool use(const struct definition *d, const flexdb_value *values) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct formula *f = NULL;
    struct buffer scratch = BUFFER_INIT, text = BUFFER_INIT;
    struct formula_fault fault;
    flexdb_value out;
    bool good = formula_compile(&f, d, expression, sizeof expression - 1, "", &err);
    if (!good && !is_no_memory(&err)) fail_msg("compiling failed otherwise");
    if (good && !formula_evaluate(f, values, &scratch, &out, &fault)) {
        /* a pattern that has no memory for its match says that it cannot go on */
        assert_true(fault.kind == FORMULA_FAULT_NO_MEMORY || fault.kind == FORMULA_FAULT_PATTERN);
        formula_issue(f, &fault, "", "computed", &err);
        error_clear(&err);
        good = false;
    }
    if (good && !formula_print(d, FORMULA_KEYS, expression, sizeof expression - 1, &text)) good = false;
    if (good && !formula_rename(expression, sizeof expression - 1, "name", "title", &text, "", &err)) {
        assert_true(is_no_memory(&err));
        good = false;
    }
    if (good) {
        const struct formula *formulas[FORMULA_COLUMNS] = {[COLUMN_NO_TEXT] = f, [COLUMN_END] = f};
        uint32_t order[FORMULA_COLUMNS];
        size_t count;
        good = formula_order(d, formulas, order, &count, &err);
        assert_true(err.issue_count == 1 || err.code == FLEXDB_INTERNAL); /* no_text reads itself */
        good = err.code == FLEXDB_OK;
        error_clear(&err);
    }
    formula_free(f);
    buffer_free(&scratch);
    buffer_free(&text);
    return good;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS];
    formula_record(values);
    long n = 0;
    for (;; n++) {
        memory_left = n;
        bool good = use(d, values);
        bool reached = memory_left < 0;
        memory_left = -1;
        if (!reached) {
            assert_true(good);
            break;
        }
    }
    assert_true(n > 20);
    definition_free(d);
}

static void evaluating_allocates_nothing(void **state) {
    (void)state;
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS], out;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct formula *f = NULL;
    struct formula_fault fault;
    struct buffer scratch = BUFFER_INIT;
    formula_record(values);
    assert_true(formula_compile(&f, d, expression, sizeof expression - 1, "", &err));
    assert_true(formula_evaluate(f, values, &scratch, &out, &fault));
    size_t before = memory_asked;
    for (int i = 0; i < 100; i++) {
        buffer_reset(&scratch);
        assert_true(formula_evaluate(f, values, &scratch, &out, &fault));
    }
    assert_int_equal(memory_asked, before);
    formula_free(f);
    buffer_free(&scratch);
    definition_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(evaluating_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
