/* Signatures against published and recorded requests, each intermediate step of them. */
#include "tests/unit/unit.h"

#include "shared/arena.h"
#include "tests/vectors/sigv4.h"
#include "tests/vectors/sigv4_aws.h"
#include "tests/vectors/sigv4_s3.h"
#include "tests/vectors/sigv4_suite.h"

static const struct sigv4_key example = {
    .access = {"AKIDEXAMPLE", 11},
    .secret = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
};

/* "Name: value" lines into out; a line that begins with a blank belongs to the value before it. */
static size_t split_headers(const char *text, struct sigv4_header *out, size_t max)
{
	struct str rest = str_z(text);
	size_t n = 0;

	while (rest.n) {
		struct str line = {rest.p, str_find(rest, '\n')};
		size_t colon = str_find(line, ':');

		rest = str_from(rest, line.n + 1);
		if (line.p[0] == ' ') {
			assert_true(n > 0);
			out[n - 1].value.n = (size_t)(line.p + line.n - out[n - 1].value.p);
			continue;
		}
		assert_true(n < max && colon < line.n);
		out[n++] = (struct sigv4_header){{line.p, colon}, str_from(line, colon + 1)};
	}
	return n;
}

static void check(const struct sigv4_vector *v, struct arena *a)
{
	struct sigv4_header headers[16];
	struct sigv4_request r = {
	    .method = str_z(v->method),
	    .path = str_z(v->path),
	    .query = str_z(v->query),
	    .headers = headers,
	    .n_headers = split_headers(v->headers, headers, COUNT(headers)),
	    .path_rule = v->rule,
	    .region = str_z(v->region),
	    .service = str_z(v->service),
	    .time = str_z(v->time),
	};
	struct sigv4_result got;
	char hash[65];

	sigv4_sha256_hex(str_z(v->body), hash);
	r.payload_hash = str_z(v->payload ? v->payload : hash);
	sigv4_sign(&r, &example, a, &got);
	if (v->canonical)
		assert_str(got.canonical, v->canonical);
	if (v->to_sign)
		assert_str(got.to_sign, v->to_sign);
	assert_str(got.authorization, v->authorization);
	assert_string_equal(got.signature, v->authorization + strlen(v->authorization) - 64);
}

static size_t check_all(const struct sigv4_vector *v, size_t n)
{
	struct arena *a = arena_new();
	size_t ran = 0;

	for (; ran < n; ran++) {
		check(&v[ran], a);
		arena_reset(a);
	}
	arena_free(a);
	return ran;
}

static void official_suite(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sigv4_suite); i++)
		assert_true(sigv4_suite[i].canonical && sigv4_suite[i].to_sign);
	assert_int_equal(check_all(sigv4_suite, COUNT(sigv4_suite)), 38);
}

static void s3_requests(void **state)
{
	(void)state;
	assert_int_equal(check_all(sigv4_s3, COUNT(sigv4_s3)), 22);
}

static void other_services(void **state)
{
	(void)state;
	assert_int_equal(check_all(sigv4_aws, COUNT(sigv4_aws)), 30);
}

/* What is asked for in turn must not disturb what was cached, and the other way round. */
static void day_keys_are_not_mixed_up(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(sigv4_s3); i++) {
		check(&sigv4_s3[i], a);
		check(&sigv4_s3[i], a);
		check(&sigv4_suite[i], a);
		check(&sigv4_aws[i], a);
	}
	arena_free(a);
}

/* Region and service that only their border tells apart, and one too long for the cache. */
static void day_keys_have_borders(void **state)
{
	static char is_long[5000];
	struct {
		struct str region, service;
	} scopes[] = {
	    {STR("us"), STR("s3")}, {STR("uss"), STR("3")}, {{is_long, sizeof is_long}, STR("s3")}};
	char seen[COUNT(scopes)][65];
	struct arena *a = arena_new();

	(void)state;
	memset(is_long, 'x', sizeof is_long);
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT(scopes); i++) {
			struct sigv4_request r = {.method = STR("GET"),
			    .payload_hash = STR("UNSIGNED-PAYLOAD"),
			    .region = scopes[i].region,
			    .service = scopes[i].service,
			    .time = STR("20260801T120000Z")};
			struct sigv4_result got;

			sigv4_sign(&r, &example, a, &got);
			assert_str(
			    got.canonical, "GET\n/\n\n\n\nUNSIGNED-PAYLOAD"); /* no headers */
			if (round)
				assert_string_equal(got.signature, seen[i]);
			memcpy(seen[i], got.signature, 65);
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(seen[i], seen[j]);
		}
	}
	arena_free(a);
}

