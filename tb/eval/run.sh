#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# `epim eval`: the same accuracy as the other verbs, sweeps, images in every format, ended and killed runs.
# usage: tb/eval/run.sh EPIM WORK_DIR
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 4
digits=$root/configs/digits.toml
model=$root/models/digits

# get FILE EXPRESSION: of the JSON j.
get() { python3 -c "import json,sys; j=json.load(open(sys.argv[1])); print($2)" "$1"; }
same() { [ "$1" = "$2" ] || { echo "$1 and $2"; return 1; }; }

# Against the other verbs.
"$epim" eval --config "$digits" --weight-bits 9,3 --adc-bits 8,5 --out sweep --json > sweep.json
count "a sweep of widths" $?
check "result.json is what --json prints" cmp sweep.json sweep/result.json
check "its points in order" same "$(get sweep.json '[(p["weight_bits"],p["adc_bits"]) for p in j["points"]]')" "[(9, 8), (9, 5), (3, 8), (3, 5)]"
"$epim" quantize --config "$digits" --weight-bits 3 --accuracy --json > quantize.json
check "float accuracy as epim quantize has it" same "$(get sweep.json 'j["float"]["top1"]["share"]')" "$(get quantize.json 'j["accuracy"]["float"]')"
"$epim" eval --config "$digits" --weight-bits 3 --out w3 --json > w3.json
check "golden accuracy as epim quantize has it" same "$(get w3.json 'j["points"][0]["top1"]["share"]')" "$(get quantize.json 'j["accuracy"]["golden"]')"
check "lossless: nothing clipped" same "$(get w3.json 'sum(l["adc_saturated"] for l in j["points"][0]["layers"])')" 0
check "5 bits clip" test "$(get sweep.json 'sum(l["adc_saturated"] for l in j["points"][1]["layers"])')" -gt 0
check "classes add up" same "$(get sweep.json '[sum(c["right"] for c in p["classes"])-p["top1"]["count"] for p in j["points"]]')" "[0, 0, 0, 0]"
check "every image is taken for one class" same "$(get sweep.json 'sum(c["predicted"] for c in j["points"][3]["classes"])')" 360
check "fewer bits, more noise" test "$(get sweep.json 'int(j["points"][0]["maps"][0]["snr_db"] > j["points"][2]["maps"][0]["snr_db"])')" = 1

# Events are those that the RTL counts: `sim --images` sums them over images and compares RTL and golden model.
"$epim" sim --config "$digits" --images 3 --json > sim.json 2> sim.err
"$epim" eval --config "$digits" --limit 3 --events --out events --json > events.json
for event in cell_reads adc_zero adc_saturated word_line_drives joint_adds input_buffer_reads; do
  check "$event of every layer as in the RTL" same "$(get events.json "[l['events']['$event'] for l in j['points'][0]['layers']]")" \
    "$(get sim.json "[l['events']['$event'] for l in j['layers']]")"
done

# As `epim run` maps it; the first image of the test set has the class that run finds.
"$epim" eval digits --design none --crossbar 64x64 -a 8 --lanes 8 --set hardware.out_bits=16 --weights "$model/weights.npz" --images "$model/test_images.npy" \
  --labels "$model/test_labels.npy" --out named --json > named.json
check "a network by name" test "$(get named.json 'int(j["points"][0]["top1"]["share"] > 0.97)')" = 1
"$epim" eval digits --limit 3 --out seeded --json > seeded.json
check "seeded data: no classes, no float network" same "$(get seeded.json '(j["seeded"], j["float"], j["points"][0]["top1"], j["images"]["count"])')" "(True, None, None, 3)"

