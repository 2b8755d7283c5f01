// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// The functions of epim_pkg as ports, for its test.
module epim_pkg_probe (
  /// Arguments.
  input  logic        clk_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  input  logic [31:0] c_i,
  input  logic [63:0] v_i,
  /// Results; `idx_width` and `num_width` of `a_i`, the others of all arguments.
  output logic [31:0] idx_width_o,
  output logic [31:0] num_width_o,
  output logic [31:0] max2_o,
  output logic [31:0] ceil_div_o,
  output logic [31:0] psum_width_o,
  output logic [6:0]  popcount_o
);

  logic unused;
  assign unused       = clk_i;
  assign idx_width_o  = epim_pkg::idx_width(a_i);
  assign num_width_o  = epim_pkg::num_width(a_i);
  assign max2_o       = epim_pkg::max2(a_i, b_i);
  assign ceil_div_o   = epim_pkg::ceil_div(a_i, b_i);
  assign psum_width_o = epim_pkg::psum_width(a_i, b_i, c_i);
  assign popcount_o   = epim_pkg::popcount64(v_i);

endmodule
