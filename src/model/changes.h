/* Changes: from one definition to the next, and back to words. */
#ifndef FLEXDB_MODEL_CHANGES_H
#define FLEXDB_MODEL_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/definition.h"

/* Field keys of a table that were ever used: key → type, so that none changes its type or is used twice. */
struct key_registry {
    cJSON *keys; /* an object, owned: { "age": "integer", … } */
};
void key_registry_free(struct key_registry *k);

/* Gives every column of a new table its key (the name), in the indexes too, forgets initial defaults and bound target
 * ids that a document brought along, and registers the keys. Changes `tree` (a definition's document) in place. */
int changes_assign_keys(cJSON *tree, struct key_registry *keys, flexdb_error *err);

/* Applies an array of changes (documents with `op`, or entries of the stored shape with `type`) in order to the
 * document of `from` and gives the new document in *out (the caller's). New columns get a fresh key (the name, or the
 * name with a number when that key was ever used) and, when `has_records`, their default as initialDefault. Problems of
 * the changes are issues with the path `changes[i].…` (0-based); the error is closed with INVALID_SCHEMA. Structure,
 * names and limits of what comes new are judged here, so the result is to be read as DEFINITION_STORED; whether its
 * rules and defaults mean something is for validator_new to say. A targetTable that is set loses its targetId: it is to
 * be bound anew. An index that holds a column which is removed
 * goes with it. A change of dataType, or of a decimal's scale, is UNSUPPORTED where `has_records` and a new key where
 * not. `keys` is extended only on success. */
int changes_apply(cJSON **out, const struct definition *from, const cJSON *changes, struct key_registry *keys,
                  bool has_records, flexdb_error *err);

/* Problems of the document that changes_apply gave (`tree`) name its places, `columns[2].validation.min`: says instead
 * which change brought what each is about, `changes[0].set.validation.min`. What no change brought stays as it is, and
 * all where the changes come from changes_diff: nobody has written those. */
void changes_place(const cJSON *changes, const cJSON *tree, flexdb_error *err);
/* After LIMIT of layout_new: adds which change is the first with which the table needs too much. */
void changes_place_limit(const cJSON *changes, const struct definition *from, const struct key_registry *keys,
                         flexdb_error *err);

/* The changes that lead from one definition to the other: columns are paired by key where both sides have keys, else by
 * name and `renamedFrom`. An array in which each entry has both faces: the words that changes_apply takes (op, name,
 * column, to, set, unset, after, first) and the stored shape (type, column, details = { before, after }); applied to
 * `from` it gives `to`, order included. A swap of names goes through a third name. Indexes that go away with a column
 * stand in the details of its removal (`indexes`); whatever else becomes of them is a modify_table. NULL with err when
 * memory is out. */
int changes_diff(cJSON **out, const struct definition *from, const struct definition *to, flexdb_error *err);
/* The same, appended as JSON. */
int changes_print_diff(const struct definition *from, const struct definition *to, struct buffer *out,
                       flexdb_error *err);

/* The same array reduced to the stored shape: { type, column, details }. A move is a modify_column whose details hold
 * the positions. For the version row. NULL when memory is out. */
cJSON *changes_stored(const cJSON *diff);

#endif
