// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// IFRT, the input feature row table: entry n of a patch's sequence names the word lines that word n drives.
///
/// A sequence has one entry per group of `LANES` word lines of the PE array (the paper's length: the crossbar rows).
/// Entry, least significant field first: `group` (within the PE row), `pe_row`, `used`. Word lines that no used
/// entry names stay at zero. Latency: one cycle from `re_i`. Paper section 4.3.
module epim_ifrt #(
  /// Entries over all sequences.
  parameter int Depth = 16,
  /// Bits of a word-line group index within a PE row.
  parameter int GroupW = 3,
  /// Bits of a PE row index.
  parameter int PeRowW = 1,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Initial content; empty: none.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite: address bits.
  localparam int AddrW = epim_pkg::idx_width(Depth),
  /// Derived parameter, do not overwrite: bits of an entry.
  localparam int EntryW = GroupW + PeRowW + 1
) (
  /// Clock.
  input  logic              clk_i,
  /// Read enable.
  input  logic              re_i,
  /// Entry to read.
  input  logic [AddrW-1:0]  addr_i,
  /// Word-line group within the PE row.
  output logic [GroupW-1:0] group_o,
  /// PE row.
  output logic [PeRowW-1:0] pe_row_o,
  /// The entry names word lines.
  output logic              used_o,
  /// Write enable.
  input  logic              we_i,
  /// Entry to write.
  input  logic [AddrW-1:0]  waddr_i,
  /// Content to write.
  input  logic [EntryW-1:0] wdata_i,
  /// Store it with a wrong bit; the entry read one cycle ago is wrong (with `Parity`).
  input  logic              flip_i,
  output logic              err_o
);

  logic [EntryW-1:0] entry;

  epim_table #(.Depth(Depth), .Width(EntryW), .Parity(Parity), .InitFile(InitFile)) u_ram (
    .clk_i, .re_i, .raddr_i(addr_i), .rdata_o(entry), .we_i, .waddr_i, .wdata_i, .flip_i, .err_o
  );

  assign group_o  = entry[GroupW-1:0];
  assign pe_row_o = entry[GroupW+PeRowW-1:GroupW];
  assign used_o   = entry[EntryW-1];

endmodule
