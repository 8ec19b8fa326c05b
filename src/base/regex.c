#include "base/regex.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* PCRE2 counts the match limit anew at every place where a match may begin, and does not count the characters that one
 * step runs over. So that a value costs at most about REGEX_MATCH_LIMIT steps in all:
 *  - a pattern that can begin at the start only has the whole limit, less on long texts (SCAN_LIMIT);
 *  - any other is tried with a share of the limit for each place; where that does not do, and in long texts, places are
 *    tried in growing chunks, those that need more draw on one budget, and processor time ends the rest (SEARCH_MS);
 *  - a pattern with \G, (*COMMIT) or (*SKIP), whose meaning chunks would change, is searched in one go, and calls us at
 *    each step, so that we can count: as many as all the shares and the budget are together. */
enum {
    SHORT_TEXT = 255,
    CHUNKED_TEXT = 4096,
    SHARE_LEAST = 32,
    HEAP_KIB = 16 * 1024,
    SEARCH_MS = 200,
    CLOCK_STEPS = 32, /* between two looks at the clock: each may run over the whole text */
    SCAN_LIMIT = 1 << 29
};

struct regex {
    pcre2_code *utf;
    pcre2_code *bytes;          /* NULL where bytes could mean something else */
    pcre2_match_context *full;  /* REGEX_MATCH_LIMIT */
    pcre2_match_context *share; /* what each place of a short text may have */
    bool anchored;              /* can begin at the start only */
    bool whole;                 /* must not be searched in chunks */
    /* One match block that whoever searches borrows, when nobody else has it: an allocation would cost as much as the
     * search of a short value. */
    pcre2_match_data *spare;
};

/* ---- compiling ---- */

static pcre2_code *compile(const char *pattern, size_t length, uint32_t options, int *error, size_t *offset) {
    options |= PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, length, options, error, offset, NULL);
    if (code != NULL) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it the interpreter does the work */
    return code;
}

static pcre2_match_context *new_context(uint32_t limit) {
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (context == NULL) return NULL;
    pcre2_set_match_limit(context, limit);
    pcre2_set_heap_limit(context, HEAP_KIB);
    return context;
}

static bool is_ascii(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80) return false;
    }
    return true;
}

static bool begins(const char *text, size_t length, const char *word) {
    return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* Whether what happens at one place decides about others, or may: in a class or behind \Q the same is only text. */
static bool looks_beyond(const char *pattern, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const char *rest = pattern + i;
        if (begins(rest, length - i, "(*COMMIT") || begins(rest, length - i, "(*SKIP")) return true;
        if (*rest != '\\') continue;
        if (begins(rest, length - i, "\\G")) return true;
        i++;
    }
    return false;
}

static int describe(char message[REGEX_MESSAGE_SIZE], int error, size_t offset) {
    unsigned char why[160];
    if (error == PCRE2_ERROR_HEAP_FAILED) return -2;
    if (pcre2_get_error_message(error, why, sizeof why) < 0) snprintf((char *)why, sizeof why, "error %d", error);
    snprintf(message, REGEX_MESSAGE_SIZE, "%s at byte %zu", (const char *)why, offset);
    return -1;
}

