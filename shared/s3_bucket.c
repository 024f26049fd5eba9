/* s3_bucket.c - see s3_bucket.h. */
#include "shared/s3_bucket.h"

#include <stdio.h>

#include "shared/s3_wire.h"
#include "shared/xml.h"

enum { PAGE_MAX = 16 << 20, TEXT_MAX = 8 << 20 };

#define S3_XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"

/* Sends it and keeps the body of the answer in a; body may be NULL. */
static bool ask(struct s3 *s, const struct s3_call *c, struct s3_tries *t, struct arena *a,
    struct str *body, struct err *e)
{
	struct http_reply r = {.status = 0};
	struct buf answer;
	bool ok;

	buf_init(&answer, PAGE_MAX);
	ok = s3_do(s, c, t, &r, &answer, e);
	/* Where it is, is told to those who may not list it, too. */
	if (r.region[0])
		s3_move(s, c->bucket, str_z(r.region));
	if (ok && body)
		*body = arena_str(a, buf_view(&answer));
	buf_free(&answer);
	return ok;
}

static bool ask_small(struct s3 *s, const struct s3_call *c, struct err *e)
{
	return ask(s, c, &(struct s3_tries){0}, NULL, NULL, e);
}

static bool code_is(const struct err *e, const char *code)
{
	return strcmp(e->code, code) == 0;
}

bool s3_bucket_find(struct s3 *s, struct str bucket, bool *there, struct err *e)
{
	struct s3_call c = {.method = "HEAD", .bucket = bucket};
	struct err why;

	*there = ask_small(s, &c, &why);
	if (*there || code_is(&why, "NoSuchBucket"))
		return true;
	*e = why;
	return false;
}

struct names {
	struct arena *a;
	struct str prefix, token;
	struct str *v;
	size_t n, cap;
};

static void on_name(void *ctx, struct str path, struct str text)
{
	struct names *l = ctx;

	if (str_eqz(path, "ContinuationToken")) {
		l->token = arena_str(l->a, text);
	} else if (str_eqz(path, "Buckets/Bucket/Name") && str_starts(text, l->prefix)) {
		l->v = arena_grow(l->a, l->v, l->n, &l->cap, sizeof *l->v);
		l->v[l->n++] = arena_str(l->a, text);
	}
}

static bool name_page(struct s3 *s, struct names *l, struct err *e)
{
	struct s3_call c = {.method = "GET"};
	struct s3_tries t = {0};
	size_t before = l->n;
	struct str body;
	bool parsed;

	/* In the order of their names, which is that of the signature. */
	c.query = str_z(arena_printf(l->a, "%s%.*s%smax-buckets=1000&prefix=%.*s",
	    l->token.n ? "continuation-token=" : "", STRF(sigv4_encode(l->a, l->token, false)),
	    l->token.n ? "&" : "", STRF(sigv4_encode(l->a, l->prefix, false))));
	do {
		l->n = before;
		l->token = STR("");
		if (!ask(s, &c, &t, l->a, &body, e))
			return false;
		parsed = xml_walk(body, "ListAllMyBucketsResult", on_name, l, e);
	} while (!parsed && s3_wait(s, &t, e));
	return parsed;
}

bool s3_bucket_list(
    struct s3 *s, struct str prefix, struct arena *a, struct str **names, size_t *n, struct err *e)
{
	struct names l = {.a = a, .prefix = prefix};
	bool ok;

	do
		ok = name_page(s, &l, e);
	while (ok && l.token.n);
	*names = l.v;
	*n = l.n;
	return ok;
}

bool s3_bucket_create(struct s3 *s, struct str bucket, bool *made, struct err *e)
{
	/* Where it shall be is said already: a hint to another region is none to follow. */
	struct s3_tries t = {.moved = true};
	struct s3_call c = {.method = "PUT", .bucket = bucket};
	struct str region = s3_bucket_region(s, bucket);
	struct arena *a = arena_new();
	struct err why;

	/* That region's name is not allowed here, and no document at all means it. */
	if (!str_eqz(region, "us-east-1"))
		c.body = str_z(arena_printf(a,
		    "<CreateBucketConfiguration" S3_XMLNS
		    "<LocationConstraint>%.*s</LocationConstraint></CreateBucketConfiguration>",
		    STRF(region)));
	*made = ask(s, &c, &t, a, NULL, &why);
	arena_free(a);
	if (*made)
		return true;
	if (code_is(&why, "BucketAlreadyOwnedByYou")) {
		*made = t.failed > 0; /* by a request that seemed to fail */
		return true;
	}
	*e = why;
	return false;
}

