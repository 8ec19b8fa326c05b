#include "sql/locks.h"

/* Such names hold for the whole server, and are short. */
#define NAME(kind) "CONCAT('" kind ":', LEFT(SHA2(CONCAT(DATABASE(), '.', ?), 256), 40))"

const char *locks_take_build(const struct dialect *d) {
    (void)d;
    return "SELECT GET_LOCK(" NAME("flexdb") ", 0)";
}

const char *locks_leave_build(const struct dialect *d) {
    (void)d;
    return "SELECT RELEASE_LOCK(" NAME("flexdb") ")";
}

const char *locks_take_physical(const struct dialect *d) {
    (void)d;
    return "SELECT GET_LOCK(" NAME("flexdb-ddl") ", ?)";
}

const char *locks_leave_physical(const struct dialect *d) {
    (void)d;
    return "SELECT RELEASE_LOCK(" NAME("flexdb-ddl") ")";
}
