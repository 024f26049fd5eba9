"""What html_report.t asks of pages, in Chromium. On standard input a line a page, between tabs:

    NAME  PAGE  JSON  JOURNAL  CHECK

JSON is what `dwh report --json` says of the same run, JOURNAL its journal; CHECK is the beginning of
the one check that must find something wrong, or empty: then all must find nothing. A line of answer
for each: "ok WHAT" or "not ok WHAT", and behind the latter lines "# what was found"."""
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

from chromium import Chromium

LISTED = 2000  # rows of a table at most
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CHECKS = []


def check(name):
    def add(of):
        CHECKS.append((name, of))
        return of
    return add


def number(n):
    return f"{n:,}"


def seconds(ms):
    return f"{ms / 1000:.2f}"


def size(n):
    v, units = float(n), ["B", "kB", "MB", "GB", "TB"]
    while v >= 1000 and len(units) > 1:
        v /= 1000
        units.pop(0)
    return f"{n} B" if units[0] == "B" else f"{v:.1f} {units[0]}"


class Page:
    """One page in the browser, beside what it must hold."""

    def __init__(self, browser, file, report, journal):
        self.browser, self.file, self.js = browser, file, browser.js
        self.source = open(file, encoding="utf-8").read()
        self.report = json.load(open(report))
        with open(journal, encoding="utf-8") as lines:
            self.journal = [json.loads(line) for line in lines if line.endswith("\n")]
        try:
            self.tree = list(xml.fromstring(self.source).iter())
            self.malformed = None
        except xml.ParseError as e:
            self.tree, self.malformed = [], e
        browser.open(file)
        browser.width(1200)
        self.tables = self.js("[...document.querySelectorAll('table')].map(t => [t.caption?.textContent, "
                              "[...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent))])")

    def rows(self, caption):
        return next((rows for name, rows in self.tables if name == caption), [])

    def attributes(self):
        return [(e.tag, k.split("}")[-1], v) for e in self.tree for k, v in e.attrib.items()]

    def tasks(self):
        return self.report["shards"] + self.report["tasks"]

    def figures(self):
        r, t = self.report, self.report["totals"]
        want = {"Took": seconds(r["ms"]) + " s", "Tried again": number(t["retries"] + t["requests_again"])}
        if t["shards"]:
            want.update(Objects=number(t["objects"]), Bytes=size(t["bytes"]), Rows=number(t["rows"]))
        return want


# ---- the file by itself ----

@check("is well-formed")
def _(p):
    return p.malformed


@check("names nothing that must be fetched or run")
def _(p):
    return [[a for a in p.attributes() if a[1] in ("src", "srcset", "action", "data", "style")],
            [a for a in p.attributes() if a[1].startswith("on") or a[1] == "href" and a[2][0] != "#"],
            [u for u in re.findall(r"url\(([^)]*)\)|@import", p.source) if u != "#hatch"],
            [e.tag for e in p.tree
             if re.search(r"\}(script|iframe|object|embed|link|img|base|form)$", e.tag)],
            POLICY not in p.source and "no policy"]


@check("has each id once, and each that it names")
def _(p):
    ids = [v for _, k, v in p.attributes() if k == "id"]
    return [len(ids) != len(set(ids)) and ids,
            [v for _, k, v in p.attributes() if k == "href" and v[1:] not in ids],
            [n for _, k, v in p.attributes() if k == "aria-labelledby" for n in v.split() if n not in ids]]


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [p / 12.92 if p <= .04045 else ((p + .055) / 1.055) ** 2.4 for p in parts]
    return .2126 * r + .7152 * g + .0722 * b


def contrast(a, b):
    a, b = sorted((luminance(a), luminance(b)), reverse=True)
    return (a + .05) / (b + .05)


KINDS = "list", "copy", "insert", "check", "other"
PAIRS = [(t, on, 4.5) for t in ("text", "soft", "link", "good", "warn", "bad") for on in ("paper", "panel")] + \
    [("on-bar", on, 4.5) for on in KINDS] + [("hatch", "bad", 3)] + \
    [(m, on, 3) for m in (*KINDS, "bad") for on in ("paper", "track")]


def faint(block):
    c = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", block))
    return [f"{a} on {b}: {contrast(c[a], c[b]):.2f}" for a, b, least in PAIRS if contrast(c[a], c[b]) < least]


