/*
 * locks.h - who may write where, and who waits for whom. What is asked for here holds on every
 * engine; how it is done differs (locks.c).
 */
#ifndef WORKERS_LOCKS_H
#define WORKERS_LOCKS_H

#include "workers/tasks.h"

/* Only tables are locked, as a whole, and no key is enforced: Redshift. */
bool locks_are_of_tables(const struct worker *w);

/*
 * Each of these opens a transaction in which the run owns the relation, and keeps it until the
 * transaction ends; another run that takes it over waits for that. ERR_SETUP/AT_STATE when it
 * belongs to another run.
 */

/* For a COPY into the lane; other COPYs of the relation go on beside it. */
bool locks_begin_load(struct worker *w, struct str relation, struct str lane, struct err *e);

/* For filling the table `stem`: nobody else does, and who did is waited for. */
bool locks_begin_insert(struct worker *w, struct str relation, struct str stem, struct err *e);

/* For counting lanes and ledger: what is in flight for another run is not beside it. */
bool locks_begin_count(struct worker *w, struct str relation, struct str stem, struct err *e);

/* For writing to dwh.quarantine; whoever writes about the same manifest is waited for. */
bool locks_begin_quarantine(
    struct worker *w, struct str relation, struct str manifest, struct err *e);

/*
 * Within an insert: where reading dwh's tables and filling the table in one transaction would make
 * inserts of other tables conflict with it, a new one begins, as by locks_begin_insert. step: it
 * is about to write to dwh.step.
 */
bool locks_next_insert(
    struct worker *w, struct str relation, struct str stem, bool step, struct err *e);

/*
 * Asks the ledger about a shard of this lane: before that, an earlier session that may still commit
 * it is waited for, in a transaction that is over then. Where the ledger has a key nobody is waited
 * for: the second row of a shard fails (23505). The question has no parameters; *res is the
 * caller's to PQclear.
 */
bool locks_fence(
    struct worker *w, struct str lane, const char *question, PGresult **res, struct err *e);

/*
 * Within a transaction: whoever else writes about the same part of the relation to dwh.load_errors
 * is waited for. It has no key by which an earlier session of ours, that is thought dead and is
 * still in its COMMIT, would be seen.
 */
bool locks_turn_errors(struct worker *w, struct str relation, struct str part, struct err *e);

/*
 * The transaction(s) of create and drop, which never run twice at the same time in one database:
 *
 *   locks_begin_making   -> dwh's own tables are made -> locks_made_own -> is another run alive?
 *   -> locks_take_over   -> relations are read and changed -> COMMIT
 *
 * locks_take_over makes this run the owner of the relations of these files, and waits for what is
 * in flight for another.
 */
bool locks_begin_making(struct worker *w, struct err *e);
bool locks_made_own(struct worker *w, struct err *e);
bool locks_take_over(struct worker *w, const struct sqlfile *files, size_t n, struct err *e);

/* Within a transaction that only reads: the lane is not dropped until its end. */
bool locks_against_drop(struct worker *w, struct str lane, struct err *e);

#endif
