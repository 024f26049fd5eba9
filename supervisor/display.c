/*
 * display.c - the live block on a terminal; see progress.h.
 *
 * The block is drawn where the cursor is and erased by going up again; lines of the log are printed
 * above it. Lines are cut at the width of the terminal, since a wrapped line could not be erased.
 * Without NO_COLOR, what waits is dim.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/log.h"
#include "supervisor/progress.h"

enum { MOST_WORKERS = 16 };

static size_t columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return 80;
}

static void put(struct buf *b)
{
	/* Nobody to tell when the terminal is gone, and nothing to wait for when it is stopped. */
	if (log_room() && write(STDERR_FILENO, b->p, b->n) < 0)
		buf_reset(b);
	buf_free(b);
}

static void add_line(struct buf *out, const struct buf *line, size_t width, bool dim)
{
	const char *no = getenv("NO_COLOR");
	bool colour = dim && !(no && no[0]);
	size_t n = line->n < width ? line->n : width - 1;

	if (colour)
		buf_z(out, "\033[2m");
	buf_add(out, line->p, n);
	buf_z(out, colour ? "\033[0m\n" : "\n");
}

void display_erase(struct progress *p)
{
	struct buf b;

	if (!p->live || p->drawn == 0 || !log_room())
		return;
	buf_init(&b, 64);
	buf_printf(&b, "\033[%dA\033[J", p->drawn);
	p->drawn = 0;
	put(&b);
}

static const struct task *task_of(const struct progress *p, int worker)
{
	for (size_t i = 0; i < p->sched->n; i++) {
		const struct task *t = p->sched->tasks[i];

		if (t->state == TASK_RUNNING && t->worker == worker)
			return t;
	}
	return NULL;
}

static void worker_line(const struct progress *p, int i, int64_t now, struct buf *line, bool *idle)
{
	const struct task *t = task_of(p, i);
	const struct msg_beat *b = &p->beats[i];

	*idle = !t;
	buf_printf(line, "  worker %-2d ", i);
	if (!t) {
		buf_z(line, "idle");
		return;
	}
	buf_printf(line, "%6.1f s  %.*s", (double)(now - t->began) / 1000, STRF(t->name));
	if (t->kind == TASK_COPY && b->id == t->id && t->bytes > 0)
		buf_printf(line, "  %lld rows, %.0f%% of %.1f MB", (long long)b->rows,
		    100 * (double)b->bytes / (double)t->bytes, (double)t->bytes / 1e6);
}

static void totals_line(const struct progress *p, int64_t now, struct buf *line)
{
	struct progress_now n = progress_now(p, now);
	double s = p->copies_began < 0 ? 0 : (double)(now - p->copies_began) / 1000;

	buf_printf(line, "%6.1f s  %zu of %zu%s shards", (double)now / 1000, n.shards_done,
	    n.shards, n.lists ? "+" : "");
	if (n.rest_ms >= 0 && n.shards_done < n.shards)
		buf_printf(line, ", about %.0f s left", (double)n.rest_ms / 1000 + 0.5);
	if (s > 0.5)
		buf_printf(line, "  %.0f rows/s  %.1f MB/s  %.0f objects/s  %.0f requests/s",
		    (double)n.rows / s, (double)n.bytes / 1e6 / s, (double)n.objects / s,
		    (double)n.requests / s);
}

void display_draw(struct progress *p, int64_t now)
{
	int shown = p->workers < MOST_WORKERS ? p->workers : MOST_WORKERS;
	size_t width = columns();
	struct buf out, line;

	if (!log_room())
		return;
	buf_init(&out, 64 << 10);
	buf_init(&line, 1024);
	if (p->drawn)
		buf_printf(&out, "\033[%dA\033[J", p->drawn);
	for (int i = 1; i <= shown; i++) {
		bool idle;

		buf_reset(&line);
		worker_line(p, i, now, &line, &idle);
		add_line(&out, &line, width, idle);
	}
	buf_reset(&line);
	totals_line(p, now, &line);
	add_line(&out, &line, width, false);
	p->drawn = shown + 1;
	buf_free(&line);
	put(&out);
}
