/*
 * fetch.c - see fetch.h.
 *
 * A slot is a connection's worth of work: one curl handle and the object that it is busy with, from
 * the first try to the last byte. Its states:
 *
 *     IDLE ──start──► RUNNING ──all bytes delivered──► IDLE (next object)
 *                      ▲    └──failed, may pass──► WAITING ──due──► RUNNING
 *                      └──memory is free again──── (paused is a flag of RUNNING)
 *
 * A slot keeps its object while it waits: the back-pressure that S3 asks for by a storm of 503s.
 * Bytes are delivered in curl's write callback. At an answer's first byte it is looked at
 * (slot_begin): only a body that begins where we are, in the object that was listed, is delivered;
 * of any other it is kept for s3_judge. What goes wrong there ends the fetch, after curl's return.
 *
 * Where keys must be renewed before a request, what is in flight goes on (meanwhile).
 */
#include "workers/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/http_curl.h"
#include "shared/s3_wire.h"
#include "workers/window.h"

enum {
	TICK_MS = 200,
	MEANWHILE_MS = 100,
	ERROR_BODY_MAX = 64 * 1024,
	PROGRESS = 1 << 20, /* bytes of one try after which the count of tries begins anew */
};

enum slot_state { IDLE, RUNNING, WAITING };

struct slot {
	struct fetch *f;
	CURL *easy;
	enum slot_state state;
	bool in_multi;

	/* The object. */
	size_t i;
	uint64_t size; /* FETCH_ANY_SIZE: until the first answer */
	char etag[sizeof(((struct http_reply *)0)->etag)]; /* of that, where none was listed */
	uint64_t done;                                     /* bytes delivered */
	uint64_t held;                                     /* of these, kept by the sink */
	bool ended;                                        /* the last ones were delivered */
	struct s3_call call;
	struct s3_tries tries;
	int64_t due_ms; /* WAITING: when to try again */

	/* The request. */
	struct arena *arena;
	struct s3_wire wire;
	struct curl_slist lines[S3_LINES];
	struct http_reply reply;
	uint64_t from;   /* where in the object it begins */
	bool begun;      /* the answer's head was looked at */
	bool good;       /* its body is the object's */
	bool paused;     /* by us, for memory */
	uint64_t skip;   /* bytes at its start that were delivered before */
	struct buf body; /* of an answer that is not good */
	char detail[CURL_ERROR_SIZE];
};

struct fetch {
	struct s3 *s3;
	CURLM *multi;
	struct slot **slots;
	size_t n_slots;

	/* The fetch_all that is running. */
	const struct fetch_object *objects;
	const struct fetch_opts *opts;
	const struct fetch_sink *sink;
	struct fetch_stats *stats;
	size_t n, next, finished;
	size_t active;        /* slots in use: the first ones */
	struct window window; /* how many of them may be busy */
	uint64_t held;        /* by the sink, of all objects */
	int64_t ticked;       /* clock_ms() of the last tick */
	bool turning;         /* curl or the sink is at work: neither may be called again */
	bool failed;          /* for good: err says why, failed_at where */
	size_t failed_at;     /* n: no single object */
	struct err err;       /* scratch while a failure may still pass */
};

struct fetch *fetch_new(struct s3 *s)
{
	struct fetch *f = xcalloc(1, sizeof *f);

	f->s3 = s;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	f->multi = curl_multi_init();
	if (!f->multi)
		abort();
	return f;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	for (size_t k = 0; k < f->n_slots; k++) {
		struct slot *s = f->slots[k];

		curl_easy_cleanup(s->easy);
		arena_free(s->arena);
		buf_free(&s->body);
		free(s);
	}
	free(f->slots);
	curl_multi_cleanup(f->multi);
	curl_global_cleanup();
	free(f);
}

/* f->err is set and final. */
static bool give_up(struct fetch *f, size_t i)
{
	f->failed = true;
	f->failed_at = i;
	return false;
}

