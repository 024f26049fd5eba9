/*
 * engine.h - who executes a COPY: on Redshift the warehouse does (engine 1, copy_redshift.c); on
 * PostgreSQL we do what the statement says ourselves (engine 2, copy_postgres.c).
 */
#ifndef WORKERS_ENGINE_H
#define WORKERS_ENGINE_H

#include "shared/copystmt.h"
#include "workers/manifest.h"
#include "workers/rejects.h"
#include "workers/tasks.h"

/* The source's COPY statement can be executed: its options, its jsonpaths file. Touches nothing. */
bool engine_probe(struct worker *w, const struct sqlfile *f, struct err *e);

/* The same, and that it fits the columns of the relation, as it is or would be made. */
bool engine_probe_columns(struct worker *w, const struct sqlfile *f, struct err *e);

/* How many rejected records the source's COPY does not bear any more (rejects_limit). */
bool engine_limit(struct worker *w, const struct sqlfile *f, int64_t *limit, struct err *e);

/* Engine 1: a COPY that the warehouse was sent. */
struct sent {
	const struct manifest *files;
	int64_t query; /* its number in the load views; -1: none */
};

/* What a COPY leaves beside *done. */
struct copied {
	struct rejects rejects; /* in w->task */
	int64_t *records;       /* of each object, those of engine_load; else NULL */
	uint64_t *bytes;        /* the same: as they were served */
	bool stored;            /* false: NOLOAD or --validate, no row was sent */

	/* Engine 1's own. */
	struct copy_parts *parts; /* what its small objects were joined to, or NULL */
	struct sent sent[2];      /* of the parts, and of the objects as they are */
	size_t n_sent;
	const char *evidence; /* what is still to be asked for (evidence.h), or NULL */
};

/*
 * Before the transaction of engine_copy: what takes long and needs no lock. Fills *c for it (where
 * it is left out, rejects.arena and bear_all, the rest zero). What it leaves is removed by
 * engine_committed where the shard is VERIFIED; or is there for the next try, else for
 * engine_forget.
 */
bool engine_prepare(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e);

/* The shard is committed, or others have taken its place: no more tries of it will come. */
void engine_forget(struct worker *w, const struct sqlfile *f, const struct msg_copy *m);

/* Whether small objects of the source are joined: a shard of many is no burden then. */
bool engine_joins(struct worker *w, const struct sqlfile *f, bool *out, struct err *e);

/*
 * The COPY, within the transaction that is open on w->pg; with m->validate, or NOLOAD in the
 * statement, it only reads. Fills rows, rejected, bytes, objects, fetch_ms and the verdict of
 * *done. Bad records are in c->rejects in either case; more than the statement bears are ERR_DATA.
 */
bool engine_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e);

/* After COMMIT. */
void engine_committed(struct worker *w, const struct copied *c, const struct msg_done *done);

/*
 * The same for a COPY that stands for itself, without a model: into schema.table, by a statement
 * that was parsed and checked (copystmt_check_engine2). Its address is not looked at: the objects
 * are what is loaded.
 */
bool engine_load(struct worker *w, const struct copystmt *stmt, const char *schema,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e);

#endif
