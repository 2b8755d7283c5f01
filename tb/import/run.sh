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
for file in "$cases"/float_*.onnx "$cases"/q*.onnx; do
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
# folder NAME: the whole import; at least 15 of 16 images give the same class; integers within the limit (exit code 0), except
# where the file's own answers depend on the order of a sum.
folder() {
  "$epim" import "$cases/$1.onnx" --calibrate "$cases/$1.npz" --images "$cases/$1.npz" --reference "$cases/$1.npz" --out "out/$1" --write-onnx "$1.q.onnx" > "$1.out.txt" 2> "$1.out.err" || return 1
  [ ! -s "$1.out.err" ] && [ "$(ls "out/$1" | tr '\n' ' ')" = "config.toml epim.json images.npy import.json network.json weights.npz " ] || return 1
  [ "$(grep -c '"same_largest": 1[56],\?$' "out/$1/import.json")" = "$(grep -c '"same_largest"' "out/$1/import.json")" ]
}
# back NAME: the written file, imported without calibration, gives integers within the limit.
back() {
  "$epim" import "$1.q.onnx" --images "$cases/$1.npz" --out "back/$1" > "$1.back.txt" 2> "$1.back.err" || return 1
  ! grep -q '"format_from": "images"' "back/$1/import.json" && grep -q '^fidelity (b).*at most one step off in at most' "$1.back.txt"
}
for file in "$cases"/float_*.onnx "$cases"/q*.onnx; do
  name=$(basename "$file" .onnx)
  check "$name becomes a network folder" folder "$name"
  case $name in
    float_tensorflow | float_one_dimension) ;;  # a written file takes maps [N][C][H][W], which their images are not
    *) check "$name written as ONNX comes back" back "$name" ;;
  esac
done
check "qdq_s8_default: every integer equal" test "$(grep -c 'all steps equal' qdq_s8_default.out.txt)" = 12
cp -r out/float_plain first
"$epim" import "$cases/float_plain.onnx" --calibrate "$cases/float_plain.npz" --images "$cases/float_plain.npz" --reference "$cases/float_plain.npz" --out out/float_plain > again.txt
check "same input, same bytes" diff -r first out/float_plain
for name in float_plain qonnx_w4a4 qoperator_u8 qcdq_w4a4 qdq_two_quantisers; do
  "$epim" sim --config "out/$name/config.toml" --images 2 > "$name.sim.txt" 2>&1
  check "$name through the RTL" grep -q '^identical outputs   2 of 2' "$name.sim.txt"
done
check "qoperator_u8: every integer equal" test "$(grep -c 'all steps equal' qoperator_u8.out.txt)" = 6
check "qdq_two_quantisers: a layer for each of them" test "$(grep -c '"name":"conv_3\(_2\)\?","op":"conv"' out/qdq_two_quantisers/network.json)" = 2
python3 - out/qcdq_w4a4/images.npy image.npy <<'END'
import re, sys
data = open(sys.argv[1], "rb").read()
size = 10 + int.from_bytes(data[8:10], "little")
header, one = data[10:size].decode(), 3 * 10 * 10 * 2
header = re.sub(r"'shape': \(\d+, ", "'shape': (", header).rstrip().ljust(size - 11) + "\n"
open(sys.argv[2], "wb").write(data[:10] + header.encode() + data[size:size + one])
END
"$epim" run out/qcdq_w4a4/network.json --design none --crossbar 64x64 --lanes 8 --weights out/qcdq_w4a4/weights.npz --image image.npy --out ran > run.txt 2>&1
check "qcdq_w4a4 through epim run" grep -q '3 of 3 layers on the RTL: every output, beat cycle and event equal' run.txt
# Every layer a core of its own, words of concatenations whole: every output, its cycle and every FIFO as golden says.
for name in float_concat qonnx_w4a4; do
  "$epim" sim --top network --config "out/$name/config.toml" --images 2 > "$name.chip.txt" 2>&1
  check "$name as one chip" grep -q '^identical outputs   2 of 2' "$name.chip.txt"
done
for method in percentile mse; do
  "$epim" import "$cases/float_residual.onnx" --calibrate "$cases/float_residual.npz" --method "$method" --act-bits 8 --out "out/$method" > "$method.txt" 2>&1
  check "--method $method" grep -q '^fidelity (c)' "$method.txt"
