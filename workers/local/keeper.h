/* keeper.h - `dwh keeper`: the process that holds up the services of a run on one machine. */
#ifndef WORKERS_LOCAL_KEEPER_H
#define WORKERS_LOCAL_KEEPER_H

/*
 * keeper --dir DIR --buckets DIR --s3-port N --ready-fd N [--pg-bin DIR] [--account NAME]
 * argv[0] is the command's name. Started by supervisor/local.c only; see keeper.c.
 */
int keeper_main(int argc, char **argv);

#endif
