/* engine_private.h - the two engines, as engine.c chooses from them: see engine.h. */
#ifndef WORKERS_ENGINE_PRIVATE_H
#define WORKERS_ENGINE_PRIVATE_H

#include "workers/engine.h"

bool postgres_probe(struct worker *w, const struct sqlfile *f, struct err *e);
bool postgres_probe_columns(struct worker *w, const struct sqlfile *f, struct err *e);
bool postgres_limit(struct worker *w, const struct sqlfile *f, int64_t *limit, struct err *e);
bool postgres_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e);

bool redshift_probe(struct worker *w, const struct sqlfile *f, struct err *e);
bool redshift_limit(struct worker *w, const struct sqlfile *f, int64_t *limit, struct err *e);
bool redshift_prepare(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e);
void redshift_forget(struct worker *w, const struct sqlfile *f, const struct msg_copy *m);
bool redshift_joins(struct worker *w, const struct sqlfile *f, bool *out, struct err *e);
bool redshift_copy(struct worker *w, const struct sqlfile *f, const struct msg_copy *m,
    const struct manifest *objects, struct msg_done *done, struct copied *c, struct err *e);
void redshift_committed(struct worker *w, const struct copied *c, const struct msg_done *done);

#endif
