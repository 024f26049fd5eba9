/*
 * log.h - talk goes to stderr, one write(2) a line, so that lines of several processes never mix.
 *
 * Only processes log (the supervisor, a worker, a server); libraries return struct err. On a
 * terminal a line is "dwh: text"; elsewhere it begins with the time in ISO 8601. A worker names
 * itself ("dwh: worker 3: text").
 */
#ifndef SHARED_LOG_H
#define SHARED_LOG_H

#include <stdbool.h>

/* Who speaks: "dwh", "dwh: worker 3". Copied. Until it is called, it is "dwh". */
void log_name(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Only errors are said when quiet. */
void log_quiet(int only_errors);
int log_is_quiet(void);

/*
 * How long a line may wait for room, in milliseconds; for ever (-1) until this is called. A pipe
 * that nobody reads or a stopped terminal must not hold up who has something else to do. A line
 * that finds no room is left out; the number of those is returned.
 */
unsigned log_patience(int ms);

/* Whether a line can be written now. */
bool log_room(void);

/* Called before each line that is printed: who draws on the terminal makes way. NULL: nobody. */
void log_before(void (*make_way)(void *ctx), void *ctx);

void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
