/* s3d_object.c - objects; see s3d_store.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "shared/buf.h"
#include "workers/local/s3d_disk.h"
#include "workers/local/s3d_etags.h"
#include "workers/local/s3d_key.h"
#include "workers/local/s3d_store.h"

#define ATTRIBUTE "user.s3d"

enum { ATTRIBUTE_MAX = S3D_META_MAX + 128 };

/* Finalizer of splitmix64: every bit of x reaches every bit of the result. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void stat_etag(const struct stat *st, int64_t mtime_ns, char etag[S3D_ETAG_MAX])
{
	uint64_t a = mix((uint64_t)mtime_ns + UINT64_C(0x9e3779b97f4a7c15));
	uint64_t b = mix(a ^ (uint64_t)st->st_size);
	uint64_t c = mix(b ^ (uint64_t)st->st_ino);

	snprintf(etag, S3D_ETAG_MAX, "%016" PRIx64 "%016" PRIx64 "-1", mix(b + c), c);
}

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* The attribute: "SIZE MTIME_NS ETAG\n", then header lines. */
static void read_attribute(int fd, struct s3d_object *o)
{
	char text[ATTRIBUTE_MAX];
	ssize_t n = fgetxattr(fd, ATTRIBUTE, text, sizeof text);
	struct str head, part;
	int64_t size, time;

	if (n <= 0)
		return;
	head = (struct str){text, (size_t)n};
	head.n = str_find(head, '\n');
	part = str_from((struct str){text, (size_t)n}, head.n + 1);
	if (part.n <= sizeof o->headers) {
		memcpy(o->headers, part.p, part.n);
		o->n_headers = part.n;
	}
	part = (struct str){head.p, str_find(head, ' ')};
	head = str_from(head, part.n + 1);
	if (!str_to_i64(part, &size) || size != o->size)
		return;
	part = (struct str){head.p, str_find(head, ' ')};
	head = str_from(head, part.n + 1);
	if (!str_to_i64(part, &time) || time != o->mtime_ns)
		return;
	if (head.n && head.n < S3D_ETAG_MAX) {
		memcpy(o->etag, head.p, head.n);
		o->etag[head.n] = '\0';
	}
}

/* What an open file is as an object; false when it is no plain file. */
static bool object_read(int fd, struct s3d_object *o)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	o->fd = fd;
	o->size = st.st_size;
	o->mtime_ns = mtime_ns(&st);
	o->n_headers = 0;
	o->etag[0] = '\0';
	read_attribute(fd, o);
	if (!o->etag[0])
		stat_etag(&st, o->mtime_ns, o->etag);
	s3d_etags_keep(&st, o);
	return true;
}

/* NUL-terminated in out; false when the key has no such place. */
static bool place(struct buf *out, struct str key, bool plain)
{
	buf_reset(out);
	if (!plain)
		s3d_key_odd(out, key);
	else if (s3d_key_plain(key))
		buf_str(out, key);
	else
		return false;
	return !out->over;
}

static enum s3d_code find(
    const struct s3d_bucket *b, struct str key, int flags, struct s3d_object *o)
{
	enum s3d_code code = S3D_NO_SUCH_KEY;
	struct buf path;

	buf_init(&path, S3D_PATH_MAX);
	for (int plain = 1; plain >= 0 && code == S3D_NO_SUCH_KEY; plain--) {
		int fd;

		if (!place(&path, key, plain))
			continue;
		fd = s3d_disk_open(b->fd, path.p, flags);
		if (fd >= 0 && object_read(fd, o)) {
			code = S3D_OK;
		} else if (fd >= 0) {
			close(fd);
		} else if (errno != ENOTDIR && errno != ELOOP && errno != ENXIO && errno != EXDEV &&
		           errno != ENAMETOOLONG) {
			code = s3d_store_code(errno);
		}
	}
	buf_free(&path);
	return code;
}

enum s3d_code s3d_object_open(const struct s3d_bucket *b, struct str key, struct s3d_object *o)
{
	/* Non-blocking: a FIFO is no object, and must not stop the server. */
	return find(b, key, O_RDONLY | O_NONBLOCK, o);
}

void s3d_folder_leave(struct s3d_folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct s3d_folder){.fd = -1};
}

/* The way to a file is long, and a listing is folder by folder. A link on it would be followed
 * here: the index, which the key is from, follows none. */