# Image formats and parts of a set.
python3 - "$model" <<'END_PYTHON'
import ast, gzip, struct, sys
def npy(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<H", raw[8:10])[0]
    head = ast.literal_eval(raw[10:10 + n].decode())
    return head["descr"], head["shape"], raw[10 + n:]
def idx(path, kind, dims, data, compressed):
    raw = bytes([0, 0, kind, len(dims)]) + b"".join(struct.pack(">I", d) for d in dims) + data
    (gzip.open if compressed else open)(path, "wb").write(raw)
kind, dims, data = npy(sys.argv[1] + "/test_images.npy")
assert kind == "|u1", kind
idx("images-idx3-ubyte.gz", 8, (dims[0], dims[-2], dims[-1]), data, True)
_, dims, data = npy(sys.argv[1] + "/test_labels.npy")
size = len(data) // dims[0]
idx("labels-idx1", 8, dims, bytes(data[i * size] for i in range(dims[0])), False)
idx("cut-idx3-ubyte.gz", 8, (100, 8, 8), bytes(6399), True)
END_PYTHON
"$epim" eval --config "$digits" --weight-bits 3 --images images-idx3-ubyte.gz --labels labels-idx1 --out idx --json > idx.json
check "IDX files give the same" same "$(get idx.json 'j["points"]')" "$(get w3.json 'j["points"]')"
"$epim" eval --config "$digits" --weight-bits 3 --first 100 --limit 50 --out part --json > part.json
check "a part of the set" same "$(get part.json '(j["images"]["first"], j["images"]["count"], j["points"][0]["top1"]["of"])')" "(100, 50, 50)"

# A degraded chip: RTL equal to golden at every stage, as eval has it; spare columns; a range from other images.
chip=(--config "$digits" --device "$root/configs/devices/worn.toml" --set device.stuck=0.03 --set device.seed=3)
"$epim" sim "${chip[@]}" --set device.spare_columns=4 --images 3 --json > worn-sim.json 2> worn.err
check "a degraded chip with spare columns: RTL = golden at every stage" same "$(get worn-sim.json 'j["identical_outputs"]')" 3
"$epim" eval "${chip[@]}" --set device.spare_columns=4 --limit 3 --out worn --json > worn.json
check "eval's accuracy is that of the RTL" same "$(get worn.json 'j["points"][0]["top1"]["count"]')" "$(get worn-sim.json 'round(3*j["accuracy"]["rtl"]/100)')"
"$epim" eval --config "$digits" --set device.stuck=0.03 --sweep device.spare_columns=0,32 --seeds 4 --out spares --json > spares.json
check "spare columns raise accuracy" test "$(get spares.json 'int(j["groups"][1]["top1_mean"] > j["groups"][0]["top1_mean"])')" = 1
"$epim" eval --config "$digits" --set "network.adc_calibration=$model/test_images.npy" --adc-bits 4,8 --limit 64 --out calibrated --json > calibrated.json
check "a calibrated range clips none of its images" same "$(get calibrated.json '[(p["adc_step"] > 0, sum(l["adc_saturated"] for l in p["layers"])) for p in j["points"]]')" "[(True, 0), (False, 0)]"

# Ended and killed runs, and threads.
"$epim" eval --config "$digits" --weight-bits 9,5,3 --adc-bits 6,5 --out whole -j 2 > /dev/null 2>&1
"$epim" eval --config "$digits" --weight-bits 9,5,3 --adc-bits 6,5 --out one -j 1 > /dev/null 2>&1
check "one thread, same bytes" cmp whole/result.json one/result.json
check "predictions, too" cmp whole/predictions.npz one/predictions.npz
kills=0
for delay in 0.1 0.25 0.4 0.6; do
  "$epim" eval --config "$digits" --weight-bits 9,5,3 --adc-bits 6,5 --out killed -j 2 > /dev/null 2>&1 &
  sleep $delay
  kill -9 $! 2> /dev/null && kills=$((kills + 1))
  wait $! 2> /dev/null
done
echo "cut short" > killed/chunks/000001.json
"$epim" eval --config "$digits" --weight-bits 9,5,3 --adc-bits 6,5 --out killed -j 2 > /dev/null 2>&1
check "killed $kills times and started again: same bytes" cmp whole/result.json killed/result.json
"$epim" eval --config "$digits" --weight-bits 4 --out killed > /dev/null
"$epim" eval --config "$digits" --weight-bits 4 --out fresh > /dev/null
check "a folder of another sweep is not taken for this one" cmp killed/result.json fresh/result.json

"$epim" eval vgg8 --limit 20000 --out ended > ended.txt 2> ended.err &
pid=$!
for _ in $(seq 600); do [ -e ended/chunks/000001.json ] && break; sleep 0.1; done
kill -TERM $pid
wait $pid
count "SIGTERM: exit code 143" $(($? != 143))
check "it says where it goes on" grep -q "kept in ended; the same command goes on there" ended.err
check "nothing half written" same "$(find ended -name '*tmp*' | wc -l) $(find ended -name result.json | wc -l)" "0 0"

# Bad input.
expect "nothing named" 2 "^command line: bad-argument: a NETWORK or --config" "$epim" eval
expect "both named" 2 "bad-argument: a NETWORK and --config are both given" "$epim" eval digits --config "$digits"
expect "an option that the configuration says" 2 "^--lanes: bad-argument:" "$epim" eval --config "$digits" --lanes 8
expect "a folder that is none" 2 "unreadable-file: a folder without config.toml" "$epim" eval "$model"
expect "a first image beyond the last" 2 "image-range: 360 images, the first that is asked for is 360; legal: 0..359" "$epim" eval --config "$digits" --first 360
expect "an IDX file that ends early" 2 "cut-idx3-ubyte.gz: corrupt-idx: ends at byte" "$epim" eval --config "$digits" --images cut-idx3-ubyte.gz
expect "classes without images" 2 "^--labels: bad-argument: classes without images" "$epim" eval digits --labels labels-idx1
expect "images of another size" 2 "tensor-shape" "$epim" eval vgg8 --images "$model/test_images.npy"
expect "a width beyond the range" 2 "bad-argument" "$epim" eval --config "$digits" --weight-bits 9,12
expect "a key that accuracy does not depend on" 2 "unused-key" "$epim" eval --config "$digits" --set hardware.storage=ram
finish
