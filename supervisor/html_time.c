/* html_time.c - the time line of the workers, and the same as tables; see html_private.h. */
#include "supervisor/facts.h"
#include "supervisor/html_private.h"
#include "supervisor/table.h"

/* Copies and inserts at least so wide have a name in them, as much of it as there is room for. */
enum { NAMED = CHART_SCALE / 40, AXIS = 22, MESSAGE_SHOWN = 200, MANY = 16 };

static const struct {
	const char *class, *sign, *means;
} ends[CHART_ENDS] = {
    [CHART_DONE] = {"", "", "done"},
    [CHART_OPEN] = {" open", "\xE2\x80\xA6", "not ended"},              /* ... */
    [CHART_FAILED] = {" off", "\xE2\x9C\x95", "failed"},                /* a cross */
    [CHART_DIED] = {" off", "\xE2\x80\xA0", "failed: its worker died"}, /* a dagger */
    [CHART_LEFT] = {" off", "\xE2\x80\x93", "cancelled, rolled back"},  /* a dash */
};

/* Told apart by their height, too. */
static const struct {
	const char *name;
	int percent;
} kinds[] = {{"list", 55}, {"copy", 100}, {"insert", 100}, {"check", 55}, {"other", 30}};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define PER(at) (at) / (CHART_SCALE / 100), (at) % (CHART_SCALE / 100)

static int row_height(const struct chart *c)
{
	return c->rows <= MANY ? 22 : c->rows <= 32 ? 16 : 12;
}

void html_time_axis(struct html *h, int height)
{
	int64_t ticks[CHART_TICKS];
	size_t n = chart_ticks(h->chart.whole, true, 7, ticks);

	for (size_t i = 0; i < n; i++) {
		int at = chart_at(ticks[i], h->chart.whole);
		const char *anchor = at == 0                       ? "start"
		                     : at > CHART_SCALE * 97 / 100 ? "end"
		                                                   : "middle";

		html_rawf(h,
		    "<line class=\"grid\" x1=\"%d.%02d%%\" x2=\"%d.%02d%%\" y1=\"0\" y2=\"%d\"/>"
		    "<text class=\"tick\" x=\"%d.%02d%%\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
		    PER(at), PER(at), height + 4, PER(at), height + 16, anchor,
		    chart_time(h->arena, ticks[i], h->chart.whole));
	}
}

/* ---- by worker ---- */

struct worker {
	int64_t attempts, failed, died, busy, objects, bytes, rows;
};

static struct worker *by_worker(const struct html *h)
{
	const struct fold *f = h->f;
	struct worker *w = arena_alloc(h->arena, (size_t)h->chart.rows * sizeof *w);

	for (size_t i = 0; i < h->chart.n_bars; i++) {
		const struct chart_bar *b = &h->chart.bars[i];

		w[b->row].attempts += (int64_t)b->n;
		w[b->row].failed += b->end == CHART_FAILED ? (int64_t)b->n : 0;
		w[b->row].died += b->end == CHART_DIED ? (int64_t)b->n : 0;
		for (size_t k = 0; k < b->n; k++) {
			const struct fold_attempt *t = &f->attempts[h->chart.order[b->first + k]];

			w[b->row].busy += chart_ended(f, t) - t->began;
		}
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct task *t = &f->tasks[i];

		if (t->kind != TASK_COPY || t->state != TASK_DONE || facts_is_superseded(t) ||
		    t->worker < 1 || t->worker > h->chart.rows)
			continue;
		w[t->worker - 1].objects += t->done.objects;
		w[t->worker - 1].bytes += t->done.bytes;
		w[t->worker - 1].rows += t->done.rows;
	}
	return w;
}

static double busy(const struct html *h, const struct worker *w)
{
	return 100 * (double)w->busy / (double)h->chart.whole;
}

static void workers_table(struct html *h, const struct worker *w)
{
	bool loads = facts_totals(h->f).shards > 0;
	struct html_table t = html_table(h, "What each worker did",
	    loads ? "worker >tasks >failed >died >busy_s >idle_s >busy >objects >bytes >rows"
	          : "worker >tasks >failed >died >busy_s >idle_s >busy");

	for (int i = 0; i < h->chart.rows && html_row(&t); i++) {
		html_cellf(&t, "%d", i + 1);
		html_number(&t, w[i].attempts);
		html_number(&t, w[i].failed);
		html_number(&t, w[i].died);
		html_cell(&t, str_z(html_seconds(h, w[i].busy)));
		html_cell(&t, str_z(html_seconds(h, h->chart.whole - w[i].busy)));
		html_cellf(&t, "%.0f%%", busy(h, &w[i]));
		if (!loads)
			continue;
		html_number(&t, w[i].objects);
		html_cell(&t, str_z(table_bytes(h->arena, w[i].bytes)));
		html_number(&t, w[i].rows);
	}
	html_table_end(&t, "workers");
}

