/* window.c - see window.h. */
#include "workers/window.h"

/*
 * GETs of S3 take three times the least on a usual day, and the first ones of a connection as long;
 * where they queue in front of a server or of ourselves, tens of times.
 */
enum { FREE = 5, QUEUED = 10 };

static void halve(struct window *w)
{
	size_t least = w->most < WINDOW_FIRST ? w->most : WINDOW_FIRST;

	if (w->n > least)
		w->n = w->n / 2 > least ? w->n / 2 : least;
}

void window_most(struct window *w, size_t most)
{
	w->most = most > 0 ? most : 1;
	if (w->n == 0)
		w->n = WINDOW_FIRST;
	if (w->n > w->most)
		w->n = w->most;
}

void window_done(struct window *w, int64_t took_us)
{
	int64_t mean;

	if (took_us < 1)
		took_us = 1;
	if (w->least == 0 || took_us < w->least)
		w->least = took_us;
	w->together += took_us;
	if (++w->done < w->n)
		return;
	mean = w->together / (int64_t)w->done;
	if (mean <= FREE * w->least)
		w->n = w->n < w->most / 2 ? 2 * w->n : w->most;
	else if (mean > QUEUED * w->least)
		halve(w);
	w->done = 0;
	w->together = 0;
}

void window_slow_down(struct window *w)
{
	halve(w);
	w->done = 0;
	w->together = 0;
}

size_t window_piece(const struct window *w, size_t n, uint64_t bytes)
{
	size_t piece = WINDOW_BYTES / (n < w->n ? n : w->n);

	if (piece > WINDOW_PIECE_MAX)
		piece = WINDOW_PIECE_MAX;
	return piece > WINDOW_PIECE && bytes >= WINDOW_PIECE_MAX ? piece : WINDOW_PIECE;
}
