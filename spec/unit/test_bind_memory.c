/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup,--wrap=free */
/* Memory runs out in every call from Lua, at each of its allocations, whether Lua's, the core's or the engine's: an
 * error each time, no crash, no leak; what the call writes is there as a whole or not at all, and the handles can be
 * used again. The calls are in bind_calls.lua, their world in bind_bed.lua. */
#include <glob.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <lauxlib.h>
#include <lualib.h>
#include <sqlite3.h>

#include "base/buffer.h"
#include "file_bed.h"

int luaopen_flexdb_core(lua_State *L);

/* ---- memory ---- */

/* ENGINE: SQLite's. OURS: those of Lua and of the core, which come in turns. */
enum owner { OURS, ENGINE };

static struct {
    enum owner whose; /* the other's are left alone */
    long left;        /* allocations until one fails; negative: none does */
    long made;        /* since it was armed */
    bool met;         /* it has failed */
    bool for_good;    /* all that come after it fail too */
    long live;        /* allocations of the core that are not freed */
} memory = {.left = -1};

static bool fails(enum owner whose) {
    if (memory.left < 0 || whose != memory.whose) return false;
    memory.made++;
    if (memory.met) return memory.for_good;
    if (memory.left > 0) {
        memory.left--;
        return false;
    }
    return memory.met = true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
void __wrap_free(void *old);

static void *noted(void *made) {
    memory.live += made != NULL;
    return made;
}

void *__wrap_malloc(size_t size) { return fails(OURS) ? NULL : noted(__real_malloc(size)); }
void *__wrap_calloc(size_t count, size_t size) { return fails(OURS) ? NULL : noted(__real_calloc(count, size)); }
char *__wrap_strdup(const char *text) { return fails(OURS) ? NULL : noted(__real_strdup(text)); }
char *__wrap_strndup(const char *text, size_t length) {
    return fails(OURS) ? NULL : noted(__real_strndup(text, length));
}
void *__wrap_realloc(void *old, size_t size) {
    if (fails(OURS)) return NULL;
    return old == NULL ? noted(__real_realloc(NULL, size)) : __real_realloc(old, size);
}
void __wrap_free(void *old) {
    memory.live -= old != NULL;
    __real_free(old);
}

/* Lua's. What shrinks must not fail (the manual's lua_Alloc). Lua asks once more after a collection: that fails too. */
static void *lua_allocate(void *unused, void *old, size_t old_size, size_t size) {
    static struct {
        void *old;
        size_t size;
    } refused;
    (void)unused;
    if (size == 0) {
        __real_free(old);
        return NULL;
    }
    bool grows = old == NULL || size > old_size, again = refused.size == size && refused.old == old;
    refused.size = 0;
    if (grows && (again || fails(OURS))) {
        if (!again) refused.old = old, refused.size = size;
        return NULL;
    }
    return __real_realloc(old, size);
}

static sqlite3_mem_methods engine_memory; /* SQLite's own */
static void *engine_allocate(int size) { return fails(ENGINE) ? NULL : engine_memory.xMalloc(size); }
static void *engine_reallocate(void *old, int size) { return fails(ENGINE) ? NULL : engine_memory.xRealloc(old, size); }

static void watch_engine(void) {
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &engine_memory), SQLITE_OK);
    sqlite3_mem_methods watched = engine_memory;
    watched.xMalloc = engine_allocate;
    watched.xRealloc = engine_reallocate;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &watched), SQLITE_OK);
}

/* ---- Lua ---- */

/* The files of lua/flexdb, compiled once: a state a run is made of them. */
enum { MODULES = 100 };
static struct module {
    char name[64];
    struct buffer code;
} modules[MODULES];
static size_t module_count;

static int add_bytes(lua_State *L, const void *bytes, size_t length, void *out) {
    (void)L;
    buffer_append(out, bytes, length);
    return 0;
}