static const struct fetch_object *object_of(const struct slot *s)
{
	return &s->f->objects[s->i];
}

static bool size_changed(struct slot *s)
{
	const struct fetch_object *o = object_of(s);

	err_set(&s->f->err, ERR_CHANGED, AT_S3, "SizeChanged",
	    "s3://%.*s/%.*s no longer has the %llu bytes that were listed: run again, and it is "
	    "listed anew",
	    STRF(o->bucket), STRF(o->key), (unsigned long long)s->size);
	return give_up(s->f, s->i);
}

static bool tick(struct fetch *f)
{
	int64_t now = clock_ms();

	if (now - f->ticked < TICK_MS)
		return true;
	f->ticked = now;
	return !f->s3->tick || f->s3->tick(f->s3->tick_ctx, &f->err) || give_up(f, f->n);
}

static bool deliver(struct slot *s, const char *p, size_t n, bool last)
{
	struct fetch *f = s->f;
	bool turning = f->turning, ok;
	size_t held = 0;

	f->turning = true;
	ok = f->sink->bytes(f->sink->ctx, s->i, p, n, last, &held, &f->err);
	f->turning = turning;
	if (!ok)
		return give_up(f, s->i);
	s->done += n;
	s->ended = last;
	f->stats->bytes += n;
	f->held -= s->held;
	s->held = last ? 0 : held;
	f->held += s->held;
	return tick(f);
}

/* What was not listed is what the first answer says. */
static void slot_learn(struct slot *s, uint64_t size)
{
	if (s->size == FETCH_ANY_SIZE)
		s->size = size;
	if (s->call.etag.n == 0) {
		memcpy(s->etag, s->reply.etag, sizeof s->etag);
		s->call.etag = str_z(s->etag);
	}
}

/* Not that of what is listed, nor of what is left of it. */
static bool is_other_length(const struct slot *s)
{
	int64_t length = s->reply.content_length;

	return length >= 0 && (uint64_t)length != s->size && (uint64_t)length != s->size - s->from;
}

/*
 * Decides what the body of this answer is. good: the listed object from s->from on, or from its
 * start with `skip` bytes that we have already. False: the fetch was given up.
 */
static bool slot_begin(struct slot *s)
{
	const struct fetch_object *o = object_of(s);
	const struct http_reply *r = &s->reply;
	uint64_t first = 0, end, size;

	s->begun = true;
	if (r->status != 200 && r->status != 206)
		return true;
	if (s3_is_other(&s->call, r)) {
		/* Judged now: the whole body of another object may be behind this. */
		s3_judge(s->f->s3, &s->call, r, STR(""), &s->tries, &s->f->err);
		return give_up(s->f, s->i);
	}
	/* Without the ETag that S3 always sends it may be an error that came too late for its
	 * status; s3_judge will see. */
	if (!r->etag[0] && (o->etag.n || is_other_length(s)))
		return true;
	if (r->status == 206) {
		/* The answer to another question is not the object's fault: try again. */
		if (!http_content_range(r->content_range, &first, &end, &size) ||
		    first != s->from || (s->size == FETCH_ANY_SIZE && end != size))
			return true;
		slot_learn(s, size);
		if (size != s->size || end != size)
			return size_changed(s);
	} else {
		if (s->size == FETCH_ANY_SIZE && r->content_length < 0)
			return true;
		slot_learn(s, (uint64_t)r->content_length);
		s->skip = s->from; /* a server that knows no ranges */
	}
	if (r->content_length >= 0 && (uint64_t)r->content_length != s->size - first)
		return size_changed(s);
	s->good = true;
	return true;
}

/* The array is begun in order, so the oldest is the one with the smallest index. */
static bool is_oldest(const struct slot *s)
{
	const struct fetch *f = s->f;

	for (size_t k = 0; k < f->active; k++)
		if (f->slots[k]->state != IDLE && f->slots[k]->i < s->i)
			return false;
	return true;
}

