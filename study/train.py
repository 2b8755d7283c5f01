#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""One job of the study (docs/study.md); study/Snakefile says which there are and in which order.

  train.py start --seed 1 --out W/start-1.pt                             float training
  train.py variant NAME --seed 1 --start W/start-1.pt --work W --out R   trains a variant and classifies the test set on the golden
                                                                         model (`epim eval`); R: result as JSON
  train.py rtl NAME --seed 1 --work W --out R                            100 images through the RTL, every stage compared
  train.py budget --threads 2                                            times some steps; prints the hours of the whole study

--images, --steps, --float-steps and --test make a job smaller (tests of the study itself); a result says what it was made with.
"""
import argparse
import ctypes
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

import model as study
import resnet
from fashion_data import idx
from train_digits import Network, npy_bytes, write_bytes
from train_fashion import accuracy
from variants import layer_bits, variants

HERE = Path(__file__).resolve().parent
CONFIG = """# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Made by study/train.py
schema = 1
name = "{name}"

[hardware]
crossbar = "{crossbar}x{crossbar}"
cell_bits = 2
weight_bits = {weight_bits}
act_bits = {act_bits}
act_signed = false
cols_per_adc = 8
lanes = {lanes}
out_bits = 16
zero_point = {zero_point}

[network]
file = "network.json"
images = "{data}/images.npy"
labels = "{data}/labels.npy"
"""


def data(args):
    """(training images, labels, test images, labels); images float [n][1][28][28], 0..255/256."""
    def split(kind, count):
        images, labels = idx(f"{kind}-images-idx3-ubyte")[:count], idx(f"{kind}-labels-idx1-ubyte")[:count]
        return torch.from_numpy(images.astype(np.float32) * resnet.INPUT["scale"])[:, None], torch.from_numpy(labels.astype(np.int64))
    return (*split("train", args.images), *split("t10k", args.test))


def progress(what, steps):
    begin = time.time()

    def report(step, loss):
        if step % 10 == 0 or step == steps:
            left = (time.time() - begin) * (steps - step) / step
            print(f"{what}: step {step} of {steps}, loss {loss:.3f}, about {left:.0f} s left", file=sys.stderr, flush=True)
    return report


def keep_freed_memory():
    """glibc gives freed tensors back to the kernel, which clears their pages for the next ones: a fifth of a step."""
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for option, value in ((-4, 0), (-1, 2 ** 31 - 1), (-2, 2 ** 26)):  # M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD of malloc.h
            libc.mallopt(option, value)


def deterministic(seed):
    keep_freed_memory()
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # one order of summation
    torch.use_deterministic_algorithms(True)
    return torch.Generator().manual_seed(seed)


def start(args):
    generator = deterministic(args.seed)
    images, labels, *test = data(args)
    net = Network(resnet.nodes())
    study.fit(net, images, labels, args.float_steps, 4e-3, generator, 5e-4, progress(f"float, seed {args.seed}", args.float_steps),
              batch=study.START_BATCH)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    part = args.out.with_suffix(".part")
    torch.save({"state": net.state_dict(), "accuracy": accuracy(net, *test)}, part)
    os.replace(part, args.out)


def made_with(args):
    return {"images": args.images, "float_steps": args.float_steps, "steps": args.steps, "test_images": args.test, "batch": study.BATCH,
            "float_batch": study.START_BATCH}


def design_of(name):
    """The design of a variant: None, or the content of a file of study/designs (pools are made here)."""
    if name == "plain":
        return None
    if name.startswith("pool:"):
        pool = {"kept": name[5:], "group": 8}
        return {"layers": [{"node": n["name"], "pool": pool} for n in resnet.nodes() if n.get("role")]}
    return json.loads((HERE / "designs" / f"{name}.json").read_text())


def epim(args, *words):
    done = subprocess.run([args.epim, *map(str, words)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"train.py: epim {words[0]} ended with {done.returncode}")
    return done.stdout


def folder_of(args):
    return args.work / f"{args.name}-{args.seed}"


def variant(args):
    chosen = variants()[args.name]
    generator = deterministic(1000 + args.seed)
    images, labels, *test = data(args)
    saved = torch.load(args.start)
    first = Network(resnet.nodes())
    first.load_state_dict(saved["state"])
    net, masks = study.prepare(chosen, design_of(chosen.design), first, images)
    some = [t[:2000] for t in test]
    before = accuracy(net, *some)
    study.fit(net, images, labels, args.steps, 1e-3, generator, 0.0, progress(f"{args.name}, seed {args.seed}", args.steps), args.steps * 2 // 3)
    trained = accuracy(net, *some)

    names = [n["name"] for n in net.nodes if n["op"] in ("conv", "fc") and "pool" not in n]
    bits = layer_bits(chosen.bits, names)
    for n in net.nodes:
        if n["name"] in bits:
            n["weight_bits"] = bits[n["name"]]
    folder, shared = folder_of(args), args.work / "data"
    shared.mkdir(parents=True, exist_ok=True)
    write_bytes(shared / "images.npy", npy_bytes(idx("t10k-images-idx3-ubyte")[:args.test]))
    write_bytes(shared / "labels.npy", npy_bytes(idx("t10k-labels-idx1-ubyte")[:args.test]))
    study.write_folder(net, masks, args.name, folder, trained)
    write_bytes(folder / "config.toml", CONFIG.format(
        name=args.name, crossbar=resnet.CROSSBAR, weight_bits=max(bits.values()), act_bits=resnet.ACT_BITS, lanes=resnet.LANES,
        zero_point=str(chosen.scheme == "affine").lower(), data="../data").encode())
    config = ["--config", folder / "config.toml"]
    report = json.loads(epim(args, "quantize", *config, "--mode", chosen.mode, "--scheme", chosen.scheme, "--json", "--out", folder / "integers.npz"))
    point = json.loads(epim(args, "eval", *config, "--set", f"network.integers={folder / 'integers.npz'}", "--out", folder / "eval", "--jobs", 1,
                            "--json"))["points"][0]
    kept = {n: float(m.mean()) for n, m in masks.items()}
    sizes = {n: u.conv.epitome.numel() if hasattr(u.conv, "epitome") else u.conv.error.numel() for n, u in net.units.items()}
    result = {
        "variant": args.name, "seed": args.seed, **chosen._asdict(), "made_with": made_with(args),
        "accuracy": {"float_start": saved["accuracy"], "before_training": before, "trained": trained, "golden": point["top1"]["share"]},
        "crossbars": sum(layer["crossbars"] for layer in report["layers"]),
        "parameters": round(sum(count * kept.get(n, 1.0) for n, count in sizes.items()))}
    if chosen.prune and chosen.prune[0] == "word-lines":
        result["crossbars"] = study.word_line_crossbars(net.nodes, masks, chosen.prune[1], {layer["layer"]: layer["crossbars"] for layer in report["layers"]})
    write(args.out, result)


def rtl(args):
    """On one core; a network of which some layers read a weight pool and others do not, as a chip with a core per layer."""
    folder = folder_of(args)
    words = ["sim", "--config", folder / "config.toml", "--images", args.rtl_images, "--set", f"network.integers={folder / 'integers.npz'}", "--json"]
    chip = variants()[args.name].design.startswith("pool:")
    if chip:
        words += ["--top", "network", "--model", "joined"]
    report = json.loads(epim(args, *words))
    kept = ("identical_outputs", "accuracy") if chip else ("identical_outputs", "crossbars", "cycles", "energy_aJ", "array_utilisation", "accuracy")
    of_chip = {"on": "chip", "cycles": report["cycles"]["rtl"]} if chip else {"on": "core"}
    write(args.out, {"variant": args.name, "seed": args.seed, "images": args.rtl_images, **{k: report[k] for k in kept}, **of_chip})


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, (json.dumps(value, indent=1) + "\n").encode())


def budget(args):
    deterministic(1)
    images = torch.rand(study.BATCH, 1, 28, 28)
    labels = torch.randint(0, 10, (study.BATCH,))
    net = Network(resnet.nodes())
    begin = time.time()
    study.fit(net, images, labels, 6, 1e-3, torch.Generator().manual_seed(1))
    step = (time.time() - begin) / 6
    count = len(variants())
    # a float step has twice the images; a quantised one takes two fifths more; 30 s classify the test images
    hours = args.seeds * (2 * args.float_steps * step + count * (1.4 * args.steps * step + 30)) / args.threads / 3600
    print(f"{step:.2f} s a step; {count} variants, {args.seeds} seeds, {args.threads} jobs at a time: about {hours:.1f} h "
          f"({platform.machine()}, PyTorch {torch.__version__})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["start", "variant", "rtl", "budget"])
    parser.add_argument("name", nargs="?", choices=[*variants()], metavar="NAME")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--work", type=Path, default=Path("out/study"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--epim", default=str(HERE.parent / "build" / "gen" / "command" / "epim"))
    parser.add_argument("--images", type=int, default=20000, help="training images")
    parser.add_argument("--test", type=int, default=10000, help="test images")
    parser.add_argument("--float-steps", type=int, default=800)
    parser.add_argument("--steps", type=int, default=160, help="of a variant")
    parser.add_argument("--rtl-images", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2, help="budget: jobs at a time")
    args = parser.parse_args()
    if args.job in ("variant", "rtl") and not args.name:
        parser.error(f"{args.job} needs the name of a variant")
    if args.job != "budget" and not args.out:
        parser.error(f"{args.job} needs --out")
    {"start": start, "variant": variant, "rtl": rtl, "budget": budget}[args.job](args)


if __name__ == "__main__":
    main()
