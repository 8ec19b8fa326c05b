#include "base/document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/utf8.h"

enum { EXCERPT_BYTES = 200 };

static const int64_t double_integers = INT64_C(1) << 53;

/* ---- reading ---- */

struct builder {
    struct json_reader reader;
    struct buffer text; /* a NUL-terminated copy of a string or number */
    struct buffer key;
    cJSON *open[DOCUMENT_MAX_DEPTH];
    cJSON *root;
};

static cJSON *new_raw(struct builder *b) {
    buffer_reset(&b->text);
    buffer_append(&b->text, b->reader.token, (size_t)(b->reader.at - b->reader.token));
    const char *text = buffer_text(&b->text);
    return text != NULL ? cJSON_CreateRaw(text) : NULL;
}

static cJSON *new_string(struct builder *b) {
    buffer_reset(&b->text);
    buffer_append(&b->text, b->reader.text, b->reader.length);
    const char *text = buffer_text(&b->text);
    return text != NULL ? cJSON_CreateString(text) : NULL;
}

/* The item of an event that begins a value, or NULL when memory is out. */
static cJSON *new_item(struct builder *b, enum json_event event) {
    switch (event) {
    case JSON_OBJECT: return cJSON_CreateObject();
    case JSON_ARRAY: return cJSON_CreateArray();
    case JSON_STRING: return new_string(b);
    case JSON_TRUE: return cJSON_CreateTrue();
    case JSON_FALSE: return cJSON_CreateFalse();
    case JSON_NULL: return cJSON_CreateNull();
    case JSON_INTEGER:
        if (b->reader.integer >= -double_integers && b->reader.integer <= double_integers) {
            return cJSON_CreateNumber((double)b->reader.integer);
        }
        return new_raw(b);
    default: return new_raw(b);
    }
}

/* Puts the item under the innermost open container; frees it when that fails. */
static bool attach(struct builder *b, cJSON *item, int parent_depth) {
    if (parent_depth == 0) {
        b->root = item;
        return true;
    }
    cJSON *parent = b->open[parent_depth - 1];
    bool added =
        cJSON_IsObject(parent) ? cJSON_AddItemToObject(parent, b->key.data, item) : cJSON_AddItemToArray(parent, item);
    if (!added) cJSON_Delete(item);
    return added;
}

static int refuse_nul(struct builder *b, flexdb_error *err) {
    return error_set(err, FLEXDB_INVALID_DOCUMENT, "a string holds U+0000 at byte %zu",
                     (size_t)(b->reader.token - b->reader.start));
}

static int build(struct builder *b, flexdb_error *err) {
    for (;;) {
        enum json_event event = json_reader_next(&b->reader);
        int depth = b->reader.depth;
        switch (event) {
        case JSON_END: return 0;
        case JSON_ERROR:
            if (b->reader.no_memory) return error_no_memory(err);
            return error_set(err, FLEXDB_INVALID_DOCUMENT, "not valid JSON at byte %zu: %s", b->reader.offset,
                             b->reader.message);
        case JSON_OBJECT_END:
        case JSON_ARRAY_END: break;
        case JSON_KEY:
            if (memchr(b->reader.text, 0, b->reader.length) != NULL) return refuse_nul(b, err);
            buffer_reset(&b->key);
            buffer_append(&b->key, b->reader.text, b->reader.length);
            if (buffer_text(&b->key) == NULL) return error_no_memory(err);
            break;
        default: {
            if (event == JSON_STRING && memchr(b->reader.text, 0, b->reader.length) != NULL) return refuse_nul(b, err);
            bool container = event == JSON_OBJECT || event == JSON_ARRAY;
            cJSON *item = new_item(b, event);
            if (item == NULL || !attach(b, item, container ? depth - 1 : depth)) return error_no_memory(err);
            if (container) b->open[depth - 1] = item;
        }
        }
    }
}

int document_parse(cJSON **out, const char *text, size_t length, flexdb_error *err) {
    struct builder b = {.root = NULL};
    json_reader_init(&b.reader, text, length, DOCUMENT_MAX_DEPTH, true);
    int rc = build(&b, err);
    json_reader_free(&b.reader);
    buffer_free(&b.text);
    buffer_free(&b.key);
    if (rc == 0) {
        *out = b.root;
    } else {
        cJSON_Delete(b.root);
    }
    return rc;
}

/* ---- printing ---- */

static void print_number(double value, struct buffer *out) {
    int64_t integer;
    if (number_exact_integer(value, &integer)) {
        json_write_integer(out, integer);
    } else if (isfinite(value)) {
        json_write_number(out, value);
    } else {
        buffer_puts(out, "null");
    }
}

static void print_string(const char *text, struct buffer *out) { json_write_string(out, text, strlen(text)); }

void document_print(const cJSON *tree, struct buffer *out) {
    if (cJSON_IsObject(tree) || cJSON_IsArray(tree)) {
        bool object = cJSON_IsObject(tree);
        buffer_put(out, object ? '{' : '[');
        for (const cJSON *item = tree->child; item != NULL; item = item->next) {
            if (item != tree->child) buffer_put(out, ',');
            if (object) {
                print_string(item->string, out);
                buffer_put(out, ':');
            }
            document_print(item, out);
        }
        buffer_put(out, object ? '}' : ']');
    } else if (cJSON_IsString(tree)) {
        print_string(tree->valuestring, out);
    } else if (cJSON_IsRaw(tree)) {
        buffer_puts(out, tree->valuestring);
    } else if (cJSON_IsNumber(tree)) {
        print_number(tree->valuedouble, out);
    } else if (cJSON_IsBool(tree)) {
        buffer_puts(out, cJSON_IsTrue(tree) ? "true" : "false");
    } else {
        buffer_puts(out, "null");
    }
}

