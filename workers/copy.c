/*
 * copy.c - a shard into its lane, exactly once.
 *
 *   ledger: is it there already?  -> manifest -> small objects are joined, on Redshift
 *   -> BEGIN -> hold the target -> COPY, verified -> ledger row -> COMMIT
 *
 * The ledger row and the rows of the shard are one transaction. A worker may die at any instant:
 * before COMMIT nothing has happened, after it the ledger says so, and while the server still works
 * on a dead session's COMMIT, a second insert of the same ledger row waits for it and then fails
 * on the unique key, which means "already". Redshift enforces no key: there that session is waited
 * for before the ledger is asked (locks.h, "fence").
 */
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "workers/crash.h"
#include "workers/engine.h"
#include "workers/loaderrors.h"
#include "workers/locks.h"
#include "workers/prefix.h"
#include "workers/quarantine.h"
#include "workers/split.h"

#define UNIQUE_VIOLATION "23505"

/* When nobody can still be about to commit it. Of *was, only rows and verdict. */
static bool in_ledger(struct worker *w, const struct msg_copy *m, struct str relation, bool *there,
    struct msg_done *was, struct err *e)
{
	const char *question = arena_printf(w->task,
	    "SELECT row_count, verdict FROM dwh.ledger WHERE relation = %.*s AND generation = %lld"
	    " AND shard = %.*s",
	    STRF(pg_literal(&w->pg, w->task, relation)), (long long)m->generation,
	    STRF(pg_literal(&w->pg, w->task, m->shard)));
	PGresult *res;

	if (!locks_fence(w, m->lane, question, &res, e))
		return false;
	*there = PQntuples(res) > 0;
	*was = (struct msg_done){.rows = *there ? pg_i64(res, 0, 0) : 0,
	    .verdict = *there ? arena_str(w->task, pg_str(res, 0, 1)) : STR("")};
	PQclear(res);
	return true;
}

static bool add_to_ledger(struct worker *w, const struct msg_copy *m, struct str relation,
    const struct manifest *o, const struct msg_done *done, const char *evidence, struct err *e)
{
#define NUMBER(n) arena_i64(w->task, n)
#define TEXT(s) arena_cstr(w->task, (s))
	const char *params[] = {relation.p, NUMBER(m->generation), TEXT(m->shard), TEXT(m->lane),
	    TEXT(m->manifest), TEXT(o->objects[0].key), TEXT(o->objects[o->n - 1].key),
	    NUMBER((int64_t)o->n), NUMBER(done->bytes), NUMBER(done->rows), NUMBER(done->rejected),
	    TEXT(w->run), NUMBER(m->attempt), TEXT(done->verdict), sql_now(w), evidence};
#undef NUMBER
#undef TEXT

	return pg_run(&w->pg,
	    "INSERT INTO dwh.ledger (relation, generation, shard, lane, manifest, first_key, "
	    "last_key,"
	    " objects, bytes, row_count, rejected, run, attempt, verdict, committed_at, evidence) "
	    "VALUES ($1,"
	    " CAST($2 AS INTEGER), $3, $4, $5, $6, $7, CAST($8 AS BIGINT), CAST($9 AS BIGINT),"
	    " CAST($10 AS BIGINT), CAST($11 AS BIGINT), $12, CAST($13 AS INTEGER), $14,"
	    " CAST($15 AS TIMESTAMP), $16)",
	    16, params, e);
}

static bool load(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    struct str relation, const struct manifest *o, struct msg_done *done, struct err *e)
{
	int64_t began = clock_ms(), copied;
	struct copied c;

	if (!engine_prepare(w, f, m, o, done, &c, e))
		return false;
	if (!loaderrors_forget(w, relation, m->shard, e) ||
	    !locks_begin_load(w, relation, m->lane, e))
		return false;
	if (!engine_copy(w, f, m, o, done, &c, e)) {
		if (e->kind == ERR_DATA)
			loaderrors_keep(w, relation, m->shard, &c.rejects);
		return false;
	}
	copied = clock_ms();
	done->copy_ms = copied - began - done->fetch_ms;
	crash_here("copy:before-ledger");
	if (!loaderrors_write(w, relation, m->shard, &c.rejects, e))
		return false;
	if (!c.stored) {
		/* NOLOAD: the ledger says what is loaded, and nothing is. */
		done->rows = 0;
		done->verdict = STR("VERIFIED");
		done->note = STR("NOLOAD: read, and nothing loaded");
	} else if (!add_to_ledger(w, m, relation, o, done, c.evidence ? c.evidence : "", e)) {
		return false;
	}
	crash_here("copy:before-commit");
	if (!pg_exec(&w->pg, "COMMIT", e))
		return false;
	crash_here("copy:after-commit");
	done->commit_ms = clock_ms() - copied;
	engine_committed(w, &c, done);
	loaderrors_send(w, &c.rejects, MSG_BAD_MAX); /* all are in dwh.load_errors */
	return true;
}

/*
 * --validate: every record is read and made a row, and nothing is written anywhere. So what is bad
 * goes to the journal, all of it.
 */
