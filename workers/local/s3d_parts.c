/* s3d_parts.c - see s3d_parts.h. */
#include "workers/local/s3d_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/file.h"
#include "workers/local/s3d_disk.h"
#include "workers/local/s3d_key.h"
#include "workers/local/s3d_value.h"

#define UPLOADS S3D_PRIVATE "/uploads"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, PATH = 128 };

static bool id_ok(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'a' && id.p[i] <= 'f')))
			return false;
	return id.n == 32;
}

enum s3d_code s3d_upload_new(
    const struct s3d_bucket *b, struct str key, struct str headers, struct s3d_upload *up)
{
	unsigned char random[16];
	char path[PATH];
	struct buf text;
	int folder, fd, error;
	bool ok;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return S3D_INTERNAL;
	str_hex(random, sizeof random, up->id);
	snprintf(path, sizeof path, UPLOADS "/%s", up->id);
	folder = s3d_disk_folder(b->fd, str_z(path));
	if (folder < 0)
		return s3d_store_code(errno);
	fd = openat(folder, "key", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	close(folder);
	if (fd < 0)
		return s3d_store_code(errno);
	buf_init(&text, S3D_PATH_MAX);
	buf_printf(&text, "%zu\n", key.n);
	buf_str(&text, key);
	buf_str(&text, headers);
	ok = !text.over && file_write(fd, buf_view(&text));
	error = errno;
	buf_free(&text);
	if (close(fd) != 0) {
		error = errno;
		ok = false;
	}
	return ok ? S3D_OK : s3d_store_code(error);
}

/* The file "key" of an upload. */
static bool read_key(const struct s3d_bucket *b, struct arena *a, struct s3d_upload *up)
{
	char path[PATH], text[S3D_PATH_MAX];
	struct str all, line;
	struct stat st;
	int64_t n_key;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, UPLOADS "/%s/key", up->id);
	fd = s3d_disk_open(b->fd, path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text);
	if (fstat(fd, &st) == 0)
		up->time_s = st.st_mtim.tv_sec;
	close(fd);
	if (n <= 0)
		return false;
	all = (struct str){text, (size_t)n};
	line = (struct str){text, str_find(all, '\n')};
	all = str_from(all, line.n + 1);
	if (!str_to_i64(line, &n_key) || n_key < 1 || n_key > (int64_t)all.n)
		return false;
	up->key = arena_str(a, (struct str){all.p, (size_t)n_key});
	up->headers = arena_str(a, str_from(all, (size_t)n_key));
	return true;
}

enum s3d_code s3d_upload_find(const struct s3d_bucket *b, struct str id, struct str key,
    struct arena *a, struct s3d_upload *up)
{
	if (!id_ok(id))
		return S3D_NO_SUCH_UPLOAD;
	memcpy(up->id, id.p, 32);
	up->id[32] = '\0';
	if (!read_key(b, a, up) || (key.n && !str_eq(key, up->key)))
		return S3D_NO_SUCH_UPLOAD;
	return S3D_OK;
}

/* "00001-d41d8cd98f00b204e9800998ecf8427e" */
static bool part_name(const char *name, struct s3d_part *p)
{
	struct str s = str_z(name);
	int64_t number;

	if (s.n != 38 || s.p[5] != '-' || !str_to_i64((struct str){s.p, 5}, &number) ||
	    number < 1 || number > S3D_PART_MAX || !id_ok(str_from(s, 6)))
		return false;
	p->number = (int)number;
	memcpy(p->md5, s.p + 6, 33);
	return true;
}

static int upload_folder(const struct s3d_bucket *b, const struct s3d_upload *up)
{
	char path[PATH];

	snprintf(path, sizeof path, UPLOADS "/%s", up->id);
	return s3d_disk_open(b->fd, path, FOLDER);
}

enum s3d_code s3d_part_add(const struct s3d_bucket *b, const struct s3d_upload *up, int number,
    const char *md5, struct s3d_draft *d)
{
	int fd = upload_folder(b, up);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct s3d_part old;
	struct dirent *e;
	enum s3d_code code;
	char path[PATH];

	if (!dir)
		return S3D_NO_SUCH_UPLOAD;
	snprintf(path, sizeof path, UPLOADS "/%s/%05d-%s", up->id, number, md5);
	code = s3d_draft_place(b, d, str_z(path));
	while (code == S3D_OK && (e = readdir(dir)) != NULL) {
		if (!part_name(e->d_name, &old) || old.number != number ||
		    strcmp(old.md5, md5) == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0 && errno != ENOENT)
			code = s3d_store_code(errno);
	}
	closedir(dir);
	return code;
}

static int by_number(const void *x, const void *y)
{
	const struct s3d_part *a = x, *b = y;

	return (a->number > b->number) - (a->number < b->number);
}

void s3d_part_list(const struct s3d_bucket *b, const struct s3d_upload *up, struct arena *a,
    struct s3d_part **parts, size_t *n)
{
	int fd = upload_folder(b, up);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t cap = 0;
	struct dirent *e;
	struct stat st;

	*parts = NULL;
	*n = 0;
	while (dir && (e = readdir(dir)) != NULL) {
		struct s3d_part p;

		if (!part_name(e->d_name, &p) ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		p.size = st.st_size;
		p.time_s = st.st_mtim.tv_sec;
		*parts = arena_grow(a, *parts, *n, &cap, sizeof **parts);
		(*parts)[(*n)++] = p;
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(*parts, *n, sizeof **parts, by_number);
}

int s3d_part_open(const struct s3d_bucket *b, const struct s3d_upload *up, const struct s3d_part *p)
{
	char path[PATH];

	snprintf(path, sizeof path, UPLOADS "/%s/%05d-%s", up->id, p->number, p->md5);
	return s3d_disk_open(b->fd, path, O_RDONLY);
}

void s3d_upload_remove(const struct s3d_bucket *b, const struct s3d_upload *up)
{
	int fd = s3d_disk_open(b->fd, UPLOADS, FOLDER);

	if (fd < 0)
		return;
	s3d_disk_remove_tree(fd, up->id);
	close(fd);
}

static int by_key(const void *x, const void *y)
{
	const struct s3d_upload *a = x, *b = y;
	int c = str_cmp(a->key, b->key);

	return c ? c : (a->time_s > b->time_s) - (a->time_s < b->time_s);
}

void s3d_upload_list(
    const struct s3d_bucket *b, struct arena *a, struct s3d_upload **uploads, size_t *n)
{
	int fd = s3d_disk_open(b->fd, UPLOADS, FOLDER);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t cap = 0;
	struct dirent *e;

	*uploads = NULL;
	*n = 0;
	while (dir && (e = readdir(dir)) != NULL) {
		struct s3d_upload up;

		if (s3d_upload_find(b, str_z(e->d_name), (struct str){0}, a, &up) != S3D_OK)
			continue;
		*uploads = arena_grow(a, *uploads, *n, &cap, sizeof **uploads);
		(*uploads)[(*n)++] = up;
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(*uploads, *n, sizeof **uploads, by_key);
}
