/* unpack.c - see unpack.h. A codec is three functions; what they share is the loop around them. */
#include "workers/unpack.h"

#include <bzlib.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "shared/arena.h"

/* What inflate() wants: zlib's own header word says 32 KiB of window and 7 KiB beside it. */
enum { GZIP_HELD = 40 << 10, BZIP2_HELD = 3700 << 10, ZSTD_KEPT = 1 << 20 };

/* One call of a codec: how far it came. */
struct step {
	const char *in;
	size_t in_n;
	char *out;
	size_t out_n; /* room, and afterwards what is left of it */
};

struct unpack {
	enum unpack_kind kind;
	bool inside;  /* a member has begun and not ended */
	bool any;     /* there was a whole member */
	bool ready;   /* the codec's state is there */
	bool padding; /* NUL bytes behind the last member, as tape blocks leave them */
	z_stream z;
	bz_stream bz;
	ZSTD_DCtx *zstd;
};

struct unpack *unpack_new(enum unpack_kind kind)
{
	struct unpack *u = xcalloc(1, sizeof *u);

	u->kind = kind;
	return u;
}

static void drop(struct unpack *u)
{
	if (u->ready && u->kind == UNPACK_GZIP)
		inflateEnd(&u->z);
	if (u->ready && u->kind == UNPACK_BZIP2)
		BZ2_bzDecompressEnd(&u->bz);
	if (u->ready && u->kind == UNPACK_ZSTD)
		ZSTD_freeDCtx(u->zstd);
	u->ready = false;
}

void unpack_free(struct unpack *u)
{
	if (u)
		drop(u);
	free(u);
}

void unpack_reset(struct unpack *u)
{
	u->inside = u->any = u->padding = false;
	/* One that is cheap to keep is kept; one that is large is not, there is one a connection.
	 */
	if (u->kind == UNPACK_BZIP2 ||
	    (u->ready && u->kind == UNPACK_ZSTD && ZSTD_sizeof_DCtx(u->zstd) > ZSTD_KEPT))
		drop(u);
}

size_t unpack_held(const struct unpack *u)
{
	if (!u->inside || !u->ready)
		return 0;
	return u->kind == UNPACK_GZIP    ? GZIP_HELD
	       : u->kind == UNPACK_BZIP2 ? BZIP2_HELD
	                                 : ZSTD_sizeof_DCtx(u->zstd);
}

/* ---- the codecs: begin a member, and go on in it ---- */

static void begin(struct unpack *u)
{
	bool ok = true;

	if (u->kind == UNPACK_GZIP) {
		/* 16: a gzip header and trailer, its checksum tested; not zlib's. */
		ok = u->ready ? inflateReset(&u->z) == Z_OK
		              : inflateInit2(&u->z, 16 + MAX_WBITS) == Z_OK;
	} else if (u->kind == UNPACK_BZIP2) {
		drop(u);
		memset(&u->bz, 0, sizeof u->bz);
		ok = BZ2_bzDecompressInit(&u->bz, 0, 0) == BZ_OK;
	} else if (u->ready) {
		ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only);
	} else {
		u->zstd = ZSTD_createDCtx();
		ok = u->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(
		                    u->zstd, ZSTD_d_windowLogMax, UNPACK_WINDOW_LOG));
	}
	if (!ok)
		abort(); /* out of memory ends the process */
	u->ready = u->inside = true;
}

static const char *gzip(struct unpack *u, struct step *s, bool *ended)
{
	int rc;

	/* zlib's pointer to what it only reads is not const unless asked so. */
	u->z.next_in = (z_const Bytef *)(uintptr_t)s->in;
	u->z.avail_in = (uInt)s->in_n;
	u->z.next_out = (Bytef *)s->out;
	u->z.avail_out = (uInt)s->out_n;
	rc = inflate(&u->z, Z_NO_FLUSH);
	s->in_n = u->z.avail_in;
	s->out_n = u->z.avail_out;
	*ended = rc == Z_STREAM_END;
	if (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR)
		return NULL;
	if (u->z.total_out == 0)
		return u->any ? "what follows the gzip data is not gzip" : "the object is not gzip";
	return "the gzip data are damaged";
}

