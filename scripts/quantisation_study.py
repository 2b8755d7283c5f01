#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Quantisation-aware training of the digits network: does a scale per crossbar, and then a range weighted by overlap,
raise the accuracy (the question of the paper's Table 2)?

For every setting and seed one network is trained in floating point; from that one point every mode and scheme trains
on with quantised weights, over the same batches in the same order, so that modes are compared in pairs. The result is
models/digits/quantisation_study.json; docs/quantisation.md reads it. Runs are kept in --work as they finish, and a
second call goes on where the first one stopped.

usage: quantisation_study.py [--seeds 5] [--only SETTING] [--work out/study] [--out FILE]
"""
import argparse
import copy
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch

from seed_statistics import statistics
from train_digits import MODES, NETWORKS, ROOT, SCHEMES, Network, accuracy, as_input, conv, fit, fit_quantised, layer_bits, \
    load_split, pool, tail, weighted_layers

SCHEMA = 1
# The digits network with fewer channels: the same kinds of layers, no capacity to spare.
NETWORKS["digits_narrow"] = [
    conv("conv1", "image", 8, 3),
    conv("conv2", "conv1", 16, 3, (16, 8, 4, 4)),
    pool("pool1", "conv2"),
    conv("conv3", "pool1", 32, 3, (16, 8, 4, 4), "copies"),
    pool("pool2", "conv3"),
    conv("conv4", "pool2", 32, 1, (16, 32, 1, 1), "stored_once"),
    {"name": "gap", "op": "global_avg_pool", "inputs": ["conv4"]},
    {"name": "fc", "op": "fc", "inputs": ["gap"], "cout": 10, "batch_norm": True, "relu": False}]

PLAIN = {"network": "digits", "crossbar": 64, "noise": 0.0, "train_images": 1437, "float_epochs": 40,
         "qat_epochs": 21, "test_copies": 1}
SETTINGS = {
    "W3": {**PLAIN, "bits": "3", "why": "the paper's ResNet (3-bit) rows"},
    "W3mp": {**PLAIN, "bits": "5,conv3=3",
             "why": "the paper's (3-5 bit) rows; the widths of models/digits/mixed.json, 32 crossbars of 20 (W3) to 40 (W5), "
                    "the paper's 618 of 428 to 720 being as far"},
    "W2": {**PLAIN, "bits": "2", "why": "chosen because the modes can separate: codes -1, 0, 1"},
    "W3 hard": {**PLAIN, "bits": "3", "network": "digits_narrow", "crossbar": 32, "noise": 0.5, "train_images": 300,
                "float_epochs": 80, "qat_epochs": 60, "test_copies": 10,
                "why": "chosen so that the modes can separate: half the channels, 32x32 crossbars, 300 training "
                       "images, Gaussian noise of standard deviation 0.5 on pixels 0..1, ten noisy copies of the "
                       "test images"},
}


def data_of(setting, seed):
    """(train images, labels, test images, labels) of a setting; noise and choice of images depend on the seed."""
    images, labels, test, test_labels = load_split()
    random = np.random.RandomState(1000 + seed)
    pick = np.sort(random.permutation(len(labels))[:setting["train_images"]])
    images, labels = as_input(images[pick]), torch.from_numpy(labels[pick].astype(np.int64))
    copies = setting["test_copies"]
    test = as_input(test).repeat(copies, 1, 1, 1)
    test_labels = torch.from_numpy(test_labels.astype(np.int64)).repeat(copies)
    if setting["noise"]:
        def noisy(x):  # stays on the grid of integers 0..255 at 1/16 that the core's input has
            y = x + torch.from_numpy(random.normal(0, setting["noise"], x.shape).astype(np.float32))
            return torch.clamp(torch.round(y * 16), 0, 255) / 16
        images, test = noisy(images), noisy(test)
    return images, labels, test, test_labels


def weight_error(net):
    """sum over layers of sum_e R(e)*(Q(e)-e)^2, and the same over sum_e R(e)*e^2."""
    error = size = 0.0
    for unit in net.units.values():
        e = unit.conv.epitome.detach()
        error += float((unit.conv.repetition * (unit.conv.quantiser(e).double() - e.double()) ** 2).sum())
        size += float((unit.conv.repetition * e.double() ** 2).sum())
    return error / size


def float_start(setting, seed, work):
    """(network after float training, state of the random generator); settings that differ in bits alone share it."""
    keys = ("network", "noise", "train_images", "float_epochs")
    path = work / ("start-" + "-".join(str(setting[k]) for k in keys) + f"-{seed}.pt")
    torch.manual_seed(seed)
    net = Network(NETWORKS[setting["network"]])
    if path.exists():
        state, generator = torch.load(path)
        net.load_state_dict(state)
        return net, generator
    generator = torch.Generator().manual_seed(seed)
    images, labels, _, _ = data_of(setting, seed)
    fit(net, images, labels, setting["float_epochs"], 4e-3, generator)
    work.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    torch.save((net.state_dict(), generator.get_state()), part)
    os.replace(part, path)
    return net, generator.get_state()


def run_seed(setting, seed, arms, work, result, save):
    """Completes the result {"float": accuracy, "MODE SCHEME": {...}} of one seed, calling save() after each arm; arms:
    [(mode, scheme)]."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels, *test = data_of(setting, seed)
    start, after_float = float_start(setting, seed, work)
    result["float"] = accuracy(start, *test)
    bits = layer_bits(setting["bits"], weighted_layers(setting["network"]))
    generator = torch.Generator()
    for mode, scheme in arms:
        if f"{mode} {scheme}" in result:
            continue
        net = copy.deepcopy(start)
        generator.set_state(after_float)
        net.quantise_weights(bits, mode, setting["crossbar"], scheme)
        arm = {"untrained_error": weight_error(net), "untrained": accuracy(net, *test)}
        fit_quantised(net, images, labels, setting["qat_epochs"], generator)
        arm.update(trained_error=weight_error(net), trained=accuracy(net, *test))
        result[f"{mode} {scheme}"] = arm
        save()


def summary(values):
    """`statistics`, to six digits."""
    return {key: round(value, 6) for key, value in statistics(values).items()}


def verdict(difference):
    if difference["mean"] > difference["ci95"]:
        return "better"
    return "worse" if difference["mean"] < -difference["ci95"] else "not separated"


def collect(settings, seeds, work):
    """The committed result: per setting, scheme and mode the accuracy of every seed, and the paired differences."""
    import scipy
    import sklearn
    out = {"schema": SCHEMA, "made_by": "scripts/quantisation_study.py", "seeds": seeds,
           "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
                        "scikit-learn": sklearn.__version__, "scipy": scipy.__version__,
                        "machine": platform.machine()},
           "units": "accuracy as a fraction of the test images; error: sum R(e)(Q(e)-e)^2 / sum R(e)e^2; ci95: half "
                    "width of the 95 % interval of the mean over seeds (Student's t); differences are paired by seed",
           "settings": {}}
    for name, setting in settings.items():
        runs = [json.loads(path_of(work, name, seed).read_text())["result"] for seed in seeds]
        rows = []
        for scheme in SCHEMES:
            modes = [m for m in MODES if all(f"{m} {scheme}" in r for r in runs)]
            row = {"scheme": scheme, "modes": {}, "differences": {}}
            for mode in modes:
                arm = [r[f"{mode} {scheme}"] for r in runs]
                row["modes"][mode] = {"accuracy": [round(a["trained"], 6) for a in arm],
                                      **summary([a["trained"] for a in arm]),
                                      "before_training": summary([a["untrained"] for a in arm]),
                                      "weight_error_before_training": summary([a["untrained_error"] for a in arm]),
                                      "weight_error": summary([a["trained_error"] for a in arm])}
            for a, b in (("naive", "per_crossbar"), ("per_crossbar", "overlap"), ("naive", "overlap")):
                if a in modes and b in modes:
                    for key, label in (("trained", ""), ("untrained", " before training")):
                        d = summary([r[f"{b} {scheme}"][key] - r[f"{a} {scheme}"][key] for r in runs])
                        row["differences"][f"{a} -> {b}{label}"] = {**d, "verdict": verdict(d)}
            if len(modes) == len(MODES):
                rows.append(row)
        out["settings"][name] = {**setting, "float": summary([r["float"] for r in runs]), "schemes": rows}
    return out


