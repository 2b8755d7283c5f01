#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# The training study (docs/study.md) on a few images: its jobs, that they repeat, and its statistics.
#
#   run.sh EPIM WORK_DIR
#
# Without PyTorch (scripts/setup.sh study) the jobs are skipped and said so. The last line is "N passed, M failed".
set -u
[[ $# == 2 ]] || { sed -n '4,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
epim=$(realpath "$1")
python=${PYTHON:-/usr/bin/python3}
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
rm -rf "$2"
mkdir -p "$2"
cd "$2" || exit 4
export PYTHONDONTWRITEBYTECODE=1

keep "variants, networks, designs and statistics" "$python" -m pytest -q -p no:cacheprovider "$root/tb/study"
if "$python" -c 'import torch' 2> /dev/null; then
  size=(--images 128 --float-steps 2 --steps 2 --test 50 --epim "$epim")
  job() { keep "$1" "$python" "$root/study/train.py" "${@:2}" "${size[@]}"; }
  job "float training" start --seed 1 --out start.pt
  for variant in 128x64-w3-5-overlap-affine wrapped-w9 pool-1_2; do
    job "$variant" variant "$variant" --seed 1 --start start.pt --work a --out "a/$variant-1.json"
    check "$variant: nearly every image as in training" "$python" -c "
import json
r = json.load(open('a/$variant-1.json'))['accuracy']
assert abs(r['trained'] - r['golden']) <= 0.04, r"
  done
  job "the same again" variant wrapped-w9 --seed 1 --start start.pt --work b --out b/wrapped-w9-1.json
  check "same bytes" cmp a/wrapped-w9-1.json b/wrapped-w9-1.json
  check "same weights" cmp a/wrapped-w9-1/weights.npz b/wrapped-w9-1/weights.npz
  job "through the RTL" rtl wrapped-w9 --seed 1 --work a --out rtl.json --rtl-images 1
  check "identical" grep -q '"identical_outputs": 1' rtl.json
else
  echo "skipped: no PyTorch (scripts/setup.sh study)"
fi
finish
