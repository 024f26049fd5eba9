"""The SQL that C code sends, one file for each statement.

    statements.py FOLDER FILE.c...

A statement is a string literal (its neighbours joined) that begins with a verb of SQL. Names that C
puts in stand as "relation", queries as (SELECT 1). What only PostgreSQL is sent is left out: each
with its reason in POSTGRES, and counted.
"""
import pathlib
import re
import sys

VERBS = "SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ANALYZE|ALTER|SET|LOCK|TRUNCATE|WITH"
# COPY also begins messages.
STATEMENT = re.compile(rf"(?:(?:{VERBS}) |COPY \S+ (?:\(|FROM)|(?:BEGIN|COMMIT|ROLLBACK)$)")
TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | '(?:\\.|[^'\\])*' | "(?P<text>(?:\\.|[^"\\])*)" | [^\s"'/]+ | /""",
    re.S | re.X,
)
POSTGRES = {
    r" FOR (SHARE|UPDATE)$": "Redshift's tables are locked by who writes to them, rows never",
    r"^LOCK TABLE .* IN ACCESS SHARE MODE$": "Redshift's readers have a snapshot, and its locks no mode",
    r"^SELECT pg_advisory": "Redshift has no advisory locks",
    r"^SET (lock_timeout|default_transaction_read_only) ": "Redshift has no such setting",
    r"^SELECT .* FROM pg_attribute ": "asked by the COPY that we execute ourselves",
    r"^COPY .* (\(|FROM STDIN)$": "the COPY that we execute ourselves, and its rejected records",
    r"^SELECT .*host\(client_addr\)": "asked where sessions have names",
}
# Of a statement that is put together: the whole is taken from a run.
PARTS = re.compile(r"CREATE VIEW [^ ]+ AS$|WITH NO SCHEMA BINDING$")


TEXTS = re.compile(r'^#define (\w+)\s*\\?\n?((?:\s*"(?:\\.|[^"\\])*"\s*\\?\n?)+)', re.M)


def literals(code):
    """Each string literal with its neighbours; names that stand for literals are put in."""
    for name, body in TEXTS.findall(code):
        code = re.sub(rf"(?<!#define )\b{name}\b", lambda _: body.replace("\\\n", "\n"), code)
    text = None
    for token in TOKEN.finditer(code):
        if token["text"] is not None:
            text = (text or "") + token["text"]
        elif not token[0].startswith(("/*", "//")) and text is not None:
            yield text
            text = None


folder, out, left = pathlib.Path(sys.argv[1]), 0, 0
for name in sys.argv[2:]:
    for text in literals(pathlib.Path(name).read_text()):
        text = re.sub(r"\\n", "\n", text).replace('\\"', '"').strip()
        if not STATEMENT.match(text) or re.search(r": %|, %", text):
            continue
        if PARTS.match(text):
            continue
        if any(re.search(p, text, re.S) for p in POSTGRES):
            left += 1
            continue
        text = text.replace("(%.*s)", "(SELECT 1)").replace("%.*s", "relation").replace("%d", "1").replace("%lld", "1").replace("%s", "")
        if text.endswith("VALUES ("):
            text += "1)"
        out += 1
        stem = pathlib.Path(name).stem
        (folder / f"c_{stem}_{out:02}.sql").write_text(re.sub(r"\$\d+", "'1'", text) + ";\n")
print(out, left)
