/*
 * s3d.h - `dwh s3d`: a real S3 server for one machine, over a folder.
 *
 * The sub-folders of the root are the buckets, the files under them the objects: unpack data there,
 * and it is on S3. Signatures are verified as S3 does it, so a client that works here signs
 * rightly.
 *
 *     dwh s3d --root DIR --key-file FILE [--port N] [--listen ADDR] [--ready-fd N]
 *             [...]: s3d_help tells all
 *
 * When it listens it writes "s3d ready PORT" and a newline to the ready descriptor (default:
 * standard output). SIGTERM and SIGINT end it with exit code 0; 1 is usage, 2 configuration.
 */
#ifndef WORKERS_LOCAL_S3D_H
#define WORKERS_LOCAL_S3D_H

#include <stdio.h>

/* argv[0] is the name of the command. */
int s3d_main(int argc, char **argv);

/* Its options, for a person. */
void s3d_help(FILE *out);

#endif
