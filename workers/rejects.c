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

bool rejects_add(struct rejects *r, struct str bucket, struct str key, uint64_t line,
    const struct row_error *why, bool whole, struct err *e)
{
	bool column = why->column[0] != '\0';
	struct bad_record b = {.line = line,
	    .column = str_z(why->column),
	    .type = str_z(why->type),
	    .value = str_z(why->value),
	    .reason = str_z(why->reason),
	    .position = (int64_t)why->position,
	    .code = why->code};
	char code[16], url[1200]; /* a bucket's name has 63 bytes, a key 1024 */

	snprintf(url, sizeof url, "s3://%.*s/%.*s", STRF(bucket), STRF(key));
	b.object = str_z(url);
	r->count++;
	keep(r, &b);
	if (!whole && r->count < r->limit)
		return true;
	r->failed = true;
	if (r->bear_all)
		return true;
	snprintf(code, sizeof code, "%d", why->code);
	return err_set(e, ERR_DATA, AT_DATA, code,
	    "%.*s line %llu%s%s%s%s%s: %s (error %d)%s%.100s%s%s", STRF(b.object),
	    (unsigned long long)line, column ? ", column " : "", why->column, column ? " (" : "",
	    why->type, column ? ")" : "", why->reason, why->code, why->value[0] ? ", value '" : "",
	    why->value, why->value[0] ? "'" : "", remedy(r, whole));
}
