#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Runs generated cores in Icarus Verilog, a four-state simulator, and compares their output beats with the golden model.
#
#   icarus_run.sh EPIM OUT_DIR [-j N] [CONFIG.toml ...]
#
# EPIM is the command; epim_stimulus is taken from the same build (or EPIM_STIMULUS). Every configuration runs twice:
# one frame without stalls, two frames with random ones. A configuration of configs/named with a map of at most 4 rows of
# 3, as a cycle takes this simulator milliseconds. One line per run; the last line is "N passed, M failed".
# Environment: EPIM_SEED (seed of the stalls, default 1), EPIM_INJECT (input word whose lowest bit is made X: every
# run must then fail), IVERILOG, VVP (programs).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
iverilog=${IVERILOG:-iverilog}
vvp=${VVP:-vvp}
seed=${EPIM_SEED:-1}
inject=${EPIM_INJECT:--1}
# Small ones that between them use: both cell memories, ROM tables, signed inputs, 2-bit DACs, zero point, wrapping
# with copies and stored once, PE arrays of several rows and columns, a saturating ADC, odd lanes, a small buffer, slopes,
# row groups, slow conversions, no hold, the load port, two program banks, imperfect cells and ADCs, a weight pool. More pools, small ones for this simulator: pools/.
default="xb16 ram rom signed2 dac2-odd zero-point wrap2-copies wrap2-once pe5x3 lanes3 adc1 fully-connected slope slope-rom-serial program-banks-ram rows-straddle rows-serial adc-interval hold-free-drain load-stream device-fraction device-adc device-ram pool16-rom-ram"

usage() { sed -n '4,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

# failed NAME REASON: result line and the messages on fd 0.
failed() { echo "FAILED $1: $2"; sed 's/^/    /' | head -n 40; }

# Builds and runs one configuration: frames, stall percentage.
one() {
  local epim=$1 stimulus=$2 out=$3 config=$4 name dir files frames stalls work what
  name=$(basename "$config" .toml)
  dir=$out/$name
  if [[ $config == */configs/named/* ]]; then
    awk '$1 == "height" && $3 > 4 { $3 = 4 } $1 == "width" && $3 > 3 { $3 = 3 } 1' "$config" > "$out/$name.toml"
    config=$out/$name.toml
  fi
  if ! "$epim" gen --config "$config" --out "$dir" > "$out/$name.log" 2>&1; then
    failed "$name" "epim gen" < "$out/$name.log"
    return
  fi
  cd "$dir"
  mapfile -t files < <(grep -v '^//' epim.f)
  # Compiled once, for the longer stimulus of both.
  rm -f "$out/$name.vvp"
  for variant in "2 40" "1 0"; do
    read -r frames stalls <<< "$variant"
    work=$out/$name.f$frames
    what="$name frames=$frames stalls=$stalls seed=$seed"
    mkdir -p "$work"
    rm -f "$work"/captured.hex
    if ! "$stimulus" "$config" "$work" "$frames" > "$work/log" 2>&1; then
      failed "$what" "epim_stimulus" < "$work/log"
      continue
    fi
    local writes words beats in_width out_width load_words load=()
    read -r writes words beats in_width out_width load_words < "$work/counts.txt"
    [[ $load_words == 0 ]] || load=(-DEPIM_LOAD "-Picarus_tb.LoadWords=$load_words")
    if [[ $frames == 2 ]] && { ! "$iverilog" -g2012 -Wall -s icarus_tb "-Picarus_tb.InW=$in_width" "-Picarus_tb.OutW=$out_width" \
           "-Picarus_tb.Writes=$writes" "-Picarus_tb.Words=$words" "-Picarus_tb.Beats=$beats" "${load[@]}" -o "$out/$name.vvp" \
           "${files[@]}" "$here/icarus_tb.sv" "$root"/tb/protocol/*.sv > "$work/log" 2>&1 || [[ -s $work/log ]]; }; then
      failed "$what" "iverilog" < "$work/log"
      return
    fi
    if ! timeout 1800 "$vvp" -n "$out/$name.vvp" "+writes=$work/writes.hex" "+stream=$work/stream.hex" "+load=$work/load.hex" "+words=$words" "+beats=$beats" \
           "+captured=$work/captured.hex" "+stalls=$stalls" "+seed=$seed" "+inject=$inject" > "$work/log" 2>&1 \
       || ! grep -q '^PASS' "$work/log" || grep -qE '^(FAIL|ERROR|WARNING)' "$work/log"; then
      failed "$what" "simulation" < "$work/log"
    elif ! cmp -s "$work/captured.hex" "$work/expected.hex"; then
      diff "$work/captured.hex" "$work/expected.hex" > "$work/diff" || true
      failed "$what" "output beats differ (< RTL, > golden model)" < "$work/diff"
    else
      echo "ok     $what: $(grep '^PASS' "$work/log" | cut -c 6-)"
    fi
  done
}

if [[ ${1:-} == --one ]]; then
  one "$2" "$3" "$4" "$5"
  exit 0
fi

[[ $# -ge 2 ]] || usage
epim=$(realpath "$1")
stimulus=${EPIM_STIMULUS:-$(dirname "$epim")/../../tb/subset/epim_stimulus}
for program in "$epim" "$stimulus"; do
  [[ -x $program ]] || { echo "icarus_run.sh: $program is not a program"; exit 2; }
done
stimulus=$(realpath "$stimulus")
for tool in "$iverilog" "$vvp"; do
  command -v "$tool" > /dev/null || { echo "icarus_run.sh: $tool is not installed"; exit 2; }
done
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
jobs=$(nproc)
configs=()
while [[ $# -gt 0 ]]; do
  case $1 in
    -j) [[ $# -ge 2 ]] || usage; jobs=$2; shift 2 ;;
    -j*) jobs=${1#-j}; shift ;;
    -*) usage ;;
    *) configs+=("$(realpath "$1")"); shift ;;
  esac
done
if [[ ${#configs[@]} == 0 ]]; then
  for name in $default; do configs+=("$root/configs/named/$name.toml"); done
  configs+=("$here"/pools/*.toml)
fi

log=$out/results.txt
printf '%s\0' "${configs[@]}" | xargs -0 -P "$jobs" -n 1 "$here/icarus_run.sh" --one "$epim" "$stimulus" "$out" \
  | tee "$log" || true
passed=$(grep -c '^ok ' "$log" || true)
failures=$(grep -c '^FAILED ' "$log" || true)
expected=$((2 * ${#configs[@]}))
if [[ $failures == 0 && $passed != "$expected" ]]; then
  echo "FAILED $((expected - passed)) results are missing"
  failures=$((expected - passed))
fi
echo "$passed passed, $failures failed"
[[ $failures == 0 && $passed -gt 0 ]]
