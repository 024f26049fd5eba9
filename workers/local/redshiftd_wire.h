/*
 * redshiftd_wire.h - one end of a connection that speaks PostgreSQL's protocol 3: messages of a
 * type byte, a length that counts itself, and a body.
 *
 * The descriptor does not block; what blocks here waits with poll, no longer than WIRE_TICK_MS at a
 * time, so that whoever waits can be told to stop. A message's body is a view that lives until the
 * next wire_fill.
 */
#ifndef WORKERS_LOCAL_REDSHIFTD_WIRE_H
#define WORKERS_LOCAL_REDSHIFTD_WIRE_H

#include <sys/types.h>

#include "shared/buf.h"
#include "shared/err.h"
#include "shared/str.h"

/* Redshift's statements have 16 MB at the most; a row of ours is never larger than this. */
enum { WIRE_MESSAGE_MAX = 64 << 20, WIRE_TICK_MS = 200 };

struct wire {
	int fd;
	struct buf in, out;
	size_t taken; /* bytes of in that are done with */
	void *tls;    /* NULL: as it is */
	/* Like read and write of a descriptor that does not block: 0 at the end, -1 and errno. */
	ssize_t (*get)(struct wire *w, void *p, size_t n);
	ssize_t (*put)(struct wire *w, const void *p, size_t n);
	bool (*pending)(const struct wire *w); /* bytes that poll does not see; or NULL */
};

struct wire_msg {
	char type;
	struct str body;
};

enum wire_got { WIRE_MESSAGE, WIRE_NOTHING, WIRE_BROKEN };

/* fd stays the caller's. */
void wire_init(struct wire *w, int fd);
void wire_free(struct wire *w);

/* The next message that is there as a whole. WIRE_BROKEN: its length is impossible, and nothing
 * that follows can be read. */
enum wire_got wire_take(struct wire *w, struct wire_msg *m);

/* The same for the first packet of a client, which has no type. */
enum wire_got wire_take_start(struct wire *w, struct str *body);

/* Takes in what is there; false at the end of the stream. */
bool wire_fill(struct wire *w);

/* Waits for bytes, at most ms (-1: for ever); false where none came. */
bool wire_wait(const struct wire *w, int ms);

/* A message to be sent; it goes with wire_flush, or earlier where much has gathered. */
void wire_put(struct wire *w, char type, struct str body);
/* Bytes as they are. */
void wire_raw(struct wire *w, struct str bytes);

/* False: the other side is gone, and nothing that is put any more goes anywhere. */
bool wire_flush(struct wire *w);

/* ---- bodies ---- */

/* A string up to its NUL, which is passed; false where there is none. */
bool wire_string(struct str *body, struct str *out);
bool wire_int32(struct str *body, uint32_t *out);
void wire_put32(struct buf *b, uint32_t n);

#endif
