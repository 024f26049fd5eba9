/*
 * aws_error.c - what an answer of AWS means: from its codes to our kinds of errors.
 *
 * The code comes from the error document, in one of three shapes, or from a header; where there is
 * none (proxies), from the status. Which codes are about throttling and which may pass is the SDKs'
 * own list (botocore, retries/standard.py), with what the manuals of Redshift, IAM and STS call so.
 * IAM's LimitExceeded is none of these: it is a quota, and no patience helps.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/aws_wire.h"
#include "shared/backoff.h"
#include "shared/clock.h"
#include "shared/utf8.h"

enum {
	PAUSE_FIRST_MS = 200,      /* a connection that broke may be good again at once */
	PAUSE_THROTTLED_MS = 1000, /* a limit of calls per second is not */
	PAUSE_MOST_MS = 20000,
	PAUSE_WISH_MS = 5000,       /* how much longer than our own pause AWS may wish it */
	CLOCK_WRONG_MS = 4 * 60000, /* a signature is good for 5 minutes at least */
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const throttling[] = {"Throttling", "ThrottlingException", "ThrottledException",
    "RequestThrottledException", "RequestThrottled", "TooManyRequestsException",
    "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
    "PriorRequestNotComplete", "EC2ThrottledException", "DependentServiceRequestThrottlingFault",
    "DependentServiceUnavailableFault"};

static const char *const passing[] = {"RequestTimeout", "RequestTimeoutException",
    "ConcurrentModification", "ServiceFailure", "IDPCommunicationError", "InternalFailure",
    "InternalError", "InternalServerException", "InternalServiceError", "ServiceUnavailable",
    "Unavailable"};

/* These may come of a wrong clock, which the Date of the answer shows. */
static const char *const clocks[] = {"RequestTimeTooSkewed", "RequestInTheFuture", "RequestExpired",
    "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"};

