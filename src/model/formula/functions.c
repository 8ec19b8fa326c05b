/* The functions: what arguments each takes, and what it becomes. */
#include <stdio.h>
#include <string.h>

#include "model/formula/compiler.h"

enum { ANY_NUMBER = 255, FIRST_ARGUMENTS = 3, MAX_ROUND = DECIMAL_MAX_SCALE };

/* What a function wants of an argument. */
enum need { NEEDS_TEXT, NEEDS_NUMBER, NEEDS_INTEGER, NEEDS_AMOUNT, NEEDS_MOMENT, NEEDS_BOOLEAN };

struct call;

/* `finish` is called behind the last argument, when their number is right; `behind` behind each argument, and `between`
 * where another one follows it. */
struct function {
    const char *name;
    unsigned char least, most; /* arguments */
    void (*finish)(struct compiler *c, struct call *call);
    void (*behind)(struct compiler *c, struct call *call, const struct operand *argument);
    void (*between)(struct compiler *c, struct call *call, const struct operand *argument);
    /* Of those that are one instruction: what every argument must be, and what comes of it. */
    enum need need;
    enum op op;
    uint32_t operand;
    enum formula_type result;
};

struct call {
    const struct function *function;
    const char *at;
    size_t first, count;
    struct operand arguments[FIRST_ARGUMENTS]; /* the first of them */
    struct operand result;
    size_t jump; /* coalesce: the last of the jumps to the end, each of which has the one before as its operand;
                    choose: the one that has no target yet */
};

/* ---- arguments ---- */

static const struct {
    const char *words, *json;
    unsigned types; /* bits 1u << type */
} needs[] = {
    [NEEDS_TEXT] = {"a text", "\"text\"", 1u << FORMULA_TEXT},
    [NEEDS_NUMBER] = {"a number", "[\"integer\",\"decimal\"]", 1u << FORMULA_INTEGER | 1u << FORMULA_DECIMAL},
    [NEEDS_INTEGER] = {"an integer", "\"integer\"", 1u << FORMULA_INTEGER},
    [NEEDS_AMOUNT] = {"a number or a duration", "[\"integer\",\"decimal\",\"days\",\"duration\"]",
                      1u << FORMULA_INTEGER | 1u << FORMULA_DECIMAL | 1u << FORMULA_DAYS | 1u << FORMULA_DURATION},
    [NEEDS_MOMENT] = {"a date or a datetime", "[\"date\",\"datetime\"]", 1u << FORMULA_DATE | 1u << FORMULA_DATETIME},
    [NEEDS_BOOLEAN] = {"a boolean", "\"boolean\"", 1u << FORMULA_BOOLEAN},
};

/* "the argument of len", or "argument 2 of contains". */
static void name_argument(const struct call *call, size_t n, char out[64]) {
    if (call->function->most == 1)
        snprintf(out, 64, "the argument of %s", call->function->name);
    else
        snprintf(out, 64, "argument %zu of %s", n + 1, call->function->name);
}

static void refuse_argument(struct compiler *c, const struct call *call, size_t n, const struct operand *argument,
                            const char *expected, const char *words) {
    char what[64];
    name_argument(call, n, what);
    compiler_refuse(c, argument->at, argument, expected, what, words);
}

/* False when it is of another type, or unknown. */
static bool judge(struct compiler *c, const struct call *call, size_t n, const struct operand *argument,
                  enum need need) {
    if ((needs[need].types & 1u << argument->type) != 0) return true;
    if (argument->type != FORMULA_UNKNOWN) {
        refuse_argument(c, call, n, argument, needs[need].json, needs[need].words);
    }
    return false;
}

/* ---- functions of one instruction ---- */

static void finish_plain(struct compiler *c, struct call *call) {
    const struct function *f = call->function;
    call->result.type = f->result;
    for (size_t n = 0; n < call->count; n++) judge(c, call, n, &call->arguments[n], f->need);
    if (f->need == NEEDS_MOMENT && call->arguments[0].type == FORMULA_DATETIME) {
        emit_operation(c, OP_DAY_OF_DATETIME, 0, call->at, 1, call->first);
    }
    emit_operation(c, f->op, f->operand, call->at, (int)call->count, call->first);
}

/* abs: the type is the argument's own. */
static void finish_abs(struct compiler *c, struct call *call) {
    if (!judge(c, call, 0, &call->arguments[0], NEEDS_AMOUNT)) return;
    call->result = call->arguments[0];
    bool decimal = call->result.type == FORMULA_DECIMAL, integer = call->result.type == FORMULA_INTEGER;
    emit_operation(c, decimal ? OP_ABS_DECIMAL : OP_ABS_INTEGER, decimal || integer ? 0 : OF_DURATION, call->at, 1,
                   call->first);
}

