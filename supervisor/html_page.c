/* html_page.c - what the page is made of: text, sections, tables. See html_private.h. */
#include <stdarg.h>

#include "supervisor/facts.h"
#include "supervisor/html_private.h"
#include "supervisor/markup.h"
#include "supervisor/table.h"

void html_raw(struct html *h, const char *markup)
{
	buf_z(&h->b, markup);
}

static const char *format(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	int n;
	char *text;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = arena_alloc(a, (size_t)(n > 0 ? n : 0) + 1);
	vsnprintf(text, (size_t)(n > 0 ? n : 0) + 1, fmt, ap);
	return text;
}

void html_rawf(struct html *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_raw(h, format(h->arena, fmt, ap));
	va_end(ap);
}

void html_text(struct html *h, struct str s)
{
	markup_text(&h->b, s);
}

void html_textf(struct html *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_text(h, str_z(format(h->arena, fmt, ap)));
	va_end(ap);
}

const char *html_seconds(const struct html *h, int64_t ms)
{
	return arena_printf(h->arena, "%.2f", (double)ms / 1000);
}

/* ---- sections ---- */

void html_section(struct html *h, const char *id, const char *title)
{
	if (h->n_sections < HTML_SECTIONS) {
		h->sections[h->n_sections].id = id;
		h->sections[h->n_sections++].title = title;
	}
	html_rawf(h, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, title);
}

void html_section_end(struct html *h)
{
	html_raw(h, "</section>\n");
}

void html_note(struct html *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_raw(h, "<p class=\"note\">");
	html_text(h, str_z(format(h->arena, fmt, ap)));
	html_raw(h, "</p>\n");
	va_end(ap);
}

void html_details(struct html *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_raw(h, "<details><summary>");
	html_text(h, str_z(format(h->arena, fmt, ap)));
	html_raw(h, "</summary>\n");
	va_end(ap);
}

void html_details_end(struct html *h)
{
	html_raw(h, "</details>\n");
}

/* ---- tables ---- */

struct html_table html_table(struct html *h, const char *caption, const char *heads)
{
	struct html_table t = {.h = h};
	struct str left = str_z(heads);

	/* Wider than a narrow screen, it is moved within its frame, by keys, too. */
	html_rawf(h,
	    "<div class=\"wide\" role=\"group\" tabindex=\"0\" aria-label=\"%s\">\n<table>\n"
	    "<caption>%s</caption>\n<thead><tr>",
	    caption, caption);
	while (left.n) {
		size_t n = str_find(left, ' ');
		bool right = left.p[0] == '>';
		char *head = arena_cstr(h->arena, (struct str){left.p + right, n - right});

		for (char *p = head; *p; p++)
			if (*p == '_')
				*p = ' ';
		t.right |= (uint32_t)right << t.n++;
		html_rawf(h, "<th scope=\"col\"%s>%s</th>", right ? " class=\"n\"" : "", head);
		left = str_from(left, n < left.n ? n + 1 : n);
	}
	html_raw(h, "</tr></thead>\n<tbody>\n");
	return t;
}

bool html_row(struct html_table *t)
{
	if (t->rows == HTML_ROWS) {
		t->left_out++;
		return false;
	}
	t->rows++;
	return true;
}

static void begin_cell(struct html_table *t, const char *class)
{
	bool first = t->at == 0;
	const char *right = t->right >> t->at & 1 ? "n" : "";

	html_raw(t->h, first ? "<tr><th scope=\"row\"" : "<td");
	if (class[0] || right[0])
		html_rawf(t->h, " class=\"%s%s\"", right, class);
	html_raw(t->h, ">");
}

static void end_cell(struct html_table *t)
{
	bool first = t->at == 0, last = ++t->at == t->n;

	html_raw(t->h, first ? "</th>" : "</td>");
	if (last) {
		html_raw(t->h, "</tr>\n");
		t->at = 0;
	}
}

void html_cell(struct html_table *t, struct str text)
{
	begin_cell(t, "");
	html_text(t->h, text);
	end_cell(t);
}

void html_cellf(struct html_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_cell(t, str_z(format(t->h->arena, fmt, ap)));
	va_end(ap);
}

void html_number(struct html_table *t, long long n)
{
	html_cell(t, str_z(table_thousands(t->h->arena, n)));
}

void html_marked(struct html_table *t, enum html_mark mark, struct str text)
{
	static const struct {
		const char *class, *sign;
	} marks[] = {[HTML_PLAIN] = {"", ""},
	    [HTML_GOOD] = {"good", "\xE2\x9C\x93 "}, /* a tick */
	    [HTML_WARN] = {"warn", "! "},
	    [HTML_BAD] = {"bad", "\xE2\x9C\x95 "}}; /* a cross */

	begin_cell(t, marks[mark].class);
	if (mark)
		html_rawf(t->h, "<span aria-hidden=\"true\">%s</span>", marks[mark].sign);
	html_text(t->h, text);
	end_cell(t);
}

void html_table_end(struct html_table *t, const char *what)
{
	html_raw(t->h, "</tbody>\n</table>\n</div>\n");
	if (t->left_out)
		html_note(t->h, "and %s more %s: dwh report %.*s --csv",
		    table_thousands(t->h->arena, (long long)t->left_out), what,
		    STRF(t->h->f->run.run));
}

/* ---- tasks ---- */

const char *html_result(const struct task *t)
{
	if (t->kind == TASK_COPY)
		return facts_verdict(t);
	if (t->done.skipped)
		return "up to date";
	return t->state == TASK_DONE && t->done.verdict.n ? t->done.verdict.p
	                                                  : task_state_name(t->state);
}

enum html_mark html_mark_of(const struct task *t)
{
	static const char *const good[] = {"VERIFIED", "pass", "valid"};
	static const char *const warn[] = {"UNVERIFIED", "warn", "borne"};
	static const char *const bad[] = {"MISMATCH", "fail", "rejected"};

	if (t->state == TASK_FAILED || t->state == TASK_BLOCKED)
		return HTML_BAD;
	if (t->state != TASK_DONE)
		return t->state == TASK_BACKOFF || t->state == TASK_LEFT ? HTML_WARN : HTML_PLAIN;
	for (size_t i = 0; i < 3; i++) {
		if (str_eqz(t->done.verdict, good[i]))
			return HTML_GOOD;
		if (str_eqz(t->done.verdict, warn[i]))
			return HTML_WARN;
		if (str_eqz(t->done.verdict, bad[i]))
			return HTML_BAD;
	}
	return HTML_PLAIN;
}
