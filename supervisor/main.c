/*
 * main.c - the one binary: what a person starts, and the processes that this starts in turn. Only
 * this file knows both rooms.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "shared/title.h"
#include "supervisor/bench.h"
#include "supervisor/cluster_commands.h"
#include "supervisor/command.h"
#include "supervisor/commands.h"
#include "supervisor/doctor.h"
#include "supervisor/services.h"
#include "workers/doctor.h"
#include "workers/local/keeper.h"
#include "workers/local/redshiftd.h"
#include "workers/local/s3d.h"
#include "workers/worker.h"

static int run_worker(struct call *c)
{
	(void)c;
	return worker_main();
}

/* A worker's looking, within this process: it is no task of a run. */
static int run_doctor(struct call *c)
{
	return doctor_main(c, doctor_look);
}

static int run_keeper(struct call *c)
{
	return keeper_main(c->argc, c->argv);
}

static int run_s3d(struct call *c)
{
	return s3d_main(c->argc, c->argv);
}

static int run_redshiftd(struct call *c)
{
	return redshiftd_main(c->argc, c->argv);
}

enum {
	RUN_OPTIONS = OPT_WORKERS | OPT_FRESH | OPT_JSON | OPT_TAKE_OVER,
	LOAD_OPTIONS = RUN_OPTIONS | OPT_CHANGED | OPT_UNVERIFIED
};

