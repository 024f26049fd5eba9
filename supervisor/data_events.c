/*
 * data_events.c - the log: a month of people who come, play songs and leave.
 *
 * Events are made one after the other in the order of their time. A few sessions are open at any
 * moment; each event goes to one of them, and a session that has had its events makes room for
 * another user's. What must come out exactly (how many events are plays, how many plays are of
 * songs in the catalogue, ...) is drawn by quota: "take m of n" decides event by event and ends
 * with m taken, whatever the dice say, without a list. What is kept is a few bytes for each user.
 */
#include <stdlib.h>

#include "supervisor/data_private.h"

/* Takes `left` of the next `of`. */
struct quota {
	uint32_t left, of;
};

struct session {
	uint32_t user, number, item;
	uint32_t left; /* events to come; 0: the next one is of another session */
};

struct user {
	uint32_t id;
	uint32_t events;
	bool paid, active;
};

struct data_events {
	const struct data_world *w;
	struct data_rng rng;
	int day;
	uint32_t done, day_done, day_n; /* events: so far, of this day so far, of this day */
	int64_t ts;                     /* of the event before */
	struct quota out, intro, play, hit, hit_garbled, hit_length, same_ts;
	struct quota odd[3]; /* of the unknown songs: see play_unknown() */
	struct user *users;
	uint32_t n_users; /* that were seen */
	struct session *sessions;
	uint32_t n_sessions, max_sessions;
	uint32_t last; /* session of the event before */
	uint32_t last_hit;
	struct session visitor;
	uint32_t session_numbers;
};

/* 2018-11-01, a Thursday. */
static const int64_t first_ms = 1541030400000;

static bool take(struct quota *q, struct data_rng *r)
{
	bool yes = q->of && data_below(r, q->of) < q->left;

	q->of -= q->of > 0;
	q->left -= yes;
	return yes;
}

/* Events before a day: more on working days, a little more each week. */
static uint32_t events_before(const struct data_world *w, int day)
{
	static const unsigned weekday[] = {11, 10, 6, 4, 11, 12, 12}; /* from Thursday */
	uint64_t before = 0, all = 0;

	for (int d = 0; d < DATA_DAYS; d++) {
		uint64_t weight = weekday[d % 7] * (20u + (unsigned)d);

		if (d < day)
			before += weight;
		all += weight;
	}
	return (uint32_t)(w->events * before / all);
}

static uint32_t events_of(const struct data_world *w, int day)
{
	return events_before(w, day + 1) - events_before(w, day);
}

/* Milliseconds into the day of the j-th of n events: afternoons are busiest. */
static int64_t moment(struct data_rng *r, uint32_t j, uint32_t n)
{
	static const unsigned hours[24] = {16, 15, 12, 11, 13, 15, 18, 18, 21, 22, 23, 24, 23, 24,
	    29, 35, 40, 39, 35, 27, 23, 20, 18, 17};
	const uint64_t hour_ms = 3600000;
	unsigned __int128 at = ((uint64_t)j << 16) + data_below(r, 1u << 16);
	uint64_t all = 0, x;
	int64_t h = 0;

	for (int i = 0; i < 24; i++)
		all += hours[i] * hour_ms;
	x = (uint64_t)(at * all / ((uint64_t)n << 16));
	while (x >= hours[h] * hour_ms)
		x -= hours[h++] * hour_ms;
	return h * (int64_t)hour_ms + (int64_t)(x / hours[h]);
}

/* Moves to the next event's day and time. The day has an event left, or a later one has. */
static void tick(struct data_events *g)
{
	/* Like the real log, all in the same millisecond of a second, while seconds suffice. */
	int64_t unit = g->w->scale <= 20 ? 1000 : 1, rest = unit == 1000 ? 796 : 0, ts;

	while (g->day_done == g->day_n) {
		g->day++;
		g->day_done = 0;
		g->day_n = events_of(g->w, g->day);
	}
	ts = first_ms + g->day * INT64_C(86400000) + moment(&g->rng, g->day_done, g->day_n);
	ts = ts / unit * unit + rest;
	/* Every second event of a day may share the time of the one before it: pairs only. */
	if (g->day_done % 2 == 1 && take(&g->same_ts, &g->rng))
		ts = g->ts;
	else if (ts <= g->ts)
		ts = g->ts + unit;
	g->ts = ts;
	g->day_done++;
	g->done++;
}

struct data_events *data_events_new(const struct data_world *w)
{
	struct data_events *g = xcalloc(1, sizeof *g);
	uint32_t in = w->events - w->events_out, pairs = 0;