static void enter(const struct s3d_bucket *b, struct str path, struct s3d_folder *f)
{
	char z[S3D_KEY_MAX + 1];

	if (f->fd >= 0 && str_eq(f->path, path))
		return;
	s3d_folder_leave(f);
	memcpy(z, path.p, path.n);
	z[path.n] = '\0';
	f->path = path;
	f->fd = openat(b->fd, path.n ? z : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_known(
    const struct s3d_bucket *b, struct str key, struct s3d_folder *f, struct s3d_object *o)
{
	char name[S3D_KEY_MAX + 1];
	size_t at = key.n;
	struct stat st;

	if (!s3d_key_plain(key) || key.n >= sizeof name)
		return false;
	while (at && key.p[at - 1] != '/')
		at--;
	enter(b, (struct str){key.p, at}, f);
	memcpy(name, key.p + at, key.n - at);
	name[key.n - at] = '\0';
	return f->fd >= 0 && fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && s3d_etags_find(&st, o);
}

enum s3d_code s3d_object_look(
    const struct s3d_bucket *b, struct str key, struct s3d_folder *f, struct s3d_object *o)
{
	enum s3d_code code;

	if (is_known(b, key, f, o))
		return S3D_OK;
	code = s3d_object_open(b, key, o);
	if (code == S3D_ACCESS_DENIED)
		code = find(b, key, O_PATH, o);
	if (code == S3D_OK)
		close(o->fd);
	o->fd = -1;
	return code;
}

enum s3d_code s3d_draft_new(struct s3d_store *s, const struct s3d_bucket *b, struct s3d_draft *d)
{
	int tmp = s3d_disk_folder(b->fd, STR(S3D_PRIVATE "/tmp"));
	int saved;

	d->fd = -1;
	if (tmp < 0)
		return s3d_store_code(errno);
	snprintf(d->path, sizeof d->path, S3D_PRIVATE "/tmp/%x-%" PRIx64, (unsigned)getpid(),
	    s->drafts++);
	d->fd = openat(tmp, d->path + sizeof S3D_PRIVATE "/tmp/" - 1,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	saved = errno;
	close(tmp);
	return d->fd >= 0 ? S3D_OK : s3d_store_code(saved);
}

enum s3d_code s3d_draft_write(struct s3d_draft *d, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(d->fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return s3d_store_code(errno);
		bytes = str_from(bytes, (size_t)n);
	}
	return S3D_OK;
}

void s3d_draft_drop(const struct s3d_bucket *b, struct s3d_draft *d)
{
	if (d->fd < 0)
		return;
	close(d->fd);
	d->fd = -1;
	/* Left for sweep() when it cannot be removed now. */
	if (b && unlinkat(b->fd, d->path, 0) != 0)
		return;
}

enum s3d_code s3d_draft_place(const struct s3d_bucket *b, struct s3d_draft *d, struct str path)
{
	struct str name;
	int fd = s3d_disk_parent(b->fd, path, true, &name);
	char z[S3D_PATH_MAX];
	int saved;

	if (fd < 0)
		return errno == ENOENT ? S3D_NO_SUCH_BUCKET : s3d_store_code(errno);
	if (name.n >= sizeof z) {
		close(fd);
		return S3D_INTERNAL;
	}
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	if (renameat(b->fd, d->path, fd, z) != 0) {
		saved = errno;
		close(fd);
		errno = saved;
		return saved == ENOENT ? S3D_NO_SUCH_BUCKET : s3d_store_code(saved);
	}
	close(fd);
	close(d->fd);
	d->fd = -1;
	return S3D_OK;
}

/* Writes the attribute; where there are none, the ETag is the one that a restart would find. */
static enum s3d_code keep_meta(
    const struct s3d_draft *d, const char *md5, struct str headers, char etag[S3D_ETAG_MAX])
{
	struct buf text;
	struct stat st;

	if (fstat(d->fd, &st) != 0)
		return S3D_INTERNAL;
	stat_etag(&st, mtime_ns(&st), etag);
	buf_init(&text, ATTRIBUTE_MAX);
	buf_printf(&text, "%" PRId64 " %" PRId64 " %s\n", (int64_t)st.st_size, mtime_ns(&st), md5);
	buf_str(&text, headers);
	if (!text.over && fsetxattr(d->fd, ATTRIBUTE, text.p, text.n, 0) == 0)
		snprintf(etag, S3D_ETAG_MAX, "%s", md5);
	buf_free(&text);
	return S3D_OK;
}

/* Nobody to tell: what could not be removed was not there, or is hidden behind the new file. */
static void remove_other(const struct s3d_bucket *b, struct str key, bool plain)
{
	struct buf path;

	buf_init(&path, S3D_PATH_MAX);
	if (place(&path, key, plain))
		s3d_disk_remove(b->fd, buf_view(&path));
	buf_free(&path);
}

enum s3d_code s3d_draft_commit(struct s3d_bucket *b, struct s3d_draft *d, struct str key,
    const char *md5, struct str headers, char etag[S3D_ETAG_MAX])
{
	enum s3d_code code = keep_meta(d, md5, headers, etag);
	bool taken = !s3d_key_plain(key);
	struct buf path;

	if (code != S3D_OK)
		return code;
	if (!taken) {
		code = s3d_draft_place(b, d, key);
		/* The place of the file is a folder, or that of a folder a file or a link. */
		taken = code != S3D_OK && (errno == EISDIR || errno == ENOTDIR || errno == ELOOP ||
		                              errno == ENOTEMPTY || errno == EEXIST);
		if (code == S3D_OK)
			remove_other(b, key, false);
	}
	if (taken) {
		buf_init(&path, S3D_PATH_MAX);
		s3d_key_odd(&path, key);
		code = path.over ? S3D_KEY_TOO_LONG : s3d_draft_place(b, d, buf_view(&path));
		buf_free(&path);
	}
	b->dirty = true;
	return code;
}

bool s3d_object_delete(struct s3d_bucket *b, struct str key)
{
	bool removed = false;
	struct buf path;

	buf_init(&path, S3D_PATH_MAX);
	for (int plain = 0; plain <= 1; plain++)
		if (place(&path, key, plain) && s3d_disk_remove(b->fd, buf_view(&path)))
			removed = true;
	buf_free(&path);
	if (removed)
		b->dirty = true;
	return removed;
}
