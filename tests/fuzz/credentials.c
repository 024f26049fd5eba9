/* Any bytes as both of AWS's files: a whole key, or an error that names the place. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/credentials.h"
#include "shared/credentials_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	int fd = memfd_create("credentials", MFD_CLOEXEC);
	char *path = arena_printf(a, "/proc/self/fd/%d", fd);
	struct config c = {.file = "dwh.cfg"};
	struct credentials got;
	struct chain chain;
	const char *from;
	char **words;
	size_t n;
	struct err e;

	if (write(fd, data, size) != (ssize_t)size ||
	    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1) || setenv("AWS_CONFIG_FILE", path, 1) ||
	    setenv("AWS_EC2_METADATA_DISABLED", "true", 1))
		abort();
	/* What the file may name is not asked: programs, servers. */
	chain_open(&chain, &c, a);
	if (chain_has_role(&chain, chain.profile) ||
	    chain_has_web_identity(&chain, chain.profile) ||
	    chain_has_process(&chain, chain.profile))
		chain_split(
		    chain_value(&chain, chain.profile, "credential_process"), a, &words, &n);
	else if (credentials_find(&c, a, &got, &e) ? !got.key.access.n || !got.key.secret.n
	                                           : !e.msg[0])
		abort();
	credentials_region(&c, a);
	credentials_endpoint(&c, "S3", a, &from);
	close(fd);
	arena_free(a);
	return 0;
}
