/*
 * err.h - errors are values.
 *
 * A function that can fail is `bool f(..., struct err *e)`: false means that *e is set, true that
 * it was not touched. The callee says what happened, callers prefix where (err_prefix). Nobody in
 * shared/ or workers/ prints an error: it is said once, by the process that ends the task.
 *
 * kind tells what to do about it, where tells whose fault it is (and so the exit code).
 */
#ifndef SHARED_ERR_H
#define SHARED_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_kind {
	ERR_RETRY = 1, /* may pass if tried again: 5xx, resets, deadlock, server starting */
	ERR_DATA,      /* the input is bad; final for that shard */
	ERR_TASK,      /* final for that task alone: 403 on one object, an SQL error in one step */
	ERR_SETUP,     /* nothing can work until a person changes something: stops the run */
	ERR_CHANGED,   /* an object is no longer what was listed: final; the next run lists again */
	ERR_CANCELLED, /* we were asked to stop */
	ERR_CRASH,     /* the worker died or broke the protocol */
};

enum err_where {
	AT_USAGE = 1,
	AT_CONFIG,    /* configuration, credentials */
	AT_STATE,     /* another run is alive, the target is owned by someone else */
	AT_WAREHOUSE, /* connection or SQL */
	AT_S3,
	AT_DATA,
	AT_CHECK,
	AT_AWS, /* the cluster and what belongs to it: AWS's control plane */
	AT_INTERNAL,
};

struct err {
	enum err_kind kind;
	enum err_where where;
	int retry_after_ms; /* the server asked for this pause; 0: it did not */
	char code[40];      /* "NoSuchBucket", "40001", "1207"; may be empty */
	char msg[1024];     /* one line, no final full stop; cut if longer */
};

/* Sets *e and returns false, so that `return err_set(...)` ends a function. code may be NULL. */
bool err_set(struct err *e, enum err_kind kind, enum err_where where, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The same from errno: ": strerror" is added to the message, with the remedy where a disk is full
 * or a limit is reached; the errno's name is the code. */
bool err_errno(struct err *e, enum err_kind kind, enum err_where where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "text: " before the message; returns false. */
bool err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#if defined(__clang_analyzer__) && !defined(ERR_C)
/* It looks at one file at a time, and would follow paths on which these return true. */
#define err_set(...) (err_set(__VA_ARGS__), false)
#define err_errno(...) (err_errno(__VA_ARGS__), false)
#define err_prefix(...) (err_prefix(__VA_ARGS__), false)
#endif

const char *err_kind_name(enum err_kind kind);
const char *err_where_name(enum err_where where);

/* The reverse of the two above; false where the name is unknown. */
bool err_kind_parse(const char *name, enum err_kind *out);
bool err_where_parse(const char *name, enum err_where *out);

#endif
