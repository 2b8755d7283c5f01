#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Bad input to the epim command: one line on stderr with rule and what is legal, exit code 2, nothing written.
# usage: tb/rejected/run.sh EPIM WORK_DIR [--markdown FILE]
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$2
markdown=
[ "${3:-}" = --markdown ] && markdown=$(realpath -m "$4")
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 4
passed=0 failed=0
rows=

base='schema = 1
name = "t"
[hardware]
crossbar = "16x16"
lanes = 4
cols_per_adc = 4
[layer]
cin = 8
cout = 8
kernel = 3
height = 6
width = 6
[layer.epitome]
e_out = 4
e_in = 4
p = 4
q = 4
'
# expect TITLE EXPECTED-REGEX COMMAND...: exit code 2, one line that fits, no output folder.
expect() {
  local title=$1 want=$2 text code
  shift 2
  rm -rf out
  text=$("$@" 2>&1 > stdout.txt)
  code=$?
  if [ $code = 2 ] && [ "$(printf '%s\n' "$text" | wc -l)" = 1 ] && [[ $text =~ $want ]] && [ ! -e out ] && [ -z "$(ls -d out.tmp* 2> /dev/null)" ]; then
    passed=$((passed + 1))
    echo "ok      $title"
    text=${text//"$root/"/}
    rows+="| $title | \`${text//|/\\|}\` |"$'\n'
  else
    failed=$((failed + 1))
    echo "FAILED  $title: exit code $code, expected 2 and /$want/:"
    printf '%s\n' "$text" | sed 's/^/          /'
  fi
}
# config NAME TEXT, then gen of it.
with() { printf '%s' "$2" > "$1.toml"; }
gen() { "$epim" gen --config "$1.toml" --out out "${@:2}"; }

with ok "$base"
gen ok > /dev/null || { echo "the base configuration is refused"; exit 4; }
with key "$base"'colour = 3'
expect "unknown key" '^key.toml:18:1: unknown-key: ' gen key
with type "${base/cin = 8/cin = \"eight\"}"
expect "wrong type" '^type.toml:8:.*wrong-type' gen type
with zero "${base/height = 6/height = 0}"
expect "zero size" '^zero.toml:11:.*value-out-of-range' gen zero
with width "${base/lanes = 4/slope_bits = 4
lanes = 4}"
expect "slopes of a width that no core has" '^width.toml:5:14: slope-bits: .*legal: 0, 8\.\.18' gen width
with slopes "${base/kernel = 3/kernel = 3
slopes = true}"
expect "slopes on a core without them" '^--set hardware.slope_bits=0: slope-not-built: .*legal: 8\.\.18' gen slopes --set hardware.slope_bits=0
with large "${base/e_in = 4/e_in = 12}"
expect "epitome larger than its convolution" '^large.toml:.*epitome' gen large
with rows "${base/16x16/18x16}"
expect "crossbar rows not a multiple of the lanes" '^rows.toml:4:.*crossbar-rows-lanes.*16' gen rows
with ein "${base/e_in = 4/e_in = 6}"
expect "input group not a multiple of the lanes" '^ein.toml:.*' gen ein
with groups "${base/kernel = 3/kernel = 3
groups = 3}"
expect "grouped convolution" 'groups-divide-channels: groups = 3 with cin = 8 and cout = 8; legal' gen groups
with dilated "${base/kernel = 3/kernel = 3
dilation = 32}"
expect "dilated convolution" 'value-out-of-range: layer.dilation is 32, legal: .*1..31' gen dilated
with syntax 'schema = = 1'
expect "TOML syntax" '^syntax.toml:1:' gen syntax
expect "no such file" 'unreadable-file' gen missing
expect "accumulator that could overflow" 'accumulator-overflow' gen ok --set hardware.acc_bits=8
expect "buffer too small for the kernel" 'buffer-too-small' gen ok --set hardware.buffer_words=8
expect "PE array too small" 'pe-array-too-small' gen ok --set hardware.pe_rows=1
expect "override of an unknown key" 'unknown-key' gen ok --set hardware.crossbars=3
expect "crossbar that is no size" 'hardware.crossbar' gen ok --crossbar 12

patches() { printf '%s' "${base/q = 4/q = 4
patches = \"$1.json\"}" > "$1.toml"; printf '%s' "$2" > "$1.json"; }
one() { printf '{"p":%s,"q":0,"c_in":0,"c_out":0,"w":3,"h":3,"beta1":4,"beta2":4,"dst_in":%s,"dst_out":%s}' "$1" "$2" "$3"; }
patches outside "[$(one 2 0 0),$(one 0 4 0),$(one 0 0 4),$(one 0 4 4)]"
expect "patch outside the epitome" 'patch' gen outside
patches hole "[$(one 0 0 0),$(one 0 4 0),$(one 0 0 4)]"
expect "cover not exact: a hole" 'cover' gen hole
patches twice "[$(one 0 0 0),$(one 0 0 0),$(one 0 4 0),$(one 0 0 4),$(one 0 4 4)]"
expect "cover not exact: an overlap" '.' gen twice
patches broken "[$(one 0 0 0),"
expect "truncated patch list" '^broken.json:1:' gen broken
mkdir -p foreign && touch foreign/file
expect "output folder that epim did not make" 'output-not-ours' "$epim" gen --config ok.toml --out foreign

"$epim" gen --config ok.toml --out image > /dev/null
truncate -s -5 image/mem/ifat.hex
expect "truncated table image" 'ifat.hex: corrupt-image' "$epim" check image
"$epim" gen --config ok.toml --out image > /dev/null
sed -i '1s/./f/' image/mem/cells000.hex
expect "corrupt crossbar image" 'cells000.hex: corrupt-image' "$epim" check image
"$epim" gen --config ok.toml --out image > /dev/null
expect "register image of another configuration" 'wrong-register-image' "$epim" check image --config ok.toml --crossbar 32x32
"$epim" check image --config ok.toml > /dev/null || { echo "a whole image is refused"; failed=$((failed + 1)); }

