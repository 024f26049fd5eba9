/* s3d_etags.c - see s3d_etags.h: a table with one place for each inode, the later one stays. */
#include "workers/local/s3d_etags.h"

#include <string.h>

#include "shared/arena.h"
#include "shared/clock.h"

enum { PLACES = 1 << 18, FRESH_NS = 50 * 1000 * 1000 };

static struct place {
	dev_t dev;
	ino_t ino; /* 0: free */
	int64_t changed_ns, size, mtime_ns;
	char etag[S3D_ETAG_MAX];
} * places; /* made when first wanted: it is large, and only s3d does */

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct place *place_of(const struct stat *st)
{
	if (!places)
		places = xcalloc(PLACES, sizeof *places);
	return &places[st->st_ino & (PLACES - 1)];
}

bool s3d_etags_find(const struct stat *st, struct s3d_object *o)
{
	const struct place *p = place_of(st);

	if (p->ino != st->st_ino || p->dev != st->st_dev || p->changed_ns != ns(st->st_ctim) ||
	    p->size != st->st_size)
		return false;
	o->size = p->size;
	o->mtime_ns = p->mtime_ns;
	o->n_headers = 0;
	memcpy(o->etag, p->etag, sizeof o->etag);
	return true;
}

void s3d_etags_keep(const struct stat *st, const struct s3d_object *o)
{
	struct place *p = place_of(st);

	if (clock_wall_ms() * 1000000 - ns(st->st_ctim) <= FRESH_NS)
		return;
	*p = (struct place){.dev = st->st_dev,
	    .ino = st->st_ino,
	    .changed_ns = ns(st->st_ctim),
	    .size = o->size,
	    .mtime_ns = o->mtime_ns};
	memcpy(p->etag, o->etag, sizeof p->etag);
}
