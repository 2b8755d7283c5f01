#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Does it make faults worse that the weights of an epitome share cells? The study of docs/device.md.

Accuracy over the share of stuck cells, the programming error and the bits of the ADCs, for networks with epitomes, for the plain
networks that compute the same ("unrolled": a cell per weight), and for plain networks of as many crossbars, trained alike. Every point
is the mean over --seeds chips. Then degraded cores of both data sets run in RTL against golden, every stage, for three chips.

usage: scripts/device_study.py [--seeds 40] [--images 200] [--rtl-images 100] [--only curves|rtl] [--work out/device-study]
       scripts/device_study.py --write        the tables and the picture of docs/device.md, from models/device_study.json

Needs a built epim (--epim), and Debian's dataset-fashion-mnist and python3-numpy. What has run stays in --work: a second call goes on.
"""
import argparse
import json
import math
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "models/device_study.json"
DOCUMENT = ROOT / "docs/device.md"
PICTURE = ROOT / "docs/img/device.svg"
CHIP = ROOT / "configs/devices/worn.toml"

FAMILIES = {
    "digits": {"epitome": "models/digits", "unrolled": None, "plain": "models/digits_plain"},
    "fashion": {"epitome": "models/fashion_epitome", "unrolled": None, "plain": "models/fashion_plain"},
}
STYLES = {"epitome": ("#0b6e4f", "circle", "epitome"), "plain": ("#b3541e", "square", "plain, equal crossbars"),
          "unrolled": ("#555", "triangle", "plain, equal weights")}
CURVES = {
    "stuck": {"key": "device.stuck", "values": ["0", "0.005", "0.01", "0.02", "0.03", "0.04", "0.05"], "set": [], "title": "stuck cells", "chips": 4,
              "scale": 100, "unit": "%"},
    "sigma": {"key": "device.program_sigma", "values": ["0", "0.025", "0.05", "0.1", "0.15", "0.2"], "set": ["hardware.fraction_bits=4"], "chips": 4,
              "title": "programming sigma", "scale": 100, "unit": "% of the highest level"},
    "adc_full": {"key": "hardware.adc_bits", "values": ["4", "5", "6", "7", "8", "9", "10"], "title": "ADC, full range", "scale": 1, "unit": "bits",
                 "set": ["hardware.fraction_bits=4", "device.program_sigma=0.05", "hardware.adc_step=full"]},
    "adc_fixed": {"key": "hardware.adc_bits", "values": ["4", "5", "6", "7", "8", "9", "10"], "title": "ADC, fixed range", "scale": 1, "unit": "bits",
                  "set": ["hardware.fraction_bits=4", "device.program_sigma=0.05"]},
}
RTL_SEEDS = [1, 2, 3]


def run(command):
    print("+ " + " ".join(map(str, command)), file=sys.stderr, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} {command[1]} ended with {done.returncode}")
    return done.stdout


def prepare(args):
    """network.json of every network, data of every family."""
    data = {"digits": (ROOT / "models/digits/test_images.npy", ROOT / "models/digits/test_labels.npy"),
            "fashion": (args.work / "fashion/images.npy", args.work / "fashion/labels.npy")}
    if "fashion" in FAMILIES and not data["fashion"][0].exists():
        run([sys.executable, str(ROOT / "scripts/train_small_fashion.py"), "--data", str(args.work / "fashion")])
    networks = {}
    for family, members in FAMILIES.items():
        for member, folder in members.items():
            if folder is None:
                folder = args.work / (family + "_unrolled")
                run([sys.executable, str(ROOT / "scripts/unroll_epitomes.py"), str(ROOT / members["epitome"]), str(folder)])
            networks[family, member] = ROOT / folder / "network.json"
    return networks, data


def options(networks, data, family, member):
    images, labels = data[family]
    return ["--config", str(ROOT / "configs/digits.toml"), "--set", f"network.file={networks[family, member]}",
            "--set", f"network.images={images}", "--set", f"network.labels={labels}"]


def curves(args, networks, data, result):
    for family, member in networks:
        of = result.setdefault("curves", {}).setdefault(family, {}).setdefault(member, {})
        for name, curve in CURVES.items():
            if args.curves and name not in args.curves.split(","):
                continue
            chips = args.seeds * (curve.get("chips", 1) if family == "digits" else 1)
            folder = args.work / f"{family}-{member}-{name}-{chips}-{args.images}"
            command = [args.epim, "eval", *options(networks, data, family, member), "--sweep", f"{curve['key']}={','.join(curve['values'])}",
                       "--seeds", str(chips), "--limit", str(360 if family == "digits" else args.images), "--out", str(folder), "--json"]
            for setting in curve["set"]:
                command += ["--set", setting]
            said = json.loads(run(command))
            of[name] = {"images": said["images"]["count"], "chips": chips, "set": curve["set"], "points": [
                {"value": value, "mean": round(g["top1_mean"], 6), "low": g["top1_interval"] and round(g["top1_interval"][0], 6),
                 "high": g["top1_interval"] and round(g["top1_interval"][1], 6)} for value, g in zip(curve["values"], said["groups"])]}
            save(result)


def rtl(args, networks, data, result):
    # A run of one family keeps the rows of the other.
    rows = result["rtl"] = [r for r in result.get("rtl", []) if r["family"] not in FAMILIES]
    for family in FAMILIES:
        for member in ("epitome", "plain"):
            for seed in RTL_SEEDS:
                said = json.loads(run([args.epim, "sim", *options(networks, data, family, member), "--device", str(CHIP), "--set", f"device.seed={seed}",
                                       "--images", str(args.rtl_images), "--json"]))
                rows.append({"family": family, "network": member, "seed": seed, "images": said["images"], "identical": said["identical_outputs"],
                             "crossbars": said["crossbars"], "cycles": said["cycles"], "golden": said["accuracy"]["golden"], "rtl": said["accuracy"]["rtl"]})
                rows.sort(key=lambda r: [*result.get("curves", FAMILIES)].index(r["family"]))  # stable: networks and chips stay in order
                save(result)


def crossbars(args, networks, data, result):
    for family, member in networks:
        said = json.loads(run([args.epim, "sim", *options(networks, data, family, member), "--images", "1", "--json"]))
        result.setdefault("crossbars", {}).setdefault(family, {})[member] = said["crossbars"]
    save(result)


def save(result):
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


# --- tables and picture

def percent(x):
    return f"{100 * x:.1f}"


def interval(point):
    return percent(point["mean"]) if point["low"] is None else f"{percent(point['mean'])} ± {100 * (point['high'] - point['low']) / 2:.1f}"


def difference(a, b):
    """Mean of a minus that of b, and a half width that is no less than that of the 95 % interval of two independent means."""
    half = lambda p: 0 if p["low"] is None else (p["high"] - p["low"]) / 2
    return f"{100 * (a['mean'] - b['mean']):+.1f} ± {100 * math.hypot(half(a), half(b)):.1f}"


def tables(result):
    lines = []
    for family, members in result["curves"].items():
        count = result["crossbars"][family]
        for name, curve in CURVES.items():
            if not all(name in members.get(m, {}) for m in STYLES):
                continue
            first = members["epitome"][name]
            lines += ["", f"**{family}**, {first['images']} images, {first['chips']} chips; top-1 in %, mean ± half of its 95 % interval:", "",
                      f"| {curve['title']}, {curve['unit']} | " + " | ".join(f"{STYLES[m][2]} ({count[m]} crossbars)" for m in STYLES) +
                      " | epitome − equal crossbars | epitome − equal weights |", "|---|" + "---|" * (len(STYLES) + 2)]
            for i, value in enumerate(curve["values"]):
                points = {m: members[m][name]["points"][i] for m in STYLES}
                lines.append(f"| {float(value) * curve['scale']:g} | " + " | ".join(interval(points[m]) for m in STYLES) +
                             f" | {difference(points['epitome'], points['plain'])} | {difference(points['epitome'], points['unrolled'])} |")
    lines += ["", f"The chip of `{CHIP.relative_to(ROOT)}` in RTL (`epim sim`), every word line, psum, accumulator, beat and event compared with golden:", "",
              "| network | chips | images each | outputs identical | crossbars | cycles an image | right in RTL, % |", "|---|---|---|---|---|---|---|"]
    for family in result["curves"]:
        for member in ("epitome", "plain"):
            rows = [r for r in result.get("rtl", []) if (r["family"], r["network"]) == (family, member)]
            if rows:
                lines.append(f"| {family}, {STYLES[member][2]} | {len(rows)} | {rows[0]['images']} | {sum(r['identical'] for r in rows)} of "
                             f"{sum(r['images'] for r in rows)} | {rows[0]['crossbars']} | {rows[0]['cycles'] // rows[0]['images']:,} | "
                             f"{', '.join(format(r['rtl'], 'g') for r in rows)} |")
    return "\n".join(lines) + "\n"


def marker(shape, x, y, colour):
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    if shape == "square":
        return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{colour}"/>'
    return f'<path d="M{x:.1f} {y - 4:.1f}l4 7h-8z" fill="{colour}"/>'


def picture(result):
    width, height, left, top, gap = 230, 190, 48, 44, 30
    families = list(result["curves"])
    total_w, total_h = left + len(CURVES) * (width + gap), top + len(families) * (height + 62) + 8
    out = ["<!-- SPDX-FileCopyrightText: 2026 The epim authors -->", "<!-- SPDX-License-Identifier: Apache-2.0 -->",
           "<!-- Drawn by scripts/device_study.py from models/device_study.json. -->",
           f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_w} {total_h}" font-family="sans-serif" font-size="12">',
           f'<rect width="{total_w}" height="{total_h}" fill="#fff"/>']
    for k, (colour, shape, text) in enumerate(STYLES.values()):
        out += [marker(shape, left + 8 + 190 * k, 16, colour), f'<text x="{left + 18 + 190 * k}" y="20">{text}</text>']
    for row, family in enumerate(families):
        y0 = top + row * (height + 62)
        for column, (name, curve) in enumerate(CURVES.items()):
            x0 = left + column * (width + gap)
            values = [float(v) * curve["scale"] for v in curve["values"]]
            at = lambda v, x0=x0, values=values: x0 + width * (v - values[0]) / (values[-1] - values[0])
            level = lambda share, y0=y0: y0 + height * (1 - share)
            out.append(f'<text x="{x0}" y="{y0 - 6}">{family}: {curve["title"]}, {curve["unit"]}</text>')
            for tick in range(0, 101, 20):
                y = level(tick / 100)
                out.append(f'<path d="M{x0} {y:.1f}h{width}" stroke="#ddd"/>')
                if column == 0:
                    out.append(f'<text x="{x0 - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}{" %" if tick == 100 else ""}</text>')
            for v in values:
                if v == int(v):
                    out.append(f'<text x="{at(v):.1f}" y="{y0 + height + 16}" text-anchor="middle">{v:g}</text>')
            for member, (colour, shape, _) in STYLES.items():
                if name not in result["curves"][family].get(member, {}):
                    continue
                points = result["curves"][family][member][name]["points"]
                place = [(at(v), level(p["mean"]), p) for v, p in zip(values, points)]
                out.append('<path d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in place) + f'" fill="none" stroke="{colour}"/>')
                for x, y, p in place:
                    if p["low"] is not None:
                        out.append(f'<path d="M{x:.1f} {level(p["low"]):.1f}V{level(p["high"]):.1f}" stroke="{colour}"/>')
                    out.append(marker(shape, x, y, colour))
    return "\n".join(out + ["</svg>"]) + "\n"


def write(result):
    # What a reader of the numbers needs, epim report among them.
    result["names"] = {member: style[2] for member, style in STYLES.items()}
    result["axes"] = {name: {"title": c["title"], "unit": c["unit"], "scale": c["scale"]} for name, c in CURVES.items()}
    save(result)
    text = DOCUMENT.read_text()
    begin, end = "<!-- study: begin -->\n", "<!-- study: end -->"
    head, rest = text.split(begin)
    DOCUMENT.write_text(head + begin + tables(result) + end + rest.split(end)[1])
    PICTURE.write_text(picture(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epim", default=str(ROOT / "build/gen/command/epim"))
    parser.add_argument("--work", type=Path, default=Path("out/device-study"))
    parser.add_argument("--seeds", type=int, default=40, help="chips; four times as many for the digits' cells")
    parser.add_argument("--images", type=int, default=200, help="of every point of a curve of Fashion-MNIST; the digits take all 360")
    parser.add_argument("--rtl-images", type=int, default=100)
    parser.add_argument("--only", choices=["curves", "rtl"])
    parser.add_argument("--curves", help="some of " + ",".join(CURVES))
    parser.add_argument("--families", default=",".join(FAMILIES), help="digits,fashion or one of them")
    parser.add_argument("--networks", default=",".join(STYLES), help="some of " + ",".join(STYLES))
    parser.add_argument("--write", action="store_true", help="compute nothing")
    args = parser.parse_args()
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    if not args.write:
        for family in set(FAMILIES) - set(args.families.split(",")):
            del FAMILIES[family]
        for members in FAMILIES.values():
            for member in set(members) - set(args.networks.split(",")):
                del members[member]
        args.work.mkdir(parents=True, exist_ok=True)
        networks, data = prepare(args)
        if args.only != "rtl":
            crossbars(args, networks, data, result)
            curves(args, networks, data, result)
        if args.only != "curves":
            rtl(args, networks, data, result)
    write(result)


if __name__ == "__main__":
    main()
