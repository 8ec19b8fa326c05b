#include "bind/sandbox_match.h"

#include <ctype.h>
#include <string.h>

typedef const unsigned char *place;

enum { WORK = 128 }; /* comparisons that take WORK / 8 steps together */

static void spend(struct match *m, size_t work) {
    if ((m->work += (unsigned)(work & 0xffffff)) < WORK) return;
    sandbox_charge(sandbox_of(m->L), m->work / 8);
    m->work = 0;
}

/* ---- one character ---- */

/* The end of the item at `p`: a character, a class or a set. */
static place item_end(struct match *m, place p) {
    if (*p == '%') {
        if (p + 1 == m->stop) luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p != '[') return p + 1;
    p++;
    if (p < m->stop && *p == '^') p++;
    for (bool first = true; p < m->stop && (first || *p != ']'); first = false) p += *p == '%' ? 2 : 1;
    if (p >= m->stop) luaL_error(m->L, "malformed pattern (missing ']')");
    return p + 1;
}

static bool in_class(int c, int letter) {
    bool is;
    switch (tolower(letter)) {
    case 'a': is = isalpha(c); break;
    case 'c': is = iscntrl(c); break;
    case 'd': is = isdigit(c); break;
    case 'g': is = isgraph(c); break;
    case 'l': is = islower(c); break;
    case 'p': is = ispunct(c); break;
    case 's': is = isspace(c); break;
    case 'u': is = isupper(c); break;
    case 'w': is = isalnum(c); break;
    case 'x': is = isxdigit(c); break;
    case 'z': is = c == 0; break; /* Lua still takes it */
    default: return letter == c;
    }
    return isupper(letter) ? !is : is;
}

/* The set from `p` ('[') to `last` (']'). */
static bool in_set(struct match *m, int c, place p, place last) {
    bool inverse = p[1] == '^';
    spend(m, (size_t)(last - p));
    for (p += inverse ? 2 : 1; p < last; p++) {
        if (*p == '%') {
            p++;
            if (in_class(c, *p)) return !inverse;
        } else if (p + 2 < last && p[1] == '-') {
            if (p[0] <= c && c <= p[2]) return !inverse;
            p += 2;
        } else if (*p == c) {
            return !inverse;
        }
    }
    return inverse;
}

static bool fits(struct match *m, place s, place p, place end) {
    spend(m, 1);
    if (s >= m->end) return false;
    switch (*p) {
    case '.': return true;
    case '%': return in_class(*s, p[1]);
    case '[': return in_set(m, *s, p, end - 1);
    default: return *p == *s;
    }
}

/* ---- items that are more than a character ---- */

static place repeat_greedy(struct match *m, place s, place p, place end) {
    ptrdiff_t count = 0;
    while (fits(m, s + count, p, end)) count++;
    for (; count >= 0; count--) {
        place found = match_at(m, s + count, end + 1);
        if (found != NULL) return found;
    }
    return NULL;
}

static place repeat_lazy(struct match *m, place s, place p, place end) {
    for (;; s++) {
        place found = match_at(m, s, end + 1);
        if (found != NULL) return found;
        if (!fits(m, s, p, end)) return NULL;
    }
}

static place begin_capture(struct match *m, place s, place p) {
    if (m->count >= MATCH_CAPTURES) luaL_error(m->L, "too many captures");
    bool position = p + 1 < m->stop && p[1] == ')';
    m->captures[m->count].at = s;
    m->captures[m->count].length = position ? MATCH_POSITION : MATCH_OPEN;
    m->count++;
    place found = match_at(m, s, position ? p + 2 : p + 1);
    if (found == NULL) m->count--;
    return found;
}

static place end_capture(struct match *m, place s, place p) {
    int i = m->count - 1;
    while (i >= 0 && m->captures[i].length != MATCH_OPEN) i--;
    if (i < 0) luaL_error(m->L, "invalid pattern capture");
    m->captures[i].length = s - m->captures[i].at;
    place found = match_at(m, s, p + 1);
    if (found == NULL) m->captures[i].length = MATCH_OPEN;
    return found;
}

