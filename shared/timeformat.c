/* timeformat.c - see timeformat.h: the calendar, patterns, and the recognition of 'auto'. */
#include "shared/timeformat.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is(struct str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

/* From least to most digits at s[*at]; -1 where they are not. */
static int32_t number(struct str s, size_t *at, size_t least, size_t most)
{
	size_t i = *at;
	int32_t v = 0;

	for (; i < s.n && i - *at < most && digit(s.p[i]); i++)
		v = v * 10 + (s.p[i] - '0');
	if (i - *at < least)
		return -1;
	*at = i;
	return v;
}

/* ---- the calendar ---- */

/*
 * Counted in years that begin with March, so that the leap day is the last: then months have
 * 31 30 31 30 31 days, over and over, 153 in each five. The years begin in 4801 BC, to stay
 * positive.
 */
static int32_t day_number(int32_t year, int32_t month, int32_t day)
{
	int32_t y = (month > 2 ? year : year - 1) + 4800;
	int32_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 2483589;
}

static bool leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool timeformat_day(int32_t year, int32_t month, int32_t day, int32_t *out)
{
	static const int8_t length[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (year < -4711 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > length[month - 1] || (month == 2 && day == 29 && !leap(year)))
		return false;
	*out = day_number(year, month, day);
	return true;
}

/* ---- what patterns and 'auto' share ---- */

/* A point and digits, or nothing: microseconds, rounded. */
static bool fraction(struct str s, size_t *at, int64_t *micros)
{
	int64_t unit = 100000;

	*micros = 0;
	if (!is(s, *at, '.'))
		return true;
	if (++*at == s.n || !digit(s.p[*at]))
		return false;
	for (; *at < s.n && digit(s.p[*at]); ++*at) {
		*micros += (s.p[*at] - '0') * unit;
		if (unit == 1 && *at + 1 < s.n && digit(s.p[*at + 1]) && s.p[*at + 1] >= '5')
			++*micros;
		unit /= 10;
	}
	return true;
}

bool timeformat_clock(struct str s, size_t at, int64_t *micros, size_t *end)
{
	int32_t h, m, sec;
	int64_t f;

	h = number(s, &at, 2, 2);
	if (h < 0 || h > 23 || !is(s, at, ':'))
		return false;
	at++;
	m = number(s, &at, 2, 2);
	if (m < 0 || m > 59 || !is(s, at, ':'))
		return false;
	at++;
	sec = number(s, &at, 2, 2);
	if (sec < 0 || sec > 59 || !fraction(s, &at, &f))
		return false;
	*micros = ((h * 60 + m) * 60 + sec) * INT64_C(1000000) + f;
	*end = at;
	return true;
}

bool timeformat_offset(struct str s, size_t at, int32_t *seconds, size_t *end)
{
	bool west = is(s, at, '-');
	size_t from = at + 1;
	int32_t h, m = 0;

	if (!west && !is(s, at, '+'))
		return false;
	at = from;
	h = number(s, &at, 1, 2);
	if (h < 0 || h > 15)
		return false;
	if (is(s, at, ':') || (at == from + 2 && at < s.n && digit(s.p[at]))) {
		at += s.p[at] == ':';
		m = number(s, &at, 2, 2);
		if (m < 0 || m > 59)
			return false;
	}
	*seconds = (h * 60 + m) * 60 * (west ? -1 : 1);
	*end = at;
	return true;
}

static struct str word_at(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && letter(s.p[at + n]))
		n++;
	return (struct str){s.p + at, n};
}

/* 1 to 12, or 0: a month's name, whole or its first three letters (and Sept). */
static int32_t month_of(struct str w)
{
	static const char *const names[] = {"january", "february", "march", "april", "may", "june",
	    "july", "august", "september", "october", "november", "december"};

	for (int32_t i = 0; i < 12; i++) {
		struct str name = str_z(names[i]);

		if (str_ieq(w, name) || str_ieq(w, (struct str){name.p, 3}))
			return i + 1;
	}
	return str_ieq(w, STR("sept")) ? 9 : 0;
}

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

/* Names of zones with one meaning for nearly everybody, in minutes east of UTC. */
static bool zone_of(struct str w, int32_t *seconds)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {{"Z", 0}, {"UTC", 0}, {"GMT", 0}, {"UT", 0}, {"WET", 0}, {"WEST", 60},
	    {"BST", 60}, {"CET", 60}, {"MET", 60}, {"CEST", 120}, {"MEST", 120}, {"EET", 120},
	    {"EEST", 180}, {"MSK", 180}, {"JST", 540}, {"KST", 540}, {"AWST", 480}, {"AEST", 600},
	    {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"AST", -240}, {"ADT", -180},
	    {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420},
	    {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480},
	    {"HST", -600}};

	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
		if (str_ieq(w, str_z(zones[i].name))) {
			*seconds = zones[i].minutes * 60;
			return true;
		}
	return false;
}

