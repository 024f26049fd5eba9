/* convert.c - see convert.h. The types, and which part does which: numbers and times have files of
 * their own. */
#include "workers/convert.h"

#include <stdarg.h>
#include <stdio.h>

int32_t convert_bad(struct convert_error *bad, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(bad->reason, sizeof bad->reason, fmt, ap);
	va_end(ap);
	bad->code = code;
	return CONVERT_BAD;
}

/* In the words of Redshift, so that people find them where they look for them. */
int32_t convert_bad_digit(
    struct convert_error *bad, int code, struct str s, size_t at, const char *type)
{
	unsigned char c = at < s.n ? (unsigned char)s.p[at] : ' ';

	if (at == s.n)
		return convert_bad(
		    bad, code, "Invalid format, it ends where a digit must stand, Type: %s", type);
	if (c < ' ' || c > '~')
		return convert_bad(
		    bad, code, "Invalid digit, Value '\\x%02x', Pos %zu, Type: %s", c, at, type);
	return convert_bad(bad, code, "Invalid digit, Value '%c', Pos %zu, Type: %s", c, at, type);
}

/* The formats of dates and times; what is wrong with a pattern was said by the statement's check.
 */
static bool init_time(struct convert *c, const struct copystmt *stmt, struct err *e)
{
	static const char *const names[] = {[COPY_TIME_DEFAULT] = "YYYY-MM-DD HH24:MI:SS",
	    [COPY_TIME_AUTO] = "auto",
	    [COPY_TIME_EPOCHSECS] = "epochsecs",
	    [COPY_TIME_EPOCHMILLISECS] = "epochmillisecs",
	    [COPY_TIME_PATTERN] = ""};
	struct str pattern = STR("YYYY-MM-DD");
	const char *why;

	if (c->oid == OID_DATE) {
		if (copystmt_has(stmt, COPY_DATEFORMAT))
			pattern = stmt->text[COPY_DATEFORMAT];
		c->date = str_eqz(pattern, "YYYY-MM-DD") ? CONVERT_DATE_DEFAULT
		          : str_eqz(pattern, "auto")     ? CONVERT_DATE_AUTO
		                                         : CONVERT_DATE_PATTERN;
		snprintf(c->time_name, sizeof c->time_name, "%.*s", STRF(pattern));
		if (c->date != CONVERT_DATE_PATTERN)
			return true;
	} else if (c->oid == OID_TIMESTAMP || c->oid == OID_TIMESTAMPTZ) {
		snprintf(c->time_name, sizeof c->time_name, "%s%s", names[c->time],
		    c->time == COPY_TIME_DEFAULT && c->oid == OID_TIMESTAMPTZ ? "OF" : "");
		if (c->time != COPY_TIME_PATTERN)
			return true;
		pattern = stmt->text[COPY_TIMEFORMAT];
		snprintf(c->time_name, sizeof c->time_name, "%.*s", STRF(pattern));
	} else {
		return true;
	}
	why = timeformat_parse(pattern, &c->format);
	return !why ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL, "format '%.*s': %s", STRF(pattern), why);
}

bool convert_init(
    struct convert *c, uint32_t oid, int32_t typmod, const struct copystmt *stmt, struct err *e)
{
	const char *name = NULL;

