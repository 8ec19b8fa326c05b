/* Layouts: which physical columns a definition needs, what becomes of them as it evolves, and their JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"
#include "model/layout.h"

#define TABLE_ID "01890a5d-ac96-774b-bcce-b302099a8057"

static struct layout *layout_of(const char *definition, const struct layout *old) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct validator *v = validator_of(definition, DEFINITION_STORED);
    struct layout *l = NULL;
    if (layout_new(&l, TABLE_ID, v, old, &err) != 0) fail_msg("%s", err.message);
    validator_drop(v);
    return l;
}

/* "c1=key kind flags, …, i1=c1+c2 flags, …" */
static char *show_layout(const struct layout *l) {
    static const char *const kinds[] = {"none", "integer", "decimal", "date", "datetime", "id", "text"};
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < l->count; i++) {
        const struct layout_column *c = &l->columns[i];
        buffer_printf(&out, "%s%s=%s %s%s%s%s%s%s", i == 0 ? "" : ", ", c->name, c->key, kinds[c->kind],
                      c->long_text ? " long" : "", c->indexed ? " indexed" : "", c->unique ? " unique" : "",
                      c->retired ? " retired" : "", c->lapsed ? " lapsed" : "");
    }
    for (size_t i = 0; i < l->index_count; i++) {
        const struct layout_index *index = &l->indexes[i];
        buffer_printf(&out, ", %s=", index->name);
        for (size_t k = 0; k < index->count; k++) {
            buffer_printf(&out, "%s%s", k == 0 ? "" : "+", l->columns[index->columns[k]].name);
        }
        buffer_printf(&out, "%s%s", index->unique ? " unique" : "", index->retired ? " retired" : "");
    }
    return buffer_take(&out);
}

static char *print(const struct layout *l) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    assert_int_equal(layout_print(l, &out, &err), 0);
    return buffer_take(&out);
}

#define EVERYTHING                                                                                                     \
    "{'columns':[{'name':'s','dataType':'string','indexed':true,'validation':{'maxLength':20}},"                       \
    "{'name':'t','dataType':'text','filterable':true},{'name':'i','dataType':'integer','unique':true},"                \
    "{'name':'plain','dataType':'integer'},{'name':'d','dataType':'decimal','indexed':true,'unique':true},"            \
    "{'name':'e','dataType':'decimal','filterable':true,'validation':{'precision':30}},"                               \
    "{'name':'b','dataType':'boolean','indexed':true},{'name':'day','dataType':'date','indexed':true},"                \
    "{'name':'at','dataType':'datetime','filterable':true},{'name':'j','dataType':'json'},"                            \
    "{'name':'r','key':'old_r','dataType':'reference','validation':{'targetTable':'x','targetId':'7'}}]}"

static void gives_a_physical_column_to_what_asks_for_one(void **state) {
    (void)state;
    struct layout *l = layout_of(EVERYTHING, NULL);
    assert_string_equal(l->table, "flex_records_01890a5dac96774bbcceb302099a8057_1");
    assert_int_equal(l->generation, 1);
    assert_text(show_layout(l), "c1=s text indexed, c2=t text long, c3=i integer unique, c4=d integer indexed unique, "
                                "c5=e decimal, c6=b integer indexed, c7=day date indexed, c8=at datetime, "
                                "c9=old_r id indexed");
    assert_string_equal(layout_find(l, "old_r")->name, "c9");
    assert_null(layout_find(l, "r"));
    assert_null(layout_find(l, "plain"));
    layout_free(l);
}

static void lets_no_id_reach_a_name(void **state) {
    (void)state;
    static const char *const ids[] = {"x; DROP TABLE y", "01890A5D-AC96-774B-BCCE-B302099A8057", "1234",
                                      "01890a5d-ac96-774b-bcce-b302099a8057-1"};
    struct validator *v = validator_of("{'columns':[]}", DEFINITION_STORED);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct layout *l = NULL;
        assert_int_equal(layout_new(&l, ids[i], v, NULL, &err), 0);
        assert_int_equal(strlen(l->table), strlen("flex_records_") + 32 + strlen("_1"));
        assert_int_equal(strspn(l->table, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(l->table));
        layout_free(l);
    }
    validator_drop(v);
}

