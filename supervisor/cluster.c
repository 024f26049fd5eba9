/*
 * cluster.c - see cluster.h.
 *
 * The order in which things are made is that of what needs what: the role's policy names the
 * bucket, the cluster has the role and stands in the security group. Removing goes the other way.
 * Each step can be sent again: whoever is killed between a request and its answer finds the work
 * done, by its tags, and goes on.
 */
#include "supervisor/cluster.h"

#include <stdio.h>

#include "shared/log.h"
#include "supervisor/cluster_probe.h"
#include "supervisor/cluster_record.h"
#include "supervisor/cluster_wait.h"

enum {
	POLL_MS = 10000,
	APPEAR_MS = 2 * 60000,  /* until what was made can be seen */
	MAKE_MS = 5 * 60000,    /* what is in the way of making */
	REMOVE_MS = 20 * 60000, /* what is in the way of removing */
	READY_MS = 60 * 60000,  /* until it is ready, or gone */
};

/* ---- looking ---- */

/* By the record. */
static bool stands(const struct cluster *c, const struct cluster_item *i)
{
	return record_stands(c->site.record, i->r->kind, i->name);
}

static bool look(struct cluster *c, struct cluster_item *i, struct err *e)
{
	i->f = (struct found){.is = FOUND_NOTHING};
	i->unknown = !i->r->look(i->site, &i->f, e);
	i->ours = i->f.is != FOUND_NOTHING && site_owns(i->site, i->r, &i->f, i->name);
	if (!i->unknown)
		return true;
	err_prefix(e, "looking for %s %s", i->r->kind, i->name);
	/* Who has never used the other kind may well not be allowed to, and not each region has it.
	 */
	if (!i->other_kind || e->kind == ERR_CANCELLED || stands(c, i))
		return false;
	if (!i->doubted)
		log_warn("%s: taken for none", e->msg);
	i->doubted = true;
	i->f = (struct found){.is = FOUND_NOTHING};
	i->ours = i->unknown = false;
	return true;
}

bool cluster_look(struct cluster *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (!look(c, &c->items[i], e))
			return false;
	return true;
}

/* ---- waiting ---- */

static struct cluster_wait waiting(struct cluster *c, const struct cluster_item *i)
{
	return (struct cluster_wait){.site = &c->site,
	    .what = arena_printf(c->site.arena, "%s %s", i->r->kind, i->name),
	    .usual_s = i->r->usual_s};
}

static const char *state_of(const struct cluster_item *i)
{
	static const char *const names[] = {
	    "not there", "changing", "ready", "paused", "being deleted", "broken"};

	return i->f.state ? i->f.state : names[i->f.is];
}

static bool too_long(const struct cluster_item *i, int64_t ms, struct err *e)
{
	return err_set(e, ERR_RETRY, AT_AWS, NULL, "%s %s: still %s after %lld minutes", i->r->kind,
	    i->name, state_of(i), (long long)(ms / 60000));
}

/* Looks until it is, or is no longer, what it was. A look that fails in a way that may pass is one
 * of many. */
static bool wait_until(
    struct cluster *c, struct cluster_item *i, enum found_state wanted, int64_t most, struct err *e)
{
	struct cluster_wait w = waiting(c, i);
	bool ok;

	if (wanted == FOUND_NOTHING)
		w.usual_s /= 2;
	for (;;) {
		ok = look(c, i, e);
		if (!ok && e->kind != ERR_RETRY)
			break;
		if (ok && i->f.is == wanted)
			break;
		if (ok && wanted != FOUND_NOTHING &&
		    (i->f.is == FOUND_BROKEN || i->f.is == FOUND_GOING ||
		        (i->f.is == FOUND_PAUSED && wanted == FOUND_READY && w.ms > APPEAR_MS) ||
		        (i->f.is == FOUND_NOTHING && w.ms > APPEAR_MS))) {
			ok = err_set(e, ERR_TASK, AT_AWS, NULL, "%s %s is %s", i->r->kind, i->name,
			    state_of(i));
			break;
		}
		if (w.ms >= most) {
			ok = ok ? too_long(i, w.ms, e) : false;
			break;
		}
		ok = cluster_wait(&w, POLL_MS, ok ? state_of(i) : "AWS does not answer", e);
		if (!ok)
			break;
	}
	cluster_wait_end(&w);
	return ok;
}

