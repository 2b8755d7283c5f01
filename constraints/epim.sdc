# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Timing constraints of epim_top for OpenSTA: one clock; 20 % of its period outside for every input and output.
# epim_period (ns) is set by the caller.
if {![info exists epim_period]} { set epim_period 20.0 }
create_clock -name clk -period $epim_period [get_ports clk_i]
set outside [expr 0.2 * $epim_period]
foreach port [all_inputs] {
  set name [get_property $port full_name]
  if {$name ne "clk_i" && $name ne "rst_ni"} { set_input_delay $outside -clock clk $port }
}
set_output_delay $outside -clock clk [all_outputs]
# The reset pin is asynchronous and ends in the registers of epim_reset_sync alone: it falls at any time, and its end
# reaches the core from a register, two clocks later, so that recovery and removal are timed like every other path.
set_false_path -from [get_ports rst_ni]
