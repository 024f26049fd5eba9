/*
 * timeauto.c - TIMEFORMAT 'auto' and DATEFORMAT 'auto': a date and a time by their looks. See
 * timeformat.h.
 */
#include "shared/timetext.h"

static bool weekday(struct str w)
{
	static const char *const names[] = {
	    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

	for (size_t i = 0; i < 7; i++) {
		struct str name = str_z(names[i]);

		if (str_ieq(w, name) || str_ieq(w, (struct str){name.p, 3}))
			return true;
	}
	return false;
}

/* A text is read from left to right; each thing in it may come once. */
struct seen {
	struct reading r;
	bool date, clock, zone, year, name, day, bc, julian;
	int32_t julian_day;
	int digits_of_year;
};

static bool set_year(struct seen *a, int32_t year, size_t digits)
{
	if (a->year)
		return false;
	a->year = true;
	a->r.year = year;
	a->digits_of_year = (int)digits;
	return true;
}

static bool set_day(struct seen *a, int32_t day)
{
	if (a->day)
		return false;
	a->day = true;
	a->r.day = day;
	return true;
}

/* 1 to n digits of the month, day or year, or a month's name, between separators. */
struct field {
	int32_t v;
	size_t digits; /* 0: a name, v is the month */
};

static bool date_field(struct str s, size_t *at, struct field *out)
{
	size_t from = *at;

	if (from < s.n && letter(s.p[from])) {
		struct str w = timetext_word(s, from);

		*at += w.n;
		*out = (struct field){timetext_month(w), 0};
		return out->v > 0;
	}
	out->v = timetext_number(s, at, 1, 4);
	out->digits = *at - from;
	return out->v >= 0 && !(*at < s.n && digit(s.p[*at]));
}

static bool three_fields(struct seen *a, const struct field f[3])
{
	int name = f[0].digits == 0 ? 0 : f[1].digits == 0 ? 1 : f[2].digits == 0 ? 2 : -1;
	int year = 2, month = 0, day = 1;

	for (int i = 0; i < 3; i++)
		if (f[i].digits == 0 && i != name)
			return false;
	if (f[0].digits > 2) { /* 1996-01-08, 1996-Jan-08 */
		year = 0;
		month = 1;
		day = 2;
	} else if (name == 1 || (name < 0 && f[0].v > 12)) { /* 08-Jan-1996, 17.12.1997 */
		day = 0;
		month = 1;
	} else if (name == 2) {
		return false;
	}
	a->r.month = f[month].v;
	a->name = true;
	a->date = true;
	return f[day].digits <= 2 && set_day(a, f[day].v) && set_year(a, f[year].v, f[year].digits);
}

/* s[*at] begins a date with separators of one kind. */
static bool date_group(struct str s, size_t *at, struct seen *a)
{
	struct field f[3];
	char separator;

	if (!date_field(s, at, &f[0]) || *at >= s.n)
		return false;
	separator = s.p[*at];
	++*at;
	if (separator == '.' && f[0].digits == 4) { /* YYYY.DDD: the day of the year */
		size_t from = *at;
		int32_t day = timetext_number(s, at, 3, 3), first;

		if (day > 0 && !(*at < s.n && digit(s.p[*at])) &&
		    day <= 365 + timetext_leap(f[0].v) && timeformat_day(f[0].v, 1, 1, &first)) {
			a->julian = a->date = true;
			a->julian_day = first + day - 1;
			return true;
		}
		*at = from;
	}
	if (!date_field(s, at, &f[1]) || !is(s, *at, separator))
		return false;
	++*at;
	return !a->date && !a->day && !a->year && !a->name && date_field(s, at, &f[2]) &&
	       three_fields(a, f);
}

/* Digits in one run: YYYYMMDD, YYMMDD, HHMMSS, a year, a day. */
static bool bare_number(struct str s, size_t *at, size_t n, struct seen *a)
{
	struct str run = {s.p + *at, n};
	bool whole = a->date || a->julian;
	size_t i = 0;

	*at += n;
	if ((n == 8 || n == 6) && !whole && !a->day && !a->name) {
		int32_t year = timetext_number(run, &i, n - 4, n - 4);

		a->r.month = timetext_number(run, &i, 2, 2);
		a->name = a->date = true;
		return set_day(a, timetext_number(run, &i, 2, 2)) && set_year(a, year, n - 4);
	}
	if (n == 6 && whole && !a->clock) {
		a->clock = true;
		a->r.hour = timetext_number(run, &i, 2, 2);
		a->r.minute = timetext_number(run, &i, 2, 2);
		a->r.second = timetext_number(run, &i, 2, 2);
		return timetext_fraction(s, at, &a->r.micros);
	}
	if (whole || n > 4)
		return false;
	if (n <= 2 && !a->day)
		return set_day(a, timetext_number(run, &i, n, n));
	return set_year(a, timetext_number(run, &i, n, n), n);
}

static bool clock_time(struct str s, size_t *at, struct seen *a)
{
	if (a->clock)
		return false;
	a->clock = true;
	a->r.hour = timetext_number(s, at, 1, 2);
	if (!is(s, *at, ':'))
		return false;
	++*at;
	a->r.minute = timetext_number(s, at, 2, 2);
	if (!is(s, *at, ':'))
		return a->r.minute >= 0;
	++*at;
	a->r.second = timetext_number(s, at, 2, 2);
	return a->r.minute >= 0 && a->r.second >= 0 && timetext_fraction(s, at, &a->r.micros);
}

static bool any_word(struct str s, size_t *at, struct seen *a)
{
	struct str w = timetext_word(s, *at);
	size_t next = *at + w.n;
	int32_t month = timetext_month(w);

	if (str_ieq(w, STR("J")) && next < s.n && digit(s.p[next]) && !a->date) {
		int32_t day = timetext_number(s, &next, 1, 7);

		*at = next;
		a->julian = a->date = true;
		a->julian_day = day - 2451545; /* of 2000-01-01 */
		return !(next < s.n && digit(s.p[next]));
	}
	if (month && next < s.n && (s.p[next] == '-' || s.p[next] == '/' || s.p[next] == '.'))
		return date_group(s, at, a);
	*at = next;
	if (month && !a->name) {
		a->name = true;
		a->r.month = month;
		return true;
	}
	if (str_ieq(w, STR("T")) && a->date && !a->clock)
		return next < s.n && digit(s.p[next]);
	if (timetext_half(w) && a->clock && !a->r.half) {
		a->r.half = timetext_half(w);
		return true;
	}
	if (str_ieq(w, STR("BC")) || str_ieq(w, STR("AD"))) {
		a->bc = str_ieq(w, STR("BC"));
		return true;
	}
	if (!a->zone && timetext_zone(w, &a->r.offset)) {
		a->zone = true;
		return true;
	}
	return weekday(w);
}

static bool any_number(struct str s, size_t *at, struct seen *a)
{
	size_t n = 0;
	char next;

	while (*at + n < s.n && digit(s.p[*at + n]))
		n++;
	next = *at + n < s.n ? s.p[*at + n] : '\0';
	if (next == ':')
		return clock_time(s, at, a);
	if (!a->date && (next == '-' || next == '/' || next == '.'))
		return date_group(s, at, a);
	return bare_number(s, at, n, a);
}

bool timeformat_auto(struct str s, struct timeparts *out)
{
	struct seen a = {.date = false};

	for (size_t at = 0; at < s.n;) {
		char c = s.p[at];
		bool ok;

		if (c == ' ' || c == '\t' || c == ',') {
			at++;
			continue;
		}
		if (letter(c)) {
			ok = any_word(s, &at, &a);
		} else if (digit(c)) {
			ok = any_number(s, &at, &a);
		} else {
			ok = a.clock && !a.zone && timeformat_offset(s, at, &a.r.offset, &at);
			a.zone = true;
		}
		if (!ok)
			return false;
	}
	if (a.julian) {
		/* A day that timetext_settle() knows stands in for it. */
		if (a.bc || a.year || a.day || a.name)
			return false;
		a.r.year = 2000;
		a.r.month = a.r.day = 1;
	} else if (!a.year || !a.name || !a.day) {
		return false;
	} else if (a.bc) {
		if (a.r.year == 0)
			return false;
		a.r.year = 1 - a.r.year;
	} else if (a.digits_of_year <= 2) {
		a.r.year = timetext_century(a.r.year);
	} else if (a.r.year == 0) {
		return false;
	}
	if (!timetext_settle(&a.r, out))
		return false;
	if (a.julian)
		out->day = a.julian_day;
	return true;
}
