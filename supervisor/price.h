/*
 * price.h - what a warehouse costs an hour, from a dated table in the program.
 *
 * List prices, on demand, in US dollars, for a node-hour or an RPU-hour, without storage, backups,
 * transfer and tax. AWS changes them, so each carries its date, and what the table does not know is
 * unknown: nothing is guessed from another region. A node costs as long as it is there and not
 * paused; an RPU only while a query runs, a minute at the least.
 */
#ifndef SUPERVISOR_PRICE_H
#define SUPERVISOR_PRICE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/arena.h"
#include "shared/str.h"

struct price {
	int64_t micro;     /* millionths of a US dollar an hour, for one node or one RPU */
	const char *as_of; /* "2026-10-05", or "2026-03" where only the month is known; a literal */
};

/* False where the table does not know it. */
bool price_of_node(struct str node_type, struct str region, struct price *out);
bool price_of_rpu(struct str region, struct price *out);

/*
 * One line for people: "1.086 USD an hour: 2 nodes of ra3.large at 0.543 (on demand in us-east-1,
 * without storage; price of 2026-03)", or "price unknown: in us-east-1 ..." as an indication, with
 * where to look. In a.
 */
const char *price_of_nodes_text(
    struct arena *a, struct str node_type, int64_t n, struct str region);
const char *price_of_rpus_text(struct arena *a, int64_t n, struct str region);

#endif
