/* redshiftd_load.h - one COPY as the system views will have it. */
#ifndef WORKERS_LOCAL_REDSHIFTD_LOAD_H
#define WORKERS_LOCAL_REDSHIFTD_LOAD_H

#include "workers/engine.h"
#include "workers/local/redshiftd_session.h"

struct load {
	struct str sql; /* as the client wrote it, with its comments */
	int64_t id;     /* of the query */
	const char *schema, *table;
	int64_t table_id;
	struct manifest objects;
	struct msg_done done;
	struct copied copied;
};

/* It runs: gives it its id. Both write in a transaction of their own, which outlives a rollback of
 * the client's. */
bool load_begin(struct session *s, const struct copystmt *c, struct load *l, struct err *e);

/* It has ended: with the error, or NULL. What cannot be written is left out. */
void load_end(struct session *s, const struct load *l, const struct err *why);

#endif
