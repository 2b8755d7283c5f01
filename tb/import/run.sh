#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The importer: its unit tests, and the verb on the files of tb/import/cases.
# usage: tb/import/run.sh EPIM WORK_DIR
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
test=$(dirname "$(dirname "$(dirname "$epim")")")/tb/import/epim_import_test
work=$2
rm -rf "$work"
mkdir -p "$work"
cases=$root/tb/import/cases
cd "$work" || exit 4

"$test" > unit.log 2>&1
line=$(tail -n 1 unit.log)
if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  [ "${BASH_REMATCH[2]}" = 0 ] || cat unit.log
else
  cat unit.log
  failed=$((failed + 1))
fi

# good NAME: the verb prints every output's fidelity and ends well; the JSON says the same.
good() {
  "$epim" import "$cases/$1.onnx" --check --images "$cases/$1.npz" --reference "$cases/$1.npz" > "$1.txt" 2> "$1.err" || return 1
  "$epim" import "$cases/$1.onnx" --check --images "$cases/$1.npz" --reference "$cases/$1.npz" --json > "$1.json" 2>> "$1.err" || return 1
  [ ! -s "$1.err" ] && grep -q '^fidelity (a), output' "$1.txt" && grep -q '"ok": true' "$1.json" && ! grep -q '"ok": false' "$1.json"
}
# bad NAME RULE NODE: exit code 2 and one line with the rule and the node.
bad() {
  "$epim" import "$cases/$1.onnx" --check > "$1.txt" 2> "$1.err"
  [ $? = 2 ] && [ ! -s "$1.txt" ] && [ "$(wc -l < "$1.err")" = 1 ] && grep -qF "$1.onnx: $2: " "$1.err" && grep -qF "$3" "$1.err" && grep -q legal "$1.err"
}
for file in "$cases"/float_*.onnx "$cases"/qdq_*.onnx "$cases"/qonnx_*.onnx; do
  name=$(basename "$file" .onnx)
  check "$name gives its own answers" good "$name"
done
check "bad_axis" bad bad_axis shape-mismatch "node 'dq'"
check "bad_bias" bad bad_bias shape-mismatch "node 'stem'"
check "bad_computed_weights" bad bad_computed_weights computed-weights "node 'stem'"
check "bad_dynamic" bad bad_dynamic free-size "input 'image'"
check "bad_group" bad bad_group bad-group "node 'stem'"
check "bad_lstm" bad bad_lstm unsupported-operators "node 'encoder'"
check "bad_missing" bad bad_missing unknown-tensor "node 'stem'"
check "bad_nan" bad bad_nan not-a-number "initializer 'stem.weight'"
check "bad_truncated" bad bad_truncated corrupt-onnx "cut off"

"$epim" import "$cases/bad_dynamic.onnx" --check --input-shape image=1,3,9,11 > shape.txt 2> shape.err
check "free sizes are given by --input-shape" grep -q '^stem .*\[1,4,7,9\]' shape.txt
"$epim" import "$cases/float_plain.onnx" --check --images "$cases/float_plain.npz" --reference "$cases/float_groups.npz" > other.txt 2> other.err
check "answers of another network: exit code 1" test $? = 1
"$epim" import "$cases/float_plain.onnx" --check --images "$cases/float_groups.npz" --reference "$cases/float_plain.npz" > wrong.txt 2> wrong.err
check "images of another size: exit code 2" test $? = 2 -a "$(wc -l < wrong.err)" = 1
"$epim" import "$cases/float_plain.onnx" > none.txt 2> none.err
check "what is not built yet is said: exit code 2" test $? = 2 -a "$(wc -l < none.err)" = 1
"$epim" import "$cases/float_tensorflow.onnx" --check > layout.txt
check "the layout of the file is said" grep -q "remark: input 'image' lies as \[N,H,W,C\] in the file" layout.txt

finish
