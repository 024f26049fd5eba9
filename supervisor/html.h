/*
 * html.h - a run's journal as one page: figures, charts and tables, whole in itself.
 *
 * No script, nothing fetched (its policy forbids both), well-formed as XML, too. Each chart stands
 * beside a table with the same data, for paper and for who does not see it. The colours and their
 * contrasts are in html_style.c.
 */
#ifndef SUPERVISOR_HTML_H
#define SUPERVISOR_HTML_H

#include "supervisor/report.h"

/*
 * Into the file of that name, anew, whole or not at all; "-": to stdout, of which command_finish
 * tells. False where it cannot be written: AT_USAGE for a name that will not do, AT_INTERNAL, as of
 * any other result, for a disk that is full.
 */
bool html_write(const struct fold *f, const struct report_expect *expect, size_t n_expect,
    struct arena *a, const char *path, struct err *e);

#endif
