#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The long list: what shows too much to be left out of verification and takes too long for every change. ResNet-18 as one chip (docs/chip.md):
# images back to back, with and without copies; its whole program through the load port. Every cycle and word as predicted.
# About ten minutes on two processors; what is finished is kept in out/long. Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 4
scripts/setup.sh run || exit $?
scripts/build.sh run || exit $?
epim=build/gen/command/epim
out=out/long
mkdir -p "$out"
# shellcheck source=tb/check.sh
. tb/check.sh
exec 3>&2  # progress of long commands

# chip BUDGET OPTIONS...: the chip of the design with that many crossbars.
chip() {
  "$epim" sim --top network --config configs/resnet18_chip.toml --set "network.design=$PWD/$out/design-$1.json" --fifo-depths paced "${@:2}" 2>&3
}

for budget in 600 1048; do
  expect "ResNet-18, design of $budget crossbars" 0 proven \
    "$epim" search resnet18 --budget "$budget" --objective interval --candidates 1024x256 --out "$out/design-$budget.json"
done
expect "ResNet-18 as one chip, two images" 0 "identical outputs   2 of 2" chip 600 --images 2 --results "$out/chip-600"
expect "ResNet-18 with copies, three images" 0 "identical outputs   3 of 3" chip 1048 --images 3 --results "$out/chip-1048"
expect "ResNet-18 through the load port" 0 "as predicted; pixels from cycle" chip 600 --images 1 --set hardware.load_stream=true
finish
