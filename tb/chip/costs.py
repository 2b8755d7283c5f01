#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""What `epim estimate --top network --stepped --exact` says against what `epim sim --top network` counted on the RTL.

usage: costs.py ESTIMATE SIM       JSON of both, for the same configuration, FIFO depths and images. Exit 1 and a line per difference.
"""
import json
import sys

estimate, sim = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
wrong = []


def equal(what, ours, theirs):
    if ours != theirs:
        wrong.append(f"{what}: {ours} estimated, {theirs} simulated")


run, counted = estimate["run"], sim["run"]
equal("images", run["images"], sim["images"])
equal("cycles", run["cycles"], sim["cycles"]["rtl"])
equal("first image", run["first_image_cycles"], sim["first_image_cycles"]["rtl"])
equal("interval", estimate["chip"]["interval"]["per_image"], sim["cycles_per_image"]["rtl"])
equal("crossbars", estimate["chip"]["crossbars"], sim["chip"]["crossbars"])
equal("FIFOs", [(f["name"], f["depth"], f["high_water"], f["words"]) for f in run["fifos"]], [(f["name"], f["depth"], f["high_water"], f["words"]) for f in sim["fifos"]])
equal("words in FIFOs", run["fifo_words"], sum(f["depth"] for f in sim["fifos"]))
equal("cores", [c["name"] for c in run["cores"]], [c["name"] for c in counted["cores"]])
for ours, theirs in zip(run["cores"], counted["cores"]):
    for event, n in theirs["events"].items():
        equal(f"{ours['name']}, {event}", ours["events"][event], n)
equal("energy", run["energy"], counted["energy"])
if not run["energy"]["total"] > 0 or len(run["cores"]) < 2:
    wrong.append("nothing was compared")
for line in wrong:
    print(line)
print(f"{len(run['cores'])} cores: cycles, FIFOs, events and energy {'differ' if wrong else 'as simulated'}")
sys.exit(1 if wrong else 0)
