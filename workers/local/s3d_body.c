/* s3d_body.c - see s3d_body.h. */
#include "workers/local/s3d_body.h"

#include <stdio.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct {
	const char *name;
	enum s3d_digest_kind kind;
} checksums[] = {
    {"x-amz-checksum-crc32", S3D_CRC32},
    {"x-amz-checksum-crc32c", S3D_CRC32C},
    {"x-amz-checksum-sha1", S3D_SHA1},
    {"x-amz-checksum-sha256", S3D_SHA256},
};

enum { CHECKSUMS = sizeof checksums / sizeof checksums[0] };

static unsigned kinds_wanted(
    enum s3d_sink sink, const struct s3d_http *h, const struct s3d_auth *auth)
{
	const struct str *trailer = s3d_http_header(h, "x-amz-trailer");
	unsigned kinds = 0;

	if (sink == S3D_SINK_NONE)
		return 0;
	if (sink == S3D_SINK_DRAFT || s3d_http_header(h, "content-md5"))
		kinds |= S3D_MD5;
	if (auth->payload == S3D_PAYLOAD_HASH)
		kinds |= S3D_SHA256;
	for (size_t i = 0; i < CHECKSUMS; i++)
		if (s3d_http_header(h, checksums[i].name) ||
		    (trailer && str_ieq(*trailer, str_z(checksums[i].name))))
			kinds |= checksums[i].kind;
	return kinds;
}

enum s3d_code s3d_body_begin(
    struct s3d_body *b, enum s3d_sink sink, const struct s3d_http *h, const struct s3d_auth *auth)
{
	const struct str *decoded = s3d_http_header(h, "x-amz-decoded-content-length");

	*b = (struct s3d_body){.sink = sink, .want = -1, .draft.fd = -1};
	buf_init(&b->text, S3D_TEXT_MAX);
	b->chunked = h->chunked;
	b->left = h->length > 0 ? h->length : 0;
	b->aws = auth->payload == S3D_PAYLOAD_AWS_CHUNKED && (h->chunked || h->length >= 0);
	if (sink == S3D_SINK_NONE)
		return S3D_OK;
	if (b->aws) {
		if (!decoded || !str_to_i64(*decoded, &b->want) || b->want < 0)
			return S3D_MISSING_LENGTH;
	} else if (h->chunked) {
		return S3D_NOT_IMPLEMENTED;
	} else {
		b->want = h->length;
	}
	if (sink == S3D_SINK_DRAFT && b->want < 0)
		return S3D_MISSING_LENGTH;
	if (b->want > S3D_PUT_MAX)
		return S3D_ENTITY_TOO_LARGE;
	b->digest = s3d_digest_new(kinds_wanted(sink, h, auth));
	return S3D_OK;
}

void s3d_body_add(struct s3d_body *b, struct str data)
{
	if (b->failed != S3D_OK || b->sink == S3D_SINK_NONE)
		return;
	b->got += (int64_t)data.n;
	if (b->want >= 0 && b->got > b->want) {
		b->failed = S3D_INCOMPLETE_BODY;
		return;
	}
	s3d_digest_add(b->digest, data);
	if (b->sink == S3D_SINK_DRAFT) {
		b->failed = s3d_draft_write(&b->draft, data);
		return;
	}
	buf_str(&b->text, data);
	if (b->text.over)
		b->failed = S3D_MESSAGE_TOO_LONG;
}

static void unframed(struct s3d_body *b, struct str data)
{
	struct str content = {0};

	if (!b->aws) {
		s3d_body_add(b, data);
		return;
	}
	while (s3d_chunks_next(&b->inner, &data, &content))
		s3d_body_add(b, content);
}

bool s3d_body_feed(struct s3d_body *b, struct str *in)
{
	struct str data = {0};

	if (b->chunked) {
		while (s3d_chunks_next(&b->outer, in, &data))
			unframed(b, data);
		return b->outer.state == S3D_CHUNK_DONE || b->outer.state == S3D_CHUNK_BAD;
	}
	data = (struct str){in->p, (int64_t)in->n < b->left ? in->n : (size_t)b->left};
	*in = str_from(*in, data.n);
	b->left -= (int64_t)data.n;
	unframed(b, data);
	return b->left == 0;
}

