/* timetext.h - the words and numbers of dates, for the two files behind timeformat.h. */
#ifndef SHARED_TIMETEXT_H
#define SHARED_TIMETEXT_H

#include "shared/timeformat.h"

/* What a text says; 0 where it does not. */
struct reading {
	int32_t year, month, day, hour, minute, second, offset;
	int64_t micros;
	char half;
};

static inline bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool is(struct str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

/* From least to most digits at s[*at]; -1 where they are not. */
int32_t timetext_number(struct str s, size_t *at, size_t least, size_t most);

/* A point and digits, or nothing: microseconds, rounded. */
bool timetext_fraction(struct str s, size_t *at, int64_t *micros);

/* The letters at s[at]; none where there is something else. */
struct str timetext_word(struct str s, size_t at);

/* 1 to 12, or 0: a month's name, whole or its first three letters (and Sept). */
int32_t timetext_month(struct str w);

/* Names of zones with one meaning for nearly everybody, in seconds east of UTC. */
bool timetext_zone(struct str w, int32_t *seconds);

/* 'a', 'p', or 0. */
char timetext_half(struct str w);

/* Two digits as a year, 1970 to 2069. */
int32_t timetext_century(int32_t year);
bool timetext_leap(int32_t year);

/* False where it is no date and time that there is. */
bool timetext_settle(struct reading *r, struct timeparts *out);

#endif
