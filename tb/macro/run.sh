#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# A foreign crossbar macro in the place of ours, and the checker of its contract (docs/macro.md).
#
#   run.sh EPIM WORK_DIR
#
# The cores of tb/macro/*.toml run the core regression with sar_adc.v and with our own model, epim_macro_check bound to both.
# Then the macro or the configuration is broken, and the run must fail for that reason. The last line is
# "N passed, M failed".
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# = 2 ] || { sed -n '4,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
epim=$1 work=$2
mkdir -p "$work"
passed=0 failed=0

# with_checker MACRO INTERVAL HOLDS: the macro, the checker, and the checker bound to it.
with_checker() {
  cat "$1" "$here/epim_macro_check.sv"
  cat <<END
bind epim_crossbar epim_macro_check #(.XbRows(XbRows), .XbCols(XbCols), .CellBits(CellBits), .Slices(Slices),
  .DacBits(DacBits), .AdcBits(AdcBits), .Adcs(Adcs), .RowsPerRead(RowsPerRead), .Latency(AdcStages), .Interval($2),
  .Holds($3)) u_check (.*);
END
}

# expect NAME CODE PATTERN ARGUMENT...: `epim verify ARGUMENT...` ends with CODE and says PATTERN.
expect() {
  local name=$1 code=$2 pattern=$3 got
  shift 3
  "$epim" verify --jobs 1 "$@" > "$work/$name.log" 2>&1
  got=$?
  if [ "$got" = "$code" ] && grep -qE "$pattern" "$work/$name.log"; then
    echo "ok      $name"
    passed=$((passed + 1))
  else
    echo "FAILED  $name: exit code $got, expected $code and: $pattern"
    tail -n 8 "$work/$name.log" | cut -c1-300
    failed=$((failed + 1))
  fi
}

with_checker "$here/sar_adc.v" 6 "1'b0" > "$work/sar.sv"
with_checker "$root/rtl/epim_crossbar.sv" 6 "1'b0" > "$work/ours.sv"
expect sar-adc 0 '^2 passed, 0 failed' --macro "$work/sar.sv" "$here/sar.toml" "$here/sar-wrap.toml"
expect our-model 0 '^2 passed, 0 failed' --macro "$work/ours.sv" "$here/sar.toml" "$here/sar-wrap.toml"

sed 's/^adc_interval = 6/adc_interval = 5/' "$here/sar.toml" > "$work/fast.toml"
expect read-too-early 1 'a read begins before the macro is ready' --macro "$here/sar_adc.v" "$work/fast.toml"
expect read-too-early-checked 1 'a read begins before the interval of the one before is over' --macro "$work/ours.sv" "$work/fast.toml"
sed 's/^adc_latency = 6/adc_latency = 5/' "$here/sar.toml" > "$work/early.toml"
expect codes-too-late 1 'no answer in the cycle in which the core takes the codes' --macro "$here/sar_adc.v" "$work/early.toml"
sed 's/sum = sum + (1 << (cell_bit + digit))/sum = sum + (1 << digit)/' "$work/sar.sv" > "$work/wrong.sv"
expect wrong-code 1 'a code is wrong or late' --macro "$work/wrong.sv" "$here/sar.toml"
sed 's/^hold_free = true/hold_free = false/' "$here/sar-wrap.toml" > "$work/holds.toml"
expect array-holds 1 'the array holds' --macro "$work/ours.sv" "$work/holds.toml"
sed 's/^storage = "ram"/storage = "flat"/' "$here/sar.toml" > "$work/flat.toml"
expect cells-in-our-model 2 'macro-programs-over-bus: configuration flat ' --macro "$here/sar_adc.v" "$work/flat.toml"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
