#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Writes study/designs: the uniform epitomes of variants.SIZES as epim chooses them, the designs that `epim search` finds for latency
and for energy at the crossbars of variants.BUDGET, and a pair that differs in output channel wrapping alone.

  study/designs.py [--epim build/gen/command/epim]
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import resnet
from node_list import network_text
from variants import BUDGET, SIZES

HERE = Path(__file__).resolve().parent
CORE = ["--crossbar", f"{resnet.CROSSBAR}x{resnet.CROSSBAR}", "--lanes", str(resnet.LANES), "--act-bits", str(resnet.ACT_BITS), "--weight-bits", "9"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epim", default=str(HERE.parent / "build" / "gen" / "command" / "epim"))
    parser.add_argument("--out", type=Path, default=HERE / "designs")
    args = parser.parse_args()
    args.out.mkdir(exist_ok=True)
    plain = resnet.nodes()

    def write(name, layers):
        lines = ",\n".join("    " + json.dumps(layer) for layer in layers)
        (args.out / f"{name}.json").write_text(f'{{\n  "schema": 1,\n  "network": "resnet20",\n  "layers": [\n{lines}\n  ]\n}}\n')

    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / "network.json"
        network.write_text(network_text(plain, "resnet20", resnet.INPUT, {n["name"]: 2.0 ** -6 for n in plain if n["op"] in ("conv", "fc", "add")}, 0))

        def epim(*words):
            return subprocess.run([args.epim, *words], check=True, stdout=subprocess.PIPE, text=True).stdout

        for size in SIZES:
            mapped = json.loads(epim("map", str(network), "--design", size, *CORE, "--json"))
            write(size, [{"node": n["name"], "epitome": dict(zip(("e_out", "e_in", "p", "q"), n["epitome"]))}
                         for n in mapped["layers"] if n["operator"] == "epitome"])
        for objective in ("latency", "energy"):
            found = Path(folder) / f"{objective}.json"
            epim("search", str(network), "--budget", BUDGET, "--objective", objective, "--model", "rtl", *CORE, "--candidates", "none", *SIZES,
                 "--out", str(found))
            write(objective, [{k: v for k, v in layer.items() if k in ("node", "epitome")}
                              for layer in json.loads(found.read_text())["layers"] if layer.get("epitome")])
    for name, wrap in (("unwrapped", "off"), ("wrapped", "stored_once")):
        write(name, [{"node": n["name"], "epitome": {"e_out": n["cout"] // 2, "e_in": 16, "p": 4, "q": 4}, "wrap": wrap}
                     for n in plain if n.get("role") and n["name"].endswith("a") and n["cout"] >= 32])


if __name__ == "__main__":
    main()
