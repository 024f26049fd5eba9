/* html.c - see html.h. The sections are written first: the head names those that there are. */
#include "supervisor/html.h"

#include <errno.h>

#include "shared/clock.h"
#include "shared/file.h"
#include "supervisor/facts.h"
#include "supervisor/html_private.h"
#include "supervisor/next.h"
#include "supervisor/report_verify.h"
#include "supervisor/table.h"

enum { PAGE_MAX = 256 << 20 };

static void fact(struct html *h, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	html_rawf(h, "<div><dt>%s</dt><dd>", name);
	html_text(h, value);
	html_raw(h, "</dd></div>\n");
}

/* "2026-11-23 10:15:00 UTC", where it is a time as we write it. */
static struct str moment(struct html *h, struct str iso)
{
	if (iso.n != 24 || iso.p[10] != 'T' || iso.p[23] != 'Z')
		return iso;
	return str_z(arena_printf(h->arena, "%.10s %.8s UTC", iso.p, iso.p + 11));
}

static struct str called(struct html *h)
{
	const struct msg_strs *w = &h->f->call;
	struct buf b;
	struct str text;

	buf_init(&b, 64 << 10);
	for (size_t i = 0; i < w->n; i++) {
		buf_str(&b, w->v[i]);
		if (i == 0) {
			buf_c(&b, ' ');
			buf_str(&b, h->f->run.command);
		}
		if (i + 1 < w->n)
			buf_c(&b, ' ');
	}
	text = arena_str(h->arena, buf_view(&b));
	buf_free(&b);
	return text;
}

static void facts(struct html *h)
{
	const struct msg_run *r = &h->f->run;
	bool loads = !str_eqz(r->command, REPORT_VERIFY);

	html_raw(h, "<dl class=\"facts\">\n");
	fact(h, "Command", h->f->call.n ? called(h) : r->command);
	fact(h, "Of run", r->of);
	fact(h, "Model", r->model);
	fact(h, "Engine", r->engine);
	fact(h, "Warehouse", r->warehouse);
	fact(h, "Isolation level", h->f->isolation);
	fact(h, "Strategy", loads ? r->strategy : STR(""));
	fact(h, "Workers",
	    str_z(arena_printf(h->arena, "%lld%s", (long long)r->workers,
	        r->fresh ? ", all again (--fresh)" : "")));
	fact(h, "Began", moment(h, r->at));
	fact(h, "Ended", moment(h, h->f->ended ? h->f->end.at : STR("")));
	if (h->f->ended)
		fact(h, "Exit code",
		    str_z(arena_printf(h->arena, "%lld", (long long)h->f->end.exit)));
	html_raw(h, "</dl>\n");
}

static void figure(struct html *h, const char *name, const char *value, const char *more)
{
	html_rawf(h, "<div><dt>%s</dt><dd>", name);
	html_text(h, str_z(value));
	if (more[0]) {
		html_raw(h, " <small>");
		html_text(h, str_z(more));
		html_raw(h, "</small>");
	}
	html_raw(h, "</dd></div>\n");
}

static const char *count(struct html *h, int64_t n, const char *what)
{
	return arena_printf(
	    h->arena, "%s %s%s", table_thousands(h->arena, n), what, n == 1 ? "" : "s");
}

static void figures(struct html *h)
{
	struct facts_totals n = facts_totals(h->f);
	struct facts_phase all = facts_whole(h->f);
	struct arena *a = h->arena;

	html_raw(h, "<dl class=\"figures\">\n");
	figure(h, "Took", arena_printf(a, "%s s", html_seconds(h, facts_duration(h->f))),
	    arena_printf(a, "workers busy %.0f%%", 100 * facts_efficiency(h->f, &all)));
	if (n.shards) {
		figure(h, "Shards",
		    arena_printf(a, "%s of %s", table_thousands(a, n.loaded + n.already),
		        table_thousands(a, n.shards)),
		    n.already ? arena_printf(a, "%s already", table_thousands(a, n.already)) : "");
		figure(h, "Objects", table_thousands(a, n.objects),
		    n.quarantined
		        ? arena_printf(a, "%s in quarantine", table_thousands(a, n.quarantined))
		        : "");
		figure(h, "Bytes", table_bytes(a, n.bytes), "");
		figure(h, "Rows", table_thousands(a, n.rows),
		    n.rejected ? arena_printf(a, "%s rejected", table_thousands(a, n.rejected))
		               : "");
	}
	figure(h, "Tried again", table_thousands(a, n.retries + n.requests_again),
	    arena_printf(
	        a, "%s, %s", count(h, n.retries, "task"), count(h, n.requests_again, "request")));
	if (n.failed + n.blocked + n.left)
		figure(h, "Tasks failed", table_thousands(a, n.failed),
		    arena_printf(a, "%s blocked, %s left", table_thousands(a, n.blocked),
		        table_thousands(a, n.left)));
	html_raw(h, "</dl>\n");
}

/* What stands between backticks is code. */
static void prose(struct html *h, struct str s)
{
	bool code = false;

	while (s.n) {
		size_t n = str_find(s, '`');

		html_text(h, (struct str){s.p, n});
		if (n < s.n) {
			html_raw(h, code ? "</code>" : "<code>");
			code = !code;
			n++;
		}
		s = str_from(s, n);
	}
	if (code)
		html_raw(h, "</code>");
}

