/* s3_list.c - one page of ListObjectsV2. */
#include "shared/s3_wire.h"
#include "shared/xml.h"

enum { PAGE_MAX = 16 << 20, QUERY_MAX = 16 << 10 };

static void add(struct buf *q, struct arena *a, const char *name, struct str value)
{
	struct str v = sigv4_encode(a, value, false);

	if (value.n)
		buf_printf(q, "&%s=%.*s", name, STRF(v));
}

struct str s3_list_query(const struct s3_list *req, struct arena *a)
{
	struct buf q;
	struct str out;

	buf_init(&q, QUERY_MAX);
	buf_z(&q, "list-type=2");
	add(&q, a, "prefix", req->prefix);
	add(&q, a, "delimiter", req->delimiter);
	if (req->max_keys > 0)
		buf_printf(&q, "&max-keys=%d", req->max_keys);
	if (req->token.n)
		add(&q, a, "continuation-token", req->token);
	else
		add(&q, a, "start-after", req->start_after);
	/* Else a key with a control character would make XML that nobody can read. */
	buf_z(&q, "&encoding-type=url");
	out = arena_str(a, buf_view(&q));
	buf_free(&q);
	return out;
}

static bool is_folder_mark(const struct xml_object *o)
{
	return o->size == 0 && str_ends(o->key, STR("/"));
}

/* A restored object still lists as GLACIER, and restored copies expire: it is an error, too. */
static bool is_archived(const struct xml_object *o)
{
	return str_eqz(o->storage_class, "GLACIER") || str_eqz(o->storage_class, "DEEP_ARCHIVE");
}

static bool page_of(const struct s3_list *req, const struct xml_list *x, struct s3_page *page,
    struct arena *a, struct err *e)
{
	*page = (struct s3_page){
	    .objects = arena_alloc(a, (x->n_objects + 1) * sizeof *page->objects),
	    .prefixes = x->prefixes,
	    .n_prefixes = x->n_prefixes,
	    .truncated = x->is_truncated,
	    .next_token = x->next_token,
	};
	for (size_t i = 0; i < x->n_objects; i++) {
		const struct xml_object *o = &x->objects[i];

		if (is_folder_mark(o) || (req->without_archived && is_archived(o)))
			continue;
		if (is_archived(o))
			return err_set(e, ERR_TASK, AT_S3, "InvalidObjectState",
			    "s3://%.*s/%.*s is archived (%.*s) and cannot be read: move it to "
			    "another storage class, or out of the prefix",
			    STRF(req->bucket), STRF(o->key), STRF(o->storage_class));
		page->objects[page->n_objects++] = (struct s3_object){
		    o->key, s3_etag(o->etag), (uint64_t)o->size};
	}
	return true;
}

bool s3_list(
    struct s3 *s, const struct s3_list *req, struct s3_page *page, struct arena *a, struct err *e)
{
	struct s3_call c = {.method = "GET", .bucket = req->bucket, .subject = req->prefix};
	struct s3_tries tries = {0};
	struct http_reply r;
	struct xml_list x;
	struct buf body;
	bool ok, parsed;

	c.query = s3_list_query(req, a);
	buf_init(&body, PAGE_MAX);
	do {
		parsed = false;
		buf_reset(&body);
		ok = s3_do(s, &c, &tries, &r, &body, e);
		if (ok) {
			parsed = xml_list_result(buf_view(&body), a, &x, e);
			if (!parsed)
				err_prefix(e, "listing s3://%.*s/%.*s", STRF(req->bucket),
				    STRF(req->prefix));
		}
	} while (ok && !parsed && s3_wait(s, &tries, e));
	buf_free(&body);
	return parsed && page_of(req, &x, page, a, e);
}
