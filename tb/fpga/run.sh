#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The FPGA path without a board: a whole image through simulated UART pins, the serial-port code over a
# pseudo-terminal, the self-test, refusals, missing tools, a device that is too small.
# usage: tb/fpga/run.sh EPIM WORK_DIR [quick]     quick: without the self-test (models of a minute
# each; bug 98 of the bug bank runs it) and without a synthesis
# Last line: N passed, M failed.
set -u
epim=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
work=$2
quick=${3:-}
rm -rf "$work"
mkdir -p "$work"
work=$(realpath "$work")
export EPIM_CACHE=${EPIM_CACHE:-$(dirname "$work")/models}
cd "$work" || exit 4
host() { "$epim" host "$@"; }
fpga() { "$epim" fpga "$@"; }
digits=$root/configs/fpga/digits_small.toml
xb16=$root/configs/named/xb16.toml
rom=$root/configs/named/rom-ram.toml

# Five layers over UART pins, every output compared; the class is golden's (epim sim runs the same image).
expect "one image of digits_small through simulated UART pins" 0 'conv1 .*identical.*conv2 .*identical.*conv3 .*identical.*conv4 .*identical.*fc .*identical.*image 0: class ([0-9]), label ([0-9])' \
  host --config "$digits" --simulate --check
expect "the layer of the UP5K configuration" 0 'identical' host --config "$root/configs/fpga/up5k.toml" --simulate --check
expect "a layer at 7 clocks per bit" 0 'identical' host --config "$xb16" --simulate --check --clocks-per-bit 7
expect "a layer through the serial-port code and a pseudo-terminal" 0 '/dev/pts/.*identical' host --config "$xb16" --simulate --pty --check
[ "$quick" = quick ] || expect "a ROM core with self-test, then over the line" 0 'self-test passed.*identical' host --config "$rom" --simulate --self-test --check
[ "$quick" = quick ] || expect "a self-test with another signature lights the other LED" 1 'self-test failed' host --config "$rom" --simulate --self-test --signature 12345678

expect "bitstream of other hardware" 2 'wrong-bitstream: the bitstream is not of hardware' host --config "$xb16" --simulate --board-config "$root/configs/named/rom-ram.toml"
sed 's/^height = .*/height = 3/; s/^width = .*/width = 3/; s/^cout = .*/cout = 4/; s/^e_out = .*/e_out = 4/
     s/^lanes = .*/&\nbuffer_words = 96/' "$xb16" > other.toml
expect "bitstream with tables for other layers" 2 'wrong-bitstream: .*tables for other layers' host --config "$xb16" --simulate --board-config other.toml
# A pseudo-terminal that answers nothing, and one that answers noise.
silent() {
  python3 - "$1" "$epim" "$xb16" <<'PY'
import os, pty, subprocess, sys, termios, threading, tty
master, slave = pty.openpty()
tty.setraw(slave)
def answer():
    try:
        while True:
            n = len(os.read(master, 256))
            if sys.argv[1] == "noise":
                os.write(master, bytes(n))
    except OSError:
        pass
threading.Thread(target=answer, daemon=True).start()
sys.exit(subprocess.run([sys.argv[2], "host", "--config", sys.argv[3], "--port", os.ttyname(slave)]).returncode)
PY
}
expect "a board that does not answer" 1 'serial link: no answer in the protocol' silent quiet
expect "a board that answers something else" 1 'serial link: no answer in the protocol' silent noise

# Tools that are not there: a PATH of nothing but what is named.
path_of() {
  rm -rf bin
  mkdir bin
  for tool in "$@"; do ln -s "$(command -v "$tool")" "bin/$tool"; done
}
if command -v yosys > /dev/null; then
  path_of sh
  expect "no yosys" 3 'missing tool: yosys: install Debian package yosys' env PATH="$work/bin" "$epim" fpga --config "$xb16" --out out
  path_of sh yosys
  expect "no nextpnr" 3 'missing tool: nextpnr-ice40: install Debian package nextpnr-ice40' env PATH="$work/bin" "$epim" fpga --config "$xb16" --out out
  [ "$quick" = quick ] || expect "too many block RAMs for the device" 2 'device-too-small: .*iCE40 HX8K .*block RAMs [0-9]+ of 32 \([0-9]+ too many\)' \
    fpga --config "$root/configs/fpga/up5k.toml" --set hardware.buffer_words=16384 --no-route --out out
else
  echo "skipped: yosys is not installed (scripts/setup.sh fpga)"
fi
[ ! -e out ] || { failed=$((failed + 1)); echo "FAILED  a refused run left its folder"; }
finish
