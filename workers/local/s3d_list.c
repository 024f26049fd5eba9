/* s3d_list.c - see s3d_list.h. */
#include "workers/local/s3d_list.h"

#include "workers/local/s3d_value.h"

/* The least string behind all that begin with s, or empty when there is none. */
static struct str behind(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);

	while (s.n && (unsigned char)p[s.n - 1] == 0xff)
		s.n--;
	if (s.n)
		p[s.n - 1] = (char)((unsigned char)p[s.n - 1] + 1);
	return (struct str){p, s.n};
}

/* Length of the common prefix that key belongs to, or 0. */
static size_t group(const struct s3d_list_query *q, struct str key)
{
	const char *hit;

	if (q->delimiter.n == 0 || key.n < q->prefix.n + q->delimiter.n)
		return 0;
	hit = memmem(key.p + q->prefix.n, key.n - q->prefix.n, q->delimiter.p, q->delimiter.n);
	return hit ? (size_t)(hit - key.p) + q->delimiter.n : 0;
}

/* Where the page begins. False: nothing can be there. */
static bool begin(const struct s3d_list_query *q, struct arena *a, struct str *from)
{
	*from = q->from;
	if (q->from.n == 0 && q->after.n) {
		size_t n = str_starts(q->after, q->prefix) ? group(q, q->after) : 0;

		if (n) {
			*from = behind(a, (struct str){q->after.p, n});
			if (from->n == 0)
				return false;
		} else {
			*from = (struct str){arena_cstr(a, q->after), q->after.n + 1};
		}
	}
	if (str_cmp(*from, q->prefix) < 0)
		*from = q->prefix;
	return true;
}

void s3d_list_page(const struct s3d_list_query *q, s3d_list_next *next, void *ctx, struct arena *a,
    struct s3d_list_page *page)
{
	struct str from;
	struct buf key;
	bool more;

	*page = (struct s3d_list_page){0};
	if (q->max == 0 || !begin(q, a, &from))
		return;
	page->items = arena_alloc(a, q->max * sizeof *page->items);
	buf_init(&key, 4096);
	more = next(ctx, from, &key) && str_starts(buf_view(&key), q->prefix);
	while (more) {
		size_t n = group(q, buf_view(&key));
		struct s3d_list_item *item = &page->items[page->n];

		if (page->n == q->max) {
			page->truncated = true;
			page->next = from;
			break;
		}
		page->n++;
		item->prefix = n > 0;
		item->name = arena_str(a, (struct str){key.p, n ? n : key.n});
		/* Behind the group; or behind the key, whose copy ends with a NUL. */
		from = n ? behind(a, item->name) : (struct str){item->name.p, item->name.n + 1};
		more = from.n && next(ctx, from, &key) && str_starts(buf_view(&key), q->prefix);
	}
	buf_free(&key);
}

static unsigned char mask(size_t i)
{
	return (unsigned char)(i * 167 + 91);
}

static unsigned char check(struct str s)
{
	unsigned v = 17;

	for (size_t i = 0; i < s.n; i++)
		v = v * 31 + (unsigned char)s.p[i];
	return (unsigned char)(v ^ v >> 8);
}

struct str s3d_list_token(struct arena *a, struct str bound)
{
	unsigned char *p = arena_alloc(a, bound.n + 1);
	struct str token;
	struct buf b;

	p[0] = check(bound);
	for (size_t i = 0; i < bound.n; i++)
		p[i + 1] = (unsigned char)((unsigned char)bound.p[i] ^ mask(i + p[0]));
	buf_init(&b, 3 * (bound.n + 4));
	s3d_base64(&b, p, bound.n + 1);
	token = arena_str(a, buf_view(&b));
	buf_free(&b);
	return token;
}

bool s3d_list_token_read(struct arena *a, struct str token, struct str *bound)
{
	unsigned char *p = arena_alloc(a, token.n + 1);
	int n = s3d_base64_decode(token, p, token.n);

	if (n < 2)
		return false;
	for (int i = 1; i < n; i++)
		p[i] = (unsigned char)(p[i] ^ mask((size_t)(i - 1) + p[0]));
	*bound = (struct str){(const char *)p + 1, (size_t)n - 1};
	return check(*bound) == p[0];
}
