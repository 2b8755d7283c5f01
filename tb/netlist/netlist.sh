# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of this folder that simulate netlists: tools, result lines, a core's netlist in Icarus Verilog.
# Environment: YOSYS, IVERILOG, VVP (programs), EPIM_SEED (of the stalls, default 1), EPIM_STALLS (percentage, default 20).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
yosys=${YOSYS:-yosys}
iverilog=${IVERILOG:-iverilog}
vvp=${VVP:-vvp}
seed=${EPIM_SEED:-1}
stalls=${EPIM_STALLS:-20}
for tool in "yosys $yosys" "iverilog $iverilog" "iverilog $vvp"; do
  command -v "${tool#* }" > /dev/null || { echo "missing tool: ${tool#* }: install Debian package ${tool% *}"; exit 3; }
done
passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok     $1"; }
# bad TITLE < LOG
bad() { failed=$((failed + 1)); echo "FAILED $1"; tail -n 20 | sed 's/^/    /'; }

# simulate NAME WORK FILES...: 0 if every beat equals; the reason is in WORK/NAME.log.
simulate() {
  local name=$1 work=$2 writes words beats in_width out_width
  shift 2
  read -r writes words beats in_width out_width _ < "$work/vectors/counts.txt"
  rm -f "$work/$name.hex"
  "$iverilog" -g2012 -s icarus_tb "-Picarus_tb.InW=$in_width" "-Picarus_tb.OutW=$out_width" \
    "-Picarus_tb.Writes=$writes" "-Picarus_tb.Words=$words" "-Picarus_tb.Beats=$beats" -o "$work/$name.vvp" \
    "$@" "$root/tb/subset/icarus_tb.sv" "$root"/tb/protocol/*.sv > "$work/$name.log" 2>&1 || return 1
  timeout 3600 "$vvp" -n "$work/$name.vvp" "+writes=$work/vectors/writes.hex" "+stream=$work/vectors/stream.hex" \
    "+captured=$work/$name.hex" "+stalls=$stalls" "+seed=$seed" > "$work/$name.log" 2>&1 || return 1
  grep -q '^PASS' "$work/$name.log" && ! grep -qE '^(FAIL|ERROR)' "$work/$name.log" || return 1
  diff "$work/$name.hex" "$work/vectors/expected.hex" > "$work/$name.log" 2>&1
}
