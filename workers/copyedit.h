/*
 * copyedit.h - the COPY of a source's file, made into another one by its tokens: what a person
 * wrote in it stays as it stands. Each is a COPY without its semicolon, in w->task.
 */
#ifndef WORKERS_COPYEDIT_H
#define WORKERS_COPYEDIT_H

#include "shared/copystmt.h"
#include "workers/worker.h"

/* Reads all and writes nothing: with NOLOAD, and the largest MAXERROR. stmt: of the same text. */
bool copyedit_validate(
    struct worker *w, const struct copystmt *stmt, struct str *text, struct err *e);

/* Of parts, which are gzip. It must name no compression. */
bool copyedit_gzip(struct worker *w, struct str *text, struct err *e);

/* Without MANIFEST: its address is a prefix. */
bool copyedit_prefix(struct worker *w, struct str *text, struct err *e);

#endif
