// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// One-write, one-read memory with a registered read, the form that synthesis maps to block RAM.
///
/// Latency: `rdata_o` holds the word of `raddr_i` one cycle after `re_i`, and keeps it until the next `re_i`.
/// A read and a write of the same address in one cycle returns the old word.
module epim_ram #(
  /// Words, >= 1.
  parameter int Depth = 16,
  /// Bits of a word, >= 1.
  parameter int Width = 8,
  /// Initial content, `$readmemh` format; empty: not initialised.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite: address bits.
  localparam int AddrW = epim_pkg::idx_width(Depth)
) (
  /// Clock.
  input  logic             clk_i,
  /// Read enable.
  input  logic             re_i,
  /// Read address.
  input  logic [AddrW-1:0] raddr_i,
  /// Word read one cycle ago.
  output logic [Width-1:0] rdata_o,
  /// Write enable.
  input  logic             we_i,
  /// Write address.
  input  logic [AddrW-1:0] waddr_i,
  /// Word to write.
  input  logic [Width-1:0] wdata_i
);

  generate
    if (Depth < 1) begin : gen_rule1 epim_rule_ram_depth_at_least_1 u_rule (); end
    if (Width < 1) begin : gen_rule2 epim_rule_ram_width_at_least_1 u_rule (); end
  endgenerate

  logic [Width-1:0] mem_q [0:Depth-1];
  logic [Width-1:0] rdata_q;

  generate
    if (InitFile != "") begin : gen_init
      initial $readmemh(InitFile, mem_q);
    end
  endgenerate

  // `always`: what an `initial` writes may not be written by `always_ff` (IEEE 1800-2017, 9.2.2.4).
  always @(posedge clk_i) begin
    if (we_i) mem_q[waddr_i] <= wdata_i;
    if (re_i) rdata_q <= mem_q[raddr_i];
  end

  assign rdata_o = rdata_q;

endmodule
