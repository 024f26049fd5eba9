/*
 * s3_error.c - what an answer of S3 means: one table from its codes to our kinds of errors.
 *
 * The code comes from the error document; where there is none (HEAD, proxies), from the status.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/backoff.h"
#include "shared/clock.h"
#include "shared/s3_wire.h"
#include "shared/xml.h"

enum {
	PAUSE_FIRST_MS = 100,
	PAUSE_MOST_MS = 20000,
	RETRY_AFTER_MOST_MS = 60000,
	CLOCK_WRONG_MS = 15 * 60000, /* from there on S3 takes no signature */
};

/* Which requests a line of the table is for. */
enum {
	BUCKET = 1,
	READ = 2,
	WRITE = 4,
	MAKE = 8,
	ALL_BUCKETS = 16,
	ANY = BUCKET | READ | WRITE | MAKE | ALL_BUCKETS
};

struct meaning {
	const char *code;
	int of;
	enum err_kind kind;
	enum err_where where;
	const char *what;
	const char *remedy;
};

#define CHECK_KEY "check the access key and its secret"

/* First match wins. */
static const struct meaning meanings[] = {
    /* The client. */
    {"InvalidAccessKeyId", ANY, ERR_SETUP, AT_CONFIG, "the access key is unknown", CHECK_KEY},
    {"SignatureDoesNotMatch", ANY, ERR_SETUP, AT_CONFIG,
        "the secret does not belong to the access key", CHECK_KEY},
    {"ExpiredToken", ANY, ERR_SETUP, AT_CONFIG, "the session token has expired", "get a new one"},
    {"InvalidToken", ANY, ERR_SETUP, AT_CONFIG, "the session token is not valid", "get a new one"},
    {"TokenRefreshRequired", ANY, ERR_SETUP, AT_CONFIG, "the session token has expired",
        "get a new one"},
    {"Unauthorized", ANY, ERR_SETUP, AT_CONFIG, "the credentials are refused", CHECK_KEY},
    {"AuthorizationHeaderMalformed", ANY, ERR_SETUP, AT_CONFIG, "the signature is refused",
        "check [AWS] REGION, and the access key"},
    {"RequestTimeTooSkewed", ANY, ERR_SETUP, AT_CONFIG, "the clock of this machine is wrong",
        "set it"},
    /* The bucket. */
    {"NoSuchBucket", ANY, ERR_SETUP, AT_S3, "the bucket does not exist",
        "check the s3:// addresses in the configuration, and [AWS] ENDPOINT"},
    {"InvalidBucketName", ANY, ERR_SETUP, AT_S3, "this cannot be the name of a bucket",
        "check the s3:// addresses in the configuration"},
    {"PermanentRedirect", ANY, ERR_SETUP, AT_S3, "the bucket is in another region",
        "set [AWS] REGION to it"},
    {"IllegalLocationConstraintException", ANY, ERR_SETUP, AT_S3, "the bucket is in another region",
        "set [AWS] REGION to it"},
    {"AllAccessDisabled", ANY, ERR_SETUP, AT_S3, "the bucket is closed", "ask its owner"},
    {"AccountProblem", ANY, ERR_SETUP, AT_S3, "the account is closed", "ask its owner"},
    {"AccessDenied", BUCKET, ERR_SETUP, AT_S3, "access denied",
        "the credentials need s3:ListBucket on the bucket (a public bucket: [AWS] ANONYMOUS = "
        "true)"},
    {"AccessDenied", ALL_BUCKETS, ERR_SETUP, AT_S3, "access denied",
        "the credentials need s3:ListAllMyBuckets"},
    /* A bucket as such, in s3_bucket.c. */
    {"AccessDenied", MAKE, ERR_SETUP, AT_S3, "access denied",
        "the credentials need s3:CreateBucket, s3:DeleteBucket, s3:GetBucketTagging, "
        "s3:PutBucketTagging and s3:PutBucketPublicAccessBlock on it, or [S3] MANIFESTS names a "
        "folder in a bucket that is there already"},
    {"BucketAlreadyExists", MAKE, ERR_SETUP, AT_S3, "the name belongs to another account",
        "set [S3] MANIFESTS to a folder in a bucket of another name"},
    {"TooManyBuckets", MAKE, ERR_SETUP, AT_S3, "this account may have no more buckets",
        "delete one, or set [S3] MANIFESTS to a folder in one that is there"},
    {"BucketNotEmpty", MAKE, ERR_SETUP, AT_S3, "the bucket is not empty",
        "delete what is in it, or keep it"},
    /* Whoever may not write here may write nowhere in that folder: no shard would pass. */
    {"AccessDenied", WRITE, ERR_SETUP, AT_S3, "writing denied",
        "the credentials need s3:PutObject and s3:DeleteObject there, or [S3] MANIFESTS another "
        "place"},
    /* Nor would another manifest find room. */
    {"InsufficientStorage", WRITE, ERR_SETUP, AT_S3, "no space left on the server's disk",
        "free space there ([LOCAL] BUCKETS, where it is this machine), or set [S3] MANIFESTS to "
        "another place"},
    /* The object. */
    {"AccessDenied", READ, ERR_TASK, AT_S3, "access denied (or it does not exist)",
        "the credentials need s3:GetObject on it (a public bucket: [AWS] ANONYMOUS = true)"},
    {"NoSuchKey", ANY, ERR_TASK, AT_S3, "the object does not exist", "check the address"},
    {"PreconditionFailed", ANY, ERR_CHANGED, AT_S3, "the object has changed since it was listed",
        "run again, and it is listed anew"},
    {"InvalidRange", ANY, ERR_CHANGED, AT_S3, "the object is shorter than when it was listed",
        "run again, and it is listed anew"},
    {"InvalidObjectState", ANY, ERR_TASK, AT_S3, "the object is archived",
        "restore it, or move it out of the prefix"},
    /* The moment. */
    {"SlowDown", ANY, ERR_RETRY, AT_S3, "too many requests", "use fewer workers or connections"},
    {"RequestTimeout", ANY, ERR_RETRY, AT_S3, "the request came too slowly", "check the network"},
    {"OperationAborted", ANY, ERR_RETRY, AT_S3, "another operation is under way", "try later"},
    {"TemporaryRedirect", ANY, ERR_RETRY, AT_S3, "the bucket is moving", "try later"},
    {"XAmzContentSHA256Mismatch", ANY, ERR_RETRY, AT_S3, "the body was damaged on its way",
        "check the network"},
    {"BadDigest", ANY, ERR_RETRY, AT_S3, "the body was damaged on its way", "check the network"},
};