static void must(lua_State *L, int status, const char *what) {
    if (status != LUA_OK) fail_msg("%s: %s", what, luaL_tolstring(L, -1, NULL));
}

static void compile(lua_State *L, const char *name, const char *path) {
    assert_true(module_count < MODULES);
    struct module *m = &modules[module_count++];
    snprintf(m->name, sizeof m->name, "%s", name);
    must(L, luaL_loadfile(L, path), path);
    lua_dump(L, add_bytes, &m->code, 0);
    lua_pop(L, 1);
}

/* The modules of a folder of lua/flexdb, whose names begin with `prefix`. */
static void compile_folder(lua_State *L, const char *folder, const char *prefix) {
    char pattern[64], name[64];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s*.lua", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i], *file = path + strlen(folder);
        snprintf(name, sizeof name, "%s%.*s", prefix, (int)strcspn(file, "."), file);
        compile(L, strcmp(name, "flexdb.init") == 0 ? "flexdb" : name, path);
    }
    globfree(&found);
}

static void compile_modules(void) {
    lua_State *L = luaL_newstate();
    compile_folder(L, "lua/flexdb/", "flexdb.");
    compile_folder(L, "lua/flexdb/sandbox/", "flexdb.sandbox.");
    compile(L, "bind_bed", "spec/unit/bind_bed.lua");
    compile(L, "bind_calls", "spec/unit/bind_calls.lua");
    lua_close(L);
}

/* A state with the bed (bind_bed.lua, with its calls) at 1 and the world at 2. */
static lua_State *state_new(void) {
    lua_State *L = lua_newstate(lua_allocate, NULL);
    assert_non_null(L);
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_flexdb_core);
    lua_setfield(L, -2, "flexdb.core");
    for (const struct module *m = modules; m < modules + module_count; m++) {
        must(L, luaL_loadbuffer(L, m->code.data, m->code.length, m->name), m->name);
        lua_setfield(L, -2, m->name);
    }
    lua_settop(L, 0);
    must(L, luaL_dostring(L, "return (require 'bind_calls')"), "bind_calls");
    lua_newtable(L);
    lua_pushstring(L, file_url);
    lua_setfield(L, 2, "url");
    return L;
}

/* Calls a function of the bed with the value at `argument`; its result on the top. */
static void bed_call(lua_State *L, const char *name, int argument) {
    argument = lua_absindex(L, argument);
    lua_getfield(L, 1, name);
    lua_pushvalue(L, argument);
    must(L, lua_pcall(L, 1, 1, 0), name);
}

/* ---- a call ---- */

struct call {
    int index; /* in the bed's table of calls */
    const char *name;
    const char *from; /* what there is before: "nothing", "module", "file" (and the module) or "open" */
    bool filed;       /* it has to do with a database */
    bool steps;       /* it is more than one change: what stands between them may be left */
    bool collects;    /* it may leave a coroutine that the collector has to end */
    char *after, *result;
};
static char *before;

enum outcome { WENT_WELL, OUT_OF_MEMORY, FAILED };

static long failing; /* the allocation that fails, for complaints */

