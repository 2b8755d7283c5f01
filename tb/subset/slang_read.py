#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Generates every configuration and reads the result with slang, in one process.

  $(scripts/python_env.sh test)/python tb/subset/slang_read.py EPIM OUT_DIR [CONFIG.toml ...]

Default configurations: configs/named/*.toml, configs/digits.toml, configs/layer3.toml, those of configs/fpga that are one
layer, and the chips of configs/digits_residual.toml, tb/chip/copies.toml and tb/chip/loaded.toml. Read are epim_top, epim_observed and epim_top around a black-box
crossbar, with -Weverything less ACCEPTED. One line per configuration; the last line is "N passed, M failed".
"""
import os
import re
import subprocess
import sys
from glob import glob

from pyslang import TextDiagnosticClient, driver

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLACK = "EPIM_CROSSBAR_BLACKBOX"

# Warnings that are not asked for; docs/portable-subset.md says why, a check below compares.
ACCEPTED = ["arith-op-mismatch", "sign-compare", "sign-conversion", "case-type", "useless-cast",
            "unused-package-parameter", "unused-package-subroutine", "empty-output-connection"]
# A module that is ports alone.
ACCEPTED_BLACK = ["unused-def", "unused-port", "undriven-port", "unused-parameter"]
# A variable called unused takes what a parameter leaves unread; scale_last and reg_read are waived where declared; the others
# are read by epim_observed alone, by their hierarchical names.
UNUSED = re.compile(r"variable '(unused\w*|scale_last|reg_read|psum|acc_(we|closes|cstep|group|data))' is assigned but")

HEADER = re.compile(r"^\S.*?:\d+:\d+: (?:warning|error): ", re.M)


def read(files, top, black=False):
    """What slang says of these files; empty is a pass."""
    d = driver.Driver()
    d.addStandardArgs()
    off = ACCEPTED + (ACCEPTED_BLACK if black else [])
    options = ["slang", "--top", top, "-Weverything"] + ["-Wno-" + name for name in off] + (["-D" + BLACK] if black else [])
    if not d.parseCommandLine(" ".join(options + files)) or not d.processOptions():
        return "options or files refused"
    d.diagEngine.clearClients()
    client = TextDiagnosticClient()
    d.diagEngine.addClient(client)
    d.parseAllSources()
    compilation = d.createCompilation()
    d.reportCompilation(compilation, True)
    d.runAnalysis(compilation)
    text = client.getString()
    at = [m.start() for m in HEADER.finditer(text)] + [len(text)]
    said = [text[a:b].rstrip() for a, b in zip(at, at[1:])]
    if d.diagEngine.numErrors and not said:
        return text or "errors"
    return "\n".join(s for s in said if not UNUSED.search(s))


def sources(folder):
    with open(os.path.join(folder, "epim.f")) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("//")]


def check_configuration(epim, out, config):
    name = os.path.splitext(os.path.basename(config))[0]
    folder = os.path.join(out, name)
    network = name in ("digits_residual", "copies", "loaded")
    command = [epim, "gen", "--config", config, "--out", folder] + (["--top", "network"] if network else [])
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        return name, made.stderr
    os.chdir(folder)
    files = sources(".")
    top = re.search(r"top module (\w+)", open("epim.f").readline()).group(1)
    text = read(files, top) + read(files, top, black=True)
    if not network:
        text += read([f.replace("rtl/epim_top.sv", "tb/epim_observed.sv") for f in files], "epim_observed")
    return name, text


def check_notices(out):
    """slang must refuse what the blocks once did, and name an unread variable."""
    bad = os.path.join(out, "bad.sv")
    with open(bad, "w") as f:
        f.write("module bad (input logic clk_i, input logic d_i, output logic q_o);\n  logic m [0:1];\n  logic idle;\n"
                "  initial $readmemh(\"bad.hex\", m);\n  always_ff @(posedge clk_i) m[0] <= d_i;\n  assign q_o = m[1];\n"
                "  assign idle = d_i;\nendmodule\n")
    said = read([bad], "bad")
    missing = [w for w in ("[-Wmultiple-always-assigns]", "[-Wunused-but-set-variable]") if w not in said]
    return "" if not missing else f"{missing} not reported:\n{said}"


def check_documented():
    with open(os.path.join(ROOT, "docs", "portable-subset.md")) as f:
        rows = [line.split("|")[1] for line in f if line.startswith("| `-Wno-")]
    listed = sorted(w for row in rows for w in re.findall(r"`-Wno-([a-z-]+)`", row))
    return "" if listed == sorted(ACCEPTED + ACCEPTED_BLACK) else f"docs/portable-subset.md lists {listed}"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    epim, out = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    os.makedirs(out, exist_ok=True)
    configs = [os.path.abspath(c) for c in sys.argv[3:]] or (
        sorted(glob(f"{ROOT}/configs/named/*.toml")) + [f"{ROOT}/configs/{c}.toml" for c in (
            "digits", "layer3", "fpga/ice40_hx8k", "fpga/self_test", "fpga/up5k", "digits_residual", "../tb/chip/copies", "../tb/chip/loaded")])
    results = [("slang notices", check_notices(out)), ("accepted warnings are documented", check_documented())]
    results += [check_configuration(epim, out, c) for c in configs]
    failed = 0
    for name, text in results:
        failed += text != ""
        print(f"FAILED {name} slang\n    " + "\n    ".join(text.splitlines()[:40]) if text else f"ok     {name} slang")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