@check("has enough contrast in light")
def _(p):
    return faint(re.search(r":root\{(.*?)\}", p.source, re.S).group(1))


@check("has enough contrast in the dark")
def _(p):
    return faint(re.search(r"prefers-color-scheme:dark\)\{:root\{(.*?)\}", p.source, re.S).group(1))


# ---- as Chromium has it ----

@check("says nothing on the console")
def _(p):
    return p.browser.complaints()


@check("asks the network for nothing")
def _(p):
    return [r for r in p.browser.requests() if r != "file://" + p.file]


@check("has the run and how it ended in its title")
def _(p):
    r = p.report
    word = ("running" if r["alive"] else "killed") if not r["ended"] else "failed" if r["exit"] else "finished"
    title = p.js("document.title")
    return title != f"dwh {r['command']} {r['run']}: {word}" and title


@check("has the figures of the journal")
def _(p):
    pairs = "[...document.querySelectorAll('%s>div')].map(d => [d.querySelector('dt').innerText, " \
        "d.querySelector('dd').firstChild.textContent.trim()])"
    figures, facts = dict(p.js(pairs % ".figures")), dict(p.js(pairs % ".facts"))
    return [[f"{k}: {figures.get(k)} is not {v}" for k, v in p.figures().items() if figures.get(k) != v],
            [k for k in ("engine", "model") if facts.get(k.capitalize()) != p.report[k]],
            facts["Workers"].split(",")[0] != str(p.report["workers"]) and facts["Workers"],
            p.report["next"] != p.js("document.querySelector('.next code:only-child')?.innerText ?? null")
            and "the command that goes on"]


@check("has every shard with its figures")
def _(p):
    shards, rows = p.report["shards"], p.rows("Shards, those that took longest first")
    left = len(shards) - LISTED
    wrong = [len(rows) != min(len(shards), LISTED) and f"{len(rows)} rows of {len(shards)} shards",
             left > 0 and f"and {number(left)} more shards: dwh report {p.report['run']} --csv" not in
             p.js("document.body.textContent") and "does not say what is left out",
             sorted(rows, key=lambda r: -int(r[5].replace(",", ""))) != rows and "not by duration"]
    found = {(r[1], r[0]): r[2:12] for r in rows}
    for s in shards if left <= 0 else []:
        want = [number(s["objects"]), size(s["bytes"])] + \
            [number(s.get(k, 0)) for k in ("rows", "took_ms", "list_ms", "fetch_ms", "copy_ms", "commit_ms")] + \
            [str(s["tries"]), str(s["worker"])]
        got = found.get((s["lane"], s["shard"][:8]))
        wrong.append(got != want and f"{s['shard'][:8]}: {got} is not {want}")
    return wrong


@check("has the phases, the counts, the checks")
def _(p):
    phases = [r[:2] + r[3:] for r in p.rows("Where the time went, phase by phase")]
    counts = [r[:2] for r in p.rows("Rows of each table at the end of the run")]
    checks = [["check " + r[0], r[1].split(" ", 1)[-1], r[2]] for r in p.rows("The checks of the model")]
    return [[f["phase"] for f in p.report["phases"] if f["tasks"] and [
                f["phase"], number(f["tasks"]), seconds(f["wall_ms"]), seconds(f["cumulative_ms"]),
                f"{f['concurrency']:.2f}", f"{100 * f['efficiency']:.0f}%"] not in phases],
            [c for c in p.report["counts"].items() if [c[0], number(c[1])] not in counts],
            [t["name"] for t in p.report["tasks"] if t["kind"] == "check" and t["state"] == "done" and
             [t["name"], t["verdict"], number(t["rows"])] not in checks]]


@check("has what the journal says of processors and memory, or nothing of it")
def _(p):
    used = next((m for m in p.journal if m["t"] == "usage"), None)
    want = used and [
        ["supervisor", seconds(used["supervisor_cpu_ms"]), size(used["supervisor_peak"])],
        ["workers, memory of the largest", seconds(used["workers_cpu_ms"]), size(used["worker_peak"])]] or []
    rows = p.rows("What the processes of the run used")
    return [rows != want and f"{rows} is not {want}",
            p.js("!!document.querySelector('#usage')") != bool(used) and "a part without figures, or none"]


