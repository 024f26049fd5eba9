/* s3d_index.c - see s3d_index.h. */
#include "workers/local/s3d_index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/clock.h"
#include "workers/local/s3d_disk.h"
#include "workers/local/s3d_key.h"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, FRESH_NS = 50 * 1000 * 1000 };

struct folder;

struct entry {
	uint32_t at, n;     /* name in folder.names; a sub-folder's with its slash */
	struct folder *sub; /* NULL: a file */
};

struct folder {
	uint64_t looked;  /* the turn in which it was last looked at */
	int64_t mtime_ns; /* -1: not read, or not to be trusted */
	ino_t ino;
	char *names;
	struct entry *entries; /* sorted by name */
	size_t n;
};

struct s3d_index {
	int dir;       /* the bucket's folder */
	uint64_t turn; /* what was not looked at in this one may have changed */
	struct folder plain, odd;
	struct str *odd_keys; /* sorted; each allocated by itself */
	size_t n_odd;
};

static struct str entry_name(const struct folder *f, const struct entry *e)
{
	return (struct str){f->names + e->at, e->n};
}

static void folder_clear(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->entries[i].sub) {
			folder_clear(f->entries[i].sub);
			free(f->entries[i].sub);
		}
	}
	free(f->entries);
	free(f->names);
	f->entries = NULL;
	f->names = NULL;
	f->n = 0;
	f->mtime_ns = -1;
}

/* Position of the first entry whose name is not before s. */
static size_t lower_bound(const struct folder *f, struct str s)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (str_cmp(entry_name(f, &f->entries[mid]), s) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int by_name(const void *x, const void *y, void *names)
{
	const struct entry *a = x, *b = y;
	const char *base = names;

	return str_cmp((struct str){base + a->at, a->n}, (struct str){base + b->at, b->n});
}

static bool is_folder(int dir, const struct dirent *d, bool *file)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN) {
		*file = d->d_type == DT_REG;
		return d->d_type == DT_DIR;
	}
	if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		st.st_mode = 0;
	*file = S_ISREG(st.st_mode);
	return S_ISDIR(st.st_mode);
}

/* Reads the names of a folder into `fresh`, unsorted, sub-folders without their contents. max: no
 * longer name can be part of a key. */
static void read_names(DIR *d, size_t max, struct folder *fresh)
{
	size_t cap = 0, used = 0, room = 0;
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);
		bool file = false, folder;

		if (e->d_name[0] == '.' || n + 1 > max)
			continue;
		folder = is_folder(dirfd(d), e, &file);
		if (!folder && !file)
			continue;
		if (used + n + 2 > room) {
			room = (used + n + 2) * 2;
			fresh->names = xrealloc(fresh->names, room);
		}
		if (fresh->n == cap) {
			cap = cap ? cap * 2 : 16;
			fresh->entries = xrealloc(fresh->entries, cap * sizeof *fresh->entries);
		}
		memcpy(fresh->names + used, e->d_name, n);
		if (folder)
			fresh->names[used + n++] = '/';
		fresh->entries[fresh->n++] = (struct entry){(uint32_t)used, (uint32_t)n, NULL};
		if (folder) {
			struct folder *sub = xcalloc(1, sizeof *sub);

			sub->mtime_ns = -1;
			fresh->entries[fresh->n - 1].sub = sub;
		}
		used += n;
	}
}

/* What is known of the sub-folders that are still there is taken over. */
static void keep_known(struct folder *fresh, struct folder *old)
{
	for (size_t i = 0; i < fresh->n; i++) {
		struct entry *e = &fresh->entries[i];
		struct str name = entry_name(fresh, e);
		size_t j;

		if (!e->sub)
			continue;
		j = lower_bound(old, name);
		if (j == old->n || !old->entries[j].sub ||
		    !str_eq(entry_name(old, &old->entries[j]), name))
			continue;
		*e->sub = *old->entries[j].sub;
		free(old->entries[j].sub);
		old->entries[j].sub = NULL;
	}
}

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void read_folder(struct folder *f, int dir, size_t max)
{
	struct folder fresh = {.mtime_ns = -1};
	struct stat st = {0};
	DIR *d;

	/* The time is taken before the names: what changes in between makes it differ again. */
	if (fstat(dir, &st) == 0) {
		fresh.ino = st.st_ino;
		if (clock_wall_ms() * 1000000 - mtime_ns(&st) > FRESH_NS)
			fresh.mtime_ns = mtime_ns(&st);
	}
	d = fdopendir(dir);
	if (!d) {
		close(dir);
		folder_clear(f);
		return;
	}
	read_names(d, max, &fresh);
	closedir(d);
	if (fresh.n)
		qsort_r(fresh.entries, fresh.n, sizeof *fresh.entries, by_name, fresh.names);
	keep_known(&fresh, f);
	folder_clear(f);
	*f = fresh;
}

/* path: that of the folder; "" is dir itself. No path below it may be longer than max. True when it
 * has other names than before. */
static bool look(struct folder *f, int dir, const char *path, size_t max)
{
	const char *name = path[0] ? path : ".";
	struct stat st;
	bool had = f->n > 0;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode)) {
		folder_clear(f);
		return had;
	}
	if (f->mtime_ns != -1 && f->mtime_ns == mtime_ns(&st) && f->ino == st.st_ino)
		return false;
	fd = s3d_disk_open(dir, name, FOLDER);
	if (fd >= 0)
		read_folder(f, fd, max > strlen(path) ? max - strlen(path) : 0);
	else
		folder_clear(f);
	return true;
}

