/* isolation.h - how the database keeps transactions apart, for the report. */
#ifndef WORKERS_ISOLATION_H
#define WORKERS_ISOLATION_H

#include "workers/worker.h"

/* In the warehouse's own words, in w->task; false where it does not tell. */
bool isolation_read(struct worker *w, struct str *level);

/*
 * Asks, and sends the answer up, in the warehouse's words: "Serializable" or "Snapshot Isolation"
 * on Redshift, "read committed" and so on on PostgreSQL; "unknown" where it does not tell, which is
 * no error: who loads need not be allowed to ask. Outside of a transaction.
 */
void isolation_tell(struct worker *w);

#endif
