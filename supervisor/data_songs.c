/*
 * data_songs.c - the catalogue: songs, their artists, and how often an artist is described
 * differently.
 *
 * The songs in order of their index:
 *   one for each artist, in its first description;
 *   one for each further description of an artist (rows of artists: these and those before);
 *   the other songs of the artists, some artists having many;
 *   twins: title and artist as another song has them, id and length its own.
 *
 * Ids are bijections of the index, so they never repeat.
 */
#include <stdio.h>

#include "supervisor/data_private.h"

/* Every 22nd artist has a second description; its index leaves all of them below the artists. */
enum { VARIANT_STEP = 22, HIT_STEP = 61, HIT_FIRST = 5, TWIN_FIRST = 7 };

uint32_t data_hit(uint32_t hit)
{
	return hit * HIT_STEP + HIT_FIRST;
}

/* Five letters that go with n. */
static void letters(uint64_t n, char out[6])
{
	n = data_mix(n);
	for (int i = 0; i < 5; i++, n /= 26)
		out[i] = (char)('A' + n % 26);
	out[5] = '\0';
}

/* A bijection on the numbers below 2^bits. */
static uint32_t scatter(const struct data_world *w, uint32_t n, int bits)
{
	uint32_t mask = bits == 32 ? UINT32_MAX : (1u << bits) - 1;

	n = (n * 0x9e3779b1u + (uint32_t)w->seed * 2654435769u) & mask;
	n ^= n >> (bits / 2);
	return (n * 0x85ebca6bu) & mask;
}

static const char *song_id(const struct data_world *w, uint32_t song, struct arena *a)
{
	uint32_t n = scatter(w, song, 32);
	char head[6];

	letters(n, head);
	return arena_printf(a, "SO%s12A%08X", head, n);
}

static const char *artist_id(const struct data_world *w, uint32_t artist, struct arena *a)
{
	uint32_t n = scatter(w, artist, 28);
	char head[6];

	letters(n + 1u, head);
	return arena_printf(a, "AR%s1187%07X", head, n);
}

/*
 * "TR", then the three letters of the folders, one more letter, "128F", seven hexadecimal digits.
 * Folders are filled in turn, so that data_write.c can write one after the other.
 */
void data_track(const struct data_world *w, uint32_t file, char out[DATA_TRACK + 1])
{
	uint32_t n = scatter(w, file, 28), folder = file % (26 * 26);

	snprintf(out, DATA_TRACK + 1, "TRA%c%c%c%c128F%07X", 'A' + (int)(folder / 26),
	    'A' + (int)(folder % 26), 'A' + (int)(n % 26), 'A' + (int)(n / 26 % 26), n);
}

/* Which artist a song is of, and in which description. */
static uint32_t song_artist(const struct data_world *w, uint32_t song, uint32_t *variant)
{
	struct data_rng r = data_rng(w, DATA_SONG, song);
	uint32_t k = song;

	*variant = 0;
	if (k < w->artists)
		return k;
	k -= w->artists;
	for (uint32_t v = 0; v < 3; v++) {
		if (k < w->variants[v]) {
			*variant = v + 1;
			return k * VARIANT_STEP + 1;
		}
		k -= w->variants[v];
	}
	return data_skewed(&r, w->artists);
}

static const char *artist_location(struct data_rng *r, uint32_t artist, struct arena *a)
{
	const char *town;

	if (artist % 797 == 3) /* a number */
		return arena_printf(a, "%u", 1 + data_below(r, 999));
	if (artist % 9553 == 4000)
		return NULL;
	town = data_town(r, a);
	if (artist % 1911 == 500)
		return arena_printf(a, "%.176s",
		    arena_printf(a,
		        "%s <a href=\"http://www.%s.example/artists/\" onmousedown='return "
		        "leave(this, \"%s\")' title='All about %s and the towns around it, and how "
		        "to "
		        "get there'>the \"%s\" page</a>",
		        town, data_town(r, a), town, town, town));
	if (artist % 4777 == 1500)
		return arena_printf(a, "%s \t%s", town, data_town(r, a));
	switch (data_below(r, 10)) {
	case 0: return arena_printf(a, "%s - %s", town, data_town(r, a));
	case 1: return data_one_in(r, 18) ? arena_printf(a, "%s ", town) : town;
	case 2:
	case 3: return town;
	case 4:
	case 5: return data_metro(r, a);
	default: return "";
	}
}

static void describe(const struct data_world *w, uint32_t artist, uint32_t variant, struct arena *a,
    struct data_song *out)
{
	struct data_rng r = data_rng(w, DATA_ARTIST, artist ^ 0x80000000u);
	struct data_rng rv = data_rng(w, DATA_VARIANT, (uint64_t)artist * 4 + variant);
	const char *name = data_artist_name(w, artist, a);

	out->artist_id = artist_id(w, artist, a);
	out->name_number = variant == 0 && data_name_is_number(artist);
	out->location_number = artist % 797 == 3 && variant != 1;
	out->artist_location = artist_location(&r, artist, a);
	out->has_place = data_below(&r, 100) < 35;
	if (out->has_place) {
		out->latitude = (int32_t)data_below(&r, 115 * 100000) - 4587000;
		out->longitude = (int32_t)data_below(&r, 330 * 100000) - 15543000;
	}
	switch (variant) {
	case 0: break;
	case 1:
		if (artist / VARIANT_STEP % 14 == 0)
			out->artist_location = arena_printf(a, "near %s", data_town(&rv, a));
		else {
			out->location_number = artist % 797 == 3;
			name = arena_printf(a, "%s feat. %s", name,
			    data_artist_name(w, data_below(&rv, w->artists), a));
		}
		break;
	case 2:
		name = arena_printf(
		    a, "%s / %s", name, data_artist_name(w, data_below(&rv, w->artists), a));
		break;
	default: name = arena_printf(a, "%s with guests", name); break;
	}
	out->artist_name = name;
}

void data_song(const struct data_world *w, uint32_t song, struct arena *a, struct data_song *out)
{
	struct data_rng r = data_rng(w, DATA_SONG, song ^ 0x80000000u);
	uint32_t like = song, artist, variant;

	*out = (struct data_song){0};
	if (song >= w->songs - w->twins)
		like = (w->songs - 1 - song) * HIT_STEP + TWIN_FIRST;
	out->song_id = song_id(w, song, a);
	artist = song_artist(w, like, &variant);
	describe(w, artist, variant, a, out);
	out->title = data_title(w, like, a);
	out->title_number = like % 784 == 310;
	if (!data_one_in(&r, 3))
		out->year = 2010 - (int32_t)data_skewed(&r, 84);
	out->wide = song % 210 == 100;
	out->duration = 637342 + (int32_t)data_below(&r, 45000000);
	if (data_one_in(&r, 100))
		out->duration += (int32_t)data_below(&r, 225000000);
}
