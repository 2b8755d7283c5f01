#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The fake quantisation that trains (python/epim/nn/epitome.py) against epim quantize, for the same float bundles: every
value S*(code + Z) must be the same float32, every code and S the same. Both digits networks, all widths 2..9, all
modes and schemes.

usage: compare.py EPIM WORK_DIR      last line: N epitomes compared, M differ
"""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "python")]
import torch  # noqa: E402
from epim.nn.epitome import MODES, SCHEMES, WeightQuantiser, crossbar_blocks  # noqa: E402
from train_digits import Network  # noqa: E402

XB, LANES = 64, 8


def main(epim, work):
    compared = different = 0
    for name in ("digits", "digits_residual"):
        description = json.loads((ROOT / "models" / name / "network.json").read_text())
        floats = np.load(ROOT / "models" / name / "weights.npz")
        net = Network(description["nodes"])
        for mode in MODES:
            for scheme in SCHEMES:
                for bits in range(2, 10):
                    out = Path(work) / "compare.npz"
                    subprocess.run([epim, "quantize", name, "--mode", mode, "--scheme", scheme, "-w", str(bits), "--crossbar",
                                    f"{XB}x{XB}", "--set", f"hardware.lanes={LANES}", "--out", str(out)],
                                   check=True, stdout=subprocess.DEVNULL)
                    integers = np.load(out)
                    for layer, unit in net.units.items():
                        epitome = torch.from_numpy(floats[layer + "/epitome"])
                        shape = tuple(epitome.shape)
                        trained = WeightQuantiser(unit.conv.repetition, bits, mode, XB, LANES, scheme)(epitome).numpy()
                        block = crossbar_blocks(shape, XB, LANES).numpy()
                        scale = integers[layer + "/scale"].reshape(-1)[block]
                        zero = integers[layer + "/zero_point"].reshape(-1)[block]
                        tool = (scale * (integers[layer + "/epitome"] + zero)).astype(np.float32)
                        compared += 1
                        if not np.array_equal(trained, tool):
                            different += 1
                            print(f"{name} {layer} {mode} {scheme} W{bits}: {np.count_nonzero(trained != tool)} of "
                                  f"{trained.size} values differ, by up to {np.abs(trained - tool).max()}")
    print(f"{compared} epitomes compared, {different} differ")
    return 1 if different or not compared else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
