#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Mutation test of the RTL blocks: Yosys changes one connection of one cell (inverted, constant, or taken from another
# bit of the port), and the module's testbench (tb/modules) must fail.
#
#   scripts/mutation.sh [-n N] [-s SEED] [-o OUT_DIR] [FILTER]
#
# N mutants per line of modules.txt (default 20; 54 lines), drawn by Yosys `mutate` with SEED (default 1). All mutants of
# a line are compiled into one model with a selector, which 0 leaves without a mutant: the testbench must then pass. A
# mutant that survives is compared with the module by Yosys' equivalence proof: equivalent, or open.
# Verdicts, one per line, in OUT_DIR/LINE/verdicts.txt: mutant, killed | equivalent | survived, change, source line.
# Resumable: a mutant with a verdict is not run again. FILTER is a regular expression on "module parameters".
# The last lines are the totals and "N passed, M failed" (failed: mutants that survive and are not proven equivalent).
# Environment: EPIM_SEED (of the testbenches), EPIM_LIMIT (CPU seconds for one test, default 120; for one proof, twice that).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
count=20 seed=1 out=out/mutation filter=.
usage() { sed -n '7,18s/^# \{0,1\}//p' "$0"; exit 2; }
while [[ $# -gt 0 ]]; do
  case $1 in
    -n) [[ $# -ge 2 ]] || usage; count=$2; shift 2 ;;
    -s) [[ $# -ge 2 ]] || usage; seed=$2; shift 2 ;;
    -o) [[ $# -ge 2 ]] || usage; out=$2; shift 2 ;;
    -*) usage ;;
    *) filter=$1; shift ;;
  esac
done
yosys=${YOSYS:-yosys}
limit=${EPIM_LIMIT:-120}
for tool in yosys verilator; do
  command -v $tool > /dev/null || { echo "missing tool: $tool: install Debian package $tool"; exit 3; }
done
[[ -x build/gen/command/epim ]] || scripts/build.sh run
mkdir -p "$out"
out=$(cd "$out" && pwd)
pkg=$out/packages/rtl
[[ -f $pkg/epim_regs_pkg.sv ]] || build/gen/command/epim gen --config configs/named/xb16.toml --out "$out/packages" > /dev/null

# settings WORDS: what chparam takes. (hierarchy -chparam fails on some of the modules that hold a memory.)
settings() {
  local word
  for word in "$@"; do
    if [[ $word == *=* ]]; then printf ' -set %s %s' "${word%%=*}" "${word#*=}"; fi
  done
}

# mutants WORK MODULE WORDS...: base.il, list.txt, rtl/ with the mutated module, a model of it in WORK/build.
mutants() {
  local work=$1 module=$2
  shift 2
  mkdir -p "$work/rtl"
  cp rtl/*.sv rtl/blocks.txt "$work/rtl/"
  local sources=("$pkg/epim_pkg.sv" "$pkg/epim_regs_pkg.sv" "$pkg/epim_events_pkg.sv") block
  while read -r block; do
    [[ -z $block || $block == \#* || $block == epim_pkg || $block == epim_core || $block == "$module" ]] \
      || sources+=("rtl/$block.sv")
  done < rtl/blocks.txt
  # An instance is part of the module: its cells are mutated too.
  "$yosys" -q -p "read_verilog -sv -defer ${sources[*]}; read_verilog -sv $pkg/epim_pkg.sv $pkg/epim_regs_pkg.sv \
                  $pkg/epim_events_pkg.sv rtl/$module.sv
                  chparam$(settings "$@") $module; hierarchy -check -top $module; proc; flatten
                  opt_clean; rename -top $module; write_rtlil $work/base.il
                  mutate -list $count -seed $seed -ctrl mutsel 16 1 -o $work/list.txt; script $work/list.txt
                  delete -input w:mutsel; write_verilog -noattr $work/mutated.v"
  local parameters='' word
  for word in "$@"; do [[ $word == *=* ]] && parameters+="${parameters:+, }parameter ${word%%=*} = 0"; done
  {
    echo '/* verilator lint_off DECLFILENAME */'
    sed -e "s/^module $module(/module $module${parameters:+ #($parameters)}(/" \
        -e 's/^  wire \[15:0\] mutsel;/  reg [15:0] mutsel;\n  initial mutsel = $c16("(std::getenv(\\"EPIM_MUTANT\\") ? std::atoi(std::getenv(\\"EPIM_MUTANT\\")) : 0)");/' \
        "$work/mutated.v"
  } > "$work/rtl/$module.sv"
  # Netlists assign registers of any width: Verilator's style warnings mean nothing here.
  EPIM_RTL=$work/rtl VERILATOR_EXTRA="-Wno-fatal" tb/modules/run.sh "$work/build" "$pkg" -j 1 "^$(printf '%s' "$module $*" | sed 's/[][\.*^$]/\\&/g')\$" \
    > "$work/build.log" 2>&1
}

# equivalent WORK MODULE LINE: 0 if the mutant of this line of list.txt is proven to change nothing.
equivalent() {
  sed -n "$3p" "$1/list.txt" | sed 's/-ctrl mutsel 16 [0-9]*//' > "$1/one.txt"
  (ulimit -t "$((2 * limit))"; "$yosys" -q -p "
    read_rtlil $1/base.il; script $1/one.txt; memory -nomap; memory_map; opt_clean; async2sync; rename -top gate
    write_rtlil $1/gate.il; design -reset
    read_rtlil $1/base.il; memory -nomap; memory_map; opt_clean; async2sync; rename -top gold; read_rtlil $1/gate.il
    equiv_make gold gate equiv; hierarchy -top equiv; opt_clean; equiv_simple -undef; equiv_induct -undef -seq 5
    equiv_status -assert") > "$1/proof.log" 2>&1
}

lines=()
while IFS= read -r line; do lines+=("$line"); done < <(grep -Ev '^(#|$)' tb/modules/modules.txt | tr -s ' ' \
  | grep -Ev '^epim_pkg|InitFile' | grep -E -- "$filter")
start=$SECONDS
broken=0
for n in "${!lines[@]}"; do
  line=${lines[n]}
  # shellcheck disable=SC2206
  words=($line)
  work=$out/$(printf '%s' "$line" | tr -c 'A-Za-z0-9_' '_')
  if [[ ! -f $work/ready ]]; then
    rm -rf "$work"
    if ! mutants "$work" "${words[@]}"; then
      echo "FAILED $line: the model with the selector at 0 does not build or does not pass" >&2
      tail -n 5 "$work/build.log" >&2 || true
      broken=$((broken + 1))
      continue
    fi
    touch "$work/ready" "$work/verdicts.txt"
  fi
  test=$(find "$work/build" -name test -type f | head -n 1)
  total=$(wc -l < "$work/list.txt")
  done_already=$(wc -l < "$work/verdicts.txt")
  for ((i = done_already + 1; i <= total; i++)); do
    change=$(sed -n "${i}p" "$work/list.txt" | sed 's/-ctrl mutsel 16 [0-9]* *//; s/ -src .*//; s/^mutate //')
    source=$(sed -n "${i}p" "$work/list.txt" | grep -oE -- "-src [^ ]*${words[0]}\.sv:[0-9]+" | head -n 1 | sed 's/-src //')
    if (ulimit -t "$limit"; cd "$(dirname "$test")" && EPIM_MUTANT=$i timeout "$((20 * limit))" ./test) > "$work/run.log" 2>&1; then
      if equivalent "$work" "${words[0]}" "$i"; then verdict=equivalent; else verdict=survived; fi
    else
      verdict=killed
    fi
    echo "$i $verdict $change ${source:-}" >> "$work/verdicts.txt"
  done
  echo "$((n + 1)) of ${#lines[@]}: $line: $(grep -c ' killed ' "$work/verdicts.txt" || true) killed," \
    "$(grep -c ' equivalent ' "$work/verdicts.txt" || true) equivalent," \
    "$(grep -c ' survived ' "$work/verdicts.txt" || true) survived; $((SECONDS - start)) s," \
    "about $(((SECONDS - start) * (${#lines[@]} - n - 1) / (n + 1))) s left" >&2
done
killed=$(cat "$out"/*/verdicts.txt 2> /dev/null | grep -c ' killed ' || true)
equivalent=$(cat "$out"/*/verdicts.txt 2> /dev/null | grep -c ' equivalent ' || true)
survived=$(cat "$out"/*/verdicts.txt 2> /dev/null | grep -c ' survived ' || true)
grep -sH ' survived ' "$out"/*/verdicts.txt | sed "s|^$out/||; s|/verdicts.txt:| |" || true
echo "$((killed + equivalent + survived)) mutants: $killed killed, $equivalent equivalent, $survived survived;" \
  "kill rate of the others $(awk -v k="$killed" -v s="$survived" 'BEGIN { printf "%.1f", 100 * k / (k + s > 0 ? k + s : 1) }') %"
echo "$((killed + equivalent)) passed, $((survived + broken)) failed"
[[ $survived == 0 && $broken == 0 && $killed -gt 0 ]]
