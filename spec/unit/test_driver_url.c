#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/url.h"

static bool same(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

static void a_url_is_split_and_decoded(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        struct {
            const char *scheme, *path, *user, *password, *host, *socket, *ssl_mode;
            unsigned port;
        } url;
    } scenarios[] = {
        {"a relative file", "sqlite:crm.db", {.scheme = "sqlite", .path = "crm.db"}},
        {"an absolute file", "sqlite:/var/lib/x.db", {.scheme = "sqlite", .path = "/var/lib/x.db"}},
        {"memory", "sqlite::memory:", {.scheme = "sqlite", .path = ":memory:"}},
        {"a path is not decoded", "sqlite:a%20b?c#d", {.scheme = "sqlite", .path = "a%20b?c#d"}},
        {"a path may be UTF-8", "sqlite:d\xc3\xa9.db", {.scheme = "sqlite", .path = "d\xc3\xa9.db"}},
        {"the scheme in capitals", "SQLite:x", {.scheme = "sqlite", .path = "x"}},
        {"all of a server's parts",
         "mysql://flex:pw@db.example:3307/crm?socket=/run/s.sock&ssl_mode=required",
         {"mysql", "crm", "flex", "pw", "db.example", "/run/s.sock", "required", 3307}},
        {"a host alone", "mysql://db/crm", {.scheme = "mysql", .path = "crm", .host = "db"}},
        {"a user without password", "mysql://u@h/d", {.scheme = "mysql", .path = "d", .user = "u", .host = "h"}},
        {"an empty password",
         "mysql://u:@h/d",
         {.scheme = "mysql", .path = "d", .user = "u", .password = "", .host = "h"}},
        {"escapes everywhere",
         "mysql://a%40b:p%2Fw%3a%25@h%2e/d%20b?socket=%2Ftmp%2Fs",
         {.scheme = "mysql", .path = "d b", .user = "a@b", .password = "p/w:%", .host = "h.", .socket = "/tmp/s"}},
        {"a password with a colon and an @",
         "mysql://u:a:b@c@h/d",
         {.scheme = "mysql", .path = "d", .user = "u", .password = "a:b@c", .host = "h"}},
        {"a plus stays a plus",
         "mysql://u:a+b@h/d",
         {.scheme = "mysql", .path = "d", .user = "u", .password = "a+b", .host = "h"}},
        {"IPv6", "mysql://[::1]:3306/d", {.scheme = "mysql", .path = "d", .host = "::1", .port = 3306}},
        {"IPv6 with a zone", "mysql://[fe80::1%25eth0]/d", {.scheme = "mysql", .path = "d", .host = "fe80::1%eth0"}},
        {"IPv6 without port", "mysql://[::1]/d", {.scheme = "mysql", .path = "d", .host = "::1"}},
        {"a socket without host", "mysql:///d?socket=/s", {.scheme = "mysql", .path = "d", .socket = "/s"}},
        {"a user and a socket",
         "mysql://u@/d?socket=/s",
         {.scheme = "mysql", .path = "d", .user = "u", .socket = "/s"}},
        {"an empty query", "mysql://h/d?", {.scheme = "mysql", .path = "d", .host = "h"}},
        {"the highest port", "mysql://h:65535/d", {.scheme = "mysql", .path = "d", .host = "h", .port = 65535}},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct url u;
        flexdb_error err = FLEXDB_ERROR_INIT;
        if (url_parse(&u, scenarios[i].text, strlen(scenarios[i].text), &err) != 0) {
            fail_msg("%s: %s", scenarios[i].sentence, err.message);
        }
        if (!same(u.scheme, scenarios[i].url.scheme) || !same(u.path, scenarios[i].url.path) ||
            !same(u.user, scenarios[i].url.user) || !same(u.password, scenarios[i].url.password) ||
            !same(u.host, scenarios[i].url.host) || !same(u.socket, scenarios[i].url.socket) ||
            !same(u.ssl_mode, scenarios[i].url.ssl_mode) || u.port != scenarios[i].url.port) {
            fail_msg("%s: %s was split wrongly", scenarios[i].sentence, scenarios[i].text);
        }
        url_free(&u);
        assert_null(u.path);
    }
}

#define BEGIN    "the URL must begin with sqlite: or mysql://"
#define PORT     "the port in the URL must be a number from 1 to 65535"
#define NO_WHERE "the URL names neither a host nor a socket"
#define ESCAPED  "the URL has a '/', '?', '#' or '@' in a place where it must be percent-encoded"
#define DIGITS   " in the URL has a '%' that is not followed by two hexadecimal digits"
#define SHAPE    "a mysql URL reads mysql://user:password@host:port/database"
#define MODES    "ssl_mode in the URL must be one of disabled, preferred, required, verify_ca, verify_identity"
#define BRACKET  "the host in the URL begins with '[' and must be an IPv6 address followed by ']'"

