/*
 * cluster.h - a warehouse at AWS, made and removed: the walk over the resources of a site.
 */
#ifndef SUPERVISOR_CLUSTER_H
#define SUPERVISOR_CLUSTER_H

#include "supervisor/cluster_site.h"

/* A resource, as it was last seen. */
struct cluster_item {
	const struct resource *r;
	struct site
	    *site; /* the cluster's; a spare one has its own, so that it fills none of ours */
	const char *name;
	struct found f;
	bool ours;
	bool spare;         /* is never made; but removed, where it is ours: */
	bool other_kind;    /* of the other [DWH] KIND; else of an earlier configuration */
	bool doubted;       /* AWS does not say whether there is one, which was warned of */
	bool unknown;       /* AWS did not say, or we did not ask to the end */
	const char *denied; /* down may not look at it: why; NULL: it may, or it is no spare one */
};

struct cluster {
	struct site site;
	struct cluster_item *items;
	size_t n, cap;
	bool begun;         /* up was not refused */
	bool unrecorded;    /* a step of down could not be written, which was warned of */
	bool removing;      /* down: what may not be looked at is not taken for none at once */
	bool had_warehouse; /* down has seen ours */
	bool keeps; /* down: a warehouse is left, or may be, and with it what belongs to it */
};

/*
 * Opens the site with the resources of [DWH] KIND; and, spare, with those that the same bucket,
 * role and group may serve besides: the warehouse of the other KIND, and what the record says that
 * an earlier configuration has made. makes: what the configuration says of them is checked, too,
 * before the first request.
 */
bool cluster_open(struct cluster *c, const struct site_options *o, bool makes, struct err *e);
void cluster_close(struct cluster *c);

/* Looks at each resource, and changes nothing. */
bool cluster_look(struct cluster *c, struct err *e);

/*
 * Makes what is missing, mends what is ours, waits, and proves that it can be used. What is there
 * and not ours is an error (AT_STATE), said before anything is made; with adopt it is used, never
 * changed nor removed, nor does a later up ask for it. What was made before a failure stays, and
 * is in the record.
 */
bool cluster_up(struct cluster *c, bool adopt, struct err *e);

/* Waits until the warehouse is ready, and proves it. */
bool cluster_wait_ready(struct cluster *c, struct err *e);

/*
 * Removes what is ours, spare or not, the last first, and asks AWS again whether it is gone. One
 * that cannot be removed does not hold up the others; but what belongs to a warehouse stays as long
 * as that is left, or may be: one that we may not look at, where nothing else explains what is
 * there. False: *e is the first failure, and cluster_left() is what remains.
 */
bool cluster_down(struct cluster *c, struct err *e);

/* The n-th item that is ours and not known to be gone; NULL behind the last. */
const struct cluster_item *cluster_left(const struct cluster *c, size_t n);

/* What it was last seen to be, as AWS calls it where AWS does: "available", "not there". */
const char *cluster_state(const struct cluster_item *i);

/* Stops the warehouse, or starts it again, and waits for that. */
bool cluster_pause(struct cluster *c, bool resume, struct err *e);

#endif