cp -r "$root/models/digits" digits
printf 'schema = 1\nname = "n"\n[hardware]\ncrossbar = "64x64"\nweight_bits = 5\nact_bits = 8\nout_bits = 16\n[network]\nfile = "digits/network.json"\nimages = "digits/test_images.npy"\nlabels = "digits/test_labels.npy"\n' > net.toml
head -c 3000 "$root/models/digits/weights.npz" > digits/weights.npz
expect "truncated .npz" 'corrupt-npz' gen net
cp "$root/models/digits/weights.npz" digits/weights.npz
printf 'x' | dd of=digits/weights.npz bs=1 seek=20000 conv=notrunc 2> /dev/null
expect "corrupt .npz" 'corrupt-npz' gen net
cp "$root/models/digits/weights.npz" digits/weights.npz
edit() { sed "$1" "$root/models/digits/network.json" > digits/network.json; }
edit 's/"conv2"\],/"nothing"],/'
expect "network: unknown input" 'network.json:[0-9]+:.*unknown-input' gen net
edit '0,/"op": "conv"/s//"op": "conv", "groups": 2/'
expect "network: groups that do not divide the channels" 'groups-divide-channels' gen net
edit '0,/"op": "max_pool"/s//"op": "pooling"/'
expect "network: unknown node kind" 'unknown-op' gen net
edit 's/"inputs": \["image"\]/"inputs": ["fc"]/'
expect "network: cycle" 'network-cycle' gen net
edit 's/"name": "conv3"/"name": "conv3x"/; s/\["conv3"\]/["conv3x"]/'
expect "network: missing weight" 'missing-array' gen net
head -c 700 "$root/models/digits/network.json" > digits/network.json
expect "network: truncated JSON" 'network.json:[0-9]+:' gen net
cp "$root/models/digits/network.json" digits/
head -c 200 "$root/models/digits/test_images.npy" > digits/test_images.npy
expect "truncated images" 'corrupt-npz' "$epim" sim --config net.toml
chip() { "$epim" gen --top network --config net.toml --out out "$@"; }
rm -rf digits && cp -r "$root/models/digits" digits

# Images, labels and scales that cannot be meant as written.
# npy FILE SHAPE: an array of unsigned bytes, which are read from stdin.
npy() {
  local header
  header=$(printf "%-117s" "{'descr': '|u1', 'fortran_order': False, 'shape': $2, }")
  { printf '\x93NUMPY\x01\x00\x76\x00%s\n' "$header"; cat; } > "$1"
}
tail -c 23040 "$root/models/digits/test_images.npy" > pixels
tail -c 360 "$root/models/digits/test_labels.npy" > classes
sim() { "$epim" sim --config net.toml --images 1; }
npy digits/test_images.npy '(360, 8, 8, 1)' < pixels
expect "images with the channels last" '^digits/test_images.npy: images-channels-last: ' sim
npy digits/test_images.npy '(360, 4, 16)' < pixels
expect "images of another height and width" '^digits/test_images.npy: tensor-shape: .*360, 4, 16.*1x8x8' sim
{ printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 8, 8), }"; head -c 256 /dev/zero; } > digits/test_images.npy
expect "images that are not codes" '^digits/test_images.npy: npy-type: the array is float32; legal: an integer type' sim
npy digits/test_images.npy '(360, 1, 8, 8)' < pixels
npy digits/test_labels.npy '(36, 10)' < classes
expect "labels of one value per class" '^digits/test_labels.npy: labels-shape: .*36, 10.*legal: \[N\]' sim
{ printf '\x0a'; tail -c 359 classes; } | npy digits/test_labels.npy '(360,)'
expect "label that is no class" '^digits/test_labels.npy: label-range: label 0 is 10.*legal: 0..9' sim
npy digits/test_labels.npy '(359,)' < <(head -c 359 classes)
expect "fewer labels than images" '^digits/test_labels.npy: tensor-shape: 359 labels for 360 images, legal: one each' "$epim" sim --config net.toml
cp "$root/models/digits/test_labels.npy" digits/
edit '0,/"act_scale": 0.[0-9]*/s//"act_scale": 0.0001220703125/'
expect "network: a scale that cuts its map" 'network.json:[0-9]+:[0-9]+: scale-loses-map: act_scale 0.00012207 of node conv1 .*less than a quarter.*legal: a scale' sim
edit '0,/"act_scale": 0.[0-9]*/s//"act_scale": 64/'
expect "network: a scale that makes its map zero" 'network.json:[0-9]+:[0-9]+: scale-loses-map: act_scale 64 of node conv1 .*all values of its map become 0.*legal: a scale' sim
edit 's/"op": "max_pool", /"op": "max_pool", "act_scale": 0.5, /'
expect "network: a scale that is not used" 'network.json:[0-9]+:[0-9]+: act-scale-not-used: .*legal: 0.0[0-9]+, or leave it out' gen net
edit 's/"op": "max_pool", /"op": "max_pool", "act_scale": 0.0625, /'
printf '%s' "$(sed 's/"act_scale": 0.[0-9]*/"act_scale": 0.0625/' digits/network.json)" > digits/same.json
"$epim" map digits/same.json --design none --crossbar 64x64 --lanes 8 > /dev/null || { echo "a scale that is the input's is refused"; failed=$((failed + 1)); }
rm -rf digits && cp -r "$root/models/digits" digits
expect "chip of a single layer" 'ok.toml: layer-or-network' "$epim" gen --top network --config ok.toml --out out
expect "chip: FIFO without a depth" '^--fifo: fifo-depth' chip --fifo image.conv1=0
expect "chip: unknown FIFO" '^--fifo: unknown-fifo' chip --fifo image.conv2=4
apart() { "$epim" sim --top network --config "$root/tb/chip/copies.toml" "$@"; }
expect "chip: results of a flat simulation" '^--results: joined-results' apart --model flat --results out
expect "chip: cores apart, their cells in ROMs" '^--model: joined-storage' apart --model joined --set hardware.storage=ram
expect "chip: cores apart, with a load port" '^--model: joined-loaded' apart --model joined --set hardware.load_stream=true
# Weights that were trained on a pool.
cp -r "$root/models/digits_pool" pool
sed -e 's/digits\/network/pool\/network/' net.toml > pool.toml
pool() { "$epim" gen --top network --config pool.toml --set hardware.cols_per_adc=8 --set hardware.lanes=8 --out out; }
# arrays EDIT: the weights file after this Python on its arrays `a`.
arrays() {
  /usr/bin/python3 -c "import sys, numpy as np; a = dict(np.load(sys.argv[1])); exec(sys.argv[2]); np.savez('pool/weights.npz', **a)" "$root/models/digits_pool/weights.npz" "$1"
}
expect "weight pools and plain layers on one core" '^pool/network.json:7:5: pool-core: node conv2 .*--top network' "$epim" gen --config pool.toml --out out
expect "quantize: widths to choose beside weight pools" '^--choose: contradictory-bits' "$epim" quantize --config pool.toml --choose 3,5 --budget 9 --traces t.json --out out
arrays "a['conv2/permutation'][1, 3] = a['conv2/permutation'][1, 11]"
expect "weight pool: a column read twice" '^pool/network.json:7:5: pool-data: node conv2: .*patch 1: filter [0-9]+' pool
arrays "a['conv2/pool_scale'][1] *= 1.5"
expect "weight pool: scales that are not the weights'" '^pool/network.json:7:5: pool-data: node conv2: .*legal: float rounding' pool
arrays "del a['conv4/pool_scale']"
expect "weight pool: a permutation without scales" '^pool/network.json:[0-9]+:5: missing-array: node conv4: .*conv4/pool_scale' pool
arrays "a['conv4/permutation'] = a['conv4/permutation'].astype(np.float32)"
expect "weight pool: a permutation of floats" '^pool/network.json:[0-9]+:5: npy-type: node conv4: .*permutation' pool
cp "$root/tb/chip/features.toml" features.toml
features() {  # features EDIT: the chip of the network after this sed command
  sed "$1" "$root/tb/chip/features.json" > features.json
  "$epim" gen --top network --config features.toml "${@:2}" --out out
}
expect "chip: map of more than nine bits between blocks" 'features.json:12:.*chip-activation-range: node sum .*10 bits.*legal: act_bits of up to 9' \
  features '/"name": "sum"/s/"act_bits": 6/"act_bits": 10/'
