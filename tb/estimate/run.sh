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
passed=0 failed=0
check() {
  local title=$1
  shift
  if "$@" > out.txt 2> err.txt; then
    passed=$((passed + 1))
    echo "ok      $title"
  else
    failed=$((failed + 1))
    echo "FAILED  $title:"
    tail -n 5 out.txt err.txt | sed 's/^/          /'
  fi
}
fails() { ! "$@"; }
run() { "$epim" run "$root/tb/estimate/small.json" --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 --out run; }
estimate() { "$epim" estimate "$root/tb/estimate/small.json" --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 "$@"; }
check "epim run" run
check "cycles and events that the data do not decide" "$epim" estimate "$root/tb/estimate/small.json" --against run
check "all events, counted" "$epim" estimate "$root/tb/estimate/small.json" --against run --exact
sed 's/"shift_adds": \([0-9]*\)/"shift_adds": 1\1/' run/result.json > changed.json
mkdir -p changed && mv changed.json changed/result.json
check "a changed counter is found" fails "$epim" estimate "$root/tb/estimate/small.json" --against changed
grep -q 'shift_adds' out.txt || { failed=$((failed + 1)); echo "FAILED  the changed counter is not named"; }
check "MNSIM's answers" "$epim" estimate --mnsim-cases "$root/tb/unit/data/mnsim_cases.json"
check "a SimConfig.ini that is not the shipped one is noticed" fails "$epim" estimate --mnsim-cases "$root/tb/unit/data/mnsim_cases.json" --mnsim-set ADC_Num=64
same() { estimate --json > a.json && estimate --json > b.json && cmp a.json b.json && python3 -c 'import json; json.load(open("a.json"))'; }
check "JSON is JSON and the same every time" same
csv() { estimate --csv t.csv && [ "$(wc -l < t.csv)" = 5 ] && [ "$(awk -F, '{print NF}' t.csv | sort -u | wc -l)" = 1 ]; }
check "CSV has a line per layer" csv
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