static char *with_indexed(int count) {
    struct buffer out = BUFFER_INIT;
    buffer_puts(&out, "{'columns':[");
    for (int i = 0; i < count; i++) {
        buffer_printf(&out, "%s{'name':'c%d','dataType':'integer','indexed':true}", i == 0 ? "" : ",", i);
    }
    buffer_puts(&out, "]}");
    return buffer_take(&out);
}

static void holds_sixty_physical_columns(void **state) {
    (void)state;
    char *sixty = with_indexed(60), *more = with_indexed(61);
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct layout *l = layout_of(sixty, NULL), *none = NULL;
    assert_int_equal(l->count, 60);
    struct validator *v = validator_of(more, DEFINITION_STORED);
    assert_int_equal(layout_new(&none, TABLE_ID, v, NULL, &err), -FLEXDB_LIMIT);
    assert_string_equal(err.message,
                        "61 columns are indexed, unique, filterable, references or in an index, 60 are allowed");
    error_clear(&err);
    validator_drop(v);
    layout_free(l);
    free(sixty);
    free(more);
}

static void holds_sixty_indexes(void **state) {
    (void)state;
    /* Thirty columns with an index each, and thirty over pairs of them. */
    struct buffer out = BUFFER_INIT;
    for (int more = 0; more < 2; more++) {
        buffer_puts(&out, "{'columns':[");
        for (int i = 0; i < 30; i++) {
            buffer_printf(&out, "%s{'name':'c%d','dataType':'integer','indexed':true}", i == 0 ? "" : ",", i);
        }
        buffer_puts(&out, "],'indexes':[");
        for (int i = 0; i < 30; i++) {
            buffer_printf(&out, "%s{'keys':['c%d','c%d']}", i == 0 ? "" : ",", i, (i + 1) % 30);
        }
        buffer_puts(&out, more == 0 ? "]}" : ",{'keys':['c3','c1']}]}");
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct layout *l = NULL;
        struct validator *v = validator_of(buffer_text(&out), DEFINITION_STORED);
        assert_int_equal(layout_new(&l, TABLE_ID, v, NULL, &err), more == 0 ? 0 : -FLEXDB_LIMIT);
        if (more == 1) {
            assert_string_equal(err.message, "the table needs 61 indexes, 60 are allowed (a unique one over more than "
                                             "15 columns or 3071 bytes counts twice)");
        }
        error_clear(&err);
        layout_free(l);
        validator_drop(v);
        buffer_free(&out);
    }
}

static void knows_what_a_key_of_a_server_holds(void **state) {
    (void)state;
    static const struct {
        const char *keys; /* of columns s, t, u (texts), d (decimal), r (reference), i (integer) */
        bool unique, wide;
    } scenarios[] = {
        {"'s','t'", true, false},    {"'s','t','r','d'", true, false}, {"'s','t','u'", false, true},
        {"'s','t','u'", true, true}, {"'i','r','d'", true, false},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct buffer out = BUFFER_INIT;
        buffer_printf(
            &out,
            "{'columns':[{'name':'s','dataType':'string'},{'name':'t','dataType':'text'},{'name':'u',"
            "'dataType':'string'},{'name':'d','dataType':'decimal','validation':{'precision':30}},{'name':'i',"
            "'dataType':'integer'},{'name':'r','dataType':'reference','validation':{'targetTable':'x'}}],"
            "'indexes':[{'keys':[%s],'unique':%s}]}",
            scenarios[i].keys, scenarios[i].unique ? "true" : "false");
        struct layout *l = layout_of(buffer_text(&out), NULL);
        if (layout_index_is_wide(l, &l->indexes[0]) != scenarios[i].wide) fail_msg("%s", scenarios[i].keys);
        layout_free(l);
        buffer_free(&out);
    }
    struct layout_column column = {.kind = PHYSICAL_INTEGER};
    struct layout l = {.columns = &column, .count = 1};
    struct layout_index sixteen = {.count = 16};
    assert_false(layout_index_is_wide(&l, &sixteen)); /* sixteen parts, and one more of a unique one */
    sixteen.unique = true;
    assert_true(layout_index_is_wide(&l, &sixteen));
}

/* ---- evolution ---- */

#define COLUMN(name) "{'name':'" name "','dataType':'integer'}"
#define ABC(indexes) "{'columns':[" COLUMN("a") "," COLUMN("b") "," COLUMN("c") "],'indexes':[" indexes "]}"
#define AB           ABC("{'keys':['a','b'],'unique':true},{'keys':['b','c']}")

