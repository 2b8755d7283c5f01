// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Rules of an AXI4-Lite port: those of its five channels, and one response for each access, after it.
///
/// Not part of the design: simulations and proofs watch ports with it. `broken_o` is of the cycle before the edge.
module epim_axil_check #(
  /// Byte address bits.
  parameter int AddrW = 12
) (
  /// Clock.
  input  logic             clk_i,
  /// Reset, active low.
  input  logic             rst_ni,
  /// The port.
  input  logic             awvalid_i,
  input  logic             awready_i,
  input  logic [AddrW-1:0] awaddr_i,
  input  logic             wvalid_i,
  input  logic             wready_i,
  input  logic [31:0]      wdata_i,
  input  logic [3:0]       wstrb_i,
  input  logic             bvalid_i,
  input  logic             bready_i,
  input  logic [1:0]       bresp_i,
  input  logic             arvalid_i,
  input  logic             arready_i,
  input  logic [AddrW-1:0] araddr_i,
  input  logic             rvalid_i,
  input  logic             rready_i,
  input  logic [31:0]      rdata_i,
  input  logic [1:0]       rresp_i,
  /// Broken rules of the slave: bits 2:0 channel B, 5:3 channel R as in epim_axis_check, 6 write response and 7 read
  /// data without a request (two responses for one are that, too).
  output logic [7:0]       slave_o,
  /// Broken rules of the master: bits 2:0 channel AW, 5:3 W, 8:6 AR.
  output logic [8:0]       master_o
);

  epim_axis_check #(.Width(2)) u_b (
    .clk_i, .rst_ni, .valid_i(bvalid_i), .ready_i(bready_i), .payload_i(bresp_i), .broken_o(slave_o[2:0])
  );
  epim_axis_check #(.Width(34)) u_r (
    .clk_i, .rst_ni, .valid_i(rvalid_i), .ready_i(rready_i), .payload_i({rdata_i, rresp_i}), .broken_o(slave_o[5:3])
  );
  epim_axis_check #(.Width(AddrW)) u_aw (
    .clk_i, .rst_ni, .valid_i(awvalid_i), .ready_i(awready_i), .payload_i(awaddr_i), .broken_o(master_o[2:0])
  );
  epim_axis_check #(.Width(36)) u_w (
    .clk_i, .rst_ni, .valid_i(wvalid_i), .ready_i(wready_i), .payload_i({wdata_i, wstrb_i}), .broken_o(master_o[5:3])
  );
  epim_axis_check #(.Width(AddrW)) u_ar (
    .clk_i, .rst_ni, .valid_i(arvalid_i), .ready_i(arready_i), .payload_i(araddr_i), .broken_o(master_o[8:6])
  );

  // Accesses taken and not answered; no slave of ours takes more than two.
  logic [3:0] aw_q, w_q, ar_q;
  logic       b, r;
  assign b = bvalid_i && bready_i;
  assign r = rvalid_i && rready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_q <= '0;
      w_q  <= '0;
      ar_q <= '0;
    end else begin
      aw_q <= aw_q + 4'(awvalid_i && awready_i) - 4'(b);
      w_q  <= w_q + 4'(wvalid_i && wready_i) - 4'(b);
      ar_q <= ar_q + 4'(arvalid_i && arready_i) - 4'(r);
    end
  end
  assign slave_o[6] = rst_ni && bvalid_i && (aw_q == '0 || w_q == '0);
  assign slave_o[7] = rst_ni && rvalid_i && (ar_q == '0);

endmodule