static int32_t century(int32_t year)
{
	return year + (year < 70 ? 2000 : 1900);
}

/* 12 at night is 0, 1 in the afternoon 13. half: 'a', 'p', or 0 where neither was said. */
static bool half_day(int32_t *hour, char half)
{
	if (half && (*hour < 1 || *hour > 12))
		return false;
	if (half == 'p' && *hour < 12)
		*hour += 12;
	else if (half == 'a' && *hour == 12)
		*hour = 0;
	return true;
}

static char half_of(struct str w)
{
	return str_ieq(w, STR("am")) ? 'a' : str_ieq(w, STR("pm")) ? 'p' : '\0';
}

/* ---- patterns ---- */

enum part {
	PART_YEAR4 = 128,
	PART_YEAR2,
	PART_MONTH,
	PART_NAME,
	PART_DAY,
	PART_HOUR,
	PART_HOUR12,
	PART_MINUTE,
	PART_SECOND,
	PART_HALF,
	PART_ZONE
};

/* The longer of two that begin alike comes first. */
static const struct {
	const char *name;
	enum part part;
} parts[] = {{"YYYY", PART_YEAR4}, {"YY", PART_YEAR2}, {"MON", PART_NAME}, {"MM", PART_MONTH},
    {"MI", PART_MINUTE}, {"DD", PART_DAY}, {"HH24", PART_HOUR}, {"HH12", PART_HOUR12},
    {"HH", PART_HOUR}, {"SS", PART_SECOND}, {"AM", PART_HALF}, {"PM", PART_HALF}, {"OF", PART_ZONE},
    {"TZ", PART_ZONE}};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool has(const struct timeformat *f, enum part part)
{
	for (uint8_t i = 0; i < f->n; i++)
		if (f->part[i] == part)
			return true;
	return false;
}

const char *timeformat_parse(struct str pattern, struct timeformat *out)
{
	struct timeformat f = {.n = 0};

	for (size_t i = 0; i < pattern.n;) {
		size_t k = 0;
		char c = pattern.p[i];

		if (f.n == sizeof f.part)
			return "it is too long";
		while (k < COUNT(parts)) {
			size_t n = strlen(parts[k].name);

			if (pattern.n - i >= n &&
			    str_ieq((struct str){pattern.p + i, n}, str_z(parts[k].name)))
				break;
			k++;
		}
		if (k < COUNT(parts)) {
			if (parts[k].part != PART_HALF && has(&f, parts[k].part))
				return "a part stands in it twice";
			f.part[f.n++] = (uint8_t)parts[k].part;
			i += strlen(parts[k].name);
			continue;
		}
		if (c & 0x80 || digit(c) || (letter(c) && c != 'T'))
			return "its parts are YYYY YY MM MON DD HH HH24 HH12 MI SS AM PM, with "
			       "separators between them (a fraction of the second needs none)";
		/* Blanks that follow one another are one. */
		if (c != ' ' || f.n == 0 || f.part[f.n - 1] != ' ')
			f.part[f.n++] = (uint8_t)c;
		i++;
	}
	if (!(has(&f, PART_YEAR4) || has(&f, PART_YEAR2)) ||
	    !(has(&f, PART_MONTH) || has(&f, PART_NAME)) || !has(&f, PART_DAY))
		return "it lacks the year, the month or the day";
	*out = f;
	return NULL;
}

struct reading {
	int32_t year, month, day, hour, minute, second, offset;
	int64_t micros;
	char half;
};

static bool read_word(struct str s, size_t *at, enum part part, struct reading *r)
{
	struct str w = word_at(s, *at);

	if (part == PART_NAME) {
		r->month = month_of(w);
		/* Glued to what follows, as in 08Jan1996T04: the first three letters count. */
		if (r->month == 0 && w.n > 3) {
			w.n = 3;
			r->month = month_of(w);
		}
		*at += w.n;
		return r->month > 0;
	}
	if (part == PART_HALF) {
		if (w.n > 2)
			w.n = 2;
		r->half = half_of(w);
		*at += w.n;
		return r->half != '\0';
	}
	if (w.n == 0)
		return timeformat_offset(s, *at, &r->offset, at);
	*at += w.n;
	return zone_of(w, &r->offset);
}

