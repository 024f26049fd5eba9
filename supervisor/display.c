/*
 * display.c - the live block on a terminal; see progress.h.
 *
 *    1    3.2 s  copy staging_songs 5f0c7a12    45% of 4.6 MB  12,345 rows
 *    2           idle
 *     12.3 s  3 of 12 shards, loaded in about 9 s
 *   so far        9,224 rows     4.2 MB     1,198 objects       600 requests
 *   a second      1,234 rows   610.0 kB       123 objects        60 requests
 *
 * The cursor rests on the line below the block, so whatever ends the program leaves it in a good
 * place. A frame is one write: up to the first line, then each line over the old one, so nothing
 * flickers. Lines are made of pieces, and those that do not fit are left out. They never reach the
 * last column, but a terminal that was made narrower since has broken them: how many lines each of
 * them takes is asked again. Log lines are printed above: before one, the block is erased.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/log.h"
#include "supervisor/progress.h"
#include "supervisor/table.h"
#include "supervisor/width.h"

enum {
	FRAME_MAX = 64 << 10,
	LINE_BYTES = 4096,
	OTHER_LINES = 3,
	NAME_WIDTH = 34,
	WIDE = 50,
	NARROW = 35
};

static struct winsize terminal(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0)
		w = (struct winsize){.ws_row = 0};
	if (w.ws_col == 0)
		w.ws_col = 80;
	if (w.ws_row == 0)
		w.ws_row = 24;
	return w;
}

static void put(struct buf *b)
{
	/* Nobody to tell when the terminal is gone, and nothing to wait for when it is stopped. */
	if (log_room() && write(STDERR_FILENO, b->p, b->n) < 0)
		buf_reset(b);
	buf_free(b);
}

/* ---- a line ---- */

struct line {
	struct buf text;
	size_t used, width; /* columns */
	bool dim, full;     /* full: a piece did not fit, and so none behind it is wanted */
};

static void add_text(struct line *l, struct str s, bool may_cut)
{
	struct buf clean;
	struct str fits;
	size_t n;

	buf_init(&clean, LINE_BYTES);
	width_clean(&clean, s);
	fits = width_cut(buf_view(&clean), l->width - l->used);
	n = width_of(fits);
	if (!l->full && (may_cut || fits.n == clean.n)) {
		buf_str(&l->text, fits);
		l->used += n;
	}
	l->full |= fits.n < clean.n;
	buf_free(&clean);
}

/* The next piece, whole or not at all; the first one is cut. */
static void __attribute__((format(printf, 2, 3))) piece(struct line *l, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add_text(l, str_z(text), l->used == 0);
}

/* ---- a frame ---- */

struct frame {
	struct progress *p;
	struct buf out;
	struct winsize terminal;
	bool colour;
	int lines;
};

/* To the first line of the block that is on the screen. */
static void go_up(const struct progress *p, const struct winsize *w, struct buf *out)
{
	int up = 0;

	for (int i = 0; i < p->drawn; i++)
		up += p->columns[i] > w->ws_col ? (p->columns[i] - 1) / w->ws_col + 1 : 1;
	/* What a key has echoed stands before the cursor. */
	buf_c(out, '\r');
	if (up)
		buf_printf(out, "\033[%dA", up);
}

static struct line line_new(const struct frame *f)
{
	struct line l = {.width = f->terminal.ws_col > 1 ? f->terminal.ws_col - 1u : 1u};

	buf_init(&l.text, LINE_BYTES);
	return l;
}

static void line_end(struct frame *f, struct line *l)
{
	bool dim = l->dim && f->colour;

	if (dim)
		buf_z(&f->out, "\033[2m");
	buf_str(&f->out, buf_view(&l->text));
	buf_z(&f->out, dim ? "\033[0m\033[K\n" : "\033[K\n");
	buf_free(&l->text);
	f->p->columns[f->lines++] = (unsigned short)l->used;
}

/* ---- what stands on the lines ---- */

static const struct task *task_of(const struct progress *p, int worker)
{
	for (size_t i = 0; i < p->sched->n; i++) {
		const struct task *t = p->sched->tasks[i];

		if (t->state == TASK_RUNNING && t->worker == worker)
			return t;
	}
	return NULL;
}

static void worker_line(struct frame *f, int worker, int64_t now)
{
	const struct task *t = task_of(f->p, worker);
	const struct msg_beat *b = &f->p->beats[worker];
	struct line l = line_new(f);

	l.dim = !t;
	piece(&l, "%4d ", worker);
	if (l.width > NARROW && t)
		piece(&l, "%6.1f s  ", (double)(now - t->began) / 1000);
	else if (l.width > NARROW)
		piece(&l, "%10s", "");
	add_text(&l, t ? t->name : STR("idle"), true);
	if (t && t->kind == TASK_COPY && b->id == t->id && t->bytes > 0) {
		size_t name = width_of(t->name);

		piece(&l, "%*s%3.0f%%", name < NAME_WIDTH ? (int)(NAME_WIDTH - name) : 1, "",
		    100 * (double)b->bytes / (double)t->bytes);
		piece(&l, " of %s", table_bytes(f->p->scratch, t->bytes));
		piece(&l, "  %s rows", table_thousands(f->p->scratch, b->rows));
	}
	line_end(f, &l);
}

