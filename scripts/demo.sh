#!/bin/sh
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The main job on a fresh machine: install what is missing, build, generate the digits core, and run all its test
# images through the generated RTL, every stage compared with the golden model.
set -eu
cd "$(dirname "$0")/.."
scripts/build.sh run
epim=build/gen/command/epim
echo "== generating the core of the digits network: out/digits"
$epim gen --config configs/digits.toml --out out/digits
echo "== simulating it in Verilator"
$epim sim --config configs/digits.toml
