/* pgbin.c - see pgbin.h. */
#include "shared/pgbin.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/str.h"

#define DEBIAN "/usr/lib/postgresql"

static bool executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static const char *in_debian(const char *program, int prefer, struct arena *a)
{
	DIR *d = opendir(DEBIAN);
	const char *best = NULL;
	int64_t best_version = -1;
	struct dirent *f;

	if (!d)
		return NULL;
	while ((f = readdir(d))) {
		int64_t version;
		const char *path;

		if (!str_to_i64(str_z(f->d_name), &version) || version <= best_version)
			continue;
		path = arena_printf(a, DEBIAN "/%s/bin/%s", f->d_name, program);
		if (!executable(path))
			continue;
		best = path;
		best_version = version == prefer ? INT64_MAX : version;
	}
	closedir(d);
	return best;
}

static const char *on_path(const char *program, struct arena *a)
{
	struct str rest = str_z(getenv("PATH"));

	while (rest.n) {
		struct str dir = {rest.p, str_find(rest, ':')};
		const char *path = arena_printf(a, "%.*s/%s", STRF(dir), program);

		/* A relative folder would mean another program in every working folder. */
		if (dir.n && dir.p[0] == '/' && executable(path))
			return path;
		rest = str_from(rest, dir.n + 1);
	}
	return NULL;
}

bool pgbin_find(const char *configured, const char *program, int prefer, struct arena *a,
    const char **path, struct err *e)
{
	bool client = str_eqz(str_z(program), "psql");

	if (configured) {
		*path = arena_printf(a, "%s/%s", configured, program);
		if (executable(*path))
			return true;
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "[LOCAL] PG_BIN: there is no program %s that we may run", *path);
	}
	*path = in_debian(program, prefer, a);
	if (!*path)
		*path = on_path(program, a);
	if (!*path)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s was found neither under " DEBIAN " nor on PATH; install Debian's package "
		    "%s, or set [LOCAL] PG_BIN",
		    program, client ? "postgresql-client" : "postgresql-15 (or postgresql)");
	return true;
}