static void a_bad_url_says_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text, *message;
    } scenarios[] = {
        {"nothing", "", BEGIN},
        {"no scheme", "crm.db", BEGIN},
        {"a path with a colon", "/tmp/a:b", BEGIN},
        {"a colon first", ":memory:", BEGIN},
        {"another engine", "postgres://h/d", "unknown scheme 'postgres' in the URL: expected sqlite or mysql"},
        {"no path", "sqlite:", "the URL has no path: expected sqlite:PATH or sqlite::memory:"},
        {"a server without slashes", "mysql:h/d", SHAPE},
        {"nothing behind the scheme", "mysql:", SHAPE},
        {"no database", "mysql://h", "the URL names no database"},
        {"an empty database", "mysql://h/", "the URL names no database"},
        {"an empty database before a query", "mysql://h/?socket=/s", "the URL names no database"},
        {"two parts in the path", "mysql://h/a/b",
         "the database name in the URL holds a '/' that is not percent-encoded"},
        {"no host", "mysql:///d", NO_WHERE},
        {"a user and no host", "mysql://u:p@/d", NO_WHERE},
        {"a port and no host", "mysql://:3306/d", "the URL has a port but no host before it"},
        {"an @ and no user", "mysql://@h/d", "the URL has an '@' but no user before it"},
        {"a password and no user", "mysql://:secret@h/d", "the URL has an '@' but no user before it"},
        {"port zero", "mysql://h:0/d", PORT},
        {"an empty port", "mysql://h:/d", PORT},
        {"a port that is too high", "mysql://h:65536/d", PORT},
        {"a long port", "mysql://h:0000001/d", PORT},
        {"letters in the port", "mysql://h:33a/d", PORT},
        {"an open bracket", "mysql://[::1/d", BRACKET},
        {"nothing in brackets", "mysql://[]/d", BRACKET},
        {"a name in brackets", "mysql://[db.example]/d", BRACKET},
        {"more than an address in brackets", "mysql://[::1%2Fx/]/d", BRACKET},
        {"a byte that is none of an address's", "mysql://[::1\xbb]/d", BRACKET},
        {"letters after the bracket", "mysql://[::1]x/d", BRACKET},
        {"a slash in the password", "mysql://u:se/cret@h/d", ESCAPED},
        {"a question mark in the password", "mysql://u:se?cret@h/d", ESCAPED},
        {"a hash in the password", "mysql://u:se#cret@h/d", ESCAPED},
        {"a fragment", "mysql://h/d#x", ESCAPED},
        {"half an escape", "mysql://h/d%2", "the database name" DIGITS},
        {"no hexadecimal digits", "mysql://u:%zzsecret@h/d", "the password" DIGITS},
        {"a percent at the end", "mysql://u%@h/d", "the user" DIGITS},
        {"an escaped NUL", "mysql://u:se%00cret@h/d", "the password in the URL holds a NUL"},
        {"an unknown parameter", "mysql://h/d?charset=latin1",
         "unknown parameter 'charset' in the URL: expected socket or ssl_mode"},
        {"an unknown parameter that is no UTF-8", "mysql://h/d?ch\xff\r=latin1",
         "unknown parameter 'ch?\?' in the URL: expected socket or ssl_mode"},
        {"a long one, cut in no character", "mysql://h/d?a-parameter-of-thirty-one-bytes\xc3\xa9=1",
         "unknown parameter 'a-parameter-of-thirty-one-bytes' in the URL: expected socket or ssl_mode"},
        {"a path behind slashes that is no UTF-8", "sqlite://x\xff.db",
         "a path follows sqlite: as it is: expected sqlite:x?.db or sqlite:/x?.db"},
        {"a parameter without value", "mysql://h/d?socket", "the parameter socket in the URL has no value"},
        {"an empty value", "mysql://h/d?ssl_mode=", "the parameter ssl_mode in the URL has no value"},
        {"a parameter twice", "mysql://h/d?socket=/a&socket=/b", "the parameter socket is in the URL twice"},
        {"a mode that is none", "mysql://h/d?ssl_mode=maybe", MODES},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct url u;
        flexdb_error err = FLEXDB_ERROR_INIT;
        assert_int_equal(url_parse(&u, scenarios[i].text, strlen(scenarios[i].text), &err), -FLEXDB_INVALID_DOCUMENT);
        if (strcmp(err.message, scenarios[i].message) != 0) fail_msg("%s: %s", scenarios[i].sentence, err.message);
        assert_null(strstr(err.message, "cret"));
        error_clear(&err);
    }
}

static void a_nul_in_the_text_is_refused(void **state) {
    (void)state;
    struct url u;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(url_parse(&u, "sqlite:a\0b", 10, &err), -FLEXDB_INVALID_DOCUMENT);
    assert_string_equal(err.message, "the URL holds a NUL");
    error_clear(&err);
}

static void a_driver_is_checked_before_it_is_used(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(driver_check(&sqlite_driver, &err), 0);

    struct driver d = sqlite_driver;
    d.abi = 7;
    assert_int_equal(driver_check(&d, &err), -FLEXDB_UNSUPPORTED);
    assert_string_equal(err.message, "the driver was built for ABI 7, this FlexDB needs ABI 1");
    error_clear(&err);

    d = sqlite_driver;
    d.run_many = NULL;
    assert_int_equal(driver_check(&d, &err), -FLEXDB_UNSUPPORTED);
    assert_string_equal(err.message, "the driver 'sqlite' lacks the slot 'run_many'");
    error_clear(&err);

    d = sqlite_driver;
    d.function = NULL;
    assert_int_equal(driver_check(&d, &err), -FLEXDB_UNSUPPORTED);
    assert_string_equal(err.message, "the driver 'sqlite' lacks the slot 'function'");
    error_clear(&err);
    d.capabilities &= ~(unsigned)DRIVER_FUNCTIONS;
    assert_int_equal(driver_check(&d, &err), 0);

    assert_int_equal(driver_check(NULL, &err), -FLEXDB_UNSUPPORTED);
    assert_string_equal(err.message, "there is no driver to register");
    error_clear(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_split_and_decoded),
        cmocka_unit_test(a_bad_url_says_what_is_wrong),
        cmocka_unit_test(a_nul_in_the_text_is_refused),
        cmocka_unit_test(a_driver_is_checked_before_it_is_used),
    };
    return cmocka_run_group_tests_name("database URLs", tests, NULL, NULL);
}
