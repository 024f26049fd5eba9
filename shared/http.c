/* http.c - see http.h. */
#include "shared/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "shared/arena.h"
#include "shared/aws_wait.h"
#include "shared/clock.h"
#include "shared/http_curl.h"

enum { HEADERS_MAX = 24, SILENT_S = 60, LEAST_S = 2, TICK_MS = 100 };

static const time_t END_OF_9999 = 253402300799; /* libcurl knows more years than are good */

static char *trusted;

void http_trust(const char *file)
{
	free(trusted);
	trusted = file ? xstrdup(file) : NULL;
}

struct http {
	CURL *easy;
	CURLM *multi; /* its one handle is easy, while it is busy; keeps the connections */
	enum err_where where;
	bool (*tick)(void *ctx, struct err *e);
	void *tick_ctx;
	struct err stopped; /* by the tick */
	char detail[CURL_ERROR_SIZE];
};

/*
 * A proxy of the environment is no way to a server on this machine. Setting the option replaces
 * what the environment says, so that is repeated.
 */
static void set_no_proxy(CURL *easy)
{
	const char *env = getenv("no_proxy");
	struct buf b;

	if (!env)
		env = getenv("NO_PROXY");
	if (env && strcmp(env, "*") == 0)
		return;
	buf_init(&b, 64 * 1024);
	buf_printf(&b, "localhost,127.0.0.0/8,::1%s%s", env ? "," : "", env ? env : "");
	if (!b.over)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, b.p);
	buf_free(&b);
}

/* How long a peer may send nothing at all; shorter where it plays an AWS whose time is quicker. */
static long silence(void)
{
	int64_t s = SILENT_S / aws_speed();

	return s < LEAST_S ? LEAST_S : (long)s;
}

void http_easy_setup(CURL *easy, char *detail)
{
	const char *ca = getenv("AWS_CA_BUNDLE");

	if (!ca || !*ca)
		ca = trusted;
	detail[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, silence());
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "dwh");
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_easy_header);
	if (ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
	set_no_proxy(easy);
}

struct http *http_new(enum err_where where, bool (*tick)(void *ctx, struct err *e), void *tick_ctx)
{
	struct http *h = xcalloc(1, sizeof *h);

	h->where = where;
	h->tick = tick;
	h->tick_ctx = tick_ctx;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	h->easy = curl_easy_init();
	h->multi = curl_multi_init();
	if (!h->easy || !h->multi)
		abort();
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

int64_t http_date_ms(const char *date)
{
	time_t t = *date ? curl_getdate(date, NULL) : -1;

	return t < 0 || t > END_OF_9999 ? -1 : (int64_t)t * 1000;
}

bool http_content_range(const char *text, uint64_t *first, uint64_t *end, uint64_t *size)
{
	struct str s = str_z(text);
	size_t dash, slash;
	int64_t a, b, c;

	if (!str_starts(s, STR("bytes ")))
		return false;
	s = str_from(s, 6);
	dash = str_find(s, '-');
	slash = str_find(s, '/');
	if (dash >= slash || slash == s.n || !str_to_i64((struct str){s.p, dash}, &a) ||
	    !str_to_i64((struct str){s.p + dash + 1, slash - dash - 1}, &b) ||
	    !str_to_i64(str_from(s, slash + 1), &c) || a < 0 || b < a || c <= b)
		return false;
	*first = (uint64_t)a;
	*end = (uint64_t)b + 1;
	*size = (uint64_t)c;
	return true;
}

static void take(char *to, size_t size, struct str value)
{
	snprintf(to, size, "%.*s", STRF(value));
}

/* A day is more than anybody means. */
static int up_to_a_day(int64_t ms)
{
	return ms < 0 ? 0 : ms > 86400000 ? 86400000 : (int)ms;
}

/* Seconds, or a date. */
static int retry_after_ms(struct str value)
{
	char date[40];
	int64_t ms;

	if (str_to_i64(value, &ms)) {
		ms = ms > 86400 ? 86400000 : ms * 1000;
	} else {
		take(date, sizeof date, value);
		ms = http_date_ms(date);
		if (ms >= 0)
			ms -= clock_wall_ms();
	}
	return up_to_a_day(ms);
}

static int milliseconds(struct str value)
{
	int64_t ms;

	return str_to_i64(value, &ms) ? up_to_a_day(ms) : 0;
}

size_t http_easy_header(char *p, size_t size, size_t n, void *reply)
{
	struct http_reply *r = reply;
	struct str line = {p, size * n};
	size_t colon;
	struct str name, value;

	if (str_starts(line, STR("HTTP/"))) {
		size_t blank = str_find(line, ' ');

		*r = (struct http_reply){.content_length = -1};
		for (size_t i = blank + 1; i < line.n && i < blank + 4; i++)
			if (line.p[i] >= '0' && line.p[i] <= '9')
				r->status = r->status * 10 + (line.p[i] - '0');
		return line.n;
	}
	colon = str_find(line, ':');
	if (colon == line.n)
		return line.n;
	name = (struct str){line.p, colon};
	value = str_trim(str_from(line, colon + 1));
	switch (name.n) {
	case 4:
		if (str_ieq(name, STR("etag")))
			take(r->etag, sizeof r->etag, value);
		else if (str_ieq(name, STR("date")))
			take(r->date, sizeof r->date, value);
		break;
	case 11:
		if (str_ieq(name, STR("retry-after")))
			r->retry_after_ms = retry_after_ms(value);
		break;
	case 12:
		if (str_ieq(name, STR("content-type")))
			take(r->content_type, sizeof r->content_type, value);
		break;
	case 13:
		if (str_ieq(name, STR("content-range")))
			take(r->content_range, sizeof r->content_range, value);
		break;
	case 14:
		if (str_ieq(name, STR("content-length")) && !str_to_i64(value, &r->content_length))
			r->content_length = -1;
		break;
	case 16:
		if (str_ieq(name, STR("x-amzn-errortype")))
			take(r->error_type, sizeof r->error_type, value);
		else if (str_ieq(name, STR("x-amzn-requestid")))
			take(r->request_id, sizeof r->request_id, value);
		break;
	case 17:
		if (str_ieq(name, STR("x-amz-retry-after")))
			r->retry_after_ms = milliseconds(value);
		break;
	case 19:
		if (str_ieq(name, STR("x-amz-bucket-region")))
			take(r->region, sizeof r->region, value);
		break;
	default: break;
	}
	return line.n;
}

struct curl_slist *http_easy_lines(const char *const *lines, size_t n, struct curl_slist *nodes)
{
	for (size_t i = 0; i < n; i++) {
		union {
			const char *in;
			char *out;
		} line = {lines[i]}; /* curl only reads, its struct does not say so */

		nodes[i].data = line.out;
		nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
	}
	return n ? nodes : NULL;
}

/* "https://host:port" of a URL. */
static struct str origin(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end = host ? strpbrk(host + 3, "/?") : NULL;

	return end ? (struct str){url, (size_t)(end - url)} : str_z(url);
}

bool http_easy_error(
    CURLcode code, const char *detail, const char *url, enum err_where where, struct err *e)
{
	struct str o = origin(url);
	const char *what = detail[0] ? detail : curl_easy_strerror(code);

	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(
		    e, ERR_RETRY, where, "resolve", "cannot find %.*s: %s", STRF(o), what);
	case CURLE_COULDNT_CONNECT:
		return err_set(
		    e, ERR_RETRY, where, "connect", "cannot reach %.*s: %s", STRF(o), what);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_RETRY, where, "timeout", "%.*s is silent: %s", STRF(o), what);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
		return err_set(e, ERR_SETUP, where, "tls",
		    "cannot trust %.*s: %s; AWS_CA_BUNDLE may name a file of certificates", STRF(o),
		    what);
	case CURLE_URL_MALFORMAT:
		return err_set(e, ERR_SETUP, where, "url", "%.*s: %s", STRF(o), what);
	default:
		return err_set(
		    e, ERR_RETRY, where, "reset", "connection to %.*s broke: %s", STRF(o), what);
	}
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *b = ctx;

	buf_add(b, p, size * n);
	return b->over ? 0 : size * n;
}

