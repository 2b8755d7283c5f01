#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Formal proofs of the leaf blocks, unbounded in time: tb/formal/proofs.txt.
#
#   scripts/formal.sh [--proofs | --broken] [-j N] [--limit SECONDS] [--docs FILE] [FILTER]
#
#   (nothing)  every proof, its covers, and its broken variants
#   --proofs   without the broken variants
#   --broken   the broken variants alone: each must be refuted
#   -j N       proofs at a time (default: number of cores)
#   --limit    CPU seconds of one solver run (default 150)
#   --docs     put the table between the markers of this Markdown file
#   FILTER     regular expression on the name of a proof
#
# Example: scripts/formal.sh --proofs '^addr-ctrl'
# Output: a table, build/formal/results.txt and build/formal/results.json; tool output in build/formal/NAME.log.
# Environment: EPIM_RTL (folder of the modules, default rtl/), EPIM_FORMAL (working folder, default build/formal).
# Exit codes: 0 all proven, covered and refuted; 1 not all; 2 wrong use; 3 a tool is missing (its Debian package named).
set -uo pipefail
self=$(realpath "${BASH_SOURCE[0]}")
root=$(cd "$(dirname "$self")/.." && pwd)
rtl=${EPIM_RTL:-$root/rtl}
out=${EPIM_FORMAL:-$root/build/formal}
tb=$root/tb/formal

