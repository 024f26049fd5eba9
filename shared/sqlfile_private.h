/* sqlfile_private.h - what model.c needs of sqlfile.c. */
#ifndef SHARED_SQLFILE_PRIVATE_H
#define SHARED_SQLFILE_PRIVATE_H

#include "shared/sqlfile.h"

/* phase, stem, text and origin are set; fills in the rest. Views into text stay. */
bool sqlfile_parse(struct sqlfile *f, struct arena *a, struct err *e);

/* "FILE:LINE: text", or "FILE: text" with line 0. */
bool sqlfile_fail(struct err *e, const char *origin, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
