/* Data conversion and load options: those that are not about one format. */
#include "tests/unit/copy_rules.h"

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>

#define AB(v) OBJECT("{\"a\":" v "}")

static void conversions(void **state)
{
	static const struct rule rules[] = {
	    /* TRUNCATECOLUMNS: bytes, and whole characters. */
	    {"a varchar(4)", "json 'auto' truncatecolumns", NULL, AB("\"caf\xC3\xA9\""), "caf|\n"},
	    {"a char(3)", "json 'auto' truncatecolumns", NULL, AB("\"abcd\""), "abc|\n"},
	    {"a varchar(3)", "truncatecolumns", NULL, OBJECT("abcd\n"), "abc|\n"},
	    {"a varchar(3)", "", NULL, OBJECT("abcd\n"),
	        "!1204 a String length exceeds DDL length\n=> 1204"},
	    {"a smallint", "json 'auto' truncatecolumns", NULL, AB("99999"), "!1222 a \n=> 1222"},
	    /* BLANKSASNULL, EMPTYASNULL: CHAR and VARCHAR; "fields which consist of only white
	       space". */
	    {"a varchar(9), b char(3)", "json 'auto' blanksasnull", NULL,
	        OBJECT("{\"a\":\" \\t \",\"b\":\"   \"}{\"a\":\"\",\"b\":\" x\"}"), "~|~|\n| x|\n"},
	    {"a varchar(9), b char(3)", "json 'auto' emptyasnull", NULL,
	        OBJECT("{\"a\":\"\",\"b\":\"\"}{\"a\":\" \",\"b\":\" \"}"), "~|~|\n | |\n"},
	    {"a varchar(9)", "json 'auto' emptyasnull blanksasnull", NULL,
	        OBJECT("{\"a\":\"\"}{\"a\":\" \"}"), "~|\n~|\n"},
	    {"a varchar(9) not null", "json 'auto' emptyasnull", NULL, AB("\"\""),
	        "!1213 a Missing data for not-null field\n=> 1213"},
	    /* TRIMBLANKS: "trailing white space characters from a VARCHAR string". */
	    {"a varchar(4)", "json 'auto' trimblanks", NULL, AB("\" ab \\t\\n \""), " ab|\n"},
	    {"a varchar(4), b char(4)", "json 'auto' trimblanks", NULL,
	        OBJECT("{\"a\":\" ab     \",\"b\":\"ab  \"}"), " ab|ab  |\n"},
	    {"a varchar(4)", "json 'auto' trimblanks emptyasnull", NULL, AB("\"  \""), "~|\n"},
	    {"a varchar(2), b int", "trimblanks", NULL, OBJECT("ab  |1\n"), "ab|1|\n"},
	    /* ROUNDEC: 20.259 into DECIMAL(8,2). */
	    {"a numeric(8,2)", "json 'auto'", NULL, AB("20.259"), "20.25|\n"},
	    {"a numeric(8,2)", "json 'auto' roundec", NULL, AB("20.259"), "20.26|\n"},
	    {"a numeric(8,2)", "json 'auto' roundec", NULL, AB("-0.005"), "-0.01|\n"},
	    {"a numeric(8,2)", "json 'auto'", NULL, AB("-0.005"), "0.00|\n"},
	    {"a numeric(4,2)", "json 'auto' roundec", NULL, AB("99.999"), "!1204 a \n=> 1204"},
	    {"a numeric(4,2)", "json 'auto'", NULL, AB("99.999"), "99.99|\n"},
	    {"a numeric(8,2)", "roundec", NULL, OBJECT("1e2\n0.0049\n"), "100.00|\n0.00|\n"},
	    {"a numeric(8,2)", "", NULL, OBJECT("1,5\n"), "!1207 a \n=> 1207"},
	    /* ACCEPTINVCHARS: as many characters as the invalid one has bytes; VARCHAR only. */
	    {"a varchar(9)", "json 'auto' acceptinvchars", NULL, AB("\"x\xE2\x82y\""), "x??y|\n"},
	    {"a varchar(9)", "json 'auto' acceptinvchars '^'", NULL, AB("\"x\xED\xA0\x80y\""),
	        "x^^^y|\n"},
	    {"a varchar(9)", "json 'auto' acceptinvchars as '^'", NULL, AB("\"\xEF\xBF\xBE\""),
	        "^^^|\n"},
	    {"a varchar(9)", "acceptinvchars as '^'", NULL, OBJECT("\xFFz\n"), "^z|\n"},
	    {"a char(9)", "json 'auto' acceptinvchars", NULL, AB("\"x\xFF\""), "!1220 a \n=> 1220"},
	    {"a varchar(9)", "json 'auto' acceptinvchars '!!'", NULL, AB("\"\""),
	        "=> ACCEPTINVCHARS takes one ASCII character"},
	    /* Without it those of the noncharacters that UTF-8 can write are accepted. */
	    {"a varchar(9)", "json 'auto'", NULL, AB("\"\xEF\xBF\xBE\""), "\xEF\xBF\xBE|\n"},
	    /* Sub-codes of 1220. */
	    {"a varchar(9)", "json 'auto'", NULL, AB("\"\xF8\x88\x80\x80\x80\""),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: f8 (error 1)\n=> 1220"},
	    {"a varchar(9)", "json 'auto'", NULL, AB("\"\xE2\x28\xA1\""),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: e2 (error 4)\n=> 1220"},
	    {"a varchar(9)", "json 'auto'", NULL, AB("\"\xC0\x80\""),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: c0 80 (error 9)\n=> 1220"},
	    {"a varchar(9)", "json 'auto'", NULL, AB("\"\xF4\x90\x80\x80\""),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: f4 90 80 80 (error 8)\n=> 1220"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void errors_borne(void **state)
{
	static const struct rule rules[] = {
	    {"a int", "json 'auto' maxerror 0", NULL, OBJECT("{\"a\":\"x\"}{\"a\":1}"),
	        "!1207 a \n=> mend the object, bear such records with MAXERROR"},
	    {"a int", "json 'auto' maxerror 1", NULL, OBJECT("{\"a\":\"x\"}{\"a\":1}"),
	        "!1207 a \n=> s3://b/k line 1, column a (int4): Invalid digit"},
	    {"a int", "json 'auto' maxerror 2", NULL, OBJECT("{\"a\":\"x\"}\n{\"a\":1}\n{}"),
	        "!1207 a \n1|\n~|\n"},
	    {"a int", "json 'auto' maxerror as 2", NULL,
	        OBJECT("{\"a\":\"x\"}\n{\"a\":1}\n{\"a\":{}}"),
	        "!1207 a \n1|\n!1207 a \n=> it is number 2 of the shard, and MAXERROR is 2"},
	    {"a int", "json 'auto' maxerror 100001", NULL, OBJECT(""),
	        "=> MAXERROR is 100000 at most"},
	    {"a int", "json 'auto' ignoreallerrors", NULL,
	        OBJECT("{\"a\":\"x\"} x {\"a\":1}{\"a\":y}{\"a\":2}"),
	        "!1207 a \n!1216 bytes\n1|\n!1216 Invalid JSON\n2|\n"},
	    {"a int", "json 'auto' ignoreallerrors maxerror 5", NULL, OBJECT(""),
	        "=> MAXERROR and IGNOREALLERRORS exclude each other"},
	    /* Also of text; a record has one error, its first. */
	    {"a int, b int", "maxerror 9", NULL, OBJECT("x|y\n1|2\n1|2|3\n1\n"),
	        "!1207 a \n1|2|\n!1202 Extra\n!1201 b \n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void headers(void **state)
{
	static const struct rule rules[] = {
	    {"a int, b int", "csv ignoreheader 1", NULL, OBJECT("a,b\n1,2\n"), "1|2|\n"},
	    {"a int, b int", "ignoreheader as 2 maxerror 2", NULL, OBJECT("a|b\n\nx|2\n1|2\n"),
	        "!1207 a Invalid digit, Value 'x', Pos 0, Type: Integer @3\n1|2|\n"},
	    /* New lines are counted, in JSON, too. */
	    {"a int", "json 'auto' ignoreheader 1", NULL, OBJECT("{\"a\":1}\n{\"a\":2}\n"), "2|\n"},
	    {"a int", "json 'auto' ignoreheader 2 maxerror 2", NULL,
	        OBJECT("{\"a\":\n1}\n{\"a\":\n\"x\"}"),
	        "!1207 a Invalid digit, Value 'x', Pos 0, Type: Integer @4\n"},
	    {"a int", "json 'auto' ignoreheader 5", NULL, OBJECT("{\"a\":1}\n{\"a\":2}\n"), ""},
	    {"a int", "json 'auto' ignoreheader 0", NULL, OBJECT("{\"a\":1}\n"), "1|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void encodings(void **state)
{
	static const struct rule rules[] = {
	    {"a varchar(9)", "json 'auto' encoding utf8", NULL, AB("\"\xC3\xA9\""), "\xC3\xA9|\n"},
	    {"a varchar(9)", "json 'auto' encoding as utf16", NULL,
	        OBJECT("\xFF\xFE{\0\"\0a\0\"\0:\0\"\0\xE9\0\x3D\xD8\x00\xDE\"\0}\0"),
	        "\xC3\xA9\xF0\x9F\x98\x80|\n"},
	    {"a int", "csv encoding utf16", NULL,
	        OBJECT("\xFE\xFF\0"
	               "1\0\n\0"
	               "2"),
	        "1|\n2|\n"},
	    {"a int", "encoding utf16", NULL, OBJECT("1\0\n\0"),
	        "!1221 ENCODING UTF16 wants a byte order mark\n=> 1221"},
	    {"a int", "encoding utf16le", NULL, OBJECT("1\0\n\0"), "1|\n"},
	    {"a int", "encoding utf16le", NULL,
	        OBJECT("\xFF\xFE"
	               "1\0\n\0"),
	        "1|\n"},
	    {"a int", "encoding utf16be ignoreheader 1", NULL,
	        OBJECT("\0x\0\n\0"
	               "1\0\n"),
	        "1|\n"},
	    {"a varchar(9)", "encoding utf16le", NULL, OBJECT("x\0\x3D\xD8y\0\n\0"),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ed a0 bd (error 5)\n=> 1220"},
	    {"a int", "encoding utf16le", NULL, OBJECT("1\0\n"),
	        "!1221 the object ends within a character of UTF-16\n=> 1221"},
	    {"a int", "encoding latin1", NULL, OBJECT(""), "=> ENCODING is UTF8, UTF16"},
	    /* Data of another encoding: one clear error for the object, whatever MAXERROR says. */
	    {"a int", "json 'auto' maxerror 9", NULL, OBJECT("\xFF\xFE{\0}\0"),
	        "!1221 the object is UTF-16: say ENCODING UTF16 in\n=> mend the object"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\0}\0"),
	        "!1221 the object is UTF-16: say ENCODING UTF16LE in\n=> 1221"},
	    {"a int", "csv", NULL,
	        OBJECT("\0"
	               "1\0,"),
	        "!1221 the object is UTF-16: say ENCODING UTF16BE in\n=> 1221"},
	    {"a int", "json 'auto'", NULL, OBJECT("\x1F\x8B\x08\0"),
	        "!1216 the object is compressed with gzip: say GZIP\n=> 1216"},
	    {"a int", "json 'auto'", NULL, OBJECT("PAR1xxxx"),
	        "!1216 the object is Parquet\n=> 1216"},
	    {"a varchar(9)", "", NULL, OBJECT("PAR1xxxx"), "PAR1xxxx|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

/* ---- compressions ---- */

static struct str gzipped(struct str s)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n};
	char *out = arena_alloc(arena, s.n + 1000);

	assert_int_equal(
	    deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)s.n + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	s = (struct str){out, z.total_out};
	deflateEnd(&z);
	return s;
}

static struct str bzipped(struct str s)
{
	unsigned n = (unsigned)s.n + 1000;
	char *out = arena_alloc(arena, n);

	assert_int_equal(
	    BZ2_bzBuffToBuffCompress(out, &n, (char *)(uintptr_t)s.p, (unsigned)s.n, 9, 0, 0),
	    BZ_OK);
	return (struct str){out, n};
}

static struct str zstd_level(struct str s, int level, int window)
{
	size_t room = ZSTD_compressBound(s.n), n;
	char *out = arena_alloc(arena, room);
	ZSTD_CCtx *c = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	if (window) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window);
		ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	}
	n = ZSTD_compress2(c, out, room, s.p, s.n);
	assert_false(ZSTD_isError(n));
	ZSTD_freeCCtx(c);
	return (struct str){out, n};
}

static struct str zstandard(struct str s)
{
	return zstd_level(s, 3, 0);
}

static struct str joined(struct str a, struct str b)
{
	char *out = arena_alloc(arena, a.n + b.n + 1);

	memcpy(out, a.p, a.n);
	if (b.n)
		memcpy(out + a.n, b.p, b.n);
	return (struct str){out, a.n + b.n};
}

static void compressions(void **state)
{
	static const struct {
		const char *option;
		struct str (*pack)(struct str s);
	} kinds[] = {{"gzip", gzipped}, {"bzip2", bzipped}, {"zstd", zstandard}};
	struct str two = STR("{\"a\":1}\n{\"a\":2}"), three = STR("{\"a\":3}");

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const char *o = kinds[i].option;
		struct str packed = kinds[i].pack(two);
		struct rule cases[] = {
		    {"a int", arena_printf(arena, "json 'auto' %s", o), NULL, packed, "1|\n2|\n"},
		    /* One behind the other; a record may lie across. */
		    {"a int", arena_printf(arena, "json 'auto' %s", o), NULL,
		        joined(packed, kinds[i].pack(three)), "1|\n2|\n3|\n"},
		    {"a int", arena_printf(arena, "json 'auto' %s", o), NULL,
		        joined(kinds[i].pack(STR("{\"a\"")), kinds[i].pack(STR(":4}"))), "4|\n"},
		    {"a int", arena_printf(arena, "json 'auto' %s", o), NULL, OBJECT(""), ""},
		    {"a int", arena_printf(arena, "json 'auto' %s", o), NULL,
		        kinds[i].pack(STR("")), ""},
		    {"a int", arena_printf(arena, "json 'auto' %s ignoreheader 1", o), NULL, packed,
		        "2|\n"},
		    {"a int", arena_printf(arena, "%s", o), NULL, kinds[i].pack(STR("7\n8\n")),
		        "7|\n8|\n"},
		    {"a int", arena_printf(arena, "%s encoding utf16le", o), NULL,
		        kinds[i].pack((struct str){"7\0\n\0"
		                                   "8\0",
		            6}),
		        "7|\n8|\n"},
		    /* Padding of NUL bytes is none of the data. */
		    {"a int", arena_printf(arena, "json 'auto' %s", o), NULL,
		        joined(packed, (struct str){"\0\0\0\0", 4}), "1|\n2|\n"},
		    /* Not what the statement says; the object as a whole, whatever MAXERROR says.
		     */
		    {"a int", arena_printf(arena, "json 'auto' %s maxerror 9", o), NULL, two,
		        arena_printf(arena, "!1216 the object is not %s\n=> mend the object", o)},
		    {"a int", arena_printf(arena, "json 'auto' %s %s", o, i ? "gzip" : "zstd"),
		        NULL, two, "=> a second compression"},
		    {"a int", arena_printf(arena, "json 'auto' %s maxerror 9", o), NULL,
		        joined(packed, STR("rubbish")), "1|\n2|\n!1216 what follows the\n=> 1216"},
		};

		check_rules(cases, COUNT(cases));
	}
}

/* Cut off at each byte: never a row too many, never a good end. */
static void cut_off(void **state)
{
	struct str (*const packs[])(struct str s) = {gzipped, bzipped, zstandard};
	static const char *const options[] = {"gzip", "bzip2", "zstd"};

	(void)state;
	for (size_t i = 0; i < COUNT(packs); i++) {
		struct str whole = packs[i](STR("{\"a\":1}"));

		for (size_t n = 1; n < whole.n; n++) {
			struct rule r = {"a int", arena_printf(arena, "json 'auto' %s", options[i]),
			    NULL, {whole.p, n}, NULL};
			char *error = arena_printf(
			    arena, "!1216 the %s data end early\n=> end early", options[i]);
			struct way w = {.map = NULL};
			struct err e = {0};

			buf_init(&w.row, 1 << 20);
			buf_init(&w.shown, 1 << 20);
			buf_z(&w.shown, "");
			assert_false(go_way(&w, &r, SIZE_MAX, &e));
			buf_printf(&w.shown, "=> %s\n", e.msg);
			/* The record itself may have come, if only the trailer is missing. */
			if (!matches(w.shown.p, error) &&
			    !matches(w.shown.p, arena_printf(arena, "1|\n%s", error)))
				fail_msg("%s cut at %zu: %s", options[i], n, w.shown.p);
			buf_free(&w.row);
			buf_free(&w.shown);
		}
	}
}

/* Damage is found; memory stays small whatever an object unpacks to. */
static void damaged(void **state)
{
	size_t n = 20 << 20; /* a window is never larger than the data */
	char *blank = arena_alloc(arena, n);
	struct str gz = gzipped(STR("{\"a\":1}\n{\"a\":2}"));
	char *bad = arena_alloc(arena, gz.n);
	struct rule crc = {"a int", "json 'auto' gzip", NULL, {bad, gz.n},
	    "1|\n2|\n!1216 the gzip data are damaged\n=> 1216"};
	struct rule far = {"a int", "json 'auto' zstd", NULL, {0},
	    "!1216 the zstd data look further\n=> level 19"};

	(void)state;
	memcpy(bad, gz.p, gz.n);
	bad[gz.n - 6] ^= 1;
	check_rule(&crc);

	memset(blank, ' ', n);
	far.object = zstd_level((struct str){blank, n}, 3, 25);
	check_rule(&far);
}

static bool on_piece(void *ctx, const char *p, size_t n, struct err *e)
{
	(void)p;
	(void)e;
	assert_true(n <= UNPACK_PIECE);
	*(size_t *)ctx += n;
	return true;
}

static void count_pieces(struct str packed, enum unpack_kind kind, size_t want)
{
	struct unpack *u = unpack_new(kind);
	char *out = xmalloc(UNPACK_PIECE);
	const char *why = NULL;
	size_t got = 0;
	struct err e;

	assert_int_equal(
	    unpack_feed(u, packed.p, packed.n, true, out, on_piece, &got, &why, &e), UNPACK_OK);
	assert_int_equal(got, want);
	assert_int_equal(unpack_held(u), 0);
	free(out);
	unpack_free(u);
}

static void pieces(void **state)
{
	size_t n = 8 << 20;
	char *blank = arena_alloc(arena, n);
	struct str s = {blank, n};

	(void)state;
	memset(blank, ' ', n);
	count_pieces(gzipped(s), UNPACK_GZIP, n);
	count_pieces(bzipped(s), UNPACK_BZIP2, n);
	count_pieces(zstandard(s), UNPACK_ZSTD, n);
	s.n = UNPACK_PIECE; /* exactly one */
	count_pieces(gzipped(s), UNPACK_GZIP, s.n);
	count_pieces(zstandard(s), UNPACK_ZSTD, s.n);
}

/* What is refused by name. */
static void refused(void **state)
{
	static const struct rule rules[] = {
	    {"a int", "json 'auto' lzop", NULL, OBJECT(""), "=> LZOP"},
	    {"a int", "parquet", NULL, OBJECT(""), "=> PARQUET"},
	    {"a int", "orc", NULL, OBJECT(""), "=> ORC"},
	    {"a int", "avro 'auto'", NULL, OBJECT(""), "=> AVRO"},
	    {"a int", "shapefile", NULL, OBJECT(""), "=> SHAPEFILE"},
	    {"a int", "json 'auto' encrypted", NULL, OBJECT(""), "=> ENCRYPTED"},
	    {"a int", "json 'auto' ssh", NULL, OBJECT(""), "=> SSH"},
	    {"a int", "json 'auto' comprows 999", NULL, OBJECT(""), "=> COMPROWS is 1000 to"},
	    {"a int", "json 'auto' gzipp", NULL, OBJECT(""), "=> did you mean GZIP?"},
	    /* Accepted, and without meaning here. */
	    {"a int", "json 'auto' comprows 1000 compupdate off statupdate on region 'us-west-2'",
	        NULL, OBJECT("{\"a\":1}"), "1|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conversions),
	    cmocka_unit_test(errors_borne),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(encodings),
	    cmocka_unit_test(compressions),
	    cmocka_unit_test(cut_off),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(pieces),
	    cmocka_unit_test(refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("copy_rules_load", tests, setup, teardown);
}