/* Codes that other services and other makes of S3 use for the same. */
static const struct {
	const char *code, *as;
} synonyms[] = {
    {"SignatureError", "SignatureDoesNotMatch"},
    {"InvalidSecurity", "InvalidAccessKeyId"},
    {"ExpiredTokenException", "ExpiredToken"},
    {"RequestExpired", "RequestTimeTooSkewed"},
    {"AccessForbidden", "AccessDenied"},
    {"XMinioStorageFull", "InsufficientStorage"},
    {"Throttling", "SlowDown"},
    {"ThrottlingException", "SlowDown"},
    {"RequestLimitExceeded", "SlowDown"},
    {"BandwidthLimitExceeded", "SlowDown"},
    {"TooManyRequests", "SlowDown"},
    {"TooManyRequestsException", "SlowDown"},
    {"RequestTimeoutException", "RequestTimeout"},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *code_of_status(int status, bool bucket)
{
	switch (status) {
	case 301: return "PermanentRedirect";
	case 302:
	case 307: return "TemporaryRedirect";
	case 401: return "Unauthorized";
	case 403: return "AccessDenied";
	case 404: return bucket ? "NoSuchBucket" : "NoSuchKey";
	case 408: return "RequestTimeout";
	case 412: return "PreconditionFailed";
	case 416: return "InvalidRange";
	case 429: return "SlowDown";
	default: return "";
	}
}

static bool is_head(const struct s3_call *c)
{
	return strcmp(c->method, "HEAD") == 0;
}

static int kind_of_call(const struct s3_call *c)
{
	if (c->bucket.n == 0)
		return ALL_BUCKETS;
	if (c->key.n == 0)
		return is_head(c) ||
		               (strcmp(c->method, "GET") == 0 &&
		                   (c->query.n == 0 || str_starts(c->query, STR("list-type="))))
		           ? BUCKET
		           : MAKE;
	return strcmp(c->method, "GET") == 0 || is_head(c) ? READ : WRITE;
}

static struct meaning meaning_of(const char *code, int status, int of)
{
	for (size_t i = 0; i < COUNT(synonyms); i++)
		if (strcmp(code, synonyms[i].code) == 0)
			code = synonyms[i].as;
	for (size_t i = 0; i < COUNT(meanings); i++)
		if ((meanings[i].of & of) && strcmp(code, meanings[i].code) == 0)
			return meanings[i];
	/* An error inside a 200 is an internal one: S3 had begun to answer. */
	if (status < 300 || (status >= 500 && status != 501) || status == 429)
		return (struct meaning){
		    code, of, ERR_RETRY, AT_S3, "the server failed", "try later"};
	if (of == BUCKET || of == MAKE || of == ALL_BUCKETS)
		return (struct meaning){code, of, ERR_SETUP, AT_S3, "the request is refused",
		    "check the s3:// addresses in the configuration, [AWS] REGION and ENDPOINT"};
	return (struct meaning){
	    code, of, ERR_TASK, AT_S3, "the request is refused", "see what S3 says"};
}

static struct str subject_of(const struct s3_call *c)
{
	return c->subject.n ? c->subject : c->key;
}

static void fail(const struct s3 *s, const struct s3_call *c, int status, const struct xml_error *f,
    struct err *e)
{
	struct meaning m = meaning_of(f->code, status, kind_of_call(c));
	struct arena *a = arena_new();
	struct str name = subject_of(c), place = s3_place(s, c->bucket, a);
	struct str origin = s->credentials.origin;
	bool ours = m.where == AT_CONFIG && origin.n && !s->credentials.anonymous;

	/* The bucket lets us in; the key that it encrypts with does not. */
	if (strstr(f->message, "to perform: kms:"))
		m = (struct meaning){f->code, ANY, ERR_SETUP, AT_S3, "the key of KMS is denied",
		    "the credentials need kms:Decrypt and, to write, kms:GenerateDataKey on that "
		    "key, and the key's own policy must let them"};
	/* What was listed a moment ago and is gone is a change, not a mistake in an address. */
	if (c->etag.n && strcmp(f->code, "NoSuchKey") == 0)
		m = (struct meaning){f->code, READ, ERR_CHANGED, AT_S3,
		    "the object is gone since it was listed", "run again, and it is listed anew"};
	err_set(e, m.kind, m.where, f->code,
	    "s3://%.*s/%.*s at %.*s: %s (HTTP %d%s%s%s%.200s): %s%s%.*s%s", STRF(c->bucket),
	    STRF(name), STRF(place), m.what, status, f->code[0] ? ", " : "", f->code,
	    f->message[0] ? ": " : "", f->message, m.remedy, ours ? " (they come from " : "",
	    ours ? (int)origin.n : 0, ours ? origin.p : "", ours ? ")" : "");
	arena_free(a);
}

struct str s3_etag(struct str h)
{
	if (str_starts(h, STR("W/")))
		h = str_from(h, 2);
	if (h.n >= 2 && h.p[0] == '"' && h.p[h.n - 1] == '"')
		h = (struct str){h.p + 1, h.n - 2};
	return h;
}

bool s3_is_other(const struct s3_call *c, const struct http_reply *r)
{
	return c->etag.n && r->etag[0] && !str_eq(s3_etag(c->etag), s3_etag(str_z(r->etag)));
}

/* The region that S3 points to, where this answer is one that points. */
static const char *pointed_region(
    const struct s3_call *c, const struct http_reply *r, const struct xml_error *f)
{
	bool points = r->status == 301 || r->status == 302 || r->status == 307 ||
	              (r->status == 400 && is_head(c)) ||
	              strcmp(f->code, "AuthorizationHeaderMalformed") == 0 ||
	              strcmp(f->code, "IllegalLocationConstraintException") == 0;

	if (!points)
		return "";
	return r->region[0] ? r->region : f->region;
}

/* A look at the root, so that good answers are not parsed twice. */
static bool begins_as_error(struct str body)
{
	body = str_trim(body);
	if (str_starts(body, STR("<?")))
		body = str_trim(str_from(body, str_find(body, '>') + 1));
	return str_starts(body, STR("<Error"));
}

void s3_refund(struct s3 *s)
{
	if (s->budget < S3_BUDGET)
		s->budget++;
}

/* Whether there are other keys than those that have expired, by now. Where there are none, what S3
 * says stands; but for a place of theirs that fails. */
static bool renew(struct s3 *s, const struct s3_call *c, int status, const char *code,
    struct s3_tries *t, struct err *e)
{
	static const char *const expired[] = {
	    "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"};
	/* The answer to a HEAD has no document that would tell. */
	bool is = is_head(c) && status == 400 && s->credentials.key.token.n;
	struct err why;

	for (size_t i = 0; i < COUNT(expired); i++)
		is |= strcmp(code, expired[i]) == 0;
	if (!is || t->renewed)
		return false;
	t->renewed = true;
	/* Of many requests in flight the first one to be refused has done it. */
	if (t->keys != s->credentials.generation ||
	    credentials_refresh(&s->credentials, true, &why))
		return true;
	if (strcmp(why.code, "unchanged") != 0)
		*e = why;
	return false;
}

/* Whether the clock was to blame, and is now corrected. A 403 without a document, as of a HEAD,
 * does not say so; its Date does. */
static bool correct_clock(struct s3 *s, const struct http_reply *r, const char *code, bool said)
{
	int64_t theirs = http_date_ms(r->date), ours = clock_wall_ms();
	bool skewed = strcmp(code, "RequestTimeTooSkewed") == 0 ||
	              (!said && r->status == 403 &&
	                  llabs(theirs - (ours + s->skew_ms)) > CLOCK_WRONG_MS);

	if (theirs < 0 || !skewed)
		return false;
	s->skew_ms = theirs - ours;
	return true;
}

enum s3_verdict s3_judge(struct s3 *s, const struct s3_call *c, const struct http_reply *r,
    struct str body, struct s3_tries *t, struct err *e)
{
	int class = r->status / 100;
	struct xml_error f = {.code = ""};
	const char *region;
	bool said;

	s->stats.status[class >= 1 && class <= 5 ? class : 0]++;
	if (class == 2) {
		if (s3_is_other(c, r)) {
			snprintf(f.code, sizeof f.code, "PreconditionFailed");
			fail(s, c, r->status, &f, e);
			return S3_FAILED;
		}
		/* What has an ETag is an object, whatever is in it. */
		if (r->etag[0] || !begins_as_error(body) || !xml_error(body, &f)) {
			s3_refund(s);
			return S3_TAKEN;
		}
	} else if (!xml_error(body, &f)) {
		f = (struct xml_error){.code = ""};
	}
	said = f.code[0] != '\0';
	if (!said)
		snprintf(f.code, sizeof f.code, "%s", code_of_status(r->status, c->key.n == 0));

	fail(s, c, r->status, &f, e);
	e->retry_after_ms = r->retry_after_ms;
	region = pointed_region(c, r, &f);
	if (region[0] && !t->moved && s3_move(s, c->bucket, str_z(region))) {
		t->moved = true;
		return S3_AGAIN;
	}
	if (!t->clocked && correct_clock(s, r, f.code, said)) {
		t->clocked = true;
		return S3_AGAIN;
	}
	return renew(s, c, r->status, f.code, t, e) ? S3_AGAIN : S3_FAILED;
}

void s3_no_answer(struct s3 *s, const struct s3_call *c, struct err *e)
{
	struct str name = subject_of(c);

	if (e->kind == ERR_CANCELLED)
		return;
	s->stats.status[0]++;
	if (strcmp(e->code, "resolve") == 0 || strcmp(e->code, "connect") == 0)
		err_set(e, e->kind, e->where, e->code, "%s: %s%s", e->msg,
		    s->base.n ? "is it running? The address is "
		              : "check the network and [AWS] REGION",
		    s->base.n ? s->base_from : "");
	err_prefix(e, "s3://%.*s/%.*s", STRF(c->bucket), STRF(name));
}

void s3_count_again(struct s3 *s, const struct err *e)
{
	const char *code = e->code[0] ? e->code : "other";
	size_t i = 0;

	s->stats.retries++;
	while (i < s->n_causes && strcmp(s->causes[i].code, code) != 0)
		i++;
	if (i == S3_CAUSES) {
		snprintf(s->causes[--i].code, sizeof s->causes[i].code, "other");
	} else if (i == s->n_causes) {
		s->causes[s->n_causes++] = (struct s3_cause){.times = 0};
		snprintf(s->causes[i].code, sizeof s->causes[i].code, "%s", code);
		memcpy(s->causes[i].first, e->msg, sizeof e->msg);
	}
	s->causes[i].times++;
}

const struct s3_cause *s3_causes(const struct s3 *s, size_t *n)
{
	*n = s->n_causes;
	return s->causes;
}

void s3_forget_causes(struct s3 *s)
{
	s->n_causes = 0;
}

int64_t s3_pause(struct s3 *s, int attempts, struct s3_tries *t, struct err *e)
{
	int64_t ms;

	if (e->kind != ERR_RETRY)
		return -1;
	if (attempts <= 0)
		attempts = s->attempts;
	if (++t->failed >= attempts) {
		if (attempts > 1)
			err_set(
			    e, e->kind, e->where, e->code, "%s (tried %d times)", e->msg, attempts);
		return -1;
	}
	if (s->budget < S3_RETRY) {
		err_set(e, e->kind, e->where, e->code,
		    "%s (not tried again: so many requests have failed that this worker's budget "
		    "of "
		    "retries is used up)",
		    e->msg);
		return -1;
	}
	s->budget -= S3_RETRY;
	ms = backoff_ms(t->failed, PAUSE_FIRST_MS, PAUSE_MOST_MS);
	if (e->retry_after_ms > ms)
		ms = e->retry_after_ms;
	return ms < RETRY_AFTER_MOST_MS ? ms : RETRY_AFTER_MOST_MS;
}
