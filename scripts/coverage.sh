#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Line, toggle and functional coverage of the regression: module testbenches, named configurations, misuse, and random
# configurations where asked for.
#
#   scripts/coverage.sh [-j N] [--random N] [--docs] [--report]
#
#   --random N  random hardware configurations, five layers each (default 0: models with counters of a large array take
#               minutes each; the regression has 24)
#   --docs      also write the tables of docs/coverage.md
#   --report    no runs: report what the last ones left
#
# Models with counters are built in build/coverage/models, apart from all others. Report: build/coverage/coverage.txt
# and coverage.json. Waivers: tb/coverage-waivers.txt.
# Exit codes: 0 goals reached, 1 not, 2 wrong use, 3 a tool is missing (its Debian package named).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 4
usage() { sed -n '5,17p' "$0" | sed 's/^# \{0,1\}//'; exit "$1"; }
jobs=$(nproc 2> /dev/null || echo 1) random=0 docs=() run=1
while [[ $# -gt 0 ]]; do
  case $1 in
    -j) [[ $# -ge 2 ]] || usage 2; jobs=$2; shift 2 ;;
    --random) [[ $# -ge 2 ]] || usage 2; random=$2; shift 2 ;;
    --docs) docs=(--docs docs/coverage.md); shift ;;
    --report) run=0; shift ;;
    -h | --help) usage 0 ;;
    *) usage 2 ;;
  esac
done
for need in verilator:verilator verilator_coverage:verilator python3:python3; do
  command -v "${need%%:*}" > /dev/null || {
    echo "coverage.sh: ${need%%:*} is not installed; Debian package ${need#*:}" >&2
    exit 3
  }
done
out=build/coverage
failed=0
if [[ $run == 1 ]]; then
  scripts/build.sh test || exit $?
  rm -rf $out/core
  mkdir -p $out
  build/gen/command/epim gen --config configs/named/xb16.toml --out build/packages > $out/packages.log || exit $?
  VERILATOR_EXTRA='--coverage-line --coverage-toggle' tb/modules/run.sh $out/modules build/packages/rtl -j "$jobs" \
    > $out/modules.log || failed=1
  tail -n 1 $out/modules.log
  EPIM_CACHE=$PWD/$out/models build/gen/command/epim verify --jobs "$jobs" --random "$random" --coverage $out/core \
    > $out/core.log || failed=1
  tail -n 1 $out/core.log
  [[ $failed == 0 ]] || echo "coverage.sh: a run failed, see $out/modules.log and $out/core.log" >&2
fi
shopt -s nullglob
data=($out/modules/*/coverage.dat $out/core/*.dat)
[[ ${#data[@]} -gt 0 && -f $out/core/bins.json ]] || { echo "coverage.sh: nothing in $out yet" >&2; exit 2; }
scripts/coverage_report.py rtl tb/coverage-waivers.txt $out $out/core/bins.json "${data[@]}" "${docs[@]}" || failed=1
exit $failed
