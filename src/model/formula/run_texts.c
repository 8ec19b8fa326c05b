/* Instructions on texts. What is made of them is appended to the buffer. Of the texts that lie there an operand's are
 * the last ones, for the stack gives its values back in their order; so they can be changed in place and cut off. */
#include <string.h>

#include "base/datetime.h"
#include "base/find.h"
#include "base/number.h"
#include "base/utf8.h"
#include "model/formula/program.h"

/* ---- the buffer ---- */

/* Makes room for a text that ends at `end`, an offset. */
static enum formula_fault_kind reserve(struct evaluation *e, size_t end) {
    size_t length = e->scratch->length;
    if (end - e->base > FORMULA_MAX_TEXT) return FORMULA_FAULT_TEXT;
    return end <= length || buffer_reserve(e->scratch, end - length) ? FORMULA_NO_FAULT : FORMULA_FAULT_NO_MEMORY;
}

static bool in_buffer(const struct slot *s) { return s->as.text.borrowed == NULL; }

/* Makes the text one that lies in the buffer and may be written to. */
static enum formula_fault_kind own(struct evaluation *e, struct slot *s) {
    if (in_buffer(s)) return FORMULA_NO_FAULT;
    const char *text = s->as.text.borrowed;
    enum formula_fault_kind fault = reserve(e, e->scratch->length + s->as.text.length);
    if (fault != FORMULA_NO_FAULT) return fault;
    s->as.text.borrowed = NULL;
    s->as.text.offset = s->as.text.mark = e->scratch->length;
    buffer_append(e->scratch, text, s->as.text.length);
    return FORMULA_NO_FAULT;
}

/* Moves a text that lies in the buffer down to `offset` and cuts off what lies behind it. */
static void settle(struct evaluation *e, struct slot *s, size_t offset) {
    if (s->as.text.length != 0) {
        memmove(e->scratch->data + offset, e->scratch->data + s->as.text.offset, s->as.text.length);
    }
    s->as.text.offset = offset;
    e->scratch->length = offset + s->as.text.length;
}

/* ---- one text ---- */

