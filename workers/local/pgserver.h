/*
 * pgserver.h - a private PostgreSQL: whom it runs as, where its data lie, how it is made and
 * started.
 *
 * Account. PostgreSQL refuses to run as root. Started by root it becomes [LOCAL] ACCOUNT, else the
 * owner of the data that are there, else postgres, else nobody.
 *
 * Data. <DIR>/pg, where the account can reach that folder; under a root-only home it cannot, and
 * then they lie in /var/lib/dwh/<name>-<hash of DIR>/pg. Data stay where they were made: a
 * folder that can no longer be reached is an error, never a reason to start with empty tables.
 * The cluster is made under another name, with its database in it, and renamed when it is whole: a
 * killed initdb leaves no half of one.
 *
 * Socket. <data>/../sock, mode 0700, of the account; where that path is too long for a socket (108
 * bytes), or has a comma (libpq reads a list there), a folder named by the hash under /run, the
 * user's /run/user/UID or /tmp, which is removed again.
 *
 * Durability. The tables are the user's: fsync and full_page_writes stay on. A crash of the machine
 * may lose the transactions of the last second (synchronous_commit off), ledger rows and data
 * together, so loading again loads what was lost.
 *
 * The caller holds local/services.lock: no other process works on these folders.
 */
#ifndef WORKERS_LOCAL_PGSERVER_H
#define WORKERS_LOCAL_PGSERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "shared/arena.h"
#include "shared/err.h"
#include "workers/local/child.h"

struct pgserver {
	const char *dir;          /* [LOCAL] DIR, absolute */
	const char *pg_bin;       /* [LOCAL] PG_BIN or NULL */
	const char *account_name; /* [LOCAL] ACCOUNT or NULL */
	const char *log;          /* path of its log */
	int log_fd;

	/* pgserver_prepare finds: */
	struct account account;
	const char *data, *socket_dir;
	bool socket_elsewhere; /* the socket's folder is not beside the data */
	const char *note;      /* where the data lie, when that is a surprise; else NULL */
	const char *postgres, *initdb;
};

/* Finds all that is needed, and makes the cluster where there is none (about a second). */
bool pgserver_prepare(struct pgserver *s, struct arena *a, struct err *e);

/* Starts it; -1 and *e on failure. It gets SIGINT, a fast shutdown, when we die. */
pid_t pgserver_start(const struct pgserver *s, struct arena *a, struct err *e);

/* True when the server started as pid accepts connections. */
bool pgserver_ready(const struct pgserver *s, pid_t pid);

/*
 * Waits, at most ms, until the server can be told to shut down. PostgreSQL 15 hangs for ever when
 * SIGINT meets it in the recovery from a backend's crash (it waits for its checkpointer, whom
 * nobody tells).
 */
void pgserver_settle(const struct pgserver *s, int64_t ms);

/* Stops a server of ours at once (it recovers at its next start) that an earlier keeper left and
 * that does not end: it hangs, see above. */
void pgserver_quit_leftover(struct pgserver *s, struct arena *a);

/* After it has ended: removes the socket's folder if that is not beside the data. */
void pgserver_clean(const struct pgserver *s);

/* The same, and removes the data with all folders that were made for them. */
bool pgserver_remove(const struct pgserver *s, struct err *e);

#endif
