#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# epim run on a small network: killed at random moments and started again, stopped by signals, with damaged result
# files, with and without wrapping, with weights and an image from files.
# usage: tb/run/run.sh EPIM WORK_DIR [SEED]
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
work=$2
seed=${3:-$(date +%s)}
RANDOM=$((seed % 32768))
echo "seed $seed"
rm -rf "$work"
mkdir -p "$work"
work=$(realpath "$work")
export EPIM_CACHE=${EPIM_CACHE:-$(dirname "$work")/models}
cd "$work" || exit 4
hardware=(--crossbar 64x16 --lanes 8 -w 3 -a 4 --set hardware.cols_per_adc=4)
chain=("$root/tb/run/chain.json" --design none "${hardware[@]}" -j 1)
# Result files of a folder with their times: a finished layer must keep both.
state() { (cd "$1" 2> /dev/null && stat -c '%n %Y %y %i' [0-9]*.json 2> /dev/null | sort); }
layers() { ls "$1"/[0-9]*.json 2> /dev/null | wc -l; }
# Every line of file $1 is in file $2.
kept() { [ -z "$(comm -23 "$1" "$2")" ]; }
# Whole JSON documents only.
whole() { local f; for f in "$1"/*.json; do [ "$(tail -c 2 "$f")" = "}" ] || return 1; done; }

start=$(date +%s%N)
"$epim" run "${chain[@]}" --out first > first.txt 2> first.err
check "the network runs" [ $? = 0 ]
"$epim" run "${chain[@]}" --out clean > clean.txt 2> clean.err
start=$(date +%s%N)
rm -rf clean
"$epim" run "${chain[@]}" --out clean > clean.txt 2> clean.err
took=$((($(date +%s%N) - start) / 1000000))
check "two runs give the same result file" cmp -s first/result.json clean/result.json
total=$(layers clean)

# SIGKILL at random moments until every layer is there.
kills=0 good=1
: > before
while [ $kills -lt 5 ] && [ "$(layers killed)" -lt "$total" ]; do
  "$epim" run "${chain[@]}" --out killed > killed.txt 2>&1 &
  pid=$!
  pause=$((took / 4 + RANDOM % (took / 3 + 1)))
  sleep "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
  kill -KILL $pid 2> /dev/null
  wait $pid 2> /dev/null
  state killed > after
  kept before after || good=0
  cp after before
  kills=$((kills + 1))
  echo "        killed after $pause ms: $(layers killed) of $total layers finished"
done
check "no finished layer was redone or lost over $kills kills" [ $good = 1 ]
had=$(layers killed)
"$epim" run "${chain[@]}" --out killed > killed.txt 2> killed.err
state killed > after
check "started again after the kills: the same result file" cmp -s first/result.json killed/result.json
check "it kept the $had finished layers" kept before after
check "and says so" grep -q "^resumed *$had of $total " killed.txt
check "nothing half written is left" [ -z "$(find killed -name '*.tmp*')" ]
EPIM_CACHE="$work/no-models" "$epim" run "${chain[@]}" --out killed > again.txt 2> again.err
check "a finished run builds and simulates nothing" [ ! -e "$work/no-models" ]
check "and gives the same result file" cmp -s first/result.json killed/result.json

"$epim" run "${chain[@]}" --bus-pes 0 --out direct > direct.txt 2>&1
check "cells written into the model instead of over the control bus: the same result file" cmp -s first/result.json direct/result.json
check "and says so" grep -q '^cells .*written into the model$' direct.txt
"$epim" run "${chain[@]}" --bus-pes 65536 --out bus > bus.txt 2>&1
check "all cells over the control bus: the same result file" cmp -s first/result.json bus/result.json
check "and says so" grep -q '^cells *over the control bus: cores of ' bus.txt
check "without --bus-pes one kind of core is loaded over the control bus" grep -qE '^cells .*over the control bus: cores of [0-9]+x[0-9]+ PEs$' first.txt

# Cells and ADCs that are not ideal, layer by layer; another chip is another result.
degraded=("${chain[@]}" --device "$root/configs/devices/worn.toml")
"$epim" run "${degraded[@]}" --set device.seed=2 --out worn > worn.txt 2> worn.err
check "a degraded network on the RTL" grep -q 'every output, beat cycle and event equal' worn.txt
hashes() { cat "$1"/[0-9]*.json | grep -o '"output_hash": "[0-9a-f]*"'; }
check "its maps are others" [ "$(hashes worn)" != "$(hashes first)" ]
"$epim" run "${degraded[@]}" --set device.seed=3 --out worn3 > worn3.txt 2> worn.err
check "those of another chip as well" [ "$(hashes worn)" != "$(hashes worn3)" ]
"$epim" eval "$root/tb/run/chain.json" --design none "${hardware[@]}" --device "$root/configs/devices/worn.toml" --set device.seed=2 --limit 1 --out worn-eval --json > worn-eval.json 2> worn.err
check "eval has the same answer" python3 -c 'import json; e, r = json.load(open("worn-eval.json")), json.load(open("worn/result.json"))
assert [c["class"] for c in e["points"][0]["classes"] if c["predicted"]] == r["largest_outputs"][:1], (e["points"][0]["classes"], r["largest_outputs"])'
expect "an estimate does not read it" 2 'run-result: a run of cells and ADCs that are not ideal' "$epim" estimate "$root/tb/run/chain.json" --design none "${hardware[@]}" --against worn
expect "nor does wrapping go with it" 2 'compare-wrap: bad-argument' "$epim" run "${degraded[@]}" --compare-wrap

# A signal: exit code 128 + signal, one line that says how to go on.
for signal in TERM INT; do
  rm -rf stopped
  # A background job of a script ignores SIGINT; env gives it its default back.
  env --default-signal=INT "$epim" run "${chain[@]}" --out stopped > stopped.txt 2> stopped.err &
  pid=$!
  for _ in $(seq 400); do [ "$(layers stopped)" -ge 1 ] && break; sleep 0.05; done  # some layers are finished, others not
  kill -$signal $pid 2> /dev/null
  wait $pid
  code=$?
  want=143
  [ $signal = INT ] && want=130
  check "SIG$signal: exit code $want ($code)" [ $code = $want ]
  check "SIG$signal: nothing half written" [ -z "$(find stopped -name '*.tmp*' 2> /dev/null)" ]
  "$epim" run "${chain[@]}" --out stopped > stopped.txt 2>&1
  check "SIG$signal, started again: the same result file" cmp -s first/result.json stopped/result.json
done
EPIM_CACHE="$work/fresh" "$epim" run "${chain[@]}" --out building > building.txt 2> building.err &
pid=$!
for _ in $(seq 100); do ls -d fresh/*.tmp > /dev/null 2>&1 && break; sleep 0.1; done
kill -TERM $pid
wait $pid
check "SIGTERM during a build: exit code 143" [ $? = 143 ]
check "no half compiled model is left" [ -z "$(find fresh -name '*.tmp' 2> /dev/null)" ]

# Damaged results are run again, the others are not.
cp -r --preserve=timestamps clean damaged
files=(damaged/[0-9]*.json)
truncate -s 100 "${files[0]}"
sed -i 's/"key": "./"key": "-/' "${files[1]}"
"$epim" run "${chain[@]}" --out damaged > damaged.txt 2>&1
check "a truncated and a foreign result are run again" grep -q "^resumed *$((total - 2)) of $total " damaged.txt
check "to the same result file" cmp -s first/result.json damaged/result.json

# With and without wrapping. Last line of the table: activations, writes, cycles, energy, each off and wrapped.
for wrap in stored_once copies; do
  "$epim" run "${chain[@]}" --wrap $wrap --compare-wrap --out wrap-$wrap > wrap-$wrap.txt 2> wrap-$wrap.err
  check "wrapping $wrap beside off: equal outputs" [ $? = 0 ]
  read -r _ act_off act writes_off writes cycles_off cycles _ < <(grep '^network ' wrap-$wrap.txt)
  check "$wrap: fewer activations ($act of $act_off) and cycles" [ "$act" -lt "$act_off" -a "$cycles" -lt "$cycles_off" ]
  if [ $wrap = copies ]; then check "$wrap: as many output-buffer writes" [ "$writes" = "$writes_off" ]
  else check "$wrap: fewer output-buffer writes ($writes of $writes_off)" [ "$writes" -lt "$writes_off" ]
  fi
done

# Every operator and format that a network may have, on seeded weights; on two kinds of core.
features=("$root/tb/run/features.json" --design none --crossbar 64x16 --lanes 8 -a 6 --set hardware.cols_per_adc=4)
"$epim" run "${features[@]}" -w 4 --out features > features.txt 2> features.err
check "formats, groups, dilation, slopes and the nodes between cores: equal on the RTL" [ $? = 0 ]
check "it says what is left to the host" grep -q '^left to the host *softmax of head$' features.txt
"$epim" run "${features[@]}" -w 1 --set hardware.serial_multiply=true --out features1 > features1.txt 2> features1.err
check "the same with weights of -1 and 1 and multiplication by bits" [ $? = 0 ]
printf 'schema = 1\nname = "shared"\n[hardware]\ncrossbar = "64x32"\nweight_bits = 4\nact_bits = 6\nout_bits = 12\n[network]\nfile = "%s"\n' \
  "$root/tb/run/features.json" > shared.toml
"$epim" sim --config shared.toml --images 2 --stalls 20 > shared.txt 2> shared.err
check "the same on one core under stalls" [ $? = 0 ]

# Weights and an image from files: the class must be the label. Headers of both .npy files are 128 bytes.
tail -c +129 "$root/models/digits/test_images.npy" | head -c 64 > pixels
label=$(tail -c +129 "$root/models/digits/test_labels.npy" | head -c 1 | od -An -tu1 | tr -d ' ')
# The network takes pixels 0..16 as they are; 8 bits of input stand for a largest value of 255.
{ printf 'P5\n# a comment\n8 8\n255\n'; cat pixels; } > raw.pgm
{ printf 'P2 8 8 255\n'; od -An -v -tu1 pixels; } > plain.pgm
digits=("$root/models/digits/network.json" --design none --crossbar 64x64 -w 5 -a 8 --lanes 8 --set hardware.out_bits=16 -j 1
        --weights "$root/models/digits/weights.npz")
for image in raw plain; do
  "$epim" run "${digits[@]}" --image $image.pgm --out $image > $image.txt 2> $image.err
  check "trained digits, $image PGM: the class is the label $label" grep -q "largest at $label," $image.txt
done

# Cells that go into the model's memory take a thirtieth of the time of the control bus.
seconds() { sed -n 's/.*"load_seconds": \([0-9.e-]*\).*/\1/p' "$1/performance.json" | awk '{s += $1} END {print s}'; }
"$epim" run "${digits[@]}" --bus-pes 0 --out memory > memory.txt 2>&1
"$epim" run "${digits[@]}" --bus-pes 65536 --out port > port.txt 2>&1
check "cells really go into the model's memory: at least four times as fast" awk "BEGIN {exit !(4 * $(seconds memory) < $(seconds port))}"

finish
