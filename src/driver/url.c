#include "driver/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Messages name a part of the URL and quote nothing of it but a scheme or a query parameter's name: an unescaped '/' in
 * a password makes the rest of it look like a host, a port or a path. */

struct span {
    const char *text;
    size_t length;
};

static struct span span_of(const char *from, const char *to) { return (struct span){from, (size_t)(to - from)}; }

static const char *find_first(struct span s, char c) { return s.length == 0 ? NULL : memchr(s.text, c, s.length); }

static const char *find_last(struct span s, char c) {
    for (size_t i = s.length; i > 0; i--) {
        if (s.text[i - 1] == c) return s.text + i - 1;
    }
    return NULL;
}

static bool span_is(struct span s, const char *text) {
    return s.length == strlen(text) && memcmp(s.text, text, s.length) == 0;
}

/* What a message quotes of the URL: at most `max` bytes, no half character, and UTF-8 whatever the URL is. */
enum { SHOWN_NAME = 32, SHOWN_PATH = 100 };
struct shown {
    char text[SHOWN_PATH + 1];
};

static struct shown show(struct span s, size_t max) {
    struct shown out = {""};
    struct utf8_facts facts;
    size_t length = s.length < max ? s.length : max;
    while (length < s.length && length > 0 && ((unsigned char)s.text[length] & 0xC0) == 0x80) length--;
    bool good = utf8_check(s.text, length, &facts);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)s.text[i];
        out.text[i] = c < 0x20 || c == 0x7F || (c >= 0x80 && !good) ? '?' : s.text[i];
    }
    return out;
}

static int copy(char **out, struct span s, flexdb_error *err) {
    char *text = malloc(s.length + 1);
    if (text == NULL) return error_no_memory(err);
    if (s.length != 0) memcpy(text, s.text, s.length);
    text[s.length] = '\0';
    *out = text;
    return 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* A percent-decoded copy of `s` (RFC 3986, 2.1). */
static int decode(char **out, struct span s, const char *part, flexdb_error *err) {
    if (copy(out, s, err) != 0) return -(int)err->code;
    size_t length = 0;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.text[i];
        if (c == '%') {
            int high = s.length - i > 2 ? hex_digit(s.text[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(s.text[i + 2]);
            if (low < 0) {
                return error_set(err, FLEXDB_INVALID_DOCUMENT,
                                 "the %s in the URL has a '%%' that is not followed by two hexadecimal digits", part);
            }
            c = (char)(high * 16 + low);
            if (c == '\0') return error_set(err, FLEXDB_INVALID_DOCUMENT, "the %s in the URL holds a NUL", part);
            i += 2;
        }
        (*out)[length++] = c;
    }
    (*out)[length] = '\0';
    return 0;
}

static int parse_userinfo(struct url *u, struct span s, flexdb_error *err) {
    const char *colon = find_first(s, ':');
    struct span user = colon == NULL ? s : span_of(s.text, colon);
    if (user.length == 0) return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL has an '@' but no user before it");
    if (decode(&u->user, user, "user", err) != 0) return -(int)err->code;
    if (colon == NULL) return 0;
    return decode(&u->password, span_of(colon + 1, s.text + s.length), "password", err);
}

static int parse_port(struct url *u, struct span s, flexdb_error *err) {
    unsigned port = 0;
    bool good = s.length >= 1 && s.length <= 5;
    for (size_t i = 0; good && i < s.length; i++) {
        good = s.text[i] >= '0' && s.text[i] <= '9';
        port = port * 10 + (unsigned)(s.text[i] - '0');
    }
    if (!good || port < 1 || port > 65535) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the port in the URL must be a number from 1 to 65535");
    }
    u->port = port;
    return 0;
}

/* As far as its letters tell; a zone (RFC 6874) may follow behind a '%'. */
static bool looks_like_ipv6(struct span s) {
    size_t i = 0, colons = 0;
    for (; i < s.length && s.text[i] != '%'; i++) {
        if (hex_digit(s.text[i]) < 0 && s.text[i] != ':' && s.text[i] != '.') return false;
        colons += s.text[i] == ':';
    }
    return colons >= 2;
}

/* `host`, `host:port`, `[IPv6]:port`. */
static int parse_host(struct url *u, struct span s, flexdb_error *err) {
    struct span host = s, port = {NULL, 0};
    if (s.length != 0 && s.text[0] == '[') {
        const char *bracket = find_first(s, ']'), *end = s.text + s.length;
        bool closed = bracket != NULL && (bracket + 1 == end || bracket[1] == ':');
        if (!closed || !looks_like_ipv6(span_of(s.text + 1, bracket))) {
            return error_set(err, FLEXDB_INVALID_DOCUMENT,
                             "the host in the URL begins with '[' and must be an IPv6 address followed by ']'");
        }
        host = span_of(s.text + 1, bracket);
        if (bracket + 1 != end) port = span_of(bracket + 2, end);
    } else {
        const char *colon = find_first(s, ':');
        if (colon != NULL) host = span_of(s.text, colon), port = span_of(colon + 1, s.text + s.length);
    }
    if (port.text != NULL && parse_port(u, port, err) != 0) return -(int)err->code;
    if (host.length == 0) {
        if (port.text == NULL) return 0;
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL has a port but no host before it");
    }
    return decode(&u->host, host, "host", err);
}

static int check_ssl_mode(const char *mode, flexdb_error *err) {
    static const char *const modes[] = {"disabled", "preferred", "required", "verify_ca", "verify_identity"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(mode, modes[i]) == 0) return 0;
    }
    return error_set(err, FLEXDB_INVALID_DOCUMENT,
                     "ssl_mode in the URL must be one of disabled, preferred, required, "
                     "verify_ca, verify_identity");
}

