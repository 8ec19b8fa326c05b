/* Compatibility: which change breaks which, and that what is said to be compatible is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"
#include "model/codec.h"
#include "model/compatibility.h"

#define COUNT(array)       (sizeof(array) / sizeof *(array))
#define A(type, rules)     "{'name':'a','dataType':'" type "','validation':{" rules "}}"
#define FLAGGED(type, set) "{'name':'a','dataType':'" type "'," set "}"

#define PAIR "{'name':'a','dataType':'integer'},{'name':'b','dataType':'text'}"

/* Columns; or behind a plus what a table of the two above says besides. */
static struct validator *table_of(const char *columns) {
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, columns[0] == '+' ? "{'columns':[" PAIR "]%s}" : "{'columns':[%s]}",
                  columns + (columns[0] == '+'));
    struct validator *v = validator_of(buffer_text(&text), DEFINITION_STORED);
    buffer_free(&text);
    return v;
}

/* Each difference on a line: the words, then B, F, breaking (!) and destructive (-) as they apply. */
static char *show(const struct compatibility *c) {
    struct buffer out = BUFFER_INIT;
    bool backward = false, forward = false, breaking = false, destructive = false;
    for (size_t i = 0; i < c->count; i++) {
        const struct compatibility_row *row = compatibility_row(c->differences[i].change);
        if (i > 0) buffer_put(&out, '\n');
        compatibility_tell(&c->differences[i], &out);
        buffer_printf(&out, " [%s%s%s%s]", row->backward != NULL ? "B" : "", row->forward != NULL ? "F" : "",
                      row->breaking != NULL ? "!" : "", row->destructive != NULL ? "-" : "");
        backward = backward || row->backward != NULL;
        forward = forward || row->forward != NULL;
        breaking = breaking || row->breaking != NULL;
        destructive = destructive || row->destructive != NULL;
    }
    assert_true(c->breaks_backward == backward && c->breaks_forward == forward);
    assert_true(c->breaking == breaking && c->destructive == destructive);
    char *text = buffer_take(&out);
    for (char *p = text; p != NULL && *p != '\0'; p++) {
        if (*p == '"') *p = '\'';
    }
    return text != NULL ? text : strdup("");
}

struct scenario {
    const char *sentence, *from, *to, *differences;
};

static void run(const struct scenario *s) {
    struct validator *from = table_of(s->from), *to = table_of(s->to);
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct compatibility c;
    assert_int_equal(compatibility_compare(&c, from, to, NULL, &err), 0);
    char *text = show(&c);
    if (strcmp(text, s->differences) != 0) fail_msg("%s:\n%s", s->sentence, text);
    free(text);
    compatibility_clear(&c);
    validator_drop(from);
    validator_drop(to);
}

#define RUN(scenarios)                                                                                                 \
    for (size_t i_ = 0; i_ < COUNT(scenarios); i_++) run(&(scenarios)[i_])

