/* What a plan says comes true, a rollback brings every record back as it was, and a doctor finds nothing amiss. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/document.h"
#include "fuzz_bed.h"

static const char definition[] =
    "{'columns':["
    "{'name':'email','dataType':'string','required':true,'unique':true},"
    "{'name':'age','dataType':'integer','indexed':true},"
    "{'name':'balance','dataType':'decimal','validation':{'precision':12,'scale':2}},"
    "{'name':'vip','dataType':'boolean'},{'name':'born','dataType':'date'},{'name':'seen','dataType':'datetime'},"
    "{'name':'notes','dataType':'text'},{'name':'tags','dataType':'json'},"
    "{'name':'company','dataType':'reference','validation':{'targetTable':'t'}},"
    "{'name':'double','dataType':'decimal','validation':{'scale':2,'computed':'balance * 2'}}],"
    "'checks':[{'name':'rich','expression':'balance >= -100'}],'indexes':[{'columns':['age','email'],'unique':true}]}";

static const char *const records[] = {
    "{'id':'a','email':'Ada','age':36,'balance':'9.99','vip':true,'born':'1815-12-10','notes':'12','tags':[1]}",
    "{'id':'b','email':'12','age':-1,'balance':'12.00','company':'a','notes':'1.5','seen':'2024-05-01T10:00:00Z'}",
    "{'id':'c','email':'2024-05-01','vip':false,'notes':'true','tags':{'a':{'b':7}}}",
    "{'id':'d','email':'null','age':36,'notes':'a'}",
};

static enum flexdb_on_invalid on_invalid(const char **data, size_t *length) {
    enum flexdb_on_invalid how = FLEXDB_ON_INVALID_STOP;
    if (*length == 0 || (**data != 'n' && **data != 'i')) return how;
    how = **data == 'n' ? FLEXDB_ON_INVALID_NULL : FLEXDB_ON_INVALID_IGNORE;
    (*data)++;
    (*length)--;
    return how;
}

static void must_be_well(flexdb *db) {
    flexdb_doctor *d = NULL;
    struct buffer report = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    const struct flexdb_doctor_options options = {0};
    int rc = flexdb_doctor_begin(&d, db, &options, &err);
    while (rc >= 0 && (rc = flexdb_doctor_step(d, &err)) == 1) continue;
    fuzz_done(rc, &err);
    fuzz_done(flexdb_doctor_report(d, &report, &err), &err);
    FUZZ_MUST(strstr(buffer_text(&report), "\"ok\":true") != NULL, "%s", buffer_text(&report));
    flexdb_doctor_free(d);
    buffer_free(&report);
}

/* Whether the plan says that it can be; it is a document of its own. */
static bool is_possible(struct buffer *plan) {
    cJSON *tree = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fuzz_must_be_json(plan->data, plan->length);
    fuzz_done(document_parse(&tree, plan->data, plan->length, &err), &err);
    const cJSON *possible = cJSON_GetObjectItemCaseSensitive(tree, "possible");
    FUZZ_MUST(cJSON_IsBool(possible), "%s", buffer_text(plan));
    bool is = cJSON_IsTrue(possible);
    cJSON_Delete(tree);
    return is;
}

static void must_come_back(flexdb_table *t, const struct buffer *before) {
    struct buffer entry = BUFFER_INIT, after = BUFFER_INIT;
    const struct flexdb_evolve_options options = {0};
    flexdb_error err = FLEXDB_ERROR_INIT;
    int rc = flexdb_rollback_to(t, 1, &options, &entry, &err);
    if (rc == -FLEXDB_CONFLICT) { /* the way back breaks what the changes have promised: `compatibility` */
        fuzz_refused(rc, &err);
    } else {
        fuzz_done(rc, &err);
        FUZZ_MUST(fuzz_list(t, "{\"orderBy\":[\"id\"]}", 18, false, &after, &err) >= 0, "%s", err.message);
        fuzz_must_be_text(after.data, after.length, before->data, before->length, "the records");
    }
    buffer_free(&entry);
    buffer_free(&after);
}

static void evolve(flexdb *db, flexdb_table *t, const char *data, size_t length) {
    struct buffer plan = BUFFER_INIT, entry = BUFFER_INIT, before = BUFFER_INIT, after = BUFFER_INIT;
    struct flexdb_evolve_options options = {.dry_run = true, .on_invalid = on_invalid(&data, &length)};
    flexdb_error planned = FLEXDB_ERROR_INIT, made = FLEXDB_ERROR_INIT;
    FUZZ_MUST(fuzz_list(t, "{\"orderBy\":[\"id\"]}", 18, false, &before, &planned) >= 0, "%s", planned.message);
    int dry = flexdb_evolve(t, data, length, &options, &plan, &planned);
    bool possible = dry == 0 && is_possible(&plan);
    options.dry_run = false;
    int rc = flexdb_evolve(t, data, length, &options, &entry, &made);
    FUZZ_MUST(possible == (rc == 0), "%s\n%s", made.message != NULL ? made.message : "made", buffer_text(&plan));
    if (dry != 0) {
        FUZZ_MUST(dry == rc, "planned: %s; made: %s", planned.message, made.message);
        fuzz_must_be_text(planned.message, strlen(planned.message), made.message, strlen(made.message), "refusals");
        fuzz_refused(dry, &planned);
    }
    if (rc == 0) {
        fuzz_must_be_json(entry.data, entry.length);
        FUZZ_MUST(fuzz_list(t, "", 0, false, &after, &made) == (int)(sizeof records / sizeof *records), "%s",
                  made.message);
        if (options.on_invalid != FLEXDB_ON_INVALID_IGNORE) must_be_well(db);
        must_come_back(t, &before);
    } else {
        fuzz_refused(rc, &made);
    }
    must_be_well(db);
    buffer_free(&plan);
    buffer_free(&entry);
    buffer_free(&before);
    buffer_free(&after);
}

void fuzz_plan(const char *data, size_t length) {
    static flexdb *db;
    static flexdb_table *t;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (db == NULL) db = fuzz_open(&t, definition, records, sizeof records / sizeof *records);
    fuzz_done(flexdb_begin(db, &err), &err);
    evolve(db, t, data, length);
    fuzz_done(flexdb_rollback(db, &err), &err);
}
