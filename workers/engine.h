/*
 * engine.h - who executes a COPY: engine 2, on PostgreSQL, does what the statement says itself
 * (copy_postgres.c).
 */
#ifndef WORKERS_ENGINE_H
#define WORKERS_ENGINE_H

#include "workers/manifest.h"
#include "workers/tasks.h"

/* The source's COPY statement can be executed: its options, its jsonpaths file. Touches nothing. */
bool engine_probe(struct worker *w, const struct sqlfile *f, struct err *e);

/*
 * The COPY, within the transaction that is open on w->pg. Fills rows, rejected, bytes, objects,
 * fetch_ms, requests, retries and the verdict of *done. A bad record is ERR_DATA, and *bad
 * describes it for dwh.load_errors (strings in w->task).
 */
struct bad_record {
	bool set;
	struct str object; /* "s3://bucket/key" */
	uint64_t line;     /* of the record's end, from 1, as in Redshift's error views */
	struct str column, type, value, reason;
	int64_t position;
	int code;
};

bool engine_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct bad_record *bad, struct err *e);

#endif
