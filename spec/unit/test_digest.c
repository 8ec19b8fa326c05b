/* SHA-256 and base64url: bytes to bytes, with the vectors of their standards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/digest.h"
#include "property.h"

static void check_digest(const char *text, size_t length, const char *expected) {
    unsigned char bytes[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    digest_sha256(text, length, bytes);
    for (size_t i = 0; i < DIGEST_BYTES; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(hex, expected);
}

static void digests_are_those_of_fips_180(void **state) {
    (void)state;
    check_digest(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    static char a[1000000];
    memset(a, 'a', sizeof a);
    check_digest(a, sizeof a, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    check_digest(a, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    check_digest(a, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

static void base64url_is_that_of_rfc_4648(void **state) {
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct buffer text = BUFFER_INIT, back = BUFFER_INIT;
        base64url_encode(&text, vectors[i][0], strlen(vectors[i][0]));
        assert_string_equal(buffer_text(&text), vectors[i][1]);
        assert_true(base64url_decode(&back, text.data, text.length));
        assert_string_equal(buffer_text(&back), vectors[i][0]);
        buffer_free(&text);
        buffer_free(&back);
    }
}

static void what_is_not_base64url_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"Z", "Zg==", "Zm9vY", "Zm 9", "Zm+v", "Zm/v", "Zh", "Zm9", "\xc3\xa9zz"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buffer out = BUFFER_INIT;
        if (base64url_decode(&out, texts[i], strlen(texts[i]))) fail_msg("%s was read", texts[i]);
        buffer_free(&out);
    }
}

static void random_bytes_come_back(void **state) {
    (void)state;
    struct property p = property_begin("base64url");
    struct buffer text = BUFFER_INIT, back = BUFFER_INIT;
    for (int i = 0; i < 2000; i++) {
        unsigned char bytes[64];
        size_t n = property_below(&p, sizeof bytes);
        for (size_t j = 0; j < n; j++) bytes[j] = property_next(&p) & 0xff;
        buffer_reset(&text);
        buffer_reset(&back);
        base64url_encode(&text, bytes, n);
        assert_true(base64url_decode(&back, text.data, text.length));
        assert_int_equal(back.length, n);
        if (n != 0) assert_memory_equal(back.data, bytes, n);
    }
    buffer_free(&text);
    buffer_free(&back);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_fips_180),
        cmocka_unit_test(base64url_is_that_of_rfc_4648),
        cmocka_unit_test(what_is_not_base64url_is_refused),
        cmocka_unit_test(random_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
