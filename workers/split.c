/* split.c - see split.h. */
#include "workers/split.h"

#include <stdlib.h>
#include <string.h>

#include "workers/cut.h"
#include "workers/engine.h"
#include "workers/loaderrors.h"
#include "workers/quarantine.h"

struct split {
	struct worker *w;
	const struct msg_copy *m;
	struct str relation;
	const struct manifest *objects;
	struct manifest bad, good;
	struct bad_record *why; /* the first of each bad object */
	struct rejects rejects; /* all */
};

static int by_object(const void *a, const void *b)
{
	const struct bad_record *x = a, *y = b;
	int d = str_cmp(x->object, y->object);

	return d ? d : (x->line > y->line) - (x->line < y->line);
}

/* Every record is read, and nothing is written. */
static bool look(struct split *s, const struct sqlfile *f, struct err *e)
{
	struct msg_copy look = *s->m;
	struct msg_done ignored = {.rows = 0};
	struct copied c;

	look.validate = true;
	if (!engine_prepare(s->w, f, &look, s->objects, &ignored, &c, e) ||
	    !engine_copy(s->w, f, &look, s->objects, &ignored, &c, e))
		return false;
	s->rejects = c.rejects;
	return true;
}

/* Objects are in key order, and so are the records, once they are sorted: a merge. */
static void sort_out(struct split *s)
{
	struct arena *a = s->w->task;
	const struct manifest *o = s->objects;
	struct bad_record *v = arena_alloc(a, (s->rejects.n + 1) * sizeof *v);
	size_t at = 0;

	if (s->rejects.n)
		memcpy(v, s->rejects.v, s->rejects.n * sizeof *v);
	qsort(v, s->rejects.n, sizeof *v, by_object);
	s->bad = s->good = (struct manifest){.bucket = o->bucket};
	s->bad.objects = arena_alloc(a, o->n * sizeof *o->objects);
	s->good.objects = arena_alloc(a, o->n * sizeof *o->objects);
	s->why = arena_alloc(a, o->n * sizeof *s->why);
	for (size_t i = 0; i < o->n; i++) {
		struct str key = o->objects[i].key;
		struct str url = str_z(
		    arena_printf(a, "s3://%.*s/%.*s", STRF(o->bucket), STRF(key)));

		if (at < s->rejects.n && str_eq(v[at].object, url)) {
			s->why[s->bad.n] = v[at];
			s->bad.objects[s->bad.n++] = o->objects[i];
		} else {
			s->good.objects[s->good.n++] = o->objects[i];
		}
		while (at < s->rejects.n && str_cmp(v[at].object, url) <= 0)
			at++;
	}
}

static bool send_shard(struct split *s, struct object *objects, size_t n, struct err *e)
{
	struct manifest m = {.bucket = s->objects->bucket, .objects = objects, .n = n};

	return n == 0 || cut_send(s->w, s->m->id, s->relation, &m, false, e);
}

/* What the server did not take, it told without an object. */
static bool halve(struct split *s, const struct err *why, struct msg_done *done, struct err *e)
{
	const struct manifest *o = s->objects;

	s->good.n = 0;
	if (o->n == 1) {
		s->bad = *o;
		s->why[0] = (struct bad_record){.reason = str_z(why->msg)};
		s->why[0].reason.n = s->why[0].reason.n > 500 ? 500 : s->why[0].reason.n;
		return true;
	}
	done->note = STR("halved, to find what the warehouse does not take");
	return send_shard(s, o->objects, o->n / 2, e) &&
	       send_shard(s, o->objects + o->n / 2, o->n - o->n / 2, e);
}

static bool hold(struct split *s, struct msg_done *done, struct err *e)
{
	struct worker *w = s->w;

	if (s->bad.n == 0)
		return true;
	/* Whether they are held or too many: people want to see them all. */
	if (s->rejects.n)
		loaderrors_keep(w, s->relation, s->m->shard, &s->rejects);
	if (!quarantine_hold(w, s->relation, s->m->generation, &s->bad, s->why, e))
		return false;
	loaderrors_send(w, &s->rejects, MSG_BAD_MAX);
	done->quarantined = (int64_t)s->bad.n;
	done->note = str_z(
	    arena_printf(w->task, "%zu object(s) went into quarantine, %zu are loaded without them",
	        s->bad.n, s->good.n));
	return send_shard(s, s->good.objects, s->good.n, e);
}

bool split_shard(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, const struct err *why, struct msg_done *done, struct err *e)
{
	struct split s = {
	    .w = w, .m = m, .objects = objects, .relation = target_relation(w, w->task, m->source)};

	if (!look(&s, f, e))
		return false;
	*done = (struct msg_done){.verdict = STR("superseded"), .skipped = true};
	sort_out(&s);
	if (s.bad.n == 0 && !halve(&s, why, done, e))
		return false;
	if (hold(&s, done, e)) {
		engine_forget(w, f, m);
		return true;
	}
	if (e->kind == ERR_DATA) {
		struct err limit = *e;

		err_set(e, ERR_DATA, AT_DATA, why->code, "%s; %s", why->msg, limit.msg);
	}
	return false;
}