/* curl_easy_perform() with a tick that does not wait for the peer. CURLE_ABORTED_BY_CALLBACK: it
 * said stop, h->stopped has its error. */
static CURLcode perform(struct http *h)
{
	CURLcode code = CURLE_OK;
	int running = 1, left;
	CURLMsg *m;

	if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return CURLE_FAILED_INIT;
	while (curl_multi_perform(h->multi, &running), running) {
		curl_multi_poll(h->multi, NULL, 0, TICK_MS, NULL);
		if (h->tick && !h->tick(h->tick_ctx, &h->stopped)) {
			code = CURLE_ABORTED_BY_CALLBACK;
			break;
		}
	}
	while ((m = curl_multi_info_read(h->multi, &left)))
		if (m->msg == CURLMSG_DONE && code == CURLE_OK)
			code = m->data.result;
	curl_multi_remove_handle(h->multi, h->easy);
	return code;
}

bool http_do(struct http *h, const struct http_request *q, struct http_reply *r, struct buf *body,
    struct err *e)
{
	CURL *easy = h->easy;
	const char *lines[HEADERS_MAX];
	struct curl_slist nodes[HEADERS_MAX];
	bool typed = false;
	size_t n = 0;
	CURLcode rc;

	*r = (struct http_reply){.content_length = -1};
	for (; n < q->n_headers && n < HEADERS_MAX - 2; n++) {
		lines[n] = q->headers[n];
		typed |= strncasecmp(lines[n], "content-type:", 13) == 0;
	}
	lines[n++] = "Expect:";
	if (!typed)
		lines[n++] = "Content-Type:"; /* else curl invents one for a body */

	curl_easy_reset(easy);
	http_easy_setup(easy, h->detail);
	curl_easy_setopt(easy, CURLOPT_URL, q->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http_easy_lines(lines, n, nodes));
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	if (q->direct)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (strcmp(q->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(q->method, "PUT") == 0 || strcmp(q->method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, q->body.n ? q->body.p : "");
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, q->method);
	} else if (strcmp(q->method, "GET") != 0) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, q->method);
	}
	rc = perform(h);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	if (rc == CURLE_OK)
		return true;
	if (rc == CURLE_ABORTED_BY_CALLBACK) {
		*e = h->stopped;
		return false;
	}
	if (body->over)
		return err_set(e, ERR_TASK, h->where, "large",
		    "the answer is larger than the %zu bytes that were expected at most",
		    body->max);
	return http_easy_error(rc, h->detail, q->url, h->where, e);
}
