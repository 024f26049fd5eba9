/* doctor.c - see doctor.h: the order of things, and what needs both the warehouse and S3. */
#include "workers/doctor.h"

#include <ctype.h>
#include <unistd.h>

#include "shared/aws.h"
#include "shared/cluster_found.h"
#include "shared/connect.h"
#include "shared/lane.h"
#include "shared/policy.h"
#include "shared/redshift_error.h"
#include "workers/doctor_private.h"
#include "workers/engine.h"
#include "workers/relation.h"

/* Nobody is waited for who would want to hear: a signal ends the process. */
static bool go_on(struct worker *w, struct err *e)
{
	(void)w;
	(void)e;
	return true;
}

/* ---- the role ---- */

/* "arn:aws:iam::123456789012:role/NAME": the account's digits, or the empty str. (COPY, "IAM_ROLE";
 * other partitions are aws-cn and aws-us-gov.) */
static struct str account_of(struct str arn)
{
	struct str rest = str_from(arn, 4), account;
	size_t n = 0;

	if (!str_starts(arn, STR("arn:aws")))
		return STR("");
	rest = str_from(rest, str_find(rest, ':'));
	if (!str_starts(rest, STR(":iam::")))
		return STR("");
	account = str_from(rest, strlen(":iam::"));
	while (n < account.n && isdigit((unsigned char)account.p[n]))
		n++;
	rest = str_from(account, n);
	if (n != 12 || !str_starts(rest, STR(":role/")) || rest.n == strlen(":role/"))
		return STR("");
	return (struct str){account.p, n};
}

/* COPY takes a chain of roles, separated by commas. */
static void look_at_role(struct doctor *d)
{
	static const char form[] =
	    "set [IAM_ROLE] ARN (or [DWH] ROLE_ARN) to arn:aws:iam::ACCOUNT:role/NAME, a role that "
	    "is attached to the cluster and may read the data and MANIFESTS";
	const struct config *c = &d->w.config;
	const char *made = d->ours ? "`dwh cluster up` makes one; or " : "";
	const char *role = c->dwh.role_arn ? c->dwh.role_arn : c->iam_role.arn;
	struct str rest = str_z(role), account = STR("");

	d->told = true;
	if (!role) {
		finding_missing(d->out, AT_CONFIG, "role",
		    arena_printf(d->w.task, "%s%s", made, form), "[IAM_ROLE] ARN is not set");
		return;
	}
	while (rest.n) {
		size_t comma = str_find(rest, ',');

		account = account_of((struct str){rest.p, comma});
		if (!account.n)
			break;
		rest = str_from(rest, comma + 1);
	}
	d->told = !account.n;
	if (account.n)
		finding_ok(d->out, "role", "%s, of account %.*s", role, STRF(account));
	else
		finding_missing(d->out, AT_CONFIG, "role",
		    arena_printf(d->w.task, "%s%s", made, form), "\"%s\" is no ARN of a role",
		    role);
}

/* ---- the COPYs ---- */

/* The only proof that the cluster may use the role, and the role read the bucket: the first object,
 * by a manifest of its own, with NOLOAD. */
static bool copy_first(struct doctor *d, const struct doctor_source *s, struct str lane,
    struct copied *c, struct err *e)
{
	struct worker *w = &d->w;
	struct msg_copy m = {
	    .source = s->copy->stem, .lane = lane, .shard = STR("doctor"), .validate = true};
	struct msg_done done = {.rows = 0};
	struct str bucket, key;
	struct err ignored;
	struct buf b;
	bool ok;

	if (!manifest_place(w, w->config.s3.manifests,
	        arena_printf(
	            w->task, "doctor-%lld-%.*s.manifest", (long long)getpid(), STRF(s->copy->stem)),
	        &bucket, &key, e))
		return false;
	m.manifest = str_z(arena_printf(w->task, "s3://%.*s/%.*s", STRF(bucket), STRF(key)));
	buf_init(&b, 1 << 20);
	manifest_print(&s->first, &b);
	ok = s3_put(w->s3, bucket, key, buf_view(&b), "application/json", NULL, e);
	buf_free(&b);
	if (!ok)
		return false;
	/* Nothing is prepared: one object is not joined. */
	*c = (struct copied){.rejects = {.arena = w->task, .bear_all = true}};
	ok = engine_copy(w, s->copy, &m, &s->first, &done, c, e);
	s3_delete(w->s3, bucket, key, &ignored);
	return ok;
}

/* What the role has not, for whoever may give it. */
static void say_role(struct doctor *d, const struct err *e)
{
	struct worker *w = &d->w;
	struct err ignored;
	struct str policy;

	if (strcmp(e->code, "AssumeRole") == 0)
		finding_also(d->out, "%swho may take it on must be %.*s",
		    d->ours ? "`dwh cluster up` attaches ours; " : "", STRF(policy_of_trust()));
	else if (strcmp(e->code, "AccessDenied") == 0 && !strstr(e->msg, "kms:") &&
	         policy_of_role(&w->config, aws_partition(credentials_region(&w->config, w->task)),
	             NULL, w->task, &policy, &ignored))
		finding_also(d->out, "%sits policy must have %.*s",
		    d->ours ? "`dwh cluster up` gives ours what it needs; " : "", STRF(policy));
}