	for (int d = 0; d < DATA_DAYS; d++)
		pairs += events_of(w, d) / 2;
	g->w = w;
	g->rng = data_rng(w, DATA_EVENT, 0);
	g->day_n = events_of(w, 0);
	g->out = (struct quota){w->events_out, w->events};
	g->intro = (struct quota){w->users, in / 2}; /* everybody is there in the first half */
	g->play = (struct quota){w->events_play, in - w->users};
	g->hit = (struct quota){w->events_hit, w->events_play};
	g->hit_length = (struct quota){w->events_hit_length, w->events_hit};
	g->hit_garbled = (struct quota){w->events_hit_garbled, w->events_play - w->events_hit};
	for (size_t i = 0; i < 3; i++)
		g->odd[i] = (struct quota){
		    w->events_odd, w->events_play - w->events_hit - w->events_hit_garbled};
	g->same_ts = (struct quota){w->events_same_ts, pairs};

	g->users = xcalloc(w->users, sizeof *g->users);
	for (uint32_t i = 0; i < w->users; i++)
		g->users[i].id = i + 2;
	for (uint32_t i = w->users - 1; i > 0; i--) {
		uint32_t j = data_below(&g->rng, i + 1), id = g->users[i].id;

		g->users[i].id = g->users[j].id;
		g->users[j].id = id;
	}
	for (uint32_t i = 0; i < w->users; i++)
		g->users[i].paid = i < w->changers ? i % 4 == 3 : i < w->users / 3;
	g->max_sessions = 1 + w->scale;
	g->sessions = xcalloc(g->max_sessions, sizeof *g->sessions);
	g->session_numbers = 3;
	return g;
}

void data_events_free(struct data_events *g)
{
	free(g->users);
	free(g->sessions);
	free(g);
}

/* Short ones mostly; one in forty goes on for hours. */
static void session_start(struct data_events *g, struct session *s, uint32_t user)
{
	uint32_t n = 2 + data_below(&g->rng, 1 + data_below(&g->rng, 32));

	*s = (struct session){user, g->session_numbers++, 0, n};
	if (data_one_in(&g->rng, 40))
		s->left *= 4;
}

/* One user in 97 looks around and plays nothing. */
static bool user_plays(const struct data_events *g, uint32_t user)
{
	return user % 97 != 8 || user < g->w->changers;
}

/* A session whose user is seen for the first time. */
static uint32_t session_of_new_user(struct data_events *g)
{
	uint32_t i;

	if (g->n_sessions < g->max_sessions)
		i = g->n_sessions++;
	else {
		i = data_below(&g->rng, g->n_sessions);
		g->users[g->sessions[i].user].active = false;
	}
	session_start(g, &g->sessions[i], g->n_users);
	g->users[g->n_users++].active = true;
	return i;
}

/* Some open session; where it has ended, of another user, those seen first more often. */
static uint32_t session_any(struct data_events *g, bool play)
{
	uint32_t i = data_below(&g->rng, g->n_sessions);
	struct session *s;

	for (uint32_t tries = 0; tries < g->n_sessions; tries++, i = (i + 1) % g->n_sessions)
		if (!play || user_plays(g, g->sessions[i].user))
			break;
	s = &g->sessions[i];
	if (s->left == 0) {
		uint32_t user = s->user;

		for (int tries = 0; tries < 8; tries++) {
			uint32_t other = data_skewed(&g->rng, g->n_users);

			if (!g->users[other].active && (!play || user_plays(g, other))) {
				user = other;
				break;
			}
		}
		g->users[s->user].active = false;
		g->users[user].active = true;
		session_start(g, s, user);
	}
	return i;
}

static void fill_user(
    const struct data_events *g, uint32_t user, struct arena *a, struct data_event *v)
{
	struct data_rng r = data_rng(g->w, DATA_USER, user);

	v->user_id = g->users[user].id;
	v->first_name = data_given_name(&r);
	v->last_name = data_surname(&r, a);
	v->gender = data_one_in(&r, 2) ? "F" : "M";
	v->location = data_metro(&r, a);
	v->agent = data_agent(&r, a);
	v->registration = 1537000000796 + (int64_t)data_below(&r, 4000000) * 1000;
	v->level = g->users[user].paid ? "paid" : "free";
}

/* A song that the catalogue does not have, or not with this artist. */
static void play_unknown(struct data_events *g, struct arena *a, struct data_event *v)
{
	const struct data_world *w = g->w;
	struct data_rng *r = &g->rng;
	uint32_t artist = w->artists + data_skewed(r, w->artists / 3);
	uint32_t title = w->songs + data_skewed(r, w->songs);

	if (data_below(r, 100) < 55)
		artist = data_skewed(r, w->artists);
	else if (data_below(r, 100) < 35)
		title = data_below(r, w->songs);
	v->artist = data_artist_name(w, artist, a);
	v->song = data_title(w, title, a);
	v->length = 2000000 + (int32_t)data_below(r, 45000000);
	if (!data_one_in(r, 3)) {
		v->artist = data_garbled(v->artist, a);
		v->song = data_garbled(v->song, a);
	}
	if (take(&g->odd[0], r))
		v->song = arena_printf(a, "%s\u00a0", v->song);
	if (take(&g->odd[1], r))
		v->song = arena_printf(a, " %s", v->song);
	if (take(&g->odd[2], r))
		v->song = arena_printf(a, "%s ", v->song);
}