/* What is in the way, in a few words. */
static const char *reason(const struct err *e)
{
	static const struct {
		const char *code, *text;
	} rows[] = {{"InvalidClusterState", "AWS is busy with it"},
	    {"ConflictException", "AWS is busy with it"}, {"DependencyViolation", "still in use"},
	    {"DeleteConflict", "still in use"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (site_is(e, rows[i].code))
			return rows[i].text;
	if (strstr(e->msg, "IAM role"))
		return "its role can't be assumed yet";
	return e->code[0] ? e->code : "AWS says: later";
}

/* ---- up ---- */

static bool foreign(const struct cluster_item *i, struct err *e)
{
	if (i->ours)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s %s is of a `dwh run --ephemeral`: wait for its end; if it was killed, `dwh "
		    "cluster down` removes what it has left",
		    i->r->kind, i->name);
	if (i->f.other)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s %s belongs to %s: give this one another name in [DWH], or use it with "
		    "--adopt",
		    i->r->kind, i->name, i->f.other);
	return err_set(e, ERR_SETUP, AT_STATE, NULL,
	    "%s %s is there already, and dwh did not make it: give ours another name in [DWH], or "
	    "use this one with --adopt (it is then never changed or removed)",
	    i->r->kind, i->name);
}

/* What a `dwh run --ephemeral` has made is down's to remove, but nobody's to use. */
static bool is_anothers_run(const struct cluster_item *i)
{
	return i->f.run && !i->site->run;
}

static bool is_foreign(const struct cluster_item *i)
{
	return i->f.is != FOUND_NOTHING && i->f.is != FOUND_GOING && !i->f.given &&
	       (!i->ours || is_anothers_run(i));
}

static bool is_adopted(const struct cluster *c, const struct cluster_item *i)
{
	const char *last = record_last(c->site.record, i->r->kind, i->name);

	return last && strcmp(last, "adopted") == 0;
}

/* It would have the same bucket, role and group, and go with them. */
static bool refuse_other_kind(struct cluster *c, struct err *e)
{
	bool serverless = c->site.config->dwh.kind == KIND_SERVERLESS;

	for (size_t i = 0; i < c->n; i++) {
		const struct cluster_item *k = &c->items[i];

		if (k->other_kind && (k->ours || k->f.other))
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "%s %s is there already, made with [DWH] KIND = %s: set that, give "
			    "this one another CLUSTER_IDENTIFIER, or remove it: `dwh cluster down`",
			    k->r->kind, k->name, serverless ? "cluster" : "serverless");
	}
	return true;
}

/* The remedy of what goes wrong later is dearer than that of what is said now. */
static bool refuse_foreign(struct cluster *c, bool adopt, struct err *e)
{
	for (size_t i = 0; i < c->n && !adopt; i++)
		if (!c->items[i].spare && is_foreign(&c->items[i]) && !is_adopted(c, &c->items[i]))
			return foreign(&c->items[i], e);
	return true;
}

/* On stdout, and at once: it is a result, and the last moment to say no. */
static void print_plan(struct cluster *c)
{
	for (size_t k = 0; k < c->n; k++) {
		const struct cluster_item *i = &c->items[k];
		struct buf b;

		if (i->spare)
			continue;
		buf_init(&b, 4096);
		if (i->r->plan)
			i->r->plan(i->site, &b);
		if (i->f.is == FOUND_NOTHING || i->f.is == FOUND_GOING ||
		    (i->f.is == FOUND_PAUSED && i->ours))
			printf("%s %s %s%s%.*s\n",
			    i->f.is == FOUND_PAUSED ? "resumes " : "makes   ", i->r->kind, i->name,
			    b.n ? ": " : "", STRF(buf_view(&b)));
		else
			printf("%s %s %s, which is there%s%s\n",
			    i->ours      ? "keeps   "
			    : i->f.given ? "uses    "
			                 : "adopts  ",
			    i->r->kind, i->name, i->ours && i->f.note ? "; " : "",
			    i->ours && i->f.note ? i->f.note : "");
		buf_free(&b);
	}
	fflush(stdout);
}

/* make, until what is in its way has gone. */
static bool make(struct cluster *c, struct cluster_item *i, struct err *e)
{
	struct cluster_wait w = waiting(c, i);
	struct err seen;
	bool ok;

	for (;;) {
		ok = i->r->make(i->site, &i->f, e);
		if (ok || e->kind != ERR_RETRY || w.ms >= MAKE_MS)
			break;
		seen = *e;
		if (!cluster_wait(&w, POLL_MS, reason(&seen), e))
			break;
		/* An answer that was lost may have done it. */
		if (!look(c, i, e) && e->kind != ERR_RETRY)
			break;
		if (is_foreign(i)) {
			foreign(i, e);
			break;
		}
		*e = seen;
	}
	cluster_wait_end(&w);
	return ok;
}

