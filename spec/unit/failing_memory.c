#include "failing_memory.h"

long memory_left = -1;
size_t memory_asked, memory_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

bool memory_fails(void) {
    memory_asked++;
    if (memory_left < 0 || memory_left-- != 0) return false;
    memory_failed++;
    return true;
}

void *__wrap_malloc(size_t size) { return memory_fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return memory_fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return memory_fails() ? NULL : __real_realloc(old, size); }
