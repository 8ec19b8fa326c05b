/* Repeated keys: each open object has a frame in r->keys, an open-addressing table of the keys met so far. The
 * innermost frame is the last, so it can grow in place; it is cut off when its object ends. */
#include "base/json_token.h"

#include <stdint.h>
#include <string.h>

enum { KEYS_FIRST = 16 };

struct key_slot {
    const char *token; /* the byte after the opening quote; NULL: free */
    size_t length;     /* of the unescaped text */
    uint64_t hash;
};

struct key_frame {
    size_t outer; /* the frame around this one */
    size_t count, capacity;
};

static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-1-3, keyed with addresses, so that a text cannot be made whose keys all fall on one slot. */
static uint64_t hash_key(const struct json_reader *r, const char *text, size_t length) {
    uint64_t k0 = (uint64_t)(uintptr_t)r, k1 = (uint64_t)(uintptr_t)r->start, word = 0;
    uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                     k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    size_t left = length;
    for (; left >= 8; left -= 8, text += 8) {
        memcpy(&word, text, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)length << 56;
    for (size_t i = 0; i < left; i++) word |= (uint64_t)(unsigned char)text[i] << (8 * i);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static struct key_frame *frame_at(struct json_reader *r, size_t offset) {
    return (struct key_frame *)(void *)(r->keys.data + offset);
}

static struct key_slot *frame_slots(struct key_frame *frame) { return (struct key_slot *)(void *)(frame + 1); }

static size_t frame_size(size_t capacity) { return sizeof(struct key_frame) + capacity * sizeof(struct key_slot); }

bool json_keys_open(struct json_reader *r) {
    size_t at = r->keys.length;
    if (!buffer_reserve(&r->keys, frame_size(KEYS_FIRST))) {
        json_fail_memory(r);
        return false;
    }
    memset(r->keys.data + at, 0, frame_size(KEYS_FIRST));
    *frame_at(r, at) = (struct key_frame){.outer = r->keys_frame, .capacity = KEYS_FIRST};
    r->keys.length = at + frame_size(KEYS_FIRST);
    r->keys_frame = at;
    return true;
}

void json_keys_close(struct json_reader *r) {
    r->keys.length = r->keys_frame;
    r->keys_frame = frame_at(r, r->keys_frame)->outer;
}

/* Doubles the innermost frame: the new table is built behind the old one and then moved over it. */
static bool frame_grow(struct json_reader *r) {
    size_t old_size = frame_size(frame_at(r, r->keys_frame)->capacity);
    size_t capacity = frame_at(r, r->keys_frame)->capacity * 2, new_size = frame_size(capacity);
    if (!buffer_reserve(&r->keys, new_size)) {
        json_fail_memory(r);
        return false;
    }
    struct key_frame *frame = frame_at(r, r->keys_frame), *grown = frame_at(r, r->keys_frame + old_size);
    memset(grown, 0, new_size);
    *grown = (struct key_frame){.outer = frame->outer, .count = frame->count, .capacity = capacity};
    const struct key_slot *from = frame_slots(frame);
    struct key_slot *to = frame_slots(grown);
    for (size_t i = 0; i < frame->capacity; i++) {
        if (from[i].token == NULL) continue;
        size_t at = from[i].hash & (capacity - 1);
        while (to[at].token != NULL) at = (at + 1) & (capacity - 1);
        to[at] = from[i];
    }
    memmove(frame, grown, new_size);
    r->keys.length = r->keys_frame + new_size;
    return true;
}

/* Compares with a key met earlier, which is kept only as it stood in the text. */
static bool same_key(struct json_reader *r, const struct key_slot *slot) {
    if (slot->length != r->length) return false;
    if (memchr(slot->token, '\\', slot->length) == NULL) return memcmp(slot->token, r->text, r->length) == 0;
    struct buffer earlier = BUFFER_INIT;
    json_token_unescape_again(slot->token, r->end, &earlier);
    bool same = buffer_failed(&earlier) || memcmp(earlier.data, r->text, r->length) == 0;
    if (buffer_failed(&earlier)) json_fail_memory(r);
    buffer_free(&earlier);
    return same;
}

bool json_keys_add(struct json_reader *r) {
    struct key_frame *frame = frame_at(r, r->keys_frame);
    if ((frame->count + 1) * 4 > frame->capacity * 3) {
        if (!frame_grow(r)) return false;
        frame = frame_at(r, r->keys_frame);
    }
    uint64_t hash = hash_key(r, r->text, r->length);
    struct key_slot *slots = frame_slots(frame);
    size_t at = hash & (frame->capacity - 1);
    for (; slots[at].token != NULL; at = (at + 1) & (frame->capacity - 1)) {
        if (slots[at].hash != hash || !same_key(r, &slots[at])) continue;
        if (!r->no_memory) json_fail(r, r->token, "a key is repeated in one object");
        return false;
    }
    slots[at] = (struct key_slot){.token = r->token + 1, .length = r->length, .hash = hash};
    frame->count++;
    return true;
}
