#include "driver/driver.h"

#include <string.h>

int driver_check(const struct driver *d, flexdb_error *err) {
    if (d == NULL) return error_set(err, FLEXDB_UNSUPPORTED, "there is no driver to register");
    /* The ABI stands first: nothing behind it may be read before it is known to fit. */
    if (d->abi != DRIVER_ABI) {
        return error_set(err, FLEXDB_UNSUPPORTED, "the driver was built for ABI %u, this FlexDB needs ABI %d",
                         (unsigned)d->abi, (int)DRIVER_ABI);
    }
    if (d->scheme == NULL || d->scheme[0] == '\0')
        return error_set(err, FLEXDB_UNSUPPORTED, "the driver has no scheme");
    const struct {
        const char *name;
        bool present;
    } slots[] = {
#define SLOT(name) {#name, d->name != NULL}
        SLOT(dialect),
        SLOT(open),
        SLOT(close),
        SLOT(prepare),
        SLOT(finalize),
        SLOT(bind),
        SLOT(step),
        SLOT(column),
        SLOT(reset),
        SLOT(run),
        SLOT(run_many),
        SLOT(execute),
        SLOT(begin),
        SLOT(commit),
        SLOT(rollback),
        SLOT(savepoint),
        SLOT(release),
        SLOT(rollback_to),
        SLOT(in_transaction),
#undef SLOT
        {"change_counter", d->change_counter != NULL || (d->capabilities & DRIVER_CHANGE_COUNTER) == 0},
        {"function", d->function != NULL || (d->capabilities & DRIVER_FUNCTIONS) == 0},
    };
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        if (!slots[i].present) {
            return error_set(err, FLEXDB_UNSUPPORTED, "the driver '%s' lacks the slot '%s'", d->scheme, slots[i].name);
        }
    }
    return 0;
}