static bool must_pause(const struct slot *s)
{
	return s->f->held > s->f->opts->memory && !is_oldest(s);
}

/* Takes all n bytes, or returns something else to curl: 0 ends the transfer. */
static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
	struct slot *s = ctx;
	size_t n = size * count, fresh;
	uint64_t left;
	bool last;

	if (s->f->failed || (!s->begun && !slot_begin(s)))
		return 0;
	if (!s->good) {
		buf_add(&s->body, p, n);
		return s->body.over ? 0 : n;
	}
	if (must_pause(s)) {
		s->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	fresh = s->skip < n ? n - (size_t)s->skip : 0;
	s->skip -= n - fresh;
	left = s->size - s->done;
	if (fresh > left) {
		size_changed(s);
		return 0;
	}
	if (fresh == 0)
		return n;
	/* Where the length was announced, nothing can come behind the last byte. */
	last = fresh == left && s->reply.content_length >= 0;
	return deliver(s, p + (n - fresh), fresh, last) ? n : 0;
}

static struct slot *slot_new(struct fetch *f)
{
	struct slot *s = xcalloc(1, sizeof *s);

	s->f = f;
	s->arena = arena_new();
	buf_init(&s->body, ERROR_BODY_MAX);
	s->easy = curl_easy_init();
	if (!s->easy)
		abort();
	http_easy_setup(s->easy, s->detail);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, &s->reply);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	return s;
}

/* Asks for what is left of the slot's object. False: the fetch was given up. */
static bool slot_send(struct slot *s)
{
	struct fetch *f = s->f;
	struct err why;

	s->state = RUNNING;
	s->begun = s->good = s->paused = false;
	s->skip = 0;
	s->reply = (struct http_reply){.content_length = -1};
	s->from = s->call.from = s->done;
	s->detail[0] = '\0';
	buf_reset(&s->body);
	arena_reset(s->arena);
	if (!s3_ready(f->s3, &s->call, &s->tries, s->arena, &s->wire, &why) && !f->failed) {
		f->err = why;
		give_up(f, f->n); /* no object's fault */
	}
	if (f->failed) /* for that, or meanwhile */
		return false;
	curl_easy_setopt(
	    s->easy, CURLOPT_BUFFERSIZE, (long)window_piece(&f->window, f->n, s->size - s->done));
	curl_easy_setopt(s->easy, CURLOPT_URL, s->wire.url);
	curl_easy_setopt(
	    s->easy, CURLOPT_HTTPHEADER, http_easy_lines(s->wire.lines, s->wire.n_lines, s->lines));
	curl_multi_add_handle(f->multi, s->easy);
	s->in_multi = true;
	f->stats->requests++;
	f->s3->stats.requests++;
	return true;
}

static bool slot_start(struct slot *s, size_t i)
{
	const struct fetch_object *o = &s->f->objects[i];

	s->i = i;
	s->size = o->size;
	s->done = s->held = 0;
	s->ended = false;
	s->tries = (struct s3_tries){0};
	s->call = (struct s3_call){
	    .method = "GET", .bucket = o->bucket, .key = o->key, .etag = o->etag};
	return slot_send(s);
}

static bool slot_again(struct slot *s)
{
	s->f->stats->retries++;
	return slot_send(s);
}

static void slot_unplug(struct slot *s)
{
	if (s->in_multi)
		curl_multi_remove_handle(s->f->multi, s->easy);
	s->in_multi = false;
}

static bool slot_finish(struct slot *s)
{
	struct fetch *f = s->f;
	curl_off_t took = 0;

	if (!s->ended && !deliver(s, "", 0, true))
		return false;
	s->state = IDLE;
	f->finished++;
	f->stats->objects++;
	curl_easy_getinfo(s->easy, CURLINFO_TOTAL_TIME_T, &took);
	window_done(&f->window, took);
	return true;
}

