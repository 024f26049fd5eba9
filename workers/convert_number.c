/* convert_number.c - integers, floats and NUMERIC out of their decimal text. See convert.h. */
#include <math.h>
#include <stdlib.h>

#include "workers/convert.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- integers ---- */

static int32_t overflow(int bytes, struct convert_error *bad)
{
	if (bytes == 2)
		return convert_bad(bad, 1222, "Overflow (Short valid range -32768 to 32767)");
	if (bytes == 4)
		return convert_bad(
		    bad, 1222, "Overflow (Integer valid range -2147483648 to 2147483647)");
	return convert_bad(
	    bad, 1222, "Overflow (Long valid range -9223372036854775808 to 9223372036854775807)");
}

int32_t convert_int(struct str s, int bytes, char *out, struct convert_error *bad)
{
	const char *type = bytes == 2 ? "Short" : bytes == 4 ? "Integer" : "Long";
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
	bool neg = i && s.p[0] == '-', over = false;
	uint64_t v = 0, limit = (UINT64_C(1) << (8 * bytes - 1)) - !neg;

	if (i == s.n)
		return convert_bad_digit(bad, 1207, s, 0, type);
	for (; i < s.n && i < 9 && digit(s.p[i]); i++) /* so few fit always */
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	for (; i < s.n; i++) {
		if (!digit(s.p[i]))
			return convert_bad_digit(bad, 1207, s, i, type);
		/* limit is below 2^63 + 1: ten times what passes and a digit fit in 64 bits. */
		over = over || v > limit / 10;
		if (!over)
			v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (over || v > limit)
		return overflow(bytes, bad);
	if (neg)
		v = 0 - v;
	if (bytes == 2)
		convert_put16(out, (uint16_t)v);
	else if (bytes == 4)
		convert_put32(out, (uint32_t)v);
	else
		convert_put64(out, v);
	return bytes;
}

/* ---- a decimal number, taken apart ---- */

struct decimal {
	bool neg;
	size_t n;          /* digits, without leading zeros */
	int32_t point;     /* value = 0.d1d2d3... * 10^point */
	int32_t scale;     /* digits written behind the point, less the exponent; at least 0 */
	uint64_t value;    /* of the digits, while n <= 19 */
	struct str digits; /* from the first one counted; the point may stand among them */
};

enum { EXPONENT_MAX = 100000 };

/* Where the zeros from i on end. */
static size_t zeros(struct str s, size_t i)
{
	while (i < s.n && s.p[i] == '0')
		i++;
	return i;
}

/* Where the digits from i on end; they are added to *v, which means nothing with more than 19. */
static size_t digits(struct str s, size_t i, uint64_t *v)
{
	uint32_t eight;

	for (; s.n - i >= 8 && str_digits8(s.p + i, &eight) == 8; i += 8)
		*v = *v * 100000000 + eight;
	for (; i < s.n && digit(s.p[i]); i++)
		*v = *v * 10 + (uint64_t)(s.p[i] - '0');
	return i;
}

/* False where s is no decimal number; *at is where it stops being one. */
static bool take_apart(struct str s, struct decimal *d, size_t *at)
{
	size_t i = 0, start, from, behind = 0;
	int32_t exponent = 0;

	d->value = 0;
	d->neg = s.n && s.p[0] == '-';
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		i++;
	start = i;
	from = zeros(s, i);
	i = digits(s, from, &d->value);
	d->n = i - from;
	if (i < s.n && s.p[i] == '.') {
		size_t point = i, first = d->n ? i + 1 : zeros(s, i + 1);

		if (d->n == 0)
			from = first;
		i = digits(s, first, &d->value);
		d->n += i - first;
		behind = i - point - 1;
		start++; /* the point alone is no number */
	}
	*at = i;
	if (i == start)
		return false;
	d->digits = (struct str){s.p + from, i - from};
	if (i < s.n && (s.p[i] | 0x20) == 'e') {
		bool neg = i + 1 < s.n && s.p[i + 1] == '-';

		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		for (start = i; i < s.n && digit(s.p[i]); i++)
			if (exponent < EXPONENT_MAX)
				exponent = exponent * 10 + (s.p[i] - '0');
		*at = i;
		if (i == start)
			return false;
		if (neg)
			exponent = -exponent;
	}
	d->point = (int32_t)d->n - (int32_t)behind + exponent;
	d->scale = (int32_t)behind > exponent ? (int32_t)behind - exponent : 0;
	*at = i;
	return i == s.n;
}

/* ---- floats ---- */

static void put_float(double v, int bytes, char *out)
{
	if (bytes == 4) {
		float f = (float)v;
		uint32_t u;

		memcpy(&u, &f, sizeof u);
		convert_put32(out, u);
	} else {
		uint64_t u;

		memcpy(&u, &v, sizeof u);
		convert_put64(out, u);
	}
}

/*
 * Up to 2^53 an integer is exact in a double, and so is 10^22: then one multiplication or division
 * rounds once, and is right. (For float4 the numbers are 2^24 and 10^10.)
 */
static bool exact(const struct decimal *d, int bytes, double *out)
{
	static const double ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	int32_t power = d->point - (int32_t)d->n, most = bytes == 4 ? 10 : 22;

	if (d->n > 16 || d->value > UINT64_C(1) << (bytes == 4 ? 24 : 53))
		return false;
	if (d->n == 0)
		power = 0;
	if (power > most || power < -most)
		return false;
	if (bytes == 4)
		*out = power < 0 ? (double)((float)d->value / (float)ten[-power])
		                 : (double)((float)d->value * (float)ten[power]);
	else
		*out = power < 0 ? (double)d->value / ten[-power] : (double)d->value * ten[power];
	if (d->neg)
		*out = -*out;
	return true;
}

/* The library's conversion rounds right always; it wants a NUL, and the C locale's point. */
static __attribute__((noinline)) bool library(struct str s, int bytes, double *out)
{
	char z[CONVERT_TEXT_MAX + 1];

	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	*out = bytes == 4 ? (double)strtof(z, NULL) : strtod(z, NULL);
	return !isinf(*out) && *out != 0;
}

static bool special(struct str s, double *out)
{
	bool neg = s.n && s.p[0] == '-';

	if (str_ieq(s, STR("nan"))) {
		*out = (double)NAN;
		return true;
	}
	s = str_from(s, neg);
	*out = neg ? -(double)INFINITY : (double)INFINITY;
	return str_ieq(s, STR("infinity")) || str_ieq(s, STR("inf"));
}

int32_t convert_float(struct str s, int bytes, char *out, struct convert_error *bad)
{
	struct decimal d;
	double v;
	size_t at;

	if (!take_apart(s, &d, &at)) {
		if (!special(s, &v))
			return convert_bad_digit(bad, 1208, s, at, bytes == 4 ? "Float" : "Double");
	} else if (!exact(&d, bytes, &v) && !library(s, bytes, &v)) {
		return convert_bad(
		    bad, 1204, "Value out of range for %s", bytes == 4 ? "float4" : "float8");
	}
	put_float(v, bytes, out);
	return bytes;
}

/* ---- NUMERIC ---- */

struct numeric {
	bool neg;
	size_t n;
	int32_t point, scale; /* as in struct decimal */
	char d[CONVERT_TEXT_MAX];
};

/* Cuts the digits behind the scale, or rounds there, half away from zero as ROUND() does. */
static void fit_scale(struct numeric *d, int32_t scale, bool round)
{
	int64_t keep = (int64_t)d->point + scale;
	bool up;

	d->scale = scale;
	if (keep >= (int64_t)d->n)
		return;
	if (keep < 0) {
		d->n = 0;
		return;
	}
	up = round && d->d[keep] >= '5';
	d->n = (size_t)keep;
	if (!up)
		return;
	while (d->n && d->d[d->n - 1] == '9')
		d->n--;
	if (d->n) {
		d->d[d->n - 1]++;
	} else {
		d->d[d->n++] = '1';
		d->point++;
	}
}

/*
 * PostgreSQL's form: groups of four digits, aligned at the point; int16 each: count, weight of the
 * first group, sign, scale, groups.
 */
static int32_t put_numeric(struct numeric *d, char *out)
{
	int32_t weight, lead;
	size_t groups, to = 8;

	while (d->n && d->d[d->n - 1] == '0')
		d->n--;
	convert_put16(out + 4, d->neg && d->n ? 0x4000 : 0);
	convert_put16(out + 6, (uint16_t)d->scale);
	if (d->n == 0) {
		convert_put16(out, 0);
		convert_put16(out + 2, 0);
		return 8;
	}
	/* The first group ends 4 * weight digits before the point. */
	weight = (d->point - 1 >= 0 ? (d->point - 1) / 4 : -((4 - d->point) / 4));
	lead = d->point - 4 * weight; /* digits of the first group, 1 to 4 */
	groups = (d->n + (size_t)(4 - lead) + 3) / 4;
	for (size_t g = 0; g < groups; g++) {
		unsigned v = 0;

		for (int k = 0; k < 4; k++) {
			int64_t i = (int64_t)(4 * g) + k - (4 - lead);

			v = v * 10 + (i >= 0 && i < (int64_t)d->n ? (unsigned)(d->d[i] - '0') : 0);
		}
		convert_put16(out + to, (uint16_t)v);
		to += 2;
	}
	convert_put16(out, (uint16_t)groups);
	convert_put16(out + 2, (uint16_t)(int16_t)weight);
	return (int32_t)to;
}

int32_t convert_numeric(const struct convert *c, struct str s, char *out, struct convert_error *bad)
{
	struct decimal read;
	struct numeric d;
	size_t at;

	if (!take_apart(s, &read, &at))
		return convert_bad_digit(bad, at < s.n ? 1207 : 1209, s, at, "Decimal");
	d.neg = read.neg;
	d.point = read.point;
	d.scale = read.scale;
	d.n = 0;
	for (size_t i = 0; d.n < read.n; i++)
		if (read.digits.p[i] != '.')
			d.d[d.n++] = read.digits.p[i];
	if (c->precision) {
		fit_scale(&d, c->scale, c->round);
		if (d.n && d.point > c->precision - c->scale)
			return convert_bad(
			    bad, 1204, "Overflow for NUMERIC(%d,%d)", c->precision, c->scale);
	} else if (d.n && (d.point > 1000 || d.scale > 1000)) {
		return convert_bad(bad, 1204, "Value out of range for NUMERIC");
	} else if (d.scale > 1000) {
		d.scale = 0; /* zero, however it was written */
	}
	return put_numeric(&d, out);
}
