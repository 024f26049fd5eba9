/*
 * cluster_wait.h - waiting for AWS, with a line that says for what.
 *
 * On a terminal the line is drawn again each second; elsewhere it is said when the state changes
 * and every minute. Time is AWS's: DWH_AWS_SPEED (aws_wait.h) makes it pass more quickly.
 */
#ifndef SUPERVISOR_CLUSTER_WAIT_H
#define SUPERVISOR_CLUSTER_WAIT_H

#include "supervisor/cluster_site.h"

enum {
	WAIT_POLL_MS = 10000,         /* between two looks */
	WAIT_PATIENCE_MS = 20 * 60000 /* for AWS, by who removes */
};

#define WAIT_NO_ANSWER "AWS does not answer"

struct cluster_wait {
	struct site *site;
	const char *what; /* "cluster dwh-cluster" */
	int usual_s;      /* how long it usually takes in all; 0: unknown */
	int64_t ms;       /* waited so far, with what was done between the waits */
	/* Its own: */
	int64_t left_ms; /* when the last wait ended; 0: there was none */
	char said[160];
	int64_t said_ms;
	bool drawn;
};

/* ms more; state: what it is waiting for, "creating". False: the tick said stop. */
bool cluster_wait(struct cluster_wait *w, int64_t ms, const char *state, struct err *e);

/* Takes the line away. */
void cluster_wait_end(struct cluster_wait *w);

#endif
