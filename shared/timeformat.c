/* timeformat.c - see timeformat.h: the calendar, and patterns. 'auto' is timeauto.c. */
#include "shared/timetext.h"

/* From least to most digits at s[*at]; -1 where they are not. */
int32_t timetext_number(struct str s, size_t *at, size_t least, size_t most)
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

bool timetext_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool timeformat_day(int32_t year, int32_t month, int32_t day, int32_t *out)
{
	static const int8_t length[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (year < -4711 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > length[month - 1] || (month == 2 && day == 29 && !timetext_leap(year)))
		return false;
	*out = day_number(year, month, day);
	return true;
}

/* ---- what patterns and 'auto' share ---- */

/* A point and digits, or nothing: microseconds, rounded. */
bool timetext_fraction(struct str s, size_t *at, int64_t *micros)
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

	h = timetext_number(s, &at, 2, 2);
	if (h < 0 || h > 23 || !is(s, at, ':'))
		return false;
	at++;
	m = timetext_number(s, &at, 2, 2);
	if (m < 0 || m > 59 || !is(s, at, ':'))
		return false;
	at++;
	sec = timetext_number(s, &at, 2, 2);
	if (sec < 0 || sec > 59 || !timetext_fraction(s, &at, &f))
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
	h = timetext_number(s, &at, 1, 2);
	if (h < 0 || h > 15)
		return false;
	if (is(s, at, ':') || (at == from + 2 && at < s.n && digit(s.p[at]))) {
		at += s.p[at] == ':';
		m = timetext_number(s, &at, 2, 2);
		if (m < 0 || m > 59)
			return false;
	}
	*seconds = (h * 60 + m) * 60 * (west ? -1 : 1);
	*end = at;
	return true;
}

struct str timetext_word(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && letter(s.p[at + n]))
		n++;
	return (struct str){s.p + at, n};
}

/* 1 to 12, or 0: a month's name, whole or its first three letters (and Sept). */
int32_t timetext_month(struct str w)
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

/* Names of zones with one meaning for nearly everybody, in minutes east of UTC. */
bool timetext_zone(struct str w, int32_t *seconds)
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

int32_t timetext_century(int32_t year)
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

char timetext_half(struct str w)
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
	PART_HALF
};

/* The longer of two that begin alike comes first. */
static const struct {
	const char *name;
	enum part part;
} parts[] = {{"YYYY", PART_YEAR4}, {"YY", PART_YEAR2}, {"MON", PART_NAME}, {"MM", PART_MONTH},
    {"MI", PART_MINUTE}, {"DD", PART_DAY}, {"HH24", PART_HOUR}, {"HH12", PART_HOUR12},
    {"HH", PART_HOUR}, {"SS", PART_SECOND}, {"AM", PART_HALF}, {"PM", PART_HALF}};

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
		if (pattern.n - i >= 2) {
			struct str two = {pattern.p + i, 2};

			if (str_ieq(two, STR("OF")) || str_ieq(two, STR("TZ")))
				return "a zone (OF, TZ) can not stand in it: 'auto' reads zones";
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

static bool read_word(struct str s, size_t *at, enum part part, struct reading *r)
{
	struct str w = timetext_word(s, *at);

	if (part == PART_NAME) {
		r->month = timetext_month(w);
		/* Glued to what follows, as in 08Jan1996T04: the first three letters count. */
		if (r->month == 0 && w.n > 3) {
			w.n = 3;
			r->month = timetext_month(w);
		}
		*at += w.n;
		return r->month > 0;
	}
	if (w.n > 2)
		w.n = 2;
	r->half = timetext_half(w);
	*at += w.n;
	return r->half != '\0';
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
	case PART_HALF: return read_word(s, at, part, r);
	}
	*to = timetext_number(s, at, most == 4 ? 4 : part == PART_YEAR2 ? 2 : 1, most);
	if (*to < 0 || (part == PART_HOUR12 && (*to < 1 || *to > 12)))
		return false;
	if (part == PART_YEAR2)
		r->year = timetext_century(r->year);
	if (part == PART_YEAR4 && r->year == 0)
		return false;
	return part != PART_SECOND || timetext_fraction(s, at, &r->micros);
}

bool timetext_settle(struct reading *r, struct timeparts *out)
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
	return timetext_settle(&r, out);
}
