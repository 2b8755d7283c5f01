#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Line, toggle and functional coverage of a regression, merged per source file.

  coverage_report.py RTL_FOLDER WAIVERS OUT_FOLDER BINS.json DAT... [--docs FILE]

Points of all instances, parameter sets and models of one source file are one point: (file, line, column, kind, text).
It is covered where any of them was hit. Waived points (WAIVERS) leave the count. Writes OUT_FOLDER/coverage.txt and
coverage.json; with --docs the same table goes between the markers of a Markdown file. Exit code 1 below a goal:
95 % of lines, 90 % of toggles, 95 % of functional bins.
"""
import argparse
import fnmatch
import json
import os
import re
import sys

GOALS = {"line": 95.0, "toggle": 90.0, "bins": 95.0}


def read_points(paths):
    """{(file, line, column, kind, text): hits} over all data files."""
    points = {}
    field = re.compile("\x01([^\x02]*)\x02([^\x01']*)")
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as data:
            for text in data:
                if not text.startswith("C '"):
                    continue
                end = text.rindex("' ")
                keys = dict(field.findall(text[2:end]))
                kind = keys.get("page", "").split("/")[0]
                kind = "toggle" if kind == "v_toggle" else "line"
                key = (os.path.basename(keys["f"]), int(keys["l"]), int(keys.get("n", 0)), kind, keys.get("o", ""))
                points[key] = points.get(key, 0) + int(text[end + 2 :])
    return points


def read_waivers(path):
    """Lines `file | kind | pattern | reason`: pattern of a toggle's signal (fnmatch) or a piece of the source line."""
    waivers = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = [p.strip() for p in line.split("|", 3)]
        if len(parts) != 4 or parts[1] not in ("line", "toggle", "bin") or not parts[3]:
            sys.exit(f"{path}:{number}:1: waiver: expected `file | line, toggle or bin | pattern | reason`")
        waivers.append({"file": parts[0], "kind": parts[1], "pattern": parts[2], "reason": parts[3], "points": 0})
    return waivers


def waived(key, source, waivers):
    for w in waivers:
        if w["kind"] != key[3] or not fnmatch.fnmatchcase(key[0], w["file"]):
            continue
        if key[3] == "toggle":
            hit = fnmatch.fnmatchcase(key[4].replace("[", "<").replace("]", ">"),
                                      w["pattern"].replace("[", "<").replace("]", ">"))
        else:
            hit = w["pattern"] in source
        if hit:
            w["points"] += 1
            return True
    return False


def percent(hit, of):
    return 100.0 * hit / of if of else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rtl")
    parser.add_argument("waivers")
    parser.add_argument("out")
    parser.add_argument("bins")
    parser.add_argument("data", nargs="+")
    parser.add_argument("--docs")
    a = parser.parse_args()
    sources = {f: open(os.path.join(a.rtl, f), encoding="utf-8").read().splitlines()
               for f in sorted(os.listdir(a.rtl)) if f.endswith(".sv")}
    waivers = read_waivers(a.waivers)
    modules = {}
    for key, hits in sorted(read_points(a.data).items()):
        if key[0] not in sources:
            continue
        m = modules.setdefault(key[0], {k: [0, 0, 0, []] for k in ("line", "toggle")})[key[3]]
        source = sources[key[0]][key[1] - 1] if key[1] <= len(sources[key[0]]) else ""
        # A point that was hit needs no waiver.
        if hits == 0 and waived(key, source, waivers):
            m[2] += 1
            continue
        m[1] += 1
        if hits:
            m[0] += 1
        else:
            m[3].append(f"{key[1]}: {key[4]}" if key[3] == "toggle" else f"{key[1]}: {key[4]}: {source.strip()}")
    bins = json.load(open(a.bins, encoding="utf-8"))
    missing = [b for b, n in bins.items() if n == 0 and not waived(("", 0, 0, "bin", b), b, waivers)]
    waived_bins = sum(1 for b, n in bins.items() if n == 0) - len(missing)
    total = {k: [sum(m[k][i] for m in modules.values()) for i in range(3)] for k in ("line", "toggle")}
    total["bins"] = [sum(1 for n in bins.values() if n), len(bins) - waived_bins, waived_bins]
    unused = [w for w in waivers if w["points"] == 0]

    def row(name, m):
        return [name] + [s for k in ("line", "toggle") for s in
                         (f"{m[k][0]} of {m[k][1]}", f"{percent(m[k][0], m[k][1]):.1f} %", str(m[k][2]))]

    header = ["module", "lines", "", "waived", "toggles", "", "waived"]
    rows = [row(f[:-3], m) for f, m in sorted(modules.items())] + [row("all", total)]
    widths = [max(len(r[i]) for r in rows + [header]) for i in range(len(header))]
    text = "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths)).rstrip() for r in [header] + rows) + "\n"
    text += f"\nfunctional bins: {total['bins'][0]} of {total['bins'][1]} ({percent(*total['bins'][:2]):.1f} %), {waived_bins} waived\n"
    for b in missing:
        text += f"  not reached: {b}\n"
    for f, m in sorted(modules.items()):
        for kind in ("line", "toggle"):
            for p in m[kind][3]:
                text += f"  not covered: {f}:{p}\n"
    for w in unused:
        text += f"  waiver of nothing: {w['file']} | {w['kind']} | {w['pattern']}\n"
    good = True
    for kind, goal in GOALS.items():
        reached = percent(*total[kind][:2])
        good = good and reached >= goal
        text += f"{kind}: {reached:.2f} %, goal {goal:.0f} %: {'reached' if reached >= goal else 'NOT reached'}\n"
    os.makedirs(a.out, exist_ok=True)
    open(os.path.join(a.out, "coverage.txt"), "w", encoding="utf-8").write(text)
    result = {"total": {k: {"hit": v[0], "points": v[1], "waived": v[2], "percent": round(percent(v[0], v[1]), 2)}
                        for k, v in total.items()},
              "modules": {f: {k: {"hit": m[k][0], "points": m[k][1], "waived": m[k][2], "open": m[k][3]} for k in m}
                          for f, m in sorted(modules.items())},
              "bins": bins, "waivers": waivers}
    open(os.path.join(a.out, "coverage.json"), "w", encoding="utf-8").write(json.dumps(result, indent=1) + "\n")
    if a.docs:
        page = open(a.docs, encoding="utf-8").read()
        table = "| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|\n"
        table += "".join("| " + " | ".join(r) + " |\n" for r in rows)
        table += (f"\nFunctional bins: {total['bins'][0]} of {total['bins'][1]}, {waived_bins} waived. Not reached: "
                  + (", ".join(f"`{b}`" for b in missing) or "none") + ".\n\n| bin | runs |\n|---|---|\n"
                  + "".join(f"| `{b}` | {n} |\n" for b, n in bins.items()))
        table += "\n| file | kind | waived | points | reason |\n|---|---|---|---|---|\n"
        table += "".join(f"| `{w['file']}` | {w['kind']} | `{w['pattern']}` | {w['points']} | {w['reason']} |\n" for w in waivers)
        page = re.sub(r"(<!-- table -->\n).*(<!-- end of table -->)", lambda m: m[1] + table + m[2], page, flags=re.S)
        open(a.docs, "w", encoding="utf-8").write(page)
    print(text, end="")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
