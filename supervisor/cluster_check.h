/* cluster_check.h - what AWS would refuse in [DWH], said before the first request goes out. */
#ifndef SUPERVISOR_CLUSTER_CHECK_H
#define SUPERVISOR_CLUSTER_CHECK_H

#include "supervisor/cluster_site.h"

/* What every command needs: the identifier, and who may connect. option: the latter was --ingress.
 */
bool cluster_check(const struct site *s, bool option, struct err *e);

/* What a new warehouse needs of both kinds: database, user, password. */
bool cluster_check_login(const struct site *s, struct err *e);

/* Whether it has only characters of these, and least to most of them. */
bool cluster_check_text(const char *text, size_t least, size_t most, const char *chars);

#endif
