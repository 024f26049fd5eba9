/* evidence.c - see evidence.h. */
#include "workers/evidence.h"

#include <stdio.h>

#include "shared/clock.h"
#include "workers/crash.h"
#include "workers/ledger.h"
#include "workers/loadviews.h"
#include "workers/locks.h"

enum {
	LATE_MS = 10000, /* until rows of the load views are given up for this time */
	PAUSE_MS = 250,
	SHARDS = 1000, /* in one statement */
	COPIES = 2,    /* of a shard, at most */
};

/* ---- copy ---- */

bool evidence_look(
    struct worker *w, const struct sent *sent, size_t n, enum evidence *out, struct err *e)
{
	struct loadviews_read *reads = arena_alloc(w->task, n * sizeof *reads);

	*out = EVIDENCE_ALL;
	for (size_t i = 0; i < n; i++)
		reads[i] = (struct loadviews_read){
		    .query = sent[i].query, .wanted = (int64_t)sent[i].files->n};
	if (!loadviews_files(w, reads, n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct loadviews_read *r = &reads[i];

		if (r->files > r->wanted)
			return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
			    "COPY has read %lld files, its manifest has %lld", (long long)r->files,
			    (long long)r->wanted);
		if (r->files < r->wanted)
			*out = r->files < 0 ? EVIDENCE_NONE : EVIDENCE_LATE;
	}
	return true;
}

const char *evidence_to_ask_for(struct worker *w, const struct sent *sent, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(w->task, "%s%s%lld=%zu", text, i ? " " : "",
		    (long long)sent[i].query, sent[i].files->n);
	return text;
}

/* ---- shards of the ledger ---- */

struct shard {
	struct str id;
	struct str verdict; /* as it is found */
	bool young;         /* what the views lack of it may still come */
	size_t first, n;    /* of the reads: its COPYs */
};

struct settling {
	struct worker *w;
	const char *relation, *generation;
	struct shard *shards;
	size_t n;
	struct loadviews_read *reads;
	size_t n_reads;
};

static struct settling of_relation(struct worker *w, const struct sqlfile *f, int64_t generation)
{
	return (struct settling){.w = w,
	    .relation = arena_cstr(w->task, target_relation(w, w->task, f->stem)),
	    .generation = arena_i64(w->task, generation)};
}

/* "QUERY=FILES QUERY=FILES"; false: somebody else wrote it, and it says nothing. */
static bool read_evidence(struct settling *s, struct shard *sh, const char *text)
{
	struct loadviews_read *r = &s->reads[s->n_reads];
	long long query[COPIES], files[COPIES];
	int n = sscanf(text, "%lld=%lld %lld=%lld", &query[0], &files[0], &query[1], &files[1]);

	*sh = (struct shard){.first = s->n_reads, .n = (size_t)n / 2};
	if (n != 2 && n != 4)
		return false;
	for (size_t i = 0; i < sh->n; i++)
		r[i] = (struct loadviews_read){.query = query[i], .wanted = files[i], .files = -1};
	s->n_reads += sh->n;
	return true;
}

static bool read_awaited(struct settling *s, struct err *e)
{
	struct arena *a = s->w->task;
	const char *params[] = {s->relation, s->generation, sql_now(s->w)};
	PGresult *res;

	/* Of what was committed longer ago the views will not know more than they do. */
	if (!pg_query(&s->w->pg,
	        "SELECT shard, evidence, CASE WHEN committed_at > CAST($3 AS TIMESTAMP)"
	        " - INTERVAL '15 minutes' THEN 1 ELSE 0 END FROM dwh.ledger WHERE relation = $1"
	        " AND generation = CAST($2 AS INTEGER) AND verdict = 'UNVERIFIED'"
	        " AND evidence <> ''",
	        3, params, &res, e))
		return false;
	s->shards = arena_alloc(a, (size_t)PQntuples(res) * sizeof *s->shards);
	s->reads = arena_alloc(a, (size_t)PQntuples(res) * COPIES * sizeof *s->reads);
	for (int i = 0; i < PQntuples(res); i++) {
		struct shard *sh = &s->shards[s->n];

		if (!read_evidence(s, sh, PQgetvalue(res, i, 1)))
			continue;
		sh->id = arena_str(a, pg_str(res, i, 0));
		sh->young = pg_i64(res, i, 2) == 1;
		s->n++;
	}
	PQclear(res);
	return true;
}

/* ---- what the views say ---- */

static void judge(const struct settling *s, struct shard *sh)
{
	bool all = true, more = false;

	for (size_t i = sh->first; i < sh->first + sh->n; i++) {
		all &= s->reads[i].files == s->reads[i].wanted;
		more |= s->reads[i].files > s->reads[i].wanted;
	}
	sh->verdict = more ? STR("MISMATCH") : all ? STR("VERIFIED") : STR("UNVERIFIED");
}

