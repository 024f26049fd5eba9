/*
 * cluster_down.c - removing a cluster: see cluster.h.
 *
 * The last that was made goes first. Each removal can be asked for again: what is gone, or is not
 * ours any more, is passed over.
 */
#include "shared/log.h"
#include "supervisor/cluster_item.h"
#include "supervisor/cluster_record.h"

/* remove, until what is in its way has gone, or it is not ours any more; with hurried it is not
 * waited for. */
static bool remove_one(struct cluster *c, struct cluster_item *i, bool hurried, struct err *e)
{
	struct cluster_wait w = item_waiting(c, i);
	struct err seen;
	bool ok;

	w.usual_s /= 2;
	for (;;) {
		ok = i->f.is == FOUND_GOING || i->r->remove(i->site, &i->f, e);
		if (ok || e->kind != ERR_RETRY || hurried || w.ms >= WAIT_PATIENCE_MS)
			break;
		seen = *e;
		if (!cluster_wait(&w, WAIT_POLL_MS, item_obstacle(&seen), e))
			break;
		if (!item_look_on(c, i, &w, WAIT_PATIENCE_MS, e))
			break;
		if (i->f.is == FOUND_NOTHING || item_is_anothers(i)) {
			ok = true;
			break;
		}
	}
	cluster_wait_end(&w);
	return ok;
}

/* What down does is right whether it can be written down or not: tags tell it, too. NULL: all of
 * it.
 */
static void note(struct cluster *c, const char *what, const struct cluster_item *i)
{
	struct err why;

	if ((i ? item_record(c, what, i, &why) : record_down(c->site.record, &why)) ||
	    c->unrecorded)
		return;
	c->unrecorded = true;
	log_warn("%s; it goes on by the tags at AWS", why.msg);
}

static void say_anothers(const struct cluster_item *i)
{
	if (!i->f.given)
		log_info("left as it is, %s%s: %s %s",
		    i->f.other ? "it belongs to " : "dwh did not make it",
		    i->f.other ? i->f.other : "", i->r->kind, i->name);
}

/* The first warehouse of the other kind that we may not look at, where the part may belong to it.
 * It does not where it is explained: by a warehouse that we have seen, by this record, by its run.
 */
static const struct cluster_item *may_belong_to(struct cluster *c, const struct cluster_item *part)
{
	bool explained = c->had_warehouse || c->site.run || item_stands(c, part);

	for (size_t n = 0; n < c->n; n++)
		explained |= c->items[n].r->holds_data &&
		             record_last(c->site.record, c->items[n].r->kind, c->items[n].name);
	for (size_t n = 0; n < c->n && !explained; n++)
		if (c->items[n].denied)
			return &c->items[n];
	return NULL;
}

/* Whether it may go, as far as warehouses are concerned; *e where that is a new failure. */
static bool may_go(struct cluster *c, const struct cluster_item *i, bool *failed, struct err *e)
{
	const struct cluster_item *of;

	*failed = false;
	if (i->r->holds_data)
		return true;
	of = c->keeps ? NULL : may_belong_to(c, i);
	if (of) {
		c->keeps = *failed = true;
		err_set(
		    e, ERR_SETUP, AT_AWS, NULL, "%s; what is there may belong to it", of->denied);
	}
	if (c->keeps)
		log_info(
		    "left, for a warehouse that is left, or may be: %s %s", i->r->kind, i->name);
	return !c->keeps;
}

/* A part that is ours, and there. */
static bool drop_one(struct cluster *c, struct cluster_item *i, bool hurried, struct err *e)
{
	log_info("removing %s %s", i->r->kind, i->name);
	note(c, "removing", i);
	if (!remove_one(c, i, hurried, e) || !item_wait_until(c, i, FOUND_NOTHING, READY_MS, e))
		return false;
	if (item_is_anothers(i))
		say_anothers(i);
	note(c, "removed", i);
	return true;
}

/* Waits for the answer; but where tired, that was done long enough. */
static bool look_patiently(struct cluster *c, struct cluster_item *i, bool tired, struct err *e)
{
	struct cluster_wait w = item_waiting(c, i);
	bool ok;

	w.usual_s = 0;
	ok = item_look_on(c, i, &w, tired ? 0 : WAIT_PATIENCE_MS, e);
	cluster_wait_end(&w);
	return ok;
}

static bool down_one(
    struct cluster *c, struct cluster_item *i, bool hurried, bool tired, struct err *e)
{
	bool failed;

	if (!look_patiently(c, i, tired, e))
		return false;
	if (i->f.is == FOUND_NOTHING) {
		if (item_stands(c, i))
			note(c, "removed", i);
		return true;
	}
	if (!i->ours) {
		say_anothers(i);
		return true;
	}
	c->had_warehouse |= i->r->holds_data;
	return may_go(c, i, &failed, e) ? drop_one(c, i, hurried, e) : !failed;
}

/* A namespace waits for its workgroup alone; where that is left it would wait in vain. */
static bool is_held_up(const struct cluster *c, size_t i)
{
	const struct cluster_item *next = &c->items[i + 1];

	return i + 1 < c->n && c->items[i].r->holds_data && next->r->holds_data &&
	       next->other_kind == c->items[i].other_kind &&
	       (next->unknown || (next->ours && next->f.is != FOUND_NOTHING));
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
static void say_down(struct cluster *c)
{
	struct cluster_item *i = cluster_warehouse(c);
	struct err ignored;

	if (!c->site.run || !item_look(c, i, &ignored) || !item_is_anothers(i))
		note(c, "down", NULL);
}

bool cluster_down(struct cluster *c, struct err *e)
{
	struct err first = {.kind = 0}, now = {.kind = 0};
	const struct cluster_item *left;
	bool failed = false, tired = false;

	c->removing = true;
	for (size_t i = 0; i < c->n; i++)
		/* Until AWS has said. */
		c->items[i].unknown = !c->items[i].spare || item_stands(c, &c->items[i]);
	say_down(c);
	for (size_t i = c->n; i-- > 0;) {
		if (down_one(c, &c->items[i], is_held_up(c, i), tired, &now))
			continue;
		if (!failed)
			first = now;
		failed = true;
		c->keeps |= c->items[i].r->holds_data;
		tired |= now.kind == ERR_RETRY;
		if (now.kind == ERR_CANCELLED)
			break;
		log_warn("%s", now.msg);
	}
	/* Asked again, all of them: what is said to be gone is gone. */
	for (size_t i = 0; i < c->n && !(failed && now.kind == ERR_CANCELLED); i++)
		if (!look_patiently(c, &c->items[i], tired, &now)) {
			first = failed ? first : now;
			failed = true;
			tired |= now.kind == ERR_RETRY;
		}
	for (size_t i = 0; i < c->n && !c->keeps; i++)
		if (c->items[i].denied)
			item_doubt(&c->items[i], c->items[i].denied);
	say_elsewhere(c);
	left = cluster_left(c, 0);
	if (failed)
		*e = first;
	else if (left)
		return err_set(
		    e, ERR_TASK, AT_AWS, NULL, "%s %s is there again", left->r->kind, left->name);
	return !failed;
}
