/*
 * aws_wire.h - the inside of the client of the control plane, for its own files and for tests.
 *
 *     aws_sign ──► send ──► aws_judge ──► AWS_TAKEN    done
 *        ▲                     ├────────► AWS_AGAIN    clock corrected or keys renewed, each once
 *        │                     └────────► AWS_FAILED ─► not ERR_RETRY, or the last: it stands
 *        └────────────── pause ◄──────────────┘
 */
#ifndef SHARED_AWS_WIRE_H
#define SHARED_AWS_WIRE_H

#include "shared/aws.h"
#include "shared/http.h"
#include "shared/xml.h"

enum { AWS_SERVICES = AWS_SECRETS + 1, AWS_LINES = 6 };

struct aws {
	struct http *http;
	struct arena *life, *call; /* for ever; for the request that is being made */
	const struct config *config;
	struct str region;
	struct credentials *credentials;
	bool (*refresh)(struct credentials *c, bool refused, struct err *e);
	int attempts;
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;

	int64_t skew_ms; /* AWS's clock minus ours, where requests must be dated by it */
	struct aws_endpoint endpoints[AWS_SERVICES]; /* url NULL: not looked for yet */
	struct aws_stats stats;
};

/* "2012-12-01"; NULL: the service speaks JSON. */
const char *aws_version(enum aws_service service);

struct aws_wire {
	const char *url;
	const char *lines[AWS_LINES]; /* headers, "name: value" */
	size_t n_lines;
	int64_t wall_ms; /* the time that it is dated by */
};

/* *out lives in a. at->url is one that endpoint_parse() takes. */
void aws_sign_at(const struct aws *w, const struct aws_call *c, const struct aws_endpoint *at,
    int64_t wall_ms, struct arena *a, struct aws_wire *out);

/* What one call has been through so far; zeroed at first. */
struct aws_tries {
	int failed;
	bool clocked;   /* corrected the clock */
	bool refreshed; /* got new keys */
	bool throttled; /* the last failure was a wish for fewer requests */
};

enum aws_verdict { AWS_TAKEN = 1, AWS_AGAIN, AWS_FAILED };

/* *e is set with AWS_AGAIN, too. */
enum aws_verdict aws_judge(struct aws *w, const struct aws_call *c, const struct aws_endpoint *at,
    const struct aws_wire *sent, const struct http_reply *r, struct str body, struct aws_tries *t,
    struct err *e);

/* The same where there was no answer: adds what can be done to the error of http.h. */
void aws_no_answer(const struct aws_call *c, const struct aws_endpoint *at, struct err *e);

/*
 * What an answer with an error says: XML, JSON, or the headers alone. The code is without its name
 * space; false where there is none.
 */
bool aws_said(const struct http_reply *r, struct str body, struct xml_error *out);

/* Milliseconds until the next try, or -1: *e is final (and says how often it was tried). */
int64_t aws_backoff(const struct aws *w, struct aws_tries *t, struct err *e);

#endif
