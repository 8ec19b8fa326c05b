#include "formula_reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"
#include "formulas.h"

/* ---- growing ---- */

static struct node *new_node(struct arena *a, enum node_kind kind, const char *name, enum formula_type type,
                             int scale) {
    struct node *n = arena_alloc(a, 1, sizeof *n);
    assert_non_null(n);
    n->kind = kind;
    n->name = name;
    n->type = type;
    n->scale = scale;
    return n;
}

static const struct node *grow(struct property *p, struct arena *a, enum formula_type type, int depth);

static const struct leaf {
    enum formula_type type;
    int scale;
    const char *name;
    int column; /* -1: a literal */
} leaves[] = {
    {FORMULA_INTEGER, 0, "quantity", COLUMN_QUANTITY},
    {FORMULA_INTEGER, 0, "end", COLUMN_END},
    {FORMULA_INTEGER, 0, "no_number", COLUMN_NO_NUMBER},
    {FORMULA_INTEGER, 0, "0", -1},
    {FORMULA_INTEGER, 0, "3", -1},
    {FORMULA_INTEGER, 0, "9223372036854775807", -1},
    {FORMULA_DECIMAL, 2, "price", COLUMN_PRICE},
    {FORMULA_DECIMAL, 30, "rate", COLUMN_RATE},
    {FORMULA_DECIMAL, 4, "no_decimal", COLUMN_NO_DECIMAL},
    {FORMULA_DECIMAL, 1, "0.0", -1},
    {FORMULA_DECIMAL, 3, "2.125", -1},
    {FORMULA_DECIMAL, 1, "99999999999999999999999999999999999.5", -1},
    {FORMULA_BOOLEAN, 0, "active", COLUMN_ACTIVE},
    {FORMULA_BOOLEAN, 0, "no_flag", COLUMN_NO_FLAG},
    {FORMULA_BOOLEAN, 0, "true", -1},
    {FORMULA_BOOLEAN, 0, "false", -1},
    {FORMULA_TEXT, 0, "name", COLUMN_NAME},
    {FORMULA_TEXT, 0, "notes", COLUMN_NOTES},
    {FORMULA_TEXT, 0, "no_text", COLUMN_NO_TEXT},
    {FORMULA_TEXT, 0, "'a'", -1},
    {FORMULA_TEXT, 0, "''", -1},
    {FORMULA_DATE, 0, "born", COLUMN_BORN},
    {FORMULA_DATE, 0, "no_date", COLUMN_NO_DATE},
};

static const struct node *grow_leaf(struct property *p, struct arena *a, enum formula_type type) {
    for (;;) {
        const struct leaf *leaf = &leaves[property_below(p, sizeof leaves / sizeof *leaves)];
        if (leaf->type != type) continue;
        struct node *n = new_node(a, leaf->column < 0 ? NODE_LITERAL : NODE_COLUMN, leaf->name, type, leaf->scale);
        n->column = leaf->column < 0 ? 0 : (size_t)leaf->column;
        return n;
    }
}

static struct node *branch(struct arena *a, enum node_kind kind, const char *name, enum formula_type type, int scale,
                           size_t count, const struct node *first, const struct node *second,
                           const struct node *third) {
    struct node *n = new_node(a, kind, name, type, scale);
    n->count = count;
    n->arguments[0] = first;
    n->arguments[1] = second;
    n->arguments[2] = third;
    return n;
}

#define PICK(p, ...)                                                                                                   \
    ((const char *const[]){__VA_ARGS__}[property_below(p, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))])

static int larger(int a, int b) { return a > b ? a : b; }

static enum formula_type any_type(struct property *p) {
    static const enum formula_type types[] = {FORMULA_BOOLEAN, FORMULA_INTEGER, FORMULA_DECIMAL, FORMULA_TEXT,
                                              FORMULA_DATE};
    return types[property_below(p, sizeof types / sizeof *types)];
}

static enum formula_type number_type(struct property *p) {
    return property_below(p, 2) == 0 ? FORMULA_INTEGER : FORMULA_DECIMAL;
}

