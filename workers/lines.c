/* lines.c - see lines.h. */
#include "workers/lines.h"

enum {
	FIELD_START, /* CSV: a quote here opens */
	PLAIN,
	QUOTED,
	QUOTED_QUOTE, /* CSV: behind a quote in quotes: it closes, or another doubles it */
	ESCAPED,      /* ESCAPE: behind the backslash */
};

/* A large record's memory is not kept. */
enum { KEPT = 64 << 10 };

void lines_init(struct lines *l, const struct textformat *format)
{
	*l = (struct lines){.format = format};
	buf_init(&l->tail, RECORDS_MAX);
	lines_reset(l);
}

void lines_free(struct lines *l)
{
	buf_free(&l->tail);
}

static void close_record(struct lines *l)
{
	l->open = l->too_big = false;
	l->state = l->format->csv ? FIELD_START : PLAIN;
	if (l->tail.cap > KEPT)
		buf_free(&l->tail);
	else
		buf_reset(&l->tail);
}

void lines_reset(struct lines *l)
{
	close_record(l);
	l->p = NULL;
	l->n = 0;
	l->offset = 0;
	l->line = 1;
	l->ended = false;
}

void lines_skip(struct lines *l, uint64_t bytes, uint64_t lines)
{
	l->offset += bytes;
	l->line += lines;
}

void lines_feed(struct lines *l, const char *p, size_t n)
{
	l->p = p;
	l->n = n;
}

void lines_end(struct lines *l)
{
	l->ended = true;
}

size_t lines_held(const struct lines *l)
{
	return l->tail.n;
}

/* The new line that ends the record, or n. *more: new lines before it, which end nothing. */
static size_t find_end(struct lines *l, uint64_t *more)
{
	const struct textformat *f = l->format;
	size_t i = 0;

	*more = 0;
	if (!f->csv && !f->escape) {
		const char *hit = l->n ? memchr(l->p, '\n', l->n) : NULL;

		return hit ? (size_t)(hit - l->p) : l->n;
	}
	for (; i < l->n; i++) {
		char c = l->p[i];

		if (c == '\n' && l->state != QUOTED && l->state != ESCAPED)
			break;
		*more += c == '\n';
		if (!f->csv)
			l->state = c == '\\' && l->state != ESCAPED ? ESCAPED : PLAIN;
		else if (l->state == QUOTED)
			l->state = c == f->quote ? QUOTED_QUOTE : QUOTED;
		else if (c == f->quote && (l->state == FIELD_START || l->state == QUOTED_QUOTE))
			l->state = QUOTED;
		else if (c == f->delimiter)
			l->state = FIELD_START;
		else if (l->state != FIELD_START || (c != ' ' && c != '\t'))
			l->state = PLAIN;
	}
	return i;
}

static void gather(struct lines *l, size_t n)
{
	if (!l->too_big && n <= l->tail.max - l->tail.n)
		buf_add(&l->tail, l->p, n);
	else
		l->too_big = true;
}

static void pass(struct lines *l, size_t n)
{
	l->p += n;
	l->n -= n;
	l->offset += n;
}

static enum records_what finish(struct lines *l, struct record *out, struct str text)
{
	if (!text.p)
		text = STR("");
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	l->now.line = l->line;
	l->now.reason = NULL;
	l->now.code = 0;
	if (l->too_big || text.n > RECORDS_MAX) {
		l->now.reason = l->state == QUOTED
		                    ? "record larger than 4 MB: a quote is not closed"
		                    : "record larger than 4 MB";
		l->now.code = 1216;
		text.n = text.n < JSONCUT_SHOWN ? text.n : JSONCUT_SHOWN;
	} else if (l->ended && l->state == QUOTED) {
		l->now.reason = "the file ends within quotes";
		l->now.code = 1216;
		text.n = text.n < JSONCUT_SHOWN ? text.n : JSONCUT_SHOWN;
	}
	l->now.text = text;
	*out = l->now;
	return l->now.reason ? RECORDS_BAD : RECORDS_RECORD;
}

enum records_what lines_next(struct lines *l, struct record *out)
{
	enum records_what what;
	struct str text;
	uint64_t more;
	size_t end;

	if (!l->open) /* the last record's text is no longer needed */
		close_record(l);
	if (l->n && !l->open) {
		l->now = (struct record){.offset = l->offset, .first_line = l->line};
		l->open = true;
	}
	end = find_end(l, &more);
	l->line += more;
	if (end < l->n) {
		text = (struct str){l->p, end};
		if (l->tail.n || l->too_big) {
			gather(l, end);
			text = buf_view(&l->tail);
		}
		what = finish(l, out, text);
		pass(l, end + 1);
		l->line++;
		l->open = false;
		return what;
	}
	if (l->n) {
		gather(l, l->n);
		pass(l, l->n);
	}
	if (!l->ended)
		return RECORDS_MORE;
	if (!l->open)
		return RECORDS_END;
	l->open = false;
	return finish(l, out, buf_view(&l->tail));
}
