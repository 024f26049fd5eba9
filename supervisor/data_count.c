/*
 * data_count.c - what a correct load must give, from the records as they are written.
 *
 * The rules are those of sql/sparkify/insert, in other words: a dimension is a set of tuples, a
 * play counts when the catalogue has a song of that title and artist. Sets hold 64-bit hashes of
 * tuples and not the tuples, eight bytes each; for the join a song is found by its hash and then
 * made once more to be compared for good.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/data_private.h"

/* Open addressing, at most half full; 0 is an empty slot. */
struct set {
	uint64_t *slots;
	size_t cap, n;
};

/* Songs by title and artist: several may have the same. */
struct index {
	struct {
		uint32_t hash, song; /* song + 1; 0 is an empty slot */
	} * slots;
	size_t cap;
};

struct data_count {
	const struct data_world *w;
	struct arena *scratch;
	struct index index;
	struct set songplays, users, user_ids, songs, artists, artist_ids, time;
	int64_t events, catalogue;
};

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3u;
	return h;
}

/* A text and its end; NULL is another value than any text. */
static uint64_t hash_text(uint64_t h, const char *z)
{
	return z ? hash_bytes(h, z, strlen(z) + 1) : hash_bytes(h, "\xff", 1);
}

static uint64_t hash_number(uint64_t h, int64_t n)
{
	return hash_bytes(h, &n, sizeof n);
}

static const uint64_t hash_start = 0xcbf29ce484222325u;

static bool set_put(uint64_t *slots, size_t cap, uint64_t key)
{
	size_t i = data_mix(key) & (cap - 1);

	for (; slots[i]; i = (i + 1) & (cap - 1))
		if (slots[i] == key)
			return false;
	slots[i] = key;
	return true;
}

static void set_add(struct set *s, uint64_t key)
{
	if (s->n * 2 >= s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		uint64_t *slots = xcalloc(cap, sizeof *slots);

		for (size_t i = 0; i < s->cap; i++)
			if (s->slots[i])
				set_put(slots, cap, s->slots[i]);
		free(s->slots);
		s->slots = slots;
		s->cap = cap;
	}
	s->n += set_put(s->slots, s->cap, key ? key : 1);
}

struct data_count *data_count_new(const struct data_world *w)
{
	struct data_count *c = xcalloc(1, sizeof *c);

	c->w = w;
	c->scratch = arena_new();
	c->index.cap = 256;
	while (c->index.cap < 2 * (size_t)w->songs)
		c->index.cap *= 2;
	c->index.slots = xcalloc(c->index.cap, sizeof *c->index.slots);
	return c;
}

void data_count_free(struct data_count *c)
{
	if (!c)
		return;
	free(c->songplays.slots);
	free(c->users.slots);
	free(c->user_ids.slots);
	free(c->songs.slots);
	free(c->artists.slots);
	free(c->artist_ids.slots);
	free(c->time.slots);
	free(c->index.slots);
	arena_free(c->scratch);
	free(c);
}

/* Without the blanks at the end, which do not count in a comparison. */
static struct str without_blanks(const char *z)
{
	struct str s = str_z(z);

	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static uint32_t hash_title(const char *title, const char *artist)
{
	struct str t = without_blanks(title), n = without_blanks(artist);
	uint64_t h = hash_bytes(hash_start, t.p, t.n);

	h = hash_bytes(hash_bytes(h, "", 1), n.p, n.n);
	return (uint32_t)data_mix(h);
}

void data_count_song(struct data_count *c, uint32_t song, const struct data_song *s)
{
	uint32_t h = hash_title(s->title, s->artist_name);
	size_t i = h & (c->index.cap - 1);
	uint64_t id = hash_text(hash_start, s->artist_id), t;

	c->catalogue++;
	set_add(&c->artist_ids, id);
	t = hash_text(hash_text(id, s->artist_name), s->artist_location);
	t = hash_number(t, s->has_place);
	set_add(&c->artists, hash_number(hash_number(t, s->latitude), s->longitude));

	t = hash_text(hash_text(hash_text(hash_start, s->song_id), s->title), s->artist_id);
	set_add(&c->songs, hash_number(hash_number(t, s->year), s->duration));

	while (c->index.slots[i].song)
		i = (i + 1) & (c->index.cap - 1);
	c->index.slots[i].hash = h;
	c->index.slots[i].song = song + 1;
}

static void count_play(struct data_count *c, const struct data_event *v)
{
	uint32_t h = hash_title(v->song, v->artist);

	for (size_t i = h & (c->index.cap - 1); c->index.slots[i].song;
	     i = (i + 1) & (c->index.cap - 1)) {
		struct data_song s;
		uint64_t t;

		if (c->index.slots[i].hash != h)
			continue;
		arena_reset(c->scratch);
		data_song(c->w, c->index.slots[i].song - 1, c->scratch, &s);
		if (!str_eq(without_blanks(s.title), without_blanks(v->song)) ||
		    !str_eq(without_blanks(s.artist_name), without_blanks(v->artist)))
			continue;
		t = hash_number(hash_number(hash_start, v->ts), v->user_id);
		t = hash_text(hash_text(hash_text(t, v->level), s.song_id), s.artist_id);
		t = hash_text(hash_text(hash_number(t, v->session), v->location), v->agent);
		set_add(&c->songplays, t);
	}
}

void data_count_event(struct data_count *c, const struct data_event *v)
{
	c->events++;
	set_add(&c->time, (uint64_t)v->ts);
	if (v->logged_in) {
		uint64_t t = hash_number(hash_start, v->user_id);

		set_add(&c->user_ids, t);
		t = hash_text(hash_text(hash_text(t, v->first_name), v->last_name), v->gender);
		set_add(&c->users, hash_text(t, v->level));
	}
	if (strcmp(v->page, "NextSong") == 0)
		count_play(c, v);
}

void data_count_get(const struct data_count *c, struct data_expect *out)
{
	out->staging_events = c->events;
	out->staging_songs = c->catalogue;
	out->songplays = (int64_t)c->songplays.n;
	out->users = (int64_t)c->users.n;
	out->user_ids = (int64_t)c->user_ids.n;
	out->songs = (int64_t)c->songs.n;
	out->artists = (int64_t)c->artists.n;
	out->artist_ids = (int64_t)c->artist_ids.n;
	out->time = (int64_t)c->time.n;
}
