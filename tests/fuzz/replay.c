/* replay.c - the corpus through a fuzz target, where there is no fuzzer: each file named, once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_file(const char *path, size_t *n)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL;
	long size;

	if (!in)
		return NULL;
	if (fseek(in, 0, SEEK_END) == 0 && (size = ftell(in)) >= 0) {
		rewind(in);
		data = malloc((size_t)size + 1);
		*n = data ? fread(data, 1, (size_t)size, in) : 0;
	}
	fclose(in);
	return data;
}

int main(int argc, char **argv)
{
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		size_t n = 0;
		uint8_t *data = read_file(argv[i], &n);

		if (!data) {
			printf("not ok %d - cannot read %s\n", i, argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput(data, n);
		free(data);
		printf("ok %d - %s\n", i, argv[i]);
	}
	return 0;
}