bool s3d_body_framed(const struct s3d_body *b)
{
	return !b->chunked || b->outer.state == S3D_CHUNK_DONE;
}

/* Does the digest of the content have this base64? */
static enum s3d_code same(struct s3d_body *b, struct str base64, const unsigned char *got, size_t n)
{
	unsigned char want[S3D_DIGEST_MAX];
	int n_want = s3d_base64_decode(base64, want, sizeof want);

	(void)b;
	if (n_want < 0 || (size_t)n_want != n)
		return S3D_INVALID_DIGEST;
	return memcmp(got, want, n) == 0 ? S3D_OK : S3D_BAD_DIGEST;
}

static enum s3d_code check_checksum(struct s3d_body *b, const struct s3d_http *h, size_t i,
    const unsigned char *sha256, size_t n_sha256)
{
	const struct str *header = s3d_http_header(h, checksums[i].name);
	struct str value = header ? *header : (struct str){0};
	unsigned char digest[S3D_DIGEST_MAX];
	size_t n;

	if (b->aws && !header)
		value = s3d_chunks_trailer(&b->inner, str_z(checksums[i].name));
	if (value.n == 0)
		return S3D_OK;
	if (checksums[i].kind == S3D_SHA256)
		return same(b, value, sha256, n_sha256);
	n = s3d_digest_end(b->digest, checksums[i].kind, digest);
	/* A trailer that nobody announced was not computed along. */
	return n ? same(b, value, digest, n) : S3D_INVALID_REQUEST;
}

static enum s3d_code check_digests(
    struct s3d_body *b, const struct s3d_http *h, const struct s3d_auth *auth)
{
	const struct str *md5 = s3d_http_header(h, "content-md5");
	unsigned char digest[S3D_DIGEST_MAX];
	char hex[2 * S3D_DIGEST_MAX + 1];
	enum s3d_code code = S3D_OK;
	size_t n;

	n = s3d_digest_end(b->digest, S3D_MD5, digest);
	str_hex(digest, n <= 16 ? n : 0, b->md5);
	if (md5)
		code = same(b, *md5, digest, n);
	n = s3d_digest_end(b->digest, S3D_SHA256, digest);
	str_hex(digest, n, hex);
	if (code == S3D_OK && auth->payload == S3D_PAYLOAD_HASH && !str_eqz(auth->sha256, hex))
		code = S3D_SHA256_MISMATCH;
	for (size_t i = 0; i < CHECKSUMS && code == S3D_OK; i++)
		code = check_checksum(b, h, i, digest, n);
	return code;
}

enum s3d_code s3d_body_check(
    struct s3d_body *b, const struct s3d_http *h, const struct s3d_auth *auth)
{
	if (b->failed != S3D_OK)
		return b->failed;
	if (b->sink == S3D_SINK_NONE) {
		/* The body was not kept, so only that of no bytes is known. */
		bool none = !h->chunked && h->length <= 0;

		return none && auth->payload == S3D_PAYLOAD_HASH &&
		               !str_eqz(auth->sha256, EMPTY_SHA256)
		           ? S3D_SHA256_MISMATCH
		           : S3D_OK;
	}
	/* The last line of the trailers is sometimes left out by clients. */
	if (b->aws && b->inner.state != S3D_CHUNK_DONE && b->inner.state != S3D_CHUNK_TRAILER)
		return S3D_INCOMPLETE_BODY;
	if (!s3d_body_framed(b) || (b->want >= 0 && b->got != b->want))
		return S3D_INCOMPLETE_BODY;
	return check_digests(b, h, auth);
}

void s3d_body_free(struct s3d_body *b)
{
	s3d_digest_free(b->digest);
	b->digest = NULL;
	buf_free(&b->text);
}
