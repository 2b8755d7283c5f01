// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// A programmed memory: epim_ram, with `Parity` one bit wider.
///
/// The bit is the exclusive or of the entry as it was written; `flip_i` stores the entry's lowest bit inverted beside it, as a
/// fault would. `err_o` is high in the cycle in which `rdata_o` first shows an entry of which one bit, or three, are wrong.
/// Latency: as epim_ram.
module epim_table #(
  /// Entries, >= 1.
  parameter int Depth = 16,
  /// Bits of an entry, >= 1.
  parameter int Width = 8,
  /// Keep and check a parity bit; not with an image.
  parameter bit Parity = 1'b0,
  /// Initial content, `$readmemh` format; empty: not initialised.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite: address bits.
  localparam int AddrW = epim_pkg::idx_width(Depth)
) (
  /// Clock.
  input  logic             clk_i,
  /// Read enable, address, and the entry one cycle later.
  input  logic             re_i,
  input  logic [AddrW-1:0] raddr_i,
  output logic [Width-1:0] rdata_o,
  /// The entry read one cycle ago is wrong.
  output logic             err_o,
  /// Write enable, address, entry.
  input  logic             we_i,
  input  logic [AddrW-1:0] waddr_i,
  input  logic [Width-1:0] wdata_i,
  /// Store it with its lowest bit inverted (read with `Parity` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic             flip_i
  /* verilator lint_on UNUSEDSIGNAL */
);

  generate
    if (Depth < 1) begin : gen_rule1 epim_rule_table_depth_at_least_1 u_rule (); end
    if (Width < 1) begin : gen_rule2 epim_rule_table_width_at_least_1 u_rule (); end
  endgenerate

  generate
    if (Parity) begin : gen_parity
      logic [Width:0] word;
      logic           read_q;
      epim_ram #(.Depth(Depth), .Width(Width + 1), .InitFile(InitFile)) u_ram (
        .clk_i, .re_i, .raddr_i, .rdata_o(word), .we_i, .waddr_i, .wdata_i({^wdata_i, wdata_i ^ Width'(flip_i)})
      );
      always_ff @(posedge clk_i) read_q <= re_i;
      assign rdata_o = word[Width-1:0];
      assign err_o   = read_q && (^word);
    end else begin : gen_plain
      epim_ram #(.Depth(Depth), .Width(Width), .InitFile(InitFile)) u_ram (
        .clk_i, .re_i, .raddr_i, .rdata_o, .we_i, .waddr_i, .wdata_i
      );
      assign err_o = 1'b0;
    end
  endgenerate

endmodule