/* The same, with all folders in it. path has no slash at its end. */
static bool look_all(struct folder *f, int dir, struct buf *path, size_t max)
{
	size_t base = path->n;
	bool changed = look(f, dir, path->p ? path->p : "", max);

	for (size_t i = 0; i < f->n; i++) {
		struct entry *e = &f->entries[i];

		if (!e->sub)
			continue;
		if (base)
			buf_c(path, '/');
		buf_str(path, entry_name(f, e));
		if (!path->over) {
			path->p[--path->n] = '\0';
			changed |= look_all(e->sub, dir, path, max);
		}
		path->n = base;
		if (path->p)
			path->p[base] = '\0';
	}
	return changed;
}

/* Once in a turn. key is the path of f with its slash. */
static void look_once(struct s3d_index *x, struct folder *f, struct buf *key)
{
	if (f->looked == x->turn)
		return;
	if (key->n)
		key->p[key->n - 1] = '\0';
	look(f, x->dir, key->n ? key->p : "", S3D_KEY_MAX + 1);
	if (key->n)
		key->p[key->n - 1] = '/';
	f->looked = x->turn;
}

/* Appends to key, which holds the path of f with its slash, what is found at or behind from. x: the
 * index, where folders are looked at on the way; else NULL. */
static bool folder_next(struct s3d_index *x, struct folder *f, struct str from, struct buf *key)
{
	size_t i, base = key->n;

	if (x && !key->over)
		look_once(x, f, key);
	if (!f->entries) /* it is empty */
		return false;
	i = lower_bound(f, from);
	/* A sub-folder just before can still hold it: "a/" is before "a/x". Nothing stands between,
	 * as no other name begins with "a/". */
	if (i > 0 && f->entries[i - 1].sub) {
		struct str name = entry_name(f, &f->entries[i - 1]);

		if (str_starts(from, name)) {
			buf_str(key, name);
			if (folder_next(x, f->entries[i - 1].sub, str_from(from, name.n), key))
				return true;
			key->n = base;
		}
	}
	for (; i < f->n; i++) {
		buf_str(key, entry_name(f, &f->entries[i]));
		if (!f->entries[i].sub || folder_next(x, f->entries[i].sub, (struct str){0}, key))
			return true;
		key->n = base;
	}
	return false;
}

static int by_key(const void *x, const void *y)
{
	const struct str *a = x, *b = y;

	return str_cmp(*a, *b);
}

static void forget_odd(struct s3d_index *x)
{
	for (size_t i = 0; i < x->n_odd; i++)
		free((char *)(uintptr_t)x->odd_keys[i].p);
	free(x->odd_keys);
	x->odd_keys = NULL;
	x->n_odd = 0;
}

static void decode_odd(struct s3d_index *x)
{
	struct buf from, path, key;
	size_t cap = 0;

	forget_odd(x);
	buf_init(&from, S3D_PATH_MAX);
	buf_init(&path, S3D_PATH_MAX);
	buf_init(&key, S3D_KEY_MAX);
	while (folder_next(NULL, &x->odd, buf_view(&from), &path)) {
		if (s3d_key_from_odd(&key, buf_view(&path))) {
			char *copy = xmalloc(key.n);

			if (x->n_odd == cap) {
				cap = cap ? cap * 2 : 16;
				x->odd_keys = xrealloc(x->odd_keys, cap * sizeof *x->odd_keys);
			}
			memcpy(copy, key.p, key.n);
			x->odd_keys[x->n_odd++] = (struct str){copy, key.n};
		}
		buf_reset(&key);
		/* On with the least string behind the one that was found. */
		buf_reset(&from);
		buf_str(&from, buf_view(&path));
		buf_c(&from, '\0');
		buf_reset(&path);
	}
	buf_free(&from);
	buf_free(&path);
	buf_free(&key);
	if (x->n_odd)
		qsort(x->odd_keys, x->n_odd, sizeof *x->odd_keys, by_key);
}

struct s3d_index *s3d_index_new(void)
{
	struct s3d_index *x = xcalloc(1, sizeof *x);

	x->plain.mtime_ns = x->odd.mtime_ns = -1;
	return x;
}

void s3d_index_free(struct s3d_index *x)
{
	if (!x)
		return;
	folder_clear(&x->plain);
	folder_clear(&x->odd);
	forget_odd(x);
	free(x);
}

void s3d_index_refresh(struct s3d_index *x, int fd)
{
	struct buf path;

	x->dir = fd;
	x->turn++;
	buf_init(&path, S3D_PATH_MAX);
	buf_z(&path, S3D_ODD);
	if (look_all(&x->odd, fd, &path, S3D_PATH_MAX - 1))
		decode_odd(x);
	buf_free(&path);
}

bool s3d_index_next(struct s3d_index *x, struct str from, struct buf *key)
{
	size_t lo = 0, hi = x->n_odd;
	bool found;

	buf_reset(key);
	found = folder_next(x, &x->plain, from, key);
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (str_cmp(x->odd_keys[mid], from) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < x->n_odd && (!found || str_cmp(x->odd_keys[lo], buf_view(key)) < 0)) {
		buf_reset(key);
		buf_str(key, x->odd_keys[lo]);
		found = true;
	}
	return found && !key->over;
}

bool s3d_index_empty(struct s3d_index *x)
{
	struct buf key;
	bool found;

	buf_init(&key, S3D_PATH_MAX);
	found = s3d_index_next(x, (struct str){0}, &key);
	buf_free(&key);
	return !found;
}