const struct command commands[] = {
    {.name = "run",
        .args = "",
        .help =
            "Creates what is missing, loads what is new, fills the tables, checks, and reports.",
        .options = LOAD_OPTIONS | OPT_EPHEMERAL,
        .needs_config = true,
        .run = cmd_run},
    {.name = "rerun",
        .args = "[RUN]",
        .help = "Loads what a run has left, the last one by default, and what depends on it.",
        .options = OPT_WORKERS | OPT_JSON | OPT_TAKE_OVER | OPT_CHANGED | OPT_RERUN |
                   OPT_UNVERIFIED,
        .needs_config = true,
        .run = cmd_run},
    {.name = "load",
        .args = "",
        .help = "Loads what is new into staging.",
        .options = LOAD_OPTIONS | OPT_VALIDATE,
        .needs_config = true,
        .run = cmd_run},
    {.name = "transform",
        .args = "",
        .help = "Fills the tables from staging, where something has changed.",
        .options = OPT_WORKERS | OPT_JSON | OPT_TAKE_OVER,
        .needs_config = true,
        .run = cmd_run},
    {.name = "create",
        .args = "",
        .help = "Creates the tables that are missing.",
        .options = RUN_OPTIONS,
        .needs_config = true,
        .run = cmd_run},
    {.name = "drop",
        .args = "",
        .help = "Drops the tables that dwh made.",
        .options = OPT_JSON | OPT_TAKE_OVER,
        .needs_config = true,
        .run = cmd_run},
    {.name = "check",
        .args = "",
        .help = "Runs the checks of the model.",
        .options = OPT_WORKERS | OPT_JSON,
        .needs_config = true,
        .run = cmd_run},
    {.name = "verify",
        .args = "[RUN]",
        .help = "Recounts staging against the ledger and the manifests, or the shards of one run.",
        .options = OPT_WORKERS | OPT_JSON | OPT_UNVERIFIED,
        .needs_config = true,
        .run = cmd_run},
    {.name = "quarantine",
        .args = "list|retry|drop [OBJECT...]",
        .help = "The objects that are held back: shows them, loads them again, gives them up.",
        .options = OPT_WORKERS | OPT_JSON | OPT_CSV | OPT_TAKE_OVER | OPT_CHANGED | OPT_ALL |
                   OPT_UNVERIFIED,
        .needs_config = true,
        .run = cmd_quarantine},
    {.name = "query",
        .args = "[NAME | FILE.sql ...]",
        .help = "Answers the model's queries, all or those named, or a SELECT in a file.",
        .options = OPT_JSON | OPT_CSV | OPT_LIST,
        .needs_config = true,
        .run = cmd_query},
    {.name = "plan",
        .args = "",
        .help = "Shows the sources, what is known of their shards, and the order of the steps.",
        .options = OPT_WORKERS,
        .needs_config = true,
        .run = cmd_plan},
    {.name = "report",
        .args = "[RUN]",
        .help = "The report of a run again, the last one's by default.",
        .options = OPT_JSON | OPT_CSV | OPT_HTML,
        .needs_config = true,
        .run = cmd_report},
    {.name = "status",
        .args = "[RUN]",
        .help = "What a run is doing now, the last one by default; from another shell, too.",
        .options = OPT_JSON,
        .needs_config = true,
        .run = cmd_status},
    {.name = "bench",
        .args = "",
        .help = "Loads again and again, with several numbers of workers, and says how it scales.",
        .options = OPT_WORKERS | OPT_BENCH | OPT_JSON | OPT_UNVERIFIED,
        .needs_config = true,
        .run = cmd_bench,
        .more_help = bench_help},
    {.name = "cluster",
        .args = "up|status|wait|pause|resume|down|reap",
        .help = "Makes a warehouse at AWS, and removes it, with all that belongs to it.",
        .options = OPT_CLUSTER | OPT_JSON,
        .needs_config = true,
        .makes_cluster = true,
        .run = cmd_cluster,
        .more_help = cluster_help},
    {.name = "config",
        .args = "",
        .help = "Shows each effective value and where it comes from.",
        .options = OPT_JSON,
        .needs_config = true,
        .run = cmd_config,
        .more_help = config_help},
    {.name = "doctor",
        .args = "",
        .help = "Looks at all that a load needs, and says what is missing and the remedy.",
        .options = OPT_JSON | OPT_WORKERS,
        .needs_config = true,
        .run = run_doctor},
    {.name = "psql",
        .args = "[ARGS]",
        .help = "Opens the warehouse with psql.",
        .needs_config = true,
        .raw = true,
        .own_help = true,
        .run = cmd_psql},
    {.name = "local",
        .args = "up|down|status|env|psql [ARGS...]",
        .help = "The services of this machine, kept up for other programs.",
        .options = OPT_JSON,
        .needs_config = true,
        .raw_behind = "psql",
        .run = cmd_local,
        .more_help = services_help},
    {.name = "data",
        .args = "--out DIR [...]",
        .help = "Writes a data set to try with, and says what a load of it must give.",
        .options = OPT_DATA | OPT_JSON,
        .run = cmd_data},
    {.name = "s3d",
        .args = "--root DIR --key-file FILE [...]",
        .help = "An S3 server over a folder.",
        .raw = true,
        .run = run_s3d,
        .more_help = s3d_help},
    {.name = "redshiftd",
        .args = "--pg DIR [...]",
        .help = "Redshift's protocol and COPY in front of a PostgreSQL.",
        .raw = true,
        .run = run_redshiftd,
        .more_help = redshiftd_help},
    {.name = "help",
        .args = "[COMMAND]",
        .help = "This text, or that of a command.",
        .run = cmd_help},
    {.name = "version", .args = "", .help = "The version.", .run = cmd_version},
    {.name = "states",
        .args = "",
        .help = "The states of a task and the moves between them.",
        .hidden = true,
        .run = cmd_states},
    {.name = "worker",
        .args = "",
        .help = "A worker process: messages on standard input and output.",
        .hidden = true,
        .run = run_worker},
    {.name = "keeper",
        .args = "",
        .help = "Keeps the services of the local engine.",
        .raw = true,
        .hidden = true,
        .run = run_keeper},
    {.name = NULL},
};

/*
 * Standard input, output and error, as they may come:
 *
 *   closed           nothing that is opened later gets its number; it stays unwritable
 *   cannot be        a result that is not printed is an error, 12 where the command itself went
 *   written          well (command_finish); talk that is not printed is none
 *   nobody reads     who leaves has seen enough: no signal, no error, and a load goes on
 *   nobody reads,    a load does not wait for who reads its talk: what is in the way is left out
 *   nobody leaves    and counted (log_patience); for who reads its report it waits
 */
static void settle_standard(void)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	/* Who starts us may ignore it, and then nobody could wait for a child. */
	signal(SIGCHLD, SIG_DFL);
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct call call;
	int status;

	settle_standard();
	title_init(argc, argv);
	if (command_parse(argc, argv, &call, &status))
		status = call.command->run(&call);
	arena_free(call.arena);
	return status;
}
