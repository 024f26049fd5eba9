/* html_charts.c - bytes against time, and the shards by duration; see html_private.h. */
#include <stdlib.h>

#include "supervisor/facts.h"
#include "supervisor/html_private.h"
#include "supervisor/table.h"

enum { PLOT = 150, TOP = 8, AXIS = 22, POINTS_LISTED = 20 };
enum { BAR = 17, A_SHEET = 25 }; /* of the shards: pixels, bars */

#define PER(at) (at) / (CHART_SCALE / 100), (at) % (CHART_SCALE / 100)

/* ---- bytes against time ---- */

static int up(int64_t bytes, int64_t all)
{
	return PLOT - (int)((double)bytes / (double)all * (PLOT - TOP));
}

static void curve(struct html *h, const struct chart_point *p, size_t n, int64_t all)
{
	int64_t ticks[CHART_TICKS];
	size_t n_ticks = chart_ticks(all, false, 5, ticks);

	html_rawf(h,
	    "<svg class=\"names\" xmlns=\"http://www.w3.org/2000/svg\" width=\"104\" "
	    "height=\"%d\" aria-hidden=\"true\">\n",
	    PLOT + AXIS);
	for (size_t i = 0; i < n_ticks; i++)
		html_rawf(h,
		    "<text class=\"tick\" x=\"94\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
		    up(ticks[i], all) + 4, table_bytes(h->arena, ticks[i]));
	html_rawf(h,
	    "</svg>\n<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" width=\"100%%\" "
	    "height=\"%d\" role=\"img\" aria-labelledby=\"bytes-title bytes-desc\">\n"
	    "<title id=\"bytes-title\">Bytes loaded against time</title>\n"
	    "<desc id=\"bytes-desc\">A curve that rises with each commit, to %s. The table below "
	    "has the same figures.</desc>\n",
	    PLOT + AXIS, table_bytes(h->arena, all));
	for (size_t i = 0; i < n_ticks; i++)
		html_rawf(h, "<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>\n",
		    up(ticks[i], all), up(ticks[i], all));
	html_time_axis(h, PLOT);
	/* Stretched across, while the line keeps its width. */
	html_rawf(h,
	    "<svg x=\"0\" y=\"0\" width=\"100%%\" height=\"%d\" viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\"><path class=\"curve\" d=\"M0 %d",
	    PLOT, CHART_SCALE, PLOT, PLOT);
	for (size_t i = 0; i < n; i++)
		html_rawf(h, "H%dV%d", p[i].at, up(p[i].bytes, all));
	html_rawf(h, "H%d\"/></svg>\n</svg>\n", CHART_SCALE);
}

static void curve_table(struct html *h, const struct chart_point *p, size_t n, int64_t all)
{
	size_t step = n / POINTS_LISTED + 1;
	struct html_table t;

	html_details(h, "The curve as a table");
	t = html_table(
	    h, "Bytes that were committed, after so many seconds", ">after_s >bytes >of_all");
	for (size_t i = 0; i < n; i++) {
		if ((n - 1 - i) % step || !html_row(&t))
			continue;
		html_cell(&t, str_z(html_seconds(h, p[i].ms)));
		html_cell(&t, str_z(table_bytes(h->arena, p[i].bytes)));
		html_cellf(&t, "%.0f%%", 100 * (double)p[i].bytes / (double)all);
	}
	html_table_end(&t, "moments");
	html_details_end(h);
}

static void rate(struct html *h, int64_t all)
{
	struct facts_phase p[FACTS_PHASES];
	size_t n = facts_phases(h->f, p, FACTS_PHASES);

	for (size_t i = 0; i < n; i++) {
		int64_t ms = p[i].last - p[i].first;

		if (strcmp(p[i].name, "copy") == 0 && ms > 0)
			html_note(h, "%s within %s s from the first COPY to the last commit: %s/s.",
			    table_bytes(h->arena, all), html_seconds(h, ms),
			    table_bytes(h->arena, (long long)((double)all * 1000 / (double)ms)));
	}
}

void html_bytes(struct html *h)
{
	struct chart_point *p;
	size_t n = chart_bytes(h->f, h->chart.whole, h->arena, &p);

	if (n == 0 || p[n - 1].bytes <= 0)
		return;
	html_section(h, "bytes", "Bytes against time");
	html_raw(h, "<figure>\n<div class=\"chart\">\n");
	curve(h, p, n, p[n - 1].bytes);
	html_raw(h, "</div>\n</figure>\n");
	rate(h, p[n - 1].bytes);
	curve_table(h, p, n, p[n - 1].bytes);
	html_section_end(h);
}

/* ---- shards by duration ---- */

