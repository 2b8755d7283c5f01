#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Netlists against the RTL: cores of three crossbar sizes, a whole chip, a core in FPGA cells run the vectors of the RTL;
# leaf modules are proven equal. As many parts at a time as there are processors; logs in build/netlist.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 4
scripts/setup.sh synth || exit $?
scripts/build.sh test || exit $?
epim=build/gen/command/epim
log=build/netlist
mkdir -p "$log"
$epim gen --config configs/named/xb16.toml --out build/packages > /dev/null || exit $?
# The longest first.
parts="
zero-point   tb/netlist/run.sh $epim build/netlist/zero-point zero-point
xb16         tb/netlist/run.sh $epim build/netlist/xb16 --broken xb16
signed2      tb/netlist/run.sh $epim build/netlist/signed2 signed2
fpga_cells   tb/netlist/fpga_cells.sh $epim build/netlist/fpga_cells
chip         tb/netlist/chip.sh $epim build/netlist/chip
equivalence  tb/netlist/equivalence.sh build/packages/rtl build/netlist/equivalence
expressions  tb/netlist/expressions.sh build/netlist/expressions"
count=$(grep -c . <<< "$parts")
rm -f "$log"/*.log "$log"/*.shown
grep . <<< "$parts" | xargs -P "$(nproc)" -L 1 bash -c \
  'start=$SECONDS; "${@:2}" > "$0/$1.run" 2>&1; echo "part: $((SECONDS - start)) s" >> "$0/$1.run"; mv "$0/$1.run" "$0/$1.log"' "$log" &
# A part's lines as it ends. One without a last line "N passed, M failed" has failed.
passed=0 failed=0 done=0
while [ "$done" -lt "$count" ]; do
  sleep 1
  ended=$(jobs -r)
  for name in $(awk '{ print $1 }' <<< "$parts"); do
    [ -f "$log/$name.log" ] && [ ! -f "$log/$name.shown" ] || continue
    : > "$log/$name.shown"
    done=$((done + 1))
    grep -vE '^[0-9]+ passed, [0-9]+ failed$|^part: ' "$log/$name.log"
    if [[ $(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log/$name.log" | tail -n 1) =~ ^([0-9]+)\ passed,\ ([0-9]+) ]]; then
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2]))
    else
      failed=$((failed + 1))
    fi
    echo "   $done of $count: $name, $(sed -n 's/^part: //p' "$log/$name.log")"
  done
  [ -n "$ended" ] || [ "$done" -ge "$count" ] || { failed=$((failed + 1)); break; }
done
wait
rm -f "$log"/*.shown
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
