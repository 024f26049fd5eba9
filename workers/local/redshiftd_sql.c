/* redshiftd_sql.c - see redshiftd_sql.h. */
#include "workers/local/redshiftd_sql.h"

#include "shared/buf.h"
#include "shared/dialect.h"
#include "shared/sqltok.h"

enum { SQL_MAX = 32 << 20 };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct reading {
	const struct session_facts *facts;
	const struct sqltok *t; /* of the whole string */
	struct arena *a;
	struct err *e;
};

/* Redshift's parameters that PostgreSQL does not know. */
static const char *const ours[] = {"query_group", "wlm_query_slot_count",
    "enable_case_sensitive_identifier", "enable_result_cache_for_session",
    "analyze_threshold_percent", "describe_field_name_in_uppercase", "json_serialization_enable",
    "mv_enable_aqmv_for_session", "use_fips_ssl", "auto_analyze"};

/* PostgreSQL's of later times: a cluster has never heard of them. */
static const char *const later[] = {"lock_timeout", "idle_in_transaction_session_timeout",
    "idle_session_timeout", "client_connection_check_interval", "session_replication_role",
    "default_tablespace", "work_mem", "row_security", "bytea_output", "jit"};

/* By their first words: what Redshift does not have. */
static const char *const lacking[][2] = {
    {"SAVEPOINT", NULL},
    {"RELEASE", NULL},
    {"LISTEN", NULL},
    {"NOTIFY", NULL},
    {"UNLISTEN", NULL},
    {"DO", NULL},
    {"REINDEX", NULL},
    {"CLUSTER", NULL},
    {"CREATE", "INDEX"},
    {"CREATE", "TRIGGER"},
    {"CREATE", "SEQUENCE"},
    {"CREATE", "TYPE"},
    {"CREATE", "DOMAIN"},
    {"CREATE", "RULE"},
    {"CREATE", "EXTENSION"},
    {"CREATE", "TABLESPACE"},
    {"CREATE", "UNLOGGED"},
};

/* It has them, we do not. */
static const char *const not_here[][2] = {
    {"UNLOAD", NULL},
    {"CREATE", "LIBRARY"},
    {"CREATE", "DATASHARE"},
    {"CREATE", "MODEL"},
    {"ANALYZE", "COMPRESSION"},
};

static bool is_number(const struct sqltok *t, int64_t *out)
{
	return t->kind == SQLTOK_NUMBER && str_to_i64(t->text, out);
}

static bool any_of(const struct sqltok *t, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sqltok_is(t, words[i]))
			return true;
	return false;
}

static bool begins(const struct sqltok *t, const char *const words[2])
{
	return sqltok_is(t, words[0]) && (!words[1] || sqltok_is(t + 1, words[1]));
}

static bool refused(struct reading *r, const struct sqltok *t, size_t n)
{
	for (size_t i = 0; i < COUNT(lacking); i++)
		if (begins(t, lacking[i]))
			return !sqltok_fail(r->e, t, "0A000",
			    "SQL command \"%s%s%s\" not supported", lacking[i][0],
			    lacking[i][1] ? " " : "", lacking[i][1] ? lacking[i][1] : "");
	for (size_t i = 0; i < COUNT(not_here); i++)
		if (begins(t, not_here[i]))
			return !sqltok_fail(r->e, t, "0A000", "redshiftd does not do %s%s%s",
			    not_here[i][0], not_here[i][1] ? " " : "",
			    not_here[i][1] ? not_here[i][1] : "");
	for (size_t i = 0; i + 1 < n; i++)
		if (sqltok_is(&t[i], "ON") && sqltok_is(&t[i + 1], "CONFLICT"))
			return !sqltok_fail(r->e, &t[i], "42601", "syntax error at or near \"on\"");
		else if (sqltok_is(&t[i], "DISTINCT") && sqltok_is(&t[i + 1], "ON"))
			return !sqltok_fail(
			    r->e, &t[i], "0A000", "SELECT DISTINCT ON is not supported");
	return false;
}

