/* html_private.h - what the files that write the page share; see html.h. */
#ifndef SUPERVISOR_HTML_PRIVATE_H
#define SUPERVISOR_HTML_PRIVATE_H

#include "shared/buf.h"
#include "supervisor/chart.h"
#include "supervisor/html.h"

/* Longest lists; what is beyond is counted, with the command that shows all of it. */
enum { HTML_ROWS = 2000, HTML_BARS = 6000, HTML_SHARDS = 50, HTML_SECTIONS = 24 };

struct html {
	const struct fold *f;
	const struct report_expect *expect;
	size_t n_expect;
	struct arena *arena;
	struct chart chart;
	struct buf b; /* the sections; head and style are put around them */
	struct {
		const char *id, *title;
	} sections[HTML_SECTIONS];
	size_t n_sections;
};

/* The look of the page, and the colours of light and dark. */
extern const char html_style[];

/* ---- text: html_page.c ---- */

void html_raw(struct html *h, const char *markup);
void html_rawf(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Escaped. */
void html_text(struct html *h, struct str s);
void html_textf(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "1.29": milliseconds as the other reports have seconds. In the page's arena. */
const char *html_seconds(const struct html *h, int64_t ms);

/* A part of the page, which the list of its contents names. */
void html_section(struct html *h, const char *id, const char *title);
void html_section_end(struct html *h);
/* <p>, escaped; class may be "". */
void html_note(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What is folded away on a screen, and not on paper. */
void html_details(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_details_end(struct html *h);

/* heads as in table.h; the first column names the row. Cells come row by row. */
struct html_table {
	struct html *h;
	uint32_t right; /* a bit for each column of numbers */
	unsigned n, at;
	size_t rows, left_out;
};

enum html_mark { HTML_PLAIN, HTML_GOOD, HTML_WARN, HTML_BAD };

struct html_table html_table(struct html *h, const char *caption, const char *heads);
/* Before a row: false when the table is as long as it may be, and this row is left out. */
bool html_row(struct html_table *t);
void html_cell(struct html_table *t, struct str text);
void html_cellf(struct html_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_number(struct html_table *t, long long n);
/* With a sign as well as a colour, where it is not plain. */
void html_marked(struct html_table *t, enum html_mark mark, struct str text);
/* what: "shards", "tasks": that were left out. */
void html_table_end(struct html_table *t, const char *what);

/* How good it is what became of a task, or of a check. */
enum html_mark html_mark_of(const struct task *t);
/* What a report says became of it. */
const char *html_result(const struct task *t);

/* ---- the sections; nothing where there is nothing to tell ---- */

void html_time_line(struct html *h); /* html_time.c */
void html_bytes(struct html *h);     /* html_charts.c */
void html_shards(struct html *h);
void html_failures(struct html *h); /* html_parts.c */
void html_phases(struct html *h);
void html_usage(struct html *h);
void html_steps(struct html *h);
void html_counts(struct html *h);
void html_checks(struct html *h);
void html_again(struct html *h);
void html_rejected(struct html *h);
void html_lanes(struct html *h);
void html_remarks(struct html *h);

/* A scale under a chart, with its lines through a plot that is `height` pixels high. */
void html_time_axis(struct html *h, int height);

#endif
