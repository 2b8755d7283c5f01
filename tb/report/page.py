#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""What a drawn page shows against what the verbs say. Exit 1 and a line per difference.

usage: page.py itself NAME FIGURES     the page's own look at itself: figures, axes, texts, contrast, tables
       page.py data NAME               the JSON block of NAME.html is NAME.data
       page.py alone NAME              NAME.html asks for nothing from outside
       page.py estimate NAME JSON      tables, bars and totals are those of epim estimate
       page.py run NAME JSON           ... of the result.json of epim run
       page.py sim NAME JSON           ... of epim sim, one image
       page.py import NAME JSON LEAST  ... of import.json, with the first map below LEAST dB
       page.py search NAME JSON        ... of epim search
       page.py balance NAME JSON       ... of epim search --interval
       page.py chip NAME JSON          ... of epim sim or estimate --top network: areas of the floor plan too
       page.py accuracy NAME JSON LEAST   ... of epim eval, with the first maps below LEAST dB
       page.py boxes NAME NETWORK      box plots of the weights of a network.json
       page.py cases NETWORK           writes hostile.json: the network with names that look like HTML
       page.py hostile NAME            these names stand in the page as text
NAME.dom is the page after its script has run.
"""
import html.parser
import json
import re
import sys


class Page(html.parser.HTMLParser):
    """Tables by figure, rectangles with data-value by figure, texts by id and data attribute."""
    VOID = {"meta", "link", "br", "input"}

    def __init__(self, name):
        super().__init__(convert_charrefs=True)
        self.figure, self.row, self.cell, self.take = None, None, None, None
        self.head, self.rows, self.bars, self.texts, self.drawings, self.tags = {}, {}, {}, {}, {}, []
        with open(name, encoding="utf-8") as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "section":
            self.figure = a.get("data-figure")
            if self.figure:
                self.head[self.figure], self.rows[self.figure], self.bars[self.figure], self.drawings[self.figure] = [], [], [], 0
        self.tags.append(tag)
        if tag == "svg" and "drawing" in a.get("class", "") and self.figure:
            self.drawings[self.figure] += 1
        if tag == "tr" and self.figure:
            self.row = []
        if tag == "th" and self.figure:
            self.cell = ""
        if tag == "td" and self.figure and self.row is not None:
            self.row.append(a.get("data-value"))
        if tag == "rect" and self.figure and "data-value" in a:
            self.bars[self.figure].append({k: float(a[k]) for k in ("x", "y", "width", "height", "data-value")} | {"class": a.get("class", "")})
        if tag in ("pre", "h1", "li") and (a.get("id") or tag == "h1" or a.get("data-total")):
            self.take = a.get("id") or a.get("data-total") or tag
            self.texts[self.take] = ""
        if tag == "title" and not self.figure:
            self.take = "title"
            self.texts.setdefault("title", "")

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data
        if self.take:
            self.texts[self.take] += data

    def handle_endtag(self, tag):
        if tag == "th" and self.cell is not None:
            self.head[self.figure].append(self.cell)
            self.cell = None
        if tag == "tr" and self.row is not None:
            if self.row:
                self.rows[self.figure].append(self.row)
            self.row = None
        if tag in ("pre", "h1", "li", "title"):
            self.take = None

    def column(self, figure, name):
        at = self.head[figure].index(name)
        return [row[at] for row in self.rows[figure]]

    def numbers(self, figure, name):
        return [None if v == "" else float(v) for v in self.column(figure, name)]

    def panels(self, figure):
        """Bars that begin at the same place, top to bottom."""
        panels = {}
        for b in self.bars[figure]:
            panels.setdefault((b["x"], b["class"]), []).append(b)
        return [sorted(p, key=lambda b: b["y"]) for _, p in sorted(panels.items())]


wrong = []


def equal(what, shown, wanted):
    if shown != wanted:
        wrong.append(f"{what}: the page shows {shown!r}, expected {wanted!r}")


def about(what, shown, wanted):
    """A number shown with four digits and a prefix."""
    found = re.fullmatch(r"(-?[\d ,.]+?) ?([GMmµnpfa]?)J?", shown.replace("\u202f", " ").replace("\u2009", " "))
    if not found:
        wrong.append(f"{what}: {shown!r} is no number")
        return
    value = float(found.group(1).replace(" ", "")) * {"": 1, "G": 1e9, "M": 1e6, "m": 1e-3, "µ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18}[found.group(2)]
    if abs(value - wanted) > 6e-4 * abs(wanted):
        wrong.append(f"{what}: the page shows {shown!r}, expected {wanted!r}")


def bars_are(page, figure, values, what):
    """One panel has a bar for each of these values, in order, of lengths in proportion."""
    for panel in page.panels(figure):
        if len(panel) == len(values) and all(abs(b["data-value"] - v) <= 1e-9 * abs(v) for b, v in zip(panel, values)):
            most = max(panel, key=lambda b: b["data-value"])
            for b in panel:
                if abs(b["width"] * most["data-value"] - most["width"] * b["data-value"]) > 1e-3 * most["data-value"]:
                    wrong.append(f"{figure}: the bar of {b['data-value']} is {b['width']} wide, that of {most['data-value']} {most['width']}")
            if most["width"] < 40:
                wrong.append(f"{figure}: the longest bar of {what} is {most['width']} wide")
            return
    wrong.append(f"{figure}: no panel of bars with {what} {values[:4]}...")


def itself(name, figures):
    page = Page(name + ".dom")
    check = json.loads(page.texts["check"])
    equal("figures", sorted(check["figures"]), sorted(figures.split(",")))
    equal("figures in the document", sorted(page.rows), sorted(figures.split(",")))
    equal("script errors", check["errors"], [])
    wrong.extend(check["faults"][:20])
    if "failed" in page.texts:
        wrong.append(page.texts["failed"])
    for figure, count in page.drawings.items():
        if count == 0:
            wrong.append(f"{figure}: no drawing")


def block(name):
    with open(name + ".html", encoding="utf-8") as f:
        return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', f.read(), re.S).group(1))


def data(name):
    with open(name + ".data", encoding="utf-8") as f:
        wanted = json.load(f)
    equal("data", block(name) == wanted, True)
    equal("sections", sorted(block(name)), sorted(wanted))
    equal("title", Page(name + ".dom").texts["h1"], wanted["title"])


def alone(name):
    with open(name + ".html", encoding="utf-8") as f:
        text = re.sub(r'<script type="application/json" id="data">.*?</script>', "", f.read(), flags=re.S)
    if "default-src 'none'" not in text:
        wrong.append("no policy that forbids loading")
    for found in re.findall(r"\b\w+://[^'\"\s]*", text):
        if found != "http://www.w3.org/2000/svg":
            wrong.append(f"an address: {found}")
    for found in re.findall(r"@import|\bsrc\s*=|<link|<iframe|fetch\(|XMLHttpRequest|url\((?!#)|import\(", text):
        wrong.append(f"something that loads: {found}")


def totals(page, crossbars, cycles, energy):
    about("crossbars in all", page.texts["crossbars"].removesuffix("crossbars"), crossbars)
    about("cycles in all", page.texts["cycles"].removesuffix("cycles"), cycles)
    about("energy in all", page.texts["energy"].removesuffix("energy"), energy * 1e-18)


def estimate(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        e = json.load(f)
    layers = e["layers"]
    equal("layers", page.column("layers", "layer"), [l["layer"] for l in layers])
    equal("bound", page.column("layers", "bound"), [l["rtl"]["bound"] for l in layers])
    for column, values in (("crossbars (count)", [l["crossbars"]["physical"] for l in layers]), ("utilisation (share of cells)", [l["utilisation"] for l in layers]),
                           ("cycles (count)", [l["rtl"]["cycles"] for l in layers])):
        equal(column, page.numbers("layers", column), values)
        bars_are(page, "layers", values, column)
    energies = [l["rtl"]["energy_aJ"] for l in layers]
    equal("energy of layers", [int(v) for v in page.column("energy-layers", "energy (aJ)")], energies)
    components = e["rtl"]["energy"]["components"]
    equal("components", page.column("energy-components", "component"), [*components, "total"])
    equal("energy of components", [int(v) for v in page.column("energy-components", "energy (aJ)")], [*components.values(), e["rtl"]["energy"]["total"]])
    totals(page, e["physical"]["crossbars"], e["rtl"]["cycles"], e["rtl"]["energy"]["total"])


def run(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        r = json.load(f)
    layers = r["layers"]
    equal("layers", page.column("layers", "layer"), [l["layer"] for l in layers])
    equal("bound", page.column("layers", "bound"), [l["bound"] for l in layers])
    for column, key in (("crossbars (count)", "crossbars"), ("cycles (count)", "cycles")):
        equal(column, page.numbers("layers", column), [l[key] for l in layers])
        bars_are(page, "layers", [l[key] for l in layers], column)
    busy = [l["events"]["fire_cycles"] / l["cycles"] for l in layers]
    for shown, wanted in zip(page.numbers("layers", "array busy (share of cycles)"), busy):
        if abs(shown - wanted) > 1e-12:
            wrong.append(f"array busy: the page shows {shown}, the counters say {wanted}")
    equal("layers whose cycles the timing model predicts", block(name)["layers"]["cycles_as_predicted"], len(layers))
    equal("length in the timeline", page.numbers("timeline", "length (cycles)"), [l["cycles"] for l in layers])
    equal("begin in the timeline", page.numbers("timeline", "begin (cycle)"), [sum(l["cycles"] for l in layers[:i]) for i in range(len(layers))])
    equal("energy of layers", [int(v) for v in page.column("energy-layers", "energy (aJ)")], [l["energy_aJ"] for l in layers])
    equal("energy of components", int(page.rows["energy-components"][-1][1]), r["energy_aJ"])
    equal("their sum", sum(int(row[1]) for row in page.rows["energy-components"][:-1]), r["energy_aJ"])
    totals(page, r["crossbars"], r["cycles"], r["energy_aJ"])


def sim(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        layers = json.load(f)["layers"]
    equal("layers", page.column("layers", "layer"), [l["layer"] for l in layers])
    equal("bound", page.column("layers", "bound"), [l["bound"] for l in layers])
    for column, key in (("crossbars (count)", "crossbars"), ("cycles (count)", "cycles")):
        equal(column, page.numbers("layers", column), [l[key] for l in layers])


def imported(name, file, least):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        record = json.load(f)
    maps = record["integers"]["maps"]
    equal("maps", page.column("fidelity", "map"), [m["node"] for m in maps])
    equal("signal-to-noise ratio", page.numbers("fidelity", "signal-to-noise ratio (dB)"), [m["signal_to_noise_db"] for m in maps])
    below = [m["node"] for m in maps if m["signal_to_noise_db"] is not None and m["signal_to_noise_db"] < float(least)]
    marks = dict(zip(page.column("fidelity", "map"), page.column("fidelity", f"below {least} dB")))
    equal("maps below the limit", [n for n, mark in marks.items() if mark != "no"], below)
    equal("the first of them", [n for n, mark in marks.items() if mark == "first"], below[:1])
    equal("the first of them, in the heading", page.texts[f"first map below {least} dB"].removesuffix(f"first map below {least} dB"), (below or ["none"])[0])
    if not below or len(below) == len(maps):
        wrong.append("the limit does not part the maps: choose another in run.sh")
    formats = record["maps"]
    equal("formats", page.column("formats", "map"), [m["node"] for m in formats])
    equal("bits", page.numbers("formats", "bits"), [m["format"]["bits"] for m in formats])
    equal("scales", page.numbers("formats", "scale (value of one step)"), [m["format"]["scale"] for m in formats])
    equal("least seen", page.numbers("formats", "least seen (value)"), [m.get("seen", {}).get("least") for m in formats])


def search(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        s = json.load(f)
    rows = {row[0]: row for row in page.rows["search"]}
    costs = {"found": s["search"]["cost"], "optimum of the table": s["search"]["optimum_by_table"]} | {u["design"]: u["cost"] for u in s["uniform"]} | {f"front {i + 1}": c for i, c in enumerate(s["front"])}
    equal("designs", sorted(rows), sorted(costs))
    for design, cost in costs.items():
        equal(f"crossbars of {design}", int(rows[design][2]), cost["crossbars"])
        for shown, wanted in ((rows[design][3], cost["latency_ps"] * 1e-9), (rows[design][4], cost["energy_aJ"] * 1e-15)):
            if abs(float(shown) - wanted) > 1e-9 * wanted:
                wrong.append(f"{design}: the page shows {shown}, expected {wanted}")
    equal("candidates", [row[1] for row in page.rows["candidates"]], [l["candidate"] for l in s["layers"]])
    names = [l["candidate"] for l in s["layers"]]
    bars_are(page, "candidates", [names.count(n) for n in dict.fromkeys(names)], "layers per candidate")


def balance(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        b = json.load(f)
    wanted = {"found": b["balance"], "without copies": b["balance"]["without_copies"]} | {f"front {i + 1}": p for i, p in enumerate(b["front"])}
    rows = {row[0]: row for row in page.rows["balance"]}
    equal("designs", sorted(rows), sorted(wanted))
    for design, p in wanted.items():
        equal(f"crossbars and cycles of {design}", [float(v) for v in rows[design][2:4]], [p["crossbars"], p["cycles_per_image"]])
    equal("nodes", [[row[0], row[1]] + [float(v) for v in row[2:5]] for row in page.rows["copies"]],
          [[l["node"], l["candidate"], l["copies"], l["crossbars"], l["cycles_per_image"]] for l in b["layers"]])


def chip(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        j = json.load(f)
    c, run = j["chip"], j["run"]
    equal("cores", [[row[0]] + [float(v) for v in row[1:5]] for row in page.rows["floor"]], [[k["name"], k["pe_rows"], k["pe_cols"], k["crossbars"], k["alone"]["per_image"]] for k in c["cores"]])
    areas = [b for b in page.bars["floor"]]
    equal("areas", [b["data-value"] for b in areas], [float(k["crossbars"]) for k in c["cores"]])
    for b in areas:
        if abs(b["width"] * b["height"] / b["data-value"] / (areas[0]["width"] * areas[0]["height"] / areas[0]["data-value"]) - 1) > 1e-6:
            wrong.append(f"an area of {b['width']}x{b['height']} for {b['data-value']} crossbars")
    for i, b in enumerate(areas):
        for other in areas[i + 1:]:
            if b["x"] < other["x"] + other["width"] - 0.01 and other["x"] < b["x"] + b["width"] - 0.01 and b["y"] < other["y"] + other["height"] - 0.01 and other["y"] < b["y"] + b["height"] - 0.01:
                wrong.append("areas lie on each other")
    equal("firing", page.numbers("chip-timeline", "firing (cycles)"), [float(sum(k["fired"])) for k in run["trace"]["cores"]])
    equal("firing of the whole run", page.numbers("chip-timeline", "firing (cycles)"), [float(k["events"]["fire_cycles"]) for k in run["cores"]])  # three images, all drawn
    equal("FIFOs", [[row[0]] + [float(v) for v in row[1:]] for row in page.rows["fifo-levels"]], [[f["name"], f["depth"], f["high_water"], f["words"]] for f in run["fifos"]])
    equal("energy", [float(row[1]) for row in page.rows["energy-layers"]], [float(k["energy"]["total"]) for k in run["cores"]])
    equal("cycles per image", page.texts["cycles per image"], f"{c['interval']['per_image']:g}cycles per image")


def accuracy(name, file, least):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        e = json.load(f)
    points, float_row = e["points"], e["float"]
    for column, at, of in (("weights (bits)", 0, lambda p: p["weight_bits"]), ("ADC (bits)", 2, lambda p: p["adc_bits"]), ("top-1 (images)", 4, lambda p: p["top1"]["count"]), ("top-1 (share)", 5, lambda p: p["top1"]["share"]),
                           ("top-5 (images)", 6, lambda p: p["top5"]["count"]), ("as float (images)", 8, lambda p: p["agreement"]["count"]),
                           ("conversions clipped (share)", 10, lambda p: sum(l["adc_saturated"] for l in p["layers"]) / sum(l["adc_conversions"] for l in p["layers"]))):
        equal(f"column {at}", page.head["accuracy"][at], column)
        equal(column, [float(row[at]) for row in page.rows["accuracy"][:-1]], [float(of(p)) for p in points])
    equal("top-1 of the float network", int(page.rows["accuracy"][-1][4]), float_row["top1"]["count"])

    def first(p):
        return next((m["node"] for m in p["maps"] if m["snr_db"] is not None and m["snr_db"] < float(least)), "")
    equal("first maps below the limit", [row[11] for row in page.rows["accuracy"][:-1]], [first(p) for p in points])
    if len({first(p) for p in points}) < 2:
        wrong.append("the limit does not part the points: choose another in run.sh")
    equal("maps of the first point", page.numbers("noise", "signal-to-noise ratio (dB)"), [m["snr_db"] for m in points[0]["maps"]])
    for column, key in (("images (count)", "images"), ("right (count)", "right"), ("named (count)", "predicted")):
        equal(column, page.numbers("classes", column), [c[key] for c in points[0]["classes"]])
    bars_are(page, "classes", [c["right"] / c["images"] for c in points[0]["classes"]], "shares of classes")
    shown = max(points, key=lambda p: sum(l["adc_saturated"] for l in p["layers"]) / sum(l["adc_conversions"] for l in p["layers"]))
    equal("clipped conversions", page.numbers("clipped", "clipped (count)"), [l["adc_saturated"] for l in shown["layers"]])


def study(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        s = json.load(f)
    axis = s["axes"]["stuck"]  # the one that is shown first
    for family, members in s["curves"].items():
        figure = f"study-{family}"
        points = [(s["names"][m], s["crossbars"][family][m], members[m]["stuck"], p) for m in s["names"] if "stuck" in members.get(m, {}) for p in members[m]["stuck"]["points"]]
        equal("networks", page.column(figure, "network"), [n for n, _, _, _ in points])
        equal("crossbars", page.numbers(figure, "crossbars (count)"), [float(c) for _, c, _, _ in points])
        equal("chips", page.numbers(figure, "chips (count)"), [float(c["chips"]) for _, _, c, _ in points])
        equal("swept", [round(x, 9) for x in page.numbers(figure, f"{axis['title']} ({axis['unit']})")], [round(float(p["value"]) * axis["scale"], 9) for _, _, _, p in points])
        for column, key in (("top-1, mean (share)", "mean"), ("interval, low (share)", "low"), ("interval, high (share)", "high")):
            equal(column, page.numbers(figure, column), [p[key] for _, _, _, p in points])


def training(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        s = json.load(f)
    usual = {n: v for n, v in s["variants"].items() if (v["mode"], v["scheme"]) == ("per_crossbar", "symmetric")}
    modes = {n: v for n, v in s["variants"].items() if "A" in v["tables"]}
    for figure, shown in (("training", usual), ("training-modes", modes)):
        equal(f"{figure}: variants", page.column(figure, "variant"), list(shown))
        equal(f"{figure}: crossbars", page.numbers(figure, "crossbars (count)"), [float(v["crossbars"]) for v in shown.values()])
        equal(f"{figure}: means", page.numbers(figure, "top-1, mean (share)"), [v["golden"]["mean"] for v in shown.values()])
        equal(f"{figure}: intervals", page.numbers(figure, "half of the interval (share)"), [v["golden"]["ci95"] for v in shown.values()])
    claims = [c for c in s["claims"] if c["claim"] == s["claims"][0]["claim"]]  # the one that is shown first
    equal("claims", list(zip(page.column("training-claims", "from"), page.column("training-claims", "to"), page.column("training-claims", "verdict"))),
          [(c["from"], c["to"], c["verdict"]) for c in claims])
    equal("differences", page.numbers("training-claims", "difference (share)"), [c["mean"] for c in claims])


def boxes(name, file):
    page = Page(name + ".dom")
    with open(file, encoding="utf-8") as f:
        nodes = [n for n in json.load(f)["nodes"] if n["op"] in ("conv", "fc")]
    equal("layers", page.column("weights", "layer"), [n["name"] for n in nodes])
    for n, elements in zip(nodes, page.numbers("weights", "elements (count)")):
        if "epitome" in n:
            e = n["epitome"]
            equal(f"cells of {n['name']}", elements, e["e_out"] * e["e_in"] * e["p"] * e["q"])
    columns = ("least legal code", "least (code)", "first quartile (code)", "median (code)", "third quartile (code)", "most (code)", "greatest legal code")
    for figure in ("weights", "activations"):
        for row in zip(*(page.numbers(figure, c) for c in columns)):
            if list(row) != sorted(row):
                wrong.append(f"{figure}: {row} does not rise")
    equal("legal codes of W5", set(page.numbers("weights", "greatest legal code")), {15.0})
    equal("elements of three images", page.numbers("activations", "elements (count)")[0], 3 * 64.0)


HOSTILE = '<b onclick="x">&amp;<'


def cases(file):
    with open(file, encoding="utf-8") as f:
        text = f.read()
    with open("hostile.json", "w", encoding="utf-8") as f:
        f.write(text.replace('"conv1"', json.dumps(HOSTILE)))


def hostile(name):
    page = Page(name + ".dom")
    equal("title", page.texts["h1"], '</script><script>throw 1</script><b>&"')
    equal("title of the window", page.texts["title"], '</script><script>throw 1</script><b>&"')
    equal("first layer", page.column("layers", "layer")[0], HOSTILE)
    check = json.loads(page.texts["check"])
    equal("errors", check["errors"], [])
    equal("elements", page.tags.count("b") - len([t for t in page.texts if t in ("crossbars", "cycles", "energy", "multiply-accumulates")]), 0)


{"itself": itself, "data": data, "alone": alone, "estimate": estimate, "run": run, "sim": sim, "import": imported, "search": search, "balance": balance, "chip": chip, "accuracy": accuracy, "study": study, "training": training, "boxes": boxes, "cases": cases, "hostile": hostile}[sys.argv[1]](*sys.argv[2:])
for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)
