/* cluster_wait.c - see cluster_wait.h. */
#include "supervisor/cluster_wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/aws_wait.h"
#include "shared/clock.h"
#include "shared/file.h"
#include "shared/log.h"

enum { TELL_MS = 60000 };

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && term[0] && strcmp(term, "dumb") != 0 &&
	       !log_is_quiet();
}

static void erase(void *ctx)
{
	struct cluster_wait *w = ctx;

	if (w->drawn)
		(void)file_write(STDERR_FILENO, STR("\r\033[K"));
	w->drawn = false;
}

/* "2 min 10 s" */
static void duration(int64_t s, char *out, size_t size)
{
	if (s < 60)
		snprintf(out, size, "%lld s", (long long)s);
	else if (s % 60 == 0)
		snprintf(out, size, "%lld min", (long long)s / 60);
	else
		snprintf(out, size, "%lld min %lld s", (long long)s / 60, (long long)s % 60);
}

/* We know how long it usually takes, not how long it will: nothing more is claimed. */
static void line(const struct cluster_wait *w, const char *state, char *out, size_t size)
{
	char so_far[40], usual[40];

	duration(w->ms / 1000, so_far, sizeof so_far);
	duration(w->usual_s, usual, sizeof usual);
	if (!w->usual_s)
		snprintf(out, size, "%s: %s, for %s", w->what, state, so_far);
	else if (w->ms / 1000 <= w->usual_s)
		snprintf(out, size, "%s: %s, for %s; usually it takes about %s", w->what, state,
		    so_far, usual);
	else
		snprintf(out, size, "%s: %s, for %s; longer than the usual %s", w->what, state,
		    so_far, usual);
}

/* One that is broken by the terminal could not be taken away again. */
static size_t columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

static void tell(struct cluster_wait *w, const char *state)
{
	char text[256], drawn[300];

	line(w, state, text, sizeof text);
	if (is_terminal()) {
		snprintf(drawn, sizeof drawn, "\r\033[Kdwh: %.*s", (int)columns() - 6, text);
		log_before(erase, w);
		w->drawn = file_write(STDERR_FILENO, str_z(drawn));
	} else if (strncmp(w->said, state, sizeof w->said - 1) != 0 ||
	           w->ms - w->said_ms >= TELL_MS) {
		snprintf(w->said, sizeof w->said, "%s", state);
		w->said_ms = w->ms;
		log_info("%s", text);
	}
}

bool cluster_wait(struct cluster_wait *w, int64_t ms, const char *state, struct err *e)
{
	if (w->left_ms)
		w->ms += clock_ms() - w->left_ms;
	for (; ms > 0; ms -= 1000) {
		int64_t step = ms < 1000 ? ms : 1000;

		tell(w, state);
		if (!aws_pause(w->site->aws, step, e))
			return false;
		w->ms += step;
	}
	w->left_ms = clock_ms();
	return true;
}

void cluster_wait_end(struct cluster_wait *w)
{
	erase(w);
	log_before(NULL, NULL);
}