/* Of which at least one is a decimal where the type is that. */
static const struct node *grow_decimal(struct property *p, struct arena *a, int depth) {
    const struct node *x = grow(p, a, FORMULA_DECIMAL, depth), *y = grow(p, a, number_type(p), depth);
    if (property_below(p, 2) == 0) {
        const struct node *other = x;
        x = y;
        y = other;
    }
    int scale = larger(x->scale, y->scale), sum = x->scale + y->scale;
    switch (property_below(p, 9)) {
    case 0: return branch(a, NODE_BINARY, "*", FORMULA_DECIMAL, sum < 38 ? sum : 38, 2, x, y, NULL);
    case 1: return branch(a, NODE_BINARY, "/", FORMULA_DECIMAL, larger(scale, 10), 2, x, y, NULL);
    case 2: return branch(a, NODE_BINARY, "//", FORMULA_DECIMAL, 0, 2, x, y, NULL);
    case 3: return branch(a, NODE_BINARY, "%", FORMULA_DECIMAL, scale, 2, x, y, NULL);
    case 4: return branch(a, NODE_CALL, PICK(p, "min", "max"), FORMULA_DECIMAL, scale, 2, x, y, NULL);
    case 5:
        return branch(a, NODE_CALL, "round", FORMULA_DECIMAL, 2, 2, x,
                      new_node(a, NODE_LITERAL, "2", FORMULA_INTEGER, 0), NULL);
    case 6: return branch(a, NODE_CALL, "coalesce", FORMULA_DECIMAL, scale, 2, x, y, NULL);
    case 7:
        if (x->type != FORMULA_DECIMAL) x = y;
        if (property_below(p, 2) == 0) return branch(a, NODE_UNARY, "-", x->type, x->scale, 1, x, NULL, NULL);
        return branch(a, NODE_CALL, "abs", x->type, x->scale, 1, x, NULL, NULL);
    default: return branch(a, NODE_BINARY, PICK(p, "+", "-"), FORMULA_DECIMAL, scale, 2, x, y, NULL);
    }
}

static const struct node *grow_integer(struct property *p, struct arena *a, int depth) {
    const struct node *x = grow(p, a, FORMULA_INTEGER, depth), *y = grow(p, a, FORMULA_INTEGER, depth);
    switch (property_below(p, 8)) {
    case 0: return branch(a, NODE_CALL, "len", FORMULA_INTEGER, 0, 1, grow(p, a, FORMULA_TEXT, depth), NULL, NULL);
    case 1:
        return branch(a, NODE_BINARY, "-", FORMULA_INTEGER, 0, 2, grow(p, a, FORMULA_DATE, depth),
                      grow(p, a, FORMULA_DATE, depth), NULL);
    case 2:
        return branch(a, NODE_CALL, PICK(p, "round", "floor", "ceil"), FORMULA_INTEGER, 0, 1,
                      grow(p, a, number_type(p), depth), NULL, NULL);
    case 3: return branch(a, NODE_UNARY, "-", FORMULA_INTEGER, 0, 1, x, NULL, NULL);
    case 4: return branch(a, NODE_CALL, PICK(p, "min", "max", "coalesce"), FORMULA_INTEGER, 0, 2, x, y, NULL);
    case 5: return branch(a, NODE_CALL, "abs", FORMULA_INTEGER, 0, 1, x, NULL, NULL);
    default: return branch(a, NODE_BINARY, PICK(p, "+", "-", "*", "//", "%"), FORMULA_INTEGER, 0, 2, x, y, NULL);
    }
}

static const struct node *grow_boolean(struct property *p, struct arena *a, int depth) {
    enum formula_type type = any_type(p);
    const struct node *x = grow(p, a, FORMULA_BOOLEAN, depth), *y = grow(p, a, FORMULA_BOOLEAN, depth), *nil;
    switch (property_below(p, 6)) {
    case 0: return branch(a, NODE_UNARY, "not", FORMULA_BOOLEAN, 0, 1, x, NULL, NULL);
    case 1:
    case 2: return branch(a, NODE_BINARY, PICK(p, "and", "or"), FORMULA_BOOLEAN, 0, 2, x, y, NULL);
    case 3:
        nil = new_node(a, NODE_LITERAL, "nil", FORMULA_NIL, 0);
        x = grow(p, a, type, depth);
        if (property_below(p, 2) == 0) return branch(a, NODE_BINARY, "==", FORMULA_BOOLEAN, 0, 2, nil, x, NULL);
        return branch(a, NODE_BINARY, "~=", FORMULA_BOOLEAN, 0, 2, x, nil, NULL);
    case 4:
        x = grow(p, a, FORMULA_TEXT, depth), y = grow(p, a, FORMULA_TEXT, depth);
        return branch(a, NODE_CALL, PICK(p, "contains", "starts_with", "ends_with"), FORMULA_BOOLEAN, 0, 2, x, y, NULL);
    default:
        x = grow(p, a, type, depth);
        if (type == FORMULA_INTEGER || type == FORMULA_DECIMAL) type = number_type(p);
        y = grow(p, a, type, depth);
        return branch(a, NODE_BINARY,
                      type == FORMULA_BOOLEAN ? PICK(p, "==", "~=") : PICK(p, "==", "~=", "<", "<=", ">", ">="),
                      FORMULA_BOOLEAN, 0, 2, x, y, NULL);
    }
}

