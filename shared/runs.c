/* runs.c - see runs.h. */
#include "shared/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

bool runs_is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

char *runs_journal(struct arena *a, const char *dir, const char *run)
{
	return arena_printf(a, "%s/runs/%s/journal.jsonl", dir, run);
}

bool runs_is_dead(const char *dir, const char *run)
{
	struct arena *a = arena_new();
	int fd = open(runs_journal(a, dir, run), O_RDONLY | O_CLOEXEC);
	bool dead = fd >= 0 && !runs_is_locked(fd);

	if (fd >= 0)
		close(fd);
	arena_free(a);
	return dead;
}
