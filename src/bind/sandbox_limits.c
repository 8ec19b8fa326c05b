/* Memory, steps and time of a sandbox, and the way out of it. */
#include <stdlib.h>
#include <time.h>

#include "bind/sandbox.h"

enum {
    CLOCK_STEPS = 1024,     /* steps between two looks at the clock */
    CLOCK_BYTES = 1 << 20,  /* and bytes asked for */
    BLOCK_LIMIT = 15 << 20, /* One block. Below what a stack of Lua's greatest size takes, so that a script never
                               comes to the errors that Lua raises while it handles a full stack. */
    BLOCK_HEADER = (sizeof(struct sandbox_block) + 15) & ~15u,
};

struct sandbox *sandbox_of(lua_State *box) {
    void *data;
    lua_getallocf(box, &data);
    return data;
}

/* ---- time and steps ---- */

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

_Noreturn void sandbox_end(struct sandbox *b, enum sandbox_end why) {
    if (b->ended == SANDBOX_LIVE) b->ended = why;
    longjmp(b->border->jump, 1);
}

void sandbox_note_hook(struct sandbox *b, lua_State *host) {
    lua_rawgeti(host, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    b->host_main = lua_tothread(host, -1);
    b->host_hook = lua_gethook(b->host_main);
    lua_pop(host, 1);
}

void sandbox_check_time(struct sandbox *b) {
    if (lua_gethook(b->host_main) != b->host_hook) sandbox_end(b, SANDBOX_STOPPED);
    b->clock_step = b->steps + CLOCK_STEPS;
    b->grown = 0;
    if (now() >= b->deadline) sandbox_end(b, SANDBOX_TIME);
}

void sandbox_charge(struct sandbox *b, uint64_t steps) {
    if (steps > b->step_limit - b->steps) sandbox_end(b, SANDBOX_STEPS);
    b->steps += steps;
    if (b->steps >= b->clock_step) sandbox_check_time(b);
}

static void hook(lua_State *box, lua_Debug *ar) {
    (void)ar;
    struct sandbox *b = sandbox_of(box);
    b->clock_step = 0; /* a few instructions can take long: each compares, say, two texts of some megabytes */
    sandbox_charge(b, SANDBOX_HOOK_STEPS);
}

void sandbox_arm(struct sandbox *b) {
    b->steps = b->clock_step = b->grown = 0;
    int64_t begin = now();
    b->deadline = b->nanoseconds > INT64_MAX - begin ? INT64_MAX : begin + b->nanoseconds;
    b->is_refused = false;
    lua_sethook(b->main, hook, LUA_MASKCOUNT, SANDBOX_HOOK_STEPS); /* new threads inherit it */
}

/* ---- memory ---- */

static void link_block(struct sandbox *b, struct sandbox_block *block) {
    block->next = b->blocks.next;
    block->previous = &b->blocks;
    block->next->previous = block;
    b->blocks.next = block;
}

static void unlink_block(struct sandbox_block *block) {
    block->next->previous = block->previous;
    block->previous->next = block->next;
}

void sandbox_free_blocks(struct sandbox *b) {
    struct sandbox_block *block = b->blocks.next;
    while (block != &b->blocks) {
        struct sandbox_block *next = block->next;
        free(block);
        block = next;
    }
    b->blocks.next = b->blocks.previous = &b->blocks;
    b->used = 0;
    b->main = b->thread = NULL;
}

/* Lua answers a refusal by collecting garbage and asking for the same once more, at once; or it gives up and raises an
 * error, which a script could catch. So the next growth tells: the script goes on only where it was the retry, and is
 * granted. */
static void refuse(struct sandbox *b, const void *old, size_t from, size_t to, bool host) {
    bool again = b->is_refused && b->refused == old && b->refused_from == from && b->refused_to == to;
    b->refused = old;
    b->refused_from = from;
    b->refused_to = to;
    b->is_refused = true;
    b->host_refused = host;
    if (b->border == NULL) return;
    if (again) sandbox_end(b, host ? SANDBOX_HOST_MEMORY : SANDBOX_MEMORY);
    sandbox_check_time(b); /* a script at its limit collects at every growth */
}

static bool gave_up(const struct sandbox *b, const void *old, size_t from, size_t to) {
    return b->is_refused && (b->refused != old || b->refused_from != from || b->refused_to != to);
}

static void *grow(struct sandbox *b, void *old, size_t from, size_t to) {
    if (b->border != NULL) {
        if (gave_up(b, old, from, to)) sandbox_end(b, b->host_refused ? SANDBOX_HOST_MEMORY : SANDBOX_MEMORY);
        if ((b->grown += to) >= CLOCK_BYTES) sandbox_check_time(b);
    }
    size_t extra = to - (old != NULL ? from : 0) + (old == NULL ? BLOCK_HEADER : 0);
    if (to > BLOCK_LIMIT || extra > b->memory - b->used) {
        refuse(b, old, from, to, false);
        return NULL;
    }
    struct sandbox_block *block = old == NULL ? NULL : (struct sandbox_block *)((char *)old - BLOCK_HEADER);
    if (block != NULL) unlink_block(block);
    struct sandbox_block *grown = realloc(block, BLOCK_HEADER + to);
    if (grown == NULL) {
        if (block != NULL) link_block(b, block);
        refuse(b, old, from, to, true);
        return NULL;
    }
    link_block(b, grown);
    b->used += extra;
    b->is_refused = false;
    return (char *)grown + BLOCK_HEADER;
}

/* Lua counts on it that a block can be made smaller. */
static void *shrink(struct sandbox *b, void *old, size_t from, size_t to) {
    struct sandbox_block *block = (struct sandbox_block *)((char *)old - BLOCK_HEADER);
    unlink_block(block);
    struct sandbox_block *smaller = realloc(block, BLOCK_HEADER + to);
    if (smaller == NULL) smaller = block;
    link_block(b, smaller);
    b->used -= from - to;
    return (char *)smaller + BLOCK_HEADER;
}

void *sandbox_allocate(void *data, void *old, size_t from, size_t to) {
    struct sandbox *b = data;
    if (to == 0) {
        if (old == NULL) return NULL;
        struct sandbox_block *block = (struct sandbox_block *)((char *)old - BLOCK_HEADER);
        unlink_block(block);
        free(block);
        b->used -= from + BLOCK_HEADER;
        return NULL;
    }
    return old == NULL || to > from ? grow(b, old, from, to) : shrink(b, old, from, to);
}

/* ---- the border ---- */

static int call_body(lua_State *box, lua_CFunction body, void *argument) {
    if (!lua_checkstack(box, 2)) return LUA_ERRMEM;
    lua_pushcfunction(box, body);
    lua_pushlightuserdata(box, argument);
    int status = lua_pcall(box, 1, 0, 0);
    if (status != LUA_OK) lua_pop(box, 1);
    return status;
}

int sandbox_enter(struct sandbox *b, lua_State *host, lua_CFunction body, void *argument) {
    struct sandbox_border here;
    lua_State *const outer_host = b->host, *const thread = b->thread;
    volatile int status = SANDBOX_ENDED;
    b->border = &here;
    b->host = host;
    if (setjmp(here.jump) == 0) status = call_body(thread, body, argument);
    b->border = NULL;
    b->host = outer_host;
    b->thread = thread;
    return status;
}