/* On Redshift the cluster itself tells whether statement and table fit. */
static void try_on_redshift(struct doctor *d, const struct doctor_source *s, const char *what)
{
	struct copied c;
	struct str lane;
	struct err e;

	if (connect_by_prefix(&d->w.config))
		finding_unknown(d->out, what, "not tried: it would read all of the prefix");
	else if (!d->writable || s->first.n == 0)
		finding_unknown(d->out, what, "not tried: what it needs is missing above");
	else if (!relation_table(&d->w, s->copy->stem, &lane, &e))
		finding_error(d->out, FINDING_MISSING, what, "", &e);
	else if (!lane.n)
		finding_unknown(d->out, what,
		    "not tried: %.*s does not exist yet (`dwh create` makes it)",
		    STRF(s->copy->stem));
	else if (!copy_first(d, s, lane, &c, &e)) {
		finding_error(d->out, FINDING_MISSING, what, redshift_remedy(&e), &e);
		say_role(d, &e);
	} else if (c.rejects.count)
		finding_warn(d->out, what, "dwh load --validate shows all that is bad",
		    "with NOLOAD: the first object has %lld bad record(s)",
		    (long long)c.rejects.count);
	else
		finding_ok(d->out, what, "with NOLOAD: the cluster reads the first object");
}

static void try_copy(struct doctor *d, const struct doctor_source *s)
{
	const char *what = arena_printf(d->w.task, "COPY %.*s", STRF(s->copy->stem));
	int64_t limit;
	bool reads;
	struct err e;

	if (!d->usable || !d->answers) {
		finding_unknown(d->out, what, "not tried: %s is not there, see above",
		    d->usable ? "S3" : "a warehouse that can be used");
		return;
	}
	reads = !d->redshift || engine_limit(&d->w, s->copy, &limit, &e);
	if (reads && engine_probe_columns(&d->w, s->copy, &e)) {
		if (d->redshift)
			try_on_redshift(d, s, what);
		else
			finding_ok(d->out, what, "its options and columns fit");
	} else if (reads && d->told) {
		finding_unknown(d->out, what, "not tried: what it needs is missing above");
	} else {
		finding_error(d->out, FINDING_MISSING, what, "mend the file of the model", &e);
	}
	pg_exec(&d->w.pg, "ROLLBACK", &e); /* where something is open after an error */
}

/* As the run is set up, it takes the relation as it is, or refuses. */
static void look_at_lanes(struct doctor *d, struct str stem)
{
	const char *what = arena_printf(d->w.task, "lanes of %.*s", STRF(stem));
	struct str relation = target_relation(&d->w, d->w.task, stem);
	struct target t;
	struct err e;

	if (!target_read(&d->w, relation, &t, &e))
		finding_unknown(d->out, what, "not told");
	else if (t.known && !target_lanes_fit(&d->w, relation, t.lanes, &e))
		finding_error(d->out, FINDING_MISSING, what, "", &e);
}

/* ---- all ---- */

static void find_sources(struct doctor *d)
{
	struct worker *w = &d->w;
	const struct sqlfile *f;
	struct err e;

	if (!model_load(w->config.load.model, &w->config, w->life, &w->model, &e)) {
		finding_error(d->out, FINDING_MISSING, "model", "set [LOAD] MODEL", &e);
		return;
	}
	f = model_phase(w->model, SQL_COPY, &d->n_sources);
	d->sources = arena_alloc(w->life, (d->n_sources + 1) * sizeof *d->sources);
	for (size_t i = 0; i < d->n_sources; i++)
		d->sources[i] = (struct doctor_source){.copy = &f[i]};
	finding_ok(d->out, "model", "%s, %zu source(s)", w->model->names, d->n_sources);
}

void doctor_look(const struct config *c, struct findings *out)
{
	struct doctor d = {
	    .out = out, .redshift = c->warehouse.engine == ENGINE_REDSHIFT, .answers = true};
	struct worker *w = &d.w;

	w->config = *c;
	w->life = w->task = out->arena;
	w->run = STR("doctor");
	w->tick = go_on;
	d.ours = cluster_is_ours(c, w->life);
	find_sources(&d);
	doctor_warehouse(&d);
	if (d.redshift)
		look_at_role(&d);
	doctor_s3(&d);
	for (size_t i = 0; i < d.n_sources; i++) {
		if (d.ledger)
			look_at_lanes(&d, d.sources[i].copy->stem);
		try_copy(&d, &d.sources[i]);
	}
	pg_close(&w->pg);
	s3_close(w->s3);
}
