/*
 * s3_wire.h - the inside of the S3 client, for its own files, for workers/fetch.c (which has many
 * requests in flight on connections of its own) and for tests.
 *
 * One request is a struct s3_call; sending it is a loop that every user of this header has:
 *
 *     s3_ready ──► send ──► s3_judge ──► S3_TAKEN    done
 *        ▲                     ├───────► S3_AGAIN    region, clock or keys corrected: send again
 *        │                     └───────► S3_FAILED ─► s3_pause ──► < 0: the error stands
 *        └───── wait so many milliseconds ◄───────────────┘
 */
#ifndef SHARED_S3_WIRE_H
#define SHARED_S3_WIRE_H

#include "shared/endpoint.h"
#include "shared/http.h"
#include "shared/s3.h"

struct s3_region {
	struct str bucket;
	char region[REGION_MAX];
};

struct s3 {
	struct http *http;
	struct arena *life, *call; /* for ever; for the request that is being made */

	struct str base;       /* endpoint without a final "/"; empty: AWS */
	const char *base_from; /* what set it */
	struct str base_host, base_path;
	struct str region;
	struct credentials credentials;
	bool request_payer;
	struct str bucket_owner; /* empty: anybody */
	int attempts;
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;

	int64_t skew_ms;  /* S3's clock minus ours, where requests must be dated by it */
	int64_t ahead_ms; /* the same, by the last answer that told */
	bool clock_known;
	struct s3_region *regions;
	size_t n_regions, cap_regions;
	struct s3_stats stats;
	struct s3_cause causes[S3_CAUSES];
	size_t n_causes;
	int budget; /* what is left for retries */
};

struct s3_call {
	const char *method;
	struct str bucket, key;  /* key empty: the bucket itself */
	struct str query;        /* encoded, without "?" */
	struct str subject;      /* what errors name after s3://bucket/; usually the key */
	struct str etag;         /* If-Match; empty: whatever there is */
	uint64_t from;           /* Range: from this byte to the end; 0: all of it, no Range */
	struct str content_type; /* may be empty */
	struct str body;
	bool checksum; /* of the body, in a header: what changes a bucket itself must have one */
};

enum { S3_LINES = 13 };

struct s3_wire {
	const char *url;
	const char *lines[S3_LINES]; /* headers, "name: value" */
	size_t n_lines;
	struct str authorization; /* one of them, for tests; empty when anonymous */
};

/* Address, headers, signature, by the clock of S3 as far as it is known. *out lives in a. */
void s3_sign(const struct s3 *s, const struct s3_call *c, struct arena *a, struct s3_wire *out);
void s3_sign_at(const struct s3 *s, const struct s3_call *c, int64_t wall_ms, struct arena *a,
    struct s3_wire *out);

/* The query of one page. The same prefix and delimiter go with every page; a token takes the place
 * of start_after. In a. */
struct str s3_list_query(const struct s3_list *req, struct arena *a);

/* "https://bucket.s3.region.amazonaws.com", or what stands for it in messages. In a. */
struct str s3_place(const struct s3 *s, struct str bucket, struct arena *a);

/* What one request has been through so far; zeroed at first. */
struct s3_tries {
	int failed;
	bool moved;    /* followed the bucket to another region */
	bool clocked;  /* corrected the clock */
	bool renewed;  /* had other keys after these were refused */
	unsigned keys; /* generation of those that signed */
};

/* s3_sign() by keys that are fresh: they are renewed when they are about to expire, which may take
 * some seconds. False where they cannot be. */
bool s3_ready(struct s3 *s, const struct s3_call *c, struct s3_tries *t, struct arena *a,
    struct s3_wire *out, struct err *e);

/*
 * Tries of requests, of objects and of tasks must not multiply: a client has a budget of S3_BUDGET
 * for all its retries. Each costs S3_RETRY, each good answer gives 1 back. So a server that fails
 * now and then is borne for ever, and one that fails nearly always is soon let alone.
 */
enum { S3_BUDGET = 500, S3_RETRY = 2 };

enum s3_verdict { S3_TAKEN = 1, S3_AGAIN, S3_FAILED };

/*
 * body is that of an error. That of a good answer is looked at only where there is no ETag, for an
 * <Error> that came too late for the status. *e is set with S3_AGAIN, too. Counts the answer.
 */
enum s3_verdict s3_judge(struct s3 *s, const struct s3_call *c, const struct http_reply *r,
    struct str body, struct s3_tries *t, struct err *e);

/* The same where there was no answer: adds what can be done to the error of http.h. */
void s3_no_answer(struct s3 *s, const struct s3_call *c, struct err *e);

/* For a good answer that s3_judge does not see. */
void s3_refund(struct s3 *s);

/* Milliseconds until the next try, or -1: *e is final (it says how often it was tried, or that the
 * budget is used up). */
int64_t s3_pause(struct s3 *s, int attempts, struct s3_tries *t, struct err *e);

/* Counts a request that is about to be sent again because of *e. */
void s3_count_again(struct s3 *s, const struct err *e);

/* True where the answer's ETag is another one than c->etag; an absent one is no other one. */
bool s3_is_other(const struct s3_call *c, const struct http_reply *r);

/* Without quotes and W/. A view. */
struct str s3_etag(struct str header);

/* Sends a call with the loop above, from *t on. out receives the body of a good answer. */
bool s3_do(struct s3 *s, const struct s3_call *c, struct s3_tries *t, struct http_reply *r,
    struct buf *out, struct err *e);

/* After a failure: waits for the next try; false where *e is final, or we are to stop. */
bool s3_wait(struct s3 *s, struct s3_tries *t, struct err *e);

/* Remembers where a bucket is; false where the name of the region cannot be one. */
bool s3_move(struct s3 *s, struct str bucket, struct str region);

#endif
