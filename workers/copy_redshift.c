/*
 * copy_redshift.c - engine 1: the warehouse executes the COPY.
 *
 * The statement of the source's file is sent as it stands, with the shard's manifest and lane
 * filled in and a comment before it, by which a person finds it in the query history. It runs
 * within the transaction that copy.c has opened: an autocommit COPY would outlive its client.
 *
 * Evidence, since nobody here sees the records:
 *   the count of the INFO "Load into table ... N record(s) loaded successfully" is
 *   pg_last_copy_count(), or the shard is a MISMATCH and rolled back;
 *   the load views name as many files as the manifest has. They come late: what is missing before
 *   COMMIT is asked for again by later steps (evidence.h). Then it is VERIFIED; UNVERIFIED where
 *   nothing was to be seen.
 *
 * And that they were what was listed: the keys are listed again, before COMMIT (relist.h). A shard
 * whose objects have changed is ERR_CHANGED, as where we read them ourselves.
 *
 * Small objects are joined before (copy_parts.h). Then there are two COPYs in the one transaction:
 * of the parts, which are gzip, and of the objects that were left alone; what is said above holds
 * for each. What was joined we have seen, so its records are evidence, too. MAXERROR bounds both
 * together.
 *
 * pg_last_copy_id() names the COPY in the views. It keeps its old value where a COPY failed before
 * it read anything, so it is remembered before.
 */
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/lane.h"
#include "shared/redshift_error.h"
#include "workers/copy_parts.h"
#include "workers/copyedit.h"
#include "workers/copyfile.h"
#include "workers/crash.h"
#include "workers/engine_private.h"
#include "workers/evidence.h"
#include "workers/loadviews.h"
#include "workers/prefix.h"
#include "workers/relation.h"
#include "workers/relist.h"

enum {
	LATE_MS = 10000, /* until rows about rejected records are given up */
	PAUSE_MS = 250,
};

/* ---- the statement ---- */

static bool check_role(const struct worker *w, struct err *e)
{
	const char *role = w->config.dwh.role_arn ? w->config.dwh.role_arn : w->config.iam_role.arn;

	if (!role)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "[IAM_ROLE] ARN is not set: it names the role, attached to the cluster, by "
		    "which "
		    "COPY reads S3 (arn:aws:iam::ACCOUNT:role/NAME)");
	return str_starts(str_z(role), STR("arn:")) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	           "the role \"%.100s\" is no ARN: [IAM_ROLE] ARN (or [DWH] ROLE_ARN) must be "
	           "arn:aws:iam::ACCOUNT:role/NAME",
	           role);
}

bool redshift_probe(struct worker *w, const struct sqlfile *f, struct err *e)
{
	struct sql_vars vars = copyfile_any(f);
	struct copystmt stmt;
	struct str text;

	if (!check_role(w, e) || !copyfile_read(w, f, &vars, &stmt, &text, e))
		return false;
	if (prefix_is_on(w))
		return prefix_probe(w, e);
	return w->config.s3.manifests ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	           "[S3] MANIFESTS is not set: it must name a folder (s3://BUCKET/FOLDER) in the "
	           "region of the data that we may write to, and the cluster's role may read; "
	           "where no bucket may be written, none loads each prefix as a whole, UNVERIFIED");
}

bool redshift_limit(struct worker *w, const struct sqlfile *f, int64_t *limit, struct err *e)
{
	struct sql_vars vars = copyfile_any(f);
	struct copystmt stmt;
	struct str text;

	if (!copyfile_read(w, f, &vars, &stmt, &text, e))
		return false;
	*limit = rejects_limit(&stmt);
	return true;
}

/*
 * Where it is said to load to, by a relation's name: a table, for COPY takes no view over lanes.
 * That of a relation which is not there yet is made within a transaction, which is not committed;
 * by a name of this session's, since others do the same.
 */