#define TWO                                                                                                            \
    "{'columns':[{'name':'a','dataType':'integer','indexed':true},{'name':'b','dataType':'string','unique':true}]}"

struct evolution {
    const char *sentence, *from, *through, *to, *layout; /* through: NULL, or a definition in between */
    bool rebuild;
};

static struct layout *evolve(const char *to, struct layout *old, bool *rebuild) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct validator *v = validator_of(to, DEFINITION_STORED);
    struct layout *l = NULL;
    if (layout_evolve(&l, rebuild, TABLE_ID, v, old, &err) != 0) fail_msg("%s", err.message);
    validator_drop(v);
    layout_free(old);
    return l;
}

static void evolves(void **state) {
    (void)state;
    static const struct evolution scenarios[] = {
        {"nothing that matters here", TWO, NULL,
         "{'columns':[{'name':'bee','key':'b','dataType':'string','unique':true,'required':true},{'name':'a',"
         "'dataType':'integer','indexed':true,'validation':{'min':3}},{'name':'c','dataType':'date'}]}",
         "c1=a integer indexed, c2=b text unique", false},
        {"a removed column's is retired", TWO, NULL, "{'columns':[{'name':'a','dataType':'integer','indexed':true}]}",
         "c1=a integer indexed, c2=b text unique retired", false},
        {"and taken up again", TWO, "{'columns':[]}", TWO, "c1=a integer indexed, c2=b text unique", false},
        {"but not where records without the key have a value", TWO, "{'columns':[]}",
         "{'columns':[{'name':'a','dataType':'integer','indexed':true,'initialDefault':3}]}", "c1=a integer indexed",
         true},
        {"a column that is indexed no more goes on being filled", TWO, NULL,
         "{'columns':[{'name':'a','dataType':'integer'},{'name':'b','dataType':'string','unique':true}]}",
         "c1=a integer indexed, c2=b text unique", false},
        {"so that it can be taken up again",
         "{'columns':[{'name':'a','dataType':'integer','indexed':true,'initialDefault':3}]}",
         "{'columns':[{'name':'a','dataType':'integer','initialDefault':3}]}",
         "{'columns':[{'name':'a','dataType':'integer','indexed':true,'initialDefault':3}]}", "c1=a integer indexed",
         false},
        {"one that is unique no more lapses, for it would go on refusing", TWO, NULL,
         "{'columns':[{'name':'a','dataType':'integer','indexed':true},{'name':'b','dataType':'string'}]}",
         "c1=a integer indexed, c2=b text unique retired lapsed", false},
        {"for good", TWO,
         "{'columns':[{'name':'a','dataType':'integer','indexed':true},{'name':'b','dataType':'string'}]}",
         "{'columns':[{'name':'a','dataType':'integer'}]}", "c1=a integer indexed, c2=b text unique retired lapsed",
         false},
        {"a retired unique one, too, when its column comes back without the rule", TWO, "{'columns':[]}",
         "{'columns':[{'name':'b','dataType':'string'}]}",
         "c1=a integer indexed retired, c2=b text unique retired lapsed", false},
        {"and built anew when it is unique again", TWO,
         "{'columns':[{'name':'a','dataType':'integer','indexed':true},{'name':'b','dataType':'string'}]}", TWO,
         "c1=a integer indexed, c2=b text unique", true},
        {"an index is enough for a filter", TWO, NULL,
         "{'columns':[{'name':'a','dataType':'integer','filterable':true}]}",
         "c1=a integer indexed, c2=b text unique retired", false},
        {"a filter is not enough for an index", "{'columns':[{'name':'a','dataType':'integer','filterable':true}]}",
         NULL, "{'columns':[{'name':'a','dataType':'integer','indexed':true}]}", "c1=a integer indexed", true},
        {"a new index", TWO, NULL,
         "{'columns':[{'name':'a','dataType':'integer','indexed':true},{'name':'b','dataType':'string','unique':true},"
         "{'name':'c','dataType':'date','indexed':true}]}",
         "c1=a integer indexed, c2=b text unique, c3=c date indexed", true},
        {"unique where it was indexed", TWO, NULL, "{'columns':[{'name':'a','dataType':'integer','unique':true}]}",
         "c1=a integer unique", true},
        {"indexed where it was unique", TWO, NULL,
         "{'columns':[{'name':'b','dataType':'string','unique':true,'indexed':true}]}", "c1=b text indexed unique",
         true},
        {"another kind, for more digits than a 64-bit integer has",
         "{'columns':[{'name':'d','dataType':'decimal','indexed':true}]}", NULL,
         "{'columns':[{'name':'d','dataType':'decimal','indexed':true,'validation':{'precision':19}}]}",
         "c1=d decimal indexed", true},
        {"a column that may get long", "{'columns':[{'name':'s','dataType':'string','indexed':true}]}", NULL,
         "{'columns':[{'name':'s','dataType':'string','indexed':true,'validation':{'maxLength':5000}}]}",
         "c1=s text long indexed", true},
        {"one that may not any more",
         "{'columns':[{'name':'s','dataType':'string','indexed':true,'validation':{'maxLength':5000}}]}", NULL,
         "{'columns':[{'name':'s','dataType':'string','indexed':true}]}", "c1=s text long indexed", false},
        {"an index gives its columns a physical one", ABC(""), NULL, AB,
         "c1=a integer, c2=b integer, c3=c integer, i1=c1+c2 unique, i2=c2+c3", true},
        {"its name is nothing to the table", AB, NULL,
         ABC("{'keys':['b','c'],'name':'x'},{'keys':['a','b'],'unique':true}"),
         "c1=a integer, c2=b integer, c3=c integer, i1=c1+c2 unique, i2=c2+c3", false},
        {"one that only finds is left where it is", AB, NULL, ABC("{'keys':['a','b'],'unique':true}"),
         "c1=a integer, c2=b integer, c3=c integer, i1=c1+c2 unique, i2=c2+c3 retired", false},
        {"and taken up again", AB, ABC("{'keys':['a','b'],'unique':true}"), AB,
         "c1=a integer, c2=b integer, c3=c integer, i1=c1+c2 unique, i2=c2+c3", false},
        {"a unique one would go on refusing", AB, NULL, ABC("{'keys':['b','c']}"),
         "c1=b integer, c2=c integer, i1=c1+c2", true},
        {"another order is another index", AB, NULL, ABC("{'keys':['b','a'],'unique':true},{'keys':['b','c']}"),
         "c1=a integer, c2=b integer, c3=c integer, i1=c2+c1 unique, i2=c2+c3", true},
        {"and so is a unique one", AB, NULL, ABC("{'keys':['a','b'],'unique':true},{'keys':['b','c'],'unique':true}"),
         "c1=a integer, c2=b integer, c3=c integer, i1=c1+c2 unique, i2=c2+c3 unique", true},
        {"one that goes with its column is retired with it", AB, NULL,
         "{'columns':[" COLUMN("b") "," COLUMN("c") "],'indexes':[{'keys':['b','c']}]}",
         "c1=a integer retired, c2=b integer, c3=c integer, i1=c1+c2 unique retired, i2=c2+c3", false},
        {"and comes back with it", AB, "{'columns':[" COLUMN("b") "," COLUMN("c") "],'indexes':[{'keys':['b','c']}]}",
         AB, "c1=a integer, c2=b integer, c3=c integer, i1=c1+c2 unique, i2=c2+c3", false},
        {"not when the column comes back without it", AB,
         "{'columns':[" COLUMN("b") "," COLUMN("c") "],'indexes':[{'keys':['b','c']}]}", ABC("{'keys':['b','c']}"),
         "c1=b integer, c2=c integer, i1=c1+c2", true},
        {"nor where records without the key have a value", AB, "{'columns':[]}",
         "{'columns':[{'name':'a','dataType':'integer','initialDefault':1}," COLUMN(
             "b") "],'indexes':[{'keys':['a','b'],'unique':true}]}",
         "c1=a integer, c2=b integer, i1=c1+c2 unique", true},
        {"a column of its own index may be in another too",
         "{'columns':[{'name':'a','dataType':'integer','unique':true}," COLUMN("b") "],'indexes':[{'keys':['a','b']}]}",
         NULL, "{'columns':[{'name':'a','dataType':'integer','unique':true}," COLUMN("b") "]}",
         "c1=a integer unique, c2=b integer, i1=c1+c2 retired", false},
        {"an index that only finds is forgotten with a column that cannot be filled any more",
         "{'columns':[{'name':'s','dataType':'string'}," COLUMN("b") "],'indexes':[{'keys':['b','s']}]}", NULL,
         "{'columns':[{'name':'s','dataType':'string','validation':{'maxLength':5000}}," COLUMN("b") "]}",
         "c2=b integer", false},
        {"a unique one is not, for it would refuse what comes back",
         "{'columns':[{'name':'s','dataType':'string'}," COLUMN("b") "],'indexes':[{'keys':['b','s'],'unique':true}]}",
         NULL, "{'columns':[{'name':'s','dataType':'string','validation':{'maxLength':5000}}]}", "", true},
        {"a new key is another column", TWO, NULL,
         "{'columns':[{'name':'a','key':'a_2','dataType':'integer','indexed':true}]}", "c1=a_2 integer indexed", true},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct evolution *s = &scenarios[i];
        bool rebuild = false;
        struct layout *l = layout_of(s->from, NULL);
        if (s->through != NULL) l = evolve(s->through, l, &rebuild);
        assert_false(rebuild);
        l = evolve(s->to, l, &rebuild);
        char *text = show_layout(l);
        if (strcmp(text, s->layout) != 0 || rebuild != s->rebuild) {
            fail_msg("%s: %s, %s", s->sentence, text, rebuild ? "rebuilt" : "the same table");
        }
        assert_int_equal(l->generation, rebuild ? 2 : 1);
        assert_string_equal(l->table, rebuild ? "flex_records_01890a5dac96774bbcceb302099a8057_2"
                                              : "flex_records_01890a5dac96774bbcceb302099a8057_1");
        free(text);
        layout_free(l);
    }
}

