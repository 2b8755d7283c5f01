# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Short names for the scripts that do the work; each installs what is missing.
.PHONY: demo verify build bench paper study clean
demo:   ; scripts/demo.sh
verify: ; scripts/verify.sh
build:  ; scripts/build.sh run
bench:  ; scripts/build.sh bench && build/gen/command/epim bench && build/tb/bench/epim_estimate_bench
paper:  ; scripts/build.sh run && build/gen/command/epim paper
# Quantisation-aware training over seeds: models/digits/traces.json and quantisation_study.json; not part of verify.
study:  ; scripts/setup.sh train && scripts/hessian_trace.py && scripts/quantisation_study.py
clean:  ; rm -rf build out