static const struct node *grow_text(struct property *p, struct arena *a, int depth) {
    enum formula_type type = any_type(p);
    const struct node *x = grow(p, a, FORMULA_TEXT, depth), *y;
    switch (property_below(p, 4)) {
    case 0: return branch(a, NODE_CALL, PICK(p, "lower", "upper", "trim"), FORMULA_TEXT, 0, 1, x, NULL, NULL);
    case 1:
        y = grow(p, a, FORMULA_TEXT, depth);
        return branch(a, NODE_CALL, PICK(p, "min", "max", "coalesce"), FORMULA_TEXT, 0, 2, x, y, NULL);
    default:
        y = grow(p, a, type == FORMULA_BOOLEAN ? FORMULA_TEXT : type, depth);
        if (property_below(p, 2) == 0) return branch(a, NODE_BINARY, "..", FORMULA_TEXT, 0, 2, y, x, NULL);
        return branch(a, NODE_BINARY, "..", FORMULA_TEXT, 0, 2, x, y, NULL);
    }
}

static const struct node *grow_date(struct property *p, struct arena *a, int depth) {
    const struct node *x = grow(p, a, FORMULA_DATE, depth), *y;
    y = branch(a, NODE_CALL, "days", FORMULA_DAYS, 0, 1, grow(p, a, FORMULA_INTEGER, depth - 1), NULL, NULL);
    return branch(a, NODE_BINARY, PICK(p, "+", "-"), FORMULA_DATE, 0, 2, x, y, NULL);
}

static const struct node *grow(struct property *p, struct arena *a, enum formula_type type, int depth) {
    if (depth <= 0 || property_below(p, 6) == 0) return grow_leaf(p, a, type);
    depth--;
    if (property_below(p, 12) == 0) {
        const struct node *yes = grow(p, a, type, depth), *no = grow(p, a, type, depth);
        return branch(a, NODE_CALL, "choose", type, larger(yes->scale, no->scale), 3,
                      grow(p, a, FORMULA_BOOLEAN, depth), yes, no);
    }
    switch (type) {
    case FORMULA_BOOLEAN: return grow_boolean(p, a, depth);
    case FORMULA_INTEGER: return grow_integer(p, a, depth);
    case FORMULA_DECIMAL: return grow_decimal(p, a, depth);
    case FORMULA_TEXT: return grow_text(p, a, depth);
    default: return grow_date(p, a, depth);
    }
}

const struct node *reference_grow(struct property *p, struct arena *a, int depth) {
    return grow(p, a, any_type(p), depth);
}

/* ---- printing ---- */

static int level_of(const struct node *n) {
    static const char *const levels[] = {" or ", " and ", " < <= > >= == ~= ", " .. ", " + - ", " * / // % "};
    char name[8];
    if (n->kind == NODE_UNARY) return 7;
    if (n->kind != NODE_BINARY) return 8;
    snprintf(name, sizeof name, " %s ", n->name);
    for (int i = 0; i < 6; i++) {
        if (strstr(levels[i], name) != NULL) return i + 1;
    }
    return 0;
}

static void print_blank(struct property *p, struct buffer *out, bool needed) {
    static const char *const blanks[] = {" ", "\t", "\n", "  "};
    if (needed || property_below(p, 3) == 0) buffer_puts(out, blanks[property_below(p, 4)]);
}

static void print_inside(struct property *p, const struct node *n, int level, struct buffer *out) {
    bool parentheses = level_of(n) < level || property_below(p, 12) == 0;
    if (parentheses) buffer_put(out, '(');
    reference_print(p, n, out);
    if (parentheses) buffer_put(out, ')');
}

