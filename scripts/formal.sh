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
#   --report   no runs: the table of what the last ones left
#   -j N       proofs at a time (default: number of cores)
#   --limit    processor seconds of a tool for one line of the table (default 600)
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

# model NAME RTL_FOLDER PARAMETERS KIND: Yosys commands that write NAME.aig. KIND proof: the assertions, and NAME.smt2;
# broken: the assertions; cover: the covers as refutable assertions.
model() {
  local name=$1 from=$2 words=$3 kind=$4 block word files edits=()
  files=$from/epim_pkg.sv
  # A function that no property depends on, in a form that the engines can carry.
  if [[ -f $tb/$wrapper-pkg.sed ]]; then
    sed -f "$tb/$wrapper-pkg.sed" "$files" > "$name-pkg.sv"
    files=$name-pkg.sv
  fi
  for block in $blocks; do files+=" $from/$block.sv"; done
  # Parameters become the defaults of the wrapper: hierarchy -chparam of Yosys 0.23 fails on nested parametric modules.
  for word in $words; do
    grep -q "^ *parameter [a-z]* ${word%%=*} = " "$tb/$wrapper.sv" || { echo "no_such_parameter $word"; return; }
    edits+=(-e "s/^\( *parameter [a-z]* ${word%%=*} = \)[^,]*/\1${word#*=}/")
  done
  sed -e "" "${edits[@]}" "$tb/$wrapper.sv" > "$name-wrapper.sv"
  echo "design -reset"
  echo "read_verilog -sv -formal $files $tb/reset_once.sv $root/tb/protocol/epim_axis_check.sv $root/tb/protocol/epim_axil_check.sv $name-wrapper.sv"
  echo "hierarchy -check -top proof"
  echo "prep -flatten -nordff -top proof; check -assert"
  echo "async2sync; formalff -clk2ff -ff2anyinit; memory_map; formalff -clk2ff -ff2anyinit; opt_clean"
  echo "setundef -undriven -anyseq"
  [[ $kind != proof ]] || echo "write_smt2 -wires $name.smt2"
  if [[ $kind == cover ]]; then echo "chformal -assert -remove; techmap -map $tb/cover_to_assert.v"
  else echo "chformal -cover -remove"; fi
  echo "setattr -unset keep; delete -output; opt -full -noff; techmap; opt_clean"
  echo "formalff -anyinit2ff -fine; abc -g AND -fast; opt_clean"
  echo "write_aiger -I -B -zinit $name.aig"
}

# section NAME: what yosys-abc printed after `echo == NAME`.
section() { awk -v n="== $1" '{sub(/ +$/, "")} $0 == n {on = 1; next} /^== / {on = 0} on' "$log"; }
frame_of() { grep -o 'asserted in frame *[0-9]*' | grep -o '[0-9]*$' | tail -n 1; }

# limited COMMAND...: at most so many seconds of the processor, whatever else the machine does.
limited() { (ulimit -t "$limit" && exec "$@"); }

