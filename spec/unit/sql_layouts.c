#include "sql_layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const char sql_definition[] =
    "{'columns':["
    "{'name':'name','key':'name','dataType':'string','unique':true},"
    "{'name':'notes','key':'notes','dataType':'text','indexed':true},"
    "{'name':'age','key':'age','dataType':'integer','indexed':true},"
    "{'name':'balance','key':'balance','dataType':'decimal','validation':{'precision':12,'scale':2}},"
    "{'name':'wide','key':'wide','dataType':'decimal','filterable':true,'validation':{'precision':38,'scale':2}},"
    "{'name':'vip','key':'vip','dataType':'boolean','initialDefault':true},"
    "{'name':'born','key':'born','dataType':'date','indexed':true},"
    "{'name':'seen','key':'seen','dataType':'datetime'},"
    "{'name':'company','key':'company','dataType':'reference','validation':{'targetTable':'companies'}},"
    "{'name':'tags','key':'tags','dataType':'json'},"
    "{'name':'memo','key':'memo','dataType':'string'},"
    "{'name':'rest','key':'rest','dataType':'text'}]}";

struct layout *sql_layout(const struct validator *v) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct layout *l = NULL;
    if (layout_new(&l, "x", v, NULL, &err) != 0) fail_msg("%s", err.message);
    strcpy(l->table, "flex_records_x_1");
    return l;
}
