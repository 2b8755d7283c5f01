// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_axil_slave. Every input is free in every cycle after reset.
module proof #(
  parameter int AddrW = 4
) (
  input logic             clk_i,
  input logic             awvalid, wvalid, bready, arvalid, rready, write_error, read_error,
  input logic [AddrW-1:0] awaddr, araddr,
  input logic [31:0]      wdata, rdata_in,
  input logic [3:0]       wstrb
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic awready, wready, bvalid, arready, rvalid, write, read;
  logic [1:0]       bresp, rresp;
  logic [31:0]      rdata, reg_wdata;
  logic [AddrW-1:0] reg_waddr, reg_raddr;
  epim_axil_slave #(.AddrW(AddrW)) dut (
    .clk_i, .rst_ni(rst_n), .s_awvalid_i(awvalid), .s_awready_o(awready), .s_awaddr_i(awaddr), .s_wvalid_i(wvalid),
    .s_wready_o(wready), .s_wdata_i(wdata), .s_wstrb_i(wstrb), .s_bvalid_o(bvalid), .s_bready_i(bready),
    .s_bresp_o(bresp), .s_arvalid_i(arvalid), .s_arready_o(arready), .s_araddr_i(araddr), .s_rvalid_o(rvalid),
    .s_rready_i(rready), .s_rdata_o(rdata), .s_rresp_o(rresp), .write_o(write), .waddr_o(reg_waddr),
    .wdata_o(reg_wdata), .write_error_i(write_error), .read_o(read), .raddr_o(reg_raddr), .rdata_i(rdata_in),
    .read_error_i(read_error)
  );

  logic aw, w, b, ar, r;
  assign aw = awvalid && awready;
  assign w  = wvalid && wready;
  assign b  = bvalid && bready;
  assign ar = arvalid && arready;
  assign r  = rvalid && rready;

  // What the master is owed: one response per accepted access, and which one.
  logic        owe_b, owe_r;
  logic [1:0]  want_bresp, want_rresp;
  logic [31:0] want_rdata;
  // A response offered and not taken in the last cycle.
  logic        held_b, held_r;
  logic [1:0]  old_bresp, old_rresp;
  logic [31:0] old_rdata;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      owe_b  <= 1'b0;
      owe_r  <= 1'b0;
      held_b <= 1'b0;
      held_r <= 1'b0;
    end else begin
      if (aw) begin
        owe_b      <= 1'b1;
        want_bresp <= (wstrb != 4'hF || write_error) ? 2'b10 : 2'b00;
      end else if (b) owe_b <= 1'b0;
      if (ar) begin
        owe_r      <= 1'b1;
        want_rresp <= read_error ? 2'b10 : 2'b00;
        want_rdata <= rdata_in;
      end else if (r) owe_r <= 1'b0;
      held_b <= bvalid && !bready;
      held_r <= rvalid && !rready;
    end
    old_bresp <= bresp;
    old_rresp <= rresp;
    old_rdata <= rdata;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      // Stable while stalled.
      if (held_b) assert (bvalid && bresp == old_bresp);
      if (held_r) assert (rvalid && rresp == old_rresp && rdata == old_rdata);
      // One response for each access, in the next cycle, none without; nothing is accepted over a waiting one.
      assert (bvalid == owe_b);
      assert (rvalid == owe_r);
      if (bvalid) assert (bresp == want_bresp);
      if (rvalid) assert (rresp == want_rresp && rdata == want_rdata);
      if (aw) assert (!owe_b || b);
      if (ar) assert (!owe_r || r);
      // Address and data of a write are taken together; the registers see each access once, as it was sent.
      assert (aw == w);
      assert (write == (aw && wstrb == 4'hF));
      assert (read == ar);
      if (write) assert (reg_waddr == awaddr && reg_wdata == wdata);
      if (read) assert (reg_raddr == araddr);
      // Done within a bound: an access that could be taken is taken in this cycle.
      if (awvalid && wvalid && (!bvalid || bready)) assert (aw);
      if (arvalid && (!rvalid || rready)) assert (ar);
      cover (held_b && b && aw && bresp == 2'b10);
      cover (held_r && r && ar && rresp == 2'b00);
      cover (write);
    end
  end
endmodule
