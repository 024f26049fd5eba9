/*
 * chart.h - where the marks of the report's charts stand. Pure: no markup, no colours.
 *
 * Across, a chart has CHART_SCALE units, from the beginning of the run to its end. What is narrower
 * than a line on a screen is drawn together with its neighbours, so that a page of a hundred
 * thousand attempts opens as quickly as one of ten.
 */
#ifndef SUPERVISOR_CHART_H
#define SUPERVISOR_CHART_H

#include "supervisor/journal.h"

enum { CHART_SCALE = 10000, CHART_TICKS = 8 };

/* How a bar is drawn. */
enum chart_end {
	CHART_DONE,
	CHART_OPEN,   /* it runs, or nobody was there to see its end */
	CHART_FAILED, /* and may have been tried again */
	CHART_DIED,   /* with its worker */
	CHART_LEFT,   /* cancelled and rolled back */
	CHART_ENDS
};

/* Attempts of one worker, one after the other; mostly it is one. */
struct chart_bar {
	int row;            /* the worker, from 0 on */
	int from, to;       /* 0 ... CHART_SCALE; from < to */
	const char *kind;   /* list copy insert check other */
	enum chart_end end; /* of all of them */
	size_t first, n;    /* of them, in chart.order; n of them */
	int64_t began, ended;
};

/* A task that failed waits before it is tried again; shown where it failed. */
struct chart_pause {
	int row, from, to;
};

struct chart {
	int rows;      /* workers, also those that had nothing to do */
	int64_t whole; /* milliseconds across */
	struct chart_bar *bars;
	size_t n_bars;
	struct chart_pause *pauses;
	size_t n_pauses;
	size_t *order; /* of f->attempts: by worker, then by beginning */
	size_t n;
};

/* "list", "copy", "insert", "check", "other": what a task is on a chart. */
const char *chart_kind(const struct task *t);

enum chart_end chart_end_of(const struct fold_attempt *t);

/* The time line of every worker; at most about max_bars bars where they can be joined. In a. */
struct chart chart_workers(const struct fold *f, size_t max_bars, struct arena *a);

int chart_at(int64_t ms, int64_t whole);

/* When an attempt ended, or how far it has come. */
int64_t chart_ended(const struct fold *f, const struct fold_attempt *t);

/* Bytes that were committed, after a while: a curve of steps. */
struct chart_point {
	int64_t ms, bytes;
	int at; /* 0 ... CHART_SCALE */
};

/* One for each moment that can be told from the one before; the last has all. In a. */
size_t chart_bytes(const struct fold *f, int64_t whole, struct arena *a, struct chart_point **out);

/* Round numbers, from 0 to at most `whole`; returns how many, at most max (of CHART_TICKS). Of
 * milliseconds they are round seconds, minutes, hours; else 1, 2 and 5 with noughts. */
size_t chart_ticks(int64_t whole, bool milliseconds, size_t max, int64_t out[CHART_TICKS]);

/* "0", "1.5 s", "20 min", "3 h": a tick on a scale that is so long. In a. */
const char *chart_time(struct arena *a, int64_t ms, int64_t whole);

#endif
