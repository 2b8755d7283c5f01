#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# A missing tool: exit code 3 and the name of its Debian package, for the commands and every script that needs tools.
# usage: tb/rejected/missing_tools.sh EPIM WORK_DIR
# Every command runs with a PATH that holds the programs named and the shell's own helpers, no others.
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
cd "$(dirname "$0")/../.." || exit 4
passed=0 failed=0
# expect PACKAGE "PROGRAM..." COMMAND...
expect() {
  local package=$1 tools=$2 text code tool
  shift 2
  rm -rf "$work/bin"
  mkdir -p "$work/bin"
  for tool in bash sh env cat sed grep awk dirname realpath mkdir tr rm cp find wc sort head tail cut $tools; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool" || { echo "FAILED  no $tool here"; failed=$((failed + 1)); return; }
  done
  text=$(env -i PATH="$work/bin" HOME="$work" "$@" 2>&1 < /dev/null)
  code=$?
  if [ $code = 3 ] && [[ $text =~ package\ $package($|[^a-z0-9-]) ]]; then
    passed=$((passed + 1))
    echo "ok      $package: ${*:1:2}: $text"
  else
    failed=$((failed + 1))
    echo "FAILED  $package: $*: exit code $code:"
    printf '%s\n' "$text" | head -n 5 | sed 's/^/          /'
  fi
}
osu=$work/some.lib
cat > "$osu" << 'END'
library(some) { cell(N) { area : 1; pin(A) { direction : input; } pin(B) { direction : input; }
  pin(Y) { direction : output; function : "!(A B)"; } }
  cell(Q) { area : 4; ff(I, J) { next_state : "D"; clocked_on : "C"; } pin(C) { direction : input; }
  pin(D) { direction : input; } pin(Q) { direction : output; function : "I"; } } }
END
named=configs/named/xb16.toml
expect yosys '' "$epim" synth --config $named --out "$work/out"
expect opensta yosys "$epim" synth --config $named --out "$work/out" --timing --liberty "$osu"
# Found missing in a worker thread.
run=(run digits --design none --crossbar 64x64 -w 5 -a 8 --lanes 8 --out "$work/out")
expect verilator '' EPIM_CACHE="$work/models" "$epim" verify $named --jobs 2
expect g++ 'verilator perl' EPIM_CACHE="$work/models" "$epim" verify $named --jobs 2
expect verilator patch "$epim" bugs 1 --cache "$work/models" --jobs 2
expect patch '' "$epim" bugs 1 --cache "$work/models"
expect verilator '' EPIM_CACHE="$work/models" "$epim" "${run[@]}" --jobs 2
expect verilator '' EPIM_CACHE="$work/models" "$epim" sim --config $named
expect yosys '' bash scripts/formal.sh
expect z3 'yosys yosys-abc yosys-smtbmc patch' bash scripts/formal.sh '^reset-sync$'
expect yosys '' bash scripts/mutation.sh
expect verilator yosys bash scripts/mutation.sh
expect verilator '' bash scripts/coverage.sh --report
expect yosys '' bash tb/netlist/equivalence.sh "$work" "$work/out"
expect yosys '' bash tb/netlist/expressions.sh "$work/out"
expect iverilog yosys bash tb/netlist/expressions.sh "$work/out"
expect chromium '' bash tb/report/run.sh "$epim" "$work/report"
expect yosys '' bash scripts/newer_yosys.sh
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
