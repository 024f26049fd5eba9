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

/* YYYY-MM-DD at the start of s. */
static bool read_date(struct str s, int32_t *out)
{
	int32_t y = digits(s, 0, 4), m = digits(s, 5, 2), d = digits(s, 8, 2);

	return y >= 1 && s.p[4] == '-' && s.n > 9 && s.p[7] == '-' && timeformat_day(y, m, d, out);
}

static bool read_pattern(const struct timeformat *f, struct str s, struct timeparts *t, size_t *end)
{
	return f->n ? timeformat_read(f, s, t, end) : timeformat_auto(s, t);
}

/* ACCEPTANYDATE: what is no date is NULL. */
static int32_t bad_date(const struct convert *c, struct convert_error *bad)
{
	if (c->any_date)
		return CONVERT_NULL;
	return convert_bad(bad, 1205, "Invalid Date Format or value [%s]", c->time_name);
}

int32_t convert_date(const struct convert *c, struct str s, char *out, struct convert_error *bad)
{
	struct timeparts t;
	size_t end = s.n;

	if (c->date != CONVERT_DATE_DEFAULT) {
		if (!read_pattern(&c->format, s, &t, &end))
			return bad_date(c, bad);
	} else if (s.n < 10 && !c->any_date) {
		return convert_bad(bad, 1205, "Invalid Date Format - length must be 10 or more");
	} else if (!read_date(s, &t.day)) {
		return bad_date(c, bad);
	} else {
		end = 10;
	}
	/* A time behind the date is ignored. */
	if (end < s.n && s.p[end] != ' ' && s.p[end] != 'T')
		return bad_date(c, bad);
	convert_put32(out, (uint32_t)t.day);
	return 4;
}

/* The default: YYYY-MM-DD HH:MI:SS[.ffffff], and with a zone +HH, +HHMM, +HH:MM or nothing. */
static bool read_default(struct str s, bool zone, struct timeparts *t)
{
	size_t end;

	t->offset = 0;
	if (!read_date(s, &t->day) || s.n < 11 || s.p[10] != ' ' ||
	    !timeformat_clock(s, 11, &t->micros, &end))
		return false;
	return end == s.n || (zone && timeformat_offset(s, end, &t->offset, &end) && end == s.n);
}

static bool read_timestamp(const struct convert *c, struct str s, int64_t *out)
{
	bool zone = c->oid == OID_TIMESTAMPTZ;
	struct timeparts t;
	size_t end = s.n;

	if (c->time == COPY_TIME_DEFAULT ? !read_default(s, zone, &t)
	                                 : !read_pattern(&c->format, s, &t, &end) || end != s.n)
		return false;
	/* A zone means nothing to a TIMESTAMP: it holds what the clock there showed. */
	*out = (t.day * INT64_C(86400) - (zone ? t.offset : 0)) * 1000000 + t.micros;
	return true;
}

static bool read_epoch(struct str s, int64_t per_second, int64_t *out)
{
	int64_t v;

	return str_to_i64(s, &v) && !__builtin_mul_overflow(v, 1000000 / per_second, &v) &&
	       !__builtin_sub_overflow(v, EPOCH_SECONDS * 1000000, out);
}

int32_t convert_timestamp(
    const struct convert *c, struct str s, char *out, struct convert_error *bad)
{
	int64_t v = 0;
	bool ok = c->time == COPY_TIME_EPOCHSECS        ? read_epoch(s, 1, &v)
	          : c->time == COPY_TIME_EPOCHMILLISECS ? read_epoch(s, 1000, &v)
	                                                : read_timestamp(c, s, &v);

	if (!ok || v < TIMESTAMP_FIRST || v >= TIMESTAMP_END) {
		if (c->any_date)
			return CONVERT_NULL;
		return convert_bad(
		    bad, 1206, "Invalid timestamp format or value [%s]", c->time_name);
	}
	convert_put64(out, (uint64_t)v);
	return 8;
}