static bool is_ascii(const char *z)
{
	while (*z && (unsigned char)*z < 0x80)
		z++;
	return *z == '\0';
}

static void fill_play(struct data_events *g, struct arena *a, struct data_event *v)
{
	const struct data_world *w = g->w;
	struct data_song s;

	v->page = "NextSong";
	v->method = "PUT";
	v->status = 200;
	if (take(&g->hit, &g->rng)) {
		/* Never the same twice running: the same second, user and song would be one play.
		 */
		uint32_t hit = data_skewed(&g->rng, w->hits);

		if (hit == g->last_hit)
			hit = (hit + 1) % w->hits;
		g->last_hit = hit;
		data_song(w, data_hit(hit), a, &s);
		v->artist = s.artist_name;
		v->song = s.title;
		v->length = s.duration;
		if (take(&g->hit_length, &g->rng))
			v->length += 100000 + (int32_t)data_below(&g->rng, 400000);
	} else if (take(&g->hit_garbled, &g->rng)) {
		uint32_t song = data_below(&g->rng, w->artists);

		do {
			song = (song + 1) % w->artists;
			data_song(w, song, a, &s);
		} while (is_ascii(s.title) && is_ascii(s.artist_name));
		v->artist = data_garbled(s.artist_name, a);
		v->song = data_garbled(s.title, a);
		v->length = s.duration;
	} else
		play_unknown(g, a, v);
}

struct page {
	const char *page, *method;
	int status;
};

static void fill_page(struct data_event *v, const struct page *p)
{
	v->page = p->page;
	v->method = p->method;
	v->status = p->status;
}

static void fill_visit(struct data_events *g, struct data_event *v)
{
	static const struct page pages[] = {{"Home", "GET", 200}, {"Home", "GET", 200},
	    {"Home", "GET", 200}, {"Login", "PUT", 307}, {"Login", "GET", 200},
	    {"About", "GET", 200}, {"Help", "GET", 200}};

	if (g->visitor.left == 0)
		session_start(g, &g->visitor, 0);
	g->visitor.left--;
	v->auth = "Logged Out";
	v->level = data_below(&g->rng, 10) < 7 ? "paid" : "free";
	v->session = g->visitor.number;
	v->item = g->visitor.item++;
	fill_page(v, &pages[data_below(&g->rng, sizeof pages / sizeof pages[0])]);
}

/* Any page but NextSong. */
static void fill_other(
    struct data_events *g, const struct user *u, bool changes, struct data_event *v)
{
	static const struct page pages[] = {{"Home", "GET", 200}, {"Home", "GET", 200},
	    {"Home", "GET", 200}, {"Home", "GET", 200}, {"Home", "GET", 200}, {"Home", "GET", 200},
	    {"Logout", "PUT", 307}, {"Settings", "GET", 200}, {"Save Settings", "PUT", 307},
	    {"Help", "GET", 200}, {"About", "GET", 200}, {"Error", "GET", 404}};
	static const struct page up[] = {{"Upgrade", "GET", 200}, {"Submit Upgrade", "PUT", 307}};
	static const struct page down[] = {
	    {"Downgrade", "GET", 200}, {"Submit Downgrade", "PUT", 307}};

	if (changes || data_one_in(&g->rng, 12))
		fill_page(v, u->paid ? &down[changes] : &up[changes]);
	else
		fill_page(v, &pages[data_below(&g->rng, sizeof pages / sizeof pages[0])]);
}

bool data_events_next(struct data_events *g, struct arena *a, struct data_event *v)
{
	static const struct page home = {"Home", "GET", 200};
	int64_t before = g->ts;
	struct session *s;
	struct user *u;
	bool intro, play, changes;

	if (g->done == g->w->events)
		return false;
	tick(g);
	*v = (struct data_event){.day = g->day, .ts = g->ts, .auth = "Logged In"};
	if (take(&g->out, &g->rng)) {
		fill_visit(g, v);
		return true;
	}
	intro = take(&g->intro, &g->rng);
	if (g->n_users == 0 && !intro) {
		intro = true;
		g->intro.left--;
	}
	play = !intro && take(&g->play, &g->rng);
	if (intro)
		g->last = session_of_new_user(g);
	else if (g->ts != before || !data_one_in(&g->rng, 2) ||
	         !user_plays(g, g->sessions[g->last].user) || g->sessions[g->last].left == 0)
		g->last = session_any(g, play);
	s = &g->sessions[g->last];
	u = &g->users[s->user];
	s->left--;
	/* The tenth event, and hardly ever again, of those who change: from the next one on. */
	changes = s->user < g->w->changers &&
	          (u->events == 9 || (u->events > 9 && !play && data_one_in(&g->rng, 50)));
	v->logged_in = true;
	v->session = s->number;
	v->item = s->item++;
	fill_user(g, s->user, a, v);
	if (intro)
		fill_page(v, &home);
	else if (play)
		fill_play(g, a, v);
	else
		fill_other(g, u, changes, v);
	u->events++;
	u->paid ^= changes;
	return true;
}
