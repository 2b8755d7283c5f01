#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Synthesises a whole network as one chip and runs its netlist, in Icarus Verilog, with the chip's own testbench.
#
#   chip.sh EPIM OUT_DIR
#
# configs/mix.toml has every block of a chip: cores, both kinds of pool with padding, additions, ReLU, FIFOs. Its netlist is
# Yosys' own gates, memories as flip-flops; every output word must equal the golden model's. (A module's testbench sees the
# module as Verilator reads it; this sees it as Yosys does.)
# Then the pool as it once was, its padding `-PosW'(PadTop)`, which Yosys reads without the sign: must fail.
# One line per run; the last line is "N passed, M failed". Environment: netlist.sh.
set -euo pipefail

# shellcheck source=tb/netlist/netlist.sh
. "$(dirname "${BASH_SOURCE[0]}")/netlist.sh"
[[ $# == 2 ]] || { sed -n '4,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
epim=$(realpath "$1")
mkdir -p "$2"
out=$(cd "$2" && pwd)
rm -rf "$out/mix"
"$epim" gen --top network --config "$root/configs/mix.toml" --set hardware.storage=ram --out "$out/mix" > "$out/gen.log"
cd "$out/mix"
mapfile -t files < <(grep -v '^//' epim.f)

# run NAME COMMANDS POOL: the chip after these Yosys commands, its pool from this file; 0 if every word equals.
run() {
  "$yosys" -q -p "read_verilog -sv -defer ${files[*]/rtl\/epim_stream_pool.sv/$3}; $2; write_verilog -noattr $out/$1.v" \
    > "$out/$1.log" 2>&1 || return 2
  "$iverilog" -g2012 -s mix_chip_tb -o "$out/$1.vvp" "$out/$1.v" tb/mix_chip_tb.sv > "$out/$1.log" 2>&1 || return 2
  timeout 3600 "$vvp" -n "$out/$1.vvp" "+stalls=$stalls" "+seed=$seed" > "$out/$1.log" 2>&1 || true
  grep -q '^PASS' "$out/$1.log" && return 0
  grep -q '^FAIL.* word' "$out/$1.log" && return 1
  return 2
}

start=$SECONDS
if run generic 'synth -top mix_chip' rtl/epim_stream_pool.sv; then
  ok "mix_chip generic: $(grep -o '[0-9]* words in [0-9]* cycles' "$out/generic.log"), $(grep -c ';' "$out/generic.v") statements, $((SECONDS - start)) s"
else
  bad "mix_chip generic" < "$out/generic.log"
fi
sed -E "s/PosW'\(-(Pad[A-Za-z]+)\)/-PosW'(\1)/" rtl/epim_stream_pool.sv > "$out/unsigned_pool.sv"
if cmp -s rtl/epim_stream_pool.sv "$out/unsigned_pool.sv"; then
  bad "mix_chip, padding without its sign" <<< "the pool has no PosW'(-Pad..)"
else
  code=0
  run unsigned 'hierarchy -check -top mix_chip; proc; opt_clean' "$out/unsigned_pool.sv" || code=$?
  if [[ $code == 1 ]]; then ok "mix_chip with padding without its sign is noticed"
  else bad "mix_chip, padding without its sign: exit code $code" < "$out/unsigned.log"; fi
fi

echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
