#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""check_dump.py DIR: the files of a chip's dump agree with each other (docs/dump-format.md). Says what it saw; exit code 1: they do not."""
import csv
import json
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
chip = json.loads((folder / "chip.json").read_text())
images, golden, rtl = (np.load(folder / f"{name}.npy") for name in ("images", "outputs_golden", "outputs_rtl"))
maps = {path.stem: np.load(path) for path in (folder / "maps").iterdir()}
beats = [{k: int(v) for k, v in row.items()} for row in csv.DictReader(open(folder / "beats.csv"))]
events = json.loads((folder / "events_rtl.json").read_text())
ends = [max(b["cycle"] for b in beats if b["image"] == i) for i in range(len(images))]
output = next(f["name"] for f in chip["fifos"] if f["name"].endswith(".out")).removesuffix(".out")
sent = {f["name"].split(".")[0]: f["words"] for f in chip["fifos"]}
checks = {
    "as many images everywhere": len(images) == len(golden) == len(rtl) == chip["images"],
    "outputs equal": (golden == rtl).all(),
    "the last map is the first output": (maps[output] == golden[0]).all(),
    "images end with their last beat": ends == chip["image_end"] and chip["cycles"] == ends[-1] + 1,
    "cycles ascend": all(a["cycle"] < b["cycle"] for a, b in zip(beats, beats[1:])),
    "words that cores sent were counted": all(events[c]["output_buffer_writes"] == sent[c] for c in events),
    "no FIFO held more than it can": all(0 < f["high_water"] <= f["depth"] for f in chip["fifos"]),
}
for name, holds in checks.items():
    if not holds:
        print(f"{folder}: not so: {name}")
if not all(checks.values()):
    sys.exit(1)
print(f"{len(images)} images, {len(beats)} beats, {len(maps)} maps, {len(events)} cores")
