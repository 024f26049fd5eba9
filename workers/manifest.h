/*
 * manifest.h - the list of a shard's objects, as Redshift's COPY reads it.
 *
 *   {"entries":[
 *   {"url":"s3://bucket/key","mandatory":true,"meta":{"content_length":459,"etag":"9b2c..."}},
 *   ...]}
 *
 * Keys are raw, not URL-encoded. mandatory is always true: an object that is gone fails the COPY
 * instead of being left out in silence. The etag in meta is ours; COPY reads only the length.
 *
 * A manifest is content-addressed: its name is the SHA-256 of its bytes (the first 32 hex digits),
 * which is also the shard's id, so that the same objects are the same shard, whoever lists them. It
 * lies under [S3] MANIFESTS, or in a folder of this machine where no bucket may be written.
 *
 * The manifest of a quarantine (quarantine.h) is one, too, with what is wrong in each entry's meta:
 * line, column, value, code, reason.
 */
#ifndef WORKERS_MANIFEST_H
#define WORKERS_MANIFEST_H

#include "workers/fetch.h"
#include "workers/worker.h"

struct object {
	struct str key, etag;
	uint64_t size;
	bool optional; /* "mandatory": false, which none of ours has */
};

/* For qsort: objects in byte order of their keys. */
int manifest_by_key(const void *a, const void *b);

struct bad_record;

struct manifest {
	struct str bucket;
	struct object *objects; /* in byte order of their keys */
	size_t n;
	const struct bad_record
	    *why; /* of a quarantine, when written: why each is there; or NULL */
};

/* How to list its keys: all begin with *prefix and are greater than *after. Of one or more. */
void manifest_range(const struct manifest *m, struct str *prefix, struct str *after);

/*
 * Writes it; digest (33 bytes) and address are the result. address lives in w->task. passing: it is
 * for this run alone, lies in its folder, and not among those that say what is loaded.
 */
bool manifest_write(struct worker *w, struct str relation, const struct manifest *m, bool passing,
    char digest[33], struct str *address, struct err *e);

/* A passing one is not needed any more. */
void manifest_forget(struct str address);

/* Whether manifests can be written and read back. Asked before anything is dropped: a load that
 * finds out later leaves empty tables behind. source: the name of its COPY file. */
bool manifest_probe(struct worker *w, struct str source, struct err *e);

/* Reads the manifest of a shard; everything lives in a. One that is gone, damaged or changed is
 * ERR_SETUP, with the remedy. */
bool manifest_read(struct worker *w, struct str address, struct str shard, struct arena *a,
    struct manifest *out, struct err *e);

/* Where `name` lies in the folder for manifests at base, an s3:// address: in w->task. */
bool manifest_place(struct worker *w, const char *base, const char *name, struct str *bucket,
    struct str *key, struct err *e);

/* The bytes; entries of several buckets are refused. For manifest_read and tests. */
bool manifest_parse(struct str bytes, struct arena *a, struct manifest *out, struct err *e);
void manifest_print(const struct manifest *m, struct buf *out);

/* Its objects into the sink, as [LOAD] says: fetch_all, with the S3 client that w has. */
bool manifest_fetch(struct worker *w, const struct manifest *m, const struct fetch_sink *sink,
    struct fetch_stats *stats, struct err *e);

#endif
