/* exitcode.c - see exitcode.h. */
#include "supervisor/exitcode.h"

#include "shared/log.h"

int exit_code_of(const struct err *e)
{
	switch (e->where) {
	case AT_USAGE: return 1;
	case AT_CONFIG: return 2;
	case AT_STATE: return 3;
	case AT_WAREHOUSE:
	case AT_AWS: return 4; /* 9 is for what is left there: cluster_commands.c, ephemeral.c */
	case AT_S3: return 5;
	case AT_DATA: return 7;
	case AT_CHECK: return 8;
	case AT_INTERNAL: break;
	}
	return 12;
}

int exit_saying(const struct err *e)
{
	log_error("%s", e->msg);
	return exit_code_of(e);
}