done
for jobs in 1 3; do
  "$epim" import "$cases/float_residual.onnx" --calibrate "$cases/float_residual.npz" --method mse -j "$jobs" --out "out/threads/float_residual" > "threads$jobs.txt" 2>&1
  mv out/threads "threads$jobs"
done
check "one thread and three: the same files" diff -r threads1 threads3

"$epim" import "$cases/float_plain.onnx" --calibrate "$cases/float_plain.npz" --images "$cases/float_plain.npz" --reference "$cases/float_groups.npz" --out out/other > other.txt 2> other.err
check "answers of another network: exit code 1, the folder is kept" test $? = 1 -a -f out/other/import.json
"$epim" import "$cases/float_residual.onnx" --calibrate "$cases/float_residual.npz" --project 128x16 --out out/projected > projected.txt 2> projected.err
check "--project: epitomes, their cost, and that fine-tuning is needed" test $? = 0 -a "$(grep -c '% of their norm$' projected.txt)" = 2 \
  -a "$(grep -c 'until it is fine-tuned' projected.txt)" = 1 -a "$(grep -c '"relative_error": 0\.' out/projected/import.json)" = 2
"$epim" import "$cases/float_residual.onnx" --calibrate "$cases/float_residual.npz" --project 128x16 --out out/projected2 --write-onnx projected.onnx > projected2.txt 2>&1
"$epim" import projected.onnx --check > projected.check.txt 2>&1
check "--project with --write-onnx: the rebuilt weights as ONNX" test $? = 0 -a "$(grep -c ' Conv ' projected.check.txt)" -ge 5
"$epim" sim --config out/projected/config.toml --images 1 > projected.sim.txt 2>&1
check "projected weights through the RTL" grep -q '^identical outputs   1 of 1' projected.sim.txt
python3 -c 'import struct
h = b"{\x27descr\x27: \x27<i8\x27, \x27fortran_order\x27: False, \x27shape\x27: (16,), }".ljust(117) + b"\n"
open("labels.npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h + struct.pack("<16q", *range(10), *range(6)))'
"$epim" import "$cases/float_plain.onnx" --calibrate "$cases/float_plain.npz" --images "$cases/float_plain.npz" --labels labels.npy --out out/labels > labels.txt 2>&1
check "labels: how many are right" test "$(grep -c '; right: [0-9]*, in the graph [0-9]*$' labels.txt)" = 1 -a -f out/labels/labels.npy

# refuse TITLE RULE ARGUMENTS...: exit code 2, one line with the rule and what is legal, no folder.
refuse() {
  local title=$1 rule=$2
  shift 2
  "$epim" import "$@" > refuse.txt 2> refuse.err
  [ $? = 2 ] && [ ! -s refuse.txt ] && [ "$(wc -l < refuse.err)" = 1 ] && grep -q ": $rule: .*legal" refuse.err && [ ! -e no ]
  check "refused: $title" test $? = 0
}
plain=$cases/float_plain.onnx
refuse "no --out" bad-argument "$plain" --calibrate "$cases/float_plain.npz"
refuse "no images" bad-argument "$plain" --out no
refuse "images of another shape" array-shape "$plain" --calibrate "$cases/float_groups.npz" --out no
refuse "a float file without --calibrate" no-images "$plain" --images "$cases/float_plain.npz" --out no
refuse "another method" bad-argument "$plain" --calibrate "$cases/float_plain.npz" --method entropy --out no
refuse "--check and --out" bad-argument "$plain" --check --out no
refuse "answers without inputs" bad-argument "$plain" --calibrate "$cases/float_plain.npz" --reference "$cases/float_plain.npz" --out no
refuse "labels of another number of images" labels-shape "$plain" --calibrate "$cases/float_plain.npz" --images "$cases/float_plain.npz" --labels out/float_plain/images.npy --out no
refuse "a design that is none" bad-design "$plain" --calibrate "$cases/float_plain.npz" --project small --out no
mkdir theirs && touch theirs/file
refuse "a folder of others" output-not-ours "$plain" --calibrate "$cases/float_plain.npz" --out theirs
"$epim" import "$plain" --calibrate "$cases/float_plain.npz" --act-bits 10 --out no > refuse.txt 2> refuse.err
check "refused: more than 9 bits" test $? = 2 -a ! -e no
"$epim" import "$cases/float_tensorflow.onnx" --check > layout.txt
check "the layout of the file is said" grep -q "remark: input 'image' lies as \[N,H,W,C\] in the file" layout.txt

finish