@check("has what failed, and why")
def _(p):
    failed = {r[0]: r[-1] for r in p.rows("Tasks that failed")}
    again = [r[2] for r in p.rows("Tried again, and why")]
    rejected = [(r[1], r[-1]) for r in p.rows("Records that could not be loaded")]
    return [[t["name"] for t in p.tasks() if t["state"] == "failed" and
             t["error"]["message"] not in failed.get(t["name"], "")],
            [r for r in p.report["retries"] if number(r["times"]) not in again],
            [r for r in p.report["rejected"] if (number(r["line"]), r["reason"]) not in rejected]]


BARS = """(() => {
    const plot = document.querySelector('#workers ~ figure .plot')
    const tracks = plot ? [...plot.querySelectorAll('.track')].map(t => t.getBoundingClientRect().y) : []
    return [tracks.length, !plot ? [] : [...plot.querySelectorAll('.b')].map(b => {
        const r = b.getBoundingClientRect()
        return [tracks.findLastIndex(y => y <= r.y + 1) + 1, +b.dataset.n, parseFloat(b.getAttribute('x')),
            parseFloat(b.getAttribute('width')), r.width > 0 && r.height >= 2 && !!b.querySelector('title')]
    })] })()"""


@check("has a bar for every attempt in the journal")
def _(p):
    attempts, running, whole = [], {}, max(p.report["ms"], 1)
    for m in p.journal:
        if m["t"] == "move" and m["to"] == "running":
            running[m["id"]] = [m["worker"], 100 * m["ms"] / whole, 100]
            attempts.append(running[m["id"]])
        elif m["t"] == "move" and m["from"] == "running":
            running.pop(m["id"])[2] = 100 * m["ms"] / whole
    tracks, bars = p.js(BARS)
    by_row = {}
    for b in bars:
        by_row.setdefault(b[0], []).append((b[2] - .02, b[2] + b[3] + .02))
    return [attempts and tracks != p.report["workers"] and f"{tracks} rows",
            sum(b[1] for b in bars) != len(attempts) and f"bars of {sum(b[1] for b in bars)} of {len(attempts)}",
            [a for a in attempts if not any(x <= a[1] and a[2] <= y for x, y in by_row.get(a[0], []))][:3],
            [b for b in bars if not b[4]][:3]]


@check("shows by a sign which attempts failed, and which workers died")
def _(p):
    died = sum(m["t"] == "fail" and m["kind"] == "crash" for m in p.journal)
    signs = p.js("[...document.querySelectorAll('.sign')].map(s => s.textContent)")
    return [signs.count("\u2020") != died and f"{signs.count(chr(0x2020))} of {died}",
            p.js("document.querySelectorAll('.b.off').length") != len([s for s in signs if s != "\u2026"]) and
            "not a sign for each hatched bar"]


# ---- for who does not see it ----