static void more_workers(struct frame *f, int shown)
{
	struct line l = line_new(f);
	int busy = 0;

	for (int i = shown + 1; i <= f->p->workers; i++)
		busy += task_of(f->p, i) != NULL;
	l.dim = true;
	piece(&l, "     and %d more", f->p->workers - shown);
	piece(&l, ", %d of them at work", busy);
	line_end(f, &l);
}

static const char *how_long(struct arena *a, int64_t ms)
{
	long long s = (long long)(ms + 999) / 1000;

	if (s < 100)
		return arena_printf(a, "%lld s", s > 0 ? s : 1);
	if (s < 100 * 60)
		return arena_printf(a, "%lld min", (s + 59) / 60);
	return arena_printf(a, "%lld h", (s + 3599) / 3600);
}

static void state_line(struct frame *f, const struct progress_now *n, int64_t now)
{
	struct line l = line_new(f);

	piece(&l, l.width > NARROW ? "%8.1f s  " : "%.0f s  ", (double)now / 1000);
	if (n->shards)
		piece(&l, l.width > NARROW ? "%zu of %zu%s shards" : "%zu/%zu%s", n->shards_done,
		    n->shards, n->lists ? "+" : "");
	if (n->rest_ms >= 0 && n->shards_done < n->shards)
		piece(&l, l.width < WIDE ? ", %s left" : ", loaded in about %s",
		    how_long(f->p->scratch, n->rest_ms));
	if (n->steps_done)
		piece(&l, "%s%zu of %zu steps", n->shards ? "  " : "", n->steps_done, n->steps);
	line_end(f, &l);
}

/* What was done in ms; less than nothing where a copy that failed took its part back. */
static long long in_a_second(int64_t n, int64_t ms)
{
	return n > 0 ? (long long)(n * 1000 / ms) : 0;
}

static void sums_line(struct frame *f, const char *label, const struct progress_sums *n, int64_t ms)
{
	struct arena *a = f->p->scratch;
	struct line l = line_new(f);

	if (l.width > NARROW)
		piece(&l, "  %-8s", label);
	piece(&l, "%11s rows", table_thousands(a, in_a_second(n->rows, ms)));
	piece(&l, "%11s", table_bytes(a, in_a_second(n->bytes, ms)));
	piece(&l, "%10s objects", table_thousands(a, in_a_second(n->objects, ms)));
	piece(&l, "%10s requests", table_thousands(a, in_a_second(n->requests, ms)));
	line_end(f, &l);
}

/* ---- outside ---- */

void display_erase(struct progress *p)
{
	struct winsize w = terminal();
	struct buf b;

	if (!p->live || p->drawn == 0 || !log_room())
		return;
	buf_init(&b, 64);
	go_up(p, &w, &b);
	buf_z(&b, "\033[J");
	p->drawn = 0;
	put(&b);
}

void display_draw(struct progress *p, int64_t now)
{
	const char *no = getenv("NO_COLOR");
	struct frame f = {.p = p, .terminal = terminal(), .colour = !(no && no[0])};
	struct progress_now n = progress_now(p, now);
	struct progress_sums pace;
	bool paced;
	int room = f.terminal.ws_row * 2 / 3 - OTHER_LINES, shown = p->workers;

	if (!log_room())
		return;
	/* The block must be whole on the screen, or it could not be drawn over; and it leaves some
	 * of it to what is printed above. */
	if (room > DISPLAY_WORKERS)
		room = DISPLAY_WORKERS;
	if (shown > room)
		shown = room > 1 ? room - 1 : 0;
	buf_init(&f.out, FRAME_MAX);
	go_up(p, &f.terminal, &f.out);
	for (int i = 1; i <= shown; i++)
		worker_line(&f, i, now);
	if (shown < p->workers && room > 0)
		more_workers(&f, shown);
	state_line(&f, &n, now);
	paced = progress_pace(p, &n, &pace);
	if (room > 0 && p->copies_began >= 0)
		sums_line(&f, "so far", &n.sums, 1000);
	if (room > 0 && paced && n.copying)
		sums_line(&f, "a second", &pace, pace.ms);
	buf_z(&f.out, "\033[J");
	p->drawn = f.lines;
	arena_reset(p->scratch);
	put(&f.out);
}