static bool record(struct cluster *c, const char *what, const struct cluster_item *i, struct err *e)
{
	return record_step(c->site.record, what, i->r->kind, i->name, e);
}

static bool create(struct cluster *c, struct cluster_item *i, struct err *e)
{
	log_info("making %s %s", i->r->kind, i->name);
	if (!record(c, "making", i, e) || !make(c, i, e))
		return false;
	/* It may take a moment to be seen; and it may be somebody else's, made at the same time. */
	for (int64_t ms = 0; i->f.is == FOUND_NOTHING && ms < APPEAR_MS; ms += 2000) {
		struct cluster_wait w = waiting(c, i);
		bool ok = look(c, i, e) || e->kind == ERR_RETRY;

		ok = ok && (i->f.is != FOUND_NOTHING || cluster_wait(&w, 2000, "not seen yet", e));
		cluster_wait_end(&w);
		if (!ok)
			return false;
	}
	if (i->f.is == FOUND_NOTHING)
		return too_long(i, APPEAR_MS, e);
	return !is_foreign(i) || foreign(i, e);
}

static bool up_one(struct cluster *c, struct cluster_item *i, struct err *e)
{
	if (i->f.given || i->spare)
		return true;
	if (i->f.is == FOUND_GOING && !wait_until(c, i, FOUND_NOTHING, READY_MS, e))
		return false;
	if (i->f.is == FOUND_NOTHING) {
		if (!create(c, i, e))
			return false;
	} else if (!i->ours) {
		return record(c, "adopted", i, e) && wait_until(c, i, FOUND_READY, READY_MS, e);
	} else if (!record(c, "mending", i, e)) {
		return false;
	}
	return make(c, i, e) && record(c, "made", i, e) &&
	       wait_until(c, i, FOUND_READY, READY_MS, e);
}

static bool say_up(struct cluster *c, struct err *e)
{
	struct site *s = &c->site;

	if (!s->host)
		return err_set(e, ERR_TASK, AT_AWS, NULL, "%s has no endpoint", s->identifier);
	return cluster_probe(s, e) && record_up(s->record, s->host, s->port, s->role_arn,
	                                  site_manifests(s), s->password ? NULL : s->secret_arn, e);
}

bool cluster_up(struct cluster *c, bool adopt, struct err *e)
{
	if (!cluster_look(c, e) || !refuse_other_kind(c, e) || !refuse_foreign(c, adopt, e))
		return false;
	print_plan(c);
	for (size_t i = 0; i < c->n; i++)
		if (!up_one(c, &c->items[i], e))
			return false;
	return say_up(c, e);
}

/* ---- the warehouse alone ---- */

static struct cluster_item *warehouse(struct cluster *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].r->warehouse && !c->items[i].spare)
			return &c->items[i];
	return NULL;
}

static bool is_there(struct cluster *c, struct cluster_item *i, struct err *e)
{
	if (!cluster_look(c, e))
		return false;
	if (i->f.is == FOUND_NOTHING && !refuse_other_kind(c, e))
		return false;
	return i->f.is != FOUND_NOTHING ||
	       err_set(e, ERR_SETUP, AT_STATE, NULL,
	           "there is no %s %s in %.*s: `dwh cluster up` makes one", i->r->kind, i->name,
	           STRF(c->site.region));
}

bool cluster_wait_ready(struct cluster *c, struct err *e)
{
	struct cluster_item *i = warehouse(c);

	if (!i || !is_there(c, i, e))
		return false;
	if (i->f.is == FOUND_PAUSED)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s %s is paused: `dwh cluster resume` starts it", i->r->kind, i->name);
	return wait_until(c, i, FOUND_READY, READY_MS, e) && say_up(c, e);
}

bool cluster_pause(struct cluster *c, bool resume, struct err *e)
{
	struct cluster_item *i = warehouse(c);
	bool (*act)(struct site *, struct err *);
	struct cluster_wait w;
	bool ok;

	if (!i || !is_there(c, i, e))
		return false;
	act = resume ? i->r->resume : i->r->pause;
	if (!act)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "a %s is not paused: it costs nothing while nobody asks it", i->r->kind);
	if (!i->ours)
		return err_set(e, ERR_SETUP, AT_STATE, NULL, "%s %s is not ours to %s", i->r->kind,
		    i->name, resume ? "resume" : "pause");
	if (!resume && !record_down(c->site.record, e))
		return false;
	w = waiting(c, i);
	while (!(ok = i->f.is == (resume ? FOUND_READY : FOUND_PAUSED) || act(i->site, e)) &&
	       e->kind == ERR_RETRY && w.ms < REMOVE_MS)
		if (!cluster_wait(&w, POLL_MS, state_of(i), e) || !look(c, i, e))
			break;
	cluster_wait_end(&w);
	return ok && wait_until(c, i, resume ? FOUND_READY : FOUND_PAUSED, READY_MS, e) &&
	       (!resume || say_up(c, e));
}

