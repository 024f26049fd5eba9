/* engine.c - which engine executes a COPY: see engine.h. */
#include "workers/engine.h"

#include "workers/engine_private.h"

static bool is_redshift(const struct worker *w)
{
	return w->config.warehouse.engine == ENGINE_REDSHIFT;
}

bool engine_probe(struct worker *w, const struct sqlfile *f, struct err *e)
{
	return is_redshift(w) ? redshift_probe(w, f, e) : postgres_probe(w, f, e);
}

bool engine_probe_columns(struct worker *w, const struct sqlfile *f, struct err *e)
{
	/* Redshift itself tells whether statement and table fit, when it is sent the COPY. */
	return is_redshift(w) ? redshift_probe(w, f, e) : postgres_probe_columns(w, f, e);
}

bool engine_limit(struct worker *w, const struct sqlfile *f, int64_t *limit, struct err *e)
{
	return is_redshift(w) ? redshift_limit(w, f, limit, e) : postgres_limit(w, f, limit, e);
}

bool engine_prepare(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e)
{
	*c = (struct copied){.rejects = {.arena = w->task, .bear_all = m->validate}};
	return !is_redshift(w) || redshift_prepare(w, f, m, objects, done, c, e);
}

void engine_forget(struct worker *w, const struct sqlfile *f, const struct msg_copy *m)
{
	if (is_redshift(w))
		redshift_forget(w, f, m);
}

bool engine_joins(struct worker *w, const struct sqlfile *f, bool *out, struct err *e)
{
	*out = false;
	return !is_redshift(w) || redshift_joins(w, f, out, e);
}

bool engine_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e)
{
	return is_redshift(w) ? redshift_copy(w, f, m, objects, done, c, e)
	                      : postgres_copy(w, f, m, objects, done, c, e);
}

void engine_committed(struct worker *w, const struct copied *c, const struct msg_done *done)
{
	if (is_redshift(w))
		redshift_committed(w, c, done);
}
