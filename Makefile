# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Short names for the scripts that do the work; each installs what is missing.
.PHONY: demo verify build bench synth netlist clean
demo:   ; scripts/demo.sh
verify: ; scripts/verify.sh
build:  ; scripts/build.sh run
bench:  ; scripts/build.sh run && build/gen/command/epim bench
synth:  ; scripts/synth.sh
netlist: ; scripts/netlist.sh
clean:  ; rm -rf build out
