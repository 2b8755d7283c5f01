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
rm -f "$log"/*.log
# Each prints its lines as it ends.
grep . <<< "$parts" | xargs -P "$(nproc)" -L 1 bash -c 'start=$SECONDS; "${@:2}" > "$0/$1.log" 2>&1
  grep -vE "^[0-9]+ passed, [0-9]+ failed$" "$0/$1.log"; echo "   $1: $((SECONDS - start)) s"' "$log"
# The sum of their last lines "N passed, M failed"; a part without one has failed.
passed=0 failed=0
for name in $(awk '{ print $1 }' <<< "$parts"); do
  if [[ $(tail -n 1 "$log/$name.log" 2> /dev/null) =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
