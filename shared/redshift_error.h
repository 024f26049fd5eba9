/*
 * redshift_error.h - what Redshift's messages mean.
 *
 * Its SQLSTATE is mostly XX000, so the text decides: one table (redshift_error.c) gives each known
 * message its kind, whose fault it is, a code and the remedy. (Redshift: "Load error reference",
 * "S3ServiceException errors", "Serializable isolation", "LOCK"; reports of users.)
 */
#ifndef SHARED_REDSHIFT_ERROR_H
#define SHARED_REDSHIFT_ERROR_H

#include "shared/err.h"

/* The code of a COPY that failed by its data: the load views say which records. */
#define REDSHIFT_LOAD_ERROR "LoadError"

/* e is an error as the server gave it, by SQLSTATE: where its text is known, kind, where and code
 * are set by that, and the remedy is added. */
void redshift_error(struct err *e);

/* What it has added to e; empty where it added none. */
const char *redshift_remedy(const struct err *e);

/* N of "Load into table 'x' completed, N record(s) loaded successfully."; -1: it is not said. */
int64_t redshift_loaded(const char *notices);

/* N of "Load into table 'x' completed, N record(s) could not be loaded."; 0: it is not said. */
int64_t redshift_rejected(const char *notices);

#endif