void reference_print(struct property *p, const struct node *n, struct buffer *out) {
    int level = level_of(n);
    switch (n->kind) {
    case NODE_LITERAL:
    case NODE_COLUMN: buffer_puts(out, n->name); return;
    case NODE_UNARY:
        buffer_puts(out, n->name);
        print_blank(p, out, true);
        print_inside(p, n->arguments[0], level, out);
        return;
    case NODE_BINARY:
        print_inside(p, n->arguments[0], level, out);
        print_blank(p, out, true);
        buffer_puts(out, n->name);
        print_blank(p, out, true);
        print_inside(p, n->arguments[1], level + 1, out);
        return;
    case NODE_CALL:
        buffer_puts(out, n->name);
        print_blank(p, out, false);
        buffer_put(out, '(');
        for (size_t i = 0; i < n->count; i++) {
            if (i != 0) buffer_put(out, ',');
            print_blank(p, out, false);
            reference_print(p, n->arguments[i], out);
        }
        print_blank(p, out, false);
        buffer_put(out, ')');
    }
}

/* ---- values ---- */

static struct result fault(enum formula_fault_kind kind) {
    return (struct result){.outcome = OUTCOME_FAULT, .fault = kind};
}

static struct naive from_long(long long value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", value);
    return naive_parse(text);
}

static struct result from_number(struct naive number) {
    return (struct result){.outcome = OUTCOME_VALUE, .number = number};
}

static struct result from_flag(bool flag) { return from_number(from_long(flag)); }

static struct result from_text(char *text) { return (struct result){.outcome = OUTCOME_VALUE, .text = text}; }

static long long to_long(const struct naive *number) {
    char text[NAIVE_TEXT];
    naive_print(number, 0, text);
    return strtoll(text, NULL, 10);
}

static bool is_true(const struct result *r) { return r->outcome == OUTCOME_VALUE && !naive_is_zero(&r->number); }
static bool is_false(const struct result *r) { return r->outcome == OUTCOME_VALUE && naive_is_zero(&r->number); }

/* A number as one of the node's type, if it can be one. */
static struct result bounded(const struct node *n, struct naive number) {
    struct naive least = naive_parse("-9223372036854775808"), greatest = naive_parse("9223372036854775807");
    if (n->type == FORMULA_DECIMAL && naive_length(&number) > 38) return fault(FORMULA_FAULT_DIGITS);
    if (n->type == FORMULA_INTEGER && (naive_compare(&number, &least) < 0 || naive_compare(&number, &greatest) > 0)) {
        return fault(FORMULA_FAULT_INTEGER);
    }
    return from_number(number);
}

static struct result literal(struct arena *a, const struct node *n) {
    if (n->type == FORMULA_NIL) return (struct result){.outcome = OUTCOME_ABSENT};
    if (n->type == FORMULA_BOOLEAN) return from_flag(strcmp(n->name, "true") == 0);
    if (n->type == FORMULA_TEXT) return from_text(arena_dup(a, n->name + 1, strlen(n->name) - 2));
    return from_number(naive_parse(n->name));
}

static struct result column(struct arena *a, const struct node *n, const flexdb_value *value) {
    int32_t days = 0;
    if (value_is_none(value)) return (struct result){.outcome = OUTCOME_ABSENT};
    if (value->tag == FLEXDB_BOOLEAN) return from_flag(value->as.boolean);
    if (value->tag == FLEXDB_INTEGER) return from_number(from_long(value->as.integer));
    if (n->type == FORMULA_DATE && date_parse(value->as.text, value->length, &days) == DATETIME_OK) {
        return from_number(from_long(days));
    }
    char *text = arena_dup(a, value->as.text, value->length);
    return n->type == FORMULA_DECIMAL ? from_number(naive_parse(text)) : from_text(text);
}

/* ---- operations ---- */

static bool is(const struct node *n, const char *name) { return strcmp(n->name, name) == 0; }

static void show_number(const struct node *n, const struct naive *number, char out[NAIVE_TEXT]) {
    if (n->type == FORMULA_DATE)
        date_print((int32_t)to_long(number), out);
    else
        naive_print(number, n->scale, out);
}

