#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Every test, in order (docs/verification.md).
# Each part ends with "N passed, M failed"; so does the whole. Exit 1 if anything failed.
set -u
cd "$(dirname "$0")/.." || exit 4
scripts/build.sh test || exit $?
epim=build/gen/command/epim
passed=0 failed=0
jobs=$(nproc)
log=build/verify
mkdir -p "$log"

# part NAME COMMAND...: runs it, adds up its last "N passed, M failed".
part() {
  local name=$1 start=$SECONDS line
  shift
  echo "== $name"
  "$@" > "$log/$name.log" 2> >(tee "$log/$name.err" >&2)
  local code=$?
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log/$name.log" | tail -n 1)
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    [ "$code" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
  else
    failed=$((failed + 1))
    line="no result (exit $code)"
  fi
  if [ "$code" != 0 ]; then grep -E 'FAILED|SURVIVED|error|failed' "$log/$name.log" | head -n 40; tail -n 15 "$log/$name.log"; fi
  echo "   $name: $line ($((SECONDS - start)) s, $log/$name.log)"
}

part unit build/tb/epim_unit
$epim gen --config configs/named/xb16.toml --out build/packages > "$log/packages.log"
part modules tb/modules/run.sh build/modules build/packages/rtl -j "$jobs"
part structure tb/structure/run.sh build/structure
part rejected tb/rejected/run.sh $epim build/rejected
part missing tb/rejected/missing_tools.sh $epim build/missing
part run tb/run/run.sh $epim build/run
part estimate tb/estimate/run.sh $epim build/estimate
part search tb/search/run.sh $epim build/search-test
part quantise tb/quantise/run.sh $epim build/quantise
part core $epim verify --jobs "$jobs"
part subset tb/subset/read.sh $epim build/subset -j "$jobs"
part slang "$(scripts/python_env.sh test)/python" tb/subset/slang_read.py $epim build/slang
part elsewhere tb/subset/elsewhere.sh $epim build/elsewhere
part icarus tb/subset/icarus_run.sh $epim build/icarus -j "$jobs"
part formal scripts/formal.sh -j "$jobs" '^(fifo|output|input-reg$|serial-mul)'
part expressions tb/netlist/expressions.sh build/expressions
part chip tb/chip/run.sh $epim build/chip
part fpga tb/fpga/run.sh $epim build/fpga quick
part bugs $epim bugs --jobs "$jobs"

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
