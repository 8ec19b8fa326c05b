/* The limit on a server: a plain C program with a hand-written typed table, nothing validated.
 * usage: limit_mysql ROW USER PASSWORD HOST PORT DATABASE N   prints units a second. `fill` makes the table that the
 * readers read. insert_many sends texts of 500 rows; everything else is prepared. */
#include <mysql/mysql.h>
#include <stdbool.h>

#include "stall.h"

enum { COLUMNS = 18, ROWS_A_TEXT = 500 };

static MYSQL *db;
static struct contact_pool *pool;

static void fail(const char *why) {
    fprintf(stderr, "limit_mysql: %s\n", why);
    exit(1);
}

static void run(const char *sql) {
    if (mysql_query(db, sql)) fail(mysql_error(db));
}

static MYSQL_STMT *prepare(const char *sql) {
    MYSQL_STMT *s = mysql_stmt_init(db);
    if (!s || mysql_stmt_prepare(s, sql, strlen(sql))) fail(mysql_error(db));
    return s;
}

/* UNIQUE or nothing, for the column email. */
static void create(const char *unique) {
    char sql[1024];
    run("DROP TABLE IF EXISTS bench_contacts");
    snprintf(sql, sizeof sql,
             "CREATE TABLE bench_contacts (seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
             " id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE, name VARCHAR(80), email"
             " VARCHAR(255) NOT NULL %s, status VARCHAR(16), age BIGINT, balance DECIMAL(12,2), active BOOLEAN, born"
             " DATE, last_seen DATETIME(6), company VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin, notes TEXT,"
             " tags JSON, score BIGINT, version INT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,"
             " deleted_at BIGINT, KEY (status), KEY (age), KEY (company))"
             " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
             unique);
    run(sql);
}

static const char INSERT[] =
    "INSERT INTO bench_contacts (id, name, email, status, age, balance, active, born, last_seen,"
    " company, notes, tags, score, version, created_at, updated_at) VALUES ";

/* No text of the bench needs escaping. */
static size_t row_text(char *out, size_t size, const struct contact *c, long i) {
    int n = snprintf(
        out, size, "('%s','%s','%s','%s',%ld,%ld.%02ld,%ld,'%s','%.10s %.15s','%s','%s','%s',%ld,1,%ld,%ld)", c->id,
        c->name, c->email, c->status, (long)c->age, (long)(c->balance / 100), (long)(c->balance % 100), (long)c->active,
        c->born, c->last_seen, c->last_seen + 11, c->company, c->notes, CONTACT_TAGS, (long)c->score, i, i);
    if (n < 0 || (size_t)n >= size) fail("a row is too long");
    return (size_t)n;
}

static void insert_many(long n) {
    size_t size = sizeof INSERT + ROWS_A_TEXT * 1024;
    char *sql = malloc(size);
    if (!sql) fail("out of memory");
    run("START TRANSACTION");
    for (long i = 0; i < n;) {
        size_t length = (size_t)snprintf(sql, size, "%s", INSERT);
        for (int k = 0; k < ROWS_A_TEXT && i < n; k++, i++) {
            if (k) sql[length++] = ',';
            length += row_text(sql + length, size - length, contact_take(pool, i), i);
        }
        if (mysql_real_query(db, sql, length)) fail(mysql_error(db));
    }
    run("COMMIT");
    free(sql);
}

static void bind_text(MYSQL_BIND *b, char *text) {
    b->buffer_type = MYSQL_TYPE_STRING;
    b->buffer = text;
    b->buffer_length = strlen(text);
}

static void bind_integer(MYSQL_BIND *b, int64_t *value) {
    b->buffer_type = MYSQL_TYPE_LONGLONG;
    b->buffer = value;
}

static MYSQL_STMT *prepare_insert(void) {
    char sql[1024];
    snprintf(sql, sizeof sql, "%s(?,?,?,?,?,?,?,?,?,?,?,?,?,1,?,?)", INSERT);
    return prepare(sql);
}

