/* A URL that is taken says, written anew from its parts, the same; one that is refused never tells its password. */
#include <string.h>

#include "base/find.h"
#include "driver/url.h"
#include "fuzz.h"

static void put(struct buffer *out, const char *before, const char *part) {
    if (part == NULL) return;
    buffer_puts(out, before);
    for (const char *p = part; *p != '\0'; p++) buffer_printf(out, "%%%02X", (unsigned char)*p);
}

static void print(const struct url *u, struct buffer *out) {
    if (strcmp(u->scheme, "sqlite") == 0) {
        buffer_printf(out, "sqlite:%s", u->path);
        return;
    }
    buffer_puts(out, "mysql://");
    put(out, "", u->user);
    put(out, ":", u->password);
    if (u->user != NULL) buffer_put(out, '@');
    put(out, "", u->host);
    if (u->port != 0) buffer_printf(out, ":%u", u->port);
    put(out, "/", u->path);
    put(out, "?socket=", u->socket);
    put(out, u->socket != NULL ? "&ssl_mode=" : "?ssl_mode=", u->ssl_mode);
}

static void must_be_part(const char *got, const char *want, const char *text) {
    FUZZ_MUST((got == NULL) == (want == NULL) && (got == NULL || strcmp(got, want) == 0), "%s: %s, %s", text,
              got != NULL ? got : "none", want != NULL ? want : "none");
}

static void must_say_the_same(const struct url *u) {
    struct url again;
    struct buffer text = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    print(u, &text);
    int rc = url_parse(&again, text.data, text.length, &err);
    FUZZ_MUST(rc == 0, "%s: %s", err.message, buffer_text(&text));
    const char *words = buffer_text(&text);
    must_be_part(again.scheme, u->scheme, words);
    must_be_part(again.path, u->path, words);
    must_be_part(again.user, u->user, words);
    must_be_part(again.password, u->password, words);
    must_be_part(again.host, u->host, words);
    must_be_part(again.socket, u->socket, words);
    must_be_part(again.ssl_mode, u->ssl_mode, words);
    FUZZ_MUST(again.port == u->port, "%s: %u, %u", words, again.port, u->port);
    url_free(&again);
    buffer_free(&text);
}

static void parse(const char *data, size_t length, const char *secret) {
    struct url u;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int rc = url_parse(&u, data, length, &err);
    if (rc == 0) {
        must_say_the_same(&u);
        url_free(&u);
        return;
    }
    FUZZ_MUST(secret == NULL || strstr(err.message, secret) == NULL, "%s", err.message);
    fuzz_refused(rc, &err);
}

void fuzz_url(const char *data, size_t length) {
    static const char secret[] = "sesame-ope";
    struct buffer text = BUFFER_INIT;
    parse(data, length, NULL);
    buffer_printf(&text, "mysql://flex:%s", secret);
    buffer_append(&text, data, length);
    /* Where it stands elsewhere too, it is no secret. */
    parse(text.data, text.length, find_contains(data, length, secret, sizeof secret - 1) ? NULL : secret);
    buffer_free(&text);
}
