#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Bitstreams and resource reports of docs/fpga.md, and an image through the simulated board.
#   scripts/fpga.sh [OUT_DIR]      default out/fpga
# iCE40: to a bitstream. ECP5 and 7 series: synthesis, and place and route where nextpnr is installed.
set -u
cd "$(dirname "$0")/.." || exit 4
scripts/setup.sh fpga || exit $?
scripts/build.sh run || exit $?
out=${1:-out/fpga}
epim=build/gen/command/epim
failed=0
# one NAME OPTION...: continues after a configuration that does not fit.
one() {
  local name=$1
  shift
  echo "== $name"
  "$epim" fpga "$@" --out "$out/$name" || failed=$?
}
digits=configs/fpga/digits_small.toml
one hx8k --config $digits --board hx8k --min-fmax 70 --seeds 4
one hx8k-self-test --config configs/fpga/self_test.toml --board hx8k --self-test
one icebreaker --config configs/fpga/up5k.toml --board icebreaker
one ulx3s --config $digits --board ulx3s
one arty_a7 --config $digits --board arty_a7
echo "== simulated board"
"$epim" host --config $digits --simulate --check || failed=$?
exit "$failed"
