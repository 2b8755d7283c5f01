# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Short names for the scripts that do the work; each installs what is missing.
.PHONY: demo verify long build bench formal coverage mutation synth fpga paper study netlist clean networks resnet18 resnet34 resnet50 resnet50-w3 resnet101 vgg16
demo:   ; scripts/demo.sh
verify: ; scripts/verify.sh
# ResNet-18 as one chip, its program through the load port: ten minutes.
long:   ; scripts/long.sh
build:  ; scripts/build.sh run
bench:  ; scripts/build.sh bench && build/gen/command/epim bench && build/tb/bench/epim_estimate_bench
formal: ; scripts/formal.sh
coverage: ; scripts/coverage.sh
mutation: ; scripts/mutation.sh
synth:  ; scripts/synth.sh
netlist: ; scripts/netlist.sh
fpga:   ; scripts/fpga.sh
paper:  ; scripts/build.sh run && build/gen/command/epim paper
# Quantisation-aware training over seeds: models/digits/traces.json and quantisation_study.json; not part of verify.
study:  ; scripts/setup.sh train && scripts/hessian_trace.py && scripts/quantisation_study.py
clean:  ; rm -rf build out
# A whole network through the RTL (docs/networks.md). The goals are stated beside what was measured.
resnet50:    build ; build/gen/command/epim run resnet50 --goal-total 35 --goal-memory 4
resnet50-w3: build ; build/gen/command/epim run resnet50 -w 3 --goal-total 35 --goal-memory 4
resnet18 resnet34 resnet101 vgg16: build ; build/gen/command/epim run $@
networks: resnet18 resnet34 resnet50 resnet50-w3 resnet101 vgg16
