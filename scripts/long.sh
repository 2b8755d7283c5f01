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
passed=0 failed=0

# check NAME TEXT COMMAND...: it ends well and says TEXT.
check() {
  local name=$1 text=$2 start=$SECONDS
  shift 2
  if "$@" > "$out/log" && grep -qF -- "$text" "$out/log"; then
    passed=$((passed + 1))
    echo "ok     $name ($((SECONDS - start)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED $name: $*"
    tail -n 15 "$out/log" | sed 's/^/    /'
  fi
}
# chip BUDGET OPTIONS...: the chip of the design with that many crossbars.
chip() {
  "$epim" sim --top network --config configs/resnet18_chip.toml --set "network.design=$PWD/$out/design-$1.json" --fifo-depths paced "${@:2}"
}

for budget in 600 1048; do
  check "ResNet-18, design of $budget crossbars" proven \
    "$epim" search resnet18 --budget "$budget" --objective interval --candidates 1024x256 --out "$out/design-$budget.json"
done
check "ResNet-18 as one chip, two images" "identical outputs   2 of 2" chip 600 --images 2 --results "$out/chip-600"
check "ResNet-18 with copies, three images" "identical outputs   3 of 3" chip 1048 --images 3 --results "$out/chip-1048"
check "ResNet-18 through the load port" "as predicted; pixels from cycle" chip 600 --images 1 --set hardware.load_stream=true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
