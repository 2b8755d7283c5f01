#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Quantised digits networks on the RTL: every mode and scheme, and mixed widths, from epim quantize through the integer
# bundle to epim sim, which compares every stage with the golden model. Then the training code's fake quantisation
# against epim quantize, value by value (needs Debian's python3-torch; left out, and said so, where it is missing).
# usage: tb/quantise/run.sh EPIM WORK_DIR
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$2
rm -rf "$work"
mkdir -p "$work"
work=$(realpath "$work")
passed=0 failed=0

# check TITLE COMMAND...
check() {
  local title=$1 start=$SECONDS
  shift
  if "$@" > "$work/last.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $title ($((SECONDS - start)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED  $title: $*"
    sed 's/^/          /' "$work/last.log" | tail -n 15
  fi
}

digits="$root/configs/digits.toml"
acc="--set hardware.acc_bits=40"  # one width for all, so that modes share a simulation model
for scheme in symmetric affine; do
  zero=false
  [ $scheme = affine ] && zero=true
  for mode in naive per_crossbar overlap; do
    check "quantise $mode $scheme" $epim quantize --config "$digits" --mode $mode --scheme $scheme --out "$work/$mode-$scheme.npz"
    check "RTL $mode $scheme" $epim sim --config "$digits" --set hardware.zero_point=$zero --set network.integers="$work/$mode-$scheme.npz" --images 3 $acc
  done
done
check "choice of widths" $epim quantize --config "$digits" --choose 3,5 --budget 32 --traces "$root/models/digits/traces.json" \
  --design-out "$work/mixed.json" --out "$work/mixed.npz" --mode overlap
check "mixed widths on the RTL" $epim sim --config "$digits" --design "$work/mixed.json" --set network.integers="$work/mixed.npz" --images 3 $acc
check "the committed choice" cmp "$work/mixed.json" "$root/models/digits/mixed.json"
cp "$work/mixed.npz" "$work/again.npz"
$epim quantize --config "$digits" --bits "$work/mixed.json" --mode overlap --out "$work/mixed.npz" > /dev/null
check "the design gives the same integers, same bytes" cmp "$work/mixed.npz" "$work/again.npz"

# Weight pools: permutations in the bundle, the chip from it; a bundle with a wrong one is refused in one line.
pool="$root/configs/digits_pool.toml"
check "quantise weight pools" $epim quantize --config "$pool" --out "$work/pool.npz"
check "a chip from their integers" $epim sim --top network --config "$pool" --set network.integers="$work/pool.npz" --images 1
# refused TITLE RULE EDIT: the bundle with Python's EDIT of its arrays `a`.
refused() {
  /usr/bin/python3 -c "import sys, numpy as np; a = dict(np.load(sys.argv[1])); exec(sys.argv[3]); np.savez(sys.argv[2], **a)" "$work/pool.npz" "$work/bad.npz" "$3"
  check "refused: $1" bash -c "! '$epim' gen --top network --config '$pool' --set network.integers='$work/bad.npz' --out '$work/bad' 2> '$work/bad.log' &&
    cat '$work/bad.log' && [[ \$(wc -l < '$work/bad.log') == 1 && ! -e '$work/bad' ]] && grep -q '^$work/bad.npz: $2: ' '$work/bad.log'"
}
refused "a column read twice" pool-data "a['conv2/permutation'][0, 0] = a['conv2/permutation'][0, 8]"
refused "a column of another group" pool-data "a['conv2/permutation'][0, [0, 1]] = a['conv2/permutation'][0, [1, 0]]"
refused "a column that is not there" pool-data "a['conv4/permutation'][0, 5] = 64"
refused "no permutation" missing-array "del a['conv3/permutation']"
refused "too few permutations" bundle-shape "a['conv3/permutation'] = a['conv3/permutation'][1:]"
refused "a cell of the pool without a sign" pool-data "a['conv3/epitome'][3, 3] = 0"
refused "two scales of the error" pool-data "a['conv3/crossbar_scale'][-1] += 1"
refused "a permutation of a plain layer" bundle-pool "a['conv1/permutation'] = a['conv2/permutation']"

if /usr/bin/python3 -c 'import torch' 2> /dev/null; then
  check "training's fake quantisation" /usr/bin/python3 "$root/tb/quantise/compare.py" "$epim" "$work"
  tail -n 1 "$work/last.log"
else
  echo "left out: training's fake quantisation against epim quantize (package python3-torch is not installed)"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