static void columns_come_and_go(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"nothing", A("string", ""), A("string", ""), ""},
        {"an optional column", "", A("string", ""), "'a' is added []"},
        {"a required column", "", FLAGGED("string", "'required':true"),
         "'a' is added, required and without a default [B!]"},
        {"a required column with a default", "", FLAGGED("string", "'required':true,'defaultValue':'x'"),
         "'a' is added []"},
        {"a required column with an initial default", "", FLAGGED("string", "'required':true,'initialDefault':'x'"),
         "'a' is added []"},
        {"an optional column goes", A("string", ""), "", "'a' is removed [!-]"},
        {"a required column goes", FLAGGED("string", "'required':true"), "",
         "'a' is removed, which was required [F!-]"},
        {"a required column goes whose default is for writers", FLAGGED("string", "'required':true,'defaultValue':'x'"),
         "", "'a' is removed, which was required [F!-]"},
        {"a required column goes that old documents lack", FLAGGED("string", "'required':true,'initialDefault':'x'"),
         "", "'a' is removed [!-]"},
        {"a rename", A("string", ""), "{'name':'b','key':'a','dataType':'string'}", "'a' is renamed to 'b' [F!]"},
        {"a swap of names", "{'name':'a','key':'k1','dataType':'string'},{'name':'b','key':'k2','dataType':'string'}",
         "{'name':'b','key':'k1','dataType':'string'},{'name':'a','key':'k2','dataType':'string'}",
         "'a' is renamed to 'b' [F!]\n'b' is renamed to 'a' [F!]"},
        {"removed and added again", A("string", ""), "{'name':'a','key':'a_2','dataType':'string'}",
         "'a' is added []\n'a' is removed [!-]"},
        {"another order",
         "{'name':'a','dataType':'string'},{'name':'b','dataType':'string'},{'name':'c','dataType':'string'}",
         "{'name':'c','dataType':'string'},{'name':'a','dataType':'string'},{'name':'b','dataType':'string'}",
         "'a' stands elsewhere []\n'b' stands elsewhere []"},
        {"words", FLAGGED("string", "'displayName':'A'"), FLAGGED("string", "'displayName':'B','description':'b'"),
         "'a' is described otherwise []"},
    };
    RUN(scenarios);
}

static void types_change(void **state) {
    (void)state;
#define TO(type, rules) "{'name':'a','key':'a_2','dataType':'" type "','validation':{" rules "}}"
    static const struct scenario scenarios[] = {
        {"a number becomes a text", A("integer", ""), TO("string", ""), "'a' becomes string (was integer) [F!]"},
        {"a number becomes a text of two", A("integer", ""), TO("string", "'maxLength':2"),
         "'a' becomes string (was integer) [BF!]"},
        {"a number becomes a text that matches", A("integer", ""), TO("text", "'pattern':'^1'"),
         "'a' becomes text (was integer) [BF!]"},
        {"a text becomes a number", A("string", ""), TO("integer", ""), "'a' becomes integer (was string) [BF!-]"},
        {"a text becomes a date", A("string", ""), TO("date", ""), "'a' becomes date (was string) [BF!]"},
        {"a datetime becomes a date", A("datetime", ""), TO("date", ""), "'a' becomes date (was datetime) [BF!-]"},
        {"a date becomes a number", A("date", ""), TO("integer", ""), "'a' becomes integer (was date) [BF!-]"},
        {"a string becomes a text", A("string", ""), TO("text", ""), "'a' becomes text (was string) [F]"},
        {"a text becomes a string", A("text", ""), TO("string", ""), "'a' becomes string (was text) [BF!]"},
        {"a short text becomes a string", A("text", "'maxLength':9"), TO("string", ""),
         "'a' becomes string (was text) [F]"},
        {"more decimals", A("decimal", "'precision':12,'scale':2"), TO("decimal", "'precision':14,'scale':4"),
         "'a' becomes decimal(14,4) (was decimal(12,2)) [F!]"},
        {"more decimals in the same room", A("decimal", "'precision':12,'scale':2"),
         TO("decimal", "'precision':12,'scale':4"), "'a' becomes decimal(12,4) (was decimal(12,2)) [BF!]"},
        {"fewer decimals", A("decimal", "'precision':12,'scale':2"), TO("decimal", "'precision':12,'scale':1"),
         "'a' becomes decimal(12,1) (was decimal(12,2)) [BF!-]"},
        {"a decimal becomes a string that has room for its sign and zero", A("decimal", "'precision':2,'scale':2"),
         TO("string", "'maxLength':5"), "'a' becomes string (was decimal) [F!]"},
        {"a decimal becomes a string that has not", A("decimal", "'precision':2,'scale':2"),
         TO("string", "'maxLength':4"), "'a' becomes string (was decimal) [BF!]"},
        {"another name with another type", A("string", ""), "{'name':'b','key':'a_2','dataType':'integer'}",
         "'b' is added []\n'a' is removed [!-]"},
        {"another type beside the old one", A("string", ""),
         "{'name':'b','key':'a','dataType':'string'},{'name':'a','key':'a_2','dataType':'integer'}",
         "'a' is renamed to 'b' [F!]\n'a' is added []"},
        {"required with another type", A("date", ""), "{'name':'a','key':'a_2','dataType':'datetime','required':true}",
         "'a' becomes datetime (was date) [F!]\n'a' becomes required [B!]"},
    };
    RUN(scenarios);
}

