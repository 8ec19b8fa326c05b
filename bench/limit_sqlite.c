/* The limit on SQLite: a plain C program with a hand-written typed table, prepared statements, nothing validated.
 * usage: limit_sqlite ROW FILE N   prints units a second. `fill` makes the table that the readers read. */
#include <sqlite3.h>
#include <stdbool.h>

#include "stall.h"

enum { PATIENCE = 600000 /* milliseconds */ };

static sqlite3 *db;
static struct contact_pool *pool;

static void check(int rc) {
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) return;
    fprintf(stderr, "limit_sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void run(const char *sql) { check(sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *s = NULL;
    check(sqlite3_prepare_v2(db, sql, -1, &s, NULL));
    return s;
}

static void create_table(const char *name, const char *email, const char *score) {
    char sql[1024];
    snprintf(sql, sizeof sql,
             "CREATE TABLE %s (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, email %s, status TEXT, age"
             " INTEGER, balance INTEGER, active INTEGER, born TEXT, last_seen TEXT, company TEXT, notes TEXT, tags"
             " TEXT, score %s, version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
             " deleted_at INTEGER)",
             name, email, score);
    run(sql);
}

static void create_indexes(void) {
    run("CREATE INDEX contacts_status ON contacts(status)");
    run("CREATE INDEX contacts_age ON contacts(age)");
    run("CREATE INDEX contacts_company ON contacts(company)");
}

static void create(const char *email) {
    create_table("contacts", email, "INTEGER");
    create_indexes();
}

static void text(sqlite3_stmt *s, int i, const char *value) {
    check(sqlite3_bind_text(s, i, value, -1, SQLITE_STATIC));
}
static void integer(sqlite3_stmt *s, int i, int64_t value) { check(sqlite3_bind_int64(s, i, value)); }

static sqlite3_stmt *prepare_insert(void) {
    return prepare(
        "INSERT INTO contacts (id, name, email, status, age, balance, active, born, last_seen, company, notes,"
        " tags, score, version, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,1,?,?)");
}

static void bind_contact(sqlite3_stmt *s, const struct contact *c, long i) {
    text(s, 1, c->id), text(s, 2, c->name), text(s, 3, c->email), text(s, 4, c->status);
    integer(s, 5, c->age), integer(s, 6, c->balance), integer(s, 7, c->active);
    text(s, 8, c->born), text(s, 9, c->last_seen), text(s, 10, c->company), text(s, 11, c->notes),
        text(s, 12, CONTACT_TAGS);
    integer(s, 13, c->score), integer(s, 14, i), integer(s, 15, i);
}

static void insert(sqlite3_stmt *s, long i) {
    bind_contact(s, contact_take(pool, i), i);
    check(sqlite3_step(s));
    check(sqlite3_reset(s));
}

static void insert_many(long n) {
    sqlite3_stmt *s = prepare_insert();
    run("BEGIN IMMEDIATE");
    for (long i = 0; i < n; i++) insert(s, i);
    run("COMMIT");
    sqlite3_finalize(s);
}

static void insert_one(long n) {
    sqlite3_stmt *s = prepare_insert();
    for (long i = 0; i < n; i++) insert(s, i);
    sqlite3_finalize(s);
}

/* What a reader does with a row: touch every column. */
static size_t read_row(sqlite3_stmt *s) {
    size_t sum = 0;
    for (int i = 0, n = sqlite3_column_count(s); i < n; i++) {
        if (sqlite3_column_type(s, i) == SQLITE_INTEGER) {
            sum += (size_t)sqlite3_column_int64(s, i);
        } else if (sqlite3_column_text(s, i)) {
            sum += (size_t)sqlite3_column_bytes(s, i);
        }
    }
    return sum;
}

static void get(long n, long rows) {
    sqlite3_stmt *s = prepare("SELECT * FROM contacts WHERE id = ? AND deleted_at IS NULL");
    struct contact c;
    size_t sum = 0;
    for (long i = 0; i < n; i++) {
        contact_id(&c, bench_pick(i, rows));
        text(s, 1, c.id);
        while (sqlite3_step(s) == SQLITE_ROW) sum += read_row(s);
        check(sqlite3_reset(s));
    }
    sqlite3_finalize(s);
    if (sum == 0) exit(1);
}

static void filter(long n) {
    sqlite3_stmt *s = prepare("SELECT * FROM contacts WHERE age = ? AND deleted_at IS NULL ORDER BY seq LIMIT 50");
    size_t sum = 0;
    for (long i = 0; i < n; i++) {
        integer(s, 1, i % 100);
        while (sqlite3_step(s) == SQLITE_ROW) sum += read_row(s);
        check(sqlite3_reset(s));
    }
    sqlite3_finalize(s);
    if (sum == 0) exit(1);
}

static void stream(void) {
    sqlite3_stmt *s = prepare("SELECT * FROM contacts WHERE deleted_at IS NULL ORDER BY seq");
    size_t sum = 0;
    while (sqlite3_step(s) == SQLITE_ROW) sum += read_row(s);
    sqlite3_finalize(s);
    if (sum == 0) exit(1);
}

