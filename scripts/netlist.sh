#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Netlists against the RTL: small configurations run the vectors of the RTL, leaf modules are proven equal.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 4
scripts/setup.sh synth || exit $?
scripts/build.sh test || exit $?
epim=build/gen/command/epim
$epim gen --config configs/named/xb16.toml --out build/packages > /dev/null || exit $?
passed=0 failed=0
# Prints a part's lines but its last, and adds that up; a part without one has failed.
part() {
  local line last=
  while IFS= read -r line; do
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
      last=$line
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2]))
    else
      echo "$line"
    fi
  done < <("$@" 2>&1)
  [ -n "$last" ] || failed=$((failed + 1))
}
part tb/netlist/expressions.sh build/expressions
part tb/netlist/run.sh $epim build/netlist
part tb/netlist/chip.sh $epim build/chip_netlist
part tb/netlist/fpga_cells.sh $epim build/fpga_cells
part tb/netlist/equivalence.sh build/packages/rtl build/equivalence
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
