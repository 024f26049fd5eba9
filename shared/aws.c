/* aws.c - see aws.h: opening a client, signing, and the loop of aws_wire.h. */
#include "shared/aws.h"

#include <jansson.h>
#include <stdlib.h>

#include "shared/aws_wait.h"
#include "shared/aws_wire.h"
#include "shared/clock.h"
#include "shared/endpoint.h"

enum { ATTEMPTS = 8, ANSWER_MAX = 16 << 20, SILENT_MS = 60000, LEAST_MS = 2000 };

bool aws_open(const struct aws_options *o, struct aws **out, struct err *e)
{
	struct aws *w;

	if (!endpoint_region_ok(o->region))
		return err_set(e, ERR_SETUP, AT_CONFIG, "region",
		    "[AWS] REGION = %.*s is no region; write one like us-west-2", STRF(o->region));
	w = xcalloc(1, sizeof *w);
	w->life = arena_new();
	w->call = arena_new();
	w->http = http_new(AT_AWS, o->tick, o->tick_ctx);
	w->config = o->config;
	w->region = arena_str(w->life, o->region);
	w->credentials = o->credentials;
	w->refresh = credentials_refresh;
	w->attempts = o->attempts > 0 ? o->attempts : ATTEMPTS;
	w->tick = o->tick;
	w->tick_ctx = o->tick_ctx;
	*out = w;
	return true;
}

void aws_close(struct aws *w)
{
	if (!w)
		return;
	http_free(w->http);
	arena_free(w->life);
	arena_free(w->call);
	free(w);
}

struct aws_stats aws_stats(const struct aws *w)
{
	return w->stats;
}

/* The headers of one request: the signer wants pairs, the wire wants lines. */
struct lines {
	struct arena *a;
	struct sigv4_header pairs[AWS_LINES];
	struct aws_wire *out;
};

static void add(struct lines *l, const char *name, struct str value)
{
	size_t i = l->out->n_lines++;

	l->pairs[i] = (struct sigv4_header){str_z(name), value};
	l->out->lines[i] = arena_printf(l->a, "%s: %.*s", name, STRF(value));
}

void aws_sign_at(const struct aws *w, const struct aws_call *c, const struct aws_endpoint *at,
    int64_t wall_ms, struct arena *a, struct aws_wire *out)
{
	const struct credentials *who = w->credentials;
	char hash[65], time[17];
	struct lines l = {.a = a, .out = out};
	struct sigv4_result signature;
	struct endpoint to = {0};

	endpoint_parse(str_z(at->url), &to);
	*out = (struct aws_wire){
	    .url = arena_printf(a, "%.*s/", STRF(to.base)), .wall_ms = wall_ms};
	add(&l, "Host", to.host);
	if (at->target) {
		add(&l, "X-Amz-Target", str_z(arena_printf(a, "%s.%s", at->target, c->action)));
		add(&l, "Content-Type", STR("application/x-amz-json-1.1"));
	} else {
		add(&l, "Content-Type", STR("application/x-www-form-urlencoded; charset=utf-8"));
	}
	if (!who || who->anonymous)
		return;

	sigv4_sha256_hex(buf_view(&c->body), hash);
	sigv4_time(wall_ms, time);
	add(&l, "X-Amz-Date", str_z(time));
	if (who->key.token.n)
		add(&l, "X-Amz-Security-Token", who->key.token);
	sigv4_sign(
	    &(struct sigv4_request){
	        .method = STR("POST"),
	        .path = str_z(arena_printf(a, "%.*s/", STRF(to.path))),
	        .headers = l.pairs,
	        .n_headers = out->n_lines,
	        .payload_hash = str_z(hash),
	        .path_rule = SIGV4_PATH_NORMALISE,
	        .region = at->region,
	        .service = str_z(at->name),
	        .time = str_z(time),
	    },
	    &who->key, a, &signature);
	add(&l, "Authorization", signature.authorization);
}