/* The number of digits, which the type of the result says and which must therefore be written there. */
static bool read_digits(struct compiler *c, struct call *call, size_t *digits) {
    const struct operand *argument = &call->arguments[1];
    const struct slot *value = emit_constant_of(c, argument);
    if (argument->type == FORMULA_UNKNOWN || c->faulty) return false;
    if (argument->type != FORMULA_INTEGER || value == NULL || value->as.integer < 0 || value->as.integer > MAX_ROUND) {
        compiler_issue(c, argument->at, "argument", NULL, NULL, "argument 2 of round must be a number from 0 to %d",
                       (int)MAX_ROUND);
        return false;
    }
    *digits = (size_t)value->as.integer;
    emit_undo(c);
    return true;
}

/* round(x) to an integer, round(x, n) to a decimal. */
static void finish_round(struct compiler *c, struct call *call) {
    size_t digits = 0;
    bool whole = call->count == 1;
    call->result.type = whole ? FORMULA_INTEGER : FORMULA_DECIMAL;
    judge(c, call, 0, &call->arguments[0], NEEDS_NUMBER);
    if (!whole && !read_digits(c, call, &digits)) return;
    call->result.scale = (int)digits;
    emit_operation(c, whole ? OP_ROUND_WHOLE : OP_ROUND, digits, call->at, 1, call->first);
}

static void finish_date(struct compiler *c, struct call *call) {
    const struct operand *argument = &call->arguments[0];
    call->result.type = FORMULA_DATE;
    if (argument->type == FORMULA_TEXT) {
        emit_operation(c, OP_READ_DATE, 0, call->at, 1, call->first);
    } else if (argument->type == FORMULA_DATETIME) {
        emit_operation(c, OP_DAY_OF_DATETIME, 0, call->at, 1, call->first);
    } else if (argument->type != FORMULA_UNKNOWN) {
        refuse_argument(c, call, 0, argument, "[\"text\",\"datetime\"]", "a text or a datetime");
    }
}

static void finish_matches(struct compiler *c, struct call *call) {
    char message[REGEX_MESSAGE_SIZE];
    struct regex *pattern = NULL;
    size_t index = 0;
    call->result.type = FORMULA_BOOLEAN;
    if (!judge(c, call, 0, &call->arguments[0], NEEDS_TEXT) || !judge(c, call, 1, &call->arguments[1], NEEDS_TEXT)) {
        return;
    }
    const struct slot *value = emit_constant_of(c, &call->arguments[1]);
    if (c->faulty || c->stopped) return;
    if (value == NULL) {
        compiler_issue(c, call->arguments[1].at, "argument", NULL, NULL,
                       "argument 2 of matches must be a text that is written there, not one of the record");
        return;
    }
    switch (regex_compile(&pattern, value->as.text.borrowed, value->as.text.length, message)) {
    case 0: break;
    case -1:
        compiler_issue(c, call->arguments[1].at, "pattern", NULL, NULL, "argument 2 of matches is no pattern: %s",
                       message);
        return;
    default:
        c->stopped = true;
        error_no_memory(c->err);
        return;
    }
    if (!emit_pattern(c, pattern, &index)) {
        regex_free(pattern);
        return;
    }
    emit_undo(c);
    emit(c, OP_MATCHES, index, call->at, 0);
}

/* The same record would give another result later: what is stored would not be what is said. */
static void finish_now(struct compiler *c, struct call *call) {
    compiler_issue(c, call->at, "deterministic", NULL, NULL,
                   "%s() is not allowed: the result must depend on the record alone, not on when it is asked for",
                   call->function->name);
}

/* ---- functions of any number of arguments ---- */

/* Brings the result's type together with one argument more; false after an issue. */
static bool join(struct compiler *c, struct call *call, const struct operand *argument) {
    struct operand *result = &call->result;
    if (call->count == 0 || result->type == FORMULA_NIL) {
        result->type = argument->type;
        result->scale = argument->scale;
        return true;
    }
    if (argument->type == FORMULA_NIL || argument->type == FORMULA_UNKNOWN || result->type == FORMULA_UNKNOWN) {
        return result->type != FORMULA_UNKNOWN;
    }
    if (type_join(result, argument, &result->type, &result->scale)) return true;
    char expected[32];
    snprintf(expected, sizeof expected, "\"%s\"", formula_type_name(result->type));
    refuse_argument(c, call, call->count, argument, expected, type_words(result->type));
    return false;
}

