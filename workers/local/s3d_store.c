/* s3d_store.c - buckets; see s3d_store.h. */
#include "workers/local/s3d_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/log.h"
#include "workers/local/s3d_disk.h"
#include "workers/local/s3d_index.h"
#include "workers/local/s3d_key.h"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

enum s3d_code s3d_store_code(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS: return S3D_ACCESS_DENIED;
	case ENOENT: return S3D_NO_SUCH_KEY;
	case ENOSPC:
	case EDQUOT: return S3D_NO_SPACE;
	default: return S3D_INTERNAL;
	}
}

bool s3d_store_open(struct s3d_store *s, const char *dir, struct err *e)
{
	DIR *d;
	struct dirent *entry;
	struct stat st;

	*s = (struct s3d_store){.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (s->root < 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "folder of the buckets %s", dir);
	d = fdopendir(fcntl(s->root, F_DUPFD_CLOEXEC, 0));
	while (d && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' || s3d_bucket_name_ok(str_z(entry->d_name)) ||
		    fstatat(s->root, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			log_warn("%s/%s is no bucket: S3 allows 3 to 63 of a-z 0-9 . - in its name",
			    dir, entry->d_name);
	}
	if (d)
		closedir(d);
	return true;
}

static void bucket_free(struct s3d_bucket *b)
{
	s3d_index_free(b->index);
	close(b->fd);
	free(b);
}

void s3d_store_close(struct s3d_store *s)
{
	while (s->buckets) {
		struct s3d_bucket *b = s->buckets;

		s->buckets = b->next;
		bucket_free(b);
	}
	close(s->root);
}

/* Bodies that a server that died left behind; a day is longer than any upload that still runs. */
static void sweep(const struct s3d_bucket *b)
{
	int fd = s3d_disk_open(b->fd, S3D_PRIVATE "/tmp", FOLDER);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	while (d && (entry = readdir(d)) != NULL) {
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - 24 * 3600 &&
		    unlinkat(fd, entry->d_name, 0) == 0)
			log_info("removed the rest of an upload from bucket %s", b->name);
	}
	if (d)
		closedir(d);
}

static struct s3d_bucket *bucket_new(struct s3d_store *s, const char *name, const struct stat *st)
{
	int fd = openat(s->root, name, FOLDER);
	struct s3d_bucket *b;

	if (fd < 0)
		return NULL;
	b = xcalloc(1, sizeof *b);
	memcpy(b->name, name, strlen(name) + 1);
	b->fd = fd;
	b->dev = st->st_dev;
	b->ino = st->st_ino;
	b->next = s->buckets;
	s->buckets = b;
	sweep(b);
	return b;
}

enum s3d_code s3d_store_bucket(struct s3d_store *s, struct str name, struct s3d_bucket **out)
{
	struct s3d_bucket **at = &s->buckets;
	char z[64];
	struct stat st;
	bool there;

	if (!s3d_bucket_name_ok(name))
		return S3D_INVALID_BUCKET_NAME;
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	while (*at && !str_eqz(name, (*at)->name))
		at = &(*at)->next;
	there = fstatat(s->root, z, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
	if (*at && (!there || (*at)->dev != st.st_dev || (*at)->ino != st.st_ino)) {
		struct s3d_bucket *gone = *at;

		*at = gone->next;
		bucket_free(gone);
		at = NULL;
	}
	if (!there)
		return S3D_NO_SUCH_BUCKET;
	*out = at && *at ? *at : bucket_new(s, z, &st);
	return *out ? S3D_OK : s3d_store_code(errno);
}

enum s3d_code s3d_store_create(struct s3d_store *s, struct str name)
{
	char z[64];

	if (!s3d_bucket_name_ok(name))
		return S3D_INVALID_BUCKET_NAME;
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	if (mkdirat(s->root, z, 0777) == 0)
		return S3D_OK;
	if (errno == EEXIST)
		return S3D_BUCKET_EXISTS;
	return errno == ENOENT ? S3D_INTERNAL : s3d_store_code(errno);
}

enum s3d_code s3d_store_drop(struct s3d_store *s, struct str name)
{
	struct s3d_bucket *b;
	enum s3d_code code = s3d_store_bucket(s, name, &b);

	if (code != S3D_OK)
		return code;
	if (!s3d_index_empty(s3d_bucket_index(b, true)))
		return S3D_BUCKET_NOT_EMPTY;
	/* No objects: then only our own things and empty folders may go; a file that is no object
	 * (.git, a link) is somebody's, and keeps the bucket. */
	s3d_disk_remove_tree(b->fd, S3D_PRIVATE);
	s3d_disk_prune(b->fd);
	b->dirty = true;
	if (unlinkat(s->root, b->name, AT_REMOVEDIR) == 0)
		return S3D_OK;
	return errno == ENOTEMPTY || errno == EEXIST ? S3D_BUCKET_NOT_EMPTY : s3d_store_code(errno);
}

static int by_name(const void *x, const void *y)
{
	const struct s3d_bucket_entry *a = x, *b = y;

	return str_cmp(a->name, b->name);
}

void s3d_store_list(
    struct s3d_store *s, struct arena *a, struct s3d_bucket_entry **entries, size_t *n)
{
	DIR *d = fdopendir(openat(s->root, ".", FOLDER));
	size_t cap = 0;
	struct dirent *entry;
	struct stat st;

	*entries = NULL;
	*n = 0;
	while (d && (entry = readdir(d)) != NULL) {
		struct str name = str_z(entry->d_name);

		if (!s3d_bucket_name_ok(name) ||
		    fstatat(s->root, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		*entries = arena_grow(a, *entries, *n, &cap, sizeof **entries);
		(*entries)[(*n)++] = (struct s3d_bucket_entry){
		    arena_str(a, name), st.st_mtim.tv_sec};
	}
	if (d)
		closedir(d);
	if (*n)
		qsort(*entries, *n, sizeof **entries, by_name);
}

struct s3d_index *s3d_bucket_index(struct s3d_bucket *b, bool again)
{
	if (!b->index)
		b->index = s3d_index_new();
	else if (!again && !b->dirty)
		return b->index;
	b->dirty = false;
	s3d_index_refresh(b->index, b->fd);
	return b->index;
}
