/* query.h - the model's queries: questions to the finished star schema, answered as tables. */
#ifndef SUPERVISOR_QUERY_H
#define SUPERVISOR_QUERY_H

#include "shared/config.h"
#include "shared/err.h"
#include "shared/sqlfile.h"

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON };

/* The names of the model's queries, and what they tell. */
void query_list(const struct model *m, enum query_format format, struct arena *a, FILE *out);

/*
 * All queries of the model, or those named; each is one read-only statement. What has a "/" in it
 * or ends in .sql is a file of the user's.
 */
bool query_run(const struct config *c, const struct model *m, int n, char *const *names,
    enum query_format format, struct arena *a, FILE *out, struct err *e);

#endif
