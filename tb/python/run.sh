#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# The Python package: its tests (python/tests) on the module and the command of the build, without an installation.
#
#   run.sh EPIM WORK_DIR
#
# Tests that need PyTorch are skipped without it (scripts/setup.sh train) and said so. The last line is "N passed, M failed".
# Environment: EPIM_SEED (of random tests, default: random, printed where one fails), PYTHON (default /usr/bin/python3).
set -u
[[ $# == 2 ]] || { sed -n '4,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
epim=$(realpath "$1")
mkdir -p "$2"
work=$(cd "$2" && pwd)
python=${PYTHON:-/usr/bin/python3}
module=$(find "$root/build/python" -maxdepth 1 -name '_core*.so' | head -n 1)
[[ -n $module ]] || { echo "no module in build/python: scripts/build.sh test builds it"; echo "0 passed, 1 failed"; exit 1; }
rm -rf "$work/package"
mkdir -p "$work/package/epim"
ln -s "$root"/python/epim/* "$module" "$work/package/epim/"
export EPIM_COMMAND=$epim EPIM_CACHE=${EPIM_CACHE:-$root/build/models} PYTHONPATH=$work/package PYTHONDONTWRITEBYTECODE=1
"$python" -m pytest -v -rs -p no:cacheprovider "$root/python/tests" > "$work/log" 2>&1
code=$?
grep -E '(PASSED|FAILED|ERROR|SKIPPED)' "$work/log" | sed -E 's/^.*tests\/(test_[a-z]+)\.py::([A-Za-z0-9_]+) PASSED.*/ok     \1: \2/; s/^.*tests\/(test_[a-z]+)\.py::([A-Za-z0-9_]+) FAILED.*/FAILED \1: \2/'
passed=$(grep -c ' PASSED ' "$work/log") failed=$(grep -cE '( FAILED | ERROR )' "$work/log")
[[ $code == 0 || $failed != 0 ]] || failed=1
[[ $code == 0 ]] || tail -n 60 "$work/log"
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
