#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Generates every configuration and reads the result with Verilator, Yosys and Icarus Verilog.
#
#   read.sh EPIM OUT_DIR [-j N] [CONFIG.toml ...]
#
# EPIM is the command. Default configurations: configs/named/*.toml, configs/digits.toml,
# configs/layer3.toml, configs/fpga/*.toml that are one layer.
# Verilator and Icarus read epim_top, epim_observed (testbench: it looks into the core, which Yosys cannot) and epim_top
# with -DEPIM_CROSSBAR_BLACKBOX, from inside the generated folder, and must print nothing; around epim_observed the
# crossbar is a black box in Icarus. One line per configuration and tool; the last line is "N passed, M failed".
# Yosys elaborates epim_top (hierarchy -check) and runs `proc; check -assert` on all of it. layer3 is also read without
# -defer, which elaborates every module with its default parameters. The time of Yosys for a flat crossbar is quadratic in
# its chunk reads per firing: with more than EPIM_PROC_LIMIT (default 8) it is elaborated and not processed, with more than
# EPIM_ELABORATE_LIMIT (default 32) it is a black box; the line then says so. Cells in RAMs have no such limit.
# No module may write a minus in front of a size cast, which Yosys reads without its sign.
# Environment: VERILATOR, YOSYS, IVERILOG (programs), EPIM_READERS (which of "verilator icarus yosys", default all),
# EPIM_PROC_LIMIT, EPIM_ELABORATE_LIMIT.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
verilator=${VERILATOR:-verilator}
yosys=${YOSYS:-yosys}
iverilog=${IVERILOG:-iverilog}
readers=${EPIM_READERS:-verilator icarus yosys}
limit=${EPIM_PROC_LIMIT:-8}
elaborate=${EPIM_ELABORATE_LIMIT:-32}