static void what_next(struct html *h)
{
	const char *command = next_command(h->f, h->arena);
	struct str advice = str_z(next_advice(h->f, h->arena));

	if (!command)
		return;
	if (str_ends(advice, str_z(command)))
		advice.n -= strlen(command);
	html_raw(h, "<div class=\"next\" role=\"group\" aria-labelledby=\"next\">\n"
	            "<h2 id=\"next\">What to do next</h2>\n<p>");
	prose(h, str_trim(advice));
	html_raw(h, "</p>\n<pre><code>");
	html_text(h, str_z(command));
	html_raw(h, "</code></pre>\n</div>\n");
}

static void outcome(struct html *h)
{
	static const struct {
		const char *word, *says, *class, *sign;
	} words[] = {{"finished", "Finished", "good", "\xE2\x9C\x93 "},
	    {"failed", "Failed", "bad", "\xE2\x9C\x95 "},
	    {"killed", "Killed", "bad", "\xE2\x80\xA0 "},
	    {"running", "Running", "warn", "\xE2\x80\xA6 "}};
	const char *word = facts_word(h->f);
	char *text = NULL;
	size_t n = 0, i = 0;
	FILE *out = open_memstream(&text, &n);

	while (strcmp(words[i].word, word) != 0)
		i++;
	if (!out)
		return;
	report_outcome(h->f, h->arena, out);
	fclose(out);
	html_rawf(h,
	    "<p class=\"outcome\"><span class=\"%s\"><span "
	    "aria-hidden=\"true\">%s</span>%s.</span> ",
	    words[i].class, words[i].sign, words[i].says);
	html_text(h, str_trim((struct str){text, n}));
	html_raw(h, "</p>\n");
	free(text);
}

static void contents(struct html *h, const struct html *body)
{
	html_raw(h, "<nav aria-label=\"Contents\"><ul>\n");
	for (size_t i = 0; i < body->n_sections; i++)
		html_rawf(h, "<li><a href=\"#%s\">%s</a></li>\n", body->sections[i].id,
		    body->sections[i].title);
	html_raw(h, "</ul></nav>\n");
}

static void sections(struct html *h)
{
	html_failures(h);
	html_time_line(h);
	html_phases(h);
	html_usage(h);
	html_bytes(h);
	html_shards(h);
	html_steps(h);
	html_lanes(h);
	html_counts(h);
	html_checks(h);
	html_again(h);
	html_rejected(h);
	html_remarks(h);
}

static void page(struct html *h, const struct html *body)
{
	const struct fold *f = h->f;
	char now[25];

	clock_iso(clock_wall_ms(), now);
	html_raw(h, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\" "
	            "xml:lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	            "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"/>\n"
	            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	            "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
	html_textf(h, "dwh %.*s %.*s: %s", STRF(f->run.command), STRF(f->run.run), facts_word(f));
	html_raw(h, "</title>\n<style>\n");
	html_raw(h, html_style);
	html_raw(h, "</style>\n</head>\n<body>\n<header>\n<h1>");
	html_textf(h, "dwh %.*s \xC2\xB7 %.*s", STRF(f->run.command), STRF(f->run.run));
	html_raw(h, "</h1>\n");
	outcome(h);
	what_next(h);
	figures(h);
	facts(h);
	contents(h, body);
	html_raw(h, "</header>\n<main>\n");
	buf_str(&h->b, buf_view(&body->b));
	html_raw(h, "</main>\n<footer>\n<p>");
	html_text(h, STR("Written from the run's journal, "));
	html_text(h, moment(h, str_z(now)));
	html_textf(h, ". The same as text: dwh report %.*s; for programs: --json, --csv.",
	    STRF(f->run.run));
	html_raw(h, "</p>\n</footer>\n</body>\n</html>\n");
}

static bool cannot_write(const char *path, struct err *e)
{
	static const int names[] = {
	    ENOENT, EACCES, EPERM, ENOTDIR, EISDIR, EROFS, ENAMETOOLONG, ELOOP};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (errno == names[i])
			return err_set(e, ERR_SETUP, AT_USAGE, NULL,
			    "cannot write the report to %s: %s: name a file in a folder that is "
			    "there and may be written to",
			    path, strerror(errno));
	return err_errno(e, ERR_SETUP, AT_INTERNAL, "cannot write the report to %s", path);
}

static bool write_page(const struct buf *b, const char *path, struct err *e)
{
	if (b->over)
		return err_set(e, ERR_SETUP, AT_INTERNAL, NULL,
		    "the page would be larger than %d MB: `dwh report --csv` has it all",
		    PAGE_MAX >> 20);
	if (strcmp(path, "-") == 0) {
		fwrite(b->p, 1, b->n, stdout);
		return true;
	}
	return file_put(path, buf_view(b)) || cannot_write(path, e);
}

bool html_write(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, const char *path, struct err *e)
{
	struct html body = {.f = f, .expect = expect, .n_expect = n_expect, .arena = a};
	struct html whole = body;
	bool ok;

	buf_init(&body.b, PAGE_MAX);
	buf_init(&whole.b, PAGE_MAX);
	body.chart = chart_workers(f, HTML_BARS, a);
	sections(&body);
	page(&whole, &body);
	whole.b.over |= body.b.over;
	ok = write_page(&whole.b, path, e);
	buf_free(&body.b);
	buf_free(&whole.b);
	return ok;
}
