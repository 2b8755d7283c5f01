#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Synthesises small configurations and runs their netlists on the vectors of the RTL, in Icarus Verilog.
#
#   run.sh EPIM OUT_DIR [--broken] CONFIG...   names of configs/named, whose maps are made smaller, or files
#
# EPIM is the command; epim_stimulus is taken from the same build (or EPIM_STIMULUS). Of every configuration the netlists
# run with the crossbar as memories and logic: Yosys' own gates with memories as flip-flops (generic), and mapped to the
# cells of Debian's qflow-tech-osu035 with its models (mapped); where that is not installed, and with --broken, to the
# cells of constraints/epim_ge.lib with models of our own (ge). Every output beat must equal the golden model's, which is
# what the RTL is compared with (tb/subset/icarus_run.sh); no output may be X while valid.
# --broken: then netlists of the first configuration that are wrong on purpose must fail: one gate exchanged in the PE, in
# the address controller, in the joint module; and a technology mapping that takes the sign from the shorter operand of
# signed additions (wrong only where signed operands of different width meet).
# One line per run; the last line is "N passed, M failed". Environment: netlist.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tb/netlist/netlist.sh
. "$here/netlist.sh"
osu=/usr/share/qflow/tech/osu035/osu035_stdcells

usage() { sed -n '4,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
[[ $# -ge 3 ]] || usage
epim=$(realpath "$1")
stimulus=${EPIM_STIMULUS:-$(dirname "$epim")/../../tb/subset/epim_stimulus}
for program in "$epim" "$stimulus"; do
  [[ -x $program ]] || { echo "run.sh: $program is not a program"; exit 2; }
done
stimulus=$(realpath "$stimulus")
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
broken=
[[ $1 != --broken ]] || { broken=1; shift; }
configs=()
for config in "$@"; do
  if [[ $config == *.toml ]]; then
    configs+=("$(realpath "$config")")
  else  # netlists of 80,000 gates are slow: 16 channels; five rows of two, the input buffer still wraps
    sed -E 's/^(cout|e_out) = .*/\1 = 16/; s/^height = .*/height = 5/; s/^width = .*/width = 2/' "$root/configs/named/$config.toml" > "$out/$config.toml"
    configs+=("$out/$config.toml")
  fi
done
[[ ${#configs[@]} != 0 ]] || usage
models() { if [[ $1 == ge ]]; then echo "$root/constraints/epim_ge.v"; elif [[ $1 == mapped ]]; then echo "$osu.v"; fi; }

# exchange FILE MODULE FROM TO: the middle one of the FROM cells of a module becomes a TO cell.
exchange() {
  awk -v module="$2" -v from="$3" -v to="$4" '
    NR == FNR { if ($1 == "module") inside = ($2 ~ "^" module "[(]"); if (inside && $1 == from) ++total; next }
    $1 == "module" { inside = ($2 ~ "^" module "[(]") }
    inside && $1 == from && ++seen == int((total + 1) / 2) { sub(from " ", to " "); done = 1 }
    { print }
    END { if (!done) exit 3 }' "$1" "$1"
}

for config in "${configs[@]}"; do
  name=$(basename "$config" .toml)
  work=$out/$name
  rm -rf "$work"
  mkdir -p "$work"
  library=()
  [[ -f $osu.lib ]] && library=(--liberty "$osu.lib")
  if ! "$stimulus" "$config" "$work/vectors" 1 > "$work/stimulus.log" 2>&1; then
    bad "$name: vectors" < "$work/stimulus.log"
    continue
  fi
  if ! "$epim" synth --config "$config" --target generic --generic-netlist --no-share --yosys "$yosys" "${library[@]}" \
         --out "$work" > "$work/synth.log" 2>&1; then
    bad "$name: synthesis" < "$work/synth.log"
    continue
  fi
  for form in generic ge mapped; do
    netlist=$work/$name/netlist_$form.v
    [[ $form != ge || $broken || ! -f $osu.lib ]] || continue
    if [[ ! -f $netlist ]]; then
      echo "       $name $form: skipped, Debian package qflow-tech-osu035 is not installed"
      continue
    fi
    # shellcheck disable=SC2046
    if simulate "$form" "$work" "$netlist" $(models $form); then
      ok "$name $form: $(wc -l < "$work/vectors/expected.hex") beats equal, $(grep -c ';' "$netlist") statements"
    else
      bad "$name $form" < "$work/$form.log"
    fi
  done
done

finish() {
  echo "$passed passed, $failed failed"
  [[ $failed == 0 && $passed -gt 0 ]]
  exit
}
[[ $broken ]] || finish

# Wrong on purpose, on the first configuration.
name=$(basename "${configs[0]}" .toml)
work=$out/$name
for change in "epim_pe XOR2 XNOR2" "epim_addr_ctrl NAND2 NOR2" "epim_joint XOR2 XNOR2"; do
  read -r module from to <<< "$change"
  if ! exchange "$work/$name/netlist_ge.v" "$module" "$from" "$to" > "$work/broken.v"; then
    echo "$module has no $from" > "$work/broken.log"
    bad "broken $change" < "$work/broken.log"
  elif simulate broken "$work" "$work/broken.v" "$(models ge)"; then
    echo "the netlist passes with a $to for a $from in $module" > "$work/broken.log"
    bad "broken $change" < "$work/broken.log"
  else
    ok "$name with $to for $from in $module is noticed"
  fi
done
# Of words: Yosys' wreduce makes operands of different width out of sign extensions, where the RTL has casts. The same without
# the wrong mapping must pass.
for map in "" "techmap -map $here/wrong_sign.v;"; do
  (
    cd "$work/$name/gen"
    mapfile -t files < <(grep -v '^//' epim.f)
    "$yosys" -q -p "read_verilog -sv ${files[*]}; hierarchy -check -top epim_top; proc; opt; wreduce; opt_clean; $map opt_clean
                    write_verilog -noattr $work/words.v"
  ) > "$work/words.log" 2>&1 || { bad "$name of words${map:+, wrong sign extension}: synthesis" < "$work/words.log"; continue; }
  if simulate words "$work" "$work/words.v"; then passes=1; else passes=; fi
  if [[ ! $map && $passes ]]; then ok "$name of words: $(wc -l < "$work/vectors/expected.hex") beats equal"
  elif [[ $map && ! $passes ]]; then ok "$name with a wrong sign extension in technology mapping is noticed"
  else bad "$name of words${map:+ passes with a wrong sign extension in technology mapping}" < "$work/words.log"; fi
done

finish