static void keeps_what_is_not_bound_to_the_physical_table(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    bool rebuild = false;
    struct layout *l = layout_of(TWO, NULL);
    l->keys.keys = read_json("{'a':'integer','b':'string','gone':'date'}");
    l->original_name = strdup("contacts");
    assert_int_equal(layout_add_referrer(l, "t1", &err), 0);
    assert_int_equal(layout_add_referrer(l, "t2", &err), 0);
    assert_int_equal(layout_add_referrer(l, "t1", &err), 0);
    for (int round = 0; round < 2; round++) { /* once in the same table, once in a new one */
        l = evolve(round == 0 ? "{'columns':[]}" : "{'columns':[{'name':'c','dataType':'date','indexed':true}]}", l,
                   &rebuild);
        assert_int_equal(rebuild, round);
        assert_text(show_json(l->keys.keys), "{'a':'integer','b':'string','gone':'date'}");
        assert_string_equal(l->original_name, "contacts");
        assert_int_equal(l->referrer_count, 2);
        assert_string_equal(l->referrers[1], "t2");
    }
    layout_free(l);
}

/* ---- JSON ---- */

static void prints_and_reads(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    bool rebuild;
    struct layout *l = evolve("{'columns':[{'name':'ess','key':'s','dataType':'string','indexed':true,'validation':"
                              "{'maxLength':20}},{'name':'t','dataType':'text','filterable':true}]}",
                              layout_of(EVERYTHING, NULL), &rebuild);
    l->keys.keys = read_json("{'s':'string'}");
    l->original_name = strdup("con\"tacts");
    assert_int_equal(layout_add_referrer(l, "t1", &err), 0);
    char *text = print(l);
    struct layout *again = NULL;
    assert_int_equal(layout_parse(&again, text, strlen(text), &err), 0);
    assert_text(print(again), text);
    assert_text(show_layout(again), "c1=s text indexed, c2=t text long, c3=i integer unique retired, "
                                    "c4=d integer indexed unique retired, c5=e decimal retired, "
                                    "c6=b integer indexed retired, c7=day date indexed retired, "
                                    "c8=at datetime retired, c9=old_r id indexed retired");
    assert_string_equal(again->original_name, "con\"tacts");

    struct buffer indexed = BUFFER_INIT;
    struct validator *v = validator_of("{'columns':[{'name':'ess','key':'s','dataType':'string'},{'name':'t',"
                                       "'dataType':'text'}]}",
                                       DEFINITION_STORED);
    assert_int_equal(layout_print_indexed(l, v, &indexed, &err), 0);
    assert_string_equal(buffer_text(&indexed), "{\"ess\":\"c1\",\"t\":\"c2\"}");
    buffer_free(&indexed);
    validator_drop(v);
    free(text);
    layout_free(l);
    layout_free(again);

    l = evolve("{'columns':[" COLUMN("b") "," COLUMN("c") "],'indexes':[{'keys':['b','c']}]}", layout_of(AB, NULL),
               &rebuild);
    text = print(l);
    assert_non_null(strstr(text,
                           "],\"indexes\":[{\"name\":\"i1\",\"columns\":[\"c1\",\"c2\"],\"unique\":true,\"retired\":"
                           "true},{\"name\":\"i2\",\"columns\":[\"c2\",\"c3\"]}],\"keys\":"));
    assert_int_equal(layout_parse(&again, text, strlen(text), &err), 0);
    assert_text(print(again), text);
    free(text);
    layout_free(l);
    layout_free(again);

    l = layout_of("{'columns':[]}", NULL);
    assert_text(print(l), "{\"table\":\"flex_records_01890a5dac96774bbcceb302099a8057_1\",\"generation\":1,\"columns\":"
                          "[],\"keys\":{},\"referrers\":[]}");
    layout_free(l);
}

