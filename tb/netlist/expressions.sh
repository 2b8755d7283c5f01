#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Mixed-width signed expressions before and after technology mapping, in Icarus Verilog.
#
#   expressions.sh OUT_DIR
#
# Every line of expressions.txt becomes an output of one module. The module, what Yosys writes right after reading it and
# after wreduce, its netlist of Yosys' own gates after techmap alone and after `synth`, and that of the cells of
# constraints/epim_ge.lib run on the same 1,000 random inputs: every result must equal. A mapping that is wrong on purpose
# (wrong_sign.v) must be noticed, and so must netlists in which `a + 8'sd1` takes its operand a, or its constant, as unsigned.
# The last line is "N passed, M failed". Environment: netlist.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tb/netlist/netlist.sh
. "$here/netlist.sh"
[[ $# -eq 1 ]] || { sed -n '4,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$out"
rm -f ./*.v ./*.sv ./*.log

# module NAME LIST: the expressions as a module.
module() {
  awk -F' *[|] *' -v name="$1" '
    BEGIN { ports = "input signed [2:0] a, input signed [4:0] b, input signed [7:0] c, input [3:0] u, input [6:0] v" }
    /^#/ || NF < 2 { next }
    { w = $1 + 0; sub(/^[^|]*[|] */, ""); ports = ports sprintf(",\n  output signed [%d:0] y%d", w - 1, n)
      body = body sprintf("  assign y%d = %s;\n", n, $0); ++n }
    END { printf "module %s(%s);\n%sendmodule\n", name, ports, body }' "$2"
}
module expressions "$here/expressions.txt" > expressions.sv
count=$(grep -c '  assign y' expressions.sv)

# The testbench: prints the number, the operands and both results of what differs.
{
  echo 'module tb;'
  echo '  reg signed [2:0] a; reg signed [4:0] b; reg signed [7:0] c; reg [3:0] u; reg [6:0] v; integer i, seed, wrong;'
  for ((n = 0; n < count; n++)); do
    range=$(sed -n "s/.*output signed \(\[[0-9]*:0\]\) y$n\().*\|,.*\)*\$/\1/p" expressions.sv)
    echo "  wire signed $range r$n, g$n;"
  done
  for side in 'expressions gold r' 'netlist gate g'; do
    read -r name instance prefix <<< "$side"
    echo "  $name $instance(.a(a), .b(b), .c(c), .u(u), .v(v)"
    for ((n = 0; n < count; n++)); do echo "    , .y$n($prefix$n)"; done
    echo '  );'
  done
  echo "  initial begin"
  echo "    seed = ${EPIM_SEED:-1}; wrong = 0;"
  echo '    for (i = 0; i < 1000; i = i + 1) begin'
  echo '      a = $random(seed); b = $random(seed); c = $random(seed); u = $random(seed); v = $random(seed); #1;'
  for ((n = 0; n < count; n++)); do
    echo "      if (r$n !== g$n) begin wrong = wrong + 1;"
    echo "        if (wrong < 20) \$display(\"expression $n: a=%0d b=%0d c=%0d u=%0d v=%0d: RTL %0d netlist %0d\", a, b, c, u, v, r$n, g$n); end"
  done
  echo '    end'
  echo '    $display("%0d differences", wrong);'
  echo '  end'
  echo 'endmodule'
} > tb.v

# equals NAME MODELS...: 0 if NAME.v equals the module.
equals() {
  local name=$1
  shift
  "$iverilog" -g2012 -s tb -o "$name.vvp" expressions.sv "$name.v" "$@" tb.v > "$name.log" 2>&1 || return 2
  "$vvp" -n "$name.vvp" > "$name.log" 2>&1 || return 2
  grep -qx '0 differences' "$name.log"
}

read_it="read_verilog -sv expressions.sv; hierarchy -check -top expressions; proc; opt_clean; rename expressions netlist"
"$yosys" -q -p "$read_it; write_verilog -noattr elaborated.v; design -save raw; opt; wreduce; opt_clean
  write_verilog -noattr reduced.v; design -save start
  techmap; opt_clean; write_verilog -noattr techmap.v
  design -load start; synth -top netlist; opt_clean; write_verilog -noattr synth.v
  design -load start; opt; wreduce; peepopt; opt_clean; alumacc; opt; techmap; opt -fast; abc -liberty $root/constraints/epim_ge.lib
  opt_clean; write_verilog -noattr ge.v
  design -load raw; techmap -map $here/wrong_sign.v; techmap; opt_clean; write_verilog -noattr wrong_sign.v" > yosys.log 2>&1 \
  || { bad "synthesis" < yosys.log; echo "0 passed, 1 failed"; exit 1; }
for form in elaborated reduced techmap synth ge; do
  models=()
  [[ $form != ge ]] || models=("$root/constraints/epim_ge.v")
  if equals $form "${models[@]}"; then ok "$count expressions: $form equals the RTL"; else bad "$form" < $form.log; fi
done
if equals wrong_sign; then bad "wrong_sign.v is not noticed" < wrong_sign.log
elif grep -q '^expression 0:' wrong_sign.log; then ok "wrong_sign.v is noticed, $(tail -n 1 wrong_sign.log), a + 8'sd1 among them"
else bad "wrong_sign.v: a + 8'sd1 is not among the differences" < wrong_sign.log; fi
for change in "s/= a + 8'sd1;/= \$unsigned(a) + 8'd1;/" "s/= a + 8'sd1;/= a + 8'sd129;/"; do
  sed -e "$change" -e 's/^module expressions/module netlist/' expressions.sv > changed.v
  if equals changed; then bad "$change is not noticed" < changed.log; else ok "$change is noticed, $(tail -n 1 changed.log)"; fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