int regex_compile(struct regex **out, const char *pattern, size_t length, char message[REGEX_MESSAGE_SIZE]) {
    if (length > REGEX_MAX_PATTERN) {
        snprintf(message, REGEX_MESSAGE_SIZE, "longer than %d bytes", (int)REGEX_MAX_PATTERN);
        return -1;
    }
    struct regex *r = calloc(1, sizeof *r);
    if (r == NULL) return -2;
    int error = 0, rc = 0;
    size_t offset = 0;
    if (length == 0) pattern = "";
    r->whole = looks_beyond(pattern, length);
    const uint32_t calls = r->whole ? PCRE2_AUTO_CALLOUT : 0;
    r->utf = compile(pattern, length, PCRE2_UTF | PCRE2_UCP | calls, &error, &offset);
    if (r->utf == NULL) {
        rc = describe(message, error, offset);
        goto out;
    }
    /* On ASCII text an ASCII pattern without code points above U+00FF means the same without UTF and UCP; one with them
     * does not compile as bytes. */
    if (is_ascii(pattern, length)) r->bytes = compile(pattern, length, PCRE2_NEVER_UTF | calls, &error, &offset);
    uint32_t options = 0;
    pcre2_pattern_info(r->utf, PCRE2_INFO_ALLOPTIONS, &options);
    r->anchored = (options & PCRE2_ANCHORED) != 0;
    r->full = new_context(REGEX_MATCH_LIMIT);
    r->share = new_context(REGEX_MATCH_LIMIT / (SHORT_TEXT + 1));
    if (r->full == NULL || r->share == NULL) rc = -2;
out:
    if (rc == 0) {
        *out = r;
    } else {
        regex_free(r);
    }
    return rc;
}

void regex_free(struct regex *r) {
    if (r == NULL) return;
    pcre2_code_free(r->utf);
    pcre2_code_free(r->bytes);
    pcre2_match_context_free(r->full);
    pcre2_match_context_free(r->share);
    pcre2_match_data_free(r->spare);
    free(r);
}

/* ---- searching ---- */

struct search {
    const pcre2_code *code;
    const char *text;
    size_t length;
    pcre2_match_data *data;
    pcre2_match_context *context; /* our own copy, where limits change on the way */
};

static int run(const struct search *s, size_t from, pcre2_match_context *context) {
    PCRE2_SPTR text = (PCRE2_SPTR)s->text;
    int rc = pcre2_jit_match(s->code, text, s->length, from, 0, s->data, context);
    if (rc == PCRE2_ERROR_JIT_BADOPTION) /* this machine has no such compiler */
        rc = pcre2_match(s->code, text, s->length, from, PCRE2_NO_UTF_CHECK, s->data, context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) { /* the interpreter keeps its stack on the heap */
        rc = pcre2_match(s->code, text, s->length, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, s->data, context);
    }
    return rc;
}

static enum regex_result answer(int rc) {
    return rc >= 0 ? REGEX_MATCH : rc == PCRE2_ERROR_NOMATCH ? REGEX_NO_MATCH : REGEX_LIMIT;
}

static uint32_t share_of(size_t length) {
    size_t share = REGEX_MATCH_LIMIT / (length + 1);
    return share < SHARE_LEAST ? SHARE_LEAST : (uint32_t)share;
}

static enum regex_result run_with_limit(struct search *s, uint32_t limit) {
    pcre2_set_match_limit(s->context, limit);
    return answer(run(s, 0, s->context));
}

