/* Dates and times: DATEFORMAT, TIMEFORMAT, ACCEPTANYDATE. */
#include "tests/unit/copy_rules.h"

#define JSON_A(v) OBJECT("{\"a\":" v "}")
#define AUTO(v, want)                                                                              \
	{                                                                                          \
		"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"" v "\""),         \
		    want "|\n"                                                                     \
	}
#define AUTO_TZ(v, want)                                                                           \
	{                                                                                          \
		"a timestamptz", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"" v "\""),       \
		    want "|\n"                                                                     \
	}
#define AUTO_DATE(v, want)                                                                         \
	{                                                                                          \
		"a date", "json 'auto' dateformat 'auto'", NULL, JSON_A("\"" v "\""), want "|\n"   \
	}
#define PATTERN(p, v, want)                                                                        \
	{                                                                                          \
		"a timestamp", "json 'auto' timeformat '" p "'", NULL, JSON_A("\"" v "\""),        \
		    want "\n"                                                                      \
	}
#define DATE(p, v, want)                                                                           \
	{                                                                                          \
		"a date", "json 'auto' dateformat '" p "'", NULL, JSON_A("\"" v "\""), want "\n"   \
	}
#define BAD "!1206 a Invalid timestamp format or value\n=> error 1206"
#define BAD_DATE "!1205 a Invalid Date Format\n=> error 1205"