static struct result join(struct arena *a, const struct node *n, const struct result *x, const struct result *y) {
    char left[NAIVE_TEXT] = "", right[NAIVE_TEXT] = "";
    if (x->text == NULL) show_number(n->arguments[0], &x->number, left);
    if (y->text == NULL) show_number(n->arguments[1], &y->number, right);
    const char *l = x->text == NULL ? left : x->text, *r = y->text == NULL ? right : y->text;
    char *text = arena_alloc(a, strlen(l) + strlen(r) + 1, 1);
    assert_non_null(text);
    strcpy(text, l);
    strcat(text, r);
    return from_text(text);
}

static int order_of(const struct result *x, const struct result *y) {
    if (x->text == NULL) return naive_compare(&x->number, &y->number);
    int order = strcmp(x->text, y->text);
    return (order > 0) - (order < 0);
}

static struct result move_date(const struct node *n, const struct result *x, const struct result *y) {
    long long to = to_long(&x->number) + (is(n, "-") ? -1 : 1) * to_long(&y->number);
    return to < DATE_FIRST || to > DATE_LAST ? fault(FORMULA_FAULT_YEARS) : from_number(from_long(to));
}

static struct result arithmetic(const struct node *n, const struct result *x, const struct result *y) {
    struct naive minus = naive_negate(&y->number), whole;
    int scale = n->scale;
    if (n->type == FORMULA_DATE) return move_date(n, x, y);
    if (is(n, "+")) return bounded(n, naive_add(&x->number, &y->number));
    if (is(n, "-")) return bounded(n, naive_add(&x->number, &minus));
    if (is(n, "*")) return bounded(n, naive_multiply(&x->number, &y->number));
    if (naive_is_zero(&y->number)) return fault(FORMULA_FAULT_ZERO);
    if (is(n, "//")) return bounded(n, naive_floor_divide(&x->number, &y->number));
    if (is(n, "%")) return bounded(n, naive_modulo(&x->number, &y->number));
    whole = naive_divide_down(&x->number, &y->number, 0);
    if (naive_length(&whole) + scale > 38 && naive_length(&whole) <= 38) scale = 38 - naive_length(&whole);
    return bounded(n, naive_divide(&x->number, &y->number, scale));
}

static struct result compare(const struct node *n, const struct result *x, const struct result *y) {
    int order = order_of(x, y);
    if (is(n, "==")) return from_flag(order == 0);
    if (is(n, "~=")) return from_flag(order != 0);
    if (is(n, "<")) return from_flag(order < 0);
    if (is(n, "<=")) return from_flag(order <= 0);
    return from_flag(is(n, ">") ? order > 0 : order >= 0);
}

