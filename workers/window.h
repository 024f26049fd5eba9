/*
 * window.h - how many GETs in flight are worth it.
 *
 * Small objects cost a round trip each, so the longer the way to S3, the more of them must be under
 * way; where S3 is near, or something else is the limit, more of them only wait for each other. So
 * the time that a GET takes is compared with the least that one ever took: as long as it is not
 * much longer, nothing queues, and twice as many are tried; when it is, half as many do. A server
 * that says "slow down" is asked for half as much, too.
 */
#ifndef WORKERS_WINDOW_H
#define WORKERS_WINDOW_H

#include <stddef.h>
#include <stdint.h>

enum { WINDOW_FIRST = 32 };

struct window {
	size_t n;    /* GETs in flight */
	size_t most; /* as window_most has set it */

	/* window.c's own. */
	int64_t least;    /* us that a GET took; 0: none yet */
	size_t done;      /* GETs of this round, which is n of them */
	int64_t together; /* us that these took */
};

/* Never more than this. Of a window that is zeroed, or was in use: what was found before holds. */
void window_most(struct window *w, size_t most);

/* A GET has ended well, so long after it was sent. */
void window_done(struct window *w, int64_t took_us);

/* The server has too much to do. */
void window_slow_down(struct window *w);

#endif
