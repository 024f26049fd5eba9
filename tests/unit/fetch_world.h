/*
 * fetch_world.h - an S3 server that fails on command, a client of it, and a sink that holds fetch.h
 * to its promises.
 */
#ifndef TESTS_UNIT_FETCH_WORLD_H
#define TESTS_UNIT_FETCH_WORLD_H

#include "tests/unit/unit.h"

#include "shared/clock.h"
#include "tests/unit/faulty.h"
#include "workers/fetch.h"

enum { MANY = 400 };

struct seen {
	uint64_t n, held;
	int lasts;
	int64_t ended_ms;
};

struct world {
	struct faulty *server;
	struct s3 *s3;
	struct fetch *fetch;
	struct fetch_object objects[MANY];
	char keys[MANY][24], etags[MANY][24];
	size_t n;
	struct fetch_opts opts;

	/* The sink. */
	struct seen seen[MANY];
	bool keeps; /* holds every object until its end */
	uint64_t held, most_held;
	int broken;            /* promises that were not kept */
	size_t fails_at;       /* object whose bytes it refuses; MANY: none */
	int ticks, stop_after; /* ticks until it says stop; 0: never */

	struct fetch_stats stats;
	size_t failed;
	struct err e;
	int64_t ms;
};

static volatile sig_atomic_t stop;

static inline bool on_bytes(
    void *ctx, size_t i, const char *p, size_t n, bool last, size_t *held, struct err *e)
{
	struct world *w = ctx;
	struct seen *s = &w->seen[i];

	for (size_t k = 0; k < n; k++)
		w->broken += p[k] != content_at(i, s->n + k);
	w->broken += s->lasts != 0;
	if (w->held > w->opts.memory)
		for (size_t k = 0; k < i; k++)
			w->broken += w->seen[k].lasts == 0; /* only the oldest may flow */
	s->n += n;
	s->lasts += last;
	if (last)
		s->ended_ms = clock_ms();
	*held = w->keeps ? (size_t)s->n : 0;
	w->held -= s->held;
	s->held = last ? 0 : *held;
	w->held += s->held;
	if (w->held > w->most_held)
		w->most_held = w->held;
	if (i == w->fails_at)
		return err_set(e, ERR_DATA, AT_DATA, "1216", "refused");
	return true;
}

static inline bool on_tick(void *ctx, struct err *e)
{
	struct world *w = ctx;

	if (stop)
		return err_set(e, ERR_CANCELLED, AT_INTERNAL, NULL, "stopped");
	if (++w->ticks == w->stop_after)
		return err_set(e, ERR_CANCELLED, AT_INTERNAL, NULL, "enough");
	return true;
}

static inline struct s3 *open_s3(const struct faulty *f, struct world *w, bool anonymous)
{
	struct credentials c = {
	    .anonymous = anonymous, .key = {STR("AKID"), STR("secret"), STR("")}};
	char endpoint[64];
	struct s3_options o = {.endpoint = endpoint,
	    .region = STR("us-west-2"),
	    .credentials = &c,
	    .attempts = 3,
	    .tick = on_tick,
	    .tick_ctx = w};
	struct s3 *s = NULL;
	struct err e;

	snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", f->port);
	if (!s3_open(&o, &s, &e))
		fail_msg("%s", e.msg);
	return s;
}

static inline struct world *world_new(size_t n, uint64_t size)
{
	struct world *w = xcalloc(1, sizeof *w);

	stop = 0;
	w->server = faulty_start(size);
	w->s3 = open_s3(w->server, w, false);
	w->fetch = fetch_new(w->s3);
	w->n = n;
	w->fails_at = MANY;
	w->opts = (struct fetch_opts){.connections = 8, .memory = 1 << 20};
	for (size_t i = 0; i < n; i++) {
		snprintf(w->keys[i], sizeof w->keys[i], "%zu", i);
		snprintf(w->etags[i], sizeof w->etags[i], "e%zu", i);
		w->objects[i] = (struct fetch_object){
		    STR("bkt"), str_z(w->keys[i]), str_z(w->etags[i]), size};
	}
	return w;
}

static inline void world_free(struct world *w)
{
	fetch_free(w->fetch);
	s3_close(w->s3);
	faulty_stop(w->server);
	free(w);
}

static inline void set_size(struct world *w, size_t i, uint64_t size)
{
	w->objects[i].size = w->server->size[i] = size;
}

static inline bool run(struct world *w)
{
	struct fetch_sink sink = {w, on_bytes};
	int64_t from = clock_ms();
	bool ok;

	memset(w->seen, 0, sizeof w->seen);
	memset(&w->e, 0, sizeof w->e);
	w->held = w->most_held = 0;
	ok = fetch_all(w->fetch, w->objects, w->n, &w->opts, &sink, &w->stats, &w->failed, &w->e);
	w->ms = clock_ms() - from;
	assert_int_equal(w->broken, 0);
	return ok;
}

/* Everything came, once and in order. */
static inline void run_well(struct world *w)
{
	if (!run(w))
		fail_msg("%s", w->e.msg);
	assert_int_equal(w->e.kind, 0);
	for (size_t i = 0; i < w->n; i++) {
		assert_int_equal(w->seen[i].n, w->objects[i].size);
		assert_int_equal(w->seen[i].lasts, 1);
	}
	assert_int_equal(w->stats.objects, w->n);
}

#define HTTP_ERROR(status, more, code)                                                             \
	"HTTP/1.1 " status "\r\n" more "Connection: close\r\n\r\n<Error><Code>" code               \
	"</Code><Message>m</Message></Error>"

#endif