static void push_call(lua_State *L, int index, const char *field) {
    lua_getfield(L, 1, "calls");
    lua_rawgeti(L, -1, index);
    lua_getfield(L, -1, field);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static bool says(const char *text, const char *what) { return strstr(text, what) != NULL; }

/* What the call with these two results came to; its text (or its first result) on the top afterwards. */
static enum outcome judge(lua_State *L, int status) {
    bool returned = status == LUA_OK;
    if (returned && !(lua_isnil(L, -2) && !lua_isnil(L, -1))) {
        lua_pop(L, 1);
        return WENT_WELL;
    }
    const char *text = luaL_tolstring(L, -1, NULL);
    if (says(text, "out of memory") || (!returned && says(text, "not enough memory"))) return OUT_OF_MEMORY;
    return FAILED;
}

static enum outcome run(lua_State *L, const struct call *c, long left) {
    push_call(L, c->index, "call");
    lua_pushvalue(L, 2);
    memory.made = 0;
    memory.met = false;
    memory.left = left;
    int status = lua_pcall(L, 1, 2, 0);
    memory.left = -1;
    return judge(L, status);
}

static char *show(lua_State *L) {
    bed_call(L, "show", -1);
    char *text = strdup(lua_tostring(L, -1));
    lua_pop(L, 1);
    return text;
}

static lua_State *begin(const struct call *c) {
    if (c->filed) file_restore();
    lua_State *L = state_new();
    bed_call(L, c->from, 2);
    return L;
}

/* What it does when nothing fails; the number of its allocations. */
static long run_clean(struct call *c) {
    lua_State *L = begin(c);
    memory.whose = OURS;
    if (run(L, c, LONG_MAX) != WENT_WELL) fail_msg("%s: %s", c->name, lua_tostring(L, -1));
    long made = memory.made;
    c->result = show(L);
    if (c->collects) lua_gc(L, LUA_GCCOLLECT);
    if (c->filed) c->after = file_dump();
    file_leave();
    lua_close(L);
    return made;
}

static void expect(const struct call *c, const char *when, const char *seen, const char *wanted) {
    enum { BEFORE = 80, SHOWN = 300 };
    size_t at = 0;
    if (c->steps || strcmp(seen, wanted) == 0) return;
    while (seen[at] == wanted[at]) at++;
    at = at > BEFORE ? at - BEFORE : 0;
    fail_msg("%s, allocation %ld, %s:\n%.*s\ninstead of\n%.*s", c->name, failing, when, SHOWN, seen + at, SHOWN,
             wanted + at);
}

/* What is left behind must be whole. True when the call has left everything as it was. */
static bool expect_whole(const struct call *c, bool done) {
    if (!c->filed) return !done;
    char *seen = file_dump();
    if (seen == NULL) fail_msg("%s, allocation %ld: a transaction is still open", c->name, failing);
    bool nothing = !done && strcmp(seen, before) == 0;
    if (!nothing) expect(c, "left", seen, c->after);
    free(seen);
    return nothing;
}

/* The handles must be of use: what has done nothing is called again. */
static void go_on(lua_State *L, const struct call *c, bool again) {
    if (again && !c->steps) {
        if (run(L, c, -1) != WENT_WELL) fail_msg("%s after allocation %ld: %s", c->name, failing, lua_tostring(L, -1));
        if (c->collects) lua_gc(L, LUA_GCCOLLECT);
        if (c->filed && strcmp(before, c->after) != 0) expect_whole(c, true);
    }
    if (c->filed) bed_call(L, "probe", 2);
}

/* How memory runs out. All of the first allocations, then fewer: what follows are the parts of definitions, which are
 * all alike. */
static const struct pass {
    const char *name;
    enum owner whose;
    bool for_good; /* all that come after it fail too */
    bool last;     /* the state is closed then */
    long every;    /* of the first */
} passes[] = {
    {"once", OURS, false, false, 1},
    {"for good", OURS, true, false, 15},
    {"once, and then the state is closed", OURS, false, true, 15},
    {"in the engine", ENGINE, false, false, 19},
    {"in the engine for good", ENGINE, true, false, 19},
};
enum { PASSES = sizeof passes / sizeof passes[0] };

/* Fails allocation `at`; false when the call has made fewer. */
static bool fail_at(const struct call *c, const struct pass *p, long at) {
    long live = memory.live;
    sqlite3_int64 engine_live = sqlite3_memory_used();
    failing = at;
    memory.whose = p->whose;
    memory.for_good = p->for_good;
    lua_State *L = begin(c);
    enum outcome outcome = run(L, c, at);
    bool met = memory.met, done = outcome == WENT_WELL;
    if (outcome == FAILED || (outcome == OUT_OF_MEMORY && !met))
        fail_msg("%s, allocation %ld %s: %s", c->name, at, p->name, lua_tostring(L, -1));
    if (done) {
        char *result = show(L);
        expect(c, "gave", result, c->result);
        free(result);
    }
    if (!p->last) {
        if (c->collects || p->for_good) lua_gc(L, LUA_GCCOLLECT);
        if (p->for_good) bed_call(L, "wake", 2);
        go_on(L, c, expect_whole(c, done));
    }
    file_leave();
    lua_close(L);
    if (p->last) expect_whole(c, done);
    file_leave();
    if (memory.live != live || sqlite3_memory_used() != engine_live)
        fail_msg("%s, allocation %ld %s: %ld allocations, and %lld bytes of the engine's, are not freed", c->name, at,
                 p->name, memory.live - live, (long long)(sqlite3_memory_used() - engine_live));
    return met;
}

static long every = 1; /* more where everything takes many times as long */

static long next(const struct pass *p, long at) { return at + every * p->every * (at < 120 ? 1 : at < 400 ? 7 : 97); }

static void memory_runs_out(void **state) {
    struct call *c = *state;
    print_message("%s, of %ld allocations:", c->name, run_clean(c));
    for (const struct pass *p = passes; p < passes + PASSES; p++) {
        long failed = 0;
        for (long at = 0; fail_at(c, p, at); at = next(p, at)) failed++;
        print_message(" %ld %s%s", failed, p->name, p + 1 < passes + PASSES ? "," : "\n");
    }
    free(c->after);
    free(c->result);
}

/* ---- */

enum { MOST_CALLS = 100 };
static struct call calls[MOST_CALLS];
static struct CMUnitTest tests[MOST_CALLS];

static const char *call_text(lua_State *L, int index, const char *field) {
    push_call(L, index, field);
    const char *text = strdup(lua_tostring(L, -1));
    lua_pop(L, 1);
    return text;
}

static bool is_filed(lua_State *L, int index) {
    push_call(L, index, "from");
    const char *from = lua_tostring(L, -1);
    lua_pop(L, 1);
    return strcmp(from, "file") == 0 || strcmp(from, "open") == 0;
}

static size_t find_calls(lua_State *L) {
    lua_getfield(L, 1, "calls");
    size_t found = (size_t)lua_rawlen(L, -1);
    assert_in_range(found, 1, MOST_CALLS);
    for (size_t i = 0; i < found; i++) {
        int index = (int)i + 1;
        push_call(L, index, "steps");
        push_call(L, index, "collects");
        calls[i] = (struct call){.index = index,
                                 .name = call_text(L, index, "name"),
                                 .from = call_text(L, index, "from"),
                                 .filed = is_filed(L, index),
                                 .steps = lua_toboolean(L, -2) != 0,
                                 .collects = lua_toboolean(L, -1) != 0};
        lua_pop(L, 2);
        tests[i] = (struct CMUnitTest){calls[i].name, memory_runs_out, NULL, NULL, &calls[i]};
    }
    return found;
}

int main(void) {
    cJSON_Hooks hooks = {__wrap_malloc, __wrap_free};
    if (getenv("FLEXDB_TEST_GC") != NULL || getenv("FLEXDB_TEST_VALGRIND") != NULL) every = 7;
    if (!file_make()) return 1;
    cJSON_InitHooks(&hooks);
    watch_engine();
    compile_modules();
    lua_State *L = state_new();
    bed_call(L, "build", 2);
    size_t found = find_calls(L);
    lua_close(L);
    file_keep();
    before = file_dump();
    file_leave();
    int failed = _cmocka_run_group_tests("calls from Lua, out of memory", tests, found, NULL, NULL);
    file_remove();
    for (size_t i = 0; i < module_count; i++) buffer_free(&modules[i].code);
    free(before);
    return failed;
}
