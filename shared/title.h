/* title.h - what ps shows: the process says what it is doing. */
#ifndef SHARED_TITLE_H
#define SHARED_TITLE_H

/* Once, first thing in main: takes over the memory that the kernel shows. Moves environ elsewhere.
 */
void title_init(int argc, char **argv);

/* "dwh: worker 3 copy staging_songs 5f0c"; cut to the room there is. No secrets. */
void title_set(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
