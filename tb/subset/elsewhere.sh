#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# A generated folder with ROM images is used from another working folder by Verilator, Icarus, Yosys and FuseSoC.
#
#   elsewhere.sh EPIM OUT_DIR
#
# configs/named/rom.toml is generated, and played by icarus_tb.sv as in icarus_run.sh. Its output words must equal the
# golden model's each time: Icarus by epim_dir.f and by FuseSoC's copy of the images; Verilator by -F epim.f; Yosys' netlist
# of the core with its images, in Icarus. Without MemDir nothing is found and the run fails. A folder holds no file that
# its top does not use. The last line is "N passed, M failed".
# Environment: VERILATOR, YOSYS, IVERILOG, VVP (programs), FUSESOC (default: that of scripts/python_env.sh test).
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
verilator=${VERILATOR:-verilator}
yosys=${YOSYS:-yosys}
iverilog=${IVERILOG:-iverilog}
vvp=${VVP:-vvp}
[[ $# == 2 ]] || { sed -n '4,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
epim=$(realpath "$1")
stimulus=$(realpath "${EPIM_STIMULUS:-$(dirname "$epim")/../../tb/subset/epim_stimulus}")
rm -rf "$2"
mkdir -p "$2/elsewhere"
out=$(cd "$2" && pwd)
fusesoc=${FUSESOC:-$("$root/scripts/python_env.sh" test)/fusesoc}
passed=0 failed=0
config=$root/configs/named/rom.toml
export EPIM_DIR=$out/folder

# check NAME COMMAND...: its output is shown where it fails.
check() {
  local name=$1
  shift
  if "$@" > "$out/log" 2>&1; then
    echo "ok     $name"
    passed=$((passed + 1))
  else
    echo "FAILED $name"
    tail -n 20 "$out/log" | sed 's/^/    /'
    failed=$((failed + 1))
  fi
}

check "epim gen" "$epim" gen --config "$config" --out "$out/folder"
check "stimulus" "$stimulus" "$config" "$out" 1
read -r writes words beats in_width out_width _ < "$out/counts.txt"
sizes=("InW=$in_width" "OutW=$out_width" "Writes=$writes" "Words=$words" "Beats=$beats")
plus=("+writes=$out/writes.hex" "+stream=$out/stream.hex" +stalls=0 +seed=1)
memory=-DICARUS_TB_MEM_DIR="\"$out/folder/mem/\""
cd "$out/elsewhere" || exit 4

# plays PROGRAM...: the words it captures are golden's.
plays() {
  rm -f "$out/captured.hex"
  timeout 600 "$@" "${plus[@]}" "+captured=$out/captured.hex" && cmp "$out/captured.hex" "$out/expected.hex"
}
icarus() {
  "$iverilog" -g2012 -Wall -s icarus_tb "${sizes[@]/#/-Picarus_tb.}" -o "$1" "${@:2}" "$here/icarus_tb.sv" "$here"/../protocol/*.sv
}

icarus_anywhere() { icarus sim.vvp "$memory" -f "$out/folder/epim_dir.f" && plays "$vvp" -n sim.vvp; }
icarus_without() { icarus without.vvp -f "$out/folder/epim_dir.f" && plays "$vvp" -n without.vvp; }
not() { ! "$@"; }
check "icarus, -f epim_dir.f and MemDir" icarus_anywhere
check "icarus, without MemDir: no images, no result" not icarus_without

verilator_lint() { "$verilator" --lint-only -Wall --top-module epim_top "-GMemDir=\"$out/folder/mem/\"" "$@" && [[ ! -s $out/log ]]; }
check "verilator -Wall, -F epim.f" verilator_lint -F "$out/folder/epim.f"
check "verilator -Wall, -f epim_dir.f" verilator_lint -f "$out/folder/epim_dir.f"
verilator_plays() {
  "$verilator" --binary --timing -O0 -Wno-fatal -Wno-lint -Wno-style --top-module icarus_tb "${sizes[@]/#/-G}" "$memory" \
    --Mdir verilated -F "$out/folder/epim.f" "$here/icarus_tb.sv" "$here"/../protocol/*.sv && plays verilated/Vicarus_tb
}
check "verilator, -F epim.f and MemDir" verilator_plays

# The top, its MemDir set before anything below is elaborated.
mapfile -t files < <(grep -v '^//' "$out/folder/epim.f" | sed "s#^#$out/folder/#")
yosys_reads() {
  "$yosys" -q -p "read_verilog -sv -defer $1 ${files[*]/*epim_top.sv/}; read_verilog -sv $out/folder/rtl/epim_top.sv
                  chparam -set MemDir \"$out/folder/mem/\" epim_top; hierarchy -check -top epim_top; $2"
}
yosys_plays() {
  yosys_reads "" "proc; opt_clean; memory_collect; write_verilog -noattr netlist.v" && icarus netlist.vvp netlist.v && plays "$vvp" -n netlist.vvp
}
check "yosys, netlist with its images" yosys_plays

# A core that depends on the generated one, as a user's would.
mkdir -p user
cp "$here/icarus_tb.sv" "$here"/../protocol/*.sv user/
cat > user/user.core <<CORE
CAPI=2:
name: "user:test:plays:1"
filesets:
  tb:
    files: ["epim_axis_check.sv", "epim_axil_check.sv", "icarus_tb.sv"]
    file_type: systemVerilogSource
    depend: ["epim:core:rom"]
targets:
  sim:
    filesets: [tb]
    toplevel: icarus_tb
    default_tool: icarus
    tools:
      icarus:
        iverilog_options: [-g2012, -Wall$(printf ', "-Picarus_tb.%s"' "${sizes[@]}")]
CORE
fusesoc_plays() {
  "$fusesoc" --cores-root "$out/folder" --cores-root user run --setup --build --target sim --work-root work user:test:plays \
    && (cd work && plays "$vvp" -n ./user_test_plays_1)
}
check "fusesoc, a core that depends on epim:core:rom" fusesoc_plays
check "fusesoc, lint with verilator" "$fusesoc" --cores-root "$out/folder" run --target lint --work-root lint epim:core:rom

# What a top does not instantiate is not there.
only_used() {
  yosys_reads "" "tee -q -o modules.txt ls" || return 1
  for file in "$out"/folder/rtl/*.sv; do
    file=$(basename "$file" .sv)
    [[ $file == *_pkg ]] || grep -qw "$file" modules.txt || echo "$file is not used"
  done | tee unused.txt
  # Blocks of parameters that this configuration does not take.
  cmp <(cut -d' ' -f1 unused.txt) <(printf 'epim_adc\nepim_counters\nepim_fifo\nepim_load\nepim_opt\nepim_serial_mul\nepim_serial_requant\n')
}
check "folder holds the blocks of its top alone" only_used

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
