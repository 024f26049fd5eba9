/* s3d_keys.c - where the server's own keys come from; see s3d_auth.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/file.h"
#include "workers/local/s3d_auth.h"

static void add(struct arena *a, struct s3d_keys *keys, const struct sigv4_key *key)
{
	size_t cap = keys->n, flags = keys->n;

	keys->v = arena_grow(a, keys->v, keys->n, &cap, sizeof *keys->v);
	keys->expired = arena_grow(a, keys->expired, keys->n, &flags, sizeof *keys->expired);
	keys->expired[keys->n] = false;
	keys->v[keys->n++] = *key;
}

static bool read_all(const char *file, struct buf *text, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool ok;

	if (fd < 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, "key file %s", file);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077)) {
		close(fd);
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "key file %s can be read by others: chmod 600 it", file);
	}
	ok = file_read(fd, text);
	if (!ok)
		err_errno(e, ERR_SETUP, AT_CONFIG, "key file %s", file);
	else if (text->over)
		ok = err_set(e, ERR_SETUP, AT_CONFIG, NULL, "key file %s is too large", file);
	close(fd);
	return ok;
}

static bool parse(
    const char *file, struct str text, struct arena *a, struct s3d_keys *keys, struct err *e)
{
	struct sigv4_key key = {0};
	int line_no = 0;

	while (text.n) {
		struct str line = str_trim((struct str){text.p, str_find(text, '\n')});

		text = str_from(text, str_find(text, '\n') + 1);
		line_no++;
		if (line.n == 0)
			continue;
		if (str_starts(line, STR("token "))) {
			if (keys->n == 0 || key.access.n)
				return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
				    "key file %s line %d: a token stands behind the secret of its "
				    "key",
				    file, line_no);
			keys->v[keys->n - 1].token = arena_str(a, str_trim(str_from(line, 6)));
		} else if (keys->n && !key.access.n && str_eq(line, STR("expired"))) {
			keys->expired[keys->n - 1] = true;
		} else if (key.access.n == 0) {
			key.access = arena_str(a, line);
		} else {
			key.secret = arena_str(a, line);
			add(a, keys, &key);
			key = (struct sigv4_key){0};
		}
	}
	if (key.access.n || keys->n == 0)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "key file %s: a line with the key id and one with the secret are needed", file);
	return true;
}

bool s3d_keys_read(const char *file, struct arena *a, struct s3d_keys *keys, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, 64 * 1024);
	ok = read_all(file, &text, e) && parse(file, buf_view(&text), a, keys, e);
	buf_wipe(&text);
	return ok;
}

void s3d_keys_env(struct arena *a, struct s3d_keys *keys)
{
	struct sigv4_key key = {
	    .access = str_z(getenv("S3D_ACCESS_KEY")),
	    .secret = str_z(getenv("S3D_SECRET_KEY")),
	    .token = str_z(getenv("S3D_SESSION_TOKEN")),
	};

	if (key.access.n == 0 || key.secret.n == 0)
		return;
	key.access = arena_str(a, key.access);
	key.secret = arena_str(a, key.secret);
	key.token = arena_str(a, key.token);
	add(a, keys, &key);
}
