/* pgplace.c - whom PostgreSQL runs as and where its things lie; pgserver.h tells the rules. */
#include "workers/local/pgplace.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/localstate.h"

#define STATE_DIR "/var/lib/dwh"

static const char *owner_name(uid_t uid, struct arena *a)
{
	const struct passwd *pw = getpwuid(uid);

	return pw ? arena_strz(a, pw->pw_name) : arena_printf(a, "user %u", (unsigned)uid);
}

/* FNV-1a: a name that stays the same for the same path. */
static uint64_t hash(const char *path)
{
	uint64_t h = 14695981039346656037u;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 1099511628211u;
	return h;
}

/* "work-5f0c...": the name of the folder that holds DIR, cut, and the hash of the whole path. */
static const char *hashed_name(const char *dir, struct arena *a)
{
	struct str s = str_z(dir), base = {NULL, 0};
	char word[25];
	size_t n = 0;

	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/') {
			s.n = i - 1;
			break;
		}
	while (s.n) {
		base = str_from(s, 1);
		s = str_from(base, str_find(base, '/'));
	}
	for (size_t i = 0; i < base.n && n < sizeof word - 1; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", base.p[i] | 0x20))
			word[n++] = base.p[i];
	word[n] = '\0';
	return arena_printf(a, "%s-%016" PRIx64, n ? word : "dwh", hash(dir));
}

static bool find_account(struct pgserver *s, const char *data, struct arena *a, struct err *e)
{
	const struct passwd *pw;
	struct stat st;

	if (geteuid() != 0) {
		/* PostgreSQL asks for the name of its account. */
		pw = getpwuid(geteuid());
		if (!pw)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "PostgreSQL needs an account with a name, and user id %u has none in "
			    "/etc/passwd; run as another user, or set [WAREHOUSE] ENGINE",
			    (unsigned)geteuid());
		s->account = (struct account){
		    arena_strz(a, pw->pw_name), pw->pw_uid, pw->pw_gid, false};
		return true;
	}
	if (s->account_name)
		pw = getpwnam(s->account_name);
	else if (data && stat(data, &st) == 0 && st.st_uid != 0)
		pw = getpwuid(st.st_uid);
	else {
		pw = getpwnam("postgres");
		if (!pw)
			pw = getpwnam("nobody");
	}
	if (!pw)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "PostgreSQL refuses to run as root, and there is no account %s; set [LOCAL] "
		    "ACCOUNT to an unprivileged one",
		    s->account_name ? s->account_name : "postgres or nobody");
	if (pw->pw_uid == 0)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "[LOCAL] ACCOUNT: PostgreSQL refuses to run as %s; name an unprivileged "
		    "account",
		    pw->pw_name);
	s->account = (struct account){arena_strz(a, pw->pw_name), pw->pw_uid, pw->pw_gid, true};
	return true;
}

/* Whether the account gets into the folder: really tried, by a process that has become it. */
static bool reachable(const char *dir, const struct account *as, struct arena *a)
{
	const char *inside = arena_printf(a, "%s/.", dir);
	struct stat st;
	int status;
	pid_t pid;

	if (!as->change)
		return stat(inside, &st) == 0;
	pid = fork();
	if (pid == 0)
		_exit(child_become(as) && stat(inside, &st) == 0 ? 0 : 1);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return pid > 0 && status == 0;
}

/* A folder of root that everybody may pass through. */
static bool make_passage(const char *path, struct err *e)
{
	if (mkdir(path, 0755) == 0 ? chmod(path, 0755) != 0 : errno != EEXIST)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", path);
	return true;
}

static bool owned(const struct pgserver *s, struct arena *a, struct err *e)
{
	struct stat st;

	if (stat(s->data, &st) != 0 || st.st_uid == s->account.uid)
		return true;
	if (s->account.change)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s belongs to %s, but PostgreSQL is to run as %s (root it refuses); chown -R "
		    "the folder, or set [LOCAL] ACCOUNT",
		    s->data, owner_name(st.st_uid, a), s->account.name);
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	    "%s belongs to %s, so PostgreSQL does not run on it as %s; run as the user who made "
	    "it, "
	    "or set [LOCAL] DIR to another folder",
	    s->data, owner_name(st.st_uid, a), s->account.name);
}

