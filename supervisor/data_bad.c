/*
 * data_bad.c - bad records, one of each case so many times, and what Redshift's COPY says of them.
 *
 * Each is a good record with one value spoilt, behind the good one that it is made of; or bytes
 * that are no record at all. A record cut off by the end of its file is in a file of its own,
 * because its open brace would swallow whatever followed.
 *
 * There is no kind for a missing value: no column of the staging relations is NOT NULL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/data_private.h"

/* Of each case as many as the scale says, but not more: one of MAXERROR's limits must suffice. */
enum { TIMES_MAX = 10, LIST_MAX = 1 << 20 };

enum kind {
	MALFORMED,
	TRUNCATED,
	TYPE,
	OVERFLOW,
	FLOAT,
	TIMESTAMP,
	LONG,
	UTF8,
	GARBAGE,
	ARRAY,
	LARGE,
	KINDS
};

static const char *const kind_names[KINDS] = {"malformed", "truncated", "type", "overflow", "float",
    "timestamp", "long", "utf8", "garbage", "array", "large"};

/* The value of key becomes `value`; without a key value is all there is. */
struct data_bad_case {
	enum kind kind;
	int code;
	const char *key, *value;
	const char *column; /* that the load is to blame; "" where it is none */
	uint32_t letters;   /* instead of value: a string of so many */
	bool event;         /* else a song */
};

static const struct data_bad_case cases[] = {
    {TRUNCATED, 1216, NULL, NULL, "", 0, false},
    {MALFORMED, 1216, "title", "\n\n", "", 0, false},
    {MALFORMED, 1216, "sessionId", "12\n34", "", 0, true},
    {TYPE, 1207, "year", "\"unknown\"", "year", 0, false},
    {TYPE, 1207, "userId", "\"U-15\"", "userid", 0, true},
    {OVERFLOW, 1222, "year", "2147483648", "year", 0, false},
    {OVERFLOW, 1222, "sessionId", "-2147483649", "sessionid", 0, true},
    {FLOAT, 1208, "duration", "\"3:45\"", "duration", 0, false},
    {FLOAT, 1208, "length", "\"long\"", "length", 0, true},
    {TIMESTAMP, 1206, "ts", "\"2018-11-05 17:49:42\"", "ts", 0, true},
    {LONG, 1204, "title", NULL, "title", 513, false},
    {LONG, 1204, "gender", NULL, "gender", 17, true},
    {UTF8, 1220, "artist_name", "\"Caf\xe9 del Norte\"", "artist_name", 0, false},
    {UTF8, 1220, "song", "\"\xed\xa0\x80\"", "song", 0, true},
    {GARBAGE, 1216, NULL, "<html><p>SlowDown</p></html>", "", 0, false},
    {GARBAGE, 1216, NULL, "\"ts\":1541121934796", "", 0, true},
    {ARRAY, 1216, NULL, "[\"ARD7TVE1187B99BFB1\", 2004]", "num_songs", 0, false},
    {LARGE, 1216, "title", NULL, "", 5 << 20, false},
};

enum { CASES = sizeof cases / sizeof cases[0] };

struct data_bad {
	struct {
		const struct data_bad_case *cases[CASES];
		uint32_t n, total; /* cases; bad records of this source, files cut off apart */
		uint32_t good;
	} of[2]; /* songs, events */
	const struct data_bad_case *cut;
	uint32_t times;
	struct buf list;
	int64_t listed;
};

bool data_bad_kinds(const char *names, unsigned *out, struct err *e)
{
	struct str left = str_z(names);
	bool last = false;

	*out = 0;
	while (!last) {
		struct str name = {left.p, str_find(left, ',')};
		int k = 0;

		last = name.n == left.n;
		left = str_from(left, last ? name.n : name.n + 1);
		while (k < KINDS && !str_eqz(name, kind_names[k]))
			k++;
		if (k < KINDS)
			*out |= 1U << k;
		else if (str_eqz(name, "all"))
			*out |= (1U << KINDS) - 1;
		else
			break;
		if (last)
			return true;
	}
	return err_set(e, ERR_SETUP, AT_USAGE, NULL,
	    "kinds of bad records are malformed, truncated, type, overflow, float, timestamp, "
	    "long, "
	    "utf8, garbage, array, large, with commas between them, or all; not \"%s\"",
	    names);
}

struct data_bad *data_bad_new(const struct data_world *w, unsigned kinds)
{
	struct data_bad *b = xcalloc(1, sizeof *b);

	b->times = w->scale < TIMES_MAX ? w->scale : TIMES_MAX;
	b->of[0].good = w->songs;
	b->of[1].good = w->events;
	for (size_t i = 0; i < CASES; i++) {
		const struct data_bad_case *c = &cases[i];

		if (!(kinds & 1U << c->kind))
			continue;
		if (c->kind == TRUNCATED)
			b->cut = c;
		else
			b->of[c->event].cases[b->of[c->event].n++] = c;
	}
	b->of[0].total = b->of[0].n * b->times;
	b->of[1].total = b->of[1].n * b->times;
	buf_init(&b->list, LIST_MAX);
	return b;
}

void data_bad_free(struct data_bad *b)
{
	if (b)
		buf_free(&b->list);
	free(b);
}

/* Where the value of a key of a record ends: values are strings, numbers or null. */
static const char *value_end(const char *p)
{
	if (*p != '"')
		return p + strcspn(p, ",}");
	for (p++; *p != '"'; p++)
		p += *p == '\\';
	return p + 1;
}

static void spoil(const struct data_bad_case *c, struct buf *record)
{
	char name[32];
	struct buf out;
	const char *at, *end;

	buf_init(&out, DATA_BAD_RECORD);
	if (!c->key) {
		buf_z(&out, c->value);
	} else {
		snprintf(name, sizeof name, "\"%s\":", c->key);
		at = strstr(record->p, name) + strlen(name);
		at += *at == ' ';
		end = value_end(at);
		buf_add(&out, record->p, (size_t)(at - record->p));
		if (c->letters) {
			buf_c(&out, '"');
			memset(buf_room(&out, c->letters), 'x', c->letters);
			out.n += c->letters;
			buf_c(&out, '"');
		} else {
			buf_z(&out, c->value);
		}
		buf_z(&out, end);
	}
	buf_free(record);
	*record = out;
}

const struct data_bad_case *data_bad_behind(
    struct data_bad *b, bool event, uint32_t i, struct buf *record)
{
	uint64_t total = b->of[event].total, good = b->of[event].good;
	uint64_t k = i * total / good; /* the k-th of total; each in the middle of its stretch */
	const struct data_bad_case *c;

	if (total == 0 || i != (2 * k + 1) * good / (2 * total))
		return NULL;
	c = b->of[event].cases[k % b->of[event].n];
	spoil(c, record);
	return c;
}

uint32_t data_bad_cut_files(const struct data_bad *b, const struct data_bad_case **out)
{
	*out = b->cut;
	return b->cut ? b->times : 0;
}

void data_bad_note(
    struct data_bad *b, const struct data_bad_case *c, const char *file, uint64_t line)
{
	buf_printf(&b->list,
	    "%s\n    {\"kind\": \"%s\", \"object\": \"%s\", \"line\": %llu, \"column\": \"%s\", "
	    "\"code\": %d}",
	    b->listed++ ? "," : "", kind_names[c->kind], file, (unsigned long long)line, c->column,
	    c->code);
}

struct str data_bad_list(const struct data_bad *b)
{
	return buf_view(&b->list);
}

int64_t data_bad_count(const struct data_bad *b)
{
	return b->listed;
}