usage() { sed -n '4,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

# Value of a parameter of the generated top.
parameter() { sed -n "s/^ *\.$1(\(1'b\)\{0,1\}\([0-9]*\)).*/\2/p" rtl/epim_top.sv; }

# quiet TOOL ARGUMENTS...: silence and exit code 0 are a pass; everything else is kept in `text` and sets `failed`.
quiet() {
  local log
  if log=$("$@" 2>&1) && [[ -z $log ]]; then return; fi
  failed=1
  text+=$(printf '  %s\n' "$*" | cut -c 1-160; head -n 40 <<< "$log" | sed 's/^/    /')$'\n'
}

# report NAME TOOL FAILED SECONDS NOTE, then the messages of a failure from fd 0
report() {
  if [[ $3 == 0 ]]; then echo "ok     $1 $2 $4 s$5"; else echo "FAILED $1 $2 $4 s$5"; cat; fi
}

one() {
  local epim=$1 out=$2 config=$3 name dir started
  name=$(basename "$config" .toml)
  dir=$out/$name
  if ! "$epim" gen --config "$config" --out "$dir" > "$out/$name.gen.log" 2>&1; then
    echo "FAILED $name gen"
    sed 's/^/    /' "$out/$name.gen.log"
    return
  fi
  cd "$dir"
  local files observed
  mapfile -t files < <(grep -v '^//' epim.f)
  observed=("${files[@]/#rtl\/epim_top.sv/tb/epim_observed.sv}")
  local black=-DEPIM_CROSSBAR_BLACKBOX text failed

  if [[ $readers == *verilator* ]]; then
    started=$SECONDS failed=0 text=''
    quiet "$verilator" --lint-only -Wall --top-module epim_top "${files[@]}"
    quiet "$verilator" --lint-only -Wall --top-module epim_observed "${observed[@]}"
    quiet "$verilator" --lint-only -Wall $black --top-module epim_top "${files[@]}"
    report "$name" verilator $failed $((SECONDS - started)) "" <<< "${text%$'\n'}"
  fi

  if [[ $readers == *icarus* ]]; then
    started=$SECONDS failed=0 text=''
    quiet "$iverilog" -g2012 -Wall -tnull -s epim_top "${files[@]}"
    quiet "$iverilog" -g2012 -Wall -tnull $black -s epim_observed "${observed[@]}"
    quiet "$iverilog" -g2012 -Wall -tnull $black -s epim_top "${files[@]}"
    report "$name" icarus $failed $((SECONDS - started)) "" <<< "${text%$'\n'}"
  fi

  [[ $readers == *yosys* ]] || return 0
  # Chunk reads of one firing in the flat crossbar: ADC lanes * slices * 2 polarities * cell bits * DAC bits * chunks.
  local cells adcs slices reads note='' what='' define=''
  cells=$(parameter CellBits)
  adcs=$((($(parameter XbCols) + $(parameter ColsPerAdc) - 1) / $(parameter ColsPerAdc)))
  slices=$((($(parameter WeightBits) - 1 + cells - 1) / cells))
  reads=$((adcs * slices * 2 * cells * $(parameter DacBits) * (($(parameter XbRows) + 63) / 64)))
  if [[ $(parameter Ram) == 0 && $reads -gt $elaborate ]]; then
    define=$black note=' (crossbar: black box)'
  elif [[ $(parameter Ram) == 0 && $reads -gt $limit ]]; then
    what='select * *epim_crossbar* %d;' note=' (crossbar: elaborated only)'
  fi
  started=$SECONDS failed=0 text=''
  # Without -defer every module is elaborated with its default parameters, the same in every configuration.
  [[ $name != layer3 ]] || quiet "$yosys" -q -p "read_verilog -sv ${files[*]}"
  quiet "$yosys" -q -p "read_verilog -sv -defer $define ${files[*]}; hierarchy -check -top epim_top; $what proc; check -assert"
  report "$name" yosys $failed $((SECONDS - started)) "$note" <<< "${text%$'\n'}"
}

if [[ ${1:-} == --one ]]; then
  one "$2" "$3" "$4"
  exit 0
fi

[[ $# -ge 2 ]] || usage
epim=$(realpath "$1")
[[ -x $epim ]] || { echo "read.sh: $1 is not a program"; exit 2; }
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
jobs=$(nproc)
configs=()
while [[ $# -gt 0 ]]; do
  case $1 in
    -j) [[ $# -ge 2 ]] || usage; jobs=$2; shift 2 ;;
    -j*) jobs=${1#-j}; shift ;;
    -*) usage ;;
    *) configs+=("$(realpath "$1")"); shift ;;
  esac
done
for reader in $readers; do
  case $reader in verilator) tool=$verilator ;; yosys) tool=$yosys ;; icarus) tool=$iverilog ;; *) usage ;; esac
  command -v "$tool" > /dev/null || { echo "read.sh: $tool is not installed"; exit 2; }
done
if [[ ${#configs[@]} == 0 ]]; then
  # The longest first.
  configs=("$root"/configs/layer3.toml "$root"/configs/named/*.toml "$root"/configs/digits.toml
           "$root"/configs/fpga/{ice40_hx8k,self_test,up5k}.toml)
fi

log=$out/results.txt
printf '%s\0' "${configs[@]}" | xargs -0 -P "$jobs" -n 1 "$here/read.sh" --one "$epim" "$out" | tee "$log" || true
passed=$(grep -c '^ok ' "$log" || true)
failed=$(grep -c '^FAILED ' "$log" || true)
# A configuration that reported fewer than its lines died on the way.
expected=$(($(wc -w <<< "$readers") * ${#configs[@]}))
if [[ $failed == 0 && $passed != "$expected" ]]; then
  echo "FAILED $((expected - passed)) results are missing"
  failed=$((expected - passed))
fi
if grep -nE "(^|[^A-Za-z0-9_') ]) *-[A-Za-z0-9_]+'\(" "$root"/rtl/*.sv | grep -vE '//.*-[A-Za-z]+'"'"; then
  echo "FAILED minus in front of a size cast (above)"
  failed=$((failed + 1))
else
  echo "ok     no minus in front of a size cast"
  passed=$((passed + 1))
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
