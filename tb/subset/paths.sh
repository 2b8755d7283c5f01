#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# No path through logic alone leads from an input of a core's buses to an output of them: Yosys walks from the outputs
# of epim_core back to registers and must not meet an input.
#
#   paths.sh PKG_DIR
#
# PKG_DIR holds the generated epim_regs_pkg.sv and epim_events_pkg.sv. The crossbar, which is no part of any bus, is a
# black box. Environment: YOSYS (program), EPIM_RTL (folder of the modules, default rtl/ of this repository). One line
# per set of parameters, then "N passed, M failed"; exit codes: 0 none, 1 a path (its ports are named), 2 wrong use, 3 Yosys is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rtl=${EPIM_RTL:-$root/rtl}
yosys=${YOSYS:-yosys}
[[ $# == 1 && -f $1/epim_regs_pkg.sv ]] || { sed -n 7,12p "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 2; }
command -v "$yosys" > /dev/null || { echo "paths.sh: $yosys is not installed; Debian package yosys"; exit 3; }
files="$rtl/epim_pkg.sv $1/epim_regs_pkg.sv $1/epim_events_pkg.sv"
while read -r block _; do
  [[ -z $block || $block == \#* || $block == epim_pkg ]] || files+=" $rtl/$block.sv"
done < "$rtl/blocks.txt"
passed=0 failed=0
for parameters in "" "-chparam Writable 0" "-chparam SerialMultiply 1 -chparam Count 0" "-chparam SlopeBits 16"; do
  if found=$("$yosys" -q -p "
      read_verilog -sv -DEPIM_CROSSBAR_BLACKBOX $files
      hierarchy -top epim_core $parameters
      proc; flatten; opt_clean
      select -set out o:s_axil_* o:s_axis_* o:m_axis_*
      select -set registers t:\$dff t:\$adff t:\$dffe t:\$adffe t:\$sdff t:\$sdffe t:\$aldff
      select -assert-min 5 @registers
      select -set cone @out %ci*:-\$dff,\$adff,\$dffe,\$adffe,\$sdff,\$sdffe,\$aldff
      select -assert-min 13 @cone
      tee -o /dev/stdout select -list @cone i:* %i" 2>&1) && [[ -z $found ]]; then
    echo "ok     epim_core ${parameters:-(default parameters)}"
    passed=$((passed + 1))
  else
    echo "FAILED epim_core $parameters: an output of a bus depends on"
    printf '%s\n' "$found"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