def percent(s):
    return f"{100 * s['mean']:.2f} ± {100 * s['std']:.2f}"


def gain(d):
    return f"{100 * d['mean']:+.2f} ± {100 * d['ci95']:.2f}, {d['verdict']}"


def markdown(result):
    """The tables of docs/quantisation.md."""
    lines = [f"Seeds {result['seeds'][0]} to {result['seeds'][-1]}; PyTorch {result['versions']['torch']}. Accuracy in % "
             "of the test images, mean ± standard deviation over seeds; differences in points, mean ± half the 95 % "
             "confidence interval (paired by seed, Student's t): *better* and *worse* where zero lies outside.", "",
             "| setting | scheme | float | naive | per crossbar | overlap | naive → per crossbar | per crossbar → overlap |",
             "|---|---|---|---|---|---|---|---|"]
    for label, key, suffix in (("", None, ""), (", before training", "before_training", " before training")):
        for name, setting in result["settings"].items():
            for row in setting["schemes"]:
                cells = [percent(row["modes"][m][key] if key else row["modes"][m]) for m in MODES]
                steps = [gain(row["differences"][f"{a} -> {b}{suffix}"])
                         for a, b in (("naive", "per_crossbar"), ("per_crossbar", "overlap"))]
                lines.append(f"| {name}{label} | {row['scheme']} | {percent(setting['float'])} | "
                             + " | ".join(cells + steps) + " |")
    lines += ["", "| setting | weights | what it is |", "|---|---|---|"]
    for name, s in result["settings"].items():
        lines.append(f"| {name} | `{s['bits']}` | {s['why']}; network `{s['network']}`, {s['crossbar']}x{s['crossbar']} crossbars, "
                     f"{s['train_images']} training images, {s['float_epochs']} float and {s['qat_epochs']} quantised epochs |")
    return "\n".join(lines) + "\n"


