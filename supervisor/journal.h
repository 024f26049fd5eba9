/*
 * journal.h - the history of a run: DIR/runs/<run>/journal.jsonl, append-only, one fact a line.
 *
 * One writer, the supervisor, with one write(2) a line; it holds a flock for as long as the run is
 * alive. Reports and reruns fold the lines back into tasks through the same table of transitions;
 * a last line cut short by a crash is dropped.
 *
 * The lines, in the words of msg.h: run, call, then task, about, move, warehouse, target, count,
 * lane, wrong, bad, settled, again, done, fail (the last ten as the worker sent them, before the
 * move that they caused), usage, and end.
 */
#ifndef SUPERVISOR_JOURNAL_H
#define SUPERVISOR_JOURNAL_H

#include "shared/arena.h"
#include "shared/err.h"
#include "shared/msg.h"
#include "supervisor/task.h"

struct journal {
	int fd;
	int lock; /* DIR/runs/lock: one run at a time on one folder */
	char *path;
	bool broken; /* a write failed: said once, by journal_close */
	struct err why;
};

/* A new run id: "20261123T101500-3fa91c2". out holds 24 bytes. */
void journal_new_id(char out[24]);

/* Makes the folder, takes the lock. ERR_SETUP/AT_STATE when another run is alive in `dir`. */
bool journal_create(struct journal *j, const char *dir, const char *run, struct err *e);

void journal_add(struct journal *j, const struct msg *m);

/* False when a line could not be written. */
bool journal_close(struct journal *j, struct err *e);

/* A run, read back. */
struct fold_count {
	struct str table;
	int64_t rows;
};

/* A staging relation as the run found or made it. */
struct fold_target {
	struct str relation, since;
	int64_t generation;
	int64_t shards; /* that were in the ledger then */
};

/* A failure that was tried again, all of one cause together. */
struct fold_retry {
	struct err err;  /* the first of them */
	struct str name; /* of the task it befell */
	int64_t times;
};

/* What one worker did in one go: a task from its beginning to its end, or to a failure. */
struct fold_attempt {
	int64_t task; /* its id */
	int worker;
	int number;           /* 1...: the how many-th attempt of that task */
	int64_t began, ended; /* ms since the run began; ended is 0 while it runs */
	enum task_state to;   /* RUNNING while it runs, else what the task became then */
	enum err_kind kind;   /* of its failure; 0: there was none */
	struct str code, message;
};

struct fold {
	bool alive; /* its supervisor holds the lock: what follows is the state of a moment */
	struct msg_run run;
	struct msg_strs call; /* how the program was called; n 0: not known */
	struct str isolation; /* of the database; "": not known yet */
	struct task *tasks;   /* by id - 1 */
	size_t n, cap;
	struct fold_attempt *attempts; /* in the order of their beginning */
	size_t n_attempts, cap_attempts;
	struct fold_count *counts;
	size_t n_counts, cap_counts;
	struct fold_target *targets;
	size_t n_targets, cap_targets;
	struct msg_lane *lanes; /* verify */
	size_t n_lanes, cap_lanes;
	struct msg_wrong *wrong;
	size_t n_wrong, cap_wrong;
	struct fold_retry *retries;
	size_t n_retries, cap_retries;
	struct msg_again *again; /* requests of S3 that were sent again, by cause */
	size_t n_again, cap_again;
	struct msg_bad *bad; /* rejected records, the first MSG_BAD_MAX of each shard */
	size_t n_bad, cap_bad;
	bool has_usage;
	struct msg_usage usage;
	bool ended;
	struct msg_end end;
	int64_t last_ms;   /* of the last move */
	int64_t last_done; /* id of the task that was done last */
};

/* run NULL: the newest. ERR_SETUP/AT_STATE where there is none. Everything lives in a. */
bool journal_fold(
    const char *dir, const char *run, struct arena *a, struct fold *out, struct err *e);

/* The newest run in dir (want NULL), or whose journal `want` says yes to, or that cannot be read;
 * NULL: none. Its id lives in a. */
const char *journal_newest(const char *dir, bool (*want)(const struct fold *f), struct arena *a);

/* Whether it has the form of an id; whether there is a journal of it in dir. */
bool journal_is_id(const char *run);
bool journal_exists(const char *dir, const char *run, struct arena *a);

/* The task as the message that defines it, and back. */
struct msg journal_task_msg(const struct task *t);

#endif