static bool copy(struct reading *r, const struct sqltok *t, size_t n, struct statement *out)
{
	for (size_t i = 1; i + 1 < n; i++)
		if (sqltok_is(&t[i], "FROM") && t[i + 1].kind == SQLTOK_STRING) {
			out->kind = STATEMENT_COPY;
			return true;
		}
	return sqltok_fail(r->e, t, "0A000",
	    "COPY source must be an S3 address: COPY table FROM 's3://bucket/...'");
}

static bool cancel(struct reading *r, const struct sqltok *t, size_t n, struct statement *out)
{
	if (n < 2 || n > 3 || !is_number(&t[1], &out->pid))
		return sqltok_fail(
		    r->e, t, "42601", "CANCEL wants a process id: CANCEL pid ['message']");
	out->kind = STATEMENT_CANCEL;
	return true;
}

/* ---- statements with a few tokens changed ---- */

static void put(struct buf *b, struct str all, const char **done, const struct sqltok *t)
{
	const char *end = t->text.p + t->text.n;

	(void)all;
	buf_add(b, *done, (size_t)(end - *done));
	*done = end;
}

/* A parameter's name stands behind SET [SESSION|LOCAL], SHOW, RESET: its token, or 0. */
static size_t parameter(const struct sqltok *t, size_t n)
{
	size_t i = 1;

	if (n < 2 || !(sqltok_is(t, "SET") || sqltok_is(t, "SHOW") || sqltok_is(t, "RESET")))
		return 0;
	if (sqltok_is(t, "SET") && n > 2 &&
	    (sqltok_is(&t[1], "SESSION") || sqltok_is(&t[1], "LOCAL")))
		i = 2;
	return t[i].kind == SQLTOK_WORD ? i : 0;
}

static bool check_parameter(struct reading *r, const struct sqltok *t, size_t n, size_t at)
{
	int64_t digits;

	if (any_of(&t[at], later, COUNT(later)))
		return sqltok_fail(r->e, &t[at], "42704",
		    "unrecognized configuration parameter \"%.*s\"", STRF(t[at].text));
	if (sqltok_is(&t[at], "extra_float_digits") && n == at + 3 &&
	    is_number(&t[at + 2], &digits) && digits > 2)
		return sqltok_fail(r->e, &t[at + 2], "22023",
		    "%lld is outside the valid range for parameter \"extra_float_digits\" "
		    "(-15 .. 2)",
		    (long long)digits);
	return true;
}

/* What VACUUM and ANALYZE may say on Redshift and not here: the words before the table, and what
 * follows it. */
static bool upkeep(struct reading *r, const struct sqltok *t, size_t n, struct str *out)
{
	static const char *const before[] = {
	    "FULL", "SORT", "DELETE", "ONLY", "REINDEX", "RECLUSTER", "VERBOSE"};
	static const char *const after[] = {"TO", "BOOST", "PREDICATE", "ALL"};
	size_t from = 1, end;

	while (from < n && any_of(&t[from], before, COUNT(before)))
		from++;
	end = from;
	while (end < n && !any_of(&t[end], after, COUNT(after)))
		end++;
	*out = str_z(arena_printf(r->a, "%.*s", STRF(t->text)));
	if (end > from) {
		const char *p = t[from].text.p, *q = t[end - 1].text.p + t[end - 1].text.n;

		*out = str_z(arena_printf(r->a, "%.*s %.*s", STRF(t->text), (int)(q - p), p));
	}
	return true;
}

/* The functions of a session: what they answer, or NULL. */
static const char *known(struct reading *r, const struct sqltok *t)
{
	const struct session_facts *f = r->facts;

	if (!sqltok_is(t + 1, "(") || !sqltok_is(t + 2, ")"))
		return NULL;
	if (sqltok_is(t, "pg_last_copy_count"))
		return arena_i64(r->a, f->last_copy_count);
	if (sqltok_is(t, "pg_last_copy_id"))
		return arena_i64(r->a, f->last_copy_id);
	if (sqltok_is(t, "pg_last_query_id"))
		return arena_i64(r->a, f->last_query_id);
	return NULL;
}

