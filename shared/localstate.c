/* localstate.c - see localstate.h. */
#include "shared/localstate.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/file.h"

/* Raised when a field changes its meaning: services of another version are then not joined. */
#define STATE_VERSION 1

const char *local_dir(const struct config *c, struct arena *a)
{
	return config_path(c, a, c->local.dir);
}

const char *local_path(struct arena *a, const char *dir, const char *file)
{
	return arena_printf(a, "%s/local/%s", dir, file);
}

/* Writes path.tmp, then puts it in the place of path. */
static bool spit(struct arena *a, const char *path, mode_t mode, struct str text, struct err *e)
{
	const char *tmp = arena_printf(a, "%s.tmp", path);
	int fd;
	bool ok;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_errno(e, ERR_SETUP, AT_STATE, "%s", tmp);
	ok = file_write(fd, text);
	if (close(fd) != 0 || !ok || rename(tmp, path) != 0)
		return err_errno(e, ERR_SETUP, AT_STATE, "cannot write %s", path);
	return true;
}

static const char *field(json_t *o, const char *name, struct arena *a)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? arena_strz(a, s) : NULL;
}

bool local_state_read(
    const char *dir, struct arena *a, struct local *out, bool *found, struct err *e)
{
	const char *path = local_path(a, dir, "state.json");
	char text[16384];
	ssize_t n = file_head(path, text, sizeof text);
	json_t *o;
	json_error_t bad;
	bool ok;

	*out = (struct local){.dir = dir, .user = LOCAL_PG_USER, .dbname = LOCAL_PG_DATABASE};
	*found = false;
	if (n < 0 && errno == ENOENT)
		return true;
	if (n < 0)
		return err_errno(e, ERR_SETUP, AT_STATE, "%s", path);
	o = json_loadb(text, (size_t)n, 0, &bad);
	if (!o)
		return err_set(e, ERR_SETUP, AT_STATE, NULL, "%s: %s", path, bad.text);
	ok = json_integer_value(json_object_get(o, "version")) == STATE_VERSION;
	out->keeper = json_integer_value(json_object_get(o, "keeper"));
	out->socket_dir = field(o, "socket", a);
	out->s3_endpoint = field(o, "s3", a);
	out->buckets = field(o, "buckets", a);
	out->data = field(o, "data", a);
	out->note = field(o, "note", a);
	json_decref(o);
	if (!ok || !out->socket_dir || !out->s3_endpoint || !out->buckets || !out->data)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s was written by another version of dwh; let its commands end first", path);
	*found = true;
	return local_key(dir, false, a, &out->key, e);
}

bool local_state_write(const char *dir, struct arena *a, const struct local *l, struct err *e)
{
	const char *path = local_path(a, dir, "state.json");
	/* s?: no note is null. */
	json_t *o = json_pack("{s:i, s:I, s:s, s:s, s:s, s:s, s:s?}", "version", STATE_VERSION,
	    "keeper", (json_int_t)l->keeper, "socket", l->socket_dir, "s3", l->s3_endpoint,
	    "buckets", l->buckets, "data", l->data, "note", l->note);
	char *text = o ? json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
	bool ok;

	json_decref(o);
	if (!text)
		return err_set(e, ERR_SETUP, AT_STATE, NULL,
		    "%s: a path of [LOCAL] is not UTF-8; set [LOCAL] DIR to another folder", path);
	ok = spit(a, path, 0600, str_z(text), e);
	free(text);
	return ok;
}

bool local_state(const struct config *c, struct arena *a, struct local *out, struct err *e)
{
	const char *dir = local_dir(c, a);
	bool found;

	if (!local_state_read(dir, a, out, &found, e))
		return false;
	if (!found || !local_keeper_lives(dir, a))
		return err_set(e, ERR_SETUP, AT_WAREHOUSE, NULL,
		    "the local services of %s have ended; %s", dir,
		    local_log_last(local_path(a, dir, "postgres.log"), 0, a));
	return true;
}

bool local_keeper_lives(const char *dir, struct arena *a)
{
	int fd = open(local_path(a, dir, "keeper.lock"), O_RDONLY | O_CLOEXEC);
	bool free;

	if (fd < 0)
		return false;
	free = flock(fd, LOCK_SH | LOCK_NB) == 0;
	close(fd);
	return !free;
}