static int64_t processor_micros(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The next place where a match may begin that is not inside a code point. */
static size_t code_point_at(const struct search *s, size_t at) {
    while (at < s->length && ((unsigned char)s->text[at] & 0xc0) == 0x80) at++;
    return at;
}

/* The limit of one place: less on long texts, where each step may run over all of it. */
static uint32_t limit_of(size_t length) {
    size_t limit = SCAN_LIMIT / (length + 1);
    return limit < REGEX_MATCH_LIMIT ? (uint32_t)limit : REGEX_MATCH_LIMIT;
}

static enum regex_result search_chunks(struct search *s) {
    const uint32_t share = share_of(s->length);
    const bool timed = s->length > CHUNKED_TEXT;
    const int64_t begun = timed ? processor_micros() : 0;
    int64_t before = begun;
    uint32_t limit = share, budget = limit_of(s->length);
    size_t from = 0, chunk = timed ? SCAN_LIMIT / 2 / s->length + 1 : s->length + 1;
    while (from <= s->length) {
        size_t last = chunk <= s->length - from ? from + chunk - 1 : s->length;
        pcre2_set_match_limit(s->context, limit);
        pcre2_set_offset_limit(s->context, last);
        int rc = run(s, from, s->context);
        if (rc == PCRE2_ERROR_MATCHLIMIT && chunk > 1) {
            chunk = chunk / 8 + 1 < chunk ? chunk / 8 + 1 : 1;
        } else if (rc == PCRE2_ERROR_MATCHLIMIT) { /* this one place needs more than its share */
            if (budget <= limit) return REGEX_LIMIT;
            budget -= limit;
            limit = limit < budget / 4 ? limit * 4 : budget;
        } else if (rc != PCRE2_ERROR_NOMATCH) {
            return answer(rc);
        } else {
            from = code_point_at(s, last + 1);
            limit = share;
            if (!timed) chunk *= 2;
        }
        if (!timed) continue;
        int64_t now = processor_micros();
        if (now - begun > SEARCH_MS * 1000 && from <= s->length) return REGEX_LIMIT;
        if (now - before < 1000 && rc == PCRE2_ERROR_NOMATCH) chunk *= 2;
        if (now - before > 4000) chunk = chunk / 4 + 1;
        before = now;
    }
    return REGEX_NO_MATCH;
}

/* What a search in one go may still do. */
struct steps {
    size_t left;
    bool timed;
    int64_t begun;
};

static int count_step(pcre2_callout_block *block, void *data) {
    (void)block;
    struct steps *steps = data;
    if (steps->left-- == 0) return PCRE2_ERROR_CALLOUT;
    if (!steps->timed || steps->left % CLOCK_STEPS != 0) return 0;
    return processor_micros() - steps->begun > SEARCH_MS * 1000 ? PCRE2_ERROR_CALLOUT : 0;
}

static enum regex_result search_whole(struct search *s) {
    struct steps steps = {.left = share_of(s->length) * (s->length + 1) + limit_of(s->length),
                          .timed = s->length > CHUNKED_TEXT};
    if (steps.timed) steps.begun = processor_micros();
    pcre2_set_callout(s->context, count_step, &steps);
    return run_with_limit(s, limit_of(s->length));
}

/* The texts and patterns for which one call with a prepared context is not enough. */
static enum regex_result search_carefully(const struct regex *r, struct search *s) {
    s->context = pcre2_match_context_copy(r->full);
    if (s->context == NULL) return REGEX_LIMIT;
    enum regex_result result;
    if (r->anchored) {
        result = run_with_limit(s, limit_of(s->length));
    } else {
        result = r->whole ? search_whole(s) : search_chunks(s);
    }
    pcre2_match_context_free(s->context);
    return result;
}

static pcre2_match_data *borrow_data(const struct regex *r) {
    struct regex *lender = (struct regex *)r; /* the one field that changes */
    pcre2_match_data *data = lender->spare;
    lender->spare = NULL;
    return data != NULL ? data : pcre2_match_data_create(1, NULL);
}

static void return_data(const struct regex *r, pcre2_match_data *data, bool keep) {
    if (keep && r->spare == NULL)
        ((struct regex *)r)->spare = data;
    else
        pcre2_match_data_free(data);
}

enum regex_result regex_search(const struct regex *r, const char *text, size_t length, bool ascii) {
    struct search s = {.code = ascii && r->bytes != NULL ? r->bytes : r->utf, .text = text, .length = length};
    if (length == 0) s.text = "";
    s.data = borrow_data(r);
    if (s.data == NULL) return REGEX_LIMIT;
    bool careful = false; /* the interpreter may have hung megabytes on the block: not one to keep */
    enum regex_result result;
    if (r->anchored && length <= SCAN_LIMIT / REGEX_MATCH_LIMIT) {
        result = answer(run(&s, 0, r->full));
    } else if (length <= SHORT_TEXT && !r->whole) {
        int rc = run(&s, 0, r->share);
        careful = rc == PCRE2_ERROR_MATCHLIMIT;
        result = careful ? search_carefully(r, &s) : answer(rc);
    } else {
        careful = true;
        result = search_carefully(r, &s);
    }
    return_data(r, s.data, !careful && result != REGEX_LIMIT);
    return result;
}
