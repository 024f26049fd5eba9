/*
 * terminal.h - lends the terminal to a program that asks a person something on it.
 *
 * Such a program has a process group of its own, so that it can be ended with all that it has
 * started. For the terminal it is in the background then, and the kernel stops it when it reads, or
 * switches the echo off (SIGTTIN, SIGTTOU). What a shell does for a job is done here for the
 * program: it becomes the foreground group, and goes on. Several such programs, of several workers,
 * have the terminal one after the other.
 *
 * It is lent only where it is ours to lend: where the group in the foreground is that of a dwh
 * above us, be it this process or one that has started it (workers have groups of their own, too).
 * While it is lent, ^C and ^Z are for the program alone; what it does with them, the lender passes
 * on. What would end the lender is held back, as the terminal would be left to nobody:
 * terminal_must_end() says that something has come.
 */
#ifndef SHARED_TERMINAL_H
#define SHARED_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct terminal {
	int fd;        /* -1: there is none */
	pid_t from;    /* the group that it is lent by; 0: it is not lent */
	pid_t group;   /* the one that it is lent to */
	sigset_t mask; /* of the lender, before */
	/* How it was set up then; and when it came back, for a program that was only stopped. */
	struct termios ours, theirs;
	bool known; /* theirs is */
};

/* The terminal of this process's session, if there is one. */
void terminal_open(struct terminal *t);
void terminal_close(struct terminal *t); /* takes it back */

/* Whether the group in its foreground is that of a dwh above us, or our own. */
bool terminal_is_ours(const struct terminal *t);

/* Whether fd is our terminal and somebody else is in its foreground: nobody draws over that. */
bool terminal_is_others(int fd);

/* To this group, if it is ours, set up as the group has left it; false where it is not ours. */
bool terminal_lend(struct terminal *t, pid_t group);

/* It is lent, and a signal waits that ends us: give it back. */
bool terminal_must_end(const struct terminal *t);

/* Back to whom it is from, set up as it was then; to that group goes the signal, too (0: none). */
void terminal_back(struct terminal *t, int sig);

#endif