/* f->err is set: the slot waits for another try, or the fetch is over. */
static bool slot_failed(struct slot *s)
{
	struct fetch *f = s->f;
	int64_t pause;

	if (s->done - s->from >= PROGRESS)
		s->tries.failed = 0;
	pause = s3_pause(f->s3, f->opts->attempts, &s->tries, &f->err);
	if (pause < 0)
		return give_up(f, s->i);
	s3_count_again(f->s3, &f->err); /* other errors come before it is due */
	if (s->reply.status == 503)
		window_slow_down(&f->window);
	s->state = WAITING;
	s->due_ms = clock_ms() + pause;
	return true;
}

static bool slot_bad_answer(struct slot *s, const char *code, const char *what)
{
	const struct fetch_object *o = object_of(s);

	err_set(&s->f->err, ERR_RETRY, AT_S3, code, "s3://%.*s/%.*s: %s", STRF(o->bucket),
	    STRF(o->key), what);
	return slot_failed(s);
}

/* The transfer is over, well or not. False: the fetch was given up. */
static bool slot_done(struct slot *s, CURLcode code)
{
	struct fetch *f = s->f;
	const struct fetch_object *o = object_of(s);
	const struct http_reply *r = &s->reply;
	bool flooded = s->begun && !s->good && s->body.over;
	enum s3_verdict verdict;
	struct err said = {.msg = ""};

	slot_unplug(s);
	if (s->ended) {
		f->s3->stats.status[2]++;
		s3_refund(f->s3);
		return slot_finish(s);
	}
	if (code != CURLE_OK && !flooded) {
		http_easy_error(code, s->detail, s->wire.url, AT_S3, &f->err);
		s3_no_answer(f->s3, &s->call, &f->err);
		return slot_failed(s);
	}
	if (!s->begun && !slot_begin(s)) /* an answer without a body */
		return false;
	verdict = s3_judge(f->s3, &s->call, r, buf_view(&s->body), &s->tries, &said);
	if (f->failed) /* while there were new keys to be had */
		return false;
	f->err = said;
	switch (verdict) {
	case S3_TAKEN: break;
	case S3_AGAIN: s3_count_again(f->s3, &f->err); return slot_again(s);
	case S3_FAILED:
		if (r->status == 404 && strcmp(f->err.code, "NoSuchKey") == 0)
			err_set(&f->err, ERR_TASK, AT_S3, "NoSuchKey",
			    "s3://%.*s/%.*s is gone since it was listed: run again, and the others "
			    "are listed anew",
			    STRF(o->bucket), STRF(o->key));
		return slot_failed(s);
	}
	if (!s->good)
		return slot_bad_answer(
		    s, "BadAnswer", "the server sent something else than was asked for");
	if (s->done < s->size)
		return slot_bad_answer(s, "reset", "the body was cut short");
	return slot_finish(s);
}

/* Moves bytes; returns how many are in flight. */
static int perform(struct fetch *f)
{
	int running = 0;

	f->turning = true;
	curl_multi_perform(f->multi, &running);
	f->turning = false;
	return running;
}

/* Lets the paused transfers go on that may. */
static void resume(struct fetch *f)
{
	f->turning = true;
	for (size_t k = 0; k < f->active && !f->failed; k++) {
		struct slot *s = f->slots[k];

		if (s->state != RUNNING || !s->paused || must_pause(s))
			continue;
		s->paused = false;
		curl_easy_pause(s->easy, CURLPAUSE_CONT); /* may call on_body at once */
	}
	f->turning = false;
}

/* The tick of whoever looks for new keys: those in flight are not held up, only new requests are.
 * What ends is judged when the keys are there. */