static const char *message_of(struct html *h, const struct fold_attempt *t)
{
	bool cut = t->message.n > MESSAGE_SHOWN;
	const char *means = ends[chart_end_of(t)].means;

	if (t->message.n == 0)
		return means;
	return arena_printf(h->arena, "%s: %.*s%s", means, cut ? MESSAGE_SHOWN : (int)t->message.n,
	    t->message.p, cut ? "..." : "");
}

static void attempts_table(struct html *h)
{
	const struct fold *f = h->f;
	struct html_table t;

	html_details(h, "Every attempt of every task, by worker (%s)",
	    table_thousands(h->arena, (long long)f->n_attempts));
	t = html_table(
	    h, "Attempts, by worker and time", "worker task >attempt >began_s >took_s outcome");
	for (size_t i = 0; i < h->chart.n; i++) {
		const struct fold_attempt *k = &f->attempts[h->chart.order[i]];
		enum chart_end end = chart_end_of(k);

		if (!html_row(&t))
			continue;
		html_cellf(&t, "%d", k->worker);
		html_cell(&t, f->tasks[k->task - 1].name);
		html_number(&t, k->number);
		html_cell(&t, str_z(html_seconds(h, k->began)));
		html_cell(&t, str_z(html_seconds(h, chart_ended(f, k) - k->began)));
		html_marked(&t,
		    end == CHART_DONE                          ? HTML_PLAIN
		    : end == CHART_FAILED || end == CHART_DIED ? HTML_BAD
		                                               : HTML_WARN,
		    str_z(message_of(h, k)));
	}
	html_table_end(&t, "attempts");
	html_details_end(h);
}

/* ---- the chart ---- */

/* What a pointer is told that rests on a bar. */
static void tell(struct html *h, const struct chart_bar *b)
{
	const struct fold_attempt *t = &h->f->attempts[h->chart.order[b->first]];

	html_raw(h, "<title>");
	if (b->n > 1) {
		html_textf(h, "%zu tasks (%s)", b->n, b->kind);
	} else {
		html_text(h, h->f->tasks[t->task - 1].name);
		if (t->number > 1)
			html_textf(h, ", attempt %d", t->number);
	}
	html_textf(h, ", %s to %s s, %s", html_seconds(h, b->began), html_seconds(h, b->ended),
	    b->n > 1 ? ends[b->end].means : message_of(h, t));
	html_raw(h, "</title>");
}

static int height_of(const char *kind, int whole)
{
	size_t k = 0;

	while (k + 1 < COUNT(kinds) && strcmp(kinds[k].name, kind) != 0)
		k++;
	return whole * kinds[k].percent / 100;
}

/* What tells it from its neighbours: its table, or its shard. */
static struct str short_name(const struct html *h, const struct chart_bar *b)
{
	const struct task *t = &h->f->tasks[h->f->attempts[h->chart.order[b->first]].task - 1];

	return b->n > 1               ? str_z(b->kind)
	       : t->kind == TASK_COPY ? (struct str){t->shard.p, t->shard.n < 8 ? t->shard.n : 8}
	                              : t->stem;
}

static void bar(struct html *h, const struct chart_bar *b)
{
	int row = row_height(&h->chart), y = b->row * row, height = height_of(b->kind, row - 4);
	bool named = b->to - b->from >= NAMED && height >= 12;
	const char *place = arena_printf(h->arena,
	    "class=\"b %s%s\" data-n=\"%zu\" x=\"%d.%02d%%\" y=\"%d\" width=\"%d.%02d%%\" "
	    "height=\"%d\"",
	    b->kind, ends[b->end].class, b->n, PER(b->from), y + (row - height) / 2,
	    PER(b->to - b->from), height);

	html_rawf(h, "<%s %s>", named ? "svg" : "rect", place);
	tell(h, b);
	if (named) {
		html_rawf(h, "<rect width=\"100%%\" height=\"100%%\"/><text x=\"4\" y=\"%d\">",
		    height / 2 + 4);
		html_text(h, short_name(h, b));
		html_raw(h, "</text>");
	}
	html_raw(h, named ? "</svg>\n" : "</rect>\n");
}

/* At its end, over what comes next. */
static void sign(struct html *h, const struct chart_bar *b)
{
	int row = row_height(&h->chart);

	html_rawf(h, "<text class=\"sign%s\" x=\"%d.%02d%%\" dx=\"-2\" y=\"%d\">%s</text>\n",
	    b->end == CHART_OPEN ? " open" : "", PER(b->to), b->row * row + row / 2 + 4,
	    ends[b->end].sign);
}

