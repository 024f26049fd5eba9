/* COPY from JSON: files, keys, paths, values. */
#include "tests/unit/copy_rules.h"

#define CATEGORY "catid int, catgroup varchar(10), catname varchar(10), catdesc varchar(50)"

/* The examples of the documentation: 'auto', jsonpaths, arrays. */
static void examples(void **state)
{
	static const struct rule rules[] = {
	    {CATEGORY, "json 'auto'", NULL,
	        OBJECT(
	            "{\n    \"catdesc\": \"Major League Baseball\",\n    \"catid\": 1,\n"
	            "    \"catgroup\": \"Sports\",\n    \"catname\": \"MLB\"\n}\n"
	            "{\n    \"catgroup\": \"Sports\",\n    \"catid\": 2,\n"
	            "    \"catname\": \"NHL\",\n    \"catdesc\": \"National Hockey League\"\n}{\n"
	            "    \"catid\": 3,\n    \"catname\": \"NFL\",\n"
	            "    \"catgroup\": \"Sports\",\n"
	            "    \"catdesc\": \"National Football League\"\n}\n"
	            "{\n    \"bogus\": \"Bogus Sports LLC\",\n    \"catid\": 4,\n"
	            "    \"catgroup\": \"Sports\",\n    \"catname\": \"NBA\",\n"
	            "    \"catdesc\": \"National Basketball Association\"\n}\n"
	            "{\n    \"catid\": 5,\n    \"catgroup\": \"Shows\",\n"
	            "    \"catname\": \"Musicals\",\n"
	            "    \"catdesc\": \"All symphony, concerto, and choir concerts\"\n}\n"),
	        "1|Sports|MLB|Major League Baseball|\n2|Sports|NHL|National Hockey League|\n"
	        "3|Sports|NFL|National Football League|\n"
	        "4|Sports|NBA|National Basketball Association|\n"
	        "5|Shows|Musicals|All symphony, concerto, and choir concerts|\n"},
	    {CATEGORY, "json 'auto ignorecase'", NULL,
	        OBJECT("{\"CatDesc\": \"Major League Baseball\",\"CatID\": 1,"
	               "\"CatGroup\": \"Sports\",\"CatName\": \"MLB\"}"
	               "{\"CATGROUP\":\"Sports\",\"catid\":2,\"c\\u0041tname\":\"NHL\"}"),
	        "1|Sports|MLB|Major League Baseball|\n2|Sports|NHL|~|\n"},
	    {CATEGORY, "json 's3://b/p'",
	        "{\"jsonpaths\": [\"$['one']\", \"$['two']\", \"$['three']\", \"$['four']\"]}",
	        OBJECT("{\"one\": 1, \"two\": \"Sports\", \"three\": \"MLB\",\n"
	               "\"four\": \"Major League Baseball\"}\n"
	               "{\"three\": \"NHL\", \"four\": \"National Hockey League\", \"one\": 2,\n"
	               "\"two\": \"Sports\"}"),
	        "1|Sports|MLB|Major League Baseball|\n2|Sports|NHL|National Hockey League|\n"},
	    {CATEGORY, "json 's3://b/p'",
	        "{\"jsonpaths\": [\"$[0]\", \"$[1]\", \"$[2]\", \"$[3]\"]}",
	        OBJECT("[1,\"Sports\",\"MLB\",\"Major League Baseball\"]\n"
	               "[2,\"Sports\",\"NHL\",\"National Hockey League\"]\n"
	               "[5,\"Concerts\",\"Classical\","
	               "\"All symphony, concerto, and choir concerts\"]\n"),
	        "1|Sports|MLB|Major League Baseball|\n2|Sports|NHL|National Hockey League|\n"
	        "5|Concerts|Classical|All symphony, concerto, and choir concerts|\n"},
	    {"backslash varchar(25), newline varchar(35), tab varchar(35)", "format as json 'auto'",
	        NULL,
	        OBJECT("{\n  \"backslash\": \"This is a backslash: \\\\\",\n"
	               "  \"newline\": \"This sentence\\n is on two lines.\",\n"
	               "  \"tab\": \"This sentence \\t contains a tab.\"\n}\n"),
	        "This is a backslash: \\|This sentence\n is on two lines.|"
	        "This sentence \t contains a tab.|\n"},
	    {"tags varchar(90), friend varchar(40)", "json 's3://b/p'",
	        "{\"jsonpaths\": [\"$['tags']\", \"$['friends'][1]\"]}",
	        OBJECT("{\"id\":0,\"isActive\":true,\"tags\":[\"nisi\",\"culpa\",\"ad\"],"
	               "\"friends\":[{\"id\":0,\"name\":\"Carmella Gonzales\"},"
	               "{\"id\": 1,\"name\": \"Renaldo\"}]}"),
	        "[\"nisi\",\"culpa\",\"ad\"]|{\"id\": 1,\"name\": \"Renaldo\"}|\n"},
	    {"id int, title varchar(30), place varchar(9)", "json 's3://b/p'",
	        "{\"jsonpaths\": [\"$.id\", \"$.store.book.title\", \"$.location[0]\"]}",
	        OBJECT("{\"id\":7,\"store\":{\"book\":{\"title\":\"Mobi Dick\"}},"
	               "\"location\":[\"here\",2]}"),
	        "7|Mobi Dick|here|\n"},
	    /* FORMAT [AS] JSON, JSON AS, and 'auto' as the default. */
	    {"a int", "format as json 'auto'", NULL, OBJECT("{\"a\":1}"), "1|\n"},
	    {"a int", "format json as 'auto'", NULL, OBJECT("{\"a\":1}"), "1|\n"},
	    {"a int", "json", NULL, OBJECT("{\"a\":1}"), "1|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

/* Root-level records, with white space or nothing between them. */
static void files(void **state)
{
	static const struct rule rules[] = {
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":1}{\"a\":2}"), "1|\n2|\n"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":1}\r\n\t {\"a\":2}\n\n"), "1|\n2|\n"},
	    {"a int", "json 'auto'", NULL, OBJECT(""), ""},
	    {"a int", "json 'auto'", NULL, OBJECT(" \n"), ""},
	    /* A comma between them, like other rubbish, is one error a run; the line is the last.
	     */
	    {"a int", "json 'auto' maxerror 3", NULL,
	        OBJECT("{\"a\":1},\n{\"a\":2}\nx,y z{\"a\":3}"),
	        "1|\n!1216 bytes that are no JSON object or array @1\n2|\n!1216 bytes\n!1216 "
	        "bytes\n=> MAXERROR is 3"},
	    {"a int", "json 'auto' maxerror 4", NULL,
	        OBJECT("{\"a\":1},\n{\"a\":2}\nx,y z{\"a\":3}"),
	        "1|\n!1216 bytes that are no JSON object or array @1\n2|\n"
	        "!1216 bytes that are no JSON object or array @3\n"
	        "!1216 bytes that are no JSON object or array @3\n3|\n"},
	    /* line_number is that of the record's last line. */
	    {"a int", "json 'auto' maxerror 2", NULL,
	        OBJECT("{\"a\":1}\n{\"a\":\n\"x\"\n}\n{\"a\":2}"),
	        "1|\n!1207 a Invalid digit, Value 'x', Pos 0, Type: Integer @4\n2|\n"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":1}{\"a\":"),
	        "1|\n!1216 the file ends inside a JSON object or array\n=> error 1216"},
	    {"a int", "json 'auto'", NULL, OBJECT("\xEF\xBB\xBF{\"a\":1}"),
	        "!1216 byte order mark\n=> error 1216"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":01}"),
	        "!1216 Invalid JSON\n=> error 1216"},
	    {"a int", "json 'auto'", NULL, OBJECT("{'a':1}"), "!1216 Invalid JSON\n=> error 1216"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":1,}"),
	        "!1216 Invalid JSON\n=> error 1216"},
	    /* One big array of objects is one record, and 'auto' has no use for it. */
	    {"a int", "json 'auto'", NULL, OBJECT("[{\"a\":1},{\"a\":2}]"),
	        "!1216 a Invalid JSONPath format: Member is not an object.\n=> error 1216"},
	    {"a int", "json 'noshred'", NULL, OBJECT("{}"), "=> JSON 'noshred'"},
	    {"a int", "json 'always'", NULL, OBJECT("{}"), "=> JSON takes 'auto'"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void keys(void **state)
{
	static const struct rule rules[] = {
	    /* Case-sensitive; column names are lower case. */
	    {"firstname varchar(9)", "json 'auto'", NULL, OBJECT("{\"firstName\":\"Ada\"}"),
	        "~|\n"},
	    {"firstname varchar(9)", "json 'auto ignorecase'", NULL,
	        OBJECT("{\"firstName\":\"Ada\"}"), "Ada|\n"},
	    /* Only the first level. */
	    {"a int, b int", "json 'auto'", NULL, OBJECT("{\"c\":{\"a\":1},\"b\":2}"), "~|2|\n"},
	    /* A missing key: NULL; in NOT NULL an error. */
	    {"a int, b int", "json 'auto'", NULL, OBJECT("{\"b\":2}"), "~|2|\n"},
	    {"a int not null, b int", "json 'auto'", NULL, OBJECT("{\"b\":2}"),
	        "!1213 a Missing data for not-null field\n=> error 1213"},
	    {"a int not null, b int", "json 'auto'", NULL, OBJECT("{\"a\":null}"),
	        "!1213 a Missing data for not-null field\n=> error 1213"},
	    /* Only the listed columns; the others are left to their DEFAULT. */
	    {"a int not null default, b int, c int", "(c, b) json 'auto'", NULL,
	        OBJECT("{\"a\":1,\"b\":2,\"c\":3}"), "3|2|\n"},
	    {"a int not null, b int", "(b) json 'auto'", NULL, OBJECT("{\"a\":1,\"b\":2}"),
	        "=> column a is NOT NULL and has no DEFAULT"},
	    {"i int identity not null, b int", "(b) json 'auto'", NULL, OBJECT("{\"b\":2}"),
	        "2|\n"},
	    {"a int, b int", "(a, x) json 'auto'", NULL, OBJECT("{}"), "=> no column x"},
	    {"a int, b int", "(a, a) json 'auto'", NULL, OBJECT("{}"), "=> listed twice"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":1,\"a\":2}"), "2|\n"},
	    {"a int", "json 'auto ignorecase'", NULL, OBJECT("{\"a\":1,\"A\":2}"), "2|\n"},
	    {"a int", "json 'auto'", NULL, OBJECT("{}"), "~|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void identities(void **state)
{
	static const struct rule rules[] = {
	    {"i int identity, a int", "json 'auto'", NULL, OBJECT("{\"i\":7,\"a\":1}"), "1|\n"},
	    {"i int identity, a int", "json 'auto' explicit_ids", NULL, OBJECT("{\"i\":7,\"a\":1}"),
	        "7|1|\n"},
	    {"i int identity, a int", "(a, i) json 'auto' explicit_ids", NULL,
	        OBJECT("{\"i\":7,\"a\":1}"), "1|7|\n"},
	    {"i int identity, a int", "(a) json 'auto' explicit_ids", NULL, OBJECT("{}"),
	        "=> with EXPLICIT_IDS it must be in the column list"},
	    {"i int identity, a int", "(i, a) json 'auto'", NULL, OBJECT("{}"),
	        "=> without EXPLICIT_IDS it can not be in the column list"},
	    {"i int default identity, a int", "json 'auto'", NULL, OBJECT("{\"i\":7,\"a\":1}"),
	        "1|\n"},
	    {"i int default identity, a int", "(i, a) json 'auto'", NULL,
	        OBJECT("{\"i\":7,\"a\":1}"), "7|1|\n"},
	    /* The format of the values must be the column's. */
	    {"i int identity, a int", "json 'auto' explicit_ids", NULL, OBJECT("{\"i\":\"x\"}"),
	        "!1217 i Invalid digit, Value 'x', Pos 0, Type: Integer\n=> error 1217"},
	    {"i int identity not null, a int", "json 'auto' explicit_ids", NULL,
	        OBJECT("{\"i\":3000000000}"), "!1217 i Overflow (Integer\n=> error 1217"},
	    {"i int identity not null, a int", "json 'auto' explicit_ids", NULL,
	        OBJECT("{\"a\":1}"), "!1213 i Missing data\n=> error 1213"},
	    {"i int default identity, a int", "(i, a) json 'auto'", NULL, OBJECT("{\"i\":\"x\"}"),
	        "!1217 i Invalid digit\n=> error 1217"},
	    /* jsonpaths count the columns without identities. */
	    {"i int identity, a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a\"]}",
	        OBJECT("{\"a\":1}"), "1|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void paths(void **state)
{
	static const struct rule rules[] = {
	    {"a int, b int", "json 's3://b/p'",
	        "{\"jsonpaths\":[\"$['x']['y'][0]\",\"$['x']['y'][1]['z']\"]}",
	        OBJECT("{\"x\":{\"y\":[1,{\"z\":2}]}}"), "1|2|\n"},
	    {"a int, b int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.x.y[0]\",\"$.x.y[1].z\"]}",
	        OBJECT("{\"x\":{\"y\":[1,{\"z\":2}]}}"), "1|2|\n"},
	    {"b int, a int", "(b) json 's3://b/p'", "{\"jsonpaths\":[\"$.a\"]}",
	        OBJECT("{\"a\":1,\"b\":2}"), "1|\n"},
	    /* Case counts in paths. */
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.A\"]}", OBJECT("{\"a\":1}"), "~|\n"},
	    /* A member that is not there is NULL, an array element is an error. */
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.x.y\"]}", OBJECT("{\"x\":{}}{}"),
	        "~|\n~|\n"},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.x[1]\"]}", OBJECT("{\"x\":[1]}"),
	        "!1216 a Invalid JSONPath format: Not an array or index out of range.\n=> 1216"},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.x[1]\"]}", OBJECT("{\"x\":{}}"),
	        "!1216 a Invalid JSONPath format: Not an array or index out of range.\n=> 1216"},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.x.y\"]}", OBJECT("{\"x\":[1]}"),
	        "!1216 a Invalid JSONPath format: Member is not an object.\n=> 1216"},
	    {"a int, b int", "json 's3://b/p'", "{\"jsonpaths\":[\"$[0]\"]}", OBJECT("[1]"),
	        "=> Number of jsonpaths and the number of columns should match. JSONPath size: 1"},
	    /* Paths to objects and arrays: their text. */
	    {"a varchar(30), b varchar(30)", "json 's3://b/p'",
	        "{\"jsonpaths\":[\"$.x\",\"$.x.y\"]}", OBJECT("{\"x\":{\"y\": [1, \"\\u00e9\"]}}"),
	        "{\"y\": [1, \"\\u00e9\"]}|[1, \"\\u00e9\"]|\n"},
	    /* Another key than "jsonpaths": 'auto' without a word. */
	    {"a int, b int", "json 's3://b/p'", "{\"paths\":[\"$.x\"]}",
	        OBJECT("{\"a\":1,\"x\":2}"), "1|~|\n"},
	    /* What is no jsonpaths file. */
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a\"]", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a\"]}{}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a\"]} x", OBJECT("{}"), "=> "},
	    /* MAXERROR is for data, not for this file. */
	    {"a int", "json 's3://b/p' maxerror 100", "{\"jsonpaths\":[\"$.a\"]", OBJECT("{}"),
	        "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[1]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"\"]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":\"$.a\"}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "[\"$.a\"]", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "", OBJECT("{}"), "=> "},
	    /* Both styles, wild cards, negative indexes. */
	    {"a int, b int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a\",\"$['b']\"]}",
	        OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$['a'].b\"]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.*\"]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$[-1]\"]}", OBJECT("[1]"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a'b\"]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a]b\"]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$.a..b\"]}", OBJECT("{}"), "=> "},
	    {"a int", "json 's3://b/p'", "{\"jsonpaths\":[\"$['a'][?(@.b)]\"]}", OBJECT("{}"),
	        "=> wildcards and filters"},
	    /* "If the referenced object is malformed, COPY returns a load error." */
	    {"a int", "json 's3://b/p' maxerror 2", "{\"jsonpaths\":[\"$.x.a\"]}",
	        OBJECT("{\"x\":{\"a\":1,}}{\"x\":{\"a\":2}}"), "!1216 Invalid JSON\n2|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void values(void **state)
{
	static const struct rule rules[] = {
	    /* Escapes; Redshift documents \n, \t and \\, and the rest is JSON's. */
	    {"a varchar(40)", "json 'auto'", NULL,
	        OBJECT("{\"a\":\"1\\n2\\t3\\\\4\\/5\\\"6\\u00e97\\ud83d\\ude008\"}"),
	        "1\n2\t3\\4/5\"6\xC3\xA9"
	        "7\xF0\x9F\x98\x80"
	        "8|\n"},
	    {"a varchar(40)", "json 'auto'", NULL, OBJECT("{\"a\":\"x\\ud83d\"}"),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ed a0 bd (error 5)\n=> 1220"},
	    {"a varchar(40)", "json 'auto'", NULL, OBJECT("{\"a\":\"x\\u0000\"}"),
	        "!1220 a \\u0000 can not be stored\n=> 1220"},
	    {"a varchar(40)", "json 'auto'", NULL, OBJECT("{\"a\":\"x\\y\"}"),
	        "!1216 Invalid JSON\n=> 1216"},
	    /* null; the empty string: kept as text, NULL for every other type. */
	    {"a varchar(4), b int", "json 'auto'", NULL, OBJECT("{\"a\":null,\"b\":null}"),
	        "~|~|\n"},
	    {"a varchar(4), b int, c date, d boolean, e float, f numeric(4,1), g timestamp, h "
	     "char(2)",
	        "json 'auto'", NULL,
	        OBJECT("{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\","
	               "\"g\":\"\",\"h\":\"\"}"),
	        "|~|~|~|~|~|~||\n"},
	    {"a varchar(4), b int", "json 'auto'", NULL, OBJECT("{\"a\":\"  \",\"b\":\" \"}"),
	        "  |~|\n"},
	    /* Booleans as booleans and as text, numbers as text: as they were written. */
	    {"a boolean, b varchar(5), c char(5)", "json 'auto'", NULL,
	        OBJECT("{\"a\":true,\"b\":true,\"c\":false}{\"a\":\"f\",\"b\":1.50,\"c\":1e5}"),
	        "t|true|false|\nf|1.50|1e5|\n"},
	    {"a boolean", "json 'auto'", NULL, OBJECT("{\"a\":\"maybe\"}"),
	        "!1210 a Unknown boolean format\n=> 1210"},
	    {"a varchar(3)", "json 'auto'", NULL, OBJECT("{\"a\":311}"), "311|\n"},
	    /* Strings as numbers. */
	    {"a int, b float, c numeric(8,2)", "json 'auto'", NULL,
	        OBJECT("{\"a\":\"26\",\"b\":\"1.5\",\"c\":\" -2.5 \"}"), "26|1.5|-2.50|\n"},
	    /* A fraction has no place in an integer. */
	    {"a bigint", "json 'auto'", NULL, OBJECT("{\"a\":1540919166796.0}"),
	        "!1207 a Invalid digit, Value '.', Pos 13, Type: Long\n=> 1207"},
	    {"a smallint", "json 'auto'", NULL, OBJECT("{\"a\":32768}"),
	        "!1222 a Overflow (Short valid range -32768 to 32767)\n=> 1222"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":\"a1\"}"),
	        "!1207 a Invalid digit, Value 'a', Pos 0, Type: Integer\n=> 1207"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":true}"), "!1207 a \n=> 1207"},
	    {"a int", "json 'auto'", NULL, OBJECT("{\"a\":{}}"), "!1207 a \n=> 1207"},
	    {"a float", "json 'auto'", NULL, OBJECT("{\"a\":\"1.x\"}"), "!1208 a \n=> 1208"},
	    {"a float", "json 'auto'", NULL, OBJECT("{\"a\":1e999}"), "!1204 a \n=> 1204"},
	    {"a numeric(4,1)", "json 'auto'", NULL, OBJECT("{\"a\":12345}"), "!1204 a \n=> 1204"},
	    /* 1207 names the character that is no digit; where none is to blame it is 1209. */
	    {"a numeric(8,2)", "json 'auto' maxerror 9", NULL,
	        OBJECT("{\"a\":\"-\"}{\"a\":\"1e\"}{\"a\":\".\"}{\"a\":\"1.2.3\"}"
	               "{\"a\":\"NaN\"}{\"a\":\".5\"}{\"a\":\"5.\"}{\"a\":1e-9}"),
	        "!1209 a Invalid format, it ends where a digit must stand, Type: Decimal\n"
	        "!1209 a \n!1209 a \n!1207 a Invalid digit, Value '.', Pos 3, Type: Decimal\n"
	        "!1207 a Invalid digit, Value 'N', Pos 0\n0.50|\n5.00|\n0.00|\n"},
	    {"a float", "json 'auto' maxerror 9", NULL,
	        OBJECT("{\"a\":\"-\"}{\"a\":\"1,5\"}{\"a\":true}"),
	        "!1208 a Invalid format, it ends\n!1208 a Invalid digit, Value ','\n!1208 a \n"},
	    /* Surrogates: the halves in the wrong order, one of them twice. */
	    {"a varchar(40)", "json 'auto' maxerror 9", NULL,
	        OBJECT("{\"a\":\"\\ude00\\ud83d\"}{\"a\":\"\\ud83d\\ud83d\\ude00\"}"
	               "{\"a\":\"\\u00zz\"}{\"a\":\"\\uFFFF\"}"),
	        "!1220 a String contains\n!1220 a String contains\n"
	        "!1216 Invalid JSON: \\u without four hexadecimal digits\n\xEF\xBF\xBF|\n"},
	    /* Objects and arrays into VARCHAR with 'auto', too. */
	    {"a varchar(20)", "json 'auto'", NULL, OBJECT("{\"a\":{\"b\": [1,2]}}"),
	        "{\"b\": [1,2]}|\n"},
	    /* VARCHAR counts bytes; CHAR is ASCII. */
	    {"a varchar(5)", "json 'auto'", NULL, OBJECT("{\"a\":\"caf\xC3\xA9\"}"),
	        "caf\xC3\xA9|\n"},
	    {"a varchar(4)", "json 'auto'", NULL, OBJECT("{\"a\":\"caf\xC3\xA9\"}"),
	        "!1204 a String length exceeds DDL length\n=> 1204"},
	    {"a char(5)", "json 'auto'", NULL, OBJECT("{\"a\":\"caf\\u00e9\"}"),
	        "!1220 a Multibyte character not supported for CHAR (Hint: Try using VARCHAR). "
	        "Invalid char: c3 a9\n=> 1220"},
	    {"a varchar(9)", "json 'auto'", NULL, OBJECT("{\"a\":\"x\xFF\"}"),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: ff (error 3)\n=> 1220"},
	    {"a varchar(9)", "json 'auto'", NULL, OBJECT("{\"a\":\"\xE2\x82\"}"),
	        "!1220 a String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
	        "sequence: e2 82 (error 2)\n=> 1220"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

/* What the statement may not say beside JSON. */
static void not_with_json(void **state)
{
	static const char *const options[] = {"delimiter ','", "escape", "fillrecord",
	    "ignoreblanklines", "null as 'x'", "readratio 10", "removequotes", "quote '%'", "csv",
	    "fixedwidth 'a:1'"};

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		struct rule r = {"a int", arena_printf(arena, "json 'auto' %s", options[i]), NULL,
		    OBJECT("{}"), "=> COPY statement"};

		check_rule(&r);
	}
}

/* A record of 4 MB, and one of a byte more, which is an error like any other. */
static void largest(void **state)
{
	size_t most = 4 << 20, n = most + 1 + 8;
	char *bytes = arena_alloc(arena, n);
	struct rule r = {"a int", "json 'auto' maxerror 2", NULL, {bytes, 0}, "7|\n8|\n"};

	(void)state;
	memset(bytes, ' ', n);
	memcpy(bytes, "{\"a\":7", 6);
	bytes[most - 1] = '}';
	memcpy(bytes + most, "{\"a\":8}", 7);
	r.object.n = most + 7;
	check_rule(&r);

	memset(bytes, ' ', n);
	memcpy(bytes, "{\"a\":7", 6);
	bytes[most] = '}';
	memcpy(bytes + most + 1, "{\"a\":8}", 7);
	r.object.n = most + 8;
	r.want = "!1216 JSON object larger than 4 MB\n8|\n";
	check_rule(&r);
}

/* A row is 4 MB at most, too, and "|" counts twice in it; the object may be smaller. */
static void largest_row(void **state)
{
	size_t most = 4 << 20, head = strlen("{\"a\":\""), pipes = most / 2;
	char *bytes = arena_alloc(arena, most);
	struct rule r = {"a varchar(9000000)", "json 'auto' maxerror 2", NULL, {bytes, 0},
	    "!1216 row larger than 4 MB, in which | counts twice\n"};
	struct rule twice = {"a varchar(9000000), b varchar(9000000)", "json 's3://b/p' maxerror 2",
	    "{\"jsonpaths\":[\"$.a\",\"$.a\"]}", {0}, "!1216 row larger\n"};

	(void)state;
	memset(bytes, '|', most);
	memcpy(bytes, "{\"a\":\"", head);
	memcpy(bytes + head + pipes + 1, "\"}", 2);
	r.object.n = head + pipes + 3;
	check_rule(&r);
	twice.object = r.object;
	memset(bytes + head, 'x', pipes + 1);
	check_rule(&twice);

	memset(bytes + head, '|', pipes);
	memcpy(bytes + head + pipes, "\"}", 2);
	r.object.n = head + pipes + 2;
	r.want = arena_printf(arena, "%.*s|\n", (int)pipes, bytes + head);
	check_rule(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples),
	    cmocka_unit_test(files),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(identities),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(values),
	    cmocka_unit_test(not_with_json),
	    cmocka_unit_test(largest),
	    cmocka_unit_test(largest_row),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("copy_rules_json", tests, setup, teardown);
}
