/* copyfile.h - a file of the model's phase copy: one COPY, of the shard's manifest into its lane.
 */
#ifndef WORKERS_COPYFILE_H
#define WORKERS_COPYFILE_H

#include "shared/copystmt.h"
#include "workers/tasks.h"

/* text: as it would be sent, without a final ';'. Mistakes are ERR_SETUP/AT_CONFIG and name the
 * file. */
bool copyfile_read(struct worker *w, const struct sqlfile *f, const struct sql_vars *vars,
    struct copystmt *out, struct str *text, struct err *e);

/* Variables for looking at the statement only. */
struct sql_vars copyfile_any(const struct sqlfile *f);

#endif
