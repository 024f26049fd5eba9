/* child.h - the programs that the keeper starts: as another account, and never outliving it. */
#ifndef WORKERS_LOCAL_CHILD_H
#define WORKERS_LOCAL_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/err.h"

/* Whom PostgreSQL runs as: ourselves, or when we are root somebody else. */
struct account {
	const char *name;
	uid_t uid;
	gid_t gid;
	bool change; /* it is not us */
};

struct child {
	const char *path;
	char *const *argv;
	char *const *env;         /* NULL: ours */
	const struct account *as; /* NULL: ourselves */
	int in;                   /* becomes 0; -1: /dev/null */
	int out;                  /* becomes 1 and 2; -1: /dev/null */
	int keep;                 /* a descriptor that stays open under its number; -1: none */
	int death_signal;         /* what it gets when we die, however we die */
};

/*
 * Starts it. Where it cannot be executed it says so on `out` and exits with 127. The result is a
 * process id, or -1 and *e.
 */
pid_t child_start(const struct child *c, struct err *e);

/*
 * In a child: from now on as the account, for good, and with no more rights than it has. False with
 * errno set.
 */
bool child_become(const struct account *as);

/* Starts it and waits for its end; true when it exited with 0. *status is what waitpid said. */
bool child_run(const struct child *c, int *status, struct err *e);

/* "exit status 1", "killed by signal 9 (Killed)"; buf is returned. */
const char *child_fate(int status, char *buf, size_t size);

#endif