static void unindexed(long n) {
    sqlite3_stmt *s = prepare("SELECT count(*) FROM contacts WHERE score = ? AND deleted_at IS NULL");
    for (long i = 0; i < n; i++) {
        integer(s, 1, i % 1000);
        while (sqlite3_step(s) == SQLITE_ROW) {
            if (sqlite3_column_int64(s, 0) == 0) exit(1);
        }
        check(sqlite3_reset(s));
    }
    sqlite3_finalize(s);
}

static long count(void) {
    sqlite3_stmt *s = prepare("SELECT count(*) FROM contacts");
    long n = sqlite3_step(s) == SQLITE_ROW ? (long)sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return n;
}

/* ---- evolutions ---- */

/* No column is dropped, for that rewrites the table. */
static void metadata(long n) {
    char sql[128];
    for (long i = 0, pid = (long)getpid(); i < n; i++) {
        snprintf(sql, sizeof sql, "ALTER TABLE contacts ADD COLUMN extra%ld_%ld INTEGER DEFAULT 1", pid, i);
        run(sql);
        snprintf(sql, sizeof sql, "ALTER TABLE contacts RENAME COLUMN extra%ld_%ld TO other%ld_%ld", pid, i, pid, i);
        run(sql);
    }
}

/* SQLite changes no type: the table is copied. */
static void retype(void) {
    run("BEGIN IMMEDIATE");
    create_table("retyped", "TEXT NOT NULL", "TEXT");
    run("INSERT INTO retyped SELECT seq, id, name, email, status, age, balance, active, born, last_seen, company,"
        " notes, tags, CAST(score AS TEXT), version, created_at, updated_at, deleted_at FROM contacts");
    run("DROP TABLE contacts");
    run("ALTER TABLE retyped RENAME TO contacts");
    create_indexes();
    run("COMMIT");
}

static void write_one(void *context, long i) {
    sqlite3_stmt *const *s = context;
    if (i % 4 == 3) {
        struct contact c;
        contact_make(&c, i);
        snprintf(c.email, sizeof c.email, "writer%ld.%ld@example.org", (long)getpid(), i);
        snprintf(c.id, sizeof c.id, "writer%ld.%ld", (long)getpid(), i);
        bind_contact(s[1], &c, i);
    } else {
        integer(s[0], 1, i % 100), integer(s[0], 2, bench_pick(i, 1000) + 1);
    }
    check(sqlite3_step(s[i % 4 == 3]));
    check(sqlite3_reset(s[i % 4 == 3]));
}

static int writer(void) {
    sqlite3_stmt *s[] = {prepare("UPDATE contacts SET age = ? WHERE seq = ?"), prepare_insert()};
    int rc = stall_measure(write_one, s);
    sqlite3_finalize(s[0]);
    sqlite3_finalize(s[1]);
    return rc;
}

/* ---- all of them ---- */

/* False for an unknown row. *units: of what the figure is so many a second. */
static bool measure(const char *row, long n, double *start, long *units) {
    bool loose = strcmp(row, "fill_loose") == 0;
    if (loose || strcmp(row, "fill") == 0 || strcmp(row, "insert_many") == 0 || strcmp(row, "insert_one") == 0) {
        create(loose ? "TEXT NOT NULL" : "TEXT NOT NULL UNIQUE");
        *start = seconds();
        if (strcmp(row, "insert_one") == 0)
            insert_one(n);
        else
            insert_many(n);
    } else if (strcmp(row, "get") == 0) {
        long rows = count();
        *start = seconds();
        get(n, rows);
    } else if (strcmp(row, "filter") == 0) {
        filter(n);
    } else if (strcmp(row, "stream") == 0) {
        *units = count();
        *start = seconds();
        stream();
    } else if (strcmp(row, "unindexed") == 0) {
        unindexed(n);
    } else if (strcmp(row, "metadata") == 0) {
        *units = 2 * n;
        metadata(n);
    } else if (strcmp(row, "retype") == 0) {
        retype();
    } else if (strcmp(row, "index") == 0) {
        run("CREATE INDEX contacts_born ON contacts(born)");
    } else if (strcmp(row, "unique") == 0) {
        run("CREATE UNIQUE INDEX contacts_email ON contacts(email)");
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: limit_sqlite ROW FILE N\n"), 2;
    const char *row = argv[1];
    long n = atol(argv[3]), units = n;
    double start = seconds();
    check(sqlite3_open(argv[2], &db));
    check(sqlite3_busy_timeout(db, PATIENCE));
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = NORMAL");
    if (strcmp(row, "open") == 0) return printf("%.1f\n", 1 / (seconds() - start)), 0;
    if (strcmp(row, "writer") == 0) return writer();
    pool = contact_pool(n);
    start = seconds();
    if (!measure(row, n, &start, &units)) return fprintf(stderr, "limit_sqlite: unknown row %s\n", row), 2;
    printf("%.3f\n", (double)units / (seconds() - start));
    sqlite3_close(db);
    return 0;
}