/* Text in an element. Controls other than these three cannot be in XML at all. */
static void add_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&': buf_z(b, "&amp;"); break;
		case '<': buf_z(b, "&lt;"); break;
		case '>': buf_z(b, "&gt;"); break;
		case '\t':
		case '\n':
		case '\r': buf_printf(b, "&#%d;", s.p[i]); break;
		default: buf_c(b, s.p[i]);
		}
}

static bool put_about(
    struct s3 *s, struct str bucket, const char *what, struct str document, struct err *e)
{
	struct s3_call c = {.method = "PUT",
	    .bucket = bucket,
	    .query = str_z(what),
	    .content_type = STR("application/xml"),
	    .body = document,
	    .checksum = true};

	return ask_small(s, &c, e);
}

bool s3_bucket_tag(
    struct s3 *s, struct str bucket, const struct s3_tag *tags, size_t n, struct err *e)
{
	struct buf b;
	bool ok;

	buf_init(&b, TEXT_MAX);
	buf_z(&b, "<Tagging" S3_XMLNS "<TagSet>");
	for (size_t i = 0; i < n; i++) {
		buf_z(&b, "<Tag><Key>");
		add_text(&b, tags[i].key);
		buf_z(&b, "</Key><Value>");
		add_text(&b, tags[i].value);
		buf_z(&b, "</Value></Tag>");
	}
	buf_z(&b, "</TagSet></Tagging>");
	ok = put_about(s, bucket, "tagging", buf_view(&b), e);
	buf_free(&b);
	return ok;
}

struct tags {
	struct arena *a;
	struct s3_tag *tags;
	size_t n, cap;
	struct s3_tag next;
};

static void on_tag(void *ctx, struct str path, struct str text)
{
	struct tags *t = ctx;

	if (str_eqz(path, "TagSet/Tag/Key")) {
		t->next.key = arena_str(t->a, text);
	} else if (str_eqz(path, "TagSet/Tag/Value")) {
		t->next.value = arena_str(t->a, text);
	} else if (str_eqz(path, "TagSet/Tag")) {
		t->tags = arena_grow(t->a, t->tags, t->n, &t->cap, sizeof *t->tags);
		t->tags[t->n++] = t->next;
		t->next = (struct s3_tag){.key = STR("")};
	}
}

bool s3_bucket_tags(struct s3 *s, struct str bucket, struct arena *a, struct s3_tag **tags,
    size_t *n, struct err *e)
{
	struct s3_call c = {.method = "GET", .bucket = bucket, .query = STR("tagging")};
	struct tags t = {.a = a};
	struct s3_tries tries = {0};
	struct err why;
	struct str body;
	bool parsed;

	*n = 0;
	do {
		t.n = 0;
		if (!ask(s, &c, &tries, a, &body, &why)) {
			if (code_is(&why, "NoSuchTagSet"))
				return true;
			*e = why;
			return false;
		}
		parsed = xml_walk(body, "Tagging", on_tag, &t, e);
		if (!parsed)
			err_prefix(e, "the tags of s3://%.*s", STRF(bucket));
	} while (!parsed && s3_wait(s, &tries, e));
	*tags = t.tags;
	*n = t.n;
	return parsed;
}

bool s3_bucket_block_public(struct s3 *s, struct str bucket, struct err *e)
{
	return put_about(s, bucket, "publicAccessBlock",
	    STR("<PublicAccessBlockConfiguration" S3_XMLNS
	        "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
	        "<BlockPublicPolicy>true</BlockPublicPolicy>"
	        "<RestrictPublicBuckets>true</RestrictPublicBuckets>"
	        "</PublicAccessBlockConfiguration>"),
	    e);
}

/* What an answer to a deletion of many says of those that were not deleted. */
struct undeleted {
	struct arena *a;
	struct str key, code, message; /* of the first */
	struct str next_key, next_code, next_message;
	size_t n;
};

