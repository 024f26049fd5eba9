/*
 * bench_svg.c - the plot of a benchmark; see bench_print.h.
 *
 * Both axes are logarithmic: so ideal scaling is a straight line, a given factor is the same
 * distance everywhere, and strategies of which one takes a hundred times as long share a plot. A
 * line differs from others by its mark as well as by its colour.
 */
#include <math.h>

#include "supervisor/bench_print.h"
#include "supervisor/bench_stats.h"
#include "supervisor/markup.h"

enum {
	WIDTH = 720,
	LEFT = 76,
	RIGHT = 700,
	TOP = 56,
	BOTTOM = 376,
	LEGEND = 440, /* its first line */
	LINE = 22,
	COLOURS = 6
};

/* Light, dark: told apart by nearly everybody (Okabe and Ito, 2008), on white and on black. */
static const char *const colours[COLOURS][2] = {{"#0072b2", "#56b4e9"}, {"#d55e00", "#f0a35e"},
    {"#009e73", "#3fcf9f"}, {"#b0508a", "#e6a6cc"}, {"#8a6d00", "#f0e442"}, {"#555555", "#bbbbbb"}};

struct plot {
	const struct bench *b;
	struct arena *arena;
	struct buf *out;
	double x0, x1, y0, y1; /* logarithms of what stands at the edges */
};

static double x_of(const struct plot *p, double workers)
{
	return LEFT + (log(workers) - p->x0) / (p->x1 - p->x0) * (RIGHT - LEFT);
}

static double y_of(const struct plot *p, double seconds)
{
	return BOTTOM - (log(seconds) - p->y0) / (p->y1 - p->y0) * (BOTTOM - TOP);
}

/* A run that took less than the clock's millisecond has a logarithm, too. */
static double positive(double seconds)
{
	return seconds < 0.001 ? 0.001 : seconds;
}

/* ---- series: the combinations of one strategy and compact, which stand together ---- */

static size_t series_end(const struct bench *b, size_t first)
{
	size_t i = first;

	while (i < b->n && b->combos[i].strategy == b->combos[first].strategy &&
	       b->combos[i].compact == b->combos[first].compact)
		i++;
	return i;
}

static const char *series_name(const struct plot *p, size_t first)
{
	const struct bench_combo *c = &p->b->combos[first];

	return p->b->compacts
	           ? arena_printf(p->arena, "%s, compact %s", config_strategy_name(c->strategy),
	                 config_compact_name(c->compact))
	           : config_strategy_name(c->strategy);
}

/* Seconds, were it ideal from the fewest workers on. */
static double ideal(const struct plot *p, size_t first, size_t i)
{
	struct bench_line l;

	bench_summary(p->b, first, &l);
	return positive(l.s.median) * (double)p->b->combos[first].workers /
	       (double)p->b->combos[i].workers;
}

static void text(struct plot *p, const char *s)
{
	markup_text(p->out, str_z(s));
}

/* ---- axes ---- */

static void widen(double v, double *least, double *most)
{
	*least = v < *least ? v : *least;
	*most = v > *most ? v : *most;
}

static void scale(struct plot *p)
{
	double x0 = INFINITY, x1 = 1, y0 = INFINITY, y1 = positive(0);

	for (size_t first = 0, end; first < p->b->n; first = end) {
		end = series_end(p->b, first);
		for (size_t i = first; i < end; i++) {
			struct bench_line l;

			bench_summary(p->b, i, &l);
			widen((double)p->b->combos[i].workers, &x0, &x1);
			widen(positive(l.s.least), &y0, &y1);
			widen(positive(l.s.most), &y0, &y1);
			widen(ideal(p, first, i), &y0, &y1);
		}
	}
	/* A little air; and some width where there is one number only. */
	p->x0 = log(x0) - 0.15;
	p->x1 = log(x1) + 0.15;
	p->y0 = log(y0) - 0.1;
	p->y1 = log(y1) + 0.1;
}

static void y_tick(struct plot *p, double v)
{
	double y = y_of(p, v);

	buf_printf(p->out,
	    "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
	    "text-anchor=\"end\">%g</text>\n",
	    LEFT, y, RIGHT, LEFT - 8, y + 4, v);
}

