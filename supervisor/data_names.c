/*
 * data_names.c - names of things that do not exist, from lists of ordinary words.
 *
 * The oddities that a loader must survive are put in here by index, so that every scale has its
 * share: numbers for names, one name for two artists, blanks at the ends, control characters,
 * U+FFFD, quotes with and without their match, slashes, very long ones.
 */
#include <stdio.h>
#include <string.h>

#include "shared/utf8.h"
#include "supervisor/data_private.h"

#define PICK(r, list) (list)[data_below(r, (uint32_t)(sizeof(list) / sizeof(list)[0]))]

static const char *const adjectives[] = {"Amber", "Blue", "Broken", "Bright", "Cold", "Copper",
    "Crimson", "Curious", "Distant", "Double", "Early", "Electric", "Empty", "Endless", "Fading",
    "Fearless", "Foreign", "Gentle", "Golden", "Gray", "Green", "Hidden", "Hollow", "Honest",
    "Idle", "Iron", "Ivory", "Late", "Little", "Lonely", "Long", "Loud", "Lucky", "Midnight",
    "Modern", "Narrow", "Northern", "Open", "Orange", "Paper", "Patient", "Plain", "Polar", "Quiet",
    "Rapid", "Restless", "Rising", "Rusty", "Second", "Secret", "Silent", "Silver", "Sleeping",
    "Slow", "Small", "Southern", "Strange", "Sudden", "Tall", "Velvet", "Violet", "Wandering",
    "Wild", "Wooden"};
static const char *const nouns[] = {"Anchor", "Apple", "Arrow", "Avenue", "Balcony", "Bell",
    "Bicycle", "Bird", "Boat", "Bridge", "Butterfly", "Candle", "Canyon", "Castle", "Cinema",
    "Circle", "City", "Cloud", "Coast", "Comet", "Corner", "Cousin", "Crow", "Curtain", "Dancer",
    "Desert", "Door", "Dream", "Driver", "Echo", "Elephant", "Engine", "Evening", "Feather",
    "Field", "Fire", "Flower", "Forest", "Fountain", "Fox", "Garden", "Ghost", "Giant", "Glass",
    "Guest", "Hammer", "Harbor", "Heart", "Highway", "Horse", "House", "Island", "Jacket", "Kite",
    "Ladder", "Lake", "Lantern", "Letter", "Lighthouse", "Machine", "Magnet", "Map", "Market",
    "Meadow", "Mirror", "Moon", "Morning", "Mountain", "Needle", "Night", "Ocean", "Orchard", "Owl",
    "Painter", "Pilot", "Planet", "Radio", "Rain", "River", "Road", "Rocket", "Sailor", "Season",
    "Shadow", "Signal", "Spark", "Station", "Stone", "Storm", "Street", "Summer", "Sunday",
    "Thunder", "Tiger", "Tower", "Train", "Valley", "Wheel", "Window", "Winter", "Caf\u00e9",
    "Coraz\u00f3n", "Br\u00fccke", "Sm\u00f8rrebr\u00f8d"};
static const char *const verbs[] = {"Break", "Bring", "Burn", "Call", "Carry", "Catch", "Change",
    "Chase", "Count", "Cross", "Draw", "Drive", "Fall", "Find", "Follow", "Forget", "Hold", "Keep",
    "Leave", "Lift", "Lose", "Meet", "Miss", "Move", "Open", "Paint", "Play", "Remember", "Ride",
    "Save", "Send", "Show", "Sing", "Stop", "Swim", "Take", "Turn", "Wait", "Wake", "Watch"};
static const char *const tails[] = {"Again", "Alone", "Anyway", "Away", "Back", "Before Dawn",
    "Down", "Forever", "Home", "Never", "Now", "Once More", "Slowly", "Somewhere", "Together",
    "Tonight", "Tomorrow", "Twice", "Until Monday", "Without You"};
static const char *const ensembles[] = {"Band", "Choir", "Club", "Collective", "Company",
    "Ensemble", "Orchestra", "Parade", "Project", "Quartet", "Society", "Sound System", "Trio",
    "Union"};
static const char *const editions[] = {" (Album Version)", " (Live)", " (Radio Edit)", " [Remix]",
    " (Acoustic)", " (Demo / Early Take)", " (Reprise)", " (LP Version)", " - Part 2"};