expect "chip: product of maps" 'features.json:27:.*chip-operator: node mix: .*op mul, legal on a chip' features '/"name": "mix"/s/"op": "add"/"op": "mul"/; /"name": "mix"/s/, "relu": true//'
expect "chip: resize" 'features.json:31:.*chip-operator: node big: .*op resize' \
  features 's/"inputs": \["narrow"\]/"inputs": ["big"]/; /"name": "narrow.all"/s/^/{"name": "big", "op": "resize", "inputs": ["narrow"], "factor": 2},/'
expect "chip: prelu behind an addition" 'features.json:14:.*chip-operator: node bent: .*op prelu' features '/"name": "bent"/s/"op": "leaky_relu"/"op": "prelu"/; /"name": "bent"/s/, "slope": 0.125//'
expect "chip: flatten that no fc reads" 'chip-operator: node flat: .*op flatten' \
  features 's/"output": "head"/"output": "flat"/; /"name": "head"/s/}\]/}, {"name": "flat", "op": "flatten", "inputs": ["head"]}]/'
expect "chip: two outputs" 'features.json: chip-outputs: .*2 outputs.*legal: one' features 's/"output": "head"/"output": ["head", "narrow"]/'
expect "chip: concatenation of channels that fill no word" 'features.json:22:.*chip-concat-lanes: node both: low has 8 channels.*legal: multiples of 16' features '' --set hardware.lanes=16
expect "chip: concatenation of a map stored once" 'features.json:32:.*chip-concat-period: node ends: narrow.all is stored with 4 of its 8.*legal: wrap' \
  features '/"name": "narrow",/s/"cout": 6/"cout": 8, "epitome": {"e_out": 4, "e_in": 24, "p": 1, "q": 1}, "wrap": "stored_once"/'
cp "$root/tb/chip/copies.toml" copies.toml
copies() {  # copies EDIT: the chip of the network after this sed command
  sed "$1" "$root/tb/chip/copies.json" > copies.json
  "$epim" gen --top network --config copies.toml "${@:2}" --out out
}
expect "chip: more copies than output rows" 'copies.json:7:.*copies-rows: node p: 6 copies share 5 output rows, legal: up to 5' copies '/"name": "p"/s/"copies": 2/"copies": 6/'
expect "chip: copies of an addition" "copies.json:6:.*unknown-key: .*'s'.*copies" copies '/"name": "s"/s/}/, "copies": 2}/'
expect "chip: a stride of copies beyond a core's register" 'copies.json:4:.*copies-stride: node a: 130 copies .* stride 260, legal: up to 255' \
  copies 's/"height": 9/"height": 260/; /"name": "a"/s/"padding": 1/"padding": 1, "stride": [2, 1]/; /"name": "a"/s/"copies": 2/"copies": 130/'