static const char *const expired[] = {
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"};

static const char *const denied[] = {
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"};

#define CHECK_KEY "check the access key and its secret"

/* What the account has no more of. */
#define QUOTA "ask for more in the console of Service Quotas, or remove what is not used"

/* What a person has to change. */
static const struct meaning {
	const char *code, *what, *remedy;
} setups[] = {
    {"InvalidClientTokenId", "the access key or its token is unknown", CHECK_KEY},
    {"UnrecognizedClientException", "the access key or its token is unknown", CHECK_KEY},
    {"InvalidAccessKeyId", "the access key is unknown", CHECK_KEY},
    {"AuthFailure", "the credentials are refused", CHECK_KEY},
    {"SignatureDoesNotMatch", "the secret does not belong to the access key", CHECK_KEY},
    {"InvalidSignatureException", "the secret does not belong to the access key", CHECK_KEY},
    {"IncompleteSignature", "the signature is refused", CHECK_KEY},
    {"IncompleteSignatureException", "the signature is refused", CHECK_KEY},
    {"MissingAuthenticationToken", "credentials are needed", "[AWS] ANONYMOUS is for buckets only"},
    {"MissingAuthenticationTokenException", "credentials are needed",
        "[AWS] ANONYMOUS is for buckets only"},
    {"Unauthorized", "the credentials are refused", CHECK_KEY},
    {"ExpiredToken", "the session token has expired", "get a new one"},
    {"ExpiredTokenException", "the session token has expired", "get a new one"},
    {"TokenRefreshRequired", "the session token has expired", "get a new one"},
    {"InvalidIdentityToken", "the web identity token is not valid", "get a new one"},
    {"RequestExpired", "the session token has expired, or the clock of this machine is wrong",
        "get a new one, or set it"},
    {"RequestTimeTooSkewed", "the clock of this machine is wrong", "set it"},
    {"RequestInTheFuture", "the clock of this machine is wrong", "set it"},
    {"OptInRequired", "the account may not use this service or region",
        "sign up for it, or set [AWS] REGION"},
};

/* What the account, or its network, does not have. */
static const struct meaning limits[] = {
    {"ClusterQuotaExceeded", "as many clusters as the account may have", QUOTA},
    {"NumberOfNodesQuotaExceeded", "as many nodes as the account may have", QUOTA},
    {"NumberOfNodesPerClusterLimitExceeded", "more nodes than a cluster may have",
        "set [DWH] NUM_NODES"},
    {"ServiceQuotaExceededException", "as much as the account may have", QUOTA},
    {"LimitExceeded", "as many as the account may have", QUOTA},
    {"SecurityGroupLimitExceeded", "as many security groups as the VPC may have", QUOTA},
    {"InvalidVPCNetworkStateFault", "the VPC has not what the warehouse needs",
        "give it subnets in the zones of the region, and, with [DWH] PUBLIC, an internet gateway"},
};

static bool is_among(const char *code, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(code, list[i]) == 0)
			return true;
	return false;
}

#define AMONG(code, list) is_among(code, list, COUNT(list))

/* ---- reading an error ---- */

/* "ns#ConflictException:http://..." is ConflictException. */
static struct str bare(struct str code)
{
	size_t hash;

	code.n = str_find(code, ':');
	hash = str_find(code, '#');
	return str_trim(hash < code.n ? str_from(code, hash + 1) : code);
}

static struct str member(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return v && json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
	                              : STR("");
}

static void json_said(struct str body, struct xml_error *out)
{
	json_t *json = json_loadb(body.p, body.n, 0, NULL);
	struct str code = bare(member(json, "__type")), message = member(json, "message");

	if (code.n == 0)
		code = bare(member(json, "code"));
	if (message.n == 0)
		message = member(json, "Message");
	utf8_fill(out->code, sizeof out->code, code);
	utf8_fill(out->message, sizeof out->message, str_trim(message));
	json_decref(json);
}

bool aws_said(const struct http_reply *r, struct str body, struct xml_error *out)
{
	*out = (struct xml_error){.code = ""};
	body = str_trim(body);
	if (str_starts(body, STR("{")))
		json_said(body, out);
	else if (body.n)
		xml_error(body, out);
	if (!out->code[0])
		utf8_fill(out->code, sizeof out->code, bare(str_z(r->error_type)));
	if (!out->request_id[0])
		utf8_fill(out->request_id, sizeof out->request_id, str_z(r->request_id));
	return out->code[0] != '\0';
}

static const char *code_of_status(int status)
{
	switch (status) {
	case 401: return "Unauthorized";
	case 403: return "AccessDenied";
	case 408: return "RequestTimeout";
	case 429: return "Throttling";
	case 503: return "ServiceUnavailable";
	case 509: return "BandwidthLimitExceeded";
	default: return "";
	}
}

/* ---- what of it may be shown ---- */

/* Behind these AWS quotes the request, its session token included, or goes on for kilobytes. */
static void cut_quotations(char *message)
{
	static const char *const ends[] = {
	    "The Canonical String", "The String-to-Sign", "Encoded authorization failure message"};

	for (size_t i = 0; i < COUNT(ends); i++) {
		char *at = strcasestr(message, ends[i]);

		while (at && at > message && (at[-1] == ' ' || at[-1] == '\n' || at[-1] == '\r'))
			at--;
		if (at)
			*at = '\0';
	}
}

/* Stars in the place of a secret, also where the end of the text has cut it. */
static void mask(char *text, struct str secret)
{
	enum { SHORT = 4 }; /* bytes; less than that would be anything */
	size_t n = strlen(text);

	for (size_t i = 0; secret.n >= SHORT && i + SHORT <= n; i++) {
		size_t same = n - i < secret.n ? n - i : secret.n;

		if (memcmp(text + i, secret.p, same) == 0)
			memset(text + i, '*', same);
	}
}

static void hide(struct xml_error *said, struct str secret)
{
	mask(said->code, secret);
	mask(said->message, secret);
	mask(said->request_id, secret);
}

/* ---- judging ---- */

static bool tells_of_clock(const struct xml_error *said)
{
	return AMONG(said->code, clocks) && (strcasestr(said->message, "signature expired") ||
	                                        strcasestr(said->message, "not yet current"));
}

static const struct meaning *among(const char *code, const struct meaning *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(code, rows[i].code) == 0)
			return &rows[i];
	return NULL;
}

static struct meaning meaning_of(
    const struct xml_error *said, int status, enum err_kind *kind, enum err_where *where)
{
	const char *code = tells_of_clock(said) ? "RequestTimeTooSkewed" : said->code;
	const struct meaning *m;

	*where = AT_AWS;
	*kind = ERR_RETRY;
	if (AMONG(code, throttling))
		return (struct meaning){code, "too many requests", "try later"};
	if (AMONG(code, passing) || (status >= 500 && status != 501))
		return (struct meaning){code, "AWS failed", "try later"};
	*kind = ERR_SETUP;
	if (AMONG(code, denied))
		return (struct meaning){code, "not permitted", ""};
	*where = AT_CONFIG;
	m = among(code, setups, COUNT(setups));
	if (m)
		return *m;
	*where = AT_AWS;
	*kind = ERR_TASK;
	m = among(code, limits, COUNT(limits));
	return m ? *m : (struct meaning){code, "refused", ""};
}

