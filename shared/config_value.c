/*
 * config_value.c - text to the field of a key, and what is said where that cannot be. Messages name
 * where the text came from, show it unless it is a secret, and say what would be right.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/config_keys.h"
#include "shared/near.h"

bool config_fail(struct err *e, const char *from, const char *fmt, ...)
{
	char what[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(e, ERR_SETUP, AT_CONFIG, "config", "%s: %s", from, what);
}

bool config_is_s3(struct str s)
{
	size_t n;

	if (!str_starts(s, STR("s3://")))
		return false;
	s = str_from(s, 5);
	n = str_find(s, '/');
	if (n < 3 || n > 255)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		        (s.p[i] >= '0' && s.p[i] <= '9') || strchr(".-_", s.p[i])))
			return false;
	return true;
}

static bool to_bool(struct str s, bool *out)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		if (str_ieq(s, str_z(yes[i])) || str_ieq(s, str_z(no[i]))) {
			*out = str_ieq(s, str_z(yes[i]));
			return true;
		}
	}
	return false;
}

static bool to_size(struct str s, int64_t *out)
{
	static const char units[] = "kMGT";
	size_t digits = 0;
	struct str unit;
	int64_t n;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_to_i64((struct str){s.p, digits}, &n))
		return false;
	unit = str_trim(str_from(s, digits));
	for (int i = 0; units[i]; i++) {
		struct str letter = {&units[i], 1};
		struct str head = {unit.p, 1};

		if (unit.n == 0 || !str_ieq(head, letter))
			continue;
		unit = str_from(unit, 1);
		if (unit.n && !str_ieq(unit, STR("B")) && !str_ieq(unit, STR("iB")))
			return false;
		return !__builtin_mul_overflow(n, INT64_C(1) << (10 * (i + 1)), out);
	}
	*out = n;
	return unit.n == 0 || str_ieq(unit, STR("B"));
}

/* "0.01" or "1%", as millionths. */
static bool to_ratio(struct str s, int64_t *out)
{
	bool percent = str_ends(s, STR("%"));
	size_t n = percent ? s.n - 1 : s.n;
	char *end;
	double d;

	if (n == 0 || strspn(s.p, "0123456789.") != n)
		return false;
	d = strtod(s.p, &end) / (percent ? 100 : 1);
	*out = (int64_t)(d * 1e6 + 0.5);
	return end == s.p + n && d <= 1;
}

static bool bad_choice(const struct config_key *k, const struct config_setting *s, struct err *e)
{
	struct near near = near_to(str_z(s->value));
	struct buf all;

	buf_init(&all, 256);
	for (int i = 0; k->choices[i]; i++) {
		near_try(&near, str_z(k->choices[i]));
		buf_printf(&all, "%s%s", i ? ", " : "", k->choices[i]);
	}
	config_fail(e, s->from, "%s.%s is \"%.100s\", must be one of: %s%s", k->section, k->name,
	    s->value, all.p, near_hint(&near));
	buf_free(&all);
	return false;
}

/* Says what the value of a key may be; never shows a secret. */
static bool bad_value(
    struct err *e, const struct config_key *k, const struct config_setting *s, const char *must)
{
	if (k->secret)
		return config_fail(e, s->from, "%s.%s must be %s", k->section, k->name, must);
	return config_fail(
	    e, s->from, "%s.%s is \"%.100s\", must be %s", k->section, k->name, s->value, must);
}

/* A key without a field of its own is only checked. */
static void put(char *field, const void *value, size_t n)
{
	if (field)
		memcpy(field, value, n);
}

bool config_store(struct config *c, const struct config_key *k, const struct config_setting *s,
    struct arena *a, const char **shown, struct err *e)
{
	char *field = k->offset == KEY_NO_FIELD ? NULL : (char *)c + k->offset;
	struct str v = str_z(s->value);
	int64_t n = 0;
	bool on = false;
	unsigned pick;