static int parse_parameter(struct url *u, struct span s, flexdb_error *err) {
    const char *equals = find_first(s, '=');
    struct span name = equals == NULL ? s : span_of(s.text, equals);
    char **slot = span_is(name, "socket") ? &u->socket : span_is(name, "ssl_mode") ? &u->ssl_mode : NULL;
    if (slot == NULL) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "unknown parameter '%s' in the URL: expected socket or ssl_mode",
                         show(name, SHOWN_NAME).text);
    }
    const char *part = slot == &u->socket ? "socket" : "ssl_mode";
    if (equals == NULL || equals + 1 == s.text + s.length) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the parameter %s in the URL has no value", part);
    }
    if (*slot != NULL) return error_set(err, FLEXDB_INVALID_DOCUMENT, "the parameter %s is in the URL twice", part);
    if (decode(slot, span_of(equals + 1, s.text + s.length), part, err) != 0) return -(int)err->code;
    return slot == &u->ssl_mode ? check_ssl_mode(*slot, err) : 0;
}

static int parse_query(struct url *u, struct span s, flexdb_error *err) {
    while (s.length != 0) {
        const char *end = s.text + s.length, *ampersand = find_first(s, '&');
        struct span parameter = ampersand == NULL ? s : span_of(s.text, ampersand);
        if (parse_parameter(u, parameter, err) != 0) return -(int)err->code;
        s = ampersand == NULL ? span_of(end, end) : span_of(ampersand + 1, end);
    }
    return 0;
}

