/* The sandbox: a Lua state of its own for a script that is not trusted.
 *
 * Two states meet here: the host's (`host`), which called, and the sandbox's (`box` in names of variables of type
 * lua_State). A limit that is exceeded ends the script by a jump from where it stands to the border through which it
 * was entered: nothing in the sandbox runs any more, no handler, no closing value, no finalizer; the state is never
 * used again, and its memory is given back as a whole. So such an error cannot be caught inside.
 *
 * Rules that keep the states apart:
 * - `border` is set only while code of the sandbox runs. Before the host is called it is taken away and put back
 *   afterwards, so a jump crosses frames of the sandbox's Lua and of these files alone. Those own no memory.
 * - Each call of either state that may raise stands below a lua_pcall of the same state.
 * - Values cross as bytes in `crossing`: they are written from one state, and then read into the other.
 * - Nothing in the sandbox owns anything outside. A proxy is the number of a slot; its finalizer counts that down. */
#ifndef FLEXDB_BIND_SANDBOX_H
#define FLEXDB_BIND_SANDBOX_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "base/buffer.h"

enum {
    SANDBOX_SLOTS = 1024,    /* what the host has handed in and the script still holds */
    SANDBOX_CALLBACKS = 256, /* functions of the script in calls that are under way */
    SANDBOX_DEPTH = 64,      /* of tables that cross */
    SANDBOX_HOOK_STEPS = 32, /* instructions between two looks at the limits */
};

/* How what Lua's own program raises ends when somebody has pressed Ctrl-C. */
#define SANDBOX_INTERRUPTION "interrupted!"

/* Why a script was ended. */
enum sandbox_end {
    SANDBOX_LIVE,
    SANDBOX_MEMORY,
    SANDBOX_STEPS,
    SANDBOX_TIME,
    SANDBOX_HOST_MEMORY,
    SANDBOX_HOST_SHARE, /* the host's state has grown too much by what the script has asked of it */
    SANDBOX_STOPPED,    /* by the host: why is the user value SANDBOX_WHY, nothing for Ctrl-C */
};

struct sandbox_border {
    jmp_buf jump;
};

struct sandbox_block { /* in front of each block of the sandbox's memory */
    struct sandbox_block *next, *previous;
};

struct sandbox {
    lua_State *main;      /* NULL once closed */
    lua_State *thread;    /* of the sandbox, that runs or has called out */
    lua_State *host;      /* the thread of the host that has called in */
    lua_State *host_main; /* of the host, and its hook while the script runs: Ctrl-C sets one */
    lua_Hook host_hook;
    struct sandbox_border *border;          /* the innermost; NULL while no code of the sandbox runs */
    struct sandbox_block blocks;            /* head of a ring */
    size_t used, memory;                    /* bytes, and their limit */
    uint64_t steps, step_limit, clock_step; /* taken, allowed, and when the clock is read next */
    uint64_t grown;                         /* bytes asked for since the clock was last read */
    int64_t nanoseconds, deadline;          /* allowed for a run; when that ends, by the monotonic clock */
    size_t host_share, host_limit;          /* bytes: what a run may make the host's state grow by, up to where */
    const void *refused;                    /* the growth that was refused last: retried at once or given up */
    size_t refused_from, refused_to;
    bool is_refused, host_refused;
    enum sandbox_end ended;
    bool running, copying; /* a run is under way; `crossing` is in use */
    bool elsewhere;        /* the globals are those of a run anew */
    bool raised_inside;    /* the last function of the script that the host called has raised */
    uint64_t secret;       /* hides addresses */
    uint64_t seeds;        /* given to the script's random numbers so far */
    struct buffer crossing;
    size_t budget;                       /* what may still be written into it, weighed as tables */
    uint32_t holders[SANDBOX_SLOTS];     /* of each slot: proxies, pins, and a ticket under way */
    uint64_t serials[SANDBOX_CALLBACKS]; /* which call a function was given to */
    uint64_t serial;
    size_t callbacks, new_callbacks; /* in calls under way; of the call that is being written */
};

/* ---- limits (sandbox_limits.c) ---- */

/* A lua_Alloc whose `data` is the sandbox. */
void *sandbox_allocate(void *data, void *old, size_t from, size_t to);
/* The sandbox of a state. */
struct sandbox *sandbox_of(lua_State *box);
/* Gives all memory of the state back; the state is gone. */
void sandbox_free_blocks(struct sandbox *b);
/* Begins the limits of a run; sets the hook of the state. */
void sandbox_arm(struct sandbox *b);
/* Looks at the hook that the host has now. */
void sandbox_note_hook(struct sandbox *b, lua_State *host);
/* Ends the script. Only while its code runs. */
_Noreturn void sandbox_end(struct sandbox *b, enum sandbox_end why);
/* Takes steps for work that no instruction counts. May end the script. */
void sandbox_charge(struct sandbox *b, uint64_t steps);
/* Reads the clock, and whether the host is interrupted. May end the script. */
void sandbox_check_time(struct sandbox *b);

/* Calls `body` in the sandbox, with `argument` as a light userdata: LUA_OK, or the status of an error (which is
 * dropped), or SANDBOX_ENDED. */
