#!/usr/bin/env python3
"""Looks at a report as its reader's browser does: check_in_browser.py DEEPMINE

Makes a small mine with a stope whose name is a script, trains, writes the report, loads it in headless Chromium and
checks what is on the page then: nothing on the console, nothing asked for from anywhere, the name still text, and every
figure's drawing and table against the numbers of `deepmine report --json`. Exit status 77, with a notice, where there is
no Chromium: Meson counts that as skipped.
"""
import html
import html.parser
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HOSTILE = "<script>document.title='taken'</script>"
# What Chromium asks its maker for by itself, whatever is loaded; the page has no address at all in it (test_page.cpp).
BROWSERS_OWN = re.compile(r"https?://[a-z0-9.-]+\.(google|googleapis|gvt1)\.com/")
FRAME = {"left": 48.0, "right": 350.0, "top": 10.0, "bottom": 208.0}  # apps/report/chart.cpp
failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print("FAILED: " + what)


def run(*command, **more):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **more).stdout


def make_report(deepmine, folder):
    data, store, page = folder / "data", folder / "models", folder / "report.html"
    run(deepmine, "simulate", "--stopes", 30, "--days", 75, "--seed", 5, "--out", data)
    for name in ("static.csv", "timeseries.csv"):
        text = (data / name).read_text()
        (data / name).write_text(text.replace("Stope_003", HOSTILE))
    files = ("--static", data / "static.csv", "--timeseries", data / "timeseries.csv", "--store", store)
    site = json.loads((pathlib.Path(__file__).parents[3] / "data" / "sample" / "site.json").read_text())
    site["response_plan"]["unknown"]["owner"] = HOSTILE
    (data / "site.json").write_text(json.dumps(site))
    run(deepmine, "train", *files, "--epochs", 4, "--seed", 3, "--quiet", "--gate", "off", "--site", data / "site.json")
    options = (*files, "--bootstrap", 50, "--quiet")
    run(deepmine, "report", *options, "--out", page)
    return page, json.loads(run(deepmine, "report", *options, "--json"))


class Element:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent = tag, dict(attributes), parent
        self.children, self.text = [], ""

    def all(self, tag=None, **attributes):
        for child in self.children:
            if (tag is None or child.tag == tag) and all(
                child.attributes.get(key.replace("_", "-").strip("-")) == value for key, value in attributes.items()
            ):
                yield child
            yield from child.all(tag, **attributes)

    def cells(self):
        return [cell.words() for cell in self.all("td")]

    def words(self):
        return self.text + "".join(child.words() for child in self.children)


