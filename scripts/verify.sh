#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Every test (docs/verification.md). Each part ends with "N passed, M failed"; so does the whole. Exit 1 if anything
# failed. A part that runs one program at a time is `narrow`: such parts run side by side, one per processor. A `wide` part
# uses all processors by itself. Results as JUnit XML: build/verify/junit.xml; names alone: scripts/test_names.sh.
set -u
cd "$(dirname "$0")/.." || exit 4
# Compilers, Verilator and Yosys take a tenth to a fifth less time with it.
if tcmalloc=$(scripts/tcmalloc.sh); then export LD_PRELOAD=$tcmalloc; fi
scripts/build.sh test || exit $?
epim=build/gen/command/epim
jobs=$(nproc)
log=build/verify
mkdir -p "$log"
rm -f "$log"/*.log "$log"/*.err "$log"/*.seconds "$log"/*.line "$log"/junit.xml

# run_part KIND NAME COMMAND...: runs it; its last "N passed, M failed" and what follows from its exit code go to NAME.line.
run_part() {
  local kind=$1 name=$2 start=$SECONDS line code passed=0 failed=0
  shift 2
  if [ "$kind" = wide ]; then "$@" > "$log/$name.log" 2> >(tee "$log/$name.err" >&2)  # its progress
  else "$@" > "$log/$name.log" 2> "$log/$name.err"; fi
  code=$?
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log/$name.log" | tail -n 1)
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
    [ "$code" = 0 ] || [ "$failed" != 0 ] || failed=1
  else
    failed=1
    line="no result (exit $code)"
  fi
  if [ "$code" != 0 ]; then
    grep -E 'FAILED|SURVIVED|error|failed' "$log/$name.log" | head -n 40
    tail -n 15 "$log/$name.log" "$log/$name.err"
  fi
  echo "$((SECONDS - start))" > "$log/$name.seconds"
  echo "$passed $failed" > "$log/$name.line"
  echo "   $name: $line ($((SECONDS - start)) s, $log/$name.log)"
}

# The parts: kind, name, command as it is typed.
names=() kinds=() commands=()
narrow() { names+=("$1") kinds+=(narrow) commands+=("${*:2}"); }
wide() { names+=("$1") kinds+=(wide) commands+=("${*:2}"); }

# left: the time of the parts that have not ended, by what each took here last time (build/verify-seconds); nothing the
# first time. For the eye alone.
left() {
  local i sum=0 lanes seconds
  for i in "${!names[@]}"; do
    [ -e "$log/${names[$i]}.line" ] && continue
    lanes=$jobs
    [ "${kinds[$i]}" = wide ] && lanes=1
    [ -r "build/verify-seconds/${names[$i]}" ] || return
    read -r seconds < "build/verify-seconds/${names[$i]}"
    sum=$((sum + (seconds + lanes - 1) / lanes))
  done
  echo ", about $sum s left"
}
start_part() {
  local done_parts
  done_parts=$(find "$log" -name '*.line' | wc -l)
  echo "== ${names[$1]} ($done_parts of ${#names[@]} parts done, $SECONDS s$(left))"
  eval "run_part ${kinds[$1]} ${names[$1]} ${commands[$1]}"
}

# The parts, longest first within a kind. A new part is one line here and one in docs/verification.md.
narrow chip tb/chip/run.sh $epim build/chip
narrow fpga tb/fpga/run.sh $epim build/fpga quick
narrow run tb/run/run.sh $epim build/run
narrow elsewhere tb/subset/elsewhere.sh $epim build/elsewhere
narrow slang '"$(scripts/python_env.sh test)/python"' tb/subset/slang_read.py $epim build/slang
narrow macro tb/macro/run.sh $epim build/macro
narrow search tb/search/run.sh $epim build/search-test
narrow paths tb/subset/paths.sh build/packages/rtl
narrow structure tb/structure/run.sh build/structure
narrow expressions tb/netlist/expressions.sh build/expressions
narrow quantise tb/quantise/run.sh $epim build/quantise
narrow python tb/python/run.sh $epim build/python-test
narrow dump tb/dump/run.sh $epim build/dump
narrow wheel tb/python/wheel.sh build/wheel
narrow study tb/study/run.sh $epim build/study
narrow estimate tb/estimate/run.sh $epim build/estimate
narrow unit build/tb/epim_unit
narrow import tb/import/run.sh $epim build/import
narrow rejected tb/rejected/run.sh $epim build/rejected
narrow own-network tb/own_network/run.sh $epim build/own-network
narrow eval tb/eval/run.sh $epim build/eval
narrow report tb/report/run.sh $epim build/report
narrow missing tb/rejected/missing_tools.sh $epim build/missing
wide modules tb/modules/run.sh build/modules build/packages/rtl -j "$jobs"
wide core $epim verify --jobs "$jobs"
wide subset tb/subset/read.sh $epim build/subset -j "$jobs"
wide rules '"$(scripts/python_env.sh test)/python"' tb/subset/parameter_rules.py build/rules build/packages/rtl -j "$jobs"
wide icarus tb/subset/icarus_run.sh $epim build/icarus -j "$jobs"
wide formal scripts/formal.sh -j "$jobs" "'^(fifo|output|input-reg$|serial-mul)'"
wide bugs $epim bugs --jobs "$jobs"

$epim gen --config configs/named/xb16.toml --out build/packages > build/packages.log || exit 4
running=0
for i in "${!names[@]}"; do
  if [ "${kinds[$i]}" = wide ]; then
    wait
    running=0
    start_part "$i"
  else
    if [ "$running" -ge "$jobs" ]; then wait -n; running=$((running - 1)); fi
    start_part "$i" &
    running=$((running + 1))
  fi
done
wait

passed=0 failed=0
mkdir -p build/verify-seconds
for name in "${names[@]}"; do
  if [ -r "$log/$name.line" ]; then
    read -r good bad < "$log/$name.line"
    cp "$log/$name.seconds" "build/verify-seconds/$name"
    passed=$((passed + good)) failed=$((failed + bad))
  else
    failed=$((failed + 1))
  fi
done
scripts/test_names.sh --junit "$log" > "$log/junit.xml"
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
