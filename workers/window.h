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

/*
 * The bytes that a GET reads at once: n objects are to be fetched, this one has `bytes`. Large ones
 * come in large pieces, as each costs a turn of curl; WINDOW_BYTES are shared by all in flight, but
 * WINDOW_PIECE is the least. (While the window grows, a few times as much may be under way.)
 */
enum { WINDOW_BYTES = 8 << 20, WINDOW_PIECE = 64 << 10, WINDOW_PIECE_MAX = 512 << 10 };
size_t window_piece(const struct window *w, size_t n, uint64_t bytes);

#endif