def update_docs(text, path):
    """Puts text between the markers of a Markdown file."""
    begin, end = "<!-- study: begin -->\n", "<!-- study: end -->\n"
    before, _, rest = path.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"{path}: no {begin.strip()} ... {end.strip()}")
    part = path.with_name(path.name + ".part")
    part.write_text(before + begin + text + end + after)
    os.replace(part, path)


def path_of(work, name, seed):
    return work / f"{name.replace(' ', '-')}-{seed}.json"


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=1) + "\n")
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1..N")
    parser.add_argument("--only", choices=list(SETTINGS), action="append", help="these settings, no summary file")
    parser.add_argument("--schemes", choices=SCHEMES, action="append")
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "study", help="one file per finished run")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "digits" / "quantisation_study.json")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "quantisation.md", help="gets the tables")
    args = parser.parse_args()
    settings = {k: v for k, v in SETTINGS.items() if not args.only or k in args.only}
    arms = [(m, s) for s in (args.schemes or SCHEMES) for m in MODES]
    begin, done, run, total = time.time(), 0, 0, args.seeds * len(settings)
    for seed in range(1, args.seeds + 1):
        for name, setting in settings.items():
            path = path_of(args.work, name, seed)
            record = {"key": {"schema": SCHEMA, "setting": setting, "seed": seed}, "result": {}}
            if path.exists() and json.loads(path.read_text())["key"] == record["key"]:
                record = json.loads(path.read_text())
            if any(f"{m} {s}" not in record["result"] for m, s in arms):
                run_seed(setting, seed, arms, args.work, record["result"], lambda: write(path, record))
                run += 1
            done += 1
            left = f"about {(time.time() - begin) / run * (total - done):.0f} s left" if run else "kept from before"
            print(f"{done} of {total}: {name} seed {seed}, {time.time() - begin:.0f} s, {left}", file=sys.stderr, flush=True)
    if not args.only:
        write(args.out, collect(settings, list(range(1, args.seeds + 1)), args.work))
        update_docs(markdown(json.loads(args.out.read_text())), args.docs)
        print(f"{args.out} and the tables of {args.docs} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
