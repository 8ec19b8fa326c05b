/* Memory that runs out, for programs linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc. */
#ifndef FLEXDB_SPEC_FAILING_MEMORY_H
#define FLEXDB_SPEC_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Allocations until one fails, once; negative: none does. */
extern long memory_left;
/* How many were asked for, and how many failed. */
extern size_t memory_asked, memory_failed;

/* Counts an allocation: whether this one fails. */
bool memory_fails(void);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

#endif
