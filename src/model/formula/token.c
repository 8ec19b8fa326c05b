/* The tokens of Lua's expressions, and of what looks like one and is none, for messages that help. */
#include "model/formula/token.h"

#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static const struct symbol {
    const char *text;
    enum token_kind kind;
    const char *why;
} symbols[] = {
    /* the longer first */
    {"..", TOKEN_CONCAT, NULL},
    {"==", TOKEN_EQUAL, NULL},
    {"~=", TOKEN_NOT_EQUAL, NULL},
    {"<=", TOKEN_LESS_EQUAL, NULL},
    {">=", TOKEN_GREATER_EQUAL, NULL},
    {"//", TOKEN_FLOOR_DIVIDE, NULL},
    {"--", TOKEN_FAULTY, "-- begins a comment in Lua, and an expression has none; write - - to negate twice"},
    {"!=", TOKEN_FAULTY, "there is no operator !=; write ~="},
    {"<>", TOKEN_FAULTY, "there is no operator <>; write ~="},
    {"&&", TOKEN_FAULTY, "there is no operator &&; write and"},
    {"||", TOKEN_FAULTY, "there is no operator ||; write or"},
    {"<<", TOKEN_FAULTY, "there is no operator <<"},
    {">>", TOKEN_FAULTY, "there is no operator >>"},
    {"[[", TOKEN_FAULTY, "there are no long strings; write \"…\" or '…'"},
    {"<", TOKEN_LESS, NULL},
    {">", TOKEN_GREATER, NULL},
    {"+", TOKEN_PLUS, NULL},
    {"-", TOKEN_MINUS, NULL},
    {"*", TOKEN_TIMES, NULL},
    {"/", TOKEN_DIVIDE, NULL},
    {"%", TOKEN_MODULO, NULL},
    {"(", TOKEN_OPEN, NULL},
    {")", TOKEN_CLOSE, NULL},
    {",", TOKEN_COMMA, NULL},
    {"=", TOKEN_FAULTY, "there is no operator =; write =="},
    {"!", TOKEN_FAULTY, "there is no operator !; write not"},
    {"#", TOKEN_FAULTY, "there is no operator #; write len(x)"},
    {"^", TOKEN_FAULTY, "there is no operator ^"},
    {"&", TOKEN_FAULTY, "there is no operator &"},
    {"|", TOKEN_FAULTY, "there is no operator |"},
    {"~", TOKEN_FAULTY, "there is no operator ~"},
    {".", TOKEN_FAULTY, "there is no operator ."},
    {":", TOKEN_FAULTY, "there is no operator :"},
    {"[", TOKEN_FAULTY, "there is no operator ["},
};

/* Lua's other keywords are names here, so that a column called `end` can be read. */
static const struct symbol words[] = {{"and", TOKEN_AND, NULL},   {"or", TOKEN_OR, NULL},
                                      {"not", TOKEN_NOT, NULL},   {"nil", TOKEN_NIL, NULL},
                                      {"true", TOKEN_TRUE, NULL}, {"false", TOKEN_FALSE, NULL}};

static struct token read_name(const char *p, const char *end) {
    struct token t = {.kind = TOKEN_NAME, .text = p};
    while (p < end && (is_letter(*p) || is_digit(*p))) p++;
    t.length = (size_t)(p - t.text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].text) == t.length && memcmp(words[i].text, t.text, t.length) == 0) t.kind = words[i].kind;
    }
    return t;
}

/* ---- numbers ---- */

/* How far it goes, digits or none. */
static const char *skip_digits(const char *p, const char *end) {
    while (p < end && is_digit(*p)) p++;
    return p;
}

static enum token_kind number_kind(const char *p, const char *end) {
    if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        for (p += 2; p < end && is_hex(*p); p++) {
        }
        return p == end ? TOKEN_INTEGER : TOKEN_FAULTY;
    }
    p = skip_digits(p, end); /* a digit here or behind the point has brought us here */
    if (p == end) return TOKEN_INTEGER;
    if (*p == '.') p = skip_digits(p + 1, end);
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        const char *digits = p;
        p = skip_digits(p, end);
        if (p == digits) return TOKEN_FAULTY;
    }
    return p == end ? TOKEN_DECIMAL : TOKEN_FAULTY;
}

/* Takes all that Lua takes for a part of a number before it judges: `1..2` is malformed, `1 .. 2` is not. */
static struct token read_number(const char *p, const char *end) {
    struct token t = {.text = p};
    bool hex = end - p > 1 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    for (; p < end && (is_letter(*p) || is_digit(*p) || *p == '.'); p++) {
        bool exponent = !hex && (*p == 'e' || *p == 'E');
        if (exponent && end - p > 1 && (p[1] == '+' || p[1] == '-')) p++;
    }
    t.length = (size_t)(p - t.text);
    t.kind = number_kind(t.text, p);
    if (t.kind == TOKEN_FAULTY) t.why = "the number is malformed";
    return t;
}

/* ---- strings ---- */

/* Behind the character that a backslash hides: two for a carriage return and a line feed, all the blanks after \z. */
static const char *skip_escape(const char *p, const char *end) {
    if (p == end) return end;
    char c = *p++;
    if (c == 'z') {
        while (p < end && is_space(*p)) p++;
    } else if (p < end && ((c == '\r' && *p == '\n') || (c == '\n' && *p == '\r'))) {
        p++;
    }
    return p;
}

static struct token read_string(const char *p, const char *end) {
    struct token t = {.kind = TOKEN_FAULTY, .text = p, .why = "the string is not finished"};
    char quote = *p++;
    while (p < end && *p != quote && *p != '\n' && *p != '\r') p = *p == '\\' ? skip_escape(p + 1, end) : p + 1;
    if (p < end && *p == quote) {
        p++;
        t.kind = TOKEN_TEXT;
    }
    t.length = (size_t)(p - t.text);
    return t;
}

/* ---- any ---- */

static struct token read_symbol(const char *p, const char *end) {
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        size_t length = strlen(symbols[i].text);
        if ((size_t)(end - p) < length || memcmp(p, symbols[i].text, length) != 0) continue;
        return (struct token){.kind = symbols[i].kind, .text = p, .length = length, .why = symbols[i].why};
    }
    struct token t = {.kind = TOKEN_FAULTY, .text = p, .length = 1};
    while (p + t.length < end && ((unsigned char)p[t.length] & 0xc0) == 0x80) t.length++;
    return t;
}

struct token token_next(struct lexer *l) {
    const char *p = l->at, *end = l->end;
    while (p < end && is_space(*p)) p++;
    struct token t = {.kind = TOKEN_END, .text = p};
    if (p < end) {
        if (is_letter(*p))
            t = read_name(p, end);
        else if (is_digit(*p) || (*p == '.' && end - p > 1 && is_digit(p[1])))
            t = read_number(p, end);
        else if (*p == '"' || *p == '\'')
            t = read_string(p, end);
        else
            t = read_symbol(p, end);
    }
    l->at = t.text + t.length;
    return t;
}
