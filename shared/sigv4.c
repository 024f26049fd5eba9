/*
 * sigv4.c - see sigv4.h. The only home of libcrypto's digests.
 *
 * A signature is made for every GET, so what costs is kept: the fetched digest, two contexts that
 * are used again, and the HMAC context that holds the signing key of the day. They are static and
 * not for several threads; every process of this program signs from one.
 */
#include "shared/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "shared/buf.h"

enum { DIGEST = 32, ID_MAX = 1024 };

static struct {
	EVP_MD *sha256;
	EVP_MD_CTX *hash;
	EVP_MAC_CTX *derive; /* keyed anew for each step of a derivation */
	EVP_MAC_CTX *day;    /* keyed with the signing key that id names */
	unsigned char id[ID_MAX];
	size_t id_n; /* 0: day holds no key that could be used again */
} crypto;

/* The calls below fail only when memory is out or libcrypto has no SHA-256: both are the end. */
static void must(int ok)
{
	if (!ok)
		abort();
}

static void crypto_start(void)
{
	EVP_MAC *hmac;

	if (crypto.sha256)
		return;
	crypto.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	crypto.hash = EVP_MD_CTX_new();
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	crypto.derive = EVP_MAC_CTX_new(hmac);
	crypto.day = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	must(crypto.sha256 && crypto.hash && crypto.derive && crypto.day);
}

void sigv4_sha256_hex(struct str bytes, char out[65])
{
	unsigned char digest[DIGEST];

	crypto_start();
	must(EVP_DigestInit_ex2(crypto.hash, crypto.sha256, NULL));
	must(EVP_DigestUpdate(crypto.hash, bytes.p, bytes.n));
	must(EVP_DigestFinal_ex(crypto.hash, digest, NULL));
	str_hex(digest, DIGEST, out);
}

static void hmac_key(EVP_MAC_CTX *ctx, const void *key, size_t n)
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};

	must(EVP_MAC_init(ctx, key, n, params));
}

/* May be called again for the same key after EVP_MAC_init without one. */
static void hmac(EVP_MAC_CTX *ctx, struct str text, unsigned char out[DIGEST])
{
	size_t n;

	must(EVP_MAC_update(ctx, (const unsigned char *)text.p, text.n));
	must(EVP_MAC_final(ctx, out, &n, DIGEST));
}

static size_t id_add(unsigned char *id, size_t at, struct str s)
{
	memcpy(id + at, &s.n, sizeof s.n);
	if (s.n)
		memcpy(id + at + sizeof s.n, s.p, s.n);
	return at + sizeof s.n + s.n;
}

/* Leaves crypto.day ready for a text, keyed for this secret, date, region and service. */
static void use_day_key(struct str secret, struct str date, struct str region, struct str service)
{
	unsigned char id[ID_MAX], k[DIGEST];
	struct buf first;
	size_t n = 0;

	if (secret.n < ID_MAX / 4 && region.n < ID_MAX / 4 && service.n < ID_MAX / 4) {
		n = id_add(id, n, secret);
		n = id_add(id, n, date);
		n = id_add(id, n, region);
		n = id_add(id, n, service);
	}
	if (n && n == crypto.id_n && memcmp(id, crypto.id, n) == 0) {
		must(EVP_MAC_init(crypto.day, NULL, 0, NULL));
		OPENSSL_cleanse(id, n);
		return;
	}
	buf_init(&first, SIZE_MAX / 4);
	buf_room(&first, 4 + secret.n); /* at once, so that no copy of the secret is left behind */
	buf_z(&first, "AWS4");
	buf_str(&first, secret);
	hmac_key(crypto.derive, first.p, first.n);
	OPENSSL_cleanse(first.p, first.n);
	buf_free(&first);
	hmac(crypto.derive, date, k);
	hmac_key(crypto.derive, k, DIGEST);
	hmac(crypto.derive, region, k);
	hmac_key(crypto.derive, k, DIGEST);
	hmac(crypto.derive, service, k);
	hmac_key(crypto.derive, k, DIGEST);
	hmac(crypto.derive, STR("aws4_request"), k);
	hmac_key(crypto.day, k, DIGEST);
	OPENSSL_cleanse(k, sizeof k);
	if (n)
		memcpy(crypto.id, id, n);
	crypto.id_n = n;
	OPENSSL_cleanse(id, n);
}

static bool unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void add_encoded(struct buf *b, struct str s, bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char three[3] = {'%', digits[c >> 4], digits[c & 15]};

		if (unreserved(s.p[i]) || (keep_slash && c == '/'))
			buf_c(b, s.p[i]);
		else
			buf_add(b, three, 3);
	}
}

static struct str finish(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_view(b));

	buf_free(b);
	return s;
}

struct str sigv4_encode(struct arena *a, struct str s, bool keep_slash)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	buf_room(&b, s.n);
	add_encoded(&b, s, keep_slash);
	return finish(a, &b);
}

/* Without empty, "." and ".." segments; a slash at the end stays one. */
static void add_normalised(struct buf *b, struct str path)
{
	size_t start = b->n;

	for (size_t at = 0; at < path.n;) {
		struct str rest = str_from(path, at);
		struct str part = {rest.p, str_find(rest, '/')};

		at += part.n + 1;
		if (part.n == 0 || str_eqz(part, "."))
			continue;
		if (str_eqz(part, "..")) {
			while (b->n > start && b->p[b->n - 1] != '/')
				b->n--;
			if (b->n > start)
				b->n--;
			continue;
		}
		buf_c(b, '/');
		add_encoded(b, part, false);
	}
	if (b->n == start || path.p[path.n - 1] == '/')
		buf_c(b, '/');
}

