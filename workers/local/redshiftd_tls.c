/* redshiftd_tls.c - see redshiftd_tls.h. */
#include "workers/local/redshiftd_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "shared/arena.h"
#include "shared/clock.h"
#include "shared/file.h"

enum { DAYS = 3650, HANDSHAKE_MS = 60000 };

/* ---- the certificates ---- */

static bool fail(struct err *e, const char *what)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof text);
	return err_set(e, ERR_SETUP, AT_CONFIG, NULL, "%s: %s", what, text);
}

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* Made and named, not signed. */
static X509 *certificate(const char *name, long serial, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *subject = cert ? X509_get_subject_name(cert) : NULL;
	bool ok = subject && X509_set_version(cert, 2) == 1 &&
	          ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) == 1 &&
	          X509_gmtime_adj(X509_getm_notBefore(cert), -3600L) &&
	          X509_gmtime_adj(X509_getm_notAfter(cert), DAYS * 24L * 3600) &&
	          X509_set_pubkey(cert, key) == 1 &&
	          X509_NAME_add_entry_by_txt(
	              subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1;

	if (ok)
		return cert;
	X509_free(cert);
	return NULL;
}

struct made {
	EVP_PKEY *ca_key, *key;
	X509 *ca, *cert;
};

static bool sign(struct made *m)
{
	return X509_set_issuer_name(m->ca, X509_get_subject_name(m->ca)) == 1 &&
	       X509_set_issuer_name(m->cert, X509_get_subject_name(m->ca)) == 1 &&
	       extend(m->ca, m->ca, NID_basic_constraints, "critical,CA:TRUE") &&
	       extend(m->ca, m->ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       extend(m->ca, m->ca, NID_subject_key_identifier, "hash") &&
	       X509_sign(m->ca, m->ca_key, EVP_sha256()) > 0 &&
	       extend(m->cert, m->ca, NID_basic_constraints, "CA:FALSE") &&
	       extend(m->cert, m->ca, NID_ext_key_usage, "serverAuth") &&
	       extend(m->cert, m->ca, NID_authority_key_identifier, "keyid") &&
	       extend(m->cert, m->ca, NID_subject_alt_name,
	           "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1") &&
	       X509_sign(m->cert, m->ca_key, EVP_sha256()) > 0;
}

/* key or cert. Under a name that is not the one until it is whole. */
static bool save(const char *path, EVP_PKEY *key, X509 *cert, struct err *e)
{
	struct arena *a = arena_new();
	char *tmp = arena_printf(a, "%s.%lld", path, (long long)getpid());
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, key ? 0600 : 0644);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool ok = f && (key ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)
	                    : PEM_write_X509(f, cert)) == 1;

	if (f)
		ok = fclose(f) == 0 && ok;
	ok = (ok && rename(tmp, path) == 0) || err_errno(e, ERR_SETUP, AT_CONFIG, "%s", path);
	arena_free(a);
	return ok;
}

bool tls_make(const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	const char *crt = arena_printf(a, "%s/server.crt", dir);
	struct made m = {.ca_key = NULL};
	bool ok = true;

	/* Made last: where it is, all are. The CA's key is kept nowhere, and signs nothing more. */
	if (access(crt, R_OK) != 0) {
		m.ca_key = EVP_EC_gen("P-256");
		m.key = EVP_EC_gen("P-256");
		m.ca = m.ca_key ? certificate("redshiftd CA", 1, m.ca_key) : NULL;
		m.cert = m.key ? certificate("localhost", clock_wall_ms(), m.key) : NULL;
		ok = file_folder(dir, 0777, AT_CONFIG, e) &&
		     ((m.ca && m.cert && sign(&m)) || fail(e, "making certificates")) &&
		     save(arena_printf(a, "%s/ca.crt", dir), NULL, m.ca, e) &&
		     save(arena_printf(a, "%s/server.key", dir), m.key, NULL, e) &&
		     save(crt, NULL, m.cert, e);
	}
	X509_free(m.cert);
	X509_free(m.ca);
	EVP_PKEY_free(m.key);
	EVP_PKEY_free(m.ca_key);
	arena_free(a);
	return ok;
}

/* ---- a connection ---- */

/* Of what the last call said. What a renegotiation would want is not told apart: none comes. */
static ssize_t result(SSL *ssl, int n)
{
	int why = SSL_get_error(ssl, n);

	ERR_clear_error();
	if (n > 0)
		return n;
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
	return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t tls_get(struct wire *w, void *p, size_t n)
{
	return result(w->tls, SSL_read(w->tls, p, (int)n));
}

static ssize_t tls_put(struct wire *w, const void *p, size_t n)
{
	return result(w->tls, SSL_write(w->tls, p, n > INT32_MAX ? INT32_MAX : (int)n));
}

static bool tls_pending(const struct wire *w)
{
	return SSL_pending(w->tls) > 0;
}

static SSL_CTX *context(const struct redshiftd *d)
{
	struct arena *a = arena_new();
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *crt = arena_printf(a, "%s/server.crt", d->tls_dir);
	const char *key = arena_printf(a, "%s/server.key", d->tls_dir);
	bool ok = ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	          SSL_CTX_use_certificate_chain_file(ctx, crt) == 1 &&
	          SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;

	arena_free(a);
	if (ok) {
		SSL_CTX_set_mode(
		    ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
		return ctx;
	}
	SSL_CTX_free(ctx);
	return NULL;
}

static bool handshake(SSL *ssl, int fd)
{
	int64_t until = clock_ms() + HANDSHAKE_MS;

	while (clock_ms() < until) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = SSL_accept(ssl), why;

		if (n == 1)
			return true;
		why = SSL_get_error(ssl, n);
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
			return false;
		if (why == SSL_ERROR_WANT_WRITE)
			p.events = POLLOUT;
		poll(&p, 1, WIRE_TICK_MS);
	}
	return false;
}

bool tls_accept(const struct redshiftd *d, struct wire *w)
{
	SSL_CTX *ctx = context(d);
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;
	/* What came unencrypted behind the request is nobody's we know (CVE-2021-23222). */
	bool ok = ssl && w->taken == w->in.n && SSL_set_fd(ssl, w->fd) == 1 &&
	          handshake(ssl, w->fd);

	SSL_CTX_free(ctx); /* ssl holds it */
	if (!ok) {
		SSL_free(ssl);
		return false;
	}
	w->tls = ssl;
	w->get = tls_get;
	w->put = tls_put;
	w->pending = tls_pending;
	return true;
}

void tls_end(struct wire *w)
{
	if (!w->tls)
		return;
	SSL_shutdown(w->tls);
	SSL_free(w->tls);
	w->tls = NULL;
}