static const char *bzip2(struct unpack *u, struct step *s, bool *ended)
{
	int rc;

	u->bz.next_in = (char *)(uintptr_t)s->in;
	u->bz.avail_in = (unsigned)s->in_n;
	u->bz.next_out = s->out;
	u->bz.avail_out = (unsigned)s->out_n;
	rc = BZ2_bzDecompress(&u->bz);
	s->in_n = u->bz.avail_in;
	s->out_n = u->bz.avail_out;
	*ended = rc == BZ_STREAM_END;
	if (rc == BZ_OK || rc == BZ_STREAM_END)
		return NULL;
	if (rc == BZ_MEM_ERROR)
		abort();
	if (rc == BZ_DATA_ERROR_MAGIC)
		return u->any ? "what follows the bzip2 data is not bzip2"
		              : "the object is not bzip2";
	return "the bzip2 data are damaged";
}

static const char *zstd(struct unpack *u, struct step *s, bool *ended)
{
	ZSTD_inBuffer in = {s->in, s->in_n, 0};
	ZSTD_outBuffer out = {s->out, s->out_n, 0};
	size_t rc = ZSTD_decompressStream(u->zstd, &out, &in);

	s->in_n -= in.pos;
	s->out_n -= out.pos;
	*ended = rc == 0;
	if (!ZSTD_isError(rc))
		return NULL;
	if (strstr(ZSTD_getErrorName(rc), "much memory"))
		return "the zstd data look further back than 8 MB: compress with level 19 at most, "
		       "and without --long";
	if (strstr(ZSTD_getErrorName(rc), "nknown frame"))
		return u->any ? "what follows the zstd data is not zstd" : "the object is not zstd";
	return "the zstd data are damaged";
}

/* ---- the loop ---- */

static const char *const cut[] = {
    [UNPACK_NONE] = "",
    [UNPACK_GZIP] = "the gzip data end early: the object was cut when it was written",
    [UNPACK_BZIP2] = "the bzip2 data end early: the object was cut when it was written",
    [UNPACK_ZSTD] = "the zstd data end early: the object was cut when it was written",
};

/* Bytes behind a member: zeros up to the end are padding, others begin the next one. */
static size_t pass_padding(struct unpack *u, const char *p, size_t n)
{
	size_t i = 0;

	while (u->any && i < n && p[i] == '\0')
		i++;
	u->padding = u->padding || i > 0;
	return i;
}

enum unpack_result unpack_feed(struct unpack *u, const char *p, size_t n, bool last, char *out,
    unpack_sink sink, void *ctx, const char **why, struct err *e)
{
	bool full = false;

	while (n || full) {
		struct step s;
		bool ended = false;
		size_t made;

		if (!u->inside) {
			size_t zeros = pass_padding(u, p, n);

			p += zeros;
			n -= zeros;
			if (n == 0)
				break;
			if (u->padding) {
				*why = "bytes behind the padding that ends the compressed data";
				return UNPACK_BAD;
			}
			begin(u);
		}
		s = (struct step){p, n, out, UNPACK_PIECE};
		*why = u->kind == UNPACK_GZIP    ? gzip(u, &s, &ended)
		       : u->kind == UNPACK_BZIP2 ? bzip2(u, &s, &ended)
		                                 : zstd(u, &s, &ended);
		p += n - s.in_n;
		n = s.in_n;
		made = UNPACK_PIECE - s.out_n;
		/* What came before the damage is seen, however the object was cut in pieces. */
		if (*why)
			return made && !sink(ctx, out, made, e) ? UNPACK_STOPPED : UNPACK_BAD;
		/* A codec that filled the room may have more without more input. */
		full = s.out_n == 0 && !ended;
		if (ended) {
			u->inside = false;
			u->any = true;
		}
		if (made && !sink(ctx, out, made, e))
			return UNPACK_STOPPED;
	}
	if (last && u->inside) {
		*why = cut[u->kind];
		return UNPACK_BAD;
	}
	return UNPACK_OK;
}