static const char *const given[] = {"Alva", "Anselm", "Bettina", "Bram", "Corin", "Dessa", "Dorian",
    "Edda", "Elio", "Fenna", "Florin", "Garo", "Hedda", "Hesper", "Ilka", "Imre", "Jorun", "Joss",
    "Kelda", "Kiran", "Linnea", "Lorin", "Maren", "Milo", "Nadja", "Nesta", "Odile", "Orrin",
    "Perrin", "Petra", "Quill", "Ramona", "Rhea", "Ruben", "Saskia", "Selwyn", "Tamsin", "Tilda",
    "Tobin", "Ulla", "Vesna", "Viggo", "Wenda", "Willem", "Xenia", "Yorick", "Zelda", "Zoltan"};
static const char *const place_heads[] = {"Ash", "Beech", "Birch", "Black", "Bram", "Clear",
    "Cedar", "Cold", "Crow", "Elm", "Fair", "Fern", "Flint", "Glen", "Green", "Hazel", "High",
    "Holly", "Lark", "Lake", "Maple", "Marsh", "Mill", "Moss", "North", "Oak", "Pine", "Raven",
    "Red", "Stone", "Thorn", "West", "Willow", "Winter", "Wolf"};
static const char *const place_tails[] = {"bridge", "brook", "burn", "bury", "by", "cliff", "combe",
    "dale", "den", "field", "ford", "gate", "grove", "ham", "haven", "hill", "holm", "hurst",
    "land", "ley", "mere", "mont", "moor", "port", "ridge", "shaw", "stead", "ton", "view", "ville",
    "water", "well", "wick", "wood", "worth"};
static const char *const states[] = {"AL", "AZ", "CA", "CO", "FL", "GA", "IA", "IL", "IN-KY", "LA",
    "MA-NH", "MD", "ME", "MI", "MN-WI", "MS", "NC", "NY-NJ-PA", "OH", "OR-WA", "SC", "TN", "TX",
    "VA", "WI"};

const char *data_given_name(struct data_rng *r)
{
	return PICK(r, given);
}

const char *data_surname(struct data_rng *r, struct arena *a)
{
	return data_town(r, a);
}

const char *data_town(struct data_rng *r, struct arena *a)
{
	const char *head = PICK(r, place_heads);

	return arena_printf(a, "%s%s", head, PICK(r, place_tails));
}

const char *data_metro(struct data_rng *r, struct arena *a)
{
	uint32_t towns = 1 + data_below(r, 3);
	const char *z = data_town(r, a);

	while (--towns)
		z = arena_printf(a, "%s-%s", z, data_town(r, a));
	return arena_printf(a, "%s, %s", z, PICK(r, states));
}

const char *data_agent(struct data_rng *r, struct arena *a)
{
	static const char *const systems[] = {"Windows NT 6.1; WOW64", "Windows NT 6.3; WOW64",
	    "Windows NT 5.1", "Macintosh; Intel Mac OS X 10_9_4",
	    "Macintosh; Intel Mac OS X 10_8_5", "X11; Linux x86_64",
	    "iPhone; CPU iPhone OS 7_1_2 like Mac OS X", "iPad; CPU OS 7_1 like Mac OS X"};
	const char *system = PICK(r, systems);
	unsigned major = 28 + data_below(r, 12), build = 1500 + data_below(r, 700);

	/* Some keep the quotes of the header that they were cut from. */
	if (data_one_in(r, 4))
		return arena_printf(a, "Mozilla/5.0 (%s; rv:%u.0) Gecko/20100101 Firefox/%u.0",
		    system, major, major);
	return arena_printf(a,
	    "\"Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%u.0.%u.%u "
	    "Safari/537.36\"",
	    system, major, build, data_below(r, 150));
}

/* z and more words, until it has exactly n bytes. */
static const char *lengthen(const char *z, size_t n, struct data_rng *r, struct arena *a)
{
	while (strlen(z) < n)
		z = arena_printf(a, "%s / %s", z, PICK(r, adjectives));
	return arena_printf(a, "%.*s", (int)n, z);
}

bool data_name_is_number(uint32_t artist)
{
	return artist % 455 == 38 && artist % 171 != 9; /* who has another's name has none */
}

