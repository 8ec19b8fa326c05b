/* An SQLite file for tests that need it as it was again and again, and what another connection sees in it. */
#ifndef FLEXDB_SPEC_FILE_BED_H
#define FLEXDB_SPEC_FILE_BED_H

#include <stdbool.h>

extern char file_path[], file_url[];

/* A new folder for the file: in memory where that can be, for it is made and closed thousands of times. */
bool file_make(void);
/* Keeps the file, which nobody has open, as it is now. */
void file_keep(void);
/* Makes it what was kept. */
void file_restore(void);
/* The file, the folder and what was kept. */
void file_remove(void);

/* All that another connection sees, ids and times left out, for the caller to free. NULL when somebody holds a lock. */
char *file_dump(void);
/* Closes that connection. */
void file_leave(void);

#endif