expect "chip: copies of cells that are not ideal" 'copies.json:4:.*copies-device: node a: .*one of the two' copies '' --set device.stuck=0.1 --set hardware.acc_bits=30
mkdir mix && cp "$root"/tb/chip/mix/* mix/
sed 's#"../tb/chip/mix/#"mix/#' "$root/configs/mix.toml" > mix.toml
sed -i 's/{"name": "all", "op": "global_avg_pool", "inputs": \["thin"\]}/{"name": "odd", "op": "add", "inputs": ["thin", "mean"]}, {"name": "all", "op": "global_avg_pool", "inputs": ["odd"]}/' mix/network.json
expect "chip: addition of a map stored once and one stored whole" 'chip-map-shape' "$epim" gen --top network --config mix.toml --out out

cp -r "$root/models/digits" float
qz() { "$epim" quantize float/network.json --crossbar 64x64 "$@" --out out; }
trace() { printf '{"schema": 1, "network": "digits", "layers": [\n%s]}' "$2" > "$1.json"; }
layer() { printf '{"node": "%s", "trace": %s}' "$1" "$2"; }
trace all "$(layer conv1 9),$(layer conv2 5),$(layer conv3 3),$(layer conv4 2),$(layer fc 1)"
trace few "$(layer conv1 9),$(layer conv2 5),$(layer conv3 3),$(layer conv4 2)"
trace negative "$(layer conv1 -9)"
printf '{"schema": 1, "network": "digits", "layers": [{"node": "conv2", "weight_bits": 3}]}' > w3.json
printf '{"schema": 1, "network": "digits", "layers": [\n{"node": "conv2", "weight_bits": 3},\n{"node": "conv2", "weight_bits": 5}]}' > both.json
expect "quantisation: mode that is none" 'bad-argument' qz --mode best
expect "quantisation: w1 in a mode without overlap" 'quantisation-weights' qz --w1 0.5
expect "quantisation: negative w2" 'quantisation-weights.*legal' qz --mode overlap --w2=-0.5
expect "quantisation: w1 that is no number" 'quantisation-weights' qz --mode overlap --w1=nan
expect "quantisation: w1 above 1 without w2" 'quantisation-weights' qz --mode overlap --w1 1.5
expect "quantisation: w1 and w2 zero" 'quantisation-weights' qz --mode overlap --w1 0 --w2 0
expect "quantisation: width beyond 9" 'bad-argument' qz --weight-bits 10
expect "quantisation: two widths for one layer" '^both.json:3:.*contradictory-bits' qz --bits both.json
expect "quantisation: width against the design" '^w3.json:1:.*contradictory-bits' qz --bits w3.json -w 5
mkdir lonely && cp float/weights.npz lonely/w.npz
expect "quantisation: bundle without a network" '^lonely/w.npz: bundle-without-network' "$epim" quantize lonely/w.npz --out out
expect "quantisation: network without weights" 'missing-key.*weights' "$epim" quantize resnet18 --out out
expect "mixed precision: empty set of widths" 'empty-bit-set' qz --choose '' --budget 30 --traces all.json
expect "mixed precision: no widths at all" 'empty-bit-set' qz --budget 30
expect "mixed precision: width outside 2..9" 'bit-width.*2..9' qz --choose 3,11 --budget 30 --traces all.json
expect "mixed precision: width twice" 'duplicate-bits' qz --choose 3,3 --budget 30 --traces all.json
expect "mixed precision: widths given as well" 'contradictory-bits' qz --choose 3,5 -w 5 --budget 30 --traces all.json
expect "mixed precision: no budget" 'missing-budget' qz --choose 3,5 --traces all.json
expect "mixed precision: budget below the minimum" 'budget-too-small.*conv3.*at least 20' qz --choose 3,5 --budget 19 --traces all.json
expect "mixed precision: no traces" 'missing-traces' qz --choose 3,5 --budget 30
expect "mixed precision: a layer without a trace" "^few.json: missing-trace.*'fc'" qz --choose 3,5 --budget 30 --traces few.json
expect "mixed precision: negative trace" '^negative.json:2:.*value-out-of-range' qz --choose 3,5 --budget 30 --traces negative.json
"$epim" quantize --config "$root/configs/digits.toml" -w 5 --out whole.npz > /dev/null || { echo "a whole bundle is refused"; failed=$((failed + 1)); }
bundled() { "$epim" gen --config "$root/configs/digits.toml" --set network.integers="$1" --out out "${@:2}"; }
head -c 3000 whole.npz > cut.npz
expect "truncated integer bundle" '^cut.npz: corrupt-npz' bundled cut.npz
expect "float bundle in place of integers" '^float/weights.npz: bundle-format' bundled float/weights.npz
expect "integer bundle of another crossbar" '^whole.npz: bundle-hardware.*xb_rows' bundled whole.npz --crossbar 32x32
expect "integer bundle wider than the core" '^whole.npz: contradictory-bits' bundled whole.npz --set hardware.weight_bits=3
"$epim" quantize --config "$root/configs/digits.toml" -w 5 --scheme affine --out affine.npz > /dev/null
expect "affine integers on a core without zero points" '^affine.npz: zero-point-not-built' bundled affine.npz
expect "integers beyond the width of G" '^whole.npz: layer-data-range.*channel_scale' bundled whole.npz --set hardware.channel_scale_bits=8
expect "weights and integers" 'contradictory-weights' bundled whole.npz --set network.weights=float/weights.npz
expect "integers quantised again" 'contradictory-weights' "$epim" quantize --config net.toml --set network.integers=whole.npz --out out
expect "waveform window" 'bad-window' "$epim" sim --config ok.toml --trace w.fst --window 12
expect "unknown network" 'unreadable-file.*resnet50' "$epim" map resnet51
# Options of a network's cores: the error names the option.
expect "crossbar option that is no size" '^--crossbar: wrong-type' "$epim" map resnet50 --crossbar 12
expect "crossbar option that the lanes do not divide" '^--crossbar: crossbar-rows-lanes' "$epim" estimate resnet50 --lanes 12
expect "weight bits that no core has" '^--weight-bits: value-out-of-range' "$epim" map resnet50 -w 12
expect "activation bits that no core has" '^--act-bits: value-out-of-range' "$epim" run resnet50 -a 0 --out out
expect "override that makes a core illegal" '^--crossbar: crossbar-columns-adc' "$epim" map resnet50 --set hardware.cols_per_adc=7

# Overrides that a command does not read: every line of gen/config/unused_keys.def.
unused() { local title=$1 key=$2; shift 2; expect "$title" "^--set $key: unused-key: " "$@" --set "$key"; }
nets=(resnet50 --crossbar 256x256)
unused "override of a layer's key for a network" layer.cin=3 "$epim" map "${nets[@]}"
unused "override of a network's key where the network is named" network.images=x.npy "$epim" run "${nets[@]}" --out out
unused "override of the crossbar beside --crossbar" hardware.crossbar=64x64 "$epim" map "${nets[@]}"
unused "override of the weights' bits beside --weight-bits" hardware.weight_bits=3 "$epim" search resnet50 --out out
unused "override of the activations' bits beside --act-bits" hardware.act_bits=3 "$epim" estimate resnet50
unused "override of the lanes beside --lanes" hardware.lanes=8 "$epim" run "${nets[@]}" --out out
unused "override of an array that every core has of its own" hardware.pe_rows=64 "$epim" estimate resnet50
unused "override of the tables of simulated networks" hardware.tables=rom "$epim" run "${nets[@]}" --out out
unused "override of the cell memory of simulated networks" 'hardware.storage="ram"' "$epim" run "${nets[@]}" --out out
unused "override of counters that are compared" hardware.event_counters=false "$epim" run "${nets[@]}" --out out
unused "override of a device that an estimate knows nothing of" device.stuck=0.1 "$epim" estimate resnet50
unused "chip: override of its tables" hardware.tables=writable "$epim" gen --top network --config net.toml --out out
unused "override of the images of a core" network.images=x.npy gen net
unused "quantisation: override of the cell memory" hardware.storage=ram "$epim" quantize --config net.toml --out out
unused "fpga: cells in flip-flops" hardware.storage=flat "$epim" fpga --config ok.toml --out out
"$epim" map resnet50 --set hardware.tables=writable --set hardware.adc_bits=6 > /dev/null || { echo "overrides that have an effect are refused"; failed=$((failed + 1)); }

# Networks on epim map and epim run: the layer's name and its place in the file.
net() { printf '{"schema": 1, "name": "n", "input": {"name": "x", "channels": 8, "height": 8, "width": 8},\n "nodes": [\n%s\n ], "output": "%s"}\n' "$2" "$3" > "$1.json"; }
a='  {"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "padding": 1, "relu": true}'
net shapes "$a,"'
  {"name": "b", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "relu": true},
  {"name": "sum", "op": "add", "inputs": ["a", "b"]}' sum
expect "network: shapes of an addition" "^shapes.json:5:3: shape-mismatch: .*'sum'.*8x8x8.*8x6x6" "$epim" map shapes.json
net circle "${a/\"x\"/\"b\"}"',
  {"name": "b", "op": "conv", "inputs": ["a"], "cout": 8, "kernel": 3, "padding": 1}' b
expect "network: two layers that wait for each other" "^circle.json:[34]:3: network-cycle: .*a reads b" "$epim" map circle.json
net grouped "${a/\"kernel\"/\"groups\": 3, \"kernel\"}" a
expect "network: groups that do not divide the channels, by layer" "^grouped.json:3:[0-9]+: groups-divide-channels: .*'a'" "$epim" map grouped.json
net kind "${a/conv/pooling}" a
expect "network: unknown node kind, by layer" "^kind.json:3:[0-9]+: unknown-op: .*'a'" "$epim" run kind.json
net one "$a" a
small=(--design none --crossbar 16x16 --lanes 4 --out out)
expect "weights without a layer of the network" "^one.json:3:3: missing-array: node a: .*a/epitome" "$epim" run one.json "${small[@]}" --weights "$root/models/digits/weights.npz"
net shape '  {"name": "conv1", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "padding": 1, "relu": true, "act_scale": 1}' conv1
expect "weights of another shape" "^shape.json:3:3: tensor-shape: node conv1: .*16, 1, 3, 3.*8, 8, 3, 3" "$epim" run shape.json "${small[@]}" --weights "$root/models/digits/weights.npz"
expect "design that is no size" 'bad-design' "$epim" map one.json --design 1024

# Images.
net picture '  {"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3}' a
sed -i 's/"channels": 8/"channels": 1/' picture.json
picture() { "$epim" run picture.json "${small[@]}" --image "$1"; }
{ printf 'P5 8 8 255\n'; head -c 63 /dev/zero; } > short.pgm
expect "truncated PGM" '^short.pgm: corrupt-image: ' picture short.pgm
printf 'P2 8 8 255\n1 2 3 x' > letters.pgm
expect "PGM with letters" '^letters.pgm: corrupt-image: ' picture letters.pgm
{ printf 'P6 8 8 255\n'; head -c 192 /dev/zero; } > colour.ppm
expect "colour image for a grey network" '^colour.ppm: tensor-shape: .*of 3 channels.*of 1 channel' picture colour.ppm
{ printf 'P5 9 8 255\n'; head -c 72 /dev/zero; } > wide.pgm
expect "image of another size" '^wide.pgm: tensor-shape: 9x8 pixels' picture wide.pgm
# 8 x 8 grey pixels, zero.
base64 -d > black.png <<< 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR42mNgoA4AAABIAAEQRe/SAAAAAElFTkSuQmCC'
head -c 50 black.png > cut.png
expect "truncated PNG" '^cut.png: corrupt-image: PNG, byte ' picture cut.png
{ head -c 45 black.png; printf 'x'; tail -c +47 black.png; } > flipped.png
expect "corrupt PNG" '^flipped.png: corrupt-image: PNG, byte ' picture flipped.png
expect "something that is no image" '^ok.toml: image-format: ' picture ok.toml
expect "image that is not there" '^nowhere.png: unreadable-file: ' picture nowhere.png

synth() { "$epim" synth --config ok.toml --out out "$@"; }
expect "Liberty file that is not there" '^none.lib: unreadable-file: ' synth --liberty none.lib
echo 'library(x) { cell(A) { area : 1;' > cut.lib
expect "truncated Liberty file" '^cut.lib:2:1: liberty-syntax: ' synth --liberty cut.lib
echo 'library(x) { cell(A) { area : 1; pin(Y) { direction : output; function : "1"; } } }' > few.lib
expect "Liberty file without a flip-flop" '^few.lib: liberty-unusable: ' synth --liberty few.lib
expect "timing without a Liberty file" 'bad-argument: --timing' synth --timing
expect "a program that is not Yosys" 'bad-argument: --yosys' synth --yosys /bin/true
design() { printf '{"schema": 1, "network": "%s", "layers": [\n%s\n]}\n' "$1" "$2" > d.json; }
map() { "$epim" map resnet50 --design d.json "$@"; }
design resnet50 '{"node": "layer1.0.conv9", "epitome": null}'
expect "design: unknown layer" '^d.json:2:1: unknown-layer: .*layer1.0.conv9' map
design resnet50 '{"node": "layer1.0.conv2", "epitome": {"e_out": 64, "e_in": 16, "p": 2, "q": 4}}'
expect "design: epitome that cannot hold the kernel" '^d.json:2:1: epitome-exceeds-convolution: .*layer1.0.conv2' map
design resnet50 '{"node": "layer1.0.conv2", "epitome": {"e_out": 64, "e_in": 24, "p": 4, "q": 4}}'
expect "design: input groups inside a word" '^d.json:2:1: .*layer1.0.conv2.*nearest legal' map
design resnet50 '{"node": "conv1", "weight_bits": 5},
{"node": "conv1", "weight_bits": 7}'
expect "design: one layer with two widths" '^d.json:3:34: contradictory-bits: .*conv1' map
design resnet50 '{"node": "conv1", "weight_bits": 5}'
expect "design: other widths than the command line" '^d.json:2:34: contradictory-bits: .*conv1' map --weight-bits 9
expect "design: wrapping on the command line as well" 'contradictory-wrap' map --wrap copies
design resnet50 '{"node": "conv1", "weight_bits": 12}'
expect "design: weights wider than a core holds" '^d.json:2:1: value-out-of-range: .*conv1.*2..9' map
design vgg16 ''
expect "design: of another network" '^d.json:1:26: design-network' map
design digits '{"node": "conv2", "weight_bits": 7}'
printf 'schema = 1\nname = "n"\n[hardware]\ncrossbar = "64x64"\nweight_bits = 5\nact_bits = 8\nout_bits = 16\n[network]\nfile = "%s/models/digits/network.json"\n' "$root" > digits.toml
expect "design: a layer wider than the configuration's core" '^d.json:2:1: contradictory-bits: .*conv2' gen digits --design d.json
expect "design that is no file" 'bad-design' "$epim" map resnet50 --design nothing.json
design resnet50 '{"node": "layer1.0.conv1", "pool": {"kept": "1/2"}, "weight_bits": 4}'
expect "design: a width beside a pool" '^d.json:2:[0-9]*: contradictory-bits: .*layer1.0.conv1.*pool' map
design resnet50 '{"node": "layer1.0.conv1", "pool": {"kept": "1/2"}}'
expect "design: a pool in crossbars that are not square" '^d.json:2:1: pool-core: node layer1.0.conv1: .*128x64' map --crossbar 128x64
expect "estimate: MNSIM's model and a pool" 'mnsim-pool' "$epim" estimate resnet18 --design pool:0.5
expect "search: MNSIM's model and a pool" 'mnsim-pool' "$epim" search resnet50 --candidates none,pool:0.5 --out out
expect "search: budget below every design" '^--budget: budget-too-small: .*at least 912' "$epim" search resnet50 --budget 100 --out out
expect "search: unknown objective" '^--objective: unknown-objective: .*latency, energy, edp' "$epim" search resnet50 --objective speed --out out
expect "search: no candidates" 'empty-candidates' "$epim" search resnet50 --candidates "" --out out
expect "search: a layer without a candidate" 'empty-candidates: .*layer1.0.conv2.*256 rows' "$epim" search resnet50 --candidates 128x256 --out out
expect "search: nothing to replace" 'empty-candidates: .*bottleneck' "$epim" search digits --out out
expect "search: candidate that is no size" 'bad-candidate' "$epim" search resnet50 --candidates 1024 --out out
expect "search: budget that is no number" 'bad-budget' "$epim" search resnet50 --budget many --out out
design resnet50 '{"node": "fc", "weight_bits": 5}'
expect "search: the classifier with two widths" '^d.json:2:1: contradictory-bits: .*fc' "$epim" search resnet50 --bits-from d.json --classifier-bits 4 --out out
"$epim" search resnet50 --method evolution --iterations 2 --budget 2000 --checkpoint state.json > /dev/null
expect "search: checkpoint of another search" '^state.json:1:.*checkpoint-mismatch' "$epim" search resnet50 --method evolution --iterations 3 --budget 2000 --checkpoint state.json --out out
expect "search: row groups of a model without them" '^--rows-per-read: bad-argument: .*--model rtl' "$epim" search resnet50 --rows-per-read 64 --out out
expect "search: an interval beyond every chip" '^--interval: interval-too-short: .*legal: at least [0-9]+\.[0-9] .the map of [a-z0-9.]+ alone takes' "$epim" search resnet18 --interval 1000 --candidates none --out out
expect "search: an interval and too few crossbars" '^--budget: budget-too-small: an interval of 200000 cycles takes [0-9]+ crossbars' "$epim" search resnet18 --interval 200000 --budget 10 --candidates none --out out
expect "search: objective interval without a budget" '^--objective: bad-argument: .*with --budget' "$epim" search resnet18 --objective interval --out out
expect "search: objective interval, too few crossbars" '^--budget: budget-too-small: 10 crossbars hold no design' "$epim" search resnet18 --objective interval --budget 10 --candidates none --out out
expect "search: an interval by MNSIM's model" '^--model: bad-argument: .*our own chip' "$epim" search resnet18 --interval 100000 --model mnsim --out out
expect "search: an interval by evolution" '^--method: bad-argument: .*exact' "$epim" search resnet18 --interval 100000 --method evolution --out out
expect "search: an interval, refined" '^--refine: bad-argument' "$epim" search resnet18 --interval 100000 --refine --out out
expect "search: an interval with maps stored once" 'interval-stored-once: ' "$epim" search resnet18 --interval 100000 --wrap stored_once --out out
expect "search: row groups twice" '^--set hardware.rows_per_read=8: bad-argument: .*one of them' "$epim" search resnet50 --model rtl --rows-per-read 64 --set hardware.rows_per_read=8 --out out
expect "unknown verb" 'bad-argument' "$epim" simulate
cp "$root/models/digits/network.json" digits/
estimate() { "$epim" estimate "$@"; }
edit '0,/"op": "max_pool"/s//"op": "pooling"/'
expect "estimate: unknown layer kind" 'network.json:[0-9]+:.*unknown-op.*max_pool' estimate digits/network.json --design none
cp "$root/models/digits/network.json" digits/
expect "estimate: weight bits that no core has" 'rtl-bits.*mnsim' estimate resnet50 -w 12
expect "estimate: weight bits out of range" 'value-out-of-range.*2..32' estimate resnet50 -w 1
printf '{"schema": 1, "network": "resnet50", "weight_bits": 5, "layers": [{"node": "fc", "weight_bits": 7}]}' > bits.json
expect "estimate: widths of design and command line" 'bits.json:1:.*contradictory-bits' estimate resnet50 --design bits.json -w 9
expect "estimate: widths of classifier" 'bits.json:1:.*contradictory-bits.*fc' estimate resnet50 --design bits.json --classifier-bits 5
expect "estimate: epitome too small for a word" 'resnet50/network.json:[0-9]+:.*layer' estimate resnet50 --design 4x4
expect "estimate: more tiles than the chip has" 'mnsim-tiles-exceeded.*needs [0-9]+ tiles' estimate resnet50 --model mnsim --mnsim-set Tile_Num=4,4
expect "estimate: unknown quirk" 'unknown-key.*one_pair_per_bit' estimate resnet50 --quirk one_pair
expect "estimate: quirk neither on nor off" 'bad-override' estimate resnet50 --quirk one_pair_per_bit=maybe
expect "estimate: unknown key of SimConfig.ini" 'unknown-key.*ADC_Num' estimate resnet50 --mnsim-set ADC_Nums=3
printf '[Process element level]\nADC_Num 3\n' > sim.ini
expect "estimate: broken SimConfig.ini" '^sim.ini:2:1: ini-syntax' estimate resnet50 --mnsim-config sim.ini
expect "estimate: options of a model that is not asked for" 'bad-argument.*mnsim' estimate resnet50 --model rtl --compat
chip=(--top network --config "$root/configs/digits.toml")
expect "estimate of a chip: no configuration" '^--config: missing-argument' estimate --top network
expect "estimate of a chip: an option about one core" '^--weight-bits: bad-argument.*--stepped' estimate "${chip[@]}" -w 5
expect "estimate of a chip: events of a run that is none" '^--exact: bad-argument.*--stepped' estimate "${chip[@]}" --exact
expect "estimate of a chip: images of a run that is none" '^--images: bad-argument.*--stepped' estimate "${chip[@]}" --images 3
expect "estimate of a chip: depth of a FIFO that has none" '^--fifo: bad-argument.*--stepped' estimate "${chip[@]}" --fifo image.conv1=3
expect "estimate: an option about a chip" '^--stepped: bad-argument.*--top network' estimate resnet18 --stepped
expect "sim: an option about a chip" '^--no-events: bad-argument.*--top network' "$epim" sim --config "$root/configs/digits.toml" --no-events
expect "synth: an option about a chip" '^--core-boxes: bad-argument.*--top network' "$epim" synth --config "$root/configs/digits.toml" --core-boxes --out nothing
expect "synth of a chip: a library" '^--top: bad-argument.*--liberty' "$epim" synth "${chip[@]}" --liberty x.lib --out nothing
expect "estimate: no result of a run" 'unreadable-file' estimate --against nowhere
eval_verb() { "$epim" eval "$@"; }
expect "run: a device's wrapping compared" '^--compare-wrap: bad-argument: ' "$epim" run digits --compare-wrap --set device.stuck=0.1 --out out
expect "a calibrated range and a given one" '^--set network.adc_calibration=x.npy: contradictory-range: .*one of them' "$epim" eval --config "$root/configs/digits.toml" --set network.adc_calibration=x.npy --set hardware.adc_step=1 --out out
expect "eval: nothing named" 'bad-argument: a NETWORK or --config' eval_verb
expect "eval: a name and a configuration" 'bad-argument: a NETWORK and --config are both given' eval_verb digits --config "$root/configs/digits.toml"
expect "eval: an option that the configuration says" '^--lanes: bad-argument:' eval_verb --config "$root/configs/digits.toml" --lanes 8
expect "eval: a folder that is none" 'unreadable-file: a folder without config.toml' eval_verb "$root/models/digits"
expect "eval: a first image beyond the last" 'image-range: 360 images' eval_verb --config "$root/configs/digits.toml" --first 360
printf '\0\0\10\1\0\0\0\5abc' > short.idx
expect "eval: an IDX file that ends early" '^short.idx: corrupt-idx: ends at byte 3' eval_verb --config "$root/configs/digits.toml" --images short.idx
expect "eval: classes without images" '^--labels: bad-argument: classes without images' eval_verb vgg8 --labels short.idx
report() { "$epim" report "$@" --out out; }
expect "report: no such source" '^nowhere: unreadable-file: .*known: digits' report nowhere
expect "report: neither JSON nor TOML" '^[^ ]*weights.npz: report-source: .*legal: a network' report "$root/models/digits/weights.npz"
printf '{"nodes": [\n}' > broken.json
expect "report: broken JSON" '^broken.json:2:1: json-syntax' report broken.json
printf '{"answer": 42}' > other.json
expect "report: JSON of another kind" '^other.json: report-source: JSON of another kind; legal' report other.json
mkdir -p nothing
expect "report: a folder of nothing" '^nothing: report-source: a folder without result.json' report nothing
expect "report: a configuration of one layer" '^ok.toml: report-source: .*legal: with a .network' report ok.toml
expect "report: the same twice" "^resnet50: report-twice: .*'graph'" report resnet18 resnet50
printf '{"network_hash": "", "hardware_hash": "", "layers": []}' > result.json
expect "report: a damaged result of a run" "^result.json: run-result: .*'network'" report result.json
python3 - "$root" << 'END'
import json, sys
digits = sys.argv[1] + "/models/digits/network.json"
run = {"network": "digits", "design": "none", "wrap": "off", "crossbar": "64x64", "weight_bits": 5, "act_bits": 8, "lanes": 8, "seed": 1, "weights": "", "image": "",
       "max_pes": 64, "set": [], "network_file": digits, "network_hash": "0", "design_hash": "", "weights_hash": "", "image_hash": "", "hardware_hash": "0", "layers": []}
json.dump(run, open("stale.json", "w"))
json.dump({"source": {}, "maps": [], "integers": {"maps": [{"node": "a", "signal_to_noise_db": "loud"}]}}, open("import.json", "w"))
json.dump({"network": "x", "search": {"objective": "edp"}, "layers": []}, open("search.json", "w"))
json.dump({"seeds": [1], "made_with": {"test_images": 1}, "variants": {"a": {"design": 3}}, "claims": []}, open("summary.json", "w"))
json.dump({"rule": "paper", "paper": {}, "physical": {}, "layers": [{"layer": "a", "weight_bits": True}]}, open("estimate.json", "w"))
END
expect "report: a run whose network has changed" '^stale.json: stale-run: .*run again' report stale.json
expect "report: an import without its configuration" 'config.toml: unreadable-file' report import.json
cp "$root/configs/digits.toml" config.toml && sed -i "s|\.\./models|$root/models|" config.toml
expect "report: a damaged record of an import" '^import.json: report-source: no record of epim import' report import.json
expect "report: a damaged result of a search" '^search.json: report-source: no result of epim search' report search.json
expect "report: a damaged estimate" '^estimate.json: report-source: no result of epim estimate' report estimate.json
expect "report: a damaged summary of the training study" '^summary.json: report-source: no summary of the training study' report summary.json
expect "report: nothing to write" '^--out: missing-argument' "$epim" report resnet18
expect "report: an option that no source takes" '^--crossbar: bad-argument: .*legal: with a network' report "$root/configs/digits.toml" --crossbar 64x64
expect "report: a limit that is none" '^--min-snr: value-out-of-range' report resnet18 --min-snr 1e9
expect "report: a file that cannot be written" '^nowhere/page.html: output-not-writable' "$epim" report resnet18 --out nowhere/page.html
expect "fpga: unknown board" '^--board: unknown-board: .*legal: hx8k' "$epim" fpga --config ok.toml --board de10 --out out
expect "fpga: self-test without ROM" 'self-test-needs-rom' "$epim" fpga --config ok.toml --self-test --out out
expect "fpga: a rate that the clock does not give" '^--baud: baud-not-possible' "$epim" fpga --config ok.toml --baud 5000000 --out out
expect "fpga: a clock that the PLL does not give" '^--clock: clock-not-possible' "$epim" fpga --config ok.toml --clock 300 --out out
expect "fpga: a clock for a device without PLL support" '^--clock: clock-not-possible' "$epim" fpga --config ok.toml --board ulx3s --clock 50 --out out
expect "host: no such device" '^/dev/no-such-port: no-serial-port: .*legal' "$epim" host --config ok.toml --port /dev/no-such-port
expect "host: no serial device" '^/dev/null: no-serial-port: .*legal' "$epim" host --config ok.toml --port /dev/null
expect "host: unknown baud rate" '^--baud: unknown-baud-rate: .*legal: 9600' "$epim" host --config ok.toml --port /dev/null --baud 12345
expect "host: signature that is no number" 'bad-argument: --signature: legal: up to 8 hexadecimal digits' "$epim" host --config ok.toml --simulate --self-test --signature xyz
expect "host: signature too long" 'bad-argument: --signature' "$epim" host --config ok.toml --simulate --self-test --signature 123456789
expect "host: signature without self-test" '^--signature: bad-argument' "$epim" host --config ok.toml --simulate --signature 12
expect "host: neither port nor simulation" '^--port: bad-argument' "$epim" host --config ok.toml

# Warned of, not refused.
rm -rf digits && cp -r "$root/models/digits" digits
edit '0,/"act_scale": 0.[0-9]*/s//"act_scale": 0.0001220703125/; s/"schema": 1,/"schema": 1, "scales_trained": true,/'
"$epim" quantize --config net.toml --out cut.npz > stdout.txt 2>&1 || { echo "FAILED  a scale that cuts its map, trained: $(cat stdout.txt)"; failed=$((failed + 1)); }
cp "$root/models/digits/network.json" digits/
python3 -c 'import zipfile; z = zipfile.ZipFile("digits/weights.npz", "a"); z.writestr("old/epitome.npy", z.read("fc/bn_bias.npy"))'
text=$(gen net 2>&1 > /dev/null)
[ "$text" = "digits/weights.npz: warning: unused-arrays: no node of digits reads old/epitome" ] && [ -d out ] || { echo "FAILED  array that no node reads: $text"; failed=$((failed + 1)); }
rm -rf out

if [ -n "$markdown" ]; then printf '| input | message |\n|---|---|\n%s' "$rows" > "$markdown"; fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
