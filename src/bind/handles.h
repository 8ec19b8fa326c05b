/* The handles that scripts hold, as userdata. Each is made closed, then opened: `db`, `table`, `rows` and `batch` are
 * NULL until then, and again once it is closed. */
#ifndef FLEXDB_BIND_HANDLES_H
#define FLEXDB_BIND_HANDLES_H

#include "bind/shape.h"
#include "bind/state.h"

struct level;
struct database {
    flexdb *db;
    struct database *root; /* the handle that the connection was opened by: itself, or that of which it is a view */
    struct level *levels;  /* of a root: those that are open, innermost first; see bind_transaction_settle */
    const char *scheme;    /* static */
};

struct table { /* or a view of one: another class of the same handle */
    struct shaped shaped;
    flexdb_table *table;
    struct database *root;
};

struct rows {
    struct shaped shaped;
    flexdb_rows *rows;
    struct database *root;
};

struct batch {
    flexdb_batch *batch;
    struct table *table; /* anchored by the first user value */
};

/* Pushes a closed handle. `owner` is the index of what it comes from: a database, a table. */
struct table *bind_table_new(lua_State *L, int owner);
struct table *bind_view_new(lua_State *L, int owner);
struct rows *bind_rows_new(lua_State *L, struct state *s, int owner);

/* The table or view that a method is called on, and the state, ready for a call. Raises where the first argument is not
 * of the method's class. */
struct table *bind_table_check(lua_State *L, struct state **s);

/* Ends a result before the collector does. */
void bind_rows_close(struct rows *rows);
/* 1 and the next record pushed, 0 and nothing at the end, -code with s->err set. `index`: of the handle. */
int bind_rows_push_next(lua_State *L, struct state *s, struct rows *rows, int index);

/* Pushes the record that a call has handed out by the shape of `shaped` (a table or a result) at `index`: 1, or nil and
 * the error: 2. `echo`: the call took the record that is laid out, with its texts on the stack (see shape_push). */
int bind_record_result(lua_State *L, struct state *s, struct shaped *shaped, int index, const void *connection,
                       const flexdb_row *row, bool echo);

/* Lays the record at `record` out in s->given by the definition of now of the table at `self`; `changes` says that it
 * holds only the fields to set. Looks once more at the definition before it calls a key unknown. 0, or -code with
 * s->err set: INVALID_RECORD with every problem, that of an unknown column and all others. */
int bind_record_collect(lua_State *L, struct state *s, struct table *t, int self, int record, bool changes);
/* What a validator at hand says of a record with unknown keys, already laid out, and `table`, unless it is NULL, of the
 * records that it refers to: always -code. */
int bind_record_refuse(lua_State *L, struct state *s, const struct shape *shape, flexdb_table *table, int record,
                       bool changes);

/* After a call that takes a record: whether it must be made again, by the definition as it is now. *rc may become
 * another error. `*tries` begins at 0. */
bool bind_record_again(struct state *s, struct table *t, int *rc, int *tries);

/* core.level (a database); core.batch (a table); core.purge (a table), core.doctor (a database); core.once_… (a
 * database); core.sandbox. */
extern const luaL_Reg bind_transaction_functions[], bind_batch_functions[], bind_job_functions[], bind_once_functions[],
    bind_sandbox_functions[];

/* Before a transaction or a batch begins: handles of levels that have ended learn of it. */
void bind_transaction_settle(struct database *root);

/* The classes: each pushes its table of methods. `state` is the index of the state. */
void bind_database_class(lua_State *L, int state);
void bind_table_class(lua_State *L, int state);
void bind_view_class(lua_State *L, int state);
void bind_rows_class(lua_State *L, int state);
void bind_batch_class(lua_State *L, int state);
void bind_job_class(lua_State *L, int state);
void bind_transaction_class(lua_State *L, int state);
void bind_validator_class(lua_State *L, int state);
void bind_sandbox_class(lua_State *L, int state);

/* The methods of tables, by what they are about: records.c, queries.c, definitions.c. */
extern const luaL_Reg bind_record_methods[], bind_query_methods[], bind_definition_methods[], bind_evolution_methods[];

/* Registers a class: its metatable, with `metamethods` and, as `__index`, `index` (which finds the methods in its third
 * upvalue) or the methods themselves. Pushes the methods. */
void bind_class_new(lua_State *L, int state, const char *name, const luaL_Reg *metamethods,
                    const luaL_Reg *const methods[], lua_CFunction index);

/* terminal(descriptor): the columns of the terminal behind a standard stream, nil where there is none. */
int bind_terminal_columns(lua_State *L);

#endif
