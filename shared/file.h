/*
 * file.h - whole files, in one go.
 *
 * These read and write until all is done, also where a signal or a short write comes between.
 * What went wrong is in errno; the callers know what the file is to them, and say that.
 */
#ifndef SHARED_FILE_H
#define SHARED_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "shared/buf.h"
#include "shared/err.h"

/* Adds what is left of fd to b; ends early, with true, once b is over. */
bool file_read(int fd, struct buf *b);

/* The first size - 1 bytes of a file at the most, with a NUL behind them; returns their number.
 * -1 where it cannot be read, and text is empty then. */
ssize_t file_head(const char *path, char *text, size_t size);

bool file_write(int fd, struct str s);

/* Writes path anew, whole or not at all: beside it, as .NAME.PID, which then takes its place. */
bool file_replace(const char *path, struct str s);

/* For a path that a person names: likewise; but behind a symbolic link, which stays one, and what
 * is no plain file, as /dev/stdout, is written to, not replaced. */
bool file_put(const char *path, struct str s);

/* Makes the folder where it is missing, and, with mode 0777, those above it. */
bool file_folder(const char *path, mode_t mode, enum err_where where, struct err *e);

#endif
