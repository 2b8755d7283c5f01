#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Mutation test of the RTL blocks: Yosys changes one connection of one cell (inverted, constant, or taken from another
# bit of the port), and the module's testbench (tb/modules) must fail.
#
#   scripts/mutation.sh [-n N] [-s SEED] [-j JOBS] [-o OUT_DIR] [--docs FILE] [FILTER]
#
# N mutants (default 40) for every line of tb/mutation.txt (lines of tb/modules/modules.txt; `core FILE`: 2 N mutants of a
# whole core of that configuration, which plays recorded vectors), drawn by Yosys `mutate` with SEED (default 1). All
# mutants of a line are compiled into one model with a selector, which 0 leaves without a mutant: the testbench must then
# pass. A mutant that survives three seeds of the testbench is compared with the module by a proof over all input
# sequences: equivalent, or survived.
# Verdicts, one per line, in OUT_DIR/LINE/verdicts.txt: mutant, killed | equivalent | survived, change, source line.
# Resumable: a mutant with a verdict is not run again. FILTER is a regular expression on "module parameters".
# Summary with the survivors: OUT_DIR/summary.txt. Exit code 1 below 95 % killed of those not proven equivalent.
# --docs puts its table between the markers of a Markdown file.
# Environment: EPIM_LIMIT (seconds for one proof, default 60).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
count=40 seed=1 out=out/mutation docs='' filter=. jobs=$(nproc 2> /dev/null || echo 1)
usage() { sed -n '7,19s/^# \{0,1\}//p' "$0"; exit 2; }
one=
[[ ${1:-} != --one ]] || { one=$2; shift 2; }
while [[ $# -gt 0 ]]; do
  case $1 in
    -n) [[ $# -ge 2 ]] || usage; count=$2; shift 2 ;;
    -s) [[ $# -ge 2 ]] || usage; seed=$2; shift 2 ;;
    -j) [[ $# -ge 2 ]] || usage; jobs=$2; shift 2 ;;
    -o) [[ $# -ge 2 ]] || usage; out=$2; shift 2 ;;
    --docs) [[ $# -ge 2 ]] || usage; docs=$(realpath "$2"); shift 2 ;;
    -*) usage ;;
    *) filter=$1; shift ;;
  esac
done
yosys=${YOSYS:-yosys}
limit=${EPIM_LIMIT:-60}
for tool in yosys verilator; do
  command -v $tool > /dev/null || { echo "missing tool: $tool: install Debian package $tool"; exit 3; }
done
[[ -x build/gen/command/epim ]] || scripts/build.sh run
mkdir -p "$out"
out=$(cd "$out" && pwd)
pkg=$out/packages/rtl
[[ -f $pkg/epim_regs_pkg.sv ]] || build/gen/command/epim gen --config configs/named/xb16.toml --out "$out/packages" > /dev/null

# settings WORDS: what chparam takes, which is no negative number. (hierarchy -chparam fails on some of the modules that
# hold a memory.)
settings() {
  local word value
  for word in "$@"; do
    value=${word#*=}
    if [[ $value == -* ]]; then value=$(printf "32'sh%08x" $((value & 0xffffffff))); fi
    if [[ $word == *=* ]]; then printf ' -set %s %s' "${word%%=*}" "$value"; fi
  done
}

# mutants WORK MODULE WORDS...: base.il, list.txt, rtl/ with the mutated module, a model of it in WORK/build.
mutants() {
  local work=$1 module=$2
  shift 2
  mkdir -p "$work/rtl"
  cp rtl/*.sv rtl/blocks.txt "$work/rtl/"
  local sources=("$pkg/epim_pkg.sv" "$pkg/epim_regs_pkg.sv" "$pkg/epim_events_pkg.sv") block
  while read -r block _; do
    [[ -z $block || $block == \#* || $block == epim_pkg || $block == epim_core || $block == "$module" ]] \
      || sources+=("rtl/$block.sv")
  done < rtl/blocks.txt
  # An instance is part of the module, its cells are mutated too; but not the PE's crossbar, which would take all mutants.
  local draw=$count
  [[ $module != epim_pe ]] || draw=$((40 * count))
  "$yosys" -q -p "read_verilog -sv -defer ${sources[*]}; read_verilog -sv $pkg/epim_pkg.sv $pkg/epim_regs_pkg.sv \
                  $pkg/epim_events_pkg.sv rtl/$module.sv
                  chparam$(settings "$@") $module; hierarchy -check -top $module; proc; flatten
                  opt_expr; opt_clean; rename -top $module; write_rtlil $work/base.il
                  mutate -list $draw -seed $seed -ctrl mutsel 16 1 -o $work/drawn.txt"
  awk -v count="$count" '!/u_crossbar/ && n < count { sub(/mutsel 16 [0-9]+/, "mutsel 16 " ++n); print }' "$work/drawn.txt" \
    > "$work/list.txt"
  "$yosys" -q -p "read_rtlil $work/base.il; script $work/list.txt; delete -input w:mutsel; write_verilog -noattr $work/mutated.v"
  # The netlist takes the parameters it was made with, and ignores them.
  local parameters='' word
  for word in "$@"; do [[ $word == *=* ]] && parameters+="${parameters:+, }parameter ${word%%=*} = 0"; done
  {
    echo '/* verilator lint_off DECLFILENAME */'
    sed -e "s/^module $module(/module $module${parameters:+ #($parameters)}(/" \
        -e 's/^  wire \[15:0\] mutsel;/  reg [15:0] mutsel;\n  initial mutsel = $c16("(std::getenv(\\"EPIM_MUTANT\\") ? std::atoi(std::getenv(\\"EPIM_MUTANT\\")) : 0)");/' \
        "$work/mutated.v"
  } > "$work/rtl/$module.sv"
  # Netlists assign registers of any width: Verilator's style warnings mean nothing here. Its data-flow optimisation gives
  # wrong values for some of them (5.006; right with -fno-dfg, right in Yosys' eval).
  EPIM_RTL=$work/rtl VERILATOR_EXTRA="-Wno-fatal -fno-dfg" tb/modules/run.sh "$work/build" "$pkg" -j 1 "^$(printf '%s' "$module $*" | sed 's/[][\.*^$]/\\&/g')\$" \
    > "$work/build.log" 2>&1
}

# core WORK CONFIG: the same of a whole core, flat, as gates, constants folded (with tables in ROM the layer is fixed, so no
# gate is left that only another layer would use);
# WORK/build/test plays the vectors of the Icarus runs (tb/subset), two different frames, twice, with a write to every
# register between, into a Verilator model, with and without stalls by the seed, and compares every output beat with the
# golden model's; cycles, write responses and register reads with those without a mutant.
core() {
  local work=$1 config=$2 files writes words beats in_width out_width
  mkdir -p "$work/build"
  build/gen/command/epim gen --config "$config" --out "$work/gen" > /dev/null
  build/tb/subset/epim_stimulus "$config" "$work/vectors" 2 > /dev/null
  cat "$work/vectors/expected.hex" "$work/vectors/expected.hex" > "$work/expected.hex"
  read -r writes words beats in_width out_width _ < "$work/vectors/counts.txt"
  mapfile -t files < <(grep -v '^//' "$work/gen/epim.f")
  (
    cd "$work/gen"
    "$yosys" -q -p "read_verilog -sv -defer ${files[*]}; hierarchy -check -top epim_top; proc; flatten
                    opt -full; wreduce; peepopt; opt_clean; memory; opt -full; techmap; opt -full; opt_clean
                    write_rtlil $work/base.il; mutate -list $((3 * count)) -seed $seed -ctrl mutsel 16 1 -o $work/drawn.txt
                    select -write $work/initialised.txt a:init %ci1:+[Q] t:* %i"
    # The initial value stays with the wire when mutate takes it from the register, also when the mutant is not selected.
    awk -v count=$((2 * count)) 'FILENAME ~ /initialised.txt$/ { kept[$1]; next }
      { for (i = 1; i < NF; ++i) if ($i == "-cell" && "epim_top/" $(i + 1) in kept && /-port Q /) next }
      n < count { sub(/mutsel 16 [0-9]+/, "mutsel 16 " ++n); print }' "$work/initialised.txt" "$work/drawn.txt" > "$work/list.txt"
    "$yosys" -q -p "read_rtlil $work/base.il; script $work/list.txt; delete -input w:mutsel; write_verilog -noattr $work/mutated.v"
  )
  sed -i 's/^  wire \[15:0\] mutsel;/  reg [15:0] mutsel;\n  initial if (!$value$plusargs("mutant=%d", mutsel)) mutsel = 0;/' "$work/mutated.v"
  verilator --binary --timing -Wno-fatal -fno-dfg -O3 --x-initial unique --top-module icarus_tb -GInW="$in_width" -GOutW="$out_width" \
    -GWrites="$writes" -GWords="$words" -GBeats="$beats" --Mdir "$work/build/obj" -o sim "$work/mutated.v" \
    tb/subset/icarus_tb.sv tb/protocol/*.sv > "$work/build.log" 2>&1
  cat > "$work/build/test" << END
#!/bin/sh
# stalls 0, 20, 40 % for seeds 1, 2, 3
$work/build/obj/sim +mutant=\${EPIM_MUTANT:-0} +writes=$work/vectors/writes.hex +stream=$work/vectors/stream.hex \\
  +captured=$work/captured.hex +stalls=\$((\${EPIM_SEED:-1} * 20 - 20)) +seed=\${EPIM_SEED:-1} +rounds=3 > $work/sim.log || exit 1
grep -q '^PASS' $work/sim.log && ! grep -qE '^(FAIL|ERROR)' $work/sim.log && cmp -s $work/captured.hex $work/expected.hex || exit 1
grep '^PASS' $work/sim.log > $work/pass
[ \${EPIM_MUTANT:-0} != 0 ] || cp $work/pass $work/pass.\${EPIM_SEED:-1}
cmp -s $work/pass $work/pass.\${EPIM_SEED:-1}
END
  chmod +x "$work/build/test"
  local s
  for s in 1 2 3; do EPIM_SEED=$s EPIM_MUTANT=0 "$work/build/test" || return 1; done
}

# equivalent WORK LINE: 0 if the mutant of this line of list.txt is proven to change no output: property-directed
# reachability on both side by side, from the state after reset (registers without reset at zero), any inputs.
equivalent() {
  local prepare='memory -nomap; memory_map' gates='opt -full -noff; techmap; opt -noff; dffunmap'
  if [[ $(basename "$1") == core_* ]]; then prepare='opt_clean' gates='dffunmap'; fi
  if grep -qE '^  wire input [0-9]+ \\rst_ni$' "$1/base.il"; then
    prepare+='; sim -q -clock clk_i -resetn rst_ni -rstlen 2 -n 2 -zinit -w'
  fi
  sed -n "$2p" "$1/list.txt" | sed 's/-ctrl mutsel 16 [0-9]*//' > "$1/one.txt"
  timeout -k 5 "$limit" "$yosys" -q -p "
    read_rtlil $1/base.il; script $1/one.txt; $prepare; async2sync; opt_clean; rename -top gate; write_rtlil $1/gate.il; design -reset
    read_rtlil $1/base.il; $prepare; async2sync; opt_clean; rename -top gold; read_rtlil $1/gate.il
    miter -equiv -flatten gold gate miter; hierarchy -top miter; setundef -undriven -init -zero; setattr -unset keep
    $gates; simplemap; aigmap; opt_clean; write_aiger -zinit $1/miter.aig" > "$1/proof.log" 2>&1 || return 1
  timeout -k 5 "$limit" "$yosys-abc" -c "read_aiger $1/miter.aig; strash; scorr; pdr" >> "$1/proof.log" 2>&1 || return 1
  grep -q 'Property proved' "$1/proof.log"
}

# verdict WORK TEST LIMIT NUMBER: killed, equivalent or survived.
verdict() {
  local s
  for s in 1 2 3; do
    if ! (cd "$(dirname "$2")" && EPIM_SEED=$s EPIM_STOP_AT_FIRST=1 EPIM_MUTANT=$4 timeout -k 5 "$3" ./test) \
         > "$1/run.log" 2>&1; then
      echo killed
      return
    fi
  done
  if equivalent "$1" "$4"; then echo equivalent; else echo survived; fi
}

# line LINE: every mutant of a line of tb/mutation.txt.
line() {
  local line=$1 words work test total base change source result i start=$SECONDS
  # shellcheck disable=SC2206
  words=($line)
  work=$out/$(printf '%s' "$line" | tr -c 'A-Za-z0-9_' '_')
  if [[ ! -f $work/ready ]]; then
    rm -rf "$work"
    if ! if [[ ${words[0]} == core ]]; then core "$work" "${words[1]}"; else mutants "$work" "${words[@]}"; fi; then
      echo "FAILED $line: the model with the selector at 0 does not build or does not pass" | tee "$work/broken"
      tail -n 5 "$work/build.log" || true
      return
    fi
    touch "$work/ready" "$work/verdicts.txt"
  fi
  test=$(find "$work/build" -name test -type f | head -n 1)
  total=$(wc -l < "$work/list.txt")
  # Seconds of the test without a mutant; a mutant that takes twenty times as long hangs.
  base=$(TIMEFORMAT=%U; { time (cd "$(dirname "$test")" && EPIM_SEED=1 ./test > /dev/null 2>&1); } 2>&1)
  base=$(awk -v b="$base" 'BEGIN { printf "%d", 20 * b + 5 }')
  for ((i = $(wc -l < "$work/verdicts.txt") + 1; i <= total; i++)); do
    change=$(sed -n "${i}p" "$work/list.txt" | sed 's/-ctrl mutsel 16 [0-9]* *//; s/ -src .*//; s/^mutate //')
    source=$(sed -n "${i}p" "$work/list.txt" | grep -oE -- "-src [^ ]*${words[0]}\.sv:[0-9]+" | head -n 1 | sed 's/-src //' || true)
    result=$(verdict "$work" "$test" "$base" "$i")
    echo "$i $result $change ${source:-}" >> "$work/verdicts.txt"
  done
  echo "$line: $(grep -c ' killed ' "$work/verdicts.txt" || true) killed," \
    "$(grep -c ' equivalent ' "$work/verdicts.txt" || true) equivalent," \
    "$(grep -c ' survived ' "$work/verdicts.txt" || true) survived; $((SECONDS - start)) s"
}

if [[ -n $one ]]; then
  line "$one"
  exit 0
fi
lines=()
known=$(grep -Ev '^(#|$)' tb/modules/modules.txt | tr -s ' ')
while IFS= read -r text; do
  [[ $text == "core "* ]] || grep -qxF -- "$text" <<< "$known" \
    || { echo "tb/mutation.txt: not a line of tb/modules/modules.txt: $text"; exit 2; }
  lines+=("$text")
done < <(grep -Ev '^(#|$)' tb/mutation.txt | tr -s ' ' | grep -E -- "$filter")
printf '%s\0' "${lines[@]}" | xargs -0 -P "$jobs" -I '{}' "$0" --one '{}' -n "$count" -s "$seed" -o "$out" \
  | awk -v n="${#lines[@]}" '{ print; fflush() } / survived; / { printf "%d of %d done\n", ++d, n > "/dev/stderr" }'
broken=$(find "$out" -maxdepth 2 -name broken | wc -l)
awk '
  { name = FILENAME; sub(/\/verdicts.txt$/, "", name); sub(/.*\//, "", name); change = $0
    sub(/^[0-9]+ [a-z]+ /, "", change)
    module = name ~ /^core_/ ? name : match(name, /^epim_[a-z]+(_[a-z]+)*/) ? substr(name, RSTART, RLENGTH) : name
    n[module, $2]++; all[$2]++; seen[module] = 1
    if ($2 == "survived") printf "survived: %s mutant %d: %s\n", name, $1, change }
  END { for (m in seen) printf "%s | %d | %d | %d\n", m, n[m, "killed"], n[m, "equivalent"], n[m, "survived"]
        k = all["killed"]; s = all["survived"]
        printf "~%d mutants: %d killed, %d proven equivalent, %d survived; killed of the others %.1f %%\n",
          k + s + all["equivalent"], k, all["equivalent"], s, 100 * k / (k + s > 0 ? k + s : 1) }' \
  "$out"/*/verdicts.txt | sort | sed 's/^~//' | tee "$out/summary.txt"
if [[ -n $docs ]]; then
  { printf '| block | killed | proven equivalent | survived |\n|---|---:|---:|---:|\n'
    sed -n 's/^\([^: ]*\) | \(.*\)/| `\1` | \2 |/p' "$out/summary.txt"
    printf '\n%s, with seed %s.\n' "$(tail -n 1 "$out/summary.txt")" "$seed"; } > "$out/table.md"
  sed -i -e "/<!-- table -->/r $out/table.md" -e '/<!-- table -->/,/<!-- end of table -->/{/<!--/!d}' "$docs"
fi
rate=$(tail -n 1 "$out/summary.txt" | sed 's/.* \([0-9.]*\) %$/\1/')
[[ $broken == 0 ]] && awk -v r="$rate" 'BEGIN { exit !(r >= 95) }'
