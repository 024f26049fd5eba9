/*
 * textformat.h - COPY's text formats: delimited (the default), CSV, FIXEDWIDTH; their options.
 *
 *   delimited   fields between DELIMITER ('|'), records between new lines. With ESCAPE a backslash
 *               takes the special meaning from the next byte. With REMOVEQUOTES a field between ''
 *               or "" loses them, and what stands in them is text, delimiters too. One delimiter
 *               behind the last field is no field.
 *   CSV         DELIMITER (','), QUOTE ('"'). A field in quotes may hold delimiters, new lines and
 *               doubled quotes; blanks between quotes and delimiters are ignored.
 *   FIXEDWIDTH  'label:width,...', widths in characters; the labels mean nothing.
 *
 * A carriage return before the new line that ends a record belongs to the new line.
 * lines.h cuts records, rowtext.c fields.
 */
#ifndef WORKERS_TEXTFORMAT_H
#define WORKERS_TEXTFORMAT_H

#include "shared/arena.h"
#include "shared/buf.h"
#include "shared/copystmt.h"
#include "shared/err.h"

struct textformat {
	bool csv, escape, remove_quotes, fill, skip_blank;
	char delimiter, quote;
	struct str null; /* NULL AS, '\N' by default; one NUL byte where it was written '\0' */
	uint32_t *widths;
	size_t n_widths;    /* 0: not FIXEDWIDTH */
	struct buf scratch; /* of rowtext.c: fields whose text is not as it stands in the record */
};

/* stmt has no JSON. Mistakes are ERR_SETUP/AT_CONFIG. Widths live in a; scratch until _free. */
bool textformat_init(
    struct textformat *t, const struct copystmt *stmt, struct arena *a, struct err *e);
void textformat_free(struct textformat *t);

#endif
