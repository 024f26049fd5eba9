/* file.c - see file.h. */
#include "shared/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/arena.h"

bool file_read(int fd, struct buf *b)
{
	char part[8192];
	ssize_t n = 1;

	while (n != 0 && !b->over) {
		n = read(fd, part, sizeof part);
		if (n > 0)
			buf_add(b, part, (size_t)n);
		else if (n < 0 && errno != EINTR)
			return false;
	}
	return true;
}

ssize_t file_head(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t got = fd < 0 ? -1 : 0;
	size_t n = 0;

	while (fd >= 0 && n < size - 1) {
		got = read(fd, text + n, size - 1 - n);
		if (got > 0)
			n += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	text[got < 0 ? 0 : n] = '\0';
	return got < 0 ? -1 : (ssize_t)n;
}

bool file_write(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = str_from(s, (size_t)n);
	}
	return true;
}

bool file_replace(const char *path, struct str s)
{
	struct arena *a = arena_new();
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *tmp = arena_printf(
	    a, "%.*s.%s.%lld", (int)(name - path), path, name, (long long)getpid());
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), saved;
	bool ok = fd >= 0 && file_write(fd, s) && fsync(fd) == 0;

	ok = (fd < 0 || close(fd) == 0) && ok && rename(tmp, path) == 0;
	saved = errno;
	if (!ok && fd >= 0)
		unlink(tmp);
	arena_free(a);
	errno = saved;
	return ok;
}

static bool write_into(const char *path, struct str s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), saved;
	bool ok = fd >= 0 && file_write(fd, s);

	saved = errno;
	if (fd >= 0 && close(fd) < 0 && ok)
		return false;
	errno = saved;
	return ok;
}

bool file_put(const char *path, struct str s)
{
	struct stat st;
	char *real;
	bool ok;
	int saved;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_into(path, s);
	real = realpath(path, NULL);
	ok = file_replace(real ? real : path, s);
	saved = errno;
	free(real);
	errno = saved;
	return ok;
}

bool file_folder(const char *path, mode_t mode, enum err_where where, struct err *e)
{
	const char *slash = strrchr(path, '/');

	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return true;
	if (errno == ENOENT && slash && slash != path) {
		char *above = xstrdup(path);
		bool ok;

		above[slash - path] = '\0';
		ok = file_folder(above, 0777, where, e);
		free(above);
		if (!ok || mkdir(path, mode) == 0 || errno == EEXIST)
			return ok;
	}
	return err_errno(e, ERR_SETUP, where, "cannot make the folder %s", path);
}