/* %bxy: the end of what begins with x and is balanced by y. */
static place balanced(struct match *m, place s, place p) {
    if (p + 3 >= m->stop) luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    int open = p[2], close = p[3];
    size_t depth = 1;
    if (s >= m->end || *s != open) return NULL;
    while (++s < m->end) {
        spend(m, 1);
        if (*s == close) {
            if (--depth == 0) return s + 1;
        } else if (*s == open) {
            depth++;
        }
    }
    return NULL;
}

/* %f[set]: whether the set begins to hold here. `*next` is where the pattern goes on. */
static bool frontier(struct match *m, place s, place p, place *next) {
    p += 2;
    if (p >= m->stop || *p != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
    *next = item_end(m, p);
    int before = s == m->subject ? 0 : s[-1], here = s == m->end ? 0 : *s;
    return !in_set(m, before, p, *next - 1) && in_set(m, here, p, *next - 1);
}

/* %1: the end of the same text as a capture's. */
static place again(struct match *m, place s, int digit) {
    int i = digit - '1';
    if (i < 0 || i >= m->count || m->captures[i].length == MATCH_OPEN) {
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    }
    size_t length = m->captures[i].length == MATCH_POSITION ? 0 : (size_t)m->captures[i].length;
    spend(m, length / 16 + 1);
    if ((size_t)(m->end - s) < length || memcmp(m->captures[i].at, s, length) != 0) return NULL;
    return s + length;
}

/* ---- a pattern ---- */

/* What begins with % and is more than a class: true, with *s (NULL: no match) and *p moved on. */
static bool special(struct match *m, place *s, place *p) {
    int letter = *p + 1 < m->stop ? (*p)[1] : 0;
    place next = *p;
    if (letter == 'b') {
        *s = balanced(m, *s, *p);
        *p += 4;
    } else if (letter == 'f') {
        if (!frontier(m, *s, *p, &next)) *s = NULL;
        *p = next;
    } else if (isdigit(letter)) {
        *s = again(m, *s, letter);
        *p += 2;
    } else {
        return false;
    }
    return true;
}

static place match_items(struct match *m, place s, place p) {
    while (s != NULL && p < m->stop) {
        if (*p == '(') return begin_capture(m, s, p);
        if (*p == ')') return end_capture(m, s, p);
        if (*p == '$' && p + 1 == m->stop) return s == m->end ? s : NULL;
        if (*p == '%' && special(m, &s, &p)) continue;
        place end = item_end(m, p);
        int suffix = end < m->stop ? *end : 0;
        if (suffix == '*') return repeat_greedy(m, s, p, end);
        if (suffix == '+') return fits(m, s, p, end) ? repeat_greedy(m, s + 1, p, end) : NULL;
        if (suffix == '-') return repeat_lazy(m, s, p, end);
        bool fit = fits(m, s, p, end);
        if (suffix == '?') {
            place found = fit ? match_at(m, s + 1, end + 1) : NULL;
            if (found != NULL) return found;
            p = end + 1;
        } else {
            s = fit ? s + 1 : NULL;
            p = end;
        }
    }
    return s;
}

place match_at(struct match *m, place at, place p) {
    if (++m->depth > MATCH_DEPTH) luaL_error(m->L, "pattern too complex");
    spend(m, 1);
    place found = match_items(m, at, p);
    m->depth--;
    return found;
}

place match_plain(lua_State *L, place text, size_t length, place part, size_t part_length) {
    struct sandbox *b = sandbox_of(L);
    if (part_length == 0) return text;
    for (place end = text + length; (size_t)(end - text) >= part_length;) {
        place first = memchr(text, part[0], (size_t)(end - text) - part_length + 1);
        sandbox_charge(b, 1 + (first == NULL ? (size_t)(end - text) : (size_t)(first - text) + part_length) / 256);
        if (first == NULL) return NULL;
        if (memcmp(first, part, part_length) == 0) return first;
        text = first + 1;
    }
    return NULL;
}
