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

enum run_life runs_life(const char *dir, const char *run)
{
	struct arena *a = arena_new();
	int fd = open(runs_journal(a, dir, run), O_RDONLY | O_CLOEXEC);
	enum run_life life = RUN_UNKNOWN;

	arena_free(a);
	if (fd < 0)
		return life;
	life = runs_is_locked(fd) ? RUN_ALIVE : RUN_DEAD;
	close(fd);
	return life;
}