/* What follows `mysql:`: `//user:password@host:port/database?query`. */
static int parse_server(struct url *u, struct span s, flexdb_error *err) {
    if (s.length < 2 || memcmp(s.text, "//", 2) != 0) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "a mysql URL reads mysql://user:password@host:port/database");
    }
    const char *end = s.text + s.length, *authority = s.text + 2, *slash = authority;
    while (slash < end && *slash != '/' && *slash != '?' && *slash != '#') slash++;
    struct span rest = span_of(slash, end);
    if (find_first(rest, '@') != NULL || find_first(rest, '#') != NULL) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT,
                         "the URL has a '/', '?', '#' or '@' in a place where it must be percent-encoded");
    }
    struct span host = span_of(authority, slash);
    const char *at = find_last(host, '@');
    if (at != NULL) {
        if (parse_userinfo(u, span_of(authority, at), err) != 0) return -(int)err->code;
        host = span_of(at + 1, slash);
    }
    if (parse_host(u, host, err) != 0) return -(int)err->code;

    const char *question = find_first(rest, '?');
    struct span path = question == NULL ? rest : span_of(slash, question);
    if (path.length < 2) return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL names no database");
    path = span_of(path.text + 1, path.text + path.length);
    if (find_first(path, '/') != NULL) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT,
                         "the database name in the URL holds a '/' that is not "
                         "percent-encoded");
    }
    if (decode(&u->path, path, "database name", err) != 0) return -(int)err->code;
    if (question != NULL && parse_query(u, span_of(question + 1, end), err) != 0) return -(int)err->code;
    if (u->host == NULL && u->socket == NULL) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL names neither a host nor a socket");
    }
    return 0;
}

static int parse_file(struct url *u, struct span s, flexdb_error *err) {
    if (s.length == 0) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL has no path: expected sqlite:PATH or sqlite::memory:");
    }
    /* Taken for a path it would lead to the root of the file system, where nobody who writes it expects the file. */
    if (s.length > 2 && s.text[0] == '/' && s.text[1] == '/' && s.text[2] != '/') {
        struct shown path = show(span_of(s.text + 2, s.text + s.length), SHOWN_PATH);
        return error_set(err, FLEXDB_INVALID_DOCUMENT,
                         "a path follows sqlite: as it is: expected sqlite:%s or sqlite:/%s", path.text, path.text);
    }
    return copy(&u->path, s, err);
}

/* The scheme (RFC 3986, 3.1), in lower case; NULL when the text does not begin with one. */
static const char *scheme_end(const char *text, size_t length) {
    size_t i = 0;
    while (i < length && ((text[i] | 32) >= 'a' && (text[i] | 32) <= 'z')) i++;
    return i > 0 && i < length && text[i] == ':' ? text + i : NULL;
}

static int parse(struct url *u, const char *text, size_t length, flexdb_error *err) {
    if (length != 0 && memchr(text, '\0', length) != NULL) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL holds a NUL");
    }
    const char *colon = length == 0 ? NULL : scheme_end(text, length);
    if (colon == NULL) {
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the URL must begin with sqlite: or mysql://");
    }
    if (copy(&u->scheme, span_of(text, colon), err) != 0) return -(int)err->code;
    for (char *c = u->scheme; *c != '\0'; c++) *c = (char)(*c | 32);
    struct span rest = span_of(colon + 1, text + length);
    if (strcmp(u->scheme, "sqlite") == 0) return parse_file(u, rest, err);
    if (strcmp(u->scheme, "mysql") == 0) return parse_server(u, rest, err);
    return error_set(err, FLEXDB_INVALID_DOCUMENT, "unknown scheme '%.32s' in the URL: expected sqlite or mysql",
                     u->scheme);
}

int url_parse(struct url *out, const char *text, size_t length, flexdb_error *err) {
    struct url u = {0};
    int rc = parse(&u, text, length, err);
    if (rc == 0) {
        *out = u;
    } else {
        url_free(&u);
    }
    return rc;
}

void url_free(struct url *u) {
    /* volatile: the compiler may not drop stores into memory that is freed next. */
    for (volatile char *c = u->password; c != NULL && *c != '\0'; c++) *c = '\0';
    char *owned[] = {u->scheme, u->path, u->user, u->password, u->host, u->socket, u->ssl_mode};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) free(owned[i]);
    *u = (struct url){0};
}