static void refuse_json(struct compiler *c, const struct call *call, const struct operand *argument) {
    char what[64];
    if (argument->type != FORMULA_JSON) return;
    name_argument(call, call->count, what);
    compiler_issue(c, argument->at, "type", NULL, "\"json\"", "%s must not be json", what);
}

/* min and max: pair by pair. */
static void behind_extreme(struct compiler *c, struct call *call, const struct operand *argument) {
    bool ordered = argument->type != FORMULA_BOOLEAN && argument->type != FORMULA_NIL && argument->type != FORMULA_JSON;
    if (!ordered) {
        refuse_argument(c, call, call->count, argument, NULL, "a number, a text, a date, a datetime or a duration");
        return;
    }
    if (!join(c, call, argument) || call->count == 0) return;
    enum op of_text = call->function->op == OP_LESSER_INTEGER ? OP_LESSER_TEXT : OP_GREATER_TEXT;
    enum op of_decimal = call->function->op == OP_LESSER_INTEGER ? OP_LESSER_DECIMAL : OP_GREATER_DECIMAL;
    enum op op = call->result.type == FORMULA_TEXT      ? of_text
                 : call->result.type == FORMULA_DECIMAL ? of_decimal
                                                        : call->function->op;
    emit_operation(c, op, 0, call->at, 2, call->first);
}

static void behind_coalesce(struct compiler *c, struct call *call, const struct operand *argument) {
    refuse_json(c, call, argument);
    if (argument->type == FORMULA_NIL) {
        refuse_argument(c, call, call->count, argument, NULL, "something that may be present");
        return;
    }
    join(c, call, argument);
}

static void between_coalesce(struct compiler *c, struct call *call, const struct operand *argument) {
    (void)argument;
    call->jump = emit(c, OP_JUMP_IF_PRESENT, call->jump, call->at, -1);
}

static void finish_coalesce(struct compiler *c, struct call *call) {
    for (size_t n = call->count - 1, jump = call->jump; n > 0 && !c->stopped; n--) {
        size_t before = c->f->code[jump].operand;
        emit_land(c, jump);
        jump = before;
    }
}

/* choose(condition, a, b): the condition decides which of the two is worked out. */
static void behind_choose(struct compiler *c, struct call *call, const struct operand *argument) {
    if (call->count == 0) {
        judge(c, call, 0, argument, NEEDS_BOOLEAN);
        return;
    }
    refuse_json(c, call, argument);
    if (call->count == 1) call->result.type = FORMULA_NIL;
    join(c, call, argument);
}

static void between_choose(struct compiler *c, struct call *call, const struct operand *argument) {
    (void)argument;
    if (call->count == 0) {
        call->jump = emit(c, OP_CHOOSE, 0, call->at, -1);
    } else if (call->count == 1) {
        size_t jump = emit(c, OP_JUMP, 0, call->at, -1);
        emit_land(c, call->jump);
        call->jump = jump;
    }
}

static void finish_choose(struct compiler *c, struct call *call) { emit_land(c, call->jump); }

/* ---- the table ---- */