static bool validate(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *o, struct msg_done *done, struct err *e)
{
	struct copied c;

	if (!engine_prepare(w, f, m, o, done, &c, e) || !engine_copy(w, f, m, o, done, &c, e))
		return false;
	done->verdict = c.rejects.failed  ? STR("rejected")
	                : c.rejects.count ? STR("borne")
	                                  : STR("valid");
	loaderrors_send(w, &c.rejects, SIZE_MAX);
	manifest_forget(m->manifest);
	return true;
}

static void already(struct msg_done *done, const struct msg_copy *m, const struct msg_done *was)
{
	*done = (struct msg_done){.skipped = true,
	    .rows = was->rows,
	    .objects = m->objects,
	    .bytes = m->bytes,
	    .verdict = was->verdict,
	    .note = STR("was committed already")};
}

static bool read_objects(
    struct worker *w, const struct msg_copy *m, struct manifest *out, struct err *e)
{
	if (!manifest_read(w, m->manifest, m->shard, w->task, out, e))
		return false;
	return out->n > 0 || err_set(e, ERR_SETUP, AT_S3, "Manifest", "the manifest %.*s is empty",
	                         STRF(m->manifest));
}

/*
 * An object is not the one that was listed: nothing of the shard is loaded, and what its keys are
 * now becomes shards in its place.
 */
static bool replace(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct err *why, struct msg_done *done, struct err *e)
{
	struct msg_list list = {.id = m->id,
	    .source = m->source,
	    .shard = m->shard,
	    .manifest = m->manifest,
	    .generation = m->generation};
	const char *remedy = strstr(why->msg, ": run again"); /* that is what is done here */
	char *note = arena_printf(w->task, "listed again: %.*s",
	    remedy ? (int)(remedy - why->msg) : (int)strlen(why->msg), why->msg);

	*done = (struct msg_done){
	    .verdict = STR("superseded"), .skipped = true, .note = str_z(note)};
	if (!list_shard_again(w, &list, done, e))
		return false;
	engine_forget(w, f, m);
	return true;
}

/* Its objects can be loaded in other shards: without the bad ones, or as they are now. */
static bool is_to_be_replaced(struct worker *w, const struct msg_copy *m, const struct err *why)
{
	if (why->kind == ERR_DATA)
		return quarantine_is_on(w);
	/* Gone is something else: that is for people to know. */
	return why->kind == ERR_CHANGED && strcmp(why->code, "NoSuchKey") != 0 &&
	       m->again < w->config.load.attempts;
}

/*
 * Nobody has loaded the shard, nor can an earlier session of ours still do so: its row is put into
 * the ledger and taken back, which waits for that session's COMMIT, and fails if there was one.
 */
static bool nobody_has_it(struct worker *w, const struct msg_copy *m, struct str relation,
    const struct manifest *o, struct err *e)
{
	const struct msg_done none = {.rows = 0};
	struct msg_done was;
	bool there;

	if (!pg_exec(&w->pg, "ROLLBACK", e))
		return false;
	if (locks_are_of_tables(w))
		return in_ledger(w, m, relation, &there, &was, e) &&
		       (!there || err_set(e, ERR_TASK, AT_WAREHOUSE, UNIQUE_VIOLATION,
		                      "it was committed meanwhile"));
	return pg_exec(&w->pg, "BEGIN", e) && add_to_ledger(w, m, relation, o, &none, "", e) &&
	       pg_exec(&w->pg, "ROLLBACK", e);
}

bool task_copy(struct worker *w, const struct msg_copy *m, struct msg_done *done, struct err *e)
{
	const struct sqlfile *f = model_find(w->model, SQL_COPY, m->source);
	struct str relation = target_relation(w, w->task, m->source);
	struct manifest objects;
	struct msg_done was;
	struct err ignored;
	bool there;

	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no source %.*s", STRF(m->source));
	if (!worker_pg(w, e))
		return false;
	if (m->validate)
		return read_objects(w, m, &objects, e) && validate(w, f, m, &objects, done, e);
	if (!in_ledger(w, m, relation, &there, &was, e))
		return false;
	if (there) {
		already(done, m, &was);
		engine_forget(w, f, m);
		return true;
	}
	if (!prefix_check_first(w, m, relation, e) || !read_objects(w, m, &objects, e))
		return false;
	if (load(w, f, m, relation, &objects, done, e))
		return true;
	if (is_to_be_replaced(w, m, e)) {
		struct err why = *e;

		if (nobody_has_it(w, m, relation, &objects, e))
			return why.kind == ERR_DATA ? split_shard(w, f, m, &objects, &why, done, e)
			                            : replace(w, f, m, &why, done, e);
	}
	/* A session that was thought dead has committed this very shard. */
	if (strcmp(e->code, UNIQUE_VIOLATION) == 0 && pg_exec(&w->pg, "ROLLBACK", &ignored) &&
	    in_ledger(w, m, relation, &there, &was, &ignored) && there) {
		already(done, m, &was);
		engine_forget(w, f, m);
		return true;
	}
	return false;
}
