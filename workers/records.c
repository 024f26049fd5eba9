/* records.c - see records.h. */
#include "workers/records.h"

void records_init(struct records *r)
{
	memset(r, 0, sizeof *r);
	jsoncut_init(&r->cut, RECORDS_MAX);
	r->line = 1;
}

void records_free(struct records *r)
{
	jsoncut_free(&r->cut);
}

void records_reset(struct records *r)
{
	jsoncut_reset(&r->cut);
	r->p = NULL;
	r->n = 0;
	r->offset = 0;
	r->line = 1;
	r->ended = r->junk = false;
}

void records_feed(struct records *r, const char *p, size_t n)
{
	r->p = p;
	r->n = n;
}

void records_end(struct records *r)
{
	r->ended = true;
}

size_t records_held(const struct records *r)
{
	return r->cut.open ? r->cut.tail.n : 0;
}

void records_skip(struct records *r, uint64_t bytes, uint64_t lines)
{
	r->offset += bytes;
	r->line += lines;
}

static void pass(struct records *r, size_t n)
{
	r->p += n;
	r->n -= n;
	r->offset += n;
}

struct str records_rest(struct records *r)
{
	if (r->cut.open || r->junk)
		return (struct str){0};
	while (r->n && jsonscan_blank(*r->p)) {
		r->line += *r->p == '\n';
		pass(r, 1);
	}
	return r->n && (*r->p == '{' || *r->p == '[') ? (struct str){r->p, r->n} : (struct str){0};
}

void records_take(struct records *r, size_t n, uint64_t lines)
{
	pass(r, n);
	r->line += lines;
}

static void begin(struct records *r)
{
	r->now.offset = r->offset;
	r->now.first_line = r->line;
}

static enum records_what finish(
    struct records *r, struct record *out, struct str text, const char *reason)
{
	r->now.text = text;
	r->now.line = r->line;
	r->now.reason = reason;
	r->now.code = reason ? 1216 : 0;
	*out = r->now;
	return reason ? RECORDS_BAD : RECORDS_RECORD;
}

static enum records_what end_junk(struct records *r, struct record *out)
{
	struct str text = {r->run, r->shown};

	r->junk = false;
	return finish(r, out, text,
	    r->now.offset == 0 && str_starts(text, STR("\xEF\xBB\xBF"))
	        ? "byte order mark: the file must begin with '{' or '['"
	        : "bytes that are no JSON object or array");
}

static enum records_what take(struct records *r, struct record *out)
{
	struct str text;
	size_t used;
	enum jsoncut_state state = jsoncut_take(&r->cut, r->p, r->n, &used, &text);

	pass(r, used);
	if (state == CUT_MORE)
		return RECORDS_MORE;
	r->line += r->cut.depth.lines;
	return finish(r, out, text, state == CUT_WHOLE ? NULL : "JSON object larger than 4 MB");
}

enum records_what records_next(struct records *r, struct record *out)
{
	while (r->n) {
		char c = *r->p;
		bool blank = jsonscan_blank(c), brace = c == '{' || c == '[';

		if (r->junk && (blank || brace))
			return end_junk(r, out);
		if (r->cut.open || brace) {
			enum records_what what;

			if (!r->cut.open)
				begin(r);
			what = take(r, out);
			if (what == RECORDS_MORE)
				break;
			return what;
		}
		if (blank) {
			r->line += c == '\n';
		} else {
			if (!r->junk) {
				begin(r);
				r->junk = true;
				r->shown = 0;
			}
			if (r->shown < sizeof r->run)
				r->run[r->shown++] = c;
		}
		pass(r, 1);
	}
	if (!r->ended)
		return RECORDS_MORE;
	if (r->junk)
		return end_junk(r, out);
	if (r->cut.open) {
		struct str text = buf_view(&r->cut.tail);

		r->cut.open = false;
		r->line += r->cut.depth.lines;
		if (text.n > JSONCUT_SHOWN)
			text.n = JSONCUT_SHOWN;
		return finish(r, out, text, "the file ends inside a JSON object or array");
	}
	return RECORDS_END;
}