static void insert(MYSQL_STMT *s, struct contact *c, int64_t now) {
    char balance[32], seen[32];
    snprintf(balance, sizeof balance, "%ld.%02ld", (long)(c->balance / 100), (long)(c->balance % 100));
    snprintf(seen, sizeof seen, "%.10s %.15s", c->last_seen, c->last_seen + 11);
    MYSQL_BIND b[15];
    memset(b, 0, sizeof b);
    bind_text(&b[0], c->id), bind_text(&b[1], c->name), bind_text(&b[2], c->email);
    bind_text(&b[3], (char *)(uintptr_t)c->status), bind_integer(&b[4], &c->age), bind_text(&b[5], balance);
    bind_integer(&b[6], &c->active), bind_text(&b[7], c->born), bind_text(&b[8], seen), bind_text(&b[9], c->company);
    bind_text(&b[10], c->notes), bind_text(&b[11], (char *)(uintptr_t)CONTACT_TAGS), bind_integer(&b[12], &c->score);
    bind_integer(&b[13], &now), bind_integer(&b[14], &now);
    if (mysql_stmt_bind_param(s, b) || mysql_stmt_execute(s)) fail(mysql_stmt_error(s));
}

static void insert_one(long n) {
    MYSQL_STMT *s = prepare_insert();
    for (long i = 0; i < n; i++) insert(s, contact_take(pool, i), i);
    mysql_stmt_close(s);
}

/* Executes and reads every row as texts, unbuffered; gives how many there were. */
static long read_all(MYSQL_STMT *s) {
    static char buffers[COLUMNS][512];
    unsigned long lengths[COLUMNS];
    MYSQL_BIND b[COLUMNS];
    memset(b, 0, sizeof b);
    for (int i = 0; i < COLUMNS; i++) {
        b[i].buffer_type = MYSQL_TYPE_STRING;
        b[i].buffer = buffers[i];
        b[i].buffer_length = sizeof buffers[i];
        b[i].length = &lengths[i];
    }
    if (mysql_stmt_execute(s) || mysql_stmt_bind_result(s, b)) fail(mysql_stmt_error(s));
    long rows = 0;
    int rc = 0;
    while ((rc = mysql_stmt_fetch(s)) == 0) rows++;
    if (rc != MYSQL_NO_DATA) fail("a row did not fit");
    mysql_stmt_free_result(s);
    return rows;
}

static void get(long n, long rows) {
    MYSQL_STMT *s = prepare("SELECT * FROM bench_contacts WHERE id = ? AND deleted_at IS NULL");
    struct contact c;
    for (long i = 0; i < n; i++) {
        contact_id(&c, bench_pick(i, rows));
        MYSQL_BIND b;
        memset(&b, 0, sizeof b);
        bind_text(&b, c.id);
        if (mysql_stmt_bind_param(s, &b)) fail(mysql_stmt_error(s));
        if (read_all(s) != 1) fail("a record is missing");
    }
    mysql_stmt_close(s);
}

static void filter(long n) {
    MYSQL_STMT *s = prepare("SELECT * FROM bench_contacts WHERE age = ? AND deleted_at IS NULL ORDER BY seq LIMIT 50");
    for (long i = 0; i < n; i++) {
        int64_t age = i % 100;
        MYSQL_BIND b;
        memset(&b, 0, sizeof b);
        bind_integer(&b, &age);
        if (mysql_stmt_bind_param(s, &b)) fail(mysql_stmt_error(s));
        if (read_all(s) == 0) fail("nothing was found");
    }
    mysql_stmt_close(s);
}

static long stream(void) {
    MYSQL_STMT *s = prepare("SELECT * FROM bench_contacts WHERE deleted_at IS NULL ORDER BY seq");
    long rows = read_all(s);
    mysql_stmt_close(s);
    return rows;
}

static long one_number(const char *sql) {
    run(sql);
    MYSQL_RES *result = mysql_store_result(db);
    MYSQL_ROW row = result ? mysql_fetch_row(result) : NULL;
    long n = row && row[0] ? atol(row[0]) : 0;
    mysql_free_result(result);
    return n;
}

static long count(void) { return one_number("SELECT count(*) FROM bench_contacts"); }

static void unindexed(long n) {
    char sql[128];
    for (long i = 0; i < n; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM bench_contacts WHERE score = %ld AND deleted_at IS NULL",
                 i % 1000);
        if (one_number(sql) == 0) fail("nothing was found");
    }
}

