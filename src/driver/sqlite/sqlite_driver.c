#include "driver/sqlite/sqlite_internal.h"

const struct driver sqlite_driver = {
    .abi = DRIVER_ABI,
    .scheme = "sqlite",
    .dialect = "sqlite",
    .capabilities = DRIVER_CONCURRENT_READS | DRIVER_TRANSACTIONAL_DDL | DRIVER_FUNCTIONS | DRIVER_CHANGE_COUNTER |
                    DRIVER_SINGLE_WRITER,
    .open = sqlite_open,
    .close = sqlite_close,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .column = sqlite_column,
    .reset = sqlite_reset,
    .run = sqlite_run,
    .run_many = sqlite_run_many,
    .execute = sqlite_execute,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .savepoint = sqlite_savepoint,
    .release = sqlite_release,
    .rollback_to = sqlite_rollback_to,
    .in_transaction = sqlite_in_transaction,
    .change_counter = sqlite_change_counter,
    .function = sqlite_function,
};