static bool meanwhile(void *ctx, struct err *e)
{
	struct fetch *f = ctx;
	int64_t until = clock_ms() + MEANWHILE_MS, left;
	bool running = !f->turning; /* else a sink has asked for something */

	while (left = until - clock_ms(), left > 0 && running && !f->failed && tick(f)) {
		running = perform(f) > 0;
		resume(f);
		if (running)
			curl_multi_poll(f->multi, NULL, 0, (int)left, NULL);
	}
	return (!f->failed && tick(f)) ||
	       err_set(e, ERR_CANCELLED, AT_INTERNAL, NULL, "the fetch is over");
}

/* Makes slots for as many as may be busy; none goes away before the fetch is over. */
static void use_slots(struct fetch *f)
{
	size_t n = f->window.n < f->n ? f->window.n : f->n;

	if (n > f->active)
		f->active = n;
	if (n <= f->n_slots)
		return;
	f->slots = xrealloc(f->slots, n * sizeof *f->slots);
	while (f->n_slots < n)
		f->slots[f->n_slots++] = slot_new(f);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)n);
}

static bool start_what_is_due(struct fetch *f)
{
	int64_t now = clock_ms();
	size_t busy = 0;

	use_slots(f);
	for (size_t k = 0; k < f->active; k++)
		busy += f->slots[k]->state != IDLE;
	for (size_t k = 0; k < f->active; k++) {
		struct slot *s = f->slots[k];

		if (s->state == IDLE && f->next < f->n && busy < f->window.n) {
			if (!slot_start(s, f->next++))
				return false;
			busy++;
		} else if (s->state == WAITING && s->due_ms <= now && !slot_again(s)) {
			return false;
		}
	}
	return true;
}

/* Until the network has something, or something is due. */
static void wait_for_network(struct fetch *f)
{
	int64_t now = clock_ms(), until = f->ticked + TICK_MS;

	for (size_t k = 0; k < f->active; k++)
		if (f->slots[k]->state == WAITING && f->slots[k]->due_ms < until)
			until = f->slots[k]->due_ms;
	curl_multi_poll(f->multi, NULL, 0, until > now ? (int)(until - now) : 0, NULL);
	f->stats->wait_ms += clock_ms() - now;
}

/* Starts, moves bytes, judges what has ended. False: the fetch was given up. */
static bool turn(struct fetch *f)
{
	size_t before = f->finished;
	CURLMsg *m;
	int left;

	if (!start_what_is_due(f))
		return false;
	perform(f);
	while (!f->failed && (m = curl_multi_info_read(f->multi, &left))) {
		struct slot *s = NULL;
		CURLcode code = m->data.result;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
		if (m->msg == CURLMSG_DONE)
			slot_done(s, code);
	}
	resume(f);
	if (f->failed || !tick(f))
		return false;
	if (f->finished == before)
		wait_for_network(f);
	return true;
}

bool fetch_all(struct fetch *f, const struct fetch_object *objects, size_t n,
    const struct fetch_opts *opts, const struct fetch_sink *sink, struct fetch_stats *stats,
    size_t *failed, struct err *e)
{
	*stats = (struct fetch_stats){0};
	f->objects = objects;
	f->opts = opts;
	f->sink = sink;
	f->stats = stats;
	f->n = n;
	f->next = f->finished = 0;
	f->held = 0;
	f->ticked = clock_ms();
	f->failed = false;
	f->active = 0;
	window_most(&f->window, opts->connections > 0 ? (size_t)opts->connections : 1);
	credentials_set_tick(&f->s3->credentials, meanwhile, f);
	while (f->finished < n && turn(f))
		;
	credentials_set_tick(&f->s3->credentials, f->s3->tick, f->s3->tick_ctx);
	for (size_t k = 0; k < f->active; k++) {
		slot_unplug(f->slots[k]);
		f->slots[k]->state = IDLE;
	}
	f->s3->stats.bytes_in += stats->bytes;
	if (!f->failed)
		return true;
	*failed = f->failed_at;
	*e = f->err;
	return false;
}
