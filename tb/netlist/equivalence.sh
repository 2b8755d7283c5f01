#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Proves that the netlists of leaf modules equal their RTL, with Yosys (equiv_make, equiv_simple, equiv_induct).
#
#   equivalence.sh PKG_DIR OUT_DIR [FILTER]
#
# PKG_DIR holds the generated packages (OUT/rtl of `epim gen`). Every line of leafs.txt is synthesised as `epim synth`
# does it, to the cells of constraints/epim_ge.lib; registers are paired by name, every other pair of equal names and
# every output must be proven equal for all inputs and all states that induction reaches. Memories become registers on
# both sides. Then one gate of every netlist is exchanged: the proof must fail.
# One line per module; the last line is "N passed, M failed". Environment: YOSYS, EPIM_LIMIT (seconds, default 120).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
yosys=${YOSYS:-yosys}
limit=${EPIM_LIMIT:-120}
usage() { sed -n '4,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
[[ $# -ge 2 ]] || usage
command -v "$yosys" > /dev/null || { echo "missing tool: $yosys: install Debian package yosys"; exit 3; }
pkg=$(realpath "$1")
mkdir -p "$2"
out=$(cd "$2" && pwd)
filter=${3:-.}
passed=0 failed=0
gates='opt -nodffe -nosdff; wreduce; peepopt; opt_clean; alumacc; opt -nodffe -nosdff; opt -fast -full -nodffe -nosdff
       techmap; opt -fast -nodffe -nosdff'

# prove WORK NETLIST: gold.il against the netlist.
prove() {
  timeout -k 5 "$limit" "$yosys" -q -p "
    read_rtlil $1/gold.il; rename -top gold; async2sync
    design -save both
    design -reset; read_verilog $2 $root/constraints/epim_ge.v; hierarchy -top $3; proc; flatten; opt_clean; rename -top gate; async2sync
    write_rtlil $1/gate.il
    design -load both; read_rtlil $1/gate.il
    equiv_make gold gate equiv; hierarchy -top equiv; opt_clean
    equiv_simple -undef; equiv_induct -undef -seq 5; equiv_status -assert" > "$1/prove.log" 2>&1
}

while read -r module parameters; do
  [[ -z $module || $module == \#* ]] && continue
  [[ "$module $parameters" =~ $filter ]] || continue
  work=$out/$(tr -c 'A-Za-z0-9_\n' '_' <<< "$module $parameters")
  mkdir -p "$work"
  chparam=
  for p in $parameters; do chparam+=" -set ${p%%=*} ${p#*=}"; done
  sources="$pkg/epim_pkg.sv $pkg/epim_regs_pkg.sv $pkg/epim_events_pkg.sv"
  for part in epim_ram epim_table epim_serial_mul; do [[ $module == "$part" ]] || sources+=" $root/rtl/$part.sv"; done
  start=$SECONDS
  if ! "$yosys" -q -p "
      read_verilog -sv $sources $root/rtl/$module.sv
      chparam$chparam $module; hierarchy -check -top $module; proc; flatten; memory -nomap; memory_map; opt_clean; rename -top $module
      write_rtlil $work/gold.il
      $gates; dfflibmap -liberty $root/constraints/epim_ge.lib; opt_clean; abc -liberty $root/constraints/epim_ge.lib
      opt_clean; write_verilog -noattr $work/gate.v" > "$work/synth.log" 2>&1; then
    failed=$((failed + 1))
    echo "FAILED $module $parameters: synthesis"
    tail -n 5 "$work/synth.log" | sed 's/^/    /'
    continue
  fi
  if prove "$work" "$work/gate.v" "$module"; then
    passed=$((passed + 1))
    echo "ok     $module $parameters: proven, $((SECONDS - start)) s"
  else
    failed=$((failed + 1))
    echo "FAILED $module $parameters: not proven, $((SECONDS - start)) s"
    tail -n 5 "$work/prove.log" | sed 's/^/    /'
    continue
  fi
  # The middle NAND2 becomes a NOR2.
  count=$(grep -c '^ *NAND2 ' "$work/gate.v" || true)
  [[ $count -gt 0 ]] || continue
  awk -v at="$(((count + 1) / 2))" '/^ *NAND2 / && ++n == at { sub("NAND2 ", "NOR2 ") } { print }' "$work/gate.v" > "$work/broken.v"
  if prove "$work" "$work/broken.v" "$module"; then
    failed=$((failed + 1))
    echo "FAILED $module $parameters: the broken netlist is proven"
  elif ! grep -q 'unproven' "$work/prove.log"; then
    failed=$((failed + 1))
    echo "FAILED $module $parameters: the broken netlist gives no verdict"
    tail -n 5 "$work/prove.log" | sed 's/^/    /'
  else
    passed=$((passed + 1))
    echo "ok     $module $parameters: broken netlist is not proven"
  fi
done < "$here/leafs.txt"
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
