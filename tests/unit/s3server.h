/*
 * s3server.h - our own S3 server for the length of a test, in a process of its own, over a folder
 * of its own; and a client of it.
 */
#ifndef TESTS_UNIT_S3SERVER_H
#define TESTS_UNIT_S3SERVER_H

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/s3.h"
#include "workers/local/s3d.h"

struct s3server {
	char root[64]; /* its sub-folders are the buckets */
	char log[80];  /* a line of JSON for each request */
	pid_t pid;
	int port;
};

/* faults: as --fault takes them, or NULL. */
static inline void s3server_run(struct s3server *s, const char *faults)
{
	char fd_text[16], port[16] = "0", line[64] = "";
	int fds[2];
	FILE *ready;

	assert_int_equal(pipe(fds), 0);
	snprintf(fd_text, sizeof fd_text, "%d", fds[1]);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		static char words[7][16] = {
		    "s3d", "--root", "--port", "--ready-fd", "--log", "--seed", "--fault"};
		static char seed[] = "7";
		char spec[64];
		char *argv[] = {words[0], words[1], s->root, words[2], port, words[3], fd_text,
		    words[4], s->log, words[5], seed, words[6], spec, NULL};

		snprintf(spec, sizeof spec, "%s", faults ? faults : "");
		if (!faults)
			argv[11] = NULL;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		setenv("S3D_ACCESS_KEY", "AKIATESTTESTTEST", 1);
		setenv("S3D_SECRET_KEY", "a/Secret+of/40+characters/for+the+tests.", 1);
		_exit(s3d_main(faults ? 13 : 11, argv));
	}
	close(fds[1]);
	ready = fdopen(fds[0], "r");
	assert_non_null(ready);
	if (!fgets(line, sizeof line, ready) || sscanf(line, "s3d ready %d", &s->port) != 1)
		fail_msg("s3d did not start: %s", line);
	fclose(ready);
}

static inline void s3server_start(struct s3server *s, const char *const *buckets)
{
	char path[128];

	*s = (struct s3server){.pid = 0};
	snprintf(s->root, sizeof s->root, "/tmp/dwh-s3server.XXXXXX");
	assert_non_null(mkdtemp(s->root));
	snprintf(s->log, sizeof s->log, "%s/log", s->root);
	for (; *buckets; buckets++) {
		snprintf(path, sizeof path, "%s/%s", s->root, *buckets);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	s3server_run(s, NULL);
}

static inline void s3server_kill(struct s3server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

static inline int s3server_unlink(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void s3server_stop(struct s3server *s)
{
	s3server_kill(s);
	nftw(s->root, s3server_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct s3 *s3server_client(
    const struct s3server *s, bool (*tick)(void *ctx, struct err *e), void *ctx)
{
	struct credentials c = {.key = {STR("AKIATESTTESTTEST"),
	                            STR("a/Secret+of/40+characters/for+the+tests."), STR("")}};
	char endpoint[64];
	struct s3_options o = {.endpoint = endpoint,
	    .region = STR("us-west-2"),
	    .credentials = &c,
	    .attempts = 8,
	    .tick = tick,
	    .tick_ctx = ctx};
	struct s3 *out = NULL;
	struct err e;

	snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", s->port);
	if (!s3_open(&o, &out, &e))
		fail_msg("%s", e.msg);
	return out;
}

#endif
