/*
 * relist.h - were the objects still what was listed, when the warehouse had read them? COPY takes
 * no ETag, so an object that was overwritten after the listing is read as it is then, without a
 * word. So the keys of the shard are listed once more between the COPY and its COMMIT.
 */
#ifndef WORKERS_RELIST_H
#define WORKERS_RELIST_H

#include "workers/manifest.h"

/*
 * Each object of m has the ETag and the size that m says; else ERR_CHANGED/AT_S3, as s3.h has it:
 * "PreconditionFailed", or "NoSuchKey" where it is gone. Keys beside those of m are not looked at.
 *
 * Costs one request for each 1,000 keys between the first and the last of m, or fewer where its
 * keys are far apart; never more than it has objects.
 *
 * What it cannot see: an object that was another one while COPY read it, and has been put back
 * before this call, byte for byte.
 */
bool relist_check(struct worker *w, const struct manifest *m, struct err *e);

/* The same of a COPY by prefix: the keys under address are those of m and no others; one that has
 * come is ERR_CHANGED, "NewObject". A request for each 1,000 keys. */
bool relist_prefix(struct worker *w, struct str address, const struct manifest *m, struct err *e);

#endif