static bool functions(
    struct reading *r, const struct sqltok *t, size_t n, struct str all, struct str *out)
{
	size_t at = parameter(t, n);
	const char *done = all.p;
	struct buf b;
	bool fits;

	if (at && !check_parameter(r, t, n, at))
		return false;
	buf_init(&b, SQL_MAX);
	for (size_t i = 0; i < n; i++) {
		bool qualified = i > 0 && sqltok_is(&t[i - 1], ".");
		const char *value = i + 2 < n ? known(r, &t[i]) : NULL;

		buf_add(&b, done, (size_t)(t[i].text.p - done));
		done = t[i].text.p;
		if (at && i == at && any_of(&t[i], ours, COUNT(ours)))
			buf_z(&b, "redshiftd.");
		if (!qualified && i + 2 < n && sqltok_is(&t[i], "version") &&
		    sqltok_is(&t[i + 1], "(") && sqltok_is(&t[i + 2], ")"))
			buf_z(&b, "redshiftd.");
		if (!qualified && sqltok_is(&t[i], "pg_stat_activity"))
			buf_z(&b, "redshiftd.");
		put(&b, all, &done, &t[i]);
		if (value) {
			put(&b, all, &done, &t[++i]);
			buf_printf(&b, "CAST(%s AS BIGINT)", value);
		}
	}
	fits = !b.over;
	*out = arena_str(r->a, buf_view(&b));
	buf_free(&b);
	return fits || sqltok_fail(r->e, t, "54000", "the statement is too long");
}

/* begin: where the one before it has ended. */
static bool statement(
    struct reading *r, const char *begin, const struct sqltok *t, size_t n, struct statement *out)
{
	const char *end = t[n - 1].text.p + t[n - 1].text.n;
	struct str all = {t->text.p, (size_t)(end - t->text.p)};

	*out = (struct statement){.kind = STATEMENT_PLAIN,
	    .text = all,
	    .source = str_trim((struct str){begin, (size_t)(end - begin)})};
	if (refused(r, t, n))
		return false;
	if (sqltok_is(t, "COPY"))
		return copy(r, t, n, out);
	if (sqltok_is(t, "CANCEL"))
		return cancel(r, t, n, out);
	if (sqltok_is(t, "BEGIN") || sqltok_is(t, "START"))
		out->kind = STATEMENT_BEGIN;
	if (sqltok_is(t, "COMMIT") || sqltok_is(t, "END") || sqltok_is(t, "ROLLBACK") ||
	    sqltok_is(t, "ABORT"))
		out->kind = STATEMENT_END;
	if (out->kind == STATEMENT_END && n > 1)
		for (size_t i = 1; i < n; i++)
			if (sqltok_is(&t[i], "TO"))
				return sqltok_fail(
				    r->e, t, "0A000", "SQL command \"ROLLBACK TO\" not supported");
	if (sqltok_is(t, "TRUNCATE"))
		out->kind = STATEMENT_TRUNCATE;
	if (sqltok_is(t, "VACUUM") || sqltok_is(t, "ANALYZE"))
		return upkeep(r, t, n, &out->text);
	return functions(r, t, n, all, &out->text) &&
	       dialect_postgres(out->text, r->a, &out->text, r->e);
}

bool redshiftd_sql(struct str sql, const struct session_facts *facts, struct arena *a,
    struct statement **out, size_t *n, struct err *e)
{
	struct reading r = {.facts = facts, .a = a, .e = e};
	struct sqltok *t;
	size_t n_tokens, from = 0, cap = 0;
	const char *begin = sql.p;

	*out = NULL;
	*n = 0;
	if (!sqltok_all(sql, a, &t, &n_tokens, e))
		return false;
	r.t = t;
	for (size_t i = 0; i <= n_tokens; i++) {
		if (i < n_tokens && !sqltok_is(&t[i], ";"))
			continue;
		if (i > from) {
			*out = arena_grow(a, *out, *n, &cap, sizeof **out);
			if (!statement(&r, begin, &t[from], i - from, &(*out)[*n]))
				return false;
			++*n;
		}
		from = i + 1;
		if (i < n_tokens)
			begin = t[i].text.p + t[i].text.n;
	}
	return true;
}