bool pgplace_find(struct pgserver *s, struct arena *a, struct err *e)
{
	const char *here = arena_printf(a, "%s/pg", s->dir);
	const char *above = arena_printf(a, STATE_DIR "/%s", hashed_name(s->dir, a));
	const char *there = arena_printf(a, "%s/pg", above);
	bool is_here = access(here, F_OK) == 0;
	bool is_there = !is_here && geteuid() == 0 && access(there, F_OK) == 0;

	if (!find_account(s, is_here ? here : is_there ? there : NULL, a, e))
		return false;
	s->data = is_there ? there : here;
	if (is_there) {
		if (!reachable(above, &s->account, a))
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "%s cannot get to %s, where the data of %s lie; chmod a+x the folders "
			    "above it",
			    s->account.name, above, s->dir);
	} else if (!reachable(s->dir, &s->account, a)) {
		if (is_here)
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "%s cannot get to its data in %s any more; chmod a+x the folders above "
			    "it, or move it away and load again",
			    s->account.name, here);
		if (!make_passage(STATE_DIR, e) || !make_passage(above, e))
			return false;
		if (!reachable(above, &s->account, a))
			return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "%s can get neither to %s nor to %s; chmod a+x the folders above one "
			    "of "
			    "them, or set [LOCAL] DIR",
			    s->account.name, s->dir, above);
		s->data = there;
		is_there = true;
	}
	if (is_there)
		s->note = arena_printf(a,
		    "PostgreSQL runs as %s, who may not enter %s, so its data are in %s",
		    s->account.name, s->dir, s->data);
	return owned(s, a, e);
}

static bool fits_socket(const char *dir)
{
	struct sockaddr_un un;

	return strlen(dir) + strlen("/.s.PGSQL.5432") < sizeof un.sun_path &&
	       !strpbrk(dir, ",\n\r");
}

/* Makes it, or finds it made: a real folder, ours alone. */
static bool private_folder(
    const char *path, const struct account *as, struct arena *a, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) == 0) {
		if (as->change && lchown(path, as->uid, as->gid) != 0)
			return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", path);
	} else if (errno != EEXIST)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", path);
	if (lstat(path, &st) != 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "%s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != as->uid || (st.st_mode & 077) != 0)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s should be a folder of %s with mode 0700, and is %s%s with mode %04o; "
		    "remove "
		    "it",
		    path, as->name, S_ISDIR(st.st_mode) ? "a folder of " : "something else of ",
		    owner_name(st.st_uid, a), (unsigned)st.st_mode & 07777);
	return true;
}

bool pgplace_socket(struct pgserver *s, struct arena *a, struct err *e)
{
	size_t parent = strlen(s->data) - strlen("/pg");
	const char *beside = arena_printf(a, "%.*s/sock", (int)parent, s->data);
	const char *run = arena_printf(a, "/run/user/%u", (unsigned)geteuid());

	s->socket_dir = beside;
	s->socket_elsewhere = !fits_socket(beside);
	if (s->socket_elsewhere) {
		if (geteuid() == 0)
			run = "/run";
		else if (access(run, W_OK | X_OK) != 0)
			run = "/tmp";
		s->socket_dir = arena_printf(
		    a, "%s/dwh-%u-%016" PRIx64, run, (unsigned)s->account.uid, hash(s->dir));
	}
	return private_folder(s->socket_dir, &s->account, a, e);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

bool pgplace_remove(const char *path, const struct account *as, struct err *e)
{
	/* Root removes nothing in a folder that another account can change. */
	if (access(path, F_OK) == 0) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(child_become(as) ? nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS)
			                       : 1);
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (rmdir(path) != 0 && errno != ENOENT)
			return err_errno(e, ERR_SETUP, AT_WAREHOUSE, "cannot remove %s", path);
	}
	return true;
}

bool pgplace_fresh_folder(const char *path, const struct account *as, struct err *e)
{
	if (!pgplace_remove(path, as, e))
		return false;
	if (mkdir(path, 0700) != 0 || (as->change && lchown(path, as->uid, as->gid) != 0))
		return err_errno(e, ERR_SETUP, AT_WAREHOUSE, "%s", path);
	return true;
}
