/* pgplace.h - pgserver.c's account and folders. */
#ifndef WORKERS_LOCAL_PGPLACE_H
#define WORKERS_LOCAL_PGPLACE_H

#include "workers/local/pgserver.h"

/* Chooses account, data folder and note. Makes the folders above the data, not the data. */
bool pgplace_find(struct pgserver *s, struct arena *a, struct err *e);

/* Chooses and makes the folder of the socket. */
bool pgplace_socket(struct pgserver *s, struct arena *a, struct err *e);

/* Removes the folder, if there is one, with all that is in it. */
bool pgplace_remove(const char *path, const struct account *as, struct err *e);

/* An empty folder of the account, mode 0700; what was in it is removed. */
bool pgplace_fresh_folder(const char *path, const struct account *as, struct err *e);

#endif