static bool read_part(struct str s, size_t *at, enum part part, struct reading *r)
{
	int32_t *to = NULL;
	size_t most = 2;

	switch (part) {
	case PART_YEAR4: most = 4; __attribute__((fallthrough));
	case PART_YEAR2: to = &r->year; break;
	case PART_MONTH: to = &r->month; break;
	case PART_DAY: to = &r->day; break;
	case PART_HOUR:
	case PART_HOUR12: to = &r->hour; break;
	case PART_MINUTE: to = &r->minute; break;
	case PART_SECOND: to = &r->second; break;
	case PART_NAME:
	case PART_HALF:
	case PART_ZONE: return read_word(s, at, part, r);
	}
	*to = number(s, at, most == 4 ? 4 : part == PART_YEAR2 ? 2 : 1, most);
	if (*to < 0 || (part == PART_HOUR12 && (*to < 1 || *to > 12)))
		return false;
	if (part == PART_YEAR2)
		r->year = century(r->year);
	if (part == PART_YEAR4 && r->year == 0)
		return false;
	return part != PART_SECOND || fraction(s, at, &r->micros);
}

static bool settle(struct reading *r, struct timeparts *out)
{
	struct timeparts t = {.offset = r->offset};

	if (!timeformat_day(r->year, r->month, r->day, &t.day) || !half_day(&r->hour, r->half) ||
	    r->hour > 23 || r->minute > 59 || r->second > 59)
		return false;
	t.micros = ((r->hour * 60 + r->minute) * 60 + r->second) * INT64_C(1000000) + r->micros;
	*out = t;
	return true;
}

bool timeformat_read(const struct timeformat *f, struct str s, struct timeparts *out, size_t *end)
{
	struct reading r = {.year = 0};
	size_t at = 0;

	for (uint8_t i = 0; i < f->n; i++) {
		uint8_t part = f->part[i];

		if (part >= PART_YEAR4) {
			if (!read_part(s, &at, (enum part)part, &r))
				return false;
		} else if (!is(s, at, (char)part)) {
			return false;
		} else {
			do
				at++;
			while (part == ' ' && is(s, at, ' '));
		}
	}
	/* The hour of HH12 without AM or PM is as it stands; 12 is noon. */
	*end = at;
	return settle(&r, out);
}

/* ---- 'auto' ---- */

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
		struct str w = word_at(s, from);

		*at += w.n;
		*out = (struct field){month_of(w), 0};
		return out->v > 0;
	}
	out->v = number(s, at, 1, 4);
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
		int32_t day = number(s, at, 3, 3), first;

		if (day > 0 && !(*at < s.n && digit(s.p[*at])) && day <= 365 + leap(f[0].v) &&
		    timeformat_day(f[0].v, 1, 1, &first)) {
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
		int32_t year = number(run, &i, n - 4, n - 4);

		a->r.month = number(run, &i, 2, 2);
		a->name = a->date = true;
		return set_day(a, number(run, &i, 2, 2)) && set_year(a, year, n - 4);
	}
	if (n == 6 && whole && !a->clock) {
		a->clock = true;
		a->r.hour = number(run, &i, 2, 2);
		a->r.minute = number(run, &i, 2, 2);
		a->r.second = number(run, &i, 2, 2);
		return fraction(s, at, &a->r.micros);
	}
	if (whole || n > 4)
		return false;
	if (n <= 2 && !a->day)
		return set_day(a, number(run, &i, n, n));
	return set_year(a, number(run, &i, n, n), n);
}

static bool clock_time(struct str s, size_t *at, struct seen *a)
{
	if (a->clock)
		return false;
	a->clock = true;
	a->r.hour = number(s, at, 1, 2);
	if (!is(s, *at, ':'))
		return false;
	++*at;
	a->r.minute = number(s, at, 2, 2);
	if (!is(s, *at, ':'))
		return a->r.minute >= 0;
	++*at;
	a->r.second = number(s, at, 2, 2);
	return a->r.minute >= 0 && a->r.second >= 0 && fraction(s, at, &a->r.micros);
}

static bool any_word(struct str s, size_t *at, struct seen *a)
{
	struct str w = word_at(s, *at);
	size_t next = *at + w.n;
	int32_t month = month_of(w);

	if (str_ieq(w, STR("J")) && next < s.n && digit(s.p[next]) && !a->date) {
		int32_t day = number(s, &next, 1, 7);

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
	if (half_of(w) && a->clock && !a->r.half) {
		a->r.half = half_of(w);
		return true;
	}
	if (str_ieq(w, STR("BC")) || str_ieq(w, STR("AD"))) {
		a->bc = str_ieq(w, STR("BC"));
		return true;
	}
	if (!a->zone && zone_of(w, &a->r.offset)) {
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
		/* A day that settle() knows stands in for it. */
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
		a.r.year = century(a.r.year);
	} else if (a.r.year == 0) {
		return false;
	}
	if (!settle(&a.r, out))
		return false;
	if (a.julian)
		out->day = a.julian_day;
	return true;
}
