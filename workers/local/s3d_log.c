/* s3d_log.c - see s3d_log.h. */
#include "workers/local/s3d_log.h"

#include <inttypes.h>
#include <unistd.h>

#include "shared/clock.h"

enum { LINE_MAX_BYTES = 64 << 10 };

/* A query may hold the signature of an address that was signed beforehand. */
static struct str shown(struct str query)
{
	bool is_signed = memmem(query.p, query.n, "X-Amz-Signature", 15) != NULL;

	return query.n && is_signed ? STR("(signed)") : query;
}

static int64_t first_byte(const struct s3d_http *h)
{
	const struct str *range = s3d_http_header(h, "range");
	int64_t n = 0;

	if (range && str_starts(*range, STR("bytes=")))
		str_to_i64((struct str){range->p + 6, str_find(str_from(*range, 6), '-')}, &n);
	return n;
}

void s3d_log(const struct s3d_call *c)
{
	const struct s3d_http *h = &c->http;
	struct buf b;

	if (c->s->log < 0 || !c->reply.status)
		return;
	buf_init(&b, LINE_MAX_BYTES);
	buf_printf(&b, "{\"at\":%" PRId64 ",\"ms\":%" PRId64 ",\"method\":", c->came,
	    clock_wall_ms() - c->came);
	buf_json(&b, h->method);
	buf_z(&b, ",\"path\":");
	buf_json(&b, h->path);
	buf_z(&b, ",\"query\":");
	buf_json(&b, shown(h->query));
	buf_printf(&b,
	    ",\"from\":%" PRId64 ",\"match\":%s,\"status\":%d,\"bytes\":%" PRId64
	    ",\"fault\":\"%s\"}\n",
	    first_byte(h), s3d_http_header(h, "if-match") ? "true" : "false", c->reply.status,
	    c->reply.sent, c->fault ? s3d_fault_name(c->fault->kind) : "");
	/* A full disk must not change what the server does. */
	if (!b.over && write(c->s->log, b.p, b.n) < 0) {
		buf_free(&b);
		return;
	}
	buf_free(&b);
}
