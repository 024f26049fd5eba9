/*
 * cluster.c - making a cluster, waiting for its warehouse, and stopping it: see cluster.h.
 *
 * The order in which things are made is that of what needs what (cluster_open.c). Removing goes the
 * other way (cluster_down.c).
 * Each step can be sent again: whoever is killed between a request and its answer finds the work
 * done, by its tags, and goes on.
 */
#include "shared/log.h"
#include "supervisor/cluster_item.h"
#include "supervisor/cluster_plan.h"
#include "supervisor/cluster_probe.h"
#include "supervisor/cluster_record.h"

/* ---- up ---- */

/* make, until what is in its way has gone. */
static bool make(struct cluster *c, struct cluster_item *i, struct err *e)
{
	struct cluster_wait w = item_waiting(c, i);
	struct err seen;
	bool ok;

	for (;;) {
		ok = i->r->make(i->site, &i->f, e);
		if (ok || e->kind != ERR_RETRY || w.ms >= MAKE_MS)
			break;
		seen = *e;
		if (!cluster_wait(&w, WAIT_POLL_MS, item_obstacle(&seen), e))
			break;
		/* An answer that was lost may have done it. */
		if (!item_look_on(c, i, &w, MAKE_MS, e))
			break;
		if (cluster_is_foreign(i)) {
			cluster_foreign(i, e);
			break;
		}
		*e = seen;
	}
	cluster_wait_end(&w);
	return ok;
}

/* Where nothing was made, what somebody else makes under that name later is not ours. What AWS may
 * have carried out, though its answer was lost, still is. */
static void note_refused(struct cluster *c, struct cluster_item *i, const struct err *why)
{
	struct err ignored;

	if (why->kind == ERR_RETRY || why->kind == ERR_CANCELLED)
		return;
	if (why->where == AT_STATE || (item_look(c, i, &ignored) && i->f.is == FOUND_NOTHING))
		item_record(c, "refused", i, &ignored);
}

static bool appears(struct cluster *c, struct cluster_item *i, struct err *e)
{
	if (!make(c, i, e))
		return false;
	/* It may take a moment to be seen; and it may be somebody else's, made at the same time. */
	for (int64_t ms = 0; i->f.is == FOUND_NOTHING && ms < APPEAR_MS; ms += 2000) {
		struct cluster_wait w = item_waiting(c, i);
		bool ok = item_look(c, i, e) || e->kind == ERR_RETRY;

		ok = ok && (i->f.is != FOUND_NOTHING || cluster_wait(&w, 2000, "not seen yet", e));
		cluster_wait_end(&w);
		if (!ok)
			return false;
	}
	if (i->f.is == FOUND_NOTHING)
		return item_too_long(i, APPEAR_MS, e);
	return !cluster_is_foreign(i) || cluster_foreign(i, e);
}

static bool create(struct cluster *c, struct cluster_item *i, struct err *e)
{
	log_info("making %s %s", i->r->kind, i->name);
	if (!item_record(c, "making", i, e))
		return false;
	if (appears(c, i, e))
		return true;
	note_refused(c, i, e);
	return false;
}

static bool up_one(struct cluster *c, struct cluster_item *i, struct err *e)
{
	if (i->f.given || i->spare)
		return true;
	if (i->f.is == FOUND_GOING && !item_wait_until(c, i, FOUND_NOTHING, READY_MS, e))
		return false;
	if (i->f.is == FOUND_NOTHING) {
		if (!create(c, i, e))
			return false;
	} else if (!i->ours) {
		return item_record(c, "adopted", i, e) &&
		       item_wait_until(c, i, FOUND_READY, READY_MS, e);
	} else if (!item_record(c, "mending", i, e)) {
		return false;
	}
	return make(c, i, e) && item_record(c, "made", i, e) &&
	       item_wait_until(c, i, FOUND_READY, READY_MS, e);
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
	if (!cluster_look(c, e) || !cluster_may_begin(c, adopt, e))
		return false;
	cluster_print_plan(c);
	c->begun = true;
	for (size_t i = 0; i < c->n; i++)
		if (!up_one(c, &c->items[i], e))
			return false;
	return say_up(c, e);
}

/* ---- the warehouse alone ---- */

static bool is_there(struct cluster *c, struct cluster_item *i, struct err *e)
{
	if (!cluster_look(c, e))
		return false;
	if (i->f.is == FOUND_NOTHING && !cluster_refuse_other_kind(c, e))
		return false;
	return i->f.is != FOUND_NOTHING ||
	       err_set(e, ERR_SETUP, AT_STATE, NULL,
	           "there is no %s %s in %.*s: `dwh cluster up` makes one", i->r->kind, i->name,
	           STRF(c->site.region));
}

bool cluster_wait_ready(struct cluster *c, struct err *e)
{
	struct cluster_item *i = cluster_warehouse(c);

	if (!i || !is_there(c, i, e))
		return false;
	if (i->f.is == FOUND_PAUSED)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s %s is paused: `dwh cluster resume` starts it", i->r->kind, i->name);
	return item_wait_until(c, i, FOUND_READY, READY_MS, e) && say_up(c, e);
}

bool cluster_pause(struct cluster *c, bool resume, struct err *e)
{
	struct cluster_item *i = cluster_warehouse(c);
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
	w = item_waiting(c, i);
	while (!(ok = i->f.is == (resume ? FOUND_READY : FOUND_PAUSED) || act(i->site, e)) &&
	       e->kind == ERR_RETRY && w.ms < WAIT_PATIENCE_MS)
		if (!cluster_wait(&w, WAIT_POLL_MS, cluster_state(i), e) || !item_look(c, i, e))
			break;
	cluster_wait_end(&w);
	/* Not before AWS has taken it: what is refused runs on. */
	return ok && (resume || record_paused(c->site.record, e)) &&
	       item_wait_until(c, i, resume ? FOUND_READY : FOUND_PAUSED, READY_MS, e) &&
	       (!resume || say_up(c, e));
}
