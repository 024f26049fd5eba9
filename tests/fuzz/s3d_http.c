/* A request from anybody: read or refused, never beyond its bytes; a chunked body comes out the
 * same however it is cut; no signature is right by chance. */
#include <stdint.h>
#include <stdlib.h>

#include "workers/local/s3d_auth.h"
#include "workers/local/s3d_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void within(struct str part, struct str whole)
{
	must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void check_values(const struct s3d_http *h, struct arena *a)
{
	static struct sigv4_key key = {{"AKID", 4}, {"secret", 6}, {NULL, 0}};
	static struct s3d_keys keys = {.v = &key, .n = 1};
	struct s3d_auth_in in = {
	    .keys = &keys, .region = STR("us-west-2"), .now_s = 1785585600, .http = h};
	struct s3d_param *params;
	struct s3d_auth out;
	int64_t first, n;
	struct str bound;

	if (!s3d_url_decode(a, h->path, false, &in.path) ||
	    !s3d_params(a, h->query, &params, &in.n_params))
		return;
	in.params = params;
	must(s3d_auth_check(&in, a, &out) != S3D_OK);
	for (size_t i = 0; i < in.n_params; i++)
		s3d_list_token_read(a, params[i].value, &bound);
	for (size_t i = 0; i < h->n_headers; i++) {
		if (s3d_range(h->headers[i].value, 100, &first, &n) == S3D_RANGE_PART)
			must(first >= 0 && n > 0 && first + n <= 100);
		s3d_etag_listed(h->headers[i].value, STR("etag"));
		s3d_date_parse(h->headers[i].value, &first);
	}
}

static int unchunk(struct str in, size_t piece, struct buf *out)
{
	struct s3d_chunks c = {0};

	while (in.n) {
		struct str now = {in.p, in.n < piece ? in.n : piece}, data;

		in = str_from(in, now.n);
		while (s3d_chunks_next(&c, &now, &data))
			buf_str(out, data);
	}
	return (int)c.state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = {(const char *)data, size};
	struct arena *a = arena_new();
	struct s3d_http h;
	struct buf whole, bytes;
	size_t used = 0;

	if (s3d_http_parse(in, &h, &used) == S3D_HTTP_DONE) {
		must(used <= size && used <= S3D_HEAD_MAX);
		within(h.method, in);
		within(h.query, in);
		for (size_t i = 0; i < h.n_headers; i++) {
			within(h.headers[i].name, in);
			within(h.headers[i].value, in);
		}
		check_values(&h, a);
		in = str_from(in, used);
	}
	buf_init(&whole, size);
	buf_init(&bytes, size);
	must(unchunk(in, size ? size : 1, &whole) == unchunk(in, 1, &bytes));
	must(str_eq(buf_view(&whole), buf_view(&bytes)));
	buf_free(&whole);
	buf_free(&bytes);
	arena_free(a);
	return 0;
}