/* ---- down ---- */

/* remove, until what is in its way has gone; with hurried it is not waited for. */
static bool remove_one(struct cluster *c, struct cluster_item *i, bool hurried, struct err *e)
{
	struct cluster_wait w = waiting(c, i);
	struct err seen;
	bool ok;

	w.usual_s /= 2;
	for (;;) {
		ok = i->f.is == FOUND_GOING || i->r->remove(i->site, &i->f, e);
		if (ok || e->kind != ERR_RETRY || hurried || w.ms >= REMOVE_MS)
			break;
		seen = *e;
		if (!cluster_wait(&w, POLL_MS, reason(&seen), e))
			break;
		if (look(c, i, e) && i->f.is == FOUND_NOTHING) {
			ok = true;
			break;
		}
		*e = seen;
	}
	cluster_wait_end(&w);
	return ok;
}

static bool down_one(struct cluster *c, struct cluster_item *i, bool hurried, struct err *e)
{
	if (!look(c, i, e))
		return false;
	if (i->f.is == FOUND_NOTHING)
		return !stands(c, i) || record(c, "removed", i, e);
	if (!i->ours) {
		if (!i->f.given)
			log_info("left as it is, %s%s: %s %s",
			    i->f.other ? "it belongs to " : "dwh did not make it",
			    i->f.other ? i->f.other : "", i->r->kind, i->name);
		return true;
	}
	log_info("removing %s %s", i->r->kind, i->name);
	return record(c, "removing", i, e) && remove_one(c, i, hurried, e) &&
	       wait_until(c, i, FOUND_NOTHING, READY_MS, e) && record(c, "removed", i, e);
}

const struct cluster_item *cluster_left(const struct cluster *c, size_t n)
{
	for (size_t i = 0; i < c->n; i++)
		if ((c->items[i].unknown ||
		        (c->items[i].ours && c->items[i].f.is != FOUND_NOTHING)) &&
		    n-- == 0)
			return &c->items[i];
	return NULL;
}

/* What is there in other regions is not ours to remove now; but it may cost money. */
static void say_elsewhere(const struct cluster *c)
{
	const struct record_entry *t;
	struct str said = STR("");

	for (size_t n = 0; (t = record_standing(c->site.record, n)) != NULL; n++) {
		if (str_eqz(c->site.region, t->region) || str_eqz(said, t->region))
			continue;
		said = str_z(t->region);
		log_warn("the %s %s was made in %s, and is not removed by this: `dwh cluster down "
		         "--set AWS.REGION=%s` does, with all that belongs to it",
		    t->kind, t->id, t->region, t->region);
	}
}

/* What was up is so no more; a run takes that back for its own warehouse only. */
static bool say_down(struct cluster *c, struct err *e)
{
	struct cluster_item *i = warehouse(c);

	if (c->site.run && look(c, i, e) && i->f.is != FOUND_NOTHING && !i->ours)
		return true;
	return record_down(c->site.record, e);
}

bool cluster_down(struct cluster *c, struct err *e)
{
	struct err first = {.kind = 0}, now;
	const struct cluster_item *left;
	bool failed = false;

	for (size_t i = 0; i < c->n; i++)
		/* Until AWS has said. */
		c->items[i].unknown = !c->items[i].spare || stands(c, &c->items[i]);
	if (!say_down(c, e))
		return false;
	for (size_t i = c->n; i-- > 0;) {
		if (down_one(c, &c->items[i], failed, &now))
			continue;
		if (!failed)
			first = now;
		failed = true;
		if (now.kind == ERR_CANCELLED)
			break;
		log_warn("%s", now.msg);
	}
	/* Asked again, all of them: what is said to be gone is gone. */
	for (size_t i = 0; i < c->n && !(failed && now.kind == ERR_CANCELLED); i++)
		if (!look(c, &c->items[i], &now) && !failed) {
			first = now;
			failed = true;
		}
	say_elsewhere(c);
	left = cluster_left(c, 0);
	if (failed)
		*e = first;
	else if (left)
		return err_set(
		    e, ERR_TASK, AT_AWS, NULL, "%s %s is there again", left->r->kind, left->name);
	return !failed;
}
