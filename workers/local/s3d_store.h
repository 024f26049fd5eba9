/*
 * s3d_store.h - buckets and objects as folders and files.
 *
 * The folder is the truth; nothing that the server keeps in memory is needed to answer. A file that
 * appears, changes or goes is an object that does, at once for GET and at the next listing.
 *
 *     root/BUCKET/a/b.json          object "a/b.json" (s3d_key.h says where odd keys lie)
 *     root/BUCKET/.s3d/odd/...      keys that cannot be paths, or whose place is taken
 *     root/BUCKET/.s3d/tmp/...      bodies that are being received; renamed when they are complete
 *     root/BUCKET/.s3d/uploads/ID/  multipart uploads, see s3d_parts.h
 *     root/BUCKET/.s3d/tagging ...  documents about the bucket, see s3d_about.c
 *
 * A key is looked for at its plain path first, then at its odd one. Storing it at one removes the
 * other, so both exist only when somebody put a file there by hand; the plain one wins.
 *
 * ETags: what was PUT has the MD5 of its content (or that of its parts and "-N"), as S3 does. A
 * file that was put into the folder gets a digest of its size, time and inode with "-1" behind it,
 * so that indexing 200,000 files reads none of them: an ETag is opaque, and clients take one with a
 * dash for no MD5. The MD5, the content headers and x-amz-meta-* live in the extended attribute
 * "user.s3d" with the size and time that they were made for: a file edited in place falls back to
 * the second kind. Where the file system has no such attributes, all are of the second kind, from
 * the beginning, so that no ETag changes when the server starts again.
 */
#ifndef WORKERS_LOCAL_S3D_STORE_H
#define WORKERS_LOCAL_S3D_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/str.h"
#include "workers/local/s3d_code.h"

enum { S3D_ETAG_MAX = 48, S3D_META_MAX = 2048, S3D_ID_MAX = 64 };

struct s3d_index;

struct s3d_bucket {
	struct s3d_bucket *next;
	char name[64];
	int fd; /* of the folder */
	dev_t dev;
	ino_t ino;
	struct s3d_index *index; /* NULL until it is listed */
	bool dirty;              /* we changed it since all of the index was refreshed */
};

struct s3d_store {
	int root;
	struct s3d_bucket *buckets; /* those that were used so far */
	uint64_t drafts;            /* counts temporary names */
};

bool s3d_store_open(struct s3d_store *s, const char *dir, struct err *e);
void s3d_store_close(struct s3d_store *s);

/*
 * S3D_NO_SUCH_BUCKET or S3D_INVALID_BUCKET_NAME when there is none. *out is good until the next
 * call for that name: ask again in every event, as the folder may have been replaced meanwhile.
 */
enum s3d_code s3d_store_bucket(struct s3d_store *s, struct str name, struct s3d_bucket **out);
enum s3d_code s3d_store_create(struct s3d_store *s, struct str name);
enum s3d_code s3d_store_drop(struct s3d_store *s, struct str name);

struct s3d_bucket_entry {
	struct str name;
	int64_t time_s;
};

/* All buckets, by name; in a. */
void s3d_store_list(
    struct s3d_store *s, struct arena *a, struct s3d_bucket_entry **entries, size_t *n);

/* The index as the folder is now; `again` looks for changes from outside, too. */
struct s3d_index *s3d_bucket_index(struct s3d_bucket *b, bool again);

struct s3d_object {
	int fd;
	int64_t size;
	int64_t mtime_ns;
	char etag[S3D_ETAG_MAX]; /* without quotes */
	size_t n_headers;
	char headers[S3D_META_MAX]; /* "content-type: text/csv\r\n"... */
};

/* S3D_NO_SUCH_KEY, S3D_ACCESS_DENIED, S3D_INTERNAL; else close o->fd. */
enum s3d_code s3d_object_open(const struct s3d_bucket *b, struct str key, struct s3d_object *o);

/* A folder in which several files are looked at, one after the other: its path with a slash, which
 * lives in a key that was given. */
struct s3d_folder {
	int fd; /* -1: none */
	struct str path;
};

/* The same for a listing, without headers and with nothing to close: a file that may not be read is
 * an object, too. *f is the folder of the key before, and then of this one; the key must live as
 * long. s3d_folder_leave(f) when that is done. */
enum s3d_code s3d_object_look(
    const struct s3d_bucket *b, struct str key, struct s3d_folder *f, struct s3d_object *o);
void s3d_folder_leave(struct s3d_folder *f);

/* A body on its way: a temporary file in the bucket. */
struct s3d_draft {
	int fd; /* -1: none */
	char path[S3D_ID_MAX + 32];
};

enum s3d_code s3d_draft_new(struct s3d_store *s, const struct s3d_bucket *b, struct s3d_draft *d);
enum s3d_code s3d_draft_write(struct s3d_draft *d, struct str bytes);

/* Closes the draft, and removes its file. b may be NULL when the bucket is gone. */
void s3d_draft_drop(const struct s3d_bucket *b, struct s3d_draft *d);

/*
 * The draft becomes the object, in one rename, and is closed. md5 is the ETag to keep, headers the
 * lines to give out with it; etag gets what the object's ETag is now.
 */
enum s3d_code s3d_draft_commit(struct s3d_bucket *b, struct s3d_draft *d, struct str key,
    const char *md5, struct str headers, char etag[S3D_ETAG_MAX]);

/* The same to a path of the server's own, below .s3d. */
enum s3d_code s3d_draft_place(const struct s3d_bucket *b, struct s3d_draft *d, struct str path);

/* True when there was such an object. */
bool s3d_object_delete(struct s3d_bucket *b, struct str key);

/* What an errno of a file system call means to a client. */
enum s3d_code s3d_store_code(int error);

#endif
