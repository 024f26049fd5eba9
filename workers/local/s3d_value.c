/* s3d_value.c - see s3d_value.h. */
#include "workers/local/s3d_value.h"

#include <stdio.h>
#include <time.h>

bool s3d_url_decode(struct arena *a, struct str in, bool plus, struct str *out)
{
	char *to;
	size_t n = 0;

	if (str_find(in, '%') == in.n && (!plus || str_find(in, '+') == in.n)) {
		*out = in;
		return str_find(in, '\0') == in.n;
	}
	to = arena_alloc(a, in.n + 1);
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			int hi = i + 2 < in.n ? str_hex_digit(in.p[i + 1]) : -1;
			int lo = i + 2 < in.n ? str_hex_digit(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return false;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		to[n++] = c;
	}
	*out = (struct str){to, n};
	return true;
}

static bool stands_for_itself(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '*' || c == '_' || c == '/';
}

void s3d_url_encode(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	while (s.n) {
		size_t n = 0;
		unsigned char c;

		while (n < s.n && stands_for_itself((unsigned char)s.p[n]))
			n++;
		buf_add(out, s.p, n);
		s = str_from(s, n);
		if (s.n == 0)
			break;
		c = (unsigned char)s.p[0];
		if (c == ' ') {
			buf_c(out, '+');
		} else {
			char esc[3] = {'%', hex[c >> 4], hex[c & 15]};

			buf_add(out, esc, 3);
		}
		s = str_from(s, 1);
	}
}

bool s3d_params(struct arena *a, struct str query, struct s3d_param **params, size_t *n)
{
	size_t cap = 0;

	*params = NULL;
	*n = 0;
	while (query.n) {
		struct str one = {query.p, str_find(query, '&')};
		size_t eq = str_find(one, '=');
		struct s3d_param *p;

		query = str_from(query, one.n + 1);
		if (one.n == 0)
			continue;
		*params = arena_grow(a, *params, *n, &cap, sizeof **params);
		p = &(*params)[*n];
		if (!s3d_url_decode(a, (struct str){one.p, eq}, true, &p->name) ||
		    !s3d_url_decode(a, str_from(one, eq + 1), true, &p->value))
			return false;
		(*n)++;
	}
	return true;
}

const struct str *s3d_param_get(const struct s3d_param *params, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(params[i].name, name))
			return &params[i].value;
	return NULL;
}

/* Digits only; a number too large for an object is as good as the largest. */
static bool position(struct str s, int64_t *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	if (!str_to_i64(s, out))
		*out = INT64_MAX;
	return s.n > 0;
}

enum s3d_range s3d_range(struct str value, int64_t size, int64_t *first, int64_t *n)
{
	struct str from, to;
	size_t dash;
	int64_t a = 0, b = 0;

	if (value.n < 6 || !str_ieq((struct str){value.p, 6}, STR("bytes=")))
		return S3D_RANGE_ALL;
	value = str_trim(str_from(value, 6));
	dash = str_find(value, '-');
	if (dash == value.n)
		return S3D_RANGE_ALL;
	from = (struct str){value.p, dash};
	to = str_from(value, dash + 1);
	if (from.n == 0) {
		if (!position(to, &b))
			return S3D_RANGE_ALL;
		if (b == 0 || size == 0)
			return S3D_RANGE_BAD;
		*n = b < size ? b : size;
		*first = size - *n;
		return S3D_RANGE_PART;
	}
	if (!position(from, &a) || (to.n && !position(to, &b)))
		return S3D_RANGE_ALL;
	if (to.n && b < a)
		return S3D_RANGE_ALL;
	if (a >= size)
		return S3D_RANGE_BAD;
	*first = a;
	*n = (to.n && b < size ? b + 1 : size) - a;
	return S3D_RANGE_PART;
}

static struct str bare_etag(struct str s)
{
	s = str_trim(s);
	if (str_starts(s, STR("W/")))
		s = str_from(s, 2);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = (struct str){s.p + 1, s.n - 2};
	return s;
}