static bool find_endpoint(struct aws *w, enum aws_service service, struct err *e)
{
	struct aws_endpoint *at = &w->endpoints[service];
	struct endpoint parsed;

	if (!at->url)
		aws_endpoint(w->config, service, w->region, w->life, at);
	return endpoint_parse(str_z(at->url), &parsed) || endpoint_refuse(at->from, e);
}

static void nothing(void *ctx, struct str path, struct str text)
{
	(void)ctx, (void)path, (void)text;
}

/* An answer that is cut or is not AWS's own, such as the page of a proxy, is no answer. */
static bool is_complete(const struct aws_endpoint *at, struct str body, struct err *e)
{
	json_error_t why = {.position = 0};
	json_t *json;

	if (!at->target) {
		if (xml_walk(body, NULL, nothing, NULL, e))
			return true;
		e->where = AT_AWS;
		return false;
	}
	json = body.n ? json_loadb(body.p, body.n, 0, &why) : json_object();
	if (!json)
		return err_set(e, ERR_RETRY, AT_AWS, NULL,
		    "the JSON answer is cut or damaged at byte %d", why.position);
	json_decref(json);
	return true;
}

/* Where AWS's time passes more quickly, a server that is silent is given up more quickly, too. */
static int patience_ms(void)
{
	int64_t ms = SILENT_MS / aws_speed();

	return (int)(ms < LEAST_MS ? LEAST_MS : ms);
}

/* Sends it once. */
static enum aws_verdict try(
    struct aws *w, const struct aws_call *c, struct aws_tries *t, struct buf *answer, struct err *e)
{
	const struct aws_endpoint *at = &w->endpoints[c->service];
	struct aws_wire wire;
	struct http_reply r;
	enum aws_verdict verdict;

	buf_reset(answer);
	arena_reset(w->call);
	t->throttled = false;
	aws_sign_at(w, c, at, clock_wall_ms() + w->skew_ms, w->call, &wire);
	w->stats.requests++;
	if (!http_do(w->http,
	        &(struct http_request){.method = "POST",
	            .url = wire.url,
	            .headers = wire.lines,
	            .n_headers = wire.n_lines,
	            .timeout_ms = patience_ms(),
	            .body = buf_view(&c->body)},
	        &r, answer, e)) {
		aws_no_answer(c, at, e);
		return AWS_FAILED;
	}
	verdict = aws_judge(w, c, at, &wire, &r, buf_view(answer), t, e);
	if (verdict == AWS_TAKEN && !is_complete(at, buf_view(answer), e)) {
		err_prefix(e, "%s:%s at %s", at->name, c->action, at->url);
		return AWS_FAILED;
	}
	return verdict;
}

bool aws_send(struct aws *w, struct aws_call *c, struct arena *a, struct str *body, struct err *e)
{
	struct aws_tries t = {0};
	enum aws_verdict verdict = AWS_FAILED;
	struct buf answer;
	bool go_on;

	if (c->body.over)
		return err_set(e, ERR_TASK, AT_AWS, "large", "%s: more than AWS takes", c->action);
	if (!find_endpoint(w, c->service, e))
		return false;
	buf_init(&answer, ANSWER_MAX);
	do {
		int64_t pause = 0;

		go_on = !w->credentials || w->refresh(w->credentials, false, e);
		if (!go_on)
			break;
		verdict = try(w, c, &t, &answer, e);
		if (verdict == AWS_FAILED)
			pause = aws_backoff(w, &t, e);
		go_on = verdict != AWS_TAKEN && pause >= 0 && aws_pause(w, pause, e);
		w->stats.retries += go_on;
	} while (go_on);
	if (verdict == AWS_TAKEN)
		*body = answer.n || aws_version(c->service) ? arena_str(a, buf_view(&answer))
		                                            : STR("{}");
	buf_wipe(&answer); /* it may hold keys */
	return verdict == AWS_TAKEN;
}
