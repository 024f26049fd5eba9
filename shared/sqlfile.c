/* sqlfile.c - one SQL file: its contract, its statements, its variables. See sqlfile.h. */
#include "shared/sqlfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/buf.h"
#include "shared/near.h"
#include "shared/sigv4.h"
#include "shared/sqlembed.h"
#include "shared/sqlfile_private.h"
#include "shared/sqltok.h"
#include "shared/utf8.h"

/* A statement may have 16 MB on Redshift; ours are written by people. */
enum { EXPANDED_MAX = 4 << 20 };

static const char *const phases[] = {
    [SQL_CREATE] = "create",
    [SQL_COPY] = "copy",
    [SQL_INSERT] = "insert",
    [SQL_CHECK] = "check",
    [SQL_QUERY] = "query",
};

const char *sql_phase_name(enum sql_phase phase)
{
	return phases[phase];
}

bool sqlfile_embedded(struct str path, struct str *text)
{
	for (const struct sql_embedded *s = sql_embedded; s->path; s++)
		if (str_eqz(path, s->path)) {
			*text = str_z(s->text);
			return true;
		}
	return false;
}

bool sqlfile_fail(struct err *e, const char *origin, int line, const char *fmt, ...)
{
	char what[sizeof e->msg], at[16] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (line)
		snprintf(at, sizeof at, ":%d", line);
	return err_set(e, ERR_SETUP, AT_CONFIG, "model", "%s%s: %s", origin, at, what);
}

/* "LINE:COL: text" becomes "FILE:LINE:COL: text". */
static bool in_file(struct err *e, const char *origin)
{
	return err_set(e, e->kind, e->where, e->code, "%s:%s", origin, e->msg);
}

/* ---- the contract ---- */

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool all_name_chars(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!name_char(s.p[i]))
			return false;
	return s.n > 0;
}

/* The next of the names in *list, which blanks and commas separate; empty at the end. */
static struct str next_name(struct str *list)
{
	struct str name;
	size_t n = 0;

	while (list->n && strchr(" \t,", list->p[0]))
		*list = str_from(*list, 1);
	while (n < list->n && !strchr(" \t,", list->p[n]))
		n++;
	name = (struct str){list->p, n};
	*list = str_from(*list, n);
	return name;
}

struct header {
	struct sqlfile *f;
	struct arena *a;
	struct err *e;
	int line;
	struct str value;
};

static bool set_depends(struct header *h)
{
	struct str list = h->value, name;
	size_t cap = 0;

	for (name = next_name(&list); name.n; name = next_name(&list)) {
		h->f->depends = arena_grow(
		    h->a, h->f->depends, h->f->n_depends, &cap, sizeof *h->f->depends);
		h->f->depends[h->f->n_depends++] = name;
	}
	return true;
}

static bool set_source(struct header *h)
{
	h->f->source = h->value;
	return true;
}

static bool set_shape(struct header *h)
{
	h->f->shape = h->value;
	return true;
}

static bool set_severity(struct header *h)
{
	h->f->warn = str_ieq(h->value, STR("warn"));
	if (h->f->warn || str_ieq(h->value, STR("error")))
		return true;
	return sqlfile_fail(h->e, h->f->origin, h->line,
	    "severity is \"%.*s\", must be error or warn", STRF(h->value));
}

static bool set_engine(struct header *h)
{
	struct str list = h->value, name;

	h->f->engines = 0;
	for (name = next_name(&list); name.n; name = next_name(&list)) {
		if (str_ieq(name, STR("local")))
			h->f->engines |= 1U << ENGINE_LOCAL;
		else if (str_ieq(name, STR("postgres")))
			h->f->engines |= 1U << ENGINE_POSTGRES | 1U << ENGINE_LOCAL;
		else if (str_ieq(name, STR("redshift")))
			h->f->engines |= 1U << ENGINE_REDSHIFT;
		else
			return sqlfile_fail(h->e, h->f->origin, h->line,
			    "engine is \"%.*s\", must be of local, postgres, redshift", STRF(name));
	}
	return true;
}

static bool set_title(struct header *h)
{
	h->f->title = h->value;
	return true;
}

static bool set_description(struct header *h)
{
	h->f->description = h->value;
	return true;
}

#define IN(phase) (1U << (phase))
#define IN_ALL (IN(SQL_PHASES) - 1)

