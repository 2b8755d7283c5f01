#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# `epim report`: every kind of source becomes a page; headless Chromium draws it, and page.py compares what the page shows
# with what the other verbs say.
# usage: tb/report/run.sh EPIM WORK_DIR        Last line: N passed, M failed. Exit code 3: Chromium is missing.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$2
browser=
for name in chromium chromium-browser google-chrome; do
  command -v "$name" > /dev/null && browser=$name && break
done
[ -n "$browser" ] || { echo "missing tool: chromium (Debian package chromium)" >&2; exit 3; }
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 4
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
# drawn FILE: the page after its script has run and looked at itself; messages of the script go to FILE.console.
drawn() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$PWD/profile" --enable-logging=stderr --v=0 \
    --window-size=1280,1600 --virtual-time-budget=120000 --dump-dom "file://$PWD/$1.html#check" > "$1.dom" 2> "$1.log"
  grep CONSOLE "$1.log" > "$1.console"
  grep -q '<pre id="check"' "$1.dom"
}
# page NAME FIGURES SOURCE...: makes NAME.html, NAME.data (JSON) and draws the page.
page() {
  local name=$1 figures=$2
  shift 2
  keep "$name: epim report" "$epim" report "$@" --out "$name.html"
  "$epim" report "$@" --json > "$name.data" 2> /dev/null
  "$epim" report "$@" --out again.html > /dev/null 2>&1
  keep "$name: the same bytes every time" cmp "$name.html" again.html
  keep "$name: drawn by $browser" drawn "$name"
  keep "$name: no message of the script" test ! -s "$name.console"
  keep "$name: figures, axes, texts, colours, tables" python3 "$root/tb/report/page.py" itself "$name" "$figures"
  keep "$name: the page's data are those of --json" python3 "$root/tb/report/page.py" data "$name"
  keep "$name: nothing from outside" python3 "$root/tb/report/page.py" alone "$name"
}
mapped=graph,layers,timeline,timeline-layer,energy-components,energy-layers
python3 "$root/tb/report/page.py" cases "$root/tb/estimate/small.json" || exit 4

page network $mapped,repetition,tables resnet18
"$epim" estimate resnet18 --model rtl --json > estimate.json
keep "network: numbers of epim estimate" python3 "$root/tb/report/page.py" estimate network estimate.json
page estimate layers,energy-components,energy-layers estimate.json
keep "estimate: numbers of epim estimate" python3 "$root/tb/report/page.py" estimate estimate estimate.json

page config $mapped,repetition,tables,weights,activations "$root/configs/digits.toml" --images 3
"$epim" sim --config "$root/configs/digits.toml" --images 1 --json > sim.json 2> /dev/null
keep "config: cycles of the RTL" python3 "$root/tb/report/page.py" sim config sim.json
keep "config: box plots of the weights" python3 "$root/tb/report/page.py" boxes config "$root/models/digits/network.json"

"$epim" run "$root/tb/estimate/small.json" --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 --out run > /dev/null 2>&1
page run $mapped,repetition,tables,weights,activations run
keep "run: numbers of result.json" python3 "$root/tb/report/page.py" run run run/result.json

case=$root/tb/import/cases/float_plain
"$epim" import "$case.onnx" --calibrate "$case.npz" --images "$case.npz" --out model > /dev/null
page import $mapped,weights,activations,formats,fidelity model --min-snr 42
keep "import: numbers of import.json" python3 "$root/tb/report/page.py" import import model/import.json 42

"$epim" eval --config "$root/configs/digits.toml" --limit 120 --weight-bits 5,3 --adc-bits 7,4 --out eval > /dev/null 2>&1
page accuracy accuracy,classes,noise,clipped eval --min-snr 10
keep "accuracy: numbers of epim eval" python3 "$root/tb/report/page.py" accuracy accuracy eval/result.json 10

page study study-digits,study-fashion "$root/models/device_study.json"
keep "study: numbers of device_study.json" python3 "$root/tb/report/page.py" study study "$root/models/device_study.json"

page training training,training-modes,training-claims "$root/study/results/summary.json"
keep "training: numbers of summary.json" python3 "$root/tb/report/page.py" training training "$root/study/results/summary.json"

"$epim" search resnet18 --budget 256x256 --front --json --out found.json > search.json
page search search,candidates search.json
keep "search: numbers of epim search" python3 "$root/tb/report/page.py" search search search.json
page design $mapped,search,repetition,tables found.json
"$epim" search resnet18 --interval 100000 --front --json --out balanced.json > balance.json
page balance balance,copies balance.json
keep "copies on a chip: numbers of epim search" python3 "$root/tb/report/page.py" balance balance balance.json
page balanced $mapped,repetition,tables balanced.json

"$epim" estimate --top network --config "$root/tb/chip/copies.toml" --stepped --json > chip.json
page chip floor,chip-timeline,fifo-levels,energy-components,energy-layers chip.json
keep "chip: numbers of epim estimate" python3 "$root/tb/report/page.py" chip chip chip.json

"$epim" report hostile.json --crossbar 64x16 --lanes 4 --design none -w 5 -a 8 --title '</script><script>throw 1</script><b>&"' --out hostile.html > /dev/null
keep "names that look like HTML: drawn" drawn hostile
keep "names that look like HTML: stay text" python3 "$root/tb/report/page.py" hostile hostile
keep "names that look like HTML: no message of the script" test ! -s hostile.console
finish