bool s3d_etag_listed(struct str list, struct str etag)
{
	if (str_eq(str_trim(list), STR("*")))
		return true;
	while (list.n) {
		size_t comma = str_find(list, ',');

		if (str_eq(bare_etag((struct str){list.p, comma}), etag))
			return true;
		list = str_from(list, comma + 1);
	}
	return false;
}

static const char months[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void s3d_date_http(int64_t unix_s, char out[30])
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year > 8099 || tm.tm_year < 0) {
		t = 0;
		gmtime_r(&t, &tm);
	}
	snprintf(out, 30, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
	    (unsigned)tm.tm_mday % 100u, months[tm.tm_mon % 12], (unsigned)tm.tm_year + 1900u,
	    (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
}

static bool digits(struct str s, size_t at, size_t n, int *out)
{
	*out = 0;
	for (size_t i = at; i < at + n; i++) {
		if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

static bool to_unix(struct tm *tm, int64_t *unix_s)
{
	if (tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1 || tm->tm_mday > 31 ||
	    tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
		return false;
	*unix_s = (int64_t)timegm(tm);
	return true;
}

bool s3d_date_parse(struct str s, int64_t *unix_s)
{
	struct tm tm = {.tm_mon = -1};
	int year;

	/* "Sat, 01 Aug 2026 12:00:00 GMT" */
	if (s.n != 29 || !str_ends(s, STR(" GMT")) || !digits(s, 5, 2, &tm.tm_mday) ||
	    !digits(s, 12, 4, &year) || !digits(s, 17, 2, &tm.tm_hour) ||
	    !digits(s, 20, 2, &tm.tm_min) || !digits(s, 23, 2, &tm.tm_sec))
		return false;
	for (int i = 0; i < 12; i++)
		if (str_ieq((struct str){s.p + 8, 3}, (struct str){months[i], 3}))
			tm.tm_mon = i;
	tm.tm_year = year - 1900;
	return to_unix(&tm, unix_s);
}

bool s3d_date_parse_basic(struct str s, int64_t *unix_s)
{
	struct tm tm = {0};
	int year, month;

	if (s.n != 16 || s.p[8] != 'T' || s.p[15] != 'Z' || !digits(s, 0, 4, &year) ||
	    !digits(s, 4, 2, &month) || !digits(s, 6, 2, &tm.tm_mday) ||
	    !digits(s, 9, 2, &tm.tm_hour) || !digits(s, 11, 2, &tm.tm_min) ||
	    !digits(s, 13, 2, &tm.tm_sec))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	return to_unix(&tm, unix_s);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void s3d_base64(struct buf *out, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)bytes[i] << 16;
		char quad[4];

		if (i + 1 < n)
			v |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < n)
			v |= bytes[i + 2];
		quad[0] = alphabet[v >> 18];
		quad[1] = alphabet[v >> 12 & 63];
		quad[2] = i + 1 < n ? alphabet[v >> 6 & 63] : '=';
		quad[3] = i + 2 < n ? alphabet[v & 63] : '=';
		buf_add(out, quad, 4);
	}
}

int s3d_base64_decode(struct str in, unsigned char *out, size_t max)
{
	size_t n = 0, pad = 0;

	if (in.n % 4)
		return -1;
	while (pad < 2 && in.n > pad && in.p[in.n - 1 - pad] == '=')
		pad++;
	if (in.n / 4 * 3 - pad > max)
		return -1;
	for (size_t i = 0; i < in.n; i += 4) {
		uint32_t v = 0;

		for (size_t j = i; j < i + 4; j++) {
			const char *hit = in.p[j] ? strchr(alphabet, in.p[j]) : NULL;

			if (!hit && !(j >= in.n - pad))
				return -1;
			v = v << 6 | (hit ? (uint32_t)(hit - alphabet) : 0);
		}
		for (int k = 16; k >= 0 && n < in.n / 4 * 3 - pad; k -= 8)
			out[n++] = (unsigned char)(v >> k);
	}
	return (int)n;
}