/* The remedy that belongs to this call. */
static void add_remedy(const struct aws *w, const struct aws_call *c, const struct aws_endpoint *at,
    const struct meaning *m, struct err *e)
{
	struct str origin = w->credentials && !w->credentials->anonymous ? w->credentials->origin
	                                                                 : STR("");
	bool keys = e->where == AT_CONFIG && origin.n;

	if (e->kind == ERR_SETUP && e->where == AT_AWS)
		err_set(e, e->kind, e->where, e->code, "%s: allow %s:%s to this user or role%s%.*s",
		    e->msg, at->name, c->action, origin.n ? ", whose keys come from " : "",
		    STRF(origin));
	else if (m->remedy[0])
		err_set(e, e->kind, e->where, e->code, "%s: %s%s%.*s%s", e->msg, m->remedy,
		    keys ? " (they come from " : "", keys ? (int)origin.n : 0, keys ? origin.p : "",
		    keys ? ")" : "");
	else if (!e->code[0] && at->from)
		err_set(e, e->kind, e->where, e->code,
		    "%s: is that a server of AWS? The address is %s", e->msg, at->from);
}

static void fail(const struct aws *w, const struct aws_call *c, const struct aws_endpoint *at,
    const struct http_reply *r, struct xml_error *said, struct err *e)
{
	enum err_kind kind;
	enum err_where where;
	struct meaning m = meaning_of(said, r->status, &kind, &where);

	cut_quotations(said->message);
	hide(said, buf_view(&c->secret));
	if (w->credentials) {
		hide(said, w->credentials->key.secret);
		hide(said, w->credentials->key.token);
	}
	err_set(e, kind, where, said->code, "%s:%s at %s: %s (HTTP %d%s%s%s%s%s%s)", at->name,
	    c->action, at->url, m.what, r->status, said->code[0] ? ", " : "", said->code,
	    said->message[0] ? ": " : "", said->message, said->request_id[0] ? "; request " : "",
	    said->request_id);
	add_remedy(w, c, at, &m, e);
	e->retry_after_ms = r->retry_after_ms;
}

/* Whether the clock was to blame and is now corrected. */
static bool correct_clock(
    struct aws *w, const struct xml_error *said, const struct aws_wire *sent, const char *date)
{
	int64_t theirs = http_date_ms(date);

	if (theirs < 0 || !AMONG(said->code, clocks))
		return false;
	if (llabs(theirs - sent->wall_ms) < CLOCK_WRONG_MS)
		return false;
	w->skew_ms = theirs - clock_wall_ms();
	return true;
}

/* Where there are no others, what AWS said stands. */
static bool renew_keys(struct aws *w, struct err *e)
{
	struct err why;

	if (w->refresh(w->credentials, true, &why))
		return true;
	if (strcmp(why.code, "unchanged") != 0)
		*e = why;
	return false;
}

enum aws_verdict aws_judge(struct aws *w, const struct aws_call *c, const struct aws_endpoint *at,
    const struct aws_wire *sent, const struct http_reply *r, struct str body, struct aws_tries *t,
    struct err *e)
{
	struct xml_error said;

	if (r->status / 100 == 2)
		return AWS_TAKEN;
	if (!aws_said(r, body, &said))
		utf8_fill(said.code, sizeof said.code, str_z(code_of_status(r->status)));
	fail(w, c, at, r, &said, e);
	t->throttled = AMONG(said.code, throttling);
	if (!t->clocked && correct_clock(w, &said, sent, r->date)) {
		t->clocked = true;
		return AWS_AGAIN;
	}
	if (!t->refreshed && AMONG(said.code, expired) && w->credentials &&
	    !w->credentials->anonymous) {
		t->refreshed = true;
		return renew_keys(w, e) ? AWS_AGAIN : AWS_FAILED;
	}
	return AWS_FAILED;
}

void aws_no_answer(const struct aws_call *c, const struct aws_endpoint *at, struct err *e)
{
	if (e->kind == ERR_CANCELLED)
		return;
	if (strcmp(e->code, "resolve") == 0 || strcmp(e->code, "connect") == 0)
		err_set(e, e->kind, e->where, e->code, "%s: %s%s", e->msg,
		    at->from ? "is it running? The address is "
		             : "check the network and [AWS] REGION",
		    at->from ? at->from : "");
	err_prefix(e, "%s:%s", at->name, c->action);
}

int64_t aws_backoff(const struct aws *w, struct aws_tries *t, struct err *e)
{
	int64_t ms;

	if (e->kind != ERR_RETRY)
		return -1;
	if (++t->failed >= w->attempts) {
		if (w->attempts > 1)
			err_set(e, e->kind, e->where, e->code, "%s (tried %d times)", e->msg,
			    w->attempts);
		return -1;
	}
	ms = backoff_ms(
	    t->failed, t->throttled ? PAUSE_THROTTLED_MS : PAUSE_FIRST_MS, PAUSE_MOST_MS);
	if (e->retry_after_ms > ms + PAUSE_WISH_MS)
		return ms + PAUSE_WISH_MS;
	return e->retry_after_ms > ms ? e->retry_after_ms : ms;
}
