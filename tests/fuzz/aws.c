/*
 * Any bytes as a refusal of AWS: an error with a kind, that quotes no secret of ours.
 *
 * The first line is the status, the second x-amzn-errortype, the third the date, the rest the body.
 */
#include <stdlib.h>

#include "shared/aws_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool refresh(struct credentials *c, bool refused, struct err *e)
{
	(void)c, (void)refused, (void)e;
	return true;
}

static struct str line(struct str *rest)
{
	struct str first = {rest->p, str_find(*rest, '\n')};

	*rest = str_from(*rest, first.n + 1);
	return first;
}

static void fill(char *to, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char secret[] = "Passw0rd~x", key[] = "wJalrXUtnFEMI", token[] = "TOK/EN+==";
	struct credentials who = {
	    .key = {STR("AKID"), STR(key), STR(token)}, .origin = STR("here")};
	struct aws w = {.credentials = &who, .refresh = refresh, .attempts = 3};
	struct aws_endpoint at = {
	    .url = "http://h/", .name = "redshift", .from = "AWS_ENDPOINT_URL"};
	struct str rest = {(const char *)data, size};
	struct aws_wire sent = {.wall_ms = 1785585600000};
	struct http_reply r = {.status = 0};
	struct aws_tries t = {0};
	struct err e = {.kind = 0};
	struct aws_call c;
	int64_t status;

	if (!str_to_i64(line(&rest), &status) || status < 300 || status > 599)
		return 0;
	r.status = (int)status;
	fill(r.error_type, sizeof r.error_type, line(&rest));
	fill(r.date, sizeof r.date, line(&rest));
	aws_call_init(&c, AWS_REDSHIFT, "CreateCluster");
	aws_arg_secret(&c, "MasterUserPassword", STR(secret));
	for (int i = 0; i < 4; i++) {
		enum aws_verdict verdict = aws_judge(&w, &c, &at, &sent, &r, rest, &t, &e);

		/* The clock and the keys, each once. */
		if (verdict == AWS_TAKEN || (verdict == AWS_AGAIN) > (i < 2))
			abort();
	}
	if (!e.kind || (e.where != AT_AWS && e.where != AT_CONFIG) || !e.msg[0])
		abort();
	if (strstr(e.msg, secret) || strstr(e.msg, key) || strstr(e.msg, token) ||
	    strstr(e.code, secret))
		abort();
	aws_call_free(&c);
	return 0;
}
