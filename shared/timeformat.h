/*
 * timeformat.h - dates and times as COPY's DATEFORMAT and TIMEFORMAT understand them.
 *
 * A pattern (Redshift, "DATEFORMAT and TIMEFORMAT strings") is made of these parts, in any case,
 * and of separators that must stand in the text as they are (a blank for one or more):
 *   YYYY YY MM MON DD HH HH24 HH12 MI SS AM PM, and T as in 2019-02-11T05:09
 * A zone can not stand in it. HH is HH24. SS takes a fraction, to microseconds; what is behind them
 * rounds. MON is a month's name, whole or its first three letters. Numbers may lack leading zeros.
 * YY is 1970 to 2069.
 *
 * 'auto' ("Using automatic recognition") reads a text by its looks: every format of Redshift's list
 * and what lies between them. Numbers that could be either are month before day.
 *
 * The calendar is the Gregorian one, carried back.
 */
#ifndef SHARED_TIMEFORMAT_H
#define SHARED_TIMEFORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/str.h"

struct timeformat {
	uint8_t n;
	uint8_t part[47]; /* a part, or the byte of a separator */
};

/* A moment, as it was written. */
struct timeparts {
	int32_t day;    /* since 2000-01-01 */
	int64_t micros; /* of the day; 0 where no time was given */
	int32_t offset; /* seconds east of UTC; 0 where no zone was given */
};

/* NULL, or what is wrong with the pattern. clock: it must not lack hours, else only the date. */
const char *timeformat_parse(struct str pattern, struct timeformat *out);

/* Reads s from its start. *end is behind what was read. False where it does not match, or is no
 * date that there is. */
bool timeformat_read(const struct timeformat *f, struct str s, struct timeparts *out, size_t *end);

/* 'auto': all of s. */
bool timeformat_auto(struct str s, struct timeparts *out);

/* The day number of a date (year 0 is 1 BC); false where there is no such date. */
bool timeformat_day(int32_t year, int32_t month, int32_t day, int32_t *out);

/* HH:MI:SS[.ffffff] from s[at], two digits each; *end is behind it. */
bool timeformat_clock(struct str s, size_t at, int64_t *micros, size_t *end);

/* +H, +HH, +HHMM, +HH:MM from s[at]; *end is behind it. */
bool timeformat_offset(struct str s, size_t at, int32_t *seconds, size_t *end);

#endif
