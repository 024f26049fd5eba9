/*
 * data_json.c - records as the real files spell them: ASCII only, slashes escaped, no blanks, keys
 * in alphabetical order (but for some songs); fractions with one digit at least and no final zeros.
 */
#include <stdlib.h>
#include <string.h>

#include "shared/utf8.h"
#include "supervisor/data_private.h"

static uint32_t code_point(const unsigned char *p, size_t n)
{
	switch (n) {
	case 1: return p[0];
	case 2: return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3: return (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	default:
		return (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 |
		       (p[3] & 0x3fu);
	}
}

static void add_text(struct buf *b, const char *z)
{
	struct str s = str_z(z);

	buf_c(b, '"');
	while (s.n) {
		size_t n = utf8_len(s);
		uint32_t c = code_point((const unsigned char *)s.p, n ? n : 1);

		if (c == '"' || c == '\\' || c == '/')
			buf_printf(b, "\\%c", (int)c);
		else if (c == '\t')
			buf_z(b, "\\t");
		else if (c >= 0x10000)
			buf_printf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			    0xdc00 + ((c - 0x10000) & 0x3ff));
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(b, "\\u%04x", c);
		else
			buf_c(b, (char)c);
		s = str_from(s, n ? n : 1);
	}
	buf_c(b, '"');
}

static void add_text_or_null(struct buf *b, const char *z)
{
	if (z)
		add_text(b, z);
	else
		buf_z(b, "null");
}

static void add_text_or_number(struct buf *b, const char *z, bool number)
{
	if (number)
		buf_z(b, z);
	else
		add_text_or_null(b, z);
}

/* n / 100000. */
static void add_fraction(struct buf *b, int32_t n)
{
	int32_t rest = abs(n % 100000);
	int digits = 5;

	while (digits > 1 && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	buf_printf(b, "%s%d.%0*d", n < 0 ? "-" : "", abs(n / 100000), digits, rest);
}

static void add_place(struct buf *b, bool known, int32_t n)
{
	if (known)
		add_fraction(b, n);
	else
		buf_z(b, "null");
}

static void add_song_value(struct buf *b, const struct data_song *s, const char *key)
{
	if (strcmp(key, "artist_id") == 0)
		add_text(b, s->artist_id);
	else if (strcmp(key, "artist_latitude") == 0)
		add_place(b, s->has_place, s->latitude);
	else if (strcmp(key, "artist_location") == 0)
		add_text_or_number(b, s->artist_location, s->location_number);
	else if (strcmp(key, "artist_longitude") == 0)
		add_place(b, s->has_place, s->longitude);
	else if (strcmp(key, "artist_name") == 0)
		add_text_or_number(b, s->artist_name, s->name_number);
	else if (strcmp(key, "duration") == 0)
		add_fraction(b, s->duration);
	else if (strcmp(key, "num_songs") == 0)
		buf_c(b, '1');
	else if (strcmp(key, "song_id") == 0)
		add_text(b, s->song_id);
	else if (strcmp(key, "title") == 0)
		add_text_or_number(b, s->title, s->title_number);
	else
		buf_printf(b, "%d", s->year);
}

void data_json_song(struct buf *b, const struct data_song *s)
{
	static const char *const orders[2][10] = {
	    {"artist_id", "artist_latitude", "artist_location", "artist_longitude", "artist_name",
	        "duration", "num_songs", "song_id", "title", "year"},
	    {"num_songs", "artist_id", "artist_latitude", "artist_longitude", "artist_location",
	        "artist_name", "song_id", "title", "duration", "year"},
	};
	const char *blank = s->wide ? " " : "";

	for (int i = 0; i < 10; i++) {
		const char *key = orders[s->wide][i];

		buf_printf(b, "%s%s\"%s\":%s", i ? "," : "{", i ? blank : "", key, blank);
		add_song_value(b, s, key);
	}
	buf_c(b, '}');
}

void data_json_event(struct buf *b, const struct data_event *v)
{
	buf_z(b, "{\"artist\":");
	add_text_or_null(b, v->artist);
	buf_z(b, ",\"auth\":");
	add_text(b, v->auth);
	buf_z(b, ",\"firstName\":");
	add_text_or_null(b, v->first_name);
	buf_z(b, ",\"gender\":");
	add_text_or_null(b, v->gender);
	buf_printf(b, ",\"itemInSession\":%u,\"lastName\":", v->item);
	add_text_or_null(b, v->last_name);
	buf_z(b, ",\"length\":");
	if (v->song)
		add_fraction(b, v->length);
	else
		buf_z(b, "null");
	buf_z(b, ",\"level\":");
	add_text(b, v->level);
	buf_z(b, ",\"location\":");
	add_text_or_null(b, v->location);
	buf_z(b, ",\"method\":");
	add_text(b, v->method);
	buf_z(b, ",\"page\":");
	add_text(b, v->page);
	buf_z(b, ",\"registration\":");
	if (v->logged_in)
		buf_printf(b, "%lld.0", (long long)v->registration);
	else
		buf_z(b, "null");
	buf_printf(b, ",\"sessionId\":%u,\"song\":", v->session);
	add_text_or_null(b, v->song);
	buf_printf(b, ",\"status\":%d,\"ts\":%lld,\"userAgent\":", v->status, (long long)v->ts);
	add_text_or_null(b, v->agent);
	if (v->logged_in)
		buf_printf(b, ",\"userId\":\"%u\"}", v->user_id);
	else
		buf_z(b, ",\"userId\":\"\"}");
}
