/* exitcode.c - see exitcode.h. */
#include "supervisor/exitcode.h"

int exit_code_of(const struct err *e)
{
	switch (e->where) {
	case AT_USAGE: return 1;
	case AT_CONFIG: return 2;
	case AT_STATE: return 3;
	case AT_WAREHOUSE: return 4;
	case AT_S3: return 5;
	case AT_DATA: return 7;
	case AT_CHECK: return 8;
	case AT_AWS: return 9;
	case AT_INTERNAL: break;
	}
	return 12;
}
