/*
 * compact.h - many small objects, joined into few gzip parts that Redshift's COPY reads faster.
 *
 * COPY pays for each object by the request: 14,896 objects of one record take it about an hour. We
 * have many requests in flight, so we read them first:
 *
 *   objects of a shard -> cut into parts (by the listed sizes, in key order)
 *   for each part: fetch -> every object at its place in one buffer -> scanned in key order
 *                  -> gzip -> upload; then its map
 *
 * Name. A part lies under [S3] MANIFESTS as parts/RELATION/DIGEST.json.gz, and DIGEST is that of
 * the list of its objects: their keys, sizes and ETags, as a manifest has them. So the name is
 * known before anything is fetched: a part that is there already is neither fetched nor uploaded
 * again, and a large one can be streamed to its place. Within it the objects stand in key order,
 * whatever order their bytes came in, so that the same name always holds the same bytes. An ETag
 * fixes what is in an object, so the list of objects fixes the part; an object without one is not
 * joined.
 *
 * What is joined. Only objects of which every byte is a JSON record that is whole and right, or a
 * blank: whatever COPY does with bad bytes (one unclosed brace would swallow all that follows it),
 * it does to that object alone. The others are left to be copied as they are, and so are large
 * ones. Each joined object ends with a new line, its own or one that is added.
 *
 * All objects of one COPY are compressed in the same way, so parts and objects left alone are two
 * COPY statements, the first with GZIP, and two manifests.
 *
 * Map. DIGEST.map beside the part says which lines of it are of which object, and which objects
 * were left alone and why. It is written last: a part without a map is not there.
 *
 * Memory: one part's bytes ([LOAD] PART_BYTES and at most COMPACT_OBJECT_MAX more) and S3_PART.
 */
#ifndef WORKERS_COMPACT_H
#define WORKERS_COMPACT_H

#include "shared/copystmt.h"
#include "workers/manifest.h"

enum {
	COMPACT_OBJECT_MAX = 1 << 20, /* larger objects are left alone */
	COMPACT_PART_LEAST = 1 << 20, /* parts are not made smaller to be a multiple of slices */
	COMPACT_FEW = 8,              /* so many objects are no burden; for `auto` */
};

/*
 * Whether n objects of so many bytes together are to be joined for this COPY, as [LOAD] COMPACT
 * says: `on` joins whatever can be joined, `auto` where it saves something. Where not, *why is a
 * text for the report, to stand behind "not compacted: ".
 */
bool compact_is_worth(const struct config *c, const struct copystmt *stmt, uint64_t n,
    uint64_t bytes, const char **why);

struct compact_entry {
	struct str key, etag;
	uint64_t size;
	uint64_t line, lines; /* in the part: the first one, from 1, and how many */
	uint64_t records;
	struct str alone; /* why it is not in the part; empty: it is */
};

struct compact_map {
	struct str bucket, key; /* of the part */
	struct str etag;        /* of the part; empty where there is none, with size 0 */
	uint64_t size;          /* of the part, compressed; 0: no object could be joined */
	uint64_t bytes, lines, records;
	bool found;        /* an earlier try had made it */
	struct str source; /* bucket of the objects */
	struct compact_entry *entries;
	size_t n;
};

struct compact_opts {
	struct str relation;
	size_t slices;       /* of the cluster; parts are a multiple of it where it can be; 0: 1 */
	uint64_t part_bytes; /* 0: [LOAD] PART_BYTES */
};

struct compacted {
	struct manifest parts;    /* COPY with GZIP; n may be 0 */
	struct manifest alone;    /* COPY as it is; n may be 0 */
	struct str *why;          /* for each of alone.objects */
	struct compact_map *maps; /* of all parts, also of those that came out empty */
	size_t n_maps;
	uint64_t objects, records, bytes; /* that are in the parts */
	uint64_t reused;                  /* parts that were there already */
};

/*
 * Joins the objects of one shard. All of *out lives in w->task. For manifest_write,
 * "parts/RELATION" is a good relation of these manifests: they are not the record of a shard, which
 * stays that of its own objects. Errors are those of fetch.h and s3.h; parts that were finished
 * before stay, and are found by the next try.
 */
bool compact_objects(struct worker *w, const struct manifest *objects,
    const struct compact_opts *opts, struct compacted *out, struct err *e);

/*
 * The same, of what an earlier try has left; nothing is read of the objects, and nothing made.
 * *whole: all of it is there, else *out is of use for compact_remove alone.
 */
bool compact_find(struct worker *w, const struct manifest *objects, const struct compact_opts *opts,
    struct compacted *out, bool *whole, struct err *e);

/*
 * Which object, and which line of it, a line of a part is of. part: its address, as COPY reports
 * it; line: as in Redshift's error views, that of a record's end. False where it is no part or no
 * line of these. The address of the object lives in a.
 */
bool compact_trace(const struct compacted *c, struct str part, uint64_t line, struct arena *a,
    struct str *object, uint64_t *line_in_object);

/* Deletes parts and maps, once they are of no more use: all of them, or those that no earlier try
 * had made. What is gone already is no error. */
bool compact_remove(struct worker *w, const struct compacted *c, bool found, struct err *e);

/* ---- the steps of it, for tests ---- */

/* The number of parts that `bytes` make. */
uint64_t compact_count(uint64_t bytes, uint64_t part_bytes, uint64_t slices);

/* The digest that names the part of these objects. */
void compact_digest(const struct manifest *objects, char digest[33]);

/* A map as JSON lines, the first of the part and one for each object. */
void compact_map_print(const struct compact_map *m, struct buf *out);
bool compact_map_parse(struct str text, struct arena *a, struct compact_map *out, struct err *e);

/* The object of a line of the part; NULL where it has none. */
const struct compact_entry *compact_map_find(const struct compact_map *m, uint64_t line);

#endif