static void rules_become_tighter_and_looser(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"required", A("string", ""), FLAGGED("string", "'required':true"), "'a' becomes required [B!]"},
        {"required no more", FLAGGED("string", "'required':true"), A("string", ""), "'a' is no longer required [F!]"},
        {"a shorter limit", A("string", ""), A("string", "'maxLength':254"), "'a' allows fewer lengths [B!]"},
        {"a longer limit", A("string", ""), A("string", "'maxLength':256"), "'a' allows more lengths [F]"},
        {"the limit that is there anyway", A("string", ""), A("string", "'maxLength':255"), ""},
        {"a least length", A("text", ""), A("text", "'minLength':1"), "'a' allows fewer lengths [B!]"},
        {"both ends move", A("string", "'minLength':1,'maxLength':5"), A("string", "'minLength':2,'maxLength':6"),
         "'a' allows fewer lengths [B!]\n'a' allows more lengths [F]"},
        {"a least number", A("integer", ""), A("integer", "'min':0"), "'a' has a narrower range [B!]"},
        {"a greater least number", A("integer", "'min':'9007199254740993'"), A("integer", "'min':'9007199254740994'"),
         "'a' has a narrower range [B!]"},
        {"a greatest number goes", A("integer", "'max':9"), A("integer", ""), "'a' has a wider range [F]"},
        {"a range moves", A("decimal", "'min':'1','max':'2'"), A("decimal", "'min':'1.5','max':'2.5'"),
         "'a' has a narrower range [B!]\n'a' has a wider range [F]"},
        {"a range of days", A("date", "'min':'2000-01-01'"), A("date", "'min':'1999-12-31'"),
         "'a' has a wider range [F]"},
        {"one instant written twice", A("datetime", "'min':'2000-01-01T00:00:00Z'"),
         A("datetime", "'min':'2000-01-01T01:00:00+01:00'"), ""},
        {"a list", A("string", ""), A("string", "'enum':['x']"), "'a' allows fewer values [B!]"},
        {"a longer list", A("string", "'enum':['x']"), A("string", "'enum':['y','x']"), "'a' allows more values [F]"},
        {"another list", A("integer", "'enum':[1,2]"), A("integer", "'enum':[2,3]"),
         "'a' allows fewer values [B!]\n'a' allows more values [F]"},
        {"the same list in another order", A("integer", "'enum':[1,2]"), A("integer", "'enum':[2,'1']"), ""},
        {"a pattern", A("string", ""), A("string", "'pattern':'x'"), "'a' gets a pattern or a format [B!]"},
        {"another pattern", A("string", "'pattern':'x'"), A("string", "'pattern':'y'"),
         "'a' gets another pattern or format [BF!]"},
        {"no pattern", A("string", "'pattern':'x'"), A("string", ""), "'a' loses its pattern or format [F]"},
        {"a format for a pattern", A("string", "'pattern':'x'"), A("string", "'format':'email'"),
         "'a' loses its pattern or format [F]\n'a' gets a pattern or a format [B!]"},
        {"less precision", A("decimal", ""), A("decimal", "'precision':17"), "'a' has a smaller precision [B!]"},
        {"more precision", A("decimal", ""), A("decimal", "'precision':19"), "'a' has a greater precision [F]"},
        {"unique", A("string", ""), FLAGGED("string", "'unique':true"), "'a' becomes unique [B!]"},
        {"unique no more", FLAGGED("string", "'unique':true"), A("string", ""), "'a' is no longer unique [F!]"},
        {"another target", A("reference", "'targetTable':'x'"), A("reference", "'targetTable':'y'"),
         "'a' refers to another table [BF!]"},
        {"the target renamed", A("reference", "'targetTable':'x','targetId':'1'"),
         A("reference", "'targetTable':'y','targetId':'1'"), ""},
        {"onDelete", A("reference", "'targetTable':'x'"), A("reference", "'targetTable':'x','onDelete':'cascade'"),
         "'a' has another onDelete []"},
        {"a default", A("integer", ""), FLAGGED("integer", "'defaultValue':1"), "'a' has another default []"},
        {"another default", FLAGGED("integer", "'defaultValue':1"), FLAGGED("integer", "'defaultValue':2"),
         "'a' has another default []"},
        {"the default of a required column goes", FLAGGED("integer", "'required':true,'defaultValue':1"),
         FLAGGED("integer", "'required':true"), "'a' loses its default [!]"},
        {"the default of an optional column goes", FLAGGED("integer", "'defaultValue':1"), A("integer", ""),
         "'a' has another default []"},
        {"an index", A("string", ""), FLAGGED("string", "'indexed':true"), "'a' is indexed otherwise []"},
        {"filterable", FLAGGED("string", "'filterable':true"), A("string", ""), "'a' is indexed otherwise []"},
    };
    RUN(scenarios);
}

