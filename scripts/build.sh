#!/bin/sh
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing and builds. scripts/build.sh run: the epim command; test: the tests as well; bench: the
# benchmarks as well.
set -eu
cd "$(dirname "$0")/.."
profile=${1:-run}
setup=$profile
[ "$profile" = bench ] && setup=test
scripts/setup.sh "$setup"
generator=
command -v ninja > /dev/null && generator="-G Ninja"
log=build/build.log
mkdir -p build
tests=OFF
[ "$profile" = test ] && tests=ON
bench=OFF
[ "$profile" = bench ] && bench=ON
# shellcheck disable=SC2086
cmake $generator -S . -B build -DEPIM_TESTS=$tests -DEPIM_BENCH=$bench -DEPIM_PYTHON=$tests -DPython_EXECUTABLE=/usr/bin/python3 > "$log" 2>&1 || { cat "$log" >&2; exit 4; }
echo "building (first time three to four minutes on two cores; log: $log)"
cmake --build build -j "$(nproc)" >> "$log" 2>&1 || { tail -n 40 "$log" >&2; exit 4; }
