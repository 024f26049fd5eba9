/*
 * data_private.h - between the files of the generator: numbers from a seed, records, and who makes
 * them (data_names.c, data_songs.c, data_events.c), spells them (data_json.c), spoils some
 * (data_bad.c), writes them into files (data_write.c) and counts them (data_count.c).
 *
 * A name, a song or a user is a pure function of (seed, kind, index). So nothing has to be kept to
 * be mentioned again: an event names a song by making it once more.
 */
#ifndef SUPERVISOR_DATA_PRIVATE_H
#define SUPERVISOR_DATA_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/buf.h"
#include "supervisor/data.h"

enum {
	DATA_DAYS = 30,
	DATA_TRACK = 18,          /* characters of a track id */
	DATA_RECORD = 8192,       /* no record is longer, in bytes; */
	DATA_BAD_RECORD = 6 << 20 /* but bad ones are */
};

/* How many there are of each; all but seed grow with the scale. */
struct data_world {
	uint64_t seed;
	uint32_t scale;
	uint32_t songs, artists;
	uint32_t variants[3];     /* artists with a second, third and fourth description */
	uint32_t twins;           /* songs with title and artist of another one */
	uint32_t hits;            /* songs that are played */
	uint32_t users, changers; /* changers: those who change between free and paid */
	uint32_t events, events_out, events_play, events_hit;
	uint32_t events_hit_garbled; /* a known song, its name spoilt by a wrong encoding */
	uint32_t events_hit_length;  /* a known song, its length not the catalogue's */
	uint32_t events_odd;         /* unknown songs with each kind of blank at an end */
	uint32_t events_same_ts;     /* events with the ts of the one before */
};

/* SplitMix64: a number from each state, the state a counter. */
struct data_rng {
	uint64_t s;
};

enum data_kind { DATA_ARTIST = 1, DATA_VARIANT, DATA_TITLE, DATA_SONG, DATA_USER, DATA_EVENT };

static inline uint64_t data_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline struct data_rng data_rng(const struct data_world *w, enum data_kind k, uint64_t i)
{
	return (struct data_rng){
	    data_mix(data_mix(w->seed + 0x9e3779b97f4a7c15u) ^ ((uint64_t)k << 56) ^ i)};
}

static inline uint64_t data_next(struct data_rng *r)
{
	r->s += 0x9e3779b97f4a7c15u;
	return data_mix(r->s);
}

/* 0 to n - 1, all alike. */
static inline uint32_t data_below(struct data_rng *r, uint32_t n)
{
	return (uint32_t)(((data_next(r) >> 32) * n) >> 32);
}

/* 0 to n - 1, small ones more often: the square of an even number. */
static inline uint32_t data_skewed(struct data_rng *r, uint32_t n)
{
	uint64_t x = data_next(r) >> 32;

	return (uint32_t)((((x * x) >> 32) * n) >> 32);
}

static inline bool data_one_in(struct data_rng *r, uint32_t n)
{
	return data_below(r, n) == 0;
}

/* Names. Strings live in a and are UTF-8. Any index is good, those past the catalogue too. */
const char *data_artist_name(const struct data_world *w, uint32_t artist, struct arena *a);
/* Then the name is all digits, and is written without quotes here and there. */
bool data_name_is_number(uint32_t artist);
const char *data_title(const struct data_world *w, uint32_t song, struct arena *a);
const char *data_given_name(struct data_rng *r);
const char *data_surname(struct data_rng *r, struct arena *a);
const char *data_town(struct data_rng *r, struct arena *a);  /* "Ashford" */
const char *data_metro(struct data_rng *r, struct arena *a); /* "Ashford-Millbrook, OR" */
const char *data_agent(struct data_rng *r, struct arena *a); /* a browser's */

/* z as it looks after its bytes were twice taken for Latin-1 and encoded again. */
const char *data_garbled(const char *z, struct arena *a);

