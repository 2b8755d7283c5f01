// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// OPT, the output permutation table of a weight pool: the order in which the pool's ADCs scan their columns.
///
/// Filter f of a patch is converted by ADC lane f % Adcs in column step f / Adcs, and reads column step*Adcs + f % Adcs of the
/// pool, `step` from the entry of (patch, column step): lane l at [l*CStepW +: CStepW]. The columns of one lane are permuted
/// among each other, so that no psum ever changes its lane, and permuting takes neither cycles nor a network behind the ADCs.
/// Latency: one cycle from `re_i` to the entry, which then holds.
module epim_opt #(
  /// Patches that fit.
  parameter int MaxPatches = 4,
  /// Column steps.
  parameter int CSteps = 8,
  /// ADC lanes.
  parameter int Adcs = 4,
  /// Entries have a parity bit.
  parameter bit Parity = 1'b0,
  /// Initial content; empty: none.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite: bits of a patch index.
  localparam int PatchW = epim_pkg::idx_width(MaxPatches),
  /// Derived parameter, do not overwrite: bits of a column step.
  localparam int CStepW = epim_pkg::idx_width(CSteps),
  /// Derived parameter, do not overwrite: address bits.
  localparam int AddrW = epim_pkg::idx_width(MaxPatches * CSteps),
  /// Derived parameter, do not overwrite: bits of an entry.
  localparam int EntryW = Adcs * CStepW
) (
  /// Clock.
  input  logic              clk_i,
  /// Read enable.
  input  logic              re_i,
  /// Patch and column step to read.
  input  logic [PatchW-1:0] patch_i,
  input  logic [CStepW-1:0] cstep_i,
  /// Column step of each lane.
  output logic [EntryW-1:0] csteps_o,
  /// Write enable.
  input  logic              we_i,
  /* verilator lint_off UNUSEDSIGNAL */
  /// Entry to write: patch * CSteps + column step.
  input  logic [31:0]       waddr_i,
  /// Content to write.
  input  logic [63:0]       wdata_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Store it with a wrong bit; the entry read one cycle ago is wrong (with `Parity`).
  input  logic              flip_i,
  output logic              err_o
);

  epim_table #(.Depth(MaxPatches * CSteps), .Width(EntryW), .Parity(Parity), .InitFile(InitFile)) u_ram (
    .clk_i, .re_i, .raddr_i(AddrW'(patch_i) * AddrW'(CSteps) + AddrW'(cstep_i)), .rdata_o(csteps_o),
    .we_i, .waddr_i(waddr_i[AddrW-1:0]), .wdata_i(wdata_i[EntryW-1:0]), .flip_i, .err_o
  );

endmodule