/* ---- said, not guessed ---- */

static void indexes_come_and_go(void **state) {
    (void)state;
#define OVER(columns)   "+,'indexes':[{'keys':[" columns "]}]"
#define UNIQUE(columns) "+,'indexes':[{'keys':[" columns "],'unique':true}]"
    static const struct scenario scenarios[] = {
        {"one comes", "+", OVER("'a','b'"), "the index over 'a' and 'b' is added []"},
        {"one goes", OVER("'a','b'"), "+", "the index over 'a' and 'b' is taken away []"},
        {"another order is another index", OVER("'a','b'"), OVER("'b','a'"),
         "the index over 'b' and 'a' is added []\nthe index over 'a' and 'b' is taken away []"},
        {"a unique one comes", "+", UNIQUE("'a','b'"), "the unique index over 'a' and 'b' is added [B!]"},
        {"a unique one goes", UNIQUE("'a','b'"), "+", "the unique index over 'a' and 'b' is taken away [F]"},
        {"one becomes unique", OVER("'a','b'"), UNIQUE("'a','b'"), "the unique index over 'a' and 'b' is added [B!]"},
        {"one is no longer unique", UNIQUE("'a','b'"), OVER("'a','b'"),
         "the unique index over 'a' and 'b' is taken away [F]"},
        {"none changes", UNIQUE("'a','b'"), UNIQUE("'a','b'"), ""},
    };
    RUN(scenarios);
}

static void sources_say_what_became_which(void **state) {
    (void)state;
    struct validator *from = table_of(A("string", "")), *to = table_of("{'name':'a','key':'a_2','dataType':'date'}");
    flexdb_error err = FLEXDB_ERROR_INIT;
    const int64_t added[] = {-1}, retyped[] = {0};
    struct compatibility c;
    assert_int_equal(compatibility_compare(&c, from, to, added, &err), 0);
    assert_text(show(&c), "'a' is added []\n'a' is removed [!-]");
    compatibility_clear(&c);
    assert_int_equal(compatibility_compare(&c, from, to, retyped, &err), 0);
    assert_text(show(&c), "'a' becomes date (was string) [BF!]");
    compatibility_clear(&c);
    validator_drop(from);
    validator_drop(to);
}

/* ---- modes ---- */