/* Redshift's list of what 'auto' recognizes, in its order, and what stands around it. */
static void automatic(void **state)
{
	static const struct rule rules[] = {
	    AUTO("2019-02-11T05:09:12.195Z", "2019-02-11 05:09:12.195000"),
	    AUTO("J2451187", "1999-01-08 00:00:00"),
	    AUTO("J2345678 04:05:06.789", "1710-02-23 04:05:06.789000"),
	    AUTO("Jan-08-95 BC", "0095-01-08 BC 00:00:00"),
	    AUTO("19960108 040809", "1996-01-08 04:08:09"),
	    AUTO("960108 040809", "1996-01-08 04:08:09"),
	    AUTO("1996.008", "1996-01-08 00:00:00"),
	    AUTO("1996-01-08 04:05:06.789", "1996-01-08 04:05:06.789000"),
	    /* A zone means nothing to a TIMESTAMP. */
	    AUTO("17 Dec 07:37:16 1997 PST", "1997-12-17 07:37:16"),
	    AUTO("12/17/1997 07:37:16.00 PST", "1997-12-17 07:37:16"),
	    AUTO("1997-12-17 07:37:16-08", "1997-12-17 07:37:16"),
	    AUTO("12.17.1997 07:37:16.00 PST", "1997-12-17 07:37:16"),
	    AUTO("17.12.1997 07:37:16", "1997-12-17 07:37:16"),
	    AUTO("1996.366", "1996-12-31 00:00:00"),
	    AUTO("1996-01-08 04:05", "1996-01-08 04:05:00"),
	    AUTO("1996-01-08", "1996-01-08 00:00:00"), /* "00:00:00 is used" */
	    AUTO("January 8, 1999", "1999-01-08 00:00:00"),
	    AUTO("08-Jan-1999 12:30 AM", "1999-01-08 00:30:00"),
	    AUTO("1999-Jan-08 01:30:00 pm", "1999-01-08 13:30:00"),
	    AUTO("Mon, 08 Feb 1999 23:59:59.9999999", "1999-02-09 00:00:00"),
	    AUTO("20190211T050912Z", "2019-02-11 05:09:12"),
	    AUTO("1/8/69", "2069-01-08 00:00:00"),
	    AUTO("1/8/70", "1970-01-08 00:00:00"),
	    AUTO_TZ("2019-02-11T05:09:12.195Z", "2019-02-11 05:09:12.195000"),
	    AUTO_TZ("17 Dec 07:37:16 1997 PST", "1997-12-17 15:37:16"),
	    AUTO_TZ("12/17/1997 07:37:16.00 PST", "1997-12-17 15:37:16"),
	    AUTO_TZ("1997-12-17 07:37:16-08", "1997-12-17 15:37:16"),
	    AUTO_TZ("1997-12-17 07:37:16+05:30", "1997-12-17 02:07:16"),
	    AUTO_TZ("12.17.1997 07:37:16.00 PST", "1997-12-17 15:37:16"),
	    AUTO_DATE("J2345678 04:05:06.789", "1710-02-23"),
	    AUTO_DATE("Jan-08-95 BC", "0095-01-08 BC"),
	    AUTO_DATE("19960108", "1996-01-08"),
	    AUTO_DATE("12/17/1997 07:37:16.00 PST", "1997-12-17"),
	    /* "Automatic recognition doesn't support epochsecs and epochmillisecs." */
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("1541105830796"), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("1541105830"), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"2019-02-30\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"1995.366\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"13/13/1997\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"12:00\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL,
	        JSON_A("\"1997-12-17 24:00:00\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL,
	        JSON_A("\"1997-12-17 07:37:16 XYZ\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"yesterday\""), BAD},
	    {"a timestamp", "json 'auto' timeformat 'auto'", NULL, JSON_A("\"\""), "~|\n"},
	    {"a date", "json 'auto' dateformat 'auto'", NULL, JSON_A("\"1997-12\""), BAD_DATE},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void patterns(void **state)
{
	static const struct rule rules[] = {
	    /* "2009-01-12 14:15:57.119568", the documented example of the default. */
	    PATTERN(
	        "YYYY-MM-DD HH:MI:SS", "2009-01-12 14:15:57.119568", "2009-01-12 14:15:57.119568|"),
	    PATTERN("YYYY-MM-DD HH:MI:SS", "2008-09-26 05:43:12", "2008-09-26 05:43:12|"),
	    PATTERN("YYYY-MM-DD HH:MI:SS", "2008-09-26", BAD),
	    PATTERN("YYYY-MM-DD HH:MI:SS", "09/26/2008 05:43:12", BAD),
	    PATTERN("MM.DD.YYYY HH:MI:SS", "02.14.2013 18:05:01", "2013-02-14 18:05:01|"),
	    PATTERN("MM.DD.YYYY HH24:MI:SS", "2.4.2013 8:05:01.5", "2013-02-04 08:05:01.500000|"),
	    PATTERN(
	        "DD MON YYYY HH12:MI:SS AM", "4 February 2013 12:05:01 PM", "2013-02-04 12:05:01|"),
	    PATTERN("DD MON YYYY HH12:MI:SS PM", "4 Feb 2013 12:05:01 am", "2013-02-04 00:05:01|"),
	    PATTERN("DD MON YYYY HH12:MI:SS AM", "4 Feb 2013 13:05:01 am", BAD),
	    PATTERN("YYYY-MM-DDTHH:MI:SS", "2013-02-04T08:05:01", "2013-02-04 08:05:01|"),
	    PATTERN("yyyymmddhh24miss", "20130204080501", "2013-02-04 08:05:01|"),
	    PATTERN("YY/MM/DD HH:MI", "99/12/31 23:59", "1999-12-31 23:59:00|"),
	    PATTERN("MM/DD/YYYY", "02/04/2013", "2013-02-04 00:00:00|"),
	    PATTERN("MM/DD/YYYY", "02/04/2013 10:00", BAD),
	    PATTERN("MM/DD/YYYY HH:MI:SS", "02/30/2013 10:00:00", BAD),
	    PATTERN("MM/DD/YYYY HH:MI:SS", "02/04/2013 10:60:00", BAD),
	    /* "You can't include a time zone specifier (TZ, tz, or OF) in the timeformat_string."
	     */
	    {"a timestamptz", "json 'auto' timeformat 'MM/DD/YYYY HH:MI:SSOF'", NULL, JSON_A("1"),
	        "=> a zone (OF, TZ) can not stand in it: 'auto' reads zones"},
	    {"a timestamp", "json 'auto' timeformat 'MM/DD/YYYY HH:MI:SS tz'", NULL, JSON_A("1"),
	        "=> a zone (OF, TZ) can not stand in it"},
	    /* The documented examples of both strings. */
	    DATE("MM/DD/YYYY", "03/31/2003", "2003-03-31|"),
	    DATE("MON DD, YYYY", "March 31, 2003", "2003-03-31|"),
	    DATE("MON DD, YYYY", "March 31 2003", BAD_DATE),
	    PATTERN("MM.DD.YYYY HH:MI:SS", "03.31.2003 18:45:05", "2003-03-31 18:45:05|"),
	    PATTERN(
	        "MM.DD.YYYY HH:MI:SS", "03.31.2003 18:45:05.123456", "2003-03-31 18:45:05.123456|"),
	    /* HH24 and HH are one; midnight and noon of HH12; AM or PM must be there. */
	    PATTERN("MM.DD.YYYY HH:MI:SS", "03.31.2003 24:00:00", BAD),
	    PATTERN("MM.DD.YYYY HH12:MI:SS AM", "03.31.2003 12:00:00 AM", "2003-03-31 00:00:00|"),
	    PATTERN("MM.DD.YYYY HH12:MI:SS AM", "03.31.2003 00:45:05 PM", BAD),
	    PATTERN("MM.DD.YYYY HH12:MI:SS AM", "03.31.2003 07:45:05", BAD),
	    {"a timestamptz", "json 'auto'", NULL, JSON_A("\"2013-02-04 10:00:00-8:00\""),
	        "2013-02-04 18:00:00|\n"},
	    DATE("MM-DD-YYYY", "01-31-1999", "1999-01-31|"),
	    DATE("MON-DD-YYYY", "Jan-01-1999", "1999-01-01|"),
	    DATE("MON-DD-YYYY", "January-01-1999", "1999-01-01|"),
	    DATE("MON-DD-YYYY", "Jam-01-1999", BAD_DATE),
	    DATE("DD.MM.YY", "31.12.69", "2069-12-31|"),
	    /* "The date format can include time information, but this information is ignored." */
	    DATE("MM-DD-YYYY", "01-31-1999 10:11:12", "1999-01-31|"),
	    DATE("MM-DD-YYYY HH:MI:SS", "01-31-1999 10:11:12", "1999-01-31|"),
	    DATE("YYYY-MM-DD", "1999-01-31 25:00", "1999-01-31|"),
	    DATE("MM-DD-YYYY", "1999-01-31", BAD_DATE),
	    DATE("YYYYMMDD", "19990131", "1999-01-31|"),
	    DATE("YYYYMMDD", "19990229", BAD_DATE),
	    DATE("YYYYMMDD", "20000229", "2000-02-29|"),
	    {"a date", "json 'auto'", NULL, JSON_A("\"1999-1-1\""), BAD_DATE},
	    /* The statement. */
	    {"a date", "json 'auto' dateformat 'Auto'", NULL, JSON_A("1"), "=> 'Auto'"},
	    {"a timestamp", "json 'auto' timeformat 'Epochsecs'", NULL, JSON_A("1"),
	        "=> 'Epochsecs'"},
	    {"a timestamp", "json 'auto' timeformat 'YYYY-QQ'", NULL, JSON_A("1"), "=> YYYY-QQ"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void epochs(void **state)
{
	static const struct rule rules[] = {
	    {"a timestamp", "json 'auto' timeformat 'epochsecs'", NULL, JSON_A("1541105830"),
	        "2018-11-01 20:57:10|\n"},
	    {"a timestamp", "json 'auto' timeformat 'epochsecs'", NULL, JSON_A("\"-1\""),
	        "1969-12-31 23:59:59|\n"},
	    {"a timestamp", "json 'auto' timeformat 'epochmillisecs'", NULL,
	        JSON_A("1541105830796"), "2018-11-01 20:57:10.796000|\n"},
	    {"a timestamptz", "json 'auto' timeformat 'epochmillisecs'", NULL,
	        JSON_A("1541105830796"), "2018-11-01 20:57:10.796000|\n"},
	    /* One TIMEFORMAT for the whole COPY: every TIMESTAMP column, no DATE column. */
	    {"a timestamp, b date, c timestamp", "json 'auto' timeformat 'epochsecs'", NULL,
	        OBJECT("{\"a\":0,\"b\":\"1970-01-02\",\"c\":\"1970-01-01 00:00:00\"}"),
	        "!1206 c Invalid timestamp format or value [epochsecs]\n=> column c"},
	    {"a timestamp", "json 'auto' timeformat 'epochmillisecs'", NULL, JSON_A("1.5"), BAD},
	    {"a timestamp", "json 'auto' timeformat 'epochsecs'", NULL, JSON_A("1.0"), BAD},
	    {"a timestamp", "json 'auto' timeformat 'epochsecs'", NULL, JSON_A("1e9"), BAD},
	    {"a timestamp", "json 'auto' timeformat 'epochmillisecs'", NULL,
	        JSON_A("9223372036854775807"), BAD},
	    {"a timestamp", "json 'auto' timeformat 'epochsecs'", NULL, JSON_A("\"\""), "~|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

static void any_date(void **state)
{
	static const struct rule rules[] = {
	    {"a timestamp, b date", "json 'auto' acceptanydate dateformat 'auto'", NULL,
	        OBJECT("{\"a\":\"00/00/00 00:00:00\",\"b\":\"00/00/00\"}"), "~|~|\n"},
	    {"b date", "json 'auto' acceptanydate dateformat 'MM-DD-YYYY'", NULL,
	        OBJECT("{\"b\":\"1999-01-31\"}{\"b\":\"01-31-1999\"}"), "~|\n1999-01-31|\n"},
	    {"b date", "json 'auto' acceptanydate", NULL, OBJECT("{\"b\":\"soon\"}"), "~|\n"},
	    {"b date", "acceptanydate", NULL, OBJECT("0000-00-00\n2019-02-30\n2019-02-03x\n"),
	        "~|\n~|\n~|\n"},
	    {"b date not null", "json 'auto' acceptanydate", NULL, OBJECT("{\"b\":\"soon\"}"),
	        "!1213 b Missing data for not-null field\n=> error 1213"},
	    /* "applies only to TIMESTAMP and DATE columns" */
	    {"b int", "json 'auto' acceptanydate", NULL, OBJECT("{\"b\":\"soon\"}"),
	        "!1207 b Invalid digit, Value 's', Pos 0, Type: Integer\n=> error 1207"},
	    {"a timestamp", "json 'auto' acceptanydate timeformat 'epochsecs'", NULL,
	        OBJECT("{\"a\":\"x\"}"), "~|\n"},
	};

	(void)state;
	check_rules(rules, COUNT(rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(automatic),
	    cmocka_unit_test(patterns),
	    cmocka_unit_test(epochs),
	    cmocka_unit_test(any_date),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("copy_rules_time", tests, setup, teardown);
}