static void notes_a_build(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct layout *l = layout_of(AB, NULL), *next = layout_of(AB, l), *again = NULL;
    layout_note_build(l, next, 12);
    char *text = print(l);
    assert_non_null(strstr(text, "{\"table\":\"flex_records_01890a5dac96774bbcceb302099a8057_1\",\"generation\":2,"));
    assert_non_null(strstr(text, ",\"build\":{\"table\":\"flex_records_01890a5dac96774bbcceb302099a8057_2\","
                                 "\"journal\":\"flex_journal_01890a5dac96774bbcceb302099a8057_2\",\"started\":12}}"));
    assert_int_equal(layout_parse(&again, text, strlen(text), &err), 0);
    assert_text(print(again), text);
    free(text);
    layout_free(next);
    /* What comes of it has a name that no build has had, and no build. */
    next = layout_of(AB, again);
    assert_string_equal(next->table, "flex_records_01890a5dac96774bbcceb302099a8057_3");
    assert_string_equal(next->build.table, "");
    layout_free(next);
    layout_free(again);
    layout_free(l);
}

static void survives_damage(void **state) {
    (void)state;
#define BUILDS(build) "{\"table\":\"t\",\"generation\":1,\"columns\":[],\"build\":" build ",\"keys\":{}}"
#define WITH(columns) "{\"table\":\"t\",\"generation\":1,\"columns\":[" columns "],\"keys\":{}}"
    static const struct {
        const char *text, *message;
    } scenarios[] = {
        {"", "not valid JSON at byte 0: "},
        {"{\"table\":\"t\",", "not valid JSON at byte 13: "},
        {"null", "it is not an object"},
        {"[]", "it is not an object"},
        {"{}", "table is not a physical name"},
        {"{\"table\":\"t`; DROP\"}", "table is not a physical name"},
        {"{\"table\":\"Records\"}", "table is not a physical name"},
        {"{\"table\":7}", "table is not a physical name"},
        {"{\"table\":\"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt\"}",
         "table is not a physical name"},
        {"{\"table\":\"t\",\"generation\":0}", "generation is not a positive integer"},
        {"{\"table\":\"t\",\"generation\":\"1\"}", "generation is not a positive integer"},
        {"{\"table\":\"t\",\"generation\":1}", "columns is not an array"},
        {"{\"table\":\"t\",\"generation\":1,\"originalName\":1}", "originalName is not a string"},
        {"{\"table\":\"t\",\"generation\":1,\"columns\":[]}", "keys is not an object"},
        {"{\"table\":\"t\",\"generation\":1,\"columns\":[],\"keys\":{\"a\":\"uuid\"}}", "a key's type is not known"},
        {"{\"table\":\"t\",\"generation\":1,\"columns\":[],\"keys\":{},\"referrers\":{}}", "referrers is not an array"},
        {"{\"table\":\"t\",\"generation\":1,\"columns\":[],\"keys\":{},\"referrers\":[1]}",
         "a referrer is not a string"},
#define INDEXES(indexes)                                                                                               \
    "{\"table\":\"t\",\"generation\":1,\"columns\":[{\"key\":\"a\",\"name\":\"c1\",\"kind\":\"text\"}],"               \
    "\"indexes\":" indexes ",\"keys\":{}}"
        {INDEXES("{}"), "indexes is not an array"},
        {INDEXES("[1]"), "an index is not an object"},
        {INDEXES("[{\"name\":\"i`\"}]"), "an index's name is not a physical name"},
        {INDEXES("[{\"name\":\"i1\",\"unique\":0}]"), "an index's flag is not a boolean"},
        {INDEXES("[{\"name\":\"i1\",\"columns\":[]}]"), "an index's columns are not an array of 1 to 16"},
        {INDEXES("[{\"name\":\"i1\",\"columns\":[\"c2\"]}]"), "an index names a column that is not there"},
        {INDEXES("[{\"name\":\"i1\",\"columns\":[1]}]"), "an index names a column that is not there"},
        {INDEXES("[{\"name\":\"i1\",\"columns\":[\"c1\"]},{\"name\":\"i1\",\"columns\":[\"c1\"]}]"),
         "two indexes have one physical name"},
        {WITH("1"), "a column is not an object"},
        {BUILDS("1"), "build is not an object"},
        {BUILDS("{\"table\":\"t 2\",\"journal\":\"j\",\"started\":1}"), "a name of build is not a physical name"},
        {BUILDS("{\"table\":\"t2\",\"started\":1}"), "a name of build is not a physical name"},
        {BUILDS("{\"table\":\"t\",\"journal\":\"j\",\"started\":1}"), "build names the table that is in use"},
        {BUILDS("{\"table\":\"t2\",\"journal\":\"j\"}"), "build has no time"},
        {WITH("{}"), "a column's key is not a string"},
        {WITH("{\"key\":\"a\",\"name\":\"c 1\"}"), "a column's name is not a physical name"},
        {WITH("{\"key\":\"a\",\"name\":\"c1\",\"kind\":\"none\"}"), "a column's kind is not known"},
        {WITH("{\"key\":\"a\",\"name\":\"c1\",\"kind\":\"text\",\"unique\":1}"), "a column's flag is not a boolean"},
        {WITH("{\"key\":\"a\",\"name\":\"c1\",\"kind\":\"text\",\"lapsed\":true}"),
         "a column has lapsed that is not retired"},
        {WITH("{\"key\":\"a\",\"name\":\"c1\",\"kind\":\"text\"},{\"key\":\"b\",\"name\":\"c1\",\"kind\":\"text\"}"),
         "two columns have one physical name"},
        {WITH("{\"key\":\"a\",\"name\":\"c1\",\"kind\":\"text\"},{\"key\":\"a\",\"name\":\"c2\",\"kind\":\"text\"}"),
         "two columns have one key"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        static const char prefix[] = "the stored layout of a table is damaged: ";
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct layout *l = NULL;
        assert_int_equal(layout_parse(&l, scenarios[i].text, strlen(scenarios[i].text), &err), -FLEXDB_CORRUPT);
        assert_null(l);
        if (strncmp(err.message, prefix, sizeof prefix - 1) != 0 ||
            strncmp(err.message + sizeof prefix - 1, scenarios[i].message, strlen(scenarios[i].message)) != 0) {
            fail_msg("%s: %s", scenarios[i].text, err.message);
        }
        error_clear(&err);
    }
}

static void names_the_table_before(void **state) {
    (void)state;
    static const struct {
        const char *table, *before;
    } scenarios[] = {
        {"flex_records_01890a5dac96774bbcceb302099a8057_2", "flex_records_01890a5dac96774bbcceb302099a8057_1"},
        {"flex_records_01890a5dac96774bbcceb302099a8057_100", "flex_records_01890a5dac96774bbcceb302099a8057_99"},
        {"flex_records_01890a5dac96774bbcceb302099a8057_1", NULL},
        {"flex_records_01890a5dac96774bbcceb302099a8057_", NULL},
        {"flex_records_01890a5dac96774bbcceb302099a8057_2x", NULL},
        {"flex_records", NULL},
        {"somebody_elses_table_with_quite_a_long_name_0_2", NULL},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char before[PHYSICAL_NAME_SIZE];
        bool is = layout_table_before(scenarios[i].table, before);
        if (is != (scenarios[i].before != NULL)) fail_msg("%s", scenarios[i].table);
        if (is) assert_string_equal(before, scenarios[i].before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_table_before),
        cmocka_unit_test(gives_a_physical_column_to_what_asks_for_one),
        cmocka_unit_test(lets_no_id_reach_a_name),
        cmocka_unit_test(holds_sixty_physical_columns),
        cmocka_unit_test(holds_sixty_indexes),
        cmocka_unit_test(knows_what_a_key_of_a_server_holds),
        cmocka_unit_test(evolves),
        cmocka_unit_test(keeps_what_is_not_bound_to_the_physical_table),
        cmocka_unit_test(prints_and_reads),
        cmocka_unit_test(notes_a_build),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
