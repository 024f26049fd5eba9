/*
 * redshiftd_objects.c - what a COPY loads: the keys that begin with a prefix, or what a manifest
 * names.
 *
 * COPY reads what is there, whatever length and ETag a manifest says. An entry that may be missing
 * is looked for first, in lists over the keys' common prefix, since one request for each object
 * would take long.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/copystmt.h"
#include "shared/utf8.h"
#include "workers/local/redshiftd_session.h"
#include "workers/manifest.h"

enum { MANIFEST_BYTES = 256 << 20 };

void session_s3_words(struct err *e)
{
	static const struct {
		const char *code, *text;
		int status;
	} known[] = {
	    {"NoSuchKey", "The specified key does not exist.", 404},
	    {"NoSuchBucket", "The specified bucket does not exist", 404},
	    {"AccessDenied", "Access Denied", 403},
	    {"InvalidAccessKeyId",
	        "The AWS Access Key Id you provided does not exist in our records.", 403},
	    {"SignatureDoesNotMatch",
	        "The request signature we calculated does not match the signature you provided.",
	        403},
	    {"SlowDown", "Please reduce your request rate.", 503},
	    {"InternalError", "We encountered an internal error. Please try again.", 500},
	};

	if (e->where != AT_S3)
		return;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(e->code, known[i].code) == 0) {
			err_set(e, e->kind, e->where, "XX000",
			    "S3ServiceException:%s,Status %d,Error %s,Rid "
			    "0000000000000000,CanRetry %d",
			    known[i].text, known[i].status, known[i].code, known[i].status >= 500);
			return;
		}
	snprintf(e->code, sizeof e->code, "XX000");
}

struct listing {
	struct session *s;
	struct s3_list req;
	struct s3_page page;
	size_t i;
	bool end;
};

static void listing_start(
    struct listing *l, struct session *s, struct str bucket, struct str prefix, struct str after)
{
	*l = (struct listing){
	    .s = s, .req = {.bucket = bucket, .prefix = prefix, .start_after = after}};
	l->page.truncated = true;
}

/* The next object; *out is NULL behind the last. */
static bool listing_next(struct listing *l, const struct s3_object **out, struct err *e)
{
	while (l->i == l->page.n_objects && l->page.truncated) {
		l->req.token = l->page.next_token;
		if (!s3_list(l->s->w.s3, &l->req, &l->page, l->s->w.task, e))
			return false;
		l->i = 0;
	}
	*out = l->i < l->page.n_objects ? &l->page.objects[l->i++] : NULL;
	return true;
}

static bool from_prefix(
    struct session *s, struct str bucket, struct str prefix, struct manifest *out, struct err *e)
{
	const struct s3_object *o;
	struct listing l;
	size_t cap = 0;

	*out = (struct manifest){.bucket = bucket};
	listing_start(&l, s, bucket, prefix, STR(""));
	for (;;) {
		if (!listing_next(&l, &o, e))
			return false;
		if (!o)
			break;
		out->objects = arena_grow(
		    s->w.task, out->objects, out->n, &cap, sizeof *out->objects);
		out->objects[out->n++] = (struct object){.key = o->key, .size = o->size};
	}
	return out->n > 0 || err_set(e, ERR_SETUP, AT_S3, "XX000",
	                         "The specified S3 prefix '%.*s' does not exist", STRF(prefix));
}

/* Less than the key, and near it. */
static struct str just_before(struct str key)
{
	if (key.n)
		key.n--;
	while (key.n && utf8_bad(key) < key.n)
		key.n--;
	return key;
}

static struct str common_prefix(const struct manifest *m)
{
	struct str first = m->objects[0].key, last = m->objects[m->n - 1].key;
	size_t n = 0;

	while (n < first.n && n < last.n && first.p[n] == last.p[n])
		n++;
	return (struct str){first.p, n};
}

/* Leaves out what is not there and need not be. */
static bool look_up(struct session *s, struct manifest *m, struct err *e)
{
	const struct s3_object *o = NULL;
	struct listing l;
	size_t found = 0;

	listing_start(&l, s, m->bucket, common_prefix(m), just_before(m->objects[0].key));
	for (size_t i = 0; i < m->n; i++) {
		while (i == 0 || (o && str_cmp(o->key, m->objects[i].key) < 0)) {
			if (!listing_next(&l, &o, e))
				return false;
			if (i == 0 && (!o || str_cmp(o->key, m->objects[i].key) >= 0))
				break;
		}
		if (o && str_eq(o->key, m->objects[i].key)) {
			m->objects[found++] = m->objects[i];
		} else if (!m->objects[i].optional) {
			return err_set(e, ERR_TASK, AT_S3, "NoSuchKey", "no such key");
		}
	}
	m->n = found;
	return found > 0 || err_set(e, ERR_TASK, AT_S3, "NoSuchKey", "no such key");
}

/* As dwh writes it. */
static bool is_sorted(const struct manifest *m)
{
	for (size_t i = 1; i < m->n; i++)
		if (manifest_by_key(&m->objects[i - 1], &m->objects[i]) > 0)
			return false;
	return true;
}

static bool from_manifest(
    struct session *s, struct str bucket, struct str key, struct manifest *out, struct err *e)
{
	bool optional = false, ok;
	struct buf b;

	buf_init(&b, MANIFEST_BYTES);
	ok = s3_get(s->w.s3, bucket, key, STR(""), &b, NULL, e) &&
	     manifest_parse(buf_view(&b), s->w.task, out, e);
	buf_free(&b);
	if (!ok)
		return false;
	if (out->n == 0)
		return err_set(e, ERR_SETUP, AT_DATA, "XX000", "the manifest has no entries");
	if (!is_sorted(out))
		qsort(out->objects, out->n, sizeof *out->objects, manifest_by_key);
	for (size_t i = 0; i < out->n; i++) {
		out->objects[i].etag = STR("");
		out->objects[i].size = FETCH_ANY_SIZE;
		optional |= out->objects[i].optional;
	}
	return !optional || look_up(s, out, e);
}

bool session_objects(
    struct session *s, const struct copystmt *stmt, struct manifest *out, struct err *e)
{
	struct str bucket, key;

	if (!s3_url_parse(stmt->from, &bucket, &key, e))
		return false;
	if (!copystmt_has(stmt, COPY_MANIFEST))
		return from_prefix(s, bucket, key, out, e);
	return from_manifest(s, bucket, key, out, e);
}
