#include "model/format.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_one_of(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

/* Labels of letters, digits and inner hyphens, 63 at most each, 253 in all (RFC 1123, 2.1; RFC 1035, 2.3.4). The last
 * one is not all digits, so that a host name is never mistaken for an address. */
static bool match_labels(const char *text, size_t length, size_t at_least) {
    if (length == 0 || length > 253) return false;
    size_t labels = 0, start = 0;
    bool digits = true;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] != '.') {
            if (!is_alpha(text[i]) && !is_digit(text[i]) && text[i] != '-') return false;
            if (!is_digit(text[i])) digits = false;
            continue;
        }
        if (i == start || i - start > 63 || text[start] == '-' || text[i - 1] == '-') return false;
        labels++;
        if (i < length) start = i + 1, digits = true;
    }
    return labels >= at_least && !digits;
}

static bool match_hostname(const char *text, size_t length) { return match_labels(text, length, 1); }

/* RFC 5321, 4.1.2 without quoted strings and address literals: a dot-atom of RFC 5322, 3.2.3 of at most 64 bytes, and a
 * domain of at least two labels; 254 bytes in all (RFC 3696, erratum 1690). */
static bool match_email(const char *text, size_t length) {
    if (length > 254) return false;
    const char *at = memchr(text, '@', length);
    if (at == NULL) return false;
    size_t local = (size_t)(at - text);
    if (local == 0 || local > 64 || text[0] == '.' || text[local - 1] == '.') return false;
    for (size_t i = 0; i < local; i++) {
        char c = text[i];
        if (c == '.' && text[i - 1] == '.') return false;
        if (!is_alpha(c) && !is_digit(c) && !is_one_of(c, ".!#$%&'*+-/=?^_`{|}~")) return false;
    }
    return match_labels(at + 1, length - local - 1, 2);
}

/* RFC 6943, 3.1.1: the strict dotted form, without leading zeros. */
static bool match_ipv4(const char *text, size_t length) {
    unsigned parts = 0, value = 0, digits = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && is_digit(text[i])) {
            if (digits > 0 && value == 0) return false;
            value = value * 10 + (unsigned)(text[i] - '0');
            if (++digits > 3 || value > 255) return false;
        } else {
            if (digits == 0 || (i < length && text[i] != '.')) return false;
            parts++, value = 0, digits = 0;
        }
    }
    return parts == 4;
}

/* RFC 4291, 2.2: all three text forms, without a zone. */
static bool match_ipv6(const char *text, size_t length) {
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (length >= sizeof copy || memchr(text, '\0', length) != NULL) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* RFC 9562, 4: the text form, in any case; any version. */
static bool match_uuid(const char *text, size_t length) {
    if (length != 36) return false;
    for (size_t i = 0; i < length; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !is_hex(text[i])) return false;
    }
    return true;
}

/* Runs of the characters of RFC 3986, 2: unreserved, percent-encoded, sub-delims, and what `more` adds. */
static bool match_uri_part(const char *text, size_t length, const char *more) {
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            if (length - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
            i += 2;
        } else if (!is_alpha(c) && !is_digit(c) && !is_one_of(c, "-._~!$&'()*+,;=") && !is_one_of(c, more)) {
            return false;
        }
    }
    return true;
}

/* RFC 3986, 3.2: [ userinfo "@" ] host [ ":" port ]. */
static bool match_authority(const char *text, size_t length, bool host_needed) {
    const char *at = memchr(text, '@', length);
    if (at != NULL) {
        if (!match_uri_part(text, (size_t)(at - text), ":")) return false;
        length -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    const char *end = text + length, *host_end;
    if (length > 0 && text[0] == '[') {
        host_end = memchr(text, ']', length);
        if (host_end == NULL || !match_ipv6(text + 1, (size_t)(host_end - text - 1))) return false;
        host_end++;
    } else {
        host_end = memchr(text, ':', length);
        if (host_end == NULL) host_end = end;
        if (!match_uri_part(text, (size_t)(host_end - text), "")) return false;
    }
    if (host_needed && host_end == text) return false;
    if (host_end < end && *host_end++ != ':') return false;
    while (host_end < end && is_digit(*host_end)) host_end++;
    return host_end == end;
}

/* RFC 3986, 3: scheme ":" hier-part [ "?" query ] [ "#" fragment ]. http and https need a host (RFC 9110, 4.2.1). */
static bool match_uri(const char *text, size_t length) {
    const char *end = text + length, *colon = memchr(text, ':', length);
    if (colon == NULL || colon == text || !is_alpha(text[0])) return false;
    for (const char *c = text; c < colon; c++) {
        if (!is_alpha(*c) && !is_digit(*c) && !is_one_of(*c, "+-.")) return false;
    }
    size_t scheme = (size_t)(colon - text);
    bool web =
        (scheme == 4 && strncasecmp(text, "http", 4) == 0) || (scheme == 5 && strncasecmp(text, "https", 5) == 0);
    const char *at = colon + 1;
    const char *fragment = memchr(at, '#', (size_t)(end - at));
    const char *query = memchr(at, '?', (size_t)((fragment != NULL ? fragment : end) - at));
    const char *path_end = query != NULL ? query : fragment != NULL ? fragment : end;
    if (path_end - at >= 2 && at[0] == '/' && at[1] == '/') {
        const char *slash = memchr(at + 2, '/', (size_t)(path_end - at - 2));
        const char *authority_end = slash != NULL ? slash : path_end;
        if (!match_authority(at + 2, (size_t)(authority_end - at - 2), web)) return false;
        at = authority_end;
    } else if (web) {
        return false;
    }
    if (!match_uri_part(at, (size_t)(path_end - at), ":@/")) return false;
    const char *query_end = fragment != NULL ? fragment : end;
    if (query != NULL && !match_uri_part(query + 1, (size_t)(query_end - query - 1), ":@/?")) return false;
    return fragment == NULL || match_uri_part(fragment + 1, (size_t)(end - fragment - 1), ":@/?");
}

/* ^[a-z0-9]+(-[a-z0-9]+)*$ */
static bool match_slug(const char *text, size_t length) {
    if (length == 0 || text[0] == '-' || text[length - 1] == '-') return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '-' ? text[i - 1] == '-' : !(c >= 'a' && c <= 'z') && !is_digit(c)) return false;
    }
    return true;
}

/* E.164: ^\+[1-9][0-9]{1,14}$ */
static bool match_phone(const char *text, size_t length) {
    if (length < 3 || length > 16 || text[0] != '+' || text[1] == '0') return false;
    for (size_t i = 1; i < length; i++) {
        if (!is_digit(text[i])) return false;
    }
    return true;
}

static const struct format formats[FORMAT_COUNT] = {
    {"email", "an email address", match_email},
    {"uri", "an absolute URI", match_uri},
    {"uuid", "a UUID", match_uuid},
    {"ipv4", "an IPv4 address", match_ipv4},
    {"ipv6", "an IPv6 address", match_ipv6},
    {"hostname", "a host name", match_hostname},
    {"slug", "a slug (lower-case letters and digits, parted by single hyphens)", match_slug},
    {"phone", "a phone number in the form of E.164 (+4930123456)", match_phone},
};

const struct format *format_list(void) { return formats; }

const struct format *format_find(const char *name) {
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(formats[i].name, name) == 0) return &formats[i];
    }
    return NULL;
}
