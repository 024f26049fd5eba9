/* rejects.c - see rejects.h. */
#include "workers/rejects.h"

#include <stdio.h>

int64_t rejects_limit(const struct copystmt *stmt)
{
	if (copystmt_has(stmt, COPY_IGNOREALLERRORS))
		return INT64_MAX;
	return stmt->number[COPY_MAXERROR] > 1 ? stmt->number[COPY_MAXERROR] : 1;
}

static void keep(struct rejects *r, const struct bad_record *b)
{
	size_t bytes = sizeof *b + b->object.n + b->column.n + b->type.n + b->value.n + b->reason.n;
	bool same = r->n && str_eq(r->v[r->n - 1].object, b->object);
	struct bad_record *k;

	if (bytes > REJECTS_KEPT - r->bytes)
		return;
	r->bytes += bytes;
	r->v = arena_grow(r->arena, r->v, r->n, &r->cap, sizeof *r->v);
	k = &r->v[r->n++];
	*k = *b;
	k->object = same ? k[-1].object : arena_str(r->arena, b->object);
	k->column = arena_str(r->arena, b->column);
	k->type = arena_str(r->arena, b->type);
	k->value = arena_str(r->arena, b->value);
	k->reason = arena_str(r->arena, b->reason);
}

static const char *remedy(struct rejects *r, bool whole)
{
	if (whole)
		return "; mend the object or take it away";
	if (r->limit == 1)
		return "; mend the object, bear such records with MAXERROR in the COPY, or such "
		       "objects with "
		       "[LOAD] MAX_BAD_OBJECTS";
	return arena_printf(r->arena, "; it is number %lld of the shard, and MAXERROR is %lld",
	    (long long)r->count, (long long)r->limit);
}

bool rejects_fail(struct rejects *r, const struct bad_record *b, bool whole, struct err *e)
{
	const char *of = b->column.n ? ", column " : "";
	char code[16];

	snprintf(code, sizeof code, "%d", b->code);
	return err_set(e, ERR_DATA, AT_DATA, code,
	    "%.*s line %llu%s%.*s%s%.*s%s: %.*s (error %d)%s%.*s%s%s", STRF(b->object),
	    (unsigned long long)b->line, of, STRF(b->column), b->column.n ? " (" : "",
	    STRF(b->type), b->column.n ? ")" : "", STRF(b->reason), b->code,
	    b->value.n ? ", value '" : "", b->value.n > 100 ? 100 : (int)b->value.n, b->value.p,
	    b->value.n ? "'" : "", remedy(r, whole));
}

bool rejects_add(struct rejects *r, struct str bucket, struct str key, uint64_t line,
    const struct row_error *why, bool whole, struct err *e)
{
	struct bad_record b = {.line = line,
	    .column = str_z(why->column),
	    .type = str_z(why->type),
	    .value = str_z(why->value),
	    .reason = str_z(why->reason),
	    .position = (int64_t)why->position,
	    .code = why->code};
	char url[1200]; /* a bucket's name has 63 bytes, a key 1024 */

	snprintf(url, sizeof url, "s3://%.*s/%.*s", STRF(bucket), STRF(key));
	b.object = str_z(url);
	r->count++;
	keep(r, &b);
	if (!whole && r->count < r->limit)
		return true;
	r->failed = true;
	return r->bear_all || rejects_fail(r, &b, whole, e);
}