/* The multiples of powers of ten that fit, to be drawn or only counted. */
static size_t y_ticks(struct plot *p, const double *multiples, size_t n, bool draw)
{
	double low = exp(p->y0), high = exp(p->y1);
	size_t count = 0;

	for (int e = -3; e < 7; e++)
		for (size_t i = 0; i < n; i++) {
			double v = multiples[i] * pow(10, e);

			if (v < low || v > high)
				continue;
			count++;
			if (draw)
				y_tick(p, v);
		}
	return count;
}

/* As few of them as give three lines. */
static void y_axis(struct plot *p)
{
	static const double few[] = {1, 2, 5};
	static const double many[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9};
	bool enough = y_ticks(p, few, sizeof few / sizeof few[0], false) >= 3;

	y_ticks(p, enough ? few : many,
	    enough ? sizeof few / sizeof few[0] : sizeof many / sizeof many[0], true);
	buf_printf(p->out,
	    "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">"
	    "seconds, logarithmic</text>\n",
	    (TOP + BOTTOM) / 2);
}

/* Every series has the same numbers of workers. */
static void x_axis(struct plot *p)
{
	for (size_t i = 0; i < series_end(p->b, 0); i++) {
		double x = x_of(p, (double)p->b->combos[i].workers);

		buf_printf(p->out,
		    "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" "
		    "text-anchor=\"middle\">%lld</text>\n",
		    x, TOP, BOTTOM, x, BOTTOM + 20, (long long)p->b->combos[i].workers);
	}
	buf_printf(p->out,
	    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">workers</text>\n"
	    "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n",
	    (LEFT + RIGHT) / 2, BOTTOM + 42, LEFT, TOP, BOTTOM, RIGHT);
}

/* ---- lines ---- */

static void mark(struct plot *p, size_t number, double x, double y)
{
	char d[96];

	switch (number % 4) {
	case 0:
		snprintf(d, sizeof d, "M%.1f %.1fm-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", x, y);
		break;
	case 1: snprintf(d, sizeof d, "M%.1f %.1fm-5 -5h10v10h-10z", x, y); break;
	case 2: snprintf(d, sizeof d, "M%.1f %.1fm0 -6l6 11h-12z", x, y); break;
	default: snprintf(d, sizeof d, "M%.1f %.1fm0 -7l7 7l-7 7l-7 -7z", x, y);
	}
	buf_printf(p->out, "<path class=\"mark\" d=\"%s\"/>", d);
}

/* From the least to the most, and what it is in numbers for who points at it. */
static void point(struct plot *p, size_t number, size_t i)
{
	struct bench_line l;
	double x = x_of(p, (double)p->b->combos[i].workers), low, high;

	bench_summary(p->b, i, &l);
	low = y_of(p, positive(l.s.least));
	high = y_of(p, positive(l.s.most));
	buf_z(p->out, "<g><title>");
	text(p, bench_combo_name(p->b, &p->b->combos[i], p->arena));
	buf_printf(p->out, ": %.3f s (%.3f to %.3f)</title>", l.s.median, l.s.least, l.s.most);
	buf_printf(
	    p->out, "<path class=\"bar\" d=\"M%.1f %.1fh8m-4 0V%.1fm-4 0h8\"/>", x - 4, low, high);
	mark(p, number, x, y_of(p, positive(l.s.median)));
	buf_z(p->out, "</g>\n");
}

static void series(struct plot *p, size_t number, size_t first, size_t end)
{
	double most = (double)p->b->combos[end - 1].workers;

	buf_printf(p->out,
	    "<g class=\"c%zu\">\n<path class=\"ideal\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n",
	    number % COLOURS, x_of(p, (double)p->b->combos[first].workers),
	    y_of(p, ideal(p, first, first)), x_of(p, most), y_of(p, ideal(p, first, end - 1)));
	buf_z(p->out, "<path class=\"line\" d=\"");
	for (size_t i = first; i < end; i++) {
		struct bench_line l;

		bench_summary(p->b, i, &l);
		buf_printf(p->out, "%c%.1f %.1f", i == first ? 'M' : 'L',
		    x_of(p, (double)p->b->combos[i].workers), y_of(p, positive(l.s.median)));
	}
	buf_z(p->out, "\"/>\n");
	for (size_t i = first; i < end; i++)
		point(p, number, i);
	buf_z(p->out, "</g>\n");
}

