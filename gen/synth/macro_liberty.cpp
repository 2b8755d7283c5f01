// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/synth/macro_liberty.hpp"

#include <set>

#include <fmt/format.h>

namespace epim {

std::string macro_liberty(const std::vector<const NetlistModule*>& modules, double delay_ns) {
  std::string s =
      "library(epim_macros) {\n"
      "  delay_model : table_lookup;\n  time_unit : \"1ns\";\n  voltage_unit : \"1V\";\n  current_unit : \"1uA\";\n"
      "  capacitive_load_unit (1,pf);\n"
      "  input_threshold_pct_rise : 50;\n  input_threshold_pct_fall : 50;\n"
      "  output_threshold_pct_rise : 50;\n  output_threshold_pct_fall : 50;\n"
      "  slew_lower_threshold_pct_rise : 20;\n  slew_lower_threshold_pct_fall : 20;\n"
      "  slew_upper_threshold_pct_rise : 80;\n  slew_upper_threshold_pct_fall : 80;\n";
  std::set<int> widths;
  for (const NetlistModule* m : modules)
    for (const NetlistPort& p : m->ports)
      if (p.width > 1) widths.insert(p.width);
  for (int w : widths)
    s += fmt::format("  type(bus{0}) {{ base_type : array; data_type : bit; bit_width : {0}; bit_from : {1}; bit_to : 0; }}\n",
                     w, w - 1);
  const auto scalar = [&](const char* name, double v) { return fmt::format("{}(scalar) {{ values(\"{}\"); }} ", name, v); };
  const std::string launch = "timing() { related_pin : \"clk_i\"; timing_type : rising_edge; " +
                             scalar("cell_rise", delay_ns) + scalar("cell_fall", delay_ns) +
                             scalar("rise_transition", 0.1) + scalar("fall_transition", 0.1) + "}";
  const std::string capture = "timing() { related_pin : \"clk_i\"; timing_type : setup_rising; " +
                              scalar("rise_constraint", delay_ns) + scalar("fall_constraint", delay_ns) + "}";
  for (const NetlistModule* m : modules) {
    s += fmt::format("  cell({}) {{ area : 0;\n", m->name);
    for (const NetlistPort& p : m->ports) {
      s += p.width > 1 ? fmt::format("    bus({}) {{ bus_type : bus{}; ", p.name, p.width) : fmt::format("    pin({}) {{ ", p.name);
      s += p.output ? "direction : output; " : "direction : input; capacitance : 0.01; ";
      if (p.name == "clk_i") s += "clock : true; ";
      else if (p.output) s += launch;
      else if (p.name != "rst_ni") s += capture;
      s += " }\n";
    }
    s += "  }\n";
  }
  return s + "}\n";
}

}  // namespace epim
