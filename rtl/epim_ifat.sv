// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// IFAT, the input feature address table: entry j says which words of the window patch j reads.
///
/// Entry, least significant field first: `start`, `stop` (half open, in window words), `block` (first stored channel
/// block, already modulo the stored blocks), `ifrt_base` (address of the patch's IFRT sequence: the selector).
/// Latency: one cycle from `re_i` to the fields, which then hold. Paper section 4.3.
module epim_ifat #(
  /// Patches that fit.
  parameter int MaxPatches = 4,
  /// Bits of a window word index.
  parameter int WindowW = 8,
  /// Bits of a channel block index.
  parameter int BlockW = 4,
  /// Bits of an IFRT address.
  parameter int IfrtAddrW = 6,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Initial content; empty: none.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite: bits of a patch index.
  localparam int PatchW = epim_pkg::idx_width(MaxPatches),
  /// Derived parameter, do not overwrite: bits of an entry.
  localparam int EntryW = 2 * WindowW + BlockW + IfrtAddrW
) (
  /// Clock.
  input  logic                 clk_i,
  /// Read enable.
  input  logic                 re_i,
  /// Patch to read.
  input  logic [PatchW-1:0]    patch_i,
  /// First window word of the patch.
  output logic [WindowW-1:0]   start_o,
  /// One past its last window word.
  output logic [WindowW-1:0]   stop_o,
  /// Stored channel block of the first word.
  output logic [BlockW-1:0]    block_o,
  /// First address of its IFRT sequence.
  output logic [IfrtAddrW-1:0] ifrt_base_o,
  /// Write enable.
  input  logic                 we_i,
  /// Patch to write.
  input  logic [PatchW-1:0]    waddr_i,
  /// Entry to write.
  input  logic [EntryW-1:0]    wdata_i,
  /// Store it with a wrong bit; the entry read one cycle ago is wrong (with `Parity`).
  input  logic              flip_i,
  output logic              err_o
);

  logic [EntryW-1:0] entry;

  epim_table #(.Depth(MaxPatches), .Width(EntryW), .Parity(Parity), .InitFile(InitFile)) u_ram (
    .clk_i, .re_i, .raddr_i(patch_i), .rdata_o(entry), .we_i, .waddr_i, .wdata_i, .flip_i, .err_o
  );

  assign start_o     = entry[WindowW-1:0];
  assign stop_o      = entry[2*WindowW-1:WindowW];
  assign block_o     = entry[2*WindowW+BlockW-1:2*WindowW];
  assign ifrt_base_o = entry[EntryW-1:2*WindowW+BlockW];

endmodule