static int by_duration(const void *x, const void *y, void *ctx)
{
	const struct task *a = *(const struct task *const *)x, *b = *(const struct task *const *)y;
	int64_t i = facts_took(ctx, a), k = facts_took(ctx, b);

	if (i != k)
		return i < k ? 1 : -1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Of all its attempts, what did not end well. */
static int64_t lost_ms(const struct fold *f, const struct task *t)
{
	return t->state == TASK_DONE      ? facts_took(f, t) - (t->ended - t->began)
	       : t->state == TASK_RUNNING ? t->worked_ms
	                                  : facts_took(f, t);
}

/* As the other reports shorten it, and `dwh rerun --only` takes it. */
static struct str short_id(const struct task *t)
{
	return (struct str){t->shard.p, t->shard.n < 8 ? t->shard.n : 8};
}

static void shard_bar(struct html *h, const struct task *s, int64_t most, size_t y)
{
	int64_t lost = lost_ms(h->f, s);
	int all = chart_at(facts_took(h->f, s), most), off = chart_at(lost, most);

	html_rawf(h,
	    "<rect class=\"copy\" x=\"%d.%02d%%\" y=\"%zu\" width=\"%d.%02d%%\" height=\"%d\"/>\n",
	    PER(off), y + 3, PER(all - off), BAR - 6);
	if (lost)
		html_rawf(h,
		    "<rect class=\"off\" x=\"0\" y=\"%zu\" width=\"%d.%02d%%\" height=\"%d\">"
		    "<title>%s ms lost</title></rect>\n",
		    y + 3, PER(off), BAR - 6, table_thousands(h->arena, lost));
}

/* Those from `from` on, which a sheet of paper has room for. */
static void shard_bars(
    struct html *h, const struct task **shards, size_t from, size_t n, int64_t most)
{
	html_rawf(h,
	    "<div class=\"chart shards\">\n<svg class=\"names\" "
	    "xmlns=\"http://www.w3.org/2000/svg\" width=\"264\" height=\"%zu\" "
	    "aria-hidden=\"true\">\n",
	    n * BAR);
	for (size_t i = 0; i < n; i++) {
		const struct task *s = shards[from + i];

		html_rawf(h, "<svg y=\"%zu\" width=\"190\" height=\"%d\"><text x=\"0\" y=\"13\">",
		    i * BAR, BAR);
		html_text(h, short_id(s));
		html_raw(h, " ");
		html_text(h, s->lane);
		html_rawf(h,
		    "</text></svg><text class=\"tick\" x=\"100%%\" dx=\"-10\" y=\"%zu\" "
		    "text-anchor=\"end\">%s ms</text>\n",
		    i * BAR + 13, table_thousands(h->arena, facts_took(h->f, s)));
	}
	html_rawf(h,
	    "</svg>\n<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" width=\"100%%\" "
	    "height=\"%zu\" role=\"img\" aria-labelledby=\"shards-title-%zu shards-desc-%zu\">\n"
	    "<title id=\"shards-title-%zu\">The shards that took longest, %zu to %zu</title>\n"
	    "<desc id=\"shards-desc-%zu\">A bar for each, the longest first: %s ms. The table "
	    "below "
	    "has the same figures.</desc>\n",
	    n * BAR, from, from, from, from + 1, from + n, from,
	    table_thousands(h->arena, facts_took(h->f, shards[from])));
	for (size_t i = 0; i < n; i++)
		shard_bar(h, shards[from + i], most, i * BAR);
	html_raw(h, "</svg>\n</div>\n");
}

static void shard_charts(struct html *h, const struct task **shards, size_t n)
{
	int64_t longest = facts_took(h->f, shards[0]);

	bool lost = false;

	html_raw(h, "<figure>\n");
	for (size_t from = 0; from < n; from += A_SHEET)
		shard_bars(h, shards, from, n - from < A_SHEET ? n - from : A_SHEET,
		    longest > 0 ? longest : 1);
	for (size_t i = 0; i < n; i++)
		lost |= lost_ms(h->f, shards[i]) > 0;
	if (lost)
		html_raw(h, "<figcaption><span><i class=\"key copy\"></i>the attempt that loaded it"
		            "</span> <span><i class=\"key off\"></i>attempts that failed</span>"
		            "</figcaption>\n");
	html_raw(h, "</figure>\n");
}

static void shards_table(struct html *h, const struct task **shards, size_t n)
{
	const struct fold *f = h->f;
	struct html_table t = html_table(h, "Shards, those that took longest first",
	    "shard lane >objects >bytes >rows >took_ms >list_ms >fetch_ms >copy_ms >commit_ms "
	    ">tries >worker verdict");

	for (size_t i = 0; i < n; i++) {
		const struct task *s = shards[i];

		if (!html_row(&t))
			continue;
		html_cell(&t, short_id(s));
		html_cell(&t, s->lane);
		html_number(&t, s->objects);
		html_cell(&t, str_z(table_bytes(h->arena, s->bytes)));
		html_number(&t, s->done.rows);
		html_number(&t, facts_took(f, s));
		html_number(&t, facts_list_ms(f, s));
		html_number(&t, s->done.fetch_ms);
		html_number(&t, s->done.copy_ms);
		html_number(&t, s->done.commit_ms);
		html_number(&t, s->attempts);
		html_number(&t, s->worker);
		html_marked(&t, html_mark_of(s), str_z(html_result(s)));
	}
	html_table_end(&t, "shards");
}

void html_shards(struct html *h)
{
	const struct facts_totals totals = facts_totals(h->f);
	const struct task **shards;
	size_t n = facts_shards(h->f, h->arena, &shards), begun = 0;

	if (n == 0)
		return;
	qsort_r(shards, n, sizeof *shards, by_duration, (void *)(uintptr_t)h->f);
	while (begun < n && begun < HTML_SHARDS && shards[begun]->attempts)
		begun++;
	html_section(h, "shards", "Shards by duration");
	if (begun)
		shard_charts(h, shards, begun);
	if (begun && begun < n)
		html_note(
		    h, "The %zu longest of %s.", begun, table_thousands(h->arena, (long long)n));
	if (totals.parts)
		html_note(h, "%s small objects were joined into %s parts for COPY.",
		    table_thousands(h->arena, totals.objects_joined),
		    table_thousands(h->arena, totals.parts));
	html_details(h, "All shards as a table (%s)", table_thousands(h->arena, (long long)n));
	shards_table(h, shards, n);
	html_details_end(h);
	html_section_end(h);
}
