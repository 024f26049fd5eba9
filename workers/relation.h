/*
 * relation.h - the tables and views of a relation in the warehouse: made, dropped, looked for. What
 * is ours, and may be dropped, target.c says.
 */
#ifndef WORKERS_RELATION_H
#define WORKERS_RELATION_H

#include "workers/tasks.h"

/* Whether the relation itself is there. */
bool relation_exists(struct worker *w, struct str stem, bool *out, struct err *e);

/* A table that holds its rows: its first lane, or the relation itself; empty where neither is. */
bool relation_table(struct worker *w, struct str stem, struct str *table, struct err *e);

/* Drops its lanes, and the view over them; what is not there is no error. */
bool relation_drop(struct worker *w, struct str stem, int64_t lanes, struct err *e);

/*
 * Makes its lanes and the view over them. Nothing of these names may be there: what is there and
 * was not dropped before is not ours (ERR_SETUP, AT_STATE).
 */
bool relation_make(struct worker *w, const struct sqlfile *f, int64_t lanes, struct err *e);

/* Runs the statements of a create file for a table of that name. */
bool relation_run_file(struct worker *w, const struct sqlfile *f, struct str table, struct err *e);

/*
 * Fresh statistics. Without them queries are slower, not wrong: a failure is logged and no more.
 * roughly: of a lane, which is read as a whole; a third of PostgreSQL's sample tells how large it
 * is, in a third of the time.
 */
void relation_analyze(struct worker *w, struct str table, bool roughly);

#endif
