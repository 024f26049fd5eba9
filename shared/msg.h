/*
 * msg.h - one fact, one line of JSON: the codec of pipe, journal and --json.
 *
 * A line is an object whose "t" names the type; the other members are exactly the fields of that
 * type, in any order: a missing, extra, doubled or wrongly typed member is an error. Text is UTF-8.
 * Lines end in '\n', which counts towards the bounds.
 *
 * Down (supervisor to worker, at most 32 KiB, so that a write to an idle worker never blocks):
 *   hello          who you are, which run and configuration; once, first
 *   step list copy one task; the next one comes only after its done or fail
 *   end of file    quit
 * Up (worker to supervisor, at most 64 KiB):
 *   ready          once, after hello
 *   warehouse      once a run, while its first task, a step: what the warehouse says of itself
 *   target         while step create: a staging relation, its generation and lanes
 *   range          while list: a part of the prefix that another worker should list
 *   shard          while list, step merge: a manifest was written; while copy: one that takes its
 *                  place
 *   count          while step count: rows of a table
 *   lane           while step verify: a lane and the shards in it
 *   wrong          while step verify: a thing that is not as it should be
 *   bad            while copy: one of the first MSG_BAD_MAX records that were rejected (of a
 *                  validation: each)
 *   settled        while step staged: a shard that was committed UNVERIFIED is so no more
 *   beat           at most one a second while a task runs: totals so far
 *   again          requests of S3 that were sent again, a line a cause; before done or fail
 *   done | fail    ends the task
 * Journal only:
 *   run, task, move, end
 *   usage          what the processes of the run have used, when all workers are gone
 *   call           how the program was called, for the command that goes on
 *   about          what a check is for, in the words of its file
 *
 * No message carries object keys, except that ranges are bounded by one; none carries a secret.
 */
#ifndef SHARED_MSG_H
#define SHARED_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/err.h"
#include "shared/str.h"

enum { MSG_VERSION = 1, MSG_DOWN_MAX = 32 << 10, MSG_UP_MAX = 64 << 10, MSG_BAD_MAX = 100 };

enum msg_type {
	MSG_HELLO,
	MSG_STEP,
	MSG_LIST,
	MSG_COPY,
	MSG_READY,
	MSG_WAREHOUSE,
	MSG_TARGET,
	MSG_RANGE,
	MSG_SHARD,
	MSG_COUNT,
	MSG_LANE,
	MSG_WRONG,
	MSG_BAD,
	MSG_SETTLED,
	MSG_BEAT,
	MSG_AGAIN,
	MSG_DONE,
	MSG_FAIL,
	MSG_RUN,
	MSG_CALL,
	MSG_TASK,
	MSG_ABOUT,
	MSG_MOVE,
	MSG_USAGE,
	MSG_END,
	MSG_TYPES
};

struct msg_strs {
	struct str *v;
	size_t n;
};

struct msg_hello {
	int64_t v;            /* MSG_VERSION */
	int64_t worker;       /* 1... */
	struct str run;       /* run id */
	struct str config;    /* path, or "" for the built-in defaults */
	struct msg_strs sets; /* "SECTION.KEY=VALUE", never a secret */
};

struct msg_step {
	int64_t id, attempt;
	struct str phase;  /* probe create drop merge staged insert check count verify */
	struct str name;   /* stem of the SQL file; "" where the step is about the whole model */
	struct str digest; /* of that file as it was planned */
	int64_t shards;    /* staged: as many as the ledger must have at least; merge: pieces */
	bool fresh;        /* create: drop what is ours first; insert: also where nothing changed */
	bool take_over;    /* create, drop: from another run that is alive, too */
	bool whole;        /* create: all of every source is loaded behind it */
	bool validate;     /* probe: touch nothing, and look at the columns, too */
	struct str of;     /* verify: the shards of this run, or "" for all */
};

struct msg_list {
	int64_t id, attempt;
	struct str source;          /* stem of the copy file */
	struct str prefix;          /* key prefix without the bucket */
	struct str after;           /* keys greater than this */
	struct str upto;            /* and not greater than this; "" for no bound */
	bool fan;                   /* sub-prefixes may be given back as ranges */
	int64_t pages;              /* so may what is behind so many pages; 0: no */
	struct str shard, manifest; /* not "": of a shard that was cut before, its keys */
	int64_t generation;
	bool validate; /* all objects, loaded or not */
};

struct msg_copy {
	int64_t id, attempt;
	struct str source, lane, shard, manifest;
	int64_t generation, objects, bytes;
	int64_t again; /* how often its objects were listed again because they had changed */
	bool validate; /* read only: nothing is written, no rejected record ends it */
};

struct msg_ready {
	int64_t v, pid;
};

struct msg_warehouse {
	int64_t id;
	struct str isolation; /* of the database, in its words, or "unknown" */
};

struct msg_target {
	int64_t id;
	struct str relation;
	struct str since; /* when its first generation was made; another one after a drop */
	int64_t generation, lanes;
	int64_t shards; /* of it, in the ledger */
};

struct msg_range {
	int64_t id;
	struct str prefix, after, upto;
};

struct msg_shard {
	int64_t id;
	struct str shard;    /* digest of the manifest */
	struct str manifest; /* its address */
	int64_t objects, bytes;
};

struct msg_count {
	int64_t id;
	struct str table;
	int64_t rows;
};