static void legend(struct plot *p, size_t number, size_t first)
{
	int y = LEGEND + (int)number * LINE;

	buf_printf(p->out, "<g class=\"c%zu\"><path class=\"line\" d=\"M%d %dh40\"/>",
	    number % COLOURS, LEFT, y);
	mark(p, number, LEFT + 20, y);
	buf_printf(p->out, "</g><text x=\"%d\" y=\"%d\">", LEFT + 52, y + 4);
	text(p, series_name(p, first));
	buf_z(p->out, "</text>\n");
}

/* ---- the whole ---- */

static size_t count_series(const struct bench *b)
{
	size_t n = 0;

	for (size_t first = 0; first < b->n; first = series_end(b, first))
		n++;
	return n;
}

/* What the lines say, for who does not see them. */
static void describe(struct plot *p)
{
	for (size_t i = 0; i < p->b->n; i++) {
		struct bench_line l;

		bench_summary(p->b, i, &l);
		text(p, bench_combo_name(p->b, &p->b->combos[i], p->arena));
		buf_printf(p->out, ": %.3f s, %.2f times as fast as the fewest workers. ",
		    l.s.median, l.speedup);
	}
}

static void style(struct plot *p)
{
	buf_z(p->out,
	    "<style>\n"
	    "text{font:13px system-ui,sans-serif;fill:#222}.title{font-size:16px;font-weight:600}\n"
	    ".paper{fill:#fff}.grid{stroke:#ddd}.axis{stroke:#444;fill:none}\n"
	    ".line,.bar{fill:none;stroke-width:2}.bar{stroke-width:1.5}\n"
	    ".ideal{fill:none;stroke-width:1.5;stroke-dasharray:5 5;opacity:.75}\n");
	for (size_t i = 0; i < COLOURS; i++)
		buf_printf(p->out, ".c%zu path{stroke:%s}.c%zu .mark{fill:%s}\n", i, colours[i][0],
		    i, colours[i][0]);
	buf_z(p->out,
	    "@media screen and (prefers-color-scheme:dark){\n"
	    "text{fill:#ddd}.paper{fill:#16181c}.grid{stroke:#383c44}.axis{stroke:#999}\n");
	for (size_t i = 0; i < COLOURS; i++)
		buf_printf(p->out, ".c%zu path{stroke:%s}.c%zu .mark{fill:%s}\n", i, colours[i][1],
		    i, colours[i][1]);
	buf_z(p->out, "}\n</style>\n");
}

static void head(struct plot *p, int height)
{
	const struct config *c = p->b->config;

	buf_printf(p->out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
	    "height=\"%d\" role=\"img\" aria-labelledby=\"title desc\">\n"
	    "<title id=\"title\">Time of a load against workers</title>\n<desc id=\"desc\">",
	    WIDTH, height, WIDTH, height);
	describe(p);
	buf_z(p->out, "</desc>\n");
	style(p);
	buf_printf(p->out,
	    "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n"
	    "<text class=\"title\" x=\"%d\" y=\"26\">Time of a load against workers</text>\n"
	    "<text x=\"%d\" y=\"44\">",
	    WIDTH, height, LEFT, LEFT);
	text(
	    p, arena_printf(p->arena, "engine %s, model %s, %lld processors, median of %lld runs%s",
	           config_engine_name(c->warehouse.engine), c->load.model,
	           (long long)p->b->processors, (long long)p->b->rounds,
	           p->b->latency_ms ? arena_printf(p->arena, ", S3 answers after %lld ms",
	                                  (long long)p->b->latency_ms)
	                            : ""));
	buf_z(p->out, "</text>\n");
}

void bench_svg(const struct bench *b, struct arena *a, struct buf *out)
{
	struct plot p = {.b = b, .arena = a, .out = out};
	size_t n = count_series(b), number = 0, end;
	int last = LEGEND + (int)n * LINE;

	scale(&p);
	head(&p, last + LINE);
	y_axis(&p);
	x_axis(&p);
	for (size_t first = 0; first < b->n; first = end, number++) {
		end = series_end(b, first);
		series(&p, number, first, end);
		legend(&p, number, first);
	}
	buf_printf(out,
	    "<path class=\"axis ideal\" d=\"M%d %dh40\"/><text x=\"%d\" y=\"%d\">ideal: twice the "
	    "workers, half the time; bars: least to most</text>\n</svg>\n",
	    LEFT, last, LEFT + 52, last + 4);
}
