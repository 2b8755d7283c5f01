#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The estimate against the RTL: a small network is run on the generated core; cycles and events of every layer must be
# those of `epim estimate`. Then the forms of its output.
# usage: tb/estimate/run.sh EPIM WORK_DIR        Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 4
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
fails() { ! "$@"; }
run() { "$epim" run "$root/tb/estimate/small.json" --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 --out run; }
estimate() { "$epim" estimate "$root/tb/estimate/small.json" --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 "$@"; }
keep "epim run" run
keep "cycles and events that the data do not decide" "$epim" estimate "$root/tb/estimate/small.json" --against run
keep "all events, counted" "$epim" estimate "$root/tb/estimate/small.json" --against run --exact
sed 's/"shift_adds": \([0-9]*\)/"shift_adds": 1\1/' run/result.json > changed.json
mkdir -p changed && mv changed.json changed/result.json
keep "a changed counter is found" fails "$epim" estimate "$root/tb/estimate/small.json" --against changed
grep -q 'shift_adds' out.txt || { failed=$((failed + 1)); echo "FAILED  the changed counter is not named"; }
# The run says what it ran: an estimate of anything else is refused, never compared.
other() { "$epim" run "$PWD/net.json" --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 --set hardware.cols_per_adc=4 --seed 3 --out other; }
cp "$root/tb/estimate/small.json" net.json
keep "epim run with an override" other
keep "its override is in the estimate" "$epim" estimate net.json --against other --exact
keep "and found without naming the network" "$epim" estimate --against other
refused() {
  local want=$1
  shift
  "$epim" estimate "$@" 2> message.txt
  [ $? = 2 ] && [ "$(wc -l < message.txt)" = 1 ] && grep -q "$want" message.txt || { cat message.txt >&2; return 1; }
}
keep "another crossbar is refused" refused '^--crossbar: other-setting' net.json --against other --crossbar 64x32
keep "another override is refused" refused '^--set: other-setting' net.json --against other --set hardware.cols_per_adc=8
keep "another seed is refused" refused '^--seed: other-setting' net.json --against other --exact --seed 4
keep "the same crossbar is not" "$epim" estimate net.json --against other --crossbar 64x16
sed 's/"relu": true/"relu": false/' "$root/tb/estimate/small.json" > net.json
keep "a network that has changed is refused" refused '^other/result.json: stale-run: net.json' net.json --against other
sed 's/"hardware_hash": "./"hardware_hash": "x/' run/result.json > changed/result.json
keep "other hardware is refused" refused '^changed/result.json: stale-run: .*hardware' --against changed
keep "MNSIM's answers" "$epim" estimate --mnsim-cases "$root/tb/unit/data/mnsim_cases.json"
keep "a SimConfig.ini that is not the shipped one is noticed" fails "$epim" estimate --mnsim-cases "$root/tb/unit/data/mnsim_cases.json" --mnsim-set ADC_Num=64
same() { estimate --json > a.json && estimate --json > b.json && cmp a.json b.json && python3 -c 'import json; json.load(open("a.json"))'; }
keep "JSON is JSON and the same every time" same
csv() { estimate --csv t.csv && [ "$(wc -l < t.csv)" = 5 ] && [ "$(awk -F, '{print NF}' t.csv | sort -u | wc -l)" = 1 ]; }
keep "CSV has a line per layer" csv
finish
