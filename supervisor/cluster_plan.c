/* cluster_plan.c - see cluster_plan.h. */
#include "supervisor/cluster_plan.h"

#include <stdio.h>

bool cluster_foreign(const struct cluster_item *i, struct err *e)
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

bool cluster_is_foreign(const struct cluster_item *i)
{
	return i->f.is != FOUND_NOTHING && i->f.is != FOUND_GOING && !i->f.given &&
	       (!i->ours || is_anothers_run(i));
}

static bool is_adopted(const struct cluster *c, const struct cluster_item *i)
{
	const char *last = record_last(c->site.record, i->r->kind, i->name);

	return last && strcmp(last, "adopted") == 0;
}

bool cluster_refuse_other_kind(struct cluster *c, struct err *e)
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
	for (size_t k = 0; k < c->n; k++) {
		const struct cluster_item *i = &c->items[k];

		if (i->spare || !cluster_is_foreign(i))
			continue;
		if (!adopt && !is_adopted(c, i))
			return cluster_foreign(i, e);
		if (i->f.lacks)
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "%s %s can't be used as it is, and dwh changes nothing that it did not "
			    "make: %s",
			    i->r->kind, i->name, i->f.lacks);
	}
	return true;
}

/* What the configuration names. */
static bool all_exist(struct cluster *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->items[i].spare && c->items[i].r->exists &&
		    !c->items[i].r->exists(c->items[i].site, e))
			return false;
	return true;
}

bool cluster_may_begin(struct cluster *c, bool adopt, struct err *e)
{
	return cluster_refuse_other_kind(c, e) && refuse_foreign(c, adopt, e) && all_exist(c, e);
}

void cluster_print_plan(struct cluster *c)
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
	if (c->site.expires)
		printf(
		    "ends     at %s its time is over: then `dwh cluster reap` removes all of it\n",
		    c->site.expires);
	fflush(stdout);
}