static bool table_to_validate(
    struct worker *w, struct str stem, struct str *table, bool *made, struct err *e)
{
	const struct sqlfile *f = model_find(w->model, SQL_CREATE, stem);

	*made = false;
	if (!relation_table(w, stem, table, e))
		return false;
	if (table->n)
		return true;
	if (!f)
		return err_set(e, ERR_CRASH, AT_INTERNAL, NULL, "no relation %.*s", STRF(stem));
	*table = str_z(
	    arena_printf(w->task, "%.*s_validate_%d", STRF(stem), PQbackendPID(w->pg.conn)));
	*made = true;
	return pg_exec(&w->pg, "BEGIN", e) && relation_run_file(w, f, *table, e);
}

/* ---- doing it ---- */

struct copying {
	struct worker *w;
	const struct msg_copy *m;
	const struct manifest *files;   /* what it reads */
	const struct compacted *joined; /* where they are parts: of what; else NULL */
	bool by_prefix;                 /* all that is under address, without a manifest */
	struct str address;             /* where there are no parts */
	struct str table;               /* that it loads to, or would */
	struct rejects *rejects;        /* of this COPY and those before it */
	int64_t before, query;          /* pg_last_copy_id() */
	int64_t loaded, rejected;       /* by COPY's notices; loaded is -1 where they do not tell */
};

static bool last_copy(struct worker *w, int64_t *count, int64_t *id, struct err *e)
{
	PGresult *res;

	if (!pg_several(&w->pg, "SELECT pg_last_copy_count(), pg_last_copy_id()", &res, e))
		return false;
	*count = pg_i64(res, 0, 0);
	*id = pg_i64(res, 0, 1);
	w->last_copy = *id;
	PQclear(res);
	return true;
}

/* Until the views know so many, or all that are read, or too long. */
static bool await_rejects(struct copying *c, int64_t wanted, struct err *e)
{
	int64_t until = clock_ms() + LATE_MS, count;

	if (wanted > LOADVIEWS_REJECTS)
		wanted = LOADVIEWS_REJECTS;
	for (;;) {
		if (!loadviews_count_rejects(c->w, c->query, c->before, &count, e))
			return false;
		if (count >= wanted || clock_ms() > until)
			return true;
		clock_sleep(PAUSE_MS);
		if (!worker_tick(c->w, e))
			return false;
	}
}

/* At least `wanted` of them, where they come in time; behind those of an earlier COPY. */
static bool read_rejects(struct copying *c, int64_t wanted, struct err *e)
{
	return await_rejects(c, wanted, e) &&
	       loadviews_rejects(c->w, c->query, c->before, c->files, c->joined, c->rejects, e);
}

/* COPY says only that something is wrong with the data; the views say what. */
static bool explain(struct copying *c, struct err *e)
{
	struct worker *w = c->w;
	struct err why = *e, other;
	bool bear = c->rejects->bear_all;
	size_t earlier = c->rejects->n;
	int64_t count, id;

	/* Within the failed transaction nothing is answered. Rows about errors outlive it. */
	if (!pg_exec(&w->pg, "ROLLBACK", &other) || !last_copy(w, &count, &id, &other))
		return false;
	c->query = id == c->before ? -1 : id;
	c->rejects->bear_all = true;
	if (read_rejects(c, 1, &other) && c->rejects->n > earlier)
		rejects_fail(c->rejects, &c->rejects->v[earlier], false, e);
	else
		*e = why;
	c->rejects->bear_all = bear;
	return false;
}