usage() { sed -n '5,21p' "$self" | sed 's/^# \{0,1\}//'; exit "$1"; }
trim() { local s=$1; s=${s#"${s%%[![:space:]]*}"}; printf '%s' "${s%"${s##*[![:space:]]}"}"; }

# model NAME RTL_FOLDER COVER: reads, flattens and writes NAME.aig; COVER=1: the covers as refutable assertions.
model() {
  local name=$1 from=$2 cover=$3 block word set='' files
  files=$from/epim_pkg.sv
  for block in $blocks; do files+=" $from/$block.sv"; done
  for word in $parameters; do set+=" -chparam ${word%%=*} ${word#*=}"; done
  {
    echo "read_verilog -sv -formal -defer $files $tb/reset_once.sv $tb/$wrapper.sv"
    echo "hierarchy -check$set -top proof"
    echo "prep -flatten -nordff -top proof; check -assert"
    echo "async2sync; formalff -clk2ff -ff2anyinit; memory_map; formalff -clk2ff -ff2anyinit; opt_clean"
    echo "setundef -undriven -anyseq"
    echo "write_smt2 -wires $name.smt2"
    if [[ $cover == 1 ]]; then echo "chformal -assert -remove; techmap -map $tb/cover_to_assert.v"
    else echo "chformal -cover -remove"; fi
    echo "setattr -unset keep; delete -output; opt -full -noff; techmap; opt_clean"
    echo "formalff -anyinit2ff -fine; abc -g AND -fast; opt_clean"
    echo "write_aiger -I -B -zinit $name.aig"
  } > "$name.ys"
  yosys -q "$name.ys"
}

# One line of proofs.txt, MODE all|proofs|broken. Leaves one tab-separated line in NAME.result.
one() {
  local mode=$1 limit=$2 line=$3 name wrapper blocks parameters depth broken what
  IFS='|' read -r name wrapper blocks parameters depth broken what <<< "$line"
  name=$(trim "$name") wrapper=$(trim "$wrapper") blocks=$(trim "$blocks") parameters=$(trim "$parameters")
  depth=$(trim "$depth") broken=$(trim "$broken") what=$(trim "$what")
  cd "$out" || exit 4
  local log=$out/$name.log result=- bound=- engine='abc pdr' cover=- refuted=- times before block
  : > "$log"
  ulimit -t "$limit"
  before=$(cpu)
  for block in $blocks; do
    [[ -f $rtl/$block.sv ]] || { result="no $block.sv"; mode=none; }
  done
  if [[ $mode == all || $mode == proofs ]]; then
    result=unknown
    if model "$name" "$rtl" 0 >> "$log" 2>&1; then
      yosys-abc -c "read_aiger $name.aig; print_stats; fold; strash; scorr; print_stats; pdr" >> "$log" 2>&1
      if grep -q 'Property proved' "$log"; then
        result=proven
        # Time frames of the inductive invariant that pdr found and verified.
        bound=$(grep -o 'Invariant F\[[0-9]*\]' "$log" | grep -o '[0-9]*' | tail -n 1)
      elif grep -q 'was asserted in frame' "$log"; then
        result=REFUTED
        bound=$(grep -o 'asserted in frame *[0-9]*' "$log" | grep -o '[0-9]*$' | tail -n 1)
      fi
      if [[ $depth != - ]]; then
        if yosys-smtbmc --noprogress --unroll -s z3 -i -t "$depth" "$name.smt2" >> "$log" 2>&1 \
           && yosys-smtbmc --noprogress --unroll -s z3 -t "$depth" "$name.smt2" >> "$log" 2>&1; then
          engine="abc pdr; z3 induction"
          bound="$bound; $depth"
        else
          result='z3 FAILED'
        fi
      fi
    else
      result='does not read'
    fi
    if model "$name-cover" "$rtl" 1 >> "$log" 2>&1; then
      yosys-abc -c "read_aiger $name-cover.aig; fold; strash; bmc3 -a -F 60" > "$name-cover.out" 2>&1
      cat "$name-cover.out" >> "$log"
      if grep -q 'outputs are found to be SAT' "$name-cover.out" \
         || { grep -q 'was asserted in frame' "$name-cover.out" && grep -q 'with 1 POs\|Output 0' "$name-cover.out" \
              && ! grep -q 'solved' "$name-cover.out"; }; then
        cover="$(grep -c 'was asserted in frame' "$name-cover.out") reached"
      else
        cover="NOT all"
      fi
    fi
  fi
  if [[ $mode == all || $mode == broken ]]; then
    local variant kept=$parameters frames='' copy
    for variant in $broken; do
      parameters=$kept
      copy=$out/$name-broken-rtl
      rm -rf "$copy"
      mkdir "$copy"
      cp "$rtl"/*.sv "$copy"
      if [[ $variant == *=* ]]; then
        parameters="$kept $variant"
      else
        local file=$root/tb/bugs/$variant.patch
        [[ -f $file ]] || file=$tb/broken/$variant.patch
        if ! patch -s -p2 -d "$copy" < "$file" >> "$log" 2>&1; then frames+=" $variant:does-not-apply"; continue; fi
      fi
      echo "== broken: $variant" >> "$log"
      if model "$name-broken" "$copy" 0 >> "$log" 2>&1; then
        yosys-abc -c "read_aiger $name-broken.aig; fold; strash; scorr; pdr" > "$name-broken.out" 2>&1
        cat "$name-broken.out" >> "$log"
        local frame
        frame=$(grep -o 'asserted in frame *[0-9]*' "$name-broken.out" | grep -o '[0-9]*$' | tail -n 1)
        frames+=" $variant:${frame:-SURVIVED}"
      else
        frames+=" $variant:does-not-read"
      fi
    done
    rm -rf "$out/$name-broken-rtl"
    refuted=${frames# }
  fi
  times=$(($(cpu) - before))
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$engine" "$bound" "$result" "$cover" "$times" "$refuted" \
    "$parameters" "$what" > "$name.result"
  printf '%-18s %-14s %-12s %4s s  %s\n' "$name" "$result" "$cover" "$times" "$refuted" >&2
}
# CPU seconds of this shell's finished children.
cpu() { awk '{printf "%d", ($16 + $17) / 100}' "/proc/$$/stat"; }

if [[ ${1:-} == --one ]]; then
  one "$2" "$3" "$4"
  exit 0
fi

mode=all jobs=$(nproc) limit=150 docs='' filter=.
while [[ $# -gt 0 ]]; do
  case $1 in
    --proofs) mode=proofs; shift ;;
    --broken) mode=broken; shift ;;
    -j) [[ $# -ge 2 ]] || usage 2; jobs=$2; shift 2 ;;
    --limit) [[ $# -ge 2 ]] || usage 2; limit=$2; shift 2 ;;
    --docs) [[ $# -ge 2 ]] || usage 2; docs=$(realpath "$2"); shift 2 ;;
    -h | --help) usage 0 ;;
    -*) usage 2 ;;
    *) filter=$1; shift ;;
  esac
done
for need in yosys:yosys yosys-abc:yosys yosys-smtbmc:yosys z3:z3 patch:patch; do
  command -v "${need%%:*}" > /dev/null || {
    echo "formal.sh: ${need%%:*} is not installed; Debian package ${need#*:}" >&2
    exit 3
  }
done

mkdir -p "$out"
export EPIM_RTL=$rtl EPIM_FORMAL=$out
mapfile -t lines < <(grep -v '^#' "$tb/proofs.txt" | awk -F'|' -v f="$filter" '{n=$1; gsub(/ /, "", n)} n ~ f')
[[ ${#lines[@]} -gt 0 ]] || { echo "formal.sh: no proof matches '$filter'" >&2; exit 2; }
rm -f "$out"/*.result
printf '%s\0' "${lines[@]}" | nice -n 15 xargs -0 -P "$jobs" -n 1 "$self" --one "$mode" "$limit"

passed=0 failed=0 results=()
for line in "${lines[@]}"; do
  name=$(trim "${line%%|*}")
  [[ -f $out/$name.result ]] && results+=("$(cat "$out/$name.result")") || results+=("$name	-	-	no result	-	0	-	-	-")
done
{
  printf '%-18s | %-22s | %-6s | %-12s | %-10s | %6s | %s\n' proof engine depth result covers 'CPU s' 'broken variant: refuted in cycle'
  for row in "${results[@]}"; do
    IFS=$'\t' read -r name engine bound result cover times refuted parameters what <<< "$row"
    printf '%-18s | %-22s | %-6s | %-12s | %-10s | %6s | %s\n' "$name" "$engine" "$bound" "$result" "$cover" "$times" "$refuted"
  done
} > "$out/results.txt"
cat "$out/results.txt"
json='' table=''
for row in "${results[@]}"; do
  IFS=$'\t' read -r name engine bound result cover times refuted parameters what <<< "$row"
  good=1
  if [[ $mode != broken ]]; then [[ $result == proven && $cover == *reached ]] || good=0; fi
  if [[ $mode != proofs ]]; then [[ $refuted =~ ^[^\ :]+:[0-9]+(\ [^\ :]+:[0-9]+)*$ ]] || good=0; fi
  if [[ $good == 1 ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  json+="${json:+,
}  {\"proof\": \"$name\", \"engine\": \"$engine\", \"depth\": \"$bound\", \"result\": \"$result\", \"covers\": \"$cover\", \"cpu_seconds\": $times, \"broken\": \"$refuted\", \"parameters\": \"$parameters\", \"property\": \"$what\"}"
  table+="| \`$name\` | $what | $parameters | $engine | $bound | $result | $cover | $times | ${refuted// /<br>} |
"
done
printf '[\n%s\n]\n' "$json" > "$out/results.json"
if [[ -n $docs ]]; then
  {
    sed '/<!-- table/q' "$docs"
    printf '\n| proof | property | parameters | engine | depth | result | covers | CPU s | broken variant: refuted in cycle |\n'
    printf '|---|---|---|---|---|---|---|---|---|\n%s\n' "$table"
    sed -n '/<!-- end of table/,$p' "$docs"
  } > "$docs.new" && mv "$docs.new" "$docs"
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
