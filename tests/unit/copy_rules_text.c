/* COPY from text: delimited, CSV, FIXEDWIDTH. */
#include "tests/unit/copy_rules.h"

#define CATEGORY "catid int, catgroup varchar(10), catname varchar(10), catdesc varchar(50)"
#define VENUE                                                                                      \
	"venueid smallint not null, venuename varchar(100) not null, venuecity varchar(30), "      \
	"venuestate char(2), venueseats int"

static void examples(void **state)
{
	static const struct rule rules[] = {
	    {CATEGORY, "csv", NULL,
	        OBJECT("12,Shows,Musicals,Musical theatre\n"
	               "13,Shows,Plays,\"All \"\"non-musical\"\" theatre\"\n"
	               "14,Shows,Opera,\"All opera, light, and \"\"rock\"\" opera\"\n"
	               "15,Concerts,Classical,\"All symphony, concerto, and choir concerts\"\n"),
	        "12|Shows|Musicals|Musical theatre|\n13|Shows|Plays|All \"non-musical\" theatre|\n"
	        "14|Shows|Opera|All opera, light, and \"rock\" opera|\n"
	        "15|Concerts|Classical|All symphony, concerto, and choir concerts|\n"},
	    {CATEGORY, "csv quote as '%'", NULL,
	        OBJECT("12,Shows,Musicals,Musical theatre\n"
	               "13,Shows,Plays,%All \"non-musical\" theatre%\n"
	               "14,Shows,Opera,%All opera, light, and \"rock\" opera%\n"),
	        "12|Shows|Musicals|Musical theatre|\n13|Shows|Plays|All \"non-musical\" theatre|\n"
	        "14|Shows|Opera|All opera, light, and \"rock\" opera|\n"},
	    /* "the COPY command will fail because some input fields contain commas" */
	    {CATEGORY, "delimiter ','", NULL,
	        OBJECT("12,Shows,Musicals,Musical theatre\n"
	               "14,Shows,Opera,All opera, light, and \"rock\" opera\n"),
	        "12|Shows|Musicals|Musical theatre|\n!1202 Extra column(s) found @2\n=> 1202"},
	    /* venue_noseats.txt: one delimiter stands behind the last field. */
	    {VENUE, "(venueid, venuename, venuecity, venuestate) delimiter '|'", NULL,
	        OBJECT("1|Toyota Park|Bridgeview|IL|\n2|Columbus Crew Stadium|Columbus|OH|\n"),
	        "1|Toyota Park|Bridgeview|IL|\n2|Columbus Crew Stadium|Columbus|OH|\n"},
	    /* "fail because no DEFAULT value was specified for VENUENAME" */
	    {VENUE, "(venueid, venuecity, venuestate) delimiter '|'", NULL,
	        OBJECT("1|Bridgeview|IL|\n"), "=> column venuename is NOT NULL and has no DEFAULT"},
	    {"venueid int identity, venuename varchar(100), venuecity varchar(30)",
	        "(venueid, venuename, venuecity) delimiter '|' explicit_ids", NULL,
	        OBJECT("1|Toyota Park|Bridgeview\n"), "1|Toyota Park|Bridgeview|\n"},
	    {"venueid int identity, venuename varchar(100), venuecity varchar(30)",
	        "(venuename, venuecity) delimiter '|' explicit_ids", NULL, OBJECT(""),
	        "=> with EXPLICIT_IDS it must be in the column list"},
	    {"venueid int identity, venuename varchar(100), venuecity varchar(30)",
	        "(venueid, venuename, venuecity) delimiter '|'", NULL, OBJECT(""),
	        "=> without EXPLICIT_IDS it can not be in the column list"},
	    {"infoid int, tableinfo varchar(50)", "delimiter '|' escape", NULL,
	        OBJECT("1|public\\|event\\|dwuser\n2|public\\|sales\\|dwuser\n"),
	        "1|public|event|dwuser|\n2|public|sales|dwuser|\n"},
	    {"infoid int, tableinfo varchar(50)", "delimiter '|'", NULL,
	        OBJECT("1|public\\|event\\|dwuser\n"), "!1202 Extra column(s) found\n=> 1202"},
	    {"c1 varchar(200), c2 int", "escape delimiter as '|'", NULL,
	        OBJECT("<xml start>\\\n<newline characters provide>\\\n"
	               "<line breaks at the end of each>\\\n<line in content>\\\n</xml>|1000\n"
	               "<xml>\\\n</xml>|2000\n"),
	        "<xml start>\n<newline characters provide>\n<line breaks at the end of each>\n"
	        "<line in content>\n</xml>|1000|\n<xml>\n</xml>|2000|\n"},
	    {"a int, b varchar(40)", "escape removequotes", NULL,
	        OBJECT("1|The quick brown fox\\\njumped over\n2|A\\\\B\\\\C\n3|A\\|B\\|C\n"
	               "4|'A Midsummer Night\\'s Dream'\n"),
	        "1|The quick brown fox\njumped over|\n2|A\\B\\C|\n3|A|B|C|\n"
	        "4|A Midsummer Night's Dream|\n"},
	    {"venueid int, venuename varchar(30), venuecity varchar(12), venuestate char(2), "
	     "venueseats int",
	        "fixedwidth 'venueid:3,venuename:25,venuecity:12,venuestate:2,venueseats:6'", NULL,
	        OBJECT("1  Toyota Park              Bridgeview  IL0\n"
	               "4  CommunityAmerica BallparkKansas City KS0\n"
	               "5  Gillette Stadium         Foxborough  MA68756\n"),
	        "1|Toyota Park              |Bridgeview  |IL|0|\n"
	        "4|CommunityAmerica Ballpark|Kansas City |KS|0|\n"
	        "5|Gillette Stadium         |Foxborough  |MA|68756|\n"},
	    {"c1 timestamp", "timeformat 'YYYY-MM-DD HH:MI:SS'", NULL,
	        OBJECT("2009-01-12 14:15:57.119568\n"), "2009-01-12 14:15:57.119568|\n"},
	    {"eventid int, eventname varchar(20), starttime timestamp",
	        "removequotes emptyasnull blanksasnull maxerror 5 delimiter '|' "
	        "timeformat 'YYYY-MM-DD HH:MI:SS'",
	        NULL,
	        OBJECT("1|\"Mamma Mia!\"|2008-09-26 05:43:12\n2||2008-09-26 05:43:12\n"
	               "3|   |09/26/2008\n4|   |\n"),
	        "1|Mamma Mia!|2008-09-26 05:43:12|\n2|~|2008-09-26 05:43:12|\n"
	        "!1206 starttime \n4|~|~|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void delimiters(void **state)
{
	static const struct rule rules[] = {
	    {"a int, b int", "", NULL, OBJECT("1|2\n3|4"), "1|2|\n3|4|\n"},
	    {"a int, b int", "delimiter '\\t'", NULL, OBJECT("1\t2\n"), "1|2|\n"},
	    {"a int, b int", "delimiter as '\t'", NULL, OBJECT("1\t2\n"), "1|2|\n"},
	    {"a int, b int", "delimiter '\\054'", NULL, OBJECT("1,2\n"), "1|2|\n"},
	    {"a int, b int", "delimiter '\x01'", NULL,
	        OBJECT("1\x01"
	               "2\n"),
	        "1|2|\n"},
	    {"a int, b int", "delimiter '::'", NULL, OBJECT(""), "=> one ASCII character"},
	    {"a int, b int", "delimiter '\\377'", NULL, OBJECT(""), "=> one ASCII character"},
	    {"a int, b int", "csv delimiter ';'", NULL, OBJECT("1;2\n"), "1|2|\n"},
	    {"a int, b varchar(3)", "csv delimiter '\\t'", NULL, OBJECT("1\t\" x\"\n"), "1| x|\n"},
	    /* A carriage return belongs to the new line. */
	    {"a int, b int", "", NULL, OBJECT("1|2\r\n3|4\r\n"), "1|2|\n3|4|\n"},
	    {"a int, b varchar(5)", "csv", NULL, OBJECT("1,\"x\"\r\n2,y\r\n"), "1|x|\n2|y|\n"},
	    /* Blank lines. */
	    {"a int, b int", "", NULL, OBJECT("1|2\n\n3|4\n"),
	        "1|2|\n!1211 Line without data @2\n=> 1211"},
	    {"a int, b int", "ignoreblanklines", NULL, OBJECT("\n1|2\n\n3|4\n\n"), "1|2|\n3|4|\n"},
	    {"a varchar(3)", "", NULL, OBJECT("x\n\ny\n"), "x|\n|\ny|\n"},
	    {"a int", "", NULL, OBJECT(""), ""},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void field_counts(void **state)
{
	static const struct rule rules[] = {
	    {"a int, b int, c int", "", NULL, OBJECT("1|2|3|4\n"),
	        "!1202 Extra column(s) found\n=> 1202"},
	    {"a int, b int, c int", "", NULL, OBJECT("1|2|3||\n"),
	        "!1202 Extra column(s) found\n=> 1202"},
	    {"a int, b int, c int", "", NULL, OBJECT("1|2\n"),
	        "!1203 c Input data had fewer columns: 2 of 3\n=> 1203"},
	    {"a int, b int, c int", "", NULL, OBJECT("1\n"),
	        "!1201 b Delimiter not found\n=> 1201"},
	    {"a int, b int, c int", "csv", NULL, OBJECT("1,2,3,\n"),
	        "!1202 Extra column(s) found\n=> 1202"},
	    /* FILLRECORD: "zero-length strings or NULLs, as appropriate". */
	    {"a varchar(9), b varchar(9), c int", "fillrecord", NULL, OBJECT("x\n1|2\n"),
	        "x||~|\n1|2|~|\n"},
	    /* "The missing CHAR values would be loaded as NULL values." */
	    {"a char(9), b char(9), c char(9), d char(9)", "csv fillrecord", NULL,
	        OBJECT("apple,orange\n"), "apple|orange|~|~|\n"},
	    {"a int, b varchar(9)", "fillrecord emptyasnull", NULL, OBJECT("1\n"), "1|~|\n"},
	    /* "NULL substitution only works if the column definition allows NULLs." */
	    {"a int, b char(9) not null", "fillrecord", NULL, OBJECT("1\n"),
	        "!1213 b Missing data for not-null field\n=> 1213"},
	    {"a int, b varchar(9)", "escape fillrecord", NULL, OBJECT("\n"), "~||\n"},
	    {"a int, b int not null", "fillrecord", NULL, OBJECT("1\n"),
	        "!1213 b Missing data for not-null field\n=> 1213"},
	    {"a int, b int", "fillrecord", NULL, OBJECT("1|2|3\n"),
	        "!1202 Extra column(s) found\n=> 1202"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void quotes(void **state)
{
	static const struct rule rules[] = {
	    /* REMOVEQUOTES: the documented table. */
	    {"a varchar(60)", "removequotes", NULL,
	        OBJECT("\"The delimiter is a pipe (|) character\"\n"),
	        "The delimiter is a pipe (|) character|\n"},
	    {"a varchar(60)", "removequotes", NULL, OBJECT("'Black'\n\"White\"\nBlue'\n"),
	        "Black|\nWhite|\nBlue'|\n"},
	    {"a varchar(60)", "removequotes maxerror 9", NULL, OBJECT("'Blue\n\"Blue\nx\n"),
	        "!1214 a Delimiter not found: a quote is not closed @1\n!1214 a \nx|\n"},
	    {"a varchar(60)", "removequotes", NULL, OBJECT("' ' 'Black' ' '\n' '\n"),
	        " ' 'Black' ' |\n |\n"},
	    {"a varchar(60)", "", NULL, OBJECT("'Black'\n"), "'Black'|\n"},
	    /* CSV. */
	    {"a varchar(9), b int", "csv", NULL, OBJECT("\"x\ny\",1\n\"\",2\n,3\n"),
	        "x\ny|1|\n|2|\n|3|\n"},
	    {"a varchar(9), b int", "csv", NULL, OBJECT(" \"x, y\" , 1 \n"), "x, y|1|\n"},
	    {"a varchar(9), b int", "csv", NULL, OBJECT(" x y ,1\n"), " x y |1|\n"},
	    {"a varchar(9), b int", "csv maxerror 9", NULL, OBJECT("x\"y\"z,1\n\"x\"y,2\nz,3\n"),
	        "!1216 a Invalid quote formatting for CSV: a quote within\n"
	        "!1216 a Invalid quote formatting for CSV: text behind\nz|3|\n"},
	    {"a varchar(9), b int", "csv", NULL, OBJECT("\"x,1\ny,2\n"),
	        "!1216 the file ends within quotes @3\n=> 1216"},
	    {"a varchar(40)", "csv", NULL, OBJECT("\"A \"\"quoted\"\" word\"\n\"\"\"\"\n"),
	        "A \"quoted\" word|\n\"|\n"},
	    {"a varchar(9), b int", "csv maxerror 9", NULL,
	        OBJECT("\"x\",1,\n\"x\"\n\n\"\\N\",2\n"),
	        "!1202 Extra\n!1201 b \n!1211 Line\n\\N|2|\n"},
	    {"a varchar(9), b varchar(9)", "csv null as ''", NULL, OBJECT(",\"\"\n"), "~||\n"},
	    {"a varchar(9), b int", "delimiter ',' removequotes maxerror 9", NULL,
	        OBJECT("\"x,y\",1\n\"x\"y,1\n\"x\" ,1\n\"\",1\n\"x\"\"y\",1\n"),
	        "x,y|1|\n!1214 a \n!1214 a \n|1|\nx\"\"y|1|\n"},
	    {"a int", "csv removequotes", NULL, OBJECT(""),
	        "=> REMOVEQUOTES can not be used with CSV"},
	    {"a int", "csv escape", NULL, OBJECT(""), "=> ESCAPE can not be used with CSV"},
	    {"a int", "csv fixedwidth 'a:1'", NULL, OBJECT(""), "=> second file format"},
	    {"a int", "quote '%'", NULL, OBJECT(""), "=> QUOTE belongs to CSV"},
	    {"a int", "csv quote ','", NULL, OBJECT(""), "=> QUOTE and DELIMITER must differ"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void nulls_and_escapes(void **state)
{
	static const struct rule rules[] = {
	    {"a varchar(9), b int", "", NULL, OBJECT("\\N|\\N\n"), "~|~|\n"},
	    {"a varchar(9), b int", "csv", NULL, OBJECT("\\N,\\N\n"), "~|~|\n"},
	    {"a varchar(9), b int", "null as 'NULL'", NULL, OBJECT("NULL|NULL\n\\N|1\n"),
	        "~|~|\n\\N|1|\n"},
	    /* "EMPTYASNULL and NULL AS '' (empty string) produce the same behavior." */
	    {"a varchar(9), b int", "null as ''", NULL, OBJECT("|\n"), "~|~|\n"},
	    {"a varchar(9), b int", "emptyasnull", NULL, OBJECT("|\n"), "~|~|\n"},
	    {"a varchar(9), b int", "", NULL, OBJECT("|\n"), "|~|\n"},
	    {"a varchar(9), b int", "blanksasnull", NULL, OBJECT("   | \n"), "~|~|\n"},
	    {"a varchar(9) not null", "null as 'x'", NULL, OBJECT("x\n"),
	        "!1213 a Missing data for not-null field\n=> 1213"},
	    {"a int", "null as '\\n'", NULL, OBJECT(""), "=> NULL AS can not be a new line"},
	    /* NUL: '\0' and '\000' name it; with more in the field it is error 1218. */
	    {"a varchar(9), b int", "null as '\\0'", NULL, OBJECT("\0|1\n"), "~|1|\n"},
	    {"a varchar(9), b int", "null as '\\000'", NULL, OBJECT("\0|1\n"), "~|1|\n"},
	    {"a varchar(9), b int", "null as '\\0'", NULL, OBJECT("xy\0|1\n"), "!1218 a \n=> 1218"},
	    {"a varchar(9), b int", "", NULL, OBJECT("xy\0|1\n"),
	        "!1220 a NUL can not be stored\n=> 1220"},
	    /* "\N and \\N produce the same results"; octal is not interpreted. */
	    {"a varchar(9), b int", "escape", NULL, OBJECT("\\N|1\n\\\\N|2\nx\\012|3\n\\\\|4\n"),
	        "~|1|\n~|2|\nx012|3|\n\\|4|\n"},
	    {"a varchar(9), b int", "", NULL, OBJECT("\\\\|4\n"), "\\\\|4|\n"},
	    {"a varchar(9), b int", "escape", NULL, OBJECT("a\\tb|1\nx\\\ny|2\n"),
	        "atb|1|\nx\ny|2|\n"},
	    {"a varchar(9), b varchar(9)", "escape removequotes", NULL,
	        OBJECT("'it\\'s'|\"a\\\"b\"\n"), "it's|a\"b|\n"},
	    {"a varchar(9), b varchar(9)", "escape null as 'NULL'", NULL, OBJECT("NULL|\\N\n"),
	        "~|N|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void fixed_width(void **state)
{
	static const struct rule rules[] = {
	    {"a int, b varchar(9)", "fixedwidth '0:3,1:4'", NULL, OBJECT("  1abcd\n2  e\n"),
	        "1|abcd|\n2|e|\n"},
	    /* "field widths are based on the number of characters, not the number of bytes" */
	    {"a varchar(9), b int", "fixedwidth 'x:2, y:1'", NULL,
	        OBJECT("\xC3\xA9\xC3\xA9"
	               "7\n"),
	        "\xC3\xA9\xC3\xA9|7|\n"},
	    {"a int, b int", "fixedwidth 'a:1,b:1'", NULL, OBJECT("123\n"),
	        "!1202 Extra column(s) found\n=> 1202"},
	    {"a int, b int", "fixedwidth 'a:1,b:1'", NULL, OBJECT("1\n"),
	        "!1203 b Input data had fewer columns: 1 of 2\n=> 1203"},
	    {"a int", "fixedwidth 'a:0'", NULL, OBJECT(""), "=> FIXEDWIDTH takes"},
	    {"a int", "fixedwidth 'a'", NULL, OBJECT(""), "=> FIXEDWIDTH takes"},
	    {"a int", "fixedwidth 'a:1' delimiter '|'", NULL, OBJECT(""),
	        "=> DELIMITER can not be used with FIXEDWIDTH"},
	    {"a int", "fixedwidth 'a:1' escape", NULL, OBJECT(""),
	        "=> ESCAPE can not be used with FIXEDWIDTH"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

/* A line over 4 MB is an error like any other. */
static void largest(void **state)
{
	size_t n = (4 << 20) + 2;
	char *bytes = arena_alloc(arena, n + 2);
	struct rule r = {
	    "a int", "maxerror 2", NULL, {bytes, n + 2}, "!1216 record larger than 4 MB @1\n7|\n"};

	(void)state;
	memset(bytes, ' ', n);
	bytes[n - 1] = '\n';
	memcpy(bytes + n, "7\n", 2);
	check_rule(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples),
	    cmocka_unit_test(delimiters),
	    cmocka_unit_test(field_counts),
	    cmocka_unit_test(quotes),
	    cmocka_unit_test(nulls_and_escapes),
	    cmocka_unit_test(fixed_width),
	    cmocka_unit_test(largest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("copy_rules_text", tests, setup, teardown);
}
