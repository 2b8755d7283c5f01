#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the results of the study's jobs together: summary.json, and the tables of docs/study.md.

  summary.py --results study/results --seeds 5 --out study/results/summary.json [--docs docs/study.md]

What is missing is named; tables are made of the variants that all seeds have. Intervals: 95 %, Student's t over seeds; differences are
paired by seed.
"""
import argparse
import json
import math
import os
import sys
from pathlib import Path

import resnet  # noqa: F401: where the scripts are
from seed_statistics import statistics
from variants import BITS, BUDGET, MIDDLE, MODES, SCHEMES, SIZES, variants

# id, which docs/paper.md asks by; what it says; the kind of claim
CLAIMS = {
    "per-crossbar": ("a scale per crossbar is better than one per layer", "more"),
    "overlap": ("ranges weighted by overlap are better than a scale per crossbar", "more"),
    "pruning": ("an epitome is better than pruning of word lines", "more"),
    "element-pruning": ("element pruning on top of an epitome costs no accuracy", "no-loss"),
    "wrapping": ("output channel wrapping costs no accuracy", "no-loss"),
    "compression": ("an epitome of 3 bits is as accurate as the plain network of 9 bits", "no-loss"),
    "search": ("a searched design is as accurate as the uniform one of its crossbars", "no-loss"),
}
LOSS = 0.005  # what counts as no loss of accuracy: own choice

BEGIN, END = "<!-- study: begin -->\n", "<!-- study: end -->\n"


def verdict(kind, mean, half):
    """What the 95 % interval mean +- half of a difference says of a claim: `more`, the second is more accurate; `no-loss`, it loses
    less than LOSS."""
    if math.isnan(half):
        return "not separated"
    least = 0 if kind == "more" else -LOSS
    return "holds" if mean - half > least else "does not hold" if mean + half < least else "not separated"


def difference(results, kind, first, second):
    """Accuracy of `second` minus that of `first`, paired by seed, and what it says."""
    d = statistics([b["accuracy"]["golden"] - a["accuracy"]["golden"] for a, b in zip(results[first], results[second])])
    return {"from": first, "to": second, **d, "verdict": verdict(kind, d["mean"], d["ci95"]),
            "crossbars": [results[name][0]["crossbars"] for name in (first, second)]}


def named(design, bits, mode="per_crossbar", scheme="symmetric"):
    base = f"{design}-w{bits}"
    return base if (mode, scheme) == ("per_crossbar", "symmetric") else f"{base}-{mode}-{scheme}"


def claims(results):
    """The paper's claims that accuracies can answer, with the pairs that answer them."""
    pairs = []

    def ask(claim, first, second):
        if first in results and second in results:
            text, kind = CLAIMS[claim]
            pairs.append({"id": claim, "claim": text, "kind": kind, **difference(results, kind, first, second)})

    for bits in ("2", "3", "3-5"):
        for scheme in SCHEMES:
            a, b, c = (named(MIDDLE, bits, mode, scheme) for mode in MODES)
            ask("per-crossbar", a, b)
            ask("overlap", b, c)
    ask("pruning", "word-lines-50", named(MIDDLE, "9"))
    ask("pruning", "word-lines-75", named(MIDDLE, "9"))
    ask("element-pruning", named(MIDDLE, "9"), "epitome-elements-50")
    ask("wrapping", "unwrapped-w9", "wrapped-w9")
    ask("compression", "plain-w9", named(MIDDLE, "3"))
    for bits in BITS:
        for found in ("latency", "energy"):
            ask("search", named(BUDGET, bits), named(found, bits))
    return pairs


def points(x):
    return "-" if math.isnan(x) else f"{100 * x:.2f}"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows), ""]


