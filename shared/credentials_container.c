/*
 * credentials_container.c - the server that a container asks for its keys (ECS, EKS pod identity,
 * Greengrass).
 *
 * Where the variable is set it is meant: a failure is an error, and no other place is tried. A
 * token that the server wants is read anew each time, because the file is renewed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "shared/backoff.h"
#include "shared/buf.h"
#include "shared/credentials_chain.h"
#include "shared/file.h"
#include "shared/http.h"

enum { TIME_MS = 2000, ATTEMPTS = 3, PAUSE_MS = 1000, ANSWER_MAX = 64 * 1024 };

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"

/* The host of "SCHEME://HOST[:PORT]/...", without the brackets of an address; empty where there is
 * none, or something before an "@" that would have another one look like it. */
static struct str host_of(struct str url)
{
	struct str host = str_from(url, str_find(url, ':') + 3);
	size_t n = 0;

	while (n < host.n && !strchr("/?#\\", host.p[n]))
		n++;
	host.n = n;
	if (str_find(host, '@') < host.n)
		return (struct str){0};
	if (host.n && host.p[0] == '[')
		return (struct str){host.p + 1, str_find(str_from(host, 1), ']')};
	host.n = str_find(host, ':');
	return host;
}

bool chain_container_url_ok(struct str url)
{
	static const char *const known[] = {
	    "localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23", "::1"};
	struct str host = host_of(url);
	unsigned char four[4];
	char text[48];

	if (!host.n || host.n >= sizeof text)
		return false;
	if (str_starts(url, STR("https://")))
		return true;
	if (!str_starts(url, STR("http://")))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_ieq(host, str_z(known[i])))
			return true;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, four) == 1 && four[0] == 127;
}

static bool find_url(struct chain *c, const char **url, struct err *e)
{
	const char *relative = chain_env(RELATIVE), *full = chain_env(FULL);

	if (!relative && !full)
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "neither " RELATIVE " nor " FULL " is set: this is no container of ECS or EKS");
	if (relative && relative[0] != '/')
		return err_set(e, ERR_SETUP, AT_CONFIG, NULL, RELATIVE " must begin with a slash");
	*url = relative ? arena_printf(c->a, "http://169.254.170.2%s", relative) : full;
	return relative || chain_container_url_ok(str_z(full)) ||
	       err_set(e, ERR_SETUP, AT_CONFIG, NULL,
	           FULL " names a server that may not be asked for keys: it must be https://, this "
	                "machine, 169.254.170.2, 169.254.170.23 or fd00:ec2::23");
}

static bool find_token(struct chain *c, struct str *token, struct err *e)
{
	const char *path = chain_env(TOKEN "_FILE"), *from = path ? TOKEN "_FILE" : TOKEN;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct buf b;
	bool ok = true;

	*token = str_z(chain_env(TOKEN));
	if (path && fd < 0)
		return err_errno(e, ERR_SETUP, AT_CONFIG, TOKEN "_FILE %s", path);
	if (path) {
		buf_init(&b, ANSWER_MAX);
		ok = file_read(fd, &b) ||
		     err_errno(e, ERR_SETUP, AT_CONFIG, TOKEN "_FILE %s", path);
		close(fd);
		*token = arena_str(c->a, buf_view(&b));
		buf_wipe(&b);
	}
	/* It is to be a header, and must not become two. */
	for (size_t i = 0; ok && i < token->n; i++)
		if ((unsigned char)token->p[i] < ' ' || token->p[i] == 127)
			ok = err_set(e, ERR_SETUP, AT_CONFIG, NULL,
			    "the token of %s holds an end of line, or another character "
			    "that no header may",
			    from);
	return ok;
}

/* One attempt: a 200, its body in b. */
static bool ask(struct http *h, const struct http_request *q, struct buf *b, struct err *e)
{
	struct http_reply r;

	buf_reset(b);
	if (!http_do(h, q, &r, b, e))
		return false;
	return r.status == 200 || err_set(e, ERR_RETRY, AT_CONFIG, NULL, "HTTP %d", r.status);
}

static bool ask_thrice(
    struct chain *c, const char *url, struct str token, struct buf *b, struct err *e)
{
	const char *lines[] = {
	    "Accept: application/json", arena_printf(c->a, "Authorization: %.*s", STRF(token))};
	struct http_request q = {.method = "GET",
	    .url = url,
	    .headers = lines,
	    .n_headers = token.n ? 2 : 1,
	    .timeout_ms = TIME_MS,
	    .direct = true};
	struct http *h = http_new(AT_CONFIG, c->tick, c->tick_ctx);
	bool ok = false;

	for (int i = 0; !ok && i < ATTEMPTS; i++) {
		if (i && !backoff_wait(PAUSE_MS, c->tick, c->tick_ctx, e))
			break;
		ok = ask(h, &q, b, e);
		if (!ok && e->kind == ERR_CANCELLED)
			break;
	}
	http_free(h);
	return ok;
}

bool chain_has_container(const struct chain *c, struct str profile)
{
	(void)c;
	(void)profile;
	return chain_env(RELATIVE) || chain_env(FULL);
}

bool chain_get_container(
    struct chain *c, struct str profile, struct credentials *out, struct err *e)
{
	const char *place = chain_env(RELATIVE) ? RELATIVE : FULL, *url;
	struct str token;
	struct buf b;
	bool ok;

	(void)profile;
	if (!find_url(c, &url, e) || !find_token(c, &token, e))
		return false;
	place = arena_printf(c->a, "container (%s)", place);
	buf_init(&b, ANSWER_MAX);
	ok = ask_thrice(c, url, token, &b, e);
	if (ok)
		ok = chain_take_json(c, buf_view(&b), place, "Token", false, out, e);
	else if (e->kind != ERR_CANCELLED)
		err_set(e, ERR_SETUP, AT_CONFIG, NULL,
		    "%s: the server that is to give the keys was asked %d times in vain: %s", place,
		    ATTEMPTS, e->msg);
	buf_wipe(&b);
	return ok;
}
