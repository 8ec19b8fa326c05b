#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/format.h"

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check(const char *format, const char *text, bool expected) {
    size_t length = strlen(text);
    char *copy = malloc(length + 1); /* without a NUL behind it, so that a sanitizer sees a byte too many */
    assert_non_null(copy);
    char *exact = realloc(copy, length > 0 ? length : 1);
    assert_non_null(exact);
    memcpy(exact, text, length);
    if (format_find(format)->match(exact, length) != expected) {
        fail_msg("%s should %sbe of the format %s", text, expected ? "" : "not ", format);
    }
    free(exact);
}

static void check_lists(const char *format, const char *const *good, const char *const *bad) {
    for (; *good != NULL; good++) check(format, *good, true);
    for (; *bad != NULL; bad++) check(format, *bad, false);
}

static void test_email(void **state) {
    (void)state;
    check_lists("email",
                LIST("ada@example.org", "a.b+c@sub.example.org", "o'neill@example.com", "x@y.zz",
                     "!#$%&'*+-/=?^_`{|}~@a.b", "1@1.a", X60 "abcd@example.org", "a@xn--bcher-kva.example", "A@B.COM"),
                LIST("", "ada", "@example.org", "ada@", "a@b", "a@@b.cc", "a b@c.dd", ".a@b.cc", "a.@b.cc", "a..b@c.dd",
                     "a@b..cc", "a@.b.cc", "a@b.cc.", "a@-b.cc", "a@b-.cc", "a@b_c.dd", "a@b.cc ", "ada@example.org\n",
                     "\"a b\"@c.dd", "a@[127.0.0.1]", "a@1.2.3.4", "\xC3\xA4@b.cc", "a@\xC3\xA4.cc", X60 "abcde@b.cc"));
}

static void test_email_lengths(void **state) {
    (void)state;
    /* 64 before the @, labels of 60: 64 + 1 + 3 * 61 + 6 = 254 */
    check("email", X60 "abcd@" X60 "." X60 "." X60 ".abc.de", true);
    check("email", X60 "abcd@" X60 "." X60 "." X60 ".abcd.de", false);
}

static void test_uri(void **state) {
    (void)state;
    check_lists(
        "uri",
        LIST("http://example.org", "https://user:pw@example.org:8080/a/b;c?d=e&f=%20#g", "ftp://h/", "mailto:a@b.cc",
             "urn:isbn:0451450523", "http://[2001:db8::1]:80/", "tel:+1-816-555-1212", "file:///etc/hosts",
             "a:", "HTTP://EXAMPLE.ORG", "http://h?q", "http://h#f", "data:,a%2Fb", "x-y.z+1:p", "http://h:/"),
        LIST("", "example.org", "//example.org/a", "/a/b", ":a", "1a:b", "http://", "http:", "http:/a", "https://:80",
             "http://a b", "http://h/<>", "http://h/%2", "http://h/%gg", "http://h:8a", "http://[::1", "http://[x]/",
             "http://h/\xC3\xA4", "http://h/a\\b", "a b:c", "http://h#a#b", "http://h/{x}", "http://h/\x7f"));
}

static void test_uuid(void **state) {
    (void)state;
    check_lists("uuid",
                LIST("018f3c1e-7b2a-7c3d-8e4f-0123456789ab", "00000000-0000-0000-0000-000000000000",
                     "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "018F3c1e-7b2a-7c3d-8e4f-0123456789aB"),
                LIST("", "018f3c1e7b2a7c3d8e4f0123456789ab", "{018f3c1e-7b2a-7c3d-8e4f-0123456789ab}",
                     "018f3c1e-7b2a-7c3d-8e4f-0123456789a", "018f3c1e-7b2a-7c3d-8e4f-0123456789abc",
                     "018f3c1e-7b2a-7c3d-8e4f-0123456789ag", "018f3c1e07b2a-7c3d-8e4f-0123456789ab",
                     "018f3c1-e7b2a-7c3d-8e4f-0123456789ab"));
}

static void test_ipv4(void **state) {
    (void)state;
    check_lists("ipv4", LIST("0.0.0.0", "127.0.0.1", "255.255.255.255", "10.20.30.40"),
                LIST("", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.999", "01.2.3.4", "1.2.3.00", "1..2.3", ".1.2.3.4",
                     "1.2.3.4.", "1.2.3.4 ", "a.b.c.d", "1.2.3.-4", "0x1.2.3.4", "1.2.3.1000"));
}

static void test_ipv6(void **state) {
    (void)state;
    check_lists("ipv6",
                LIST("::", "::1", "2001:db8::", "2001:DB8:0:0:8:800:200C:417A", "1::8", "::ffff:192.0.2.1",
                     "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"),
                LIST("", ":", ":::", "1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%eth0",
                     "::1 ", "[::1]", "1.2.3.4", "::256.1.1.1",
                     "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"));
}

static void test_hostname(void **state) {
    (void)state;
    check_lists("hostname",
                LIST("localhost", "example.org", "a", "a-b.c-d.e", "3com.com", "xn--bcher-kva.example", X60 "abc.x",
                     "EXAMPLE.ORG", X60 "." X60 "." X60 "." X60 ".xxxxxxxxx"),
                LIST("", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a_b", "a b", X60 "abcd.x", "\xC3\xA4.de",
                     "1.2.3.4", "127", "a.b/c", X60 "." X60 "." X60 "." X60 ".xxxxxxxxxx"));
}

static void test_slug(void **state) {
    (void)state;
    check_lists("slug", LIST("a", "1", "a-b", "my-first-post-2", "0-0"),
                LIST("", "-", "-a", "a-", "a--b", "A", "a_b", "a b", "\xC3\xA4", "a-b\n"));
}

static void test_phone(void **state) {
    (void)state;
    check_lists("phone", LIST("+12", "+4930123456", "+123456789012345"),
                LIST("", "+", "+1", "4930123456", "+0930123456", "+1234567890123456", "+49 30 123456", "+49-30", "+49a",
                     "0049301", "+4930123456\n"));
}

static void test_list(void **state) {
    (void)state;
    assert_null(format_find("mail"));
    assert_null(format_find(""));
    for (int i = 0; i < FORMAT_COUNT; i++) {
        const struct format *format = &format_list()[i];
        assert_ptr_equal(format_find(format->name), format);
        assert_non_null(format->phrase);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),    cmocka_unit_test(test_email_lengths), cmocka_unit_test(test_uri),
        cmocka_unit_test(test_uuid),     cmocka_unit_test(test_ipv4),          cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_hostname), cmocka_unit_test(test_slug),          cmocka_unit_test(test_phone),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
