/* Text inside HTML and SVG: nothing of it is markup, and all of it is characters. */
#include "supervisor/markup.h"
#include "tests/unit/unit.h"

static void is_written(const char *text, size_t n, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	markup_text(&b, (struct str){text, n});
	assert_string_equal(b.p ? b.p : "", want);
	buf_free(&b);
}
#define IS(text, want) is_written(text, sizeof(text) - 1, want)

static void markup_is_escaped(void **state)
{
	(void)state;
	IS("plain text", "plain text");
	IS("a < b && c > \"d\"", "a &lt; b &amp;&amp; c &gt; &quot;d&quot;");
	IS("</script><b onload='x'>", "&lt;/script&gt;&lt;b onload='x'&gt;");
	IS("&lt;", "&amp;lt;");
	IS("", "");
}

static void other_bytes_are_replaced(void **state)
{
	(void)state;
	IS("Bj\xC3\xB6rk \xE2\x82\xAC \xF0\x9F\x8E\xB5",
	    "Bj\xC3\xB6rk \xE2\x82\xAC \xF0\x9F\x8E\xB5");
	IS("a\tb\nc\rd", "a\tb\nc\rd");
	IS("nul\0esc\x1b", "nul\xEF\xBF\xBD"
	                   "esc\xEF\xBF\xBD");
	IS("\xFF<\xC3", "\xEF\xBF\xBD&lt;\xEF\xBF\xBD");
	IS("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
	IS("\xEF\xBF\xBE\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(markup_is_escaped),
	    cmocka_unit_test(other_bytes_are_replaced),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