static void names(struct html *h, const struct worker *w)
{
	int height = row_height(&h->chart);

	html_rawf(h,
	    "<svg class=\"names%s\" xmlns=\"http://www.w3.org/2000/svg\" width=\"104\" "
	    "height=\"%d\" aria-hidden=\"true\">\n",
	    height < 16 ? " dense" : "", h->chart.rows * height + AXIS);
	for (int i = 0; i < h->chart.rows; i++)
		html_rawf(h,
		    "<text x=\"0\" y=\"%d\">worker %d</text><text class=\"tick\" x=\"94\" "
		    "y=\"%d\" text-anchor=\"end\">%.0f%%</text>\n",
		    i * height + height / 2 + 4, i + 1, i * height + height / 2 + 4,
		    busy(h, &w[i]));
	html_raw(h, "</svg>\n");
}

static void plot(struct html *h)
{
	const struct chart *c = &h->chart;
	int height = row_height(c), all = c->rows * height;

	html_rawf(h,
	    "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" width=\"100%%\" "
	    "height=\"%d\" role=\"img\" aria-labelledby=\"line-title line-desc\">\n"
	    "<title id=\"line-title\">What every worker did when</title>\n"
	    "<desc id=\"line-desc\">A row for each of %d workers, from the beginning of the run "
	    "to %s s; a bar for each task. The tables below have the same figures.</desc>\n",
	    all + AXIS, c->rows, html_seconds(h, c->whole));
	/* What did not end well is hatched, whatever its colour. */
	html_raw(h, "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
	            "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
	            "<rect class=\"hatch-under\" width=\"6\" height=\"6\"/>"
	            "<rect class=\"hatch-over\" width=\"3\" height=\"6\"/></pattern></defs>\n");
	for (int i = 0; i < c->rows; i++)
		html_rawf(h,
		    "<rect class=\"track\" x=\"0\" y=\"%d\" width=\"100%%\" height=\"%d\"/>",
		    i * height + 2, height - 4);
	html_raw(h, "\n");
	html_time_axis(h, all);
	for (size_t i = 0; i < c->n_pauses; i++) {
		const struct chart_pause *p = &c->pauses[i];
		int y = p->row * height + height - 1;

		html_rawf(h,
		    "<line class=\"pause\" x1=\"%d.%02d%%\" x2=\"%d.%02d%%\" y1=\"%d\" "
		    "y2=\"%d\"/>\n",
		    PER(p->from), PER(p->to), y, y);
	}
	for (size_t i = 0; i < c->n_bars; i++)
		bar(h, &c->bars[i]);
	for (size_t i = 0; i < c->n_bars; i++)
		if (ends[c->bars[i].end].sign[0])
			sign(h, &c->bars[i]);
	html_raw(h, "</svg>\n");
}

/* Of what is there. */
static void legend(struct html *h)
{
	const struct chart *c = &h->chart;
	bool kind[COUNT(kinds)] = {false}, end[CHART_ENDS] = {false};

	for (size_t i = 0; i < c->n_bars; i++) {
		for (size_t k = 0; k < COUNT(kinds); k++)
			kind[k] |= strcmp(kinds[k].name, c->bars[i].kind) == 0;
		end[c->bars[i].end] = true;
	}
	html_raw(h, "<figcaption>");
	for (size_t k = 0; k < COUNT(kinds); k++)
		if (kind[k])
			html_rawf(h, "<span><i class=\"key %s\"></i>%s</span> ", kinds[k].name,
			    k + 1 == COUNT(kinds) ? "other steps" : kinds[k].name);
	for (int k = CHART_OPEN; k < CHART_ENDS; k++)
		if (end[k])
			html_rawf(h, "<span><i class=\"key%s\"></i>%s %s</span> ",
			    k == CHART_OPEN ? " other open" : " off", ends[k].sign, ends[k].means);
	if (c->n_pauses)
		html_raw(h, "<span><i class=\"key wait\"></i>until it is tried again</span> ");
	html_raw(h, "<span class=\"soft\">per cent: busy</span></figcaption>\n");
}

void html_time_line(struct html *h)
{
	struct worker *w;

	if (h->f->n_attempts == 0)
		return;
	w = by_worker(h);
	html_section(h, "workers", "Time line of the workers");
	html_raw(h, "<figure>\n<div class=\"chart\">\n");
	names(h, w);
	plot(h);
	html_raw(h, "</div>\n");
	legend(h);
	html_raw(h, "</figure>\n");
	if (h->chart.rows > MANY)
		html_details(h, "The same as a table (%d workers)", h->chart.rows);
	workers_table(h, w);
	if (h->chart.rows > MANY)
		html_details_end(h);
	attempts_table(h);
	html_section_end(h);
}
