#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The walk of docs/own-network.md: its commands as the page has them, on fewer images; set-up and training
# are left out (models/fashion/fashion.onnx is what they gave). With "full" on all 10,000 test images and 100 through the RTL.
# usage: tb/own_network/run.sh EPIM WORK_DIR [full]
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
work=$2
size=${3:-quick}
rm -rf "$work"
mkdir -p "$work/models"
work=$(realpath "$work")
data=/usr/share/datasets/fashion-mnist
for file in train-images-idx3-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
  [ -r "$data/$file.gz" ] || { echo "$data/$file.gz is missing (Debian package dataset-fashion-mnist)"; echo "0 passed, 1 failed"; exit 1; }
done
cp -r "$root/models/fashion" "$work/models/"
export EPIM_CACHE=${EPIM_CACHE:-$root/build/models}
cd "$work" || exit 4

# The page's commands: lines of its first block of shell, comments left out, continued lines joined.
sed -n '/^```sh$/,/^```$/p' "$root/docs/own-network.md" | sed '1d;/^```$/,$d' | sed -e ':a' -e '/\\$/N;s/\\\n *//;ta' | sed 's/ *#.*//;/^$/d' > commands
images=200 rtl=2
[ "$size" = full ] && images=10000 rtl=100
check "the page has ten commands" test "$(wc -l < commands)" = 10
number=0
while read -r command; do
  number=$((number + 1))
  case $command in
    scripts/*) continue ;;  # set-up and training
    "epim eval"*) command="$command --limit $images" ;;
  esac
  command=${command//--images 100/--images $rtl}
  bash -c "${command//epim /$epim }" > "$number.log" 2> "$number.err" < /dev/null
  code=$?
  count "command $number: $command" $code
  [ $code = 0 ] || tail -n 5 "$number.err"
done < commands

# get FILE EXPRESSION: of the JSON j.
get() { python3 -c "import json,sys; j=json.load(open(sys.argv[1])); print($2)" "$1"; }
same() { [ "$1" = "$2" ] || { echo "$1 and $2"; return 1; }; }
check "what was evaluated" same "$(for e in eval9 eval8 eval-adc; do get out/$e/result.json '[(p["weight_bits"],p["act_bits"],p["adc_bits"]) for p in j["points"]]'; done)" \
  "[(9, 9, 8)]
[(5, 8, 8), (3, 8, 8)]
[(9, 9, 6), (9, 9, 5), (9, 9, 4)]"
check "all of it: $images images" same "$(get out/eval9/result.json 'j["points"][0]["top1"]["of"]')" "$images"
check "the RTL gave the same outputs" grep -q "^identical outputs *$rtl of $rtl" 9.log
finish