static void modes_refuse_what_breaks_them(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        enum compatibility_mode mode;
        const char *error;
    } scenarios[] = {
        {A("integer", ""), FLAGGED("integer", "'required':true"), COMPATIBILITY_NONE, "ok"},
        {A("integer", ""), FLAGGED("integer", "'required':true"), COMPATIBILITY_FORWARD, "ok"},
        {A("integer", ""), FLAGGED("integer", "'required':true"), COMPATIBILITY_BACKWARD,
         "conflict\na (compatibility): becomes required, which breaks backward compatibility: records written before "
         "may have no value"},
        {A("integer", ""), "", COMPATIBILITY_FULL, "ok"},
        {A("integer", ""), "{'name':'b','key':'a','dataType':'integer'}", COMPATIBILITY_BACKWARD, "ok"},
        {A("integer", ""), "{'name':'b','key':'a','dataType':'integer'}", COMPATIBILITY_FORWARD,
         "conflict\na (compatibility): is renamed to 'b', which breaks forward compatibility: readers look for it "
         "under its old name"},
        {"+", UNIQUE("'b','a'"), COMPATIBILITY_BACKWARD,
         "conflict\nb (compatibility): the unique index over 'b' and 'a' is added, which breaks backward "
         "compatibility: "
         "values written before may stand there twice"},
        {A("string", ""), "{'name':'a','key':'a_2','dataType':'integer'}", COMPATIBILITY_FULL,
         "conflict\na (compatibility): becomes integer (was string), which breaks backward compatibility: values "
         "written before may lose something or fail\na (compatibility): becomes integer (was string), which breaks "
         "forward compatibility: records written from then on have no value of the old type"},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        struct validator *from = table_of(scenarios[i].from), *to = table_of(scenarios[i].to);
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct compatibility c;
        assert_int_equal(compatibility_compare(&c, from, to, NULL, &err), 0);
        int rc = compatibility_enforce(scenarios[i].mode, &c, &err);
        assert_int_equal(rc, -(int)err.code);
        assert_text(show_error(&err), scenarios[i].error);
        error_clear(&err);
        compatibility_clear(&c);
        validator_drop(from);
        validator_drop(to);
    }
}

static void modes_are_read(void **state) {
    (void)state;
    static const struct {
        const char *word, *error;
    } bad[] = {
        {"BACKWARD", "ok\nx (enum): must be one of none, backward, forward and full, is 'BACKWARD'"},
        {"", "ok\nx (enum): must be one of none, backward, forward and full, is ''"},
        {"backward_transitive", "ok\nx (enum): must be one of none, backward, forward and full, which look at the "
                                "version before and no further, is 'backward_transitive'"},
        {"FULL_TRANSITIVE", "ok\nx (enum): must be one of none, backward, forward and full, which look at the version "
                            "before and no further, is 'FULL_TRANSITIVE'"},
        {"none_transitive", "ok\nx (enum): must be one of none, backward, forward and full, is 'none_transitive'"},
    };
    flexdb_error err = FLEXDB_ERROR_INIT;
    enum compatibility_mode mode;
    for (int i = COMPATIBILITY_NONE; i <= COMPATIBILITY_FULL; i++) {
        assert_true(compatibility_read(&mode, compatibility_mode_name((enum compatibility_mode)i), "x", &err));
        assert_int_equal(mode, i);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(compatibility_read(&mode, bad[i].word, "x", &err));
        assert_text(show_error(&err), bad[i].error);
        error_clear(&err);
    }
}

/* ---- the table ---- */