	*c = (struct convert){.oid = oid,
	    .time = stmt->timeformat,
	    .truncate = copystmt_has(stmt, COPY_TRUNCATECOLUMNS),
	    .blanks_null = copystmt_has(stmt, COPY_BLANKSASNULL),
	    .empty_null = copystmt_has(stmt, COPY_EMPTYASNULL),
	    .round = copystmt_has(stmt, COPY_ROUNDEC),
	    .any_date = copystmt_has(stmt, COPY_ACCEPTANYDATE),
	    .replacement = stmt->replacement};
	switch (oid) {
	case OID_BOOL: name = "bool"; break;
	case OID_INT2: name = "int2"; break;
	case OID_INT4: name = "int4"; break;
	case OID_INT8: name = "int8"; break;
	case OID_FLOAT4: name = "float4"; break;
	case OID_FLOAT8: name = "float8"; break;
	case OID_DATE: name = "date"; break;
	case OID_TIMESTAMP: name = "timestamp"; break;
	case OID_TIMESTAMPTZ: name = "timestamptz"; break;
	case OID_TEXT: name = "text"; break;
	case OID_BPCHAR: name = "char"; break;
	case OID_VARCHAR: name = "varchar"; break;
	case OID_NUMERIC: name = "numeric"; break;
	default:
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "type oid %u can not be loaded by COPY on this engine", oid);
	}
	snprintf(c->type, sizeof c->type, "%s", name);
	if ((oid == OID_BPCHAR || oid == OID_VARCHAR) && typmod > 4) {
		c->width = (uint32_t)(typmod - 4);
		snprintf(c->type, sizeof c->type, "%s(%u)", name, c->width);
	}
	if (oid == OID_NUMERIC && typmod > 4) {
		c->precision = (typmod - 4) >> 16 & 0xFFFF;
		c->scale = (typmod - 4) & 0x7FF;
		if (c->scale > 1000 || c->precision > 1000)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "numeric with a negative scale can not be loaded by COPY on this "
			    "engine");
		snprintf(c->type, sizeof c->type, "numeric(%d,%d)", c->precision, c->scale);
	}
	if (oid == OID_VARCHAR || oid == OID_TEXT) { /* "VARCHAR columns only" */
		c->trim = copystmt_has(stmt, COPY_TRIMBLANKS);
		c->accept_invalid = copystmt_has(stmt, COPY_ACCEPTINVCHARS);
	}
	c->plain = oid != OID_BPCHAR && !c->trim && !c->blanks_null && !c->empty_null &&
	           !c->accept_invalid;
	if (c->plain && (oid == OID_VARCHAR || oid == OID_TEXT))
		c->as_is = c->width ? (size_t)c->width + 1 : SIZE_MAX;
	return init_time(c, stmt, e);
}

size_t convert_room(const struct convert *c, size_t n)
{
	switch (c->oid) {
	case OID_TEXT:
	case OID_VARCHAR:
	case OID_BPCHAR: return n + 4; /* an escape writes up to 4 bytes at once */
	case OID_NUMERIC: return 2048; /* CONVERT_TEXT_MAX digits and zeros up to the point */
	default: return 8;
	}
}

static int32_t convert_bool(struct str s, char *out, struct convert_error *bad)
{
	static const struct {
		const char *word;
		char value;
	} words[] = {{"true", 1}, {"t", 1}, {"yes", 1}, {"y", 1}, {"1", 1}, {"false", 0}, {"f", 0},
	    {"no", 0}, {"n", 0}, {"0", 0}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_ieq(s, str_z(words[i].word))) {
			out[0] = words[i].value;
			return 1;
		}
	return convert_bad(bad, 1210, "Unknown boolean format");
}

static int32_t dispatch(const struct convert *c, struct str s, char *out, struct convert_error *bad)
{
	switch (c->oid) {
	case OID_BOOL: return convert_bool(s, out, bad);
	case OID_INT2: return convert_int(s, 2, out, bad);
	case OID_INT4: return convert_int(s, 4, out, bad);
	case OID_INT8: return convert_int(s, 8, out, bad);
	case OID_FLOAT4: return convert_float(s, 4, out, bad);
	case OID_FLOAT8: return convert_float(s, 8, out, bad);
	case OID_NUMERIC: return convert_numeric(c, s, out, bad);
	case OID_DATE: return convert_date(c, s, out, bad);
	default: return convert_timestamp(c, s, out, bad);
	}
}

static bool white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static __attribute__((noinline)) int32_t escaped(
    const struct convert *c, struct str s, char *out, struct convert_error *bad)
{
	char room[CONVERT_TEXT_MAX];
	struct jsonscan_value plain = {.type = JS_STRING};

	if (s.n > sizeof room)
		return convert_bad(bad, 1204, "Text is too long for %s", c->type);
	plain.text = (struct str){room, jsonscan_unescape(s, room, NULL)};
	return convert_value(c, &plain, out, bad);
}

int32_t convert_value(
    const struct convert *c, const struct jsonscan_value *v, char *out, struct convert_error *bad)
{
	struct str s = v->text;

	if (v->type == JS_NULL)
		return CONVERT_NULL;
	if (c->oid == OID_TEXT || c->oid == OID_VARCHAR || c->oid == OID_BPCHAR)
		return convert_text(c, v, out, bad);
	if (v->type == JS_STRING) {
		if (v->flags & JS_ESCAPED)
			return escaped(c, s, out, bad);
		while (s.n && white(s.p[0]))
			s = str_from(s, 1);
		while (s.n && white(s.p[s.n - 1]))
			s.n--;
		if (s.n == 0)
			return CONVERT_NULL;
	}
	if (s.n > CONVERT_TEXT_MAX)
		return convert_bad(bad, 1204, "Text is too long for %s", c->type);
	return dispatch(c, s, out, bad);
}