/* *wait: the views are there, and may tell more soon. */
static bool ask(struct settling *s, bool *wait, struct err *e)
{
	*wait = false;
	if (!loadviews_files(s->w, s->reads, s->n_reads, e))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		struct shard *sh = &s->shards[i];

		judge(s, sh);
		*wait |= sh->young && str_eqz(sh->verdict, "UNVERIFIED") &&
		         s->reads[sh->first].files >= 0;
	}
	return true;
}

static bool await(struct settling *s, struct err *e)
{
	int64_t until = clock_ms() + LATE_MS;
	bool wait;

	for (;;) {
		if (!ask(s, &wait, e))
			return false;
		if (!wait || clock_ms() > until)
			return true;
		clock_sleep(PAUSE_MS);
		if (!worker_tick(s->w, e))
			return false;
	}
}

/* ---- the ledger ---- */

/* The shards of this verdict, so many at a time: their ids, one a line. */
static struct str some_of(
    const struct settling *s, const char *verdict, size_t *from, struct buf *ids)
{
	size_t n = 0;

	buf_reset(ids);
	for (; *from < s->n && n < SHARDS; ++*from)
		if (str_eqz(s->shards[*from].verdict, verdict)) {
			buf_printf(ids, "%.*s\n", STRF(s->shards[*from].id));
			n++;
		}
	return buf_view(ids);
}

static bool update(struct settling *s, const char *sql, const char *verdict, struct err *e)
{
	struct buf ids;
	size_t from = 0;
	bool ok = true;

	buf_init(&ids, SHARDS * 65);
	while (ok && some_of(s, verdict, &from, &ids).n) {
		const char *params[] = {s->relation, s->generation, ids.p, verdict};

		ok = pg_run(&s->w->pg, sql, 4, params, e);
	}
	buf_free(&ids);
	return ok;
}

static bool settle(struct settling *s, const char *verdict, struct err *e)
{
	return update(s,
	    "UPDATE dwh.ledger SET verdict = $4 WHERE relation = $1"
	    " AND generation = CAST($2 AS INTEGER) AND verdict = 'UNVERIFIED'"
	    " AND strpos(CAST($3 AS VARCHAR(65535)), shard) > 0",
	    verdict, e);
}

static bool empty(struct settling *s, const char *verdict, struct err *e)
{
	return update(s,
	    "UPDATE dwh.ledger SET evidence = '' WHERE relation = $1"
	    " AND generation = CAST($2 AS INTEGER) AND verdict = $4"
	    " AND strpos(CAST($3 AS VARCHAR(65535)), shard) > 0",
	    verdict, e);
}

bool evidence_settle(struct worker *w, const struct sqlfile *f, int64_t generation, struct err *e)
{
	struct settling s = of_relation(w, f, generation);
	bool has;

	if (!locks_are_of_tables(w))
		return true;
	if (!ledger_has_evidence(w, &has, e))
		return false;
	return !has || (read_awaited(&s, e) && (s.n == 0 || await(&s, e)) &&
	                   settle(&s, "VERIFIED", e) && settle(&s, "MISMATCH", e));
}

/* ---- what follows ---- */

/* Of a shard that is settled. */
static void finish(
    struct settling *s, const struct sqlfile *f, struct shard *sh, struct msg_copy *m)
{
	struct msg told = {.type = MSG_SETTLED,
	    .u.settled = {.id = s->w->task_id, .shard = sh->id, .verdict = sh->verdict}};

	worker_send(&told);
	if (str_eqz(sh->verdict, "VERIFIED"))
		engine_forget(s->w, f, m);
}

bool evidence_finish(struct worker *w, const struct sqlfile *f, int64_t generation, struct err *e)
{
	struct settling s = of_relation(w, f, generation);
	const char *params[] = {s.relation, s.generation};
	bool ok = true;
	PGresult *res;

	if (!locks_are_of_tables(w))
		return true;
	if (!pg_query(&w->pg,
	        "SELECT shard, verdict, manifest, objects, bytes FROM dwh.ledger"
	        " WHERE relation = $1 AND generation = CAST($2 AS INTEGER) AND evidence <> ''"
	        " AND verdict <> 'UNVERIFIED'",
	        2, params, &res, e))
		return false;
	s.n = (size_t)PQntuples(res);
	s.shards = arena_alloc(w->task, s.n * sizeof *s.shards);
	for (int i = 0; ok && i < PQntuples(res); i++) {
		struct msg_copy m = {.id = w->task_id,
		    .source = f->stem,
		    .shard = pg_str(res, i, 0),
		    .manifest = pg_str(res, i, 2),
		    .generation = generation,
		    .objects = pg_i64(res, i, 3),
		    .bytes = pg_i64(res, i, 4)};

		s.shards[i] = (struct shard){.id = arena_str(w->task, m.shard),
		    .verdict = arena_str(w->task, pg_str(res, i, 1))};
		finish(&s, f, &s.shards[i], &m);
		ok = worker_tick(w, e);
	}
	PQclear(res);
	crash_here("staged:before-finish");
	return ok && empty(&s, "VERIFIED", e) && empty(&s, "MISMATCH", e);
}