static void add_path(struct buf *b, const struct sigv4_request *r)
{
	struct str path = r->path.n ? r->path : STR("/");

	switch (r->path_rule) {
	case SIGV4_PATH_AS_IS: buf_str(b, path); break;
	case SIGV4_PATH_NORMALISE: add_normalised(b, path); break;
	case SIGV4_PATH_ENCODE: add_encoded(b, path, true); break;
	}
}

/* A parameter or a header. */
struct pair {
	struct str name, value;
	size_t order; /* headers: as they came */
};

/* By name, then value, as two fields: "Param=" comes before "Param-3=" though "-" is before "=". */
static int by_value(const void *l, const void *r)
{
	const struct pair *x = l, *y = r;
	int c = str_cmp(x->name, y->name);

	return c ? c : str_cmp(x->value, y->value);
}

static int by_order(const void *l, const void *r)
{
	const struct pair *x = l, *y = r;
	int c = str_cmp(x->name, y->name);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void add_query(struct buf *b, struct str query, struct arena *a)
{
	struct pair *p;
	size_t n = 0, max = 1;

	if (query.n == 0)
		return;
	for (size_t i = 0; i < query.n; i++)
		max += query.p[i] == '&';
	p = arena_alloc(a, max * sizeof *p);
	for (size_t at = 0; at < query.n;) {
		struct str rest = str_from(query, at);
		struct str part = {rest.p, str_find(rest, '&')};
		size_t eq = str_find(part, '=');

		at += part.n + 1;
		if (part.n)
			p[n++] = (struct pair){{part.p, eq}, str_from(part, eq + 1), 0};
	}
	qsort(p, n, sizeof *p, by_value);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_c(b, '&');
		buf_str(b, p[i].name);
		buf_c(b, '=');
		buf_str(b, p[i].value);
	}
}

/* Trimmed, runs of white space as one blank: a folded line is one more run. */
static void add_value(struct buf *b, struct str value)
{
	bool gap = false;

	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			gap = true;
			continue;
		}
		if (gap)
			buf_c(b, ' ');
		gap = false;
		buf_c(b, c);
	}
}

static struct str lower(struct arena *a, struct str name)
{
	char *p = arena_cstr(a, name);

	for (size_t i = 0; i < name.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return (struct str){p, name.n};
}

/* CanonicalHeaders and SignedHeaders; the latter's place in b is returned as offset and length. */
static void add_headers(
    struct buf *b, const struct sigv4_request *r, struct arena *a, size_t *at, size_t *len)
{
	struct pair *h = arena_alloc(a, r->n_headers * sizeof *h);
	size_t n = r->n_headers;

	for (size_t i = 0; i < n; i++)
		h[i] = (struct pair){
		    lower(a, str_trim(r->headers[i].name)), r->headers[i].value, i};
	qsort(h, n, sizeof *h, by_order);
	for (size_t i = 0; i < n; i++) {
		if (i && str_eq(h[i].name, h[i - 1].name)) {
			buf_c(b, ',');
		} else {
			if (i)
				buf_c(b, '\n');
			buf_str(b, h[i].name);
			buf_c(b, ':');
		}
		add_value(b, h[i].value);
	}
	buf_z(b, n ? "\n\n" : "\n");
	*at = b->n;
	for (size_t i = 0; i < n; i++) {
		if (i && str_eq(h[i].name, h[i - 1].name))
			continue;
		if (i)
			buf_c(b, ';');
		buf_str(b, h[i].name);
	}
	*len = b->n - *at;
}

void sigv4_sign(const struct sigv4_request *r, const struct sigv4_key *key, struct arena *a,
    struct sigv4_result *out)
{
	struct str date = {r->time.p, r->time.n < 8 ? r->time.n : 8};
	unsigned char mac[DIGEST];
	char digest[65];
	struct buf b;
	size_t at, len, scope;

	buf_init(&b, SIZE_MAX / 4);
	buf_room(&b, 1000); /* enough for most, so that it grows rarely */
	buf_str(&b, r->method);
	buf_c(&b, '\n');
	add_path(&b, r);
	buf_c(&b, '\n');
	add_query(&b, r->query, a);
	buf_c(&b, '\n');
	add_headers(&b, r, a, &at, &len);
	buf_c(&b, '\n');
	buf_str(&b, r->payload_hash);
	out->canonical = arena_str(a, buf_view(&b));
	out->signed_headers = (struct str){out->canonical.p + at, len};

	sigv4_sha256_hex(out->canonical, digest);
	buf_reset(&b);
	buf_z(&b, "AWS4-HMAC-SHA256\n");
	buf_str(&b, r->time);
	buf_c(&b, '\n');
	scope = b.n;
	buf_str(&b, date);
	buf_c(&b, '/');
	buf_str(&b, r->region);
	buf_c(&b, '/');
	buf_str(&b, r->service);
	buf_z(&b, "/aws4_request");
	len = b.n - scope;
	buf_c(&b, '\n');
	buf_z(&b, digest);
	out->to_sign = arena_str(a, buf_view(&b));

	use_day_key(key->secret, date, r->region, r->service);
	hmac(crypto.day, out->to_sign, mac);
	str_hex(mac, DIGEST, out->signature);

	buf_reset(&b);
	buf_z(&b, "AWS4-HMAC-SHA256 Credential=");
	buf_str(&b, key->access);
	buf_c(&b, '/');
	buf_add(&b, out->to_sign.p + scope, len);
	buf_z(&b, ", SignedHeaders=");
	buf_str(&b, out->signed_headers);
	buf_z(&b, ", Signature=");
	buf_z(&b, out->signature);
	out->authorization = finish(a, &b);
}

void sigv4_time(long long wall_ms, char out[17])
{
	time_t t = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm) == 0)
		out[0] = '\0';
}

bool sigv4_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