/* The evidence that is there at once. */
static bool check_count(
    const struct copying *c, int64_t counted, struct msg_done *done, struct err *e)
{
	bool told = c->loaded >= 0;

	if (c->query == c->before)
		return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
		    "COPY succeeded, but pg_last_copy_id() knows nothing of it");
	done->rows += counted;
	if (told && c->loaded != counted)
		return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
		    "COPY says that %lld records were loaded, pg_last_copy_count() %lld",
		    (long long)c->loaded, (long long)counted);
	if (!told)
		done->verdict = STR("UNVERIFIED");
	/* Where it does not tell, it has rejected none unless it bears some. */
	if (c->joined && (told || c->rejects->limit == 1) &&
	    counted + c->rejected != (int64_t)c->joined->records)
		return err_set(e, ERR_TASK, AT_CHECK, "MISMATCH",
		    "%llu records were joined into parts, of which COPY has loaded %lld and "
		    "rejected %lld; the parts are removed, and a rerun makes them anew",
		    (unsigned long long)c->joined->records, (long long)counted,
		    (long long)c->rejected);
	return true;
}

/* done->verdict is VERIFIED where nothing else is missing; a COPY by a prefix cannot become it. */
static bool check_files(
    const struct copying *c, struct copied *out, struct msg_done *done, struct err *e)
{
	enum evidence seen;

	if (!evidence_look(c->w, out->sent, out->n_sent, &seen, e))
		return false;
	if (seen == EVIDENCE_LATE && !c->by_prefix && str_eqz(done->verdict, "VERIFIED"))
		out->evidence = evidence_to_ask_for(c->w, out->sent, out->n_sent);
	if (seen != EVIDENCE_ALL)
		done->verdict = STR("UNVERIFIED");
	return true;
}

static bool send(struct copying *c, struct str text, int64_t *counted, struct err *e)
{
	struct worker *w = c->w;
	const char *sql = arena_printf(w->task, "/* dwh run=%.*s shard=%.*s attempt=%lld */ %.*s",
	    STRF(w->run), STRF(c->m->shard), (long long)c->m->attempt, STRF(text));

	if (w->last_copy == LAST_COPY_UNKNOWN && !last_copy(w, counted, &c->before, e))
		return false;
	c->before = w->last_copy;
	w->last_copy = LAST_COPY_UNKNOWN;
	crash_here("copy:before-copying");
	if (!pg_exec(&w->pg, sql, e))
		return strcmp(e->code, REDSHIFT_LOAD_ERROR) == 0 ? explain(c, e) : false;
	c->loaded = redshift_loaded(w->pg.notices);
	c->rejected = redshift_rejected(w->pg.notices);
	return last_copy(w, counted, &c->query, e);
}

/* What it has rejected, when it has succeeded. */
static bool take_rejects(struct copying *c, const struct copied *out, struct err *e)
{
	struct rejects *r = c->rejects;
	int64_t known = r->count;
	bool bear = r->bear_all;

	if (r->limit == 1 && out->stored)
		return true;
	r->bear_all = true;
	if (!read_rejects(c, c->rejected, e))
		return false;
	r->bear_all = bear;
	if (r->count - known < c->rejected)
		r->count = known + c->rejected;
	r->failed = r->count >= r->limit;
	if (!r->failed || r->bear_all)
		return true;
	if (r->n)
		return rejects_fail(r, &r->v[r->n - 1], false, e);
	return err_set(e, ERR_DATA, AT_DATA, "MAXERROR",
	    "%lld records were rejected, and MAXERROR is %lld; the load views do not tell which",
	    (long long)r->count, (long long)r->limit);
}

static bool run(
    struct copying *c, struct str text, struct msg_done *done, struct copied *out, struct err *e)
{
	int64_t counted = 0;

	if (!send(c, text, &counted, e) || (out->stored && !check_count(c, counted, done, e)))
		return false;
	if (!out->stored && c->loaded > 0)
		done->rows += c->loaded;
	if (c->query == c->before)
		c->query = -1;
	out->sent[out->n_sent++] = (struct sent){.files = c->files, .query = c->query};
	return take_rejects(c, out, e);
}

/* What COPY is to read, which is no file of this machine. */
static bool manifest_of(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct str *address, struct err *e)
{
	char digest[33];

	*address = prefix_is_on(w) ? prefix_address(w, f) : m->manifest;
	return prefix_is_on(w) || !str_starts(m->manifest, STR("file://")) ||
	       manifest_write(
	           w, target_relation(w, w->task, m->source), objects, false, digest, address, e);
}