static void on_undeleted(void *ctx, struct str path, struct str text)
{
	struct undeleted *u = ctx;

	if (str_eqz(path, "Error/Key")) {
		u->next_key = arena_str(u->a, text);
	} else if (str_eqz(path, "Error/Code")) {
		u->next_code = arena_str(u->a, text);
	} else if (str_eqz(path, "Error/Message")) {
		u->next_message = arena_str(u->a, text);
	} else if (str_eqz(path, "Error") && !str_eqz(u->next_code, "NoSuchKey") && u->n++ == 0) {
		u->key = u->next_key;
		u->code = u->next_code;
		u->message = u->next_message;
	}
}

/* Whether it can be written in XML at all: most controls cannot, not even as entities. */
static bool is_for_xml(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t' && s.p[i] != '\n' &&
		    s.p[i] != '\r')
			return false;
	return true;
}

static bool delete_page(struct s3 *s, struct str bucket, const struct xml_object *objects, size_t n,
    struct arena *a, struct err *e)
{
	struct s3_call c = {.method = "POST",
	    .bucket = bucket,
	    .query = STR("delete="),
	    .content_type = STR("application/xml"),
	    .checksum = true};
	struct undeleted u = {.a = a};
	struct s3_tries t = {0};
	struct str answer;
	struct buf b;
	size_t listed = 0;
	bool ok = true;

	buf_init(&b, TEXT_MAX);
	buf_z(&b, "<Delete" S3_XMLNS "<Quiet>true</Quiet>");
	for (size_t i = 0; ok && i < n; i++) {
		if (!is_for_xml(objects[i].key)) {
			ok = s3_delete(s, bucket, objects[i].key, e);
			continue;
		}
		buf_z(&b, "<Object><Key>");
		add_text(&b, objects[i].key);
		buf_z(&b, "</Key></Object>");
		listed++;
	}
	buf_z(&b, "</Delete>");
	c.body = buf_view(&b);
	if (ok && listed)
		ok = ask(s, &c, &t, a, &answer, e) &&
		     xml_walk(answer, "DeleteResult", on_undeleted, &u, e);
	buf_free(&b);
	if (ok && u.n)
		return err_set(e, ERR_SETUP, AT_S3, arena_cstr(a, u.code),
		    "s3://%.*s: %zu objects could not be deleted, the first one is %.*s: %.*s: the "
		    "credentials need s3:DeleteObject there",
		    STRF(bucket), u.n, STRF(u.key), STRF(u.message));
	return ok;
}

/* The first page of what is there, folder marks and archived objects, too. */
static bool first_page(
    struct s3 *s, struct str bucket, struct arena *a, struct xml_list *x, struct err *e)
{
	struct s3_list req = {.bucket = bucket};
	struct s3_call c = {.method = "GET", .bucket = bucket, .query = s3_list_query(&req, a)};
	struct s3_tries t = {0};
	struct str body;
	bool parsed;

	do {
		if (!ask(s, &c, &t, a, &body, e))
			return false;
		parsed = xml_list_result(body, a, x, e);
	} while (!parsed && s3_wait(s, &t, e));
	return parsed;
}

bool s3_bucket_empty(struct s3 *s, struct str bucket, uint64_t *deleted, struct err *e)
{
	struct arena *a = arena_new();
	struct xml_list x = {.n_objects = 1};
	char first[1025] = "";
	uint64_t n = 0;
	bool ok = true;
	struct err why;

	while (ok && x.n_objects) {
		arena_reset(a);
		x = (struct xml_list){.n_objects = 0};
		ok = first_page(s, bucket, a, &x, &why);
		if (!ok && code_is(&why, "NoSuchBucket")) {
			ok = true;
			break;
		}
		if (ok && x.n_objects && str_eqz(x.objects[0].key, first))
			ok = err_set(&why, ERR_TASK, AT_S3, NULL,
			    "s3://%.*s/%s is still there after it was deleted", STRF(bucket),
			    first);
		if (ok && x.n_objects)
			snprintf(first, sizeof first, "%.*s", STRF(x.objects[0].key));
		ok = ok &&
		     (x.n_objects == 0 || delete_page(s, bucket, x.objects, x.n_objects, a, &why));
		n += ok ? x.n_objects : 0;
	}
	arena_free(a);
	if (deleted)
		*deleted = n;
	if (!ok)
		*e = why;
	return ok;
}

bool s3_bucket_delete(struct s3 *s, struct str bucket, struct err *e)
{
	struct s3_call c = {.method = "DELETE", .bucket = bucket};
	struct err why;

	if (ask_small(s, &c, &why) || code_is(&why, "NoSuchBucket"))
		return true;
	*e = why;
	return false;
}
