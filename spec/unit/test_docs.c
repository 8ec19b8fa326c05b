/* The tables of the docs that are the code's own constant tables: they stand between two marks of a page, word for
 * word. FLEXDB_TEST_WRITE=1 writes them there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "model/compatibility.h"
#include "model/convert.h"

static const char begin_mark[] = "<!-- from the code: make unit T=test_docs -->\n", end_mark[] = "<!-- end -->\n";

static char *read_page(const char *path) {
    struct buffer text = BUFFER_INIT;
    char chunk[4096];
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("%s is missing", path);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) buffer_append(&text, chunk, n);
    fclose(file);
    return buffer_take(&text);
}

static void write_page(const char *path, const char *page, const char *begin, const struct buffer *table,
                       const char *end) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(page, 1, (size_t)(begin - page), file);
    fwrite(table->data, 1, table->length, file);
    fwrite(end, 1, strlen(end), file);
    assert_int_equal(fclose(file), 0);
}

/* Takes the table. */
static void hold(const char *path, struct buffer *table) {
    char *page = read_page(path), *begin = strstr(page, begin_mark);
    if (begin == NULL) fail_msg("%s has no mark %s", path, begin_mark);
    begin += sizeof begin_mark - 1;
    char *end = strstr(begin, end_mark);
    if (end == NULL) fail_msg("%s has no mark %s", path, end_mark);
    assert_false(buffer_failed(table));
    bool same = (size_t)(end - begin) == table->length && memcmp(begin, table->data, table->length) == 0;
    if (!same && getenv("FLEXDB_TEST_WRITE") != NULL) {
        write_page(path, page, begin, table, end);
    } else if (!same) {
        fail_msg("the table of %s is not that of the code: FLEXDB_TEST_WRITE=1 make unit T=test_docs writes it", path);
    }
    free(page);
    buffer_free(table);
}

/* ---- the tables ---- */

static void the_page_of_conversions_holds_every_pair(void **state) {
    (void)state;
    struct buffer out = BUFFER_INIT;
    buffer_puts(&out, "\n| class | means |\n|---|---|\n");
    for (int i = 0; i < CONVERT_CLASS_COUNT; i++) {
        enum convert_class class = (enum convert_class)i;
        buffer_printf(&out, "| %s | %s |\n", convert_class_name(class), convert_class_meaning(class));
    }
    for (int from = 0; from < TYPE_COUNT; from++) {
        buffer_printf(&out, "\n### From %s\n\n| to | | what becomes of a value |\n|---|---|---|\n",
                      column_type_name((enum column_type)from));
        for (int to = 0; to < TYPE_COUNT; to++) {
            const struct conversion_row *row = conversion_row((enum column_type)from, (enum column_type)to);
            if (from == to && from != TYPE_DECIMAL) continue;
            buffer_printf(&out, "| `%s` | %s | %s |\n", column_type_name((enum column_type)to),
                          convert_class_name(row->class), row->rule);
        }
    }
    buffer_put(&out, '\n');
    hold("docs/conversions.md", &out);
}

static const char *or_nothing(const char *text) { return text != NULL ? text : ""; }

static void the_page_of_compatibility_holds_every_change(void **state) {
    (void)state;
    struct buffer out = BUFFER_INIT;
    buffer_puts(&out, "\n| change | why it breaks backward | why it breaks forward |\n|---|---|---|\n");
    for (int i = 0; i < COMPATIBILITY_CHANGE_COUNT; i++) {
        const struct compatibility_row *row = compatibility_row((enum compatibility_change)i);
        buffer_printf(&out, "| %s | %s | %s |\n", row->change, or_nothing(row->backward), or_nothing(row->forward));
    }
    buffer_put(&out, '\n');
    hold("docs/compatibility.md", &out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_of_conversions_holds_every_pair),
        cmocka_unit_test(the_page_of_compatibility_holds_every_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