/* A COPY of these files, whose manifest is at `address`. */
static bool copy_files(struct copying *c, const struct sqlfile *f, struct str address,
    struct msg_done *done, struct copied *out, struct err *e)
{
	struct sql_vars vars = {.relation = c->m->source, .lane = c->table, .manifest = address};
	struct copystmt stmt;
	struct str text;

	if (!copyfile_read(c->w, f, &vars, &stmt, &text, e))
		return false;
	if (c->by_prefix && !copyedit_prefix(c->w, &text, e))
		return false;
	out->rejects.limit = rejects_limit(&stmt);
	out->stored = !c->m->validate && !copystmt_has(&stmt, COPY_NOLOAD);
	return (!c->joined || copyedit_gzip(c->w, &text, e)) &&
	       (!c->m->validate || copyedit_validate(c->w, &stmt, &text, e)) &&
	       run(c, text, done, out, e);
}

static bool copy_shard(struct copying *c, const struct sqlfile *f, const struct manifest *objects,
    struct msg_done *done, struct copied *out, struct err *e)
{
	const struct copy_parts *p = out->parts;

	if (!p) {
		c->files = objects;
		return manifest_of(c->w, f, c->m, objects, &c->address, e) &&
		       copy_files(c, f, c->address, done, out, e);
	}
	c->files = &p->c.parts;
	c->joined = &p->c;
	if (!copy_files(c, f, p->joined, done, out, e))
		return false;
	c->files = &p->c.alone;
	c->joined = NULL;
	return c->files->n == 0 || copy_files(c, f, p->alone, done, out, e);
}

/* What was joined was read under its ETag. */
static bool is_as_listed(const struct copying *c, const struct manifest *objects,
    const struct copied *out, struct err *e)
{
	if (c->by_prefix)
		return relist_prefix(c->w, c->address, objects, e);
	return relist_check(c->w, out->parts ? &out->parts->c.alone : objects, e);
}

bool redshift_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *out, struct err *e)
{
	struct copying c = {.w = w,
	    .m = m,
	    .rejects = &out->rejects,
	    .by_prefix = prefix_is_on(w),
	    .table = m->lane.n ? m->lane : m->source};
	bool made = false, ok;

	done->rows = 0;
	done->verdict = STR("VERIFIED");
	if (m->validate && str_eq(c.table, m->source) &&
	    !table_to_validate(w, m->source, &c.table, &made, e))
		return false;
	ok = copy_shard(&c, f, objects, done, out, e) &&
	     (!out->stored || check_files(&c, out, done, e));
	/* A validation is to leave nothing; what a load had made before is that load's. */
	if (out->parts && (m->validate || (!ok && strcmp(e->code, "MISMATCH") == 0)))
		copy_parts_remove(w, out->parts, !m->validate);
	/* More files than were listed: one that has come since is no mystery. */
	if (!ok && c.by_prefix && strcmp(e->code, "MISMATCH") == 0)
		relist_prefix(w, c.address, objects, e);
	if (!ok || (made && !pg_exec(&w->pg, "ROLLBACK", e)) ||
	    (out->stored && !is_as_listed(&c, objects, out, e)))
		return false;
	done->rejected = out->rejects.count;
	done->objects = (int64_t)objects->n;
	for (size_t i = 0; i < objects->n; i++)
		done->bytes += (int64_t)objects->objects[i].size;
	if (c.by_prefix) {
		done->verdict = STR("UNVERIFIED");
		done->note = STR("COPY by a prefix: what it has read is not proven");
	}
	return true;
}

void redshift_committed(struct worker *w, const struct copied *c, const struct msg_done *done)
{
	if (c->parts && str_eqz(done->verdict, "VERIFIED") && !w->config.load.keep_parts)
		copy_parts_remove(w, c->parts, true);
}
