#include "db/batch_writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* What a C library gives a thread by itself may be as little as 128 KiB. */
enum { STACK_BYTES = 1 << 20 };

struct batch_writer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct batch_job *first, *last; /* under way, and the last one behind it; NULL: idle */
    bool stop;
};

static int run_rows(struct batch_job *job) {
    const struct driver *d = job->driver;
    struct statement *s = NULL;
    int rc = d->prepare(&s, job->connection, job->sql, job->length, &job->err);
    if (rc != 0) return rc;
    rc = d->run_many(s, job->values, job->rows, job->width, &job->failed, &job->err);
    d->finalize(s);
    return rc;
}

void batch_job_run(struct batch_job *job) {
    const struct driver *d = job->driver;
    job->failed = job->rows;
    job->rc = job->transaction ? d->begin(job->connection, TRANSACTION_WRITE, &job->err) : 0;
    if (job->rc == 0) job->rc = run_rows(job);
    if (job->rc == 0 && job->transaction) job->rc = d->commit(job->connection, &job->err);
    if (job->rc == 0 || !job->transaction) return;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    d->rollback(job->connection, &ignored);
    error_clear(&ignored);
}

static void *work(void *context) {
    struct batch_writer *w = context;
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        while (w->first == NULL && !w->stop) pthread_cond_wait(&w->changed, &w->mutex);
        struct batch_job *job = w->first;
        if (job == NULL) break;
        pthread_mutex_unlock(&w->mutex);
        batch_job_run(job);
        pthread_mutex_lock(&w->mutex);
        w->first = job->next;
        job->waits = false;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* Signals are for the threads of the host; those that a thread brings upon itself cannot be blocked. */
static int create(struct batch_writer *w) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigset_t blocked, before;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return -1;
    int rc = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&blocked, own[i]);
    if (rc == 0) rc = pthread_sigmask(SIG_SETMASK, &blocked, &before);
    if (rc == 0) {
        rc = pthread_create(&w->thread, &attributes, work, w);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return rc == 0 ? 0 : -1;
}

struct batch_writer *batch_writer_new(void) {
    struct batch_writer *w = calloc(1, sizeof *w);
    if (w == NULL) return NULL;
    if (pthread_mutex_init(&w->mutex, NULL) != 0) goto no_mutex;
    if (pthread_cond_init(&w->changed, NULL) != 0) goto no_condition;
    if (create(w) != 0) goto no_thread;
    return w;
no_thread:
    pthread_cond_destroy(&w->changed);
no_condition:
    pthread_mutex_destroy(&w->mutex);
no_mutex:
    free(w);
    return NULL;
}

void batch_writer_start(struct batch_writer *w, struct batch_job *job) {
    pthread_mutex_lock(&w->mutex);
    job->next = NULL;
    job->waits = true;
    *(w->first == NULL ? &w->first : &w->last->next) = job;
    w->last = job;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

void batch_writer_wait_for(struct batch_writer *w, const struct batch_job *job) {
    pthread_mutex_lock(&w->mutex);
    while (job->waits) pthread_cond_wait(&w->changed, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
}

void batch_writer_wait(struct batch_writer *w) {
    pthread_mutex_lock(&w->mutex);
    while (w->first != NULL) pthread_cond_wait(&w->changed, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
}

void batch_writer_free(struct batch_writer *w) {
    if (w == NULL) return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}