/* A staging table; its shards are those that were asked for. */
struct msg_lane {
	int64_t id;
	struct str relation, lane;
	int64_t counted;                      /* its rows */
	int64_t rows;                         /* by the ledger */
	int64_t shards, mismatch, unverified; /* the rest of them is verified */
	struct str verdict;                   /* VERIFIED MISMATCH UNVERIFIED: the worst of all */
};

struct msg_wrong {
	int64_t id;
	struct str relation;
	struct str lane, shard; /* "" where it is not about one */
	struct str verdict;     /* MISMATCH UNVERIFIED */
	struct str message;     /* what, where, and the remedy */
};

/* A rejected record, as dwh.load_errors has it. */
struct msg_bad {
	int64_t id;
	struct str object; /* "s3://bucket/key" */
	int64_t line;
	struct str column, value;
	int64_t code;
	struct str reason;
};

/* True also where the step that has found it out fails. The relation is that of the step. */
struct msg_settled {
	int64_t id;
	struct str shard;
	struct str verdict; /* VERIFIED MISMATCH */
};

struct msg_beat {
	int64_t id, rows, bytes, objects, requests;
};

struct msg_again {
	int64_t id;
	struct str code; /* of the error that made it so */
	int64_t times;
	struct str message; /* of the first of them */
};

struct msg_done {
	int64_t id;
	int64_t rows, rejected, bytes, objects;
	int64_t replaced;              /* rows in which ACCEPTINVCHARS has replaced characters */
	int64_t objects_joined, parts; /* objects that were joined for COPY, and into how many */
	int64_t limit; /* of a validation's probe: rejected records that fail the load */
	int64_t requests, retries; /* of S3 */
	int64_t list_ms, fetch_ms, copy_ms, commit_ms, total_ms;
	int64_t cpu_ms;      /* of the worker */
	int64_t quarantined; /* copy: objects that went there; staged: that the source has there */
	int64_t changed; /* list: objects that changed after they were loaded, left as they were */
	bool skipped;    /* nothing to do: committed already, up to date */
	struct str verdict; /* VERIFIED MISMATCH UNVERIFIED; superseded: by other shards; pass
	                     * warn fail of a check; where it was only validated valid,
	                     * rejected, or borne: bad records, fewer than MAXERROR; or "" */
	struct str note;    /* one line for the report, or "" */
};

struct msg_fail {
	int64_t id;
	struct str kind, where, code, message;
	int64_t retry_after_ms;
	int64_t total_ms;
};

struct msg_run {
	int64_t v;
	struct str run, command, at;
	struct str engine, model, strategy, warehouse;
	struct str of; /* rerun: the run that it completes; verify: whose shards it checks; or "" */
	int64_t workers;
	bool fresh;
};

/* The program, then the options that hold for every command; none of them is a secret. */
struct msg_call {
	struct msg_strs words;
};

/* A task as it was planned; relation, shard and so on are "" or 0 where the kind has none. */
struct msg_task {
	int64_t id;
	int64_t parent;  /* the listing that found it, or 0 */
	struct str kind; /* step list copy */
	struct str phase, stem;
	struct str name; /* for people */
	struct str digest;
	struct str prefix, after, upto;
	bool fan;
	struct str lane, shard, manifest;
	int64_t objects, bytes;
};

struct msg_about {
	int64_t id;
	struct str title, description;
};

struct msg_move {
	int64_t id;
	struct str from, to, at;
	int64_t ms; /* since the run began */
	int64_t attempt, worker;
};

/* Processor time, user and system; of the workers all together, also of those that died. Peaks are
 * bytes of resident memory: the supervisor's, and that of the largest worker. */
struct msg_usage {
	int64_t supervisor_cpu_ms, supervisor_peak;
	int64_t workers_cpu_ms, worker_peak;
};

struct msg_end {
	struct str at;
	int64_t ms, exit;
};

struct msg {
	enum msg_type type;
	union {
		struct msg_hello hello;
		struct msg_step step;
		struct msg_list list;
		struct msg_copy copy;
		struct msg_ready ready;
		struct msg_warehouse warehouse;
		struct msg_target target;
		struct msg_range range;
		struct msg_shard shard;
		struct msg_count count;
		struct msg_lane lane;
		struct msg_wrong wrong;
		struct msg_bad bad;
		struct msg_settled settled;
		struct msg_beat beat;
		struct msg_again again;
		struct msg_done done;
		struct msg_fail fail;
		struct msg_run run;
		struct msg_call call;
		struct msg_task task;
		struct msg_about about;
		struct msg_move move;
		struct msg_usage usage;
		struct msg_end end;
	} u;
};

const char *msg_name(enum msg_type type);

/* Appends the line, '\n' included. out->over tells that it did not fit. */
void msg_encode(const struct msg *m, struct buf *out);

/* line without its '\n'. Strings of *out live in a. Any deviation is ERR_CRASH/AT_INTERNAL. */
bool msg_decode(struct str line, struct arena *a, struct msg *out, struct err *e);

/* The same, with its strings in a. */
struct msg msg_keep(const struct msg *m, struct arena *a);

/* The id of the task that a message is about, or 0. */
int64_t msg_task_id(const struct msg *m);

/* An error as the fail of task `id`, and back. */
struct msg msg_of_err(int64_t id, const struct err *e);
void msg_to_err(const struct msg_fail *f, struct err *e);

#endif
