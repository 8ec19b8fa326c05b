/* A thread that writes blocks of a batch while the next ones are encoded. It knows neither the batch nor the engine: it
 * runs one statement for many rows, block after block, and has the connection for itself from the first
 * batch_writer_start to batch_writer_wait. */
#ifndef FLEXDB_DB_BATCH_WRITER_H
#define FLEXDB_DB_BATCH_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/value.h"
#include "driver/driver.h"

/* A statement, the rows that it is run for, and what came of it. What the pointers point to stays as it is until the
 * job has ended. With `transaction` the rows are a transaction of their own: on failure none of them is there. */
struct batch_job {
    const struct driver *driver;
    struct connection *connection;
    const char *sql;
    size_t length;
    const flexdb_value *values; /* `width` a row */
    size_t rows, width;
    bool transaction;
    int rc;                 /* as the driver's run_many gives it, */
    size_t failed;          /* and the row at fault */
    flexdb_error err;       /* clear before; owned by who reads it */
    struct batch_job *next; /* the thread's own: the one that waits behind this one */
    bool waits;             /* the thread's own: it has not ended */
};

/* Runs it in the thread of the caller. */
void batch_job_run(struct batch_job *job);

struct batch_writer;

/* Begins the thread, which no signal disturbs; NULL where none can be had. The caller frees. */
struct batch_writer *batch_writer_new(void);
/* Behind those that were started before. Borrows the job until it has ended. */
void batch_writer_start(struct batch_writer *w, struct batch_job *job);
/* Returns when this job has ended, whatever waits behind it. */
void batch_writer_wait_for(struct batch_writer *w, const struct batch_job *job);
/* Returns when the thread is idle. */
void batch_writer_wait(struct batch_writer *w);
/* Waits, and ends the thread. NULL is harmless. */
void batch_writer_free(struct batch_writer *w);

#endif