	*shown = arena_strz(a, s->value);
	switch (k->type) {
	case KEY_URL:
		if (!str_starts(v, STR("http://")) && !str_starts(v, STR("https://")))
			return bad_value(e, k, s, "an http:// or https:// URL");
		if (str_find(v, '@') < v.n)
			return config_fail(e, s->from, "%s.%s must not hold a user or password",
			    k->section, k->name);
		break;
	case KEY_S3:
	case KEY_S3_NONE:
		if (k->type == KEY_S3_NONE && str_ieq(v, STR("none")))
			*shown = "none";
		else if (!config_is_s3(v))
			return bad_value(e, k, s,
			    "an address such as s3://bucket/folder (a bucket's name has 3 "
			    "characters or more)");
		break;
	case KEY_CHOICE:
	case KEY_ENUM:
		if (config_choice(k->choices, v) < 0)
			return bad_choice(k, s, e);
		pick = (unsigned)config_choice(k->choices, v);
		*shown = k->choices[pick];
		if (k->type == KEY_ENUM) {
			put(field, &pick, sizeof pick);
			return true;
		}
		break;
	case KEY_INT:
		if (!str_to_i64(v, &n) || n < k->min || n > k->max)
			return bad_value(e, k, s,
			    arena_printf(a, "a whole number from %lld to %lld", (long long)k->min,
			        (long long)k->max));
		put(field, &n, sizeof n);
		return true;
	case KEY_SIZE:
		if (!to_size(v, &n) || n < k->min || n > k->max)
			return bad_value(e, k, s,
			    arena_printf(a, "a size such as 64MiB, from %lld to %lld bytes",
			        (long long)k->min, (long long)k->max));
		put(field, &n, sizeof n);
		return true;
	case KEY_RATIO:
		if (!to_ratio(v, &n))
			return bad_value(e, k, s, "a ratio from 0 to 1, such as 0.01 or 1%");
		put(field, &n, sizeof n);
		return true;
	case KEY_BOOL:
		if (!to_bool(v, &on))
			return bad_value(e, k, s, "yes or no");
		put(field, &on, sizeof on);
		return true;
	case KEY_STRING:
	case KEY_PATH: break;
	}
	put(field, shown, sizeof *shown);
	return true;
}

static bool unknown_section(const struct config_setting *s, struct err *e)
{
	struct near near = near_to(str_z(s->section));
	struct buf all;

	buf_init(&all, 256);
	for (size_t i = 0; i < config_keys_n; i++)
		if (i == 0 || strcmp(config_keys[i].section, config_keys[i - 1].section) != 0) {
			near_try(&near, str_z(config_keys[i].section));
			buf_printf(&all, " [%s]", config_keys[i].section);
		}
	config_fail(e, s->from, "unknown section [%.60s]%s Known:%s", s->section,
	    near.best.n ? near_hint(&near) : ".", all.p);
	buf_free(&all);
	return false;
}

bool config_unknown(const struct config_setting *s, struct err *e)
{
	struct near near = near_to(str_z(s->name));
	const char *elsewhere = NULL;
	bool section = false;
	struct buf all;

	buf_init(&all, 512);
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];

		if (str_ieq(str_z(s->section), str_z(k->section))) {
			section = true;
			near_try(&near, str_z(k->name));
			buf_printf(&all, " %s", k->name);
		} else if (str_ieq(str_z(s->name), str_z(k->name)) && !elsewhere) {
			elsewhere = k->section;
		}
	}
	if (!section) {
		buf_free(&all);
		return unknown_section(s, e);
	}
	if (near.best.n)
		config_fail(e, s->from, "unknown key %.60s in [%s]%s", s->name, s->section,
		    near_hint(&near));
	else if (elsewhere)
		config_fail(e, s->from, "unknown key %.60s in [%s]; it belongs into [%s]", s->name,
		    s->section, elsewhere);
	else if (str_ieq(str_z(s->section), STR("S3")))
		config_fail(e, s->from,
		    "unknown key %.60s in [S3], and no source: that is a name of letters, "
		    "digits and _ with an address such as s3://bucket/folder",
		    s->name);
	else
		config_fail(
		    e, s->from, "unknown key %.60s in [%s]. Known:%s", s->name, s->section, all.p);
	buf_free(&all);
	return false;
}
