/*
 * data.h - makes a data set to try the program with: events and songs of a music app that does not
 * exist, in the folders, formats and oddities of the real ones.
 *
 *   DIR/log_data/2018/11/2018-11-NN-events.json   30 files, a JSON object a line, no final newline
 *   DIR/song_data/A/[A-Z]/[A-Z]/TR*.json          one JSON object a file, no newline
 *   DIR/log_json_path.json                        the 18 paths of an event
 *   DIR/expect.json                               what a correct load of it must give
 *
 * With objects_per_file every file but the last of each kind has so many of them: events are cut
 * by number and not by day (2018-11-NN-NNNNNN-events.json), songs stand one after the other, with
 * a new line or now and then nothing between them, both of which COPY reads.
 *
 * Bad records, if any, are more than the good ones: what a correct load leaves out. expect.json has
 * a list of them, "bad", each with object, line (where it ends), column and Redshift's error code.
 *
 * The same options give the same bytes on every machine. expect.json comes last, by rename: a
 * folder with it is complete. While the others are written, expect.json.part stands in its place;
 * it says that the files beside it are ours to replace.
 */
#ifndef SUPERVISOR_DATA_H
#define SUPERVISOR_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

#define DATA_SCALE_MAX 1000
#define DATA_PER_FILE_MAX 100000000

struct data_opts {
	const char *dir;          /* made when missing; its parent must exist */
	int64_t scale;            /* 1 to DATA_SCALE_MAX; 1: 8,056 events and 14,896 songs */
	int64_t seed;             /* any number from 0 on; 1 is the usual one */
	int64_t objects_per_file; /* 0: as the original has them, a song or a day's events a file */
	unsigned bad;             /* from data_bad_kinds(); 0: none */
};

/* "type,long" or "all" as data_opts.bad; an unknown name is ERR_SETUP/AT_USAGE with all of them. */
bool data_bad_kinds(const char *names, unsigned *out, struct err *e);

/*
 * The rows that each table must have after a correct load, counted while the records were written,
 * by rules that no loader had a part in. With scale 1 and seed 1 they are 8056, 14896, 333, 105,
 * 14896, 10025, 8023.
 */
struct data_expect {
	int64_t scale, seed, objects_per_file;
	int64_t objects, bytes; /* below log_data/ and song_data/ */
	int64_t staging_events, staging_songs;
	int64_t songplays, users, songs, artists, time;
	int64_t user_ids, artist_ids; /* distinct ones: fewer than rows of users and artists */
	int64_t bad;                  /* records that a load must reject */
};

enum data_found {
	DATA_EMPTY,    /* nothing there, or no such folder */
	DATA_PARTIAL,  /* ours, interrupted while it was made */
	DATA_COMPLETE, /* ours: expect.json is there */
	DATA_FOREIGN,  /* data that this module did not make */
};

/* What is in dir; *out is set for DATA_COMPLETE only. */
bool data_look(const char *dir, enum data_found *found, struct data_expect *out, struct err *e);

/*
 * Writes a data set, in place of an older one of ours. Refuses (ERR_SETUP, AT_USAGE) where files
 * in the way are not ours, before it changes anything.
 */
bool data_generate(const struct data_opts *o, struct data_expect *out, struct err *e);

/*
 * data_generate where the folder is empty or was left half-made; else nothing. *found says what was
 * there before; after DATA_FOREIGN nothing is known about the counts and *out is all zero.
 */
bool data_generate_if_empty(
    const struct data_opts *o, enum data_found *found, struct data_expect *out, struct err *e);

#endif