/* What a change is called when it is made the other way round. */
static const enum compatibility_change mirror[COMPATIBILITY_CHANGE_COUNT] = {
    [CHANGE_ADD_OPTIONAL] = CHANGE_REMOVE_OPTIONAL,
    [CHANGE_ADD_REQUIRED] = CHANGE_REMOVE_REQUIRED,
    [CHANGE_REQUIRED_ON] = CHANGE_REQUIRED_OFF,
    [CHANGE_LENGTH_TIGHTER] = CHANGE_LENGTH_LOOSER,
    [CHANGE_RANGE_TIGHTER] = CHANGE_RANGE_LOOSER,
    [CHANGE_ENUM_TIGHTER] = CHANGE_ENUM_LOOSER,
    [CHANGE_PATTERN_ADDED] = CHANGE_PATTERN_REMOVED,
    [CHANGE_PATTERN_CHANGED] = CHANGE_PATTERN_CHANGED,
    [CHANGE_PRECISION_SMALLER] = CHANGE_PRECISION_GREATER,
    [CHANGE_UNIQUE_ON] = CHANGE_UNIQUE_OFF,
    [CHANGE_TARGET] = CHANGE_TARGET,
};

static void backward_is_forward_the_other_way_round(void **state) {
    (void)state;
    for (int i = 0; i < COMPATIBILITY_CHANGE_COUNT; i++) {
        const struct compatibility_row *row = compatibility_row((enum compatibility_change)i);
        assert_true(strlen(row->change) > 0 && strlen(row->told) > 0);
        if (mirror[i] == CHANGE_ADD_OPTIONAL)
            continue; /* not listed: its other way is another's, or a law of its own */
        const struct compatibility_row *other = compatibility_row(mirror[i]);
        assert_int_equal(row->backward != NULL, other->forward != NULL);
        assert_int_equal(row->forward != NULL, other->backward != NULL);
    }
}

/* ---- what is said to be compatible is ---- */

static flexdb_value random_value(struct property *p, enum column_type type) {
    static const char *const texts[] = {"a", "bc", "x", "xyz", "a@b.co", "ab cd ef gh", ""};
    static const char *const days[] = {"1999-05-05", "2001-01-01", "2015-06-06", "2031-01-01"};
    const char *text = texts[property_below(p, COUNT(texts))];
    switch (type) {
    case TYPE_INTEGER: return value_integer((int64_t)property_below(p, 9) - 6);
    case TYPE_DECIMAL: return value_integer((int64_t)property_below(p, 300) - 150);
    case TYPE_BOOLEAN: return value_boolean(property_below(p, 2) == 0);
    case TYPE_DATE: return value_text(days[property_below(p, 4)], 10);
    case TYPE_DATETIME: return value_text("2024-05-01T10:00:00Z", 20);
    case TYPE_REFERENCE: return value_text("id", 2);
    default: return value_text(text, strlen(text));
    }
}

/* Writes random records under one definition and reads them under the other: none breaks a rule. */
static size_t read_across(struct property *p, const struct validator *writer, const struct validator *reader) {
    enum { COLUMNS = 8 };
    const flexdb_shape *shape = validator_shape(writer);
    struct record written = RECORD_INIT, read = RECORD_INIT;
    struct buffer scratch = BUFFER_INIT;
    size_t tried = 0;
    bool all[COLUMNS];
    memset(all, true, sizeof all);
    for (int i = 0; i < 20; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb_value given[COLUMNS + SYSTEM_SLOTS] = {{.tag = FLEXDB_ABSENT}};
        for (size_t slot = 0; slot < shape->columns; slot++) {
            if (property_below(p, 8) == 0) given[slot] = value_null();
            if (property_below(p, 4) != 0) given[slot] = random_value(p, shape->fields[slot].type);
        }
        if (codec_encode(writer, given, &written, &err) == 0) {
            tried++;
            assert_int_equal(codec_decode(reader, written.document.data, written.document.length, NULL, &read, &err),
                             0);
            codec_check(reader, read.values, all, &scratch, &err);
        }
        if (err.code == FLEXDB_OK && err.issue_count > 0) {
            char *one = show_definition(validator_definition(writer), PRINT_STORED);
            char *two = show_definition(validator_definition(reader), PRINT_STORED);
            fail_msg("%s: %s\nwritten under %s\nread under %s\nthe record %s", err.issues[0].path,
                     err.issues[0].message, one, two, buffer_text(&written.document));
        }
        error_clear(&err);
    }
    record_free(&written);
    record_free(&read);
    buffer_free(&scratch);
    return tried;
}

