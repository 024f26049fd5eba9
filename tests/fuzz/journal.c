/* Any bytes as the journal of a run: refused with its line, or a run that every report can be made
 * of. A line that is cut off at the end is no error. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/journal.h"
#include "supervisor/report.h"

#define RUN "20261123T101500-3fa9"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/dwh-fuzz-journal.XXXXXX";
static char runs[64], run[96], path[128]; /* each within the one before */

static void clean_up(void)
{
	if (unlink(path) == 0 && rmdir(run) == 0 && rmdir(runs) == 0)
		rmdir(folder);
}

static void make_folders(void)
{
	if (!mkdtemp(folder))
		abort();
	snprintf(runs, sizeof runs, "%s/runs", folder);
	snprintf(run, sizeof run, "%s/" RUN, runs);
	snprintf(path, sizeof path, "%s/journal.jsonl", run);
	if (mkdir(runs, 0700) != 0 || mkdir(run, 0700) != 0 || atexit(clean_up) != 0)
		abort();
}

static void put(const uint8_t *data, size_t size)
{
	int fd;

	if (!path[0])
		make_folders();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void print(const struct fold *f, struct arena *a)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	report_print(f, NULL, 0, a, out);
	report_close(f, a, out);
	report_json(f, NULL, 0, a, out);
	report_csv(f, out);
	fclose(out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct fold f;
	struct err e;

	put(data, size);
	if (journal_fold(folder, RUN, a, &f, &e))
		print(&f, a);
	else if (e.kind != ERR_SETUP || e.where != AT_STATE || !strstr(e.msg, "journal.jsonl:"))
		abort();
	arena_free(a);
	return 0;
}
