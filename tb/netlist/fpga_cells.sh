#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# The core in the cells of FPGA families: synthesised with the options of epim fpga, run on the vectors of the RTL in
# Icarus Verilog, with the cell models that come with Yosys.
#
#   fpga_cells.sh EPIM OUT_DIR [CONFIG.toml]     default configs/fpga/up5k.toml, with a map of 4x4
#
# EPIM is the command; epim_stimulus is taken from the same build (or EPIM_STIMULUS). iCE40 runs with its block RAMs.
# Those of ECP5 and 7 series, and the ECP5 multiplier, have no model in Yosys: LUT RAM and LUTs take their place. Every beat
# must equal the golden model's, no output may be X while valid; one LUT with an inverted table must be noticed.
# One line per run; the last line is "N passed, M failed". Environment: netlist.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tb/netlist/netlist.sh
. "$here/netlist.sh"
usage() { sed -n '4,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
[[ $# -ge 2 ]] || usage
epim=$(realpath "$1")
stimulus=$(realpath "${EPIM_STIMULUS:-$(dirname "$epim")/../../tb/subset/epim_stimulus}")
config=$(realpath "${3:-$root/configs/fpga/up5k.toml}")
name=$(basename "$config" .toml)
cells=$(dirname "$(realpath "$(command -v "$yosys")")")/../share/yosys
rm -rf "$2"
mkdir -p "$2"
out=$(cd "$2" && pwd)

# A map of 4x4 runs on the same hardware in a fraction of the time.
sed -E 's/^(height|width) = .*/\1 = 4/' "$config" > "$out/$name.toml"
config=$out/$name.toml
"$stimulus" "$config" "$out/vectors" 1 > "$out/stimulus.log" 2>&1 || { cat "$out/stimulus.log"; exit 1; }
"$epim" gen --config "$config" --out "$out/gen" > /dev/null
gen=$out/gen
mapfile -t files < <(grep -v '^//' "$gen/epim.f")
# family, board whose options are taken, cell models, more options
while read -r family board models more; do
  # The board as well, for the commands that epim fpga gives Yosys.
  if ! "$epim" fpga --config "$config" --board "$board" --no-route --out "$out/$board" > "$out/$board.log" 2>&1; then
    bad "$name $family: epim fpga" < "$out/$board.log"
    continue
  fi
  options=$(sed -n 's/^\(synth_.*\) -top .*/\1/p' "$out/$board/scripts/synth.ys")
  if ! (cd "$gen" && "$yosys" -q -p "read_verilog -sv -defer ${files[*]}; $options $more -top epim_top
          write_verilog -noattr $out/$family.v; tee -o $out/$family.stat stat") > "$out/$family.log" 2>&1; then
    bad "$name $family: synthesis" < "$out/$family.log"
    continue
  fi
  if simulate "$family" "$out" -DNO_ICE40_DEFAULT_ASSIGNMENTS "-I$(dirname "$cells/$models")" "$out/$family.v" "$cells/$models"; then
    ok "$name $family (${options}${more:+ }$more): $(wc -l < "$out/vectors/expected.hex") beats equal, $(awk '/Number of cells:/ { n = $NF } END { print n }' "$out/$family.stat") cells"
  else
    bad "$name $family" < "$out/$family.log"
  fi
done << 'END'
ice40 icebreaker ice40/cells_sim.v
ecp5 ulx3s ecp5/cells_sim.v -nobram -nodsp
xc7 arty_a7 xilinx/cells_sim.v -nobram -noiopad -noclkbuf
END
# One LUT of the iCE40 netlist, the middle one, with the opposite table.
awk '/\.LUT_INIT\(/ { n++ } { line[NR] = $0 } END {
  for (i = 1; i <= NR; i++) { if (line[i] ~ /\.LUT_INIT\(/ && ++m == int(n / 2)) {
    split(line[i], p, "16.h"); sub(/\).*/, "", p[2]); sub(/16.h[0-9a-f]+/, "~&", line[i]) } print line[i] } }' "$out/ice40.v" > "$out/broken.v"
if cmp -s "$out/ice40.v" "$out/broken.v"; then
  echo "no LUT in the netlist" > "$out/broken.log"; bad "$name with a wrong LUT" < "$out/broken.log"
elif simulate broken "$out" -DNO_ICE40_DEFAULT_ASSIGNMENTS "$out/broken.v" "$cells/ice40/cells_sim.v"; then
  bad "$name with a wrong LUT passes" < "$out/broken.log"
else
  ok "$name with a wrong LUT is noticed"
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