/* ---- evolutions ---- */

static void metadata(long n) {
    for (long i = 0; i < n; i++) {
        run("ALTER TABLE bench_contacts ADD COLUMN extra INT DEFAULT 1");
        run("ALTER TABLE bench_contacts RENAME COLUMN extra TO other");
        run("ALTER TABLE bench_contacts DROP COLUMN other");
    }
}

static void write_one(void *context, long i) {
    MYSQL_STMT *const *s = context;
    struct contact c;
    if (i % 4 == 3) {
        contact_make(&c, i);
        snprintf(c.email, sizeof c.email, "writer%ld.%ld@example.org", (long)getpid(), i);
        snprintf(c.id, sizeof c.id, "writer%ld.%ld", (long)getpid(), i);
        insert(s[1], &c, i);
        return;
    }
    int64_t age = i % 100, seq = bench_pick(i, 1000) + 1;
    MYSQL_BIND b[2];
    memset(b, 0, sizeof b);
    bind_integer(&b[0], &age), bind_integer(&b[1], &seq);
    if (mysql_stmt_bind_param(s[0], b) || mysql_stmt_execute(s[0])) fail(mysql_stmt_error(s[0]));
}

static int writer(void) {
    run("SET lock_wait_timeout = 600, innodb_lock_wait_timeout = 600");
    MYSQL_STMT *s[] = {prepare("UPDATE bench_contacts SET age = ? WHERE seq = ?"), prepare_insert()};
    int rc = stall_measure(write_one, s);
    mysql_stmt_close(s[0]);
    mysql_stmt_close(s[1]);
    return rc;
}

/* ---- all of them ---- */

/* False for an unknown row. *units: of what the figure is so many a second. */
static bool measure(const char *row, long n, double *start, long *units) {
    bool loose = strcmp(row, "fill_loose") == 0;
    bool writes =
        loose || strcmp(row, "fill") == 0 || strcmp(row, "insert_many") == 0 || strcmp(row, "insert_one") == 0;
    if (writes) create(loose ? "" : "UNIQUE");
    long rows = writes ? 0 : count();
    *start = seconds();
    if (strcmp(row, "insert_one") == 0) {
        insert_one(n);
    } else if (writes) {
        insert_many(n);
    } else if (strcmp(row, "get") == 0) {
        get(n, rows);
    } else if (strcmp(row, "filter") == 0) {
        filter(n);
    } else if (strcmp(row, "unindexed") == 0) {
        unindexed(n);
    } else if (strcmp(row, "stream") == 0) {
        *units = stream();
    } else if (strcmp(row, "metadata") == 0) {
        *units = 3 * n;
        metadata(n);
    } else if (strcmp(row, "retype") == 0) {
        run("ALTER TABLE bench_contacts MODIFY score VARCHAR(20)");
    } else if (strcmp(row, "index") == 0) {
        run("ALTER TABLE bench_contacts ADD KEY (born)");
    } else if (strcmp(row, "unique") == 0) {
        run("ALTER TABLE bench_contacts ADD UNIQUE (email)");
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    if (argc != 8) return fprintf(stderr, "usage: limit_mysql ROW USER PASSWORD HOST PORT DATABASE N\n"), 2;
    const char *row = argv[1];
    long n = atol(argv[7]), units = n;
    pool = contact_pool(n);
    double start = seconds();
    db = mysql_init(NULL);
    if (!db || !mysql_real_connect(db, argv[4], argv[2], argv[3], argv[6], (unsigned)atoi(argv[5]), NULL, 0)) {
        fail("no connection");
    }
    mysql_set_character_set(db, "utf8mb4");
    if (strcmp(row, "open") == 0) return printf("%.1f\n", 1 / (seconds() - start)), 0;
    if (strcmp(row, "writer") == 0) return writer();
    if (!measure(row, n, &start, &units)) return fprintf(stderr, "limit_mysql: unknown row %s\n", row), 2;
    printf("%.3f\n", (double)units / (seconds() - start));
    mysql_close(db);
    return 0;
}
