#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# A design from epim search on the RTL: found, mapped, run; cycles and crossbars are those that the search predicted.
# And a search that is killed goes on to the same result.
# usage: tb/search/run.sh EPIM WORK_DIR
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
# shellcheck source=tb/check.sh
. "$(dirname "$0")/../check.sh"
work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 4
number() { grep -m 1 "\"$2\":" "$1" | grep -oE '[0-9]+' | tail -n 1; }

# Found on the smallest budget, so that layers become epitomes; weight bits stand in the file.
hardware=(--crossbar 64x64 -a 8 --lanes 8)
"$epim" search digits_residual --layers conv --model rtl --candidates none,128x16,256x32 -w 5 "${hardware[@]}" \
  --objective edp --budget 48 --out found.json --json > search.json
check "search finds a design" test -s found.json
check "it has epitomes" grep -q '"e_out"' found.json
"$epim" map digits_residual --design found.json "${hardware[@]}" --json > map.json
check "map takes it" test -s map.json
"$epim" run digits_residual --design found.json "${hardware[@]}" --out run > run.log 2> run.err
check "every layer of it runs on the RTL, equal to the golden model" grep -q 'every output, beat cycle and event equal' run.log
sed -n '/"cost": {/,/}/p' found.json > cost.txt
# The sums of the whole run are the keys of the outermost level.
grep -E '^ "[a-z]+":' run/result.json > sums.txt
check "cycles on the RTL are those of the search ($(number cost.txt cycles))" test "$(number cost.txt cycles)" -gt 0 -a "$(number cost.txt cycles)" = "$(number sums.txt cycles)"
check "and so are the crossbars ($(number cost.txt crossbars))" test "$(number cost.txt crossbars)" -gt 0 -a "$(number cost.txt crossbars)" = "$(number sums.txt crossbars)"

# Rows per read: the best of the searches with one each.
reads=(search digits_residual --layers conv --model rtl --candidates none,128x16,256x32 -w 5 "${hardware[@]}" --budget 48 --json)
for objective in latency energy edp; do
  for rows in 8 16 64; do "$epim" "${reads[@]}" --objective $objective --set hardware.rows_per_read=$rows > $objective-$rows.json; done
  "$epim" "${reads[@]}" --objective $objective --rows-per-read 8,16,64 > $objective.json
  check "rows per read for the least $objective" python3 - $objective <<'END_PYTHON'
import json, sys
objective = sys.argv[1]
read = lambda name: json.load(open(name + ".json"))["search"]
value = {"latency": lambda c: (c["cycles"], c["energy_aJ"]), "energy": lambda c: (c["energy_aJ"], c["cycles"]),
         "edp": lambda c: (c["energy_aJ"] * c["cycles"], c["energy_aJ"])}[objective]
alone = {rows: read(f"{objective}-{rows}")["optimum_by_table"] for rows in (8, 16, 64)}
chosen = read(objective)
assert {r["rows"]: r["optimum_by_table"] for r in chosen["rows_per_read"]} == alone, chosen["rows_per_read"]
best = min(alone, key=lambda rows: (value(alone[rows]), -rows))
assert chosen["set"] == [f"hardware.rows_per_read={best}"], (chosen["set"], alone)
assert chosen["optimum_by_table"] == alone[best] and len({str(c) for c in alone.values()}) == 3, alone
END_PYTHON
done

# Killed in the middle, started again.
long=(search resnet50 --budget 1080 --method evolution --iterations 1500 --seed 3 --json)
"$epim" "${long[@]}" > whole.json
"$epim" "${long[@]}" --checkpoint state.json > cut.json 2> /dev/null &
pid=$!
for _ in $(seq 200); do [ -s state.json ] && break; sleep 0.05; done
kill -9 $pid 2> /dev/null
wait $pid 2> /dev/null
check "the killed search left its state" test -s state.json
"$epim" "${long[@]}" --checkpoint state.json > resumed.json
check "a resumed search gives the same result" cmp -s whole.json resumed.json

finish
