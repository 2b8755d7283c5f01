#!/bin/sh
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages that are missing, with apt, as root or through sudo, and the Python packages of
# scripts/python/test.txt, with pip into an environment of their own (scripts/python_env.sh says where). Prints what and
# why; prints nothing and needs no network when all is there.
#   scripts/setup.sh run     what building, generating and simulating needs (default)
#   scripts/setup.sh test    the same, and what `make verify` needs
#   scripts/setup.sh synth   that, and what `make synth` and `make netlist` need
#   scripts/setup.sh formal  what `make formal` needs, nothing else
#   scripts/setup.sh fpga    what building, simulating and `make fpga` need
#   scripts/setup.sh train   what the training scripts need, nothing else
#   scripts/setup.sh study   that and what the study of docs/study.md needs
# Exit codes: 0 all there, 2 wrong use, 3 a package is missing and could not be installed (named on stderr).
set -eu

usage() {
  echo "usage: scripts/setup.sh [run|test|synth|formal|fpga|train|study]" >&2
  exit 2
}

[ $# -le 1 ] || usage
profile=${1:-run}

# package|why
run_packages='g++|compiles the tool and the simulations
cmake|configures the build
make|runs the builds that Verilator writes
ninja-build|runs the build of the tool
pkg-config|finds libraries
verilator|simulates the generated SystemVerilog
libfmt-dev|text formatting library
nlohmann-json3-dev|JSON library
libtomlplusplus-dev|TOML library
libcli11-dev|command line library
zlib1g-dev|reads and writes .npz files and waveforms
libpng-dev|reads images
libonnx-dev|message format of ONNX files
libprotobuf-dev|reads ONNX files'
test_packages='catch2|unit tests
librapidcheck-dev|property tests
libbenchmark-dev|benchmarks
yosys|reads and synthesises the SystemVerilog
iverilog|second simulator
python3|runs the checks written in Python
python3-venv|keeps their packages out of the system
python3-dev|headers for the Python module
pybind11-dev|makes it
python3-numpy|its arrays
python3-pytest|runs its tests
patch|applies the bug bank
chromium|draws the pages of reports
clang|compiles small models in less than half the time
libtcmalloc-minimal4|a faster allocator for compilers and simulators
dataset-fashion-mnist|images of the walk of docs/own-network.md'
synth_packages='opensta|slowest path of a netlist
qflow-tech-osu035|a cell library for area and timing'
formal_packages='yosys|reads the SystemVerilog and proves
z3|proves by k-induction
patch|breaks a block on purpose'
fpga_packages='yosys|synthesises
nextpnr-ice40|places and routes iCE40 devices
fpga-icestorm|writes iCE40 bitstreams'
train_packages='python3-torch|trains and quantises networks
dataset-fashion-mnist|the Fashion-MNIST images
python3-sklearn|the digits data set
python3-scipy|assignment of weight pools, confidence intervals of the training study
python3-numpy|arrays'
study_packages="$train_packages
snakemake|runs the jobs of the study"

case $profile in
  run) packages=$run_packages ;;
  test) packages="$run_packages
$test_packages" ;;
  synth) packages="$run_packages
$test_packages
$synth_packages" ;;
  formal) packages=$formal_packages ;;
  fpga) packages="$run_packages
$fpga_packages" ;;
  train) packages=$train_packages ;;
  study) packages="$run_packages
$study_packages" ;;
  *) usage ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: no dpkg and apt-get here; install these with your own package manager:" >&2
  echo "$packages" | sed 's/|/: /; s/^/  /' >&2
  exit 3
fi

home=$(cd "$(dirname "$0")" && pwd)
# Any Python that can make an environment will do, any clang, and any package of that library.
has_python() {
  python3 -c 'import ensurepip' 2>/dev/null
}
is_installed() {
  case $1 in
    python3 | python3-venv) ! has_python || return 0 ;;
    clang) ! "$home/clang.sh" >/dev/null || return 0 ;;
    libtcmalloc-minimal4) ! "$home/tcmalloc.sh" >/dev/null || return 0 ;;
  esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

missing=
while IFS='|' read -r package why; do
  is_installed "$package" && continue
  [ -n "$missing" ] || echo "setup: installing with apt:"
  echo "  $package: $why"
  missing="$missing $package"
done <<LIST
$packages
LIST

# The last step: exit 3 of python_env.sh is ours.
python_packages() {
  case $profile in test | synth) "$home/python_env.sh" test >/dev/null ;; esac
}
if [ -z "$missing" ]; then
  python_packages
  exit 0
fi

# From here on: the first package that is still missing, and exit 3.
give_up() {
  for package in $missing; do
    is_installed "$package" && continue
    echo "setup: missing package: $package ($1)" >&2
    exit 3
  done
}

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    give_up "not root and no sudo; run as root: apt-get install$missing"
  fi
  as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
[ -z "$as_root" ] || sudo -v || give_up "sudo refused"

# Number of lines of the log that start with one of the patterns.
count() {
  grep -cE "^($1)" "$log" || true
}

# Runs apt-get in the background, its output to the log, and prints progress with the time left about every 5 s.
# apt fetches, unpacks and sets up every package: three lines each.
run_apt() {
  : >"$log"
  # shellcheck disable=SC2086 # an empty $as_root is meant
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  begun=$(date +%s)
  ticks=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    ticks=$((ticks + 1))
    [ $((ticks % 5)) -eq 0 ] || continue
    total=$(sed -n 's/.*upgraded, \([0-9]*\) newly installed.*/\1/p' "$log" | head -n 1)
    done_steps=$(count 'Get:|Unpacking|Setting up')
    if [ "${total:-0}" -gt 0 ] && [ "$done_steps" -gt 0 ] && [ "$done_steps" -le $((3 * total)) ]; then
      elapsed=$(($(date +%s) - begun))
      left=$((elapsed * (3 * total - done_steps) / done_steps))
      echo "setup: $((100 * done_steps / (3 * total))) % of $total packages, about $left s left"
    fi
  done
  wait "$pid"
}

# shellcheck disable=SC2086 # $missing is a list
install_missing() {
  run_apt install -y --no-install-recommends $missing
}

if ! install_missing; then
  # The package lists may be absent (fresh system) or old: update them, once.
  echo "setup: updating the package lists"
  if ! run_apt update || ! install_missing; then
    tail -n 5 "$log" | sed 's/^/setup: apt: /' >&2
    give_up "apt-get could not install it"
  fi
fi
give_up "apt-get reported success but it is not installed"
python_packages
echo "setup: done"