static int64_t count_characters(const char *text, size_t length) {
    int64_t count = 0;
    for (size_t i = 0; i < length; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* The letters of ASCII, and no others: `first` to `first` + 25 become those that are 32 away. */
static enum formula_fault_kind change_case(struct evaluation *e, struct slot *s, char first) {
    enum formula_fault_kind fault = own(e, s);
    if (fault != FORMULA_NO_FAULT) return fault;
    char *p = s->as.text.length == 0 ? NULL : e->scratch->data + s->as.text.offset;
    for (size_t i = 0; i < s->as.text.length; i++) {
        if (p[i] >= first && p[i] <= first + 25) p[i] = (char)(p[i] ^ 0x20);
    }
    return FORMULA_NO_FAULT;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void trim(struct evaluation *e, struct slot *s) {
    const char *text = slot_text(e, s);
    size_t begin = 0, end = s->as.text.length;
    while (begin < end && is_space(text[begin])) begin++;
    while (end > begin && is_space(text[end - 1])) end--;
    s->as.text.length = end - begin;
    if (in_buffer(s)) {
        size_t down = s->as.text.offset;
        s->as.text.offset += begin;
        settle(e, s, down);
    } else {
        s->as.text.borrowed += begin;
    }
}

static enum formula_fault_kind read_moment(struct evaluation *e, uint8_t op, struct slot *s) {
    const char *text = slot_text(e, s);
    size_t length = s->as.text.length;
    int32_t days = 0;
    int64_t micros = 0;
    enum datetime_status status =
        op == OP_READ_DATE ? date_parse(text, length, &days) : datetime_parse(text, length, &micros);
    if (status != DATETIME_OK) {
        e->fault->text = text;
        e->fault->length = length;
        return op == OP_READ_DATE ? FORMULA_FAULT_DATE_TEXT : FORMULA_FAULT_DATETIME_TEXT;
    }
    formula_release(e, s);
    set_integer(s, op == OP_READ_DATE ? days : micros);
    return FORMULA_NO_FAULT;
}

static enum formula_fault_kind match(struct evaluation *e, const struct instruction *i, struct slot *s) {
    const char *text = slot_text(e, s);
    struct utf8_facts facts = {0};
    if (!utf8_check(text, s->as.text.length, &facts)) return FORMULA_FAULT_VALUE;
    enum regex_result result = regex_search(e->f->patterns[i->operand], text, s->as.text.length, facts.ascii);
    if (result == REGEX_LIMIT) return FORMULA_FAULT_PATTERN;
    formula_release(e, s);
    set_integer(s, result == REGEX_MATCH);
    return FORMULA_NO_FAULT;
}

/* ---- to a text ---- */

/* All `scale` digits of the fraction, of which the value may have fewer. */
static void print_decimal(const struct slot *s, int scale, struct buffer *out) {
    char text[DECIMAL_TEXT_SIZE];
    struct decimal value = {0};
    if (s->kind == SLOT_DECIMAL)
        value = s->as.decimal;
    else
        decimal_from_integer(s->as.integer, &value);
    buffer_append(out, text, decimal_print(&value, text));
    if (value.scale == 0 && scale > 0) buffer_put(out, '.');
    for (int i = value.scale; i < scale; i++) buffer_put(out, '0');
}

static enum formula_fault_kind to_text(struct evaluation *e, uint32_t operand, struct slot *s) {
    enum { ROOM = DECIMAL_TEXT_SIZE + DECIMAL_MAX_PRECISION + 2 };
    char text[ROOM];
    size_t begin = e->scratch->length;
    enum formula_fault_kind fault = reserve(e, begin + ROOM);
    if (fault != FORMULA_NO_FAULT) return fault;
    switch ((enum formula_type)(operand & 0xff)) {
    case FORMULA_INTEGER: buffer_append(e->scratch, text, number_print_integer(s->as.integer, text)); break;
    case FORMULA_DATE:
        date_print((int32_t)s->as.integer, text);
        buffer_append(e->scratch, text, DATE_TEXT_SIZE - 1);
        break;
    case FORMULA_DATETIME:
        datetime_print(s->as.integer, text);
        buffer_append(e->scratch, text, DATETIME_TEXT_SIZE - 1);
        break;
    default: print_decimal(s, (int)(operand >> 8), e->scratch); break;
    }
    *s = (struct slot){.kind = SLOT_TEXT, .as.text = {NULL, begin, e->scratch->length - begin, begin}};
    return FORMULA_NO_FAULT;
}

enum formula_fault_kind formula_unary_text(struct evaluation *e, const struct instruction *i, struct slot *s) {
    switch (i->op) {
    case OP_LENGTH: {
        int64_t count = count_characters(slot_text(e, s), s->as.text.length);
        formula_release(e, s);
        set_integer(s, count);
        return FORMULA_NO_FAULT;
    }
    case OP_LOWER: return change_case(e, s, 'A');
    case OP_UPPER: return change_case(e, s, 'a');
    case OP_TRIM: trim(e, s); return FORMULA_NO_FAULT;
    case OP_MATCHES: return match(e, i, s);
    case OP_TO_TEXT: return to_text(e, i->operand, s);
    default: return read_moment(e, i->op, s);
    }
}

/* ---- two texts ---- */

static int compare(const struct evaluation *e, const struct slot *left, const struct slot *right) {
    size_t a = left->as.text.length, b = right->as.text.length, shorter = a < b ? a : b;
    int order = shorter == 0 ? 0 : memcmp(slot_text(e, left), slot_text(e, right), shorter);
    return order != 0 ? (order > 0) - (order < 0) : (a > b) - (a < b);
}

static bool holds(const struct evaluation *e, const struct instruction *i, const struct slot *left,
                  const struct slot *right) {
    const char *text = slot_text(e, left), *part = slot_text(e, right);
    size_t length = left->as.text.length, part_length = right->as.text.length;
    switch (i->op) {
    case OP_COMPARE_TEXT: return compare_holds(i->operand, compare(e, left, right));
    case OP_CONTAINS: return find_contains(text, length, part, part_length);
    case OP_STARTS_WITH: return part_length <= length && memcmp(text, part, part_length) == 0;
    default: return part_length <= length && memcmp(text + (length - part_length), part, part_length) == 0;
    }
}

/* The right text takes the left one's place, in the buffer too. */
static void take_right(struct evaluation *e, struct slot *left, struct slot *right) {
    size_t mark = in_buffer(left) ? left->as.text.mark : right->as.text.mark;
    if (in_buffer(right)) {
        settle(e, right, mark);
        right->as.text.mark = mark;
    } else {
        formula_release(e, left);
    }
    *left = *right;
}

/* Copies each byte of the right text once, and the left one's only where they do not lie in the buffer yet, so that a
 * chain costs what its result is long. */
static enum formula_fault_kind concat(struct evaluation *e, struct slot *left, struct slot *right) {
    size_t begin = in_buffer(left) ? left->as.text.offset : in_buffer(right) ? right->as.text.mark : e->scratch->length;
    size_t mark = in_buffer(left) ? left->as.text.mark : begin;
    size_t a = left->as.text.length, b = right->as.text.length;
    enum formula_fault_kind fault = reserve(e, begin + a + b);
    if (fault != FORMULA_NO_FAULT) return fault;
    char *data = e->scratch->data;
    if (b != 0) memmove(data + begin + a, slot_text(e, right), b);
    if (!in_buffer(left) && a != 0) memcpy(data + begin, left->as.text.borrowed, a);
    e->scratch->length = begin + a + b;
    left->as.text.borrowed = NULL;
    left->as.text.offset = begin;
    left->as.text.length = a + b;
    left->as.text.mark = mark;
    return FORMULA_NO_FAULT;
}

enum formula_fault_kind formula_binary_text(struct evaluation *e, const struct instruction *i, struct slot *left,
                                            struct slot *right) {
    if (i->op == OP_CONCAT) return concat(e, left, right);
    if (i->op == OP_LESSER_TEXT || i->op == OP_GREATER_TEXT) {
        int order = compare(e, right, left);
        if (i->op == OP_LESSER_TEXT ? order < 0 : order > 0)
            take_right(e, left, right);
        else
            formula_release(e, right);
        return FORMULA_NO_FAULT;
    }
    bool result = holds(e, i, left, right);
    formula_release(e, right);
    formula_release(e, left);
    set_integer(left, result);
    return FORMULA_NO_FAULT;
}
