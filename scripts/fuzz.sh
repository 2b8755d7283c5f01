#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Feeds mutated ONNX files to the importer, with address and undefined-behaviour sanitizers.
# usage: scripts/fuzz.sh [SECONDS] [WORK_DIR]     default: 300 seconds in build/fuzz
# With clang (Debian: clang-14 libfuzzer-14-dev libclang-rt-14-dev) libFuzzer is guided by coverage and keeps its corpus in
# WORK_DIR/corpus; else g++ and tb/fuzz/mutate.cpp, with a random seed that is printed. Seeds: tb/import/cases.
# Exit code 1: a defect; the input that shows it lies in WORK_DIR.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
seconds=${1:-300}
work=${2:-build/fuzz}
mkdir -p "$work/objects" "$work/corpus"
# Up to the text of the network; what compiles and evaluates its integers is left out.
sources="$(ls gen/import/*.cpp | grep -v -e project -e integer_fidelity -e import_record -e write_onnx | tr '\n' ' ') golden/files/npz.cpp golden/files/idx.cpp golden/files/json_document.cpp tb/fuzz/import_fuzz.cpp"
flags="-std=c++20 -O1 -g -DONNX_ML=1 -DONNX_NAMESPACE=onnx -I$root -fno-sanitize-recover=undefined"
libraries="-lfmt -lz -lonnx_proto -lprotobuf -lpthread"
clang=
for c in clang++ clang++-14 clang++-19; do
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' > "$work/probe.cpp"
  if command -v "$c" > /dev/null && "$c" -fsanitize=fuzzer,address,undefined "$work/probe.cpp" -o "$work/probe" 2> /dev/null; then clang=$c; break; fi
done
if [ -n "$clang" ]; then
  compiler="$clang -fsanitize=fuzzer-no-link,address,undefined" link="$clang -fsanitize=fuzzer,address,undefined"
else
  sources="$sources tb/fuzz/mutate.cpp"
  compiler="g++ -fsanitize=address,undefined" link=$compiler
fi
# shellcheck disable=SC2086,SC2012
for source in $sources; do
  object=$work/objects/$(basename "$source" .cpp).o
  newest=$(ls -t "$source" gen/import/*.hpp "$object" 2> /dev/null | head -n 1)
  [ "$newest" = "$object" ] || echo "$compiler $flags -c $source -o $object"
done | xargs -r -P "$(nproc)" -d '\n' -I{} sh -c '{}'
# shellcheck disable=SC2086
$link "$work"/objects/*.o -o "$work/import_fuzz" $libraries
cd "$work"
if [ -n "$clang" ]; then
  exec ./import_fuzz corpus "$root/tb/import/cases" -rss_limit_mb=3000 -timeout=20 -max_len=60000 -max_total_time="$seconds" -print_final_stats=1
fi
end=$((SECONDS + seconds))
while [ "$SECONDS" -lt "$end" ]; do ./import_fuzz "$root/tb/import/cases" 20000 || exit 1; done