static const struct {
	const char *key;
	unsigned phases;
	bool (*set)(struct header *h);
} keys[] = {
    {"depends", IN(SQL_INSERT) | IN(SQL_CHECK), set_depends},
    {"source", IN(SQL_COPY), set_source},
    {"shape", IN(SQL_COPY), set_shape},
    {"severity", IN(SQL_CHECK), set_severity},
    {"engine", IN_ALL, set_engine},
    {"title", IN_ALL, set_title},
    {"description", IN_ALL, set_description},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static bool header_line(struct header *h, struct str key, unsigned *seen)
{
	struct near near = near_to(key);

	for (size_t i = 0; i < KEYS; i++) {
		near_try(&near, str_z(keys[i].key));
		if (!str_ieq(key, str_z(keys[i].key)))
			continue;
		if (!(keys[i].phases & IN(h->f->phase)))
			return sqlfile_fail(h->e, h->f->origin, h->line,
			    "\"%s\" means nothing in a %s file", keys[i].key, phases[h->f->phase]);
		if (*seen & 1U << i)
			return sqlfile_fail(h->e, h->f->origin, h->line,
			    "\"%s\" stands twice; put all into one line", keys[i].key);
		if (h->value.n == 0)
			return sqlfile_fail(
			    h->e, h->f->origin, h->line, "\"%s\" has no value", keys[i].key);
		*seen |= 1U << i;
		return keys[i].set(h);
	}
	return sqlfile_fail(h->e, h->f->origin, h->line, "unknown key \"%.*s\"%s", STRF(key),
	    near.best.n ? near_hint(&near)
	                : " (depends, source, shape, severity, engine, title, description)");
}

/* The word before the colon of "-- word: value", and the value; empty where the line is prose. */
static struct str header_key(struct str comment, struct str *value)
{
	struct str s = str_trim(str_from(comment, 2));
	size_t n = 0;

	while (n < s.n && ((s.p[n] | 0x20) >= 'a' && (s.p[n] | 0x20) <= 'z'))
		n++;
	if (n == 0 || n == s.n || s.p[n] != ':' || (n + 1 < s.n && !strchr(" \t", s.p[n + 1])))
		return (struct str){s.p, 0};
	*value = str_trim(str_from(s, n + 1));
	return (struct str){s.p, n};
}

bool sqlfile_parse(struct sqlfile *f, struct arena *a, struct err *e)
{
	struct header h = {.f = f, .a = a, .e = e};
	struct str left = f->text;
	struct sqltok *t;
	unsigned seen = 0;
	size_t n;

	f->engines = 1U << ENGINE_LOCAL | 1U << ENGINE_POSTGRES | 1U << ENGINE_REDSHIFT;
	if (memchr(left.n ? left.p : "", '\0', left.n) || utf8_bad(left) < left.n)
		return sqlfile_fail(e, f->origin, 0, "not UTF-8 text");
	if (!all_name_chars(f->stem) || ((f->phase == SQL_COPY || f->phase == SQL_INSERT) &&
	                                    f->stem.p[0] >= '0' && f->stem.p[0] <= '9'))
		return sqlfile_fail(e, f->origin, 0,
		    "a file is named as its table: lower case letters, digits and _, then .sql");
	while (left.n) {
		size_t end = str_find(left, '\n');
		struct str line = str_trim((struct str){left.p, end}), key;

		h.line++;
		left = str_from(left, end + 1);
		if (line.n == 0)
			continue;
		if (!str_starts(line, STR("--")))
			break;
		key = header_key(line, &h.value);
		if (key.n && !header_line(&h, key, &seen))
			return false;
	}
	sigv4_sha256_hex(f->text, f->digest);
	/* Whatever cannot be read is said at the start of a run, not in the middle. */
	if (!sqltok_all(f->text, a, &t, &n, e))
		return in_file(e, f->origin);
	return n > 0 || sqlfile_fail(e, f->origin, 0, "no statement in it");
}

/* ---- statements ---- */

bool sqlfile_split(const char *origin, struct str text, struct arena *a, struct sql_statement **out,
    size_t *n, struct err *e)
{
	size_t n_tokens, cap = 0, first = 0;
	struct sqltok *t;
	int depth = 0;

	*out = NULL;
	*n = 0;
	if (!sqltok_all(text, a, &t, &n_tokens, e))
		return in_file(e, origin);
	for (size_t i = 0; i <= n_tokens; i++) {
		if (sqltok_is(&t[i], "("))
			depth++;
		else if (sqltok_is(&t[i], ")"))
			depth--;
		if (i < n_tokens && (depth > 0 || !sqltok_is(&t[i], ";")))
			continue;
		if (i > first) {
			const char *from = t[first].text.p;
			const struct str last = t[i - 1].text;

			*out = arena_grow(a, *out, *n, &cap, sizeof **out);
			(*out)[*n].text = (struct str){from, (size_t)(last.p + last.n - from)};
			(*out)[(*n)++].line = t[first].line;
		}
		first = i + 1;
		depth = 0;
	}
	return true;
}

/* ---- variables ---- */

static bool is_number(struct str s)
{
	size_t digits = 0, points = 0;

	if (s.n && s.p[0] == '-')
		s = str_from(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		digits += s.p[i] >= '0' && s.p[i] <= '9';
		points += s.p[i] == '.';
	}
	return digits > 0 && points <= 1 && digits + points == s.n;
}

static bool unknown_variable(struct err *e, const struct sqltok *t, struct str name,
    const struct sql_var *vars, size_t n_vars)
{
	struct near near = near_to(name);
	struct buf all;

	buf_init(&all, 512);
	for (size_t i = 0; i < n_vars; i++) {
		near_try(&near, str_z(vars[i].name));
		buf_printf(&all, " %s", vars[i].name);
	}
	sqltok_fail(e, t, "model", "unknown variable %.*s%s Known:%s", STRF(name),
	    near.best.n ? near_hint(&near) : ".", all.n ? all.p : " none");
	buf_free(&all);
	return false;
}

/* The name in :name, :'name' or :"name". */
static struct str variable_name(const struct sqltok *t)
{
	struct str s = str_from(t->text, 1);

	if (t->kind == SQLTOK_VAR)
		return s;
	return (struct str){s.p + 1, s.n - 2};
}

static bool put_variable(struct buf *b, const struct sqltok *t, const struct sql_var *vars,
    size_t n_vars, const struct sql_quote *quote, struct arena *a, struct err *e)
{
	struct str name = variable_name(t), value = {0};
	size_t i = 0;

	while (i < n_vars && !str_eqz(name, vars[i].name))
		i++;
	if (i == n_vars)
		return unknown_variable(e, t, name, vars, n_vars);
	value = vars[i].value;
	if (t->kind == SQLTOK_VAR && !is_number(value))
		return sqltok_fail(e, t, "model",
		    "the value of :%s is no number; write :'%s' for a literal, :\"%s\" for a name",
		    vars[i].name, vars[i].name, vars[i].name);
	if (t->kind == SQLTOK_VAR_LITERAL)
		value = quote->literal(quote->ctx, a, value);
	else if (t->kind == SQLTOK_VAR_IDENT)
		value = quote->ident(quote->ctx, a, value);
	buf_str(b, value);
	return true;
}

bool sqlfile_expand(const char *origin, struct str text, const struct sql_var *vars, size_t n_vars,
    const struct sql_quote *quote, struct arena *a, struct str *out, struct err *e)
{
	const char *done = text.p;
	struct sqltok *t;
	struct buf b;
	bool ok = true;
	size_t n;

	if (!sqltok_all(text, a, &t, &n, e))
		return in_file(e, origin);
	buf_init(&b, EXPANDED_MAX);
	for (size_t i = 0; i < n && ok; i++) {
		if (t[i].kind != SQLTOK_VAR && t[i].kind != SQLTOK_VAR_LITERAL &&
		    t[i].kind != SQLTOK_VAR_IDENT)
			continue;
		buf_add(&b, done, (size_t)(t[i].text.p - done));
		done = t[i].text.p + t[i].text.n;
		ok = put_variable(&b, &t[i], vars, n_vars, quote, a, e);
	}
	if (!ok) {
		buf_free(&b);
		return in_file(e, origin);
	}
	if (text.n)
		buf_add(&b, done, (size_t)(text.p + text.n - done));
	ok = !b.over;
	*out = arena_str(a, buf_view(&b));
	buf_free(&b);
	return ok || sqlfile_fail(e, origin, 0, "more than %d bytes", EXPANDED_MAX);
}
