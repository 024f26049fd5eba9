/*
 * localstate.h - where the services of a run on one machine (a private PostgreSQL and an S3 server)
 * keep their things, and how a process finds the ones that run.
 *
 * They live under [LOCAL] DIR:
 *   local/start.lock     held while a command starts or joins the services: a mutex
 *   local/use.lock       shared by every command that uses them; the keeper waits for all to leave
 *   local/keeper.lock    held by the keeper as long as it lives
 *   local/services.lock  held by the keeper and, inherited, by every process of the services
 *   local/state.json     what runs now; written by the keeper, gone when it has stopped
 *   local/key            access key id and secret of the S3 server, one line each, mode 0600
 *   local/login          user and password of redshiftd, likewise
 *   local/up.lock        held by the redshiftd of `dwh local up`, with its process id and port
 *   local/{keeper,postgres,s3d,redshiftd}.log
 *   pg/, sock/, buckets/ the data of PostgreSQL, the folder of its socket, the folder of S3
 * All locks are flock(2): the kernel gives them back whatever way a process ends, so nothing here
 * ever trusts a process id. workers/local/keeper.c tells the protocol.
 */
#ifndef SHARED_LOCALSTATE_H
#define SHARED_LOCALSTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/arena.h"
#include "shared/config.h"
#include "shared/err.h"
#include "shared/sigv4.h"

/* The port is only part of the socket's name: nothing listens on TCP. */
#define LOCAL_PG_PORT 5432
#define LOCAL_PG_USER "dwh"
#define LOCAL_PG_DATABASE "dwh"

struct local {
	const char *socket_dir; /* host of a libpq connection, with LOCAL_PG_PORT */
	const char *user, *dbname;
	const char *s3_endpoint; /* "http://127.0.0.1:PORT" */
	struct sigv4_key key;    /* secret */
	const char *buckets;     /* folder that the S3 server serves */
	const char *data;        /* folder of PostgreSQL's data */
	const char *note;        /* a line for the user about where the data lies, or NULL */
	int64_t keeper;          /* process id of the keeper, for people only */

	bool held; /* supervisor/local.c's own: use_fd holds use.lock */
	int use_fd;
	const char *dir;
};

/*
 * The services that run now. Not running is ERR_SETUP/AT_WAREHOUSE. Strings live in a. Takes no
 * lock: the caller's supervisor holds them up.
 */
bool local_state(const struct config *c, struct arena *a, struct local *out, struct err *e);

/* DIR of the configuration, absolute; and the path of one file of its local/. */
const char *local_dir(const struct config *c, struct arena *a);
const char *local_path(struct arena *a, const char *dir, const char *file);

/* The same as local_state for a DIR; *found is false, and all is well, where no state was written.
 */
bool local_state_read(
    const char *dir, struct arena *a, struct local *out, bool *found, struct err *e);

/* Written whole or not at all. */
bool local_state_write(const char *dir, struct arena *a, const struct local *l, struct err *e);

/* True while a keeper lives (whatever it is doing). */
bool local_keeper_lives(const char *dir, struct arena *a);

/* The key of local/key; made of random bytes when there is none and `make` is set. */
bool local_key(const char *dir, bool make, struct arena *a, struct sigv4_key *out, struct err *e);

/* Who may log in to redshiftd, likewise. */
bool local_login(const char *dir, bool make, struct arena *a, struct str *user,
    struct str *password, struct err *e);

/*
 * Opens a lock file, making it if needed; -1 and *e on failure. Close-on-exec unless `inherit`.
 */
int local_lock_open(const char *path, bool inherit, struct err *e);

/*
 * "the last line in PATH: LINE" of a log, for an error message: the last one from byte `from` on
 * with FATAL or PANIC in it, else the last one; "PATH says nothing" where there is none. A full
 * disk goes before all others, since they follow from it.
 */
const char *local_log_last(const char *path, off_t from, struct arena *a);

#endif