/* As an evolution would: a new column's default is what old records read as. */
static void give_initial_defaults(cJSON *from, cJSON *to) {
    cJSON *column, *old;
    cJSON_ArrayForEach(column, cJSON_GetObjectItem(to, "columns")) {
        const char *key = cJSON_GetStringValue(cJSON_GetObjectItem(column, "key"));
        const cJSON *value = cJSON_GetObjectItem(column, "defaultValue");
        bool known = false;
        cJSON_ArrayForEach(old, cJSON_GetObjectItem(from, "columns")) {
            if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(old, "key")), key) == 0) known = true;
        }
        if (!known && value != NULL) cJSON_AddItemToObject(column, "initialDefault", cJSON_Duplicate(value, true));
    }
}

/* Leaves the columns of one key alone in two definitions, which have few others in common. */
static void keep_one_key(struct property *p, cJSON *trees[2]) {
    char key[8];
    snprintf(key, sizeof key, "k%u", (unsigned)property_below(p, 24));
    for (int i = 0; i < 2; i++) {
        cJSON *list = cJSON_GetObjectItem(trees[i], "columns"), *next;
        for (cJSON *column = list->child; column != NULL; column = next) {
            next = column->next;
            if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(column, "key")), key) == 0) continue;
            cJSON_Delete(cJSON_DetachItemViaPointer(list, column));
        }
    }
}

static struct validator *compile(cJSON *tree) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *d = NULL;
    struct validator *v = NULL;
    if (definition_parse(&d, tree, DEFINITION_STORED, &err) != 0) fail_msg("%s", err.message);
    if (validator_new(&v, d, &err) != 0) error_clear(&err); /* a default against a rule: another try */
    return v;
}

static void what_is_compatible_can_be_read(void **state) {
    (void)state;
    struct property p = property_begin("what_is_compatible_can_be_read");
    size_t backward = 0, forward = 0;
    for (int i = 0; i < 4000; i++) {
        size_t columns = i % 4 == 0 ? 4 : 24;
        cJSON *trees[] = {random_definition(&p, columns, true), random_definition(&p, columns, true)};
        if (columns > 4) keep_one_key(&p, trees);
        give_initial_defaults(trees[0], trees[1]);
        struct validator *from = compile(trees[0]), *to = compile(trees[1]);
        if (from != NULL && to != NULL) {
            flexdb_error err = FLEXDB_ERROR_INIT;
            struct compatibility c;
            int64_t sources[4]; /* by key alone: nothing is retyped */
            for (size_t slot = 0; slot < validator_shape(to)->columns; slot++) {
                const char *key = validator_column(to, slot)->column->key;
                sources[slot] = validator_slot_of_key(from, key, strlen(key));
            }
            assert_int_equal(compatibility_compare(&c, from, to, sources, &err), 0);
            if (!c.breaks_backward) backward += read_across(&p, from, to);
            if (!c.breaks_forward) forward += read_across(&p, to, from);
            compatibility_clear(&c);
        }
        validator_drop(from);
        validator_drop(to);
    }
    printf("read %zu records backward, %zu forward\n", backward, forward);
    assert_true(backward > 500 && forward > 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_and_go),
        cmocka_unit_test(types_change),
        cmocka_unit_test(rules_become_tighter_and_looser),
        cmocka_unit_test(indexes_come_and_go),
        cmocka_unit_test(sources_say_what_became_which),
        cmocka_unit_test(modes_refuse_what_breaks_them),
        cmocka_unit_test(modes_are_read),
        cmocka_unit_test(backward_is_forward_the_other_way_round),
        cmocka_unit_test(what_is_compatible_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
