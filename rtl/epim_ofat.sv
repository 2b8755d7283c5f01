// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// OFAT, the output feature address table: entry j says which output channels patch j contributes to.
///
/// Entry, least significant field first: `start`, `stop` (half open range of output channels, over all wrapped
/// copies), then the first and the last epitome column of the patch as {lane, group, step, PE column} each
/// (column = PE column * XB_COLS + step * ADCs + group * JOINT_LANES + lane).
/// Latency: one cycle from `re_i` to the fields, which then hold. Paper section 4.3.
module epim_ofat #(
  /// Patches that fit.
  parameter int MaxPatches = 4,
  /// Bits of an output channel number (up to and including their count).
  parameter int ChannelW = 8,
  /// Bits of a column position.
  parameter int ColumnW = 8,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Initial content; empty: none.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite: bits of a patch index.
  localparam int PatchW = epim_pkg::idx_width(MaxPatches),
  /// Derived parameter, do not overwrite: bits of an entry.
  localparam int EntryW = 2 * ChannelW + 2 * ColumnW
) (
  /// Clock.
  input  logic                clk_i,
  /// Read enable.
  input  logic                re_i,
  /// Patch to read.
  input  logic [PatchW-1:0]   patch_i,
  /// First output channel.
  output logic [ChannelW-1:0] start_o,
  /// One past the last output channel.
  output logic [ChannelW-1:0] stop_o,
  /// First epitome column.
  output logic [ColumnW-1:0]  first_o,
  /// Last epitome column.
  output logic [ColumnW-1:0]  last_o,
  /// Write enable.
  input  logic                we_i,
  /// Patch to write.
  input  logic [PatchW-1:0]   waddr_i,
  /// Entry to write.
  input  logic [EntryW-1:0]   wdata_i,
  /// Store it with a wrong bit; the entry read one cycle ago is wrong (with `Parity`).
  input  logic              flip_i,
  output logic              err_o
);

  logic [EntryW-1:0] entry;

  epim_table #(.Depth(MaxPatches), .Width(EntryW), .Parity(Parity), .InitFile(InitFile)) u_ram (
    .clk_i, .re_i, .raddr_i(patch_i), .rdata_o(entry), .we_i, .waddr_i, .wdata_i, .flip_i, .err_o
  );

  assign start_o = entry[ChannelW-1:0];
  assign stop_o  = entry[2*ChannelW-1:ChannelW];
  assign first_o = entry[2*ChannelW+ColumnW-1:2*ChannelW];
  assign last_o  = entry[EntryW-1:2*ChannelW+ColumnW];

endmodule