static void canonical_forms(void **state)
{
	static const struct {
		enum sigv4_path rule;
		const char *path, *query, *headers, *want; /* path\nquery\nheaders */
	} cases[] = {
	    {SIGV4_PATH_AS_IS, "", "", "", "/\n\n"},
	    {SIGV4_PATH_AS_IS, "/a/../b//./", "", "", "/a/../b//./\n\n"},
	    {SIGV4_PATH_NORMALISE, "/a/../../b/./c/", "", "", "/b/c/\n\n"},
	    {SIGV4_PATH_NORMALISE, "/../..", "", "", "/\n\n"},
	    {SIGV4_PATH_NORMALISE, "a%20b", "", "", "/a%2520b\n\n"},
	    {SIGV4_PATH_ENCODE, "/a%20b//c", "", "", "/a%2520b//c\n\n"},
	    /* Without a value, with several "=", twice the same, empty pieces, case, prefixes. */
	    {SIGV4_PATH_AS_IS, "/", "uploads", "", "/\nuploads=\n"},
	    {SIGV4_PATH_AS_IS, "/", "k=a=b&k", "", "/\nk=&k=a=b\n"},
	    {SIGV4_PATH_AS_IS, "/", "k=2&k=10&k=1&k=1", "", "/\nk=1&k=1&k=10&k=2\n"},
	    {SIGV4_PATH_AS_IS, "/", "&&b&&a&", "", "/\na=&b=\n"},
	    {SIGV4_PATH_AS_IS, "/", "=x", "", "/\n=x\n"},
	    {SIGV4_PATH_AS_IS, "/", "a=1&A=1&ab=1&a-b=1&a%2F=1", "",
	        "/\nA=1&a=1&a%2F=1&a-b=1&ab=1\n"},
	    /* Names in lower case, sorted; white space; repeated names in the order they came. */
	    {SIGV4_PATH_AS_IS, "/", "", "X-B:2\nx-a: \t1\t \tx \nX-b:1\nHOST:h\nX-Empty:",
	        "/\n\nhost:h\nx-a:1 x\nx-b:2,1\nx-empty:\n"},
	    {SIGV4_PATH_AS_IS, "/", "", "My:  \"a  b\" \n  c\n \r\n d", "/\n\nmy:\"a b\" c d\n"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sigv4_header headers[8];
		struct sigv4_request r = {.method = STR("M"),
		    .path = str_z(cases[i].path),
		    .query = str_z(cases[i].query),
		    .headers = headers,
		    .n_headers = split_headers(cases[i].headers, headers, COUNT(headers)),
		    .path_rule = cases[i].rule};
		struct sigv4_result got;
		char *want;

		sigv4_sign(&r, &example, a, &got);
		want = arena_printf(a, "M\n%s\n%.*s\n", cases[i].want, STRF(got.signed_headers));
		assert_str(got.canonical, want);
	}
	arena_free(a);
}

static void encoding(void **state)
{
	static const struct {
		const char *in;
		bool keep_slash;
		const char *want;
	} cases[] = {
	    {"", true, ""},
	    {"a b/\xC3\xBC+~(1)*!'=&%", true, "a%20b/%C3%BC%2B~%281%29%2A%21%27%3D%26%25"},
	    {"a b/\xC3\xBC+~", false, "a%20b%2F%C3%BC%2B~"},
	    {"-._~09AZaz", false, "-._~09AZaz"},
	    {"\x01\x7f\xff,:;@[]`{|}^\"<>?#$\\", false,
	        "%01%7F%FF%2C%3A%3B%40%5B%5D%60%7B%7C%7D%5E%22%3C%3E%3F%23%24%5C"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_str(sigv4_encode(a, str_z(cases[i].in), cases[i].keep_slash), cases[i].want);
	assert_str(sigv4_encode(a, (struct str){"a\0b", 3}, false), "a%00b");
	arena_free(a);
}

static void hashes_and_times(void **state)
{
	char hash[65], t[17];

	(void)state;
	/* FIPS 180-2, appendix B. */
	sigv4_sha256_hex(STR("abc"), hash);
	assert_string_equal(
	    hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sigv4_sha256_hex((struct str){NULL, 0}, hash);
	assert_string_equal(
	    hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sigv4_time(1440938160000, t);
	assert_string_equal(t, "20150830T123600Z");
	sigv4_time(1440938160999, t);
	assert_string_equal(t, "20150830T123600Z");
	sigv4_time(-1, t);
	assert_string_equal(t, "19691231T235959Z");
	assert_true(sigv4_equal(STR("abc"), STR("abc")));
	assert_false(sigv4_equal(STR("abc"), STR("abd")));
	assert_false(sigv4_equal(STR("abc"), STR("ab")));
	assert_true(sigv4_equal((struct str){NULL, 0}, (struct str){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(official_suite),
	    cmocka_unit_test(s3_requests),
	    cmocka_unit_test(other_services),
	    cmocka_unit_test(day_keys_are_not_mixed_up),
	    cmocka_unit_test(day_keys_have_borders),
	    cmocka_unit_test(canonical_forms),
	    cmocka_unit_test(encoding),
	    cmocka_unit_test(hashes_and_times),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