const char *data_artist_name(const struct data_world *w, uint32_t artist, struct arena *a)
{
	struct data_rng r;
	const char *x, *y;

	if (artist % 171 == 9) /* another artist of the same name */
		artist--;
	r = data_rng(w, DATA_ARTIST, artist);
	if (artist % 455 == 38)
		return arena_printf(a, "%u", 100 + data_below(&r, 1900));
	if (artist % 9553 == 977)
		return lengthen("The Very Last", 177, &r, a);
	if (artist % 2388 == 61) {
		x = data_given_name(&r);
		return arena_printf(a, "Odd %s\" %s", x, PICK(&r, nouns));
	}
	switch (data_below(&r, 10)) {
	case 0: x = PICK(&r, adjectives); return arena_printf(a, "The %s %ss", x, PICK(&r, nouns));
	case 1: x = data_given_name(&r); return arena_printf(a, "%s & The %ss", x, PICK(&r, nouns));
	case 2: x = PICK(&r, nouns); return arena_printf(a, "%s/%s", x, PICK(&r, nouns));
	case 3:
		x = data_given_name(&r);
		y = PICK(&r, nouns);
		if (data_one_in(&r, 20))
			return arena_printf(a, "%s \"%s\" %s", x, y, data_surname(&r, a));
		return arena_printf(a, "%s %s %s", x, y, data_surname(&r, a));
	case 4:
	case 5:
	case 6: x = data_given_name(&r); return arena_printf(a, "%s %s", x, data_surname(&r, a));
	default:
		x = PICK(&r, adjectives);
		y = PICK(&r, nouns);
		return arena_printf(a, "%s %s %s", x, y, PICK(&r, ensembles));
	}
}

static const char *title_plain(struct data_rng *r, struct arena *a)
{
	const char *x, *y, *z;

	switch (data_below(r, 8)) {
	case 0: x = PICK(r, adjectives); return arena_printf(a, "%s %s", x, PICK(r, nouns));
	case 1:
		x = PICK(r, nouns);
		y = PICK(r, adjectives);
		return arena_printf(a, "%s Of The %s %s", x, y, PICK(r, nouns));
	case 2:
		x = PICK(r, verbs);
		y = PICK(r, adjectives);
		return arena_printf(a, "%s The %s %s", x, y, PICK(r, nouns));
	case 3:
		x = PICK(r, verbs);
		y = PICK(r, nouns);
		return arena_printf(a, "%s My %s %s", x, y, PICK(r, tails));
	case 4:
		x = PICK(r, nouns);
		y = PICK(r, nouns);
		return arena_printf(a, "%s, %s And %s", x, y, PICK(r, nouns));
	case 5:
		x = PICK(r, verbs);
		y = PICK(r, nouns);
		z = PICK(r, nouns);
		if (data_one_in(r, 30))
			return arena_printf(a, "%s This %s (The \"%s\" Song)", x, y, z);
		return arena_printf(a, "Don't %s This %s Of %ss", x, y, z);
	case 6:
		x = PICK(r, nouns);
		y = PICK(r, tails);
		return arena_printf(a, "%s %s", x, y);
	default:
		x = PICK(r, adjectives);
		y = PICK(r, adjectives);
		z = PICK(r, nouns);
		return arena_printf(a, "%s %s %s", x, y, z);
	}
}

const char *data_title(const struct data_world *w, uint32_t song, struct arena *a)
{
	struct data_rng r = data_rng(w, DATA_TITLE, song);
	const char *z;

	if (song % 14896 == 310 + 784) /* numbers, see data_songs.c */
		return "4.6";
	if (song % 784 == 310)
		return arena_printf(a, "%u", 1 + data_below(&r, 2020));
	if (song % 513 == 9)
		return arena_printf(a, "Waitin\x19 %s", title_plain(&r, a));
	if (song % 310 == 11)
		return arena_printf(a, "%s \xef\xbf\xbd", title_plain(&r, a));
	if (song % 7448 == 21)
		return "\u5c71\u96e8 (Mountain Rain)";
	if (song % 14896 == 2222)
		return arena_printf(a, "\U0001f3b5 %s", title_plain(&r, a));
	if (song % 14896 == 1234)
		return lengthen("Again", 173, &r, a);
	z = title_plain(&r, a);
	if (data_one_in(&r, 4))
		z = arena_printf(a, "%s%s", z, PICK(&r, editions));
	if (song % 1145 == 7)
		return arena_printf(a, song % 2 ? "%s " : " %s", z);
	return z;
}

const char *data_garbled(const char *z, struct arena *a)
{
	for (int round = 0; round < 2; round++) {
		size_t n = strlen(z), to = 0;
		char *out = arena_alloc(a, 2 * n + 1);

		for (size_t i = 0; i < n; i++)
			to += utf8_put(out + to, (unsigned char)z[i]);
		z = out;
	}
	return z;
}
