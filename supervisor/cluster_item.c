/* cluster_item.c - see cluster_item.h, and cluster.h for what it has of that. */
#include "supervisor/cluster_item.h"

#include <stdio.h>

#include "shared/aws_wait.h"
#include "shared/log.h"
#include "supervisor/cluster_record.h"

enum {
	ODD_MS = 2000, /* until it is asked again what it has not said */
	ODD_LOOKS = 5,
};

/* ---- looking ---- */

bool item_stands(const struct cluster *c, const struct cluster_item *i)
{
	return record_stands(c->site.record, i->r->kind, i->name);
}

static bool ask(struct cluster *c, struct cluster_item *i, struct err *e)
{
	for (int looks = 1;; looks++) {
		i->f = (struct found){.is = FOUND_NOTHING};
		if (i->r->look(i->site, &i->f, e))
			return true;
		i->f = (struct found){.is = FOUND_NOTHING};
		if (!site_is(e, SITE_ODD) || looks == ODD_LOOKS)
			return false;
		if (!aws_pause(c->site.aws, ODD_MS, e))
			return false;
	}
}

void item_doubt(struct cluster_item *i, const char *why)
{
	if (!i->doubted)
		log_warn("%s: taken for none", why);
	i->doubted = true;
}

bool item_look(struct cluster *c, struct cluster_item *i, struct err *e)
{
	i->unknown = !ask(c, i, e);
	i->ours = i->f.is != FOUND_NOTHING && site_owns(i->site, i->r, &i->f, i->name);
	i->denied = NULL;
	if (!i->unknown)
		return true;
	err_prefix(e, "looking for %s %s", i->r->kind, i->name);
	/* Who has never used the other kind may well not be allowed to, and not each region has it.
	 */
	if (!i->other_kind || e->kind == ERR_CANCELLED || item_stands(c, i))
		return false;
	if (c->removing && e->kind == ERR_RETRY && !site_is(e, "resolve"))
		return false;
	if (c->removing && site_is_denied(e))
		i->denied = arena_strz(c->site.arena, e->msg);
	else
		item_doubt(i, e->msg);
	i->f = (struct found){.is = FOUND_NOTHING};
	i->ours = false;
	i->unknown = i->denied && c->keeps;
	return true;
}

bool cluster_look(struct cluster *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (!item_look(c, &c->items[i], e))
			return false;
	return true;
}

/* ---- waiting ---- */

struct cluster_wait item_waiting(struct cluster *c, const struct cluster_item *i)
{
	return (struct cluster_wait){.site = &c->site,
	    .what = arena_printf(c->site.arena, "%s %s", i->r->kind, i->name),
	    .usual_s = i->r->usual_s};
}

const char *cluster_state(const struct cluster_item *i)
{
	static const char *const names[] = {
	    "not there", "changing", "ready", "paused", "being deleted", "broken"};

	return i->f.state ? i->f.state : names[i->f.is];
}

bool item_too_long(const struct cluster_item *i, int64_t ms, struct err *e)
{
	return err_set(e, ERR_RETRY, AT_AWS, NULL, "%s %s: still %s after %lld minutes", i->r->kind,
	    i->name, cluster_state(i), (long long)(ms / 60000));
}

bool item_is_anothers(const struct cluster_item *i)
{
	return i->f.is != FOUND_NOTHING && !i->ours;
}

bool item_wait_until(
    struct cluster *c, struct cluster_item *i, enum found_state wanted, int64_t most, struct err *e)
{
	struct cluster_wait w = item_waiting(c, i);
	bool ok;

	if (wanted == FOUND_NOTHING)
		w.usual_s /= 2;
	for (;;) {
		ok = item_look(c, i, e);
		if (!ok && e->kind != ERR_RETRY)
			break;
		if (ok && (i->f.is == wanted || (wanted == FOUND_NOTHING && item_is_anothers(i))))
			break;
		if (ok && wanted != FOUND_NOTHING &&
		    (i->f.is == FOUND_BROKEN || i->f.is == FOUND_GOING ||
		        (i->f.is == FOUND_PAUSED && wanted == FOUND_READY && w.ms > APPEAR_MS) ||
		        (i->f.is == FOUND_NOTHING && w.ms > APPEAR_MS))) {
			ok = err_set(e, ERR_TASK, AT_AWS, NULL, "%s %s is %s", i->r->kind, i->name,
			    cluster_state(i));
			break;
		}
		if (w.ms >= most) {
			ok = ok ? item_too_long(i, w.ms, e) : false;
			break;
		}
		ok = cluster_wait(&w, WAIT_POLL_MS, ok ? cluster_state(i) : WAIT_NO_ANSWER, e);
		if (!ok)
			break;
	}
	cluster_wait_end(&w);
	return ok;
}

const char *item_obstacle(const struct err *e)
{
	static const struct {
		const char *code, *text;
	} rows[] = {{"InvalidClusterState", "AWS is busy with it"},
	    {"ConflictException", "AWS is busy with it"}, {"DependencyViolation", "still in use"},
	    {"DeleteConflict", "still in use"}, {"resolve", WAIT_NO_ANSWER},
	    {"connect", WAIT_NO_ANSWER}, {"timeout", WAIT_NO_ANSWER}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (site_is(e, rows[i].code))
			return rows[i].text;
	if (strstr(e->msg, "IAM role"))
		return "its role can't be assumed yet";
	return e->code[0] ? e->code : "AWS says: later";
}

bool item_look_on(
    struct cluster *c, struct cluster_item *i, struct cluster_wait *w, int64_t most, struct err *e)
{
	while (!item_look(c, i, e)) {
		struct err seen = *e;

		if (e->kind != ERR_RETRY || w->ms >= most ||
		    !cluster_wait(w, WAIT_POLL_MS, item_obstacle(&seen), e))
			return false;
	}
	return true;
}

bool item_record(struct cluster *c, const char *what, const struct cluster_item *i, struct err *e)
{
	return record_step(c->site.record, what, i->r->kind, i->name, e);
}

struct cluster_item *cluster_warehouse(struct cluster *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].r->warehouse && !c->items[i].spare)
			return &c->items[i];
	return NULL;
}