static struct result change_text(const struct node *n, struct result x) {
    char *text = x.text, *end = text + strlen(text);
    for (char *c = text; c < end; c++) {
        if (is(n, "lower") && *c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
        if (is(n, "upper") && *c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    }
    if (is(n, "trim")) {
        while (end > text && strchr(" \t\n\v\f\r", end[-1]) != NULL) *--end = '\0';
        while (*text != '\0' && strchr(" \t\n\v\f\r", *text) != NULL) text++;
    }
    return from_text(text);
}

static struct result unary(const struct node *n, struct result x) {
    struct naive minus = naive_negate(&x.number), number;
    long long count = 0;
    if (is(n, "not")) return from_flag(is_false(&x));
    if (is(n, "-")) return bounded(n, minus);
    if (is(n, "abs")) return bounded(n, x.number.negative ? minus : x.number);
    if (is(n, "len")) {
        for (const char *c = x.text; *c != '\0'; c++) count += (*c & 0xc0) != 0x80;
        return from_number(from_long(count));
    }
    if (is(n, "days")) { /* in days, where the machine has microseconds */
        struct naive micros = from_long(86400000000), product = naive_multiply(&x.number, &micros);
        struct node integer = {.type = FORMULA_INTEGER};
        struct result whole = bounded(&integer, product);
        return whole.outcome == OUTCOME_FAULT ? fault(FORMULA_FAULT_DURATION) : from_number(x.number);
    }
    if (is(n, "round")) return bounded(n, naive_round(&x.number, n->type == FORMULA_DECIMAL ? n->scale : 0));
    if (is(n, "floor")) return bounded(n, naive_floor(&x.number));
    if (is(n, "ceil")) {
        number = naive_floor(&minus);
        return bounded(n, naive_negate(&number));
    }
    return change_text(n, x);
}

static struct result binary(struct arena *a, const struct node *n, const struct result *x, const struct result *y) {
    size_t length, part;
    if (is(n, "..")) return join(a, n, x, y);
    if (is(n, "min")) return order_of(y, x) < 0 ? *y : *x;
    if (is(n, "max")) return order_of(y, x) > 0 ? *y : *x;
    if (is(n, "contains")) return from_flag(strstr(x->text, y->text) != NULL);
    if (is(n, "starts_with")) return from_flag(strncmp(x->text, y->text, strlen(y->text)) == 0);
    if (is(n, "ends_with")) {
        length = strlen(x->text), part = strlen(y->text);
        return from_flag(part <= length && strcmp(x->text + length - part, y->text) == 0);
    }
    return n->type == FORMULA_BOOLEAN ? compare(n, x, y) : arithmetic(n, x, y);
}

/* ---- walking ---- */

static bool is_lazy(const struct node *n) {
    return is(n, "and") || is(n, "or") || is(n, "coalesce") || is(n, "choose");
}

static struct result evaluate_lazy(struct arena *a, const struct node *n, const flexdb_value *values) {
    struct result x = reference_evaluate(a, n->arguments[0], values), y;
    if (x.outcome == OUTCOME_FAULT) return x;
    if (is(n, "choose")) {
        return x.outcome == OUTCOME_ABSENT ? x : reference_evaluate(a, n->arguments[is_true(&x) ? 1 : 2], values);
    }
    if (is(n, "coalesce")) return x.outcome == OUTCOME_VALUE ? x : reference_evaluate(a, n->arguments[1], values);
    if (is(n, "and") ? is_false(&x) : is_true(&x)) return x;
    y = reference_evaluate(a, n->arguments[1], values);
    if (y.outcome == OUTCOME_FAULT || (is(n, "and") ? is_false(&y) : is_true(&y))) return y;
    return x.outcome == OUTCOME_ABSENT ? x : y;
}

struct result reference_evaluate(struct arena *a, const struct node *n, const flexdb_value *values) {
    struct result x, y;
    if (n->kind == NODE_LITERAL) return literal(a, n);
    if (n->kind == NODE_COLUMN) return column(a, n, &values[n->column]);
    if (is_lazy(n)) return evaluate_lazy(a, n, values);
    x = reference_evaluate(a, n->arguments[0], values);
    if (x.outcome == OUTCOME_FAULT) return x;
    if (n->count == 1 || is(n, "round")) return x.outcome == OUTCOME_ABSENT ? x : unary(n, x);
    y = reference_evaluate(a, n->arguments[1], values);
    if (y.outcome == OUTCOME_FAULT) return y;
    if (n->arguments[0]->type == FORMULA_NIL || n->arguments[1]->type == FORMULA_NIL) {
        bool absent = x.outcome == OUTCOME_ABSENT && y.outcome == OUTCOME_ABSENT;
        return from_flag(absent == is(n, "=="));
    }
    if (x.outcome == OUTCOME_ABSENT || y.outcome == OUTCOME_ABSENT) return (struct result){.outcome = OUTCOME_ABSENT};
    return binary(a, n, &x, &y);
}

/* Of literals and operations that are always worked out. */
static bool is_constant(const struct node *n) {
    if (n->kind == NODE_COLUMN || n->type == FORMULA_NIL || (n->kind != NODE_LITERAL && is_lazy(n))) return false;
    for (size_t i = 0; i < n->count; i++) {
        if (!is_constant(n->arguments[i])) return false;
    }
    return true;
}

bool reference_is_refused(struct arena *a, const struct node *n) {
    for (size_t i = 0; i < n->count; i++) {
        if (reference_is_refused(a, n->arguments[i])) return true;
    }
    return is_constant(n) && reference_evaluate(a, n, NULL).outcome == OUTCOME_FAULT;
}

void reference_show(const struct node *n, const struct result *r, struct buffer *out) {
    char text[NAIVE_TEXT];
    buffer_printf(out, "%s ", formula_type_name(n->type));
    if (r->outcome == OUTCOME_ABSENT) {
        buffer_puts(out, "absent");
    } else if (n->type == FORMULA_TEXT) {
        buffer_printf(out, "'%s'", r->text);
    } else if (n->type == FORMULA_BOOLEAN) {
        buffer_puts(out, is_true(r) ? "true" : "false");
    } else {
        show_number(n, &r->number, text);
        buffer_puts(out, text);
    }
}