int local_lock_open(const char *path, bool inherit, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | (inherit ? 0 : O_CLOEXEC), 0600);

	if (fd < 0)
		err_errno(e, ERR_SETUP, AT_STATE, "%s", path);
	return fd;
}

/* n random characters of a-z0-9 behind the prefix. */
static bool random_word(struct arena *a, const char *prefix, size_t n, struct str *out)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[64];
	char *word = arena_alloc(a, strlen(prefix) + n + 1), *end;

	if (n > sizeof bytes || getrandom(bytes, n, 0) != (ssize_t)n)
		return false;
	end = stpcpy(word, prefix);
	for (size_t i = 0; i < n; i++)
		*end++ = digits[bytes[i] % 32];
	*out = (struct str){word, (size_t)(end - word)};
	return true;
}

/* A name and a secret, one line each; made where there is no such file and `make` is set. */
static bool pair(const char *path, const char *prefix, bool make, struct arena *a, struct str *name,
    struct str *secret, struct err *e)
{
	char text[512];
	ssize_t n = file_head(path, text, sizeof text);
	struct str s;

	if (n >= 0) {
		s = (struct str){text, (size_t)n};
		*name = (struct str){s.p, str_find(s, '\n')};
		*secret = str_trim(str_from(s, name->n));
		*name = str_trim(*name);
		if (name->n == 0 || secret->n == 0 || str_find(*secret, '\n') != secret->n)
			return err_set(e, ERR_SETUP, AT_STATE, NULL,
			    "%s should hold two lines, a name and a secret; remove it, and a new "
			    "one is made",
			    path);
		*name = arena_str(a, *name);
		*secret = arena_str(a, *secret);
		return true;
	}
	if (errno != ENOENT || !make)
		return err_errno(e, ERR_SETUP, AT_STATE, "%s", path);
	if (!random_word(a, prefix, 17, name) || !random_word(a, "", 40, secret))
		return err_errno(e, ERR_SETUP, AT_INTERNAL, "no random bytes");
	snprintf(text, sizeof text, "%.*s\n%.*s\n", STRF(*name), STRF(*secret));
	return spit(a, path, 0600, str_z(text), e);
}

bool local_key(const char *dir, bool make, struct arena *a, struct sigv4_key *out, struct err *e)
{
	*out = (struct sigv4_key){{NULL, 0}, {NULL, 0}, {NULL, 0}};
	return pair(local_path(a, dir, "key"), "dwh", make, a, &out->access, &out->secret, e);
}

bool local_login(const char *dir, bool make, struct arena *a, struct str *user,
    struct str *password, struct err *e)
{
	return pair(local_path(a, dir, "login"), "dwh", make, a, user, password, e);
}

/* How much a line of a log tells about an end: nothing, something, the reason, the first cause. */
enum telling { NOTHING, TALK, REASON, CAUSE };

static enum telling telling(struct str line)
{
	static const char full[] = "No space left on device";

	if (line.n == 0)
		return NOTHING;
	if (memmem(line.p, line.n, full, sizeof full - 1) ||
	    memmem(line.p, line.n, "wrote only ", 11))
		return CAUSE;
	return memmem(line.p, line.n, "FATAL", 5) || memmem(line.p, line.n, "PANIC", 5) ? REASON
	                                                                                : TALK;
}

const char *local_log_last(const char *path, off_t from, struct arena *a)
{
	static const char start[] = "starting PostgreSQL";
	char text[8192] = "";
	struct str line, best = {NULL, 0};
	enum telling told = NOTHING;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (st.st_size - from > (off_t)sizeof text)
			from = st.st_size - (off_t)sizeof text;
		n = pread(fd, text, sizeof text, from);
	}
	if (fd >= 0)
		close(fd);
	for (struct str s = {text, n > 0 ? (size_t)n : 0}; s.n; s = str_from(s, line.n + 1)) {
		struct str t;
		enum telling this;

		line = (struct str){s.p, str_find(s, '\n')};
		t = str_trim(line);
		if (memmem(t.p, t.n, start, sizeof start - 1))
			told = NOTHING; /* what comes before is of an earlier life */
		this = telling(t);
		if (this == NOTHING || this < told)
			continue;
		told = this;
		best = t;
	}
	if (best.n == 0)
		return arena_printf(a, "%s says nothing", path);
	return arena_printf(a, "%s %s: %.*s%s", told == CAUSE ? "see" : "the last line in", path,
	    STRF(best), told == CAUSE ? ": free space on that disk" : "");
}