struct data_song {
	const char *song_id, *artist_id;
	const char *title, *artist_name;
	const char *artist_location;                     /* may be empty, may be NULL */
	bool title_number, name_number, location_number; /* written without quotes */
	bool has_place;
	int32_t latitude, longitude; /* 1e-5 degrees */
	int32_t duration;            /* 1e-5 seconds */
	int32_t year;                /* 0: not known */
	bool wide;                   /* written with blanks, and the keys in another order */
};

/* song < w->songs; strings live in a. */
void data_song(const struct data_world *w, uint32_t song, struct arena *a, struct data_song *out);

/* The name of the songs' file number `file`; its three letters behind "TR" are its folders'. */
void data_track(const struct data_world *w, uint32_t file, char out[DATA_TRACK + 1]);

/* The song that is the hit-th in the charts, hit < w->hits. */
uint32_t data_hit(uint32_t hit);

struct data_event {
	int day;        /* 0 to DATA_DAYS - 1 */
	int64_t ts;     /* ms since 1970 */
	bool logged_in; /* else what belongs to a user is NULL */
	uint32_t user_id;
	const char *first_name, *last_name, *gender, *location, *agent;
	int64_t registration;
	const char *auth, *level, *method, *page;
	int status;
	uint32_t session, item;
	const char *artist, *song; /* NULL where nothing is played */
	int32_t length;            /* 1e-5 seconds */
};

struct data_events;

/* All events in the order of their ts; next is false after the last. Strings live in a. */
struct data_events *data_events_new(const struct data_world *w);
bool data_events_next(struct data_events *g, struct arena *a, struct data_event *out);
void data_events_free(struct data_events *g);

/* One record as JSON, in ASCII, as the real files have it; appended to b. */
void data_json_song(struct buf *b, const struct data_song *s);
void data_json_event(struct buf *b, const struct data_event *v);

/* Bad records: which, where, and what must be said of them. */
struct data_bad;

/* kinds: of data_bad_kinds(). */
struct data_bad *data_bad_new(const struct data_world *w, unsigned kinds);
void data_bad_free(struct data_bad *b); /* NULL is fine */

/*
 * A bad record behind the i-th song or event? Then makes it of that one's text, which it replaces,
 * and returns its case; else NULL. Its line is to be told when it is written.
 */
const struct data_bad_case *data_bad_behind(
    struct data_bad *b, bool event, uint32_t i, struct buf *record);

/* How many files of songs are cut off in the middle of their one record, and the case of that. */
uint32_t data_bad_cut_files(const struct data_bad *b, const struct data_bad_case **out);

/* Adds to the list: file below the data set's folder, line of the record's last byte, from 1. */
void data_bad_note(
    struct data_bad *b, const struct data_bad_case *c, const char *file, uint64_t line);

struct str data_bad_list(const struct data_bad *b); /* JSON objects between commas */
int64_t data_bad_count(const struct data_bad *b);   /* how many they are */

struct data_count;

/* The rules of the model applied to every record; songs must all come before the events. */
struct data_count *data_count_new(const struct data_world *w);
void data_count_song(struct data_count *c, uint32_t song, const struct data_song *s);
void data_count_event(struct data_count *c, const struct data_event *v);
void data_count_get(const struct data_count *c, struct data_expect *out);
void data_count_free(struct data_count *c); /* NULL is fine */

/* Everything that writing needs. */
struct data_job {
	struct data_world w;
	struct data_count *count;
	struct data_bad *bad;
	struct arena *scratch; /* of one record */
	struct buf record;
	int dir;
	uint32_t per_file;      /* records of one file; 0: as the original has them */
	int64_t objects, bytes; /* written so far */
};

bool data_write_songs(struct data_job *j, struct err *e);
bool data_write_events(struct data_job *j, struct err *e); /* after the songs */

bool data_make_folder(int at, const char *name, struct err *e); /* may be there already */
int data_open_folder(int at, const char *name, struct err *e);  /* -1 on error */
bool data_write_file(int at, const char *name, const struct buf *b, struct err *e);

#endif