def markdown(summary):
    v = summary["variants"]

    def cell(name):
        s = v.get(name)
        return f"{points(s['golden']['mean'])} ± {points(s['golden']['ci95'])}" if s else "-"

    made = summary["made_with"]
    lines = [f"Seeds: {summary['seeds']}. Top-1 of {made['test_images']} test images in %, integers of the golden model, mean ± half of the 95 % "
             f"interval over seeds. {made['images']} training images, batches of {made['batch']}: {made['float_steps']} steps in float "
             f"({points(summary['float']['mean'])} ± {points(summary['float']['ci95'])} %), {made['steps']} of each variant.", ""]
    lines += ["### A: how weights are quantised (the paper's Table 2)", ""]
    lines += table(["weights", "scheme", *MODES], [[f"W{bits}", scheme, *(cell(named(MIDDLE, bits, m, scheme)) for m in MODES)]
                                                  for bits in ("2", "3", "3-5") for scheme in SCHEMES])
    lines += ["### B: accuracy against crossbars (Table 1)", ""]
    rows = []
    for design in ("plain", *SIZES, "latency", "energy"):
        for bits in (9, 7, 5, 3, 2):
            name = named(design, bits)
            if name in v:
                rows.append([design, f"W{bits}", str(v[name]["crossbars"]), str(v[name]["parameters"]), cell(name)])
    lines += table(["design", "weights", "crossbars", "parameters", "top-1"], rows)
    for title, names in (("C: epitome and pruning (Table 3)", ("plain-w9", named(MIDDLE, "9"), "epitome-elements-50", "word-lines-50", "word-lines-75")),
                         ("D: weight pools", ("pool-1", "pool-1_2", "pool-1_4", "pool-1_8")),
                         ("E: output channel wrapping (section 5.3)", ("unwrapped-w9", "wrapped-w9"))):
        lines += [f"### {title}", ""]
        lines += table(["variant", "crossbars", "parameters", "top-1"],
                       [[n, str(v[n]["crossbars"]), str(v[n]["parameters"]), cell(n)] for n in names if n in v])
    lines += ["### Claims", ""]
    lines += [f"A claim of *more* accuracy holds where the interval of the difference lies above zero, one of *no loss* where it lies above "
              f"-{100 * LOSS:.1f} points (own choice); it does not hold where the interval lies below.", ""]
    lines += table(["claim", "from", "to", "crossbars", "difference in points", ""],
                   [[c["claim"], f"`{c['from']}`", f"`{c['to']}`", "{} → {}".format(*c["crossbars"]), f"{100 * c['mean']:+.2f} ± {points(c['ci95'])}",
                     c["verdict"]] for c in summary["claims"]])
    if summary["missing"]:
        lines += [f"Not yet run: {len(summary['missing'])} of {summary['jobs']} jobs.", ""]
    checked = summary["rtl"]
    lines += [f"Through the RTL: {checked['identical']} of {checked['run']} networks (seed 1, {checked['images']} images each) with every output identical.", ""]
    return "\n".join(lines)


def collect(folder, seeds):
    results, missing, rtl = {}, [], []
    for name in variants():
        found = []
        for seed in seeds:
            path = folder / f"{name}-{seed}.json"
            if path.exists():
                found.append(json.loads(path.read_text()))
            else:
                missing.append(path.name)
        if len(found) == len(seeds):
            results[name] = found
        path = folder / "rtl" / f"{name}.json"
        if path.exists():
            rtl.append(json.loads(path.read_text()))
        else:
            missing.append(f"rtl/{path.name}")
    if not results:
        sys.exit(f"summary.py: {folder} has no variant of all seeds {list(seeds)}")
    every = [r for runs in results.values() for r in runs]
    if any(r["made_with"] != every[0]["made_with"] for r in every):
        sys.exit("summary.py: results were made with different numbers of images or steps")
    start = {r["seed"]: r["accuracy"]["float_start"] for r in every}
    return {
        "schema": 1, "made_by": "study/summary.py", "seeds": list(seeds), "made_with": every[0]["made_with"],
        "units": "accuracy as a share of the test images; ci95: half width of the 95 % interval of the mean over seeds",
        "float": statistics([start[s] for s in seeds]),
        "variants": {n: {**variants()[n]._asdict(), "crossbars": runs[0]["crossbars"], "parameters": runs[0]["parameters"],
                         "golden": statistics([r["accuracy"]["golden"] for r in runs]), "per_seed": [r["accuracy"] for r in runs]}
                     for n, runs in results.items()},
        "claims": claims(results), "missing": missing, "jobs": len(variants()) * (len(seeds) + 1),
        "rtl": {"run": len(rtl), "identical": sum(r["identical_outputs"] == r["images"] for r in rtl), "images": rtl[0]["images"] if rtl else 0,
                "networks": {r["variant"]: {k: r[k] for k in ("on", "cycles", "energy_aJ") if k in r} for r in rtl}}}


def write(path, text):
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1..N")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--docs", type=Path, help="a Markdown file with the study's markers")
    args = parser.parse_args()
    if args.seeds < 2:
        sys.exit("summary.py: an interval takes at least 2 seeds")
    summary = collect(args.results, range(1, args.seeds + 1))
    write(args.out, json.dumps(summary, indent=1) + "\n")
    if args.docs:
        before, _, rest = args.docs.read_text().partition(BEGIN)
        _, found, after = rest.partition(END)
        if not found:
            sys.exit(f"summary.py: {args.docs} has no {BEGIN.strip()} ... {END.strip()}")
        write(args.docs, before + BEGIN + markdown(summary) + END + after)


if __name__ == "__main__":
    main()