#define PLAIN(name, arguments, need, op, operand, result)                                                              \
    { name, arguments, arguments, finish_plain, NULL, NULL, need, op, operand, FORMULA_##result }
#define SPECIAL(name, least, most, finish)                                                                             \
    { name, least, most, finish, NULL, NULL, NEEDS_TEXT, OP_NONE, 0, FORMULA_UNKNOWN }

static const struct function functions[] = {
    PLAIN("len", 1, NEEDS_TEXT, OP_LENGTH, 0, INTEGER),
    PLAIN("lower", 1, NEEDS_TEXT, OP_LOWER, 0, TEXT),
    PLAIN("upper", 1, NEEDS_TEXT, OP_UPPER, 0, TEXT),
    PLAIN("trim", 1, NEEDS_TEXT, OP_TRIM, 0, TEXT),
    PLAIN("contains", 2, NEEDS_TEXT, OP_CONTAINS, 0, BOOLEAN),
    PLAIN("starts_with", 2, NEEDS_TEXT, OP_STARTS_WITH, 0, BOOLEAN),
    PLAIN("ends_with", 2, NEEDS_TEXT, OP_ENDS_WITH, 0, BOOLEAN),
    SPECIAL("matches", 2, 2, finish_matches),
    SPECIAL("abs", 1, 1, finish_abs),
    SPECIAL("round", 1, 2, finish_round),
    PLAIN("floor", 1, NEEDS_NUMBER, OP_FLOOR, 0, INTEGER),
    PLAIN("ceil", 1, NEEDS_NUMBER, OP_CEIL, 0, INTEGER),
    {"min", 2, ANY_NUMBER, NULL, behind_extreme, NULL, NEEDS_NUMBER, OP_LESSER_INTEGER, 0, FORMULA_UNKNOWN},
    {"max", 2, ANY_NUMBER, NULL, behind_extreme, NULL, NEEDS_NUMBER, OP_GREATER_INTEGER, 0, FORMULA_UNKNOWN},
    {"coalesce", 2, ANY_NUMBER, finish_coalesce, behind_coalesce, between_coalesce, NEEDS_TEXT, OP_NONE, 0,
     FORMULA_UNKNOWN},
    {"choose", 3, 3, finish_choose, behind_choose, between_choose, NEEDS_TEXT, OP_NONE, 0, FORMULA_UNKNOWN},
    SPECIAL("date", 1, 1, finish_date),
    PLAIN("datetime", 1, NEEDS_TEXT, OP_READ_DATETIME, 0, DATETIME),
    PLAIN("days", 1, NEEDS_INTEGER, OP_DAYS, 0, DAYS),
    PLAIN("hours", 1, NEEDS_NUMBER, OP_DURATION, UINT32_C(3600000000), DURATION),
    PLAIN("minutes", 1, NEEDS_NUMBER, OP_DURATION, 60000000, DURATION),
    PLAIN("seconds", 1, NEEDS_NUMBER, OP_DURATION, 1000000, DURATION),
    PLAIN("year", 1, NEEDS_MOMENT, OP_YEAR, 0, INTEGER),
    PLAIN("month", 1, NEEDS_MOMENT, OP_MONTH, 0, INTEGER),
    PLAIN("day", 1, NEEDS_MOMENT, OP_DAY, 0, INTEGER),
    SPECIAL("today", 0, 0, finish_now),
    SPECIAL("now", 0, 0, finish_now),
};

static const struct function *find_function(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const char *known = functions[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) return &functions[i];
    }
    return NULL;
}

bool function_exists(const char *name, size_t length) { return find_function(name, length) != NULL; }

/* ---- calls ---- */

static bool judge_count(struct compiler *c, const struct call *call) {
    const struct function *f = call->function;
    if (call->count >= f->least && call->count <= f->most) return true;
    char takes[32];
    bool few = call->count < f->least;
    if (f->most == ANY_NUMBER)
        snprintf(takes, sizeof takes, "at %s %d", few ? "least" : "most", few ? f->least : f->most);
    else if (f->least != f->most)
        snprintf(takes, sizeof takes, "%d or %d", f->least, f->most);
    else if (f->most == 0)
        snprintf(takes, sizeof takes, "no");
    else
        snprintf(takes, sizeof takes, "%d", f->most);
    compiler_issue(c, call->at, "arguments", NULL, NULL, "%s takes %s argument%s, got %zu", f->name, takes,
                   f->most == 1 ? "" : "s", call->count);
    return false;
}

static bool read_argument(struct compiler *c, struct call *call) {
    const struct function *f = call->function;
    struct operand argument;
    if (!compiler_expression(c, &argument)) return false;
    if (call->count < FIRST_ARGUMENTS) call->arguments[call->count] = argument;
    if (f != NULL && f->behind != NULL && call->count < f->most) f->behind(c, call, &argument);
    if (f != NULL && f->between != NULL && c->token.kind == TOKEN_COMMA) f->between(c, call, &argument);
    call->count++;
    return true;
}

static bool read_arguments(struct compiler *c, struct call *call) {
    if (!compiler_advance(c)) return false;
    if (c->token.kind == TOKEN_CLOSE) return compiler_advance(c);
    while (read_argument(c, call)) {
        if (c->token.kind == TOKEN_CLOSE) return compiler_advance(c);
        if (c->token.kind != TOKEN_COMMA) return compiler_expect(c, ", or )");
        if (!compiler_advance(c)) return false;
    }
    return false;
}

bool function_call(struct compiler *c, const struct token *name, struct operand *out) {
    struct call call = {.function = find_function(name->text, name->length), .at = name->text, .first = c->f->count};
    call.result.type = FORMULA_UNKNOWN;
    if (call.function == NULL) compiler_unknown(c, name, "function");
    if (!compiler_enter(c, name->text) || !read_arguments(c, &call)) return false;
    c->depth--;
    if (call.function != NULL && judge_count(c, &call) && call.function->finish != NULL) {
        call.function->finish(c, &call);
    }
    *out = (struct operand){call.result.type, call.result.scale, call.first, name->text};
    return !c->stopped;
}
