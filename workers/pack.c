/* pack.c - see pack.h. */
#include "workers/pack.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "shared/arena.h"

/* The level: twice as fast as zlib's own choice, for a tenth more bytes, which go to S3 and from
 * there to Redshift, and not over a line that anybody waits for. */
enum { PIECE = 64 << 10, LEVEL = 4 };

struct pack {
	z_stream z;
	pack_sink sink;
	void *ctx;
	char out[PIECE];
};

struct pack *pack_new(pack_sink sink, void *ctx)
{
	struct pack *k = xcalloc(1, sizeof *k);

	k->sink = sink;
	k->ctx = ctx;
	/* 16: a gzip header and trailer, not zlib's. */
	if (deflateInit2(&k->z, LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort(); /* out of memory ends the process */
	return k;
}

void pack_free(struct pack *k)
{
	if (k)
		deflateEnd(&k->z);
	free(k);
}

/* Until nothing comes out any more. */
static bool run(struct pack *k, int flush, struct err *e)
{
	do {
		size_t made;

		k->z.next_out = (Bytef *)k->out;
		k->z.avail_out = PIECE;
		deflate(&k->z, flush); /* cannot fail on a stream that was begun */
		made = PIECE - k->z.avail_out;
		if (made && !k->sink(k->ctx, k->out, made, e))
			return false;
	} while (k->z.avail_out == 0);
	return true;
}

bool pack_bytes(struct pack *k, const char *p, size_t n, struct err *e)
{
	while (n) {
		size_t part = n < UINT_MAX ? n : UINT_MAX;

		/* zlib's pointer to what it only reads is not const unless asked so. */
		k->z.next_in = (z_const Bytef *)(uintptr_t)p;
		k->z.avail_in = (uInt)part;
		p += part;
		n -= part;
		if (!run(k, Z_NO_FLUSH, e))
			return false;
	}
	return true;
}

bool pack_end(struct pack *k, struct err *e)
{
	k->z.avail_in = 0;
	return run(k, Z_FINISH, e);
}