class Tree(html.parser.HTMLParser):
    VOID = {"meta", "link", "br", "hr", "img", "input"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("document", {}, None)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        element = Element(tag, attributes, self.at)
        self.at.children.append(element)
        if tag not in self.VOID:
            self.at = element

    def handle_endtag(self, tag):
        at = self.at
        while at.parent and at.tag != tag:
            at = at.parent
        if at.parent:
            self.at = at.parent

    def handle_data(self, data):
        self.at.text += data


SWITCHES = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def starts(chromium):
    """Whether it can show anything at all: a container may lack what it needs."""
    try:
        shown = subprocess.run([chromium, *SWITCHES, "--dump-dom", "data:text/html,<p>here</p>"], capture_output=True,
                               text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "here" in shown.stdout


def browse(chromium, folder, page):
    """The page after loading, what the console said, and what was asked for."""
    log = folder / "requests.json"
    common = [chromium, *SWITCHES, f"--user-data-dir={folder / 'profile'}"]
    loaded = subprocess.run([*common, "--enable-logging=stderr", f"--log-net-log={log}", "--virtual-time-budget=3000",
                             "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120)
    asked = re.findall(r'"url":"([^"]+)"', log.read_text()) if log.exists() else None
    for name, size in (("wide", "1280,1600"), ("phone", "390,1600")):
        subprocess.run([*common, f"--screenshot={folder / name}.png", f"--window-size={size}", page.as_uri()],
                       capture_output=True, timeout=120)
    subprocess.run([*common, f"--print-to-pdf={folder / 'report.pdf'}", page.as_uri()], capture_output=True, timeout=120)
    console = [line for line in loaded.stderr.splitlines() if ":CONSOLE" in line]
    return Tree(loaded.stdout).root, console, asked


# Says in the document's attribute what is wider than the place it has. Only ever in a copy: the page has no scripts.
MEASURE = """<script>window.onload = () => {
  const cut = [], right = document.documentElement.clientWidth + 1
  for (const box of document.querySelectorAll("BOXES"))
    if (box.scrollWidth > box.clientWidth + 1) cut.push((box.id || box.className) + " " + box.scrollWidth + ">" + box.clientWidth)
  for (const box of document.querySelectorAll(".acts"))
    if (box.getBoundingClientRect().right > right || box.scrollWidth > box.clientWidth + 1) cut.push("what is to be done")
  if (document.querySelectorAll("BOXES").length < 2) cut.push("nothing to measure")
  parent.document.documentElement.setAttribute("data-cut", innerWidth + ": " + cut.join(", "))
}</script>"""


def check_widths(chromium, folder, page):
    """At each width of a window, what must be seen whole. (A frame: headless windows are never narrower than 500.)"""
    everything = "#stopes .wide, .matrices figure, body"
    for width, boxes in ((400, ".matrices figure, body"), (900, ".matrices figure, body"), (1200, everything), (1600, everything)):
        copy = re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", page.read_text())
        copy = copy.replace("</body>", MEASURE.replace("BOXES", boxes) + "</body>")
        frame = folder / "frame.html"
        frame.write_text(f'<iframe width="{width}" height="900" style="border:0" srcdoc="{html.escape(copy)}"></iframe>')
        shown = subprocess.run([chromium, *SWITCHES, f"--user-data-dir={folder / 'profile'}", "--window-size=1800,1000",
                                "--virtual-time-budget=3000", "--dump-dom", frame.as_uri()], capture_output=True, text=True,
                               timeout=120)
        found = re.search(r'data-cut="(\d+): ([^"]*)"', shown.stdout)
        check(found is not None and found[1] == str(width), f"the page was not measured at {width}")
        check(found is None or not found[2], f"cut off at a width of {width}: {found and found[2]}")


class Figure:
    """What a chart's drawing says, in the units of its axes."""

    def __init__(self, element):
        number = {key: float(element.attributes[key]) for key in ("data-x-low", "data-x-high", "data-y-low", "data-y-high")}
        self.element, self.number = element, number
        self.logarithmic = element.attributes["data-y-scale"] == "logarithmic"

    def x(self, at):
        part = (at - FRAME["left"]) / (FRAME["right"] - FRAME["left"])
        return self.number["data-x-low"] + part * (self.number["data-x-high"] - self.number["data-x-low"])

    def y(self, at):
        part = (FRAME["bottom"] - at) / (FRAME["bottom"] - FRAME["top"])
        low, high = self.number["data-y-low"], self.number["data-y-high"]
        return low * (high / low) ** part if self.logarithmic else low + part * (high - low)

    def series(self, name):
        group = next((g for g in self.element.all("g") if g.attributes.get("data-series") == name), None)
        if group is None:
            return None
        if "points" in group.attributes["class"]:
            ends = [re.match(r"M([-\d.]+) ([-\d.]+)", p.attributes["d"]) for p in group.all("path", _class="mark")]
            pairs = [(float(m[1]), float(m[2])) for m in ends]
        else:
            pairs = [tuple(map(float, pair.split(","))) for line in group.all("polyline")
                     for pair in line.attributes["points"].split()]
        return [(self.x(x), self.y(y)) for x, y in pairs]


def compare(figure, name, expected):
    """The points drawn under this name against (x, y), those without a y left out; x None: not compared."""
    expected = [(x, y) for x, y in expected if y is not None]
    drawn = figure.series(name)
    place = f"figure {figure.element.attributes['id']}, {name}"
    if not expected:
        return check(drawn is None or not drawn, place + ": drawn without numbers")
    if drawn is None or len(drawn) != len(expected):
        return check(False, f"{place}: {len(drawn or [])} points drawn, {len(expected)} numbers")
    # A drawing has hundredths of its units: 300 across, 200 up.
    step_x = 0.011 * (figure.x(350) - figure.x(48)) / 302
    for (x, y), (wanted_x, wanted_y) in zip(drawn, expected):
        step_y = wanted_y * 4e-4 if figure.logarithmic else 0.011 * (figure.y(10) - figure.y(208)) / 198
        if (wanted_x is not None and abs(x - wanted_x) > step_x) or abs(y - wanted_y) > step_y:
            return check(False, f"{place}: drawn {x:.5g}, {y:.5g}; the number is {wanted_x}, {wanted_y}")


def head_words(head):
    if head == "current":
        return "now"
    days = head.removeprefix("future_").removesuffix("d")
    return f"in {days} day" + ("" if days == "1" else "s")


def check_charts(tree, numbers):
    figures = {f.attributes.get("id"): f for f in tree.all("figure")}
    charts = {name: Figure(f) for name, f in figures.items() if "data-x-low" in f.attributes}
    wanted = {"loss", "head_losses", "head_accuracies", "learning_rate", "accuracy_by_horizon", "roc", "precision_recall",
              "reliability"}
    check(wanted <= set(charts), f"missing figures: {wanted - set(charts)}")
    epochs = numbers["epochs"]
    by_epoch = lambda value: [(e["epoch"], value(e)) for e in epochs]
    compare(charts["loss"], "training", by_epoch(lambda e: e["training_loss"]))
    compare(charts["loss"], "validation", by_epoch(lambda e: e["validation_loss"]))
    compare(charts["learning_rate"], "learning rate", by_epoch(lambda e: e["learning_rate"]))
    heads = ["current"] + [f"future_{days}d" for days in numbers["network"]["horizons"]]
    for i, head in enumerate(heads):
        compare(charts["head_losses"], head_words(head), by_epoch(lambda e: e["validation_head_losses"][i]))
        compare(charts["head_accuracies"], head_words(head), by_epoch(lambda e: e["validation_accuracy"][i]))
    by_head = {figure["head"]: figure for figure in numbers["figures"]}
    points = lambda curve: [(p["x"], p["y"]) for p in curve]
    compare(charts["roc"], "network", points(by_head["current"]["roc"]))
    compare(charts["precision_recall"], "network", points(by_head["current"]["precision_recall"]))
    for head in heads:
        compare(charts["reliability"], head_words(head),
                [(b["probability"], b["share"]) for b in by_head[head]["reliability"]])
        check_confusion(figures.get("confusion_" + head), by_head[head]["confusion"], head)
    evaluation = numbers["evaluation"]
    predictors = {"network": evaluation} | {name.capitalize(): b for name, b in evaluation["baselines"].items()}
    for name, figures_of in predictors.items():
        compare(charts["accuracy_by_horizon"], name,
                [(None, figures_of.get(head, {}).get("accuracy")) for head in heads[1:]])


def check_confusion(figure, counts, head):
    if figure is None:
        return check(False, f"no confusion matrix of {head}")
    cells = [cell.words() for row in figure.all("tbody") for cell in row.all("td")]
    check(cells == [f"{count:,}" for row in counts for count in row], f"confusion matrix of {head}: {cells}")


def check_figures_table(tree, numbers):
    rows = [row for table in tree.all("table", _class="figures") for row in table.all("tr") if "data-head" in row.attributes]
    check(len(rows) > 10, "the table of figures is short")
    for row in rows:
        head, metric = row.attributes["data-head"], row.attributes["data-metric"]
        value = numbers["evaluation"][head][metric]
        shown = re.match(r"[-\d.]+|–", [cell.text for cell in row.all("td")][1])
        wanted = "–" if value is None else f"{value:.3f}"
        check(shown is not None and shown[0] == wanted, f"{head} {metric}: shown {shown and shown[0]}, is {wanted}")


def check_trust(tree, numbers):
    """The tables of calibration, importance and drift: one row an entry, and its first figure."""
    def column(table, number):
        rows = [row.cells() for row in next(tree.all("table", id=table)).all("tr")]
        return [cells[number] for cells in rows if cells]
    temperatures = [figures["temperature"] for figures in numbers["evaluation"]["calibration"]["heads"].values()]
    check([text.split()[0] for text in column("calibration", 0)] == [f"{t:.2f}" for t in temperatures], "temperatures")
    indices = [f"{feature['psi']:.3f}" for feature in numbers["drift"]["features"]]
    check(column("drift", 4) == indices and len(indices) > 10, "stability indices")
    increases = [heads["current"]["log_loss_increase"]
                 for heads in numbers["evaluation"]["importance"]["inputs"].values()]
    check(column("importance", 0) == [f"{i:.3f}".replace("-0.000", "0.000") for i in increases], "importance")


def check_stopes(tree, numbers):
    rows = [row for row in tree.all("tr") if "data-stope" in row.attributes]
    check([row.attributes["data-stope"] for row in rows] == [s["name"] for s in numbers["stopes"]], "stopes or their order")
    check(HOSTILE in [row.attributes["data-stope"] for row in rows], "the hostile name is not shown as it is")
    for row, stope in zip(rows, numbers["stopes"]):
        probability = stope["assessment"]["current_stability"]["instability_probability"]
        shown = [s.words() for s in row.all("span", _class="number")]
        wanted = [] if probability is None else [
            "<0.001" if probability < 0.001 else ">0.999" if probability > 0.999 else f"{probability:.3f}"]
        check(shown == wanted, f"{stope['name']}: shown {shown}, is {wanted}")
        lines = [line for svg in row.all("svg", _class="timeline") for line in svg.all("polyline") if not line.attributes.get("class")]
        drawn = [1 - (float(pair.split(",")[1]) - 1) / 28 for line in lines for pair in line.attributes["points"].split()]
        real = [p for p in stope["past"]["instability_probability"] if p is not None]
        check(len(drawn) == len(real) and all(math.isclose(a, b, abs_tol=5e-4) for a, b in zip(drawn, real)),
              f"{stope['name']}: the line of the timeline")
        bars = sum(float(r.attributes["width"]) for svg in row.all("svg", _class="timeline") for r in svg.all("rect"))
        check(bars == 3 * len(stope["past"]["next_level"]), f"{stope['name']}: bars of the timeline")


def check_responses(tree, numbers):
    """Colour, owner and action of every stope, and how many there are of each colour."""
    colours = []
    rows = [row for row in tree.all("tr") if "data-response" in row.attributes]
    check([row.attributes["data-response"] for row in rows] == [s["name"] for s in numbers["stopes"]], "responses or their order")
    for row, stope in zip(rows, numbers["stopes"]):
        response = stope["assessment"]["response"]
        colours.append(response["colour"])
        badge = [b.words() for b in row.all("strong", _class="plan plan-" + response["colour"])]
        check(badge == [response["colour"].upper()], f"{stope['name']}: badge {badge}, is {response['colour']}")
        owner = [b.words() for b in row.all("b")]
        check(owner == [response["owner"] + ":"], f"{stope['name']}: owner {owner}")
        said = next(row.all("div", _class="acts")).text
        check(response["action"] in said, f"{stope['name']}: {said}")
        check(response["since"] is None or "since " + response["since"] in said, f"{stope['name']}: since when?")
        check(("held" in said) == response["held"], f"{stope['name']}: held?")
    check(len(set(colours)) > 1, "all stopes have one colour")
    tiles = {tile.attributes["data-colour"]: tile.words() for tile in tree.all("div") if "data-colour" in tile.attributes}
    check(tiles == {c: f"{colours.count(c)}{c.upper()}" for c in ("red", "amber", "unknown", "green")}, f"tiles {tiles}")
    check(numbers["response_plan"]["unknown"]["owner"] == HOSTILE, "the plan is not in the numbers")


def main(deepmine):
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None or not starts(chromium):
        print("SKIPPED: there is no Chromium here" if chromium is None else f"SKIPPED: {chromium} does not start here")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        page, numbers = make_report(deepmine, folder)
        check(page.stat().st_size < 2_000_000, f"the page has {page.stat().st_size} bytes")
        tree, console, asked = browse(chromium, folder, page)
        check(not console, "console: " + "; ".join(console))
        check(asked is not None, "no log of requests")
        strangers = [url for url in asked or []
                     if not url.startswith(("file:", "data:", "chrome", "about:")) and not BROWSERS_OWN.match(url)]
        check(not strangers, f"asked for: {strangers}")
        check([t.words() for t in tree.all("title")][0].startswith("Deepmine"), "the title is not ours")
        inside = [s.words() for s in tree.all("script")]
        check(len(inside) == 1, f"{len(inside)} scripts")
        embedded = json.loads(inside[0])
        embedded["created_at"] = numbers["created_at"]
        for ours in (embedded, numbers):
            for stope in ours["stopes"]:
                stope["assessment"]["timestamp"] = ""
        check(embedded == numbers, "the numbers in the page are not those of --json")
        check_charts(tree, numbers)
        check_figures_table(tree, numbers)
        check_trust(tree, numbers)
        check_stopes(tree, numbers)
        check_responses(tree, numbers)
        check_widths(chromium, folder, page)
        for picture in ("wide.png", "phone.png", "report.pdf"):
            check((folder / picture).exists() and (folder / picture).stat().st_size > 20_000, f"{picture} is empty")
        if len(sys.argv) > 2:
            shutil.copytree(folder, sys.argv[2], dirs_exist_ok=True, ignore=shutil.ignore_patterns("profile"))
    print("the report is sound" if failures == 0 else f"{failures} faults")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