enum { SANDBOX_ENDED = -1 };
int sandbox_enter(struct sandbox *b, lua_State *host, lua_CFunction body, void *argument);

/* ---- values (sandbox_copy.c) ---- */

/* The values of either side: null, and the metatables that marked tables have; an array of the registry of the sandbox,
 * and a user value of the host's. */
enum sandbox_mark { SANDBOX_MARK_NULL = 1, SANDBOX_MARK_ARRAY, SANDBOX_MARK_ERROR, SANDBOX_MARK_PLAN, SANDBOX_MARKS };

struct sandbox_copy {
    lua_State *L;
    struct sandbox *b;
    int marks;      /* index of them */
    int refs;       /* host: index of what the slots hold; sandbox: of the classes' metatables */
    int self;       /* host: index of the sandbox, which callbacks hold */
    bool inside;    /* whether L is the sandbox's */
    bool functions; /* whether functions may cross */
    size_t at;      /* how far it is read */
};

/* Makes the copier of the running function; pushes what it needs. */
void sandbox_copy_inside(struct sandbox_copy *c, struct sandbox *b, lua_State *box);
void sandbox_copy_outside(struct sandbox_copy *c, struct sandbox *b, lua_State *host, int self);
/* Begins a message. */
void sandbox_write_begin(struct sandbox *b);
/* Adds the value at `index`; raises (in c->L) where it cannot cross. */
void sandbox_write(struct sandbox_copy *c, int index);
void sandbox_write_all(struct sandbox_copy *c, int first, int last);
/* The same for an error: what cannot cross is described. */
void sandbox_write_error(struct sandbox_copy *c, int index);
/* Pushes the next value of the message; pushes all that are left, and returns their number. */
void sandbox_read(struct sandbox_copy *c);
int sandbox_read_all(struct sandbox_copy *c);

/* ---- tickets, callbacks and calls (sandbox_call.c) ---- */

#define SANDBOX_TICKET "flexdb.ticket"
/* Of the host: a value on its way in, as an object of a class. It is a holder of its slot; unless it is pinned it can
 * be used once, and the proxy takes its place. */
struct sandbox_ticket {
    int class, slot;
    bool pinned, spent;
};
/* User values of the host's userdata. */
enum { SANDBOX_REFS = 1, SANDBOX_MARKED, SANDBOX_DISPATCH, SANDBOX_OWN, SANDBOX_WHY, SANDBOX_USER_VALUES };
/* Keys of the sandbox's registry. */
#define SANDBOX_KEY_MARKS     "flexdb.marks"
#define SANDBOX_KEY_CLASSES   "flexdb.classes"
#define SANDBOX_KEY_CALLBACKS "flexdb.callbacks"
#define SANDBOX_KEY_ENV       "flexdb.environment"
#define SANDBOX_KEY_METHODS   "flexdb.methods"  /* of texts there */
#define SANDBOX_KEY_PRISTINE  "flexdb.pristine" /* an environment that no script has seen */
#define SANDBOX_KEY_TEXTS     "flexdb.texts"    /* what was compiled, by number */

/* A class of proxies: the first is that of functions. */
struct sandbox_proxy {
    int slot;
};
/* sandbox:ticket(class, value, pinned) of the host. */
int sandbox_ticket(lua_State *host);
/* The bytes of the host's state. */
size_t sandbox_host_bytes(lua_State *host);
/* sandbox:stop(why) of the host, which the script has called: it goes on no more, and cannot catch it. */
int sandbox_stop(lua_State *host);
/* Pushes a function of the host that calls the one of the script with this number. */
void sandbox_push_callback(lua_State *host, int self, size_t number, uint64_t serial);
/* Calls the host: dispatch(object, class, method, …) for the arguments first … top of the running function. Pushes the
 * results and returns their number, or raises. */
int sandbox_call_host(lua_State *box, int slot, const char *class, const char *method, int first);
/* Calls the function below `arguments` values at the top, inside, and writes its results, or its error: false. */
bool sandbox_call_script(lua_State *box, int arguments);

/* ---- running (sandbox.c, sandbox_anew.c) ---- */

/* What a body for sandbox_enter runs, and how that went: "ok", "error" or "syntax". */
struct sandbox_run {
    struct sandbox *b;
    const char *text, *name, *kind;
    size_t length;
    lua_Integer number; /* of the text, where it is kept compiled; negative: it is not yet */
};
/* A body: runs a text in a new environment with the globals of the message, name and value by turns. */
int sandbox_run_anew(lua_State *box);
/* Makes the environment of the runs that follow each other, of the pristine one. */
void sandbox_make_environment(lua_State *box);
/* Goes back to it after runs anew. */
void sandbox_return(lua_State *box);

/* ---- the environment (sandbox_library.c, _strings.c, _tables.c, _proxy.c) ---- */

/* A body for sandbox_enter: fills the new state. The message: { class, … } with the class of functions at 0, and what
 * add_flexdb reads. */
int sandbox_fill(lua_State *box);
/* These change the library at the top. */
void sandbox_strings(lua_State *box);
void sandbox_tables(lua_State *box);
/* Makes the classes that the table at `spec` describes. */
void sandbox_proxies(lua_State *box, int spec);
/* tostring for scripts: no address is told. */
int sandbox_tostring(lua_State *box);

#endif