# One line of proofs.txt, MODE all|proofs|broken. Leaves one tab-separated line in NAME.result.
one() {
  local mode=$1 limit=$2 line=$3 name wrapper blocks parameters depth broken what
  IFS='|' read -r name wrapper blocks parameters depth broken what <<< "$line"
  name=$(trim "$name") wrapper=$(trim "$wrapper") blocks=$(trim "$blocks") parameters=$(trim "$parameters")
  depth=$(trim "$depth") broken=$(trim "$broken") what=$(trim "$what")
  cd "$out" || exit 4
  local log=$out/$name.log result=- bound=- engine='abc pdr' cover=- refuted=- before block variant file copy at covered
  local abc='' bad=()
  : > "$log"
  before=$(cpu)
  for block in $blocks; do
    [[ -f $rtl/$block.sv ]] || { result="no $block.sv"; mode=none; }
  done
  # One Yosys and one ABC process for the proof, its covers and its broken variants.
  {
    if [[ $mode == all || $mode == proofs ]]; then
      model "$name" "$rtl" "$parameters" proof
      abc+="echo == proof; read_aiger $name.aig; print_stats; fold; strash; scorr; print_stats; pdr; "
      model "$name-cover" "$rtl" "$parameters" cover
      abc+="echo == cover; read_aiger $name-cover.aig; fold; strash; bmc3 -a -F 100; "
    fi
    if [[ $mode == all || $mode == broken ]]; then
      for variant in $broken; do
        if [[ $variant == *=* ]]; then
          model "$name-${variant//=/-}" "$rtl" "$parameters $variant" broken
        else
          copy=$out/$name-$variant
          rm -rf "$copy"
          mkdir "$copy"
          cp "$rtl"/*.sv "$copy"
          file=$root/tb/bugs/$variant.patch
          [[ -f $file ]] || file=$tb/broken/$variant.patch
          if ! patch -s -p2 -d "$copy" < "$file" >> "$log" 2>&1; then bad+=("$variant"); continue; fi
          model "$name-$variant" "$copy" "$parameters" broken
        fi
        abc+="echo == $variant; read_aiger $name-${variant//=/-}.aig; fold; strash; scorr; pdr; "
      done
    fi
  } > "$name.ys"
  if [[ -n $abc ]]; then
    result=unknown
    if limited yosys -q "$name.ys" >> "$log" 2>&1; then
      limited yosys-abc -c "${abc}echo == end" >> "$log" 2>&1
    else
      result='does not read'
    fi
  fi
  if [[ ($mode == all || $mode == proofs) && $result == unknown ]]; then
    if grep -q 'Property proved' <<< "$(section proof)"; then
      result=proven
      # Time frames of the inductive invariant that pdr found and verified.
      bound=$(section proof | grep -o 'Invariant F\[[0-9]*\]' | grep -o '[0-9]*' | tail -n 1)
    else
      at=$(section proof | frame_of)
      [[ -z $at ]] || { result=REFUTED; bound=$at; }
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
    # bmc3 -a says how many outputs there are, or nothing where there is only one.
    covered=$(section cover)
    if grep -q 'outputs are found to be SAT' <<< "$covered" \
       || { grep -q 'was asserted in frame' <<< "$covered" && ! grep -q 'out of' <<< "$covered"; }; then
      cover="$(grep -c 'was asserted in frame' <<< "$covered") reached"
    else
      cover="NOT all"
    fi
  fi
  if [[ $mode == all || $mode == broken ]]; then
    refuted=''
    for variant in $broken; do
      at=$(section "$variant" | frame_of)
      [[ " ${bad[*]-} " != *" $variant "* ]] || at=does-not-apply
      refuted+=" $variant:${at:-SURVIVED}"
      rm -rf "${out:?}/$name-$variant"
    done
    refuted=${refuted# }
    [[ $mode != broken || $result != unknown ]] || result=-
  fi
  local times=$(($(cpu) - before))
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$engine" "$bound" "$result" "$cover" "$times" "$refuted" \
    "$parameters" "$what" > "$name.result"
  printf '%-19s %-14s %-12s %4s s  %s\n' "$name" "$result" "$cover" "$times" "$refuted" >&2
}
# CPU seconds of this shell's finished children.
cpu() { awk '{printf "%d", ($16 + $17) / 100}' "/proc/$$/stat"; }

if [[ ${1:-} == --one ]]; then
  one "$2" "$3" "$4"
  exit 0
fi

mode=all jobs=$(nproc 2> /dev/null || echo 1) limit=600 docs='' filter=. run=1
while [[ $# -gt 0 ]]; do
  case $1 in
    --proofs) mode=proofs; shift ;;
    --broken) mode=broken; shift ;;
    --report) run=0; shift ;;
    -j) [[ $# -ge 2 ]] || usage 2; jobs=$2; shift 2 ;;
    --limit) [[ $# -ge 2 ]] || usage 2; limit=$2; shift 2 ;;
    --docs) [[ $# -ge 2 ]] || usage 2; docs=$(realpath "$2"); shift 2 ;;
    -h | --help) usage 0 ;;
    -*) usage 2 ;;
    *) filter=$1; shift ;;
  esac
done
mapfile -t lines < <(grep -v '^#' "$tb/proofs.txt" | awk -F'|' -v f="$filter" '{n=$1; gsub(/ /, "", n)} n ~ f')
[[ ${#lines[@]} -gt 0 ]] || { echo "formal.sh: no proof matches '$filter'" >&2; exit 2; }
needs='yosys:yosys yosys-abc:yosys patch:patch'
# Induction with z3: only some proofs, and not for broken variants.
[[ $mode == broken ]] || ! printf '%s\n' "${lines[@]}" | awk -F'|' '{gsub(/ /, "", $5)} $5 != "-" {found = 1} END {exit !found}' \
  || needs+=' yosys-smtbmc:yosys z3:z3'
for need in $needs; do
  command -v "${need%%:*}" > /dev/null || {
    echo "formal.sh: ${need%%:*} is not installed; Debian package ${need#*:}" >&2
    exit 3
  }
done

mkdir -p "$out"
export EPIM_RTL=$rtl EPIM_FORMAL=$out
if [[ $run == 1 ]]; then
  for line in "${lines[@]}"; do rm -f "$out/$(trim "${line%%|*}").result"; done
  printf '%s\0' "${lines[@]}" | xargs -0 -P "$jobs" -n 1 "$self" --one "$mode" "$limit"
fi

passed=0 failed=0 results=()
for line in "${lines[@]}"; do
  name=$(trim "${line%%|*}")
  [[ -f $out/$name.result ]] && results+=("$(cat "$out/$name.result")") || results+=("$name	-	-	no result	-	0	-	-	-")
done
{
  printf '%-19s | %-22s | %-6s | %-12s | %-10s | %6s | %s\n' proof engine depth result covers 'CPU s' 'broken variant: refuted in cycle'
  for row in "${results[@]}"; do
    IFS=$'\t' read -r name engine bound result cover times refuted parameters what <<< "$row"
    printf '%-19s | %-22s | %-6s | %-12s | %-10s | %6s | %s\n' "$name" "$engine" "$bound" "$result" "$cover" "$times" "$refuted"
  done
} > "$out/results.txt"
cat "$out/results.txt"
json='' table=''
for row in "${results[@]}"; do
  IFS=$'\t' read -r name engine bound result cover times refuted parameters what <<< "$row"
  good=1
  if [[ $mode != broken ]]; then [[ $result == proven && $cover == *reached ]] || good=0; fi
  if [[ $mode != proofs ]]; then [[ $refuted =~ ^[^\ :]+:[0-9]+(\ [^\ :]+:[0-9]+)*$ ]] || good=0; fi
  if [[ $good == 1 ]]; then passed=$((passed + 1)); echo "ok     $name"; else failed=$((failed + 1)); echo "FAILED $name"; fi
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
