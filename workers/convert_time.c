/* convert_time.c - DATE, TIMESTAMP and TIMESTAMPTZ out of text or epochs. See convert.h. */
#include "workers/convert.h"

/* Of 2000-01-01, PostgreSQL's zero. */
#define EPOCH_SECONDS INT64_C(946684800)

/* PostgreSQL's range: 4713-11-24 BC to the end of 294276, in microseconds since 2000-01-01. */
#define TIMESTAMP_FIRST INT64_C(-211813488000000000)
#define TIMESTAMP_END INT64_C(9223371331200000000)

/* n digits at s[at]; -1 where they are not. */
static int32_t digits(struct str s, size_t at, size_t n)
{
	int32_t v = 0;

	if (s.n < at + n)
		return -1;
	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

static bool is(struct str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

/*
 * Days from 2000-01-01. Counted in years that begin with March, so that the leap day is the last:
 * then months have 31 30 31 30 31 days, over and over, 153 in each five.
 */
static int32_t days(int32_t year, int32_t month, int32_t day)
{
	int32_t y = month > 2 ? year : year - 1;
	int32_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 730425;
}

/* YYYY-MM-DD at the start of s. */
static bool read_date(struct str s, int32_t *out)
{
	static const int8_t length[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int32_t y = digits(s, 0, 4), m = digits(s, 5, 2), d = digits(s, 8, 2);

	if (y < 1 || m < 1 || m > 12 || d < 1 || !is(s, 4, '-') || !is(s, 7, '-'))
		return false;
	if (d > length[m - 1] || (m == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400))))
		return false;
	*out = days(y, m, d);
	return true;
}

int32_t convert_date(struct str s, char *out, struct convert_error *bad)
{
	int32_t day;

	if (s.n < 10)
		return convert_bad(bad, 1205, "Invalid Date Format - length must be 10 or more");
	/* A time behind the date is ignored. */
	if (!read_date(s, &day) || (s.n > 10 && s.p[10] != ' ' && s.p[10] != 'T'))
		return convert_bad(bad, 1205, "Invalid Date Format or value [YYYY-MM-DD]");
	convert_put32(out, (uint32_t)day);
	return 4;
}

/* HH:MI:SS[.ffffff] from s[at]; *end is behind it. Digits behind the sixth round. */
static bool read_time(struct str s, size_t at, int64_t *micros, size_t *end)
{
	int32_t h = digits(s, at, 2), m = digits(s, at + 3, 2), sec = digits(s, at + 6, 2);
	int64_t fraction = 0, unit = 100000;
	size_t i = at + 8;

	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
		return false;
	if (!is(s, at + 2, ':') || !is(s, at + 5, ':'))
		return false;
	if (is(s, i, '.')) {
		if (digits(s, ++i, 1) < 0)
			return false;
		for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
			fraction += (s.p[i] - '0') * unit;
			if (unit == 1 && digits(s, i + 1, 1) >= 5)
				fraction++;
			unit /= 10;
		}
	}
	*micros = ((h * 60 + m) * 60 + sec) * INT64_C(1000000) + fraction;
	*end = i;
	return true;
}

/* +HH, +HHMM, +HH:MM or nothing, which is UTC, up to the end of s. */
static bool read_offset(struct str s, size_t at, int64_t *seconds)
{
	int32_t h, m = 0;

	*seconds = 0;
	if (at == s.n)
		return true;
	if (!is(s, at, '+') && !is(s, at, '-'))
		return false;
	h = digits(s, at + 1, 2);
	if (s.n == at + 5)
		m = digits(s, at + 3, 2);
	else if (s.n == at + 6 && is(s, at + 3, ':'))
		m = digits(s, at + 4, 2);
	else if (s.n != at + 3)
		return false;
	if (h < 0 || h > 15 || m < 0 || m > 59)
		return false;
	*seconds = (h * 60 + m) * 60 * (is(s, at, '-') ? -1 : 1);
	return true;
}

static bool read_timestamp(struct str s, bool zone, int64_t *out)
{
	int32_t day;
	int64_t micros, offset = 0;
	size_t end;

	if (!read_date(s, &day) || !is(s, 10, ' ') || !read_time(s, 11, &micros, &end))
		return false;
	if (zone ? !read_offset(s, end, &offset) : end != s.n)
		return false;
	*out = (day * INT64_C(86400) - offset) * 1000000 + micros;
	return true;
}

static bool read_epoch(struct str s, int64_t per_second, int64_t *out)
{
	int64_t v;

	return str_to_i64(s, &v) && !__builtin_mul_overflow(v, 1000000 / per_second, &v) &&
	       !__builtin_sub_overflow(v, EPOCH_SECONDS * 1000000, out) &&
	       *out >= TIMESTAMP_FIRST && *out < TIMESTAMP_END;
}

int32_t convert_timestamp(
    const struct convert *c, struct str s, char *out, struct convert_error *bad)
{
	bool zone = c->oid == OID_TIMESTAMPTZ, ok;
	const char *format = zone ? "YYYY-MM-DD HH24:MI:SSOF" : "YYYY-MM-DD HH24:MI:SS";
	int64_t v = 0;

	if (c->time == COPY_TIME_EPOCHSECS) {
		ok = read_epoch(s, 1, &v);
		format = "epochsecs";
	} else if (c->time == COPY_TIME_EPOCHMILLISECS) {
		ok = read_epoch(s, 1000, &v);
		format = "epochmillisecs";
	} else {
		ok = read_timestamp(s, zone, &v);
	}
	if (!ok)
		return convert_bad(bad, 1206, "Invalid timestamp format or value [%s]", format);
	convert_put64(out, (uint64_t)v);
	return 8;
}