@check("is for a screen reader, too")
def _(p):
    p.browser.call("Accessibility.enable")
    nodes = [n for n in p.browser.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    p.browser.call("Accessibility.disable")

    def named(*roles):
        return [n.get("name", {}).get("value", "") for n in nodes if n["role"]["value"] in roles]

    levels = p.js("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    charts, images = p.js("document.querySelectorAll('.chart').length"), named("image", "img")
    return [[(r, named(r)) for r in ("main", "banner", "contentinfo", "navigation") if len(named(r)) != 1],
            (levels[:1] != [1] or [b for a, b in zip(levels, levels[1:]) if b > a + 1]) and levels,
            p.js("document.documentElement.lang") != "en" and "no language",
            (len(images) != charts or "" in images) and f"charts: {images}",
            p.js("[...document.querySelectorAll('table')].filter(t => t.checkVisibility("
                 "{contentVisibilityAuto: true})).length") != len(named("table")) and "tables",
            [t for t in named("table", "region") if not t] and "a table or a part without a name",
            p.js("document.querySelectorAll('[tabindex]:not([role][aria-label])').length"),
            p.js("document.querySelectorAll('svg[role=img]:not(:has(>title+desc))').length"),
            p.js("document.querySelectorAll('th:not([scope])').length")]


# ---- narrow, dark, on paper ----

@check("fits a screen of 400 pixels")
def _(p):
    p.browser.width(400)
    wide = p.js("document.documentElement.scrollWidth")
    p.browser.width(1200)
    return wide > 400 and wide


# Whether a table is wider than its frame, and whether its rows' last cells are below their first.
FRAME = """(() => {
    const t = document.querySelector('#failed ~ .wide')
    return !t ? null : [t.scrollWidth > t.clientWidth, [...t.querySelectorAll('tbody tr')].every(r =>
        r.cells[5].getBoundingClientRect().top >= r.cells[0].getBoundingClientRect().bottom)] })()"""


@check("shows errors whole, below their tasks where the screen is narrow")
def _(p):
    wide = p.js(FRAME)
    p.browser.width(400)
    narrow = p.js(FRAME)
    p.browser.width(1200)
    if not any(t["state"] == "failed" for t in p.tasks()):
        return wide and "nothing failed"
    return [wide != [False, False] and f"1200 pixels: {wide}", narrow != [False, True] and f"400 pixels: {narrow}"]


# Every element that has text of its own, against what lies behind it.
FAINT = """(() => {
    const rgb = c => c.match(/[\\d.]+/g).map(Number)
    const lum = c => rgb(c).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 :
        ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0)
    const behind = e => { for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor
        if (rgb(b)[3] !== 0) return b } return 'rgb(255,255,255)' }
    const bad = new Set()
    for (const e of [...document.querySelectorAll('body *:not(svg *)')].slice(0, 3000)) {
        if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue
        const pair = [lum(getComputedStyle(e).color), lum(behind(e))].sort((a, b) => b - a)
        if ((pair[0] + .05) / (pair[1] + .05) < 4.5) bad.add(e.tagName + '.' + e.className)
    }
    return [getComputedStyle(document.body).backgroundColor, [...bad]] })()"""


@check("is legible in light and in the dark")
def _(p):
    p.browser.media(prefers_color_scheme="light")
    light, faint_in_light = p.js(FAINT)
    p.browser.media(prefers_color_scheme="dark")
    dark, faint_in_dark = p.js(FAINT)
    p.browser.media()
    return [faint_in_light, faint_in_dark, light == dark and "both look the same"]


UNFOLDED = "[...document.querySelectorAll('details tbody tr')].filter(r => r.checkVisibility(" \
    "{contentVisibilityAuto: true})).length"


@check("is black on white on paper, with nothing folded")
def _(p):
    if len(p.journal) > 20 * LISTED:
        return []  # it takes a browser seconds to lay out all that is folded
    on_screen = p.js(UNFOLDED)
    p.browser.media("print", prefers_color_scheme="dark")
    wrong = [on_screen and "not folded on a screen",
             p.js("(s => s.color + s.backgroundColor)(getComputedStyle(document.body))") !=
             "rgb(0, 0, 0)rgb(255, 255, 255)" and "colours",
             p.js("getComputedStyle(document.querySelector('nav')).display") != "none" and "links",
             p.js(UNFOLDED) != p.js("document.querySelectorAll('details tbody tr').length") and "rows are missing"]
    p.browser.media()
    return wrong


@check("has it all on paper")
def _(p):
    if len(p.report["shards"]) > LISTED / 10:
        return []  # hundreds of sheets
    p.browser.pdf(p.file + ".pdf")
    paper = subprocess.run(["pdftotext", "-layout", p.file + ".pdf", "-"], capture_output=True, text=True,
                           check=True).stdout
    return [[v for v in p.figures().values() if v not in paper],
            [s["shard"][:8] for s in p.report["shards"] if s["shard"][:8] not in paper],
            [name for name, _ in p.tables if "".join(name.split()) not in "".join(paper.split())],
            p.report["next"] and "".join(p.report["next"].split()) not in "".join(paper.split()) and "what next"]


def flat(found):
    """What was found, without what was not."""
    if isinstance(found, (list, tuple)):
        return [w for part in found for w in flat(part)]
    return [found] if found else []


chromium = Chromium()
for line in sys.stdin:
    name, file, report, journal, broken = line.rstrip("\n").split("\t")
    page = Page(chromium, file, report, journal)
    asked = [c for c in CHECKS if c[0].startswith(broken)]
    for what, of in asked:
        found = flat(of(page))
        good = bool(found) if broken else not found
        print(f"{'ok' if good else 'not ok'} {name}: {'is caught' if broken else what}", flush=True)
        for w in found[:5] if not good else []:
            print("# " + str(w).replace("\n", " ")[:300])
chromium.close()
