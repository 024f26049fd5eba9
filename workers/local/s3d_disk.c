/* s3d_disk.c - see s3d_disk.h. */
#include "workers/local/s3d_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workers/local/s3d_key.h"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, DEPTH_MAX = 600 };

/* A str as a C string in a buffer of S3D_PATH_MAX; false when it does not fit. */
static bool cstr(char out[S3D_PATH_MAX], struct str s)
{
	if (s.n >= S3D_PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (s.n)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static int open_by_steps(int dir, const char *path, int flags)
{
	char name[S3D_PATH_MAX];
	struct str rest = str_z(path);
	int at = dir;

	for (;;) {
		size_t n = str_find(rest, '/');
		bool last = n == rest.n;
		int next, saved;

		if (!cstr(name, (struct str){rest.p, n}))
			next = -1;
		else
			next = openat(at, name, last ? flags | O_NOFOLLOW | O_CLOEXEC : FOLDER);
		saved = errno;
		if (at != dir)
			close(at);
		errno = saved;
		if (next < 0 || last)
			return next;
		at = next;
		rest = str_from(rest, n + 1);
	}
}

int s3d_disk_open(int dir, const char *path, int flags)
{
	static bool no_openat2;

	if (!no_openat2) {
		struct open_how how = {
		    .flags = (unsigned)(flags | O_CLOEXEC),
		    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
		};
		int fd;

		/* EAGAIN: a rename somewhere raced with the look-up. */
		do
			fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
		while (fd < 0 && errno == EAGAIN);
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return fd;
		no_openat2 = errno == ENOSYS;
	}
	return open_by_steps(dir, path, flags);
}

int s3d_disk_folder(int dir, struct str path)
{
	char name[S3D_PATH_MAX];
	int at;

	if (path.n == 0)
		return fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (!cstr(name, path))
		return -1;
	at = s3d_disk_open(dir, name, FOLDER);
	if (at >= 0 || errno != ENOENT)
		return at;
	at = dir;
	for (;;) {
		size_t n = str_find(path, '/');
		int next = -1, saved;

		if (cstr(name, (struct str){path.p, n}) &&
		    (mkdirat(at, name, 0777) == 0 || errno == EEXIST))
			next = openat(at, name, FOLDER);
		saved = errno;
		if (at != dir)
			close(at);
		errno = saved;
		if (next < 0 || n == path.n)
			return next;
		at = next;
		path = str_from(path, n + 1);
	}
}

int s3d_disk_parent(int dir, struct str path, bool make, struct str *name)
{
	char folder[S3D_PATH_MAX];
	size_t i = path.n;

	while (i && path.p[i - 1] != '/')
		i--;
	*name = str_from(path, i);
	path.n = i ? i - 1 : 0;
	if (make || path.n == 0)
		return s3d_disk_folder(dir, path);
	return cstr(folder, path) ? s3d_disk_open(dir, folder, FOLDER) : -1;
}

bool s3d_disk_remove(int dir, struct str path)
{
	char last[S3D_PATH_MAX];
	struct str name;
	int flags = 0, fd;
	bool removed = false;

	/* First the file, then its folders until one is not empty. */
	while (path.n) {
		fd = s3d_disk_parent(dir, path, false, &name);
		if (fd < 0)
			break;
		if (!cstr(last, name) || unlinkat(fd, last, flags) != 0) {
			int saved = errno;

			close(fd);
			errno = saved;
			break;
		}
		close(fd);
		removed = true;
		flags = AT_REMOVEDIR;
		path.n -= name.n;
		if (path.n)
			path.n--;
	}
	return removed;
}

static void empty_folder(int dir, bool folders_only, int depth)
{
	DIR *d;
	struct dirent *entry;

	d = fdopendir(fcntl(dir, F_DUPFD_CLOEXEC, 0));
	if (!d)
		return;
	rewinddir(d);
	while ((entry = readdir(d)) != NULL) {
		int sub;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		sub = openat(dir, entry->d_name, FOLDER);
		if (sub >= 0) {
			if (depth < DEPTH_MAX)
				empty_folder(sub, folders_only, depth + 1);
			close(sub);
			/* What is not empty stays. */
			if (unlinkat(dir, entry->d_name, AT_REMOVEDIR) != 0)
				continue;
		} else if (!folders_only && unlinkat(dir, entry->d_name, 0) != 0) {
			continue;
		}
	}
	closedir(d);
}

void s3d_disk_remove_tree(int dir, const char *name)
{
	int fd = openat(dir, name, FOLDER);

	if (fd < 0)
		return;
	empty_folder(fd, false, 0);
	close(fd);
	/* Not empty when someone works in it: then it stays. */
	if (unlinkat(dir, name, AT_REMOVEDIR) != 0)
		return;
}

void s3d_disk_prune(int dir)
{
	empty_folder(dir, true, 0);
}