/* The longest beginning of valid UTF-8 that fits `limit` bytes and ends on a code point. */
static size_t cut_on_code_point(const char *text, size_t length, size_t limit) {
    if (length <= limit) return length;
    while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80) limit--;
    return limit;
}

char *document_excerpt(const cJSON *tree) {
    struct buffer whole = BUFFER_INIT, cut = BUFFER_INIT, out = BUFFER_INIT;
    document_print(tree, &whole);
    if (buffer_failed(&whole) || whole.length <= EXCERPT_BYTES) return buffer_take(&whole);
    const char *text = whole.data;
    size_t length = whole.length;
    if (cJSON_IsString(tree)) { /* its content, not its quotes and escapes */
        text = tree->valuestring;
        length = strlen(text);
    }
    buffer_append(&cut, text, cut_on_code_point(text, length, EXCERPT_BYTES));
    buffer_puts(&cut, "…");
    if (buffer_failed(&cut)) {
        out.failed = true;
    } else {
        json_write_string(&out, cut.data, cut.length);
    }
    buffer_free(&whole);
    buffer_free(&cut);
    return buffer_take(&out);
}

/* ---- numbers and comparison ---- */

bool document_integer(const cJSON *item, int64_t *out) {
    if (cJSON_IsNumber(item)) return number_exact_integer(item->valuedouble, out);
    if (!cJSON_IsRaw(item) || item->valuestring == NULL) return false;
    return number_parse_integral(item->valuestring, strlen(item->valuestring), out);
}

cJSON *document_new_integer(int64_t value) {
    if (value >= -double_integers && value <= double_integers) return cJSON_CreateNumber((double)value);
    char text[NUMBER_INTEGER_SIZE];
    number_print_integer(value, text);
    return cJSON_CreateRaw(text);
}

static bool is_float_text(const char *text) { return strpbrk(text, ".eE") != NULL || strcmp(text, "-0") == 0; }

static bool numbers_equal(const cJSON *a, const cJSON *b) {
    if (cJSON_IsNumber(a) && cJSON_IsNumber(b)) return a->valuedouble == b->valuedouble;
    if (!cJSON_IsRaw(a) || !cJSON_IsRaw(b)) {
        const cJSON *raw = cJSON_IsRaw(a) ? a : b, *plain = cJSON_IsRaw(a) ? b : a;
        int64_t x, y;
        if (number_exact_integer(plain->valuedouble, &x)) {
            return !is_float_text(raw->valuestring) && document_integer(raw, &y) && x == y;
        }
        double value;
        return number_parse_double(raw->valuestring, strlen(raw->valuestring), &value) && value == plain->valuedouble;
    }
    if (strcmp(a->valuestring, b->valuestring) == 0) return true;
    double x, y;
    return is_float_text(a->valuestring) && is_float_text(b->valuestring) &&
           number_parse_double(a->valuestring, strlen(a->valuestring), &x) &&
           number_parse_double(b->valuestring, strlen(b->valuestring), &y) && x == y;
}

static size_t count_children(const cJSON *item) {
    size_t count = 0;
    for (const cJSON *child = item->child; child != NULL; child = child->next) count++;
    return count;
}

/* The member of that name; looked for at `hint` first, for keys mostly stand in the same order. */
static const cJSON *find_member(const cJSON *object, const char *name, const cJSON *hint) {
    if (hint != NULL && strcmp(hint->string, name) == 0) return hint;
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        if (strcmp(item->string, name) == 0) return item;
    }
    return NULL;
}

static bool objects_equal(const cJSON *a, const cJSON *b) {
    if (count_children(a) != count_children(b)) return false;
    const cJSON *hint = b->child;
    for (const cJSON *x = a->child; x != NULL; x = x->next) {
        const cJSON *y = find_member(b, x->string, hint);
        if (y == NULL || !document_equal(x, y)) return false;
        hint = y->next;
    }
    return true;
}

static bool arrays_equal(const cJSON *a, const cJSON *b) {
    const cJSON *x = a->child, *y = b->child;
    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        if (!document_equal(x, y)) return false;
    }
    return x == NULL && y == NULL;
}

bool document_equal(const cJSON *a, const cJSON *b) {
    bool a_number = cJSON_IsNumber(a) || cJSON_IsRaw(a), b_number = cJSON_IsNumber(b) || cJSON_IsRaw(b);
    if (a_number || b_number) return a_number && b_number && numbers_equal(a, b);
    if ((a->type & 0xff) != (b->type & 0xff)) return false;
    if (cJSON_IsObject(a)) return objects_equal(a, b);
    if (cJSON_IsArray(a)) return arrays_equal(a, b);
    if (cJSON_IsString(a)) return strcmp(a->valuestring, b->valuestring) == 0;
    return true;
}
