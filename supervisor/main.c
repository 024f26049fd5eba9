/*
 * main.c - the one binary: what a person starts, and the processes that this starts in turn. Only
 * this file knows both rooms.
 */
#include "shared/title.h"
#include "supervisor/command.h"
#include "supervisor/commands.h"
#include "workers/local/keeper.h"
#include "workers/local/s3d.h"
#include "workers/worker.h"

static int run_worker(struct call *c)
{
	(void)c;
	return worker_main();
}

static int run_keeper(struct call *c)
{
	return keeper_main(c->argc, c->argv);
}

static int run_s3d(struct call *c)
{
	return s3d_main(c->argc, c->argv);
}

enum { RUN_OPTIONS = OPT_WORKERS | OPT_FRESH | OPT_JSON };

const struct command commands[] = {
    {"run", "",
        "Creates what is missing, loads what is new, fills the tables, checks, and reports.",
        RUN_OPTIONS, true, false, false, cmd_run},
    {"load", "", "Loads what is new into staging.", RUN_OPTIONS, true, false, false, cmd_run},
    {"transform", "", "Fills the tables from staging, where something has changed.",
        OPT_WORKERS | OPT_JSON, true, false, false, cmd_run},
    {"create", "", "Creates the tables that are missing.", RUN_OPTIONS, true, false, false,
        cmd_run},
    {"drop", "", "Drops the tables that dwh made.", OPT_JSON, true, false, false, cmd_run},
    {"check", "", "Runs the checks of the model.", OPT_WORKERS | OPT_JSON, true, false, false,
        cmd_run},
    {"query", "[NAME...]", "Answers the model's queries, all or those named.", OPT_JSON | OPT_CSV,
        true, false, false, cmd_query},
    {"plan", "", "Shows the sources, what is known of their shards, and the order of the steps.",
        OPT_WORKERS, true, false, false, cmd_plan},
    {"report", "[RUN]", "The report of a run again, the last one's by default.", OPT_JSON, true,
        false, false, cmd_report},
    {"config", "", "Shows each effective value and where it comes from.", OPT_JSON, true, false,
        false, cmd_config},
    {"psql", "[ARGS]", "Opens the warehouse with psql.", 0, true, true, false, cmd_psql},
    {"data", "--out DIR", "Writes a data set to try with, and says what a load of it must give.",
        OPT_DATA | OPT_JSON, false, false, false, cmd_data},
    {"s3d", "--root DIR --key-file FILE [...]", "An S3 server over a folder.", 0, false, true,
        false, run_s3d},
    {"help", "", "This text.", 0, false, false, false, cmd_help},
    {"version", "", "The version.", 0, false, false, false, cmd_version},
    {"states", "", "The states of a task.", 0, false, false, true, cmd_states},
    {"worker", "", "A worker process: messages on standard input and output.", 0, false, false,
        true, run_worker},
    {"keeper", "", "Keeps the services of the local engine.", 0, false, true, true, run_keeper},
    {0},
};

int main(int argc, char **argv)
{
	struct call call;
	int status;

	title_init(argc, argv);
	if (command_parse(argc, argv, &call, &status))
		status = call.command->run(&call);
	arena_free(call.arena);
	return status;
}
